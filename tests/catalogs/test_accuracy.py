"""How often a printed item finds its entry, over names as bills print them (`printed.csv`).

`expected` names the entry (several with `|` where the list itself has several for it) and is empty where
nothing may be matched.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from pipeline.catalogs.catalog import Catalogs

DAY = date(2025, 8, 1)


def _printed() -> list[dict[str, str]]:
    with (Path(__file__).parent / "printed.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_at_least_95_of_100_printed_items_find_their_entry_and_class(sample: Catalogs) -> None:
    wrong = []
    rows = _printed()
    for row in rows:
        match = sample.match(row["printed"], category=row["category"], unit=row["unit"], on=DAY)
        expected = row["expected"].split("|") if row["expected"] else [None]
        if match.name not in expected or (match.reimbursement_class or "") != row["class"]:
            wrong.append((row["printed"], match.status, match.name, match.reimbursement_class, match.why))
    assert len(rows) >= 100
    assert 1 - len(wrong) / len(rows) >= 0.95, wrong


def test_what_is_matched_is_matched_right(sample: Catalogs) -> None:
    """A wrong entry does harm; an open question only costs a look."""
    for row in _printed():
        match = sample.match(row["printed"], category=row["category"], unit=row["unit"], on=DAY)
        if match.status == "matched":
            assert match.name in row["expected"].split("|"), (row["printed"], match)
            assert (match.reimbursement_class or "") == row["class"], (row["printed"], match)
