"""How people work, for their supervisor: how much, how long, and how often they were wrong where it is known.

Rates come with the interval that holds them with 95 % (Wilson): of ten items one wrong says little.
"""

from __future__ import annotations

from datetime import datetime
from statistics import median

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.intervals import wilson
from pipeline.store.accounts import list_accounts
from pipeline.store.database import Connection
from pipeline.store.work_done import answering_since, disagreements_since, passed_since, planted_since


class ReviewerRecord(TypedDict):
    """One person's work of the window.

    `answered` values, of which `changed` were changed, in `seconds` each (the middle one). Of `planted` items
    of known answer `planted_wrong` were answered wrong; the rate lies between `planted_low` and
    `planted_high`. In `decided` places a third person decided where they were one of the two, and `overruled`
    of them against them.
    """

    name: str
    shown_as: str
    role: str
    passed: int
    answered: int
    changed: int
    seconds: float | None
    planted: int
    planted_wrong: int
    planted_low: float
    planted_high: float
    decided: int
    overruled: int


def reviewer_records(connection: Connection, since: datetime) -> list[ReviewerRecord]:
    """What each person did since a moment, by name; those who did nothing are left out."""
    answering = {one.who: one for one in answering_since(connection, since)}
    passed = passed_since(connection, since)
    planted = planted_since(connection, since)
    decided: dict[str, list[bool]] = {}
    for one in disagreements_since(connection, since):
        decided.setdefault(one.second, []).append(one.second_was_right)
        if one.first is not None:
            decided.setdefault(one.first, []).append(one.first_was_right)
    accounts = {account.name: account for account in list_accounts(connection)}
    rows: list[ReviewerRecord] = []
    for name in sorted({*answering, *passed, *planted, *decided}):
        account, work = accounts.get(name), answering.get(name)
        asked, wrong = planted.get(name, (0, 0))
        low, high = wilson(wrong, asked)
        rows.append(
            {
                "name": name,
                "shown_as": account.shown_as if account is not None else name,
                "role": account.role if account is not None else "",
                "passed": passed[name],
                "answered": work.answered if work is not None else 0,
                "changed": work.changed if work is not None else 0,
                "seconds": median(work.seconds) if work is not None and work.seconds else None,
                "planted": asked,
                "planted_wrong": wrong,
                "planted_low": low,
                "planted_high": high,
                "decided": len(decided.get(name, ())),
                "overruled": decided.get(name, []).count(False),
            }
        )
    return rows
