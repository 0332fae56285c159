"""What is lent stays open from use to use, and ends with the first use that fails."""

from __future__ import annotations

import pytest

from pipeline.warm import Warm
from tests.fakes import Context


class Made:
    """Gives contexts, and notes all that it gave."""

    def __init__(self) -> None:
        self.all: list[Context] = []

    def __call__(self) -> Context:
        self.all.append(Context())
        return self.all[-1]


def test_nothing_is_opened_before_it_is_used() -> None:
    made = Made()
    Warm(made).close()
    assert made.all == []


def test_two_uses_share_one_until_it_is_closed() -> None:
    made = Made()
    warm = Warm(made)
    with warm.lent() as first:
        pass
    with warm.lent() as second:
        assert not second.closed
    assert first is second
    warm.close()
    assert [one.closed for one in made.all] == [True]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_use_that_fails_ends_it_and_the_next_opens_another(failure: type[BaseException]) -> None:
    made = Made()
    warm = Warm(made)
    with pytest.raises(failure), warm.lent() as first:
        raise failure
    assert first.closed
    with warm.lent() as second:
        assert second is not first
        assert not second.closed
    warm.close()
