"""The audit of a claim, value by value: old, new, who, when, how long, and why.

Changes and opinions stand in one list in the order of time. Persons' values are masked unless whoever looks
may see the claim in the clear.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.agreement import ILLEGIBLE, NOT_THERE
from pipeline.corrections import AnswerKind
from pipeline.progress.masking import MASKS
from pipeline.review.names import field_label, said, type_name
from pipeline.spreadsheet_text import spreadsheet_text
from pipeline.store.accounts import Language
from pipeline.store.cases import documents_of
from pipeline.store.database import Connection
from pipeline.store.field_changes import FieldChange, changes_of
from pipeline.store.opinions import Opinion, opinions_of

What: TypeAlias = Literal["change", "second", "third", "planted", "accepted"]

WHAT_NAMES: Final[Mapping[What, tuple[str, str]]] = {
    "change": ("修改", "change"),
    "second": ("复审作答", "second look"),
    "third": ("第三人裁定", "third person's decision"),
    "planted": ("考核题", "item of known answer"),
    "accepted": ("抽查", "spot check"),
}

_NOT_VALUES: Final[Mapping[AnswerKind, tuple[str, str]]] = {
    "illegible": ("无法辨认", "illegible"),
    "not_present": ("票面没有", "not there"),
    "not_applicable": ("不适用", "not applicable"),
}
_ROW: Final = re.compile(r"(?P<table>line_items|category_totals)\[(?P<row>\d+)\](?:\.(?P<part>\w+))?")


class AuditRow(TypedDict):
    """One entry; `what` tells of which kind, `seconds` how long it took where that is known.

    Moments are ISO 8601, UTC. `place` names the value for people, `path` as it is called in files.
    """

    at: str
    what: What
    what_name: str
    document_id: str
    paper: str
    path: str
    place: str
    old: str | None
    new: str | None
    who: str
    role: str
    seconds: float | None
    why: str


COLUMNS: Final[Mapping[str, tuple[str, str]]] = {
    "at": ("时间（UTC）", "at"),
    "what_name": ("事项", "what"),
    "paper": ("材料", "paper"),
    "place": ("位置", "place"),
    "path": ("字段", "path"),
    "old": ("原值", "old"),
    "new": ("新值", "new"),
    "who": ("人员", "who"),
    "role": ("岗位", "role"),
    "seconds": ("用时（秒）", "seconds"),
    "why": ("原因", "why"),
}


def audit_rows(connection: Connection, claim_id: str, language: Language, *, clear: bool) -> list[AuditRow]:
    """All that people said of values of a claim, the first entry first.

    Args:
        connection: Of a transaction.
        claim_id: The claim.
        language: Of what is said to people.
        clear: Whether persons' values are shown (`pipeline.review.masking.may_see_clear`).
    """
    papers = {
        one.id: type_name(one.type, one.subtype, language) for one in documents_of(connection, claim_id)
    }
    rows = [_of_change(one, language) for one in changes_of(connection, claim_id)]
    rows += [_of_opinion(one, language) for one in opinions_of(connection, claim_id)]
    for row in rows:
        row["paper"] = papers.get(row["document_id"], row["document_id"])
    rows.sort(key=lambda row: row["at"])
    return rows if clear else [_masked(row) for row in rows]


def audit_csv(rows: Iterable[AuditRow]) -> bytes:
    """The rows as CSV: UTF-8 with BOM, headings in Chinese and English, nothing that runs as a formula."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow([f"{chinese} {english}" for chinese, english in COLUMNS.values()])
    for row in rows:
        cells: Mapping[str, object] = dict(row)
        table.writerow(["" if cells[key] is None else spreadsheet_text(str(cells[key])) for key in COLUMNS])
    return text.getvalue().encode("utf-8-sig", errors="replace")


def place_name(path: str, language: Language) -> str:
    """A value's place as people call it.

    >>> place_name("fields.total_amount", "zh"), place_name("line_items[3].amount", "zh")
    ('金额合计', '明细第 4 行·金额')
    """
    found = _ROW.fullmatch(path)
    if found is None:
        return field_label(path.removeprefix("fields."), language)
    number = int(found["row"]) + 1
    table = (
        said("明细", "Row", language)
        if found["table"] == "line_items"
        else said("类别", "Category row", language)
    )
    row = said(f"{table}第 {number} 行", f"{table} {number}", language)
    return f"{row}·{field_label(found['part'], language)}" if found["part"] else row


def _of_change(change: FieldChange, language: Language) -> AuditRow:
    return {
        "at": change.at.isoformat(timespec="seconds"),
        "what": "change",
        "what_name": said(*WHAT_NAMES["change"], language),
        "document_id": change.document_id,
        "paper": "",
        "path": change.path,
        "place": place_name(change.path, language),
        "old": _cells(change.old, language),
        "new": said(*_NOT_VALUES["not_present"], language)
        if change.new is None and change.new_status == "missing"
        else said(*_NOT_VALUES["illegible"], language)
        if change.new is None and change.new_status == "review"
        else _cells(change.new, language),
        "who": change.who,
        "role": change.role,
        "seconds": change.seconds,
        "why": change.why,
    }


def _of_opinion(opinion: Opinion, language: Language) -> AuditRow:
    names = {str(kind): name for kind, name in _NOT_VALUES.items()}
    shown = {NOT_THERE: "not_present", ILLEGIBLE: "illegible"}.get(opinion.shown)
    return {
        "at": opinion.at.isoformat(timespec="seconds"),
        "what": opinion.purpose,
        "what_name": said(*WHAT_NAMES[opinion.purpose], language),
        "document_id": opinion.document_id,
        "paper": "",
        "path": opinion.path,
        "place": place_name(opinion.path, language),
        "old": said(*names[shown], language) if shown else opinion.shown.removeprefix("="),
        "new": opinion.text if opinion.kind == "value" else said(*names[opinion.kind], language),
        "who": opinion.who,
        "role": opinion.role,
        "seconds": opinion.seconds,
        "why": "",
    }


def _cells(value: str | None, language: Language) -> str | None:
    """A row's cells as people read them; any other value as it is."""
    if value is None or not value.startswith("{"):
        return value
    try:
        cells = json.loads(value)
    except ValueError:  # a value that begins so
        return value
    return "；".join(f"{field_label(part, language)} {text}" for part, text in cells.items())


def _masked(row: AuditRow) -> AuditRow:
    """The row without what tells of a person."""
    mask = MASKS.get(row["path"].removeprefix("fields."))
    if mask is None:  # what was charged stays, for without it nothing is left to look at
        return row
    return {**row, "old": mask(row["old"]), "new": mask(row["new"]), "why": "****" if row["why"] else ""}
