"""Which seal a paper must bear (R-SEAL-1), and whether one of its seals is that.

The fee list bears 医疗机构公章, the certificate 诊断专用章, the print of a bill the hospital's seal or its
收费章 (either is accepted), a prescription for medicine bought outside 外购药专用章.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.model import MEDICAL_INVOICES, Document, Page, RequiredSeal, Seal
from pipeline.seal_names import CHARGE, DIAGNOSIS, INSTITUTION, OUTSIDE_MEDICINE, TAX, purpose_of

FOUND_SHARE = 0.85
"""Of the hospitals' seals on drawn scans and photos so many are found and named: that none was found says so
much and no more."""

OUTSIDE_WORDS = ("外购", "外配")
"""What the title of a prescription says whose medicine is bought outside the hospital."""

NO_COLOURS = "影像没有颜色，印章无从辨认"
ELECTRONIC = "电子文件中的印章未识读"
UNREADABLE = "有印章，但印文未能辨认"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A seal that a type of paper must bear: what it is called, and the purposes of seals that serve."""

    name: str
    purposes: frozenset[str]


HOSPITAL = Wanted("医疗机构公章", frozenset((INSTITUTION, CHARGE)))
CHARGED = Wanted("医院章或医院收费章", frozenset((INSTITUTION, CHARGE, TAX)))
WANTED = {
    "itemized_bill": HOSPITAL,
    "diagnosis_certificate": Wanted("诊断专用章", frozenset((DIAGNOSIS,))),
    "outpatient_invoice": CHARGED,
    "inpatient_invoice": CHARGED,
}
OUTSIDE = Wanted("外购药专用章", frozenset((OUTSIDE_MEDICINE,)))

ELECTRONIC_ORIGINALS = MEDICAL_INVOICES
"""As electronic files these are signed, not sealed: a seal is asked of their print alone."""


def with_required_seal(document: Document, pages: Sequence[Page]) -> Document:
    """The document with the seals of its pages, and whether the one that it must bear is among them."""
    seals = tuple(_on_sheet(seal, page) for page in pages for seal in page.seals or ())
    wanted = wanted_of(document)
    electronic = bool(pages) and all(page.words_known for page in pages)
    if wanted is None or (electronic and document.type in ELECTRONIC_ORIGINALS):
        return replace(document, seals=seals)
    return replace(document, seals=seals, required_seal=_required(wanted, seals, pages, electronic))


def _on_sheet(seal: Seal, page: Page) -> Seal:
    """The seal where it lies on the sheet that its page was cut from."""
    placement = page.placement
    return seal if placement is None else replace(seal, box=placement.on_sheet(seal.box))


def wanted_of(document: Document) -> Wanted | None:
    """The seal that the paper must bear, or None where it needs none."""
    if document.type == "prescription":
        return OUTSIDE if any(word in document.title for word in OUTSIDE_WORDS) else None
    return WANTED.get(document.type)


def _required(wanted: Wanted, seals: Sequence[Seal], pages: Sequence[Page], electronic: bool) -> RequiredSeal:
    fitting = [seal for seal in seals if purpose_of(seal.name) in wanted.purposes]
    if fitting:
        best = max(fitting, key=lambda seal: seal.confidence)
        return RequiredSeal(wanted.name, "present", best.confidence, best)
    if any(page.seals is None for page in pages):
        return RequiredSeal(wanted.name, "unknown", 0.0, why=ELECTRONIC if electronic else NO_COLOURS)
    unnamed = [seal for seal in seals if seal.name is None]
    if unnamed:
        return RequiredSeal(wanted.name, "unknown", 0.0, unnamed[0], _names(seals), UNREADABLE)
    return RequiredSeal(wanted.name, "absent", FOUND_SHARE, others=_names(seals))


def _names(seals: Iterable[Seal]) -> tuple[str, ...]:
    return tuple(seal.name for seal in seals if seal.name is not None)
