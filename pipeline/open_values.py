"""A value that waits for a person: where it stands, how likely it is wrong, and what else it may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OpenValue:
    """One value that a person must see.

    Attributes:
        document_id: The paper.
        path: The value on it: `fields.total_amount`, `line_items[3].amount`.
        chance: Of being wrong, 0 to 1; 1 where nothing could be read.
        value: As it was read, in its published form; None: nothing was.
        other: The likeliest of the other values that were read there; None: there is none.
    """

    document_id: str
    path: str
    chance: float
    value: str | None = None
    other: str | None = None
