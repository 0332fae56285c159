"""Codes on drawn pages, and what counts as a bill's own statement."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import zxingcpp

from pipeline.model import Box, Code, Image, Page, SourceFile, Statement
from pipeline.reading.codes import find_codes, statements_of, with_codes

EBILL = "CZ-EI-42,1.0.0,42060124,0012345678,fc0971,20250217,34.05"
VAT = "01,31,,24112000000013511234,100.5,20240105,,AB12"


def drawn(text: str, kind: zxingcpp.BarcodeFormat, pixels_per_module: int = 4) -> npt.NDArray[np.uint8]:
    """The code in black on white, with its quiet zone."""
    code = zxingcpp.create_barcode(text, kind)
    picture = np.asarray(zxingcpp.write_barcode_to_image(code, add_quiet_zones=True), dtype=np.uint8)
    scaled = cv2.resize(
        picture, None, fx=pixels_per_module, fy=pixels_per_module, interpolation=cv2.INTER_NEAREST
    )
    return np.asarray(scaled, dtype=np.uint8)


def sheet(*codes: tuple[npt.NDArray[np.uint8], int, int], height: int = 800, width: int = 600) -> Image:
    """A white page with each code at its (x, y)."""
    image = np.full((height, width, 3), 255, np.uint8)
    for picture, x, y in codes:
        high, wide = picture.shape[:2]
        image[y : y + high, x : x + wide] = picture[:, :, None]
    return image


def qr(text: str, pixels_per_module: int = 4) -> npt.NDArray[np.uint8]:
    return drawn(text, zxingcpp.BarcodeFormat.QRCode, pixels_per_module)


def code(text: str) -> Code:
    return Code("QRCode", text, Box(1, 2, 3, 4))


def test_codes_are_found_from_top_to_bottom_with_their_place() -> None:
    upper, lower = qr("上"), qr("下")
    codes = find_codes(sheet((lower, 40, 500), (upper, 300, 100)))
    assert [found.text for found in codes] == ["上", "下"]
    assert codes[0].kind == "QRCode"
    box = codes[0].box
    assert 300 < box.x0 < box.x1 < 300 + upper.shape[1]
    assert 100 < box.y0 < box.y1 < 100 + upper.shape[0]


def test_a_barcode_is_found() -> None:
    codes = find_codes(sheet((drawn("0012345678", zxingcpp.BarcodeFormat.Code128, 2), 40, 100)))
    assert [(found.kind, found.text) for found in codes] == [("Code128", "0012345678")]


def test_the_place_of_a_code_found_enlarged_is_on_the_page_as_it_is() -> None:
    tiny = cv2.resize(qr(EBILL, 2), None, fx=0.62, fy=0.62, interpolation=cv2.INTER_AREA)
    codes = find_codes(sheet((np.asarray(tiny, np.uint8), 200, 300)))
    assert [found.text for found in codes] == [EBILL]
    assert 200 <= codes[0].box.x0 <= 210
    assert codes[0].box.x1 <= 200 + tiny.shape[1]


def test_a_page_without_codes_has_none() -> None:
    assert find_codes(sheet()) == ()


def test_the_code_of_a_fiscal_bill_states_the_five_key_fields() -> None:
    stated = {statement.name: statement.text for statement in statements_of((code(EBILL),))}
    assert stated == {
        "invoice_code": "42060124",
        "invoice_number": "0012345678",
        "check_code": "fc0971",
        "issue_date": "2025-02-17",
        "total_amount": "34.05",
    }


def test_a_statement_knows_the_code_it_stands_in() -> None:
    assert all(
        statement == Statement(statement.name, statement.text, "qr", Box(1, 2, 3, 4))
        for statement in statements_of((code(VAT),))
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://example.com/?CZ-EI-42",
        EBILL + ",more",
        EBILL.replace("20250217", "20251301"),
        EBILL.replace("34.05", "34,05"),
        "01,31,,123,100.5,20240105,,AB12",
        "😀",
        "\x00",
    ],
)
def test_a_code_with_one_part_out_of_form_states_nothing(text: str) -> None:
    assert statements_of((code(text),)) == ()


def test_a_page_keeps_what_it_stated_before() -> None:
    before = Statement("payer_name", "张三", "xml")
    image = sheet((qr(EBILL), 40, 100))
    page = Page(SourceFile("a.jpg", "0" * 64), 1, 600, 800, 200, statements=(before,), image=image)
    read = with_codes(page)
    assert read.statements[0] == before
    assert [found.text for found in read.codes] == [EBILL]
    assert len(read.statements) == 6


def test_a_page_without_a_picture_is_left_alone() -> None:
    page = Page(SourceFile("a.ofd", "0" * 64), 1, 600, 800, 200)
    assert with_codes(page) is page
