"""Which claims a second person must see (复审): large ones, and a sample of all others.

The sample is drawn by the claim's id and nothing else, so that the same claim is drawn each time it is read
or judged again, whoever asks.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal

_BYTES = 8  # of the hash: far more than any share needs


@dataclass(frozen=True, slots=True)
class SecondReview:
    """What an office has a second person see; by default nothing.

    Attributes:
        amount: The declared amount, in yuan, from which on a claim is seen twice; None: amounts do not count.
        share: The share of all claims that is drawn, 0 to 1.
    """

    amount: Decimal | None = None
    share: float = 0.0

    def wants(self, claim_id: str, declared: Decimal | None) -> bool:
        """Whether the claim must be seen by a second person.

        >>> SecondReview(amount=Decimal(10000)).wants("C-1", Decimal("10000.00"))
        True
        """
        is_large = self.amount is not None and declared is not None and declared >= self.amount
        return is_large or drawn(claim_id) < self.share


def drawn(claim_id: str) -> float:
    """Where a claim lies between 0 and 1: evenly spread over claims, always the same for one."""
    digest = hashlib.sha256(f"second review {claim_id}".encode()).digest()[:_BYTES]
    return int.from_bytes(digest) / float(256**_BYTES)
