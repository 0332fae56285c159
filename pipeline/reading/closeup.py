"""A close-up of a part of a page: laid on the page, read at its own resolution, its words put in place.

Who is told that a part is out of focus or under glare need not photograph the whole paper again. Points that
both pictures show (SIFT) tie the close-up to the page by a homography (RANSAC); where they do not, nothing is
merged and the close-up is refused, because words in a wrong place are worse than none. The close-up is then
drawn in the page's own frame, upright whichever way it was held, and read there; a line of it takes the place
of what was read before only where it says more, so a close-up that is worse than the page harms nothing. A QR
code that only the close-up shows is added with what it states.

Where several papers lie on the page, the close-up belongs to the one on which clearly the most points agree;
papers of one form share those of their form, and where two have about as many nothing is merged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.model import Box, Code, Image, Page, PageSize, Placement, Word
from pipeline.reading.codes import find_codes, statements_of
from pipeline.reading.decoded import SpooledPage
from pipeline.reading.lines import Quad
from pipeline.reading.ocr import MIN_WORD_CONFIDENCE, OcrEngine
from pipeline.reading.overlap import on_line, replaced

Homography = npt.NDArray[np.float64]
"""Shape (3, 3): pixels of the close-up to pixels of the page."""

LOOKED_AT = 1600
"""Pixels of the long side at which points are compared: print of A4 still has corners there."""

MOST_POINTS = 3000
"""SIFT points kept of a picture, the strongest; comparing twice as many takes four times as long."""

CLEARLY_NEAREST = 0.75
"""A point is matched when its nearest is so much nearer than the next (Lowe 2004, section 7.1)."""

REPROJECTION_PIXELS = 4.0
"""At `LOOKED_AT`: a matched point may lie so far from where the homography has it, for paper is not flat."""

FEWEST_MATCHES = 25
"""Points that must agree. Chosen, not fitted: two different drawn sheets are told
apart with it. Two papers of one printed form may share more (see `CLEARLY_MOST`)."""

CLEARLY_MOST = 1.5
"""Of several papers on a page the one that a close-up shows has so many times the points of the next. On
drawn papers of two forms it had 455 to 910 against none; of two bills, certificates and prescriptions of one
form 144 to 369 against 0 to 41, and once, the head of a bill, 258 against 242: that one is nobody's."""

MOST_ENLARGED, MOST_REDUCED = 12.0, 0.8
"""How many pixels of the close-up one pixel of the page has along a side: fewer than the second is no
close-up, more than the first is a chance match."""

MOST_SLANT = 3.0
"""How much longer one side of the close-up may be than the opposite one, seen on the page."""

READ_SIDE = 4000
"""Pixels of the long side at which the close-up is read at most."""

NEAR_EDGE = 0.3
"""A line that comes so many of its heights near the close-up's edge may run on beyond it."""


@dataclass(frozen=True, slots=True)
class CloseUpOf:
    """A close-up on its way to the page it belongs to: `key` is its upload's, `page` a number of the file."""

    key: str
    page: int
    picture: SpooledPage


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of one close-up; `picture` is the hash of its file.

    `area` is what of the page it shows, None where it does not belong there; `taken` are the words and
    `codes` the QR codes and barcodes that come from it. All are in pixels of the upright page of `size`, also
    where the paper was cut out of that page and read by itself.
    """

    picture: str
    size: PageSize
    area: Box | None = None
    taken: tuple[Word, ...] = ()
    codes: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """A page with close-ups merged into it, and what became of each."""

    page: Page
    close_ups: tuple[Merged, ...] = ()


def with_close_up(placed: Placed, sha256: str, close_up: Image, engine: OcrEngine) -> Placed:
    """The page, upright with its words, with what `close_up`, shape (H, W, 3) RGB, reads better."""
    (placed,) = with_close_up_of_one([placed], sha256, close_up, engine)
    return placed


def with_close_up_of_one(
    papers: Sequence[Placed], sha256: str, close_up: Image, engine: OcrEngine
) -> tuple[Placed, ...]:
    """The papers of one page, one of them with what `close_up`, shape (H, W, 3) RGB, reads better of it.

    That it belongs to none of them is noted with the first.
    """
    found = [_find(close_up, each.page.image) if each.page.image is not None else None for each in papers]
    agree = [each.agree if each is not None else 0 for each in found]
    best = max(range(len(papers)), key=agree.__getitem__)
    next_best = max((count for turn, count in enumerate(agree) if turn != best), default=0)
    place = found[best]
    if place is None or place.agree < CLEARLY_MOST * next_best:
        best, made = 0, _refused(papers[0], sha256)
    else:
        made = _merged_at(place.homography, papers[best], sha256, close_up, engine)
    return (*papers[:best], made, *papers[best + 1 :])


def _refused(placed: Placed, sha256: str) -> Placed:
    size = placed.page.placement.sheet if placed.page.placement is not None else placed.page.size
    return replace(placed, close_ups=(*placed.close_ups, Merged(sha256, size)))


def _merged_at(
    homography: Homography, placed: Placed, sha256: str, close_up: Image, engine: OcrEngine
) -> Placed:
    page = placed.page
    area = _within(page, _corners(homography, close_up))
    drawn, enlarged, into_frame = _in_frame(close_up, homography, area)
    lines = [line for line in engine.find_lines(drawn) if _is_whole(line, into_frame, close_up)]
    read = [word for word in engine.read_lines(drawn, lines) if word.confidence >= MIN_WORD_CONFIDENCE]
    found = [_on_page(word, enlarged, area) for word in read]
    words, taken = merged(page.words, found, [_box_of(line, enlarged, area) for line in lines])
    page, codes = with_codes_of(replace(page, words=words), close_up, homography)
    done = _on_sheet(Merged(sha256, page.size, area, taken, codes), page.placement)
    return Placed(page, (*placed.close_ups, done))


def _on_sheet(done: Merged, placement: Placement | None) -> Merged:
    """What became of a close-up, in pixels of the sheet that its page was cut from."""
    if placement is None or done.area is None:
        return done
    return Merged(
        done.picture,
        placement.sheet,
        placement.on_sheet(done.area),
        tuple(replace(word, box=placement.on_sheet(word.box)) for word in done.taken),
        tuple(replace(code, box=placement.on_sheet(code.box)) for code in done.codes),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a close-up lies, and how many points say so."""

    homography: Homography
    agree: int


def find_place(close_up: Image, page: Image) -> Homography | None:
    """Where `close_up` lies on `page`; None where too few points agree or no camera could see it so."""
    found = _find(close_up, page)
    return None if found is None else found.homography


def _find(close_up: Image, page: Image) -> _Place | None:
    (points, features, scale), (own_points, own_features, own_scale) = _features(page), _features(close_up)
    if len(points) < FEWEST_MATCHES or len(own_points) < FEWEST_MATCHES:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(own_features, features, k=2)
    good = [first for first, second in pairs if first.distance < CLEARLY_NEAREST * second.distance]
    if len(good) < FEWEST_MATCHES:
        return None
    near = np.array([own_points[match.queryIdx] for match in good]) / own_scale
    far = np.array([points[match.trainIdx] for match in good]) / scale
    found, agree = cv2.findHomography(near, far, cv2.RANSAC, REPROJECTION_PIXELS / scale)
    if found is None or int(agree.sum()) < FEWEST_MATCHES:
        return None
    homography = np.asarray(found, np.float64)
    if not _is_plausible(_corners(homography, close_up)):
        return None
    if not MOST_REDUCED <= _enlargement(homography, close_up) <= MOST_ENLARGED:
        return None
    return _Place(homography, int(agree.sum()))


def merged(
    words: Sequence[Word], again: Sequence[Word], lines: Sequence[Box]
) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """The words with each of `lines` in the better of two readings, and those taken from the second.

    Which is better is told by `pipeline.reading.overlap`.
    """
    kept = list(words)
    taken: list[Word] = []
    for line in lines:
        second = [word for word in on_line(again, line) if word not in taken]
        now = replaced(kept, second, line)
        if now is not None:
            kept, taken = now, [word for word in taken if word in now] + second
    return tuple(kept), tuple(taken)


def with_codes_of(page: Page, close_up: Image, homography: Homography) -> tuple[Page, tuple[Code, ...]]:
    """The page with the codes that only its close-up shows and what they state, and these codes.

    They are looked for on the close-up as it was taken: a drawn one has lost the finest modules.
    """
    known = {code.text for code in page.codes}
    new: dict[str, Code] = {}
    for code in find_codes(close_up):
        if code.text not in known:
            box = _within(page, _seen(_rectangle(code.box), homography))
            new.setdefault(code.text, replace(code, box=box))
    codes = tuple(new.values())
    stated = page.statements + statements_of(codes)
    return replace(page, codes=page.codes + codes, statements=stated), codes


def _features(image: Image) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], float]:
    """Points (N, 2) of the picture made small, what each looks like (N, 128), and how small it was made."""
    scale = min(1.0, LOOKED_AT / max(image.shape[:2]))
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    everywhere = np.full_like(small, 255)
    points, features = cv2.SIFT.create(nfeatures=MOST_POINTS).detectAndCompute(small, everywhere)
    if not points:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32), scale
    return np.array([point.pt for point in points], np.float32), np.asarray(features, np.float32), scale


def _corners(homography: Homography, close_up: Image) -> Quad:
    """The corners of the close-up on the page, clockwise from its own top left, shape (4, 2)."""
    height, width = close_up.shape[:2]
    return _seen(_rectangle(Box(0, 0, width, height)), homography)


def _rectangle(box: Box) -> Quad:
    """The corners of a box, clockwise from the top left, shape (4, 2)."""
    return np.array([[box.x0, box.y0], [box.x1, box.y0], [box.x1, box.y1], [box.x0, box.y1]], np.float32)


def _seen(corners: Quad, homography: Homography) -> Quad:
    """Where points of the close-up lie on the page, shape (4, 2)."""
    own = corners.astype(np.float64)[:, None]
    return np.asarray(cv2.perspectiveTransform(own, homography)[:, 0], np.float32)


def _is_plausible(corners: Quad) -> bool:
    """Whether a camera could see it so: not mirrored, not folded, no side much longer than its opposite."""
    sides = [float(np.linalg.norm(corners[i] - corners[i - 1])) for i in range(4)]
    if min(sides) < 1 or not np.isfinite(corners).all() or not cv2.isContourConvex(corners):
        return False
    slant = max(sides[i] / sides[i - 2] for i in range(4))
    return slant <= MOST_SLANT and cv2.contourArea(corners, oriented=True) > 0


def _within(page: Page, corners: Quad) -> Box:
    """The box around points on the page, without what lies beyond it: a close-up may show the table too."""
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    inside_x = sorted(min(max(float(x), 0.0), float(page.width)) for x in (x0, x1))
    inside_y = sorted(min(max(float(y), 0.0), float(page.height)) for y in (y0, y1))
    return Box(inside_x[0], inside_y[0], inside_x[1], inside_y[1])


def _in_frame(close_up: Image, homography: Homography, area: Box) -> tuple[Image, float, Homography]:
    """The close-up as the page shows it, how many of its pixels are one of the page, and the way there."""
    enlarged = min(_enlargement(homography, close_up), READ_SIDE / max(area.width, area.height, 1.0))
    place = np.array([[enlarged, 0, -area.x0 * enlarged], [0, enlarged, -area.y0 * enlarged], [0, 0, 1]])
    size = max(1, round(area.width * enlarged)), max(1, round(area.height * enlarged))
    into_frame = place @ homography
    drawn = cv2.warpPerspective(
        close_up, into_frame, size, flags=cv2.INTER_LINEAR, borderValue=(255, 255, 255)
    )
    return np.asarray(drawn, np.uint8), enlarged, into_frame


def _enlargement(homography: Homography, close_up: Image) -> float:
    """How many pixels of the close-up one pixel of the page has along a side, on average."""
    height, width = close_up.shape[:2]
    return float(np.sqrt(width * height / cv2.contourArea(_corners(homography, close_up))))


def _is_whole(line: Quad, into_frame: Homography, close_up: Image) -> bool:
    """Whether the line ends before the close-up does; else a part of a number would be taken for all."""
    points = line.astype(np.float64)[:, None]
    own = cv2.perspectiveTransform(points, np.linalg.inv(into_frame))[:, 0]
    near = NEAR_EDGE * float(np.linalg.norm(own[3] - own[0]))
    height, width = close_up.shape[:2]
    return bool((own > near).all() and (own < np.array([width, height]) - near).all())


def _on_page(word: Word, enlarged: float, area: Box) -> Word:
    """The word of the drawn close-up in pixels of the page."""
    box = word.box
    return replace(
        word,
        box=Box(
            box.x0 / enlarged + area.x0,
            box.y0 / enlarged + area.y0,
            box.x1 / enlarged + area.x0,
            box.y1 / enlarged + area.y0,
        ),
        edges=tuple(edge / enlarged + area.x0 for edge in word.edges),
    )


def _box_of(line: Quad, enlarged: float, area: Box) -> Box:
    (x0, y0), (x1, y1) = line.min(axis=0) / enlarged, line.max(axis=0) / enlarged
    return Box(float(x0) + area.x0, float(y0) + area.y0, float(x1) + area.x0, float(y1) + area.y0)
