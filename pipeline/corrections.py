"""What a person says of a value on a paper, laid into the paper: a value, or why there is none.

A path names a value as checks do: `fields.total_amount`, `line_items[3].amount`. A person's value is a field
like any other, with the source `reviewer`; no rule, other picture or later reading puts it aside. Of what is
not on the paper the field stays, with the status `missing`, so that it is known that somebody looked; rules
take it for absent (`validators`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias, get_args

from extractors import field_names
from pipeline.confidence.evidence import LINE_PARTS
from pipeline.errors import StepRefused
from pipeline.field_values import parse_value
from pipeline.model import AnyField, Candidate, Document, Field, LineItem, Value
from pipeline.records import value_text

AnswerKind: TypeAlias = Literal["value", "illegible", "not_present", "not_applicable"]
"""The value; something stands there that nobody can read; nothing stands there; it does not apply here."""
ANSWER_KINDS: tuple[AnswerKind, ...] = get_args(AnswerKind)

Outcome: TypeAlias = Literal["confirmed", "corrected", "illegible", "not_present", "not_applicable"]
"""What became of the value that was there, as review items say it."""

Table: TypeAlias = Literal["line_items", "category_totals"]

PERSONS_CONFIDENCE = 0.995
"""Of values that a person typed. It is an assumption until answers of two persons to one question are
compared: people who key forms are usually found to err in some of a thousand fields."""

LONGEST_TEXT = 2000
"""Characters of a value; diagnoses and advice are the longest that papers bear."""

CHOICES: Mapping[str, tuple[str, ...]] = {"sex": ("男", "女")}
"""Fields that hold one of a few values."""

REVIEWER: Final = "reviewer"

_PATH = re.compile(
    r"fields\.(?P<name>[a-z][a-z0-9_]*)|(?P<table>line_items|category_totals)\[(?P<row>\d{1,5})\]\.(?P<part>[a-z_]+)"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person says of one value; `text` is the value in its published form, else empty."""

    kind: AnswerKind
    text: str = ""

    @staticmethod
    def value(text: str) -> Answer:
        """The value is this: `203.65`, `2025-02-17`, `张三`."""
        return Answer("value", text)


@dataclass(frozen=True, slots=True)
class Corrected:
    """A paper after a person changed it, and what was changed: values in their published form, or None."""

    document: Document
    path: str
    old: str | None
    new: str | None
    old_status: str | None
    new_status: str | None
    outcome: Outcome = "corrected"


def corrected(document: Document, path: str, answer: Answer) -> Corrected:
    """The paper with a person's answer about one value.

    Raises:
        StepRefused: If the paper has no such value, or the answer cannot be one; it says what can.
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise StepRefused(
            f"{path[:60]}: 没有这个位置，应如 fields.total_amount 或 line_items[3].amount"
            " / no such place; it should be like fields.total_amount or line_items[3].amount"
        )
    if found["name"]:
        return _field_corrected(document, path, found["name"], answer)
    table: Table = "line_items" if found["table"] == "line_items" else "category_totals"
    return _cell_corrected(document, path, table, int(found["row"]), found["part"], answer)


def _field_corrected(document: Document, path: str, name: str, answer: Answer) -> Corrected:
    known = dict.fromkeys([*field_names(document.type), *document.fields])
    if name not in known:
        raise StepRefused(
            f"{path}: {document.type} 没有这个字段，应为 {'、'.join(known)} / no such field; one of these"
        )
    old = document.fields.get(name)
    new = _answered(name, old, answer, path)
    if new is None:
        new = replace(_unread(old), value=None, origin=REVIEWER, status="missing", confidence=0.0)
    changed = replace(document, fields={**document.fields, name: new})
    return _told(changed, path, name, (old, new), answer)


def _cell_corrected(
    document: Document, path: str, table: Table, row: int, part: str, answer: Answer
) -> Corrected:
    if part not in LINE_PARTS:
        raise StepRefused(f"{path}: 没有这一列，应为 {'、'.join(LINE_PARTS)} / no such column; one of these")
    rows = list(rows_in(document, table))
    _check_row(path, row, len(rows))
    old: AnyField | None = getattr(rows[row], part)
    new = _answered(part, old, answer, path)
    cell: dict[str, Any] = {part: new}
    rows[row] = replace(rows[row], **cell)
    return _told(with_rows(document, table, rows), path, part, (old, new), answer)


def row_added(document: Document, table: Table, at: int, cells: Mapping[str, str]) -> Corrected:
    """The paper with a row that reading missed, put before row `at`; one behind the last adds it at the end.

    Args:
        document: The paper.
        table: Which of its tables.
        at: The place of the new row, counted from 0.
        cells: Its values by column, in their published form.

    Raises:
        StepRefused: If there is no such place or column, or a value can be none.
    """
    rows = list(rows_in(document, table))
    path = f"{table}[{at}]"
    _check_row(path, at, len(rows) + 1)
    page = rows[min(at, len(rows) - 1)].page if rows else (document.pages[0].number if document.pages else 1)
    empty = LineItem(page)
    made = replace(document, **_table(table, [*rows[:at], empty, *rows[at:]]))
    if not cells:
        raise StepRefused(f"{path}: 新增的行没有内容 / the new row is empty")
    for part, text in cells.items():
        made = _cell_corrected(made, f"{path}.{part}", table, at, part, Answer.value(text)).document
    return Corrected(made, path, None, json.dumps(dict(cells), ensure_ascii=False), None, "accepted")


def row_deleted(document: Document, table: Table, at: int) -> Corrected:
    """The paper without row `at`, which is none.

    Raises:
        StepRefused: If there is no such row.
    """
    rows = list(rows_in(document, table))
    path = f"{table}[{at}]"
    _check_row(path, at, len(rows))
    cells = {
        part: value_text(part, cell.value)
        for part in LINE_PARTS
        if (cell := getattr(rows[at], part)) is not None and cell.value is not None
    }
    old = json.dumps(cells, ensure_ascii=False)
    return Corrected(with_rows(document, table, [*rows[:at], *rows[at + 1 :]]), path, old, None, None, None)


def rows_in(document: Document, table: Table) -> tuple[LineItem, ...]:
    """The rows of one of the paper's tables."""
    return document.items if table == "line_items" else document.category_totals


def with_rows(document: Document, table: Table, rows: list[LineItem]) -> Document:
    """The paper with other rows in one of its tables."""
    return replace(document, **_table(table, rows))


def _table(table: Table, rows: list[LineItem]) -> dict[str, Any]:
    return {"items" if table == "line_items" else "category_totals": tuple(rows)}


def with_each(document: Document, change: Callable[[AnyField], AnyField]) -> Document:
    """The paper with each of its values changed, those of its rows too."""

    def row(item: LineItem) -> LineItem:
        cells: dict[str, Any] = {
            part: change(cell) for part in LINE_PARTS if (cell := getattr(item, part)) is not None
        }
        return replace(item, **cells)

    return replace(
        document,
        fields={name: change(field) for name, field in document.fields.items()},
        items=tuple(map(row, document.items)),
        category_totals=tuple(map(row, document.category_totals)),
    )


def _check_row(path: str, row: int, count: int) -> None:
    if not 0 <= row < count:
        spread = f"0–{count - 1}" if count else "—"
        raise StepRefused(f"{path}: 没有这一行，应为 {spread} / no such row; possible: {spread}")


def _answered(name: str, old: AnyField | None, answer: Answer, path: str) -> AnyField | None:
    """The field after the answer; None where nothing stands there."""
    if answer.kind not in ANSWER_KINDS:
        raise StepRefused(f"{path}: 应答应为 {'、'.join(ANSWER_KINDS)} / the answer is one of these")
    if answer.kind == "value":
        value = _value(name, answer.text, path)
        kept = _unread(old) if old is not None else Field(value, answer.text, 0.0, None, None, REVIEWER)
        sure = max(kept.confidence, PERSONS_CONFIDENCE) if kept.value == value else PERSONS_CONFIDENCE
        return replace(
            kept,
            value=value,
            text=kept.text or answer.text,
            confidence=sure,
            origin=REVIEWER,
            status="accepted",
            candidates=_with_old(name, kept, value),
        )
    if answer.kind == "illegible":
        kept = _unread(old)
        return replace(
            kept,
            value=None,
            confidence=0.0,
            origin=REVIEWER,
            status="review",
            candidates=_with_old(name, kept, None),
        )
    return None


def _unread(old: AnyField | None) -> AnyField:
    """What of a field outlives a person's answer: its place and what stood there, not how it was read."""
    if old is None:
        return Field(None, "", 0.0, None, None, REVIEWER)
    return replace(old, witnesses=(), reading=None, alternatives=())


def _with_old(name: str, old: AnyField, value: Value | None) -> tuple[Candidate, ...]:
    """The candidates with the value that was read before, where it is another."""
    if old.value is None or old.value == value:
        return old.candidates
    read = value_text(name, old.value)
    rest = tuple(one for one in old.candidates if one.value != read)
    return (Candidate(read, old.confidence), *rest)


def _value(name: str, text: str, path: str) -> Value:
    text = text.strip()
    if not text or len(text) > LONGEST_TEXT or not all(char.isprintable() for char in text):
        raise StepRefused(
            f"{path}: 应为 1–{LONGEST_TEXT} 个可打印字符 / should be 1–{LONGEST_TEXT} printable characters"
        )
    if name in CHOICES and text not in CHOICES[name]:
        raise StepRefused(f"{path}: 应为 {'、'.join(CHOICES[name])} / should be one of these")
    try:
        return parse_value(name, text)
    except ValueError as error:
        raise StepRefused(f"{path}: {error}") from error


def _told(
    document: Document, path: str, name: str, both: tuple[AnyField | None, AnyField | None], answer: Answer
) -> Corrected:
    old, new = (None if one is None or one.value is None else value_text(name, one.value) for one in both)
    outcome: Outcome = answer.kind if answer.kind != "value" else "confirmed" if old == new else "corrected"
    before, after = both
    statuses = (before.status if before else None, after.status if after else None)
    return Corrected(document, path, old, new, *statuses, outcome)
