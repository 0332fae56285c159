"""Seals read: what stands on them, and by it what they are called.

The ink of a seal is isolated by its colour, its arc unrolled and its middle set upright
(`pipeline.reading.seal_writing`); all pieces of a page are read in one call. Black print across a seal leaves
white holes in its characters, which costs confidence but adds none of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Box, Image, Page, Seal, SealColour, Word
from pipeline.reading.lines import Quad
from pipeline.reading.seal_shape import Layer, Outline, outline_of, within
from pipeline.reading.seal_writing import Writing, laid_straight
from pipeline.reading.seals import LineReader, find_seals
from pipeline.seal_names import SUPERVISION, Named, named, purpose_of, region_of

MARGIN = 0.06
"""Paper around a seal that is cut out with it, as a share of its longer side: its rim may be worn."""

FULL_INK = 97
"""Percentile of a cutting's colour that counts as full ink; the rim alone has more than three hundredths."""

LEAST_COLOUR = 25
"""Full ink has at least so much colour, in levels of 255; less is noise of a grey scan."""

RIM_INSIDE = 0.85
"""Within this share of the outline there is no rim."""

COLOURED = 0.3
"""From this share of full ink's colour on a pixel is inked."""

PRINT_SHARE = 0.5
"""Black print is darker than this share of the paper's light in every channel."""

VIOLET_BY = 18
"""How much further the red of a blue-violet stamp lies below its blue, in levels, than that of a red one."""

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
    found = [seal for box in find_seals(page.image) if (seal := _found(page.image, box)) is not None]
    if not found:
        return replace(page, seals=())
    lines = read_writing([seal.writing for seal in found], engine)
    seals = (
        _seal(each, words, page.number)
        for each, words in zip(found, lines, strict=True)
        if words or each.outline.shape in ("round", "oval")  # a frame without writing is a cell of a form
    )
    return replace(page, seals=tuple(seals))


def has_colours(image: Image) -> bool:
    """Whether `image` (H, W, 3 RGB) can show that a seal is red: a black-and-white scan cannot."""
    step = max(1, max(image.shape[:2]) // 800)
    red, green, blue = cv2.split(np.ascontiguousarray(image[::step, ::step]))
    colour = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    return bool(np.count_nonzero(colour > COLOURLESS) > COLOURFUL * colour.size)


def _found(image: Image, box: Box) -> _Found | None:
    margin = MARGIN * max(box.width, box.height)
    x0, y0 = max(0, round(box.x0 - margin)), max(0, round(box.y0 - margin))
    x1, y1 = round(box.x1 + margin), round(box.y1 + margin)
    part = image[y0:y1, x0:x1]
    layer = ink_layer(part)
    outline = outline_of(layer)
    if outline is None:
        return None
    colour = _colour(part, layer)
    # The rim is pressed harder than the writing: full ink is what the writing has.
    layer = ink_layer(part, within(outline, layer.shape, RIM_INSIDE))
    return _Found(_box_of(outline, x0, y0, image), colour, outline, laid_straight(layer, outline))


def ink_layer(part: Image, where: npt.NDArray[np.bool_] | None = None) -> Layer:
    """The seal's ink on `part` (H, W, 3 RGB) alone, 0 for paper and black print to 255.

    Where ink lies is told by its colour, which pictures keep at half the sharpness; how strong it is by the
    green channel, in which red and purple are dark and which keeps every stroke. Full ink is that of the
    pixels `where`, by default of all.
    """
    where = np.ones(part.shape[:2], np.bool_) if where is None else where
    red, green, blue = (channel.astype(np.int16) for channel in cv2.split(part))
    colour = np.maximum(red - np.maximum(green, blue), np.minimum(blue - green, red - green + VIOLET_BY))
    paper, full = np.median(colour), np.percentile(colour[where], FULL_INK)
    inked = colour - paper > COLOURED * max(LEAST_COLOUR, full - paper)
    light = part.max(axis=2)
    printed = light < PRINT_SHARE * np.median(light)
    if not (inked & ~printed & where).any():
        return np.zeros(part.shape[:2], np.uint8)
    white, dark = np.median(green), np.percentile(green[inked & ~printed & where], 100 - FULL_INK)
    strength = (white - green) / max(1.0, white - dark)
    near = cv2.dilate(inked.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    return np.where(near & ~printed, np.clip(strength * 255, 0, 255), 0).astype(np.uint8)


def _colour(part: Image, layer: Layer) -> SealColour:
    red, _, blue = np.median(part[layer > layer.max() / 2], axis=0)
    return "purple" if blue > red else "red"


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
