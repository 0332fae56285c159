"""What persons send, as texts whose lines are pages (`tests.fakes`), and readers that are sure of them.

With all three papers a claim of such a person goes through unseen. A page with the word `unsure` has a total
that a person must see.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import date
from typing import TypeVar

from pipeline.model import Document, Field, Page, Unread, Value
from pipeline.receiving import Incoming
from tests.builders import row
from tests.fakes import FakeReaders, document_of, outcome

V = TypeVar("V", bound=Value)

BILL, LIST, CERTIFICATE = "票据.txt", "清单.txt", "诊断.txt"

UNSURE = "unsure"


def name_of(number: int) -> str:
    """An invented name, its own for each number below 10000."""
    return "虚" + "".join(chr(0x4E00 + 97 * int(digit) + at) for at, digit in enumerate(f"{number:04}"))


def files_of(number: int, *, lacking: str = "", note: str = "") -> dict[str, bytes]:
    """The papers of a person's visit by the names of their files.

    Args:
        number: The person, who pays 100 yuan and the number.
        lacking: The file that is not there.
        note: Written on the bill.
    """
    name, total = name_of(number), f"{100 + number}.00"
    papers = {
        BILL: f"outpatient_invoice subtype=paper payer_name={name} visit_date=2026-02-12"
        f" issue_date=2026-02-12 invoice_number={1000000000 + number} invoice_code=11060124"
        f" total_amount={total} payee_name=北京甲医院 {note}",
        LIST: f"itemized_bill patient_name={name} visit_date=2026-02-12 hospital_name=北京甲医院"
        f" total_amount={total}",
        CERTIFICATE: f"diagnosis_certificate patient_name={name} issue_date=2026-02-12"
        " hospital_name=北京甲医院 diagnoses=感冒",
    }
    return {file: text.encode() for file, text in papers.items() if file != lacking}


def incoming(files: dict[str, bytes], folder: str = "") -> list[Incoming]:
    """Files as they are received, in a folder where one is named."""
    return [(f"{folder}{name}", content) for name, content in files.items()]


class SureReaders(FakeReaders):
    """Readers that are sure of every value, but for the total of a page that says `unsure`."""

    def understand(self, pages: Sequence[Page], today: date) -> Future[list[Document]]:
        return outcome(lambda: [_sure(document_of(page), UNSURE in page.text) for page in pages])


def _sure(document: Document, is_unsure: bool) -> Document:
    def of(name: str, field: Field[V]) -> Field[V]:
        doubted = is_unsure and name == "total_amount"
        return replace(field, status="review" if doubted else "accepted", origin="text_layer")

    total = document.money("total_amount")
    rows = () if total is None else (row("血常规", f"{total}"),)
    return replace(
        document,
        fields={name: of(name, field) for name, field in document.fields.items()},
        items=tuple(
            replace(one, name=one.name and of("name", one.name), amount=one.amount and of("", one.amount))
            for one in rows
        ),
        status="review" if is_unsure else "accepted",
    )


class Quiet:
    """A progress that tells nobody."""

    def begin(self, uploads: int, already_read: int) -> None: ...
    def pages_read(self, pages: int) -> None: ...
    def upload_done(self, name: str, documents: int, unread: Sequence[Unread]) -> None: ...
