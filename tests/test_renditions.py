"""One paper that came twice: which document is read, what the others are good for, what is never merged."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors import field_names, required_fields
from pipeline.acceptance import DISPUTED_CONFIDENCE
from pipeline.claims import Facts, assemble
from pipeline.intake import read_documents, read_page
from pipeline.likeness import Likeness, sketch
from pipeline.model import Box, Candidate, Document, FieldStatus, Finding, Origin, Page
from pipeline.reading.open_file import open_file, source_file
from pipeline.records import ClaimRecord
from pipeline.renditions import WITNESS, SamePapers, Sheet, find_same_papers, settled
from pipeline.settings import settings
from pipeline.wiring import ocr_engine
from tests.builders import TODAY, bill, paper, row, sample_catalogs

BILL = {
    "invoice_code": "11060124",
    "invoice_number": "0127712345",
    "check_code": "fc0971",
    "issue_date": "2025-02-17",
    "total_amount": "203.65",
    "payer_name": "钱样例",
    "payee_name": "济南样例人民医院",
    "business_serial_no": "20250217004312",
}
NUMBERS = "11060124 0127712345 20250217004312 203.65 34.05 12.50"


def read(
    file: str, origin: Origin = "ocr", status: FieldStatus = "accepted", confidence: float = 0.99, **more: Any
) -> Document:
    """The bill as one file of it was read."""
    charged = row("阿莫西林", "203.65")
    assert charged.name is not None
    assert charged.amount is not None
    charged = replace(
        charged, name=replace(charged.name, status=status), amount=replace(charged.amount, status=status)
    )
    document = bill({**BILL, **more}, file=file, items=[charged])
    fields = {
        name: replace(field, origin=origin, status=status, confidence=confidence)
        for name, field in document.fields.items()
    }
    return replace(document, fields=fields, status="accepted" if status == "accepted" else "review")


def pdf(**more: Any) -> Document:
    return read("票.pdf", "text_layer", **more)


def photo(status: FieldStatus = "review", **more: Any) -> Document:
    return read("照片.jpg", "ocr", status, **more)


def of_run(*documents: Document) -> tuple[SamePapers, dict[str, Document]]:
    """What is known of a run of these, and its documents settled, by file name."""
    by_id = {document.id: document for document in documents}
    same = find_same_papers(map(Sheet.of, documents), by_id.__getitem__)
    done = [settled(document, same, by_id.__getitem__, required_fields) for document in documents]
    return same, {document.file.name: document for document in done}


def found(document: Document, rule: str) -> list[Finding]:
    return [finding for finding in document.findings if finding.rule.startswith(rule)]


def looking(document: Document, text: str = NUMBERS) -> Document:
    """The document with a likeness on its page."""
    return replace(document, pages=(replace(document.pages[0], likeness=Likeness(7, sketch([text])).hex),))


def claims_of(*documents: Document) -> list[ClaimRecord]:
    same, done = of_run(*documents)
    by_id = {document.id: document for document in done.values()}
    leads = [document for document in by_id.values() if not document.rendition_of]
    made, _ = assemble(
        map(Facts.of, leads), by_id.__getitem__, field_names, sample_catalogs(), TODAY, same.renditions
    )
    return made


class TestWhichIsRead:
    def test_the_order_of_trust_decides(self) -> None:
        files = [read("c.jpg"), read("b.pdf", "text_layer"), read("a.xml", "xml")]
        _, done = of_run(*files)
        assert done["a.xml"].rendition_of == ""
        assert {done[name].rendition_of for name in ("b.pdf", "c.jpg")} == {done["a.xml"].id}
        assert done["c.jpg"].rendition_reason == "same_code_and_number"

    def test_of_two_pictures_the_one_that_needs_fewer_people(self) -> None:
        _, done = of_run(read("a.jpg", status="review"), read("b.jpg"))
        assert done["a.jpg"].rendition_of == done["b.jpg"].id

    def test_half_a_bill_read_without_doubt_is_not_the_better_one(self) -> None:
        half = replace(read("a.jpg"), items=())
        half = replace(half, fields={name: half.fields[name] for name in list(BILL)[:3]})
        whole = read("b.jpg")
        doubt = replace(whole.fields["check_code"], status="review")
        whole = replace(whole, fields={**whole.fields, "check_code": doubt})
        _, done = of_run(half, whole)
        assert done["a.jpg"].rendition_of == done["b.jpg"].id

    def test_a_rendition_stays_as_it_was_read(self) -> None:
        bad = photo(check_code="fc0911")
        _, done = of_run(pdf(), bad)
        assert replace(done["照片.jpg"], rendition_of="", rendition_reason=None) == bad

    def test_a_paper_that_came_once_is_not_touched(self) -> None:
        one = pdf()
        _, done = of_run(one, paper("diagnosis_certificate", patient_name="钱样例"))
        assert done["票.pdf"] is one

    def test_the_same_bytes_are_one_paper_of_any_type_and_witness_nothing(self) -> None:
        card = paper("id_card", None, {"name": "钱样例"}, file="a.jpg")
        copy = replace(card, file=replace(card.file, name="b.jpg"))
        _, done = of_run(copy, card)
        assert done["b.jpg"].rendition_reason == "same_bytes"
        assert done["a.jpg"].fields == card.fields

    def test_three_pictures_have_one_lead_though_two_of_them_contradict_each_other(self) -> None:
        files = [pdf(), read("b.jpg", status="review", payer_name="钱样列")]
        files.append(read("c.jpg", status="review", payer_name="钱祥例"))
        same, done = of_run(*files)
        assert len(same.renditions[done["票.pdf"].id]) == 2
        assert same.contradicting == {}


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_the_files_changes_nothing(numbers: list[str], rng: random.Random) -> None:
    """And every rendition has a lead that is none, of its own number."""
    documents = [
        read(f"{place}.jpg", invoice_number=f"012771234{number}", confidence=place / 10)
        for place, number in enumerate(numbers)
    ]
    same, done = of_run(*documents)
    shuffled = list(documents)
    rng.shuffle(shuffled)
    assert of_run(*shuffled)[0] == same
    by_id = {document.id: document for document in done.values()}
    leads = [document for document in done.values() if not document.rendition_of]
    assert len(leads) == len(set(numbers))
    for document in done.values():
        lead = by_id[document.rendition_of or document.id]
        assert not lead.rendition_of
        assert lead.text("invoice_number") == document.text("invoice_number")


class TestWitnesses:
    def test_a_doubtful_value_that_the_other_read_surely_goes_through_as_sure_as_that(self) -> None:
        ours = pdf()
        doubt = replace(ours.fields["check_code"], status="review", confidence=0.7)
        ours = replace(ours, fields={**ours.fields, "check_code": doubt}, status="review")
        theirs = photo("accepted", confidence=0.98)
        _, done = of_run(ours, theirs)
        field = done["票.pdf"].fields["check_code"]
        assert (field.status, field.confidence, field.witnesses) == (
            "accepted",
            0.98,
            (f"{WITNESS}:{theirs.id}",),
        )

    def test_two_doubts_that_agree_stay_in_doubt(self) -> None:
        _, done = of_run(read("a.jpg", status="review", confidence=0.7), photo(confidence=0.7))
        field = done["a.jpg"].fields["check_code"]
        assert (field.status, field.confidence, len(field.witnesses)) == ("review", 0.7, 1)

    def test_what_a_rule_disputes_stays_with_a_person(self) -> None:
        ours = pdf(status="review")
        broken = Finding("V-1.x", "fail", "block", "大写与小写不符", ("fields.total_amount",))
        _, done = of_run(replace(ours, findings=(broken,)), photo("accepted"))
        assert done["票.pdf"].fields["total_amount"].status == "review"
        assert done["票.pdf"].fields["payer_name"].status == "accepted"

    def test_a_value_that_only_the_other_proves_is_taken_over_and_says_from_where(self) -> None:
        theirs = photo("accepted", outpatient_no="4345767970")
        _, done = of_run(pdf(), theirs)
        field = done["票.pdf"].fields["outpatient_no"]
        assert (field.value, field.origin, field.page, field.box) == ("4345767970", "ocr", None, None)
        assert field.witnesses == (f"{WITNESS}:{theirs.id}",)

    def test_a_value_that_the_other_doubts_is_not_taken_over(self) -> None:
        _, done = of_run(pdf(), photo(outpatient_no="4345767970"))
        assert "outpatient_no" not in done["票.pdf"].fields

    def test_a_doubtful_reading_that_differs_becomes_a_candidate_and_a_warning(self) -> None:
        _, done = of_run(pdf(), photo(check_code="fc0911", confidence=0.6))
        field = done["票.pdf"].fields["check_code"]
        assert (field.value, field.status) == ("fc0971", "accepted")
        assert field.candidates == (Candidate("fc0911", 0.6),)
        assert [each.severity for each in found(done["票.pdf"], "R-DUP-4") if each.outcome == "fail"] == [
            "warn"
        ]
        assert done["票.pdf"].status == "accepted"

    def test_a_sure_reading_that_differs_sends_the_field_to_a_person(self) -> None:
        _, done = of_run(pdf(), photo("accepted", check_code="fc0911"))
        lead = done["票.pdf"]
        field = lead.fields["check_code"]
        assert (field.value, field.status, field.confidence) == ("fc0971", "review", DISPUTED_CONFIDENCE)
        assert field.candidates == (Candidate("fc0911", 0.99),)
        assert lead.status == "review"

    def test_a_candidate_is_named_once(self) -> None:
        twice = [read(f"{name}.jpg", status="review", check_code="fc0911") for name in "ab"]
        _, done = of_run(pdf(), *twice)
        assert len(done["票.pdf"].fields["check_code"].candidates) == 1


class TestNeverMerged:
    def test_one_number_with_other_money_blocks_both_and_names_both(self) -> None:
        same, done = of_run(pdf(), read("改.jpg", total_amount="803.65"))
        assert same.leads == {}
        for name, other in (("票.pdf", "改.jpg"), ("改.jpg", "票.pdf")):
            (finding,) = found(done[name], "R-DUP-1")
            assert (finding.outcome, finding.severity) == ("fail", "block")
            assert other in finding.message
            assert done[name].fields["total_amount"].status == "review"
            assert done[name].status == "review"

    def test_one_number_of_two_people_blocks_both_claims(self) -> None:
        two = claims_of(pdf(), read("他人.jpg", payer_name="孙范本"))
        assert len(two) == 2
        for claim in two:
            assert claim["status"] != "accepted"
            failed = [check["rule"] for check in claim["checks"] if check["outcome"] == "fail"]
            assert [rule for rule in failed if rule.startswith("R-DUP")] == ["R-DUP-1.bill_says_one_thing"]

    def test_pages_that_look_alike_are_named_and_stay_two_documents(self) -> None:
        lists = [looking(paper("itemized_bill", None, file=name)) for name in ("清单.pdf", "清单.jpg")]
        same, done = of_run(*lists)
        assert same.leads == {}
        (finding,) = found(done["清单.pdf"], "R-DUP-3")
        assert (finding.severity, finding.outcome) == ("warn", "fail")
        assert "清单.jpg" in finding.message

    def test_renditions_are_not_told_to_look_alike_too(self) -> None:
        same, _ = of_run(looking(pdf()), looking(photo()))
        assert same.alike == {}

    def test_papers_side_by_side_on_one_page_do_not_look_alike(self) -> None:
        """Each would have the likeness of the whole page."""
        left = replace(looking(paper("other")), region=Box(0, 0, 500, 1400))
        right = replace(left, region=Box(500, 0, 1000, 1400))
        assert of_run(left, right)[0].alike == {}


class TestTheClaim:
    def test_a_paper_counts_once_and_its_renditions_are_named(self) -> None:
        (claim,) = claims_of(pdf(), photo())
        assert claim["invoices"] == [pdf().id]
        assert claim["renditions"] == [photo().id]
        assert claim["totals"]["total_amount"] == "203.65"
        assert len(claim["line_items"]) == 1

    def test_a_rendition_with_a_misread_name_makes_no_claim_of_its_own(self) -> None:
        assert len(claims_of(pdf(), photo(payer_name="钱祥例"))) == 1

    def test_a_doubtful_rendition_does_not_send_the_claim_to_a_person(self) -> None:
        certificate = paper("diagnosis_certificate", None, file="诊断.jpg", patient_name="钱样例")
        alone, both = (claims_of(pdf(), *more, certificate) for more in ([], [photo()]))
        assert alone[0]["status"] == both[0]["status"]
        assert alone[0]["idempotency_key"] == both[0]["idempotency_key"]

    def test_an_ebill_and_its_paper_bill_are_one_sum_that_a_person_sees(self) -> None:
        exchanged = read("纸质.jpg", invoice_code="110601", invoice_number="0006412345")
        (claim,) = claims_of(pdf(), replace(exchanged, subtype="paper"))
        assert claim["totals"]["total_amount"] == "203.65"
        assert (claim["invoices"], claim["renditions"]) == ([pdf().id], [exchanged.id])
        (check,) = [each for each in claim["checks"] if each["rule"].startswith("R-DUP-2")]
        assert (check["outcome"], check["severity"]) == ("fail", "block")
        assert claim["status"] != "accepted"


@pytest.mark.slow
def test_a_drawn_bill_and_its_photo_are_one_paper(tmp_path: Path) -> None:
    """From the bytes on, the photo through the real engine."""
    pytest.importorskip("reportlab", reason="drawing needs the extra `draw`")
    pytest.importorskip("qrcode", reason="drawing needs the extra `draw`")
    from fixtures.draw import containers, ebill_regions, levels
    from fixtures.draw.paper import FONT_FILES, to_pdf

    if not all(Path(file).exists() for file in FONT_FILES.values()):
        pytest.skip("drawing needs its fonts")
    rng = random.Random(4)
    drawn = ebill_regions.MAKERS["outpatient_henan"](rng)
    ending, taken = containers.single(levels.photos(drawn.pages[:1], rng), rng)
    files = {"票.pdf": to_pdf(drawn.pages[:1]), f"照片.{ending}": taken}
    engine = ocr_engine(settings(), 1)
    documents: list[Document] = []
    for name, content in files.items():
        path = tmp_path / name
        path.write_bytes(content)
        pages = [page for page in open_file(source_file(name, path), path).pages if isinstance(page, Page)]
        pages = [replace(read_page(page, engine), image=None) for page in pages]
        documents += read_documents(pages, sample_catalogs(), date(2026, 11, 21))
    _expect_one_paper(documents)


def _expect_one_paper(documents: Sequence[Document]) -> None:
    lead, other = documents
    same, done = of_run(*documents)
    assert same.leads == {other.id: (lead.id, "same_code_and_number")}
    seen = [Sheet.of(document).pages[0] for document in documents]
    by_id = {document.id: document for document in documents}
    by_picture = find_same_papers(
        [Sheet(each.id, (), (page,)) for each, page in zip(documents, seen, strict=True)], by_id.__getitem__
    )
    assert by_picture.alike == {lead.id: (other.id,), other.id: (lead.id,)}
    total = done["票.pdf"].fields["total_amount"]
    assert f"{WITNESS}:{other.id}" in total.witnesses
    (claim,) = claims_of(*documents)
    assert claim["renditions"] == [other.id]
    assert len(claim["line_items"]) == len(lead.items)
