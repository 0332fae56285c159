"""What the review screen is told of a claim: doubts in order, witnesses, sums, pages, steps."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pipeline.model import Alternative, CatalogMatch, Reading
from pipeline.review.balances import balances_of
from pipeline.review.leases import hold
from pipeline.review.papers import Shown, paper_record
from pipeline.review.records import ReviewRecord
from pipeline.review.todo import Doubts, Failed
from pipeline.review.view import Looker, review_record
from pipeline.review.witnesses import witnesses_of
from pipeline.store.accounts import Language
from pipeline.store.database import Database
from pipeline.store.pages import page_of_paper, turn_page
from tests.builders import bill, field, paper, row
from tests.cases import NOW, REVIEWER
from tests.store.stored import put_claim
from tests.web.review.claims import MadeClaim, doubtful_claim

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def told(database: Database, made: MadeClaim, language: Language = "zh") -> ReviewRecord:
    with database.write() as connection:
        hold(connection, made.claim_id, REVIEWER, NOW)
        return review_record(connection, made.claim_id, Looker(REVIEWER, language, NOW))


def test_format_comes_first_then_unsure_then_missing_then_the_narrowest_check(database: Database) -> None:
    read = bill(
        payer_name="张三",
        items=[row("甲", "1.00", quantity="1", unit_price="2.00"), row("乙", "3.00"), row("丙", "4.00")],
    )
    unread = replace(field(None, "2O26"), confidence=0.4)
    document = replace(read, fields={**read.fields, "issue_date": unread}, status="review")
    rows = tuple((document.id, f"line_items[{at}].amount") for at in range(3))
    failed = [Failed("V-3.items", rows, True), Failed("V-9.product", rows[2:], False)]
    sure = {part: replace(one, status="accepted") for part, one in document.fields.items()}
    sure["payer_name"] = replace(sure["payer_name"], status="review", confidence=0.5)
    sure["issue_date"] = unread
    doubts = Doubts([replace(document, fields=sure)], [], failed)
    assert [path for _, path in doubts.todo if path.startswith("fields.")] == [
        "fields.issue_date",
        "fields.payer_name",
        "fields.invoice_code",
        "fields.invoice_number",
        "fields.check_code",
        "fields.total_amount",
    ]
    amounts = [path for _, path in doubts.todo if path.endswith("amount") and path.startswith("line")]
    assert amounts == ["line_items[2].amount", "line_items[0].amount", "line_items[1].amount"]
    assert doubts.of((document.id, "fields.invoice_number")) == ("missing",)


def test_what_a_person_answered_is_not_asked_again_and_stays_marked_while_its_check_fails(
    database: Database,
) -> None:
    read = bill(total_amount="5.00")
    answered = replace(read.fields["total_amount"], origin="reviewer", status="accepted")
    document = replace(read, fields={"total_amount": answered}, status="review")
    place = (document.id, "fields.total_amount")
    doubts = Doubts([document], [], [Failed("V-3.items", (place,), True)])
    assert doubts.of(place) == ("rule",)
    assert place not in doubts.todo


@pytest.mark.parametrize(
    ("changes", "broken", "expected"),
    [
        ({}, (), [("ocr", True)]),
        ({"origin": "xml"}, (), [("text_layer", True)]),
        ({"witnesses": ("qr", "V-1", "V-3", "rendition:x")}, (), None),
        ({"reading": Reading(seconded=1.0)}, (), [("ocr", True), ("second_look", True)]),
        ({"reading": Reading(contradicted=0.5)}, ("V-3",), None),
        ({"origin": "reviewer"}, ("V-3",), [("arithmetic", False), ("person", True)]),
    ],
)
def test_each_witness_speaks_for_or_against(
    database: Database,
    changes: dict[str, object],
    broken: tuple[str, ...],
    expected: list[tuple[str, bool]] | None,
) -> None:
    value = replace(field(Decimal("2.00")), **changes)  # type: ignore[arg-type]
    found = witnesses_of(value, "fields.total_amount", broken, None, "zh")
    kinds = [(one["kind"], one["agrees"]) for one in found]
    if expected is None:
        expected = (
            [("ocr", True), ("second_look", False), ("arithmetic", False)]
            if broken
            else [("ocr", True), ("arithmetic", True), ("capitals", True), ("qr", True), ("rendition", True)]
        )
    assert kinds == expected
    assert all(one["says"] for one in found)


def test_a_row_has_the_lists_for_a_witness_of_its_name(database: Database) -> None:
    item = replace(row("血常规", "1.00"), catalog=CatalogMatch("matched", name="血常规", score=1.0))
    assert item.name is not None
    kinds = [one["kind"] for one in witnesses_of(item.name, "line_items[0].name", (), item, "en")]
    assert kinds == ["ocr", "catalog"]


def test_a_sum_tells_both_sides_and_whether_it_closes(database: Database) -> None:
    listed = paper("itemized_bill", total_amount="5.00", items=[row("甲", "1.00"), row("乙", "3.00")])
    (balance,) = balances_of(listed, "zh")
    assert balance == {
        "rule": "V-3",
        "label": "明细合计 ↔ 金额合计",
        "left": "4.00",
        "right": "5.00",
        "difference": "-1.00",
        "closes": False,
    }
    (open_sum,) = balances_of(replace(listed, fields={}), "zh")
    assert (open_sum["right"], open_sum["closes"]) == (None, None)


def test_characters_are_as_sure_as_others_in_their_place_let_them_be(database: Database) -> None:
    read = replace(
        field("张小样", "姓名张小样"), alternatives=(Alternative(4, "祥", 0.3), Alternative(0, "性", 0.9))
    )
    document = bill({}, title="")
    document = replace(document, fields={"payer_name": read})
    (told_field,) = [
        one
        for one in paper_record(document, Shown("zh", Doubts([document], [], [])))["fields"]
        if one["name"] == "payer_name"
    ]
    assert told_field["characters"] == [1.0, 1.0, 0.7]


def test_a_page_and_its_boxes_lie_as_a_person_turned_it(database: Database) -> None:
    made = doubtful_claim(database)
    certificate = made.papers["diagnosis_certificate"]

    def seen() -> tuple[list[float] | None, int, int, str | None]:
        (one,) = (each for each in told(database, made)["papers"] if each["document_id"] == certificate)
        (page,) = one["pages"]
        (box,) = (each["box"] for each in one["fields"] if each["name"] == "diagnoses")
        return box, page["width"], page["height"], page["words"]

    before, width, height, words = seen()
    assert words == f"/pages/{certificate}/1/words"
    with database.write() as connection:
        turn_page(connection, page_of_paper(connection, certificate, 1), 180, "王审", NOW)
    after, *size, _ = seen()
    assert before is not None
    assert after == pytest.approx([1 - before[2], 1 - before[3], 1 - before[0], 1 - before[1]])
    assert size == [width, height]


def test_names_and_sentences_are_in_the_language_of_whoever_looks(database: Database) -> None:
    made = doubtful_claim(database)
    chinese, english = told(database, made), told(database, made, "en")
    assert (chinese["state_name"], english["state_name"]) == ("初审", "first review")
    labels = [record["papers"][0]["fields"][0]["label"] for record in (chinese, english)]
    assert labels == ["票据代码", "Invoice code"]
    refusals = [record["steps"][0]["refused"] for record in (chinese, english)]
    assert refusals[0].startswith("还有 3 项强制校验未通过")
    assert refusals[1].startswith("3 blocking checks are open")


def test_a_claim_that_is_not_there_is_not_told(database: Database) -> None:
    with database.write() as connection:
        put_claim(connection)
    with database.read() as connection, pytest.raises(LookupError):
        review_record(connection, "C-none", Looker(REVIEWER, "zh", NOW))
