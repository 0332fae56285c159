from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import UnreadableFile
from pipeline.model import Image as Pixels
from pipeline.reading.decoded import Window
from pipeline.reading.image import ink_share
from pipeline.reading.limits import Limits
from pipeline.reading.open_file import open_file, source_file
from tests.reading.conftest import ReadPages
from tests.reading.drawing import page_picture


def shows_the_page(image: Pixels) -> bool:
    """Whether `page_picture` stands upright in `image`: bar on top, red square left, the rest white."""
    height, width = image.shape[:2]
    bar = image[height * 3 // 40, width // 2]
    square = image[height // 2 + height // 32, width // 20]
    ground = image[height * 3 // 4, width * 3 // 4]
    return bool(bar.max() < 60 and ground.min() > 200 and square[0] > 150 and square[1] < 110)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".jpg", {}),
        (".png", {}),
        (".webp", {}),
        (".bmp", {}),
        (".tif", {}),
        (".avif", {}),
        (".heic", {"format": "HEIF"}),
    ],
)
def test_every_format_is_read_whatever_it_is_called(
    suffix: str, options: dict[str, Any], tmp_path: Path, read_pages: ReadPages
) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    drawn = tmp_path / f"drawn{suffix}"
    page_picture().save(drawn, **options)
    (page,) = read_pages(drawn.rename(tmp_path / "账单.dat"))
    assert (page.width, page.height, page.number) == (600, 800, 1)
    assert page.image is not None
    assert page.image.dtype == np.uint8
    assert shows_the_page(page.image)
    assert not page.words_known


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "YCbCr"])
def test_colour_modes_keep_their_colours(mode: str, tmp_path: Path, read_pages: ReadPages) -> None:
    path = tmp_path / "page.tif"
    page_picture().convert(mode).save(path)
    (page,) = read_pages(path)
    assert page.image is not None
    assert shows_the_page(page.image)


def test_a_palette_with_transparency_lies_on_white(tmp_path: Path, read_pages: ReadPages) -> None:
    picture = Image.new("P", (40, 40), 0)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    picture.putpixel((5, 5), 1)
    picture.save(tmp_path / "page.png", transparency=0)
    (page,) = read_pages(tmp_path / "page.png")
    assert page.image is not None
    assert page.image[20, 20].tolist() == [255, 255, 255]
    assert page.image[5, 5].tolist() == [255, 0, 0]


def test_alpha_lies_on_white(tmp_path: Path, read_pages: ReadPages) -> None:
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(tmp_path / "page.png")
    (page,) = read_pages(tmp_path / "page.png")
    assert page.image is not None
    assert page.image.min() == 255


def test_one_bit_pictures_are_black_and_white(tmp_path: Path, read_pages: ReadPages) -> None:
    page_picture().convert("1").save(tmp_path / "page.tif", compression="group4")
    (page,) = read_pages(tmp_path / "page.tif")
    assert page.image is not None
    assert set(np.unique(page.image)) == {0, 255}


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path: Path, read_pages: ReadPages) -> None:
    levels = np.linspace(0, 65535, 256 * 4, dtype=np.uint16).reshape(4, 256)
    Image.fromarray(levels).save(tmp_path / "page.png")
    (page,) = read_pages(tmp_path / "page.png")
    assert page.image is not None
    assert page.image[0, 0, 0] == 0
    assert page.image[3, 255, 0] == 255
    assert 120 <= page.image[2, 0, 0] <= 135


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_the_camera_s_turn_is_undone(
    orientation: int, suffix: str, tmp_path: Path, read_pages: ReadPages
) -> None:
    undone = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    picture = page_picture() if undone is None else page_picture().transpose(undone)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"page{suffix}"
    picture.save(path, exif=exif)
    (page,) = read_pages(path)
    assert page.image is not None
    assert page.image.shape == (800, 600, 3)
    assert shows_the_page(page.image)


def test_a_broken_note_of_the_camera_turns_nothing(tmp_path: Path, read_pages: ReadPages) -> None:
    path = tmp_path / "page.jpg"
    page_picture().save(path, exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
    (page,) = read_pages(path)
    assert page.image is not None
    assert shows_the_page(page.image)


def test_every_page_of_a_tiff_comes_out_and_its_thumbnails_do_not(
    tmp_path: Path, read_pages: ReadPages
) -> None:
    path = tmp_path / "scan.tif"
    pages = [page_picture(), page_picture(500, 700), page_picture(60, 80), page_picture(400, 400)]
    pages[2].encoderinfo = {"tiffinfo": {254: 1}}
    pages[0].save(path, save_all=True, append_images=pages[1:])
    assert [(page.number, page.width) for page in read_pages(path)] == [(1, 600), (2, 500), (3, 400)]
    assert [page.number for page in read_pages(path, Window(2, 1))] == [2]


def test_a_moving_picture_is_its_first_frame_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "page.gif"
    page_picture().save(path, save_all=True, append_images=[Image.new("RGB", (600, 800), "red")])
    opened = open_file(source_file("page.gif", path), path)
    (page,) = opened.pages
    assert "2" in opened.notes[0]
    assert not isinstance(page, UnreadableFile)
    assert page.image is not None
    assert shows_the_page(page.image)


def test_a_fax_of_flat_pixels_is_made_square(tmp_path: Path, read_pages: ReadPages) -> None:
    path = tmp_path / "fax.tif"
    page_picture().resize((600, 400)).save(path, dpi=(204, 102))
    (page,) = read_pages(path)
    assert (page.width, page.height, page.dpi) == (600, 800, 204)


@pytest.mark.parametrize(
    ("noted", "known"), [((300, 300), 300), ((1, 1), 34), ((0, 0), 34), ((99999, 99999), 34)]
)
def test_a_resolution_is_believed_where_it_can_be(
    noted: tuple[int, int], known: int, tmp_path: Path, read_pages: ReadPages
) -> None:
    path = tmp_path / "page.jpg"
    Image.new("RGB", (400, 390), "white").save(path, dpi=noted)
    assert read_pages(path)[0].dpi == known


def test_a_large_picture_is_reduced_to_the_limit(tmp_path: Path, read_pages: ReadPages) -> None:
    limits = Limits(page_pixels=120_000)
    for suffix, mode in ((".jpg", "RGB"), (".png", "P"), (".tif", "1"), (".png", "LA")):
        path = tmp_path / f"page{suffix}"
        page_picture().convert(mode).save(path)
        (page,) = read_pages(path, limits=limits)
        assert (page.width, page.height) == (300, 400), (suffix, mode)


def test_a_picture_of_too_many_pixels_is_refused(tmp_path: Path, read_pages: ReadPages) -> None:
    page_picture().save(tmp_path / "page.png")
    with pytest.raises(UnreadableFile, match="479,999") as refused:
        read_pages(tmp_path / "page.png", limits=Limits(picture_pixels=479_999))
    assert refused.value.code == "too_large"


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".gif", ".bmp", ".tif", ".avif"])
def test_a_picture_cut_short_is_refused_and_not_shown_half(
    suffix: str, tmp_path: Path, read_pages: ReadPages
) -> None:
    path = tmp_path / f"page{suffix}"
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UnreadableFile) as refused:
        read_pages(path)
    assert refused.value.code == "corrupt"
    assert refused.value.message.startswith(path.name)


def test_a_heic_cut_in_its_second_picture_is_refused(tmp_path: Path, read_pages: ReadPages) -> None:
    path = tmp_path / "page.heic"
    path.write_bytes(
        struct.pack(">I4s4sI4s", 20, b"ftyp", b"heic", 0, b"mif1") + struct.pack(">I4s", 99, b"mdat")
    )
    with pytest.raises(UnreadableFile, match="cut short"):
        read_pages(path)


def test_a_blank_back_has_no_ink_and_a_page_has() -> None:
    rng = np.random.default_rng(1)
    blank = (235 + rng.normal(0, 4, (400, 300, 3))).clip(0, 255).astype(np.uint8)
    assert ink_share(blank) < 0.0005
    assert ink_share(np.asarray(page_picture())) > 0.02
