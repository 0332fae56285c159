"""`baoxiao check` and the door through which published rows come back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from extractors import field_names
from pipeline.claims import Facts, assemble
from pipeline.field_kinds import MONEY_FIELDS
from pipeline.model import CatalogMatch, Document
from pipeline.published_rows import Restored
from pipeline.records import document_record
from pipeline.rulebook.check import app, checked
from pipeline.rulebook.restored import RestoredDocument, read_claims, read_documents
from tests.builders import TODAY, bill, case, paper, row, sample_catalogs
from validators import check_claim, check_document

RUN = CliRunner()
BILL = bill(
    invoice_code="11060126",
    invoice_number="0127712345",
    check_code="fc0971",
    issue_date="2026-02-17",
    visit_date="2026-02-17",
    total_amount="34.05",
    total_in_words="叁拾肆元零伍分",
    payer_name="张三",
    payee_name="北京样例医院",
    items=[row("西药费", "34.05", quantity="1", unit_price="34.05")],
    file="张/bill.jpg",
)
LIST = paper(
    "itemized_bill",
    None,
    {"patient_name": "张三", "total_amount": "34.05", "period_start": "2026-02-17"},
    items=[row("阿莫西林胶囊", "34.05", category="西药费")],
    file="张/list.jpg",
)
WRONG_LIST = paper(
    "itemized_bill", None, {"patient_name": "张三", "total_amount": "35.05"}, file="张/list.jpg"
)


def put(folder: Path, *documents: Document) -> Path:
    """What a run writes of these papers; gives the claims."""
    claims, _ = assemble(
        map(Facts.of, documents),
        {document.id: document for document in documents}.__getitem__,
        field_names,
        sample_catalogs(),
        TODAY,
    )
    rows = [document_record(document, field_names(document.type)) for document in documents]
    for name, lines in (("documents", rows), ("claims", claims)):
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, "utf-8")
    return folder / "claims.jsonl"


def run(claims: Path, *more: str) -> Result:
    return RUN.invoke(app, [str(claims), "--today", TODAY.isoformat(), *more])


def restored(folder: Path, *documents: Document) -> tuple[RestoredDocument, ...]:
    put(folder, *documents)
    found = read_documents(folder / "documents.jsonl")
    assert found.wrong == ()
    return found.rows


class TestTheDoor:
    def test_rules_say_of_restored_papers_what_they_said_of_the_papers(self, tmp_path: Path) -> None:
        back = restored(tmp_path, BILL, WRONG_LIST)
        for document, again in zip((BILL, WRONG_LIST), back, strict=True):
            assert check_document(again, TODAY) == check_document(document, TODAY)
        assert check_claim(case(*back)) == check_claim(case(BILL, WRONG_LIST))

    @given(
        st.dictionaries(
            st.sampled_from(sorted(MONEY_FIELDS)),
            st.decimals(-(10**8), 10**8, places=2, allow_nan=False),
            max_size=4,
        ),
        st.dictionaries(
            st.sampled_from(["issue_date", "visit_date", "period_end"]),
            st.dates(date(2000, 1, 1)),
            max_size=3,
        ),
    )
    def test_values_come_back_as_they_were(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        money: Mapping[str, object],
        dates: Mapping[str, object],
    ) -> None:
        document = bill({**money, **dates, "payer_name": "张三"})  # type: ignore[dict-item]
        (again,) = restored(tmp_path_factory.mktemp("door"), document)
        assert {name: field.value for name, field in again.fields.items()} == {
            name: field.value for name, field in document.fields.items()
        }

    @pytest.mark.parametrize(
        ("change", "key"),
        [
            ({"document_id": None}, "document_id"),
            ({"fields": {"issue_date": {"value": "17.2.2026"}}}, "fields.issue_date.value"),
            ({"fields": {"total_amount": {"value": "1,000.00"}}}, "fields.total_amount.value"),
            ({"fields": {"payer_name": {}}}, "fields.payer_name.value"),
            ({"line_items": [{"amount": {"value": "x"}}]}, "line_items.0.amount.value"),
        ],
    )
    def test_a_wrong_row_is_named_by_line_and_key_and_the_others_are_taken(
        self, tmp_path: Path, change: dict[str, object], key: str
    ) -> None:
        put(tmp_path, BILL)
        file = tmp_path / "documents.jsonl"
        good = json.loads(file.read_text("utf-8"))
        file.write_text(f"{json.dumps(good)}\n\n{json.dumps({**good, **change})}\n", "utf-8")
        found = read_documents(file)
        assert len(found.rows) == 1
        (wrong,) = found.wrong
        assert "documents.jsonl 第 3 行" in wrong
        assert key in wrong

    @pytest.mark.parametrize(("encoding", "name"), [("gbk", "GBK"), ("utf-16", "UTF-16")])
    @pytest.mark.parametrize("file", ["claims.jsonl", "documents.jsonl"])
    def test_a_file_in_another_encoding_is_one_line_that_says_how_to_mend_it(
        self, tmp_path: Path, file: str, encoding: str, name: str
    ) -> None:
        claims = put(tmp_path, BILL, LIST)
        published = tmp_path / file
        published.write_text(published.read_text("utf-8"), encoding)
        answer = run(claims)
        assert answer.exit_code == 2
        said = "".join(answer.stderr.split())
        assert f"{file}:" in said
        assert name in said
        assert "请用文本编辑器另存为UTF-8后再运行" in said
        assert "JSON" not in said.replace(file.upper(), "")

    def test_the_mark_that_windows_editors_put_first_harms_nothing(self, tmp_path: Path) -> None:
        put(tmp_path, BILL)
        file = tmp_path / "documents.jsonl"
        file.write_text(file.read_text("utf-8"), "utf-8-sig")
        assert (len(read_documents(file).rows), read_documents(file).wrong) == (1, ())

    def test_the_list_that_a_row_was_found_in_comes_back(self, tmp_path: Path) -> None:
        match = CatalogMatch("matched", kind="drug", code="D1", name="阿莫西林")
        item = replace(row("阿莫西林胶囊", "34.05"), catalog=match)
        (again,) = restored(tmp_path, replace(LIST, items=(item,)))
        assert again.items[0].catalog == match

    @pytest.mark.parametrize(("name", "read"), [("documents", read_documents), ("claims", read_claims)])
    def test_a_row_that_stands_there_twice_is_taken_once_and_named(
        self, tmp_path: Path, name: str, read: Callable[[Path], Restored[object]]
    ) -> None:
        put(tmp_path, BILL)
        file = tmp_path / f"{name}.jsonl"
        file.write_text(file.read_text("utf-8") * 2, "utf-8")
        found = read(file)
        assert len(found.rows) == 1
        assert "第 2 行" in found.wrong[0]

    def test_what_is_wrong_is_told_in_chinese_first(self, tmp_path: Path) -> None:
        file = tmp_path / "claims.jsonl"
        file.write_text('{"invoices": []}\n{', "utf-8")
        missing, broken = read_claims(file).wrong
        assert "claim_id: 缺少此项" in missing
        assert "不是有效的 JSON" in broken

    def test_the_least_that_a_row_must_say_is_enough(self, tmp_path: Path) -> None:
        file = tmp_path / "documents.jsonl"
        file.write_text('{"document_id": "d", "document_type": "other", "fields": {}}\n', "utf-8")
        (document,) = read_documents(file).rows
        assert (document.id, document.type, document.fields) == ("d", "other", {})

    def test_a_claim_brings_its_application_and_one_that_is_wrong_is_named(self, tmp_path: Path) -> None:
        file = tmp_path / "claims.jsonl"
        rows = [
            {"claim_id": "C-1", "invoices": [], "application": {"kind": kind}}
            for kind in ("x", "reimbursement")
        ]
        file.write_text("\n".join(map(json.dumps, rows)), "utf-8")
        found = read_claims(file)
        assert [claim.application is not None for claim in found.rows] == [True]
        assert "kind" in found.wrong[0]


class TestTheCommand:
    def test_failures_are_shown_and_tell_in_the_exit_status(self, tmp_path: Path) -> None:
        result = run(put(tmp_path, BILL, WRONG_LIST))
        assert result.exit_code == 1
        assert "V-12 [block]" in result.stdout

    def test_all_findings_are_written_as_lines(self, tmp_path: Path) -> None:
        claims, findings = put(tmp_path, BILL, LIST), tmp_path / "findings.jsonl"
        run(claims, "--out", str(findings))
        rows = [json.loads(line) for line in findings.read_text("utf-8").splitlines()]
        assert {row["outcome"] for row in rows} >= {"pass", "fail"}
        assert {row["document_id"] for row in rows} == {None, BILL.id, LIST.id}
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "claims.jsonl",
            "documents.jsonl",
            "findings.jsonl",
        ]

    def test_nothing_failed_is_exit_0(self, tmp_path: Path) -> None:
        claims = put(tmp_path, BILL, LIST)
        (tmp_path / "claims.jsonl").write_text("", "utf-8")
        assert run(claims).exit_code == 0

    def test_a_claim_whose_paper_is_not_there_is_named(self, tmp_path: Path) -> None:
        claims = put(tmp_path, BILL)
        (tmp_path / "documents.jsonl").write_text("", "utf-8")
        result = run(claims)
        assert result.exit_code == 1
        assert BILL.id in result.output

    @pytest.mark.parametrize("more", [("--place", "atlantis"), ("--today", "soon"), ("--documents", "none")])
    def test_what_cannot_be_meant_is_a_usage_error(self, tmp_path: Path, more: tuple[str, ...]) -> None:
        assert RUN.invoke(app, [str(put(tmp_path, BILL)), *more]).exit_code == 2

    @pytest.mark.parametrize("option", ["--out", "--bills"])
    def test_what_cannot_be_written_is_said_after_what_was_found(self, tmp_path: Path, option: str) -> None:
        result = run(put(tmp_path, BILL, WRONG_LIST), option, str(tmp_path / "none" / "x.jsonl"))
        assert result.exit_code == 2
        assert "V-12 [block]" in result.stdout
        assert "无法写入" in result.output

    def test_earlier_bills_and_answers_of_the_platform_are_heard(self, tmp_path: Path) -> None:
        claims = put(tmp_path, BILL, LIST)
        earlier, answers = tmp_path / "earlier.jsonl", tmp_path / "answers.jsonl"
        bill_row = {"claim_id": "C-0", "invoice_code": "11060126", "invoice_number": "0127712345"}
        earlier.write_text(json.dumps(bill_row) + "\n", "utf-8")
        answers.write_text('{"invoice_number": "0127712345", "state": "reversed"}\n', "utf-8")
        result = run(claims, "--earlier", str(earlier), "--verifications", str(answers))
        assert "已在申报 C-0 中出现" in result.stdout
        assert "已冲红" in result.stdout


def test_the_bills_of_checked_claims_are_the_earlier_ones_of_the_next(tmp_path: Path) -> None:
    claims, bills = put(tmp_path, BILL, LIST), tmp_path / "bills.jsonl"
    run(claims, "--bills", str(bills))
    (kept,) = map(json.loads, bills.read_text("utf-8").splitlines())
    assert kept["invoice_number"] == "0127712345"
    assert "已在申报" not in run(claims, "--earlier", str(bills)).stdout  # a claim does not meet itself
    again = claims.read_text("utf-8").replace(kept["claim_id"], "C-again")
    claims.write_text(again, "utf-8")
    assert f"已在申报 {kept['claim_id']} 中出现" in run(claims, "--earlier", str(bills)).stdout


def test_every_paper_and_the_claim_are_looked_at(tmp_path: Path) -> None:
    claims = read_claims(put(tmp_path, BILL, LIST)).rows
    documents = {document.id: document for document in read_documents(tmp_path / "documents.jsonl").rows}
    rows = list(checked(claims, documents, sample_catalogs(), TODAY, case().office))
    assert {row["document_id"] for row in rows} == {None, BILL.id, LIST.id}
