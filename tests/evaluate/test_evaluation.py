"""The figures are those that a person would count by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from pipeline.evaluate.evaluation import Evaluation, evaluate
from pipeline.evaluate.figures import Figures
from pipeline.evaluate.run_folder import by_file, required_of
from pipeline.evaluate.truth import Refusal, TruthPaper
from tests.evaluate.papers import MISSING, Row, document, field, line

KEYS = {
    "invoice_code": "37060126",
    "invoice_number": "0127700352",
    "check_code": "fc0971",
    "issue_date": "2026-03-12",
    "total_amount": "248.89",
    "payer_name": "钱样例",
}
PAPER = TruthPaper(
    "a.jpg",
    "outpatient_invoice",
    subtype="e_bill",
    pages=(1,),
    fields=KEYS,
    lines=({"name": "甲", "quantity": "1", "amount": "248.89"},),
    level="scan",
    layout="山东",
    container="single",
    way="picture",
)
READ = {name: field(value) for name, value in KEYS.items()}
LINES = [line("甲", "248.89", "1")]


def evaluated(papers: Sequence[TruthPaper], *documents: Row, **more: Any) -> Evaluation:
    return evaluate(papers, by_file(documents), **more)


def overall(*documents: Row, paper: TruthPaper = PAPER) -> Figures:
    return evaluated([paper], *documents).overall


def test_a_paper_read_without_fault_is_right_in_every_figure() -> None:
    figures = overall(document(fields=READ, lines=LINES))
    for name in ("type", "pages", "all_key_fields", "all_fields", "straight_through", "accepted_papers"):
        assert figures[name]["share"] == 1.0, name
    assert figures["rows"]["exact"]["f1"] == figures["rows"]["amount"]["f1"] == 1.0
    assert figures["accepted_wrong"]["together"]["accepted"] == 6 + 3
    assert figures["accepted_wrong"]["together"]["wrong"] == 0
    assert figures["ece"]["together"] == pytest.approx(0.01)
    assert figures["character_error_rate"] == {"payer_name": {"errors": 0, "characters": 3, "rate": 0.0}}


def test_an_accepted_mistake_counts_in_a_thousand_accepted() -> None:
    figures = overall(document(fields=READ | {"check_code": field("fc0977")}, lines=LINES))
    assert figures["accepted_wrong"]["fields"] == {
        "wrong": 1,
        "accepted": 6,
        "per_1000": pytest.approx(166.666667),
        "upper_per_1000": pytest.approx(581.803, abs=0.001),
    }
    assert figures["all_key_fields"]["share"] == 0.0
    assert figures["lowest_key_field"]["name"] == "check_code"
    assert figures["straight_through"]["share"] == 1.0  # nobody would have looked


def test_a_doubt_stops_the_paper_but_is_no_accepted_mistake() -> None:
    read = READ | {"check_code": field("fc0977", 0.4, "review")}
    figures = overall(document(fields=read, lines=LINES, status="review"))
    assert figures["accepted_wrong"]["fields"]["wrong"] == 0
    assert figures["straight_through"]["share"] == figures["accepted_papers"]["share"] == 0.0
    assert figures["acceptance"]["fields"]["k"] == 5


def test_a_field_that_the_paper_does_not_carry_must_not_be_read() -> None:
    paper = replace(PAPER, fields=KEYS | {"check_code": None})
    figures = overall(document(fields=READ), paper=paper)
    assert figures["fields"]["check_code"]["made_up"] == 1
    assert figures["fields"]["check_code"]["n"] == 0
    assert figures["all_key_fields"]["share"] == 0.0
    assert figures["accepted_wrong"]["fields"]["wrong"] == 1
    silent = overall(document(fields=READ | {"check_code": MISSING}), paper=paper)
    assert silent["all_key_fields"]["share"] == 1.0


def test_a_field_whose_truth_is_not_known_is_not_judged() -> None:
    figures = overall(document(fields=READ | {"sex": field("女")}))
    assert "sex" not in figures["fields"]


def test_a_paper_without_a_document_counts_all_its_fields_as_not_read() -> None:
    found = evaluated([PAPER])
    assert found.overall["read"] == 0
    assert found.overall["all_fields"] == found.overall["all_fields"] | {"k": 0, "n": 6}
    assert found.overall["rows"]["exact"]["recall"] == 0.0
    assert found.overall["acceptance"]["rows"]["n"] == 3
    assert {one.fault for one in found.wrong} == {"not_read"}
    assert len(found.wrong) == 6 + 1


def test_a_document_without_truth_on_a_judged_file_counts_as_extra() -> None:
    documents = [document(fields=READ), document(pages=(2,), document_type="blank"), document("b.jpg")]
    assert evaluated([PAPER], *documents).extra == {"blank": 1}


def test_key_fields_are_those_of_invoices() -> None:
    bill = replace(PAPER, type="itemized_bill", fields={"total_amount": "1.00"})
    assert overall(document(document_type="itemized_bill"), paper=bill)["all_key_fields"]["n"] == 0


def test_a_row_that_is_not_on_the_paper_is_wrong_where_it_is_accepted() -> None:
    found = evaluated([PAPER], document(fields=READ, lines=[*LINES, line("乙", "1.00")]))
    assert found.overall["accepted_wrong"]["rows"]["wrong"] == 2
    assert found.overall["rows"]["exact"]["precision"] == 0.5
    (wrong,) = found.wrong
    assert (wrong.path, wrong.fault, wrong.reading) == ("line_items[+1]", "made_up", "乙 · — · 1.00")
    assert wrong.status == "accepted"


CHECK = {
    "rule": "V-3.items_sum_to_total",
    "outcome": "fail",
    "severity": "block",
    "message": "",
    "fields": [],
}


def test_a_failed_check_names_an_inconsistent_paper_and_is_a_false_alarm_on_another() -> None:
    odd = replace(PAPER, consistent=False)
    named = overall(document(fields=READ, checks=[CHECK]), paper=odd)
    assert (named["inconsistent_named"]["share"], named["false_alarm"]["n"]) == (1.0, 0)
    assert named["straight_through"]["n"] == 0
    sent = overall(document(fields=READ, status="review"), paper=odd)
    assert (sent["inconsistent_named"]["share"], sent["inconsistent_flagged"]["share"]) == (0.0, 1.0)
    alarm = overall(document(fields=READ, checks=[CHECK]))
    assert alarm["false_alarm"]["share"] == 1.0
    assert alarm["false_alarm_rules"] == {"V-3.items_sum_to_total": 1}
    warned = overall(document(fields=READ, checks=[CHECK | {"severity": "warn"}]))
    assert warned["false_alarm"]["share"] == 0.0


def test_figures_are_split_by_what_is_known_of_the_paper() -> None:
    other = replace(PAPER, file="b.jpg", level="clean", way="", type="vat_invoice", subtype="vat_digital")
    fields = {"total_amount": field("248.89", source="text_layer")}
    found = evaluated([PAPER, other], document(fields=READ), document("b.jpg", fields=fields))
    assert list(found.slices["level"]) == ["clean", "scan"]
    assert set(found.slices["source"]) == {"picture", "text_layer"}
    assert found.slices["type"]["vat_invoice"]["type"]["share"] == 0.0
    assert list(found.slices["type_level"]) == ["outpatient_invoice/scan", "vat_invoice/clean"]


def test_refused_inputs_are_counted() -> None:
    refusals = [Refusal("x.pdf", "encrypted"), Refusal("y.pdf", "corrupt"), Refusal("z.jpg", "corrupt")]
    found = evaluated([PAPER], refusals=refusals, refused={"x.pdf": "encrypted", "y.pdf": "empty"})
    assert found.refused["refused"]["k"] == 2
    assert found.refused["right_cause"]["k"] == 1
    assert found.refused["not_refused"] == ["z.jpg"]


def test_what_a_type_requires_is_told_by_its_extractor() -> None:
    assert "check_code" in required_of("outpatient_invoice", "e_bill")
    assert "check_code" not in required_of("outpatient_invoice", "paper")
    assert required_of("blank", None) == required_of(None, None) == ()


def test_the_same_readings_give_the_same_record() -> None:
    documents = [document(fields=READ, lines=LINES)]
    records = [json.dumps(evaluated([PAPER], *documents).record()) for _ in range(2)]
    assert records[0] == records[1]
