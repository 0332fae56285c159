"""The ways in which the stand-in engine fails when it is asked to."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

FailureKind: TypeAlias = Literal["none", "500", "timeout-after-commit", "reset", "slow"]
"""`500` keeps nothing; the others keep the message first, then say nothing, break off or take their time."""

HANG_SECONDS = 40.0
"""Longer than a sender waits (`pipeline.engine.exchange.READ_SECONDS`)."""
SLOW_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Failures:
    """How, and at which share of requests, it fails; the same seed fails in the same order."""

    kind: FailureKind = "none"
    rate: float = 0.3
    chance: random.Random = field(default_factory=random.Random)
    hang_seconds: float = HANG_SECONDS
    slow_seconds: float = SLOW_SECONDS

    def strikes(self) -> bool:
        """Whether this request fails."""
        return self.kind != "none" and self.chance.random() < self.rate
