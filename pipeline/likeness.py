"""How alike two pages look: a picture in 64 bits and the numbers printed on it in 256.

Of one form all papers look alike, and of one hospital and day many numbers are the same; so two pages are
alike only when their pictures *and* their numbers are. A likeness warns, it proves nothing.

- The picture is a perceptual hash: the signs of the lowest frequencies of the part that carries print
  (`pipeline.reading.pictures` makes it). It survives light, scale, JPEG and a little perspective.
- The numbers are a MinHash (Broder 1997): of each of 32 orders of all possible numbers the first that
  stands on the page, a byte each. The share of equal bytes estimates how many of the numbers that stand on
  either page stand on both.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from hashlib import shake_128
from itertools import combinations
from typing import TypeVar

from pipeline.text import fold

K = TypeVar("K", bound=Hashable)

ORDERS = 32
"""Bytes of the numbers' sketch: shares come out within 0.09 (a standard error, at one half)."""
PICTURE_DIGITS = 16
"""Hex digits of the picture's 64 bits, before those of the sketch."""

NUMBER = re.compile(r"\d{4,}(?:\.\d+)?|\d{2,}\.\d+")
"""Numbers that say something: of four digits, or with a fraction; a 1 or a 12 stands on every page."""
FIGURE = re.compile(r"\d+(?:\.\d+)*")
FEWEST_NUMBERS = 4
"""With fewer a page cannot be told from another of its form; many certificates have fewer."""

ALIKE_BITS = 26
"""Bits of 64 in which two pictures of one paper differed at most (102 pairs of PDF, screenshot, scan and
photo); pictures of two papers differ in about 28, those of one form in as few as 4."""
ALIKE_SHARE = 0.6
"""Share of numbers in common from which pages are taken for one. Two readings of one paper had 0.78 or more,
two pages of different papers 0.31 at most (18,145 pairs), two of one long list 0.50."""

BAND = 2
"""Bytes of the sketch under which pages are looked up: pages that share 0.6 of their numbers meet in one of
16 such places in 999 of 1,000 cases, pages that share a tenth in 149."""
CROWD = 64
"""Pages that meet in one place; more of them have something in common that all have."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a page looks like: `picture` is 64 bits, `numbers` the sketch, empty where too few stand there."""

    picture: int
    numbers: bytes

    @property
    def hex(self) -> str:
        """16 hex digits of the picture, then two for each byte of the sketch."""
        return f"{self.picture:0{PICTURE_DIGITS}x}{self.numbers.hex()}"

    @staticmethod
    def of_hex(text: str) -> Likeness:
        """The likeness that `hex` wrote.

        Raises:
            ValueError: If `text` is not hexadecimal, or too short for a picture.
        """
        return Likeness(int(text[:PICTURE_DIGITS], 16), bytes.fromhex(text[PICTURE_DIGITS:]))


def sketch(texts: Iterable[str]) -> bytes:
    """The MinHash of the numbers in `texts`; empty where there are fewer than `FEWEST_NUMBERS`.

    >>> sketch(["合计 203.65 元"]), len(sketch(["11060124 0127712345 2025-02-17 203.65 34.05 1882.10"]))
    (b'', 32)
    """
    numbers = {number for text in texts for number in NUMBER.findall(fold(text).replace(",", ""))}
    if len(numbers) < FEWEST_NUMBERS:
        return b""
    drawn = [shake_128(number.encode()).digest(4 * ORDERS) for number in numbers]
    first = (min(each[4 * place : 4 * place + 4] for each in drawn) for place in range(ORDERS))
    return bytes(each[-1] for each in first)


def figures(texts: Iterable[str]) -> tuple[str, ...]:
    """All numbers in `texts`, in order, thousands joined: what two sheets of one wording differ by.

    >>> figures(["合计 1,838.57", "休息 2 周", "2025.02.17"])
    ('1838.57', '2', '2025.02.17')
    """
    return tuple(number for text in texts for number in FIGURE.findall(fold(text).replace(",", "")))


def bits_apart(a: Likeness, b: Likeness) -> int:
    """In how many of 64 bits two pictures differ."""
    return (a.picture ^ b.picture).bit_count()


def share_in_common(a: Likeness, b: Likeness) -> float:
    """About how many of the numbers on either page stand on both, 0 to 1; 0 where a page has too few."""
    if not a.numbers or not b.numbers:
        return 0.0
    return sum(x == y for x, y in zip(a.numbers, b.numbers, strict=True)) / ORDERS


def are_alike(a: Likeness, b: Likeness) -> bool:
    """Whether two pages look like one: in their picture and in their numbers."""
    return bits_apart(a, b) <= ALIKE_BITS and share_in_common(a, b) >= ALIKE_SHARE


def find_alike(pages: Iterable[tuple[K, Likeness]]) -> list[tuple[K, K]]:
    """The pairs of pages that are alike, each once, in order; the work grows with the number of pages."""
    known = list(pages)
    places: defaultdict[tuple[int, bytes], list[int]] = defaultdict(list)
    for number, (_, likeness) in enumerate(known):
        for start in range(0, len(likeness.numbers), BAND):
            places[start, likeness.numbers[start : start + BAND]].append(number)
    near = {pair for numbers in places.values() if len(numbers) <= CROWD for pair in combinations(numbers, 2)}
    return [(known[a][0], known[b][0]) for a, b in sorted(near) if are_alike(known[a][1], known[b][1])]
