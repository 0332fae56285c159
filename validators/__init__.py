"""The rules, gathered from every module here without a leading underscore, by what they look at.

`check_document` and `check_claim` run them all. A new rule is one function in one of the modules.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from types import ModuleType

from pipeline.case import Case
from pipeline.model import Document, Finding
from validators._rule import ClaimRule, DocumentRule, Rule


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.iter_modules(__path__):
        if not info.name.startswith("_"):
            yield importlib.import_module(f"{__name__}.{info.name}")


def all_rules() -> tuple[Rule, ...]:
    """Every rule, those about two papers too, which `pipeline.renditions` asks."""
    found = [value for module in _modules() for value in vars(module).values() if isinstance(value, Rule)]
    ids = [rule.dotted_id for rule in found]
    if len(ids) != len(set(ids)):
        raise RuntimeError(f"two rules of one id: {sorted(ids)}")
    return tuple(found)


def _rules() -> tuple[tuple[DocumentRule, ...], tuple[ClaimRule, ...]]:
    found = all_rules()
    return (
        tuple(rule for rule in found if isinstance(rule, DocumentRule)),
        tuple(rule for rule in found if isinstance(rule, ClaimRule)),
    )


DOCUMENT_RULES, CLAIM_RULES = _rules()


def check_document(document: Document, today: date) -> tuple[Finding, ...]:
    """What the rules say of one paper; `today` is the day that counts as the present."""
    document = _as_far_as_present(document)
    findings = (rule(document, today) for rule in DOCUMENT_RULES)
    return tuple(finding for finding in findings if finding is not None)


def check_claim(case: Case) -> tuple[Finding, ...]:
    """What the rules say of one claim.

    Paths in these findings begin with the paper: `documents[<document id>].fields.total_amount`.
    """
    case = replace(case, documents=tuple(map(_as_far_as_present, case.documents)))
    findings = (rule(case) for rule in CLAIM_RULES)
    return tuple(finding for finding in findings if finding is not None)


def _as_far_as_present(document: Document) -> Document:
    """The paper without the fields that a person says are not on it: to a rule they are absent."""
    if all(field.status != "missing" for field in document.fields.values()):
        return document
    present = {name: field for name, field in document.fields.items() if field.status != "missing"}
    return replace(document, fields=present)
