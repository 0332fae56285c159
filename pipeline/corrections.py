"""What a person says of a value on a paper, laid into the paper: a value, or why there is none.

A path names a value as checks do: `fields.total_amount`, `line_items[3].amount`. A person's value is a field
like any other, with the source `reviewer`; no rule, other picture or later reading puts it aside. Of what is
not on the paper the field stays, with the status `missing`, so that it is known that somebody looked; rules
take it for absent (`validators`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias, get_args

from extractors import field_names
from pipeline.confidence.evidence import LINE_PARTS
from pipeline.errors import StepRefused
from pipeline.field_values import parse_value
from pipeline.model import AnyField, Candidate, CatalogMatch, Document, Field, LineItem, Value
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

ENTRY: Final = "catalog"
"""The end of the path of what a row stands for in the lists."""

FEWEST_PARTS = 2
"""A row is split into so many rows at least, and so many are merged."""

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
    outcome: Outcome | None = "corrected"
    """None where it only takes back what a person did."""
    rows: tuple[int, int] = (1, 1)
    """How many rows stood at the path of rows or cells before, and how many stand there now."""


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
    new = _json(cells_of_row(rows_in(made, table)[at]))
    return Corrected(made, path, None, new, None, "accepted", rows=(0, 1))


def row_deleted(document: Document, table: Table, at: int) -> Corrected:
    """The paper without row `at`, which is none.

    Raises:
        StepRefused: If there is no such row.
    """
    rows = list(rows_in(document, table))
    path = f"{table}[{at}]"
    _check_row(path, at, len(rows))
    left = with_rows(document, table, [*rows[:at], *rows[at + 1 :]])
    return Corrected(left, path, _json(cells_of_row(rows[at])), None, None, None, rows=(1, 0))


def row_split(document: Document, table: Table, at: int, parts: Sequence[Mapping[str, str]]) -> Corrected:
    """The paper with row `at` as the several rows that were read as one.

    Args:
        document: The paper.
        table: Which of its tables.
        at: The row, counted from 0.
        parts: The rows that it becomes, two at least: values by column, in their published form. A value
            that the row had keeps its place on the page.

    Raises:
        StepRefused: If there is no such row or column, a value can be none, or it is no splitting.
    """
    rows = list(rows_in(document, table))
    path = f"{table}[{at}]"
    _check_row(path, at, len(rows))
    if len(parts) < FEWEST_PARTS or not all(parts):
        raise StepRefused(
            f"{path}: 应拆成两行以上，每行都有内容 / should become two rows or more, none empty"
        )
    made = with_rows(document, table, [*rows[:at], *[rows[at]] * len(parts), *rows[at + 1 :]])
    for offset, cells in enumerate(parts):
        made = _row_set(made, table, at + offset, cells)
    new = [cells_of_row(row) for row in rows_in(made, table)[at : at + len(parts)]]
    return Corrected(
        made, path, _json(cells_of_row(rows[at])), _json(new), None, "accepted", rows=(1, len(parts))
    )


def rows_merged(document: Document, table: Table, at: int, count: int, cells: Mapping[str, str]) -> Corrected:
    """The paper with row `at` and those behind it as the one row that they are.

    Args:
        document: The paper.
        table: Which of its tables.
        at: The first of the rows, counted from 0.
        count: How many rows become one.
        cells: Its values by column, in their published form. What the first row had keeps its place.

    Raises:
        StepRefused: If there are no such rows or column, a value can be none, or it is no merging.
    """
    rows = list(rows_in(document, table))
    path = f"{table}[{at}]"
    if count < FEWEST_PARTS or not cells:
        raise StepRefused(f"{path}: 应合并两行以上，且有内容 / should be two rows or more, and not empty")
    _check_row(path, at, len(rows) - count + 1)
    taken = rows[at : at + count]
    made = _row_set(with_rows(document, table, [*rows[: at + 1], *rows[at + count :]]), table, at, cells)
    old, new = _json([cells_of_row(row) for row in taken]), _json(cells_of_row(rows_in(made, table)[at]))
    return Corrected(made, path, old, new, None, "accepted", rows=(count, 1))


def entry_chosen(document: Document, at: int, match: CatalogMatch) -> Corrected:
    """The paper with row `at` standing for the entry of the lists that a person chose.

    Raises:
        StepRefused: If there is no such row.
    """
    rows = list(document.items)
    path = f"line_items[{at}].{ENTRY}"
    _check_row(path, at, len(rows))
    before = rows[at].catalog
    rows[at] = replace(rows[at], catalog=match)
    old = None if before is None else _entry_text(before)
    changed = with_rows(document, "line_items", rows)
    return Corrected(changed, path, old, _entry_text(match), before.status if before else None, match.status)


# ---------------------------------------------------------------- taking back


@dataclass(frozen=True, slots=True)
class Stood:
    """What stood at a path before it was changed: a field, or rows; and how many rows came in their place."""

    path: str
    part: Document
    rows_now: int


def stood_before(before: Document, change: Corrected) -> Stood:
    """What a change to the paper `before` put something else in the place of."""
    bare = replace(before, fields={}, items=(), category_totals=())
    found = _PATH.fullmatch(change.path)
    if found is not None and found["name"]:
        old = before.fields.get(found["name"])
        return Stood(change.path, replace(bare, fields={found["name"]: old} if old is not None else {}), 1)
    table, at = row_of(change.path)
    had, has = change.rows
    return Stood(change.path, with_rows(bare, table, list(rows_in(before, table)[at : at + had])), has)


def taken_back(document: Document, stood: Stood) -> Corrected:
    """The paper with what stood there before.

    Raises:
        StepRefused: If the paper has no such place any more.
    """
    found = _PATH.fullmatch(stood.path)
    if found is not None and found["name"]:
        name = found["name"]
        now, old = document.fields.get(name), stood.part.fields.get(name)
        fields = {one: field for one, field in document.fields.items() if one != name}
        if old is not None:
            fields = {
                one: old if one == name else field for one, field in {**document.fields, name: old}.items()
            }
        return _restored(replace(document, fields=fields), stood.path, name, (now, old))
    table, at = row_of(stood.path)
    rows = list(rows_in(document, table))
    if at + stood.rows_now > len(rows):
        raise StepRefused(
            f"{stood.path}: 行已变动，不能撤销 / the rows are others now: it cannot be taken back"
        )
    kept = list(rows_in(stood.part, table))
    changed = with_rows(document, table, [*rows[:at], *kept, *rows[at + stood.rows_now :]])
    part = found["part"] if found is not None else ""
    if part == ENTRY and kept:
        entries = [None if row.catalog is None else _entry_text(row.catalog) for row in (rows[at], kept[0])]
        return Corrected(changed, stood.path, entries[0], entries[1], None, None, None)
    if part and kept:
        return _restored(changed, stood.path, part, (getattr(rows[at], part), getattr(kept[0], part)))
    sides = [
        _json(cells_of_row(side[0]) if len(side) == 1 else [cells_of_row(row) for row in side])
        if side
        else None
        for side in (rows[at : at + stood.rows_now], kept)
    ]
    counts = (stood.rows_now, len(kept))
    return Corrected(changed, stood.path, sides[0], sides[1], None, None, None, counts)


def row_of(path: str) -> tuple[Table, int]:
    """The table and the number in the path of a row or of something in it.

    >>> row_of("category_totals[3].amount"), row_of("line_items[12]")
    (('category_totals', 3), ('line_items', 12))
    """
    table, _, rest = path.partition("[")
    return "category_totals" if table == "category_totals" else "line_items", int(rest.partition("]")[0])


def cells_of_row(row: LineItem) -> dict[str, str]:
    """The values of a row by column, in their published form."""
    return {
        part: value_text(part, cell.value)
        for part in LINE_PARTS
        if (cell := getattr(row, part)) is not None and cell.value is not None
    }


def _restored(
    document: Document, path: str, name: str, both: tuple[AnyField | None, AnyField | None]
) -> Corrected:
    old, new = (None if one is None or one.value is None else value_text(name, one.value) for one in both)
    now, before = both
    return Corrected(
        document, path, old, new, now.status if now else None, before.status if before else None, None
    )


def _row_set(document: Document, table: Table, at: int, cells: Mapping[str, str]) -> Document:
    """The paper with these cells and no others in row `at`; a value that is the same stays as it was read."""
    rows = list(rows_in(document, table))
    before = rows[at]
    gone: dict[str, Any] = {part: None for part in LINE_PARTS if part not in cells}
    rows[at] = replace(before, **gone, catalog=None)
    made, known = with_rows(document, table, rows), cells_of_row(before)
    for part, text in cells.items():
        if known.get(part) != text.strip():
            path = f"{table}[{at}].{part}"
            made = _cell_corrected(made, path, table, at, part, Answer.value(text)).document
    return made


def _entry_text(match: CatalogMatch) -> str | None:
    return (match.code or match.name) if match.status == "matched" else None


def _json(told: object) -> str:
    return json.dumps(told, ensure_ascii=False)


# ---------------------------------------------------------------- rows


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
            part: changed
            for part in LINE_PARTS
            if (cell := getattr(item, part)) is not None and (changed := change(cell)) is not cell
        }
        return replace(item, **cells) if cells else item

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
