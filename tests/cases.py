"""Claims for tests, read as papers are and put into a store as the worker does."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache

from sqlalchemy import insert, select

from pipeline.acceptance import Standard
from pipeline.application import Application, Applications, read_application
from pipeline.earlier_bills import KnownBills
from pipeline.intake import checked, with_catalog
from pipeline.life import SYSTEM, Actor
from pipeline.model import Document
from pipeline.office import usual_office
from pipeline.records import ClaimRecord
from pipeline.rejudged import Judges
from pipeline.second_review import SecondReview
from pipeline.store.cases import save_claim
from pipeline.store.database import Connection, Database
from pipeline.store.freeze import dump_document, load_document
from pipeline.store.lives import take_step
from pipeline.store.probes import probes_of, settle_probe
from pipeline.store.tables import submissions
from pipeline.together import taken_together
from tests.builders import bill, paper, row, sample_catalogs

NOW = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
"""2026-03-02 10:30 in Beijing, a Monday."""

CLERK = Actor("李办", "clerk")
REVIEWER = Actor("王审", "reviewer")
SECOND = Actor("赵复", "second_reviewer")
SUPERVISOR = Actor("孙主", "supervisor")
ENGINE = Actor("engine", "engine")


@cache
def judges(second: SecondReview | None = None) -> Judges:
    """What claims of tests are judged by: what ships."""
    return Judges(sample_catalogs(), usual_office(), Standard.for_target(), second=second or SecondReview())


def invoice(file: str = "票.jpg", number: str = "0127712345", total: str = "34.05", **more: str) -> Document:
    """An outpatient bill of 张三 that is read without a doubt but for what a test changes."""
    values = {
        "invoice_code": "11060126",
        "invoice_number": number,
        "check_code": "3f9a2b",
        "payer_name": "张三",
        "payee_name": "北京样例医院",
        "issue_date": "2026-02-17",
        "visit_date": "2026-02-17",
        "total_amount": total,
        **more,
    }
    return bill(values, items=[row("血常规", total, quantity="1", unit_price=total)], file=file)


def certificate(file: str = "证明.jpg") -> Document:
    """A diagnosis certificate of the same visit."""
    return paper(
        "diagnosis_certificate",
        None,
        patient_name="张三",
        hospital_name="北京样例医院",
        diagnoses="急性上呼吸道感染",
        issue_date="2026-02-17",
        file=file,
    )


def fee_list(*amounts: str, file: str = "清单.jpg") -> Document:
    """An itemized bill of the same visit: a row of 血常规 for each amount."""
    items = [row("血常规", amount, quantity="1", unit_price=amount) for amount in amounts]
    return paper(
        "itemized_bill",
        None,
        patient_name="张三",
        hospital_name="北京样例医院",
        total_amount=str(sum(map(Decimal, amounts))),
        period_start="2026-02-17",
        period_end="2026-02-17",
        items=items,
        file=file,
    )


def whole(total: str = "34.05") -> tuple[Document, ...]:
    """All papers of a claim with which nothing is wrong."""
    return tuple(map(accepted, (invoice(total=total), fee_list(total), certificate())))


def read(
    *documents: Document, application: Application | None = None, today: date = date(2026, 3, 2)
) -> list[tuple[ClaimRecord, list[Document]]]:
    """The claims that papers make, each with its papers as they stand beside each other."""
    declared = None if application is None else json.dumps(application.declared)
    return _read(tuple(map(dump_document, documents)), declared, today)


@cache  # most tests begin with the same few claims
def _read(
    frozen: tuple[str, ...], declared: str | None, today: date
) -> list[tuple[ClaimRecord, list[Document]]]:
    lists, documents = sample_catalogs(), [load_document(text) for text in frozen]
    papers = {one.id: checked(with_catalog(one, lists), today) for one in documents}
    by_file = {}
    if declared is not None:
        application = read_application(declared.encode(), "application.json")
        by_file = dict.fromkeys((one.file.name for one in documents), application)
    office = replace(usual_office(), earlier=KnownBills())
    together = taken_together(
        lambda: iter(papers.values()), papers.__getitem__, lists, today, Applications(by_file), office
    )
    found = []
    for record in together.claims:
        ids = [
            *(*record["invoices"], *record["itemized_bills"], *record["certificates"]),
            *(*record["other_documents"], *record["renditions"]),
        ]
        found.append((record, [together.final(papers[one]) for one in ids]))
    return found


def put_submission(connection: Connection, key: str = "U-1", at: datetime = NOW) -> str:
    """An upload that was received; it is made where it is not there."""
    if connection.execute(select(submissions.c.id).where(submissions.c.id == key)).first() is None:
        connection.execute(insert(submissions).values(id=key, source="folder", state="read", received_at=at))
    return key


def put(
    database: Database,
    *documents: Document,
    application: Application | None = None,
    submission: str = "U-1",
    second: SecondReview | None = None,
    at: datetime = NOW,
) -> str:
    """The one claim that papers make, read into a store; its id."""
    ((record, papers),) = read(*documents, application=application)
    with database.write() as connection:
        key = put_submission(connection, submission, at)
        save_claim(connection, key, record, papers, at, second=second)
    return record["claim_id"]


def step(
    database: Database, claim_id: str, event: str, actor: Actor = SYSTEM, reason: str = "", at: datetime = NOW
) -> str:
    """One step of a claim; its new state."""
    with database.write() as connection:
        return take_step(connection, claim_id, event, actor, at, reason)


def agree(database: Database, claim_id: str, at: datetime = NOW) -> None:
    """Have a second person agree with all that they are asked about."""
    with database.write() as connection:
        for probe in probes_of(connection, claim_id, "second"):
            settle_probe(connection, probe.id, at, was_right=True)


def accepted(document: Document) -> Document:
    """The paper as if a machine-readable part of it had stated every value."""
    return replace(
        document,
        fields={name: replace(one, origin="xml") for name, one in document.fields.items()},
        items=tuple(
            replace(
                item,
                **{
                    part: replace(cell, origin="xml")
                    for part in ("name", "quantity", "unit_price", "amount")
                    if (cell := getattr(item, part)) is not None
                },
            )
            for item in document.items
        ),
    )
