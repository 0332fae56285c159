"""What a person changes on the papers of a claim, in one go, and how it is taken back.

Several changes cost one judging. All of them are kept or none, and only on the claim as it was seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pipeline.catalogs.by_person import chosen_entry
from pipeline.catalogs.catalog import Catalogs
from pipeline.corrections import (
    Answer,
    Corrected,
    Stood,
    Table,
    corrected,
    entry_chosen,
    row_added,
    row_deleted,
    row_of,
    row_split,
    rows_merged,
    taken_back,
)
from pipeline.errors import StepRefused
from pipeline.model import Document
from pipeline.rejudged import Alteration, Altered, By, Judges, change_all
from pipeline.review.asked_twice import check_not_in_second_look, put_aside
from pipeline.review.balances import open_repairs
from pipeline.review.desk import checked_reason
from pipeline.review.leases import hold
from pipeline.review.records import Change, Changes
from pipeline.review.view import Looker
from pipeline.store.cases import documents_of, stored_claim
from pipeline.store.database import Connection
from pipeline.store.drafts import drafts_of, drop_drafts, keep_drafts
from pipeline.store.field_changes import FieldChange, last_standing
from pipeline.store.freeze import load_stood
from pipeline.store.review_items import Place

MOST_CHANGES = 2_000
"""Made in one go: filling down a column of the longest list there is."""

LONGEST_SECONDS = 8 * 3600.0
"""That one change can have taken: a working day."""

UNDONE = "撤销 / undone"
"""Why a change was made that takes back another."""


def make_changes(
    connection: Connection, judges: Judges, claim_id: str, asked: Changes, looker: Looker
) -> Altered:
    """Make what a person asks for and judge the claim once.

    Args:
        connection: Of a transaction that writes.
        judges: What the claim is judged by.
        claim_id: The claim.
        asked: The changes, and the version that was seen.
        looker: Who makes them, and when.

    Raises:
        LookupError: If there is no such claim, or it has no such paper.
        StepRefused: If somebody else has it (`HeldByAnother`), it moved on (`ClaimMovedOn`), or a change is
            impossible.
    """
    changes = asked["changes"]
    if not 0 < len(changes) <= MOST_CHANGES:
        raise StepRefused(f"changes: 应为 1–{MOST_CHANGES} 项 / should be 1 to {MOST_CHANGES}")
    hold(connection, claim_id, looker.actor, looker.now)
    by = By(looker.actor, looker.now, checked_reason(asked.get("why", "")), None, asked["version"])
    left = put_aside(connection, judges, claim_id, [(one, _seconds(one)) for one in changes], by)
    aside = [(one["document_id"], one.get("path", "")) for one in changes if one not in left]
    drop_drafts(connection, claim_id, looker.actor.name, aside)
    if not left:
        return Altered(stored_claim(connection, claim_id), tuple(documents_of(connection, claim_id)), ())
    wanted = [
        Alteration(one["document_id"], _Correcting(one, judges.catalogs), _seconds(one)) for one in left
    ]
    altered = change_all(connection, judges, claim_id, wanted, by)
    _settle_drafts(connection, claim_id, looker, altered.touched)
    return altered


def undo(connection: Connection, judges: Judges, claim_id: str, version: int, looker: Looker) -> Altered:
    """Take back what was changed last, where it was this person's doing; that is a change too, and noted.

    Args:
        connection: Of a transaction that writes.
        judges: What the claim is judged by.
        claim_id: The claim.
        version: The version that was seen.
        looker: Who takes it back, and when.

    Raises:
        LookupError: If there is no such claim.
        StepRefused: If nothing is left to be taken back, it was somebody else's, or stands there no more.
    """
    hold(connection, claim_id, looker.actor, looker.now)
    check_not_in_second_look(connection, claim_id)
    last = last_standing(connection, claim_id)
    if not last:
        raise StepRefused(f"{claim_id}: 没有可撤销的修改 / nothing is left to be taken back")
    if last[0].who != looker.actor.name:
        raise StepRefused(
            f"{claim_id}: 最近的修改由 {last[0].who} 作出，不能撤销"
            f" / the last change is by {last[0].who} and not yours to take back"
        )
    by = By(looker.actor, looker.now, UNDONE, None, version)
    wanted = [Alteration(one.document_id, _Undoing(one)) for one in reversed(last)]
    return change_all(connection, judges, claim_id, wanted, by, undoes=last[0].version)


# ---------------------------------------------------------------- one change


class _Correcting:
    """What one change does to its paper."""

    def __init__(self, change: Change, catalogs: Catalogs) -> None:
        self._change = cast("Mapping[str, Any]", change)
        self._catalogs = catalogs

    def __call__(self, paper: Document) -> Sequence[Corrected]:
        """The paper after each step of the change.

        Raises:
            StepRefused: If the change lacks something, or is impossible.
        """
        return _DOING[self._change["do"]](self, paper)

    def answer(self, paper: Document) -> Sequence[Corrected]:
        """What stands at a place."""
        kind = self._change.get("kind", "value")
        return [corrected(paper, self._needed("path"), Answer(kind, self._change.get("text", "")))]

    def add_row(self, paper: Document) -> Sequence[Corrected]:
        """A row that reading missed."""
        return [row_added(paper, self._table, self._needed("row"), self._needed("cells"))]

    def delete_row(self, paper: Document) -> Sequence[Corrected]:
        """A row that is none."""
        return [row_deleted(paper, self._table, self._needed("row"))]

    def split_row(self, paper: Document) -> Sequence[Corrected]:
        """Rows that were read as one."""
        return [row_split(paper, self._table, self._needed("row"), self._needed("rows"))]

    def merge_rows(self, paper: Document) -> Sequence[Corrected]:
        """One row that was read as several."""
        count, cells = self._needed("count"), self._needed("cells")
        return [rows_merged(paper, self._table, self._needed("row"), count, cells)]

    def repair(self, paper: Document) -> Sequence[Corrected]:
        """The offered edits that make sums close."""
        number = self._needed("row")
        offers = open_repairs(paper)
        if not 0 <= number < len(offers):
            raise StepRefused(f"repair {number}: 没有这项改法 / no such repair is offered")
        done: list[Corrected] = []
        for edit in offers[number].edits:
            before = done[-1].document if done else paper
            done.append(_edited(before, edit.path, edit.new))
        return done

    def choose_entry(self, paper: Document) -> Sequence[Corrected]:
        """What a row stands for in the lists."""
        match = chosen_entry(self._catalogs, self._needed("text"), paper.treatment_date)
        if match is None:
            raise StepRefused("text: 目录中没有这个编码 / no list has this code")
        return [entry_chosen(paper, self._needed("row"), match)]

    @property
    def _table(self) -> Table:
        table: Table = self._change.get("table", "line_items")
        return table

    def _needed(self, key: str) -> Any:
        if key not in self._change:
            raise StepRefused(f"{self._change['do']}: 缺少 {key} / {key} is missing")
        return self._change[key]


_DOING = {
    "answer": _Correcting.answer,
    "add_row": _Correcting.add_row,
    "delete_row": _Correcting.delete_row,
    "split_row": _Correcting.split_row,
    "merge_rows": _Correcting.merge_rows,
    "repair": _Correcting.repair,
    "choose_entry": _Correcting.choose_entry,
}


def _seconds(change: Change) -> float | None:
    """How long it took; what a browser's clock makes of it that cannot be is not kept."""
    seconds = change.get("seconds")
    return seconds if seconds is not None and 0 <= seconds <= LONGEST_SECONDS else None


def _edited(paper: Document, path: str, text: str) -> Corrected:
    """The paper with another value at a path; one behind the last row is a row that was missed."""
    if path.startswith("fields."):
        return corrected(paper, path, Answer.value(text))
    table, at = row_of(path)
    if at == len(paper.items if table == "line_items" else paper.category_totals):
        return row_added(paper, table, at, {path.rpartition(".")[2]: text})
    return corrected(paper, path, Answer.value(text))


# ---------------------------------------------------------------- taking back


class _Undoing:
    """Puts back what stood before a change."""

    def __init__(self, change: FieldChange) -> None:
        self._change = change

    def __call__(self, paper: Document) -> Sequence[Corrected]:
        """The paper as it was there.

        Raises:
            StepRefused: If something else stands there now than the change put there.
        """
        change = self._change
        assert change.frozen is not None
        part, rows_now = load_stood(change.frozen)
        back = taken_back(paper, Stood(change.path, part, rows_now))
        if back.old != change.new:
            raise StepRefused(
                f"{change.path}: 后来又有变动，不能撤销 / something else stands there now, not to be undone"
            )
        return [back]


# ---------------------------------------------------------------- drafts


def _settle_drafts(
    connection: Connection, claim_id: str, looker: Looker, touched: Sequence[tuple[str, Corrected]]
) -> None:
    """Let go of what was confirmed; what was typed into rows further down moves with them."""
    typed: dict[Place, str] = drafts_of(connection, claim_id, looker.actor.name)
    if not typed:
        return
    left = dict(typed)
    for document_id, done in touched:
        left = _after(left, document_id, done)
    if left != typed:
        drop_drafts(connection, claim_id, looker.actor.name, typed)
        keep_drafts(connection, claim_id, looker.actor.name, left, looker.now)


def _after(typed: Mapping[Place, str], document_id: str, done: Corrected) -> dict[Place, str]:
    if not done.path.endswith("]"):
        return {place: text for place, text in typed.items() if place != (document_id, done.path)}
    table, at = row_of(done.path)
    had, has = done.rows
    left: dict[Place, str] = {}
    for (document, path), text in typed.items():
        if document != document_id or not path.startswith(f"{table}["):
            left[document, path] = text
            continue
        _, row = row_of(path)
        if row < at:
            left[document, path] = text
        elif row >= at + had:
            left[document, f"{table}[{row + has - had}]{path.partition(']')[2]}"] = text
    return left
