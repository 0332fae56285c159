"""The text of a section: broken lines joined, numbered lists taken apart.

Numbers are told from contents by their order: 2型糖尿病 in a list begins with no number, 2. 高血压病 does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from extractors._fields import doubted, probability, reading_of
from extractors._sections import Line, Section
from pipeline.model import Box, Field, TextField
from pipeline.text import fold

FULL_SLACK = 3.5
"""A line that was broken ends within so many line heights (three characters) of the right edge."""

SHORTEST_BROKEN = 8.0
"""No line is broken after fewer characters, however near the edge of all print it ends."""

LONGEST_NAME = 30
"""A longer item is a sentence, in which a colon may stand."""

_BEFORE_NUMBER = r"(?![0-9]+(?![0-9\u4e00-\u9fff]))"  # 1.5mg is no first item
_BEFORE_NAME = r"(?=[\u4e00-\u9fff])(?![型级度期月周天年日次个])"  # 1 高血压, its point lost; not 2型糖尿病
_FIRST_MARK = re.compile(
    rf"[\[(]?(?P<number>[0-9]{{1,2}}|[①-⑳])(?:\s*[)\].、,:·]{_BEFORE_NUMBER}|\s*{_BEFORE_NAME})\s*"
)
_CIRCLED = {chr(0x2460 + n): n + 1 for n in range(20)}


def paragraphs(lines: Sequence[Line]) -> list[str]:
    """The text with lines joined that were broken at the right edge or go on with a numbered item."""
    texts: list[str] = []
    last_number = 0
    full = False
    for line in lines:
        word = line.word
        text = _without_rest_of_label(word.text) if not texts else word.text.strip()
        number = _number_at_start(text)
        if number is not None and number in (1, last_number + 1, last_number + 2):
            texts.append(text)
            last_number = number
        elif texts and (full or last_number):
            texts[-1] += text
        else:
            texts.append(text)
        height = word.box.height
        full = word.box.x1 >= line.right - FULL_SLACK * height and word.box.width >= SHORTEST_BROKEN * height
    return [text for text in texts if text]


def _without_rest_of_label(text: str) -> str:
    return re.sub(r"^(?:[(（][^)）]{1,8}[)）]\s*[:：]|[\]】:：、\s])+", "", text).strip()


def _number_at_start(text: str) -> int | None:
    match = _FIRST_MARK.match(fold(text))
    if match is None:
        return None
    return _CIRCLED.get(match["number"]) or int(match["number"])


def items_of_text(lines: Sequence[Line]) -> list[str]:
    """The items of a list, numbers stripped; a text without numbers is one item a paragraph."""
    items = []
    expected = 1
    for text in paragraphs(lines):
        parts, expected = _split_at_numbers(text, expected)
        items += parts
    return [item for item in (part.strip(" \t\u3000;；。，,、") for part in items) if item]


def _split_at_numbers(text: str, expected: int) -> tuple[list[str], int]:
    """The text cut before the numbers that come next in order, which may stand in mid-line."""
    number = _number_at_start(text)
    match = _FIRST_MARK.match(fold(text))
    if number is None or match is None or number not in (1, expected, expected + 1):
        return [text], expected
    text = text[match.end() :]
    parts: list[str] = []
    while True:
        number += 1
        digits = rf"(?<![0-9.]){number}\s*[)\].、·](?:(?![0-9])|(?=[0-9]+型))"
        mark = rf"[\[(]?(?:{digits}|{chr(0x2460 + number - 1)}[)\].、]?)\s*"
        cut = re.search(mark, fold(text))
        if cut is None:
            return [*parts, text], number
        parts.append(text[: cut.start()])
        text = text[cut.end() :]


def diagnoses_of(lines: Sequence[Line]) -> str:
    """Diagnoses joined with `;`, as printed: numbering stripped, wrapped lines joined."""
    items = items_of_text(lines)
    is_numbered = bool(lines) and _number_at_start(_without_rest_of_label(lines[0].word.text)) == 1
    if not is_numbered:
        items = [part for item in items for part in _named_apart(item)]
    cleaned = (re.sub(r"\s+", "", part) for item in items for part in re.split("[;；]", item))
    return ";".join(dict.fromkeys(part.strip("。，,、.") for part in cleaned if part.strip("。，,、.")))


QUALIFIED = r"(?!(?:未特指|未明确|原因不明|不伴|伴|非重症|重症|[轻中重]度|无并发症|其他特指))"
"""Behind a comma these words go on with a diagnosis, as in the national list (慢性肾脏病，未特指)."""


def _named_apart(text: str) -> list[str]:
    """Diagnoses written one after the other; 、 stands also inside one (皮肤、软组织感染)."""
    parts = [
        part
        for part in re.split(rf"(?:[;；。\u3000]+|[，,]+{QUALIFIED})(?![^(（]*[)）])", text)
        if part.strip()
    ]
    if len(parts) == 1:
        listed = re.split(r"、(?![^(（]*[)）])", text)
        if all(len(part.strip()) >= 3 for part in listed):
            return listed
    return parts


def advice_of(lines: Sequence[Line]) -> str:
    """What is advised: numbered points and lines of their own joined with `;`, wrapped lines joined."""
    return ";".join(_close_up(item) for item in items_of_text(lines))


def prose_of(lines: Sequence[Line]) -> str:
    """Running text without the line breaks of the print."""
    return _close_up(_without_rest_of_label("".join(line.word.text for line in lines)))


def _close_up(text: str) -> str:
    """Without spaces beside Chinese characters."""
    return re.sub(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])", "", text).strip()


_COLON_IN_ITEM = re.compile(r"(?<![断查排型期因现级])[:：](?![0-9])")
"""A colon stands behind 中医诊断, 发热待查; between two diagnoses it is a semicolon read wrong."""


def is_run_together(value: str) -> bool:
    """Whether two short items may be one by a mark between them that was read wrong."""
    return any(
        len(item) <= LONGEST_NAME and _COLON_IN_ITEM.search(item) is not None for item in value.split(";")
    )


def text_field(section: Section | None, value: str) -> TextField | None:
    """A field of a section: as sure as its least sure line, boxed on the page where it begins."""
    if section is None or not value:
        return None
    page = section.lines[0].page
    words = [line.word for line in section.lines]
    found = Field(
        value,
        "\n".join(word.text for word in words),
        min(probability(word) for word in words),
        page,
        Box.around(line.word.box for line in section.lines if line.page == page),
        words[0].origin,
        reading=reading_of(words),
    )
    return doubted(found) if section.may_be_cut or is_run_together(value) else found
