"""Signatures hold to the standard, and whatever is garbled is no signature."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engine.signing import is_signed, new_secret, secret_fault, signed_headers

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="  # each process collects the same tests


def test_what_was_signed_is_signed() -> None:
    assert is_signed(SECRET, signed_headers(SECRET, "m-1", "正文", datetime.now(UTC)), "正文".encode())


def test_the_zone_of_the_clock_does_not_matter() -> None:
    beijing = datetime.now(timezone(timedelta(hours=8)))
    assert is_signed(SECRET, signed_headers(SECRET, "m-1", "", beijing), b"")


def test_the_example_of_the_standard() -> None:
    """From the specification's own test vectors."""
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        '{"test": 2432232314}',
        datetime.fromtimestamp(1614265330, UTC),
    )
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("minutes", [-6, 6])
def test_what_is_old_or_from_the_future_is_not_taken(minutes: int) -> None:
    then = datetime.now(UTC) + timedelta(minutes=minutes)
    assert not is_signed(SECRET, signed_headers(SECRET, "m-1", "", then), b"")


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", ["", "x", "v1,x", "v1,", "1", "v2,YQ=="])
def test_a_changed_header_is_no_signature(changed: str, value: str) -> None:
    headers = signed_headers(SECRET, "m-1", "", datetime.now(UTC))
    assert not is_signed(SECRET, {**headers, changed: value}, b"")


def test_a_header_that_is_missing_is_no_signature() -> None:
    assert not is_signed(SECRET, {}, b"")


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30), st.binary(max_size=30))
def test_nothing_that_is_garbled_is_signed_or_raises(one: str, two: str, three: str, body: bytes) -> None:
    headers = {"webhook-id": one, "webhook-timestamp": two, "webhook-signature": three}
    assert not is_signed(SECRET, headers, body)


def test_a_new_secret_is_good_and_another_each_time() -> None:
    assert secret_fault(SECRET) == ""
    assert new_secret() != SECRET


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_?", SECRET.removeprefix("whsec_")])
def test_a_secret_that_can_be_guessed_is_none_and_is_not_quoted(secret: str) -> None:
    fault = secret_fault(secret)
    assert "24" in fault
    assert len(secret) < 8 or secret not in fault
