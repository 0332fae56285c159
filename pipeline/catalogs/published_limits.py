"""The published rules about what insurance supervises: who, where, how long and how often.

The National Healthcare Security Administration publishes its rule library in batches
(医保基金智能监管规则库). A rule is for supervision: what breaks it is looked at by a person, not refused.
Here are the rules as the lists of kind `drug_limit`, `service_limit` and `duplicate_charge`
hold them, and what of them can be computed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from pipeline.catalogs.entries import read_head, read_rows

DRUG_LIMITS = ("age_group", "sex", "insurance_type", "visit_type", "institution_level", "course_length")
SERVICE_LIMITS = (
    *("sex", "age_group", "age", "same_incision_group"),
    *("max_quantity", "max_per_period", "course_length"),
)

SAME_DAY = ("单日", "6小时", "同一小时")
"""Frequencies of a duplicate charge that hold within one day; bills print days, not hours."""
SAME_VISIT = ("单次就诊",)

_PER_DAY = re.compile(r"(\d+)\s*/\s*(?:日|天|小时)")
_PER_PERIOD = re.compile(r"(\d+)\s*(?:per|/)\s*(\d+)\s*(?:days?|天|日)")
_DAYS = re.compile(r"^(\d+)\s*(?:天|日)$")
_DAYS_IN_NOTE = re.compile(r"(?:总时间|疗程|时间)?(?:不超过|最多|最长)\s*(\d+)\s*(?:天|日)")


class PublishedLimit(NamedTuple):
    """One rule about a medicine (`code` is `""`) or a service."""

    code: str
    name: str
    limit: str
    value: str
    note: str
    batch: str
    source: str
    """The name of the list it stands in."""

    @property
    def basis(self) -> str:
        """Where it was published, as findings name it."""
        return f"医保智能监管规则库第 {self.batch} 批" if self.batch else self.source

    @property
    def most_a_day(self) -> int | None:
        """Units that may be charged in one day, or None where the rule says none.

        >>> PublishedLimit("", "", "max_quantity", "24/小时", "", "8", "").most_a_day
        24
        """
        found = _PER_DAY.fullmatch(self.value.strip())
        return int(found[1]) if found and self.limit == "max_quantity" else None

    @property
    def most_in_days(self) -> tuple[int, int] | None:
        """How often within how many days: `1 per 14 days` is (1, 14)."""
        found = _PER_PERIOD.fullmatch(self.value.strip())
        return (int(found[1]), int(found[2])) if found and self.limit == "max_per_period" else None

    @property
    def most_days(self) -> int | None:
        """Days for which it is paid, from the value or, where that is empty, from the note."""
        if self.limit != "course_length":
            return None
        found = _DAYS.match(self.value.strip()) or (None if self.value else _DAYS_IN_NOTE.search(self.note))
        return int(found[1]) if found else None


class DuplicateCharge(NamedTuple):
    """A service whose price covers another, which must not be charged beside it."""

    code: str
    name: str
    included_code: str
    included_name: str
    frequency: str
    note: str
    batch: str
    source: str

    @property
    def basis(self) -> str:
        """Where it was published, as findings name it."""
        return f"医保智能监管规则库第 {self.batch} 批" if self.batch else self.source


def read_limits(path: Path) -> list[PublishedLimit]:
    """The rules of a list of kind `drug_limit` or `service_limit`."""
    head = read_head(path)
    if head.kind == "drug_limit":
        return [PublishedLimit._make(("", *cells, head.name)) for cells in read_rows(path, "drug_limit")]
    return [PublishedLimit._make((*cells, head.name)) for cells in read_rows(path, "service_limit")]


def read_duplicate_charges(path: Path) -> list[DuplicateCharge]:
    """The pairs of a list of kind `duplicate_charge`."""
    source = read_head(path).name
    return [DuplicateCharge._make((*cells, source)) for cells in read_rows(path, "duplicate_charge")]
