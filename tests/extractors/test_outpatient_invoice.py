"""Outpatient invoices: the national e-bill, a ticket with a shifted overprint, what the QR code says."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from extractors.inpatient_invoice import identify as identify_inpatient
from extractors.outpatient_invoice import EXTRACTOR, extract, identify
from pipeline.model import Page, StatedRow, Statement
from tests.extractors.paper_words import page_of, page_with, values, words_of

E_BILL = """
                         山东省医疗门诊收费票据（电子）

票据代码：37060126                                                          票据号码：0127700352
交款人统一社会信用代码：370100********452X                                  校验码：fc0971
交款人：钱样例                                                              开票日期：2026-03-12
项目名称              数量/单位    金额（元）  备注      项目名称              数量/单位    金额（元）  备注
诊察费                     1  项        22.00            西药费                     1  项        37.20
副主任医师门诊诊查费  1.0000  次        22.00  无自付    盐酸二甲双胍片        2.0000  盒        37.20  有自付
化验费                     1  项        18.00            卫生材料费                 1  项         1.70
血细胞分析(五分类)    1.0000  次        18.00  无自付    一次性使用真空采血管  2.0000  支         1.70  全自付
金额合计（大写）柒拾捌元玖角整                                              （小写）78.90
其    业务流水号：JNYL202603120004417    门诊号：M2603120457            就诊日期：20260312
      医疗机构类型：综合医院医保类型：职工医保    医保编号：37019850000312    性别：女
他
      医保统筹基金支付：0.00    其他支付：0.00    限户支付：8.90          个人现金支付：70.00
信
      个人自付：76.90           个人自费：2.00    年度医保范围内：1034.50
息
收款单位（章）：济南样例人民医院      复核人：系统核验      收款人：0317
"""


def test_every_label_of_the_form_is_read() -> None:
    page = page_of(E_BILL)
    assert identify(page) >= 0.95
    assert identify(page) > identify_inpatient(page)
    document = extract([page], 1.0)
    assert document.subtype == "e_bill"
    found = values(document.fields)
    assert found == {
        "invoice_code": "37060126",
        "invoice_number": "0127700352",
        "check_code": "fc0971",
        "issue_date": "2026-03-12",
        "total_amount": "78.90",
        "total_in_words": "柒拾捌元玖角整",
        "payer_name": "钱样例",
        "payer_id": "370100********452X",
        "payee_name": "济南样例人民医院",
        "institution_type": "综合医院",
        "checker": "系统核验",
        "cashier": "0317",
        "sex": "女",
        "insurance_type": "职工医保",
        "insurance_no": "37019850000312",
        "business_serial_no": "JNYL202603120004417",
        "outpatient_no": "M2603120457",
        "visit_date": "2026-03-12",
        "fund_payment": "0.00",
        "other_payment": "0.00",
        "account_payment": "8.90",
        "cash_payment": "70.00",
        "self_pay": "76.90",
        "self_funded": "2.00",
    }
    assert document.extras["年度医保范围内"] == "1034.50"
    assert set(EXTRACTOR.required(document)) <= found.keys() <= set(EXTRACTOR.field_names)


def test_category_rows_hold_the_same_money_and_are_no_items() -> None:
    document = extract([page_of(E_BILL)], 1.0)
    rows = [(row.name and row.name.value, row.amount and row.amount.value) for row in document.items]
    assert rows == [
        ("副主任医师门诊诊查费", Decimal("22.00")),
        ("血细胞分析(五分类)", Decimal("18.00")),
        ("盐酸二甲双胍片", Decimal("37.20")),
        ("一次性使用真空采血管", Decimal("1.70")),
    ]
    totals = [row.amount and row.amount.value for row in document.category_totals]
    assert sum(amount or 0 for _, amount in rows) == sum(total or 0 for total in totals) == Decimal("78.90")


def test_items_carry_category_quantity_unit_and_class() -> None:
    item = extract([page_of(E_BILL)], 1.0).items[2]
    assert item.category is not None
    assert item.quantity is not None
    assert item.unit is not None
    assert item.insurance_class is not None
    found = (item.category.value, item.quantity.value, item.unit.value, item.insurance_class.value)
    assert found == ("西药费", Decimal(2), "盒", "有自付")


def stated(**texts: str) -> Page:
    page = page_of(E_BILL, sure=0.9)
    return replace(page, statements=tuple(Statement(name, text, "qr") for name, text in texts.items()))


def test_a_qr_code_that_agrees_is_a_second_witness() -> None:
    alone = extract([page_of(E_BILL, sure=0.9)], 1.0).fields["check_code"]
    field = extract([stated(check_code="fc0971")], 1.0).fields["check_code"]
    assert alone.confidence < 0.6 < 0.99 < field.confidence
    assert field.witnesses == ("qr",)


def test_a_qr_code_that_differs_sends_the_field_to_a_person_and_does_not_override() -> None:
    field = extract([stated(total_amount="978.90")], 1.0).fields["total_amount"]
    assert field.value == Decimal("78.90")
    assert field.confidence < 0.5
    assert [other.value for other in field.candidates] == ["978.90"]


def test_a_qr_code_of_the_wrong_form_counts_for_nothing() -> None:
    field = extract([stated(issue_date="hello")], 1.0).fields["issue_date"]
    assert str(field.value) == "2026-03-12"
    assert not field.witnesses


def test_rows_that_the_file_states_go_before_what_is_printed() -> None:
    rows = (
        StatedRow("西药费", amount="37.20", level="category"),
        StatedRow("盐酸二甲双胍片", quantity="2", unit="盒", amount="37.20", category="西药费"),
    )
    document = extract([replace(page_of(E_BILL), stated_rows=rows)], 1.0)
    assert [row.name and row.name.value for row in document.items] == ["盐酸二甲双胍片"]
    assert [row.name and row.name.value for row in document.category_totals] == ["西药费"]


OVERPRINT = """
                中央医疗门诊收费票据

姓名：    性别：        年      月      日
周模拟    女            2019    11    20
项目/规格    数量    单价    金额    等级
治疗费       530.00
腕踝针治疗   5次   26.000   130.00   甲类
特殊穴位针刺 5次   80.000   400.00   甲类
合计（大写）
                 伍佰叁拾元整
                                              ¥
                                     530.00
个人支付金额
收款单位（章）
"""


def test_an_overprint_beside_its_labels_is_told_by_its_form() -> None:
    document = extract([page_of(OVERPRINT)], 1.0)
    found = values(document.fields)
    assert document.subtype == "paper"
    assert found["total_in_words"] == "伍佰叁拾元整"
    assert found["total_amount"] == "530.00"
    assert found["issue_date"] == "2019-11-20"


def test_an_overprint_is_never_sure_of_its_label() -> None:
    document = extract([page_of(OVERPRINT)], 1.0)
    overprinted = {name: field for name, field in document.fields.items() if name != "invoice_number"}
    assert all(field.confidence <= 0.9 for field in overprinted.values())


def test_a_title_under_a_seal_is_still_a_title() -> None:
    words = words_of(E_BILL.replace("门诊", "口诊"))
    assert identify(page_with(words)) >= 0.85


@pytest.mark.parametrize(
    "text", ["", "诊断证明书\n姓名：钱样例", "增值税电子普通发票\n发票代码：012001800311", "医疗收费明细"]
)
def test_other_papers_are_not_claimed(text: str) -> None:
    assert identify(page_of(text)) < 0.5


def test_a_bill_whose_title_lies_under_a_seal_is_told_by_its_code() -> None:
    page = page_of(E_BILL.replace("山东省医疗门诊收费票据（电子）", "山东省").replace("门诊号", "就诊号"))
    assert identify(page) >= 0.9
    assert identify_inpatient(page) == 0


def test_a_ticket_whose_title_lies_under_a_seal_is_told_by_its_labels() -> None:
    page = page_of(
        """
                    财政部监制        NO：0032736231
姓名：吴样例    性别：男    门诊号：26022475    就诊日期：2026-02-24
收费项目        金额
治疗费          30.00
合计（大写）叁拾元整              （小写）30.00
收款单位（章）：芜湖样例医院      收款人：S743
"""
    )
    assert identify(page) >= 0.5
    assert identify_inpatient(page) < 0.5


def test_the_list_that_belongs_to_a_bill_is_no_bill() -> None:
    assert (
        identify(page_of("收费明细\n所属电子票据代码：37060126    校验码：fc0971    就诊日期：20260312"))
        < 0.5
    )


def test_a_label_misread_under_a_seal_ends_the_number_before_it_and_leaves_it_in_doubt() -> None:
    text = E_BILL.replace("37019850000312    性别：女", "37019850000312学别：女")
    document = extract([page_of(text)], 1.0)
    assert values(document.fields)["insurance_no"] == "37019850000312"
    assert document.fields["insurance_no"].confidence < 0.5
    assert document.fields["insurance_no"].text.startswith("37019850000312学别")


@pytest.mark.parametrize("printed", ["学别：女", "性钟：女"])
def test_the_sex_is_told_by_half_of_its_label(printed: str) -> None:
    text = E_BILL.replace("37019850000312    性别：女", f"37019850000312{printed}")
    assert values(extract([page_of(text)], 1.0).fields)["sex"] == "女"


def test_a_department_for_men_is_not_the_sex() -> None:
    text = E_BILL.replace("性别：女", "科别：男科")
    assert "sex" not in extract([page_of(text)], 1.0).fields


def test_an_amount_whose_label_is_hidden_is_told_by_its_neighbours_and_never_sure() -> None:
    text = E_BILL.replace(
        "限户支付：8.90          个人现金支付：70.00", "限户支付：8.90  1237010047现金付：70.00"
    )
    document = extract([page_of(text)], 1.0)
    found = values(document.fields)
    assert (found["account_payment"], found["cash_payment"]) == ("8.90", "70.00")
    assert document.fields["cash_payment"].confidence < 0.5


def test_an_amount_that_may_be_two_payments_is_none() -> None:
    text = E_BILL.replace("限户支付：8.90          个人现金支付：70.00", "金付：70.00")
    found = extract([page_of(text)], 1.0).fields
    assert "cash_payment" not in found
    assert "account_payment" not in found


def test_a_kind_of_insurance_that_is_also_a_label_is_read_as_the_value() -> None:
    text = E_BILL.replace("医保类型：职工医保    医保编号：37019850000312", "医保类型：自费  医保编号：")
    found = values(extract([page_of(text)], 1.0).fields)
    assert (found["insurance_type"], found["self_funded"]) == ("自费", "2.00")


@pytest.mark.parametrize("seal", ["财务专用章", "费专门", "收费专用章样"])
def test_the_seal_beside_the_payee_is_no_part_of_its_name(seal: str) -> None:
    text = E_BILL.replace("济南样例人民医院", f"济南样例人民医院{seal}")
    assert values(extract([page_of(text)], 1.0).fields)["payee_name"] == "济南样例人民医院"


def test_an_amount_that_lost_its_decimals_is_in_doubt() -> None:
    document = extract([page_of(E_BILL.replace("个人现金支付：70.00", "个人现金支付：7000"))], 1.0)
    assert document.fields["cash_payment"].confidence < 0.5
    assert document.fields["account_payment"].confidence > 0.9


SLIPPED = """
                中央医疗门诊收费票据                          No 1106630890
姓名：            性别：        医保类型：            社会保障卡号：
       夏样例            女                城乡居民                  129355958902
项目/规格    数量    单价    金额    等级
治疗费       530.00
基金支付：          个人账户支付：        个人支付金额：
           0.00                    30.00                500.00
合计（大写）
             伍佰叁拾元整
收款单位（章）：                  收款人：
                 济南样例医院             自助机
"""


def test_an_overprint_that_slipped_is_moved_back_by_what_its_words_slipped() -> None:
    page = page_of(SLIPPED)
    document = extract([page], 1.0)
    found = values(document.fields)
    assert {name: found.get(name) for name in ("payer_name", "sex", "insurance_no", "payee_name")} == {
        "payer_name": "夏样例",
        "sex": "女",
        "insurance_no": "129355958902",
        "payee_name": "济南样例医院",
    }
    assert (found["fund_payment"], found["account_payment"], found["cash_payment"]) == (
        "0.00",
        "30.00",
        "500.00",
    )
    printed = next(word.box for word in page.words if word.text == "夏样例")
    assert document.fields["payer_name"].box == printed
    overprinted = {name: field for name, field in document.fields.items() if name != "invoice_number"}
    assert all(field.confidence <= 0.9 for field in overprinted.values())


def test_categories_printed_beforehand_are_rows_only_where_an_amount_stands() -> None:
    text = """
河南省医疗门诊收费票据              NO.0123694066
姓名：顾样例    性别：女
收费项目      金额 (元)      收费项目      金额 (元)
诊察费                       西药费        219.72
检查费                       中草药费
化验费                       中成药费
合计（大写）贰佰壹拾玖元柒角贰分          （小写）219.72
"""
    document = extract([page_of(text)], 1.0)
    rows = [(row.name and row.name.value, row.amount and row.amount.value) for row in document.items]
    assert rows == [("西药费", Decimal("219.72"))]


def test_the_total_of_a_ticket_may_have_its_colon_behind_the_sign() -> None:
    text = (
        "北京市医疗门诊收费票据    N 0007819955\n姓名：谢样例    性别：男\n"
        "合计(大写) 玖佰伍拾元零捌分★    ￥：950.08"
    )
    document = extract([page_of(text)], 1.0)
    found = values(document.fields)
    assert (found["invoice_number"], found["total_amount"]) == ("0007819955", "950.08")
    assert document.fields["invoice_number"].confidence <= 0.8


@pytest.mark.parametrize("printed", ["celdef", "blttpl", "711378"])
def test_a_check_code_whose_letters_look_like_digits_is_doubted(printed: str) -> None:
    field = extract([page_of(E_BILL.replace("fc0971", printed))], 1.0).fields["check_code"]
    assert field.value == printed
    assert field.confidence <= 0.4


def test_the_army_hospital_that_lost_its_circle_is_doubted() -> None:
    text = "山东省医疗门诊收费票据（电子）\n票据代码：37060124\n收款单位：中国人民解放军第一七中心医院"
    field = extract([page_of(text)], 1.0).fields["payee_name"]
    assert field.confidence <= 0.4
    assert field.candidates[0].value == "中国人民解放军第一○七中心医院"


def test_a_payment_above_the_total_lost_its_point_and_is_no_amount() -> None:
    text = (
        "山东省医疗门诊收费票据（电子）\n票据代码：37060124    校验码：ab12cd\n"
        "金额合计（大写）叁佰元    （小写）311.35\n"
        "医保统筹基金支付：0.00    其他支付：0.00    个人账户支付：0.00    个人现金支付：31135"
    )
    field = extract([page_of(text)], 1.0).fields["cash_payment"]
    assert (field.value, field.candidates[0].value) == (None, "311.35")
