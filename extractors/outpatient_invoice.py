"""医疗门诊收费票据: the invoice for one outpatient visit (national e-bill and paper tickets)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from extractors._extractor import Extractor
from extractors._invoice import (
    KEYS,
    OUTPATIENT,
    PAYMENTS,
    PEOPLE,
    labels_slipped_off,
    likeness_by_labels,
    read_invoice,
    required_of,
)
from extractors._titles import stated_title, title_likeness
from pipeline.model import Document, Page

TYPE = "outpatient_invoice"
TITLES = ("医疗门诊收费票据", "门诊收费票据", "医疗门诊收费专用票据", "门诊医疗收费票据")
OWN_LABELS = ("门诊号", "门(急)诊号", "就诊号", "就诊日期", "门诊日期")
SPECS = (*KEYS, *PEOPLE, *OUTPATIENT, *PAYMENTS)


def identify(page: Page) -> float:
    """Sure when the title is there; likely by the labels that only this form carries."""
    if "门诊" in stated_title(page):
        return 1.0
    likeness, _ = title_likeness(page, TITLES)
    return likeness or likeness_by_labels(page, TYPE, OWN_LABELS)


def extract(pages: Sequence[Page], sure: float) -> Document:
    """Read the header, the payment split and the charged items."""
    return read_invoice(pages, TYPE, sure, SPECS, TITLES)


EXTRACTOR = Extractor(
    TYPE,
    "医疗门诊收费票据",
    identify,
    extract,
    tuple(spec.name for spec in SPECS),
    required_of,
    labels_slipped_off=partial(labels_slipped_off, specs=SPECS),
)
