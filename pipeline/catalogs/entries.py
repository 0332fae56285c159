"""One entry of a catalog, and the file a list is kept in.

A list is a UTF-8 CSV that opens with what is known about it, one `# key: value` a line:

    # name: 国家医保药品目录（2024年）样本
    # kind: drug
    # effective_from: 2025-01-01
    # effective_to:
    # scope: national
    # source: ...
    # licence: ...
    # rows: 600

then a header row and the entries. An empty `effective_from` means that the source does not say since
when the list is in force. Dates of an entry go before the dates of its list.

Columns are only ever added, at the end: a list that was kept before a column came reads as if it were empty.
What the rules about payment read (`published_limits`) and working days have lists of their own kinds.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, cast, get_args

from pipeline.model import CatalogKind, ReimbursementClass

ListKind: TypeAlias = Literal[
    "drug",
    "service",
    "facility",
    "consumable",
    "diagnosis",
    "procedure",
    "diagnosis_map",
    "procedure_map",
    "hospital",
    "division",
    "drug_limit",
    "service_limit",
    "duplicate_charge",
    "holiday",
]
Scope: TypeAlias = Literal["national", "local"]

LIST_KINDS: tuple[ListKind, ...] = get_args(ListKind)
ITEM_KINDS: tuple[CatalogKind, ...] = get_args(CatalogKind)
CLASSES: tuple[ReimbursementClass, ...] = get_args(ReimbursementClass)

_ITEM_COLUMNS = (
    "code",
    "name",
    "form",
    "class",
    "category",
    "unit",
    "specification",
    "restriction",
    "aliases",
    "effective_from",
    "effective_to",
    "price",
    "price_basis",
    "first_self_pay_ratios",
)
_CODES = ("code", "name", "aliases")
_MAP = ("clinical_code", "code", "name")
_LIMIT = ("limit", "value", "note", "batch")
COLUMNS: Mapping[ListKind, tuple[str, ...]] = {
    "drug": _ITEM_COLUMNS,
    "service": _ITEM_COLUMNS,
    "facility": _ITEM_COLUMNS,
    "consumable": _ITEM_COLUMNS,
    "diagnosis": _CODES,
    "procedure": _CODES,
    "diagnosis_map": _MAP,
    "procedure_map": _MAP,
    "hospital": ("code", "name", "aliases", "grade", "province", "city"),
    "division": ("code", "name", "former_names", "first_year", "last_year"),
    "drug_limit": ("name", *_LIMIT),
    "service_limit": ("code", "name", *_LIMIT),
    "duplicate_charge": ("code", "name", "included_code", "included_name", "frequency", "note", "batch"),
    "holiday": ("day", "kind", "name"),
}
"""The columns of each kind of list, in the order they are kept."""

HOLIDAY, WORKDAY = "holiday", "workday"
"""The `kind` of a day in a list of holidays: off on a weekday, or worked on a weekend to make up for it."""

ALIAS_SEPARATOR = "|"
_SHARE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,4})?", re.ASCII)
DATA = Path(__file__).parent / "data"
"""What ships with the package."""


@dataclass(frozen=True, slots=True)
class ListHead:
    """What is known of a list as a whole."""

    name: str
    kind: ListKind
    effective_from: date | None
    effective_to: date | None = None
    scope: Scope = "national"
    source: str = ""
    licence: str = ""
    rows: int = 0

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("清单没有名称；a list needs a name")
        if self.effective_from and self.effective_to and self.effective_to < self.effective_from:
            raise ValueError(f"失效日期 {self.effective_to} 早于生效日期 {self.effective_from}")


class Entry(NamedTuple):
    """One entry of a list of medicines, services, facilities or consumables.

    A named tuple, not a dataclass: the full lists hold 40,000 of them and are read when a scan starts.
    """

    kind: CatalogKind
    code: str
    name: str
    form: str
    """The dosage form as the list words it (`口服常释剂型`), or `""` where the name holds it."""
    reimbursement_class: ReimbursementClass | None
    category: str
    """The fee category that bills put it under (`西药费`, `检查费`)."""
    unit: str
    specification: str
    restriction: str
    aliases: tuple[str, ...]
    effective_from: date | None
    effective_to: date | None
    source: str
    """The name of the list it stands in."""
    scope: Scope
    price: Decimal | None = None
    """Yuan for one `unit`: a list price or payment standard; None where the list has none or several."""
    price_basis: str = ""
    """Whose price it is (region and level of hospitals), or the payment standard as the list words it."""
    self_pay_ratios: tuple[Decimal, ...] = ()
    """Shares paid in advance (先行自付), 0 to 1, one for each group of insured; empty where none is stated."""

    def in_force(self, on: date | None) -> bool:
        """Whether it holds on the date of treatment; where that is not known, any entry may.

        >>> entry = Entry("drug", "", "甲", "", None, "", "", "", "", (), date(2025, 1, 1), None, "", "local")
        >>> entry.in_force(date(2024, 12, 31)), entry.in_force(date(2025, 1, 1)), entry.in_force(None)
        (False, True, True)
        """
        if on is None:
            return True
        return (self.effective_from is None or self.effective_from <= on) and (
            self.effective_to is None or on <= self.effective_to
        )


class Diagnosis(NamedTuple):
    """One diagnosis of ICD-10, insurance version."""

    code: str
    name: str
    aliases: tuple[str, ...]


class Division(NamedTuple):
    """A place with a six-digit code (GB/T 2260); the years are those of the yearly issues that hold it.

    None for a year where no issue says it: for the last one, that the code is still in use.
    """

    code: str
    name: str
    former_names: str
    first_year: int | None
    last_year: int | None


class Holiday(NamedTuple):
    """A day on which the calendar is not what its weekday says (`HOLIDAY`, `WORKDAY`)."""

    day: date
    kind: str
    name: str


class Hospital(NamedTuple):
    """One hospital of the registry; `code` is `""` where the source has none."""

    code: str
    name: str
    aliases: tuple[str, ...]
    grade: str
    province: str
    city: str


def read_head(path: Path) -> ListHead:
    """What a list says of itself.

    Raises:
        ValueError: If the file does not open as a list does.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        return _head(path, lines)


def _head(path: Path, lines: Iterable[str]) -> ListHead:
    known: dict[str, str] = {}
    for line in lines:
        if not line.startswith("# "):
            break
        key, _, value = line[2:].partition(":")
        known[key.strip()] = value.strip()
        if key.strip() == "rows":
            break
    kind, scope = known.get("kind", ""), known.get("scope", "national")
    if kind not in LIST_KINDS or scope not in get_args(Scope):
        raise ValueError(
            f"{path.name}: 不是目录清单文件；not a catalog list (kind {kind!r}, scope {scope!r})"
        )
    return ListHead(
        name=known.get("name", ""),
        kind=kind,
        effective_from=parse_day(known.get("effective_from", "")),
        effective_to=parse_day(known.get("effective_to", "")),
        scope=cast("Scope", scope),
        source=known.get("source", ""),
        licence=known.get("licence", ""),
        rows=int(known.get("rows") or 0),
    )


def read_rows(path: Path, kind: ListKind) -> Iterator[list[str]]:
    """The cells of each entry of a list of `kind`, in the order of `COLUMNS`.

    Raises:
        ValueError: If it is no such list.
    """
    columns = COLUMNS[kind]
    with path.open(encoding="utf-8", newline="") as lines:
        head = _head(path, lines)  # leaves the file at the header row
        rows = csv.reader(lines)
        kept = tuple(next(rows, ()))
        if head.kind != kind or not kept or kept != columns[: len(kept)]:
            raise ValueError(f"{path.name}: 列名不符；expected {','.join(columns)}")
        lacking = [""] * (len(columns) - len(kept))
        for row in rows:
            yield row + lacking if lacking else row


def read_records(path: Path) -> list[Mapping[str, str]]:
    """Each entry of a list of any kind as column -> text."""
    kind = read_head(path).kind
    return [dict(zip(COLUMNS[kind], row, strict=True)) for row in read_rows(path, kind)]


def read_entries(path: Path) -> list[Entry]:
    """The entries of a list of medicines, services, facilities or consumables."""
    head = read_head(path)
    if head.kind not in ITEM_KINDS:
        raise ValueError(f"{path.name}: {head.kind} 不是收费项目清单")
    kind = head.kind
    days: dict[str, date | None] = {}

    def day(text: str, otherwise: date | None) -> date | None:
        if not text:
            return otherwise
        if text not in days:
            days[text] = parse_day(text)
        return days[text]

    return [
        Entry(
            kind,
            code,
            name,
            form,
            cast("ReimbursementClass", level) if level else None,
            category,
            unit,
            specification,
            restriction,
            tuple(aliases.split(ALIAS_SEPARATOR)) if aliases else (),
            day(start, head.effective_from),
            day(end, head.effective_to),
            head.name,
            head.scope,
            Decimal(price) if price else None,
            price_basis,
            _shares(ratios) if ratios else (),
        )
        for (
            code,
            name,
            form,
            level,
            category,
            unit,
            specification,
            restriction,
            aliases,
            start,
            end,
            price,
            price_basis,
            ratios,
        ) in read_rows(path, head.kind)
    ]


def read_pairs(path: Path) -> dict[str, str]:
    """A file of two columns with remarks before them, such as everyday names; first to second."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(line for line in lines if not line.startswith("#"))
        next(rows)
        return dict(rows)


def read_diagnoses(path: Path, kind: Literal["diagnosis", "procedure"] = "diagnosis") -> list[Diagnosis]:
    """The entries of a list of diagnoses, or of procedures, which are kept alike."""
    return [
        Diagnosis(code, name, tuple(aliases.split(ALIAS_SEPARATOR)) if aliases else ())
        for code, name, aliases in read_rows(path, kind)
    ]


def read_hospitals(path: Path) -> list[Hospital]:
    """The entries of a hospital registry."""
    return [
        Hospital(code, name, tuple(aliases.split(ALIAS_SEPARATOR)) if aliases else (), grade, province, city)
        for code, name, aliases, grade, province, city in read_rows(path, "hospital")
    ]


def read_divisions(path: Path) -> dict[str, Division]:
    """Six-digit division code to the place."""
    return {
        code: Division(code, name, former, int(first) if first else None, int(last) if last else None)
        for code, name, former, first, last in read_rows(path, "division")
    }


def read_map(path: Path, kind: Literal["diagnosis_map", "procedure_map"]) -> dict[str, tuple[str, str]]:
    """Code of the clinical version to code and name of the insurance version."""
    return {clinical: (code, name) for clinical, code, name in read_rows(path, kind)}


def read_holidays(path: Path) -> list[Holiday]:
    """The days of a list of holidays and make-up working days."""
    return [Holiday(date.fromisoformat(day), kind, name) for day, kind, name in read_rows(path, "holiday")]


def write_list(path: Path, head: ListHead, rows: Iterable[Mapping[str, str]]) -> None:
    """Write a list as it is kept; a key that a row lacks is empty."""
    columns = COLUMNS[head.kind]
    with path.open("w", encoding="utf-8", newline="") as file:
        for key, value in (
            ("name", head.name),
            ("kind", head.kind),
            ("effective_from", head.effective_from or ""),
            ("effective_to", head.effective_to or ""),
            ("scope", head.scope),
            ("source", head.source),
            ("licence", head.licence),
            ("rows", head.rows),  # stays last: it ends the head
        ):
            file.write(f"# {key}: {value}".rstrip().replace("\n", " ") + "\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([row.get(column, "") for column in columns] for row in rows)


def parse_day(text: str) -> date | None:
    """A day as lists write it, or None where the cell is empty.

    >>> parse_day("2025-01-01"), parse_day("2025年1月1日"), parse_day("20250101"), parse_day(" ")
    (datetime.date(2025, 1, 1), datetime.date(2025, 1, 1), datetime.date(2025, 1, 1), None)

    Raises:
        ValueError: If it is not a day.
    """
    plain = text.strip().split(" ")[0]
    if not plain:
        return None
    if plain.isdigit() and plain.isascii() and len(plain) == 8:
        plain = f"{plain[:4]}-{plain[4:6]}-{plain[6:]}"
    parts = plain.rstrip("日").translate(str.maketrans("年月/.", "----")).split("-")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        raise ValueError(f"不是日期：{text!r}；expected YYYY-MM-DD")
    return date(int(parts[0]), int(parts[1]), int(parts[2]))


@lru_cache(maxsize=1024)  # a list of 17,000 products has 50 different ones
def _shares(text: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(share) for share in text.split(ALIAS_SEPARATOR))


def parse_shares(text: str) -> tuple[Decimal, ...]:
    """Percentages as shares of one, each once, the smallest first; nothing where the cell is empty.

    >>> parse_shares("5.0%、10.0%、0.0%"), parse_shares("0.1"), parse_shares("")
    ((Decimal('0'), Decimal('0.05'), Decimal('0.1')), (Decimal('0.1'),), ())

    Raises:
        ValueError: If one is no share between 0 and 1: a bare `5` may be five percent or no ratio at all.
    """
    found = set()
    for part in re.split(r"[、,，;；|\s]+", text.strip()):
        if not part:
            continue
        number, percent = part.rstrip("%％"), part.endswith(("%", "％"))
        if not _SHARE.fullmatch(number):
            raise ValueError(f"不是比例：{part!r}；expected shares such as 5% or 0.05")
        share = Decimal(number) / (100 if percent else 1)
        if share > 1:
            raise ValueError(f"比例超过 100%：{part!r}；more than the whole")
        found.add(share.normalize() + 0)
    return tuple(sorted(found))


def parse_price(text: str) -> Decimal | None:
    """A list price in yuan, or None where the cell is empty.

    >>> parse_price("12.50"), parse_price("1,280元"), parse_price(" ")
    (Decimal('12.50'), Decimal('1280'), None)

    Raises:
        ValueError: If it is not one price of 0 yuan or more.
    """
    plain = text.strip().removeprefix("¥").removesuffix("元").replace(",", "").replace("，", "")
    if not plain:
        return None
    try:
        price = Decimal(plain)
    except InvalidOperation as error:
        raise ValueError(f"不是价格：{text!r}；expected yuan such as 12.50") from error
    if not price.is_finite() or price < 0:
        raise ValueError(f"不是价格：{text!r}；expected yuan such as 12.50")
    return price
