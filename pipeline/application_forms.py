"""An application read off its form: 门诊慢特病, 异地就医备案 and 家庭共济 (domain.md §9.1).

Nobody has to type in what stands on the form: where the papers hold no bill and nothing but a claim for
money is declared beside them, the form among them is the application, in the same published shape. What it
does not say is left out, and a person sees the form before anything follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pipeline.application import LONGEST_TEXT, Application, ClaimKind, application_of
from pipeline.model import INVOICES, Document

KIND_OF_FORM: Mapping[str, ClaimKind] = MappingProxyType(
    {
        "chronic_disease_form": "chronic_disease_application",
        "offsite_filing_form": "offsite_filing",
        "family_account_form": "family_account_binding",
    }
)
"""Subtype of a form to what is applied for with it."""


def applied_for(documents: Sequence[Document]) -> tuple[Application, Document] | None:
    """The application that the papers of a claim make, with the form it stands on; None where they make none.

    A bill among the papers makes them a claim for money, whatever else lies beside it.
    """
    if any(document.type in INVOICES for document in documents):
        return None
    form = next((document for document in documents if document.subtype in KIND_OF_FORM), None)
    return None if form is None else (application_of(_record(form), form.file.name), form)


def _record(form: Document) -> dict[str, Any]:
    """What the form says, in the published shape."""
    kind = KIND_OF_FORM[form.subtype or ""]
    record: dict[str, Any] = {"kind": kind}
    if insured := _person(form, "patient_name", "id_number"):
        record["insured"] = insured
    if phone := _text(form, "phone"):
        record["phone"] = phone
    place, since, until = _text(form, "filing_place"), form.date("period_start"), form.date("period_end")
    if kind == "offsite_filing" and place and since:
        filing = {"kind": _text(form, "filing_kind") or "未填", "place": place, "from": since.isoformat()}
        record["offsite_filings"] = [filing | ({"to": until.isoformat()} if until and until >= since else {})]
    if kind == "chronic_disease_application":
        for name, field in (("chronic_disease", "disease_name"), ("designated_hospital", "hospital_name")):
            if text := _text(form, field):
                record[name] = text
    member, relation = _person(form, "member_name", "member_id_number"), _text(form, "relation")
    if kind == "family_account_binding" and member and relation:
        record["family_member"] = {**member, "relation": relation}
    return record


def _text(form: Document, name: str) -> str | None:
    """What the form says there; what is longer than an application may say is a column read as one value."""
    text = form.text(name)
    return text if text and len(text) <= LONGEST_TEXT else None


def _person(form: Document, name: str, number: str) -> dict[str, str] | None:
    called, numbered = _text(form, name), _text(form, number)
    if not called:
        return None
    return {"name": called, "id_number": numbered} if numbered else {"name": called}
