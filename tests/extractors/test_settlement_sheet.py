from decimal import Decimal

import pytest

from extractors.settlement_sheet import EXTRACTOR, TITLES, continues, extract, identify
from pipeline.model import Document
from tests.extractors.paper_words import page_of, table, values

TWO_BLOCKS = (14, 12, 10, 16, 16, 14, 12, 10, 16, 14)
HEADER = ("费用名称", "总费用", "自费", "乙类先行自付", "超限价自付") * 2

RULED = "\n".join(
    (
        "                              广东省基本医疗保险住院结算单",
        "                                                               单位：元（保留两位小数）",
        table(
            (14, 14, 10, 10, 10, 10, 16, 24),
            ("患者姓名", "袁乐乐", "性别", "女", "年龄", "59岁", "社会保障号码", "511112196509022222"),
            ("入院方式", "普通住院", "住院号", "400651", "", "", "出院科室", "关节骨科"),
            ("主要诊断", "膝关节病", "", "", "次要诊断", "", "肩关节痛"),
            ("入院日期", "2025-06-01", "出院日期", "", "2025-06-04", "", "住院天数", "3天"),
        ),
        table(
            TWO_BLOCKS,
            HEADER,
            ("床位费", "177.0", "0.00", "0.00", "0.00", "西药费", "148.87", "0.00", "6.24", "4.2"),
            ("检查费", "1060.0", "0.00", "101.0", "0.00", "其它", "0.0", "0.00", "0.0", "0.0"),
        ),
        table(
            (14, 14, 26, 12, 20, 12, 14, 10),
            (
                "总费用",
                "1385.87",
                "统筹基金支付范围内费用",
                "1300.00",
                "超限价自付费用",
                "4.20",
                "自费费用",
                "75.18",
            ),
            ("", "基金支付合计金额", "", "385.87", "", "个人账户支付金额", "", "0.00"),
            ("", "城乡居民基本医疗保险基金", "", "385.87", "", "本次起付标准", "", "1000.00"),
            ("", "", "", "", "", "个人现金支付", "", "1000.00"),
        ),
    )
)


def read(text: str) -> Document:
    return extract([page_of(text)], 0.95)


def amounts(document: Document) -> dict[str, str]:
    """Category to amount."""
    return {str(i.name and i.name.value): str(i.amount and i.amount.value) for i in document.items}


def test_label_cells_and_value_cells_alternate_in_a_ruled_form() -> None:
    document = read(RULED)
    assert document.subtype == "inpatient"
    assert values(document.fields) == {
        "patient_name": "袁乐乐",
        "total_amount": "1385.87",
        "fund_payment": "385.87",
        "account_payment": "0.00",
        "cash_payment": "1000.00",
        "self_funded": "75.18",
        "deductible": "1000.00",
        "admission_date": "2025-06-01",
        "discharge_date": "2025-06-04",
        "inpatient_days": "3",
        "diagnoses": "膝关节病;肩关节痛",
        "department": "关节骨科",
        "sex": "女",
        "age": "59",
        "inpatient_no": "400651",
        "payer_id": "511112196509022222",
    }


def test_the_categories_are_the_items_in_both_blocks() -> None:
    document = read(RULED)
    assert amounts(document) == {"床位费": "177.00", "检查费": "1060.00", "西药费": "148.87", "其它": "0.00"}
    assert all(item.category == item.name for item in document.items)


def test_the_fund_line_counts_where_only_it_closes_the_bill() -> None:
    """A seal over 基金支付合计金额 took a digit; the line of the fund below it says the same in full."""
    document = read(RULED.replace(" 385.87", "  85.87", 1))
    fund = document.fields["fund_payment"]
    assert str(fund.value) == "385.87"
    assert [rival.value for rival in fund.candidates] == ["85.87"]


def test_a_value_read_in_pieces_is_the_piece_that_is_an_amount() -> None:
    document = read(RULED.replace("基本医疗保险基金  ", "基本医疗保险基金  收费章"))
    assert str(document.fields["fund_payment"].value) == "385.87"


BEIJING = "\n".join(
    (
        "             北京市医疗保险住院结算单",
        "医院名称：北京示例医院   医院等级：三级   结算单号：BJ2025000123",
        "姓名：张三   性别：男   年龄：66岁   人员类别：退休人员   住院号：112233",
        "入院日期：2025-01-03  出院日期：2025-01-12  住院天数：9",
        "主要诊断：肺炎  次要诊断：高血压2级；糖尿病",
        table(
            (16, 14, 12, 12, 12, 12),
            ("项目名称", "金额", "甲类", "乙类", "自费", "其他"),
            ("西药费", "1200.00", "800.00", "400.00", "0.00", "0.00"),
            ("检查费", "800.00", "800.00", "0.00", "0.00", "0.00"),
            ("合计", "2000.00", "1600.00", "400.00", "0.00", "0.00"),
        ),
        "医保范围内金额：2000.00    个人自费：0.00    起付金额：1300.00   自付一：1200.00   自付二：40.00",
        "基金支付合计：760.00   统筹基金支付：700.00   大额互助资金支付：60.00",
        "个人账户支付：0.00   个人现金支付：1240.00",
        "结算时间：2025-01-12",
    )
)


def test_labels_with_colons_are_read_as_well() -> None:
    document = read(BEIJING)
    fields = values(document.fields)
    assert fields["hospital_name"] == "北京示例医院"
    assert fields["total_amount"] == "2000.00"
    assert fields["fund_payment"] == "760.00"
    assert fields["cash_payment"] == "1240.00"
    assert fields["diagnoses"] == "肺炎;高血压2级;糖尿病"
    assert fields["issue_date"] == "2025-01-12"
    assert amounts(document) == {"西药费": "1200.00", "检查费": "800.00"}
    assert document.extras["自付一"] == "1200.00"


def test_values_may_stand_below_their_labels() -> None:
    document = read(
        "医疗费用结算单\n姓名  李四   住院号  778899\n\n"
        + table(
            (18, 18, 18, 18),
            ("医疗费总额", "统筹支付", "个人账户支付", "个人现金支付"),
            ("545.50", "300.00", "45.50", "200.00"),
        )
        + "\n住院时间：2025年3月1日至2025年3月5日\n出院诊断：1.急性阑尾炎 2.高血压病（I10.x00）"
    )
    fields = values(document.fields)
    assert (fields["total_amount"], fields["fund_payment"]) == ("545.50", "300.00")
    assert (fields["account_payment"], fields["cash_payment"]) == ("45.50", "200.00")
    assert (fields["admission_date"], fields["discharge_date"]) == ("2025-03-01", "2025-03-05")
    assert fields["diagnoses"] == "急性阑尾炎;高血压病"


@pytest.mark.parametrize(
    "rows",
    [
        (("西药费", "120.50", "检查费", "300.00"), ("化验费", "80.00", "护理费", "45.00")),
        (("西药费", "检查费", "化验费", "护理费"), ("120.50", "300.00", "80.00", "45.00")),
    ],
)
def test_categories_without_a_header_stand_beside_or_above_their_amounts(
    rows: tuple[tuple[str, ...], ...],
) -> None:
    document = read("住院费用结算单\n姓名：李四\n" + table((14, 14, 14, 14), *rows))
    assert amounts(document) == {"西药费": "120.50", "检查费": "300.00", "化验费": "80.00", "护理费": "45.00"}


def test_an_outpatient_sheet_is_told_by_its_title() -> None:
    document = read("门诊费用结算单\n姓名：王五   就诊日期：2025-03-04\n总费用：100.00  医保基金支付：60.00")
    assert document.subtype == "outpatient"
    assert document.money("fund_payment") == Decimal("60.00")


@pytest.mark.parametrize("title", TITLES)
def test_its_titles_are_known(title: str) -> None:
    assert identify(page_of(f"          某某省\n        {title}\n姓名  张三  基金支付合计金额  1.00")) >= 0.85


@pytest.mark.parametrize(
    "title",
    [
        *(
            "住院费用结算明细单",
            "住院费用明细清单",
            "门诊费用清单",
            "北京市医疗门诊收费票据",
            "诊断证明书",
            "处方笺",
        ),
        *("山东省医疗住院收费票据（电子）", "出院记录", "医保结算发票"),
    ],
)
def test_look_alikes_are_not_its_own(title: str) -> None:
    assert identify(page_of(f"          {title}\n姓名  张三  基金支付合计金额  1.00")) == 0


def test_a_sheet_with_priced_items_is_rather_a_list() -> None:
    text = "住院费用结算单\n" + table(
        (20, 10, 10, 10), ("项目名称", "数量", "单价", "金额"), ("输液", "1", "5.00", "5.00")
    )
    assert identify(page_of(text)) < 0.85


def test_a_sheet_without_a_title_is_likely_by_its_table() -> None:
    assert 0.5 <= identify(page_of(RULED.replace("广东省基本医疗保险住院结算单", ""))) < 0.85


def test_a_sheet_goes_on_only_by_its_page_mark() -> None:
    first = page_of("医保结算单  第1页 共2页\n姓名：张三")
    assert continues([first], page_of("医保结算单  第2页 共2页\n个人现金支付  12.00", number=2))
    assert not continues([first], page_of("医保结算单\n姓名：张三", number=2))


def test_name_and_total_are_required() -> None:
    assert EXTRACTOR.required(read("")) == ("patient_name", "total_amount")


PAIRS = "\n".join(
    (
        "             北京市医疗保险住院结算单",
        "结算单号：993425505852                                       单位：元",
        "患者姓名：谢样永   性别：女   年龄：77岁   住院号：19549412",
        "                            费用项目及金额",
        table(
            (14, 10, 14, 10, 14, 10, 14, 10),
            ("西药费", "153.11", "床位费", "251.00", "诊察费", "92.00", "化验费", "261.17"),
            ("卫生材料费", "67.54", "护理费", "582.04", "治疗费", "218.88", "检查费", "642.97"),
        ),
        table(
            (24, 20, 24, 20),
            ("医疗总费用", "2268.71", "医保范围内金额", "1568.65"),
            ("基金支付合计", "761.19", "统筹基金支付", "761.19"),
            ("账户支付", "0.00", "个人现金支付", "1507.52"),
        ),
    )
)


def test_four_categories_a_row_are_read_in_pairs_whatever_caption_stands_over_them() -> None:
    document = read(PAIRS)
    assert amounts(document) == {
        "西药费": "153.11",
        "床位费": "251.00",
        "诊察费": "92.00",
        "化验费": "261.17",
        "卫生材料费": "67.54",
        "护理费": "582.04",
        "治疗费": "218.88",
        "检查费": "642.97",
    }
    assert str(document.fields["total_amount"].value) == "2268.71"
    assert str(document.fields["cash_payment"].value) == "1507.52"


def test_the_unit_of_the_sheet_is_no_part_of_its_number() -> None:
    assert read(PAIRS).fields["settlement_no"].value == "993425505852"
