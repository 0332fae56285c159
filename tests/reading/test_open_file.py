from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import UnreadableFile
from pipeline.reading.limits import Limits
from pipeline.reading.open_file import kind_of_head, recognise, source_file
from tests.reading.drawing import ofd_parts, zip_of


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"BM\x00\x00", "bmp"),
        (b"GIF89a", "gif"),
        (b"II*\x00", "tiff"),
        (b"MM\x00+", "tiff"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "heif"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00avifmif1", "avif"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00mp41isom", None),
        (b"%PDF-1.4", "pdf"),
        (b"\xef\xbb\xbf" + b"x" * 900 + b"%PDF-1.4", "pdf"),
        (b"PK\x03\x04", "zip"),
        (b'\xef\xbb\xbf <?xml version="1.0"?><EInvoice/>', "xml"),
        ("<票据/>".encode("utf-16"), "xml"),
        (b"<!DOCTYPE html><html>", None),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"", None),
    ],
)
def test_the_first_bytes_say_what_a_file_is(head: bytes, kind: str | None) -> None:
    assert kind_of_head(head) == kind


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"", "empty", "0 字节"),
        (b"MZ\x90", "unsupported", "程序文件"),
        (b"Rar!\x1a\x07", "unsupported", "ZIP"),
        (b"\xd0\xcf\x11\xe0\xa1", "unsupported", "Office"),
        (b" <html><body>", "unsupported", "HTML"),
        (b"hello", "unsupported", "无法识别"),
        (b"PNG\r\n\x1a\n", "corrupt", "PNG"),
        (b"PK\x03\x04 and nothing more", "corrupt", "ZIP"),
    ],
)
def test_a_refusal_names_the_file_what_it_is_and_the_way_out_in_two_languages(
    content: bytes, code: str, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as refused:
        recognise(source_file("账单.pdf", path), path)
    assert refused.value.code == code
    chinese, english = refused.value.message.split(" / ")
    assert chinese.startswith("账单.pdf: ")
    assert says in chinese
    assert "请" in chinese
    assert english.isascii()


def test_a_zip_is_told_by_what_it_holds(tmp_path: Path) -> None:
    def kind(*names: str) -> str:
        path = zip_of(dict.fromkeys(names, b"x"), tmp_path / "x.bin")
        return recognise(source_file("x.bin", path), path)

    assert kind("a.jpg") == "zip"
    assert kind("ofd.xml", "Doc_0/Document.xml") == "ofd"
    with pytest.raises(UnreadableFile, match="Word"):
        kind("[Content_Types].xml", "word/document.xml")
    with pytest.raises(UnreadableFile, match="OpenDocument"):
        kind("mimetype", "content.xml")


def test_an_ofd_is_no_archive(tmp_path: Path) -> None:
    path = zip_of(ofd_parts(""), tmp_path / "票.zip")
    assert recognise(source_file("票.zip", path), path) == "ofd"


def test_a_file_over_the_limit_is_refused_with_the_figure(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"BM" + bytes(999))
    with pytest.raises(UnreadableFile, match="1,001") as refused:
        recognise(source_file("x", path), path, Limits(file_bytes=1000))
    assert refused.value.code == "too_large"


def test_a_name_cannot_break_a_line_of_the_report(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"?")
    with pytest.raises(UnreadableFile) as refused:
        recognise(source_file("a\n\u202ebc", path), path)
    assert refused.value.message.startswith("a__bc: ")
