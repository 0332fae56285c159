"""What the web API answers from, handed in: the store, the clock, the calendar, the engine's door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.catalogs.aliases import AliasBook
from pipeline.confidence.model import DEFAULT_TARGET
from pipeline.deadlines import Deadlines
from pipeline.progress.asking import SOON_WORKING_DAYS
from pipeline.progress.listing import Reader
from pipeline.rejudged import Judges
from pipeline.store.database import Connection, Database
from pipeline.store.opened import Store

if TYPE_CHECKING:  # opens processes that read
    from pipeline.web.uploads.gate import PageGate


class TakeAnswer(Protocol):
    """`pipeline.engine.answers.take_answer`."""

    def __call__(
        self, connection: Connection, message_id: str, answer: Mapping[str, Any], now: datetime
    ) -> object:
        """Bring an engine's answer into its claim."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Service:
    """What requests are answered from.

    Attributes:
        database: Of the store.
        take_answer: Brings an engine's answer into its claim.
        engine_secret: What an engine signs with (`whsec_…`); empty: none may report.
        deadlines: The office's calendar.
        clock: The present.
        store: The store as a whole, for what takes bytes in or gives them out; without it those routes answer
            that they cannot serve now.
        judges: What a claim that a person changed is judged by; asked for anew each time, for lists change.
        aliases: Where reviewers propose what names stand for; without it they cannot.
        due_soon_days: Working days before its deadline from which on a claim goes before others.
        gate: Judges the pictures that are uploaded; without it nobody is told whether they can be read.
        work: Where submissions are read (`pipeline.submission_reader`): what held ones say lies there.
        target_error: Wrong per value that goes through unseen, as the office set it.
    """

    database: Database
    take_answer: TakeAnswer
    engine_secret: str = field(default="", repr=False)
    deadlines: Deadlines = field(default_factory=Deadlines)
    clock: Callable[[], datetime] = _now
    store: Store | None = field(default=None, repr=False)
    judges: Callable[[], Judges] | None = None
    aliases: AliasBook | None = None
    due_soon_days: int = SOON_WORKING_DAYS
    gate: PageGate | None = field(default=None, repr=False)
    work: Path | None = None
    target_error: float = DEFAULT_TARGET

    def moment(self, at: datetime) -> str:
        """A moment by the clock of the office, for people: `2026-03-02 10:30`."""
        return f"{at.astimezone(self.deadlines.zone):%Y-%m-%d %H:%M}"

    def reader(self, *, unmasked: bool) -> Reader:
        """Who reads lists today."""
        return Reader(self.deadlines.day_of(self.clock()), unmasked)
