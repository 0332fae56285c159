"""The document types: one module each; modules with a leading underscore are shared code."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from importlib import import_module

from extractors._extractor import Extractor
from pipeline.model import Document


def _gather() -> dict[str, Extractor]:
    found: dict[str, Extractor] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("_"):
            continue
        extractor: Extractor = import_module(f"{__name__}.{module.name}").EXTRACTOR
        if extractor.type in found:
            raise ImportError(f"two extractors of type {extractor.type}")
        found[extractor.type] = extractor
    return found


EXTRACTORS = _gather()
"""Type name to extractor."""


def field_names(document_type: str) -> tuple[str, ...]:
    """The fields that a document type can carry, in the order people read them."""
    extractor = EXTRACTORS.get(document_type)
    return extractor.field_names if extractor else ()


def required_fields(document: Document) -> Sequence[str]:
    """The fields of a document that must be accepted for it to go through unseen."""
    extractor = EXTRACTORS.get(document.type)
    return extractor.required(document) if extractor else ()
