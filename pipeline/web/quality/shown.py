"""How figures of quality read: groups by their name, rates in thousandths."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

from pipeline.review.error_bound import BoundRecord

LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "kind": {
        "total": "金额合计",
        "money": "其他金额",
        "row_amount": "明细金额",
        "row_name": "明细名称",
        "row_number": "明细数量与单价",
        "row_text": "明细其他",
        "date": "日期",
        "words": "大写金额",
        "choice": "选项",
        "code": "号码",
        "name": "姓名与名称",
        "text": "文本",
    },
    "source": {"folder": "文件夹", "online": "网上上传", "api": "接口", "watched": "监视文件夹"},
}
"""Kinds of fields and ways in which papers came, as people call them; the Chinese is the key."""


def row_label(group: str, name: str) -> str:
    """What a row of a group is called."""
    return LABELS.get(group, {}).get(name, name or "未注明")


def per_thousand(rate: float | None) -> str:
    """A rate in thousandths with as many digits as say something.

    >>> per_thousand(0.0004), per_thousand(0.02), per_thousand(1.0), per_thousand(None)
    ('0.4 ‰', '20 ‰', '1000 ‰', '—')
    """
    if rate is None:
        return "—"
    value = rate * 1000
    return f"{value:.0f} ‰" if value >= 10 else f"{value:.2g} ‰"


LEAST_SHOWN: Final = 1e-5
"""Where the scale of rates begins; it ends at 1 and each power of ten is as wide as any other."""


class Interval(NamedTuple):
    """A rate on a scale of 0 to 100: from, to, the rate itself (None: nothing was asked) and the target."""

    low: float
    high: float
    rate: float | None
    target: float


def interval(row: BoundRecord, target: float) -> Interval:
    """Where the bounds of a rate are drawn."""
    rate = row["rate"]
    return Interval(at(row["lower"]), at(row["upper"]), at(rate) if rate else None, at(target))


def at(rate: float) -> float:
    """The place of a rate on the scale.

    >>> at(0.0), round(at(0.001)), at(1.0)
    (0.0, 40, 100.0)
    """
    return round(100 * (1 - math.log10(max(rate, LEAST_SHOWN)) / math.log10(LEAST_SHOWN)), 2) if rate else 0.0
