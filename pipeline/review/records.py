"""A claim as the review screen shows it: the JSON between the screen and the server, in both directions.

Places on papers are boxes in fractions of the upright page, values are texts in their published form
(`203.65`, `2025-02-17`). A *place* is a paper and a path on it (`fields.total_amount`,
`line_items[3].amount`).
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.corrections import AnswerKind, Table

ValueKind: TypeAlias = Literal["text", "money", "count", "date", "choice", "names"]
"""How a value is typed: `names` are several, joined with `;`."""

Doubt: TypeAlias = Literal["format", "unsure", "rule", "missing"]
"""Why a value wants a person: it cannot be one; it is unsure; a failed check names it; it should be there."""

WitnessKind: TypeAlias = Literal[
    "ocr", "second_look", "arithmetic", "capitals", "qr", "text_layer", "catalog", "rendition", "person"
]
"""What can speak for a value, in the order of the witness bar."""


class Place(TypedDict):
    """A value on a paper."""

    document_id: str
    path: str


class Witness(TypedDict):
    """What speaks for a value, or against it (`agrees` false); `says` tells it to people."""

    kind: WitnessKind
    agrees: bool
    says: str


class CandidateValue(TypedDict):
    """Another value that was read, to be chosen with a digit."""

    value: str
    confidence: float


class ValueRecord(TypedDict):
    """A value as it stands.

    `characters` are the confidences of the characters of `value`, where they are known. `doubts` is empty
    where nobody need look; `answered` tells how a person answered. Of `masked` values only a part is shown,
    which is `value`.
    """

    path: str
    name: str
    label: str
    kind: ValueKind
    choices: list[str]
    value: str | None
    raw: str | None
    confidence: float
    characters: list[float]
    status: Literal["accepted", "review", "missing"]
    source: str
    page: int | None
    box: list[float] | None
    candidates: list[CandidateValue]
    witnesses: list[Witness]
    doubts: list[Doubt]
    required: bool
    answered: str | None
    masked: bool
    draft: str | None


class CatalogEntry(TypedDict):
    """What a row stands for in the lists."""

    kind: str | None
    code: str | None
    name: str | None
    reimbursement_class: str | None
    status: Literal["matched", "ambiguous", "unmatched"]
    score: float
    why: str


class RowRecord(TypedDict):
    """A charged row; `cells` by column, without those where nothing stands, and what it stands for."""

    index: int
    page: int
    cells: dict[str, ValueRecord]
    catalog: CatalogEntry


class Balance(TypedDict):
    """Two sides that should be one: `line_items` against `total_amount`; null where a side cannot be told."""

    rule: str
    label: str
    left: str | None
    right: str | None
    difference: str | None
    closes: bool | None


class RepairOffer(TypedDict):
    """Edits that would make sums close, offered with one key."""

    index: int
    edits: list[dict[str, str | None]]
    closes: list[str]
    why: str


class PageRecord(TypedDict):
    """A page to look at. `peeled` is the same without the colour of seals, null where there is no seal.

    Width and height are of the frame in which `words` tells its boxes; `turned` is what a person turned it,
    clockwise in degrees.
    """

    number: int
    width: int
    height: int
    picture: str | None
    peeled: str | None
    words: str | None
    turned: int


class PaperRecord(TypedDict):
    """A paper of the claim, with its values and rows."""

    document_id: str
    document_type: str
    type_name: str
    title: str
    file: str
    status: str
    rendition_of: str | None
    region: list[float] | None
    pages: list[PageRecord]
    fields: list[ValueRecord]
    line_items: list[RowRecord]
    category_totals: list[RowRecord]
    balances: list[Balance]
    repairs: list[RepairOffer]


class CheckView(TypedDict):
    """What a rule says; `key` names it for an override, and `may_override` whether this person may."""

    key: int
    rule: str
    name: str
    outcome: Literal["pass", "fail", "unknown"]
    severity: Literal["block", "warn"]
    message: str
    places: list[Place]
    overridden_by: str | None
    override_reason: str | None
    may_override: bool


class StepView(TypedDict):
    """A step that this person could take; `refused` says why it cannot be taken now, empty where it can."""

    event: str
    label: str
    wants_reason: bool
    refused: str


class LeaseRecord(TypedDict):
    """Who has the claim on their desk, and until when if they do nothing (ISO 8601)."""

    holder: str | None
    mine: bool
    until: str | None


class ReviewRecord(TypedDict):
    """A claim on the desk. `todo` are the places to see, in the order in which Enter leads through them.

    `blind` says that this is a second, blind look: what others answered is not in here. `payout` is null
    where nothing can be told.
    """

    claim_id: str
    version: int
    state: str
    state_name: str
    case_type: str
    person: dict[str, str | None]
    hospital: str | None
    visit: str
    declared: str | None
    payout: dict[str, str] | None
    risk: str
    urgent: bool
    settle_by: str | None
    assigned_to: str | None
    blind: bool
    lease: LeaseRecord
    papers: list[PaperRecord]
    checks: list[CheckView]
    todo: list[Place]
    missing_materials: list[str]
    steps: list[StepView]


class Change(TypedDict):
    """One thing that a person does to a claim.

    - `answer`: says what stands at `path`: `kind` and, for a value, `text`.
    - `add_row`: puts a row with `cells` before `row`; `delete_row` takes row `row` out.
    - `split_row`: row `row` becomes `rows`; `merge_rows`: `row` and the `count` - 1 behind it become one
      with `cells`.
    - `repair`: takes the offer `row`.
    - `choose_entry`: row `row` stands for the catalog entry `text` (its code).
    """

    do: Literal["answer", "add_row", "delete_row", "split_row", "merge_rows", "repair", "choose_entry"]
    document_id: str
    path: NotRequired[str]
    kind: NotRequired[AnswerKind]
    text: NotRequired[str]
    table: NotRequired[Table]
    row: NotRequired[int]
    count: NotRequired[int]
    cells: NotRequired[dict[str, str]]
    rows: NotRequired[list[dict[str, str]]]
    seconds: NotRequired[float]


class Changes(TypedDict):
    """What is done in one go, to the claim as it was seen; all of it is kept or nothing."""

    version: int
    changes: list[Change]
    why: NotRequired[str]
