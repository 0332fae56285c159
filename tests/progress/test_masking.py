"""What is masked gives away what it should and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.progress.masking import MASK, masked_account, masked_id, masked_name

NUMBERS = st.text("0123456789X", min_size=1, max_size=24)


@given(st.text(min_size=1, max_size=20).filter(str.strip))
def test_of_a_name_the_first_character_is_all_that_shows(name: str) -> None:
    shown = masked_name(name)
    assert shown is not None
    bare = name.strip()
    assert len(shown) == len(bare)
    assert set(shown[1:]) <= {MASK}
    assert shown[0] == (bare[0] if len(bare) > 1 else MASK)


@given(NUMBERS)
def test_of_an_identity_number_only_its_two_ends_show(number: str) -> None:
    shown = masked_id(number)
    assert shown is not None
    assert len(shown) == len(number)
    assert all(
        sign == MASK or (sign == number[place] and (place < 4 or place >= len(number) - 4))
        for place, sign in enumerate(shown)
    )
    assert shown.count(MASK) >= min(7, len(number))


def test_the_date_of_birth_never_shows() -> None:
    assert "19491231" not in (masked_id("11010519491231002X") or "")
    assert masked_id("110105491231002") == "1101*******1002"


@given(NUMBERS, NUMBERS)
def test_two_accounts_with_the_same_end_look_alike(one: str, other: str) -> None:
    assert masked_account(f"{one}00001234") == masked_account(f"{other}0000 1234") == "****1234"


@given(st.text("0123456789", max_size=7))
def test_a_short_account_shows_nothing(account: str) -> None:
    assert masked_account(account) == "****"


def test_what_is_not_known_is_not_masked() -> None:
    assert (masked_name(None), masked_id(None), masked_account(None)) == (None, None, None)
