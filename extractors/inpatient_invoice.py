"""医疗住院收费票据: the invoice for one stay (national e-bill and paper tickets)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from extractors._extractor import Extractor
from extractors._invoice import (
    INPATIENT,
    KEYS,
    PAYMENTS,
    PEOPLE,
    STAY,
    labels_slipped_off,
    likeness_by_labels,
    read_invoice,
    required_of,
)
from extractors._titles import stated_title, title_likeness
from pipeline.model import Document, Page

TYPE = "inpatient_invoice"
TITLES = ("医疗住院收费票据", "住院收费票据", "医疗住院收费专用票据", "住院医疗收费票据")
OWN_LABELS = ("住院号", "住院时间", "住院日期", "住院科", "住院天数", "预缴金额")
SPECS = (*KEYS, *PEOPLE, *INPATIENT, *PAYMENTS)


def identify(page: Page) -> float:
    """Sure when the title is there; likely by the labels that only this form carries."""
    if "住院" in stated_title(page):
        return 1.0
    likeness, _ = title_likeness(page, TITLES)
    return likeness or likeness_by_labels(page, TYPE, OWN_LABELS)


def extract(pages: Sequence[Page], sure: float) -> Document:
    """Read the header, the stay, the payment split and the charged categories."""
    return read_invoice(pages, TYPE, sure, SPECS, TITLES)


EXTRACTOR = Extractor(
    TYPE,
    "医疗住院收费票据",
    identify,
    extract,
    tuple(spec.name for spec in SPECS if spec.name != STAY),
    required_of,
    labels_slipped_off=partial(labels_slipped_off, specs=SPECS),
)
