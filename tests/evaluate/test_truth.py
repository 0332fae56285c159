"""Truth reads in each of its shapes, and what is not known is not judged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.evaluate.truth import Refusal, TruthPaper, Unusable, read_truth, truth_of
from tests.evaluate.papers import write_lines


def paper_of(row: Mapping[str, object]) -> TruthPaper:
    paper = truth_of(row)
    assert isinstance(paper, TruthPaper)
    return paper


def test_a_value_is_known_known_to_be_missing_or_not_known() -> None:
    fields = {
        "total_amount": {"value": "5.00"},
        "check_code": {"value": None, "status": "missing"},
        "payer_name": {"value": None, "status": "review"},
    }
    row = {"source": {"file": "a.jpg", "pages": [2]}, "document_type": "outpatient_invoice", "fields": fields}
    assert paper_of(row).fields == {"total_amount": "5.00", "check_code": None}


def test_what_is_known_of_the_making_comes_from_drawn() -> None:
    drawn = {"level": "photo", "layout": "北京", "container": "batch", "consistent": False, "source": "ofd"}
    row = {"source": {"file": "a.ofd"}, "document_type": "vat_invoice", "fields": {}, "drawn": drawn}
    paper = paper_of(row)
    assert (paper.level, paper.layout, paper.container, paper.way) == ("photo", "北京", "batch", "ofd")
    assert not paper.consistent


def test_a_plain_null_is_not_known() -> None:
    row = {
        "file": "a.jpg",
        "document_type": "vat_invoice",
        "fields": {"check_code": None, "total_amount": "1.00"},
    }
    assert paper_of(row).fields == {"total_amount": "1.00"}


def test_the_names_of_collectors_become_those_of_the_contract() -> None:
    row = {
        "file": "a.png",
        "document_type": "settlement_sheet",
        "fields": {
            "hospital": "甲医院",
            "hospital_days": "3",
            "diagnoses": ["膝关节病", "肩关节痛"],
            "title": "结算单",
        },
        "extra": {"fund_pay": "10.00", "subtype": "local"},
    }
    assert paper_of(row).fields == {
        "fund_payment": "10.00",
        "hospital_name": "甲医院",
        "inpatient_days": "3",
        "diagnoses": "膝关节病;肩关节痛",
    }


def test_category_rows_above_detail_rows_are_totals() -> None:
    lines = [
        {"name": "治疗费", "amount": "2.00", "level": "category", "quantity": None},
        {"name": "针刺", "amount": "2.00", "level": "detail", "quantity": "1"},
    ]
    paper = paper_of(
        {"file": "a.jpg", "document_type": "outpatient_invoice", "fields": {}, "line_items": lines}
    )
    assert paper.lines == ({"name": "针刺", "quantity": "1", "amount": "2.00"},)
    assert paper.category_totals == ({"name": "治疗费", "amount": "2.00"},)


def test_rows_that_are_not_named_are_not_known() -> None:
    assert paper_of({"file": "a.jpg", "document_type": "other", "fields": {}}).lines is None


def test_a_row_with_an_error_must_be_refused() -> None:
    assert truth_of({"source": {"file": "a.pdf"}, "error": "encrypted"}) == Refusal("a.pdf", "encrypted")
    assert truth_of({"file": "b.pdf", "error": "corrupt"}) == Refusal("b.pdf", "corrupt")


def test_what_a_paper_came_in_is_seen_where_it_is_not_told(tmp_path: Path) -> None:
    common = {"document_type": "other", "fields": {}}
    rows = [
        {"file": "a.pdf", "pages": [1], **common},
        {"file": "a.pdf", "pages": [2], **common},
        {"file": "b.zip!c.jpg", **common},
        {"source": {"file": "d.jpg", "pages": [1], "region": [0, 0, 0.5, 1]}, **common},
        {"file": "e.jpg", **common},
    ]
    truth = read_truth(write_lines(tmp_path / "truth.jsonl", rows).parent)
    assert [paper.container for paper in truth.papers] == [
        "batch",
        "batch",
        "zip",
        "several_on_page",
        "single",
    ]
    assert truth.folder == tmp_path


@pytest.mark.parametrize(
    "line", ["{", "[]", "{}", '{"file": 1, "error": "x"}', '{"file": "a"}', json.dumps({"source": {}})]
)
def test_a_row_that_makes_no_sense_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "truth.jsonl").write_text("\n" + line + "\n", encoding="utf-8")
    with pytest.raises(Unusable, match=r"truth\.jsonl:2"):
        read_truth(tmp_path)


def test_no_truth_and_an_empty_truth_say_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="no truth found"):
        read_truth(tmp_path)
    (tmp_path / "truth.jsonl").touch()
    with pytest.raises(Unusable, match="is empty"):
        read_truth(tmp_path)
