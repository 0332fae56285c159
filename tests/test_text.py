"""Printed Chinese to values: every form of domain.md §8.3 and §8.4, and junk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.bill_codes import parse_ebill_code, parse_vat_code
from pipeline.fee_categories import FEE_CATEGORIES, find_category
from pipeline.text import (
    LARGEST_BILL,
    differing_characters,
    find_date,
    fold,
    format_capitals,
    is_masked,
    names_agree,
    parse_age,
    parse_capitals,
    parse_date,
    parse_date_range,
    parse_money,
    parse_quantity,
    parse_sex,
    parse_unit_price,
    repair_date,
    split_quantity_unit,
    squeeze,
)

# Characters that stand on bills, so that junk comes close to the real thing.
LIKELY = st.text(
    "0123456789０１,，.。 ¥￥元圆角分整正零壹贰拾佰仟万亿⊗年月日号至到~-—:：/()（）负盒次*xX岁男女天OI㎎②"
)
ANY = st.text(max_size=40)
AMOUNTS = st.integers(-(10**10) + 1, 10**10 - 1).map(lambda fens: Decimal(fens).scaleb(-2))


class TestFold:
    @pytest.mark.parametrize(
        ("text", "folded"),
        [
            ("ＡＢｃ１２３", "ABc123"),
            ("（小写）￥３４．０５", "(小写)¥34.05"),
            ("医保类型：职工", "医保类型:职工"),
            ("【西药】〔2019〕", "[西药][2019]"),
            ("2021—2022～2023", "2021-2022~2023"),
            ("a\u3000b\u00a0c", "a b c"),
            ("㎎ ½ ② m² 《》", "㎎ ½ ② m² 《》"),
            ("⽇⽉", "日月"),
        ],
    )
    def test_forms_are_unified(self, text: str, folded: str) -> None:
        assert fold(text) == folded

    @given(ANY)
    def test_the_length_never_changes(self, text: str) -> None:
        assert len(fold(text)) == len(text)

    @given(ANY)
    def test_folding_twice_is_folding_once(self, text: str) -> None:
        assert fold(fold(text)) == fold(text)

    def test_squeeze_drops_invisible_characters_too(self) -> None:
        assert squeeze("姓\u200b 名\t：") == "姓名:"


class TestMoney:
    @pytest.mark.parametrize(
        ("text", "amount"),
        [
            ("34.05", "34.05"),
            ("¥34.05", "34.05"),
            ("￥ 276,020.66", "276020.66"),
            ("1, 180.00", "1180.00"),
            ("１，１８０．００元", "1180.00"),
            ("100", "100.00"),
            ("30.0000", "30.00"),
            ("-81589.23", "-81589.23"),
            ("¥-34.05", "-34.05"),
            ("-¥34.05", "-34.05"),
            ("负34.05元", "-34.05"),
            ("(34.05)", "-34.05"),
            ("（34.05）", "-34.05"),
            ("0.00", "0.00"),
        ],
    )
    def test_printed_amounts_are_read(self, text: str, amount: str) -> None:
        assert str(parse_money(text)) == amount

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "15000,00",
            "12,34",
            "1R0.00",
            "155R.20",
            "000",
            "034.05",
            "1 180.00",
            "34.",
            ".05",
            "34.055",
            "1.180.00",
            "--3",
            "(-3.00)",
            "1e5",
            "٣٤",
            "34.05次",
            "1.5万元",
            "9" * 40,
        ],
    )
    def test_what_may_be_misread_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="amount"):
            parse_money(text)

    @given(AMOUNTS)
    def test_amounts_come_back_from_print(self, amount: Decimal) -> None:
        assert parse_money(f"¥{amount:,.2f}") == amount

    def test_a_price_keeps_its_decimals(self) -> None:
        assert [str(parse_unit_price(text)) for text in ("30.0000", "0.1234", "¥1,000.5")] == [
            "30.00",
            "0.1234",
            "1000.50",
        ]


class TestQuantity:
    @pytest.mark.parametrize(
        ("text", "quantity", "unit"),
        [
            ("1.0000 盒", "1", "盒"),
            ("5次", "5", "次"),
            ("2.50", "2.5", ""),
            ("-1 支", "-1", "支"),
            ("1.0000/盒", "1", "盒"),
            ("10g", "10", "g"),
            ("3片/盒", "3", "片/盒"),
            ("100", "100", ""),
            ("0.0000", "0", ""),
        ],
    )
    def test_a_unit_may_be_glued_to_it(self, text: str, quantity: str, unit: str) -> None:
        found, found_unit = split_quantity_unit(text)
        assert (f"{found}", found_unit) == (quantity, unit)
        assert parse_quantity(text) == found

    @pytest.mark.parametrize("text", ["", "盒", "5R", "11l", "5.00元", "1 2", "1,00"])
    def test_what_may_be_misread_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="not a"):
            parse_quantity(text)


class TestCapitals:
    @pytest.mark.parametrize(
        ("words", "amount"),
        [
            # domain.md §6 and §8.3
            ("叁拾肆元零伍分", "34.05"),
            ("柒仟肆佰捌拾肆元壹角", "7484.10"),
            ("壹拾万柒仟元零伍角叁分", "107000.53"),
            ("壹拾万零柒仟元伍角叁分", "107000.53"),
            ("叁佰贰拾伍元零肆分", "325.04"),
            ("贰拾柒万陆仟零贰拾元零陆角陆分", "276020.66"),
            ("伍角", "0.50"),
            ("零元伍角", "0.50"),
            ("伍角整", "0.50"),
            ("拾伍元整", "15"),
            ("拾万元", "100000"),
            # pre-printed grid
            ("零佰零拾零万零仟零佰叁拾肆元零角伍分", "34.05"),
            ("⊗佰⊗拾⊗万⊗仟⊗佰叁拾肆元⊗角伍分", "34.05"),
            ("零 佰 壹 拾 零 万 柒 仟 零 佰 零 拾 零 元 伍 角 叁 分", "107000.53"),
            ("叁拾元零角零分", "30"),
            # other forms of characters
            ("三十四圆零五分", "34.05"),
            ("貳拾參圓陸角正", "23.60"),
            ("人民币（大写）：叁拾肆元零伍分", "34.05"),
            ("¥叁拾肆元整", "34"),
            ("负叁拾肆元零伍分", "-34.05"),
            ("壹仟○伍拾元整", "1050"),
            # zeros
            ("零元整", "0"),
            ("壹仟零伍元", "1005"),
            ("壹佰万零伍元整", "1000005"),
            ("壹万零伍佰元整", "10500"),
            ("壹万伍佰元整", "10500"),
            ("壹佰零元整", "100"),
            ("肆分", "0.04"),
            ("玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分", "99999999.99"),
        ],
    )
    def test_printed_words_are_read(self, words: str, amount: str) -> None:
        assert parse_capitals(words) == Decimal(amount)

    @pytest.mark.parametrize(
        "words",
        [
            "",
            "整",
            "元",
            "零",
            "负",
            "万元",
            "叁拾肆",  # no 元
            "叁拾肆元伍",  # digit without a unit
            "叁肆元",
            "叁拾肆分伍角",  # out of order
            "叁元肆元",
            "伍角伍角",
            "壹拾叁佰元",
            "壹万壹万元",
            "壹拾拾元",
            "壹亿元整",  # more than a bill holds
            "壹佰伍元",  # 零 missing, may be 150
            "壹万伍元",
            "叁拾肆元肆分",
            "壹佰零伍拾元",  # 零 where nothing is skipped
            "叁拾肆元零伍角",
            "壹仟零零伍元",
            "零伍元",
            "叁拾肆元零伍分整",
            "捌拾卧元",  # misread
            "叁他",
            "两元",
            "佰拾万仟佰拾元",
        ],
    )
    def test_words_against_the_grammar_are_refused(self, words: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            parse_capitals(words)

    @pytest.mark.parametrize(
        ("amount", "words"),
        [
            ("34.05", "叁拾肆元零伍分"),
            ("107000.53", "壹拾万柒仟元伍角叁分"),
            ("276020.66", "贰拾柒万陆仟零贰拾元陆角陆分"),
            ("10", "壹拾元整"),
            ("0", "零元整"),
            ("0.5", "伍角"),
            ("0.04", "肆分"),
            ("7484.1", "柒仟肆佰捌拾肆元壹角"),
            ("-3", "负叁元整"),
            ("10500", "壹万零伍佰元整"),
        ],
    )
    def test_the_shortest_standard_form_is_written(self, amount: str, words: str) -> None:
        assert format_capitals(Decimal(amount)) == words

    @pytest.mark.parametrize("amount", ["100000000", "0.001", "NaN", "-Infinity"])
    def test_what_no_bill_holds_is_not_written(self, amount: str) -> None:
        with pytest.raises(ValueError, match="not an amount"):
            format_capitals(Decimal(amount))

    @given(AMOUNTS)
    def test_every_amount_comes_back_from_its_words(self, amount: Decimal) -> None:
        assert abs(amount) <= LARGEST_BILL
        assert parse_capitals(format_capitals(amount)) == amount

    @given(st.integers(0, 10**8 - 1), st.booleans())
    def test_every_amount_comes_back_from_a_grid(self, fens: int, crossed: bool) -> None:
        """All places of the 2012 form: 佰 拾 万 仟 佰 拾 元 角 分, zeros ahead crossed out or written."""
        digits = f"{fens:09d}"[-9:]
        ahead = len(digits) - len(digits.lstrip("0"))
        words = "".join(
            ("⊗" if crossed and spot < ahead else "零壹贰叁肆伍陆柒捌玖"[int(digit)]) + unit
            for spot, (digit, unit) in enumerate(zip(digits, "佰拾万仟佰拾元角分", strict=True))
        )
        assert parse_capitals(words) == Decimal(fens).scaleb(-2)


class TestDates:
    @pytest.mark.parametrize(
        "text",
        [
            "2026-02-12",
            "2026/2/12",
            "2026.02.12",
            "20260212",
            "2026年2月12日",
            "2026 年 02 月 12 日",
            "２０２６－０２－１２",
            "二〇二六年二月十二日",
            "二零二六年二月十二日",
            "二O二六年二月十二日",
            "2026-02-12 10:20:30",
            "2026-02-1210:20:30",
            "2026-02-12T10:20:30.123",
            "20260212102030",
            "2026年2月12日 10时20分",
        ],
    )
    def test_all_forms_of_one_day_are_read(self, text: str) -> None:
        assert parse_date(text) == date(2026, 2, 12)

    @pytest.mark.parametrize(
        ("words", "day"),
        [
            ("十", 10),
            ("廿", 20),
            ("廿三", 23),
            ("二十三", 23),
            ("三十", 30),
            ("卅一", 31),
            ("一", 1),
            ("十九", 19),
        ],
    )
    def test_days_in_numerals_are_read(self, words: str, day: int) -> None:
        assert parse_date(f"二〇二六年十月{words}日") == date(2026, 10, day)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "2026-02",
            "26-02-12",
            "2026-02-30",
            "2026-13-01",
            "1899-12-31",
            "2101-01-01",
            "2026-02/12",
            "2026年2月12",
            "2026-2-110:20",
            "二〇二六年二月二十廿日",
            "2O26-02-12",
        ],
    )
    def test_what_is_no_whole_date_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            parse_date(text)

    @given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
    def test_dates_come_back_from_print(self, day: date) -> None:
        for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日"):
            assert parse_date(day.strftime(form)) == day

    @pytest.mark.parametrize(
        "text",
        [
            "20210323-20210414",
            "2021年03月23日到2021年04月14日",
            "2021-03-23至2021-04-14",
            "2021.03.23—2021.04.14",
            "2021/3/23 ~ 2021/4/14",
            "2021-03-23-2021-04-14",
            "2021-03-23至04-14",
            "自2021年3月23日至2021年4月14日止",
            "2021-03-23 08:00:00 至 2021-04-14 09:00:00",
            "2021-03-23至2021-04-14 共22.5天",
        ],
    )
    def test_all_forms_of_one_range_are_read(self, text: str) -> None:
        assert parse_date_range(text) == (date(2021, 3, 23), date(2021, 4, 14))

    def test_a_range_that_runs_backwards_is_given_as_printed(self) -> None:
        assert parse_date_range("20210414-20210323") == (date(2021, 4, 14), date(2021, 3, 23))

    @pytest.mark.parametrize("text", ["", "2021-03-23", "至", "2021年12月30日至1月2日", "20210323-20210432"])
    def test_what_is_no_range_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            parse_date_range(text)

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("开票日期：2025-02-17 收费员：0123", date(2025, 2, 17)),
            ("打印2025-02-1710:20:30", date(2025, 2, 17)),
            ("代码11060124，2025年1月3日", date(2025, 1, 3)),
            ("2025-99-99 2025-1-1", date(2025, 1, 1)),
            ("2025-02-171", None),
            ("无", None),
        ],
    )
    def test_the_first_date_in_a_text_is_found(self, text: str, found: date | None) -> None:
        assert find_date(text) == found

    @pytest.mark.parametrize(
        ("text", "repaired"),
        [
            ("201911月2号", date(2019, 11, 2)),
            ("2019年11月2", date(2019, 11, 2)),
            ("2019-1102", date(2019, 11, 2)),
            ("2019112", None),  # 1-12 or 11-2
            ("2019年1月32日", None),
            ("2031年1月2日", None),  # outside
            ("19年1月2日", None),
        ],
    )
    def test_a_date_is_repaired_only_when_one_fits(self, text: str, repaired: date | None) -> None:
        assert repair_date(text, date(2000, 1, 1), date(2026, 3, 1)) == repaired

    def test_a_narrow_window_decides_between_two_dates(self) -> None:
        assert repair_date("2019112", date(2019, 6, 1), date(2019, 12, 31)) == date(2019, 11, 2)


class TestPersons:
    def test_sex_and_age(self) -> None:
        assert [parse_sex(text) for text in ("男", " 女性")] == ["男", "女"]
        assert [parse_age(text) for text in ("59 岁", "8月", "3天", "1岁2个月", "59")] == [
            "59岁",
            "8月",
            "3天",
            "1岁2个月",
            "59",
        ]

    @pytest.mark.parametrize("text", ["", "岁", "200岁", "五十", "5 9 8 7"])
    def test_what_is_no_age_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="not an age"):
            parse_age(text)

    @pytest.mark.parametrize(
        ("text", "masked"),
        [
            ("110104********3078", True),
            ("张＊", True),
            ("0440015xxxxx", True),
            ("张三", False),
            ("1231002X", False),
        ],
    )
    def test_masks_are_seen(self, text: str, masked: bool) -> None:
        assert is_masked(text) is masked

    @pytest.mark.parametrize(
        ("a", "b", "differing"),
        [
            ("张三", "张 三", 0),
            ("張國華", "张国华", 0),
            ("阿卜杜·热西提", "阿卜杜热西提", 0),
            ("张*", "张三", 0),
            ("张三", "张山", 1),
            ("付明", "傅明", 1),
            ("张三", "李四", 2),
            ("张三", "张三丰", None),
        ],
    )
    def test_names_are_compared_by_character(self, a: str, b: str, differing: int | None) -> None:
        assert differing_characters(a, b) == differing
        assert names_agree(a, b) == (differing == 0)


class TestBillCodes:
    GOOD = "CZ-EI-42,1.0.0,42060121,0012345678,fc0971,20250217,34.05"

    def test_the_five_elements_are_in_the_code_of_an_ebill(self) -> None:
        assert parse_ebill_code(self.GOOD) == {
            "invoice_code": "42060121",
            "invoice_number": "0012345678",
            "check_code": "fc0971",
            "issue_date": "2025-02-17",
            "total_amount": "34.05",
        }

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("42060121", "4206012"),
            ("0012345678", "12345678"),
            ("fc0971", "fc097"),
            ("fc0971", "FC0971"),
            ("20250217", "20250230"),
            ("34.05", "34,05"),
            ("34.05", "34.051"),
            ("CZ-EI", "XX-EI"),
            ("34.05", "34.05,x"),
        ],
    )
    def test_a_part_of_another_form_makes_it_raw_text(self, old: str, new: str) -> None:
        assert parse_ebill_code(self.GOOD.replace(old, new)) is None

    def test_the_kinds_of_vat_invoices(self) -> None:
        check = "1" * 20
        old = parse_vat_code(f"01,10,044001512345,81961234,173.79,20170524,{check},BE2D")
        assert old == {
            "subtype": "vat_electronic",
            "invoice_code": "044001512345",
            "invoice_number": "81961234",
            "net_amount": "173.79",
            "issue_date": "2017-05-24",
            "check_code": check,
        }
        digital = parse_vat_code("01,32,,24112000000013511234,100.5,20240105,,AB12,")
        assert digital == {
            "subtype": "vat_digital",
            "invoice_number": "24112000000013511234",
            "net_amount": "100.50",
            "issue_date": "2024-01-05",
        }

    @pytest.mark.parametrize(
        "text",
        [
            "01,32,044001512345,24112000000013511234,100.5,20240105,,AB12",
            "01,32,,81961234,100.5,20240105,,AB12",
            "01,10,044001512345,24112000000013511234,1.00,20240105,,AB12",
            "01,99,,24112000000013511234,100.5,20240105,,AB12",
            "https://example.org/?code=1",
            "",
        ],
    )
    def test_other_payloads_are_raw_text(self, text: str) -> None:
        assert parse_vat_code(text) is None


class TestFeeCategories:
    def test_codes_run_from_01_to_14(self) -> None:
        assert [category.code for category in FEE_CATEGORIES] == [f"{number:02d}" for number in range(1, 15)]

    def test_no_name_belongs_to_two_categories(self) -> None:
        names = [name for each in FEE_CATEGORIES for name in (each.name, *each.aliases)]
        assert len(names) == len(set(names))

    @pytest.mark.parametrize(
        ("text", "code"),
        [("西药费", "09"), ("诊查费", "02"), ("中草药费", "10"), ("其他住院收费", "14"), ("阿莫西林", "")],
    )
    def test_printed_names_are_found(self, text: str, code: str) -> None:
        category = find_category(text)
        assert (category.code if category else "") == code


PARSERS: tuple[Callable[[str], object], ...] = (
    parse_money,
    parse_unit_price,
    parse_quantity,
    split_quantity_unit,
    parse_capitals,
    parse_date,
    parse_date_range,
    parse_sex,
    parse_age,
)


@given(st.one_of(LIKELY, ANY))
def test_junk_raises_nothing_but_value_errors(text: str) -> None:
    for parse in PARSERS:
        try:
            parse(text)
        except ValueError:
            continue


@given(st.one_of(LIKELY, ANY))
def test_searching_junk_raises_nothing(text: str) -> None:
    find_date(text)
    repair_date(text, date(2000, 1, 1), date(2026, 1, 1))
    parse_ebill_code(text)
    parse_vat_code(text)
    find_category(text)
    is_masked(text)
    names_agree(text, text[::-1])
