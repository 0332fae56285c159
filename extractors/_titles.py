"""Titles: what kind of paper a page is, told by the line that names it.

Titles are spaced out, run under seals and lose a character or two, so they are compared by likeness
and not letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from extractors._values import SIMPLIFIED
from pipeline.model import Page
from pipeline.reading.layout import rows_of
from pipeline.text import squeeze

ALIKE = 0.74
"""Three of four characters: 山东省医疗口诊收费票据 under a seal is still the title."""

TITLE_ROWS = 14
"""A title stands among the first rows; the same words further down are part of the text."""

_SENTENCE = re.compile("[,，。;；]")
"""A line with a comma or a full stop is no title: 出院诊断明确，好转出院。"""

SHORT_TITLE = 3
"""What is left of so short a title without a character is a common word: 诊断 is a heading, not 诊断书."""

LONGEST_AROUND = 16
"""Characters that may stand around a title in its row (hospital, region, number)."""


_OWNER = re.compile(r".{4,40}(?:医院|院区|分院|医学中心|医疗中心|服务中心)(?:[(][^()]{1,20}[)])?")
"""A hospital's name before the title, where it is too long to stand around one."""


def title_likeness(page: Page, titles: Sequence[str]) -> tuple[float, str]:
    """How surely one of `titles` stands at the head of the page (0.0 to 1.0), and the title as printed.

    Of titles equally alike the longer one is surer: 住院费用结算单 says more than 结算单.
    """
    best = (0.0, "")
    for row in rows_of(page.words)[:TITLE_ROWS]:
        words = [squeeze(word.text).translate(SIMPLIFIED) for word in row]
        texts = {*words, "".join(words)}
        for text in texts:
            for title in titles:
                best = max(best, (_likeness(text, title), text))
    return best


def _likeness(text: str, title: str) -> float:
    if len(text) > len(title) + LONGEST_AROUND:
        text = _OWNER.sub("", text)
    if not len(title) - 1 <= len(text) <= len(title) + LONGEST_AROUND or _SENTENCE.search(text):
        return 0.0
    if len(text) < len(title) <= SHORT_TITLE:
        return 0.0
    alike = fuzz.partial_ratio(title, text) / 100
    if alike < ALIKE or (len(title) <= 4 and alike < 1):
        return 0.0
    return alike * (0.9 + 0.1 * min(1.0, len(title) / 8))


def stated_title(page: Page) -> str:
    """The title that the XML of a bill states; `""` where there is none."""
    return next((s.text for s in page.statements if s.name == "bill_title" and s.origin != "qr"), "")


def mentions(page: Page, words: Sequence[str]) -> int:
    """How many of `words` stand anywhere on the page."""
    text = squeeze(page.text)
    return sum(word in text for word in words)
