"""Under which headings a claim falls."""

from __future__ import annotations

import pytest

from pipeline.case_types import case_types_of
from tests.builders import bill, case, declared, paper

PHARMACY = paper("vat_invoice", "vat_digital", {})


@pytest.mark.parametrize(
    ("documents", "types", "expected"),
    [
        ([bill()], [], ("emergency_no_card",)),
        ([paper("inpatient_invoice")], [], ("inpatient",)),
        ([paper("diagnosis_certificate"), paper("discharge_summary")], [], ("inpatient",)),
        ([PHARMACY], [], ("external_drug",)),
        ([PHARMACY, bill()], [], ("emergency_no_card",)),
        ([bill(payer_name="王样例之女")], [], ("emergency_no_card", "newborn")),
        ([bill(payer_name="王之女士")], [], ("emergency_no_card",)),
        ([bill()], ["card_replacement"], ("card_replacement",)),
        ([paper("inpatient_invoice")], ["trauma", "offsite"], ("trauma", "offsite", "inpatient")),
        ([paper("inpatient_invoice")], ["inpatient"], ("inpatient",)),
    ],
)
def test_what_is_declared_leads_and_papers_add_what_they_show(
    documents: list[object], types: list[str], expected: tuple[str, ...]
) -> None:
    application = declared(case_types=types) if types else None
    assert case_types_of(documents, application) == expected  # type: ignore[arg-type]


def test_an_application_for_no_money_has_the_case_types_that_it_declares() -> None:
    form = declared(kind="family_account_binding")
    assert case_types_of([bill()], form) == ()
    assert case(bill(), application=form).main_type == "family_account_binding"
    assert case(bill(), application=declared()).main_type == "emergency_no_card"


def test_an_application_without_case_types_leaves_it_to_the_papers() -> None:
    assert case_types_of([bill()], declared()) == ("emergency_no_card",)
