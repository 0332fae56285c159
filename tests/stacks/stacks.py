"""Stacks for tests, sheet by sheet: `stack(header(2, "3.00"), bill_of("1.00"), sep(1), bill_of("2.00"))`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256

from pipeline.model import BATCH_HEADER, SEPARATOR, Candidate, Document, PageSize, SourceFile
from pipeline.stacks.separators import BatchHeader, ClaimLabel, Separator, payload
from tests.builders import bill, paper

FILE = SourceFile("stack.pdf", "ab" * 32)

Sheet = Callable[[int], Document]
"""A paper that is told the page it begins on."""


def laid(document: Document, *codes: str, sheets: int = 1) -> Sheet:
    """The document as so many sheets of the stack."""

    def at(page: int) -> Document:
        sizes = tuple(PageSize(page + turn, 1000, 1400) for turn in range(sheets))
        return replace(document, file=FILE, pages=sizes, stack_codes=codes)

    return at


def stack(*sheets: Sheet) -> list[Document]:
    """The documents of one file, in order."""
    documents: list[Document] = []
    for sheet in sheets:
        last = documents[-1].pages[-1].number if documents else 0
        documents.append(sheet(last + 1))
    return documents


def files(**laid_in: Sequence[Sheet]) -> list[Document]:
    """The documents of several files: `files(in__scan1__pdf=[…])` lies in `in/scan1.pdf`."""
    documents = []
    for called, sheets in laid_in.items():
        *folders, name, ending = called.split("__")
        path = "/".join((*folders, f"{name}.{ending}"))
        file = SourceFile(path, sha256(path.encode()).hexdigest())
        documents += [replace(each, file=file) for each in stack(*sheets)]
    return documents


def sep(serial: int) -> Sheet:
    return laid(paper("other", SEPARATOR), payload(Separator(serial)))


def header(papers: int, amount: str, number: str = "B1") -> Sheet:
    return laid(paper("other", BATCH_HEADER), payload(BatchHeader(number, papers, Decimal(amount))))


def unread_header() -> Sheet:
    """Known by its title; its code was spoilt."""
    return laid(paper("other", BATCH_HEADER))


def blank() -> Sheet:
    return laid(replace(paper("blank"), status="rejected"))


def label(number: str) -> str:
    return payload(ClaimLabel(number))


def bill_of(
    total: str | None,
    *codes: str,
    name: str = "钱样例",
    number: str | None = None,
    sure: bool = True,
    candidates: tuple[str, ...] = (),
    titles: int = 1,
) -> Sheet:
    """A bill; its number is that of its total where none is given."""
    made = bill(
        payer_name=name,
        payee_name="济南样例人民医院",
        visit_date="2026-03-12",
        invoice_number=number or f"01277{(total or '0').replace('.', ''):0>6}",
        total_amount=total,
    )
    field = replace(
        made.fields["total_amount"],
        status="accepted" if sure else "review",
        candidates=tuple(Candidate(each, 0.2) for each in candidates),
    )
    made = replace(made, fields={**made.fields, "total_amount": field})
    return laid(replace(made, titles=titles), *codes)


def list_of(total: str, name: str = "钱样例", sheets: int = 1) -> Sheet:
    """An itemized bill."""
    made = paper("itemized_bill", None, {"patient_name": name, "total_amount": total})
    return laid(made, sheets=sheets)
