"""Pages bound anew: what stands on them stays as it is, and a turn is a property of the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image as Pictures
from PIL import ImageDraw

from pipeline.errors import UnreadableFile
from pipeline.reading.rebinding import EXIF_ORIENTATION, PICTURE_DPI, POINTS_PER_INCH, Leaf, bind

SIZE = (400, 200)
"""Wider than high."""


def drawn() -> Pictures.Image:
    """White, with a black corner at the upper left."""
    picture = Pictures.new("RGB", SIZE, "white")
    ImageDraw.Draw(picture).rectangle((0, 0, 100, 50), fill="black")
    return picture


def bound(tmp_path: Path, *leaves: tuple[Path, int, int]) -> pypdfium2.PdfDocument:
    into = tmp_path / "bound.pdf"
    bind([Leaf(file, file.name, page, degrees) for file, page, degrees in leaves], into)
    return pypdfium2.PdfDocument(into)


def shown(document: pypdfium2.PdfDocument, number: int = 0) -> Pictures.Image:
    picture: Pictures.Image = document[number].render(scale=PICTURE_DPI / POINTS_PER_INCH).to_pil()
    return picture.convert("L")


def is_dark(picture: Pictures.Image, x: int, y: int) -> bool:
    return bool(np.asarray(picture)[y, x] < 60)


def two_pages(file: Path) -> Path:
    """A PDF whose pages are told by their widths: 100 and 200 points."""
    with pypdfium2.PdfDocument.new() as document:
        for width in (100, 200):
            document.new_page(width, 300)
        document[1].set_rotation(90)
        document.save(file)
    return file


def test_pages_of_several_files_lie_in_the_order_that_is_wanted(tmp_path: Path) -> None:
    pdf = two_pages(tmp_path / "a.pdf")
    drawn().save(jpeg := tmp_path / "b.jpg", dpi=(100, 100))
    document = bound(tmp_path, (pdf, 2, 0), (jpeg, 1, 0), (pdf, 1, 0))
    sizes = [tuple(round(side) for side in document[number].get_size()) for number in range(3)]
    assert sizes == [(300, 200), (288, 144), (100, 300)]


def test_a_turn_adds_to_that_of_the_page(tmp_path: Path) -> None:
    pdf = two_pages(tmp_path / "a.pdf")
    document = bound(tmp_path, (pdf, 1, 270), (pdf, 2, 180))
    assert [document[number].get_rotation() for number in range(2)] == [270, 270]


def test_a_jpeg_lies_in_its_page_byte_for_byte(tmp_path: Path) -> None:
    drawn().save(jpeg := tmp_path / "a.jpg", quality=90)
    document = bound(tmp_path, (jpeg, 1, 90))
    (image,) = document[0].get_objects()
    assert isinstance(image, pypdfium2.PdfImage)
    assert bytes(image.get_data()) == jpeg.read_bytes()
    picture = shown(document)
    assert picture.size == SIZE[::-1]
    assert is_dark(picture, SIZE[1] - 5, 5)  # the corner has gone round clockwise


@pytest.mark.parametrize(
    ("orientation", "corner"), [(1, (5, 5)), (3, (395, 195)), (6, (195, 5)), (2, (395, 5))]
)
def test_a_photo_lies_as_its_camera_says(tmp_path: Path, orientation: int, corner: tuple[int, int]) -> None:
    exif = Pictures.Exif()
    exif[EXIF_ORIENTATION] = orientation
    drawn().save(photo := tmp_path / "a.jpg", exif=exif)
    assert is_dark(shown(bound(tmp_path, (photo, 1, 0))), *corner)


def test_other_pictures_lose_nothing(tmp_path: Path) -> None:
    picture = Pictures.effect_noise(SIZE, 80).convert("RGB")
    picture.save(png := tmp_path / "a.png")
    (image,) = bound(tmp_path, (png, 1, 0))[0].get_objects()
    assert isinstance(image, pypdfium2.PdfImage)
    assert image.get_bitmap().to_pil().convert("RGB").tobytes() == picture.tobytes()


def test_a_page_of_a_tiff_is_taken_out(tmp_path: Path) -> None:
    tiff = tmp_path / "a.tiff"
    Pictures.new("RGB", SIZE, "white").save(tiff, save_all=True, append_images=[drawn()])
    assert is_dark(shown(bound(tmp_path, (tiff, 2, 0))), 5, 5)


@pytest.mark.parametrize(("content", "page"), [(b"<ofd/>", 1), (b"%PDF-1.4 broken", 1), (b"", 1)])
def test_what_cannot_be_taken_apart_is_refused(tmp_path: Path, content: bytes, page: int) -> None:
    (file := tmp_path / "票.ofd").write_bytes(content)
    with pytest.raises(UnreadableFile, match="leave this file whole"):
        bound(tmp_path, (file, page, 0))


def test_a_page_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="page 3"):
        bound(tmp_path, (two_pages(tmp_path / "a.pdf"), 3, 0))
