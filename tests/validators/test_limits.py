from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.case import Case
from pipeline.catalogs.catalog import Catalogs
from pipeline.catalogs.entries import DATA, ListKind
from pipeline.catalogs.importing import import_list
from pipeline.intake import with_catalog
from pipeline.model import Document
from tests.builders import TODAY, case, declared, paper, row
from validators import CLAIM_RULES, drug_notes, limits
from validators._facts import facts_of
from validators._rule import ClaimRule

LISTS: dict[ListKind, str] = {
    "drug": "编码,名称,剂型,甲乙类,备注\n"
    "D1,测试沙坦,片剂,乙,限二级及以上医疗机构。\n"
    "D2,测试替尼,片剂,乙,限成人2型糖尿病患者。\n"
    "D3,测试溶栓,注射剂,乙,限脑梗死，支付不超过14天。\n"
    "D4,测试单抗,注射剂,乙,限BRAF突变阳性的肿瘤患者。\n"
    "D5,测试镇痛,片剂,甲,\n",
    "service": "编码,名称,单位,价格\nS1,测试监护费,日,100\nS2,测试诊查费,次,20\n"
    "S3,测试切除术,次,1000\nS4,测试探查术,次,800\n",
    "drug_limit": "名称,limit,value,batch\n儿童测试颗粒,age_group,儿童,1\n新生儿测试滴剂,age_group,新生儿,1\n"
    "妇用测试丸,sex,女,1\n三级测试针,institution_level,三级,5\n工伤测试针,insurance_type,工伤,3\n"
    "住院测试液,visit_type,住院,4\n疗程测试针,course_length,14天,6\n",
    "service_limit": "编码,名称,limit,value,note,batch\nS2,测试诊查费,max_quantity,1/日,,8\n"
    "S9,测试化验,max_per_period,1 per 7 days,,8\nS3,测试切除术,same_incision_group,胃肠手术组,,2\n"
    "S4,测试探查术,same_incision_group,胃肠手术组,,2\n",
    "duplicate_charge": "编码,名称,被包含项目编码,被包含项目名称,频次,batch\n"
    "S1,测试监护费,S2,测试诊查费,单日,7\nS3,测试切除术,S4,测试探查术,单次就诊,7\n",
}
WOMAN, CHILD = "11010519491231002X", "110105202012310013"
"""Identity numbers that nobody has; of a woman born in 1949 and a boy born in 2020."""


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Catalogs:
    folder = tmp_path_factory.mktemp("lists")
    for kind, text in LISTS.items():
        file = folder / f"{kind}.csv"
        file.write_text(text, "utf-8")
        import_list(file, kind, date(2020, 1, 1), folder=folder / "catalogs")
    return Catalogs.in_use(folder / "catalogs")


def claim(
    lists: Catalogs,
    *names: str,
    kind: str = "outpatient_invoice",
    quantity: str = "1",
    prices: tuple[str, ...] = (),
    days: tuple[str, str] | None = None,
    diagnoses: str = "",
    **fields: str,
) -> Case:
    items = [
        row(name, "10.00", quantity=quantity, unit_price=prices[at] if prices else None)
        for at, name in enumerate(names)
    ]
    dates = (
        {"visit_date": "2026-02-01"}
        if days is None
        else {"admission_date": days[0], "discharge_date": days[1]}
    )
    bill = with_catalog(paper(kind, "e_bill", {**dates, **fields}, items=items), lists)
    papers: list[Document] = [bill]
    if diagnoses:
        papers.append(paper("diagnosis_certificate", None, {"diagnoses": diagnoses}, file="b.jpg"))
    return Case(papers, TODAY, lists)


def outcome(rule: ClaimRule, case: Case) -> str | None:
    finding = rule(case)
    if finding is None:
        return None
    assert finding.severity == "warn"
    assert finding.about == "claim"
    if finding.outcome != "pass":
        assert "第 1 行「" in finding.message
        assert finding.fields
    return finding.outcome


@pytest.mark.parametrize(
    ("rule", "item", "fields", "expected"),
    [
        (limits.limited_age_is_kept, "儿童测试颗粒", {"payer_id": CHILD}, "pass"),
        (limits.limited_age_is_kept, "儿童测试颗粒", {"payer_id": WOMAN}, "fail"),
        (limits.limited_age_is_kept, "儿童测试颗粒", {"age": "59岁"}, "fail"),
        (limits.limited_age_is_kept, "儿童测试颗粒", {"age": "8月"}, "pass"),
        (limits.limited_age_is_kept, "儿童测试颗粒", {}, "unknown"),
        (limits.limited_age_is_kept, "新生儿测试滴剂", {"age": "3天"}, "pass"),
        (limits.limited_age_is_kept, "新生儿测试滴剂", {"age": "8月"}, "fail"),
        (limits.limited_sex_is_kept, "妇用测试丸", {"payer_id": WOMAN}, "pass"),
        (limits.limited_sex_is_kept, "妇用测试丸", {"sex": "男"}, "fail"),
        (limits.limited_sex_is_kept, "妇用测试丸", {}, "unknown"),
        (limits.limited_hospital_level_is_kept, "三级测试针", {"payee_name": "临沂市人民医院"}, "pass"),
        (
            limits.limited_hospital_level_is_kept,
            "三级测试针",
            {"payee_name": "某某街道社区卫生服务中心"},
            "fail",
        ),
        (limits.limited_hospital_level_is_kept, "三级测试针", {"payee_name": "不知名医院"}, "unknown"),
        (limits.limited_insurance_is_kept, "工伤测试针", {"insurance_type": "工伤保险"}, "pass"),
        (limits.limited_insurance_is_kept, "工伤测试针", {"insurance_type": "职工医保"}, "fail"),
        (limits.limited_insurance_is_kept, "工伤测试针", {}, "unknown"),
        (limits.limited_visit_kind_is_kept, "住院测试液", {"kind": "inpatient_invoice"}, "pass"),
        (limits.limited_visit_kind_is_kept, "住院测试液", {}, "fail"),
        (limits.limited_sex_is_kept, "没有限制的药", {}, None),
    ],
)
def test_who_where_and_how(
    lists: Catalogs, rule: ClaimRule, item: str, fields: dict[str, Any], expected: str | None
) -> None:
    assert outcome(rule, claim(lists, item, **fields)) == expected


def test_a_printed_strength_and_marker_hide_no_rule(lists: Catalogs) -> None:
    case = claim(lists, "★妇用测试丸 6g×10丸", sex="男")
    assert outcome(limits.limited_sex_is_kept, case) == "fail"


def test_the_message_says_what_was_found_what_is_expected_and_where_it_is_published(lists: Catalogs) -> None:
    finding = limits.limited_sex_is_kept(claim(lists, "妇用测试丸", sex="男"))
    assert finding is not None
    for part in ("妇用测试丸", "限女性", "患者为男性", "第 1 批"):
        assert part in finding.message
    assert finding.fields[0].endswith("line_items[0].name")


STAY = ("2026-02-01", "2026-02-20")


@pytest.mark.parametrize(
    ("days", "expected"), [(STAY, "unknown"), (("2026-02-01", "2026-02-10"), "pass"), (None, "pass")]
)
def test_a_course_is_judged_by_the_days_that_are_known(
    lists: Catalogs, days: tuple[str, str] | None, expected: str
) -> None:
    kind = "inpatient_invoice" if days else "outpatient_invoice"
    assert (
        outcome(limits.limited_course_is_kept, claim(lists, "疗程测试针", kind=kind, days=days)) == expected
    )


def test_daily_lists_over_more_days_than_are_paid_break_the_course(lists: Catalogs) -> None:
    papers = [
        with_catalog(
            paper(
                "itemized_bill",
                "daily_fee_list",
                {"period_start": f"2026-02-{day:02}", "period_end": f"2026-02-{day:02}"},
                items=[row("疗程测试针", "10.00", quantity="1")],
                file=f"{day}.jpg",
            ),
            lists,
        )
        for day in range(1, 17)
    ]
    assert outcome(limits.limited_course_is_kept, Case(papers, TODAY, lists)) == "fail"
    assert outcome(limits.limited_course_is_kept, Case(papers[:14], TODAY, lists)) == "pass"


@given(st.integers(1, 40), st.integers(1, 28))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_a_daily_quantity_breaks_exactly_above_one_a_day(lists: Catalogs, charged: int, days: int) -> None:
    stay = ("2026-02-01", f"2026-02-{days:02}")
    case = claim(lists, "测试诊查费", kind="inpatient_invoice", days=stay, quantity=str(charged))
    assert outcome(limits.limited_quantity_is_kept, case) == ("fail" if charged > days else "pass")


@given(st.integers(1, 9), st.integers(1, 28))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_a_period_allows_one_in_every_seven_days_begun(lists: Catalogs, charged: int, days: int) -> None:
    stay = ("2026-02-01", f"2026-02-{days:02}")
    case = claim(lists, "测试化验", kind="inpatient_invoice", days=stay, quantity=str(charged))
    allowed = -(-days // 7)
    assert outcome(limits.limited_quantity_is_kept, case) == ("fail" if charged > allowed else "pass")


MONTH = {"period_start": "2026-02-01", "period_end": "2026-02-28"}


def of_a_month(lists: Catalogs, name: str, quantity: str, *, has_rows: bool) -> Case:
    """A bill that names one day of visit beside a list of the whole month, with rows or without."""
    bill = claim(lists, name, quantity=quantity).documents[0]
    items = [row(name, "10.00", quantity=quantity)] if has_rows else []
    listed = with_catalog(paper("itemized_bill", None, MONTH, items=items, file="list.jpg"), lists)
    return Case([bill, listed], TODAY, lists)


@pytest.mark.parametrize("has_rows", [True, False])
def test_the_bill_of_a_month_is_of_as_many_days_as_its_list(lists: Catalogs, has_rows: bool) -> None:
    daily = of_a_month(lists, "测试诊查费", "28", has_rows=has_rows)
    assert outcome(limits.limited_quantity_is_kept, daily) == "pass"
    once_too_often = of_a_month(lists, "测试诊查费", "29", has_rows=has_rows)
    assert outcome(limits.limited_quantity_is_kept, once_too_often) == "fail"
    weekly = of_a_month(lists, "测试化验", "4", has_rows=has_rows)
    assert outcome(limits.limited_quantity_is_kept, weekly) == "pass"
    course = of_a_month(lists, "疗程测试针", "20", has_rows=has_rows)
    assert outcome(limits.limited_course_is_kept, course) == "unknown"


def test_a_quantity_that_was_not_read_is_unknown(lists: Catalogs) -> None:
    case = claim(lists, "测试诊查费")
    (bill,) = case.documents
    unread = replace(bill, items=(replace(bill.items[0], quantity=None),))
    assert outcome(limits.limited_quantity_is_kept, Case([unread], TODAY, lists)) == "unknown"


@pytest.mark.parametrize(
    ("names", "prices", "expected"),
    [
        (("测试切除术", "测试探查术"), ("1000", "800"), "fail"),
        (("测试切除术", "测试探查术"), ("1000", "400"), "unknown"),
        (("测试切除术",), ("1000",), "pass"),
    ],
)
def test_a_second_operation_at_the_full_price_is_told(
    lists: Catalogs, names: tuple[str, ...], prices: tuple[str, ...], expected: str
) -> None:
    case = claim(lists, *names, prices=prices)
    assert outcome(limits.operations_through_one_incision_are_discounted, case) == expected


def test_a_service_beside_one_that_covers_it_is_told_for_the_day_or_the_visit(lists: Catalogs) -> None:
    rule = limits.no_service_is_charged_beside_one_that_covers_it
    assert outcome(rule, claim(lists, "测试监护费", "测试诊查费")) == "fail"
    assert outcome(rule, claim(lists, "测试监护费", "测试镇痛片")) is None
    stay = claim(lists, "测试监护费", "测试诊查费", kind="inpatient_invoice", days=STAY)
    assert outcome(rule, stay) == "unknown"
    operations = claim(lists, "测试切除术", "测试探查术", kind="inpatient_invoice", days=STAY)
    assert outcome(rule, operations) == "fail"


@pytest.mark.parametrize(
    ("item", "fields", "diagnoses", "expected"),
    [
        ("测试沙坦片", {"payee_name": "临沂市人民医院"}, "", "pass"),
        ("测试沙坦片", {"payee_name": "某某社区卫生服务站"}, "", "fail"),
        ("测试替尼片", {"payer_id": WOMAN}, "2型糖尿病", "pass"),
        ("测试替尼片", {"payer_id": CHILD}, "2型糖尿病", "fail"),
        ("测试替尼片", {"payer_id": WOMAN}, "肺炎", "fail"),
        ("测试替尼片", {"payer_id": WOMAN}, "", "unknown"),
        ("测试替尼片", {"payer_id": WOMAN}, "某种查不到的病", "unknown"),
        ("注射用测试单抗", {}, "肺恶性肿瘤", "unknown"),
        ("测试镇痛片", {}, "", None),
    ],
)
def test_the_note_of_the_drug_list(
    lists: Catalogs, item: str, fields: dict[str, Any], diagnoses: str, expected: str | None
) -> None:
    case = claim(lists, item, diagnoses=diagnoses, **fields)
    assert outcome(drug_notes.notes_of_the_drug_list_are_kept, case) == expected


def test_rows_that_stand_on_the_bill_and_its_list_are_judged_once(lists: Catalogs) -> None:
    bill, listed = (
        with_catalog(
            paper(
                kind, "e_bill", {"visit_date": "2026-02-01"}, items=[row("测试诊查费", "20.00", quantity="1")]
            ),
            lists,
        )
        for kind in ("outpatient_invoice", "itemized_bill")
    )
    assert outcome(limits.limited_quantity_is_kept, Case([bill, listed], TODAY, lists)) == "pass"


def test_without_the_lists_no_limit_has_anything_to_say() -> None:
    sample = Catalogs(sorted(DATA.glob("sample_*.csv")))
    case = Case(claim(sample, "妇用测试丸", "儿童测试颗粒", sex="男").documents, TODAY, sample)
    mine = [rule for rule in CLAIM_RULES if rule.id.startswith("LIM-")]
    assert len(mine) == 10
    assert [rule(case) for rule in mine] == [None] * 10


def test_rules_are_those_of_the_day_of_treatment(tmp_path: Path) -> None:
    """A new edition of a list of rules takes the place of the old one from its first day on."""
    for year, sex in ((2025, "女"), (2026, "男")):
        file = tmp_path / "规则.csv"
        file.write_text(f"名称,limit,value,batch\n改版测试丸,sex,{sex},{year}\n", "utf-8")
        import_list(file, "drug_limit", date(year, 1, 1), name="规则", folder=tmp_path / "catalogs")
    catalogs = Catalogs.in_use(tmp_path / "catalogs")
    old, new = (
        Case(
            [paper("outpatient_invoice", None, {"visit_date": day, "sex": "女"}, items=[row("改版测试丸")])],
            TODAY,
            catalogs,
        )
        for day in ("2025-12-31", "2026-01-01")
    )
    assert outcome(limits.limited_sex_is_kept, old) == "pass"
    assert outcome(limits.limited_sex_is_kept, new) == "fail"


@pytest.mark.parametrize(
    ("names", "expected"),
    [(("测试参",), "fail"), (("测试参", "测试草"), "pass"), (("测试参", "未知花"), "unknown")],
)
def test_herbal_pieces_marked_so_are_not_paid_alone(
    tmp_path: Path, names: tuple[str, ...], expected: str
) -> None:
    file = tmp_path / "饮片.csv"
    note = "单独使用或处方均由该类饮片组成时不予支付"
    file.write_text(f"编码,名称,费用类别,备注\nH1,测试参,中药饮片费,{note}\nH2,测试草,中药饮片费,\n", "utf-8")
    import_list(file, "drug", date(2020, 1, 1), folder=tmp_path / "catalogs")
    catalogs = Catalogs.in_use(tmp_path / "catalogs")
    items = [row(name, "10.00", category="中药饮片费") for name in names]
    bill = with_catalog(
        paper("outpatient_invoice", None, {"visit_date": "2026-02-01"}, items=items), catalogs
    )
    assert outcome(drug_notes.notes_of_the_drug_list_are_kept, Case([bill], TODAY, catalogs)) == expected


def test_a_price_of_the_list_is_money(lists: Catalogs) -> None:
    assert lists.with_code("S3")[0].price == Decimal(1000)


@pytest.mark.parametrize(
    ("title", "extras", "expected"),
    [
        ("医疗急诊收费票据", {}, True),
        ("医疗门急诊收费票据", {}, False),
        ("医疗门诊收费票据", {"急诊": "是"}, True),
        ("医疗门诊收费票据", {"急诊": "否"}, False),
    ],
)
def test_an_emergency_is_what_says_so_and_not_what_could(
    title: str, extras: dict[str, str], expected: bool
) -> None:
    bill = paper("outpatient_invoice", None, {"visit_date": "2026-02-01"}, title=title, extras=extras)
    assert facts_of(case(bill)).is_emergency is expected


def test_a_stay_is_told_by_its_settlement_sheet_or_as_declared() -> None:
    listed = paper("itemized_bill", None, {"period_start": "2026-02-01"})
    sheet = paper("settlement_sheet", None, {}, file="s.jpg")
    assert facts_of(case(listed, sheet)).is_inpatient
    assert facts_of(case(listed, application=declared(case_types=["inpatient"]))).is_inpatient
    assert not facts_of(case(listed)).is_inpatient
