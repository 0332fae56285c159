"""How the batch desk writes sizes, moments and amounts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from zoneinfo import ZoneInfo

from pipeline.store.accounts import Language
from pipeline.store.submissions import SUBMISSION_STATE_NAMES, SubmissionState

KILO = 1000
STATE_ENGLISH: MappingProxyType[SubmissionState, str] = MappingProxyType(
    {"held": "Not sent yet", "received": "Waiting", "reading": "Reading", "read": "Read", "failed": "Failed"}
)


def shown_amount(amount: Decimal | str) -> str:
    """Yuan with thousands apart.

    >>> shown_amount("18230.5"), shown_amount(Decimal("-300"))
    ('18,230.50', '-300.00')
    """
    return f"{Decimal(amount):,.2f}"


def shown_size(size: int) -> str:
    """A size in bytes as people say it.

    >>> shown_size(999), shown_size(48_300), shown_size(2_345_678)
    ('999 B', '48 kB', '2.3 MB')
    """
    if size < KILO:
        return f"{size} B"
    return f"{size / KILO:.0f} kB" if size < KILO * KILO else f"{size / KILO / KILO:.1f} MB"


def shown_time(moment: datetime, zone: ZoneInfo) -> str:
    """A moment on the office's clock.

    >>> from datetime import UTC
    >>> shown_time(datetime(2026, 3, 2, 2, 30, tzinfo=UTC), ZoneInfo("Asia/Shanghai"))
    '2026-03-02 10:30'
    """
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def submission_state_name(state: SubmissionState, language: Language) -> str:
    """What a state of a submission is called.

    >>> submission_state_name("read", "zh"), submission_state_name("read", "en")
    ('已识别', 'Read')
    """
    return STATE_ENGLISH[state] if language == "en" else SUBMISSION_STATE_NAMES[state]
