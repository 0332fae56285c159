"""Medical invoices, electronic and on paper: what the outpatient and the inpatient form share.

Forms: 财综〔2019〕29号 (national e-bill), the paper tickets of 北京, 中央 and other issuers. Labels are
verbatim, with the variants seen; the labels of 其他信息 that have no field name are kept as extras.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from extractors._fields import FieldSpec, best_of, doubted, field_from, read_labelled
from extractors._items import items_of, split_levels, stated_items
from extractors._overprint import PREPRINTED, Slipped, labels_alone
from extractors._slip import may_have_slipped, slip_of
from extractors._titles import mentions, title_likeness
from extractors._values import (
    BARE_DATE,
    as_age,
    as_amount,
    as_capitals,
    as_code,
    as_date,
    as_digits,
    as_name,
    as_text,
    capitals_amount,
)
from pipeline.fee_categories import find_category
from pipeline.model import AnyField, Box, Candidate, Document, LineItem, Page, Word
from pipeline.reading.layout import LabelList, joined, rows_of
from pipeline.reading.tables import AMOUNT, NAME, NUMBER, TEXT, Column, read_table
from pipeline.text import CENT, fold, parse_date_range, parse_money, parse_quantity, parse_sex, squeeze

_SEAL = re.compile("(?:医疗|电子|门诊|住院|收费|财务|发票|票据|结算)*专用章.*")
_SEAL_SCRAPS = re.compile("(?<=[院所心室部店司])[收费财务发票据专用门章]*[专章费][收费财务发票据专用门章]*$")
"""What is left of a seal's inscription behind the last character of an institution's name."""

_SEAL_PIECE = re.compile(
    "(?<=[院所心室部店司])[^院所心室部店司()]{0,4}(?:票据|专用|财务|收费|发票)[^院所心室部店司()]{0,4}$"
)
"""The same with characters misread, told by a word of it that was not."""


def as_payee(text: str) -> str:
    """The name of who was paid, without what the seal beside it says.

    >>> as_payee("德州市人民医院财务专用章"), as_payee("洛阳正骨医院费专门")
    ('德州市人民医院', '洛阳正骨医院')
    >>> as_payee("宜兴县中医医院货票据专用")
    '宜兴县中医医院'
    """
    return as_name(_SEAL_PIECE.sub("", _SEAL_SCRAPS.sub("", _SEAL.sub("", text).strip())))


_ID_LABEL = "统一社会信用代码"


def as_payer(text: str) -> str:
    """A payer's name; a piece of the label in the row below is none.

    >>> as_payer("李示例")
    '李示例'
    """
    value = as_name(text)
    if _FIGURES.search(value):
        raise ValueError("a date or a number, not a name")
    if len(value) >= SHORTEST_PIECE and value in f"交款人{_ID_LABEL}":
        raise ValueError("a label, not a name")
    return value


SHORTEST_PIECE = 4
_FIGURES = re.compile("[0-9]{2}")

_BEHIND_INSURANCE = re.compile(r"\s*(?:[★☆*].*|医保[\u3400-\u9fff]{0,2}:?\s*[0-9].*)$")


def as_insurance(text: str) -> str:
    """How a person is insured, without the star of a seal or the number whose label was misread.

    >>> as_insurance("居民医保济★医保馆号:370137"), as_insurance("城乡居民基本医疗保险 医保编3401")
    ('居民医保济', '城乡居民基本医疗保险')
    """
    return as_text(_BEHIND_INSURANCE.sub("", fold(text)))


def as_total(text: str) -> Decimal:
    """The total, also where the form prints its colon behind the sign.

    >>> as_total("￥：353.25")
    Decimal('353.25')
    """
    return as_amount(re.sub(r"^\s*¥\s*:\s*", "", fold(text)))


_DATE_RUNS_IN = re.compile("年[0-9]{1,2}月|[0-9]月[0-9]{1,2}日")


def as_clerk(text: str) -> str:
    """Name or number of who took the money; not one that the date beside it ran into.

    >>> as_clerk("5679")
    '5679'
    >>> as_clerk("5679年06月27日")
    Traceback (most recent call last):
    ...
    ValueError: a date, not a name or number alone
    """
    value = as_text(text)
    if _DATE_RUNS_IN.search(value):
        raise ValueError("a date, not a name or number alone")
    return value


_BEHIND_WORDS = re.compile("(?<=[整正分])[^零壹贰叁肆伍陆柒捌玖拾佰仟万元圆角分整正]+$")


_STRUCK_PLACES = re.compile("[佰拾万仟]?(?:[⊗※☒×❌Ⓧ][佰拾万仟])+(?=[壹贰叁肆伍陆柒捌玖])")
"""佰⊗拾⊗万⊗仟: a form for amounts by hand prints its places, those without a digit are struck out."""


def as_words(text: str) -> str:
    """An amount in words, without what a seal left behind its last unit.

    >>> as_words("壹佰叁拾贰元肆角肆分★"), as_words("柒佰玖拾壹元贰角叁分液综日")
    ('壹佰叁拾贰元肆角肆分', '柒佰玖拾壹元贰角叁分')

    Places printed beforehand and struck out before the first digit are no part of the amount.

    >>> as_words("⊗佰⊗拾⊗万⊗仟壹佰肆拾壹元壹角柒分")
    '壹佰肆拾壹元壹角柒分'
    """
    return _BEHIND_WORDS.sub("", _STRUCK_PLACES.sub("", as_capitals(text), count=1))


_CHECK_CODE_UNDER_SEAL = re.compile(r"([0-9A-Za-z]{6})[\u3400-\u9fff]+")


def as_check_code(text: str) -> str:
    """The check code; six characters, of which a seal may leave Chinese ones behind.

    >>> as_check_code("827469二")
    '827469'
    """
    under_seal = _CHECK_CODE_UNDER_SEAL.fullmatch(squeeze(text))
    return as_code(under_seal[1] if under_seal else text)


KEY_FIELDS = ("invoice_code", "invoice_number", "check_code", "issue_date", "total_amount")

BOTH_CODES = 2
HEAD_ROWS = 6
MOST_LABELS = 4
PAPER_MARKS = ("监制", "收款", "大写")
TICKET_LABELS = (
    *("业务流水号", "交易流水号", "社会保障卡号", "医疗机构类型", "医保类型", "个人支付金额", "基金支付"),
    *("收款单位", "收款人", "大写", "收据联"),
)
LEAST_TICKET_LABELS = 7
NUMBERED_TICKET = 0.65
"""How sure a ticket's number and most of its labels make it one where the seal hid title and supervision."""
UNTITLED = 0.9
"""How sure the code of a bill makes its type where no title was read."""

KEYS = (
    FieldSpec("invoice_code", ("票据代码", "电子票据代码", "发票代码"), as_digits),
    FieldSpec(
        "invoice_number", ("票据号码", "电子票据号码", "发票号码", "NO", "No", "NO.", "No.", "№"), as_digits
    ),
    FieldSpec("check_code", ("校验码", "电子校验码", "随机码"), as_check_code),
    FieldSpec("issue_date", ("开票日期", "开具日期", "收费日期"), as_date),
    FieldSpec("total_amount", ("(小写)", "小写", "金额合计(小写)", "合计(小写)", "总金额"), as_total),
    FieldSpec(
        "total_in_words",
        ("金额合计(大写)", "合计(大写)", "总金额大写", "(大写)", "合计人民币(大写)"),
        as_words,
    ),
)

PEOPLE = (
    FieldSpec("payer_name", ("交款人", "缴款人", "姓名", "患者姓名", "病人姓名"), as_payer),
    FieldSpec(
        "payer_id",
        ("交款人统一社会信用代码", "缴款人统一社会信用代码", "交款人统一社会信用代码/身份证号", "身份证号"),
        as_code,
    ),
    FieldSpec("payee_name", ("收款单位(章)", "收款单位", "开票单位", "收款单位(盖章)"), as_payee),
    FieldSpec("institution_type", ("医疗机构类型", "医院类型"), as_text),
    FieldSpec("checker", ("复核人", "复核"), as_clerk),
    FieldSpec("cashier", ("收款人", "收款员", "收费员"), as_clerk),
    FieldSpec("sex", ("性别",), parse_sex),
    FieldSpec("age", ("年龄",), as_age),
    FieldSpec("insurance_type", ("医保类型", "医保付费方式", "费别", "人员类别"), as_insurance),
    FieldSpec("insurance_no", ("医保编号", "社会保障卡号", "社保卡号", "社会保障号码"), as_code),
    FieldSpec("business_serial_no", ("业务流水号",), as_code),
    FieldSpec("insurance_txn_no", ("医保交易流水号", "交易流水号", "医保流水号"), as_code),
)

PAYMENTS = (
    FieldSpec("fund_payment", ("医保统筹基金支付", "统筹支付", "基金支付", "医保统筹支付"), as_amount),
    FieldSpec("other_payment", ("其他支付", "其它支付", "其他医保支付"), as_amount),
    FieldSpec("account_payment", ("个人账户支付", "账户支付", "个账支付"), as_amount),
    FieldSpec("cash_payment", ("个人现金支付", "现金支付", "个人支付金额"), as_amount),
    FieldSpec("self_pay", ("个人自付", "自付", "自负"), as_amount),
    FieldSpec("self_funded", ("个人自费", "自费", "自费金额"), as_amount),
    FieldSpec("self_pay_1", ("自付一",), as_amount),
    FieldSpec("self_pay_2", ("自付二",), as_amount),
    FieldSpec("prepaid", ("预缴金额", "预交金", "预交款", "预付款", "预交金额"), as_amount),
    FieldSpec("topup", ("补缴金额", "补收", "应补金额", "补交金额"), as_amount),
    FieldSpec("refund", ("退费金额", "退款", "应退金额"), as_amount),
)

OUTPATIENT = (
    FieldSpec("outpatient_no", ("门诊号", "门(急)诊号", "患者编号", "就诊号", "门诊病历号"), as_code),
    FieldSpec("medical_record_no", ("病历号", "病案号", "病例号"), as_code),
    FieldSpec("visit_date", ("就诊日期", "门诊日期", "交费日期", "就诊时间"), as_date),
    FieldSpec("department", ("科室", "科别", "就诊科室"), as_text),
)

USUAL_ORDER = (
    *("fund_payment", "other_payment", "account_payment", "cash_payment", "self_pay"),
    "self_funded",
)
"""How the form of 2019 lists what was paid; the regions add to it and keep its order."""

_AMOUNT_BEHIND = re.compile(r"([\u3400-\u9fff]{1,12})\s*:\s*(¥?\d[\d,]*\.\d\d)(?![\d.])")
_SEX_BEHIND = re.compile(r"(?:性[\u3400-\u9fff]|(?:^|[^科费类级病])别)\s*:\s*([男女])(?!科)")

_INSURED_BEHIND = re.compile(
    r"(?:^|[\u3400-\u9fff])[型式]\s*:\s*"
    r"(自费|公费(?:医疗)?|(?:本市|异地)?(?:城镇|城乡)?(?:职工|居民)(?:基本)?(?:医疗保险|医保)?)(?![\u3400-\u9fff])"
)
"""What 医保类型 and 医保付费方式 end in, and the few ways in which a person is insured."""

IN_PLACE_TRUST = 0.97
SHIFTED_TRUST = 0.8
"""How far a label before a value on pre-printed paper can be trusted. The amount in words tells whether
the overprint lies in place: nothing else looks like it, so where it stands behind its own label, so does
the rest."""

STAY = "stay"
INPATIENT = (
    FieldSpec("medical_record_no", ("病历号", "病案号", "病例号"), as_code),
    FieldSpec("inpatient_no", ("住院号",), as_code),
    FieldSpec("department", ("住院科别", "住院科室", "科室", "科别"), as_text),
    FieldSpec(STAY, ("住院时间", "住院日期", "住院起止日期"), as_text),
    FieldSpec("admission_date", ("入院日期", "入院时间"), as_date),
    FieldSpec("discharge_date", ("出院日期", "出院时间"), as_date),
    FieldSpec("inpatient_days", ("住院天数",), lambda text: parse_quantity(text.strip("天日 "))),
)

OTHER_LABELS = (
    *("医保范围内", "年度医保范围内", "本次医保范围内金额", "门诊大额支付", "年度门诊大额支付"),
    *("年度门诊大额累计支付", "大病保障支付", "年度大病保障范围内", "退休补充支付", "残军补助支付"),
    *("医疗救助门诊支付", "单位补充[原公疗]", "超封顶金额", "起付金额", "急诊", "医保已实时结算"),
    *("分类自负", "附加基金支付", "医保当年账户余额", "医保历年账户余额", "医保总金额", "符合统筹"),
    *("账户余额", "医疗救助基金", "大病保险", "公务员补助支付", "企业补充保险", "符合政策范围金额"),
    *("其他基金", "伙食补助", "起付线", "起付标准", "乙类首自付", "按比例自付", "公务员补助", "师职补助"),
    *("大额(病)保险报销", "大病补充保险报销", "医疗救助", "产前检查费", "超限价自费费用", "大病保险支付"),
    *("医疗救助支付", "其他保险支付", "个人账户余额", "支付方式", "付款类型", "个人承担", "本年支付"),
    *("历年支付", "本年余额", "历年余额", "超大额", "超限额", "参保地", "手册号", "票据名称"),
    *("大额比例自负", "核酸检测医院承担", "险种类型"),
)

TABLE = (
    Column(
        NAME,
        # 收費項目: some fonts are read as traditional characters.
        ("项目名称", "项目/规格", "项目", "收费项目", "收費項目", "名称", "药品名称", "项目名称/规格"),
        TEXT,
    ),
    Column("specification", ("规格", "规格型号")),
    Column("quantity_unit", ("数量/单位", "数量单位"), r"-?\d.*|\D{1,3}"),
    Column("quantity", ("数量",), NUMBER),
    Column("unit", ("单位",), r"\D{1,4}"),
    Column("unit_price", ("单价", "单价(元)"), NUMBER),
    Column(AMOUNT, ("金额(元)", "金额", "金额元"), NUMBER),
    Column("insurance_class", ("等级", "类别", "医保类别", "报销类别"), r"\D{1,6}"),
    Column("note", ("备注",)),
)

SEVERAL = 2

STOPS = (
    *(
        "金额合计",
        "合计(大写",
        "合计(大",
        "合计大写",
        "合计人民币",
        "(大写)",
        "基金支付",
        "医保统筹基金",
        "其他信息",
        "收款单位",
    ),
    *("交易流水号", "医疗机构类型"),
)


def read_invoice(
    pages: Sequence[Page], type_name: str, sure: float, specs: Sequence[FieldSpec], titles: Sequence[str]
) -> Document:
    """Head, payments and charged rows of one medical invoice."""
    fields, extras = read_labelled(pages, specs, OTHER_LABELS)
    electronic = is_electronic(pages, fields)
    registered = capitals_amount(_text(fields, "total_in_words")) is not None
    moved = None if electronic else _moved_into_place(pages, specs)
    fields, extras = _with_number_in_place(moved, fields) if moved else (fields, extras)
    split_stay(fields)
    if electronic or registered:
        find_under_seals(fields, pages, specs)
    items, totals = _charged_rows(pages)
    find_by_form(fields, pages)
    _doubt_amounts_cut_short(fields)
    _doubt_letters(fields)
    _doubt_numbered_hospital(fields)
    if not electronic:
        _number_by_form(fields, pages)
        # Nothing but 男 and 女 stands behind 性别: a second value that its form proves.
        aligned = registered or (moved is None and "sex" in fields)
        trust = IN_PLACE_TRUST if aligned else SHIFTED_TRUST
        fields = {
            name: field if name == "invoice_number" and _is_preprinted(field) else as_overprint(field, trust)
            for name, field in fields.items()
        }
    return Document(
        type=type_name,
        subtype="e_bill" if electronic else "paper",
        type_confidence=sure,
        file=pages[0].file,
        pages=tuple(page.size for page in pages),
        fields=fields,
        items=items,
        category_totals=totals,
        extras=extras,
        title=title_likeness(pages[0], titles)[1],
    )


KINDS = {"outpatient_invoice": "01", "inpatient_invoice": "02"}
"""Two digits of the code say what a fiscal bill of medical fees (06) is for: 37 06 01 24."""


def likeness_by_labels(page: Page, type_name: str, own_labels: Sequence[str]) -> float:
    """How surely a page whose title was not read is this bill: by its code, else by labels of its own.

    The seal of the finance department lies over the title and may hide it whole; code and check code
    stand apart from it on every electronic bill and on nothing else, the seal itself and who was paid on
    every ticket.
    """
    text = squeeze(page.text)
    if all(mark in text for mark in PAPER_MARKS) and "票据代码" not in text:
        return 0.3 + 0.15 * min(MOST_LABELS, mentions(page, own_labels))
    if "票据代码" not in text and mentions(page, TICKET_LABELS) >= LEAST_TICKET_LABELS and _head_number(page):
        inpatient = mentions(page, ("住院号", "住院时间", "住院日期", "住院科", "住院天数")) > 0
        return NUMBERED_TICKET if inpatient == (type_name == "inpatient_invoice") else 0.0
    printed = re.search("票据代码:?([0-9]{8})(?![0-9])", text)
    stated = [
        s.text for s in page.statements if s.name == "invoice_code" and re.fullmatch("[0-9]{8}", s.text)
    ]
    if "所属电子票据" in text or not (stated or mentions(page, ("票据代码", "校验码")) == BOTH_CODES):
        return 0.0  # the list that belongs to a bill names the bill's code too
    kinds = {code[2:6] for code in (*stated, *([printed[1]] if printed else []))}
    own = f"06{KINDS[type_name]}"
    if own in kinds:
        return UNTITLED
    if kinds & {f"06{kind}" for kind in KINDS.values()}:
        return 0.0
    return 0.3 + 0.15 * min(MOST_LABELS, mentions(page, own_labels))


def required_of(document: Document) -> tuple[str, ...]:
    """An e-bill must show all five key fields; a paper ticket has neither code nor check code."""
    if document.subtype == "e_bill":
        return (*KEY_FIELDS, "payer_name")
    return ("invoice_number", "issue_date", "total_amount", "payer_name")


def _moved_into_place(
    pages: Sequence[Page], specs: Sequence[FieldSpec]
) -> tuple[dict[str, AnyField], dict[str, str]] | None:
    """What is read of a ticket whose overprint slipped, once it is moved back; None where it did not."""
    if len(pages) != 1:
        return None
    slip = slip_of(pages[0])
    if slip is None:
        return None
    slipped = Slipped(pages[0], slip, _labels_of_form(specs))
    fields, extras = read_labelled([slipped.in_place()], specs, OTHER_LABELS)
    return slipped.fields_where_printed(fields), extras


def _labels_of_form(specs: Sequence[FieldSpec]) -> LabelList:
    """What is pre-printed on a ticket that carries the fields of `specs`."""
    headings = (label for column in TABLE for label in column.labels)
    return LabelList(
        {
            **dict.fromkeys((*OTHER_LABELS, *headings), ""),
            **{
                label: PREPRINTED if spec.name == "invoice_number" else ""
                for spec in specs
                for label in spec.labels
            },
        }
    )


def labels_slipped_off(page: Page, specs: Sequence[FieldSpec]) -> tuple[Box, ...]:
    """Where labels stand alone on a paper ticket whose overprint slipped; an e-bill has none."""
    if is_electronic([page], {}) or not may_have_slipped(page):
        return ()
    return labels_alone(page, _labels_of_form(specs))


def _with_number_in_place(
    moved: tuple[dict[str, AnyField], dict[str, str]], in_place: dict[str, AnyField]
) -> tuple[dict[str, AnyField], dict[str, str]]:
    """What was read of a ticket moved back, with the number as it stood before: that is of the form."""
    fields, extras = moved
    number = in_place.get("invoice_number")
    return (fields | {"invoice_number": number} if number and _is_preprinted(number) else fields), extras


def _doubt_amounts_cut_short(fields: dict[str, AnyField]) -> None:
    """Where the other amounts of a bill have two decimals, one without lost its point or its end."""
    names = ("total_amount", *(spec.name for spec in PAYMENTS))
    read = [name for name in names if name in fields and fields[name].origin == "ocr"]
    whole = [
        name for name in read if isinstance(fields[name].value, Decimal) and "." not in fields[name].text
    ]
    if len(whole) * 2 >= len(read):
        return
    fields |= {name: doubted(fields[name]) for name in whole}
    total = fields["total_amount"].value if "total_amount" in fields else None
    for name in set(whole) & set(USUAL_ORDER):
        field = fields[name]
        if isinstance(field.value, Decimal) and isinstance(total, Decimal) and field.value > total >= 0:
            # Nobody pays more than the total: this is no amount at all, and rules are not to add it up.
            pointed = Candidate(str(field.value.scaleb(-2).quantize(CENT)), field.confidence)
            fields[name] = replace(field, value=None, candidates=(pointed, *field.candidates))


_LIKE_DIGITS = str.maketrans("lLiIoO", "111100")


def _doubt_letters(fields: dict[str, AnyField]) -> None:
    """A check code read with letters that look like digits: most are hexadecimal and have none of them."""
    field = fields.get("check_code")
    if field is None or field.origin != "ocr" or field.witnesses or not isinstance(field.value, str):
        return
    other = field.value.translate(_LIKE_DIGITS)
    if re.fullmatch("[0-9a-fqQ]+", other):  # q is no misread 9 among letters beyond f
        other = other.replace("q", "9").replace("Q", "9")
    if other != field.value:
        rival = Candidate(other, field.confidence)
        fields["check_code"] = replace(doubted(field), candidates=(rival, *field.candidates))
    elif field.value.isdigit() or squeeze(field.text) != field.value:
        # One code in seventeen has no letter; f read as 1 and b as 6 are as likely. A seal hides the end.
        fields["check_code"] = doubted(field)


_TWO_FIGURES = re.compile(
    "(解放军第[一二三四五六七八九])([一二三四五六七八九](?![一二三四五六七八九十百○〇]))"
)


def _doubt_numbered_hospital(fields: dict[str, AnyField]) -> None:
    """第一七: the army's hospitals have three figures or a 十 between two, and ○ is often not read."""
    field = fields.get("payee_name")
    if field is None or field.origin != "ocr" or not isinstance(field.value, str):
        return
    if _TWO_FIGURES.search(field.value):
        rival = Candidate(_TWO_FIGURES.sub(r"\1○\2", field.value), field.confidence)
        fields["payee_name"] = replace(doubted(field), candidates=(rival, *field.candidates))


_NUMBERED = re.compile(r"N[Oo0]?[^0-9A-Za-z]*([0-9]{8,12})")


def _number_by_form(fields: dict[str, AnyField], pages: Sequence[Page]) -> None:
    """The number of a ticket behind what is left of its NO, at the head of the page; never quite sure."""
    number = None if "invoice_number" in fields else _head_number(pages[0])
    if number is not None:
        field = field_from(number, as_digits, pages[0].number)
        fields["invoice_number"] = replace(field, confidence=field.confidence * SHIFTED_TRUST)


def _head_number(page: Page) -> Word | None:
    """The digits behind NO, or behind its N alone, among the first rows."""
    for row in rows_of(page.words)[:HEAD_ROWS]:
        for word in row:
            if match := _NUMBERED.fullmatch(word.text.strip()):
                start = word.text.index(match[1])
                return word.part(start, start + len(match[1]))
    return None


_SHEET_NUMBER = re.compile("[0-9]{8,12}")
"""What is pre-printed behind NO: longer, or with letters, it is an overprint that slipped up there."""


def _is_preprinted(field: AnyField) -> bool:
    """Whether the number stands close behind its label: NO and number are of the form, not overprinted."""
    reading = field.reading
    if reading is None or not reading.exact or reading.gap > 1:
        return False
    return isinstance(field.value, str) and _SHEET_NUMBER.fullmatch(field.value) is not None


def as_overprint(field: AnyField, trust: float) -> AnyField:
    """Overprint may stand beside another label than its own, so a label alone does not prove much."""
    return replace(field, confidence=field.confidence * trust) if not field.witnesses else field


def is_electronic(pages: Sequence[Page], fields: dict[str, AnyField]) -> bool:
    """Told by the title (电子), else by what only e-bills carry."""
    text = squeeze("".join(page.text for page in pages))
    if "(电子)" in text or any(page.stated_rows or page.statements for page in pages):
        return True
    return "check_code" in fields or "票据代码" in text


def split_stay(fields: dict[str, AnyField]) -> None:
    """住院时间 (from, to) as the two dates it holds."""
    stay = fields.pop(STAY, None)
    if stay is None or not isinstance(stay.value, str):
        return
    try:
        admitted, discharged = parse_date_range(stay.value)
    except ValueError:
        return
    for name, day in (("admission_date", admitted), ("discharge_date", discharged)):
        if name not in fields:
            fields[name] = replace(stay, value=day)


def _charged_rows(pages: Sequence[Page]) -> tuple[tuple[LineItem, ...], tuple[LineItem, ...]]:
    stated = stated_items(pages)
    if stated:
        levels = [row.level for page in pages for row in page.stated_rows]
        details = tuple(i for i, level in zip(stated, levels, strict=True) if level == "detail")
        totals = tuple(i for i, level in zip(stated, levels, strict=True) if level == "category")
        return (details, totals) if details else (totals, ())
    items = items_of(read_table([_without_settlement(page) for page in pages], TABLE, STOPS))
    return split_levels([_on_its_own_line(item, pages) for item in items])


def _without_settlement(page: Page) -> Page:
    """The page without the block 结算信息 that some tickets print to the right of the charged rows."""
    header = next((word for word in page.words if squeeze(word.text) == "结算信息"), None)
    if header is None:
        return page
    beside = [
        word.box.x1
        for word in page.words
        if word.box.x1 < header.box.x0 and abs(word.box.cy - header.box.cy) < header.box.height
    ]
    if not beside:
        return page
    # Amounts run over under their header to the right, so the block begins where its first label does.
    labels = [
        word.box.x0
        for word in page.words
        if word.box.x0 >= max(beside) and word.box.cy > header.box.y1 and ":" in fold(word.text)
    ]
    left = max(*beside, min(labels, default=header.box.x0) - header.box.height)
    kept = (w for w in page.words if w.box.x0 < left or w.box.cy < header.box.y0)
    return replace(page, words=tuple(word for word in kept if word is not header))


def _on_its_own_line(item: LineItem, pages: Sequence[Page]) -> LineItem:
    """The row with the category beside its amount, where a form prints all categories beforehand.

    Those without an amount would else pass for a name that is printed on several lines.
    """
    name, amount = item.name, item.amount
    if name is None or amount is None or name.box is None or amount.box is None or name.origin == "qr":
        return item
    lines = [
        word
        for page in pages
        if page.number == item.page
        for word in page.words
        if find_category(word.text) and word.text in name.text and word.text != name.text
    ]
    beside = [
        w for w in lines if abs(w.box.cy - amount.box.cy) < w.box.height / 2 and _within(w.box, name.box)
    ]
    if len(lines) < SEVERAL or len(beside) != 1:
        return item
    return replace(item, name=field_from(beside[0], as_text, item.page))


def _within(inner: Box, outer: Box) -> bool:
    return outer.x0 - 1 <= inner.cx <= outer.x1 + 1 and outer.y0 - 1 <= inner.cy <= outer.y1 + 1


def find_under_seals(fields: dict[str, AnyField], pages: Sequence[Page], specs: Sequence[FieldSpec]) -> None:
    """What stands behind labels that a seal made unreadable: told by its neighbours, never sure.

    An amount is that of the one payment which the form lists between the payments read on either side,
    when what is left of its label fits. 男 and 女 behind a colon are the sex, whichever half of the label
    was read.
    """
    payments = {spec.name: spec.labels for spec in specs if spec.name in USUAL_ORDER}
    labels = LabelList(
        {
            **dict.fromkeys(OTHER_LABELS, ""),
            **{label: name for name, printed in payments.items() for label in printed},
        }
    )
    for page in pages:
        _insurance_behind(fields, page)
        rows = [joined(row) for row in rows_of(page.words)]
        spots = [
            _Spot(i, f.label.box, f.name) for i, row in enumerate(rows) for f in labels.values_in((row,))
        ]
        for index, row in enumerate(rows):
            text = fold(row.text)
            if "sex" not in fields and (sex := _SEX_BEHIND.search(text)):
                field = field_from(row.part(*sex.span(1)), parse_sex, page.number)
                fields["sex"] = replace(field, confidence=field.confidence * SHIFTED_TRUST)
            for amount in _AMOUNT_BEHIND.finditer(text):
                label = _Spot(index, row.part(*amount.span(1)).box, amount[1])
                name = _payment_between(label, spots, payments)
                if name is not None and name not in fields:
                    fields[name] = doubted(field_from(row.part(*amount.span(2)), as_amount, page.number))


def _insurance_behind(fields: dict[str, AnyField], page: Page) -> None:
    """How a person is insured, behind the half of its label that a seal left."""
    for word in page.words:
        if "insurance_type" not in fields and (insured := _INSURED_BEHIND.search(fold(word.text))):
            field = field_from(word.part(*insured.span(1)), as_insurance, page.number)
            fields["insurance_type"] = replace(field, confidence=field.confidence * SHIFTED_TRUST)


@dataclass(frozen=True, slots=True)
class _Spot:
    """A label in a row of the page, or what a seal left of one."""

    row: int
    box: Box
    name: str

    def stands_before(self, other: _Spot) -> bool:
        """Whether it ends where `other` begins or earlier."""
        return self.row < other.row or (self.row == other.row and self.box.x1 <= other.box.x0)


def _payment_between(
    label: _Spot, spots: Sequence[_Spot], payments: Mapping[str, Sequence[str]]
) -> str | None:
    """The one payment between the labels next to `label` that it may be, or None."""
    before = [spot for spot in spots if spot.stands_before(label)]
    after = [spot for spot in spots if label.stands_before(spot)]
    known = len(before) + len(after) < len(spots)  # part of it is a label of the list
    if known or not before or not after:
        return None
    names = (before[-1].name, after[0].name)
    if not set(names) <= set(USUAL_ORDER):
        return None
    between = USUAL_ORDER[USUAL_ORDER.index(names[0]) + 1 : USUAL_ORDER.index(names[1])]
    if len(between) != 1:
        return None
    fitting = max(sum(char in printed for char in label.name) for printed in payments[between[0]])
    return between[0] if fitting * 2 >= len(label.name) else None


def find_by_form(fields: dict[str, AnyField], pages: Sequence[Page]) -> None:
    """What an overprint put beside its label, told by its form.

    On tractor-fed paper the print lies a row above or half a row below the form. An amount in words is
    nothing else wherever it stands; the total is the number that says the same; three bare numbers are
    the date. The capitals prove the total, so a number that agrees with them goes before one that
    merely stands behind a label.
    """
    if capitals_amount(_text(fields, "total_in_words")) is None and (words := _capitals(pages)):
        fields["total_in_words"] = words
    stated = capitals_amount(_text(fields, "total_in_words"))
    total = fields.get("total_amount")
    if stated is not None and (total is None or total.value != stated):
        alike = _numbers_equal(pages, stated)
        if alike:
            best = best_of(alike)
            fields["total_amount"] = (
                best if total is None else best_of([best, replace(total, confidence=0.0)])
            )
    if "total_amount" not in fields and (amount := _amount_beside_words(pages)):
        fields["total_amount"] = amount
    if "issue_date" not in fields and (day := _bare_date(pages, fields)):
        fields["issue_date"] = day


_SIGNED = re.compile(r"¥\s*:?\s*[0-9][0-9,]*\.[0-9]{2}")


def _amount_beside_words(pages: Sequence[Page]) -> AnyField | None:
    """The amount behind ¥ in the row of the amount in words; the paper tickets print no other label."""
    for page in pages:
        for row in rows_of(page.words):
            signed = [word for word in row if _SIGNED.fullmatch(fold(word.text).strip())]
            if len(signed) == 1 and "大写" in "".join(word.text for word in row):
                return field_from(signed[0], as_total, page.number)
    return None


def _text(fields: dict[str, AnyField], name: str) -> str:
    field = fields.get(name)
    return field.value if field is not None and isinstance(field.value, str) else ""


_CAPITAL = re.compile("[零壹贰叁肆伍陆柒捌玖][拾佰仟千万元圆]")


def _capitals(pages: Sequence[Page]) -> AnyField | None:
    readings = [
        field_from(word, as_words, page.number)
        for page in pages
        for row in rows_of(page.words)
        for index, word in enumerate(row)
        if len(word.text) >= 3
        and re.search("[元圆角分]", word.text)
        and capitals_amount(as_safe(word.text)) is not None
        and not any(_CAPITAL.search(before.text) for before in row[:index])  # 叁佰伍拾 | 叁元: a part
    ]
    return best_of(readings) if readings else None


def as_safe(text: str) -> str:
    """`as_words`, or the empty text."""
    try:
        return as_words(text)
    except ValueError:
        return ""


def _numbers_equal(pages: Sequence[Page], amount: Decimal) -> list[AnyField]:
    found: list[AnyField] = []
    for page in pages:
        for word in page.words:
            match = re.search(r"¥?\s*\d[\d,]*(\.\d{1,2})?$", fold(word.text))
            if match is None:
                continue
            number = word.part(*match.span())
            try:
                value = parse_money(number.text)
            except ValueError:
                continue
            if value == amount:
                found.append(field_from(number, as_amount, page.number))
    # The total stands below the rows it adds up.
    return found[-1:] if len(found) < 2 else sorted(found, key=lambda f: f.box.y0 if f.box else 0.0)[-1:]


def _bare_date(pages: Sequence[Page], fields: Mapping[str, AnyField]) -> AnyField | None:
    """The lowest date on the paper that is none of `fields` and no end of a range.

    One behind a colon is in doubt: it is the value of a label that was not read, which may be any.
    """
    for page in reversed(pages):
        dates = (field for field in fields.values() if isinstance(field.value, date))
        taken = [field.box for field in dates if field.box is not None and field.page == page.number]
        for row in reversed(rows_of(page.words)):
            line = joined(row)
            matches = list(BARE_DATE.finditer(line.text))
            if len(matches) != 1:
                continue
            start, end = matches[0].span()
            day = line.part(start, end)
            if any(_within(day.box, box) for box in taken):
                continue
            field = field_from(day, as_date, page.number)
            return doubted(field) if fold(line.text[:start]).rstrip().endswith(":") else field
    return None
