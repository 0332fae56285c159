from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.catalogs.catalog import Catalogs

SAMPLE = Catalogs.sample()


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("2型糖尿病", "E11.900"),
        ("II型糖尿病", "E11.900"),
        ("1.急性上呼吸道感染", "J06.900"),
        ("上感", "J06.900"),
        ("高血压病3级（极高危）", "I10.x05"),
        ("冠心病", "I25.103"),
        ("脑梗塞", "I63.900"),
        ("肺炎？", "J18.900"),
        ("诊断：腰椎间盘突出症", "M51.202"),
        ("慢性阻塞性肺疾病", "J44.900"),
        ("右踝关节扭伤", None),
        ("肩关节痛", "M25.501"),
        ("急性上呼吸道惑染", "J06.900"),
    ],
)
def test_a_printed_diagnosis_finds_its_code(printed: str, code: str | None) -> None:
    found = SAMPLE.match_diagnosis(printed)
    assert found is not None
    assert code is None or found.icd10_code == code


@pytest.mark.parametrize("printed", ["", "🙂", "？", "待查", "复查", "随诊", "某种罕见的不存在的病"])
def test_what_is_no_known_diagnosis_gets_no_code(printed: str) -> None:
    assert SAMPLE.match_diagnosis(printed) is None


def test_kinds_of_one_disease_stay_apart() -> None:
    codes = {
        name: found.icd10_code if (found := SAMPLE.match_diagnosis(name)) else None
        for name in ("1型糖尿病", "2型糖尿病", "急性支气管炎", "慢性支气管炎", "胫骨骨折", "腓骨骨折")
    }
    assert None not in codes.values()
    assert len(set(codes.values())) == len(codes)


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("临沂市人民医院", "临沂市人民医院"),
        ("临沂市人民医院（收费专用章）", "临沂市人民医院"),
        ("郑州大学第一附属医院", "郑州大学第一附属医院"),
    ],
)
def test_a_hospital_is_found_with_its_grade(printed: str, name: str) -> None:
    found = SAMPLE.hospital(printed)
    assert found is not None
    assert (found.name, found.grade, found.code) == (name, "三级甲等", None)


def test_a_hospital_of_another_number_or_town_is_not_taken() -> None:
    known = SAMPLE.hospital("兰州市第一人民医院")
    assert known is not None
    assert known.name == "兰州市第一人民医院"
    assert SAMPLE.hospital("兰州市第九人民医院") is None
    assert SAMPLE.hospital("不存在市人民医院") is None
    assert SAMPLE.hospital("人民医院") is None
    assert SAMPLE.hospital("") is None


SEAL = "临沂市人民医院 收费专用章"


def test_a_seal_that_names_the_same_hospital_is_a_witness() -> None:
    found = SAMPLE.hospital("临沂市人民医院", ["全国统一发票监制章", SEAL])
    assert found is not None
    assert found.sealed
    alone = SAMPLE.hospital("临沂市人民医院", ["全国统一发票监制章"])
    assert alone is not None
    assert not alone.sealed


def test_a_seal_that_names_another_hospital_leaves_it_open() -> None:
    assert SAMPLE.hospital("郑州大学第一附属医院", [SEAL]) is None


def test_a_name_misread_at_several_places_is_taken_with_its_seal_alone() -> None:
    misread = "临沂巾入民医院"
    assert SAMPLE.hospital(misread) is None
    found = SAMPLE.hospital(misread, [SEAL])
    assert found is not None
    assert found.name == "临沂市人民医院"


def test_a_seal_names_no_hospital_by_itself() -> None:
    assert SAMPLE.hospital("", [SEAL]) is None
    assert SAMPLE.hospital("康泰大药房", [SEAL]) is None


def test_a_seal_does_not_make_the_first_hospital_of_the_second() -> None:
    assert SAMPLE.hospital("兰州市第二人民医浣", ["兰州市第一人民医院"]) is None


@given(st.text(max_size=30))
@settings(max_examples=100, deadline=None)
def test_junk_is_answered(text: str) -> None:
    SAMPLE.match_diagnosis(text)
    SAMPLE.hospital(text)
    SAMPLE.division(text)


def test_the_first_six_digits_of_an_identity_number_name_a_place() -> None:
    assert SAMPLE.division("11010519491231002X") == "朝阳区"
    assert SAMPLE.division("999999") is None


@pytest.mark.shared
def test_the_full_code_list_gives_the_plain_code(full_folder: Path) -> None:
    full = Catalogs.in_use(full_folder)
    for printed, code in (("高血压", "I10.x00x002"), ("膝关节病", "M17.900"), ("肩关节痛", "M25.501")):
        found = full.match_diagnosis(printed)
        assert found is not None
        assert found.icd10_code[:3] == code[:3]
