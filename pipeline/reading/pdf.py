"""PDF: pages rendered by pdfium, their text layer read by pdfplumber, both on one upright page.

pdfium has the last word on what pages there are: of broken files pdfplumber miscounts some, raises on
others and hangs on a few, so it gets a time of its own and a page it fails on goes to the OCR as a
picture. A text layer is believed where it is what the page shows; over a big picture (a scan, a mixed
page), hidden, unreadable or beside letters drawn as curves it is not, and the OCR is due as well.
"""

from __future__ import annotations

import logging
import math
import signal
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import numpy as np
import pdfplumber
import pypdfium2
import pypdfium2.raw as pdfium_c

from pipeline.errors import UnreadableFile
from pipeline.model import Image, Page, SourceFile
from pipeline.reading.decoded import Opened, Window
from pipeline.reading.image import fitting_scale, ink_share, scan_dpi, too_many_pages
from pipeline.reading.limits import Limits
from pipeline.reading.refusal import corrupt, encrypted
from pipeline.reading.text_layer import Glyph, readable_share, words_of

POINTS_PER_INCH = 72
TEXT_DPI = 200
"""For pages whose words are known: enough for QR codes of 20 mm, seals and a thumbnail."""
BIG_PICTURE = 0.5
"""Share of the page from which a picture may hold what is to be read; a seal has under 0.1."""
READABLE_ENOUGH = 0.9
USEFUL_FONT = 0.8
"""Share of a font's glyphs to be readable; below, the rest of them is chance (no mapping to Unicode)."""
MOST_CURVES = 200
"""Curves that a text page may draw (seals, logos); letters as curves come in thousands."""
MOST_OBJECTS = 2_000
"""Page objects looked at for pictures and hidden text."""
SAME_SIZE_POINTS = 1.5


CERTAIN_TURN = 0.8
"""Share of the glyphs that run one way from which the page is turned after them."""
MOST_LEVELS = 4
"""Levels of forms inside forms looked into for them."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TextLayer:
    """The text layer of a page: glyphs in points of the upright page, origin top-left."""

    glyphs: tuple[Glyph, ...] = ()
    curves: int = 0
    readable: float = 1.0

    @property
    def is_whole(self) -> bool:
        """Whether it can be all that the page says: readable, and no letters drawn as curves beside it."""
        few_curves = self.curves <= max(MOST_CURVES, 2 * len(self.glyphs))
        return bool(self.glyphs) and self.readable >= READABLE_ENOUGH and few_curves

    @property
    def turn(self) -> int:
        """The clockwise degrees that make most of the text run from left to right."""
        directions = Counter(glyph.direction for glyph in self.glyphs if not glyph.is_blank)
        (most, count), *_ = directions.most_common(1) or [(0, 0)]
        return most if count >= CERTAIN_TURN * directions.total() else 0


def open_pdf(file: SourceFile, path: Path, window: Window, limits: Limits) -> Opened:
    """Open a PDF; the pages of the window are decoded as they are asked for.

    Raises:
        UnreadableFile: If pdfium cannot open it, it needs a password or has too many pages.
    """
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY):
            raise encrypted(file, "PDF ", "PDF") from error
        raise corrupt(file, "PDF 无法打开", "the PDF cannot be opened") from error
    page_count = len(document)
    if page_count > limits.pages:
        document.close()
        raise too_many_pages(file, f"{page_count:,}", limits)
    return Opened("pdf", page_count, _pages(document, file, path, window, limits))


def _pages(
    document: Any, file: SourceFile, path: Path, window: Window, limits: Limits
) -> Iterator[Page | UnreadableFile]:
    with document, _TextLayers(path, len(document), window, limits) as layers:
        document.init_forms()  # filled-in fields are drawn; this build runs no scripts
        for number in window.numbers(len(document)):
            try:
                yield _page(document[number - 1], file, number, layers, limits)
            except (pypdfium2.PdfiumError, ValueError) as error:  # ValueError: no size
                refused = corrupt(file, f"第 {number} 页无法显示", f"page {number} cannot be shown", number)
                refused.__cause__ = error
                yield refused


def _page(page: Any, file: SourceFile, number: int, layers: _TextLayers, limits: Limits) -> Page:
    width, height = page.get_size()
    if width <= 0 or height <= 0:
        raise ValueError("a page without size")
    layer = layers.of(number, width, height)
    share, picture_dpi = _pictures(page, width, height)
    hidden = bool(layer.glyphs) and _is_hidden(page)
    words_known = layer.is_whole and share < BIG_PICTURE and not hidden
    turn = layer.turn if words_known else 0  # of a picture the OCR tells
    dpi: float = TEXT_DPI
    if not words_known:
        dpi = scan_dpi(picture_dpi if share >= BIG_PICTURE else 0.0, max(width, height) / POINTS_PER_INCH)
    dpi *= fitting_scale(width * dpi / POINTS_PER_INCH, height * dpi / POINTS_PER_INCH, limits)
    scale = dpi / POINTS_PER_INCH
    image = _rendered(page, scale, turn)
    glyphs = _turned(layer.glyphs, turn, width, height)
    page.close()
    return Page(
        file,
        number,
        width=image.shape[1],
        height=image.shape[0],
        dpi=max(1, round(dpi)),
        words=() if hidden else words_of(glyphs, "text_layer", scale),
        words_known=words_known,
        ink=ink_share(image),
        turned_degrees=turn,
        image=image,
    )


def _rendered(page: Any, scale: float, turn: int) -> Image:
    """The page at `scale` pixels a point, shape (H, W, 3) uint8 RGB, turned as /Rotate and `turn` tell."""
    bitmap = page.render(scale=scale, rotation=turn, rev_byteorder=True)
    image: Image = np.ascontiguousarray(bitmap.to_numpy()[:, :, :3])
    return image


def _pictures(page: Any, width: float, height: float) -> tuple[float, float]:
    """Share of the page that pictures cover, at most 1, and the finest resolution of a big one in dpi."""
    covered, finest = 0.0, 0.0
    pictures = page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=MOST_LEVELS)
    for picture in islice(pictures, MOST_OBJECTS):
        columns, _rows = picture.get_px_size()
        across, down = _drawn_size(picture)
        covered += min(across * down, width * height)
        if across > 0 and across * down >= width * height * BIG_PICTURE / 10:  # a strip of a scan counts
            finest = max(finest, columns * POINTS_PER_INCH / across)
    return min(1.0, covered / (width * height)), finest


def _drawn_size(picture: Any) -> tuple[float, float]:
    """Width and height in points at which a picture, a unit square to begin with, is drawn."""
    matrix = picture.get_matrix()
    form = picture.container
    while form is not None:
        matrix = matrix.multiply(form.get_matrix())
        form = form.container
    return math.hypot(matrix.a, matrix.b), math.hypot(matrix.c, matrix.d)


def _is_hidden(page: Any) -> bool:
    """Whether most text is drawn invisibly: what an OCR program of unknown make read on a scan."""
    texts = page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_TEXT], max_depth=MOST_LEVELS)
    modes = [pdfium_c.FPDFTextObj_GetTextRenderMode(text) for text in islice(texts, MOST_OBJECTS)]
    invisible = modes.count(pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE)
    return invisible * 2 > len(modes)


class _TextLayers:
    """The text layers of a file's window, as far as pdfplumber gives them."""

    def __init__(self, path: Path, page_count: int, window: Window, limits: Limits) -> None:
        logging.getLogger("pdfminer").setLevel(logging.CRITICAL)  # it logs what stands in a file
        self._seconds = limits.text_layer_seconds
        self._pages: dict[int, Any] = {}
        self._stream = path.open("rb")
        numbers = window.numbers(page_count)
        for pages in self._tried(lambda: pdfplumber.open(self._stream, pages=list(numbers)).pages):
            if len(pages) == len(numbers):  # else it sees other pages than pdfium does
                self._pages = dict(zip(numbers, pages, strict=True))

    def __enter__(self) -> _TextLayers:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def of(self, number: int, width: float, height: float) -> TextLayer:
        """The layer of a page that pdfium shows with these points; empty where none can be had."""
        page = self._pages.pop(number, None)
        layers = self._tried(lambda: _layer(page, width, height)) if page is not None else []
        return layers[0] if layers else TextLayer()

    def _tried(self, get: Callable[[], T]) -> list[T]:
        """What `get` gives, or nothing."""
        try:
            with _time_limit(self._seconds):
                return [get()]
        except Exception:
            # The one place where anything goes: on sound pages pdfplumber was seen to raise TypeError,
            # KeyError, RecursionError, its own errors and more, and MemoryError on swollen streams. The
            # page is not lost: it goes to the OCR as the picture that pdfium makes of it.
            return []


def _layer(page: Any, width: float, height: float) -> TextLayer:
    left, top, upright_width, upright_height = _upright_crop(page.page_obj)
    if abs(upright_width - width) > SAME_SIZE_POINTS or abs(upright_height - height) > SAME_SIZE_POINTS:
        return TextLayer()  # pdfium took another box: places would not fit the picture
    # pdfplumber adds the media box's corner to what pdfminer counts from it; a turned page shows that.
    left, top = left + page.mediabox[0], top + page.mediabox[1]
    by_font: dict[str, list[Glyph]] = defaultdict(list)
    placed = []
    for char in page.chars:
        glyph = Glyph(
            char["text"],
            char["x0"] - left,
            char["top"] - top,
            char["x1"] - left,
            char["bottom"] - top,
            char["size"],
            _direction(char["matrix"]),
        )
        if 0 <= (glyph.x0 + glyph.x1) / 2 <= width and 0 <= glyph.middle <= height:
            by_font[char["fontname"]].append(glyph)
            placed.append((char["fontname"], glyph))
    useless = {font for font, glyphs in by_font.items() if readable_share(glyphs) < USEFUL_FONT}
    inside = [glyph for _font, glyph in placed]
    layer = TextLayer(
        tuple(glyph for font, glyph in placed if font not in useless),
        len(page.curves),
        readable_share(inside),
    )
    page.close()
    return layer


def _direction(matrix: Any) -> int:
    """Which way a glyph runs, in degrees counter-clockwise from left to right: 0, 90, 180 or 270."""
    a, b = matrix[0], matrix[1]
    if abs(a) >= abs(b):
        return 0 if a >= 0 else 180
    return 90 if b > 0 else 270


def _turned(glyphs: tuple[Glyph, ...], turn: int, width: float, height: float) -> tuple[Glyph, ...]:
    """The glyphs of a page of these points after a clockwise turn of the page."""
    if turn == 0:
        return glyphs
    place: Callable[[Glyph], tuple[float, float, float, float]] = {
        90: lambda glyph: (height - glyph.bottom, glyph.x0, height - glyph.top, glyph.x1),
        180: lambda glyph: (width - glyph.x1, height - glyph.bottom, width - glyph.x0, height - glyph.top),
        270: lambda glyph: (glyph.top, width - glyph.x1, glyph.bottom, width - glyph.x0),
    }[turn]
    return tuple(
        Glyph(glyph.text, *place(glyph), glyph.size, (glyph.direction - turn) % 360) for glyph in glyphs
    )


def _upright_crop(page: Any) -> tuple[float, float, float, float]:
    """The crop box on the upright media box: left, top, width, height in points.

    pdfplumber gives it for pages that are not turned.
    """
    mx0, my0, mx1, my1 = _sorted_box(page.mediabox)
    cx0, cy0, cx1, cy1 = _sorted_box(page.cropbox)
    cx0, cy0, cx1, cy1 = max(cx0, mx0), max(cy0, my0), min(cx1, mx1), min(cy1, my1)
    left, right, above, below = cx0 - mx0, mx1 - cx1, my1 - cy1, cy0 - my0
    width, height = cx1 - cx0, cy1 - cy0
    return {
        0: (left, above, width, height),
        90: (below, left, height, width),
        180: (right, below, width, height),
        270: (above, right, height, width),
    }[page.rotate % 360]


def _sorted_box(box: Any) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(edge) for edge in box)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what runs inside after `seconds`, and again each second should it be caught.

    Python code alone is stopped so, in the main thread alone; native code is left to the child's end.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def over(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
