import re
from dataclasses import replace
from decimal import Decimal

import pytest

from extractors import EXTRACTORS
from extractors._items import as_charged_name
from extractors.itemized_bill import EXTRACTOR, TITLES, continues, extract, identify
from pipeline.model import AnyField, Document, LineItem, Page
from tests.extractors.paper_words import page_of, table, values

WIDTHS = (12, 32, 16, 8, 8, 12, 12, 10)
HEADER = ("日期", "项目名称", "规格", "单位", "数量", "单价", "金额", "医保类别")
HEAD = """
                 临沂样例人民医院住院费用明细清单
姓名：张三丰   性别：男   年龄：59岁   住院号：00123456   科室：骨科   费别：居民医保
入院日期：2025-01-03   出院日期：2025-01-09                       第{n}页/共{count}页
"""
FIRST_ROWS = (
    ("西药费",),
    ("2025-01-03", "阿莫西林胶囊", "0.25g×24粒/盒", "盒", "2", "20.5800", "41.16", "甲类"),
    ("2025-01-04", "注射用头孢曲松钠", "1.0g", "支", "6", "7.5000", "45.00", "乙类"),
    ("2025-01-05", "注射用头孢曲松钠", "1.0g", "支", "-1", "7.5000", "-7.50", "乙类"),
    ("", "小计", "", "", "", "", "78.66"),
    ("检查费",),
    ("2025-01-05", "胸部CT平扫", "", "部位", "1", "182.0000", "182.00", "乙类"),
)


def stay(*pages: tuple[tuple[str, ...], ...], header: bool = True, head: bool = True) -> list[Page]:
    """A list of several pages."""
    drawn = []
    for number, rows in enumerate(pages, 1):
        text = HEAD.format(n=number, count=len(pages)) if head or number == 1 else ""
        shown = (HEADER, *rows) if header or number == 1 else rows
        drawn.append(page_of(text + table(WIDTHS, *shown), number=number))
    return drawn


def rows_of(items: tuple[LineItem, ...]) -> list[tuple[str, str, str]]:
    """Name, amount and category of each item."""
    return [
        (
            str(item.name and item.name.value),
            str(item.amount and item.amount.value),
            str(item.category and item.category.value),
        )
        for item in items
    ]


def value(field: AnyField | None) -> object:
    return field and field.value


def read(*pages: Page) -> Document:
    return extract(pages, 0.95)


def bill_of(text: str) -> Document:
    return read(page_of(text))


def test_a_list_with_headings_gives_its_head_its_rows_and_its_total() -> None:
    document = read(*stay((*FIRST_ROWS, ("", "总计", "", "", "", "", "260.66"))))
    assert document.subtype == "inpatient_fee_list"
    assert document.title == "住院费用明细清单"
    assert values(document.fields) == {
        "patient_name": "张三丰",
        "hospital_name": "临沂样例人民医院",
        "period_start": "2025-01-03",
        "period_end": "2025-01-09",
        "total_amount": "260.66",
        "inpatient_no": "00123456",
        "department": "骨科",
        "sex": "男",
        "age": "59",
        "insurance_type": "居民医保",
        "admission_date": "2025-01-03",
        "discharge_date": "2025-01-09",
    }
    assert rows_of(document.items) == [
        ("阿莫西林胶囊", "41.16", "西药费"),
        ("注射用头孢曲松钠", "45.00", "西药费"),
        ("注射用头孢曲松钠", "-7.50", "西药费"),
        ("胸部CT平扫", "182.00", "检查费"),
    ]
    assert rows_of(document.category_totals) == [("西药费", "78.66", "西药费")]


def test_every_column_is_read() -> None:
    item = read(*stay(FIRST_ROWS)).items[0]
    assert value(item.specification) == "0.25g×24粒/盒"
    assert value(item.unit) == "盒"
    assert value(item.quantity) == Decimal(2)
    assert value(item.unit_price) == Decimal("20.58")
    assert value(item.insurance_class) == "甲类"


def test_a_refund_is_an_item_with_a_negative_quantity() -> None:
    refund = read(*stay(FIRST_ROWS)).items[2]
    assert value(refund.quantity) == Decimal(-1)
    assert value(refund.amount) == Decimal("-7.50")


@pytest.mark.parametrize(
    "words", ["本页小计", "承前页：", "过次页", "累计金额", "合计", "小计：", "转下页", "承上页", "总金额"]
)
def test_what_only_sums_is_no_item(words: str) -> None:
    document = read(*stay((*FIRST_ROWS, ("", words, "", "", "", "", "260.66"))))
    assert len(document.items) == 4


def test_a_row_split_by_a_page_break_is_one_item() -> None:
    first = (
        *FIRST_ROWS,
        ("", "一次性使用精密过滤输液器"),
        ("", "本页小计", "", "", "", "", "260.66"),
        ("", "过次页", "", "", "", "", "260.66"),
    )
    second = (
        ("", "承前页", "", "", "", "", "260.66"),
        ("", "", "", "套", "2", "8.7600", "17.52", "乙类"),
        ("", "总计", "", "", "", "", "278.18"),
    )
    document = read(*stay(first, second))
    assert rows_of(document.items)[3:] == [
        ("胸部CT平扫", "182.00", "检查费"),
        ("一次性使用精密过滤输液器", "17.52", "检查费"),
    ]
    assert values(document.fields)["total_amount"] == "278.18"


def test_the_rest_of_a_name_on_the_next_page_goes_to_the_row_before() -> None:
    second = (
        ("", "（增强扫描）"),
        ("2025-01-06", "静脉采血", "", "次", "1", "2.4800", "2.48", "甲类"),
        ("2025-01-06", "心电图", "", "次", "1", "20.8000", "20.80", "甲类"),
    )
    document = read(*stay(FIRST_ROWS, second))
    assert [name for name, _, _ in rows_of(document.items)][3:] == [
        "胸部CT平扫(增强扫描)",
        "静脉采血",
        "心电图",
    ]


@pytest.mark.parametrize("head", [True, False])
def test_a_page_without_a_header_goes_on_in_the_columns_of_the_page_before(head: bool) -> None:
    second = (
        ("2025-01-06", "静脉采血", "", "次", "1", "2.4800", "2.48", "甲类"),
        ("", "总计", "", "", "", "", "263.14"),
    )
    pages = stay(FIRST_ROWS, second, header=False, head=head)
    document = read(*pages)
    assert rows_of(document.items)[4:] == [("静脉采血", "2.48", "检查费")]
    assert values(document.fields)["total_amount"] == "263.14"
    assert continues(pages[:1], pages[1])


def test_two_blocks_are_read_one_after_the_other() -> None:
    widths = (16, 6, 10, 14, 16, 6, 10, 10)
    document = bill_of(
        "某某市第一人民医院住院费用汇总清单\n"
        "姓名：王五   住院号：998877   住院日期：2025-02-01 至 2025-02-05\n"
        + table(
            widths,
            ("项目名称", "数量", "单价", "金额") * 2,
            ("床位费", "4", "36.00", "144.00", "血常规", "2", "18.00", "36.00"),
            ("静脉输液", "8", "5.84", "46.72", "心电图", "1", "20.80", "20.80"),
        )
        + "\n总计：247.52元"
    )
    assert [name for name, _, _ in rows_of(document.items)] == ["床位费", "静脉输液", "血常规", "心电图"]
    assert values(document.fields)["total_amount"] == "247.52"
    assert values(document.fields)["period_end"] == "2025-02-05"


LISTED = ("序号", "项目名称", "规格", "单位", "数量", "单价", "金额")
NARROW = (6, 30, 14, 8, 8, 10, 10)


def listed(
    *rows: tuple[str, ...], header: tuple[str, ...] = LISTED, widths: tuple[int, ...] = NARROW
) -> Document:
    return bill_of("费用明细清单\n患者姓名  周七      病历号  300123\n" + table(widths, header, *rows))


def test_wrapped_names_are_joined_below_their_amounts() -> None:
    document = listed(
        ("1", "注射用盐酸氨溴索", "30mg", "支", "3", "12.00", "36.00"),
        ("", "（沐舒坦）"),
        ("2", "一次性使用输液器带", "0.55mm", "套", "2", "8.00", "16.00"),
        ("", "针（精密"),
        ("", "过滤）"),
        ("3", "陪护床", "", "日", "1", "10.00", "10.00"),
    )
    names = [name for name, _, _ in rows_of(document.items)]
    assert names == ["注射用盐酸氨溴索(沐舒坦)", "一次性使用输液器带针(精密过滤)", "陪护床"]


def test_a_wrapped_name_that_ends_like_a_category_is_no_heading() -> None:
    document = listed(
        ("1", "副主任医师门诊", "", "次", "1", "22.00", "22.00"),
        ("", "诊查费"),
        ("",),
        ("2", "静脉采血", "", "次", "1", "2.48", "2.48"),
        ("",),
        ("3", "心电图", "", "次", "1", "20.80", "20.80"),
    )
    assert [name for name, _, _ in rows_of(document.items)] == ["副主任医师门诊诊查费", "静脉采血", "心电图"]


def test_a_sum_above_its_rows_names_their_category() -> None:
    document = listed(
        ("", "西药费 小计", "", "", "", "", "56.73"),
        ("1", "硝苯地平控释片", "30mg×7片", "盒", "2", "23.50", "47.00"),
        ("2", "氯化钾缓释片", "0.5g×24片", "盒", "1", "9.73", "9.73"),
        ("", "护理费 小计", "", "", "", "", "28.00"),
        ("3", "Ⅱ级护理", "", "日", "1", "28.00", "28.00"),
    )
    assert [category for _, _, category in rows_of(document.items)] == ["西药费", "西药费", "护理费"]
    assert [amount for _, amount, _ in rows_of(document.category_totals)] == ["56.73", "28.00"]


def test_a_sum_below_its_rows_names_their_category() -> None:
    document = listed(
        ("1", "静脉输液", "", "次", "2", "5.00", "10.00"),
        ("", "治疗费小计", "", "", "", "", "10.00"),
        ("2", "一级护理", "", "日", "1", "20.00", "20.00"),
        ("", "护理费小计", "", "", "", "", "20.00"),
    )
    assert [category for _, _, category in rows_of(document.items)] == ["治疗费", "护理费"]


@pytest.mark.parametrize(
    "heading", ["西药费", "【西药费】", "一、西药费", "费用类别：西药费", "（一）西药费", "西 药 费："]
)
def test_a_heading_is_known_however_it_is_written(heading: str) -> None:
    document = listed(("", heading), ("1", "硝苯地平控释片", "30mg×7片", "盒", "2", "23.50", "47.00"))
    assert rows_of(document.items) == [("硝苯地平控释片", "47.00", "西药费")]


def test_category_rows_with_amounts_are_totals_above_their_rows() -> None:
    document = bill_of(
        "医疗收费明细（电子）\n所属电子票据代码：37060125    所属电子票据号码：0012345678\n"
        "交款人：孙八     第1页，共1页\n"
        + table(
            (30, 10, 10, 10, 12, 12),
            ("项目名称", "规格", "数量", "单位", "金额（元）", "备注"),
            ("西药费", "", "1", "项", "34.05"),
            ("头孢羟氨苄片", "0.25g", "1.0000", "盒", "20.58", "有自付"),
            ("酚麻美敏片", "", "1.0000", "盒", "13.47", "无自付"),
            ("化验费", "", "1", "项", "18.00"),
            ("血常规", "", "1", "次", "18.00", "无自付"),
        )
        + "\n金额合计（大写）伍拾贰元零伍分  （小写）52.05\n"
    )
    assert document.subtype == "ebill_fee_detail"
    assert rows_of(document.items) == [
        ("头孢羟氨苄片", "20.58", "西药费"),
        ("酚麻美敏片", "13.47", "西药费"),
        ("血常规", "18.00", "化验费"),
    ]
    assert rows_of(document.category_totals) == [("西药费", "34.05", "西药费"), ("化验费", "18.00", "化验费")]
    fields = values(document.fields)
    assert fields["invoice_code"] == "37060125"
    assert fields["invoice_number"] == "0012345678"
    assert fields["patient_name"] == "孙八"
    assert fields["total_amount"] == "52.05"


def test_a_charge_named_like_a_category_is_an_item_of_its_own() -> None:
    document = listed(
        ("1", "挂号费", "", "", "", "", "5.00"),
        ("2", "静脉输液", "", "次", "2", "5.00", "10.00"),
        ("3", "换药", "", "次", "1", "20.00", "20.00"),
    )
    assert [amount for _, amount, _ in rows_of(document.items)] == ["5.00", "10.00", "20.00"]


def test_labels_on_two_lines_are_columns_and_unknown_columns_spoil_nothing() -> None:
    widths = (10, 20, 14, 8, 10, 10, 12, 12, 8)
    document = bill_of(
        "住院费用清单\n姓名：郑十  科别：外科  住院号：7788\n\n"
        + table(
            widths,
            ("费用", "", "", "", "", "", "", "", "医保"),
            ("日期", "项目名称", "规格", "数量", "单价", "金额", "优惠金额", "实收金额", "类别"),
            ("05-01", "静脉输液", "", "2", "5.00", "10.00", "0.00", "10.00", "甲"),
            ("05-02", "换药(中)", "", "1", "18.40", "18.40", "1.00", "17.40", "乙"),
        )
    )
    assert rows_of(document.items) == [("静脉输液", "10.00", "None"), ("换药(中)", "18.40", "None")]
    assert [item.insurance_class and item.insurance_class.value for item in document.items] == ["甲", "乙"]


@pytest.mark.parametrize("mark", ["甲", "乙类", "丙", "无自付", "全自付", "自费", "医保甲"])
def test_a_class_is_known_under_any_header(mark: str) -> None:
    for label in ("医保类别", "等级", "类别", "报销类型", "甲乙类"):
        document = listed(
            ("1", "静脉采血", "", "次", "1", "2.48", "2.48", mark),
            header=(*LISTED, label),
            widths=(*NARROW, 12),
        )
        item = document.items[0]
        assert value(item.insurance_class) == mark
        assert item.category is None


def test_numbered_classes_are_kept_as_printed() -> None:
    document = listed(
        ("1", "静脉采血", "", "次", "1", "2.48", "2.48", "2"),
        header=(*LISTED, "医保类别"),
        widths=(*NARROW, 12),
    )
    assert value(document.items[0].insurance_class) == "2"


def test_a_class_before_the_name_is_no_part_of_it() -> None:
    document = listed(("1", "[甲]阿莫西林胶囊", "0.25g", "盒", "2", "10.00", "20.00"))
    item = document.items[0]
    assert value(item.name) == "阿莫西林胶囊"
    assert value(item.insurance_class) == "甲"


def test_the_days_of_the_rows_are_the_period_where_none_is_printed() -> None:
    document = bill_of(
        "门诊费用清单\n姓名：郑十\n"
        + table(
            WIDTHS,
            HEADER,
            ("2025-03-05", "静脉采血", "", "次", "1", "2.48", "2.48", "甲"),
            ("2025-03-02", "心电图", "", "次", "1", "20.80", "20.80", "甲"),
        )
    )
    fields = values(document.fields)
    assert (fields["period_start"], fields["period_end"]) == ("2025-03-02", "2025-03-05")


def test_the_total_is_not_a_sum_of_one_page() -> None:
    document = bill_of(
        "门诊费用清单\n姓名：郑十\n"
        + table(
            NARROW,
            LISTED,
            ("1", "静脉采血", "", "次", "1", "2.48", "2.48"),
            ("", "本页小计", "", "", "", "", "2.40"),
            ("", "合计", "", "", "", "", "2.48"),
        )
        + "\n合计金额（大写）：贰元肆角捌分    （小写）：￥2.48   累计：880.00"
    )
    assert values(document.fields)["total_amount"] == "2.48"
    assert values(document.fields)["total_in_words"] == "贰元肆角捌分"


def test_of_two_totals_the_one_that_the_words_prove_counts() -> None:
    document = bill_of(
        "门诊费用清单\n姓名：郑十\n"
        + table(
            NARROW,
            LISTED,
            ("1", "静脉采血", "", "次", "1", "2.48", "2.48"),
            ("", "合计", "", "", "", "", "7.48"),
        )
        + "\n合计金额（大写）：贰元肆角捌分    （小写）：￥2.48"
    )
    total = document.fields["total_amount"]
    assert str(total.value) == "2.48"
    assert [rival.value for rival in total.candidates] == ["7.48"]


def test_a_daily_list_gives_its_day_and_its_sum() -> None:
    document = bill_of(
        "中心医院每日费用清单\n姓名：赵六   床号：12   住院号：5566   费用日期：2025-05-06\n"
        + table(NARROW, LISTED, ("1", "Ⅱ级护理", "", "日", "1", "28.00", "28.00"))
        + "\n本日合计：28.00   累计：1020.33   预交金：3000.00   余额：1979.67"
    )
    fields = values(document.fields)
    assert document.subtype == "daily_fee_list"
    assert (fields["period_start"], fields["period_end"], fields["total_amount"]) == (
        *("2025-05-06", "2025-05-06"),
        "28.00",
    )


@pytest.mark.parametrize("title", TITLES)
def test_its_titles_are_known(title: str) -> None:
    assert identify(page_of(f"          某某医院\n        {title}\n姓名：张三  住院号：1")) >= 0.85


@pytest.mark.parametrize(
    "title",
    [
        *(
            "诊断证明书",
            "北京市医疗门诊收费票据",
            "山东省医疗住院收费票据（电子）",
            "医疗收费票据（电子）",
            "处方笺",
        ),
        *(
            "广东省基本医疗保险住院结算单",
            "医疗费用结算单",
            "医疗保障基金结算清单",
            "出院记录",
            "增值税电子普通发票",
        ),
    ],
)
def test_look_alikes_are_not_its_own(title: str) -> None:
    assert identify(page_of(f"          {title}\n姓名：张三  住院号：1  项目名称  金额  合计  12.00")) == 0


def test_a_list_without_a_title_is_likely_by_its_priced_rows() -> None:
    text = "某某县人民医院\n姓名：郑十  住院号：7788\n" + table(
        NARROW, LISTED, ("1", "静脉采血", "", "次", "1", "2.48", "2.48")
    )
    assert 0.5 <= identify(page_of(text)) < 0.85
    assert identify(page_of(text + "\n税率  税额")) == 0
    assert identify(page_of(text.replace("姓名", "品名").replace("住院号", "货号"))) == 0


def day(
    text: str,
    *,
    mark: str = "",
    title: str = "每日费用清单",
    name: str = "赵六",
    total: bool = True,
    number: int = 2,
) -> Page:
    closing = ("", "合计", "", "", "", "", "28.00") if total else ()
    rows = table(NARROW, LISTED, ("1", "Ⅱ级护理", "", "日", "1", "28.00", "28.00"), closing)
    return page_of(
        f"中心医院{title}   {mark}\n姓名：{name}   住院号：5566   费用日期：{text}\n{rows}", number=number
    )


def test_lists_of_two_days_are_two_papers() -> None:
    assert not continues([day("2025-05-06", number=1)], day("2025-05-07"))
    assert not continues([day("2025-05-06", total=False, number=1)], day("2025-05-07"))


def test_a_page_goes_on_by_its_page_mark() -> None:
    first = day("2025-05-06", mark="第1页 共2页", total=False, number=1)
    assert continues([first], day("2025-05-06", mark="第2页 共2页"))
    assert not continues([first], day("2025-05-06", mark="第1页 共2页"))
    assert not continues([first], day("2025-05-06", mark="第2页 共2页", name="钱七"))
    last = day("2025-05-06", mark="第2页 共2页", total=False)
    assert not continues([first, last], day("2025-05-06", mark="第3页 共3页"))


@pytest.mark.parametrize(
    "mark", ["第2页 共3页", "第 2 页/共 3 页", "共3页 第2页", "页码：2/3", "Page 2 of 3", "2/3"]
)
def test_page_marks_are_known_however_they_are_written(mark: str) -> None:
    first = day("2025-05-06", mark=re.sub("2", "1", mark), total=False, number=1)
    assert continues([first], day("2025-05-06", mark=mark, total=False))
    assert not continues([first], replace(first, number=2))


def test_another_paper_does_not_go_on_with_the_list() -> None:
    first = day("2025-05-06", total=False, number=1)
    assert not continues([first], page_of("诊断证明书\n姓名：赵六\n诊断：高血压"))
    assert not continues([first], page_of("", number=2))
    assert not continues([first], day("2025-05-06", title="医疗收费票据"))


def test_what_cannot_be_a_unit_is_left_to_a_person_and_m1_is_written_ml() -> None:
    document = listed(
        ("1", "黄芪", "统货", "b0", "140", "0.1650", "23.10"),
        ("2", "布地奈德", "2m1:1mg/支", "支", "4", "10.96", "43.84"),
    )
    assert [item.unit and (item.unit.value, item.unit.text) for item in document.items] == [
        (None, "b0"),
        ("支", "支"),
    ]
    assert [item.specification and item.specification.value for item in document.items] == [
        "统货",
        "2ml:1mg/支",
    ]


def test_what_is_read_for_a_lone_g_takes_no_quantity() -> None:
    document = listed(
        ("1", "白茅根", "选货", "8", "105", "0.3025", "31.76"),
        ("2", "生姜", "统货", "8o", "50", "0.2919", "14.60"),
        ("3", "丹参", "统货", "go", "100", "0.085", "8.50"),
    )
    assert [(value(item.unit), value(item.quantity)) for item in document.items] == [
        (None, Decimal(105)),
        (None, Decimal(50)),
        (None, Decimal(100)),
    ]


def test_a_stroke_read_for_a_lone_1_stays_in_its_column() -> None:
    document = listed(("1", "二级护理", "", "日", "一", "34.00", "34.00"))
    item = document.items[0]
    assert (value(item.unit), value(item.quantity)) == ("日", None)


def sureness(field: AnyField | None) -> float:
    """What is taken of a field, as a whole and of its least sure character."""
    assert field
    assert field.reading
    return max(field.confidence, field.reading.least)


def test_a_number_with_a_speck_beside_it_is_doubted() -> None:
    document = listed(
        ("1", "引流管护理", "6cm×7.cm", "日", "1.", "25.60", ".25.60"),
        ("2", "静脉采血", "6.5cm", "次", "1", "2.48", "2.48"),
    )
    doubted, sure = document.items
    assert (value(doubted.quantity), value(doubted.amount)) == (Decimal(1), Decimal("25.60"))
    for field in (doubted.quantity, doubted.amount, doubted.specification):
        assert sureness(field) < 0.5
    for field in (sure.quantity, sure.amount, sure.specification):
        assert sureness(field) > 0.9


def test_a_price_that_does_not_make_the_amount_is_doubted_where_the_quantity_is_lost() -> None:
    document = listed(
        ("1", "留观床位费", "", "床日", "", "6.50", "46.50"), ("2", "静脉采血", "", "次", "", "2.48", "4.96")
    )
    lost, whole = document.items
    for field in (lost.unit_price, lost.amount):
        assert sureness(field) < 0.5
    for field in (whole.unit_price, whole.amount):
        assert sureness(field) > 0.9


def test_the_x_of_x_rays_is_a_capital() -> None:
    document = listed(("1", "胸部x线摄影", "", "次", "1", "25.00", "25.00"))
    assert value(document.items[0].name) == "胸部X线摄影"


def test_a_specification_behind_a_name_may_hold_brackets_itself() -> None:
    document = listed(
        ("1", "甘精胰岛素注射液(3ml:300单位(笔芯)/支)", "", "支", "1", "25.00", "25.00"),
        widths=(6, 44, 4, 6, 6, 10, 10),
    )
    item = document.items[0]
    assert (value(item.name), value(item.specification)) == ("甘精胰岛素注射液", "3ml:300单位(笔芯)/支")


def test_a_counted_charge_under_a_category_row_is_no_category_row() -> None:
    document = bill_of(
        "医疗收费明细（电子）\n交款人：孙八     第1页，共1页\n"
        + table(
            (30, 12, 12, 12),
            ("项目名称", "数量/单位", "金额（元）", "备注"),
            ("床位费", "", "189.20"),
            ("急诊留观床位费", "2/日", "129.20", "无自付"),
            ("病房空调费", "4/日", "60.00", "无自付"),
        )
    )
    assert rows_of(document.items) == [
        ("急诊留观床位费", "129.20", "床位费"),
        ("病房空调费", "60.00", "床位费"),
    ]
    assert rows_of(document.category_totals) == [("床位费", "189.20", "床位费")]


def test_the_days_that_head_the_rows_do_not_part_the_pages_of_a_list() -> None:
    def page(number: int, text: str) -> Page:
        rows = table(NARROW, LISTED, ("", f"日期：{text}"), ("1", "Ⅱ级护理", "", "日", "1", "28.00", "28.00"))
        head = f"中心医院住院费用汇总清单\n姓名：赵六   住院号：5566   共2页 第{number}页\n"
        return page_of(head + rows, number=number)

    assert continues([page(1, "2026-03-11")], page(2, "2026-03-20"))


def test_a_signature_at_the_foot_is_no_name() -> None:
    document = bill_of(
        "费用明细清单\n姓名：周七   费别：自费\n"
        + table(NARROW, LISTED, ("1", "静脉采血", "", "次", "1", "2.48", "2.48"))
        + "\n合计（大写）：贰元肆角捌分 2.48\n患者签字："
    )
    fields = values(document.fields)
    assert fields["patient_name"] == "周七"
    assert fields["insurance_type"] == "自费"
    assert fields["total_in_words"] == "贰元肆角捌分"


def test_a_sheet_that_could_not_be_read_does_not_part_a_list() -> None:
    first = day("2025-05-06", mark="第1页 共3页", total=False, number=1)
    assert continues([first], replace(day("2025-05-06", mark="第3页 共3页"), number=3))
    assert not continues([first], replace(day("2025-05-06", mark="第3页 共3页"), number=2))


def test_a_total_behind_the_same_in_words_is_read() -> None:
    foot = "\n合计金额(大写)：贰佰陆拾元陆角陆分 ¥260.66\n合计：贰佰陆拾元陆角陆分¥260.66"
    document = bill_of(HEAD.format(n=1, count=1) + table(WIDTHS, HEADER, *FIRST_ROWS) + foot)
    assert str(document.fields["total_amount"].value) == "260.66"


def test_the_total_of_a_list_in_blocks_stands_under_its_last_block() -> None:
    widths = (24, 10, 14, 14, 24, 10, 14, 14)
    header = ("项目名称", "数量", "单价", "金额") * 2
    rows = [("远程会诊", "2", "49.72", "99.44", "头颅CT平扫", "1", "334.00", "334.00")] * 3
    document = bill_of(
        "        临沂样例人民医院门诊费用清单\n姓名：张三丰   性别：男\n\n"
        + table(widths, header, *rows, ("合计", "", "", "", "", "", "", "1300.32"))
    )
    assert str(document.fields["total_amount"].value) == "1300.32"
    assert len(document.items) == 6


@pytest.mark.parametrize("name", ["2025-12-29", "日期：2026-01-03", "发生时间名称", "002501010150000"])
def test_what_heads_a_day_or_a_column_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="no name of an item"):
        as_charged_name(name)


@pytest.mark.parametrize("name", ["级护理", "胸部线计算机体层平扫", "平扫)", "96 2025-12-05 阿布昔替尼片"])
def test_a_name_with_a_lost_part_or_a_neighbour_in_it_is_doubted(name: str) -> None:
    row = ("", name, "", "次", "1", "12.00", "12.00", "甲类")
    document = bill_of(HEAD.format(n=1, count=1) + table(WIDTHS, HEADER, row, *FIRST_ROWS))
    assert document.items[0].name is not None
    assert document.items[0].name.confidence < 0.9 or "2025" not in str(document.items[0].name.value)


def test_name_and_total_are_required() -> None:
    document = bill_of("")
    assert EXTRACTOR.required(document) == ("patient_name", "total_amount")
    assert EXTRACTORS[EXTRACTOR.type] is EXTRACTOR


def test_numbers_that_count_up_before_names_are_the_rows_numbers() -> None:
    rows = (
        ("2025-01-03", "1急诊诊查费", "", "次", "1", "10.00", "10.00", "甲类"),
        ("2025-01-03", "2病理组织活检诊断", "", "次", "1", "20.00", "20.00", "甲类"),
        ("2025-01-03", "3静脉采血", "", "次", "1", "3.00", "3.00", "甲类"),
    )
    document = read(*stay(rows))
    assert [name for name, *_ in rows_of(document.items)] == ["急诊诊查费", "病理组织活检诊断", "静脉采血"]


def test_numbers_that_do_not_count_up_belong_to_the_names() -> None:
    rows = (
        ("2025-01-03", "25羟维生素D测定", "", "项", "1", "10.00", "10.00", "甲类"),
        ("2025-01-03", "病理组织活检诊断", "", "次", "1", "20.00", "20.00", "甲类"),
    )
    document = read(*stay(rows))
    assert rows_of(document.items)[0][0] == "25羟维生素D测定"
