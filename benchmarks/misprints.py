"""What happens to a name on its way to us: how bills print it, and what recognition makes of its characters.

The look-alikes are the open-licensed pairs of `../shared/catalogs/similar_chars.csv` (mark A: MIT and
Apache-2.0); a pair that several sources name is drawn more often. Nothing here is asked by the matcher.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

MARKERS = ("★", "△", "▲", "*", "◆", "※", "[甲]", "【乙】", "(甲)", "(国谈)", "[集采]", "甲类", "(基)", "#")
"""What bills print before a name."""
BRAND_CHARACTERS = "康舒欣达立宁泰诺普乐安迪力益优尔美佳邦瑞"
"""Trade names are invented of these."""
ADDED_CHARACTERS = "一丨丶、·.'的"
"""What specks and ruled lines are read as; and any character may be read twice."""

PAIR_WEIGHTS: Mapping[int, float] = {1: 1.0, 2: 8.0, 3: 16.0}
"""By how many sources call a pair alike: a pair of two or three sources is good, many of one are weak."""
WEAK_SOURCES = frozenset({"structure", "group"})
WEAK_WEIGHT = 0.2
"""Pairs that one such source alone names are weak, says the README of the lists."""

KINDS_OF_ERROR = ("look-alike", "dropped", "added")
ERROR_WEIGHTS = (0.75, 0.15, 0.10)
LONG_NAME = 8
SECOND_ERROR = 0.25
"""How often a name of `LONG_NAME` characters or more has a second wrong character."""


class Misprints:
    """Draws print habits and recognition errors from one source of chance."""

    def __init__(self, chance: Random, lookalikes: Mapping[str, Sequence[tuple[str, float]]]) -> None:
        self._chance = chance
        self._lookalikes = lookalikes

    def misread(self, name: str) -> str:
        """The name with one wrong Chinese character, long names now and then with two."""
        errors = 1 + (len(name) >= LONG_NAME and self._chance.random() < SECOND_ERROR)
        for _ in range(errors):
            name = self._one_error(name)
        return name

    def _one_error(self, name: str) -> str:
        places = [at for at, char in enumerate(name) if is_han(char)]
        if not places:
            return name
        at = self._chance.choice(places)
        kind = self._chance.choices(KINDS_OF_ERROR, ERROR_WEIGHTS)[0]
        alike = self._lookalikes.get(name[at])
        if kind == "dropped" and len(places) > 3:
            return name[:at] + name[at + 1 :]
        if kind == "added":
            return name[:at] + self._chance.choice([*ADDED_CHARACTERS, name[at]]) + name[at:]
        if not alike:  # a character without a look-alike: another place, if there is one
            places = [place for place in places if name[place] in self._lookalikes]
            if not places:
                return name
            at = self._chance.choice(places)
            alike = self._lookalikes[name[at]]
        read = self._chance.choices([char for char, _ in alike], [weight for _, weight in alike])[0]
        return name[:at] + read + name[at + 1 :]

    def dressed(self, name: str, specification: str, maker: str, *, medicine: bool) -> str:
        """The name with what bills print around it: markers, trade name, specification, full width."""
        chance = self._chance
        text = name
        if medicine and chance.random() < 0.15:
            brand = "".join(chance.sample(BRAND_CHARACTERS, chance.choice((2, 3))))
            text = f"{text}({brand})" if chance.random() < 0.7 else f"{text}【{brand}】"
        if maker and chance.random() < 0.05:
            text = f"{text}[{maker}]"
        if specification:
            text += chance.choice(("", " ", "/")) + self.respelt(specification)
        if chance.random() < 0.35:
            text = chance.choice(MARKERS) + text
        if "(" in text and ")" in text and chance.random() < 0.2:
            text = text.replace(chance.choice("()"), "", 1)
        if chance.random() < 0.10:
            text = to_full_width(text)
        if chance.random() < 0.10 and len(text) > 3:
            at = chance.randrange(1, len(text))
            text = text[:at] + " " + text[at:]
        return text

    def respelt(self, specification: str) -> str:
        """A specification with the multiplication sign that this bill prints."""
        return specification.replace("*", self._chance.choice(("*", "×", "x", "X", "＊")))


def is_han(char: str) -> bool:
    """Whether it is a Chinese character."""
    return "\u3400" <= char <= "\u9fff"


def to_full_width(text: str) -> str:
    """Letters, digits and signs in full width, as some printers set them."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def read_lookalikes(file: Path) -> dict[str, list[tuple[str, float]]]:
    """Character to the characters it is taken for, each with its weight; empty where the file is absent."""
    found: dict[str, list[tuple[str, float]]] = {}
    if not file.is_file():
        return found
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            a, b = row["char_a"], row["char_b"]
            weak = row["sources"] in WEAK_SOURCES
            weight = WEAK_WEIGHT if weak else PAIR_WEIGHTS[int(row["n_sources"])]
            found.setdefault(a, []).append((b, weight))
            found.setdefault(b, []).append((a, weight))
    return found
