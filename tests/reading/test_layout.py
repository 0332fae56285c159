"""Rows of words, labels in them, and values in front of, under and beside labels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.model import Alternative, Box, Word
from pipeline.reading.layout import LabelList, below, closed_up, joined, rows_of, stacked
from tests.extractors.paper_words import CELL, HEIGHT, words_of


def word(text: str, x0: float, y0: float, x1: float, y1: float, sure: float = 0.99) -> Word:
    return Word(text, Box(x0, y0, x1, y1), sure, "ocr")


def texts(rows: list[tuple[Word, ...]]) -> list[list[str]]:
    return [[word.text for word in row] for row in rows]


def found(labels: dict[str, str], text: str, *, in_prose: bool = False) -> list[tuple[str, str]]:
    """(name, value) of the labels in one typed row."""
    values = LabelList(labels, in_prose=in_prose).values_in(words_of(text))
    return [(value.name, value.value.text if value.value else "") for value in values]


# ---------------------------------------------------------------- rows


def test_words_of_one_height_are_a_row_from_left_to_right() -> None:
    words = words_of("乙  丙\n甲")
    assert texts(rows_of(reversed(words))) == [["乙", "丙"], ["甲"]]


def test_a_row_may_sink_by_its_own_height_over_a_crooked_page() -> None:
    words = [word(str(i), 100 * i, 10 + 6 * i, 100 * i + 80, 34 + 6 * i) for i in range(8)]
    assert texts(rows_of(words)) == [[str(i) for i in range(8)]]


def test_two_lines_do_not_become_one_where_the_upper_ends_low() -> None:
    lines = [word("上", 0, 0, 500, 24), word("下", 0, 20, 500, 44)]
    assert texts(rows_of(lines)) == [["上"], ["下"]]


def test_a_seal_beside_a_row_does_not_join_two_rows() -> None:
    words = [word("一", 0, 0, 90, 24), word("二", 0, 40, 90, 64), word("章", 100, 0, 164, 64)]
    assert all(len(row) < 3 for row in rows_of(words))
    assert ["一"] in texts(rows_of(words)) or ["一", "章"] in texts(rows_of(words))


def test_no_words_are_no_rows() -> None:
    assert rows_of([]) == []


# ---------------------------------------------------------------- joining


def test_latin_pieces_are_joined_with_a_space_and_chinese_ones_without() -> None:
    assert joined(words_of("2026  07")).text == "2026 07"
    assert joined(words_of("金额  合计")).text == "金额合计"


def test_a_joined_word_keeps_edges_confidences_and_alternatives_in_step() -> None:
    first, second = words_of("AB  C8")
    second = replace(second, char_confidences=(0.5, 0.6), alternatives=(Alternative(1, "B", 0.3),))
    whole = joined([first, second])
    assert whole.text == "AB C8"
    assert len(whole.edges) == len(whole.text) + 1
    assert whole.char_confidences == (*[first.confidence] * 2, 1.0, 0.5, 0.6)
    assert whole.alternatives == (Alternative(4, "B", 0.3),)
    part = whole.part(3, 5)
    assert part.text == "C8"
    assert part.box.x0 == pytest.approx(second.box.x0)
    assert part.alternatives == (Alternative(1, "B", 0.3),)


def test_a_label_spaced_out_is_closed_up() -> None:
    row = closed_up(words_of("名        称  天津"), ["名称"])
    assert [word.text for word in row] == ["名称", "天津"]


def test_words_that_begin_no_label_stay_apart() -> None:
    row = closed_up(words_of("名  天津"), ["名称"])
    assert [word.text for word in row] == ["名", "天津"]


# ---------------------------------------------------------------- labels


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("姓名：钱样例  性别：女", [("name", "钱样例"), ("sex", "女")]),
        ("姓名  钱样例  性别  女", [("name", "钱样例"), ("sex", "女")]),
        ("姓名：钱样例性别：女", [("name", "钱样例"), ("sex", "女")]),
        ("姓 名：钱样例", [("name", "钱样例")]),
        ("姓名：  性别：女", [("name", ""), ("sex", "女")]),
        ("姓名", [("name", "")]),
    ],
)
def test_labels_part_a_row_with_and_without_gaps_and_colons(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert found({"姓名": "name", "性别": "sex"}, text) == expected


def test_the_longer_label_wins() -> None:
    labels = {"自付": "short", "个人自付": "long"}
    assert found(labels, "个人自付：1.00") == [("long", "1.00")]


def test_a_label_inside_a_sentence_is_no_label() -> None:
    assert found({"诊断": "diagnosis"}, "请持诊断材料前来") == []


def test_one_misread_character_in_four_is_forgiven_before_a_colon() -> None:
    labels = {"账户支付": "account", "现金支付": "cash"}
    assert found(labels, "限户支付：8.90") == [("account", "8.90")]
    assert found(labels, "限户支出：8.90") == []


def test_a_short_label_at_the_head_of_a_misread_long_one_does_not_win() -> None:
    labels = {"医师": "doctor", "医师签名": "doctor"}
    assert found(labels, "医师签各：赵医样") == [("doctor", "赵医样")]


def test_short_labels_must_match_to_the_letter() -> None:
    assert found({"自费": "self_funded"}, "电费：20.00") == []


def test_a_value_far_off_does_not_belong_to_the_label() -> None:
    gap = " " * (20 * HEIGHT // CELL)
    assert found({"姓名": "name"}, f"姓名：{gap}钱样例") == [("name", "")]
    row = words_of(f"姓名：{gap}钱样例")
    assert [v.value.text for v in LabelList({"姓名": "name"}).values_in(row, far=True) if v.value] == [
        "钱样例"
    ]


def test_a_value_may_consist_of_pieces_that_stand_near() -> None:
    assert found({"开票日期": "date"}, "开票日期：  2026  07  08") == [("date", "2026 07 08")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("诊断：感冒", [("d", "感冒")]),
        ("二、诊断：感冒", [("d", "感冒")]),
        ("【诊断】感冒", [("d", "感冒")]),
        ("诊断  感冒", [("d", "感冒")]),
        ("好转出院。诊断：感冒", [("d", "感冒")]),
        ("诊断明确后出院", []),
        ("入院诊断：感冒", []),
        ("建议明日复查诊断", []),
    ],
)
def test_in_prose_a_label_begins_a_text_or_a_sentence(text: str, expected: list[tuple[str, str]]) -> None:
    assert found({"诊断": "d"}, text, in_prose=True) == expected


# ---------------------------------------------------------------- under and beside


def test_a_value_under_its_label_is_the_nearest_there() -> None:
    words = words_of("乘车日期    开车时间\n2013-06-29    08:15\n流水    0403")
    label = words[0]
    under = below(label, words)
    assert under is not None
    assert under.text == "2013-06-29"


def test_nothing_far_below_belongs_to_a_label() -> None:
    words = words_of("乘车日期\n\n\n2013-06-29")
    assert below(words[0], words) is None


def test_a_label_on_two_lines_is_one_label_with_the_value_beside_it() -> None:
    words = words_of("发票    221021325353\n代码\n发票    10283819\n号码")
    rows = stacked(words, ["发票代码", "发票号码"])
    assert texts(rows) == [["发票代码", "221021325353"], ["发票号码", "10283819"]]


def test_a_value_that_reads_like_a_label_is_a_value_behind_another_label() -> None:
    labels = {"医保类型": "insurance_type", "自费": "self_funded", "性别": "sex"}
    assert found(labels, "医保类型：自费  性别：女") == [("insurance_type", "自费"), ("sex", "女")]
    assert found(labels, "医保类型：  自费") == [("insurance_type", "自费")]
    assert found(labels, "医保类型：  自费：0.00") == [("insurance_type", ""), ("self_funded", "0.00")]
    assert found(labels, "医保类型：  自费  0.00") == [("insurance_type", ""), ("self_funded", "0.00")]
    assert found(labels, "医保类型  自费  性别") == [("insurance_type", ""), ("self_funded", ""), ("sex", "")]
