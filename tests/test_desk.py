"""The desk: an upload in, its documents, claims and what is wrong with it out, kept under its key."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from pipeline.acceptance import DISPUTED_CONFIDENCE
from pipeline.desk import PageOf, UploadAnswer, UploadDesk
from pipeline.errors import ServiceUnavailable
from pipeline.records import json_schemas
from pipeline.settings import Settings
from pipeline.stacks.separators import BatchHeader, Separator, payload
from tests.fakes import FakeDecoder, FakeReaders

SAMPLES = Path(__file__).parent.parent / "fixtures" / "samples"
TODAY = date(2026, 11, 21)
RECEIPT = (
    "outpatient_invoice payer_name=欧阳杜撰 payee_name=无中生有医院"
    " visit_date=2026-03-12 invoice_number=0127700352 total_amount=30.00"
)
CERTIFICATE = "diagnosis_certificate patient_name=欧阳杜撰 hospital_name=无中生有医院 issue_date=2026-03-12"


class Counter:
    """A desk with fakes behind it."""

    def __init__(self, folder: Path) -> None:
        self.decoder, self.readers = FakeDecoder(), FakeReaders()
        self.today = TODAY
        self.desk = UploadDesk(
            Settings(state_dir=folder),
            lambda: self.today,
            sandbox=lambda _workers: self.decoder,
            readers=lambda *_: self.readers,
        )

    def ask(self, *files: tuple[str, str]) -> UploadAnswer:
        return self.desk.answer(self.desk.receive([(name, text.encode()) for name, text in files]))


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    made = Counter(tmp_path)
    with made.desk:
        yield made


def test_an_upload_gives_documents_and_the_claim_that_they_would_make(counter: Counter) -> None:
    answer = counter.ask(("票.pdf", RECEIPT), ("诊断.jpg", CERTIFICATE))
    assert [document["source"]["file"] for document in answer["documents"]] == ["票.pdf", "诊断.jpg"]
    assert answer["documents"][0]["fields"]["total_amount"]["value"] == "30.00"
    (claim,) = answer["claims"]
    assert claim["insured"]["name"] == "欧阳杜撰"
    assert claim["missing_materials"] == ["M03 费用明细单"]
    assert answer["errors"] == []


def test_an_answer_is_made_of_the_rows_of_the_contract(counter: Counter) -> None:
    answer = counter.ask(("票.pdf", f"{RECEIPT}\nboom"), ("坏.pdf", "!corrupt"))
    rows = [
        *(("documents", row) for row in answer["documents"]),
        *(("claims", row) for row in answer["claims"]),
        *(("errors", row) for row in answer["errors"]),
    ]
    assert {name for name, _ in rows} == {"documents", "claims", "errors"}
    for name, row in rows:
        Draft202012Validator(json_schemas()[name]).validate(row)


def test_a_stack_sent_online_is_parted_by_its_separators_and_held_against_its_header(
    counter: Counter,
) -> None:
    stated = payload(BatchHeader("B1", 3, Decimal("60.00")))
    other = RECEIPT.replace("欧阳杜撰", "司徒捏造").replace("0352", "0353")
    sheets = (
        f"other subtype=batch_header code={stated}",
        RECEIPT,
        f"other subtype=separator code={payload(Separator(1))}",
        other,
    )
    answer = counter.ask(
        ("扫描1.pdf", "\n".join(sheets)), ("扫描2.pdf", CERTIFICATE.replace("欧阳杜撰", "司徒捏造"))
    )
    assert [len(claim["invoices"]) + len(claim["certificates"]) for claim in answer["claims"]] == [1, 2]
    (batch,) = answer["batches"]
    Draft202012Validator(json_schemas()["batches"]).validate(batch)
    assert (batch["outcome"], batch["found_papers"], batch["found_amount"]) == ("closed", 3, "60.00")
    assert batch["claims"] == [claim["claim_id"] for claim in answer["claims"]]
    alone = counter.ask(("扫描1.pdf", "\n".join(sheets)))
    (held,) = alone["batches"]
    assert held["outcome"] == "held"
    assert "batch B1 is held" in held["message"]
    assert {claim["status"] for claim in alone["claims"]} != {"accepted"}


def test_an_upload_without_a_header_has_no_batch(counter: Counter) -> None:
    assert counter.ask(("票.pdf", RECEIPT))["batches"] == []


def test_what_is_unreadable_is_said_beside_what_is_read(counter: Counter) -> None:
    answer = counter.ask(("坏.pdf", "!corrupt"), ("票.pdf", RECEIPT))
    assert [(row["file"], row["code"]) for row in answer["errors"]] == [("坏.pdf", "corrupt")]
    assert "cannot be opened" in answer["errors"][0]["message"]
    assert len(answer["documents"]) == 1


def test_an_application_sent_along_goes_with_the_claim(counter: Counter) -> None:
    form = '{"kind": "reimbursement", "case_types": ["social_aid"]}'
    answer = counter.ask(("票.pdf", RECEIPT), ("application.json", form))
    (claim,) = answer["claims"]
    assert claim["case_type"] == "social_aid"
    assert "M15 北京市城市居民最低生活保障金领取证" in claim["missing_materials"]
    assert (answer["errors"], len(answer["quality"])) == ([], 1)


def test_an_application_that_is_wrong_is_said_beside_what_is_read(counter: Counter) -> None:
    answer = counter.ask(("票.pdf", RECEIPT), ("申请信息.json", "{}"))
    assert [(row["file"], row["code"]) for row in answer["errors"]] == [
        ("申请信息.json", "invalid_application")
    ]
    assert len(answer["documents"]) == 1


def test_fields_with_which_the_claim_does_not_hold_are_to_review(counter: Counter) -> None:
    listed = "itemized_bill patient_name=欧阳杜撰 invoice_number=0127700352 total_amount=29.00"
    answer = counter.ask(("1.pdf", RECEIPT), ("2.pdf", listed))
    totals = [document["fields"]["total_amount"] for document in answer["documents"]]
    assert [(total["status"], total["confidence"]) for total in totals] == [
        ("review", DISPUTED_CONFIDENCE)
    ] * 2


def test_a_bill_sent_twice_is_one_paper_and_its_money_counts_once(counter: Counter) -> None:
    answer = counter.ask(("票.pdf", RECEIPT), ("截图.png", f"{RECEIPT} "))
    first, second = sorted(answer["documents"], key=lambda row: row["rendition_of"] is not None)
    assert (second["rendition_of"], second["rendition_reason"]) == (
        first["document_id"],
        "same_code_and_number",
    )
    (claim,) = answer["claims"]
    assert claim["invoices"] == [first["document_id"]]
    assert claim["renditions"] == [second["document_id"]]
    assert claim["totals"]["total_amount"] == "30.00"


def test_an_answer_is_kept(counter: Counter) -> None:
    first = counter.ask(("票.pdf", RECEIPT))
    assert counter.ask(("票.pdf", RECEIPT)) == first
    assert len(counter.readers.read_pages) == 1


def test_an_answer_of_yesterday_is_made_anew(counter: Counter) -> None:
    counter.ask(("票.pdf", RECEIPT))
    counter.today = date(2026, 11, 22)
    counter.ask(("票.pdf", RECEIPT))
    assert len(counter.readers.read_pages) == 2


def test_the_same_bytes_under_another_name_are_an_upload_of_their_own(counter: Counter) -> None:
    one, other = counter.ask(("甲.pdf", RECEIPT)), counter.ask(("乙.pdf", RECEIPT))
    assert one["upload"] != other["upload"]
    assert other["documents"][0]["source"]["file"] == "乙.pdf"


def test_two_files_of_one_name_are_told_apart(counter: Counter) -> None:
    answer = counter.ask(("IMG.jpg", RECEIPT), ("IMG.jpg", "!corrupt"))
    assert answer["documents"][0]["source"]["file"] == "1/IMG.jpg"
    assert answer["errors"][0]["file"] == "2/IMG.jpg"


def test_a_name_never_becomes_a_path(counter: Counter, tmp_path: Path) -> None:
    counter.ask(("../../../outside.pdf", RECEIPT))
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(path.name in ("0", "names.json", "answer.json", "quality.json") for path in kept)


def test_what_is_kept_is_for_its_owner_alone(counter: Counter, tmp_path: Path) -> None:
    key = counter.desk.receive([("票.pdf", RECEIPT.encode())])
    for folder in (tmp_path / "uploads", tmp_path / "uploads" / key):
        assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("key", ["", "0" * 64, "../uploads", "x" * 64])
def test_a_key_that_nothing_is_kept_under_is_told(counter: Counter, key: str) -> None:
    with pytest.raises(LookupError, match="no upload is kept"):
        counter.desk.answer(key)


def test_a_forgotten_upload_is_gone(counter: Counter, tmp_path: Path) -> None:
    key = counter.ask(("票.pdf", RECEIPT))["upload"]
    counter.desk.forget(key)
    assert list((tmp_path / "uploads").iterdir()) == []
    with pytest.raises(LookupError):
        counter.desk.answer(key)


def test_while_a_part_is_down_there_is_no_answer_and_later_there_is(counter: Counter) -> None:
    counter.readers.down = 1
    with pytest.raises(ServiceUnavailable):
        counter.ask(("票.pdf", f"{RECEIPT} down"))
    assert counter.ask(("票.pdf", f"{RECEIPT} down"))["documents"]


@pytest.mark.slow
def test_the_second_upload_costs_only_its_reading(tmp_path: Path) -> None:
    pictures = [SAMPLES / "10_其他材料" / name for name in ("火车票.jpg", "检验报告单.jpg")]
    seconds = []
    with UploadDesk(Settings(state_dir=tmp_path)) as desk:
        for picture in pictures:
            began = time.monotonic()
            answer = desk.answer(desk.receive([(picture.name, picture.read_bytes())]))
            seconds.append(time.monotonic() - began)
            assert [document["document_type"] for document in answer["documents"]] == ["other"]
    assert seconds[1] < seconds[0] / 2, seconds


def test_the_verdict_on_an_upload_comes_before_anything_is_read(counter: Counter) -> None:
    key = counter.desk.receive([("票.pdf", RECEIPT.encode()), ("坏.pdf", b"!corrupt")])
    good, bad = counter.desk.quality(key)
    assert (good["file"], good["page"], good["verdict"]) == ("票.pdf", 1, "accept")
    assert (bad["file"], bad["page"], bad["verdict"]) == ("坏.pdf", None, "retake")
    assert [cause["name"] for cause in bad["causes"]] == ["corrupt"]
    assert counter.readers.read_pages == []


def test_a_verdict_is_kept_and_stands_in_the_answer(counter: Counter) -> None:
    key = counter.desk.receive([("票.pdf", RECEIPT.encode())])
    verdicts = counter.desk.quality(key)
    assert counter.desk.quality(key) == verdicts
    assert len(counter.decoder.decoded) == 1
    assert counter.desk.answer(key)["quality"] == verdicts


def test_a_close_up_is_merged_into_the_page_it_was_taken_of(counter: Counter) -> None:
    first = counter.desk.receive([("票.pdf", RECEIPT.encode())])
    key = counter.desk.receive([("补拍.jpg", b"30.00 80.00")], close_up_of=PageOf(first))
    answer = counter.desk.answer(key)
    (document,) = answer["documents"]
    assert document["source"]["file"] == "票.pdf"
    assert document["fields"]["total_amount"]["value"] == "80.00"
    (close_up,) = answer["close_ups"]
    assert (close_up["upload"], close_up["file"], close_up["page"]) == (key, "票.pdf", 1)
    assert close_up["merged"]
    assert close_up["box"] == [0.0, 0.0, 0.5, 0.5]
    assert len(close_up["words"]) == 1
    assert counter.desk.answer(first)["documents"][0]["fields"]["total_amount"]["value"] == "30.00"


def test_a_close_up_of_a_close_up_is_merged_into_the_same_page(counter: Counter) -> None:
    first = counter.desk.receive([("票.pdf", RECEIPT.encode())])
    second = counter.desk.receive([("1.jpg", b"30.00 80.00")], close_up_of=PageOf(first))
    third = counter.desk.receive([("2.jpg", "欧阳杜撰 司徒捏造".encode())], close_up_of=PageOf(second))
    answer = counter.desk.answer(third)
    fields = answer["documents"][0]["fields"]
    assert (fields["total_amount"]["value"], fields["payer_name"]["value"]) == ("80.00", "司徒捏造")
    assert [one["upload"] for one in answer["close_ups"]] == [second, third]


def test_a_close_up_of_something_else_is_refused_and_the_page_stays(counter: Counter) -> None:
    first = counter.desk.receive([("票.pdf", RECEIPT.encode())])
    answer = counter.desk.answer(
        counter.desk.receive([("别的.jpg", b"99.99 80.00")], close_up_of=PageOf(first))
    )
    assert answer["documents"][0]["fields"]["total_amount"]["value"] == "30.00"
    (close_up,) = answer["close_ups"]
    assert not close_up["merged"]
    assert "does not match" in close_up["message"]


def test_a_close_up_that_cannot_be_opened_is_named_and_the_page_is_read(counter: Counter) -> None:
    first = counter.desk.receive([("票.pdf", RECEIPT.encode())])
    answer = counter.desk.answer(counter.desk.receive([("坏.jpg", b"!corrupt")], close_up_of=PageOf(first)))
    assert [(row["file"], row["code"]) for row in answer["errors"]] == [("坏.jpg", "corrupt")]
    assert answer["documents"][0]["fields"]["total_amount"]["value"] == "30.00"


@pytest.mark.parametrize("place", [PageOf("0" * 64), PageOf("", 1), PageOf("first", 2), PageOf("first", 0)])
def test_a_close_up_of_what_was_never_sent_is_refused(counter: Counter, place: PageOf) -> None:
    first = counter.desk.receive([("票.pdf", RECEIPT.encode())])
    if place.upload == "first":
        place = PageOf(first, place.file)
    with pytest.raises(LookupError):
        counter.desk.receive([("补拍.jpg", b"30.00 80.00")], close_up_of=place)


def test_a_close_up_is_no_upload_of_its_own(counter: Counter) -> None:
    """The same bytes sent by themselves and as a close-up have keys of their own."""
    first = counter.desk.receive([("票.pdf", RECEIPT.encode())])
    alone = counter.desk.receive([("补拍.jpg", b"30.00 80.00")])
    assert alone != counter.desk.receive([("补拍.jpg", b"30.00 80.00")], close_up_of=PageOf(first))
