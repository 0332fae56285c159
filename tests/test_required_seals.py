"""Which seal a paper must bear, and when nothing can be said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pipeline.model import Box, Page, Presence, Seal, SourceFile
from pipeline.records import document_record
from pipeline.required_seals import NO_COLOURS, with_required_seal
from tests.builders import paper
from validators import check_document

TODAY = date(2026, 3, 1)
BOX = Box(10, 10, 90, 90)


def seal(name: str | None) -> Seal:
    return Seal(name, name or "", "red", "round", BOX, 0.97, 1)


def page(*names: str | None, colours: bool = True, words_known: bool = False) -> Page:
    seals = tuple(map(seal, names)) if colours else None
    return Page(SourceFile("a.jpg", "0" * 64), 1, 100, 200, 200, words_known=words_known, seals=seals)


def presence(kind: str, *pages: Page) -> Presence | None:
    required = with_required_seal(paper(kind), pages).required_seal
    return required.presence if required is not None else None


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("diagnosis_certificate", "诊断专用章", "present"),
        ("diagnosis_certificate", "门诊诊断专用章", "present"),
        ("diagnosis_certificate", "收费专用章", "absent"),
        ("itemized_bill", "医疗机构公章", "present"),
        ("itemized_bill", "住院收费专用章", "present"),
        ("outpatient_invoice", "医疗机构公章", "present"),
        ("outpatient_invoice", "门诊收费专用章", "present"),
        ("outpatient_invoice", "财政票据监制章", "absent"),
        ("inpatient_invoice", None, "unknown"),
        ("id_card", "诊断专用章", None),
    ],
)
def test_each_paper_asks_for_its_own_seal(kind: str, name: str | None, expected: Presence | None) -> None:
    assert presence(kind, page(name)) == expected


def test_without_colours_it_is_unknown_unless_another_page_bears_the_seal() -> None:
    assert presence("itemized_bill", page(colours=False)) == "unknown"
    assert presence("itemized_bill", page(colours=False), page("收费专用章")) == "present"
    assert presence("itemized_bill", page(), page(colours=False)) == "unknown"
    required = with_required_seal(paper("itemized_bill"), [page(colours=False)]).required_seal
    assert required is not None
    assert required.why == NO_COLOURS


def test_an_electronic_bill_is_signed_and_needs_no_seal_but_its_print_does() -> None:
    assert presence("outpatient_invoice", page(colours=False, words_known=True)) is None
    assert presence("outpatient_invoice", page()) == "absent"
    assert presence("diagnosis_certificate", page(colours=False, words_known=True)) == "unknown"


@pytest.mark.parametrize(("title", "expected"), [("外购药处方笺", "present"), ("处方笺", None)])
def test_only_a_prescription_for_medicine_bought_outside_needs_its_seal(
    title: str, expected: Presence | None
) -> None:
    document = with_required_seal(replace(paper("prescription"), title=title), [page("外购药专用章")])
    assert (document.required_seal and document.required_seal.presence) == expected


def test_a_missing_seal_is_pointed_out_and_a_seal_of_another_kind_is_named() -> None:
    document = with_required_seal(paper("diagnosis_certificate"), [page("收费专用章")])
    (finding,) = [each for each in check_document(document, TODAY) if each.rule.startswith("R-SEAL-1")]
    assert (finding.outcome, finding.severity, finding.about) == ("fail", "warn", "claim")
    assert "诊断专用章" in finding.message
    assert "收费专用章" in finding.message


def test_the_published_row_says_where_the_seal_lies() -> None:
    document = paper("diagnosis_certificate")
    sized = replace(document, pages=(page().size,))
    row = document_record(with_required_seal(sized, [page("诊断专用章")]), ())
    assert row["seals"][0]["box"] == [0.1, 0.05, 0.9, 0.45]
    required = row["required_seal"]
    assert required is not None
    assert (required["presence"], required["value"], required["page"]) == ("present", "诊断专用章", 1)
    assert document_record(sized, ())["required_seal"] is None
