"""The document types: one module each; modules with a leading underscore are shared code."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from extractors._extractor import Extractor


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
