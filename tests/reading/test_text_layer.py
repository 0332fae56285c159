from __future__ import annotations

import pytest

from pipeline.model import Word
from pipeline.reading.text_layer import Glyph, is_readable, readable_share, unify, words_of


def line(text: str, x: float = 0.0, y: float = 0.0, size: float = 10.0, advance: float = 1.0) -> list[Glyph]:
    """Glyphs set one after the other, Chinese ones a size wide, others half of it."""
    glyphs = []
    for char in text:
        width = size if ord(char) > 0x2E7F else size / 2
        glyphs.append(Glyph(char, x, y, x + width, y + size, size))
        x += width * advance
    return glyphs


def texts(words: tuple[Word, ...]) -> list[str]:
    return [word.text for word in words]


def test_cells_of_a_row_stay_apart() -> None:
    glyphs = line("阿莫西林") + line("盒", x=60) + line("12.50", x=90)
    assert texts(words_of(glyphs, "ofd", 1.0)) == ["阿莫西林", "盒", "12.50"]


def test_edges_are_those_of_the_glyphs_in_pixels() -> None:
    (word,) = words_of(line("西药12", x=3), "ofd", 2.0)
    assert list(word.edges) == [6, 26, 46, 56, 66]
    assert (word.box.x0, word.box.y0, word.box.x1, word.box.y1) == (6, 0, 66, 20)
    assert (word.confidence, word.origin) == (1.0, "ofd")


def test_a_space_parts_words() -> None:
    assert texts(words_of(line("2021 03"), "ofd", 1.0)) == ["2021", "03"]


def test_a_label_set_wide_is_one_word() -> None:
    assert texts(words_of(line("金 额"), "ofd", 1.0)) == ["金额"]
    assert texts(words_of(line("收　款　单　位"), "ofd", 1.0)) == ["收款单位"]
    assert texts(words_of(line("姓 名 张三丰"), "ofd", 1.0)) == ["姓名", "张三丰"]


def test_fonts_written_one_after_the_other_are_joined() -> None:
    chinese = line("共", x=0) + line("页", x=20)
    assert texts(words_of(chinese + line("12", x=10), "ofd", 1.0)) == ["共12页"]


def test_what_lies_between_two_runs_keeps_them_apart() -> None:
    space = [Glyph(" ", 10, 0, 12, 10, 10)]
    assert texts(words_of(line("34", x=12) + line("12") + space, "ofd", 1.0)) == ["12", "34"]


def test_lines_close_to_each_other_do_not_mix() -> None:
    glyphs = [glyph for y in range(5) for glyph in line(f"第{y}行药品", y=y * 11.0)]
    assert texts(words_of(glyphs, "ofd", 1.0)) == [f"第{y}行药品" for y in range(5)]


def test_false_bold_is_read_once() -> None:
    glyphs = [
        twin
        for glyph in line("合计11")
        for twin in (
            glyph,
            Glyph(glyph.text, glyph.x0 + 0.4, glyph.top, glyph.x1 + 0.4, glyph.bottom, glyph.size),
        )
    ]
    assert texts(words_of(glyphs, "ofd", 1.0)) == ["合计11"]


def test_text_on_its_side_is_a_word_without_edges() -> None:
    glyphs = [Glyph(char, 0, y, 10, y + 10, 10, direction=270) for char, y in (("甲", 0), ("乙", 10))]
    (word,) = words_of(glyphs, "ofd", 1.0)
    assert (word.text, word.edges) == ("甲乙", ())


def test_a_glyph_of_several_letters_shares_its_width() -> None:
    (word,) = words_of([Glyph("ffi", 0, 0, 9, 10, 10)], "ofd", 1.0)
    assert (word.text, word.edges) == ("ffi", (0, 3, 6, 9))


@pytest.mark.parametrize("text", ["(cid:7)", "\ufffd", "\x07", "\ue000", "Ã"])
def test_what_has_no_meaning_is_not_read(text: str) -> None:
    assert not is_readable(text)
    glyphs = [*line("药"), Glyph(text, 30, 0, 35, 10, 10)]
    assert texts(words_of(glyphs, "ofd", 1.0)) == ["药"]
    assert readable_share(glyphs) == 0.5


def test_radicals_become_the_characters_they_show() -> None:
    assert unify("⾦额⽉") == "金额月"
    assert unify("（１）") == "（１）"
