"""医保结算单, the settlement sheet: sums by category and by fund, in a ruled form (domain.md §4).

Layout: the provincial sheets of 医保信息平台 (广东, 河南) and 北京市医疗保险住院结算单. Label and value stand
in cells side by side, often without a colon, and labels break into two lines inside their cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from extractors._cells import read_cells, with_cells_closed_up
from extractors._extractor import Extractor
from extractors._fields import FieldSpec, best_of, field_from
from extractors._items import SUMMING, item_of, split_levels
from extractors._letterhead import find_letterhead
from extractors._page_marks import find_page_mark
from extractors._prose import QUALIFIED
from extractors._titles import mentions, title_likeness
from extractors._values import as_age, as_amount, as_code, as_date, as_department, as_name, as_person, as_text
from pipeline.fee_categories import find_category
from pipeline.model import AnyField, Candidate, Document, Field, LineItem, Page
from pipeline.reading.layout import rows_of
from pipeline.reading.tables import AMOUNT, NAME, NUMBER, Column, outside_tables, read_table
from pipeline.text import parse_date_range, parse_quantity, parse_sex, squeeze

TYPE = "settlement_sheet"
TITLES = (
    *("基本医疗保险住院结算单", "基本医疗保险门诊结算单", "基本医疗保险结算单"),
    *("医疗保险住院结算单", "医疗保险门诊结算单"),
    *("医疗保险费用结算单", "医疗保险住院费用结算单", "医疗保险结算单"),
    *("医疗保障基金结算清单", "医保住院费用结算单"),
    *("医保费用结算单", "医保门诊结算单", "医保住院结算单", "医保结算清单", "医保结算单", "医疗费用结算单"),
    *("住院费用结算单", "门诊费用结算单", "住院结算单", "门诊结算单", "出院结算单"),
    *("费用结算单", "费用结算清单"),
    *("住院费用结算清单", "医疗费结算单", "医疗费用结算表", "医疗保险费用结算表", "医疗保险结算表"),
    *("结算汇总单", "结算单"),
    *("基本医疗保险费用结算单", "基本医疗保险住院费用结算单", "医疗保险基金结算单"),
    *("异地就医结算单", "异地就医费用结算单"),
)
_OTHER_TITLE = re.compile(r"明细|发票|票据|证明|通知")

PRICED = ("单价", "数量")
"""Columns that only lists of items have."""

SHEET_WORDS = (
    *("统筹", "起付", "基金支付", "个人账户", "现金支付", "结算", "自费", "人员类别", "险种", "医疗类别"),
)
BODY_WORDS = 6
"""So many of the words above make a sheet of a page without a title that has the table of categories."""
NO_TITLE = 0.6

STAY = "stay"
FUND_TOTAL, FUND_POOLED = "fund_total", "fund_pooled"
MAIN, SECONDARY, DISCHARGE, ANY = "main_diagnosis", "secondary_diagnosis", "discharge_diagnosis", "diagnosis"


def as_days(text: str) -> Decimal:
    """A number of days.

    >>> as_days("3天")
    Decimal('3')
    """
    return parse_quantity(text.strip("天日 "))


SPECS = (
    FieldSpec(
        "patient_name",
        ("患者姓名", "姓名", "病人姓名", "参保人姓名", "参保人员姓名", "参保人"),
        as_person,
        True,
    ),
    FieldSpec(
        "hospital_name",
        (
            *("医院名称", "医疗机构名称", "定点医疗机构名称", "医疗机构", "定点医疗机构"),
            *("就诊医院", "定点医院"),
            *("就医医院", "就诊医疗机构", "就医机构名称", "定点机构名称", "医药机构名称", "就诊机构"),
        ),
        as_name,
    ),
    FieldSpec(
        "total_amount",
        (
            *("总费用", "医疗费总额", "医疗费用总额", "医疗总费用", "费用总额", "总金额", "费用合计"),
            *("医疗费合计", "合计金额"),
            *("医疗费用合计", "住院总费用", "本次医疗费总额", "总费用合计", "费用总计", "总计"),
            *("合计", "医疗费用总计"),
            *("本次医疗费用总额", "住院医疗费总额", "医疗费总费用", "医疗总额", "发生费用总额"),
            *("费用总金额", "医疗费用总金额"),
        ),
        as_amount,
        True,
    ),
    FieldSpec(
        FUND_TOTAL,
        (
            *("基金支付合计金额", "基金支付合计", "基金支付总额", "医保基金支付总额"),
            *("医保基金支付合计", "基金支付总金额"),
            *("医保基金支付", "医保支付合计", "医保支付总额", "医保报销金额", "医保支付金额"),
            *("医保支付", "基金支付"),
            *("医疗保险基金支付", "报销金额合计", "医保报销合计", "基金支付金额"),
        ),
        as_amount,
    ),
    FieldSpec(
        FUND_POOLED,
        (
            *("统筹基金支付", "统筹支付", "统筹基金支付金额", "医保统筹基金支付"),
            *("基本医疗保险统筹基金支付", "统筹支付金额"),
            *("基本医疗统筹支付", "基本统筹支付", "医保统筹支付", "基本医疗保险统筹基金"),
            *("基本医疗保险基金", "统筹基金"),
            *("基本医疗保险(统筹)基金", "基本医疗保险统筹支付", "本次统筹支付", "医保统筹", "统筹报销金额"),
        ),
        as_amount,
    ),
    FieldSpec(
        "other_payment", ("其他支付", "其它支付", "其他基金支付", "其他医保支付", "其他基金"), as_amount
    ),
    FieldSpec(
        "account_payment",
        (
            *("个人账户支付金额", "个人账户支付", "账户支付", "个账支付", "个人帐户支付"),
            *("帐户支付", "个人账户支出"),
            *("本次个人账户支付", "个人账户", "个人账户支付总额", "医保个人账户支付"),
        ),
        as_amount,
    ),
    FieldSpec(
        "cash_payment",
        (
            *("个人现金支付", "个人现金支付金额", "现金支付", "现金支付金额", "个人支付金额"),
            *("个人支付", "个人支付合计"),
            *("个人自付现金", "本次现金支付", "个人负担现金", "个人现金"),
        ),
        as_amount,
    ),
    FieldSpec("self_pay", ("个人自付", "个人自付金额", "自付金额", "个人自付合计"), as_amount),
    FieldSpec(
        "self_funded",
        (
            *("自费费用", "个人自费", "自费金额", "全自费金额", "全自费费用", "全自费"),
            *("个人自费金额", "丙类自费"),
            *("完全自费", "自费费用合计", "自费合计", "全额自费"),
        ),
        as_amount,
    ),
    FieldSpec(
        "deductible",
        (
            *("本次起付标准", "起付标准", "起付线", "起付金额", "起付标准金额", "本次起付线"),
            *("起付标准自付", "起付线自付"),
        ),
        as_amount,
    ),
    FieldSpec("admission_date", ("入院日期", "入院时间", "住院开始日期"), as_date),
    FieldSpec("discharge_date", ("出院日期", "出院时间", "住院结束日期"), as_date),
    FieldSpec(
        STAY,
        ("住院日期", "住院时间", "住院起止日期", "住院期间", "住院起止时间", "就诊起止时间", "住院起止"),
        as_text,
    ),
    FieldSpec("inpatient_days", ("住院天数", "实际住院天数", "住院日数"), as_days),
    FieldSpec("visit_date", ("就诊日期", "就诊时间", "就医日期"), as_date),
    FieldSpec(
        MAIN, ("主要诊断", "主诊断", "出院主要诊断", "出院主诊断", "主要诊断名称", "第一诊断"), as_text
    ),
    FieldSpec(
        SECONDARY, ("次要诊断", "其他诊断", "出院其他诊断", "次要诊断名称", "其它诊断", "第二诊断"), as_text
    ),
    FieldSpec(DISCHARGE, ("出院诊断", "出院诊断名称", "出院疾病名称"), as_text),
    FieldSpec(
        ANY, ("诊断", "疾病诊断", "诊断名称", "临床诊断", "病种名称", "疾病名称", "病种", "门诊诊断"), as_text
    ),
    FieldSpec("inpatient_no", ("住院号", "住院号码", "住院病历号"), as_code),
    FieldSpec("outpatient_no", ("门诊号", "门(急)诊号", "就诊号", "门诊病历号"), as_code),
    FieldSpec("medical_record_no", ("病历号", "病案号", "病案号码"), as_code),
    FieldSpec(
        "department",
        ("出院科室", "科室", "科别", "住院科室", "出院科别", "就诊科室", "住院科别", "入院科室", "科室名称"),
        as_department,
    ),
    FieldSpec("sex", ("性别",), parse_sex),
    FieldSpec("age", ("年龄",), as_age),
    FieldSpec(
        "insurance_type",
        (
            *("险种类型", "险种", "医保类型", "参保类型", "医疗保险类型", "参保险种", "保险类别", "费别"),
            *("险种类别", "参保类别"),
        ),
        as_text,
    ),
    FieldSpec(
        "payer_id",
        (
            *("身份证号", "身份证号码", "社会保障号码", "证件号码", "公民身份号码", "有效证件号码"),
            *("社会保障号", "证件号"),
        ),
        as_code,
    ),
    FieldSpec(
        "insurance_no",
        (
            *("医保编号", "社会保障卡号", "社会保障卡卡号", "社保卡号", "个人编号", "医保卡号"),
            *("医疗证号", "医保个人编号"),
            *("社会保障卡卡号(可选)", "人员编号", "医疗保险号", "医保号", "参保人编号", "卡号"),
        ),
        as_code,
    ),
    FieldSpec(
        "settlement_no",
        (
            *("结算单号", "医保结算ID", "结算ID", "结算编号", "结算号", "结算流水号"),
            *("医保结算流水号", "清单流水号"),
            *("结算单编号", "单据号", "医保结算号", "结算业务号"),
        ),
        as_code,
    ),
    FieldSpec(
        "business_serial_no",
        ("业务流水号", "流水号", "就诊流水号", "住院流水号", "医保就诊ID", "就诊ID"),
        as_code,
    ),
    FieldSpec("invoice_number", ("发票号", "发票号码", "票据号码", "票据号"), as_code),
    FieldSpec(
        "issue_date",
        ("结算时间", "结算日期", "结算日", "费用结算日期", "医保结算时间", "医保结算日期"),
        as_date,
    ),
)
HIDDEN = (STAY, FUND_TOTAL, FUND_POOLED, MAIN, SECONDARY, DISCHARGE, ANY)
MONEY_FIELDS = tuple(spec.name for spec in SPECS if spec.parse is as_amount)

OTHER_LABELS = (
    *("参保地", "就医地", "参保单位", "单位名称", "工作单位", "医疗机构编码", "医院编码", "医院等级"),
    *("医院级别", "机构等级"),
    *("入院方式", "医疗类别", "就医方式", "就诊类型", "人员类型", "人员类别", "人员性质", "医疗待遇类别"),
    *("待遇类型", "公务员"),
    *("统筹基金支付范围内费用", "统筹基金支付范围", "符合基本医疗保险费用", "医保范围内金额"),
    *("医保范围内费用", "符合范围金额"),
    *("政策范围内费用", "政策范围内", "符合政策范围金额", "统筹范围内费用", "进入统筹金额", "年度医保范围内"),
    *("乙类先行自付费用", "乙类先行自付", "乙类先行自", "乙类自付", "乙类自理", "乙类首自付"),
    *("先行自付金额", "先行自付"),
    *("超限价自付费用", "超限价自付", "超限价", "超限价金额", "超限额自付", "按比例自付", "分段自付"),
    *("统筹自付", "自付一", "自付二"),
    *("个账家庭共济支付", "家庭共济账户支付", "个人账户共济支付", "个人账户余额"),
    *("账户余额", "本次结算前账户余额"),
    *("大额互助资金支付", "大额支付", "大病保险支付", "大病支付", "大病保险"),
    *("大病保险基金支付", "大额医疗费用补助"),
    *("公务员补助支付", "公务员补助", "公务员医疗补助", "企业补充支付", "企业补充保险", "单位补充"),
    *("退休补充", "残军补助"),
    *("医疗救助支付", "医疗救助", "医疗救助基金", "居民大病保险", "职工大额医疗"),
    *("伤残补助", "补充医疗保险支付"),
    *("预交金", "预交金额", "预缴金额", "退款金额", "退费金额", "应退金额", "补缴金额", "补交金额"),
    *("应补金额", "押金"),
    *("经办人", "复核人", "审核人", "操作员", "打印日期", "打印时间", "患者(家属)签字", "患者签字"),
    *("家属签字", "收款员"),
    *("联系电话", "电话", "地址", "备注", "入院诊断", "手术名称", "手术及操作", "诊断编码", "疾病编码"),
    *("病区", "床号"),
    *("住院次数", "年度累计统筹支付", "本年统筹累计支付", "累计起付标准", "个人负担"),
    *("个人负担合计", "个人负担总额"),
    *("大写", "(大写)", "合计大写", "合计(大写)", "总金额(大写)", "出生日期", "民族", "国籍", "职业"),
    *("结算方式", "结算类别", "单位", "金额单位", "用人单位"),
)

TABLE = (
    Column(
        NAME,
        (
            *("费用名称", "项目名称", "费用项目", "收费项目", "费用类别", "项目", "费用类型", "收费类别"),
            *("项目类别", "名称"),
        ),
        r"(?!-?¥?[\d,.]+$).*",
    ),
    Column(
        AMOUNT,
        (
            *("总费用", "金额", "费用金额", "合计", "总金额", "发生金额", "金额(元)", "费用", "费用总额"),
            *("金额合计", "费用合计"),
        ),
        NUMBER,
    ),
    Column("class_a", ("甲类", "甲类费用", "甲类金额", "甲"), NUMBER),
    Column("class_b", ("乙类", "乙类费用", "乙类金额", "乙"), NUMBER),
    Column("self_funded", ("自费", "丙类", "全自费", "自费金额", "丙类费用", "自费费用", "丙"), NUMBER),
    Column(
        "self_pay",
        (
            *("乙类先行自付", "先行自付", "自付", "自付金额", "自理", "乙类自付", "首自付"),
            *("部分自付", "自理金额"),
        ),
        NUMBER,
    ),
    Column("over_limit", ("超限价自付", "超限价", "超限额", "超标"), NUMBER),
    Column(
        "covered",
        ("医保内", "报销金额", "医保范围内", "统筹范围", "记账金额", "医保金额", "可报金额"),
        NUMBER,
    ),
    Column("rest", ("其他", "其它"), NUMBER),
)
STOPS = (
    *("总费用", "合计", "总计", "小计", "医疗费总额", "费用合计", "费用总额", "基金支付", "统筹基金"),
    *("个人账户", "个人现金"),
    *("本次起付", "起付", "大写", "注:", "备注", "经办", "医疗费用总额", "金额合计", "医保支付"),
    *("医保基金", "总金额"),
)


def own_title(page: Page) -> tuple[float, str]:
    """How surely the page bears the title of a settlement sheet, and the title."""
    likeness, text = title_likeness(page, TITLES)
    if not likeness or "结算" not in text or _OTHER_TITLE.search(text):
        return 0.0, ""
    return likeness, text


def identify(page: Page) -> float:
    """Sure when the title is there, unless single items are priced; likely by its table and its words."""
    likeness, _ = own_title(page)
    if likeness:
        return likeness if mentions(page, PRICED) < len(PRICED) else likeness / 2
    if (
        mentions(page, ("发票", "票据", "结算明细", "单价", "处方"))
        or mentions(page, SHEET_WORDS) < BODY_WORDS
    ):
        return 0.0
    return NO_TITLE if len(_items_in_table([page])) > 1 else 0.0


def continues(pages: Sequence[Page], page: Page) -> bool:
    """A sheet runs on only where its page mark says so."""
    mark, last = find_page_mark(page), find_page_mark(pages[-1])
    if mark is None or last is None or mark.number != last.number + 1 or mark.count != last.count:
        return False
    return (
        own_title(page)[0] > 0
        or not title_likeness(page, ("收费票据", "电子发票", "诊断证明", "费用清单"))[0]
    )


def extract(pages: Sequence[Page], sure: float) -> Document:
    """Read the head, the sums by fund and the table of categories."""
    known = {squeeze(label) for label in (*OTHER_LABELS, *(label for s in SPECS for label in s.labels))}
    known |= {squeeze(label) for column in TABLE for label in column.labels}
    unwrapped = [replace(page, words=tuple(with_cells_closed_up(page.words, known))) for page in pages]
    in_table, in_pairs = _items_in_table(unwrapped), _items_in_pairs(unwrapped)
    # A caption over pairs of cells (费用项目及金额) looks like the header of a table and loses most.
    is_table = len(in_table) >= len(in_pairs)
    rest = outside_tables(unwrapped, TABLE, STOPS) if is_table else unwrapped
    readings, extras = read_cells(rest, SPECS, OTHER_LABELS)
    fields = {name: best_of(found) for name, found in readings.items()}
    _settle_fund(fields)
    _settle_stay(fields)
    _settle_diagnoses(fields)
    if "hospital_name" not in fields and (hospital := find_letterhead(pages, TITLES)):
        fields["hospital_name"] = hospital
    items, totals = split_levels(in_table if is_table else in_pairs)
    return Document(
        type=TYPE,
        subtype=_subtype(pages, fields),
        type_confidence=sure,
        file=pages[0].file,
        pages=tuple(page.size for page in pages),
        fields={
            name: fields[name] for name in (*FIELD_NAMES, *fields) if name in fields and name not in HIDDEN
        },
        items=items,
        category_totals=totals,
        extras=extras,
        title=own_title(pages[0])[1],
    )


# ---------------------------------------------------------------- what several cells say together


def _settle_fund(fields: dict[str, AnyField]) -> None:
    """`fund_payment`: the sum of all funds, or what the fund line says where only that closes the bill.

    A seal likes to lie over the one or the other; both are printed, so the one that makes
    fund + other + account + cash the total was read right (V-4).
    """
    total, pooled = fields.pop(FUND_TOTAL, None), fields.pop(FUND_POOLED, None)
    readings = [field for field in (total, pooled) if field is not None]
    if not readings:
        return
    closing = [field for field in readings if _closes(fields, field)]
    best = next(iter(closing), None) or next((f for f in readings if f.value is not None), readings[0])
    rivals = tuple(
        Candidate(str(field.value), field.confidence)
        for field in readings
        if field.value not in (None, best.value)
    )
    fields["fund_payment"] = replace(best, candidates=(*best.candidates, *rivals))


def _closes(fields: dict[str, AnyField], fund: AnyField) -> bool:
    paid = [
        fields[name].value for name in ("other_payment", "account_payment", "cash_payment") if name in fields
    ]
    amounts = [amount for amount in (fund.value, *paid) if isinstance(amount, Decimal)]
    total = fields["total_amount"].value if "total_amount" in fields else None
    return len(amounts) > 1 and isinstance(fund.value, Decimal) and sum(amounts, Decimal(0)) == total


def _settle_stay(fields: dict[str, AnyField]) -> None:
    stay = fields.pop(STAY, None)
    if stay is None:
        return
    try:
        days = parse_date_range(stay.text)
    except ValueError:
        return
    for name, day in zip(("admission_date", "discharge_date"), days, strict=True):
        fields.setdefault(name, replace(stay, value=day))


def _settle_diagnoses(fields: dict[str, AnyField]) -> None:
    """The main diagnosis and the others, or what the patient left with."""
    found = {name: fields.pop(name, None) for name in (MAIN, SECONDARY, DISCHARGE, ANY)}
    chosen = [field for name in (MAIN, SECONDARY) if (field := found[name])] if found[MAIN] else []
    chosen = chosen or [field for name in (DISCHARGE, ANY) if (field := found[name])][:1]
    names = [name for field in chosen for name in _diagnoses_in(field.text)]
    if names:
        fields["diagnoses"] = Field(
            ";".join(dict.fromkeys(names)),
            ";".join(field.text for field in chosen),
            min(field.confidence for field in chosen),
            chosen[0].page,
            chosen[0].box,
            chosen[0].origin,
            reading=min((f.reading for f in chosen if f.reading), key=lambda r: r.least, default=None),
        )


_ICD_CODE = re.compile(r"[\[(（]?[A-Z]\d{2}(?:\.[\dxX]{1,6})?[+*]?[\])）]?\s*[:：]?")
_NUMBER = re.compile(r"(?<![\d.])\d{1,2}[.、)](?!\d)")


def _diagnoses_in(text: str) -> list[str]:
    """The names of diagnoses in a cell, without their numbers and codes.

    >>> _diagnoses_in("1.急性阑尾炎（K35.900） 2.高血压病")
    ['急性阑尾炎', '高血压病']
    """
    parts = re.split(f"[;；。]+|[,，]+{QUALIFIED}", _NUMBER.sub(";", _ICD_CODE.sub("", text)))
    names = (re.sub(r"\s+", "", part).strip(":：.、") for part in parts)
    return [name for name in names if name not in ("", "无", "-", "/")]


def _subtype(pages: Sequence[Page], fields: dict[str, AnyField]) -> str:
    title = own_title(pages[0])[1]
    if "门诊" in title:
        return "outpatient"
    is_stay = bool({"admission_date", "inpatient_no", "inpatient_days"} & fields.keys())
    return "inpatient" if "住院" in title or "出院" in title or is_stay else "outpatient"


# ---------------------------------------------------------------- categories


def _items_in_table(pages: Sequence[Page]) -> list[LineItem]:
    """The rows of the table of categories; a name with no amount is an empty place of the form."""
    rows = read_table(pages, TABLE, STOPS)
    items = [item_of(row) for row in rows if not SUMMING.search(squeeze(row.text))]
    return [
        item for item in items if item is not None and item.amount is not None and _is_category_name(item)
    ]


def _is_category_name(item: LineItem) -> bool:
    return item.name is not None and re.search(r"[\u4e00-\u9fff]", item.name.text) is not None


def _items_in_pairs(pages: Sequence[Page]) -> list[LineItem]:
    """Categories with their amounts in the next cell, or in the cell below, where there is no header."""
    items = []
    for page in pages:
        rows = rows_of(page.words)
        for i, row in enumerate(rows):
            pairs = [(a, b) for a, b in pairwise(row) if find_category(a.text)]
            below = rows[i + 1] if i + 1 < len(rows) else ()
            if len(pairs) > 1 and all(find_category(b.text) for _, b in pairs) and below:
                names = [word for word in row if find_category(word.text)]
                pairs = [(name, min(below, key=lambda w, n=name: abs(w.box.cx - n.box.cx))) for name in names]  # type: ignore[misc]
            for name, amount in pairs:
                money = field_from(amount, as_amount, page.number)
                if money.value is not None:
                    items.append(
                        LineItem(page.number, name=field_from(name, as_text, page.number), amount=money)
                    )
    return items


def required_of(document: Document) -> tuple[str, ...]:  # noqa: ARG001 - the form of the hook
    """Whose treatment it is, and what it came to."""
    return tuple(spec.name for spec in SPECS if spec.required)


FIELD_NAMES = (
    *("patient_name", "hospital_name", "total_amount", "fund_payment", "other_payment", "account_payment"),
    *("cash_payment", "self_pay", "self_funded", "deductible", "admission_date"),
    *("discharge_date", "inpatient_days"),
    *("diagnoses", "department", "sex", "age", "inpatient_no", "outpatient_no"),
    *("medical_record_no", "visit_date"),
    *("insurance_type", "insurance_no", "payer_id", "settlement_no", "business_serial_no"),
    *("invoice_number", "issue_date"),
)

EXTRACTOR = Extractor(TYPE, "医保结算单", identify, extract, FIELD_NAMES, required_of, continues)
