"""The entry of the lists that a person chose for a charged row: no look-up puts it aside."""

from __future__ import annotations

from datetime import date
from typing import Final

from pipeline.catalogs.catalog import Catalogs
from pipeline.catalogs.found import precedence
from pipeline.model import CatalogMatch

CHOSEN: Final = "人工选定 / chosen by a person"
"""How the reason of such a match begins; whether it is one is told by that."""


def chosen_entry(catalogs: Catalogs, text: str, day: date | None) -> CatalogMatch | None:
    """The entry that somebody names by its code, or by its very name where the lists give it no code.

    Args:
        catalogs: The lists in use.
        text: The code, or the name.
        day: Of treatment. Of several entries the one in force then goes first; where none is, the class
            stays open.

    Returns:
        None where no list has it.
    """
    found = catalogs.with_code(text) or catalogs.named(text)
    if not found:
        return None
    entry = max(found, key=lambda one: precedence(one, day))
    is_in_force = entry.in_force(day)
    why = f"{CHOSEN}；{entry.source}"
    return CatalogMatch(
        "matched",
        kind=entry.kind,
        code=entry.code or None,
        name=entry.name,
        reimbursement_class=entry.reimbursement_class if is_in_force else None,
        score=1.0,
        why=f"{why}；{entry.restriction}" if entry.restriction else why,
        self_pay_ratios=entry.self_pay_ratios if is_in_force else (),
        payment_standard=entry.payment_standard if is_in_force else "",
    )


def is_chosen(match: CatalogMatch | None) -> bool:
    """Whether a person chose it."""
    return match is not None and match.why.startswith(CHOSEN)
