"""Whose claims are one person's."""

from __future__ import annotations

from typing import cast

from pipeline.application import ApplicationRecord
from pipeline.records import ClaimRecord
from pipeline.settlement.persons import persons_of
from tests.settlement.claims import claim, row

ID, OTHER_ID = "11010519491231002X", "110105198001010011"


def of(
    name: str | None = "张三", id_number: str | None = None, insurance_no: str | None = None
) -> ClaimRecord:
    one = claim(row("1.00"), name=name, id_number=id_number)
    one["insured"]["insurance_no"] = insurance_no
    return one


def test_one_number_is_one_person() -> None:
    first, second = persons_of([of("张三", ID), of("张 三", ID, "B-7")])
    assert first == second is not None


def test_a_claim_with_both_numbers_joins_the_others() -> None:
    first, second, third = persons_of([of("张三", ID), of("张三", None, "B-7"), of("张三", ID, "B-7")])
    assert first == second == third is not None


def test_two_numbers_of_one_kind_are_two_persons_of_one_name() -> None:
    first, second = persons_of([of("张三", ID), of("张三", OTHER_ID)])
    assert None not in (first, second)
    assert first != second


def test_numbers_of_two_kinds_under_one_name_are_not_guessed_to_be_one_or_two() -> None:
    assert persons_of([of("张三", ID), of("张三", None, "B-7"), of("李四", OTHER_ID)])[:2] == [None, None]


def test_a_name_alone_is_a_person_where_no_other_claim_has_it() -> None:
    alone, numbered, nobody = persons_of([of("李四"), of("张三", ID), of(None)])
    assert alone is not None
    assert numbered is not None
    assert nobody is None


def test_a_name_alone_is_nobody_where_another_claim_has_it() -> None:
    first, second, numbered, bare = persons_of([of("李四"), of("李四"), of("张三", ID), of("张三")])
    assert (first, second, bare) == (None, None, None)
    assert numbered is not None  # what cannot be told apart is not paid, so nothing is counted twice


def test_struck_out_numbers_tell_nobody() -> None:
    assert persons_of([of("张三", "110105********002X"), of("张三", "110105********002X")]) == [None, None]


def test_what_the_application_declares_counts() -> None:
    declared, printed = of("张三"), of("张三", ID)
    said = {"kind": "reimbursement", "insured": {"name": "张三", "id_number": ID}}
    declared["application"] = cast("ApplicationRecord", said)
    first, second = persons_of([declared, printed])
    assert first == second is not None
