"""Values are compared by what they mean, rows as multisets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluate.comparing import character_errors, is_same, judge, kind_of
from pipeline.evaluate.rows import Overlap, judge_rows, paired_rows
from tests.evaluate.papers import MISSING, field, line


@pytest.mark.parametrize(
    ("name", "read", "true", "same"),
    [
        ("total_amount", "5.0", "5.00", True),
        ("total_amount", "5.01", "5.00", False),
        ("unit_price", "26.000", "26.00", True),
        ("quantity", "1.50", "1.5", True),
        ("age", "41岁", "41", True),
        ("invoice_number", "0127", "127", False),
        ("payee_name", "甲医院 （东区）", "甲医院(东区)", True),
        ("payee_name", "甲医院东区", "甲医院(东区)", False),
        ("diagnoses", "高血压病；2型糖尿病。", "高血压病;2型糖尿病", True),
        ("diagnoses", "2型糖尿病;高血压病", "高血压病;2型糖尿病", False),
        ("specification", "0.5g×30片", "0.5g*30片", True),
        ("total_amount", "五元", "5.00", False),
        ("total_amount", "NaN", "NaN", True),
    ],
)
def test_values_are_compared_by_what_they_mean(name: str, read: str, true: str, same: bool) -> None:
    assert is_same(name, read, true) is same


@given(st.sampled_from(["total_amount", "payee_name", "diagnoses", "age", "issue_date"]), st.text())
def test_every_text_is_the_same_as_itself(name: str, text: str) -> None:
    assert is_same(name, text, text)
    assert is_same(name, text + " ", text)


def test_a_fault_says_what_kind_of_mistake_it_is() -> None:
    assert judge("fields.sex", "sex", "男", field("女")).fault == "wrong"
    assert judge("fields.sex", "sex", "男", MISSING).fault == "missed"
    assert judge("fields.sex", "sex", "男", None).fault == "missed"
    assert judge("fields.sex", "sex", None, field("女")).fault == "made_up"
    assert judge("fields.sex", "sex", None, MISSING).fault == ""
    assert judge("fields.sex", "sex", "男", field("男")).fault == ""


def test_characters_are_counted_without_spaces() -> None:
    assert character_errors("甲 乙丁", "甲乙丙") == (1, 3)


def test_each_field_has_a_kind() -> None:
    kinds = {
        name: kind_of(name) for name in ("fund_payment", "valid_from", "insurance_no", "hospital_name", "sex")
    }
    assert list(kinds.values()) == ["money", "date", "number", "name", "choice"]


def test_a_row_answers_for_one_row_only() -> None:
    true = [{"name": "甲", "amount": "5.00"}] * 2
    judged = judge_rows(true, [line("甲", "5.00")])
    assert judged.exact == judged.amounts == judged.names == Overlap(1, 2, 1)
    assert judged.missed == (1,)


def test_who_knows_the_quantity_chooses_first() -> None:
    true = [{"name": "甲", "amount": "5.00"}, {"name": "甲", "amount": "5.00", "quantity": "2"}]
    read = [line("甲", "5.00", "2"), line("甲", "5.00", "1")]
    assert paired_rows(true, read) == ({1: 0, 0: 1}, 2)


def test_a_wrong_part_makes_the_row_wrong_and_no_other_part() -> None:
    true = [
        {"name": "甲", "amount": "5.00", "quantity": "1"},
        {"name": "乙", "amount": "6.00", "quantity": "1"},
    ]
    judged = judge_rows(true, [line("乙", "6.00", "1"), line("甲", "5.00", "7")])
    assert judged.exact == Overlap(1, 2, 2)
    assert [verdict.path for verdict in judged.verdicts if verdict.fault] == ["line_items[0].quantity"]


def test_a_misread_name_finds_its_row_by_likeness() -> None:
    true = [{"name": "阿莫西林胶囊", "amount": "5.00"}, {"name": "布洛芬片", "amount": "6.00"}]
    judged = judge_rows(true, [line("布洛芳片", "6.60"), line("阿莫西林胶囊", "5.00")])
    assert judged.missed == judged.beside == ()
    assert [verdict.fault for verdict in judged.verdicts] == ["", "", "wrong", "wrong"]


def test_rows_beside_the_truth_are_told() -> None:
    judged = judge_rows([], [line("甲", "5.00")])
    assert judged.exact == Overlap(0, 0, 1)
    assert judged.beside == (0,)
