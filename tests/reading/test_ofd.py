from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import UnreadableFile
from pipeline.model import Page
from pipeline.reading.decoded import Window
from pipeline.reading.limits import Limits
from tests.reading.conftest import ReadPages
from tests.reading.drawing import OFD, ofd_parts, page_picture, png_bytes, zip_of

PIXELS_A_MILLIMETRE = 200 / 25.4

NUMBER = (
    '<ofd:TextObject ID="22" Boundary="170 10 38 5" Size="3">'
    '<ofd:TextCode X="0" Y="4" DeltaX="g 7 1.5">12345678</ofd:TextCode></ofd:TextObject>'
)
RESOURCES = (
    f'<ofd:Res xmlns:ofd="{OFD}" BaseLoc="Res"><ofd:MultiMedias><ofd:MultiMedia ID="6" Type="Image">'
    "<ofd:MediaFile>a.png</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias></ofd:Res>"
)


def read(read_pages: ReadPages, tmp_path: Path, objects: str, **parts: object) -> Page:
    (page,) = read_pages(zip_of(ofd_parts(objects, **parts), tmp_path / "票.ofd"))  # type: ignore[arg-type]
    return page


def test_text_comes_with_its_places_in_pixels(tmp_path: Path, read_pages: ReadPages) -> None:
    page = read(read_pages, tmp_path, NUMBER)
    assert (page.width, page.height, page.dpi) == (1654, 1103, 200)
    (word,) = page.words
    assert (word.text, word.origin, word.confidence) == ("12345678", "ofd", 1.0)
    assert word.box.x0 == pytest.approx(170 * PIXELS_A_MILLIMETRE)
    assert word.box.x1 == pytest.approx(182 * PIXELS_A_MILLIMETRE)
    assert word.box.y1 == pytest.approx((14 + 3 * 0.12) * PIXELS_A_MILLIMETRE)
    assert page.words_known
    assert page.image is None


def test_a_matrix_scales_the_text(tmp_path: Path, read_pages: ReadPages) -> None:
    page = read(
        read_pages,
        tmp_path,
        '<ofd:TextObject Boundary="10 20 50 10" CTM="0.5 0 0 0.5 2 0" Size="8">'
        '<ofd:TextCode X="0" Y="8" DeltaX="8">合计</ofd:TextCode></ofd:TextObject>',
    )
    (word,) = page.words
    assert word.text == "合计"
    assert word.box.x0 == pytest.approx(12 * PIXELS_A_MILLIMETRE)
    assert word.box.width == pytest.approx(8 * PIXELS_A_MILLIMETRE)


def test_a_label_set_wide_is_one_word_and_a_new_line_another(tmp_path: Path, read_pages: ReadPages) -> None:
    page = read(
        read_pages,
        tmp_path,
        '<ofd:TextObject Boundary="10 20 90 10" Size="3">'
        '<ofd:TextCode X="0" Y="3" DeltaX="12 3">名称：</ofd:TextCode></ofd:TextObject>'
        '<ofd:TextObject Boundary="10 40 90 20" Size="3">'
        '<ofd:TextCode X="0" Y="3" DeltaX="1.5 1.5 -3 1.5" DeltaY="0 0 5 0">12&lt;34</ofd:TextCode>'
        "</ofd:TextObject>",
    )
    assert [word.text for word in page.words] == ["名称：", "12<", "34"]


def test_the_template_s_words_are_the_page_s_too_and_what_lies_outside_is_not(
    tmp_path: Path, read_pages: ReadPages
) -> None:
    template = NUMBER.replace("12345678", "票据号码").replace("1.5", "3").replace("170 10", "140 10")
    outside = NUMBER.replace("170 10", "170 285")
    content = (
        f'<ofd:Page xmlns:ofd="{OFD}"><ofd:Content><ofd:Layer>{template}</ofd:Layer></ofd:Content></ofd:Page>'
    )
    page = read(read_pages, tmp_path, NUMBER + outside, extra={"Doc_0/Tpls/Tpl_0/Content.xml": content})
    assert [word.text for word in page.words] == ["票据号码", "12345678"]


def test_a_missing_template_or_picture_does_not_lose_the_page(tmp_path: Path, read_pages: ReadPages) -> None:
    page = read(read_pages, tmp_path, NUMBER + '<ofd:ImageObject Boundary="0 0 9 9" ResourceID="7"/>')
    assert len(page.words) == 1


def test_a_small_picture_is_drawn_where_it_lies(tmp_path: Path, read_pages: ReadPages) -> None:
    picture = png_bytes(Image.new("RGB", (20, 20), "black"))
    page = read(
        read_pages,
        tmp_path,
        NUMBER + '<ofd:ImageObject Boundary="10 20 30 30" CTM="30 0 0 30 0 0" ResourceID="6"/>',
        extra={"Doc_0/DocumentRes.xml": RESOURCES, "Doc_0/Res/a.png": picture},
    )
    assert page.words_known
    assert page.image is not None
    dark = np.argwhere(page.image[:, :, 0] < 128)
    assert dark.min(axis=0).tolist() == [157, 79]
    assert dark.max(axis=0).tolist() == [393, 314]


def test_a_page_that_is_a_scan_goes_to_the_ocr(tmp_path: Path, read_pages: ReadPages) -> None:
    page = read(
        read_pages,
        tmp_path,
        '<ofd:ImageObject Boundary="0 0 210 140" ResourceID="6"/>',
        extra={"Doc_0/DocumentRes.xml": RESOURCES, "Doc_0/Res/a.png": png_bytes(page_picture(2400, 1600))},
    )
    assert not page.words_known
    assert page.dpi == 290
    assert page.image is not None
    assert page.image.shape[:2] == (page.height, page.width)
    assert page.image.min() == 0


def test_the_attached_bill_is_stated_first_then_tags_then_the_head(
    tmp_path: Path, read_pages: ReadPages
) -> None:
    bill = (
        '<eInvoice xmlns:fp="x"><fp:InvoiceCode>050001700111</fp:InvoiceCode><fp:InvoiceNo>11</fp:InvoiceNo>'
        "<fp:TaxInclusiveTotalAmount>318.00</fp:TaxInclusiveTotalAmount><fp:GoodsInfo><fp:Item>餐费</fp:Item>"
        "<fp:Amount>1.00</fp:Amount></fp:GoodsInfo></eInvoice>"
    )
    tags = (
        f'<root xmlns:ofd="{OFD}"><InvoiceNo><ofd:ObjectRef>22</ofd:ObjectRef></InvoiceNo>'
        "<IssueDate><ofd:ObjectRef>22</ofd:ObjectRef></IssueDate>"
        "<SellerName><ofd:ObjectRef>404</ofd:ObjectRef></SellerName></root>"
    )
    parts = {
        "Doc_0/Attachs/Attachments.xml": f'<a xmlns:ofd="{OFD}"><ofd:FileLoc>b.xml</ofd:FileLoc></a>',
        "Doc_0/Attachs/b.xml": bill,
        "Doc_0/Tags/CustomTags.xml": f'<a xmlns:ofd="{OFD}"><ofd:FileLoc>t.xml</ofd:FileLoc></a>',
        "Doc_0/Tags/t.xml": tags,
    }
    document = (
        "<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>"
        "<ofd:CustomTags>Tags/CustomTags.xml</ofd:CustomTags>"
    )
    page = read(read_pages, tmp_path, NUMBER, extra=parts, document=document)
    stated = {statement.name: (statement.text, statement.origin) for statement in page.statements}
    assert stated == {
        "invoice_code": ("050001700111", "xml"),
        "invoice_number": ("11", "xml"),
        "total_amount": ("318.00", "xml"),
        "issue_date": ("12345678", "ofd"),
    }
    assert [(row.name, row.amount) for row in page.stated_rows] == [("餐费", "1.00")]
    (tagged,) = [statement for statement in page.statements if statement.name == "issue_date"]
    assert tagged.box == page.words[0].box

    bare = read(read_pages, tmp_path, NUMBER)
    assert [(statement.name, statement.text) for statement in bare.statements] == [
        ("invoice_number", "99999951")
    ]


def test_paths_are_found_whatever_their_case_and_slashes(tmp_path: Path, read_pages: ReadPages) -> None:
    parts = ofd_parts(NUMBER)
    parts["Doc_0/Document.xml"] = str(parts["Doc_0/Document.xml"]).replace(
        "Pages/Page_0/Content.xml", "\\Doc_0\\Pages\\page_0\\content.xml"
    )
    (page,) = read_pages(zip_of(parts, tmp_path / "x.ofd"))
    assert len(page.words) == 1


@pytest.mark.parametrize("part", ["OFD.xml", "Doc_0/Document.xml", "Doc_0/Pages/Page_0/Content.xml"])
def test_a_doctype_in_any_needed_part_is_refused(part: str, tmp_path: Path, read_pages: ReadPages) -> None:
    parts = ofd_parts(NUMBER)
    parts[part] = f"<!DOCTYPE x>{parts[part]!s}"
    with pytest.raises(UnreadableFile) as refused:
        read_pages(zip_of(parts, tmp_path / "x.ofd"))
    assert refused.value.code == "unsafe"


def test_a_package_without_its_page_or_of_another_key_is_refused(
    tmp_path: Path, read_pages: ReadPages
) -> None:
    parts = ofd_parts(NUMBER)
    with pytest.raises(UnreadableFile) as refused:
        read_pages(zip_of({**parts, "Encryptions.xml": "<x/>"}, tmp_path / "a.ofd"))
    assert refused.value.code == "encrypted"
    del parts["Doc_0/Pages/Page_0/Content.xml"]
    with pytest.raises(UnreadableFile) as refused:
        read_pages(zip_of(parts, tmp_path / "b.ofd"))
    assert refused.value.code == "corrupt"


def test_a_swollen_part_is_refused(tmp_path: Path, read_pages: ReadPages) -> None:
    path = zip_of(ofd_parts(NUMBER + " " * 5000), tmp_path / "x.ofd")
    with pytest.raises(UnreadableFile) as refused:
        read_pages(path, Window(), Limits(xml_bytes=4000))
    assert refused.value.code == "too_large"


@pytest.mark.parametrize("junk", ["g", "g 9999999999 1", "nan inf", "a b c", "g -5 2", ""])
def test_junk_in_the_advances_does_no_harm(junk: str, tmp_path: Path, read_pages: ReadPages) -> None:
    page = read(
        read_pages,
        tmp_path,
        '<ofd:TextObject Boundary="1 2" CTM="1 2 3" Size="x">'
        f'<ofd:TextCode DeltaX="{junk}" DeltaY="{junk}">合</ofd:TextCode></ofd:TextObject>',
    )
    assert [word.text for word in page.words] in (["合"], [])
