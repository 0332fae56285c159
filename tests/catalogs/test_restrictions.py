from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalogs.restrictions import OLDEST_YEARS, Ages, known_diseases, parse_restriction

ADULTS = Ages(18, OLDEST_YEARS)


@pytest.mark.parametrize(
    ("note", "level"),
    [
        ("限二级及以上医疗机构。", "二级"),
        ("限三级及以上医疗机构", "三级"),
        ("限口服降糖药控制效果不佳的患者，首次处方时需由二级及以上医疗机构专科医师开具处方。", ""),
    ],
)
def test_the_level_of_the_hospital_is_told_from_who_may_prescribe(note: str, level: str) -> None:
    assert parse_restriction(note).level == level


@pytest.mark.parametrize(
    ("note", "ages"),
    [
        ("限儿童。", (Ages(0, 17),)),
        ("限成人2型糖尿病患者。", (ADULTS,)),
        ("限3-12岁特发性或先天性肺动脉高压患者。", (Ages(3, 12),)),
        ("限2岁至11岁儿童慢性便秘。", (Ages(2, 11),)),
        ("限10岁及以上患者复发型多发性硬化(RMS)的患者。", (Ages(10, OLDEST_YEARS),)),
        ("限13岁和13岁以上重度免疫缺陷患者。", (Ages(13, OLDEST_YEARS),)),
        ("限成人和12至＜18岁青少年的慢性丙型肝炎病毒(HCV)感染。", (Ages(12, 17), ADULTS)),
        ("限：1.成人术前镇静/抗焦虑；2.2-6周岁儿童全麻手术前的镇静/抗焦虑。", (ADULTS, Ages(2, 6))),
        ("限3月龄及以上的轻度至中度特应性皮炎患者。", ()),
        ("限癌症患者。", ()),
    ],
)
def test_ages_are_computed_where_every_case_has_one(note: str, ages: tuple[Ages, ...]) -> None:
    assert set(parse_restriction(note).ages) == set(ages)


@pytest.mark.parametrize(
    ("note", "days"),
    [
        ("限新发的缺血性脑梗死，支付不超过14天。", 14),
        ("限二级及以上医疗机构肿瘤患者，单次住院最多支付14天。", 14),
        ("限以下情况方可支付，且支付不超过12个月：1.乳腺癌。", 372),
        ("限因胰岛素抵抗无法使用葡萄糖的抢救患者，果糖总量每日不超过50g。", None),
        ("限急性心肌梗死发病12小时内使用。", None),
    ],
)
def test_days_are_no_grams_and_no_hours(note: str, days: int | None) -> None:
    assert parse_restriction(note).days == days


@pytest.mark.parametrize(
    ("note", "insurance"),
    [("限工伤保险。", "工伤"), ("限生育保险。", "生育"), ("限子宫肌瘤患者或生育保险。", "")],
)
def test_an_insurance_is_a_limit_only_where_nothing_else_will_do(note: str, insurance: str) -> None:
    found = parse_restriction(note)
    assert found.insurance == insurance
    if "或" in note:
        assert found.diseases == ()


@pytest.mark.parametrize(
    ("note", "visits"),
    [
        ("限急诊或住院患者。", {"住院", "急诊"}),
        ("限急救、抢救。", {"抢救"}),
        ("限二级及以上医疗机构肿瘤患者，单次住院最多支付14天。", set()),
    ],
)
def test_kinds_of_visit(note: str, visits: set[str]) -> None:
    assert set(parse_restriction(note).visits) == visits


def test_a_disease_covers_its_categories_and_no_others() -> None:
    (stroke,) = parse_restriction("限二级及以上医疗机构急性脑梗塞患者。").diseases
    assert stroke.covers("I63.900")
    assert not stroke.covers("J18.900")
    assert parse_restriction("限肿瘤患者。").diseases[0].covers("C34.900")


def test_one_case_without_a_known_disease_leaves_the_diagnosis_open() -> None:
    assert parse_restriction("限：1.糖尿病；2.某种未知的情况。").diseases == ()
    assert len(parse_restriction("限：1.糖尿病；2.肺炎。").diseases) == 2


def test_conditions_that_only_a_person_can_judge_are_marked() -> None:
    assert parse_restriction("限BRAF V600突变阳性的黑色素瘤患者。").has_conditions
    assert parse_restriction("限二线用药。").has_conditions
    assert not parse_restriction("限二级及以上医疗机构。").has_conditions
    assert not parse_restriction("").has_conditions


def test_a_sign_or_an_indication_is_no_restriction() -> None:
    assert not parse_restriction("◇").is_computed
    assert not parse_restriction("清热祛湿，利尿排石。用于输尿管结石中医辨证属湿热蕴结证者。").is_computed


@given(st.text("限1２.、；：。儿童成人岁以上至-二三级及医疗机构支付不超过天月癌住院", max_size=60))
def test_no_note_is_too_odd(note: str) -> None:
    found = parse_restriction(note)
    assert found.note == note
    assert all(ages.least <= ages.most for ages in found.ages)


def test_every_word_of_a_disease_has_categories_in_order() -> None:
    for disease in known_diseases():
        assert disease.ranges, disease.word
        assert all(first <= last and len(first) == len(last) == 3 for first, last in disease.ranges), (
            disease.word
        )


@pytest.mark.shared
def test_four_of_five_notes_of_the_national_list_are_computed(public_lists: Path) -> None:
    with (public_lists / "national_drug_list_2024.csv").open(encoding="utf-8-sig", newline="") as lines:
        notes = [row["restriction_note"] for row in csv.DictReader(lines) if row["restriction_note"]]
    computed = sum(parse_restriction(note).is_computed for note in notes)
    assert (len(notes), computed >= 540) == (673, True)
