"""Seals read: what stands on them, and by it what they are called.

The ink of a seal is isolated by its colour, its arc unrolled and its middle set upright
(`pipeline.reading.seal_writing`); all pieces of a page are read in one call. Black print across a seal leaves
white holes in its characters, which costs confidence but adds none of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Box, Image, Page, Seal, SealColour, Stamp, Word
from pipeline.reading.lines import Quad
from pipeline.reading.seal_shape import MARGIN, Layer, Outline, outline_of, within
from pipeline.reading.seal_writing import Writing, laid_straight
from pipeline.reading.seals import LineReader, find_stamps
from pipeline.reading.stains import taken_from
from pipeline.seal_names import SUPERVISION, Named, named, purpose_of, region_of

FULL_INK = 97
"""Percentile of a cutting's colour that counts as full ink; the rim alone has more than three hundredths."""

LEAST_COLOUR = 0.1
"""Full ink takes at least so much more of one colour than of another; less is noise of a grey scan."""

RIM_INSIDE = 0.85
"""Within this share of the outline there is no rim."""

COLOURED = 0.3
"""From this share of full ink's colour on a pixel is inked."""

PRINT_SHARE = 0.5
"""Black print takes more than this share of the paper's light of every colour."""

VIOLET_BY = 0.07
"""How much further the red of a blue-violet stamp may lie below its blue than that of a red one, as a share
of the paper's light."""

ON_ANOTHER = 0.4
"""A rim of which so much lies in the box of one that is inked more fully is a line of that one, or of its
writing: seals that overlap hide less of each other."""

BARE_SUPPORT = 0.8
"""A ring in which no name can be read is a seal when its rim is inked in so many directions: a ring among
coloured print is seen by chance at 0.6 to 0.75 (measured on forms and letters in colour)."""

COLOURLESS = 12
COLOURFUL = 0.001
"""A page on which no more than this share of pixels has more colour than so many levels is black and
white."""

MIN_CONFIDENCE = 0.5
"""Below it what was read on a seal is scraps: of a star, of the arc's other side."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A seal on the page with its writing laid straight."""

    box: Box
    colour: SealColour
    outline: Outline
    writing: Writing


def with_seals(page: Page, engine: LineReader) -> Page:
    """The page with its seals, named where their writing could be read.

    Pages whose words came with the file keep no seals: nothing is claimed of them, and their pictures are
    too coarse to read. A page without colours stays without an answer too.
    """
    if page.image is None or page.words_known or not has_colours(page.image):
        return page
    stamps = find_stamps(page.image) if page.stamps is None else page.stamps
    found = _on_their_own(seal for stamp in stamps if (seal := _found(page.image, stamp)) is not None)
    if not found:
        return replace(page, seals=())
    lines = read_writing([seal.writing for seal in found], engine)
    seals = (
        (_seal(each, words, page.number), each.outline) for each, words in zip(found, lines, strict=True)
    )
    return replace(
        page, seals=tuple(seal for seal, outline in seals if seal.name is not None or _is_bare_ring(outline))
    )


def _on_their_own(found: Iterable[_Found]) -> list[_Found]:
    """The seals without what is part of another."""
    kept: list[_Found] = []
    for seal in sorted(found, key=lambda seal: -seal.outline.support * seal.box.area):
        if all(
            seal.box.shared_area(other.box) < ON_ANOTHER * seal.box.area
            for other in kept
            if other.colour == seal.colour
        ):
            kept.append(seal)
    return sorted(kept, key=lambda seal: (seal.box.y0, seal.box.x0))


def _is_bare_ring(outline: Outline) -> bool:
    """Whether a rim is a seal even though no name was read in it; a frame without one is a form's cell."""
    return outline.shape in ("round", "oval") and outline.support >= BARE_SUPPORT


def has_colours(image: Image) -> bool:
    """Whether `image` (H, W, 3 RGB) can show that a seal is red: a black-and-white scan cannot."""
    step = max(1, max(image.shape[:2]) // 800)
    red, green, blue = cv2.split(np.ascontiguousarray(image[::step, ::step]))
    colour = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    return bool(np.count_nonzero(colour > COLOURLESS) > COLOURFUL * colour.size)


def _found(image: Image, stamp: Stamp) -> _Found | None:
    box = stamp.box
    margin = MARGIN * max(box.width, box.height)
    x0, y0 = max(0, round(box.x0 - margin)), max(0, round(box.y0 - margin))
    x1, y1 = round(box.x1 + margin), round(box.y1 + margin)
    part = image[y0:y1, x0:x1]
    layer = ink_layer(part, stamp.colour)
    outline = outline_of(layer)
    if outline is None:
        return None
    # The rim is pressed harder than the writing: full ink is what the writing has.
    layer = ink_layer(part, stamp.colour, within(outline, layer.shape, RIM_INSIDE))
    return _Found(_box_of(outline, x0, y0, image), stamp.colour, outline, laid_straight(layer, outline))


def ink_layer(part: Image, colour: SealColour, where: npt.NDArray[np.bool_] | None = None) -> Layer:
    """The ink of one colour on `part` (H, W, 3 RGB) alone, 0 for paper and black print to 255.

    Where ink lies is told by its colour, which pictures keep at half the sharpness; how strong it is by the
    green that it takes, of which red and purple take most and which keeps every stroke. Full ink is that of
    the pixels `where`, by default of all.
    """
    where = np.ones(part.shape[:2], np.bool_) if where is None else where
    taken = taken_from(part)
    red, green, blue = cv2.split(taken)
    if colour == "red":
        tint, passed = np.minimum(green, blue) - red, red
    else:
        tint, passed = np.minimum(green - blue, green - red + VIOLET_BY), np.minimum(red, blue)
    blank, full = np.median(tint), np.percentile(tint[where], FULL_INK)
    inked = tint - blank > COLOURED * max(LEAST_COLOUR, full - blank)
    printed = taken.min(axis=2) > PRINT_SHARE
    if not (inked & ~printed & where).any():
        return np.zeros(part.shape[:2], np.uint8)
    own = inked & ~printed & where
    # What takes more of the ink's lightest colour than the ink does is the soft edge of print.
    strength = green - np.maximum(0, passed - np.median(passed[own]))
    white, dark = np.median(strength), np.percentile(strength[own], FULL_INK)
    strength = (strength - white) / max(1 / 255, dark - white)
    near = cv2.dilate(inked.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    return np.where(near & ~printed, np.clip(strength * 255, 0, 255), 0).astype(np.uint8)


def _box_of(outline: Outline, x0: int, y0: int, image: Image) -> Box:
    """The box around the rim, in pixels of the page."""
    corner = outline.shape in ("square", "rectangle")
    reach = np.abs(outline.to_layer).sum(axis=1) if corner else np.linalg.norm(outline.to_layer, axis=1)
    low, high = outline.centre - reach + (x0, y0), outline.centre + reach + (x0, y0)
    height, width = image.shape[:2]
    low, high = np.clip(low, 0, (width, height)), np.clip(high, 0, (width, height))
    return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def read_writing(writings: Sequence[Writing], engine: LineReader) -> list[list[Word]]:
    """The lines of each seal, the arc first, each as one word (boxes are of no page)."""
    strips = [(owner, strip) for owner, each in enumerate(writings) for strip in each.strips]
    if not strips:
        return [[] for _ in writings]
    height, width = sum(strip.shape[0] for _, strip in strips), max(strip.shape[1] for _, strip in strips)
    sheet = np.full((height, width, 3), 255, np.uint8)
    quads, top = [], 0
    for _, strip in strips:
        bottom, right = top + strip.shape[0], strip.shape[1]
        sheet[top:bottom, :right] = strip[:, :, None]
        quads.append(_quad(0, top, right, bottom))
        top = bottom
    words = engine.read_lines(sheet, quads)
    read: list[list[Word]] = [[] for _ in writings]
    for (owner, _), quad in zip(strips, quads, strict=True):
        pieces = [word for word in words if quad[0, 1] <= word.box.cy < quad[2, 1]]
        if pieces and (line := _as_one(pieces)).confidence >= MIN_CONFIDENCE:
            read[owner].append(line)
    return read


def _quad(x0: float, y0: float, x1: float, y1: float) -> Quad:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float32)


def _as_one(words: Sequence[Word]) -> Word:
    """The pieces of one line, which the engine parts where characters stand far apart, as one word."""
    sure = [one for word in words for one in (word.char_confidences or (word.confidence,) * len(word.text))]
    text = "".join(word.text for word in words)
    return Word(text, Box.around(word.box for word in words), float(np.mean(sure)), "ocr")


def _seal(found: _Found, lines: Sequence[Word], page: int) -> Seal:
    texts = [line.text for line in lines]
    name = named(texts)
    return Seal(
        name=name.name if name else None,
        text=" ".join(texts),
        colour=found.colour,
        shape=found.outline.shape,
        box=found.box,
        confidence=_confidence(found, name, lines),
        page=page,
        jurisdiction=region_of(texts) if name and purpose_of(name.name) == SUPERVISION else None,
    )


def _confidence(found: _Found, name: Named | None, lines: Sequence[Word]) -> float:
    if name is None:
        return round(min(1.0, found.outline.support), 4)
    return round(name.likeness * max(line.confidence for line in lines), 4)
