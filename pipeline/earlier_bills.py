"""Bills of earlier claims, so that a bill is paid once (R-DUP-1, R-DUP-2).

Rules ask `EarlierBills` by what makes a bill one: its code and number, or what an e-bill and the paper bill
it was exchanged for have in common, their 业务流水号 and 交易流水号. A store of claims answers the same two
questions; here they are answered from rows in memory or from a JSONL file, one bill a line, as
`bills_of_claim` writes them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.model import Document
from pipeline.text import squeeze

BILL_TYPES = frozenset({"outpatient_invoice", "inpatient_invoice", "vat_invoice"})
SERIALS = ("business_serial_no", "insurance_txn_no")
"""Numbers that a bill keeps when it is exchanged from electronic to paper."""
LEAST_SERIAL = 7
"""业务流水号 has 7 to 25 characters; what is shorter was cut and says nothing."""


@dataclass(frozen=True, slots=True)
class EarlierBill:
    """A bill of an earlier claim."""

    claim_id: str
    invoice_code: str
    invoice_number: str
    serials: frozenset[str] = frozenset()
    """Its 业务流水号 and 交易流水号, and related numbers that the platform named."""


class EarlierBills(Protocol):
    """What knows the bills of earlier claims."""

    def with_number(self, code: str, number: str) -> Sequence[EarlierBill]:
        """Bills of that code and number; a VAT invoice of the digital kind has the code `""`."""

    def with_serials(self, serials: Iterable[str]) -> Sequence[EarlierBill]:
        """Bills that share one of the serial numbers."""


class KnownBills:
    """Earlier bills held in memory."""

    def __init__(self, bills: Iterable[EarlierBill] = ()) -> None:
        self._by_number: defaultdict[tuple[str, str], list[EarlierBill]] = defaultdict(list)
        self._by_serial: defaultdict[str, list[EarlierBill]] = defaultdict(list)
        for bill in bills:
            self._by_number[bill.invoice_code, bill.invoice_number].append(bill)
            for serial in bill.serials:
                self._by_serial[serial].append(bill)

    def with_number(self, code: str, number: str) -> Sequence[EarlierBill]:
        """Bills of that code and number."""
        return tuple(self._by_number.get((code, number), ()))

    def with_serials(self, serials: Iterable[str]) -> Sequence[EarlierBill]:
        """Bills that share one of the serial numbers, each once."""
        found = (bill for serial in sorted(serials) for bill in self._by_serial.get(serial, ()))
        return tuple(dict.fromkeys(found))

    @classmethod
    def from_file(cls, path: Path) -> KnownBills:
        """The bills of a JSONL file.

        Raises:
            OSError: If it cannot be read.
            ValueError: If a line is no bill: which line, and why.
        """
        with path.open(encoding="utf-8-sig") as lines:
            return cls(_bills(lines, path.name))


NO_EARLIER_BILLS = KnownBills()


class BillsOfAll:
    """Bills of several sources, such as a file of an older system and the store."""

    def __init__(self, *sources: EarlierBills) -> None:
        self._sources = sources

    def with_number(self, code: str, number: str) -> Sequence[EarlierBill]:
        """Bills of that code and number."""
        return tuple(bill for source in self._sources for bill in source.with_number(code, number))

    def with_serials(self, serials: Iterable[str]) -> Sequence[EarlierBill]:
        """Bills that share one of the serial numbers."""
        wanted = tuple(serials)
        return tuple(bill for source in self._sources for bill in source.with_serials(wanted))


def serials_of(document: Document) -> frozenset[str]:
    """What the paper shows of the numbers that a bill keeps when it is exchanged.

    A serial number that is short or struck out tells nothing.
    """
    texts = (squeeze(document.text(name) or "").upper() for name in SERIALS)
    return frozenset(text for text in texts if len(text) >= LEAST_SERIAL and "*" not in text)


def bills_of_claim(claim_id: str, documents: Iterable[Document]) -> Iterator[EarlierBill]:
    """The bills of a claim, to be kept for those that come later."""
    for document in documents:
        number = document.text("invoice_number")
        if document.type in BILL_TYPES and number:
            yield EarlierBill(claim_id, document.text("invoice_code") or "", number, serials_of(document))


def bill_line(bill: EarlierBill) -> str:
    """The bill as a line of the JSONL file, without its end.

    >>> bill_line(EarlierBill("C-1", "11060124", "0127712345"))
    '{"claim_id": "C-1", "invoice_code": "11060124", "invoice_number": "0127712345", "serials": []}'
    """
    row = {
        "claim_id": bill.claim_id,
        "invoice_code": bill.invoice_code,
        "invoice_number": bill.invoice_number,
        "serials": sorted(bill.serials),
    }
    return json.dumps(row, ensure_ascii=False)


def _bills(lines: Iterable[str], name: str) -> Iterator[EarlierBill]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            yield _bill(row)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{name} 第 {number} 行应有 claim_id、invoice_code、invoice_number（serials 可省）"
                f" / line {number} needs claim_id, invoice_code, invoice_number (serials may be left out)"
            ) from error


def _bill(row: Mapping[str, object]) -> EarlierBill:
    code, serials = row["invoice_code"] or "", row.get("serials", [])
    parts = (row["claim_id"], code, row["invoice_number"])
    if not isinstance(serials, list) or not all(isinstance(part, str) for part in (*parts, *serials)):
        raise TypeError("not text")
    claim_id, code, number = map(str, parts)
    return EarlierBill(claim_id, code, number, frozenset(serials))
