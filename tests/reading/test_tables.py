"""Tables as bills print them: one block and several, wrapped names, page breaks, numbers out of place."""

from __future__ import annotations

from pipeline.model import Page
from pipeline.reading.tables import AMOUNT, NAME, NUMBER, TEXT, Column, read_table
from tests.extractors.paper_words import page_of

COLUMNS = (
    Column(NAME, ("项目名称", "项目"), TEXT),
    Column("specification", ("规格",)),
    Column("unit", ("单位",), r"\D{1,4}"),
    Column("quantity", ("数量",), NUMBER),
    Column("unit_price", ("单价",), NUMBER),
    Column(AMOUNT, ("金额（元）", "金额"), NUMBER),
)
STOPS = ("合计", "金额合计")


def read(*texts: str) -> list[dict[str, str]]:
    pages: list[Page] = [page_of(text, number=number) for number, text in enumerate(texts, 1)]
    return [
        {name: word.text for name, word in row.cells.items()} for row in read_table(pages, COLUMNS, STOPS)
    ]


PLAIN = """
住院费用清单
项目名称        规格          单位    数量    单价      金额
阿司匹林肠溶片  100mg×30片    盒      1       15.28     15.28
氯化钠注射液    250ml:2.25g   袋      26      3.185     82.81
合计                                                    98.09
以下空白        不算          次      1       1.00      1.00
"""


def test_a_plain_table_gives_its_rows_up_to_the_sum() -> None:
    assert read(PLAIN) == [
        {
            "name": "阿司匹林肠溶片",
            "specification": "100mg×30片",
            "unit": "盒",
            "quantity": "1",
            "unit_price": "15.28",
            "amount": "15.28",
        },
        {
            "name": "氯化钠注射液",
            "specification": "250ml:2.25g",
            "unit": "袋",
            "quantity": "26",
            "unit_price": "3.185",
            "amount": "82.81",
        },
    ]


def test_blocks_side_by_side_are_read_one_after_the_other() -> None:
    rows = read(
        """
项目名称      金额（元）      项目名称      金额（元）      项目名称      金额（元）
西药费            708.95      检查费            380.40      卫生材料费        687.59
诊察费            202.50      治疗费            401.36
"""
    )
    assert [(row["name"], row["amount"]) for row in rows] == [
        ("西药费", "708.95"),
        ("诊察费", "202.50"),
        ("检查费", "380.40"),
        ("治疗费", "401.36"),
        ("卫生材料费", "687.59"),
    ]


def test_a_name_that_wraps_belongs_to_the_row_above_it() -> None:
    rows = read(
        """
项目名称            单位    数量    单价      金额
注射用头孢哌酮钠    支      2       30.00     60.00
舒巴坦钠

氯化钠注射液        袋      1       3.19      3.19
"""
    )
    assert [(row["name"], row["amount"]) for row in rows] == [
        ("注射用头孢哌酮钠舒巴坦钠", "60.00"),
        ("氯化钠注射液", "3.19"),
    ]


def test_amounts_on_the_line_below_a_name_are_its_own() -> None:
    rows = read(
        """
项目名称                            数量    单价      金额
一次性使用血管内造影导管(进口)
                                    2       300.00    600.00
换药                                1       9.00      9.00
"""
    )
    assert [(row["name"], row["amount"]) for row in rows] == [
        ("一次性使用血管内造影导管(进口)", "600.00"),
        ("换药", "9.00"),
    ]


def test_a_page_without_a_header_goes_on_in_the_columns_before() -> None:
    second = "葡萄糖注射液    500ml:25g     袋      8       3.62      28.96"
    rows = read(PLAIN, second)
    assert rows[-1]["name"] == "葡萄糖注射液"
    assert rows[-1]["quantity"] == "8"
    assert rows[-1]["amount"] == "28.96"


def test_a_header_that_repeats_is_no_row() -> None:
    assert len(read(PLAIN, PLAIN)) == 4


def test_a_page_break_through_a_row_is_healed() -> None:
    first = """
项目名称        规格          单位    数量    单价      金额
静脉采血                      次      2       2.48      4.96
换药                          次      1       9.00      9.00
氯化钾缓释片    0.5g×24片
"""
    second = """
项目名称        规格          单位    数量    单价      金额
                              盒      1       9.94      9.94
"""
    rows = read(first, second)
    assert [(row["name"], row["amount"]) for row in rows[1:]] == [("换药", "9.00"), ("氯化钾缓释片", "9.94")]


def test_a_name_and_a_number_read_as_one_are_cut() -> None:
    rows = read(
        """
项目名称              金额
静脉采血                    2.48
副主任医师门诊诊查费22.00
"""
    )
    assert [(row["name"], row["amount"]) for row in rows] == [
        ("静脉采血", "2.48"),
        ("副主任医师门诊诊查费", "22.00"),
    ]


def test_words_without_a_header_are_no_table() -> None:
    assert read("") == []
    assert read("诊断证明书\n姓名：钱样例") == []
