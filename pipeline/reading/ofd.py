"""OFD (GB/T 33190-2016), the national format of e-invoices: text that carries its places, in millimetres.

Words come from the text objects of a page and its template; embedded pictures are drawn on white, so that
QR codes can be read and pages that are but a scan go to the OCR. Lines and seals are not drawn. What the
package states beside its pages is `pipeline.reading.ofd_statements`.
"""

from __future__ import annotations

import io
import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from PIL import Image as Pillow

from pipeline.errors import UnreadableFile
from pipeline.model import Box, Image, Page, SourceFile
from pipeline.reading.decoded import Opened, Window
from pipeline.reading.image import (
    DECODER_ERRORS,
    FORMATS,
    MILLIMETRES_PER_INCH,
    bounded,
    check_size,
    fitting_scale,
    ink_share,
    scan_dpi,
    to_rgb,
    too_many_pages,
)
from pipeline.reading.limits import Limits
from pipeline.reading.ofd_package import Package, PageEntry
from pipeline.reading.ofd_statements import stated
from pipeline.reading.open_file import kind_of_head
from pipeline.reading.safe_xml import child, children, descendants, local_name, text_of
from pipeline.reading.text_layer import Glyph, words_of

DPI = 200
A4_MILLIMETRES = (0.0, 0.0, 210.0, 297.0)
ASCENT, DESCENT = 0.88, 0.12
"""Of a Chinese font, in sizes above and below the line it stands on."""
BIG_PICTURE = 0.5
"""Share of the page from which a picture may hold what is to be read."""
MOST_GLYPHS = 50_000
"""Of one page; a full bill has 2,000."""
SET_WIDE = 1.05
"""Advance, in sizes, up to which a glyph fills it; from there on it is set apart."""
MOST_PICTURES = 100
STRAIGHT = 1e-3


@dataclass(frozen=True, slots=True)
class Matrix:
    """A CTM: (x, y) goes to (ax + cy + e, bx + dy + f)."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def of(self, x: float, y: float) -> tuple[float, float]:
        """Where a point goes."""
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f


@dataclass(frozen=True, slots=True)
class Picture:
    """An embedded picture and its place on the page in millimetres."""

    drawn: Pillow.Image
    x0: float
    y0: float
    x1: float
    y1: float


def open_ofd(file: SourceFile, path: Path, window: Window, limits: Limits) -> Opened:
    """Open an OFD; the pages of the window are decoded as they are asked for.

    Raises:
        UnreadableFile: If the package or its list of pages cannot be read.
    """
    package = Package(file, path, limits)
    try:
        page_count = len(package.pages)
    except UnreadableFile:
        package.close()
        raise
    if page_count > limits.pages:
        package.close()
        raise too_many_pages(file, f"{page_count:,}", limits)
    return Opened("ofd", page_count, _pages(package, window))


def _pages(package: Package, window: Window) -> Iterator[Page | UnreadableFile]:
    try:
        for number in window.numbers(len(package.pages)):
            try:
                yield _page(package, package.pages[number - 1], number)
            except UnreadableFile as error:
                yield UnreadableFile(error.code, error.message, number)
    finally:
        package.close()


def _page(package: Package, entry: PageEntry, number: int) -> Page:
    content = package.xml(entry.part)
    layers = [*_templates(package, entry, content), (entry.part, content)]
    left, top, right, bottom = _area(entry.document, layers)
    width, height = right - left, bottom - top
    # A template counts its objects anew, so an ID may stand for two; the page's own is the last.
    texts = [text for _part, root in layers for text in _text_objects(root, left, top)]
    glyphs = [
        glyph
        for glyph in islice(chain.from_iterable(text for _identity, text in texts), MOST_GLYPHS)
        if 0 <= (glyph.x0 + glyph.x1) / 2 <= width and 0 <= glyph.middle <= height
    ]
    pictures = list(islice(_pictures(package, entry, layers, left, top), MOST_PICTURES))
    share, picture_dpi = _coverage(pictures, width, height)
    dpi = DPI if share < BIG_PICTURE else scan_dpi(picture_dpi, max(width, height) / MILLIMETRES_PER_INCH)
    dpi *= fitting_scale(
        width * dpi / MILLIMETRES_PER_INCH, height * dpi / MILLIMETRES_PER_INCH, package.limits
    )
    scale = dpi / MILLIMETRES_PER_INCH
    size = max(1, math.ceil(width * scale)), max(1, math.ceil(height * scale))
    image = _drawn(pictures, size, scale)
    page = Page(
        package.file,
        number,
        *size,
        max(1, round(dpi)),
        words=words_of(glyphs, "ofd", scale),
        words_known=share < BIG_PICTURE,
        ink=1.0 if glyphs or image is None else ink_share(image),
        image=image,
    )
    if number > 1:
        return page
    objects = {
        identity: ("".join(glyph.text for glyph in text).strip(), _around(text, scale))
        for identity, text in texts
        if text
    }
    statements, rows = stated(package, entry, objects)
    return replace(page, statements=statements, stated_rows=rows)


def _templates(package: Package, entry: PageEntry, content: Element) -> Iterator[tuple[str, Element]]:
    """The template pages that the page lies on; one that is missing is no reason to lose the page."""
    listed = {
        template.get("ID"): template.get("BaseLoc", "")
        for template in descendants(entry.document, "TemplatePage")
    }
    for used in children(content, "Template"):
        location = listed.get(used.get("TemplateID"))
        part = package.place(entry.document_part, location) if location else ""
        template = package.optional_xml(part)
        if template is not None:
            yield part, template


def _area(document: Element, layers: Sequence[tuple[str, Element]]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the page in millimetres: its own, else its document's, else A4."""
    boxes = [
        child(layers[-1][1], "Area", "PhysicalBox"),
        child(document, "CommonData", "PageArea", "PhysicalBox"),
    ]
    boxes += [child(root, "Area", "PhysicalBox") for _part, root in layers[:-1]]
    for box in boxes:
        found = _numbers(text_of(box))
        if len(found) == 4 and found[2] > 0 and found[3] > 0:
            x, y, width, height = found
            return x, y, x + width, y + height
    return A4_MILLIMETRES


def _text_objects(root: Element, left: float, top: float) -> Iterator[tuple[str, list[Glyph]]]:
    """The text objects under `root` by their ID, on a page whose corner is at `left`, `top`."""
    for unit, element in enumerate(descendants(root, "TextObject"), start=1):
        if element.get("Visible", "true").lower() != "false":
            yield element.get("ID", ""), list(_glyphs(element, left, top, unit))


def _glyphs(element: Element, left: float, top: float, unit: int) -> Iterator[Glyph]:
    """The glyphs of a text object, in millimetres of the page."""
    x0, y0, _width, _height = _numbers(element.get("Boundary", ""), 4)
    matrix = _matrix(element)
    size = _number(element.get("Size", ""), 3.0)
    stretch = _number(element.get("HScale", ""), 1.0)
    direction = round(-math.degrees(math.atan2(matrix.b, matrix.a)) / 90) % 4 * 90
    drawn_size = size * (math.hypot(matrix.c, matrix.d) or 1.0)
    x, y = 0.0, 0.0
    for code in children(element, "TextCode"):
        text = _code_text(code)
        x, y = _number(code.get("X", ""), x), _number(code.get("Y", ""), y)
        across, down = _deltas(code.get("DeltaX", ""), len(text)), _deltas(code.get("DeltaY", ""), len(text))
        at_x, at_y = x, y
        for place, char in enumerate(text):
            width = size * stretch * (1.0 if unicodedata.east_asian_width(char) in "WF" else 0.5)
            if place < len(across) and 0 < across[place] <= size * stretch * SET_WIDE:
                width = across[place]
            corners = [
                matrix.of(at_x + dx, at_y + dy)
                for dx in (0.0, width)
                for dy in (-size * ASCENT, size * DESCENT)
            ]
            xs = [x0 - left + corner[0] for corner in corners]
            ys = [y0 - top + corner[1] for corner in corners]
            yield Glyph(char, min(xs), min(ys), max(xs), max(ys), drawn_size, direction, unit)
            if not down or (place < len(across) and across[place]):
                at_x += across[place] if place < len(across) else width
            at_y += down[place] if place < len(down) else 0.0


def _code_text(code: Element) -> str:
    text = code.text or ""
    return text.strip() if "\n" in text else text  # set on lines of its own by a tidy writer


def _deltas(written: str, count: int) -> list[float]:
    """The advances of a text: numbers, and `g n v` for n times v; a last one holds on.

    >>> _deltas("g 2 1.5 3", 5)
    [1.5, 1.5, 3.0, 3.0, 3.0]
    """
    deltas: list[float] = []
    parts = iter(written.split())
    for part in parts:
        if part == "g":
            times, value = int(_number(next(parts, "0"), 0)), _number(next(parts, "0"), 0.0)
            deltas += [value] * max(0, min(times, count))
        else:
            deltas.append(_number(part, 0.0))
    return deltas + deltas[-1:] * (count - len(deltas))


def _matrix(element: Element) -> Matrix:
    numbers = _numbers(element.get("CTM", ""))
    return Matrix(*numbers) if len(numbers) == 6 else Matrix()


def _numbers(text: str, count: int = 0) -> list[float]:
    """The numbers in `text`, filled up to `count` with 0."""
    numbers = [_number(token, 0.0) for token in text.split()]
    return numbers + [0.0] * (count - len(numbers))


def _number(text: str, otherwise: float) -> float:
    try:
        number = float(text)
    except ValueError:
        return otherwise
    return number if math.isfinite(number) else otherwise


def _pictures(
    package: Package, entry: PageEntry, layers: Iterable[tuple[str, Element]], left: float, top: float
) -> Iterator[Picture]:
    """The pictures of the page that can be drawn: set straight, of a kind that Pillow reads."""
    resources: dict[str, str] | None = None
    for part, root in layers:
        for element in descendants(root, "ImageObject"):
            resources = resources if resources is not None else _media(package, entry, (part, root))
            location = resources.get(element.get("ResourceID", ""))
            matrix = _matrix(element)
            drawn = _opened(package, location) if location else None
            if drawn is None or abs(matrix.b) > STRAIGHT or abs(matrix.c) > STRAIGHT:
                continue
            x, y, width, height = _numbers(element.get("Boundary", ""), 4)
            if element.get("CTM") is None:
                matrix = Matrix(width, 0.0, 0.0, height)
            corners = matrix.of(0.0, 0.0), matrix.of(1.0, 1.0)
            xs, ys = sorted(corner[0] for corner in corners), sorted(corner[1] for corner in corners)
            yield Picture(drawn, x - left + xs[0], y - top + ys[0], x - left + xs[1], y - top + ys[1])


def _media(package: Package, entry: PageEntry, layer: tuple[str, Element]) -> dict[str, str]:
    """The parts of pictures by their resource ID: of the document, and of the page itself."""
    named = [
        (entry.document_part, element)
        for element in child(entry.document, "CommonData") or ()
        if local_name(element) in ("PublicRes", "DocumentRes")
    ]
    named += [(layer[0], element) for element in children(layer[1], "PageRes")]
    media: dict[str, str] = {}
    for base, element in named:
        part = package.place(base, text_of(element))
        resources = package.optional_xml(part)
        if resources is None:
            continue
        folder = resources.get("BaseLoc", "")
        for medium in descendants(resources, "MultiMedia"):
            location = text_of(child(medium, "MediaFile"))
            inside = package.place(part, f"{folder}/{location}")
            media[medium.get("ID", "")] = inside if inside in package else package.place(part, location)
    return media


def _opened(package: Package, part: str) -> Pillow.Image | None:
    """The picture in `part`; None where it is missing, damaged or of a kind that Pillow does not read."""
    if part not in package:
        return None
    try:
        content = package.read(part, package.limits.file_bytes)
        kind = kind_of_head(content[:64])
        if kind not in FORMATS or kind == "heif":
            return None
        with (
            bounded(package.limits),
            Pillow.open(io.BytesIO(content), formats=FORMATS[kind]) as picture,
        ):
            check_size(picture, package.file, package.limits)
            picture.load()
            return to_rgb(picture)
    except (Pillow.DecompressionBombError, UnreadableFile, *DECODER_ERRORS):
        return None


def _coverage(pictures: Iterable[Picture], width: float, height: float) -> tuple[float, float]:
    """Share of the page that pictures cover, at most 1, and the finest resolution of a big one in dpi."""
    covered, finest = 0.0, 0.0
    for picture in pictures:
        across, down = picture.x1 - picture.x0, picture.y1 - picture.y0
        covered += min(across * down, width * height)
        if across > 0 and across * down >= width * height * BIG_PICTURE / 10:
            finest = max(finest, picture.drawn.width * MILLIMETRES_PER_INCH / across)
    return min(1.0, covered / (width * height)), finest


def _drawn(pictures: Sequence[Picture], size: tuple[int, int], scale: float) -> Image | None:
    """The pictures on a white page, shape (H, W, 3) uint8 RGB; None without any."""
    if not pictures:
        return None
    canvas = Pillow.new("RGB", size, "white")
    for picture in pictures:
        x0, y0 = round(picture.x0 * scale), round(picture.y0 * scale)
        width, height = round(picture.x1 * scale) - x0, round(picture.y1 * scale) - y0
        if 0 < width <= 2 * size[0] and 0 < height <= 2 * size[1]:
            canvas.paste(picture.drawn.resize((width, height)), (x0, y0))
    return np.asarray(canvas)


def _around(glyphs: Sequence[Glyph], scale: float) -> Box:
    return Box(
        min(glyph.x0 for glyph in glyphs) * scale,
        min(glyph.top for glyph in glyphs) * scale,
        max(glyph.x1 for glyph in glyphs) * scale,
        max(glyph.bottom for glyph in glyphs) * scale,
    )
