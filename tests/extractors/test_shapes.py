"""Values of a closed kind that do not look like their kind are doubted; nothing else about them changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from extractors._shapes import looks_like_institution, with_doubted_shapes
from pipeline import catalogs
from pipeline.catalogs.entries import read_hospitals
from pipeline.model import Document
from tests.builders import bill, row

WHOLE = 0.99
CATALOGS = Path(catalogs.__file__).parent / "data"


def after(**values: str) -> dict[str, float]:
    document = with_doubted_shapes(bill(values))
    assert {name: field.value for name, field in document.fields.items()} == values
    return {name: field.confidence for name, field in document.fields.items()}


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("insurance_type", "城乡居民基本医疗保险"),
        ("insurance_type", "本市城镇职工"),
        ("insurance_type", "自费"),
        ("institution_type", "三级综合医院"),
        ("institution_type", "非营利性医疗机构(综合医院)"),
        ("payee_name", "温州医学院附属第二医院"),
        ("payee_name", "呼和浩特德仁大药房有限公司"),
        ("hospital_name", "丰台区卫生院"),
        ("payer_name", "居民医"),
        ("department", "神经内科二病区"),
        ("department", "呼吸与危重症医学科"),
    ],
)
def test_a_value_that_looks_like_its_kind_keeps_its_confidence(name: str, whole: str) -> None:
    assert after(**{name: whole}) == {name: WHOLE}


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("insurance_type", "居民医"),
        ("insurance_type", "职"),
        ("insurance_type", "城乡居民基本医疗保险象"),
        ("institution_type", "综合医院医保类型职工医保"),
        ("institution_type", "三级综合医院第"),
        ("payee_name", "温州医学院附属第"),
        ("department", "神经内科医疗保险"),
        ("payee_name", "规格型号单位数量单价"),
        ("hospital_name", "丰台区生院"),
        ("hospital_name", "东莞市人医院"),
        ("payer_name", "职工"),
        ("payer_name", "2026"),
        ("payer_name", "规格型号"),
        ("payer_name", "纳税人识别号:"),
        ("cashier", "年月日"),
        ("diagnoses", "不适随诊;监测血压、血糖"),
        ("diagnoses", "休息5天;定期复查肝肾功能"),
    ],
)
def test_a_value_that_is_cut_or_glued_is_doubted(name: str, cut: str) -> None:
    assert after(**{name: cut})[name] < 0.5


def test_neither_who_sells_medicine_nor_a_heading_buys_it() -> None:
    def payer(name: str) -> float:
        invoice = replace(bill({"payer_name": name}), type="vat_invoice")
        return with_doubted_shapes(invoice).fields["payer_name"].confidence

    assert payer("湖北同泰综合门诊部") < WHOLE
    assert payer("规格型号") < WHOLE
    assert payer("样例机械有限公司") == payer("张样例") == WHOLE


def test_what_a_text_layer_says_is_not_doubted_for_its_looks() -> None:
    document = bill(insurance_type="居民医")
    layer = replace(document.fields["insurance_type"], origin="text_layer")
    document = replace(document, fields={"insurance_type": layer})
    assert with_doubted_shapes(document).fields["insurance_type"] == layer


def test_nearly_every_hospital_of_the_registry_looks_like_one() -> None:
    names = [hospital.name for hospital in read_hospitals(CATALOGS / "sample_hospitals.csv")]
    odd = [name for name in names if not looks_like_institution(name)]
    assert len(odd) <= 0.01 * len(names), odd


class TestRows:
    def doubts(self, document: Document) -> set[str]:
        (item,) = with_doubted_shapes(document).items
        parts = (("category", item.category), ("unit", item.unit), ("quantity", item.quantity))
        return {name for name, part in parts if part is not None and part.confidence < 0.5}

    def test_a_known_category_and_unit_are_believed(self) -> None:
        item = replace(row("阿莫西林", "20.00", quantity="2", unit_price="10.00", category="西药费"))
        assert self.doubts(bill(items=[item])) == set()

    def test_a_category_with_a_word_of_the_seal_is_doubted(self) -> None:
        assert self.doubts(bill(items=[row("输液器", "2.00", category="卫生材料费中医医院")])) == {"category"}

    def test_a_unit_that_nothing_is_counted_in_is_doubted(self) -> None:
        item = row("输液器", "2.00")
        assert item.name is not None
        for unit, doubted in (("瓶袋", {"unit"}), ("Q次", {"unit"}), ("盒", set()), ("ML", set())):
            known = replace(item, unit=replace(item.name, value=unit))
            assert self.doubts(bill(items=[known])) == doubted

    def test_an_amount_in_the_place_of_the_quantity_is_doubted(self) -> None:
        assert self.doubts(bill(items=[row("治疗费", "49.62", quantity="49.62")])) == {"quantity"}
        assert self.doubts(bill(items=[row("治疗费", "49.62", quantity="2")])) == set()
