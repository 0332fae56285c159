"""Glyphs with places, as PDF and OFD give them, to words with edges.

A word is a run of glyphs on one line without a gap, so cells stay apart. The order of the file is followed
first (it keeps crowded lines from mixing), then runs that touch are joined, since some writers emit one
font after the other. A space parts words, but for labels set wide (姓 名, 金 额): single Chinese
characters that follow each other at up to a character's distance are one word.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from pipeline.model import Box, Origin, Word

WORD_GAP = 0.3
"""Distance, in sizes of the letter, from which the next glyph is another word. Kerning stays under 0.2, a
Latin space has 0.25 to 0.33 and is a glyph of its own, a column keeps 0.5 and more."""
WIDE_LABEL_GAP = 1.1
UNIT_GAP = 6.0
"""For Chinese characters written as one text: 名称 is set as wide as 纳税人识别号 below it."""
SAME_LINE = 0.35
"""How far, in sizes, the middles of two runs of one line may differ."""
DOUBLE_STRIKE = 0.2
"""How far, in sizes, a glyph is drawn beside itself to look bold."""
FIRST_STRANGE, LAST_STRANGE = 0x80, 0xFF
USUAL_LATIN_1 = frozenset("§©«®°±²³·»×÷¥ ")
"""What Chinese papers use of Latin-1; the rest of it is GBK read byte by byte (ÕÅÈý)."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """One drawn character and its place, in the units of its page, origin top-left, y down."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    size: float
    direction: int = 0
    """Which way it runs, in degrees counter-clockwise from left to right: 0, 90, 180 or 270."""
    unit: int = 0
    """Glyphs of one number above 0 were written as one text, however wide it is set."""

    @property
    def upright(self) -> bool:
        """Runs from left to right."""
        return self.direction == 0

    @property
    def is_blank(self) -> bool:
        """Draws nothing, or nothing that can be read."""
        return not self.text.strip() or not is_readable(self.text)

    @property
    def middle(self) -> float:
        """Height of its middle."""
        return (self.top + self.bottom) / 2


Run: TypeAlias = Sequence[Glyph]


def is_readable(text: str) -> bool:
    """Whether a glyph's text can be what it shows.

    >>> is_readable("票"), is_readable("(cid:12)"), is_readable(chr(0xE012)), is_readable("Õ")
    (True, False, False, False)
    """
    if text.startswith("(cid:"):
        return False
    return all(
        unicodedata.category(char) not in ("Cc", "Cf", "Cn", "Co", "Cs")
        and char != "\ufffd"
        and (not FIRST_STRANGE <= ord(char) <= LAST_STRANGE or char in USUAL_LATIN_1)
        for char in text
    )


def readable_share(glyphs: Iterable[Glyph]) -> float:
    """Share of the glyphs that can be read, spaces left out; 1 where there is none."""
    drawn = [glyph for glyph in glyphs if glyph.text.strip()]
    return sum(is_readable(glyph.text) for glyph in drawn) / len(drawn) if drawn else 1.0


def unify(text: str) -> str:
    """Radicals and compatibility forms, which some fonts are mapped to, as the characters they show.

    >>> unify("⽉⾦")
    '月金'
    """
    return "".join(
        unicodedata.normalize("NFKC", char)
        if "\u2e80" <= char <= "\u2fdf" or "\uf900" <= char <= "\ufaff"
        else char
        for char in text
    )


def without_double_strikes(glyphs: Iterable[Glyph]) -> list[Glyph]:
    """The glyphs without those drawn again beside themselves (false bold, shadows)."""
    kept: list[Glyph] = []
    seen: dict[tuple[str, int, int], list[Glyph]] = {}
    for glyph in glyphs:
        step = max(glyph.size * DOUBLE_STRIKE, 1e-6)
        column, row = round(glyph.x0 / step), round(glyph.top / step)
        near = (
            other
            for x in (column - 1, column, column + 1)
            for y in (row - 1, row, row + 1)
            for other in seen.get((glyph.text, x, y), ())
        )
        if any(abs(other.x0 - glyph.x0) <= step and abs(other.top - glyph.top) <= step for other in near):
            continue
        seen.setdefault((glyph.text, column, row), []).append(glyph)
        kept.append(glyph)
    return kept


def words_of(glyphs: Iterable[Glyph], origin: Origin, scale: float) -> tuple[Word, ...]:
    """The words that the glyphs make, in reading order; `scale` turns their units into pixels."""
    runs = list(_runs(without_double_strikes(glyphs)))
    touching = [run for run in _joined(runs, WORD_GAP, _is_drawn) if _is_drawn(run)]
    labelled = _joined(touching, WIDE_LABEL_GAP, _is_single_chinese)
    words = [_word(run, origin, scale) for run in labelled]
    return tuple(sorted(words, key=lambda word: (round(word.box.cy / max(1.0, 4 * scale)), word.box.x0)))


def _runs(glyphs: Iterable[Glyph]) -> Iterator[list[Glyph]]:
    """Glyphs in the order of the file, parted where a word ends; blanks are runs of their own."""
    run: list[Glyph] = []
    for glyph in glyphs:
        if run and not _continues(run[-1], glyph):
            yield run
            run = []
        run.append(glyph)
    if run:
        yield run


def _continues(last: Glyph, glyph: Glyph) -> bool:
    if last.is_blank != glyph.is_blank or last.direction != glyph.direction:
        return False
    size = max(last.size, glyph.size)
    if not glyph.upright:
        return abs(glyph.x0 - last.x0) < size * SAME_LINE and (
            min(abs(glyph.top - last.bottom), abs(last.top - glyph.bottom)) < size * WORD_GAP
        )
    return (
        abs(glyph.middle - last.middle) < size * SAME_LINE
        and glyph.x0 >= last.x0
        and glyph.x0 - last.x1 <= size * (UNIT_GAP if _is_one_label(last, glyph) else WORD_GAP)
    )


def _is_one_label(last: Glyph, glyph: Glyph) -> bool:
    return 0 < last.unit == glyph.unit and is_chinese(last.text) and is_chinese(glyph.text)


def is_chinese(text: str) -> bool:
    """Whether `text` is one Chinese character."""
    return len(text) == 1 and "\u4e00" <= text <= "\u9fff"


def _is_drawn(run: Run) -> bool:
    return not run[0].is_blank


def _is_single_chinese(run: Run) -> bool:
    return len(run) == 1 and is_chinese(run[0].text)


def _joined(runs: Sequence[Run], most_gap: float, may_join: Callable[[Run], bool]) -> list[list[Glyph]]:
    """The runs, those of one line joined that lie within `most_gap` sizes and may be.

    A run that may not be joined keeps those apart that it lies between.
    """
    ordered = sorted((run for run in runs if run[0].upright), key=lambda run: run[0].middle)
    middles = [run[0].middle for run in ordered]
    followers: dict[int, int] = {}
    taken: set[int] = set()
    for index, run in enumerate(ordered):
        if not may_join(run):
            continue
        reach = run[-1].size * SAME_LINE
        near = range(
            bisect_left(middles, middles[index] - reach), bisect_right(middles, middles[index] + reach)
        )
        follower = _nearest(ordered, run[-1], near, most_gap)
        if follower is not None and follower not in taken and may_join(ordered[follower]):
            followers[index] = follower
            taken.add(follower)
    lying = [list(run) for run in runs if not run[0].upright]
    return lying + [_chain(ordered, index, followers) for index in range(len(ordered)) if index not in taken]


def _nearest(ordered: Sequence[Run], last: Glyph, near: range, most_gap: float) -> int | None:
    """The run that begins next to the right of the glyph `last`, within the gap or a little under it."""
    following = [
        index
        for index in near
        if ordered[index][0].x0 > last.x0
        and -last.size * WORD_GAP <= ordered[index][0].x0 - last.x1 <= last.size * most_gap
    ]
    return min(following, key=lambda index: ordered[index][0].x0, default=None)


def _chain(ordered: Sequence[Run], index: int, followers: dict[int, int]) -> list[Glyph]:
    chained = list(ordered[index])
    while index in followers:
        index = followers[index]
        chained += ordered[index]
    return chained


def _word(run: Run, origin: Origin, scale: float) -> Word:
    text, edges = "", [run[0].x0]
    for glyph in run:
        shown = unify(glyph.text).strip()
        start, width = max(edges[-1], glyph.x0), max(0.0, glyph.x1 - max(edges[-1], glyph.x0))
        edges[-1] = start if text else edges[-1]
        edges += [start + width * (place + 1) / len(shown) for place in range(len(shown))]
        text += shown
    box = Box(
        min(glyph.x0 for glyph in run) * scale,
        min(glyph.top for glyph in run) * scale,
        max(glyph.x1 for glyph in run) * scale,
        max(glyph.bottom for glyph in run) * scale,
    )
    word = Word(text, box, 1.0, origin)
    return replace(word, edges=tuple(edge * scale for edge in edges)) if run[0].upright else word
