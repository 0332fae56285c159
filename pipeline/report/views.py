"""What the template shows of a document and a claim: reasons, pictures with boxes, rows.

Nothing is decided here; a row is arranged for the eye. Paths (`total_amount`, `line_items[3].amount`) tie a
row of a table to its box on the picture.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pipeline.records import (
    BatchRecord,
    CheckRecord,
    DocumentRecord,
    FieldRecord,
    LineRecord,
    SheetRecord,
    SuspectRecord,
    line_cell,
)
from pipeline.report.messages import MESSAGES

Tone: TypeAlias = Literal["fail", "doubt", "fine"]
"""How a value is drawn: a failing check speaks of it, it is not sure enough, or neither."""

LINE_CELLS = ("name", "specification", "unit", "quantity", "unit_price", "amount", "category")
MAX_BOXED_CELLS = 60
"""Cells of rows whose boxes are always drawn; more would hide the paper."""
_LINE_PATH = re.compile(r"(?:line_)?items[\[.](\d+)\]?(?:\.(\w+))?")


@dataclass(frozen=True, slots=True)
class Cell:
    """A field of the document or of a row: its path, label key (or its bare name) and how it is drawn."""

    path: str
    name: str
    record: FieldRecord
    tone: Tone

    @property
    def label(self) -> str | None:
        """The key of its printed label, None where the contract does not name it."""
        key = f"field.{self.name}"
        return key if key in MESSAGES else None

    @property
    def printed(self) -> str | None:
        """What stood on the page, where that tells more than the value."""
        raw, value = self.record["raw"], self.record["value"]
        return raw if raw and raw.strip() != value else None


@dataclass(frozen=True, slots=True)
class Mark:
    """A box on a picture."""

    cell: Cell
    style: str


@dataclass(frozen=True, slots=True)
class PageView:
    """A page: its picture as data (None where there is none) and the boxes on it."""

    number: int
    picture: str | None
    marks: tuple[Mark, ...]
    region: str | None


@dataclass(frozen=True, slots=True)
class LineView:
    """A charged row and its cells by name."""

    number: int
    record: LineRecord
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document as the review card shows it."""

    record: DocumentRecord
    fields: tuple[Cell, ...]
    missing: tuple[Cell, ...]
    lines: tuple[LineView, ...]
    failed: tuple[CheckRecord, ...]
    unknown: tuple[CheckRecord, ...]
    pages: tuple[PageView, ...]

    @property
    def doubtful(self) -> tuple[Cell, ...]:
        """The fields that are not sure enough."""
        return tuple(cell for cell in self.fields if cell.record["status"] == "review")

    @property
    def doubtful_lines(self) -> int:
        """How many rows have a cell that is not sure enough."""
        return sum(
            any(line_cell(line, name)["status"] == "review" for name in LINE_CELLS)
            for line in self.record["line_items"]
        )


Sheet: TypeAlias = SheetRecord | SuspectRecord


@dataclass(frozen=True, slots=True)
class SheetView:
    """A sheet of a stack with its picture (None: there is none); `is_suspect` tells it from neighbours."""

    record: Sheet
    picture: str | None
    is_suspect: bool


@dataclass(frozen=True, slots=True)
class HeldBatch:
    """A batch that does not close; `suspects` are sheets to pull, each among its neighbours in order."""

    record: BatchRecord
    suspects: tuple[tuple[SuspectRecord, tuple[SheetView, ...]], ...]


def held_batch(batch: BatchRecord, picture: Callable[[Sheet], str | None]) -> HeldBatch:
    """Arrange a batch; `picture` gives the picture of a sheet, and the best suspect is asked for first."""
    suspects = []
    for suspect in batch["suspects"]:
        sheets: list[Sheet] = [suspect, *suspect["neighbours"]]
        seen = [SheetView(sheet, picture(sheet), sheet is suspect) for sheet in sheets]
        suspects.append((suspect, tuple(sorted(seen, key=lambda view: view.record["position"]))))
    return HeldBatch(batch, tuple(suspects))


def is_put_aside(document: DocumentRecord) -> bool:
    """Whether it is an empty back or a sheet of ours: listed, counted, and no paper of a claim."""
    return document["document_type"] == "blank" or (
        document["document_type"] == "other" and document["subtype"] in ("separator", "batch_header")
    )


@dataclass(slots=True)
class Pictures:
    """Pages as data for the page, as long as the room lasts."""

    room: int
    left_out: int = field(default=0)

    def data(self, picture: bytes | None) -> str | None:
        """The picture as a `data:` address; None where there is none or no room is left."""
        if not picture:
            return None
        if len(picture) > self.room:
            self.left_out += 1
            return None
        self.room -= len(picture)
        kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
        return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"


def failed_checks(checks: Iterable[CheckRecord]) -> tuple[CheckRecord, ...]:
    """The checks that failed, blocking ones first."""
    return tuple(
        sorted(
            (check for check in checks if check["outcome"] == "fail"),
            key=lambda check: check["severity"] != "block",
        )
    )


def _is_seen(cell: Cell, document: DocumentRecord) -> bool:
    """Whether the paper shows what was not read as text: a seal that was found stands there."""
    return cell.name == "seal" and bool(document["seals"])


def document_view(
    document: DocumentRecord, pictures: Mapping[int, str | None], shown_lines: int
) -> DocumentView:
    """Arrange `document`; `pictures` names the pages to show, by their number."""
    failed = failed_checks(document["checks"])
    spoken_of = {_plain_path(path) for check in failed for path in check["fields"]}
    cells = [
        Cell(name, name, record, _tone(name, record, spoken_of))
        for name, record in document["fields"].items()
    ]
    present = [cell for cell in cells if cell.record["status"] != "missing" or cell.tone == "fail"]
    lines = tuple(
        LineView(index + 1, line, _line_cells(index, line, spoken_of))
        for index, line in enumerate(document["line_items"])
    )
    region = document["source"]["region"]
    return DocumentView(
        record=document,
        fields=tuple(sorted(present, key=lambda cell: ("fail", "doubt", "fine").index(cell.tone))),
        missing=tuple(cell for cell in cells if cell not in present and not _is_seen(cell, document)),
        lines=lines[:shown_lines],
        failed=failed,
        unknown=tuple(
            check
            for check in document["checks"]
            if check["outcome"] == "unknown" and check["severity"] == "block"
        ),
        pages=tuple(
            PageView(
                number,
                picture,
                tuple(_marks(number, present, lines[:shown_lines])),
                box_style(region) if region else None,
            )
            for number, picture in pictures.items()
        ),
    )


def pages_to_show(document: DocumentRecord, most: int) -> list[int]:
    """The pages worth a picture, in order: those with a doubtful field before others, at most `most`."""
    pages = document["source"]["pages"]
    spots = [*document["fields"].values()]
    spots += [line_cell(line, name) for line in document["line_items"] for name in LINE_CELLS]
    doubtful = {spot["page"] for spot in spots if spot["status"] == "review"}
    first = sorted(pages, key=lambda number: (number not in doubtful, number))[:most]
    return sorted(first)


def percent(share: float) -> str:
    """A probability for people, never rounded up to certainty.

    >>> percent(0.9996), percent(1.0), percent(0.62)
    ('99.9%', '100%', '62%')
    """
    return f"{math.floor(share * 1000 + 1e-6) / 10:g}%"


def grouped(amount: str | None) -> str:
    """Money with thousands apart; what is no amount stays as it is.

    >>> grouped("12345.60"), grouped("-1234.00"), grouped("约三百")
    ('12,345.60', '-1,234.00', '约三百')
    """
    if amount is None or not re.fullmatch(r"-?\d+\.\d+", amount):
        return amount or ""
    whole, _, digits = amount.partition(".")
    return f"{int(whole):,}.{digits}" if whole != "-0" else amount


def masked(number: str | None) -> str:
    """A personal number with its middle hidden.

    >>> masked("110104199001013078"), masked("109254771S"), masked("1234"), masked(None)
    ('110104********3078', '******771S', '****', '')
    """
    if not number:
        return ""
    if len(number) < 12:
        return "*" * max(4, len(number) - 4) + number[max(4, len(number) - 4) :]
    return number[:6] + "*" * (len(number) - 10) + number[-4:]


def _plain_path(path: str) -> str:
    """A path of a check in the one form used here."""
    inner = path.removeprefix("fields.").removesuffix(".value")
    row = _LINE_PATH.fullmatch(inner)
    return f"line_items[{row[1]}].{row[2] or 'amount'}" if row else inner


def _tone(path: str, record: FieldRecord, spoken_of: set[str]) -> Tone:
    if path in spoken_of:
        return "fail"
    return "doubt" if record["status"] == "review" else "fine"


def _line_cells(index: int, line: LineRecord, spoken_of: set[str]) -> dict[str, Cell]:
    cells = {}
    for name in LINE_CELLS:
        path, record = f"line_items[{index}].{name}", line_cell(line, name)
        cells[name] = Cell(path, name, record, _tone(path, record, spoken_of))
    return cells


def _marks(page: int, fields: Iterable[Cell], lines: Iterable[LineView]) -> Iterator[Mark]:
    """The boxes that are always drawn on a page; that of any other field is drawn when it is chosen."""
    rows = [cell for line in lines for cell in line.cells.values() if cell.tone != "fine"]
    for cell in [*fields, *rows[:MAX_BOXED_CELLS]]:
        box = cell.record["box"]
        if cell.tone != "fine" and cell.record["page"] == page and box:
            yield Mark(cell, box_style(box))


def box_style(box: Sequence[float]) -> str:
    """Where a box lies on its picture, as CSS.

    >>> box_style([0.1, 0.2, 0.35, 0.25])
    'left:10.00%;top:20.00%;width:25.00%;height:5.00%'
    """
    x0, y0, x1, y1 = (100 * float(edge) for edge in box)
    return f"left:{x0:.2f}%;top:{y0:.2f}%;width:{x1 - x0:.2f}%;height:{y1 - y0:.2f}%"
