"""The sheet for people: what entered, what not and why, and that it adds up."""

from __future__ import annotations

import re
from decimal import Decimal

from pipeline.settlement.explain import explain_html, explain_text
from pipeline.settlement.settle import settle
from tests.settlement.claims import YEAR, claim, local, packaged, row

OUT = local("S-out")


def test_a_settled_sheet_names_policy_source_rows_steps_and_the_year() -> None:
    care = claim(row("300.00"), row("200.00", "乙", name="乙药"), row("100.00", "丙", name="丙药"))
    sheet = explain_text(settle(care, OUT, YEAR), care)
    assert "政策 S-out：样例市，为测试编写" in sheet
    assert "丙药" in sheet
    assert "不予支付" in sheet
    assert "政策 S-out 为 10 %" in sheet  # why 20 of the 乙 row did not enter
    assert "6. 起付标准 / deductible：480.00（100 元） → 100.00 元。按年，本年已扣 0.00 元" in sheet
    assert "7. 按比例 / ratio：380.00 × 70 % → 266.00 元" in sheet
    assert "2025 年累计" in sheet


def test_the_sum_on_the_sheet_is_the_bill() -> None:
    care = claim(row("333.33"), row("66.67", "丙"))
    sheet = explain_text(settle(care, OUT, YEAR), care)
    told = re.search(r"合计 (\S+) = 基金 (\S+) \+ 大病 (\S+) \+ 自付 (\S+) \+ 自费 (\S+)", sheet)
    assert told is not None
    total, *parts = map(Decimal, told.groups())
    assert sum(parts) == total == Decimal("400.00")


def test_an_open_sheet_shows_both_ends_and_the_way_out() -> None:
    policy = packaged("A3-out")
    care = claim(row("800.00"))
    settlement = settle(care, policy, YEAR)
    sheet, page = explain_text(settlement, care), explain_html([(settlement, care)])
    for shown in (sheet, page):
        assert "50–60 %，此处按 50 %" in shown
        assert "50–60 %，此处按 60 %" in shown
        assert "须由本地政策文件确定" in shown
        assert "本年累计不变" in shown


def test_a_refused_sheet_says_why_and_computes_nothing() -> None:
    care = claim(row("800.00"), status="review")
    settlement = settle(care, OUT, YEAR)
    sheet, page = explain_text(settlement, care), explain_html([(settlement, care)])
    for shown in (sheet, page):
        assert "不予结算" in shown
        assert "须先复核" in shown
        assert "可报销金额" not in shown


def test_a_long_name_does_not_push_the_money_aside() -> None:
    care = claim(row("10.00", name="一次性使用真空采血管及持针器（含抗凝剂）"), row("20.00"))
    lines = explain_text(settle(care, OUT, YEAR), care).splitlines()
    long, short = (line for line in lines if " 甲 " in line)
    assert ".." in long
    assert len(long.encode("gbk")[: long.encode("gbk").index(b"10.00")]) == len(
        short.encode("gbk")[: short.encode("gbk").index(b"20.00")]
    )


def test_the_page_needs_nothing_else() -> None:
    care = claim(row("10.00"))
    page = explain_html([(settle(care, OUT, YEAR), care)])
    assert "http" not in page.replace("http-equiv", "")
    assert "default-src 'none'" in page
    assert "<script" not in page
