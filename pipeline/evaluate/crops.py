"""The place on the page where something was read wrongly, cut from the original file.

Boxes are fractions of the page upright, as the reader turned and straightened it. What it turned is not told,
so the original is laid over the small upright picture that the run kept of each page (ECC, Evangelidis and
Psarakis 2008).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import cv2
import numpy as np

from pipeline.errors import ServiceUnavailable, UnreadableFile
from pipeline.model import Image, SourceFile
from pipeline.readers import thumbnail_name
from pipeline.reading.open_file import source_file
from pipeline.reading.sandbox import Sandbox
from pipeline.reading.upright import turned
from pipeline.scan import STATE_DIR

Wanted: TypeAlias = Mapping[str, Any]
"""A row of `wrong`: its file, page and box."""

WIDEST = 900
PAGE_WIDTH = 300
QUALITY = 80
GRID = 500
"""Long side at which pages are laid over each other."""
SAME_SHAPE = 0.03
SAME_PICTURE = 0.995
LAID_OVER = 0.6
"""Correlation below which the original could not be laid over the small picture."""
WORD_MARGIN = 0.7
LEAST_MARGIN = 0.004
"""Around a box: a share of its height, and of the page."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A picture (JPEG) and where in it the box lies, as fractions; or why there is none."""

    jpeg: bytes = b""
    mark: tuple[float, float, float, float] | None = None
    note: str = ""


GONE = Crop(note="找不到原文件 / the file is not there")
UNREAD = Crop(note="原文件打不开 / the file cannot be opened")


def crops_of(wanted: Sequence[Wanted], files: Path, run: Path) -> dict[int, Crop]:
    """A crop for each of `wanted`, by its place; each file is opened once and each page decoded once."""
    uploads: dict[str, dict[str, list[int]]] = {}
    for index, one in enumerate(wanted):
        uploads.setdefault(one["file"].partition("!")[0], {}).setdefault(one["file"], []).append(index)
    found: dict[int, Crop] = {}
    with Sandbox(1) as sandbox, TemporaryDirectory() as folder:
        for number, (upload, inner) in enumerate(uploads.items()):
            own = Path(folder) / str(number)
            own.mkdir()
            paths = _paths(sandbox, files / upload, upload, own) if _lies_within(files, upload) else {}
            for name, places in inner.items():
                for page in sorted({wanted[place]["page"] for place in places}):
                    here = [place for place in places if wanted[place]["page"] == page]
                    thumbnail = _thumbnail(run, wanted[here[0]], page)
                    image = _page(sandbox, paths.get(name), page, own)
                    for place in here:
                        found[place] = _crop(image, thumbnail, wanted[place]["box"])
    return found


def _lies_within(files: Path, upload: str) -> bool:
    """Whether the file is one of the folder's; a truth may not point at anything else."""
    path = (files / upload).resolve()
    return path.is_file() and path.is_relative_to(files.resolve())


def _paths(sandbox: Sandbox, path: Path, name: str, folder: Path) -> dict[str, tuple[SourceFile, Path]]:
    """The file, or the files inside where it is a ZIP."""
    try:
        source = source_file(name, path)
        members = (
            sandbox.unpack(source, path, folder).result().members if path.suffix.lower() == ".zip" else ()
        )
    except (UnreadableFile, ServiceUnavailable, OSError):
        return {}
    return {name: (source, path)} | {member.file.name: (member.file, member.path) for member in members}


def _page(sandbox: Sandbox, found: tuple[SourceFile, Path] | None, page: int, folder: Path) -> Image | Crop:
    if found is None:
        return GONE
    try:
        decoded = sandbox.decode(*found, folder, page, 1).result()
    except (UnreadableFile, ServiceUnavailable):
        return UNREAD
    for spooled in decoded.pages:
        image = spooled.load().image
        if image is not None:
            copy: Image = np.array(image)
            if spooled.image_file is not None:
                spooled.image_file.unlink(missing_ok=True)
            return copy
    return Crop(note="原文件没有这一页的图 / the file has no picture of this page")


def _thumbnail(run: Path, one: Wanted, page: int) -> Image | None:
    """The small upright picture that the run kept, shape (H, W, 3) uint8 RGB."""
    file = run / STATE_DIR / "pages" / thumbnail_name(one["sha256"], page)
    packed = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR) if file.is_file() else None
    if packed is None:
        return None
    return np.asarray(cv2.cvtColor(packed, cv2.COLOR_BGR2RGB), np.uint8)


def _crop(image: Image | Crop, thumbnail: Image | None, box: Sequence[float] | None) -> Crop:
    if isinstance(image, Crop) and thumbnail is None:
        return image
    if box is None:
        whole = thumbnail if thumbnail is not None else image
        assert not isinstance(whole, Crop)
        return Crop(_jpeg(whole, PAGE_WIDTH))
    if isinstance(image, Crop):
        assert thumbnail is not None
        return cut(thumbnail, box)
    upright = image if thumbnail is None else laid_over(image, thumbnail)
    return cut(upright, box)


def cut(image: Image, box: Sequence[float]) -> Crop:
    """The box with a margin, at most `WIDEST` pixels wide."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    margin = max(WORD_MARGIN * (y1 - y0), LEAST_MARGIN * max(width, height), 6)
    left, right = max(0, int(x0 - 2 * margin)), min(width, int(x1 + 2 * margin) + 1)
    top, bottom = max(0, int(y0 - margin)), min(height, int(y1 + margin) + 1)
    if right - left < 2 or bottom - top < 2:
        return Crop(note="框不在页上 / the box is not on the page")
    wide, high = right - left, bottom - top
    mark = ((x0 - left) / wide, (y0 - top) / high, (x1 - left) / wide, (y1 - top) / high)
    return Crop(_jpeg(image[top:bottom, left:right], WIDEST), mark)


def laid_over(image: Image, small: Image) -> Image:
    """The image turned and straightened as `small`, which shows the same page; else `small` itself."""
    scale = GRID / max(small.shape[:2])
    template = _grey(small, (round(small.shape[1] * scale), round(small.shape[0] * scale)))
    best, turn, grid = max(
        ((_likeness(grey, template), turns, grey) for turns, grey in _turns(image, template)),
        key=lambda found: found[0],
        default=(-1.0, 0, template),
    )
    if best < 0:
        return small
    upright = turned(image, turn)
    if best >= SAME_PICTURE:
        return upright
    try:
        likeness, warp = cv2.findTransformECC(
            template,
            grid,
            np.eye(2, 3, dtype=np.float32),
            cv2.MOTION_EUCLIDEAN,
            (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5),
            np.ones_like(template),
            5,
        )
    except cv2.error:  # it did not converge
        return small
    if likeness < LAID_OVER:
        return small
    height, width = upright.shape[:2]
    moved = np.array(warp, dtype=np.float64)
    moved[:, 2] *= max(height, width) / GRID
    straight = cv2.warpAffine(
        np.ascontiguousarray(upright),
        moved,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderValue=(255, 255, 255),
    )
    return np.asarray(straight, np.uint8)


def _turns(image: Image, template: Image) -> Iterator[tuple[int, Image]]:
    """The quarter turns after which the image has the shape of `template`, each at its size and grey."""
    height, width = template.shape
    for turns in range(4):
        rows, columns = image.shape[:2] if turns % 2 == 0 else image.shape[1::-1]
        if abs(columns / rows / (width / height) - 1) < SAME_SHAPE:
            yield turns, turned(_grey(image, (width, height) if turns % 2 == 0 else (height, width)), turns)


def _grey(image: Image, size: tuple[int, int]) -> Image:
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))


def _likeness(a: Image, b: Image) -> float:
    return float(cv2.matchTemplate(np.ascontiguousarray(a), b, cv2.TM_CCOEFF_NORMED)[0, 0])


def _jpeg(image: Image, widest: int) -> bytes:
    scale = min(1.0, widest / image.shape[1])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    small = cv2.resize(np.ascontiguousarray(image), size, interpolation=cv2.INTER_AREA)
    _, packed = cv2.imencode(
        ".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    return packed.tobytes()
