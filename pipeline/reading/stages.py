"""The way of a page, shown to whoever wants to see it: `baoxiao explain`, a test, nobody.

Functions that read a page take a `Stages` and tell it what they did, with the picture they did it to. In a
scan that is `UNSEEN`, which looks away: showing costs nothing, and what is shown is what a scan does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np

from pipeline.model import Box, Image, Word
from pipeline.reading.lines import Quad

Stage: TypeAlias = Literal[
    "decoded",
    "blank",
    "lines",
    "turned",
    "deskewed",
    "read",
    "seals",
    "peeled",
    "upright",
    "words",
    "codes",
    "second_look",
    "sheet",
    "fields",
]
"""A step of the reading; a page that is read twice, once upside down, takes some of them twice."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on a picture.

    Args:
        corners: Shape (4, 2), clockwise, in pixels of the picture shown.
        label: What is written beside it, `""` for nothing.
        sure: A probability, 0 to 1, shown as a colour; None where there is none.
    """

    corners: Quad
    label: str = ""
    sure: float | None = None

    @staticmethod
    def on(box: Box, label: str = "", sure: float | None = None) -> Mark:
        """The mark around a box."""
        corners = [[box.x0, box.y0], [box.x1, box.y0], [box.x1, box.y1], [box.x0, box.y1]]
        return Mark(np.array(corners, dtype=np.float32), label, sure)


class Stages(Protocol):
    """Sees what is done to a page."""

    def show(self, stage: Stage, note: str, image: Image, marks: Sequence[Mark] = ()) -> None:
        """A step was taken, or tried and dropped.

        Args:
            stage: Which one.
            note: What was decided and on what evidence, Chinese / English.
            image: The page afterwards, shape (H, W, 3), RGB.
            marks: Places on it that the decision speaks of.
        """


class Unseen:
    """Nobody looks."""

    def show(self, stage: Stage, note: str, image: Image, marks: Sequence[Mark] = ()) -> None:
        """Nothing is kept."""


UNSEEN: Stages = Unseen()


def marks_of(words: Sequence[Word]) -> list[Mark]:
    """The places of words, with how surely each was read."""
    return [Mark.on(word.box, word.text, word.confidence) for word in words]
