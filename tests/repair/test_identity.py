"""Identity numbers and credit codes whose check digit is wrong: offered, never changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.model import Alternative, Candidate, Document
from pipeline.repair.repair import repaired
from tests.builders import paper

RIGHT = "110101199003074514"
"""An invented number with a right check digit; the sex in it is 男."""

PATH = "fields.id_number"


def card(number: str, *seen: tuple[int, str], candidates: tuple[str, ...] = (), sex: str = "男") -> Document:
    document = paper("id_card", "front", {"id_number": number, "sex": sex})
    cell = replace(
        document.fields["id_number"],
        alternatives=tuple(Alternative(place, char, 0.1) for place, char in seen),
        candidates=tuple(Candidate(text, 0.3) for text in candidates),
    )
    return replace(document, fields={**document.fields, "id_number": cell})


def offered(document: Document) -> list[str]:
    mended = repaired(document)
    assert mended.fields == document.fields
    assert not any(repair.applied for repair in mended.repairs)
    return [edit.new for repair in mended.repairs for edit in repair.edits]


def misread(place: int, char: str) -> str:
    return RIGHT[:place] + char + RIGHT[place + 1 :]


def test_a_right_number_is_left_alone() -> None:
    assert offered(card(RIGHT, (3, "7"))) == []


@pytest.mark.parametrize(("place", "char"), [(3, "7"), (8, "8"), (15, "6")])
def test_the_character_that_the_engine_saw_is_offered_alone(place: int, char: str) -> None:
    assert offered(card(misread(place, char), (place, RIGHT[place]))) == [RIGHT]


def test_a_number_that_is_wrong_on_the_paper_itself_is_not_guessed_at() -> None:
    assert offered(card(misread(3, "7"))) == []


def test_another_reading_is_offered() -> None:
    assert offered(card(misread(10, "5"), candidates=(RIGHT,))) == [RIGHT]


def test_an_edit_against_the_sex_on_the_paper_is_not_offered() -> None:
    assert offered(card(misread(3, "7"), (3, RIGHT[3]), sex="女")) == []


def test_a_masked_number_has_no_check_digit_to_go_by() -> None:
    assert offered(card("110101********4514")) == []


def test_a_code_of_a_seller_is_offered_too() -> None:
    document = paper("vat_invoice", "vat_digital", {"payee_id": "91440300MA5EXWHW6P"})
    cell = replace(document.fields["payee_id"], alternatives=(Alternative(17, "F", 0.2),))
    mended = repaired(replace(document, fields={"payee_id": cell}))
    assert [edit.new for repair in mended.repairs for edit in repair.edits] == ["91440300MA5EXWHW6F"]
    assert mended.repairs[0].closes == ("ID-4",)
