"""Bills of the claims in the store, so that a bill is paid once (R-DUP-1, R-DUP-2).

A bill counts as long as its claim may be paid: not where the claim was withdrawn or rejected, nor where the
engine was told that all of it is taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, RowMapping, and_, delete, exists, insert, not_, select

from pipeline.earlier_bills import EarlierBill, bills_of_claim
from pipeline.model import Document
from pipeline.store.database import Database
from pipeline.store.tables import amendments, bill_serials, bills, claims

_BILL = (bills.c.claim_id, bills.c.document_id, bills.c.invoice_code, bills.c.invoice_number)
_TAKEN_BACK = exists().where(
    amendments.c.claim_id == claims.c.id,
    amendments.c.number == claims.c.amendment,
    amendments.c.kind == "cancellation",
)
_COUNTS = not_(
    claims.c.state.in_(("withdrawn", "rejected"))
    | and_(claims.c.state.in_(("handed_over", "settled", "paid")), _TAKEN_BACK)
)


class StoredBills:
    """The bills in a store, as rules ask for them (`pipeline.earlier_bills.EarlierBills`).

    Args:
        source: The store's database, or the connection of a transaction that judges a claim.
        but_not: The claim that is judged, which is never its own duplicate.
    """

    def __init__(self, source: Database | Connection, but_not: str = "") -> None:
        self._source = source
        self._but_not = but_not

    def with_number(self, code: str, number: str) -> Sequence[EarlierBill]:
        """Bills of that code and number.

        Raises:
            StoreUnusable: If the database does not answer.
        """
        with self._reading() as connection:
            query = (
                select(*_BILL)
                .join(claims, claims.c.id == bills.c.claim_id)
                .where(bills.c.invoice_number == number, bills.c.invoice_code == code)
                .where(_COUNTS, claims.c.id != self._but_not)
                .order_by(bills.c.claim_id, bills.c.document_id)
            )
            return _with_serials(connection, connection.execute(query).mappings())

    def with_serials(self, serials: Iterable[str]) -> Sequence[EarlierBill]:
        """Bills that share one of the serial numbers, each once.

        Raises:
            StoreUnusable: If the database does not answer.
        """
        wanted = sorted(set(serials))
        if not wanted:
            return ()
        with self._reading() as connection:
            query = (
                select(*_BILL)
                .distinct()
                .join(claims, claims.c.id == bills.c.claim_id)
                .join(
                    bill_serials,
                    and_(
                        bill_serials.c.claim_id == bills.c.claim_id,
                        bill_serials.c.document_id == bills.c.document_id,
                    ),
                )
                .where(bill_serials.c.serial.in_(wanted))
                .where(_COUNTS, claims.c.id != self._but_not)
                .order_by(bills.c.claim_id, bills.c.document_id)
            )
            return _with_serials(connection, connection.execute(query).mappings())

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if isinstance(self._source, Connection):
            yield self._source
        else:
            with self._source.read() as connection:
                yield connection


def _with_serials(connection: Connection, found: Iterable[RowMapping]) -> tuple[EarlierBill, ...]:
    made = []
    for row in found:
        query = select(bill_serials.c.serial).where(
            bill_serials.c.claim_id == row["claim_id"], bill_serials.c.document_id == row["document_id"]
        )
        serials = frozenset(connection.execute(query).scalars())
        made.append(EarlierBill(row["claim_id"], row["invoice_code"], row["invoice_number"], serials))
    return tuple(made)


def keep_bills(connection: Connection, claim_id: str, documents: Iterable[Document]) -> None:
    """Keep the bills among the papers of a claim in place of those that were kept of it.

    Other pictures of a bill count too: the e-bill has another number than the paper it was exchanged for.
    """
    for table in (bills, bill_serials):
        connection.execute(delete(table).where(table.c.claim_id == claim_id))
    numbers, serials = [], []
    for document in documents:
        for bill in bills_of_claim(claim_id, [document]):
            own = {"claim_id": claim_id, "document_id": document.id}
            numbers.append({**own, "invoice_code": bill.invoice_code, "invoice_number": bill.invoice_number})
            serials += [{**own, "serial": serial} for serial in sorted(bill.serials)]
    if numbers:
        connection.execute(insert(bills), numbers)
    if serials:
        connection.execute(insert(bill_serials), serials)
