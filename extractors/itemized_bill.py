"""费用清单, the itemized bill: for a stay, a day, a visit or one electronic bill (domain.md §4).

Lists are ruled or not, run over one page or many, repeat their header or not, and group their rows under
categories or do not. What only sums (小计, 本页小计, 承前页, 过次页, 累计) is never an item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from rapidfuzz.distance import Levenshtein

from extractors._bill_columns import STOPS, TABLE
from extractors._clinical import HOSPITAL
from extractors._extractor import Extractor
from extractors._fields import FieldSpec, best_of, field_from, labelled_values, read_labelled
from extractors._groups import amount_word, read_groups, stands_apart, without_sequence
from extractors._items import stated_items, total_of
from extractors._letterhead import find_letterhead
from extractors._page_marks import find_page_mark, without_page_mark, without_page_marks
from extractors._titles import mentions, title_likeness
from extractors._values import (
    as_age,
    as_amount,
    as_capitals,
    as_code,
    as_date,
    as_department,
    as_institution,
    as_person,
    as_text,
    capitals_amount,
    figure_behind_words,
)
from pipeline.model import AnyField, Box, Candidate, Document, LineItem, Page
from pipeline.reading.layout import LabelList, rows_of
from pipeline.reading.tables import (
    AMOUNT,
    NAME,
    TableRow,
    outside_tables,
    read_table,
    read_table_by_example,
)
from pipeline.text import parse_date_range, parse_sex, squeeze

TYPE = "itemized_bill"
TITLES = (
    *("住院患者费用明细清单", "住院病人费用明细清单", "住院费用明细清单"),
    *("住院病人费用清单", "住院患者费用清单"),
    *("住院费用汇总清单", "住院费用结算明细单", "费用结算明细单", "住院费用清单"),
    *("住院费用明细", "住院收费明细"),
    *("住院费用汇总单", "出院费用清单", "出院费用明细清单", "出院病人费用清单", "住院明细清单", "住院清单"),
    *("住院病人一日清单", "住院患者一日清单", "一日费用清单", "每日费用清单", "住院日清单"),
    *("住院每日清单", "日费用清单"),
    *("一日清单", "每日清单", "费用日清单", "住院病人费用一日清单", "病人费用日清单", "住院费用一日清单"),
    *("门诊费用清单", "门诊费用明细清单", "门诊收费明细", "门诊收费清单", "门诊费用明细", "门诊收费明细清单"),
    *("门诊患者费用清单", "门诊明细清单", "急诊费用清单", "门急诊费用清单", "门(急)诊费用清单", "门诊清单"),
    *("医疗收费明细(电子)", "医疗收费明细", "医疗费用明细清单", "医疗费用明细"),
    *("医疗费用清单", "收费明细清单"),
    *("费用明细清单", "费用汇总清单", "费用明细单", "费用清单", "费用明细", "收费明细单"),
    *("收费清单", "费用汇总单"),
    *("明细清单", "费用明细表", "住院费用明细表", "病人费用明细表", "药品费用清单"),
    *("诊疗费用清单", "项目明细清单"),
)
_OWN_TITLE = re.compile(r"明细|清单|日清|汇总单|明[^细]清|[^明]细清")
_OTHER_TITLE = re.compile(r"票据|发票|结算清单|结算单|证明|处方|检验|检查报告|药品清单[:：]|材料清单|目录")

_FIGURES_BEHIND = re.compile(r"(?<=[整正元圆角分])\(?(?:小写)?[:)]*¥?-?\d[\d,]*\.\d{2}元?\)?$")


def as_words(text: str) -> str:
    """The total in words, without the same in figures where the row goes on with it.

    >>> as_words("叁佰贰拾肆元捌角整 324.80")
    '叁佰贰拾肆元捌角整'
    """
    return as_capitals(_FIGURES_BEHIND.sub("", squeeze(text)))


def as_total(text: str) -> Decimal:
    """A total in figures, alone or behind the same in words.

    >>> as_total("叁佰贰拾肆元捌角整 ¥324.80")
    Decimal('324.80')
    """
    figure = figure_behind_words(text)
    return as_amount(text) if figure is None else figure


PERIOD = "period"
STAY = "stay"
DAY = "day"
SPECS = (
    FieldSpec(
        "patient_name",
        (
            *("姓名", "患者姓名", "病人姓名", "患者", "病员姓名", "病人", "患者名称", "交款人"),
            *("缴款人", "就诊人"),
        ),
        as_person,
        required=True,
    ),
    FieldSpec(
        "hospital_name",
        (
            *("医院名称", "医疗机构", "医疗机构名称", "就诊医院", "定点医疗机构"),
            *("定点医疗机构名称", "单位名称"),
            *("收款单位", "收款单位(章)", "就医医院", "就诊机构"),
        ),
        as_institution,
    ),
    FieldSpec(
        PERIOD,
        (
            *("费用期间", "费用起止日期", "费用起止时间", "起止日期", "起止时间", "统计日期"),
            *("统计时间", "统计期间"),
            *("费用日期范围", "日期范围", "时间范围", "费用时间范围", "清单日期", "查询日期"),
            *("查询时间", "费用时间"),
            *("费用时段", "计费日期", "记账日期", "费用所属期", "结算期间", "费用发生期间"),
            *("发生日期", "清单时间"),
        ),
        as_text,
    ),
    FieldSpec(STAY, ("住院日期", "住院时间", "住院起止日期", "住院期间"), as_text),
    FieldSpec("total_amount", (), as_amount, required=True),
    FieldSpec(
        "total_in_words",
        (
            *("合计金额(大写)", "合计(大写)", "金额合计(大写)", "总计(大写)"),
            *("费用合计(大写)", "总金额(大写)"),
            *("人民币(大写)", "大写", "(大写)", "金额大写", "合计大写", "大写金额"),
            *("总费用(大写)", "人民币大写"),
        ),
        as_words,
    ),
    FieldSpec("medical_record_no", ("病历号", "病案号", "病例号", "病历号码", "病案号码", "病人号"), as_code),
    FieldSpec(
        "outpatient_no",
        ("门诊号", "门(急)诊号", "门诊病历号", "患者编号", "就诊号", "门诊编号", "门诊流水号", "就诊流水号"),
        as_code,
    ),
    FieldSpec("inpatient_no", ("住院号", "住院号码", "住院病历号", "住院编号", "住院登记号"), as_code),
    FieldSpec(
        "business_serial_no", ("业务流水号", "流水号", "住院流水号", "结算流水号", "交易流水号"), as_code
    ),
    FieldSpec(
        "department",
        (
            *("科室", "科别", "住院科室", "住院科别", "出院科室", "就诊科室", "所在科室"),
            *("当前科室", "科室名称"),
            *("病人科室", "患者科室", "费用科室", "出院科别", "入院科室"),
        ),
        as_department,
    ),
    FieldSpec("sex", ("性别",), parse_sex),
    FieldSpec("age", ("年龄",), as_age),
    FieldSpec(
        "insurance_type",
        (
            *("医保类型", "费别", "人员类别", "医保付费方式", "病人类型", "患者类型", "医保类别"),
            *("付费方式", "险种类型"),
            *("险种", "病人性质", "患者性质", "收费类别", "病人费别", "人员类型", "身份"),
            *("参保类型", "费用类别"),
        ),
        as_text,
    ),
    FieldSpec("invoice_code", ("所属电子票据代码", "电子票据代码", "票据代码"), as_code),
    FieldSpec(
        "invoice_number",
        ("所属电子票据号码", "电子票据号码", "票据号码", "发票号码", "发票号", "收据号", "票据号"),
        as_code,
    ),
    FieldSpec("admission_date", ("入院日期", "入院时间"), as_date),
    FieldSpec("discharge_date", ("出院日期", "出院时间"), as_date),
    FieldSpec(
        DAY,
        ("费用日期", "日期", "收费日期", "就诊日期", "就诊时间", "收费时间", "结算日期", "结算时间"),
        as_text,
    ),
)
HIDDEN = (PERIOD, STAY, DAY)

TOTAL_LABELS = (
    *("合计金额(小写)", "合计(小写)", "金额合计(小写)", "总计(小写)", "总金额(小写)", "(小写)"),
    *("小写", "费用合计"),
    *("合计金额", "总金额", "总费用", "费用总额", "总计", "合计", "总计金额", "金额合计"),
    *("本次合计", "费用总计"),
    *("医疗费总额", "医疗总费用", "合计费用", "住院总费用", "总额", "清单合计", "费用总金额"),
    *("总合计", "应收合计"),
    *("本日合计", "当日合计", "今日合计", "日合计", "当日费用", "当日费用合计", "本日费用", "本日费用合计"),
    *("今日费用", "当日总费用", "本日总费用", "合计总金额", "医疗费用合计", "总费用合计"),
    *("小写金额", "发生费用"),
)
_GRAND_TOTAL = re.compile(
    r"(?:(?:费用|金额|本次|总|清单|医疗费用?|[本当今]日(?:费用)?|住院|应收|全部)?(?:合计|总计|总额)(?:金额|费用)?"
    r"|总金额|总费用|费用总额|[本当今]日费用)(?:\((?:元|小写)\))?:?(?P<amount>¥?-?\d[\d,]*(?:\.\d{1,4})?)?元?"
)

OTHER_LABELS = (
    *("床号", "床位", "床位号", "病区", "打印日期", "打印时间", "打印人", "诊断", "入院诊断"),
    *("出院诊断", "住院天数"),
    *("预交金", "预交款", "预交金额", "预交金余额", "余额", "账户余额", "累计费用", "累计金额", "累计"),
    *("欠费", "医生"),
    *("主治医生", "主管医生", "主治医师", "经治医生", "开单医生", "开单科室", "执行科室", "联系电话"),
    *("电话", "地址"),
    *("身份证号", "身份证号码", "医保卡号", "医保编号", "社保卡号", "卡号", "就诊卡号", "登记号"),
    *("制表人", "制表日期"),
    *("收费员", "操作员", "经办人", "审核人", "复核人", "打印次数", "结算方式", "医院等级"),
    *("医院级别", "医保支付"),
    *("基金支付", "统筹支付", "统筹基金支付", "个人账户支付", "现金支付", "个人现金支付"),
    *("自付金额", "自费金额"),
    *("个人自付", "个人自费", "自费", "自付", "甲类", "乙类", "丙类", "单位", "备注", "页码"),
    *("病种", "入院次数"),
    *("住院次数", "参保地", "参保单位", "单据号", "处方号", "交款日期", "开票日期"),
    *("校验码", "电子票据校验码"),
    *(
        "患者签字",
        "患者签名",
        "病人签字",
        "病人签名",
        "家属签字",
        "家属签名",
        "患者家属签字",
        "患者或家属签字",
    ),
    *("病人家属签字", "患者(家属)签字", "患者确认签字", "患者(家属)签名"),
)

BODY = ("姓名", "住院号", "门诊号", "患者", "病人")
FOREIGN = (
    *("发票", "票据代码", "收费票据", "税率", "税额", "处方", "Rp", "诊断证明", "出院记录", "出院小结"),
    *("参考范围", "参考区间", "检验报告", "小票", "购买方"),
)
NO_TITLE = 0.6
"""A list without a readable title, told by its columns and its patient."""

CLOSED_TITLE = re.compile(r"票据|发票|证明|处方|结算单|出院记录|出院小结|身份证|病历|报告单|申请表")


PERSONAL = ("patient_name", "inpatient_no", "outpatient_no", "invoice_number")
"""What tells the list of one patient and visit from another."""


def own_title(page: Page) -> tuple[float, str]:
    """How surely the page bears the title of a list, and the title."""
    likeness, text = title_likeness(page, TITLES)
    if likeness and _OWN_TITLE.search(text) and not _OTHER_TITLE.search(text.replace("结算明细", "明细")):
        return likeness, _bare_title(text)
    return 0.0, ""


def _bare_title(text: str) -> str:
    return HOSPITAL.sub("", without_page_mark(text), count=1) or text


def identify(page: Page) -> float:
    """Sure when the title is there; likely by a table of priced rows about a patient."""
    likeness, _ = own_title(page)
    if likeness:
        return likeness
    if mentions(page, FOREIGN) or not mentions(page, BODY):
        return 0.0
    priced = [row for row in read_table([page], TABLE, STOPS, stands_apart) if _is_priced(row)]
    return NO_TITLE if priced else 0.0


def _is_priced(row: TableRow) -> bool:
    return {NAME, AMOUNT, "unit_price"} <= row.cells.keys() and bool(
        {"quantity", "quantity_unit"} & row.cells.keys()
    )


def continues(pages: Sequence[Page], page: Page) -> bool:
    """Whether a page goes on with the list: by page marks, by the same head, or because the table does."""
    mark, last = find_page_mark(page), find_page_mark(pages[-1])
    # A sheet between the two that could not be read was counted when the pages were numbered.
    step = max(1, page.number - pages[-1].number)
    if mark is not None and (
        mark.number == 1 or (last is not None and mark.number - last.number not in (1, step))
    ):
        return False
    if last is not None and last.count == last.number:
        return False
    titled = own_title(page)[0] > 0
    if not titled and _has_other_title(page):
        return False
    if not _same_head(pages[0], page):
        return False
    if mark is not None and (titled or mark.number in (len(pages) + 1, page.number - pages[0].number + 1)):
        return True
    if _is_closed(pages[-2:]):
        return False
    rows = read_table([*pages[-1:], page], TABLE, STOPS, stands_apart)
    return any(row.page == page.number and AMOUNT in row.cells for row in rows)


def _has_other_title(page: Page) -> bool:
    rows = rows_of(page.words)[:6]
    return any(CLOSED_TITLE.search(squeeze("".join(word.text for word in row))) for row in rows)


def _same_head(first: Page, page: Page) -> bool:
    """Whether the heads of two pages speak of one list; a page without a head speaks of any.

    Days must agree: lists of two days differ in nothing else. A name or number may be misread by one
    character where another agrees.
    """
    # Inside the table 日期：2026-03-12 heads the rows of one day and says nothing of the list.
    heads = outside_tables([first, page], TABLE, STOPS)
    (head, _), (own, _) = (read_labelled([rest], SPECS, OTHER_LABELS) for rest in heads)
    shared = [name for name in (*PERSONAL, PERIOD, DAY) if name in head and name in own]
    apart = {name: Levenshtein.distance(squeeze(head[name].text), squeeze(own[name].text)) for name in shared}
    if any(apart.get(name, 0) for name in (PERIOD, DAY)) or any(distance > 1 for distance in apart.values()):
        return False
    return not any(apart.values()) or not all(apart.values())


def _is_closed(pages: Sequence[Page]) -> bool:
    """Whether the grand total is already there."""
    return any(_grand_total(row) for row in read_table(pages, TABLE, STOPS, stands_apart))


def _grand_total(row: TableRow) -> AnyField | None:
    """The sum of the whole list, where a row gives it; 小计 and 累计 are none."""
    for word in row.cells.values():
        match = _GRAND_TOTAL.fullmatch(squeeze(word.text))
        if match is None:
            continue
        if match["amount"]:
            number = re.search(r"[¥￥]?-?\d.*", word.text)
            return (
                field_from(word.part(number.start(), len(word.text)), as_amount, row.page) if number else None
            )
        if amount := amount_word(row):
            return field_from(amount, as_amount, row.page)
    return None


def extract(pages: Sequence[Page], sure: float) -> Document:
    """Read the head, the rows with their categories, and the total."""
    rest = [without_page_marks(page) for page in outside_tables(pages, TABLE, STOPS)]
    rows = without_sequence(read_table(pages, TABLE, STOPS, stands_apart))
    items, totals = read_groups(rows)
    items = tuple(stated_items(pages)) or items
    fields, extras = read_labelled(rest, SPECS, (*OTHER_LABELS, *TOTAL_LABELS))
    extras = {label: text for label, text in extras.items() if label not in TOTAL_LABELS}
    if "hospital_name" not in fields and (hospital := find_letterhead(pages, TITLES)):
        fields["hospital_name"] = hospital
    if total := _total(rest, rows, fields, items):
        fields["total_amount"] = total
    _set_period(fields, rows)
    title = own_title(pages[0])[1]
    marks = [mark for page in pages if (mark := find_page_mark(page))]
    if marks:
        extras["page_marks"] = ";".join(f"{mark.number}/{mark.count}" for mark in marks if mark.count)
    return Document(
        type=TYPE,
        subtype=_subtype(title, fields, pages),
        type_confidence=sure,
        file=pages[0].file,
        pages=tuple(page.size for page in pages),
        fields={
            name: fields[name] for name in (*FIELD_NAMES, *fields) if name in fields and name not in HIDDEN
        },
        items=items,
        category_totals=totals,
        extras=extras,
        title=title,
    )


def rows_by_example(pages: Sequence[Page], example: Sequence[tuple[str, Box]]) -> tuple[LineItem, ...]:
    """The charged rows of a table of which somebody showed one row.

    Args:
        pages: The page of the row, and those behind it that the list may run over.
        example: Column (`name`, `amount`, …) and place of each shown cell; `name` and one that says what is
            charged are wanted.

    Raises:
        ValueError: If no cell is shown.
    """
    rows = read_table_by_example(pages, example, TABLE, STOPS, stands_apart)
    return read_groups(without_sequence(rows))[0]


def _total(
    rest: Sequence[Page], rows: Iterable[TableRow], fields: dict[str, AnyField], items: Sequence[LineItem]
) -> AnyField | None:
    """The grand total: of several sums the one that the words or the rows prove, else the last."""
    labels = LabelList({**dict.fromkeys(OTHER_LABELS, ""), **dict.fromkeys(TOTAL_LABELS, "total_amount")})
    labelled = [
        field_from(found.value, as_total, page.number)
        for page, found in labelled_values(rest, labels)
        if found.name and found.value is not None
    ]
    sums = [total for row in rows if (total := _grand_total(row))]
    readings = [field for field in (*sums, *labelled) if field.value is not None]
    if not readings:
        return next(iter((*sums, *labelled)), None)
    words = fields.get("total_in_words")
    stated = capitals_amount(words.value) if words and isinstance(words.value, str) else None
    for proof in (stated, total_of(items)):
        proven = [field for field in readings if field.value == proof]
        if proven:
            return _with_rivals(best_of(proven), readings)
    return _with_rivals(readings[-1], readings)


def _with_rivals(field: AnyField, readings: Sequence[AnyField]) -> AnyField:
    rivals = {str(other.value): other.confidence for other in readings if other.value != field.value}
    return replace(field, candidates=tuple(Candidate(value, sure) for value, sure in rivals.items()))


def _set_period(fields: dict[str, AnyField], rows: Iterable[TableRow]) -> None:
    """The days that the list is about: as printed, else the stay, else one day, else those of its rows."""
    for name in (PERIOD, STAY):
        if name in fields and (days := _days_of(fields[name])):
            _put_period(fields, fields[name], fields[name], days)
            return
    if {"admission_date", "discharge_date"} <= fields.keys():
        first, last = fields["admission_date"], fields["discharge_date"]
        if isinstance(first.value, date) and isinstance(last.value, date):
            _put_period(fields, first, last, (first.value, last.value))
            return
    if DAY in fields and (days := _days_of(fields[DAY])):
        _put_period(fields, fields[DAY], fields[DAY], days)
        return
    dated = [field_from(row.cells["fee_date"], as_date, row.page) for row in rows if "fee_date" in row.cells]
    known = sorted(
        (field for field in dated if field.value is not None), key=lambda field: field.value or date.min
    )
    if known and known[0].value and known[-1].value:
        _put_period(fields, known[0], known[-1], (known[0].value, known[-1].value))


def _put_period(
    fields: dict[str, AnyField], first: AnyField, last: AnyField, days: tuple[date, date]
) -> None:
    fields["period_start"] = replace(first, value=days[0])
    fields["period_end"] = replace(last, value=days[1])


def _days_of(field: AnyField) -> tuple[date, date] | None:
    try:
        return parse_date_range(field.text)
    except ValueError:
        pass
    try:
        day = as_date(field.text)
    except ValueError:
        return None
    return day, day


_SUBTYPES = (
    (r"电子|医疗收费明细", "ebill_fee_detail"),
    (r"日清单|一日|每日|日费用|日清", "daily_fee_list"),
    (r"住院|出院", "inpatient_fee_list"),
    (r"门诊|急诊", "outpatient_fee_list"),
    (r"结算明细", "inpatient_fee_list"),
)


def _subtype(title: str, fields: dict[str, AnyField], pages: Sequence[Page]) -> str:
    """By the title, else by what the head carries."""
    if "invoice_code" in fields and mentions(pages[0], ("所属电子票据",)):
        return "ebill_fee_detail"
    for pattern, subtype in _SUBTYPES:
        if re.search(pattern, title):
            return subtype
    is_stay = (
        bool({"inpatient_no", STAY, "admission_date"} & fields.keys()) or mentions(pages[0], ("住院",)) > 0
    )
    return "inpatient_fee_list" if is_stay else "outpatient_fee_list"


def required_of(document: Document) -> tuple[str, ...]:
    """Whose bill it is, and what it comes to; the details of an e-bill name the bill instead of a sum."""
    if document.subtype == "ebill_fee_detail":
        return ("patient_name", "invoice_number")
    return tuple(spec.name for spec in SPECS if spec.required)


FIELD_NAMES = (
    *("patient_name", "hospital_name", "period_start", "period_end", "total_amount"),
    *(
        spec.name
        for spec in SPECS
        if spec.name not in (*HIDDEN, "patient_name", "hospital_name", "total_amount")
    ),
)

EXTRACTOR = Extractor(TYPE, "费用清单", identify, extract, FIELD_NAMES, required_of, continues)
