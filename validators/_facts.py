"""What the papers of a claim say of the person, the hospital and the visit, for rules about payment.

What no paper says is None or empty, and a rule that needs it says `unknown`. The identity number leads over
what is printed as age and sex: it carries a check digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipeline.case import Case
from pipeline.case_types import is_stay
from pipeline.catalogs.diagnoses import CodedDiagnosis
from pipeline.catalogs.divisions import full_years
from pipeline.catalogs.printed_names import bare, take_apart
from pipeline.materials import NO_MARKS, ONLY_EMERGENCY
from pipeline.model import INVOICES, Document, LineItem
from pipeline.text import is_masked, squeeze
from validators.across import path_in

LEVELS = ("一级", "二级", "三级")
"""Levels of hospitals, the lowest first."""

_AGE = re.compile(r"(?:(\d{1,3})(?:周?岁)?)?(?:(\d{1,2})个?月)?(?:(\d{1,2})[天日])?")
_PRIMARY = re.compile(r"社区卫生服务|卫生院|卫生室|诊所|卫生站|医务室")
_LEVEL = re.compile(r"([一二三])级")
_EMERGENCY = re.compile(rf"{ONLY_EMERGENCY.pattern}|急救|抢救|120")
_RESCUE = re.compile(r"抢救|急救|危重|休克|心肺复苏")
_DAYS_OF_A_MONTH = 30


@dataclass(frozen=True, slots=True)
class Row:
    """A charged row with the day it was charged on, None where its paper covers several."""

    document: Document
    number: int
    item: LineItem
    day: date | None
    days: int | None
    """How many days its paper covers."""

    @property
    def path(self) -> str:
        """How findings name it."""
        return path_in(self.document, f"line_items[{self.number}].name")

    @property
    def printed(self) -> str:
        """The name as it stands there."""
        return self.item.name.value or "" if self.item.name is not None else ""

    @property
    def label(self) -> str:
        """How messages name it, with its row counted from 1."""
        return f"第 {self.number + 1} 行「{self.printed}」"

    @property
    def code(self) -> str:
        """The code of the entry it was matched with, or `""`."""
        match = self.item.catalog
        return match.code or "" if match is not None and match.status == "matched" else ""

    @property
    def names(self) -> tuple[str, ...]:
        """What it may be called in a list: as printed without strength and markers, and its entry's name."""
        match = self.item.catalog
        listed = match.name if match is not None and match.status == "matched" else None
        found = (bare(take_apart(self.printed).plain), bare(listed) if listed else "")
        return tuple(dict.fromkeys(name for name in found if name))

    @property
    def quantity(self) -> Decimal | None:
        """How many units were charged; None where that is not printed or cannot be one."""
        return self.item.quantity.value if self.item.quantity is not None else None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known; see the module."""

    age_years: int | None
    age_days: int | None
    """Of a person under one year, where it is known."""
    sex: str
    level: str
    """Of the hospital: 一级 and below is 一级."""
    hospital: str
    insurance: str
    is_inpatient: bool
    is_emergency: bool
    is_rescue: bool
    diagnoses: tuple[CodedDiagnosis, ...]
    start: date | None
    end: date | None

    @property
    def days(self) -> int | None:
        """Days of the visit or stay, both ends counted."""
        return _span(self.start, self.end)


def facts_of(case: Case) -> Facts:
    """The facts of a claim."""
    documents = case.documents
    start, end = _treated(documents)
    born, sex = _identity(case)
    years, days = _age(documents, born, start or end)
    hospital = _first(documents, "hospital_name", "payee_name")
    return Facts(
        years,
        days,
        sex or _first(documents, "sex"),
        _level(case, hospital),
        hospital,
        _first(documents, "insurance_type"),
        is_stay(documents) or "inpatient" in case.case_types,
        _says(documents, _EMERGENCY),
        _says(documents, _RESCUE),
        _diagnoses(case),
        start,
        end,
    )


def _treated(documents: Sequence[Document]) -> tuple[date | None, date | None]:
    """First and last day of the stay, else of the visit with all that its lists were charged for.

    The bill of a month of treatment, such as dialysis, names one day of visit; its list names the month.
    """
    admitted = _first_date(documents, "admission_date")
    discharged = _first_date(documents, "discharge_date")
    if admitted or discharged:
        start = admitted or _first_date(documents, "visit_date", "period_start")
        return start, discharged or _first_date(documents, "visit_date", "period_end") or start
    visit = _first_date(documents, "visit_date")
    return _around([visit, *_listed_days(documents)])


def _listed_days(documents: Sequence[Document]) -> Iterator[date | None]:
    """The days on which the periods of itemized bills begin and end."""
    for document in documents:
        if document.type == "itemized_bill":
            yield from (document.date("period_start"), document.date("period_end"))


def _around(days: Iterable[date | None]) -> tuple[date | None, date | None]:
    """The first and the last of the days that are known."""
    known = [day for day in days if day is not None]
    return (min(known), max(known)) if known else (None, None)


def _identity(case: Case) -> tuple[date | None, str]:
    for document in case.documents:
        for name in ("id_number", "payer_id"):
            text = document.text(name)
            found = case.catalogs.identity(text) if text and not is_masked(text) else None
            if found is not None:
                return found.born, found.sex
    return next((day for one in case.documents if (day := one.date("birth_date"))), None), ""


def _age(documents: Sequence[Document], born: date | None, day: date | None) -> tuple[int | None, int | None]:
    """Full years, and days where the person is under one year."""
    if born is not None and day is not None and born <= day:
        years = full_years(born, day)
        return years, (day - born).days if years == 0 else None
    found = _AGE.fullmatch(_first(documents, "age"))
    if found is None or not any(found.groups()):
        return None, None
    years = int(found[1] or 0)
    days = int(found[2] or 0) * _DAYS_OF_A_MONTH + int(found[3] or 0)
    return years, days if years == 0 else None


def _level(case: Case, hospital: str) -> str:
    seals = [seal.text for document in case.documents for seal in document.seals if seal.text]
    known = case.catalogs.hospital(hospital, seals) if hospital else None
    for text in (known.grade if known else "", _first(case.documents, "institution_type")):
        if (found := _LEVEL.search(text)) is not None:
            return f"{found[1]}级"
    return LEVELS[0] if _PRIMARY.search(hospital) else ""


def _diagnoses(case: Case) -> tuple[CodedDiagnosis, ...]:
    texts = dict.fromkeys(
        text
        for document in case.documents
        for name in ("diagnoses", "admission_diagnoses")
        if (text := document.text(name))
    )
    return tuple(one for text in texts for one in case.catalogs.diagnoses.read(text))


def _says(documents: Sequence[Document], word: re.Pattern[str]) -> bool:
    names = ("is_emergency", "department", "course", "advice", "remark")
    return any(
        word.search(text)
        for document in documents
        for text in (document.title, *(document.text(name) or "" for name in names), *_marks(document))
    )


def _marks(document: Document) -> Iterator[str]:
    """Labels with something behind them: 急诊 is printed whether it applies or not."""
    return (label for label, text in document.extras.items() if squeeze(text) not in NO_MARKS)


def day_of(documents: Sequence[Document]) -> date | None:
    """The day of treatment, whose lists hold: of a bill before any other paper."""
    first = sorted(documents, key=lambda document: document.type not in INVOICES)
    return next((day for document in first if (day := document.treatment_date)), None)


def rows_of(documents: Sequence[Document]) -> Iterator[Row]:
    """The rows of itemized bills where there are any, else of invoices: the same money stands on both."""
    bills = [document for document in documents if document.type == "itemized_bill" and document.items]
    for document in bills or [document for document in documents if document.type in INVOICES]:
        start = _first_date([document], "period_start", "admission_date", "visit_date")
        end = _first_date([document], "period_end", "discharge_date") or start
        if document.type in ("outpatient_invoice", "vat_invoice"):
            start, end = _around([start or document.treatment_date, end, *_listed_days(documents)])
        days = _span(start, end)
        for number, item in enumerate(document.items):
            if item.name is not None and item.name.value:
                yield Row(document, number, item, start if days == 1 else None, days)


def _span(start: date | None, end: date | None) -> int | None:
    """Days from start to end, both counted; None where either is not known."""
    return (end - start).days + 1 if start and end and end >= start else None


def _first(documents: Sequence[Document], *names: str) -> str:
    return next((text for name in names for one in documents if (text := one.text(name))), "")


def _first_date(documents: Sequence[Document], *names: str) -> date | None:
    return next((day for name in names for one in documents if (day := one.date(name))), None)
