"""The data types of the project; imports nothing of it.

Conventions, stated once:

- Boxes are pixels of the upright page, origin top-left, x to the right, y down.
- Pages count from 1. Money is `Decimal` yuan. Codes and numbers are strings. Dates are `date`.
- A confidence is a probability, 0.0 to 1.0.
- Everything is frozen; a changed thing is a new thing (`dataclasses.replace`). Inside are tuples.
- A field that was not found is absent; it is not `None`, `""` or `0`.

The files written for others give boxes as fractions of the page; `pipeline.records` converts at that
door alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final, Generic, Literal, TypeAlias, TypeVar, cast

import numpy as np
import numpy.typing as npt

Origin: TypeAlias = Literal["ocr", "text_layer", "qr", "xml", "ofd", "rule", "reviewer"]
FieldStatus: TypeAlias = Literal["accepted", "review", "missing"]
DocumentStatus: TypeAlias = Literal["accepted", "review", "rejected"]
Outcome: TypeAlias = Literal["pass", "fail", "unknown"]
Severity: TypeAlias = Literal["block", "warn"]
Subject: TypeAlias = Literal["reading", "claim"]
ReimbursementClass: TypeAlias = Literal["甲", "乙", "丙"]
SealColour: TypeAlias = Literal["red", "purple"]
Ink: TypeAlias = Literal["form", "overprint", ""]
"""Whose ink a word of a pre-printed paper has: that of the form or of the printer which filled it; `""` where
colour does not tell."""
SealShape: TypeAlias = Literal["round", "oval", "square", "rectangle"]
Presence: TypeAlias = Literal["present", "absent", "unknown"]
CatalogKind: TypeAlias = Literal["drug", "service", "facility", "consumable"]
MatchStatus: TypeAlias = Literal["matched", "ambiguous", "unmatched"]
RenditionReason: TypeAlias = Literal["same_bytes", "same_code_and_number", "exchanged", "same_content"]
EditKind: TypeAlias = Literal[
    "look_alike",
    "character",
    "point",
    "lost_decimals",
    "dropped",
    "doubled",
    "stray",
    "sign",
    "word",
    "glued_numbers",
    "glued_rows",
    "missed_row",
]
"""What went wrong in reading: a character for one that looks like it, or for any other; the decimal point
lost or moved; two decimals lost with it; one digit lost; one too many; print of something else beside the
number; the sign; a character of the amount in words; two numbers or two rows read as one; a row that was not
taken."""
EditEvidence: TypeAlias = Literal["alternative", "candidate", "look_alike", "form", "print"]
"""What speaks for an edit beside the sums: the engine saw that character too; another reading of the print
says the value; the two look alike; the form prints such numbers so; the number stands on the page."""
Image: TypeAlias = npt.NDArray[np.uint8]
"""Shape (H, W, 3), RGB."""

Value: TypeAlias = str | Decimal | date
T_co = TypeVar("T_co", bound=Value, covariant=True)

MEDICAL_INVOICES: Final = ("outpatient_invoice", "inpatient_invoice")
INVOICES: Final = (*MEDICAL_INVOICES, "vat_invoice")
"""Types of the papers that ask for money: what hospitals issue on the fiscal form, and what sellers do."""
OTHER = "other"
BLANK = "blank"
SEPARATOR: Final = "separator"
BATCH_HEADER: Final = "batch_header"
"""Subtypes of `other`: our own sheets in a stack, which are no papers of a claim."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in pixels.

    Raises:
        ValueError: If the edges are swapped.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if self.x1 < self.x0 or self.y1 < self.y0:
            raise ValueError(f"box with swapped edges: {self.x0, self.y0, self.x1, self.y1}")

    @property
    def width(self) -> float:
        """From left to right, in pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """From top to bottom, in pixels."""
        return self.y1 - self.y0

    @property
    def cx(self) -> float:
        """The middle from left to right."""
        return (self.x0 + self.x1) / 2

    @property
    def cy(self) -> float:
        """The middle from top to bottom."""
        return (self.y0 + self.y1) / 2

    @property
    def area(self) -> float:
        """In square pixels."""
        return self.width * self.height

    def shared_width(self, other: Box) -> float:
        """How far both reach over one another from left to right; negative is the free space between."""
        return min(self.x1, other.x1) - max(self.x0, other.x0)

    def shared_height(self, other: Box) -> float:
        """How far both reach over one another from top to bottom; negative is the free space between."""
        return min(self.y1, other.y1) - max(self.y0, other.y0)

    def shared_area(self, other: Box) -> float:
        """The area that both cover, in square pixels; 0 where they lie apart.

        >>> Box(0, 0, 4, 2).shared_area(Box(3, 1, 9, 9)), Box(0, 0, 1, 1).shared_area(Box(2, 2, 3, 3))
        (1, 0.0)
        """
        width, height = self.shared_width(other), self.shared_height(other)
        return width * height if width > 0 and height > 0 else 0.0

    @staticmethod
    def around(boxes: Iterable[Box]) -> Box:
        """The smallest box that holds all of `boxes` (at least one)."""
        known = list(boxes)
        return Box(
            min(box.x0 for box in known),
            min(box.y0 for box in known),
            max(box.x1 for box in known),
            max(box.y1 for box in known),
        )


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another character that the engine saw at one place of a word."""

    index: int
    char: str
    probability: float


@dataclass(frozen=True, slots=True)
class Word:
    """The smallest run of text with one box: a line of a cell, a label with its value, a number.

    `edges` holds the x of the `len(text) + 1` borders between characters where the engine knows them;
    without it they are taken as evenly spread, an East Asian character twice as wide as another.
    `char_confidences` has one entry a character or is empty.
    """

    text: str
    box: Box
    confidence: float
    origin: Origin
    edges: tuple[float, ...] = ()
    char_confidences: tuple[float, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    stained: float = 0.0
    """Share of what lies on and beside the word that is the red of a seal, 0 to 1."""
    looks: tuple[tuple[str, ...], ...] = ()
    """What each further look at the print read in place of each character: itself, another, several or
    `""`."""
    ink: Ink = ""
    """Told on pages whose overprint slipped off a form in colour; `""` everywhere else."""

    def part(self, start: int, stop: int) -> Word:
        """The characters from `start` to `stop` as a word of its own."""
        edges = self.edges or _even_edges(self.text, self.box)
        confidences = self.char_confidences[start:stop]
        return Word(
            text=self.text[start:stop],
            box=Box(edges[start], self.box.y0, max(edges[start], edges[stop]), self.box.y1),
            confidence=min(confidences) if confidences else self.confidence,
            origin=self.origin,
            edges=edges[start : stop + 1],
            char_confidences=confidences,
            alternatives=tuple(
                replace(other, index=other.index - start)
                for other in self.alternatives
                if start <= other.index < stop
            ),
            stained=self.stained,
            looks=tuple(look[start:stop] for look in self.looks),
            ink=self.ink,
        )


def looks_at(pieces: Sequence[Word | str]) -> tuple[tuple[str, ...], ...]:
    """Further looks at several words as at one: as many as each had; a plain text is a gap between them."""
    parts = [(piece, ()) if isinstance(piece, str) else (piece.text, piece.looks) for piece in pieces]
    count = min((len(looks) for text, looks in parts if text.strip()), default=0)
    return tuple(
        tuple(char for text, looks in parts for char in (looks[number] if looks else text))
        for number in range(count)
    )


def _even_edges(text: str, box: Box) -> tuple[float, ...]:
    widths = [2 if ord(char) > 0x2E7F else 1 for char in text]
    step = box.width / max(1, sum(widths))
    edges, x = [box.x0], box.x0
    for width in widths:
        x += width * step
        edges.append(x)
    return tuple(edges)


@dataclass(frozen=True, slots=True)
class Statement:
    """A value that a machine-readable part of the paper (QR code, XML) states for a field, as text."""

    name: str
    text: str
    origin: Origin
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class StatedRow:
    """A charged row as the XML of a bill states it; texts as they stand there, `""` where empty."""

    name: str
    specification: str = ""
    unit: str = ""
    quantity: str = ""
    unit_price: str = ""
    amount: str = ""
    category: str = ""
    level: Literal["category", "detail"] = "detail"


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code or barcode on the page; `text` is untrusted."""

    kind: str
    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal pressed or printed on page `page`.

    `name` is what such seals are called (诊断专用章), None where its writing names none that is known;
    `text` is its writing, the arc first, lines parted by spaces; `jurisdiction` is whose finance
    department a supervision seal belongs to (河南省). `confidence` is that of the name, or of a seal being
    there at all where no name was read.
    """

    name: str | None
    text: str
    colour: SealColour
    shape: SealShape
    box: Box
    confidence: float
    page: int
    jurisdiction: str | None = None


@dataclass(frozen=True, slots=True)
class RequiredSeal:
    """Whether the seal that a paper must bear is on it; `wanted` is what such a seal is called.

    `unknown` where nothing can be claimed: the paper came without colour or as an electronic file whose
    seals are not read, or a seal is there that could not be named. `seal` is the one that speaks for it.
    """

    wanted: str
    presence: Presence
    confidence: float
    seal: Seal | None = None
    others: tuple[str, ...] = ()
    """Names of the seals that were found instead."""
    why: str = ""
    """Why nothing can be claimed, where that is so."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One upload, as received. `name` is relative to the scanned path (`archive.zip!inner.jpg`)."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PageSize:
    """A page of a document: its number in the file and its size in pixels, upright.

    `likeness` is what it looks like (`pipeline.likeness`), in hex; empty where that is not known.
    """

    number: int
    width: int
    height: int
    likeness: str = ""


Matrix: TypeAlias = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
"""A homography, rows first: takes (x, y, 1) of one picture to another, in pixels."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a page lay on the sheet it was cut from.

    `sheet` is the upright sheet, `region` the place of the cut on it and `matrix` takes pixels of the page
    to pixels of the sheet, however the page was turned since.
    """

    sheet: PageSize
    region: Box
    matrix: Matrix

    def moved(self, back: Matrix) -> Placement:
        """The placement of a page made from this one; `back` takes its pixels to those of this one."""
        rows = tuple(
            tuple(sum(row[k] * back[k][column] for k in range(3)) for column in range(3))
            for row in self.matrix
        )
        return replace(self, matrix=cast("Matrix", rows))

    def on_sheet(self, box: Box) -> Box:
        """The box on the page as the smallest upright box around it on the sheet."""
        corners = [self._at(x, y) for x in (box.x0, box.x1) for y in (box.y0, box.y1)]
        xs = [min(max(x, 0.0), float(self.sheet.width)) for x, _ in corners]
        ys = [min(max(y, 0.0), float(self.sheet.height)) for _, y in corners]
        return Box(min(xs), min(ys), max(xs), max(ys))

    def _at(self, x: float, y: float) -> tuple[float, float]:
        across, down, depth = (row[0] * x + row[1] * y + row[2] for row in self.matrix)
        return across / depth, down / depth


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where ink of one colour lies on a page as a seal does."""

    box: Box
    colour: SealColour


@dataclass(frozen=True, slots=True)
class Page:
    """One upright page.

    `image` is there while words are being read and dropped afterwards; `words_known` says that the
    words came with the file (text layer, OFD), so that no OCR is due. `turned_degrees` is what was
    turned clockwise to make it upright, beyond the EXIF turn.
    """

    file: SourceFile
    number: int
    width: int
    height: int
    dpi: int
    words: tuple[Word, ...] = ()
    codes: tuple[Code, ...] = ()
    statements: tuple[Statement, ...] = ()
    stated_rows: tuple[StatedRow, ...] = ()
    words_known: bool = False
    ink: float = 1.0
    """Share of dark pixels, 0 to 1; a blank back has next to none."""
    turned_degrees: int = 0
    likeness: str = ""
    """What it looks like, in hex (`pipeline.likeness`)."""
    placement: Placement | None = None
    """Where on its sheet it lay, if it was cut out of one that holds several papers."""
    image: Image | None = field(default=None, repr=False, compare=False)
    seals: tuple[Seal, ...] | None = None
    """None where nothing can be claimed of seals: no colours, or seals not looked for."""
    stamps: tuple[Stamp, ...] | None = None
    """Where seals may lie, found once for all that ask; None where nobody looked."""

    @property
    def size(self) -> PageSize:
        """What of the page a document keeps."""
        return PageSize(self.number, self.width, self.height, self.likeness)

    @property
    def text(self) -> str:
        """All words, one a line."""
        return "\n".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Another value that a field may have."""

    value: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Reading:
    """How well a value could be read; together with its witnesses it makes the confidence.

    `least` and `mean` are the probabilities of the characters that carry the value, `rival` the highest of
    another character at the place of one of them. `height` is the print's in pixels, `gap` the line heights
    from label to value, and `exact` says that the label stood as the list has it. `stained` is how much seal
    lies over the value, of its words the most. `seconded` and `contradicted` are the shares of further looks
    at the print that read the same and something else; both are 0 where nobody looked again. `own` is the
    confidence before witnesses were heard, kept so that a value can be judged again.
    """

    least: float = 1.0
    mean: float = 1.0
    rival: float = 0.0
    length: int = 0
    height: float = 0.0
    gap: float = 0.0
    exact: bool = True
    stained: float = 0.0
    seconded: float = 0.0
    contradicted: float = 0.0
    own: float | None = None


@dataclass(frozen=True, slots=True)
class Field(Generic[T_co]):
    """A value and the place it was read. `text` is what stood on the page.

    `value` is None where something stands there that cannot be the value (`1O8.5O元`): a person must
    look. `witnesses` names what else supports it beside its own reading (`qr`, `xml`, a rule's id).
    """

    value: T_co | None
    text: str
    confidence: float
    page: int | None
    box: Box | None
    origin: Origin
    candidates: tuple[Candidate, ...] = ()
    witnesses: tuple[str, ...] = ()
    status: FieldStatus = "review"
    reading: Reading | None = None
    alternatives: tuple[Alternative, ...] = ()
    """Other characters that the engine saw, by their place in `text`."""


AnyField: TypeAlias = Field[Value]
MoneyField: TypeAlias = Field[Decimal]
TextField: TypeAlias = Field[str]


@dataclass(frozen=True, slots=True)
class CatalogMatch:
    """The catalog entry that a charged row stands for, and why."""

    status: MatchStatus
    kind: CatalogKind | None = None
    code: str | None = None
    name: str | None = None
    reimbursement_class: ReimbursementClass | None = None
    score: float = 0.0
    candidates: tuple[CatalogMatch, ...] = ()
    why: str = ""
    self_pay_ratios: tuple[Decimal, ...] = ()
    """Shares of the price, 0 to 1, that the list says are paid in advance (先行自付); several where it has
    one for each group of insured. Empty where the list says none."""
    payment_standard: str = ""
    """What insurance pays for a unit of the medicine at most, as its list words it: `63.00元(10mg/支)`."""


@dataclass(frozen=True, slots=True)
class LineItem:
    """One charged row; what the row does not carry is absent (`None`)."""

    page: int
    name: TextField | None = None
    specification: TextField | None = None
    unit: TextField | None = None
    quantity: MoneyField | None = None
    unit_price: MoneyField | None = None
    amount: MoneyField | None = None
    category: TextField | None = None
    insurance_class: TextField | None = None
    """甲 / 乙 / 丙 (or 无自付 / 有自付 / 全自付) where the paper prints it."""
    catalog: CatalogMatch | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: `rule` is its dotted id, `fields` are the paths it speaks of.

    `about` tells a doubt about what was read (a sum that does not come out) from one about what may be
    paid (a bill that the fund paid already): only the first speaks against the values it names.
    """

    rule: str
    outcome: Outcome
    severity: Severity
    message: str
    fields: tuple[str, ...] = ()
    about: Subject = "reading"


@dataclass(frozen=True, slots=True)
class Edit:
    """One value put right: what stood at `path`, what stands there instead, and what speaks for it.

    `old` and `new` are values in their normalised text form; `old` is None where nothing could be read.
    The path of a row that is missing is one behind the last row's.
    """

    path: str
    old: str | None
    new: str
    kind: EditKind
    evidence: tuple[EditEvidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Repair:
    """Edits that together make sums close which did not: `closes` are the ids of their rules (`V-9`).

    `applied` says that the document holds the new values already; else they are offered to a person. `why`
    says in words which of the two, and what decided.
    """

    edits: tuple[Edit, ...]
    closes: tuple[str, ...]
    applied: bool
    why: str


@dataclass(frozen=True, slots=True)
class Document:
    """One paper.

    `items` are the charged rows whose amounts add up to the bill once: detail rows where the paper
    has them, else the category rows. `category_totals` are the category rows that stand above detail
    rows; they hold the same money a second time and are never added to `items`.
    """

    type: str
    subtype: str | None
    type_confidence: float
    file: SourceFile
    pages: tuple[PageSize, ...]
    fields: Mapping[str, AnyField] = field(default_factory=dict)
    items: tuple[LineItem, ...] = ()
    category_totals: tuple[LineItem, ...] = ()
    extras: Mapping[str, str] = field(default_factory=dict)
    """Labels of 其他信息 that have no field name, as printed."""
    findings: tuple[Finding, ...] = ()
    status: DocumentStatus = "review"
    region: Box | None = None
    title: str = ""
    titles: int = 0
    """How many titles stand on one page of it: more than one, and several papers lie on that page."""
    rendition_of: str = ""
    """The id of the document that is read for this paper, where another picture of it is the better one."""
    rendition_reason: RenditionReason | None = None
    """Why the two are one paper."""
    stack_codes: tuple[str, ...] = ()
    """Payloads of our separators, batch headers and claim labels on it, untrusted text."""
    figures: tuple[str, ...] = ()
    """All numbers printed on it, whatever they say (`pipeline.likeness.figures`)."""
    seals: tuple[Seal, ...] = ()
    required_seal: RequiredSeal | None = None
    """None where the paper need not bear a seal."""
    repairs: tuple[Repair, ...] = ()
    """Single misreads that explain why its sums do not close."""

    @property
    def id(self) -> str:
        """Stable over runs, and its own for each paper: file name and bytes, first page, place on it."""
        spot = f"{self.pages[0].number}" if self.pages else "0"
        if self.region is not None:
            spot += f"-{self.region.x0:.0f}-{self.region.y0:.0f}"
        named = hashlib.sha256(f"{self.file.name}\0{self.file.sha256}".encode()).hexdigest()
        return f"{named[:16]}-{spot}"

    @property
    def is_sheet(self) -> bool:
        """Whether it is a separator or a batch header: listed, but no paper of a claim."""
        return self.type == OTHER and self.subtype in (SEPARATOR, BATCH_HEADER)

    @property
    def treatment_date(self) -> date | None:
        """The day whose lists and rules hold: of the visit or discharge, else of the paper itself."""
        names = ("visit_date", "discharge_date", "period_end", "issue_date")
        return next((day for name in names if (day := self.date(name))), None)

    def money(self, name: str) -> Decimal | None:
        """The amount of field `name`, or None where it is absent or not an amount."""
        found = self.fields.get(name)
        return found.value if found is not None and isinstance(found.value, Decimal) else None

    def text(self, name: str) -> str | None:
        """The text of field `name`, or None where it is absent or not a text."""
        found = self.fields.get(name)
        return found.value if found is not None and isinstance(found.value, str) else None

    def date(self, name: str) -> date | None:
        """The date of field `name`, or None where it is absent or not a date."""
        found = self.fields.get(name)
        return found.value if found is not None and isinstance(found.value, date) else None


@dataclass(frozen=True, slots=True)
class Unread:
    """An input that could not be read: a row of `errors.jsonl`."""

    file: str
    page: int | None
    code: str
    message: str
