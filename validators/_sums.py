"""Whether two sides hold the same money, and what to say when they do not or when a part is unread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from validators._rule import CHECK_READING, Verdict, failed, passed, unknown, worst_of
from validators.sums import Sum, Term

_MOST_NAMED = 6  # terms spelt out in a message; more are counted


def weigh_all(sums: Iterable[Sum]) -> Verdict | None:
    """The verdict on sums of one rule: what failed, else what is unknown, else that they hold."""
    verdicts = (weigh(each.left, each.right) for each in sums)
    return worst_of([verdict for verdict in verdicts if verdict is not None])


def weigh(left: Sequence[Term], right: Sequence[Term]) -> Verdict | None:
    """Whether both sides hold the same money, to the fen.

    A part that is unread is not zero; but when the parts that were read already agree, nothing is left
    for it. When exactly one part is unread, the message offers the difference, for a person to confirm.
    """
    terms = [*left, *right]
    paths = [term.path for term in terms if term.amount is not None]
    difference = _sum(left) - _sum(right)
    unread = [term for term in terms if term.amount is None]
    both_seen = any(term.amount is not None for term in left) and any(
        term.amount is not None for term in right
    )
    if not unread:
        return passed(*paths) if difference == 0 else failed(_disagreement(left, right, difference), *paths)
    if both_seen and difference == 0 and _sum(left) != 0:
        return passed(*paths)
    if len(unread) == 1 and len(terms) > 1:
        return _one_unread(left, right, unread[0], difference)
    if both_seen:
        names = "、".join(term.label for term in unread[:_MOST_NAMED])
        return unknown(f"{names}等 {len(unread)} 项未读出，无法核对合计", *paths)
    return None


def _one_unread(left: Sequence[Term], right: Sequence[Term], unread: Term, difference: Decimal) -> Verdict:
    paths = [term.path for term in (*left, *right)]
    missing = (-difference if unread in left else difference) * unread.sign
    known = [term.amount for term in (*left, *right) if term.amount is not None]
    if (missing < 0 and min(known) >= 0) or (missing > 0 and max(known) <= 0):
        return failed(
            f"{unread.label}未读出，按其余各项推算应为 {missing:.2f} 元，不合情理；{CHECK_READING}", *paths
        )
    return unknown(f"{unread.label}未读出，按其余各项推算为 {missing:.2f} 元，请对照原件确认", *paths)


def _disagreement(left: Sequence[Term], right: Sequence[Term], difference: Decimal) -> str:
    return f"{_spelt(left)}，与{_spelt(right)}相差 {abs(difference):.2f} 元；{CHECK_READING}"


def _spelt(terms: Sequence[Term]) -> str:
    total = _sum(terms)
    if len(terms) == 1:
        return f"{terms[0].label} {total:.2f} 元"
    if len(terms) > _MOST_NAMED:
        return f"{terms[0].label}等 {len(terms)} 项合计 {total:.2f} 元"
    parts = "".join(
        f"{'−' if term.sign < 0 else '+' if spot else ''}{term.label} {term.amount:.2f} "
        for spot, term in enumerate(terms)
    )
    return f"{parts}= {total:.2f} 元"


def _sum(terms: Sequence[Term]) -> Decimal:
    return sum((term.sign * term.amount for term in terms if term.amount is not None), Decimal(0))
