from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pdfplumber
import pytest

from pipeline.errors import UnreadableFile
from pipeline.model import Page, Word
from pipeline.reading.decoded import Window
from pipeline.reading.limits import Limits
from pipeline.reading.open_file import open_file, source_file
from tests.reading.conftest import ReadPages
from tests.reading.drawing import draw_pdf, page_picture, raw_pdf, stream_object

RECT = b"0 0 100 100 re f"


def bill(canvas: Any) -> None:
    canvas.drawString(40, 800, "票据号码：12345678")
    canvas.drawString(40, 700, "阿莫西林胶囊")
    canvas.drawString(200, 700, "盒")
    canvas.drawRightString(400, 700, "12.50")
    canvas.line(40, 690, 560, 690)


def word(page: Page, text: str) -> Word:
    (found,) = [word for word in page.words if word.text == text]
    return found


def assert_covers_its_ink(page: Page, text: str) -> None:
    """The word lies where the picture shows it: ink inside its box, none just left and right of it."""
    box = word(page, text).box
    assert page.image is not None
    rows = slice(int(box.y0), int(box.y1) + 1)
    assert page.image[rows, int(box.x0) : int(box.x1) + 1].min() < 120
    height = int(box.height)
    assert page.image[rows, max(0, int(box.x0) - height) : max(1, int(box.x0) - 3)].min() > 200
    assert page.image[rows, int(box.x1) + 4 : int(box.x1) + height].min() > 200


def test_a_digital_page_comes_with_its_words(tmp_path: Path, read_pages: ReadPages) -> None:
    (page,) = read_pages(draw_pdf(tmp_path / "票.pdf", bill))
    assert page.words_known
    assert [word.text for word in page.words] == ["票据号码：12345678", "阿莫西林胶囊", "盒", "12.50"]
    assert (page.width, page.height, page.dpi) == (1653, 2339, 200)
    amount = word(page, "12.50")
    assert (amount.origin, amount.confidence) == ("text_layer", 1.0)
    assert len(amount.edges) == 6
    assert amount.box.x1 == pytest.approx(400 * 200 / 72, abs=2)
    assert_covers_its_ink(page, "12.50")


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize(
    ("media", "crop"),
    [
        ((0, 0, 595, 842), None),
        ((-20, 30, 600, 900), (10, 60, 580, 850)),
        ((0, 0, 595, 842), (30, 0, 595, 842)),
    ],
)
def test_words_lie_on_the_picture_however_the_page_is_boxed_and_turned(
    turn: int,
    media: tuple[int, ...],
    crop: tuple[int, ...] | None,
    tmp_path: Path,
    read_pages: ReadPages,
) -> None:
    """Text is drawn so that it stands upright once the page is turned."""
    boxes = b"/MediaBox[%d %d %d %d]" % media + (b"/CropBox[%d %d %d %d]" % crop if crop else b"")
    matrix = {0: b"1 0 0 1", 90: b"0 1 -1 0", 180: b"-1 0 0 -1", 270: b"0 -1 1 0"}[turn]
    text = b"BT /F 20 Tf %s 300 400 Tm (12345.67) Tj ET" % matrix
    path = tmp_path / "x.pdf"
    path.write_bytes(
        raw_pdf(
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R%s/Rotate %d/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>"
            % (boxes, turn),
            stream_object(b"", text),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        )
    )
    (page,) = read_pages(path)
    assert page.words_known
    assert page.turned_degrees == 0
    assert_covers_its_ink(page, "12345.67")


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_digital_page_on_its_side_is_turned_after_its_text(
    turn: int, tmp_path: Path, read_pages: ReadPages
) -> None:
    def sideways(canvas: Any) -> None:
        canvas.setPageRotation(turn)
        canvas.drawString(100, 500, "阿莫西林胶囊")
        canvas.drawString(300, 500, "12.50")

    (page,) = read_pages(draw_pdf(tmp_path / "x.pdf", sideways, size=(600, 600)))
    assert page.turned_degrees == 360 - turn
    assert word(page, "12.50").box.x0 == pytest.approx(300 * 200 / 72, abs=2)
    assert_covers_its_ink(page, "12.50")


def test_a_scan_goes_to_the_ocr_at_its_own_resolution(tmp_path: Path, read_pages: ReadPages) -> None:
    def scan(canvas: Any) -> None:
        canvas.drawInlineImage(page_picture(2067, 2924), 0, 0, 595, 842)

    (page,) = read_pages(draw_pdf(tmp_path / "x.pdf", scan))
    assert not page.words_known
    assert page.words == ()
    assert 248 <= page.dpi <= 252


@pytest.mark.parametrize(("points", "pixels"), [((144, 204), 3000), ((3000, 4250), 3000)])
def test_a_photo_keeps_its_pixels_whatever_size_its_page_claims(
    points: tuple[float, float], pixels: int, tmp_path: Path, read_pages: ReadPages
) -> None:
    def photo(canvas: Any) -> None:
        canvas.drawInlineImage(page_picture(pixels, pixels * 17 // 12), 0, 0, *points)

    (page,) = read_pages(draw_pdf(tmp_path / "x.pdf", photo, size=points))
    assert 2300 <= max(page.width, page.height) <= 4300


def test_a_mixed_page_gives_its_words_and_goes_to_the_ocr(tmp_path: Path, read_pages: ReadPages) -> None:
    def mixed(canvas: Any) -> None:
        canvas.drawInlineImage(page_picture(), 0, 0, 595, 842)
        bill(canvas)

    (page,) = read_pages(draw_pdf(tmp_path / "x.pdf", mixed))
    assert not page.words_known
    assert word(page, "12.50")


def test_a_hidden_layer_over_a_scan_is_not_believed(tmp_path: Path, read_pages: ReadPages) -> None:
    def hidden(canvas: Any) -> None:
        canvas.drawInlineImage(page_picture(), 0, 0, 595, 842)
        text = canvas.beginText(40, 700)
        text.setTextRenderMode(3)
        text.textLine("12.50")
        canvas.drawText(text)

    (page,) = read_pages(draw_pdf(tmp_path / "x.pdf", hidden))
    assert not page.words_known
    assert page.words == ()


def test_a_seal_on_a_digital_page_leaves_its_words_known(tmp_path: Path, read_pages: ReadPages) -> None:
    def sealed(canvas: Any) -> None:
        bill(canvas)
        canvas.drawInlineImage(page_picture(200, 200), 400, 100, 110, 110)

    (page,) = read_pages(draw_pdf(tmp_path / "x.pdf", sealed))
    assert page.words_known


def test_letters_drawn_as_curves_beside_the_text_go_to_the_ocr(tmp_path: Path, read_pages: ReadPages) -> None:
    def outlined(canvas: Any) -> None:
        bill(canvas)
        for x in range(500):
            canvas.bezier(x, 100, x + 1, 110, x + 2, 90, x + 3, 100)

    (page,) = read_pages(draw_pdf(tmp_path / "x.pdf", outlined))
    assert not page.words_known
    assert word(page, "12.50")


def test_a_font_without_meaning_is_left_out(tmp_path: Path, read_pages: ReadPages) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(
        raw_pdf(
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents 4 0 R"
            b"/Resources<</Font<</C 5 0 R/H 7 0 R>>>>>>",
            stream_object(
                b"", b"BT /C 20 Tf 50 300 Td <00210022002300240025> Tj /H 20 Tf 0 -50 Td (12.5) Tj ET"
            ),
            b"<</Type/Font/Subtype/Type0/BaseFont/Song/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Song"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>",
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        )
    )
    (page,) = read_pages(path)
    assert [word.text for word in page.words] == ["12.5"]
    assert not page.words_known


def test_a_blank_page_is_a_page_without_ink(tmp_path: Path, read_pages: ReadPages) -> None:
    _first, blank = read_pages(draw_pdf(tmp_path / "x.pdf", bill, lambda canvas: None))
    assert (blank.number, blank.ink, blank.words) == (2, 0.0, ())
    assert not blank.words_known


def test_pages_come_by_windows(tmp_path: Path, read_pages: ReadPages) -> None:
    path = draw_pdf(tmp_path / "x.pdf", *[bill] * 5)
    opened = open_file(source_file("x.pdf", path), path, Window(4, 16))
    assert opened.page_count == 5
    assert [page.number for page in opened.pages if isinstance(page, Page)] == [4, 5]
    assert [page.number for page in read_pages(path, Window(2, 2))] == [2, 3]
    assert read_pages(path, Window(6, 2)) == []


def test_a_pdf_that_needs_a_password_says_so(tmp_path: Path, read_pages: ReadPages) -> None:
    path = draw_pdf(tmp_path / "x.pdf", bill, encrypt="secret")
    with pytest.raises(UnreadableFile, match="密码") as refused:
        read_pages(path)
    assert refused.value.code == "encrypted"


def test_a_pdf_with_an_owner_s_password_alone_opens(tmp_path: Path, read_pages: ReadPages) -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption

    locked = StandardEncryption("", ownerPassword="owner", canPrint=0)
    (page,) = read_pages(draw_pdf(tmp_path / "x.pdf", bill, encrypt=locked))
    assert page.ink > 0.001


def test_junk_before_the_header_does_no_harm(tmp_path: Path, read_pages: ReadPages) -> None:
    path = draw_pdf(tmp_path / "x.pdf", bill)
    path.write_bytes(b"\xef\xbb\xbfHTTP header\r\n\r\n" + path.read_bytes())
    assert len(read_pages(path)) == 1


def test_a_cut_pdf_is_refused_as_damaged(tmp_path: Path, read_pages: ReadPages) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(b"%PDF-1.4\n1 0 obj<</Type/Cata")
    with pytest.raises(UnreadableFile) as refused:
        read_pages(path)
    assert refused.value.code == "corrupt"


def test_too_many_pages_are_refused_with_the_figure(tmp_path: Path, read_pages: ReadPages) -> None:
    path = draw_pdf(tmp_path / "x.pdf", bill, bill, bill)
    with pytest.raises(UnreadableFile, match="3 页，上限 2 页") as refused:
        read_pages(path, limits=Limits(pages=2))
    assert refused.value.code == "too_large"


def test_a_vast_page_is_rendered_within_the_limit(tmp_path: Path, read_pages: ReadPages) -> None:
    path = draw_pdf(tmp_path / "x.pdf", bill, size=(14400, 14400))
    (page,) = read_pages(path, limits=Limits(page_pixels=1_000_000))
    assert page.width * page.height <= 1_010_000


def fail(*_args: object, **_options: object) -> None:
    raise KeyError("Font")


def hang(*_args: object, **_options: object) -> None:
    while True:
        try:
            time.sleep(0.05)
        except TimeoutError:  # as a library's own `except` may
            os.sched_yield()
            raise


@pytest.mark.parametrize("misbehave", [fail, hang])
def test_a_page_that_pdfplumber_fails_on_goes_the_picture_s_way(
    misbehave: Any, tmp_path: Path, read_pages: ReadPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = draw_pdf(tmp_path / "x.pdf", bill)
    monkeypatch.setattr(pdfplumber.page.Page, "parse_objects", misbehave)
    (page,) = read_pages(path, limits=Limits(text_layer_seconds=0.3))
    assert not page.words_known
    assert page.words == ()
    assert page.image is not None
    assert page.image.min() < 100


def test_filled_in_form_fields_are_drawn(tmp_path: Path, read_pages: ReadPages) -> None:
    def form(canvas: Any) -> None:
        canvas.acroForm.textfield(name="a", value="XXXXXX", x=100, y=700, width=200, height=30, borderWidth=0)

    (page,) = read_pages(draw_pdf(tmp_path / "x.pdf", form))
    assert page.ink > 0.0001
