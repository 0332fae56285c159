r"""The files of a run: `documents.jsonl`, `claims.jsonl`, `lines.csv`, `errors.jsonl`, `report.html`.

`batches.jsonl` is among them where a batch header was read, and only then.

All are written beside their place and moved there once all are complete and on the disk: who reads the folder
sees the old files or the new ones, never half of one. Rows stream through; the same rows give the same bytes.

`lines.csv` is made for spreadsheets: columns of text hold what `pipeline.spreadsheet_text` makes of it
(programs strip the tab behind digits, `cell.rstrip("\t")`; `documents.jsonl` holds the value untouched),
columns of numbers plain numbers, negative ones too.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final, Generic, TypeVar, cast

from pipeline.records import BatchRecord, ClaimRecord, DocumentRecord, ErrorRecord, FieldRecord, line_cell
from pipeline.report import (
    NO_INFO,
    USUAL_LIMITS,
    ReportLimits,
    RunInfo,
    Summary,
    Thumbnail,
    no_thumbnail,
    render_report,
)
from pipeline.report.summary import Tally
from pipeline.spreadsheet_text import spreadsheet_text

DOCUMENTS: Final = "documents.jsonl"
CLAIMS: Final = "claims.jsonl"
BATCHES: Final = "batches.jsonl"
LINES: Final = "lines.csv"
ERRORS: Final = "errors.jsonl"
REPORT: Final = "report.html"
STALE_SECONDS = 24 * 3600
"""A partial file of this age was left by a run that was killed: no run writes for a day without a pause."""

Row = TypeVar("Row")


class Rows(Generic[Row]):
    """The rows of a JSON Lines file that we wrote, read again at each pass and one at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __iter__(self) -> Iterator[Row]:
        """Each row, in order."""
        with self.path.open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                yield cast("Row", json.loads(line))


def write_outputs(
    folder: Path,
    documents: Iterable[DocumentRecord],
    claims: Iterable[ClaimRecord],
    errors: Iterable[ErrorRecord],
    batches: Sequence[BatchRecord] = (),
    *,
    thumbnail: Thumbnail = no_thumbnail,
    about: RunInfo = NO_INFO,
    limits: ReportLimits = USUAL_LIMITS,
) -> Summary:
    """Write all files of a run into `folder`, or none.

    Args:
        folder: Made where it is missing.
        documents: Walked once, like the two that follow; may be generators.
        claims: The assembled claims.
        errors: The inputs that could not be read.
        batches: Those with a header; where there is none, no file is written and that of an earlier run goes.
        thumbnail: Gives the picture of a page for the report: (document, page number) -> JPEG or None.
        about: What the report says of the run beside its numbers.
        limits: How much the report shows.

    Raises:
        OSError: If a file cannot be written or replaced (disk full; open in a spreadsheet on Windows). The
            earlier files are then still there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    with _Stage(folder) as stage:
        rows, table = stage.open(DOCUMENTS), csv.writer(stage.open(LINES, head="\ufeff"))
        table.writerow(COLUMNS)
        for document in documents:
            rows.write(_json_line(document))
            if not document["rendition_of"]:  # its rows are those of the document that is read
                table.writerows(_line_rows(document))
            tally.see_document(document)
        _write_rows(stage.open(CLAIMS), claims, tally.see_claim)
        _write_rows(stage.open(ERRORS), errors, tally.see_error)
        if batches:
            _write_rows(stage.open(BATCHES), batches, tally.see_batch)
        summary = tally.summary(about)
        report = stage.open(REPORT)
        for part in render_report(
            summary,
            Rows[DocumentRecord](stage.finish(DOCUMENTS)),
            Rows[ClaimRecord](stage.finish(CLAIMS)),
            Rows[ErrorRecord](stage.finish(ERRORS)),
            batches=batches,
            thumbnail=thumbnail,
            about=about,
            limits=limits,
        ):
            report.write(part)
        stage.publish()
        if not batches:
            (folder / BATCHES).unlink(missing_ok=True)
    return summary


def _write_rows(sink: _Sink, rows: Iterable[Row], see: Callable[[Row], None]) -> None:
    for row in rows:
        sink.write(_json_line(row))
        see(row)


# Python's splitlines breaks at these and JSON leaves them as they are.
_LINE_BREAKS = str.maketrans({"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def _json_line(row: object) -> str:
    text = json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_LINE_BREAKS) + "\n"


class _Sink:
    """A file that takes text; what UTF-8 cannot hold becomes U+FFFD (half a surrogate pair of a PDF)."""

    def __init__(self, path: Path, head: str) -> None:
        self.path = path
        self._file: BinaryIO = path.open("xb")
        self.write(head)

    def write(self, text: str) -> int:
        try:
            data = text.encode()
        except UnicodeEncodeError:
            data = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
        return self._file.write(data)

    def finish(self) -> None:
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def drop(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)


class _Stage:
    """New files beside the old ones, until `publish` puts all in place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sinks: dict[str, _Sink] = {}

    def __enter__(self) -> _Stage:
        for left in self._folder.glob(".*.partial"):
            with contextlib.suppress(OSError):
                if left.stat().st_mtime < time.time() - STALE_SECONDS:
                    left.unlink()
        return self

    def __exit__(self, *_: object) -> None:
        for sink in self._sinks.values():
            sink.drop()

    def open(self, name: str, head: str = "") -> _Sink:
        sink = _Sink(self._folder / f".{name}.{secrets.token_hex(4)}.partial", head)
        self._sinks[name] = sink
        return sink

    def finish(self, name: str) -> Path:
        """The file of `name`, complete and on the disk, still under its passing name."""
        self._sinks[name].finish()
        return self._sinks[name].path

    def publish(self) -> None:
        for name in self._sinks:
            self.finish(name)
        for name, sink in self._sinks.items():
            sink.path.replace(self._folder / name)
        _sync_folder(self._folder)


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # Windows cannot open a folder; there a rename needs no more.
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


_CELLS = ("name", "specification", "unit", "quantity", "unit_price", "amount", "category")
_NUMBERS = frozenset({"quantity", "unit_price", "amount"})
_JUDGED = ("name", "quantity", "unit_price", "amount")
COLUMNS: Final = (
    "document_id",
    "file",
    "page",
    "document_type",
    "document_status",
    "invoice_code",
    "invoice_number",
    "line",
    *_CELLS,
    "line_status",
    *(f"{name}_status" for name in _JUDGED),
    "confidence",
    "printed_class",
    "catalog_kind",
    "catalog_code",
    "catalog_name",
    "reimbursement_class",
    "catalog_status",
    "catalog_score",
)
"""The header of `lines.csv`.

`line` counts the rows of a document from 1; `line_status` is `review` as soon as one cell is; `confidence` is
the lowest of the cells that the row carries; `printed_class` is what the paper says, `reimbursement_class`
what the catalog says.
"""

_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def _line_rows(document: DocumentRecord) -> Iterator[list[str]]:
    fields = document["fields"]
    for number, line in enumerate(document["line_items"], 1):
        cells = {name: line_cell(line, name) for name in _CELLS}
        known = [cell for cell in cells.values() if cell["status"] != "missing"]
        catalog = line["catalog"]
        yield [
            spreadsheet_text(document["document_id"]),
            spreadsheet_text(document["source"]["file"]),
            str(line["page"]),
            document["document_type"],
            document["status"],
            spreadsheet_text(_value(fields, "invoice_code")),
            spreadsheet_text(_value(fields, "invoice_number")),
            str(number),
            *(
                _number(cell["value"]) if name in _NUMBERS else spreadsheet_text(cell["value"])
                for name, cell in cells.items()
            ),
            "review" if any(cell["status"] == "review" for cell in known) else "accepted",
            *(cells[name]["status"] for name in _JUDGED),
            str(min((cell["confidence"] for cell in known), default=0.0)),
            spreadsheet_text(line["insurance_class"]["value"]),
            catalog["kind"] or "",
            spreadsheet_text(catalog["code"]),
            spreadsheet_text(catalog["name"]),
            catalog["reimbursement_class"] or "",
            catalog["status"],
            str(catalog["score"]),
        ]


def _value(fields: Mapping[str, FieldRecord], name: str) -> str | None:
    return fields[name]["value"] if name in fields else None


def _number(cell: str | None) -> str:
    return cell if cell is not None and _NUMBER.fullmatch(cell) else spreadsheet_text(cell)
