"""Papers drawn for screens: each text is put on a picture, and its box is known."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from pipeline.field_values import parse_value
from pipeline.model import AnyField, Box, Candidate, Field, PageSize, Reading, Seal
from pipeline.store.database import Connection
from pipeline.store.originals import Originals
from pipeline.store.pages import KeptPage, keep_page

FONTS = (
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
)
"""The first that is there is drawn with; without any, Chinese is drawn as empty boxes."""

INK, PAPER, SEAL = "#23262b", "#fdfcf8", "#c0392b"
QUALITY = 70
"""Of the WebP: print stays sharp."""

SURE = Reading(least=0.9997, mean=0.9999, length=8, height=30, own=None)
"""How print is read that leaves no doubt."""


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font of so many pixels that knows Chinese, where there is one."""
    found = next((one for one in FONTS if Path(one).exists()), None)
    return ImageFont.load_default(size) if found is None else ImageFont.truetype(found, size)


@dataclass
class Sheet:
    """A page that is being drawn, and the words on it."""

    width: int = 1600
    height: int = 1100
    words: list[tuple[str, Box]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._image = Image.new("RGB", (self.width, self.height), PAPER)
        self._pen = ImageDraw.Draw(self._image)

    @property
    def size(self) -> PageSize:
        """Its size in pixels."""
        return PageSize(1, self.width, self.height)

    def write(self, text: str, x: float, y: float, size: int = 26) -> Box:
        """Put a text on the page; its box."""
        self._pen.text((x, y), text, INK, font(size))
        left, top, right, bottom = self._pen.textbbox((x, y), text, font(size))
        box = Box(
            max(0.0, left - 2), max(0.0, top - 2), min(self.width, right + 2), min(self.height, bottom + 2)
        )
        self.words.append((text, box))
        return box

    def seal(self, text: str, x: float, y: float, radius: float) -> Seal:
        """Press a round red seal over what is there."""
        self._pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=SEAL, width=6)
        self._pen.text((x, y), text, SEAL, font(28), anchor="mm")
        box = Box(x - radius, y - radius, x + radius, y + radius)
        return Seal(text, f"{text} 样例", "red", "round", box, 0.97, 1)

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A thin rule."""
        self._pen.line((x0, y0, x1, y1), fill="#9aa0a6")

    def webp(self) -> bytes:
        """The picture as it is kept."""
        held = io.BytesIO()
        self._image.save(held, "WEBP", quality=QUALITY)
        return held.getvalue()

    def keep(self, connection: Connection, originals: Originals | None, file: str, submission: str) -> None:
        """Keep picture and words of the page as reading does, under the hash that `paper` gives a file."""
        key = originals.put(self.webp()) if originals is not None else None
        page = KeptPage(hashlib.sha256(file.encode()).hexdigest(), 1, self.width, self.height, key)
        words = [(text, box.x0, box.y0, box.x1, box.y1, 0.99) for text, box in self.words]
        keep_page(connection, submission, page, words)


def read_as(
    name: str,
    text: str,
    box: Box,
    *,
    sure: float = SURE.least,
    raw: str = "",
    candidates: Sequence[tuple[str, float]] = (),
    witnesses: tuple[str, ...] = (),
) -> AnyField:
    """A value as OCR reads it: `text` in its published form, empty where none could be made of `raw`."""
    value = parse_value(name, text) if text else None
    return Field(
        value,
        raw or text,
        sure,
        1,
        box,
        "ocr",
        candidates=tuple(Candidate(*one) for one in candidates),
        witnesses=witnesses,
        reading=replace(SURE, least=sure, mean=(1 + sure) / 2, length=len(raw or text)),
    )
