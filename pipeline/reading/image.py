"""Pictures through Pillow and pillow-heif: one page, or the pages of a TIFF.

OpenCV is not asked: it reads a truncated JPEG without a word, and neither HEIC nor 12-bit TIFF. Every
mode comes out as 8-bit RGB: what is deeper is scaled (never clipped), what is transparent lies on white,
what the camera noted as turned is turned, pixels that are not square are made so.
"""

from __future__ import annotations

import math
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms

from pipeline.errors import UnreadableFile
from pipeline.model import Image, Page, SourceFile
from pipeline.reading.decoded import Kind, Opened, Window
from pipeline.reading.limits import Limits
from pipeline.reading.refusal import corrupt, too_large

FORMATS: dict[Kind, tuple[str, ...]] = {
    "jpeg": ("JPEG", "MPO"),
    "png": ("PNG",),
    "webp": ("WEBP",),
    "bmp": ("BMP",),
    "gif": ("GIF",),
    "tiff": ("TIFF",),
    "heif": ("HEIF",),
    "avif": ("AVIF",),
}
"""Pillow's readers for a kind: the first bytes choose one, and the others are never tried."""

DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    ArithmeticError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zlib.error,
)
"""What Pillow's readers were seen to raise on damaged files (its own fuzz corpus)."""

TURNS = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}
"""EXIF orientation to what undoes it."""
ORIENTATION = 0x0112
QUARTER_TURNED = frozenset({5, 6, 7, 8})
NEW_SUBFILE_TYPE = 254
REDUCED_RESOLUTION = 1

MILLIMETRES_PER_INCH = 25.4
A4_LONG_SIDE_INCHES = 11.69
SCAN_DPI = 200, 300
"""For pages that go to the OCR, where the picture on them does not ask for less or more."""
A4_LONG_SIDE_PIXELS = 2339, 3508
"""A4 at 200 and 300 dpi: scanning programs write pages of any nominal size, so that a photo of a bill may
stand at 72 or at 700 dpi; these bounds hold for its pixels instead."""
PLAUSIBLE_DPI = (60.0, 2400.0)
PLAUSIBLE_INCHES = (1.0, 48.0)
"""A paper's long side: from a stub to a roll. Phones write 72 dpi into a picture 4,000 pixels wide."""
SQUARE_ENOUGH = 1.1
MOST_STRETCH = 5.0
INK_STEP = 40
"""Levels under the page's own ground from which a pixel counts as ink; scanner noise stays under 20."""


def open_image(file: SourceFile, path: Path, kind: Kind, window: Window, limits: Limits) -> Opened:
    """Open a picture of `kind`; the pages of the window are decoded as they are asked for.

    Raises:
        UnreadableFile: If the picture cannot be opened at all or is over a limit.
    """
    if kind == "heif":
        _register_heif()
    if kind in ("heif", "avif") and _is_cut_off(path):
        raise corrupt(file, f"{kind.upper()} 图片不完整", f"the {kind.upper()} picture is cut short")
    try:
        with bounded(limits), Pillow.open(path, formats=FORMATS[kind]) as picture:
            frames = _tiff_pages(picture, file, limits) if kind == "tiff" else [picture.tell()]
            notes = () if kind == "tiff" else _notes(picture, kind)
    except (Pillow.DecompressionBombError, *DECODER_ERRORS) as error:
        raise _refused(error, file, kind) from error
    return Opened(kind, len(frames), _pages(file, path, kind, frames, window, limits), notes)


def ink_share(image: Image) -> float:
    """Share of pixels clearly darker than the page's ground, 0 to 1; `image` is (H, W, 3) uint8 RGB.

    Every third pixel of the green channel: strokes keep their darkness, which averaging takes away, and
    red seals count.
    """
    green = image[::3, ::3, 1]
    ground = int(np.median(green))
    return float(np.mean(green < ground - INK_STEP)) if ground > INK_STEP else 1.0


def fitting_scale(width: float, height: float, limits: Limits) -> float:
    """By how much a page of these pixels is reduced to stay within the limits; 1 where it does."""
    return min(
        1.0,
        math.sqrt(limits.page_pixels / (width * height)),
        limits.page_long_side / max(width, height),
    )


def to_rgb(picture: Pillow.Image) -> Pillow.Image:
    """The picture as 8-bit RGB, what is transparent on white."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return Pillow.fromarray(_eight_bits(picture)).convert("RGB")
    if picture.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        turned = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
        assert turned is not None
        return turned
    if picture.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        with_alpha = picture.convert("RGBA")
        white = Pillow.new("RGBA", picture.size, "white")
        return Pillow.alpha_composite(white, with_alpha).convert("RGB")
    return picture.convert("RGB")


def scan_dpi(picture_dpi: float, long_side_inches: float) -> float:
    """The dpi to render a page at that a picture of `picture_dpi` covers (0: unknown)."""
    at_least, at_most = (pixels / long_side_inches for pixels in A4_LONG_SIDE_PIXELS)
    lowest, highest = min(SCAN_DPI[0], at_least), max(SCAN_DPI[1], at_most)
    return min(max(picture_dpi, lowest), highest)


def check_size(picture: Pillow.Image, file: SourceFile, limits: Limits) -> None:
    """Refuse a picture of more pixels than may be decoded.

    Raises:
        UnreadableFile: If it has.
    """
    width, height = picture.size
    if width * height > limits.picture_pixels:
        raise too_large(
            file,
            f"图片为 {width:,} × {height:,} 像素，上限 {limits.picture_pixels:,}",
            f"the picture has {width:,} x {height:,} pixels, the limit is {limits.picture_pixels:,}",
            ("请以较低分辨率重新扫描或拍照", "scan or photograph it at a lower resolution"),
        )


def too_many_pages(file: SourceFile, found: str, limits: Limits) -> UnreadableFile:
    """The error for a file of `found` pages."""
    return too_large(
        file,
        f"文件有 {found} 页，上限 {limits.pages:,} 页",
        f"the file has {found} pages, the limit is {limits.pages:,}",
        ("请拆分成几个文件发送", "send it as several files"),
    )


def _pages(
    file: SourceFile, path: Path, kind: Kind, frames: list[int], window: Window, limits: Limits
) -> Iterator[Page | UnreadableFile]:
    with bounded(limits):
        picture = Pillow.open(path, formats=FORMATS[kind])
    with picture:
        for number in window.numbers(len(frames)):
            yield _page_or_refusal(picture, file, kind, number, frames[number - 1], limits)


def _page_or_refusal(
    picture: Pillow.Image, file: SourceFile, kind: Kind, number: int, frame: int, limits: Limits
) -> Page | UnreadableFile:
    try:
        with bounded(limits):
            if kind == "tiff":
                picture.seek(frame)
            return _page(picture, file, number, limits)
    except UnreadableFile as error:
        return error
    except (Pillow.DecompressionBombError, *DECODER_ERRORS) as error:
        refused = _refused(error, file, kind, number)
        refused.__cause__ = error
        return refused


def _page(picture: Pillow.Image, file: SourceFile, number: int, limits: Limits) -> Page:
    check_size(picture, file, limits)
    full_size = picture.size
    resolution = _resolution(picture)
    scale = fitting_scale(*full_size, limits)
    if scale < 1:  # a JPEG is reduced while it is decoded, in an eighth of the memory
        picture.draft(None, (round(full_size[0] * scale), round(full_size[1] * scale)))
    flat, orientation = _loaded(picture, scale * full_size[0] / picture.width)
    if orientation >= min(QUARTER_TURNED):
        resolution = resolution[::-1]
    shrunk = max(flat.size) / max(full_size)
    flat = _squared(flat, resolution)
    image: Image = np.asarray(flat)
    height, width = image.shape[:2]
    dpi = round(max(resolution) * shrunk) or round(max(width, height) / A4_LONG_SIDE_INCHES) or 1
    return Page(file, number, width, height, dpi, ink=ink_share(image), image=image)


def _loaded(picture: Pillow.Image, scale: float) -> tuple[Pillow.Image, int]:
    """The picture as upright RGB, reduced by `scale`, and the orientation it was noted with."""
    if picture.format == "TIFF":  # Pillow turns these while loading, and forgets the note
        orientation = _orientation(picture)
        picture.load()
        return to_rgb(_reduced(picture, scale)), orientation
    picture.load()
    orientation = _orientation(picture)  # a PNG may carry it behind its pixels
    flat = to_rgb(_reduced(picture, scale))
    return (flat.transpose(TURNS[orientation]) if orientation in TURNS else flat), orientation


def _orientation(picture: Pillow.Image) -> int:
    try:
        noted = picture.getexif().get(ORIENTATION, 1)
    except DECODER_ERRORS:  # a damaged note turns nothing
        return 1
    return noted if noted in TURNS else 1


def _reduced(picture: Pillow.Image, scale: float) -> Pillow.Image:
    if scale > 0.99:
        return picture
    if picture.mode in ("1", "P", "PA") or picture.mode.startswith("I;"):
        picture = to_rgb(picture)  # neither indices nor 16-bit levels can be averaged here
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Pillow.Resampling.BOX, reducing_gap=None)


def _eight_bits(picture: Pillow.Image) -> Any:
    """Grey levels of 12, 16 or 32 bits scaled to 0-255, shape (H, W) uint8."""
    levels = np.asarray(picture)
    if picture.mode == "F":
        low, high = float(np.nanmin(levels)), float(np.nanmax(levels))
        spread = (levels - low) * (255 / max(high - low, 1e-9))
        return np.nan_to_num(spread, nan=255, posinf=255, neginf=0).astype(np.uint8)
    top = int(levels.max(initial=1))
    full = next((full for full in (0xFF, 0xFFF, 0xFFFF) if top <= full), top)
    if picture.mode != "I" and picture.format != "TIFF":
        full = 0xFFFF  # a dark 16-bit PNG stays dark
    clear = picture.info.get("transparency")
    grey = (levels.astype(np.float32).clip(0, None) * (255 / full)).astype(np.uint8)
    if isinstance(clear, int):
        grey[levels == clear] = 255
    return grey


def _resolution(picture: Pillow.Image) -> tuple[float, float]:
    """Dots an inch (x, y) as the file notes them; (0, 0) where that cannot be."""
    noted = picture.info.get("dpi")
    try:
        x, y = float(noted[0]), float(noted[1])  # type: ignore[index]
        inches = max(picture.width / x, picture.height / y)
    except (TypeError, ValueError, ArithmeticError, LookupError):
        return 0.0, 0.0
    (low, high), (short, long) = PLAUSIBLE_DPI, PLAUSIBLE_INCHES
    plausible = low <= x <= high and low <= y <= high and short <= inches <= long
    return (x, y) if plausible else (0.0, 0.0)


def _squared(flat: Pillow.Image, resolution: tuple[float, float]) -> Pillow.Image:
    """Pixels made square: a fax of 204 x 98 dpi shows its letters at half their height."""
    x, y = resolution
    if not x or not y or not SQUARE_ENOUGH < max(x / y, y / x) < MOST_STRETCH:
        return flat
    width, height = flat.size
    size = (width, round(height * x / y)) if x > y else (round(width * y / x), height)
    return flat.resize(size, Pillow.Resampling.BICUBIC)


def _tiff_pages(picture: Pillow.Image, file: SourceFile, limits: Limits) -> list[int]:
    """The frames of a TIFF that are pages; thumbnails, which some scanners add, are not."""
    frames: list[int] = []
    frame = 0
    while len(frames) <= limits.pages:
        try:
            picture.seek(frame)
        except EOFError:
            break
        tags: Any = getattr(picture, "tag_v2", {})
        if frame == 0 or not int(tags.get(NEW_SUBFILE_TYPE, 0)) & REDUCED_RESOLUTION:
            frames.append(frame)
        frame += 1
    if len(frames) > limits.pages:
        raise too_many_pages(file, f"{limits.pages:,}+", limits)
    return frames


def _notes(picture: Pillow.Image, kind: Kind) -> tuple[str, ...]:
    """What is left out: all but the first frame of an animation, all but the main picture of a HEIC."""
    try:
        frames = int(getattr(picture, "n_frames", 1))
    except DECODER_ERRORS:  # a broken second frame; the first one counts
        return ()
    finally:
        picture.seek(picture.tell())
    if frames < 2 or kind == "jpeg":  # a phone's JPEG carries a gain map or a second view
        return ()
    return (f"文件含 {frames} 幅图，只读取主图 / {frames} pictures inside, only the main one is read",)


def _is_cut_off(path: Path) -> bool:
    """Whether a file of boxes (ISO 14496-12) ends inside one: the reader shows what came before the cut."""
    size, at = path.stat().st_size, 0
    with path.open("rb") as stream:
        while at < size:
            stream.seek(at)
            head = stream.read(16)
            length = int.from_bytes(head[:4], "big")
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            if length < len(head[:8]):  # 0: to the end of the file; 1 to 7: no box, left to the reader
                return False
            at += length
    return at > size


def _refused(error: BaseException, file: SourceFile, kind: Kind, number: int | None = None) -> UnreadableFile:
    if isinstance(error, Pillow.DecompressionBombError):
        return too_large(
            file,
            "图片解开后的像素过多",
            "the picture unpacks to too many pixels",
            ("请以较低分辨率重新扫描或拍照", "scan or photograph it at a lower resolution"),
        )
    where = f"第 {number} 页的" if number and number > 1 else ""
    return corrupt(
        file, f"{where}{kind.upper()} 图片无法解码", f"the {kind.upper()} cannot be decoded", number
    )


@contextmanager
def bounded(limits: Limits) -> Iterator[None]:
    """Let Pillow open what the limits allow, frames inside frames too, without its warnings.

    Damaged notes of a camera and large pictures are no news: limits and errors are ours to tell.
    """
    before = Pillow.MAX_IMAGE_PIXELS
    Pillow.MAX_IMAGE_PIXELS = limits.picture_pixels  # it warns from there and refuses twice that
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        Pillow.MAX_IMAGE_PIXELS = before


def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
