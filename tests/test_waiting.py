"""Which values wait for a person: those that keep a paper from going through, and no others."""

from __future__ import annotations

from dataclasses import replace

from pipeline.corrections import Answer, corrected, with_each
from pipeline.model import Document, Finding
from pipeline.waiting import persons_values, waiting_values
from tests.cases import accepted, certificate, fee_list, invoice, read


def doubtful(document: Document) -> Document:
    """The paper as if none of its print had been clear."""
    return with_each(document, lambda value: replace(value, confidence=0.4))


def as_read(*documents: Document) -> list[Document]:
    return [paper for _, papers in read(*documents) for paper in papers]


def test_a_paper_that_goes_through_unseen_has_nothing_that_waits() -> None:
    (document,) = as_read(accepted(invoice()))
    unsure = replace(document.fields["check_code"], status="review")
    document = replace(document, fields={**document.fields, "department": unsure})
    assert document.status == "accepted"
    assert waiting_values(document) == {}


def test_unsure_fields_and_amounts_wait_with_how_sure_they_are() -> None:
    (document,) = as_read(doubtful(fee_list("3.00", "4.00")))
    waiting = waiting_values(document)
    assert waiting["fields.patient_name"] == document.fields["patient_name"].confidence
    assert "fields.total_amount" not in waiting  # its rows prove it
    assert all(path.startswith("fields.") or path.endswith((".name", ".amount")) for path in waiting)


def test_what_a_paper_must_carry_and_nobody_read_waits() -> None:
    document = invoice()
    without = {name: one for name, one in document.fields.items() if name != "invoice_number"}
    (document,) = as_read(accepted(replace(document, fields=without)))
    assert waiting_values(document)["fields.invoice_number"] is None


def test_another_cell_waits_where_a_failed_check_names_it() -> None:
    document = replace(as_read(fee_list("3.00"))[0], status="review")
    cell = replace(document.items[0].quantity, status="review")  # type: ignore[type-var]
    document = replace(document, items=(replace(document.items[0], quantity=cell),))
    path = "line_items[0].quantity"
    assert path not in waiting_values(document)
    finding = Finding("V-9.rows_multiply", "fail", "block", "不符", (path,))
    assert path in waiting_values(replace(document, findings=(finding,)))
    named = f"documents[{document.id}].{path}"
    check = {"rule": "R", "outcome": "fail", "severity": "block", "message": "", "fields": [named]}
    assert path in waiting_values(document, [check])  # type: ignore[list-item]


def test_what_a_person_has_answered_waits_no_more() -> None:
    (document,) = as_read(doubtful(invoice()))
    asked = waiting_values(document)
    for path in asked:
        document = corrected(document, path, Answer("illegible")).document
    assert waiting_values(document) == {}
    assert asked.keys() == persons_values(document).keys() != set()


def test_what_the_other_picture_of_a_paper_says_waits_for_nobody() -> None:
    document = replace(as_read(certificate())[0], status="review", rendition_of="x")
    assert waiting_values(document) == {}
