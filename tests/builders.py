"""Papers for tests, made in one line: `bill(total_amount="34.05", payer_name="张三")`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from hashlib import sha256

from pipeline.application import Application, read_application
from pipeline.case import Case
from pipeline.catalogs.catalog import Catalogs
from pipeline.field_kinds import MONEY_FIELDS, WITHOUT_END, is_date
from pipeline.model import AnyField, Document, Field, LineItem, PageSize, SourceFile, Value
from pipeline.office import Office, usual_office
from pipeline.places.book import Places
from pipeline.places.place import Place
from pipeline.verification import Verification

Values = Mapping[str, str | Decimal | date | None]

TODAY = date(2026, 3, 1)
"""The day that counts as the present in tests of rules."""


@cache
def sample_catalogs() -> Catalogs:
    """The lists that ship, read once."""
    return Catalogs.sample()


def case(
    *documents: Document,
    today: date = TODAY,
    application: Application | None = None,
    office: Office | None = None,
    claim_id: str = "C-now",
    verifications: Sequence[Verification] = (),
    catalogs: Catalogs | None = None,
) -> Case:
    """A claim of these papers, as rules see it; without an application nobody declared anything."""
    lists, by = catalogs or sample_catalogs(), office or usual_office()
    return Case(documents, today, lists, application, by, claim_id, tuple(verifications))


def declared(**more: object) -> Application:
    """An application; what is not given is not declared."""
    return read_application(json.dumps({"kind": "reimbursement", **more}).encode(), "application.json")


def office_with(changes: Mapping[str, object] | None = None, **more: object) -> Office:
    """An office in a 北京 whose file says something else in some parts: `{"switches": {…}}`."""
    place = usual_office().place_on(TODAY).model_dump()
    changed = Place.model_validate({**place, **(changes or {})})
    return replace(usual_office(), places=Places([("changed.toml", changed)]), **more)  # type: ignore[arg-type]


def field(value: Value | None, text: str | None = None) -> AnyField:
    """A field read by OCR; a value of None is a text that could not be parsed."""
    return Field(value, str(value) if text is None else text, 0.99, 1, None, "ocr")


def fields(values: Values) -> dict[str, AnyField]:
    """Fields by name: money and dates (`2025-02-17`) may be given as text."""
    return {name: field(_typed(name, value)) for name, value in values.items()}


def _typed(name: str, value: Value | None) -> Value | None:
    if not isinstance(value, str):
        return value
    if name in MONEY_FIELDS:
        return Decimal(value)
    return date.fromisoformat(value) if is_date(name) and value != WITHOUT_END else value


def row(
    name: str | None = None,
    amount: str | None = None,
    *,
    quantity: str | None = None,
    unit_price: str | None = None,
    category: str | None = None,
) -> LineItem:
    """A charged row."""
    return LineItem(
        page=1,
        name=None if name is None else Field(name, name, 0.99, 1, None, "ocr"),
        category=None if category is None else Field(category, category, 0.99, 1, None, "ocr"),
        quantity=_amount(quantity),
        unit_price=_amount(unit_price),
        amount=_amount(amount),
    )


def _amount(text: str | None) -> Field[Decimal] | None:
    return None if text is None else Field(Decimal(text), text, 0.99, 1, None, "ocr")


def paper(
    type_: str,
    subtype: str | None = None,
    values: Values | None = None,
    /,
    *,
    items: Sequence[LineItem] = (),
    category_totals: Sequence[LineItem] = (),
    extras: Mapping[str, str] | None = None,
    title: str = "",
    file: str = "a.jpg",
    **more: str | Decimal | date | None,
) -> Document:
    """A paper of one page; `values` and what has no other name here are its fields."""
    return Document(
        type=type_,
        subtype=subtype,
        type_confidence=0.99,
        file=SourceFile(file, sha256(file.encode()).hexdigest()),
        pages=(PageSize(1, 1000, 1400),),
        fields=fields({**(values or {}), **more}),
        items=tuple(items),
        category_totals=tuple(category_totals),
        extras=extras or {},
        title=title,
    )


def bill(
    values: Values | None = None,
    /,
    *,
    subtype: str | None = "e_bill",
    items: Sequence[LineItem] = (),
    category_totals: Sequence[LineItem] = (),
    extras: Mapping[str, str] | None = None,
    title: str = "",
    file: str = "a.jpg",
    **more: str | Decimal | date | None,
) -> Document:
    """An outpatient bill, electronic unless said otherwise."""
    return paper(
        "outpatient_invoice",
        subtype,
        values,
        items=items,
        category_totals=category_totals,
        extras=extras,
        title=title,
        file=file,
        **more,
    )
