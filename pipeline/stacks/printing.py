"""Sheets to print: separators, batch headers and labels, as a PDF of A4 pages.

Made offline and without a font of the system: the Chinese sentences are drawn once into `phrases.png`
(`tools/draw_sheet_phrases.py`), Latin text and digits come from the font that Pillow carries. A sheet is two
levels at 300 dpi, so that any office printer prints it sharp.

Larger is not better: scanners set to black and white judge a pixel by its neighbourhood and hollow out
squares wider than that. Of 24 drawn scans each in black and white, codes of 28 and 36 mm were read 24 times,
one of 46 mm 23, of 60 mm 17 and of 80 mm 16 times; of 24 faxes of 100 to 200 dpi 24, 24, 22, 22 and 21. So a
module is `QR_MODULE` wide and each sheet bears its code twice. The bars of the Code 39, for machines that
read barcodes alone, are 0.6 mm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw, ImageFont

from pipeline.stacks.separators import (
    HEADER_TITLE,
    MAX_SERIAL,
    SEPARATOR_TITLE,
    BatchHeader,
    ClaimLabel,
    Separator,
    payload,
)

DPI: Final = 300
A4 = (210.0, 297.0)
"""Width and height of a sheet, mm."""

LABEL_COLUMNS, LABEL_ROWS = 3, 8
LABEL_SIZE = (70.0, 37.125)
"""Labels of 70 x 37 mm, 24 on A4, the commonest sheet of stickers; mm."""

BETWEEN = "请放在两份案卷之间；可反复使用，不计入材料。"
FIRST = "请放在本批材料最前面；扫描后自动核对份数和金额。"
NUMBER, PAPERS, AMOUNT, CLAIM = "批次号", "票据和材料份数", "票据金额合计（元）", "案卷号"
ONCE = "多张纸的一份材料只计一份；分隔页和空白背面不计。"
PHRASES = (
    SEPARATOR_TITLE[0],
    HEADER_TITLE[0],
    BETWEEN,
    FIRST,
    NUMBER,
    PAPERS,
    AMOUNT,
    CLAIM,
    ONCE,
)
"""The rows of `phrases.png`, from top to bottom."""

PHRASE_HEIGHT = 100
"""Height of a row of `phrases.png`, pixels; a character fills about 80 of them."""

QR_MODULE = 1.6
"""Side of the smallest square of a QR code on a sheet, mm: 7 pixels of a fax at 110 dpi."""

Picture: TypeAlias = Image.Image


def write_sheets(file: Path, sheets: Iterable[Picture]) -> int:
    """Writes A4 pages (two levels, 300 dpi) as a PDF; the number of pages.

    Raises:
        OSError: If the file cannot be written.
        ValueError: If there is no page.
    """
    pages = list(sheets)
    if not pages:
        raise ValueError("没有要打印的页 / there is no page to print")
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:], resolution=DPI)
    return len(pages)


def separator_sheets(count: int, first: int = 1) -> Iterator[Picture]:
    """So many separators, numbered on from `first` and after the last number from 1 again."""
    for turn in range(count):
        yield separator_sheet(Separator((first - 1 + turn) % MAX_SERIAL + 1))


def separator_sheet(separator: Separator) -> Picture:
    """The sheet between two claims."""
    sheet, text = _Sheet(), payload(separator)
    sheet.phrase(SEPARATOR_TITLE[0], 105, 18, 20)
    sheet.latin(SEPARATOR_TITLE[1], 105, 44, 9)
    sheet.twice(text, 76)
    sheet.code(_bars(text, zxingcpp.BarcodeFormat.Code39), 20, 140, 170, 30)
    sheet.latin(text, 105, 180, 7)
    sheet.phrase(BETWEEN, 105, 210, 6.5)
    sheet.latin("Put this sheet between two claims. It can be used again", 105, 223, 4.5)
    sheet.latin("and is no paper of a claim.", 105, 230, 4.5)
    return sheet.picture


def header_sheet(header: BatchHeader) -> Picture:
    """The sheet before a batch, with what the batch must come to."""
    sheet = _Sheet()
    sheet.phrase(HEADER_TITLE[0], 105, 18, 20)
    sheet.latin(HEADER_TITLE[1], 105, 44, 9)
    sheet.twice(payload(header), 72)  # too long for a barcode that a fax leaves legible
    rows = (
        (NUMBER, "batch", header.number),
        (PAPERS, "papers", str(header.papers)),
        (AMOUNT, "yuan", f"{header.amount:,.2f}"),
    )
    for turn, (printed, english, value) in enumerate(rows):
        y = 152 + 22 * turn
        sheet.phrase(printed, 30, y, 8, centred=False)
        sheet.latin(english, 30, y + 11, 4.5, centred=False)
        sheet.latin(value, 112, y + 1, 9, centred=False)
    sheet.phrase(FIRST, 105, 240, 6.5)
    sheet.latin("Put this before its batch. Papers and amount are checked after the scan.", 105, 250, 4.5)
    sheet.phrase(ONCE, 105, 262, 5.5)
    sheet.latin(
        "A paper of several sheets counts once; separators and empty backs do not count.", 105, 270, 4.5
    )
    return sheet.picture


def label_sheets(numbers: Sequence[str]) -> Iterator[Picture]:
    """Stickers with claim numbers, from left to right and top to bottom."""
    on_a_sheet = LABEL_COLUMNS * LABEL_ROWS
    for first in range(0, len(numbers), on_a_sheet):
        sheet = _Sheet()
        for turn, number in enumerate(numbers[first : first + on_a_sheet]):
            row, column = divmod(turn, LABEL_COLUMNS)
            _label(sheet, ClaimLabel(number), column * LABEL_SIZE[0], row * LABEL_SIZE[1])
        yield sheet.picture


def _label(sheet: _Sheet, label: ClaimLabel, x: float, y: float) -> None:
    """One sticker with its top left at `x`, `y` mm; printers leave 4 mm at the edges, so it keeps to 5."""
    sheet.code(_bars(payload(label), zxingcpp.BarcodeFormat.QRCode), x + 6, y + 6, 25, 25)
    sheet.phrase(CLAIM, x + 33, y + 8, 4, centred=False)
    sheet.latin("claim", x + 33, y + 13, 3.2, centred=False)
    sheet.latin(label.number, x + 33, y + 18, 4.5 if len(label.number) <= 12 else 2.4, centred=False)


def claim_numbers(first: str, last: str) -> list[str]:
    """The numbers from the first to the last, alike but for the digits at their ends.

    >>> claim_numbers("A-098", "A-101")
    ['A-098', 'A-099', 'A-100', 'A-101']

    Raises:
        ValueError: If they do not end in digits of one length behind the same beginning, or go down, or are
            more than 2,400 (a hundred sheets).
    """
    width = len(first) - len(first.rstrip("0123456789"))
    head = first[: len(first) - width]
    digits = last[len(head) :]
    if not width or not last.startswith(head) or len(last) != len(first) or not digits.isdecimal():
        raise ValueError(
            f"{first}..{last}: 起止编号只能末尾数字不同，且位数相同"
            " / the two may differ in the digits at their end alone, of one length"
        )
    numbers = range(int(first[len(head) :]), int(digits) + 1)
    if not 0 < len(numbers) <= MOST_LABELS:
        raise ValueError(f"{first}..{last}: 应为 1 至 {MOST_LABELS} 个 / must be 1 to {MOST_LABELS} numbers")
    return [f"{head}{number:0{width}d}" for number in numbers]


MOST_LABELS = 2400


class _Sheet:
    """A white A4 page; places and sizes are mm from its top left."""

    def __init__(self) -> None:
        self.picture = Image.new("1", (_pixels(A4[0]), _pixels(A4[1])), 1)

    def code(self, modules: Picture, x: float, y: float, width: float, height: float) -> None:
        """A code in the middle of its room; its modules are whole pixels wide, so that all are alike."""
        room = _pixels(width), _pixels(height)
        scale = max(1, room[0] // modules.width)
        tall = scale * modules.height if modules.width == modules.height else room[1]
        drawn = modules.resize((scale * modules.width, tall), Image.Resampling.NEAREST)
        self.picture.paste(drawn, (_pixels(x) + (room[0] - drawn.width) // 2, _pixels(y)))

    def twice(self, text: str, y: float) -> None:
        """The text as two QR codes side by side: a hole, a crease or a stain spoils one of them."""
        modules = _bars(text, zxingcpp.BarcodeFormat.QRCode)
        side = modules.width * QR_MODULE
        for x in (60, 150):
            self.code(modules, x - side / 2, y, side, side)

    def phrase(self, text: str, x: float, y: float, height: float, *, centred: bool = True) -> None:
        """A Chinese sentence of `PHRASES`, in characters so high."""
        strip = _phrase(text)
        tall = _pixels(height) / 0.8
        drawn = strip.resize((round(strip.width * tall / strip.height), round(tall)))
        left = _pixels(x) - (drawn.width // 2 if centred else 0)
        self.picture.paste(drawn.point(lambda level: 255 * (level > 127)).convert("1"), (left, _pixels(y)))

    def latin(self, text: str, x: float, y: float, height: float, *, centred: bool = True) -> None:
        """Latin letters and digits in an em so high."""
        font = ImageFont.load_default(_pixels(height))
        anchor = "ma" if centred else "la"
        ImageDraw.Draw(self.picture).text((_pixels(x), _pixels(y)), text, fill=0, font=font, anchor=anchor)


def _pixels(millimetres: float) -> int:
    return round(millimetres / 25.4 * DPI)


def _bars(text: str, kind: zxingcpp.BarcodeFormat) -> Picture:
    """A code at one pixel a module, without the white around it; a QR code survives the loss of a quarter."""
    is_square = kind == zxingcpp.BarcodeFormat.QRCode
    made = zxingcpp.create_barcode(text, kind, **({"ec_level": "Q"} if is_square else {}))
    modules = np.array(made.to_image(scale=1, add_quiet_zones=False), dtype=np.uint8)
    return Image.fromarray(modules if is_square else modules[:1]).convert("1")


@cache
def _phrases() -> Picture:
    with Image.open(Path(__file__).with_name("phrases.png")) as picture:
        return picture.convert("L")


@cache
def _phrase(text: str) -> Picture:
    """The row of a sentence, cut to its ink."""
    top = PHRASES.index(text) * PHRASE_HEIGHT
    row = _phrases().crop((0, top, _phrases().width, top + PHRASE_HEIGHT))
    inked = row.point(lambda level: 255 - level).getbbox()
    assert inked is not None
    return row.crop((inked[0], 0, inked[2], PHRASE_HEIGHT))


def header_of(number: str, papers: int, amount: Decimal) -> BatchHeader:
    """A header whose numbers can be printed.

    Raises:
        ValueError: If one of them cannot.
    """
    header = BatchHeader(number, papers, amount)
    payload(header)
    return header
