"""The two inks of a pre-printed paper: that of its form and that of the printer which filled it.

Forms are printed brown, red, green or blue, ribbons print black or violet; each ink takes the three colours
of the paper's light in its own proportion. What a pixel takes is so much of the one ink and so much of the
other, and three colours are enough to tell how much of each, also where one lies on the other. Grey pages
and forms printed in black have one ink for all that can be told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import degrees

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Box, Image, Word
from pipeline.reading.stains import LONG_SIDE, colours_of, taken_from
from pipeline.text import squeeze

DARKEST = 0.05
"""Share of a word's box whose darkest pixels show its ink: the middles of strokes, without paper."""

LEAST_PIXELS = 20
"""A box of fewer pixels says nothing about its ink."""

FEWEST_WORDS = 4
"""So many labels, and so many numbers, tell an ink; one or two may lie under a seal."""

LEAST_ANGLE = 6.0
"""Degrees between what two inks take of red, green and blue light, at least, for them to be told apart. On 25
slipped tickets in colour labels and numbers lay 2 to 18 apart; below 6 the blocks of a JPEG put print of one
ink into the picture of the other."""

INKED = 0.4
"""A pixel is printed in an ink from this share of the ink's full strength on."""

ALMOST_ALL = 0.85
"""So much of a word's print in one ink makes it a word of that ink; the rest are specks and rims."""

PAPER, FULL = 0.12, 0.55
"""In a picture of one ink, less than the first share of its strength is paper, more than the second black:
what the other ink leaves behind at the rims of its strokes is lighter, worn ribbons are darker."""

RULE = 2.5
"""A straight run of ink so many line heights long is a rule of the form and no print."""

_NUMBER = re.compile("[0-9.]{3,}")
"""Numbers are never of the form, but for that of the sheet."""

Light = npt.NDArray[np.float32]
"""Shares of red, green and blue light that an ink takes; shape (3,) or (H, W, 3), 0 to 1."""


@dataclass(frozen=True, slots=True)
class TwoInks:
    """What the print of the form and what the overprint takes of the light, shape (3,) each."""

    form: Light
    overprint: Light

    def amounts(self, taken: Light, seals: Iterable[Box] = ()) -> tuple[Light, Light]:
        """How much of each ink lies on every pixel, 1 where it is as dark as print in it is.

        Args:
            taken: Shape (H, W, 3).
            seals: Where the ink of a seal is a third, in pixels of `taken`.

        Returns:
            The form's and the overprint's, shape (H, W) each, 0 to 1.
        """
        both = _solved(taken, [self.form, self.overprint])
        for seal in seals:
            x0, y0, x1, y1 = _within(seal, taken.shape)
            part = taken[y0:y1, x0:x1]
            ink = _seal_ink(part)
            if ink is not None and min(angle(ink, self.form), angle(ink, self.overprint)) >= LEAST_ANGLE:
                both[y0:y1, x0:x1] = _solved(part, [self.form, self.overprint, ink])[:, :, :2]
        return both[:, :, 0], both[:, :, 1]


@dataclass(frozen=True, slots=True)
class Share:
    """How much print of each ink a word has, in pixels, without rules."""

    form: int
    overprint: int

    @property
    def is_form(self) -> bool:
        """Whether all of it that counts is of the form."""
        return self.form > ALMOST_ALL * (self.form + self.overprint)

    @property
    def is_overprint(self) -> bool:
        """Whether all of it that counts is overprint."""
        return self.overprint > ALMOST_ALL * (self.form + self.overprint)


class InkedPage:
    """A page with two inks, looked at so small that strokes are a few pixels wide.

    Args:
        image: The upright page, (H, W, 3) RGB.
        seals: Where seals may lie on it.
    """

    def __init__(self, image: Image, seals: Sequence[Box] = ()) -> None:
        self._scale = min(1.0, LONG_SIDE / max(image.shape[:2]))
        small = image
        if self._scale < 1:
            small = np.asarray(
                cv2.resize(image, None, fx=self._scale, fy=self._scale, interpolation=cv2.INTER_AREA),
                np.uint8,
            )
        self._taken = taken_from(small)
        self._seals = [_scaled(box, self._scale) for box in seals]

    def two_inks(self, labels: Sequence[Box], words: Iterable[Word]) -> TwoInks | None:
        """The inks of `labels` and of the numbers among `words`; None where they cannot be told apart."""
        form = _usual([self._ink(box) for box in labels])
        if form is None:
            return None
        overprint = _usual([self._ink(word.box) for word in words if _NUMBER.fullmatch(squeeze(word.text))])
        if overprint is None or angle(form, overprint) < LEAST_ANGLE:
            return None
        return TwoInks(form, overprint)

    def shares(self, inks: TwoInks, words: Sequence[Word], height: float) -> list[Share]:
        """How much print of each ink every word has; `height` is that of a line in pixels of the page."""
        run = max(3, round(RULE * height * self._scale))
        sums = [
            np.asarray(cv2.integral(_without_rules((amount > INKED).astype(np.uint8), run)), np.int32)
            for amount in inks.amounts(self._taken, self._seals)
        ]
        return [Share(*(self._printed(total, word.box) for total in sums)) for word in words]

    def _ink(self, box: Box) -> Light | None:
        x0, y0, x1, y1 = self._place(box)
        part = self._taken[y0:y1, x0:x1].reshape(-1, 3)
        if len(part) < LEAST_PIXELS:
            return None
        count = max(1, round(DARKEST * len(part)))
        dark = np.argpartition(part.sum(axis=1), -count)[-count:]
        return np.asarray(part[dark].mean(axis=0), np.float32)

    def _printed(self, total: npt.NDArray[np.int32], box: Box) -> int:
        x0, y0, x1, y1 = self._place(box)
        return int(total[y1, x1]) - int(total[y0, x1]) - int(total[y1, x0]) + int(total[y0, x0])

    def _place(self, box: Box) -> tuple[int, int, int, int]:
        return _within(_scaled(box, self._scale), self._taken.shape)


def _scaled(box: Box, scale: float) -> Box:
    return Box(box.x0 * scale, box.y0 * scale, box.x1 * scale, box.y1 * scale)


def _within(box: Box, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The box as whole pixels (x0, y0, x1, y1) of an array of `shape`."""
    x0, x1 = (round(min(max(x, 0), shape[1])) for x in (box.x0, box.x1))
    y0, y1 = (round(min(max(y, 0), shape[0])) for y in (box.y0, box.y1))
    return x0, y0, x1, y1


def _solved(taken: Light, inks: Sequence[Light]) -> Light:
    """How much of each of `inks` every pixel holds, (H, W, number of inks), 0 to 1."""
    solve = np.linalg.pinv(np.stack(inks, axis=1)).astype(np.float32)
    return np.asarray(np.clip(taken @ solve.T, 0, 1), np.float32)


def _seal_ink(taken: Light) -> Light | None:
    """What the ink of the seal on a part of a page takes; None where there is none."""
    inked = colours_of(taken).either > 0
    if int(inked.sum()) < LEAST_PIXELS:
        return None
    return np.asarray(np.median(taken[inked], axis=0), np.float32)


def angle(one: Light, other: Light) -> float:
    """Degrees between what two inks take of the three colours; 0 for the same ink, however worn."""
    cosine = float(one @ other) / max(1e-9, float(np.linalg.norm(one) * np.linalg.norm(other)))
    return degrees(np.arccos(min(1.0, max(-1.0, cosine))))


def printed_apart(image: Image, inks: TwoInks, seals: Sequence[Box] = ()) -> tuple[Image, Image]:
    """The page with the form's print alone and with the overprint alone, grey, (H, W, 3) each.

    What is in the ink of one of `seals` is on neither.
    """
    form, overprint = inks.amounts(taken_from(image), seals)
    return _as_picture(form), _as_picture(overprint)


def _as_picture(amount: Light) -> Image:
    black = np.clip((amount - PAPER) / (FULL - PAPER), 0, 1)
    grey = np.asarray(255 * (1 - black), np.uint8)
    return np.asarray(cv2.merge([grey, grey, grey]), np.uint8)


def _usual(inks: Iterable[Light | None]) -> Light | None:
    """The median of inks, each colour for itself; None where they are too few."""
    known = [ink for ink in inks if ink is not None]
    return np.asarray(np.median(known, axis=0), np.float32) if len(known) >= FEWEST_WORDS else None


def _without_rules(inked: npt.NDArray[np.uint8], run: int) -> npt.NDArray[np.uint8]:
    level = cv2.morphologyEx(inked, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    upright = cv2.morphologyEx(inked, cv2.MORPH_OPEN, np.ones((run, 1), np.uint8))
    return np.asarray(cv2.subtract(inked, cv2.bitwise_or(level, upright)), np.uint8)
