"""Which single misreads turn one number into another, and what speaks for them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.model import Alternative, AnyField, Candidate, Field
from pipeline.repair.edits import LOOK_ALIKES, misread_as, prints_points, words_misread_as
from pipeline.text import parse_money


def cell(text: str, *seen: tuple[int, str], candidates: tuple[str, ...] = ()) -> AnyField:
    """What was read, as an amount where it can be one."""
    try:
        value = parse_money(text)
    except ValueError:
        value = None
    others = tuple(Candidate(candidate, 0.3) for candidate in candidates)
    alternatives = tuple(Alternative(place, char, 0.02) for place, char in seen)
    return Field(value, text, 0.9, 1, None, "ocr", others, alternatives=alternatives)


@pytest.mark.parametrize(
    ("read", "printed", "kind"),
    [
        ("34.05", "84.05", "look_alike"),
        ("34.05", "24.05", "character"),
        ("1O8.50", "108.50", "look_alike"),
        ("R7.20", "57.20", "look_alike"),
        ("3405", "34.05", "point"),
        ("15000,00", "15000.00", "point"),
        ("1,180.00", "1130.00", "look_alike"),
        ("¥ 3405元", "34.05", "point"),
        ("23816", "23816.48", "lost_decimals"),
        ("334.05", "34.05", "doubled"),
        ("34.05", "334.05", "dropped"),
        ("34.05", "-34.05", "sign"),
        ("15.28.", "15.28", "stray"),
        ("2.,0000", "2", "point"),
    ],
)
def test_one_misread_is_told_by_its_kind(read: str, printed: str, kind: str) -> None:
    misread = misread_as(cell(read), Decimal(printed))
    assert misread is not None
    assert misread.kind == kind


@pytest.mark.parametrize(
    ("read", "printed"),
    [("34.05", "84.06"), ("34.05", "5.00"), ("34.05", "-84.05"), ("元", "1.00"), ("12.00 34.00", "13.00")],
)
def test_more_than_one_misread_is_none(read: str, printed: str) -> None:
    assert misread_as(cell(read), Decimal(printed)) is None


def test_a_character_that_the_engine_saw_there_supports_it_and_one_elsewhere_does_not() -> None:
    there = misread_as(cell("¥34.05", (1, "8")), Decimal("84.05"))
    elsewhere = misread_as(cell("¥34.05", (2, "8")), Decimal("84.05"))
    assert there is not None
    assert elsewhere is not None
    assert there.is_supported
    assert there.evidence == ("alternative", "look_alike")
    assert not elsewhere.is_supported


def test_places_are_counted_in_the_text_as_read_also_behind_a_comma_of_thousands() -> None:
    misread = misread_as(cell("1,180.00", (3, "3")), Decimal("1130.00"))
    assert misread is not None
    assert misread.is_supported


def test_a_gap_that_the_engine_saw_supports_a_digit_too_many() -> None:
    misread = misread_as(cell("334.05", (1, " ")), Decimal("34.05"))
    assert misread is not None
    assert misread.is_supported


def test_another_reading_of_the_print_supports_its_own_value_alone() -> None:
    looked = cell("334.05", candidates=("34.05",))
    right, other = misread_as(looked, Decimal("34.05")), misread_as(looked, Decimal("384.05"))
    assert right is not None
    assert other is not None
    assert (right.is_supported, other.is_supported) == (True, False)


def test_a_lost_point_is_supported_only_where_the_paper_prints_points() -> None:
    for printed in (True, False):
        misread = misread_as(cell("3405"), Decimal("34.05"), prints_points=printed)
        assert misread is not None
        assert misread.is_supported == printed


def test_a_paper_prints_points_when_most_of_three_or_more_amounts_say_so() -> None:
    plain = [cell("12.00"), cell("3.50"), cell("7.00"), cell("8.80")]
    assert prints_points([*plain, cell("3405")])
    assert not prints_points(plain[:2])
    assert not prints_points([*plain, cell("12"), cell("40"), cell("50")])


@given(st.integers(0, 10**9), st.data())
def test_every_look_alike_is_explained(fens: int, data: st.DataObject) -> None:
    read = f"{Decimal(fens).scaleb(-2):.2f}"
    place = data.draw(st.sampled_from([spot for spot, char in enumerate(read) if char.isdigit()]))
    printed = data.draw(st.sampled_from(LOOK_ALIKES[read[place]]))
    value = Decimal(read[:place] + printed + read[place + 1 :])
    assume(f"{value:.2f}" == read[:place] + printed + read[place + 1 :])  # no form prints 00.50
    misread = misread_as(cell(read), value)
    assert misread is not None
    assert misread.kind == "look_alike"


def test_one_character_of_the_words_is_read_otherwise() -> None:
    words: AnyField = Field("陆仟肆拾陆无肆角", "陆仟肆拾陆无肆角", 0.9, 1, None, "ocr")
    found = words_misread_as(words, Decimal("6046.40"))
    assert found is None  # 仟 needs 零 behind it here: more than one character is wrong
    plain: AnyField = Field("肆任壹佰贰拾元整", "肆任壹佰贰拾元整", 0.9, 1, None, "ocr")
    changed = words_misread_as(plain, Decimal("4120.00"))
    assert changed is not None
    assert changed[0] == "肆仟壹佰贰拾元整"
    assert not changed[1].is_supported
