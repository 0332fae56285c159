"""A paper as the review screen shows it: its values with their doubts and witnesses, its rows, its pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from extractors import field_names, required_fields
from pipeline.confidence.evidence import LINE_PARTS
from pipeline.corrections import CHOICES, REVIEWER, Table, rows_in
from pipeline.field_kinds import is_date
from pipeline.field_values import MONEY_CELLS, NUMBER_CELLS
from pipeline.model import AnyField, CatalogMatch, Document, LineItem, PageSize
from pipeline.records import fractions, value_text, way_of_reading
from pipeline.review.balances import balances_of, offers_of
from pipeline.review.names import field_label, type_name
from pipeline.review.records import (
    CatalogEntry,
    PageRecord,
    PaperRecord,
    RowRecord,
    ValueKind,
    ValueRecord,
)
from pipeline.review.todo import Doubts
from pipeline.review.turning import QUARTER, turned_box
from pipeline.review.witnesses import broken_sums, witnesses_of
from pipeline.store.accounts import Language
from pipeline.store.pages import KeptPage
from pipeline.store.review_items import Place
from pipeline.waiting import ROW_CELLS

NAME_LISTS = frozenset({"diagnoses", "admission_diagnoses"})
"""Fields that hold several names, joined with `;`."""

CONFIDENCE_PLACES = 4
"""Digits of a confidence behind the point: one value wrong in ten thousand is the surest that is told."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known of a claim's values beside the papers, for one person.

    Attributes:
        language: Of names and sentences.
        doubts: Why values want a person.
        typed: What this person typed and has not confirmed.
        answers: How persons answered values that waited.
        pages: The pictures of pages, by the hash of their file and their number.
    """

    language: Language
    doubts: Doubts
    typed: Mapping[Place, str] = field(default_factory=dict)
    answers: Mapping[Place, str] = field(default_factory=dict)
    pages: Mapping[tuple[str, int], KeptPage] = field(default_factory=dict)


def paper_record(document: Document, shown: Shown) -> PaperRecord:
    """A paper as it stands."""
    values = _Values(document, shown)
    return {
        "document_id": document.id,
        "document_type": document.type,
        "type_name": type_name(document.type, document.subtype, shown.language),
        "title": document.title,
        "file": document.file.name,
        "status": document.status,
        "rendition_of": document.rendition_of or None,
        "region": fractions(document.region, document.pages[0] if document.pages else None),
        "pages": [_page(document, size, values.kept(size.number)) for size in document.pages],
        "fields": values.fields(),
        "line_items": values.rows("line_items"),
        "category_totals": values.rows("category_totals"),
        "balances": balances_of(document, shown.language),
        "repairs": offers_of(document, shown.language),
    }


def kind_of_value(name: str) -> ValueKind:
    """How a field or a cell is typed.

    >>> [kind_of_value(name) for name in ("total_amount", "quantity", "visit_date", "sex", "name")]
    ['money', 'count', 'date', 'choice', 'text']
    """
    if name in MONEY_CELLS:
        return "money"
    if name in NUMBER_CELLS:
        return "count"
    if is_date(name):
        return "date"
    if name in CHOICES:
        return "choice"
    return "names" if name in NAME_LISTS else "text"


class _Values:
    """Tells the values of one paper."""

    def __init__(self, document: Document, shown: Shown) -> None:
        self._document = document
        self._id = document.id
        self._shown = shown
        self._sizes = {size.number: size for size in document.pages}
        self._way = way_of_reading(document)
        self._broken = broken_sums(document)
        self._required = frozenset(required_fields(document))

    def kept(self, number: int | None) -> KeptPage | None:
        """The picture of a page; None where none was kept."""
        return None if number is None else self._shown.pages.get((self._document.file.sha256, number))

    def fields(self) -> list[ValueRecord]:
        """Every field that the type can carry, in the order in which people read them."""
        document = self._document
        names = dict.fromkeys([*field_names(document.type), *document.fields])
        return [
            self._value(f"fields.{name}", name, document.fields.get(name), is_required=name in self._required)
            for name in names
        ]

    def rows(self, table: Table) -> list[RowRecord]:
        """The rows of a table; a column where nothing stands has no cell."""
        return [
            {
                "index": index,
                "page": row.page,
                "cells": {
                    part: self._value(
                        f"{table}[{index}].{part}", part, cell, is_required=part in ROW_CELLS, row=row
                    )
                    for part in LINE_PARTS
                    if (cell := getattr(row, part)) is not None
                },
                "catalog": _entry(row.catalog or CatalogMatch("unmatched")),
            }
            for index, row in enumerate(rows_in(self._document, table))
        ]

    def _value(
        self, path: str, name: str, field: AnyField | None, *, is_required: bool, row: LineItem | None = None
    ) -> ValueRecord:
        shown, place = self._shown, (self._id, path)
        told: ValueRecord = {
            "path": path,
            "name": name,
            "label": field_label(name, shown.language),
            "kind": kind_of_value(name),
            "choices": list(CHOICES.get(name, ())),
            "value": None,
            "raw": None,
            "confidence": 0.0,
            "characters": [],
            "status": "missing",
            "source": self._way,
            "page": None,
            "box": None,
            "candidates": [],
            "witnesses": [],
            "doubts": list(shown.doubts.of(place)),
            "required": is_required,
            "answered": None,
            "masked": False,
            "draft": shown.typed.get(place),
        }
        if field is None:
            return told
        size = self._sizes.get(field.page) if field.page is not None else None
        told["value"] = None if field.value is None else value_text(name, field.value)
        told["raw"] = field.text
        told["confidence"] = round(field.confidence, CONFIDENCE_PLACES)
        told["characters"] = _characters(field, told["value"])
        told["status"] = field.status
        told["source"] = field.origin
        told["page"] = field.page
        told["box"] = _turned(fractions(field.box, size), self.kept(field.page))
        told["candidates"] = [
            {"value": other.value, "confidence": round(other.confidence, CONFIDENCE_PLACES)}
            for other in field.candidates
        ]
        told["witnesses"] = witnesses_of(field, path, self._broken.get(path, ()), row, shown.language)
        told["answered"] = _answer(field, shown.answers.get(place))
        return told


def _characters(field: AnyField, value: str | None) -> list[float]:
    """How sure each character of the value is: what other characters the engine saw in its place takes away.

    Known where the value stands in the text as it was read, and the engine saw others at all.
    """
    start = field.text.find(value) if value else -1
    if value is None or start < 0 or not field.alternatives:
        return []
    sure = [1.0] * len(value)
    for other in field.alternatives:
        if 0 <= other.index - start < len(value):
            sure[other.index - start] -= other.probability
    return [round(max(0.0, each), CONFIDENCE_PLACES) for each in sure]


def _answer(field: AnyField, noted: str | None) -> str | None:
    """How a person answered: `value`, or why there is none; None where nobody did."""
    if field.origin != REVIEWER:
        return None
    if field.status == "accepted":
        return "value"
    if field.status == "review":
        return "illegible"
    return "not_applicable" if noted == "not_applicable" else "not_present"


def _entry(match: CatalogMatch) -> CatalogEntry:
    return {
        "kind": match.kind,
        "code": match.code,
        "name": match.name,
        "reimbursement_class": match.reimbursement_class,
        "status": match.status,
        "score": round(match.score, CONFIDENCE_PLACES),
        "why": match.why,
    }


def _page(document: Document, size: PageSize, kept: KeptPage | None) -> PageRecord:
    """A page, with where its picture and its words are had; a page that was not kept has neither."""
    turned = kept.turned if kept is not None else 0
    lies_across = turned % (2 * QUARTER) == QUARTER
    where = f"/pages/{quote(document.id, safe='')}/{size.number}"
    # The turn is in the address, for a browser keeps a picture as long as its address stays.
    picture = f"{where}.webp?turned={turned}" if kept is not None and kept.picture is not None else None
    is_sealed = any(seal.page == size.number for seal in document.seals)
    return {
        "number": size.number,
        "width": size.height if lies_across else size.width,
        "height": size.width if lies_across else size.height,
        "picture": picture,
        "peeled": f"{picture}&peeled=1" if picture is not None and is_sealed else None,
        "words": f"{where}/words" if kept is not None else None,
        "turned": turned,
    }


def _turned(box: list[float] | None, kept: KeptPage | None) -> list[float] | None:
    """A box on the page as a person turned it."""
    return box if box is None or kept is None or not kept.turned else turned_box(box, kept.turned)
