"""Documents and pages as JSON and back, without loss: the internal form, kept between runs and as fixtures.

Not the published form (that is `pipeline.records`): boxes stay pixels, money stays `Decimal`. A dataclass is
an object of its fields; those that hold their default are left out, so a field that the model gains later
does not spoil what is stored. A field value says what it is: a text is a string, an amount
`{"decimal": "203.65"}`, a day `{"date": "2025-02-17"}`. A page is stored without its image. Nothing is ever
executed on loading.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import numpy as np

from pipeline.model import Document, Page, Value

FORM = 1
"""Raised when what is stored can no longer be understood; the older form is then refused, not guessed at."""

Thaw = Callable[[Any], Any]


def dump_document(document: Document) -> str:
    """`document` as one line of JSON."""
    return _dump("document", document)


def load_document(text: str) -> Document:
    """The document that `dump_document` wrote.

    Raises:
        ValueError: If `text` is not such a document, or of another form.
    """
    document = _load("document", Document, text)
    assert isinstance(document, Document)
    return document


def dump_stood(part: Document, rows_now: int) -> str:
    """What of a paper stood at one place, and how many rows came instead, as one line of JSON."""
    return json.dumps({"rows_now": rows_now, "stood": dump_document(part)}, ensure_ascii=False)


def load_stood(text: str) -> tuple[Document, int]:
    """What `dump_stood` wrote.

    Raises:
        ValueError: If `text` is nothing of that kind, or of another form.
    """
    try:
        held = json.loads(text)
        return load_document(held["stood"]), int(held["rows_now"])
    except (TypeError, KeyError) as error:
        raise ValueError(f"not what stood at a place of a paper: {error}") from error


def dump_page(page: Page) -> str:
    """`page` as one line of JSON; its image is left out."""
    return _dump("page", page)


def load_page(text: str) -> Page:
    """The page that `dump_page` wrote; it has no image.

    Raises:
        ValueError: If `text` is not such a page, or of another form.
    """
    page = _load("page", Page, text)
    assert isinstance(page, Page)
    return page


def _dump(kind: str, thing: object) -> str:
    frozen = {"form": FORM, kind: _freeze(thing)}
    text = json.dumps(frozen, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A text layer may hold half a surrogate pair, which no UTF-8 file can: then everything is escaped.
    return text if _is_utf8(text) else json.dumps(frozen, separators=(",", ":"))


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _load(kind: str, wanted: Any, text: str) -> object:
    try:
        frozen = json.loads(text)
        if not isinstance(frozen, dict) or frozen.get("form") != FORM or kind not in frozen:
            raise ValueError(f"not a stored {kind} of form {FORM}")
        return _thaw_dataclass(wanted)(frozen[kind])
    except (TypeError, KeyError, InvalidOperation, RecursionError) as error:
        raise ValueError(f"not a stored {kind}: {error}") from error


def _freeze(thing: object) -> Any:
    """What JSON can hold in place of a thing; by its very type first, for a paper has many thousand parts."""
    kind: Any = type(thing)
    if kind in _AS_IT_IS:
        return thing
    if kind is tuple:
        return [_freeze(part) for part in cast("tuple[object, ...]", thing)]
    if dataclasses.is_dataclass(kind):
        return {
            name: _freeze(part)
            for name, default, has_type in _compared(cast("type", kind))
            if (part := getattr(thing, name)) is not default
            and (type(part) is not has_type or part != default)
        }
    if isinstance(thing, str | bool | int | float):
        return thing
    if isinstance(thing, tuple):
        return [_freeze(part) for part in thing]
    if isinstance(thing, Decimal):
        return {"decimal": str(thing)}
    if isinstance(thing, date):
        return {"date": thing.isoformat()}
    if isinstance(thing, Mapping):
        return {name: _freeze(part) for name, part in thing.items()}
    if isinstance(thing, np.generic):
        return _freeze(thing.item())
    raise TypeError(f"{kind.__name__}: not a type of the model")


_AS_IT_IS = frozenset({type(None), str, bool, int, float})


@cache
def _compared(kind: type) -> tuple[tuple[str, object, type], ...]:
    """The fields that make a dataclass what it is, each with its default (`MISSING`: none) and its type."""
    defaults = (
        (
            field.name,
            field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default,
        )
        for field in dataclasses.fields(kind)
        if field.compare
    )
    return tuple((name, default, type(default)) for name, default in defaults)


@cache
def _thaw_dataclass(kind: type) -> Thaw:
    hints = get_type_hints(kind)
    parts = {name: _thaw(hints[name]) for name, *_ in _compared(kind)}

    def thaw(frozen: Any) -> Any:
        if not isinstance(frozen, dict):
            raise TypeError(f"{kind.__name__}: an object was expected")
        return kind(**{name: parts[name](part) for name, part in frozen.items()})

    return thaw


def _thaw(hint: Any) -> Thaw:
    """The way back for a value of type `hint`."""
    origin, arguments = get_origin(hint), get_args(hint)
    if isinstance(hint, TypeVar) or hint == Value:
        return _thaw_value
    if origin is Literal:
        return _one_of(arguments)
    if origin in {Union, types.UnionType}:
        return _optional(_thaw(next(kind for kind in arguments if kind is not types.NoneType)))
    if origin is tuple:
        return _tuple_of(arguments[0])
    if origin is Mapping:
        return _mapping_of(arguments[1])
    kind: Any = origin or hint
    if dataclasses.is_dataclass(origin or hint):
        # Late, for a type may hold itself.
        return lambda frozen: _thaw_dataclass(kind)(frozen)
    return _instance_of((int, float) if kind is float else (kind,))


def _thaw_value(frozen: Any) -> Value:
    if isinstance(frozen, str):
        return frozen
    (kind, text) = next(iter(frozen.items())) if isinstance(frozen, dict) and len(frozen) == 1 else ("", "")
    if kind == "decimal":
        return Decimal(text)
    if kind == "date":
        return date.fromisoformat(text)
    raise TypeError("a value is a text, a decimal or a date")


def _one_of(values: tuple[Any, ...]) -> Thaw:
    def thaw(frozen: Any) -> Any:
        if frozen not in values:
            raise ValueError(f"{frozen!r}: not one of {values}")
        return frozen

    return thaw


def _optional(inner: Thaw) -> Thaw:
    return lambda frozen: None if frozen is None else inner(frozen)


def _tuple_of(hint: Any) -> Thaw:
    inner = _thaw(hint)

    def thaw(frozen: Any) -> tuple[Any, ...]:
        if not isinstance(frozen, list):
            raise TypeError("a list was expected")
        return tuple(inner(part) for part in frozen)

    return thaw


def _mapping_of(hint: Any) -> Thaw:
    inner = _thaw(hint)

    def thaw(frozen: Any) -> Mapping[str, Any]:
        if not isinstance(frozen, dict):
            raise TypeError("an object was expected")
        return {name: inner(part) for name, part in frozen.items()}

    return thaw


def _instance_of(kinds: tuple[type, ...]) -> Thaw:
    def thaw(frozen: Any) -> Any:
        if not isinstance(frozen, kinds) or (isinstance(frozen, bool) and bool not in kinds):
            raise TypeError(f"{frozen!r}: not of type {kinds[0].__name__}")
        return frozen

    return thaw
