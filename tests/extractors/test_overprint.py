"""Tickets whose overprint slipped: how far is estimated, each value goes back to its label, or is doubted."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors import inpatient_invoice, outpatient_invoice
from extractors._slip import slip_of
from pipeline.model import Box, Page, Word
from tests.extractors.paper_words import CELL, HEIGHT, SURE, cells, page_of, page_with, values, words_of

ROW = 40
"""Pixels from row to row of a typed page."""

FORM = """
中央医疗门诊收费票据                          NO.0035247813

姓名：            性别：        医保类型：            社会保障卡号：

基金支付：          个人账户支付：        个人支付金额：

合计（大写）                               ￥：

收款单位（章）：                  收款人：                  年    月    日
"""

BEHIND = {
    "姓名：": "夏样例",
    "性别：": "女",
    "医保类型：": "城乡居民",
    "社会保障卡号：": "129355958902",
    "基金支付：": "0.00",
    "个人账户支付：": "30.00",
    "个人支付金额：": "500.00",
    "合计（大写）": "伍佰叁拾元整",
    "￥：": "530.00",
    "收款人：": "自助机",
}
BEFORE = {"年": "2019", "月": "11", "日": "20"}
"""What is printed behind its label, and before it."""

GAP = 6

PRINTED = {
    "payer_name": "夏样例",
    "sex": "女",
    "insurance_type": "城乡居民",
    "insurance_no": "129355958902",
    "fund_payment": "0.00",
    "account_payment": "30.00",
    "cash_payment": "500.00",
    "total_amount": "530.00",
    "total_in_words": "伍佰叁拾元整",
    "issue_date": "2019-11-20",
    "invoice_number": "0035247813",
}


def overprint() -> list[Word]:
    """The values where they belong on the form."""
    labels = {word.text: word.box for word in words_of(FORM)}
    words = []
    for label, text in (BEHIND | BEFORE).items():
        box, width = labels[label], CELL * cells(text)
        x0 = box.x0 - GAP - width if label in BEFORE else box.x1 + GAP
        words.append(Word(text, Box(x0, box.y0, x0 + width, box.y1), SURE, "ocr"))
    return words


def ticket(down: float, words: Sequence[Word] = (), *, right: float = 0.0) -> Page:
    """The form with its overprint so many pixels below its rows, and to the right of their places."""
    moved = (
        replace(
            word, box=Box(word.box.x0 + right, word.box.y0 + down, word.box.x1 + right, word.box.y1 + down)
        )
        for word in words or overprint()
    )
    return page_with([*words_of(FORM), *moved])


@settings(max_examples=30)
@given(down=st.floats(-1.4 * ROW, 1.4 * ROW))
def test_every_value_goes_back_to_its_label_however_far_the_print_slipped(down: float) -> None:
    found = values(outpatient_invoice.extract([ticket(down)], 1.0).fields)
    assert {name: found.get(name) for name in PRINTED} == PRINTED


def down_of(page: Page) -> float | None:
    """How far down the print of a page slipped."""
    slip = slip_of(page)
    return None if slip is None else slip.down


@settings(max_examples=30)
@given(down=st.floats(1.0 * HEIGHT, 2.5 * HEIGHT), up=st.booleans())
def test_the_slip_is_what_the_print_moved(down: float, up: bool) -> None:
    assert down_of(ticket(-down if up else down)) == pytest.approx(-down if up else down)


@settings(max_examples=20)
@given(right=st.floats(-2.5 * HEIGHT, 2.5 * HEIGHT), down=st.floats(1.0 * HEIGHT, 2.0 * HEIGHT))
def test_what_slipped_to_one_side_as_well_is_moved_back_both_ways(right: float, down: float) -> None:
    slip = slip_of(ticket(down, right=right))
    assert slip is not None
    assert abs(slip.right - right) < HEIGHT
    assert slip.down == pytest.approx(down)


def test_a_print_in_place_has_not_slipped() -> None:
    assert slip_of(ticket(0)) is None


def test_sex_and_year_tell_the_slip_where_the_amount_in_words_was_not_read() -> None:
    rest = [word for word in overprint() if "伍佰" not in word.text]
    assert down_of(ticket(30, rest)) == pytest.approx(30)


def test_one_value_alone_does_not_tell_a_slip() -> None:
    rest = [word for word in overprint() if word.text == "2019"]
    assert slip_of(ticket(30, rest)) is None


def test_amounts_beside_their_labels_outvote_those_a_row_further() -> None:
    rest = [word for word in overprint() if "伍佰" not in word.text]
    in_next_row = Word("77.00", Box(280, 260, 340, 284), SURE, "ocr")
    assert down_of(ticket(30, [*rest, in_next_row])) == pytest.approx(30)


@pytest.mark.parametrize("down", [7, -7])
def test_a_small_slip_counts_where_ink_tells_what_is_of_the_form(down: float) -> None:
    assert slip_of(ticket(down)) is None
    assert down_of(inked(ticket(down))) == pytest.approx(down)


def inked(page: Page) -> Page:
    """The ticket with the ink of its words: what was typed first is the form."""
    count = len(words_of(FORM))
    return replace(
        page,
        words=tuple(
            replace(word, ink="form" if number < count else "overprint")
            for number, word in enumerate(page.words)
        ),
    )


def test_a_value_in_the_printers_ink_is_no_label_whatever_it_says() -> None:
    paid = [replace(word, text="自费") if word.text == "城乡居民" else word for word in overprint()]
    found = values(outpatient_invoice.extract([inked(ticket(-1.2 * ROW, paid))], 1.0).fields)
    assert found["insurance_type"] == "自费"


def test_misread_print_of_the_form_is_not_moved_onto_a_label() -> None:
    page = ticket(ROW)
    # 姓名 of the row above was misread; moved up with the overprint it would stand behind 姓名.
    misread = Word("样名", Box(200, 180, 248, 204), SURE, "ocr", ink="form")
    found = values(
        outpatient_invoice.extract([replace(inked(page), words=(*inked(page).words, misread))], 1.0).fields
    )
    assert found["payer_name"] == "夏样例"


def test_labels_are_looked_at_for_their_ink_only_where_the_print_slipped() -> None:
    look = outpatient_invoice.EXTRACTOR.labels_slipped_off
    assert look(ticket(0)) == ()
    assert len(look(ticket(ROW))) >= 8
    assert look(page_of("医疗门诊收费票据（电子）\n\n票据代码：37060124    性别：男")) == ()


def test_a_part_of_the_amount_in_words_beside_it_does_not_hide_the_slip() -> None:
    scrap = Word("叁拾元整", Box(600, 360, 700, 384), 0.4, "ocr")
    assert down_of(ticket(30, [*overprint(), scrap])) == pytest.approx(30)


def test_a_value_that_slipped_onto_another_label_goes_back_to_its_own() -> None:
    page = page_of("""
医疗门诊收费票据                    NO.0035247813
              0.00                  30.00                  499.99
基金支付：          个人账户支付：        个人支付金额：529.99
                  伍佰贰拾玖元玖角玖分
合计（大写）                               ￥：
收款单位（章）：                  收款人：
""")
    found = values(outpatient_invoice.extract([page], 1.0).fields)
    assert found["cash_payment"] == "499.99"


def test_what_slipped_up_to_the_number_of_the_sheet_is_never_sure() -> None:
    page = page_of("""
医疗门诊收费票据                    NO：011100930A260625240003
业务流水号：        姓名：高样例    性别：男
合计（大写）伍佰叁拾元整    ￥：530.00
""")
    field = outpatient_invoice.extract([page], 1.0).fields["invoice_number"]
    assert field.confidence < 0.98


def test_the_ends_of_a_stay_are_no_date_of_issue() -> None:
    page = page_of("""
医疗住院收费票据                    NO.0035247813
姓名：夏样例    性别：女    住院时间：2025年03月02日 至 2025年03月09日
金额合计（大写）：伍佰叁拾元整    （小写）￥：530.00
收款单位（章）：                  收款人：
""")
    fields = inpatient_invoice.extract([page], 1.0).fields
    assert "issue_date" not in fields
    assert values(fields)["discharge_date"] == "2025-03-09"


def test_a_date_behind_a_label_that_was_not_read_is_in_doubt() -> None:
    page = page_of("""
医疗门诊收费票据                    NO.0035247813
姓名：夏样例    性别：女    沆珍曰朝：2025-03-02
合计（大写）伍佰叁拾元整    ￥：530.00
""")
    assert outpatient_invoice.extract([page], 1.0).fields["issue_date"].confidence <= 0.4


def test_a_number_is_no_name() -> None:
    page = page_of("""
医疗门诊收费票据                    NO.0035247813
姓名：高样例2026062514562087    性别：男
合计（大写）伍佰叁拾元整    ￥：530.00
""")
    assert outpatient_invoice.extract([page], 1.0).fields["payer_name"].value is None


def test_places_struck_out_before_the_first_digit_are_no_part_of_the_amount() -> None:
    page = page_of("""
湖北省医疗门诊收费票据              NO.0123694066
合计（大写）  ⊗佰⊗拾⊗万⊗仟壹佰肆拾壹元壹角柒分
（小写）￥：141.17
""")
    found = values(outpatient_invoice.extract([page], 1.0).fields)
    assert found["total_in_words"] == "壹佰肆拾壹元壹角柒分"
