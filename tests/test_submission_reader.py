"""Submissions read into the store: what claims they make, beside those that are there, and what is kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pipeline.corrections import Answer
from pipeline.errors import StepRefused, StoreUnusable
from pipeline.life import Actor
from pipeline.model import Document, Page, Unread
from pipeline.receiving import Incoming, receive
from pipeline.rejudged import By, Judges, change_field
from pipeline.review.batch_release import release
from pipeline.settings import Settings
from pipeline.stacks.separators import BatchHeader, payload
from pipeline.store.cases import documents_of, stored_claim
from pipeline.store.lives import take_step
from pipeline.store.opened import Store
from pipeline.store.submissions import LeaseLost, Submission, load_submission, take_waiting
from pipeline.store.tables import batches, checks, claims, events, outbox, pages, papers, unread
from pipeline.submission_reader import ClaimRead, SubmissionRead, SubmissionReader
from tests.fakes import FakeDecoder
from tests.parcels import BILL, CERTIFICATE, LIST, UNSURE, Quiet, SureReaders, files_of, incoming, name_of

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
REVIEWER = Actor("王", "reviewer")
SUPERVISOR = Actor("主任", "supervisor")


class Office:
    """Receives and reads, a minute later each time."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.settings = Settings(store_dir=folder / "office", second_review_share=0, workers=1)
        self.decoder = FakeDecoder()
        self.readers = SureReaders()
        self.now = NOW
        self.reader = SubmissionReader(
            store, self.settings, self.tick, sandbox=lambda _: self.decoder, readers=lambda *_: self.readers
        )

    def tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def receive(self, files: Sequence[Incoming], for_claim: str | None = None) -> str:
        return receive(self.store, files, "folder", self.tick(), for_claim=for_claim).submission.id

    def take(self, holder: str = "reader") -> Submission:
        with self.store.database.write() as connection:
            taken = take_waiting(connection, holder, self.now, self.now + timedelta(hours=1))
        assert taken is not None
        return taken

    def read(self, files: Sequence[Incoming], for_claim: str | None = None) -> SubmissionRead:
        self.receive(files, for_claim)
        return self.reader.read(self.take(), "reader", Quiet())

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with self.store.database.read() as connection:
            return list(connection.execute(select(table).where(*where)).all())

    def change(self, claim_id: str, path: str, value: str) -> None:
        with self.store.database.write() as connection:
            bill = documents_of(connection, claim_id)[0]
            judges = Judges.of(self.settings, self.store.originals)
            by = By(REVIEWER, self.tick(), "看原件")
            change_field(connection, judges, claim_id, bill.id, path, Answer.value(value), by)


@pytest.fixture
def office(store: Store, tmp_path: Path) -> Iterator[Office]:
    made = Office(store, tmp_path)
    with made.reader:
        yield made


def test_a_claim_without_doubts_is_entered_and_waits_for_the_engine(office: Office) -> None:
    read = office.read(incoming(files_of(1)))
    (claim,) = read.claims
    assert claim == ClaimRead(claim.claim_id, "entered", "new")
    assert (read.pages, read.unread) == (3, ())
    (row,) = office.rows(claims)
    assert (row.declared, row.submission_id) == (101, read.submission_id)
    (message,) = office.rows(outbox)
    assert (message.kind, message.state, message.claim_id) == ("hand_over", "waiting", claim.claim_id)


def test_what_happened_is_told_at_its_time(office: Office) -> None:
    office.read(incoming(files_of(1)))
    told = office.rows(events)
    assert [event.event for event in told] == ["receive", "begin_reading", "accept"]
    moments = [event.at for event in told]
    assert moments[0] == NOW + timedelta(minutes=1)
    assert moments == sorted(set(moments))


def test_what_is_unsure_waits_for_a_person(office: Office) -> None:
    (claim,) = office.read(incoming(files_of(1, note=UNSURE))).claims
    assert claim.state == "first_review"


def test_a_claim_of_the_sample_waits_for_a_second_person(store: Store, tmp_path: Path) -> None:
    office = Office(store, tmp_path)
    all_of_them = office.settings.model_copy(update={"second_review_share": 1.0})
    reader = SubmissionReader(
        store, all_of_them, office.tick, sandbox=lambda _: office.decoder, readers=lambda *_: office.readers
    )
    office.receive(incoming(files_of(1)))
    with reader:
        (claim,) = reader.read(office.take(), "reader", Quiet()).claims
    assert claim.state == "second_review"


def test_reading_leaves_nothing_behind_but_the_store(office: Office) -> None:
    office.read(incoming(files_of(1)))
    assert office.reader.work_left() == []


def test_what_cannot_be_read_and_what_is_in_no_claim_is_kept(office: Office) -> None:
    files = files_of(1) | {"坏.txt": b"!corrupt", "车票.txt": b"other name=x"}
    read = office.read(incoming(files))
    assert [row.code for row in read.unread] == ["corrupt"]
    assert [(row.file, row.code) for row in office.rows(unread)] == [("坏.txt", "corrupt")]
    assert sorted(row.document_type for row in office.rows(papers)) == [
        "diagnosis_certificate",
        "itemized_bill",
        "other",
        "outpatient_invoice",
    ]


def test_the_pages_are_kept_for_people_to_look_at(office: Office) -> None:
    read = office.read(incoming(files_of(1)))
    kept = office.rows(pages)
    assert len(kept) == read.pages == 3
    assert {row.submission_id for row in kept} == {read.submission_id}
    by_file = {row.sha256: json.loads(row.words) for row in kept}
    for row in office.rows(papers):
        ((text, *_place),) = by_file[row.sha256]
        assert text.startswith(row.document_type)


def test_pages_that_were_read_before_a_reader_died_are_kept_too(office: Office) -> None:
    class Killed(BaseException):
        """Nothing of ours catches it."""

    class Dies(Quiet):
        def upload_done(self, name: str, documents: int, unread: Sequence[Unread]) -> None:
            raise Killed

    office.receive(incoming(files_of(1)))
    taken = office.take()
    with pytest.raises(Killed):
        office.reader.read(taken, "reader", Dies())
    read_before = len(office.readers.read_pages)
    office.reader.read(taken, "reader", Quiet())
    read_after = len(office.readers.read_pages) - read_before
    assert read_after < 3  # one at least was not read again
    assert len(office.rows(pages)) == 3


def stack_of(number: int, papers: int, amount: str) -> bytes:
    """A header that states so many papers and that amount, and the papers of a person behind it."""
    header = payload(BatchHeader("2026-0412", papers, Decimal(amount)))
    lines = [f"other subtype=batch_header code={header}".encode(), *files_of(number).values()]
    return b"\n".join(lines)


def test_a_batch_is_kept_with_its_claims_as_the_store_names_them(office: Office) -> None:
    (first,) = office.read(incoming(files_of(1))).claims
    read = office.read([("叠.pdf", stack_of(2, 3, "102.00")), *incoming(files_of(1), "又/")])
    (row,) = office.rows(batches)
    record = json.loads(row.record)
    new = next(claim for claim in read.claims if claim.way == "new")
    assert (row.id, row.number, row.outcome) == (f"{read.submission_id}-1", "2026-0412", "closed")
    assert record["claims"] == [new.claim_id]
    assert new.claim_id != first.claim_id


def test_a_held_batch_is_released_by_a_supervisor_with_a_reason(office: Office) -> None:
    (claim,) = office.read([("叠.pdf", stack_of(1, 4, "200.00"))]).claims
    assert claim.state == "first_review"
    (row,) = office.rows(batches)

    def let_go(actor: Actor, reason: str) -> None:
        with office.store.database.write() as connection:
            release(connection, row.id, actor, office.tick(), reason)

    with pytest.raises(StepRefused, match="only a supervisor"):
        let_go(REVIEWER, "清点无误")
    with pytest.raises(StepRefused, match="a reason is wanted"):
        let_go(SUPERVISOR, " ")
    (before,) = office.rows(claims)
    assert before.open_blocks == 1
    let_go(SUPERVISOR, "清点无误，首页写错")
    (after,) = office.rows(claims)
    assert after.open_blocks == 0
    (check,) = office.rows(checks, checks.c.overridden_by.is_not(None))
    assert (check.overridden_by, check.override_reason) == ("主任", "清点无误，首页写错")
    with pytest.raises(StepRefused, match="not held"):
        let_go(SUPERVISOR, "再次")


def test_a_declaration_goes_with_the_papers_of_its_folder(office: Office) -> None:
    def declared(account: str) -> bytes:
        form = {"kind": "reimbursement", "bank_account": {"holder": "x", "number": account, "bank": "工行"}}
        return json.dumps(form).encode()

    files = [
        *incoming(files_of(1) | {"application.json": declared("111")}, "甲/"),
        *incoming(files_of(2) | {"application.json": declared("222")}, "乙/丙/"),
        *incoming(files_of(3), "乙/"),
    ]
    office.read(files)
    accounts = {row.declared: row.bank_account for row in office.rows(claims)}
    assert accounts == {101: "111", 102: "222", 103: None}


class TestAgain:
    @pytest.mark.parametrize("folder", ["", "另一个文件夹/"])
    def test_the_same_claim_makes_no_second_one_whatever_its_files_are_called(
        self, office: Office, folder: str
    ) -> None:
        (claim,) = office.read(incoming(files_of(1))).claims
        junk = {"又一.txt": b"other name=x"}  # else it would be the same submission
        (again,) = office.read(incoming(files_of(1) | junk, folder)).claims
        assert again == ClaimRead(claim.claim_id, "entered", "again")
        assert len(office.rows(claims)) == 1
        assert len(office.rows(outbox)) == 1
        last = office.rows(events)[-1]
        assert (last.event, last.from_state, last.to_state) == ("arrive_again", "entered", "entered")
        assert "the same claim was received again" in last.reason

    def test_a_part_of_it_is_the_same_claim_too(self, office: Office) -> None:
        (claim,) = office.read(incoming(files_of(1))).claims
        (again,) = office.read(incoming({"只有票.txt": files_of(1)[BILL]})).claims
        assert (again.claim_id, again.way) == (claim.claim_id, "again")

    def test_papers_that_it_lacked_are_added_where_it_waits_for_them(self, office: Office) -> None:
        (claim,) = office.read(incoming(files_of(1, lacking=CERTIFICATE))).claims
        assert claim.state == "incomplete"
        assert claim.lacks == ("M06 诊断证明",)
        (joined,) = office.read(incoming(files_of(1), "全部/")).claims
        assert joined == ClaimRead(claim.claim_id, "entered", "joined")
        (row,) = office.rows(claims)
        assert (row.revision, row.missing) == (2, 0)

    def test_papers_that_come_too_late_are_kept_and_told(self, office: Office) -> None:
        (claim,) = office.read(incoming(files_of(1))).claims
        prescription = f"prescription patient_name={name_of(1)} visit_date=2026-02-12".encode()
        (again,) = office.read(incoming(files_of(1) | {"处方.txt": prescription})).claims
        assert (again.claim_id, again.way) == (claim.claim_id, "again")
        assert "1 papers of it were not added" in office.rows(events)[-1].reason
        assert "prescription" in {row.document_type for row in office.rows(papers)}

    def test_a_bill_of_an_earlier_claim_blocks(self, office: Office) -> None:
        (first,) = office.read(incoming(files_of(1))).claims
        copied = {name: content + b" " for name, content in files_of(1).items()}
        (second,) = office.read(incoming(copied)).claims
        assert second.claim_id != first.claim_id
        assert second.state == "first_review"
        failed = office.rows(checks, checks.c.claim_id == second.claim_id, checks.c.outcome == "fail")
        assert any(check.rule.startswith("R-DUP-1") and first.claim_id in check.message for check in failed)

    def test_of_two_claims_with_one_bill_read_at_the_same_moment_one_is_entered(
        self, store: Store, tmp_path: Path
    ) -> None:
        at_once = threading.Barrier(2)

        class Waiting(SureReaders):
            def understand(self, pages: Sequence[Page], today: date) -> Future[list[Document]]:
                if "outpatient_invoice" in pages[0].text:
                    at_once.wait(30)
                return super().understand(pages, today)

        offices = [Office(store, tmp_path / name) for name in ("a", "b")]
        for number, office in enumerate(offices):
            office.readers = Waiting()
            office.receive(incoming({name: content + b" " * number for name, content in files_of(1).items()}))
        taken = [office.take(f"reader {number}") for number, office in enumerate(offices)]
        states: list[str] = []

        def read(number: int) -> None:
            with offices[number].reader as reader:
                done = reader.read(taken[number], f"reader {number}", Quiet())
            states.extend(claim.state for claim in done.claims)

        threads = [threading.Thread(target=read, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(states) == ["entered", "first_review"]


class TestForAClaim:
    def test_papers_that_are_sent_for_it_complete_it(self, office: Office) -> None:
        (claim,) = office.read(incoming(files_of(1, lacking=CERTIFICATE))).claims
        certificate = {"补.txt": files_of(1)[CERTIFICATE]}
        (joined,) = office.read(incoming(certificate), for_claim=claim.claim_id).claims
        assert joined == ClaimRead(claim.claim_id, "entered", "joined")
        with office.store.database.read() as connection:
            now = stored_claim(connection, claim.claim_id)
        assert now.revision == 2
        assert len(now.record["certificates"]) == 1
        assert [event.event for event in office.rows(events)][2:] == [
            "ask_for_materials",
            "add_papers",
            "accept",
        ]

    def test_a_further_bill_leaves_the_claim_its_id(self, office: Office) -> None:
        (claim,) = office.read(incoming(files_of(1, lacking=CERTIFICATE))).claims
        further = {"又一张.txt": files_of(1)[BILL].replace(b"1000000001", b"1000000777")}
        (joined,) = office.read(incoming(further), for_claim=claim.claim_id).claims
        assert joined.claim_id == claim.claim_id
        with office.store.database.read() as connection:
            assert len(stored_claim(connection, claim.claim_id).record["invoices"]) == 2

    def test_what_a_person_put_right_is_never_read_over(self, office: Office) -> None:
        sent = files_of(1, lacking=CERTIFICATE, note=UNSURE)
        (claim,) = office.read(incoming(sent)).claims
        office.change(claim.claim_id, "fields.total_amount", "99.00")
        again = sent | {CERTIFICATE: files_of(1)[CERTIFICATE]}
        (joined,) = office.read(incoming(again)).claims
        assert joined.way == "joined"
        with office.store.database.read() as connection:
            bill = documents_of(connection, claim.claim_id)[0]
        assert (bill.fields["total_amount"].origin, str(bill.fields["total_amount"].value)) == (
            "reviewer",
            "99.00",
        )
        (row,) = office.rows(claims)
        assert row.declared == 99

    def test_the_account_that_was_declared_stays_and_a_newer_one_counts(self, office: Office) -> None:
        def declared(account: str) -> dict[str, bytes]:
            form = {"kind": "reimbursement", "bank_account": {"holder": "x", "number": account}}
            return {"application.json": json.dumps(form).encode()}

        (claim,) = office.read(incoming(files_of(1, lacking=CERTIFICATE) | declared("111"))).claims
        office.read(incoming({"单.txt": files_of(1)[LIST] + b" "}), for_claim=claim.claim_id)
        assert [row.bank_account for row in office.rows(claims)] == ["111"]
        newer = {"证.txt": files_of(1)[CERTIFICATE]} | declared("222")
        office.read(incoming(newer), for_claim=claim.claim_id)
        assert [row.bank_account for row in office.rows(claims)] == ["222"]

    def test_a_claim_that_takes_none_by_now_refuses_them_and_stays(self, office: Office) -> None:
        (claim,) = office.read(incoming(files_of(1, lacking=CERTIFICATE))).claims
        office.receive(incoming({"证.txt": files_of(1)[CERTIFICATE]}), for_claim=claim.claim_id)
        with office.store.database.write() as connection:
            take_step(connection, claim.claim_id, "withdraw", SUPERVISOR, office.tick(), "申请人要求")
        with pytest.raises(StepRefused, match="add_papers"):
            office.reader.read(office.take(), "reader", Quiet())
        assert [row.state for row in office.rows(claims)] == ["withdrawn"]


class TestInterrupted:
    def test_a_reader_that_dies_has_read_nothing_in_vain(self, office: Office) -> None:
        office.receive(incoming(files_of(1)))

        class Dying(Quiet):
            def upload_done(self, name: str, documents: int, unread: Sequence[Unread]) -> None:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            office.reader.read(office.take(), "reader", Dying())
        before = [page for page, _ in office.readers.read_pages]
        office.now += timedelta(hours=2)
        (claim,) = office.reader.read(office.take("next"), "next", Quiet()).claims
        assert claim.state == "entered"
        assert before
        assert len(office.readers.read_pages) < 2 * 3

    def test_who_lost_the_lease_while_reading_writes_nothing(self, office: Office) -> None:
        key = office.receive(incoming(files_of(1)))
        taken = office.take("slow")
        office.now += timedelta(hours=2)
        office.take("next")
        with pytest.raises(LeaseLost):
            office.reader.read(taken, "slow", Quiet())
        assert office.rows(claims) == office.rows(papers) == office.rows(events) == []
        with office.store.database.read() as connection:
            assert load_submission(connection, key).state == "reading"

    def test_an_original_that_a_disk_has_damaged_is_never_read_as_another_paper(
        self, office: Office, tmp_path: Path
    ) -> None:
        office.receive(incoming(files_of(1)))
        taken = office.take()
        (kept,) = (tmp_path / "originals").glob(f"*/*/{taken.files[0].sha256}")
        kept.write_bytes(b"outpatient_invoice total_amount=9999.00")
        with pytest.raises(StoreUnusable, match="baoxiao db check"):
            office.reader.read(taken, "reader", Quiet())
        assert office.rows(claims) == []

    def test_what_an_earlier_reader_laid_out_is_laid_out_anew(self, office: Office) -> None:
        key = office.receive(incoming({BILL: files_of(1)[BILL]}))
        half = office.settings.store_dir / "work" / key / "papers" / "1"
        half.parent.mkdir(parents=True)
        half.write_bytes(b"")
        assert office.reader.read(office.take(), "reader", Quiet()).unread == ()

    def test_reading_fails_as_a_whole_where_writing_does(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError("no space left")

        office.receive([*incoming(files_of(1), "甲/"), *incoming(files_of(2), "乙/")])
        taken = office.take()
        monkeypatch.setattr("pipeline.submission_reader.finish", full)
        with pytest.raises(OSError, match="no space"):
            office.reader.read(taken, "reader", Quiet())
        assert office.rows(claims) == office.rows(papers) == office.rows(outbox) == []
        monkeypatch.undo()
        assert len(office.reader.read(taken, "reader", Quiet()).claims) == 2
