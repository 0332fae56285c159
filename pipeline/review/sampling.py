"""What is drawn when a claim was read: accepted values to ask people about, and items of known answer.

Both are drawn by a hash of the claim and the place, so that the same claim gives the same draw whenever it is
read. A share of all accepted values alone would be too few to say anything in a small office, so each claim
gives one more while a day has fewer than the office wants. Those first claims of a day then count for more
than their share, the large ones among them for less; nothing else about a value decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipeline.agreement import said
from pipeline.field_kinds import kind_of
from pipeline.model import BLANK, OTHER, AnyField, Document
from pipeline.records import value_text
from pipeline.settings import Settings
from pipeline.store.database import Connection
from pipeline.store.probes import Probe, ProbePurpose, keep_probes, probes_of, were_drawn_since
from pipeline.waiting import values_of

DAY: Final = timedelta(days=1)
KNOWN_BY: Final = frozenset({"qr"})
"""What a code on the paper says is known: whoever reads the print must come to the same."""

_BYTES = 8  # of the hash: far more than any share needs


@dataclass(frozen=True, slots=True)
class Sampling:
    """How much is drawn.

    Attributes:
        share: Of accepted values that nobody saw, 0 to 1.
        daily: So many of them a day at least, one a claim.
        planted: Of claims that a reviewer sees, those with an item of known answer, 0 to 1.
    """

    share: float = 0.0
    daily: int = 0
    planted: float = 0.0

    @staticmethod
    def of(settings: Settings) -> Sampling:
        """As the office set it."""
        return Sampling(
            settings.accuracy_sample_share, settings.accuracy_sample_daily, settings.planted_share
        )


def draw_accepted(
    connection: Connection, claim_id: str, documents: Sequence[Document], sampling: Sampling, now: datetime
) -> int:
    """Draw accepted values of a claim that nobody saw, to ask people about; how many.

    Args:
        connection: Of the transaction that keeps the claim as it was read.
        claim_id: The claim.
        documents: Its papers.
        sampling: How much is drawn.
        now: When.
    """
    unseen = sorted(_unseen(documents), key=lambda one: drawn_at("accepted", claim_id, one[0].id, one[1]))
    chosen = [one for one in unseen if drawn_at("accepted", claim_id, one[0].id, one[1]) < sampling.share]
    if not chosen and not were_drawn_since(connection, "accepted", now - DAY, sampling.daily):
        chosen = unseen[:1]
    return keep_probes(connection, [_probe(claim_id, *one, "accepted", now) for one in chosen])


def draw_planted(
    connection: Connection, claim_id: str, documents: Sequence[Document], sampling: Sampling, now: datetime
) -> int:
    """Draw a value of known answer in a claim that a reviewer will see, where it is the claim's turn; 0 or 1.

    Known is what a code on the paper says too, and what two persons, or a third one, said before.
    """
    if drawn_at("planted", claim_id) >= sampling.planted:
        return 0
    settled = {
        (one.document_id, one.path, one.answer)
        for one in probes_of(connection, claim_id, "second")
        if one.was_right is not None
    }
    known = [
        (document, path, field)
        for document, path, field in _values(documents)
        if field.status == "accepted"
        and (KNOWN_BY & set(field.witnesses) or (document.id, path, _says(path, field)) in settled)
    ]
    known.sort(key=lambda one: drawn_at("planted", claim_id, one[0].id, one[1]))
    return keep_probes(connection, [_probe(claim_id, *one, "planted", now) for one in known[:1]])


def drawn_at(*what: str) -> float:
    """Where something lies between 0 and 1: evenly spread, and always the same."""
    digest = hashlib.sha256(" ".join(what).encode()).digest()[:_BYTES]
    return int.from_bytes(digest) / float(256**_BYTES)


def _probe(
    claim_id: str, document: Document, path: str, field: AnyField, purpose: ProbePurpose, now: datetime
) -> Probe:
    kind = kind_of(path, field.value)
    return Probe(0, claim_id, document.id, path, purpose, kind, field.confidence, _says(path, field), now)


def _says(path: str, field: AnyField) -> str:
    if field.value is None:
        return said(path, "not_present", "")
    return said(path, "value", value_text(path.rpartition(".")[2], field.value))


def _unseen(documents: Sequence[Document]) -> Iterator[tuple[Document, str, AnyField]]:
    """Values that went through without a person."""
    for document, path, field in _values(documents):
        if field.status == "accepted" and field.origin != "reviewer" and field.value is not None:
            yield document, path, field


def _values(documents: Sequence[Document]) -> Iterator[tuple[Document, str, AnyField]]:
    """All values of papers that count."""
    for document in documents:
        if not document.rendition_of and document.type not in (OTHER, BLANK):
            yield from ((document, path, field) for path, field in values_of(document))
