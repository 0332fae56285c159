"""What is known of each paper: `truth.jsonl`, in the shape of the contract or in the plain one.

Contract: a document whose FIELDs need no more than `value` (and `status` "missing" where the paper does not
carry the field), and `drawn` with what is known of its making. Plain: values instead of FIELDs, `file`,
`pages` and `consistent` at the top, `extra` for more fields, names as the collectors of the papers chose
them.

A string must be read so; null with status "missing" says that the paper has none, so whatever is read there
is made up; any other null, and a field that is not named, is not known and not judged. A row with `error` is
an input that must be refused.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

from extractors import EXTRACTORS

Row: TypeAlias = Mapping[str, Any]
Known: TypeAlias = Mapping[str, str | None]
"""Name -> the true value; None where the paper is known to carry none. What is not known is absent."""

TRUTH_FILE = "truth.jsonl"
PAPER_FOLDERS = ("papers", "samples")
LINE_PARTS = (
    "name",
    "specification",
    "unit",
    "quantity",
    "unit_price",
    "amount",
    "category",
    "insurance_class",
)
NAMES: Final[Mapping[str, str]] = {
    "hospital": "hospital_name",
    "pool_fund_pay": "fund_payment",
    "fund_pay": "fund_payment",
    "cash_pay": "cash_payment",
    "account_pay": "account_payment",
    "other_pay": "other_payment",
    "gender": "sex",
    "amount_in_words": "total_in_words",
    "deposit": "prepaid",
    "self_expense": "self_funded",
    "hospital_days": "inpatient_days",
}
"""What collectors of papers call a field -> its name in the contract."""
WAYS = {".ofd": "ofd", ".xml": "xml", ".jpg": "picture", ".jpeg": "picture", ".png": "picture"}
WAYS |= dict.fromkeys((".tif", ".tiff", ".webp", ".bmp", ".gif", ".heic", ".heif", ".avif"), "picture")
"""Ending -> how such a file is read; a PDF may be either text or pictures."""
UNKNOWN = "unknown"


class Unusable(Exception):
    """What was given to evaluate cannot be evaluated; the message says what was found and the way out."""


@dataclass(frozen=True, slots=True)
class TruthPaper:
    """One paper as it really is. Without `pages` it is all of its file; `lines` None: rows are not known."""

    file: str
    type: str | None
    subtype: str | None = None
    pages: tuple[int, ...] = ()
    region: tuple[float, ...] | None = None
    sha256: str = ""
    fields: Known | None = None
    lines: tuple[Known, ...] | None = None
    category_totals: tuple[Known, ...] | None = None
    level: str = UNKNOWN
    layout: str = UNKNOWN
    container: str = ""
    way: str = ""
    consistent: bool = True

    @property
    def id(self) -> str:
        """Its own for each paper and stable over runs: file, first page, place on it."""
        spot = "" if self.region is None else "@" + ",".join(f"{edge:.3f}" for edge in self.region)
        return f"{self.file}#{self.pages[0] if self.pages else 1}{spot}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An input that must be refused, and the code it should be refused with."""

    file: str
    code: str


@dataclass(frozen=True, slots=True)
class Truth:
    """All that is known, and the folder that the files are told relative to."""

    papers: tuple[TruthPaper, ...]
    refusals: tuple[Refusal, ...]
    folder: Path


def read_truth(path: Path) -> Truth:
    """The truth at `path`, a file or a folder that holds `truth.jsonl`.

    Raises:
        Unusable: If there is none, or a row cannot be understood.
    """
    file = path / TRUTH_FILE if path.is_dir() else path
    if not file.is_file():
        raise Unusable(
            f"{path}: 没有找到真值；请给出 {TRUTH_FILE} 或含有它的文件夹"
            f" / no truth found; give a {TRUTH_FILE} or the folder that holds one"
        )
    papers: list[TruthPaper] = []
    refusals: list[Refusal] = []
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{file}: 无法读取，应为 UTF-8 文本 / cannot be read, expected UTF-8 text") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            known = _understood(line, f"{file}:{number}")
            papers.append(known) if isinstance(known, TruthPaper) else refusals.append(known)
    if not papers and not refusals:
        raise Unusable(f"{file}: 是空的，应每行一份单据 / is empty, expected one paper a line")
    return Truth(with_containers(papers), tuple(refusals), _folder_of(papers, file.parent))


def _folder_of(papers: Sequence[TruthPaper], beside: Path) -> Path:
    """Where the papers lie: beside the truth, or in a folder beside it."""
    if not papers:
        return beside
    first = papers[0].file.partition("!")[0]
    folders = (beside, *(beside / name for name in PAPER_FOLDERS))
    return next((folder for folder in folders if (folder / first).is_file()), beside)


def _understood(line: str, place: str) -> TruthPaper | Refusal:
    try:
        return truth_of(json.loads(line))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unusable(
            f"{place}: 看不懂的真值行（{type(error).__name__}: {error}）；"
            "应为一个 JSON 对象，有 source.file 或 file，以及 document_type 与 fields，或者 error"
            " / not a row of truth; expected a JSON object with source.file or file,"
            " and with document_type and fields, or error"
        ) from error


def truth_of(row: Row) -> TruthPaper | Refusal:
    """The row understood, whichever its shape.

    Raises:
        ValueError: If it says neither what the paper is nor that it must be refused.
    """
    source: Row = row["source"] if isinstance(row.get("source"), Mapping) else row
    file = source["file"]
    if not isinstance(file, str):
        raise TypeError("file is not a string")
    if row.get("error"):
        return Refusal(file, str(row["error"]))
    if "document_type" not in row:
        raise ValueError("neither document_type nor error")
    drawn: Row = row.get("drawn") or row
    region = source.get("region")
    lines, totals = _rows(row)
    return TruthPaper(
        file=file,
        type=row["document_type"],
        subtype=row.get("subtype"),
        pages=tuple(source.get("pages") or ()),
        region=tuple(map(float, region)) if region else None,
        sha256=source.get("sha256") or "",
        fields=_fields(row),
        lines=lines,
        category_totals=totals,
        level=drawn.get("level") or UNKNOWN,
        layout=drawn.get("layout") or UNKNOWN,
        container=drawn.get("container") or "",
        way=_way(row, file),
        consistent=bool(drawn.get("consistent", True)),
    )


def with_containers(papers: Sequence[TruthPaper]) -> tuple[TruthPaper, ...]:
    """The papers, each with what it came in where that was not said."""
    on_file = Counter(paper.file for paper in papers)
    return tuple(
        paper if paper.container else replace(paper, container=_container(paper, on_file[paper.file]))
        for paper in papers
    )


def _container(paper: TruthPaper, papers_on_file: int) -> str:
    if "!" in paper.file:
        return "zip"
    if paper.region is not None:
        return "several_on_page"
    return "batch" if papers_on_file > 1 else "single"


def _way(row: Row, file: str) -> str:
    drawn = row.get("drawn")
    if isinstance(drawn, Mapping) and drawn.get("source"):
        return str(drawn["source"])
    return WAYS.get(Path(file).suffix.lower(), "")


def _fields(row: Row) -> Known:
    fields: Row = row.get("fields") or {}
    if _is_contract(fields.values()):
        return _known(fields)
    plain = {
        NAMES.get(name, name): value
        for part in (row.get("extra") or {}, fields)
        for name, value in part.items()
    }
    extractor = EXTRACTORS.get(row["document_type"])
    names = set(extractor.field_names) if extractor else set()
    return _known({name: value for name, value in plain.items() if name in names})


def _is_contract(values: Iterable[object]) -> bool:
    return any(isinstance(value, Mapping) for value in values)


def _known(values: Row) -> Known:
    known: dict[str, str | None] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            if isinstance(value.get("value"), str):
                known[name] = value["value"]
            elif value.get("status") == "missing":
                known[name] = None
        elif isinstance(value, str):
            known[name] = value
        elif isinstance(value, list) and value:
            known[name] = ";".join(map(str, value))
    return known


def _rows(row: Row) -> tuple[tuple[Known, ...] | None, tuple[Known, ...] | None]:
    """Charged rows and category rows; rows with a `level` tell themselves apart."""
    items: Sequence[Row] | None = row.get("line_items")
    totals: Sequence[Row] | None = row.get("category_totals")
    if items is not None and totals is None:
        levels = {item.get("level") for item in items}
        if {"category", "detail"} <= levels:
            totals = [item for item in items if item["level"] == "category"]
            items = [item for item in items if item["level"] != "category"]
    return _row_values(items), _row_values(totals)


def _row_values(rows: Sequence[Row] | None) -> tuple[Known, ...] | None:
    if rows is None:
        return None
    return tuple(_known({name: row[name] for name in LINE_PARTS if name in row}) for row in rows)
