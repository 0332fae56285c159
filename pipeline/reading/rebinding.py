"""Pages of files bound anew, as one PDF: what stands on them stays as it is.

Pages of a PDF are taken over with all that is in them, text layer too. A JPEG lies in its page byte for byte;
other pictures lie there without loss. A turn is written as a property of the page. Runs in a child: the files
come from anywhere (`pipeline.reading.child`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import UnreadableFile
from pipeline.reading.refusal import refusal

if TYPE_CHECKING:
    from PIL import Image as Pictures

POINTS_PER_INCH = 72
PICTURE_DPI = 200
"""Of a picture that does not say its own: A4 scans and photos of papers come out at about their size."""
LEAST_DPI, MOST_DPI = 72, 1200
"""What pictures say beyond these is not meant: cameras write 1 or 72000."""

EXIF_ORIENTATION = 0x0112
TURN_OF_ORIENTATION = {1: 0, 3: 180, 6: 90, 8: 270}
"""What EXIF says of a picture, as clockwise degrees; the other ones are mirrored."""

WHOLE_TURN = 360


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page to bind: its file, its number there from 1, by how much it is turned clockwise in degrees."""

    file: Path
    name: str
    page: int
    degrees: int


def bind(leaves: Sequence[Leaf], into: Path) -> None:
    """Write a PDF of the pages, in their order.

    Raises:
        UnreadableFile: If a file is neither a PDF nor a picture, or cannot be opened.
    """
    import pypdfium2

    with pypdfium2.PdfDocument.new() as bound:
        for leaf in leaves:
            with leaf.file.open("rb") as file:
                is_pdf = b"%PDF" in file.read(1024)
            turn = _add_pdf_page(bound, leaf) if is_pdf else _add_picture(bound, leaf)
            page = bound[len(bound) - 1]
            page.set_rotation((turn + leaf.degrees) % WHOLE_TURN)
            page.close()
        bound.save(into)


def _add_pdf_page(bound: Any, leaf: Leaf) -> int:
    """Take a page over; how it was turned there."""
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(leaf.file) as source:
            bound.import_pages(source, [leaf.page - 1])
    except (pypdfium2.PdfiumError, ValueError, IndexError) as error:
        raise _cannot(leaf) from error
    return int(bound[len(bound) - 1].get_rotation())


def _add_picture(bound: Any, leaf: Leaf) -> int:
    """Add a page with a picture on it; how it must be turned to lie as the picture is shown."""
    from PIL import Image as Pictures
    from PIL import ImageOps, UnidentifiedImageError

    try:
        with Pictures.open(leaf.file) as picture:
            picture.seek(leaf.page - 1)
            turn = TURN_OF_ORIENTATION.get(picture.getexif().get(EXIF_ORIENTATION, 1))
            if picture.format == "JPEG" and turn is not None and picture.mode in ("L", "RGB"):
                _place(bound, picture, leaf.file)
                return turn
            _place(bound, ImageOps.exif_transpose(picture).convert("RGB"), None)
            return 0
    except (UnidentifiedImageError, EOFError, OSError) as error:
        raise _cannot(leaf) from error


def _place(bound: Any, picture: Pictures.Image, jpeg: Path | None) -> None:
    """Add a page of a picture's size: the JPEG's own bytes where one is given, else its pixels."""
    import pypdfium2

    dpi = _dpi(picture)
    width, height = (side * POINTS_PER_INCH / dpi for side in picture.size)
    page = bound.new_page(width, height)
    image = pypdfium2.PdfImage.new(bound)
    if jpeg is not None:
        image.load_jpeg(jpeg, inline=True)
    else:
        image.set_bitmap(pypdfium2.PdfBitmap.from_pil(picture))
    image.set_matrix(pypdfium2.PdfMatrix().scale(width, height))
    page.insert_obj(image)
    page.gen_content()
    page.close()


def _dpi(picture: Pictures.Image) -> float:
    told = picture.info.get("dpi", (0, 0))[0]
    return float(told) if LEAST_DPI < told <= MOST_DPI else PICTURE_DPI


def _cannot(leaf: Leaf) -> UnreadableFile:
    return refusal(
        "unsupported",
        leaf.name,
        f"第 {leaf.page} 页不能单独取出，请把这个文件整份保留",
        f"page {leaf.page} cannot be taken out by itself: leave this file whole",
        leaf.page,
    )
