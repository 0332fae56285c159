"""VAT invoices: digital ones of 20 digits, paper ones whose code and number stand without a label."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from extractors.vat_invoice import EXTRACTOR, extract, identify
from pipeline.model import Box, Page, Statement
from tests.extractors.paper_words import page_of, values

DIGITAL = """
                      电子发票（普通发票）                  发票号码：26442000000068412907
                                                            开票日期：2026年07月08日

购                                              销
买    名称：郑试样                              售    名称：广州试样大药房有限公司
方                                              方
信    统一社会信用代码/纳税人识别号：           信    统一社会信用代码/纳税人识别号：91440100MA5D000839
息                                              息
项目名称                        规格型号        单位    数量    单价            金额    税率/征收率    税额
*化学药品制剂*盐酸二甲双胍片    0.5g×30片/盒    盒      3       16.4601769912   49.38   13%            6.42
*中成药*血塞通软胶囊            0.33g×24粒/盒   盒      2       27.8407079646   55.68   13%            7.24
合    计                                                                      ¥105.06               ¥13.66
价税合计（大写）    壹佰壹拾捌圆柒角贰分                          （小写）¥118.72
开票人：样开票
"""

PAPER = """
012001800311          天津增值税普通发票          No 33207675           012001800311
                                                                        33207675
                                                开票日期：2019年05月08日
购    名        称：个人
买    纳税人识别号：
方    校验码：76939 05688 34666 77916
货物或应税劳务、服务名称    规格型号    单位    数量    单价    金额    税率    税额
*中成药*益安宁丸                        盒      1       46.62   46.62   13%     6.08
合    计                                                      ¥46.62          ¥6.08
价税合计（大写）    伍拾贰圆柒角整                          （小写）¥52.70
销    名        称：天津样例大药房有限公司
收款人：样收款    复核：样审    开票人：样开票
"""


def test_a_digital_invoice_has_a_long_number_and_no_code() -> None:
    page = page_of(DIGITAL)
    assert identify(page) >= 0.95
    document = extract([page], 1.0)
    assert document.subtype == "vat_digital"
    found = values(document.fields)
    expected = {
        "invoice_number": "26442000000068412907",
        "issue_date": "2026-07-08",
        "total_amount": "118.72",
        "total_in_words": "壹佰壹拾捌圆柒角贰分",
        "payer_name": "郑试样",
        "payee_name": "广州试样大药房有限公司",
    }
    assert {name: found.get(name) for name in expected} == expected
    assert "invoice_code" not in found
    assert set(EXTRACTOR.required(document)) <= found.keys()


def test_rows_keep_their_long_prices() -> None:
    rows = extract([page_of(DIGITAL)], 1.0).items
    found = [
        (r.name and r.name.value, r.unit_price and r.unit_price.value, r.amount and r.amount.value)
        for r in rows
    ]
    assert found == [
        ("*化学药品制剂*盐酸二甲双胍片", Decimal("16.4601769912"), Decimal("49.38")),
        ("*中成药*血塞通软胶囊", Decimal("27.8407079646"), Decimal("55.68")),
    ]


def test_code_and_number_of_the_paper_form_stand_without_a_label() -> None:
    document = extract([page_of(PAPER)], 1.0)
    assert document.subtype == "vat_paper"
    found = values(document.fields)
    expected = {
        "invoice_code": "012001800311",
        "invoice_number": "33207675",
        "check_code": "76939056883466677916",
        "issue_date": "2019-05-08",
        "total_amount": "52.70",
        "payer_name": "个人",
        "payee_name": "天津样例大药房有限公司",
        "cashier": "样收款",
        "checker": "样审",
    }
    assert {name: found.get(name) for name in expected} == expected


def test_the_second_print_of_code_and_number_is_a_witness() -> None:
    fields = extract([page_of(PAPER)], 1.0).fields
    assert fields["invoice_code"].witnesses == ("second_print",)
    assert fields["invoice_number"].witnesses == ("second_print",)


def test_the_machine_readable_part_tells_the_type_where_no_title_was_read() -> None:
    page = replace(page_of("购买方"), statements=(Statement("subtype", "vat_digital", "qr"),))
    assert identify(page) == 1.0


@pytest.mark.parametrize(
    "text", ["", "北京市出租汽车专用发票", "山东省医疗门诊收费票据（电子）", "诊断证明书"]
)
def test_other_papers_are_not_claimed(text: str) -> None:
    assert identify(page_of(text)) < 0.5


def test_a_digital_invoice_for_a_stay_says_what_the_bill_of_a_hospital_says() -> None:
    visit = """
医疗业务流水号：MZ260120609778    患者姓名：郑试样    证件号码：310100********7509
性别：女    病历号：827910    住院时间：2026-01-15至2026-01-20    医疗机构类型：营利性
医保类型：职工基本医疗保险    医保编号：31014835566199    医保统筹基金支付：35.63
开票人"""
    found = values(extract([page_of(DIGITAL.replace("\n开票人", visit))], 1.0).fields)
    expected = {
        "business_serial_no": "MZ260120609778",
        "payer_name": "郑试样",
        "payer_id": "310100********7509",
        "sex": "女",
        "medical_record_no": "827910",
        "admission_date": "2026-01-15",
        "discharge_date": "2026-01-20",
        "institution_type": "营利性",
        "insurance_type": "职工基本医疗保险",
        "insurance_no": "31014835566199",
        "fund_payment": "35.63",
    }
    assert {name: found.get(name) for name in expected} == expected


def test_a_tax_that_is_not_shown_is_no_tax() -> None:
    text = DIGITAL.replace("¥13.66", "***").replace("¥105.06", "¥118.72")
    document = extract([page_of(text)], 1.0)
    assert values(document.fields)["amount_without_tax"] == "118.72"
    assert "tax" not in document.fields
    assert document.extras["tax"] == "***"


def test_an_invoice_whose_title_lies_under_the_seal_is_told_by_its_labels() -> None:
    text = PAPER.replace("天津增值税普通发票", "天津墙通发票").replace("方\n", "方    开户行及账号：\n")
    page = page_of(text)
    assert identify(page) >= 0.85
    document = extract([page], identify(page))
    assert document.subtype == "vat_paper"
    found = values(document.fields)
    assert (found["invoice_code"], found["invoice_number"]) == ("012001800311", "33207675")
    assert found["check_code"] == "76939056883466677916"


def test_an_electronic_invoice_without_its_title_prints_a_label_before_its_code() -> None:
    text = PAPER.replace("天津增值税普通发票", "天津墙通发票").replace(
        "012001800311   ", "发票代码：012001800311   "
    )
    assert extract([page_of(text)], 0.9).subtype == "vat_electronic"


def test_a_list_of_goods_without_the_sums_of_an_invoice_is_none() -> None:
    assert identify(page_of("货物清单\n购买方    纳税人识别号：\n税率    税额    校验码")) == 0.0


def test_a_star_that_was_not_read_is_put_back_and_doubted() -> None:
    document = extract([page_of(PAPER.replace("*中成药*益安宁丸", "中成药*益安宁丸"))], 1.0)
    name = document.items[0].name
    assert name is not None
    assert (name.value, name.text) == ("*中成药*益安宁丸", "中成药*益安宁丸")
    assert name.confidence <= 0.4
    assert [rival.value for rival in name.candidates] == ["中成药*益安宁丸"]


def test_a_name_glued_to_the_end_of_the_name_above_is_cut_at_its_stars() -> None:
    glued = DIGITAL.replace("*中成药*血塞通软胶囊", "悬液*中成药*血塞通软胶囊").replace(
        "盐酸二甲双胍片", "布地奈德混"
    )
    names = [item.name for item in extract([page_of(glued)], 1.0).items]
    assert [name.value if name else None for name in names] == [
        "*化学药品制剂*布地奈德混悬液",
        "*中成药*血塞通软胶囊",
    ]
    assert all(name is not None and name.confidence <= 0.4 for name in names)


def test_sums_half_a_line_below_their_label_are_read() -> None:
    before, rest = PAPER.split("合    计")
    sums, after = rest.split("\n", 1)
    found = values(extract([page_of(f"{before}合    计\n{sums}\n{after}")], 1.0).fields)
    assert (found["amount_without_tax"], found["tax"]) == ("46.62", "6.08")


def test_the_total_below_an_empty_row_of_sums_is_not_the_sum_before_tax() -> None:
    without_sums = DIGITAL.replace("¥105.06               ¥13.66", "                             ")
    found = values(extract([page_of(without_sums)], 1.0).fields)
    assert found["total_amount"] == "118.72"
    assert "amount_without_tax" not in found


def test_a_digital_invoice_whose_title_lies_under_its_seal_is_told_by_its_labels() -> None:
    untitled = DIGITAL.replace("电子发票（普通发票）", "电子发发票）")
    assert untitled != DIGITAL
    assert identify(page_of(untitled)) >= 0.5


def slipped(down: float) -> Page:
    """The paper form with what the printer filled in so many pixels lower; in black and white."""
    overprinted = re.compile(
        r"(20\d\d年.*|个人|校验码.*|\*.*|盒|[\d.]+|13%|¥.*|[零壹贰叁肆伍陆柒捌玖拾佰仟圆角分整]{4,}|天津样例.*"
        r"|样.{1,2})"
    )
    page = page_of(PAPER)
    words = []
    for word in page.words:
        cut = next((n for n in range(len(word.text)) if overprinted.fullmatch(word.text[n:])), None)
        is_head = word.box.y0 < 100  # code and number beside the title are pre-printed
        if cut is None or is_head:
            words.append(word)
            continue
        if cut:
            words.append(word.part(0, cut))
        value = word.part(cut, len(word.text))
        box = Box(value.box.x0, value.box.y0 + down, value.box.x1, value.box.y1 + down)
        words.append(replace(value, box=box, edges=()))
    return replace(page, words=tuple(words))


@pytest.mark.parametrize("down", [-40.0, -20.0, 20.0, 40.0])
def test_what_slipped_by_a_row_or_half_of_one_goes_back_to_its_label(down: float) -> None:
    (page,) = pages = [slipped(down)]
    document = extract(pages, 1.0)
    found = values(document.fields)
    expected = {
        "invoice_code": "012001800311",
        "invoice_number": "33207675",
        "issue_date": "2019-05-08",
        "total_amount": "52.70",
        "total_in_words": "伍拾贰圆柒角整",
        "amount_without_tax": "46.62",
        "tax": "6.08",
        "payer_name": "个人",
        "payee_name": "天津样例大药房有限公司",
    }
    assert {name: found.get(name) for name in expected} == expected
    (row,) = document.items
    assert row.name is not None
    assert row.name.value == "*中成药*益安宁丸"
    # Boxes say where a value is printed, not where it belongs.
    printed = {word.text: word.box for word in page.words}
    assert row.name.box == printed["*中成药*益安宁丸"]
    assert document.fields["issue_date"].box == printed["2019年05月08日"]


def test_a_digital_invoice_never_slips() -> None:
    assert EXTRACTOR.labels_slipped_off(page_of(DIGITAL)) == ()
    assert EXTRACTOR.labels_slipped_off(page_of(PAPER)) == ()
    assert len(EXTRACTOR.labels_slipped_off(slipped(40.0))) >= 5
