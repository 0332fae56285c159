"""Glyphs with places, as PDF and OFD give them, to words with edges.

A word is a run of glyphs on one line without a gap, so cells stay apart. The order of the file is followed
first (it keeps crowded lines from mixing), then runs that touch are joined, since some writers emit one
font after the other. A space parts words, but for labels set wide (姓 名, 金 额): single Chinese
characters that follow each other at up to a character's distance are one word.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.model import Box, Origin, Word

WORD_GAP = 0.3
"""Distance, in sizes of the letter, from which the next glyph is another word. Kerning stays under 0.2, a
Latin space has 0.25 to 0.33 and is a glyph of its own, a column keeps 0.5 and more."""
WIDE_LABEL_GAP = 1.1
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

    @property
    def upright(self) -> bool:
        return self.direction == 0

    @property
    def is_blank(self) -> bool:
        """Draws nothing, or nothing that can be read."""
        return not self.text.strip() or not is_readable(self.text)

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


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
    runs = _joined_runs(list(_wide_labels(_runs(without_double_strikes(glyphs)))))
    words = [_word(run, origin, scale) for run in runs]
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
        and glyph.x0 - last.x1 <= size * WORD_GAP
    )


def _wide_labels(runs: Iterable[list[Glyph]]) -> Iterator[list[Glyph]]:
    """Single Chinese characters set apart by up to a character, joined; other runs as they are."""
    label: list[Glyph] = []
    blanks: list[list[Glyph]] = []
    for run in runs:
        if run[0].is_blank:
            blanks.append(run)
            continue
        if label and _is_single_chinese(run) and _belongs_to_label(label[-1], run[0]):
            label += run
            blanks.clear()
            continue
        if label:
            yield label
        yield from blanks
        blanks.clear()
        label = list(run) if _is_single_chinese(run) else []
        if not label:
            yield run
    if label:
        yield label
    yield from blanks


def _is_single_chinese(run: Sequence[Glyph]) -> bool:
    return len(run) == 1 and len(run[0].text) == 1 and "\u4e00" <= run[0].text <= "\u9fff"


def _belongs_to_label(last: Glyph, glyph: Glyph) -> bool:
    same_line = abs(glyph.middle - last.middle) < last.size * SAME_LINE
    return same_line and -last.size * WORD_GAP <= glyph.x0 - last.x1 <= last.size * WIDE_LABEL_GAP


def _joined_runs(runs: list[list[Glyph]]) -> list[list[Glyph]]:
    """Runs of one line that touch, joined; without the blanks, which keep apart what they lie between."""
    lying = [run for run in runs if not run[0].upright and not run[0].is_blank]
    ordered = sorted((run for run in runs if run[0].upright), key=lambda run: run[0].middle)
    middles = [run[0].middle for run in ordered]
    followers: dict[int, int] = {}
    taken: set[int] = set()
    for index, run in enumerate(ordered):
        if run[0].is_blank:
            continue
        reach = run[-1].size * SAME_LINE
        near = range(bisect_left(middles, middles[index] - reach), len(ordered))
        best = _nearest_follower(ordered, index, near, middles[index] + reach)
        if best is not None and best not in taken and not ordered[best][0].is_blank:
            followers[index] = best
            taken.add(best)
    return lying + [
        _chain(ordered, index, followers)
        for index, run in enumerate(ordered)
        if index not in taken and not run[0].is_blank
    ]


def _nearest_follower(
    ordered: list[list[Glyph]], index: int, near: range, furthest: float
) -> int | None:
    last = ordered[index][-1]
    best: int | None = None
    for other in near:
        first = ordered[other][0]
        if first.middle > furthest:
            break
        gap = first.x0 - last.x1
        touches = -last.size * WORD_GAP <= gap <= last.size * WORD_GAP and first.x0 > last.x0
        if other != index and touches and (best is None or first.x0 < ordered[best][0].x0):
            best = other
    return best


def _chain(ordered: list[list[Glyph]], index: int, followers: dict[int, int]) -> list[Glyph]:
    chained = list(ordered[index])
    while index in followers:
        index = followers[index]
        chained += ordered[index]
    return chained


def _word(run: Sequence[Glyph], origin: Origin, scale: float) -> Word:
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
