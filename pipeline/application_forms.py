"""An application read off its form: 门诊慢特病, 异地就医备案 and 家庭共济 (domain.md §9.1).

Nobody has to type in what stands on the form: where the papers hold no bill and nothing but a claim for
money is declared beside them, the form among them is the application, in the same published shape. What it
does not say is left out, and a person sees the form before anything follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pipeline.application import LONGEST_TEXT, Application, ClaimKind, application_of
from pipeline.model import INVOICES, Document


@dataclass(frozen=True, slots=True)
class ApplicationForm:
    """What is applied for with a form, and the subtypes of the papers that are handed in with it."""

    kind: ClaimKind
    supported_by: frozenset[str]


FORMS: Mapping[str, ApplicationForm] = MappingProxyType(
    {
        "chronic_disease_form": ApplicationForm(
            "chronic_disease_application", frozenset({"informed_consent"})
        ),
        "offsite_filing_form": ApplicationForm(
            "offsite_filing", frozenset({"referral_form", "residence_certificate"})
        ),
        "family_account_form": ApplicationForm(
            "family_account_binding", frozenset({"marriage_certificate", "household_register"})
        ),
    }
)
"""The forms by their subtype."""


def is_supported_by(form: str, paper: str) -> bool:
    """Whether a paper of that subtype is handed in with a form of that subtype.

    >>> is_supported_by("offsite_filing_form", "referral_form"), is_supported_by("", "referral_form")
    (True, False)
    """
    return form in FORMS and paper in FORMS[form].supported_by


def applied_for(documents: Sequence[Document]) -> tuple[Application, Document] | None:
    """The application that the papers of a claim make, with the form it stands on; None where they make none.

    A bill among the papers makes them a claim for money, whatever else lies beside it.
    """
    if any(document.type in INVOICES for document in documents):
        return None
    form = next((document for document in documents if document.subtype in FORMS), None)
    return None if form is None else (application_of(_record(form), form.file.name), form)


def _record(form: Document) -> dict[str, Any]:
    """What the form says, in the published shape."""
    kind = FORMS[form.subtype or ""].kind
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
