"""What makes two pages alike: their picture and the numbers on them, never one alone."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.likeness import (
    ALIKE_SHARE,
    CROWD,
    FEWEST_NUMBERS,
    ORDERS,
    Likeness,
    are_alike,
    bits_apart,
    find_alike,
    share_in_common,
    sketch,
)

PICTURES = st.integers(0, 2**64 - 1)
NUMBERS = st.sets(st.integers(1000, 10**9).map(str), min_size=FEWEST_NUMBERS, max_size=60)
LIKENESSES = st.builds(Likeness, PICTURES, NUMBERS.map(sketch) | st.just(b""))

BILL = "票据代码 11060124 票据号码 0127712345 2025-02-17 业务流水号 20250217004312 合计 1,203.65 其中 34.05"
SAME_FORM = "票据代码 11060124 票据号码 0127798761 2025-02-17 业务流水号 20250217009855 合计 88.20 其中 12.50"


def seen(text: str, picture: int = 0) -> Likeness:
    return Likeness(picture, sketch([text]))


@given(LIKENESSES)
def test_a_likeness_survives_being_written(likeness: Likeness) -> None:
    assert Likeness.of_hex(likeness.hex) == likeness


@pytest.mark.parametrize("text", ["", "no hex at all, certainly", "0" * 16 + "0"])
def test_what_is_no_likeness_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the words are those of the standard library
        Likeness.of_hex(text)


@given(NUMBERS, st.randoms())
def test_a_sketch_does_not_depend_on_the_order_in_which_words_were_found(
    numbers: set[str], rng: object
) -> None:
    words = sorted(numbers)
    assert sketch(words) == sketch(reversed(words)) == sketch([" ".join(words)])
    assert len(sketch(words)) == ORDERS


@given(NUMBERS, NUMBERS)
def test_the_share_in_common_is_about_the_true_one(a: set[str], b: set[str]) -> None:
    true = len(a & b) / len(a | b)
    estimated = share_in_common(Likeness(0, sketch(a)), Likeness(0, sketch(b)))
    assert abs(estimated - true) < 0.45  # five standard errors of 32 draws


def test_a_page_with_few_numbers_is_like_no_other() -> None:
    certificate = seen("诊断证明书 2025 年 3 月 门诊号 4345767970 休息 14 天")
    assert certificate.numbers == b""
    assert not are_alike(certificate, certificate)


def test_two_readings_of_one_page_are_alike_though_a_number_is_misread() -> None:
    misread = BILL.replace("34.05", "84.05")
    assert are_alike(seen(BILL, 0b1111), seen(misread, 0b0110))


def test_two_bills_of_one_hospital_and_day_are_not_alike() -> None:
    """The same form gives the same picture; the numbers tell the patients apart."""
    assert bits_apart(seen(BILL), seen(SAME_FORM)) == 0
    assert share_in_common(seen(BILL), seen(SAME_FORM)) < ALIKE_SHARE
    assert not are_alike(seen(BILL), seen(SAME_FORM))


def test_the_same_numbers_on_another_form_are_not_alike() -> None:
    assert not are_alike(seen(BILL, 0), seen(BILL, 2**40 - 1))


@given(st.lists(LIKENESSES, max_size=12))
def test_pairs_are_found_once_and_only_where_pages_are_alike(likenesses: list[Likeness]) -> None:
    pages = list(enumerate(likenesses))
    found = find_alike(pages)
    assert len(found) == len(set(found))
    assert set(found) <= set(combinations(range(len(pages)), 2))
    assert all(are_alike(likenesses[a], likenesses[b]) for a, b in found)
    same = {
        (a, b)
        for (a, x), (b, y) in combinations(pages, 2)
        if x.numbers and x == y  # pages that share all always meet
    }
    assert same <= set(found)


def test_what_a_crowd_has_in_common_is_passed_over() -> None:
    """A blank form scanned a thousand times must not cost a million comparisons."""
    assert find_alike((number, seen(BILL)) for number in range(CROWD + 1)) == []
