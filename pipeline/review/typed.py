"""What somebody has typed and not confirmed, as the screen sends it while they type."""

from __future__ import annotations

from collections.abc import Sequence

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.corrections import LONGEST_TEXT
from pipeline.errors import StepRefused
from pipeline.review.view import Looker
from pipeline.store.at_desk import desk_of
from pipeline.store.database import Connection
from pipeline.store.drafts import keep_drafts

MOST_DRAFTS = 500
"""Of one call: a person types into one place at a time, and a screen that was away sends what it kept."""
LONGEST_PATH = 80
"""Characters; `category_totals[99999].specification` has 37."""


class Draft(TypedDict):
    """What was typed at a place; null where it was taken back."""

    document_id: str
    path: str
    text: str | None


def keep_typed(connection: Connection, claim_id: str, typed: Sequence[Draft], looker: Looker) -> None:
    """Keep what somebody typed, whoever has the claim: nobody's typing is lost because a lease ran out.

    Raises:
        LookupError: If there is no such claim.
        StepRefused: If it is too much, or too long.
    """
    desk_of(connection, claim_id, lock=True)
    if len(typed) > MOST_DRAFTS or any(_is_too_long(one) for one in typed):
        raise StepRefused(
            f"drafts: 至多 {MOST_DRAFTS} 项，每项至多 {LONGEST_TEXT} 字 / at most so many, each no longer"
        )
    places = {(one["document_id"], one["path"]): one["text"] for one in typed}
    keep_drafts(connection, claim_id, looker.actor.name, places, looker.now)


def _is_too_long(draft: Draft) -> bool:
    return (
        len(draft["text"] or "") > LONGEST_TEXT
        or len(draft["path"]) > LONGEST_PATH
        or len(draft["document_id"]) > LONGEST_PATH
    )
