from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from pipeline.catalogs.catalog import Catalogs
from pipeline.catalogs.divisions import full_years

SAMPLE = Catalogs.sample()


def number(place: str, born: date, order: int) -> str:
    """An identity number that nobody has: made here."""
    body = f"{place}{born:%Y%m%d}{order:03}"
    return body + ric.calc_check_digit(body + "0")


def test_a_place_is_named_from_the_province_down() -> None:
    place = SAMPLE.place("371302")
    assert place is not None
    assert place.names == ("山东省", "临沂市", "兰山区")
    assert SAMPLE.place("999999") is None


def test_a_code_given_up_long_ago_is_still_a_place_of_its_time() -> None:
    given_up = next(
        place
        for code in ("110103", "110104", "310103")
        if (place := SAMPLE.place(code)) is not None and place.last_year is not None
    )
    assert given_up.was_in_use(1980)
    assert not given_up.was_in_use(date.today().year + 1)  # noqa: DTZ011  # any year to come


@given(
    st.dates(date(1901, 1, 1), date(2025, 12, 31)),
    st.integers(1, 999),
    st.sampled_from(["110105", "371302", "310104"]),
)
def test_birth_sex_and_place_come_back_from_a_number(born: date, order: int, place: str) -> None:
    found = SAMPLE.identity(number(place, born, order))
    assert found is not None
    assert found.born == born
    assert found.sex == ("男" if order % 2 else "女")
    assert found.place is not None
    assert found.place.code == place


@pytest.mark.parametrize(
    "text", ["", "110105", "110105********002X", "110105199913310021", "1" * 18, "一" * 18]
)
def test_what_is_no_valid_number_says_nothing(text: str) -> None:
    assert SAMPLE.identity(text) is None


def test_an_old_number_of_fifteen_digits_says_birth_and_sex() -> None:
    found = SAMPLE.identity("110105491231002")
    assert found is not None
    assert (found.born, found.sex) == (date(1949, 12, 31), "女")


@given(st.dates(date(1930, 1, 1), date(2020, 1, 1)), st.integers(0, 30000))
def test_a_birthday_adds_the_year(born: date, days: int) -> None:
    day = born + timedelta(days)
    years = full_years(born, day)
    assert born.year + years <= day.year
    assert years >= 0
    assert full_years(born, day + timedelta(366)) in (years + 1, years + 2)
