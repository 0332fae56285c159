"""What reading saw of a page: its picture and the words of all papers on it, as the page lies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pictures

from pipeline.errors import FolderUnusable
from pipeline.model import Box, Page, PageSize, Placement, SourceFile, Word
from pipeline.seen_pages import PICTURE_SIDE, seen_in, write_seen

KEY = "0123456789abcdef" * 4


def page_with(*words: Word, picture: bool = True) -> Page:
    image = np.full((3000, 2100, 3), 240, np.uint8) if picture else None
    return Page(SourceFile("a.jpg", KEY), 3, 2100, 3000, 200, words, image=image)


def word(text: str, *box: float) -> Word:
    return Word(text, Box(*box), 0.98765, "ocr")


def test_the_picture_is_the_page_made_smaller_and_its_frame_stays_that_of_the_words(tmp_path: Path) -> None:
    page = page_with(word("合计", 100, 200, 300.26, 240))
    write_seen(tmp_path, page, [page])
    (seen,) = seen_in(tmp_path)
    assert (seen.sha256, seen.number, seen.width, seen.height) == (KEY, 3, 2100, 3000)
    assert seen.picture is not None
    with Pictures.open(seen.picture) as picture:
        assert (picture.format, picture.size) == ("WEBP", (1400, PICTURE_SIDE))
    assert list(seen.words()) == [("合计", 100.0, 200.0, 300.3, 240.0, 0.9877)]


def test_words_of_papers_cut_out_of_a_page_lie_where_they_do_on_the_page(tmp_path: Path) -> None:
    sheet = page_with()
    # The second lies on its head: its pixels are counted from its own corner.
    there = PageSize(3, 2100, 3000)
    first = Placement(
        there, Box(100, 100, 1100, 900), ((1.0, 0.0, 100.0), (0.0, 1.0, 100.0), (0.0, 0.0, 1.0))
    )
    second = Placement(
        there, Box(0, 1000, 2100, 3000), ((-1.0, 0.0, 2100.0), (0.0, -1.0, 3000.0), (0.0, 0.0, 1.0))
    )
    papers = [
        replace(sheet, width=1000, height=800, words=(word("上", 0, 0, 50, 20),), placement=first),
        replace(sheet, width=2100, height=2000, words=(word("下", 0, 0, 50, 20),), placement=second),
    ]
    write_seen(tmp_path, sheet, papers)
    (seen,) = seen_in(tmp_path)
    assert [said[:5] for said in seen.words()] == [
        ("上", 100.0, 100.0, 150.0, 120.0),
        ("下", 2050.0, 2980.0, 2100.0, 3000.0),
    ]


def test_a_page_without_a_picture_is_there_with_its_words(tmp_path: Path) -> None:
    page = page_with(word("金额", 0, 0, 10, 10), picture=False)
    write_seen(tmp_path, page, [page])
    (seen,) = seen_in(tmp_path)
    assert seen.picture is None
    assert [said[0] for said in seen.words()] == ["金额"]


def test_a_page_that_is_read_once_more_is_there_once(tmp_path: Path) -> None:
    page = page_with(word("一", 0, 0, 10, 10), picture=False)
    write_seen(tmp_path, page, [page])
    again = replace(page, words=(word("二", 0, 0, 10, 10),))
    write_seen(tmp_path, again, [again])
    assert [[said[0] for said in seen.words()] for seen in seen_in(tmp_path)] == [["二"]]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    page = page_with(picture=False)
    with pytest.raises(FolderUnusable, match="cannot be written"):
        write_seen(tmp_path / "gone", page, [page])
