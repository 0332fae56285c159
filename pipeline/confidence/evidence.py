"""What speaks for a value, as numbers: how it was read, where it stood, who else says the same.

Every number lies between 0 and 1 or near it, and none looks at the value's meaning: the same numbers come
of any paper, so a model fitted on drawn papers holds on real ones as far as the numbers look alike there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from operator import attrgetter

from pipeline.field_kinds import kind_of as kind_of
from pipeline.model import AnyField, Document, Finding, LineItem, Reading

PROVING_RULES = ("V-1", "V-2", "V-3", "V-4", "V-5", "V-6", "V-7", "V-8", "V-9", "VAT-1")
"""Rules that compute; agreement of what was read apart does not come about by chance."""

FORM_RULES = ("NO-1", "NO-2", "NO-3", "VAT-2", "VAT-3", "VAT-4", "ID-1", "ID-4")
"""Rules of length, alphabet and check digit."""

LINE_PARTS = (
    *("name", "specification", "unit", "quantity", "unit_price", "amount", "category"),
    "insurance_class",
)
REGISTERED = "registry"
"""Witness of a hospital's name that stands in the list of hospitals, character by character."""

STATED = ("xml", "ofd", "qr")
MOST_DIGITS = 4.0
"""Doubt is counted in powers of ten down to one in ten thousand."""

_PLAIN_MONEY = re.compile(r"[¥￥]?-?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d{2}元?")
_PLAIN_DATE = re.compile(r"\d{4}([-/.年])\d{1,2}([-/.月])\d{1,2}日?|\d{8}")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against one value; the model weighs these and nothing else.

    `least`, `mean` and `own` count the sure digits of a probability: 0 for a guess, 1 for one error in
    ten thousand. `sums` and `more_sums` say that one sum holds with the value, and that another does.
    """

    least: float
    mean: float
    own: float
    rival: float
    length: float
    small: float
    gap: float
    exact: float
    plain: float
    proved: float
    more_sums: float
    unproved_least: float
    agreed: float
    well_formed: float
    listed: float
    contested: float
    stained: float
    seconded: float
    contradicted: float
    registered: float
    legible: float
    sure_type: float
    layer: float
    stated: float

    @property
    def vector(self) -> tuple[float, ...]:
        """The numbers in the order of `NAMES`."""
        return _NUMBERS(self)


NAMES = tuple(field.name for field in fields(Evidence))
_NUMBERS: Callable[[Evidence], tuple[float, ...]] = attrgetter(*NAMES)


def sure_digits(probability: float) -> float:
    """How many of four digits are nines, as a share.

    >>> sure_digits(0.9), round(sure_digits(0.99), 3), sure_digits(1.0)
    (0.25, 0.5, 1.0)
    """
    doubt = max(1 - probability, 10**-MOST_DIGITS)
    return round(-math.log10(doubt) / MOST_DIGITS, 9) + 0.0


class Witnesses:
    """What the findings say of each path: which sums hold with it, which forms, and what disputes it."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.proofs: dict[str, list[str]] = {}
        self.forms: set[str] = set()
        self.disputed: set[str] = set()
        for finding in findings:
            rule = finding.rule.partition(".")[0]
            if finding.outcome == "fail":
                if finding.about == "reading":
                    self.disputed.update(finding.fields)
            elif finding.outcome == "pass" and rule in PROVING_RULES:
                for path in finding.fields:
                    self.proofs.setdefault(path, []).append(rule)
            elif finding.outcome == "pass" and rule in FORM_RULES:
                self.forms.update(finding.fields)


def evidence_of(document: Document, findings: Sequence[Finding]) -> dict[str, Evidence]:
    """The evidence of every value of the paper, by its path."""
    witnesses = Witnesses(findings)
    legible = _legibility(document)
    return {
        path: _evidence(path, field, document, witnesses, legible, row)
        for path, field, row in values_of(document)
    }


def values_of(document: Document) -> Iterator[tuple[str, AnyField, LineItem | None]]:
    """(path, field, row it stands in) of every field and every part of every row."""
    for name, field in document.fields.items():
        yield f"fields.{name}", field, None
    for what, rows in (("line_items", document.items), ("category_totals", document.category_totals)):
        for number, row in enumerate(rows):
            for part in LINE_PARTS:
                field = getattr(row, part)
                if field is not None:
                    yield f"{what}[{number}].{part}", field, row


def own_confidence(field: AnyField) -> float:
    """What the extractor thought before anybody else was heard."""
    own = field.reading.own if field.reading is not None else None
    return field.confidence if own is None else own


def _evidence(
    path: str,
    field: AnyField,
    document: Document,
    witnesses: Witnesses,
    legible: float,
    row: LineItem | None,
) -> Evidence:
    own = own_confidence(field)
    read = field.reading or Reading(least=own, mean=own)
    proofs = len(witnesses.proofs.get(path, ()))
    least = sure_digits(read.least)
    return Evidence(
        least=least,
        mean=sure_digits(read.mean),
        own=sure_digits(own),
        rival=min(1.0, read.rival * 2),
        length=math.log1p(read.length) / 4,
        small=max(0.0, 1 - read.height / 28) if read.height and field.origin == "ocr" else 0.0,
        gap=min(1.0, read.gap / 14),
        exact=float(read.exact),
        plain=_is_plain(field),
        proved=float(proofs > 0),
        more_sums=float(proofs > 1),
        unproved_least=least * (proofs == 0),
        agreed=float(bool(set(field.witnesses) & set(STATED))),
        well_formed=float(path in witnesses.forms),
        listed=_is_listed(path, row),
        contested=float(any(other.value != str(field.value) for other in field.candidates)),
        stained=min(1.0, read.stained * 4),
        seconded=read.seconded,
        contradicted=read.contradicted,
        registered=float(REGISTERED in field.witnesses),
        legible=legible,
        sure_type=document.type_confidence,
        layer=float(field.origin == "text_layer"),
        stated=float(field.origin in STATED),
    )


def _legibility(document: Document) -> float:
    read = [
        sure_digits(field.reading.least)
        for _, field, _ in values_of(document)
        if field.reading is not None and field.origin == "ocr"
    ]
    return sum(read) / len(read) if read else 1.0


def _is_plain(field: AnyField) -> float:
    """Whether an amount or a day stood there in its plain form, with nothing left to interpret."""
    text = field.text.strip().replace(" ", "")
    if isinstance(field.value, date):
        return float(_PLAIN_DATE.fullmatch(text) is not None)
    if isinstance(field.value, Decimal):
        return float(_PLAIN_MONEY.fullmatch(text) is not None)
    return float(isinstance(field.value, str) and field.value == text)


def _is_listed(path: str, row: LineItem | None) -> float:
    """How surely a row's name is one of the catalogs'."""
    if row is None or row.catalog is None or not path.endswith(".name"):
        return 0.0
    return row.catalog.score if row.catalog.status == "matched" else 0.0
