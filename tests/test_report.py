"""The report: safe with whatever stood on a paper, whole in itself, honest about what it leaves out."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from html.parser import HTMLParser
from typing import get_args

import pytest

from extractors import EXTRACTORS
from pipeline.errors import UNREADABLE_CODES
from pipeline.model import (
    Box,
    CatalogMatch,
    Document,
    DocumentStatus,
    Field,
    FieldStatus,
    Finding,
    LineItem,
    MatchStatus,
    Origin,
    PageSize,
    ReimbursementClass,
    Seal,
    SourceFile,
)
from pipeline.records import (
    ClaimRecord,
    ClaimStatus,
    DocumentRecord,
    DocumentType,
    ErrorRecord,
    VisitKind,
    coded_line,
    document_record,
)
from pipeline.report import HERE, ReportLimits, RunInfo, Thumbnail, no_thumbnail, render_report
from pipeline.report.messages import MESSAGES
from pipeline.report.summary import Tally
from pipeline.report.views import document_view, pages_to_show

JPEG = b"\xff\xd8\xff\xe0 a picture"
EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}"
VOID = {"meta", "img", "input", "br", "link"}


def text_field(value: str, status: FieldStatus = "accepted", page: int = 1) -> Field[str]:
    return Field(value, value, 0.71, page, Box(10, 20, 30, 25), "ocr", witnesses=("qr",), status=status)


DOCUMENT = Document(
    type="outpatient_invoice",
    subtype=None,
    type_confidence=0.99,
    file=SourceFile("票.jpg", "ab" * 32),
    pages=(PageSize(1, 100, 100),),
    fields={"check_code": text_field("fc0971", "review"), "invoice_code": text_field("11060124")},
    items=(
        LineItem(
            1,
            name=text_field("阿莫西林"),
            catalog=CatalogMatch("matched", "drug", "X1", "阿莫西林", "甲", 0.9),
        ),
    ),
    findings=(Finding("amounts.sum", "fail", "block", "合计与明细不符", ("fields.invoice_code",)),),
)


def record(document: Document = DOCUMENT) -> DocumentRecord:
    return document_record(document, ("invoice_code", "check_code", "payer_name"))


def numbered(number: int, status: DocumentStatus = "review") -> DocumentRecord:
    return record(replace(DOCUMENT, file=SourceFile(f"票{number:04}.jpg", f"{number:064x}"), status=status))


def claim(name: str = "王小明") -> ClaimRecord:
    return {
        "schema_version": "1",
        "claim_id": "c1",
        "idempotency_key": "k1",
        "insured": {
            "name": name,
            "id_number": "110104199001013078",
            "insurance_no": name,
            "insurance_type": name,
        },
        "case_type": name,
        "hospital": {"name": name, "grade": name, "code": name},
        "visit": {"kind": "outpatient", "from": "2025-02-17", "to": "2025-02-19"},
        "invoices": [record()["document_id"]],
        "itemized_bills": [],
        "certificates": [],
        "other_documents": [],
        "renditions": [],
        "line_items": [coded_line("d", line) for line in record()["line_items"]],
        "diagnoses": [{"name": name, "icd10_code": name, "score": 0.9}],
        "totals": {"total_amount": "12345.60", name: "1.00"},
        "checks": record()["checks"],
        "missing_materials": [name, "diagnosis_certificate"],
        "status": "incomplete",
    }


def report(
    documents: Iterable[DocumentRecord] = (),
    claims: Iterable[ClaimRecord] = (),
    errors: Iterable[ErrorRecord] = (),
    *,
    thumbnail: Thumbnail = no_thumbnail,
    about: RunInfo = RunInfo(),  # noqa: B008
    limits: ReportLimits = ReportLimits(),  # noqa: B008
) -> str:
    documents, claims, errors = [*documents], [*claims], [*errors]
    tally = Tally()
    for document in documents:
        tally.see_document(document)
    for row in claims:
        tally.see_claim(row)
    for error in errors:
        tally.see_error(error)
    summary = tally.summary(about)
    return "".join(
        render_report(summary, documents, claims, errors, thumbnail=thumbnail, about=about, limits=limits)
    )


class Outline(HTMLParser):
    """The tags and attributes of a page; fails where a tag is closed that is not open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"an attribute stands twice: {tag} {attrs}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def all(self, tag: str, css_class: str = "") -> list[dict[str, str | None]]:
        return [
            attrs
            for name, attrs in self.tags
            if name == tag and (not css_class or css_class in (attrs.get("class") or "").split())
        ]


@pytest.fixture(scope="module")
def full() -> str:
    errors: list[ErrorRecord] = [{"file": "坏.pdf", "page": 3, "code": "corrupt", "message": "第 3 页损坏"}]
    documents = [record(), numbered(1, "accepted"), numbered(2, "rejected")]
    return report(documents, [claim()], errors, thumbnail=lambda _document, _page: JPEG)


def test_the_page_is_well_formed(full: str) -> None:
    assert full.startswith("<!doctype html>")
    assert Outline(full).all("details")
    assert Outline(report()).all("main")


def test_nothing_is_asked_of_another_place(full: str) -> None:
    for _, attributes in Outline(full).tags:
        for name in ("src", "href", "action", "srcset", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/"))
    assert "http" not in full.replace("http-equiv", "")
    assert "@import" not in full
    assert "url(" not in full


def test_no_text_of_a_paper_becomes_markup() -> None:
    evil = replace(
        DOCUMENT,
        subtype=EVIL,
        title=EVIL,
        file=SourceFile(EVIL, EVIL),
        fields={"check_code": text_field(EVIL, "review"), EVIL: text_field(EVIL, "review")},
        items=(
            LineItem(
                1,
                name=text_field(EVIL, "review"),
                catalog=CatalogMatch("ambiguous", "drug", EVIL, EVIL, "甲", 0.5, why=EVIL),
            ),
        ),
        findings=(
            Finding(EVIL, "fail", "block", EVIL, (EVIL,)),
            Finding(EVIL, "unknown", "block", EVIL, (EVIL,)),
        ),
        extras={EVIL: EVIL},
    )
    errors: list[ErrorRecord] = [{"file": EVIL, "page": None, "code": EVIL, "message": EVIL}]
    documents = [record(evil), record(replace(evil, status="accepted"))]
    about = RunInfo(title=EVIL, finished_at=EVIL, version=EVIL)
    page = report(documents, [claim(EVIL)], errors, about=about, thumbnail=lambda _d, _p: JPEG)
    plain = Outline(report([record(), numbered(1, "accepted")], [claim()], errors))
    outline = Outline(page)
    assert len(outline.all("script")) == len(plain.all("script")) == 2
    assert all((image["src"] or "").startswith("data:image/jpeg;base64,") for image in outline.all("img"))
    assert not [name for _, attributes in outline.tags for name in attributes if name.startswith("on")]
    assert "49" not in re.sub(r"<(style|script).*?</\1>", "", page, flags=re.S)


def test_only_our_own_script_may_run(full: str) -> None:
    policy = next(tag["content"] for tag in Outline(full).all("meta") if "http-equiv" in tag)
    script = re.findall(r"<script>(.*?)</script>", full, flags=re.S)
    assert len(script) == 1
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert policy is not None
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_a_doubtful_field_is_drawn_where_it_stands(full: str) -> None:
    marks = {mark["data-path"]: mark for mark in Outline(full).all("button", "mark")}
    assert marks["check_code"]["style"] == "left:10.00%;top:20.00%;width:20.00%;height:5.00%"
    assert "doubt" in (marks["check_code"]["class"] or "")
    assert "fail" in (marks["invoice_code"]["class"] or "")


def test_colour_never_stands_alone(full: str) -> None:
    for tone in ("fine", "doubt", "fail"):
        for found in re.findall(rf'<span class="status {tone}">(.*?)</span></span>', full, flags=re.S):
            assert re.search(r'class="sign"[^>]*>[✓?✕…–]</i><span data-t="[\w.]+">\w+', found)
    assert 'content: "?"' in full
    assert 'content: "✕"' in full


def test_failing_checks_are_told_with_their_message(full: str) -> None:
    assert "合计与明细不符" in full
    assert "amounts.sum" in full


def test_an_unreadable_file_is_named_with_cause_and_way_out(full: str) -> None:
    assert "坏.pdf" in full
    assert "第 3 页损坏" in full
    assert MESSAGES["help.corrupt"][0] in full


def test_a_claim_shows_its_total_and_hides_the_middle_of_the_number(full: str) -> None:
    assert "¥12,345.60" in full
    assert "110104********3078" in full
    assert "110104199001013078" not in full


def test_details_wait_in_templates(full: str) -> None:
    outside = re.sub(r"<template>.*?</template>", "", full, flags=re.S)
    assert "<img" not in outside
    assert 'class="fields"' not in outside


def test_a_seal_that_was_found_is_named_and_not_called_missing() -> None:
    found = Seal("诊断专用章", "样例医院诊断专用章", "red", "round", Box(50, 50, 80, 80), 0.99, 1)
    unread = replace(found, name=None)
    without = document_record(DOCUMENT, ("seal", "payer_name"))
    sealed = document_record(replace(DOCUMENT, seals=(found, unread)), ("seal", "payer_name"))
    assert [cell.name for cell in document_view(without, {}, 5).missing] == ["seal", "payer_name"]
    assert [cell.name for cell in document_view(sealed, {}, 5).missing] == ["payer_name"]
    page = report([sealed])
    assert "诊断专用章 · " in page
    assert 'data-t="seal_unread"' in page


def test_what_is_beyond_the_limits_is_counted() -> None:
    documents = [numbered(number) for number in range(5)] + [
        numbered(number, "accepted") for number in range(10, 14)
    ]
    errors: list[ErrorRecord] = [
        {"file": f"{n}.pdf", "page": None, "code": "empty", "message": ""} for n in "abc"
    ]
    limits = ReportLimits(review_documents=2, accepted_documents=1, claims=0, errors=1, lines=0)
    page = report(documents, [claim()], errors, limits=limits)
    assert len(re.findall(r'id="doc-', page)) == 2
    assert "另有 3 份待复核单据未在此列出" in page
    assert "另有 3 份已通过单据未在此列出" in page
    assert "另有 1 个案卷未在此列出" in page
    assert "另有 2 条未在此列出" in page
    assert "另有 1 行未显示" in page


def test_only_documents_to_review_are_asked_for_pictures() -> None:
    asked: list[tuple[str, int]] = []

    def thumbnail(document: DocumentRecord, page: int) -> bytes | None:
        asked.append((document["source"]["file"], page))
        return JPEG

    limits = ReportLimits(review_documents=1)
    report([numbered(1, "accepted"), numbered(2), numbered(3)], thumbnail=thumbnail, limits=limits)
    assert asked == [("票0002.jpg", 1)]


def test_nobody_is_asked_to_look_at_a_further_picture_of_a_paper() -> None:
    further = record(replace(DOCUMENT, status="review", rendition_of="x-1", file=SourceFile("照片.jpg", "")))
    witness = replace(text_field("fc0971", "review"), witnesses=("rendition:x-1",))
    doubt = record(replace(DOCUMENT, status="review", fields={"check_code": witness}))
    page = report([doubt, further])
    assert page.count('class="card"') - report([doubt]).count('class="card"') == 1  # the list of the settled
    assert "照片.jpg" in page
    assert "同一单据的另一影像" in page
    assert MESSAGES["source.rendition"][0] in page


def test_pictures_beyond_the_room_are_left_out_and_counted() -> None:
    limits = ReportLimits(picture_bytes=len(JPEG))
    page = report([numbered(1), numbered(2)], thumbnail=lambda _d, _p: JPEG, limits=limits)
    assert len(Outline(page).all("img")) == 1
    assert "有 1 页未附图片" in page


def test_pages_with_a_doubtful_field_are_shown_before_others() -> None:
    pages = tuple(PageSize(number, 100, 100) for number in range(1, 10))
    fields = {"check_code": text_field("x", "review", page=7), "invoice_code": text_field("y", page=4)}
    long = record(replace(DOCUMENT, pages=pages, fields=fields))
    assert pages_to_show(long, 3) == [1, 2, 7]
    assert "另有 7 页未显示" in report([long], limits=ReportLimits(pages=2))


def test_a_run_without_trouble_says_so() -> None:
    page = report([numbered(1, "accepted")])
    assert "1 份单据全部通过，无需人工" in page
    assert MESSAGES["nothing_to_review"][0] in page


def test_a_document_without_fields_or_pages_is_shown() -> None:
    empty = Document("other", None, 0.4, SourceFile("x", "cd" * 32), ())
    assert "单据类型把握 40%" in report([record(empty)])


def test_the_same_rows_give_the_same_page() -> None:
    assert report([record()], [claim()]) == report([record()], [claim()])


def test_every_string_stands_in_both_languages() -> None:
    for key, (chinese, english) in MESSAGES.items():
        assert chinese, key
        assert english, key
        assert re.findall(r"{\w+}", chinese) or not re.findall(r"{\w+}", english), key
        assert sorted(re.findall(r"{\w+}", chinese)) == sorted(re.findall(r"{\w+}", english)), key


def test_every_value_of_the_contract_has_a_string() -> None:
    wanted = {
        "type": get_args(DocumentType),
        "status": {*get_args(FieldStatus), *get_args(DocumentStatus), *get_args(ClaimStatus)},
        "source": get_args(Origin),
        "case": get_args(VisitKind),
        "catalog": get_args(MatchStatus),
        "class": get_args(ReimbursementClass),
        "code": UNREADABLE_CODES,
        "help": UNREADABLE_CODES,
    }
    names = {f"{kind}.{value}" for kind, values in wanted.items() for value in values}
    assert names - MESSAGES.keys() == set()


def test_every_field_of_every_document_type_has_a_label() -> None:
    names = {f"field.{name}" for extractor in EXTRACTORS.values() for name in extractor.field_names}
    assert names - MESSAGES.keys() == set()


def test_no_string_is_written_beside_the_table() -> None:
    for name in ("report.html.j2", "parts.html.j2", "report.js"):
        source = re.sub(r"{%.*?%}|{#.*?#}|{{.*?}}", "", (HERE / name).read_text(encoding="utf-8"), flags=re.S)
        assert not re.findall(r"[\u4e00-\u9fff]", source), name


def test_the_language_switch_knows_every_string_of_the_page(full: str) -> None:
    found = re.search(r'<script type="application/json" id="messages">(.*?)</script>', full, flags=re.S)
    assert found
    messages = json.loads(found[1])
    for _, attributes in Outline(full).tags:
        assert attributes.get("data-t", "title") in messages
        for pair in (attributes.get("data-ta") or "title:title").split():
            assert pair.partition(":")[2] in messages
        values = json.loads(attributes.get("data-a") or "{}")
        wanted = re.findall(r"{(\w+)}", messages[attributes.get("data-t", "title")][1])
        assert "data-a" not in attributes or set(wanted) <= values.keys()
