"""Inpatient invoices: the national e-bill with three blocks of categories side by side."""

from __future__ import annotations

from decimal import Decimal

import pytest

from extractors.inpatient_invoice import EXTRACTOR, extract, identify
from extractors.outpatient_invoice import identify as identify_outpatient
from tests.extractors.paper_words import page_of, values

E_BILL = """
                              河南省医疗住院收费票据（电子）

票据代码：41060226                                                                票据号码：0005863312
交款人统一社会信用代码：410100********3177                                        校验码：29b9e0
交款人：孙范本                                                                    开票日期：2026-04-24
项目名称      金额（元）  备注      项目名称      金额（元）  备注      项目名称      金额（元）  备注
西药费            708.95            检查费            380.40            卫生材料费        687.59
中成药费           90.82            治疗费            401.36
诊察费            202.50            手术费          1,848.00
金额合计（大写）肆仟叁佰壹拾玖元陆角贰分                                          （小写）4319.62
其    业务流水号：ZZ260424155410      病历号：00883120      住院号：26041507      住院科别：心血管内科
      医疗机构类型：综合医院          医保类型：城乡居民    医保编号：41019630001105    性别：男
他    住院时间：20260415-20260424     住院天数：9          预缴金额：5000.00     补缴金额：0.00
      医保统筹基金支付：2920.96       其他支付：0.00       个人账户支付：0.00    退费金额：3601.34
信    个人现金支付：1398.66           个人自付：1391.61    个人自费：7.05        起付标准：800.00
息
收款单位（章）：郑州示例大学第一附属医院      复核人：系统核验      收款人：0317
"""


def test_every_label_of_the_form_is_read() -> None:
    page = page_of(E_BILL)
    assert identify(page) >= 0.95
    assert identify(page) > identify_outpatient(page)
    document = extract([page], 1.0)
    found = values(document.fields)
    assert found == {
        "invoice_code": "41060226",
        "invoice_number": "0005863312",
        "check_code": "29b9e0",
        "issue_date": "2026-04-24",
        "total_amount": "4319.62",
        "total_in_words": "肆仟叁佰壹拾玖元陆角贰分",
        "payer_name": "孙范本",
        "payer_id": "410100********3177",
        "payee_name": "郑州示例大学第一附属医院",
        "institution_type": "综合医院",
        "checker": "系统核验",
        "cashier": "0317",
        "sex": "男",
        "insurance_type": "城乡居民",
        "insurance_no": "41019630001105",
        "business_serial_no": "ZZ260424155410",
        "medical_record_no": "00883120",
        "inpatient_no": "26041507",
        "department": "心血管内科",
        "admission_date": "2026-04-15",
        "discharge_date": "2026-04-24",
        "inpatient_days": "9",
        "fund_payment": "2920.96",
        "other_payment": "0.00",
        "account_payment": "0.00",
        "cash_payment": "1398.66",
        "self_pay": "1391.61",
        "self_funded": "7.05",
        "prepaid": "5000.00",
        "topup": "0.00",
        "refund": "3601.34",
    }
    assert document.extras["起付标准"] == "800.00"
    assert set(EXTRACTOR.required(document)) <= found.keys() <= set(EXTRACTOR.field_names)


def test_the_blocks_are_read_one_after_the_other() -> None:
    document = extract([page_of(E_BILL)], 1.0)
    assert [row.name and row.name.value for row in document.items] == [
        *("西药费", "中成药费", "诊察费", "检查费", "治疗费", "手术费", "卫生材料费")
    ]
    amounts = [row.amount.value for row in document.items if row.amount and row.amount.value is not None]
    assert sum(amounts) == Decimal("4319.62")
    assert document.category_totals == ()


@pytest.mark.parametrize(
    ("printed", "admitted", "discharged"),
    [
        ("住院时间：2021年02月22日至2021年04月15日", "2021-02-22", "2021-04-15"),
        ("入院日期：2021-02-22  出院日期：2021-04-15", "2021-02-22", "2021-04-15"),
        ("住院日期：20210222-20210415", "2021-02-22", "2021-04-15"),
    ],
)
def test_the_stay_is_two_dates_however_it_is_printed(printed: str, admitted: str, discharged: str) -> None:
    page = page_of(E_BILL.replace("住院时间：20260415-20260424", printed))
    found = values(extract([page], 1.0).fields)
    assert (found["admission_date"], found["discharge_date"]) == (admitted, discharged)


def test_a_stay_that_is_no_range_leaves_both_dates_out() -> None:
    page = page_of(E_BILL.replace("20260415-20260424", "2026041520260424"))
    fields = extract([page], 1.0).fields
    assert "admission_date" not in fields
    assert "discharge_date" not in fields


def test_payments_beside_the_charged_rows_are_no_rows() -> None:
    text = """
河北省医疗住院收费票据                  NO.0039519345
姓名：林样例    住院号：M2511034445
收费项目      金额 (元)      结算信息
卫生材料费     37.23         医保统筹基金支付：15.53
护理费        538.30         个人现金支付：560.00
合计人民币（大写）伍佰柒拾伍元伍角叁分          （小写）575.53
"""
    document = extract([page_of(text)], 1.0)
    rows = [(row.name and row.name.value, row.amount and row.amount.value) for row in document.items]
    assert rows == [("卫生材料费", Decimal("37.23")), ("护理费", Decimal("538.30"))]
    assert values(document.fields)["fund_payment"] == "15.53"
