"""Tables typed as text: columns, rows and blocks, on straight pages and on crooked ones."""

from dataclasses import replace

import pytest

from pipeline.model import Box, Page, Word
from pipeline.reading.slant import Slant, find_column_slant, find_row_slant
from pipeline.reading.tables import AMOUNT, MONEY, NAME, NUMBER, TEXT, Column, outside_tables, read_table
from tests.extractors.paper_words import page_of, page_with, table

COLUMNS = (
    Column("seq", ("序号",), r"\d{1,3}"),
    Column(NAME, ("项目名称", "名称"), TEXT),
    Column("specification", ("规格", "规格/型号")),
    Column("unit", ("单位",), r"\D{1,4}"),
    Column("quantity", ("数量",), NUMBER),
    Column("unit_price", ("单价", "单价(元)"), NUMBER),
    Column(AMOUNT, ("金额", "金额(元)"), MONEY),
    Column("grade", ("医保类别", "等级"), r"\D{1,4}"),
)
STOPS = ("合计",)
WIDTHS = (6, 24, 14, 8, 8, 10, 12, 8)
HEADER = ("序号", "项目名称", "规格", "单位", "数量", "单价", "金额", "等级")
ROWS = [
    (
        str(n),
        f"药品名称之{'一二三四五六七八九十'[n % 10]}",
        "0.25g×24粒",
        "盒",
        str(n % 3 + 1),
        "12.50",
        f"{n}2.50",
        "甲",
    )
    for n in range(1, 15)
]


def cells(page: Page, *more: Page) -> list[dict[str, str]]:
    rows = read_table([page, *more], COLUMNS, STOPS)
    return [{name: word.text for name, word in row.cells.items()} for row in rows]


EXPECTED = [
    dict(
        zip(
            ("seq", NAME, "specification", "unit", "quantity", "unit_price", AMOUNT, "grade"),
            row,
            strict=True,
        )
    )
    for row in ROWS
]


def test_every_piece_goes_to_its_column() -> None:
    assert cells(page_of("某某清单\n" + table(WIDTHS, HEADER, *ROWS) + "\n合计  100.00")) == EXPECTED


@pytest.mark.parametrize(("at_left", "at_right"), [(0.05, 0.05), (-0.04, 0.06), (0.08, -0.03)])
def test_columns_that_lean_are_told_apart(at_left: float, at_right: float) -> None:
    straight = page_of(table(WIDTHS, HEADER, *ROWS))
    growth = (at_right - at_left) / straight.width
    lean = Slant("x", at_left, growth, 60.0)
    assert cells(page_with([lean.back(word) for word in straight.words])) == EXPECTED


@pytest.mark.parametrize(("at_top", "at_bottom"), [(0.06, 0.06), (-0.04, 0.05), (0.07, -0.02)])
def test_rows_that_fall_or_rise_are_told_apart(at_top: float, at_bottom: float) -> None:
    straight = page_of(table(WIDTHS, HEADER, *ROWS))
    lean = Slant("y", at_top, (at_bottom - at_top) / 700, 500.0)
    assert cells(page_with([lean.back(word) for word in straight.words])) == EXPECTED


@pytest.mark.parametrize("sides", [(40.0, 0.0), (-50.0, 25.0), (55.0, -20.0)])
def test_rows_that_bend_by_more_than_their_distance_are_told_apart(sides: tuple[float, float]) -> None:
    straight = page_of(table(WIDTHS, HEADER, *ROWS))
    bend = Slant("y", 0.03, 0.0, 500.0, ((sides[0] / 440**2, 0.0), (sides[1] / 440**3, 0.0)))
    assert cells(page_with([bend.back(word) for word in straight.words])) == EXPECTED


def test_a_straight_page_is_left_as_it_is() -> None:
    page = page_of(table(WIDTHS, HEADER, *ROWS))
    assert not find_row_slant(page.words)
    assert not find_column_slant([page.words[i : i + 8] for i in range(0, len(page.words), 8)], 60.0)


@pytest.mark.parametrize("axis", ["x", "y"])
def test_what_is_straightened_goes_back_to_its_place(axis: str) -> None:
    slant = Slant("x" if axis == "x" else "y", 0.05, -0.0001, 400.0, ((1e-5, 1e-8), (1e-8, 0.0)))
    word = Word("药品名称", Box(300, 900, 396, 924), 0.9, "ocr", (300, 324, 348, 372, 396))
    back = slant.back(slant.straightened(word))
    assert (back.box.x0, back.box.y0, back.box.x1, back.box.y1) == pytest.approx((300, 900, 396, 924))
    assert back.edges == pytest.approx(word.edges)


def test_cells_stand_where_they_stand_on_the_page() -> None:
    straight = page_of(table(WIDTHS, HEADER, *ROWS))
    lean = Slant("x", 0.05, 0.0, 60.0)
    page = page_with([lean.back(word) for word in straight.words])
    printed = {(word.text, round(word.box.x0), round(word.box.y0)) for word in page.words}
    for row in read_table([page], COLUMNS, STOPS):
        assert {(w.text, round(w.box.x0), round(w.box.y0)) for w in row.cells.values()} <= printed


def test_cells_read_as_one_word_are_cut_apart() -> None:
    page = page_of(table(WIDTHS, HEADER, *ROWS))
    words = list(page.words)
    for amount in [word for word in words if word.text.endswith("2.50") and word.text != "12.50"][::2]:
        grade = next(word for word in words if word.text == "甲" and word.box.y0 == amount.box.y0)
        words.remove(grade)
        glued = replace(amount, text=amount.text + "甲", box=Box.around((amount.box, grade.box)))
        words[words.index(amount)] = glued
    assert cells(page_with(words)) == EXPECTED


def test_what_stands_in_a_column_nobody_reads_falls_to_no_other() -> None:
    widths = (24, 8, 10, 14, 14, 12)
    text = table(
        widths,
        ("项目名称", "数量", "金额", "优惠金额", "操作人员", "等级"),
        ("静脉采血", "1", "2.48", "0.48", "李四", "甲"),
        ("心电图", "2", "41.60", "1.60", "王五", "乙"),
    )
    assert cells(page_of(text)) == [
        {NAME: "静脉采血", "quantity": "1", AMOUNT: "2.48", "grade": "甲"},
        {NAME: "心电图", "quantity": "2", AMOUNT: "41.60", "grade": "乙"},
    ]


def test_a_label_on_two_lines_is_one_label() -> None:
    page = page_of(table((24, 12, 12, 12), ("项目名称", "数量", "金额", ""), ("静脉采血", "1", "2.48", "甲")))
    upper, lower = (
        Word(text, Box(492, y, 540, y + 24), 0.99, "ocr") for text, y in (("医保", 46), ("类别", 74))
    )
    lowered = [
        replace(word, box=replace(word.box, y0=word.box.y0 + 60, y1=word.box.y1 + 60))
        for word in page.words[3:]
    ]
    assert cells(page_with([*page.words[:3], upper, lower, *lowered])) == [
        {NAME: "静脉采血", "quantity": "1", AMOUNT: "2.48", "grade": "甲"}
    ]


def test_a_page_without_a_header_begins_below_its_head() -> None:
    first = page_of(table(WIDTHS, HEADER, *ROWS[:5]))
    second = page_of("某某医院  费用清单\n姓名：张三  住院号：12.34\n" + table(WIDTHS, *ROWS[5:]), number=2)
    assert cells(first, second) == EXPECTED
    _, outside = outside_tables([first, second], COLUMNS, STOPS)
    assert [word.text for word in outside.words] == ["某某医院", "费用清单", "姓名：张三", "住院号：12.34"]


def test_a_line_that_stands_apart_belongs_to_no_row() -> None:
    page = page_of(table(WIDTHS, HEADER, ROWS[0], ("", "西药费"), ROWS[1]))
    rows = read_table([page], COLUMNS, STOPS, lambda text: text == "西药费")
    assert [(row.get(NAME), row.apart) for row in rows] == [
        ("药品名称之二", False),
        ("西药费", True),
        ("药品名称之三", False),
    ]


NARROW = (28, 8, 10)
NARROW_HEADER = ("项目名称", "数量", "金额")


def names(*rows: tuple[str, ...]) -> list[str]:
    page = page_of(table(NARROW, NARROW_HEADER, *rows))
    return [row.get(NAME) for row in read_table([page], COLUMNS, STOPS)]


def test_a_name_that_wraps_evenly_goes_on_where_its_bracket_closes() -> None:
    assert names(
        ("静脉采血", "1", "2.48"),
        ("吸入用布地奈德混悬液(2ml:",),
        ("1mg/支)", "2", "21.92"),
        ("心电图", "1", "20.80"),
    ) == ["静脉采血", "吸入用布地奈德混悬液(2ml:1mg/支)", "心电图"]


def test_a_category_goes_on_in_no_second_line() -> None:
    assert names(
        ("西药费", "", "34.05"), ("注射用头孢哌酮钠",), ("舒巴坦钠", "2", "34.05"), ("化验费", "", "18.00")
    ) == ["西药费", "注射用头孢哌酮钠舒巴坦钠", "化验费"]


def test_names_wrap_alike_all_over_a_table() -> None:
    assert names(
        ("西药费", "", "54.05"),
        ("注射用头孢哌酮钠",),
        ("舒巴坦钠", "2", "34.05"),
        ("复方氨基酸注射",),
        ("液", "2", "20.00"),
    ) == ["西药费", "注射用头孢哌酮钠舒巴坦钠", "复方氨基酸注射液"]
    assert names(
        ("注射用头孢哌酮钠", "2", "34.05"),
        ("舒巴坦钠",),
        ("静脉采血", "1", "2.48"),
        ("复方氨基酸注射", "2", "20.00"),
        ("液",),
    ) == ["注射用头孢哌酮钠舒巴坦钠", "静脉采血", "复方氨基酸注射液"]


def test_numbers_flush_right_of_their_headers_stay_apart_beside_a_smeared_row() -> None:
    widths = (30, 8, 8, 10)
    page = page_of(
        table(
            widths,
            ("项目名称", "数量", "", "金额"),
            *((f"药品{n}", "", f" {n}", f"{n}4.40") for n in range(1, 8)),
        )
    )
    smear = Word("1", Box(526, 380, 700, 404), 0.7, "ocr")
    loose = [replace(column, form=NUMBER) if column.name == AMOUNT else column for column in COLUMNS]
    found = read_table([page_with([*page.words, smear])], loose, STOPS)[:7]
    assert [(row.get("quantity"), row.get(AMOUNT)) for row in found] == [
        (str(n), f"{n}4.40") for n in range(1, 8)
    ]


@pytest.mark.parametrize("gap", ["", " "])
def test_a_date_or_a_code_read_with_the_name_behind_it_is_cut_off(gap: str) -> None:
    columns = (
        Column("fee_date", ("日期",), r"20[\d-]+"),
        Column("item_code", ("国家编码",), r"[0-9A-Z]{4,}"),
        *COLUMNS[1:],
    )
    widths = (14, 18, *WIDTHS[1:])
    rows = [
        ("2025-06-06", "002501010150000", f"日间病房床位费{n}", "1.0g", "日", *row[4:])
        for n, row in enumerate(ROWS)
    ]
    page = page_of(table(widths, ("日期", "国家编码", *HEADER[1:]), *rows))
    words = list(page.words)
    for row in (2, 5):
        line = [word for word in words if word.text.endswith(f"床位费{row}")]
        name = line[0]
        own = sorted((w for w in words if w.box.y0 == name.box.y0), key=lambda w: w.box.x0)[:3]
        words = [word for word in words if word not in own]
        words.append(replace(name, text=gap.join(w.text for w in own), box=Box.around(w.box for w in own)))
    found = read_table([page_with(words)], columns, STOPS)
    assert [(row.get("fee_date"), row.get("item_code"), row.get(NAME)) for row in found] == [
        row[:3] for row in rows
    ]
