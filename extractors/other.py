"""Any other paper: what no extractor claims. Read for a person's convenience, never accepted unseen.

A ticket, a slip or a letter among the papers of a claim is told by its words, and what any receipt has
(code, number, date, total) is read where a label or its form leaves no doubt, so that it stands filled in
when a person looks. Papers that a claim or an application asks for (`_supporting`) are told by their titles.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from statistics import median

from extractors._extractor import Extractor
from extractors._fields import best_of, doubted, field_from
from extractors._invoice import as_safe
from extractors._supporting import FIELD_NAMES as SUPPORTING_FIELDS
from extractors._supporting import SupportingPaper, read_supporting, supporting_kind
from extractors._values import as_amount, as_capitals, as_date, as_digits, as_text, capitals_amount
from pipeline.model import OTHER, AnyField, Document, Field, Page, Value, Word
from pipeline.reading.layout import LabelList, below, joined, rows_of, stacked
from pipeline.text import find_date, fold, parse_money, squeeze

MOST_SURE = 0.9
"""Below every threshold of acceptance: nobody measured how often these are right."""

GUESSED = 0.3
"""A title that is not printed but follows from the kind of paper; papers often bear another."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of paper by the words that tell it."""

    name: str
    title: str
    words: tuple[str, ...]


KINDS = (
    Kind(
        "train_ticket",
        "火车票",
        (
            *("限乘当日当次车", "12306", "95306", "中国铁路", "铁路电子客票", "二等座"),
            *("一等座", "硬座", "硬卧", "无座", "买票请到"),
        ),
    ),
    Kind(
        "coach_ticket",
        "汽车客票",
        (
            *("汽车客票", "道路客运", "客运站", "客运发票", "乘车日期", "检票口"),
            *("座号", "开车时间", "燃油费", "班次", "到站"),
        ),
    ),
    Kind("taxi", "出租车发票", ("出租", "上车", "下车", "里程", "等候", "车号", "公里")),
    Kind(
        "pos_slip",
        "签购单",
        (
            *("商户名称", "商户编号", "商户号", "终端号", "终端编号", "持卡人", "交易类型", "参考号"),
            *("批次号", "授权码", "凭证号", "签购单", "POS", "CARDHOLDER", "MERCHANT", "TERMINAL", "卡别"),
            *("卡类别", "发卡行", "收单行"),
        ),
    ),
    Kind(
        "lab_report",
        "检验报告单",
        (
            *("检验报告", "检查报告", "诊断报告", "报告单", "参考区间", "参考值", "参考范围", "检验者"),
            *("审核者", "标本", "影像所见", "超声所见", "检查所见", "样本号", "采样时间", "送检"),
            *("检验项目", "影像学表现", "病理诊断"),
        ),
    ),
    Kind(
        "letter",
        "说明",
        (
            *("此致", "敬礼", "尊敬的", "情况说明", "特此证明", "特此说明"),
            *("申请人", "委托人", "承诺书", "说明人", "兹证明", "委托书"),
        ),
    ),
)
CLEAR = 2
"""So many of its words tell a kind of paper."""

_PRICE = re.compile(r"\D{0,3}?¥?\s*(?P<amount>\d[\d,]*(?:\.\d{1,2})?)(?![\d.%/:-])")
_MARKED_PRICE = re.compile(r"¥\s*\d[\d,]*(?:\.\d{1,2})?(?!\d)|(?<![\d.])\d[\d,]*\.\d{1,2}\s*元(?!/)")
_WRITTEN_DATE = re.compile(r"\d{4}\s*[年./-]\s*\d{1,2}\s*[月./-]\s*\d{1,2}")
_TITLE = re.compile(
    r"(?:[^\d:;,。]{0,20}(?:发票|客票|车票|票据|收据|存根|签购单|报告单?|证明书?|凭证|通知书?|说明书?|小票"
    r"|申[请报][表书]|承诺书|委托书|认定书|同意书|[判裁]决书|调解书|领取证|保障证|供养证|结婚证|记录|病历|登记[表卡]|审批表|备案表|转诊单|明细|清单|公函|回执|协议书?)"
    r"|[^\d:;,。]{1,20}[^名]单)(?:\([^)]{1,12}\))?"
)
TITLE_ROWS = 8
TALL = 1.3
"""A title without a telling word is printed so many times as high as the rest."""


def as_price(text: str) -> Decimal:
    """The amount that stands first, whatever stands behind it.

    >>> as_price("8.00<全>"), as_price("¥53.0元")
    (Decimal('8.00'), Decimal('53.00'))
    """
    match = _PRICE.match(fold(text))
    if match is None:
        return as_amount(text)
    return parse_money(match["amount"])


LABELLED: tuple[tuple[str, tuple[str, ...], Callable[[str], Value]], ...] = (
    ("invoice_code", ("发票代码", "票据代码", "电子票据代码"), as_digits),
    (
        "invoice_number",
        ("发票号码", "票据号码", "电子票据号码", "发票号", "票据号", "票号", "NO", "No", "NO.", "No.", "№"),
        as_digits,
    ),
    (
        "issue_date",
        (
            *("开票日期", "开具日期", "收费日期", "出票日期", "填发日期", "交易日期", "日期", "日期时间"),
            *("日期/时间",),
            *("交易时间", "缴费日期", "报告日期", "报告时间", "收款日期", "交易日期/时间"),
        ),
        as_date,
    ),
    ("travel_date", ("乘车日期", "乘车时间", "发车日期", "发车时间", "打印日期", "打印时间"), as_date),
    (
        "total_amount",
        (
            *("票价", "金额", "合计", "合计金额", "总金额", "总计", "实收", "实收金额", "应收金额", "实付"),
            *("实付金额", "付款金额", "交易金额", "消费金额", "(小写)", "小写", "合计(小写)", "价税合计"),
            *("金额合计", "缴费金额"),
            *("收费金额", "支付金额", "总价", "金额(元)", "票款", "应付金额", "合计(元)"),
        ),
        as_price,
    ),
    (
        "total_in_words",
        (
            "大写",
            "(大写)",
            "合计(大写)",
            "金额大写",
            "人民币(大写)",
            "合计人民币(大写)",
            "大写金额",
            "金额(大写)",
        ),
        as_capitals,
    ),
)
SUM_LABELS = (
    *("合计", "合计金额", "总金额", "总计", "实收", "实收金额", "应收金额", "实付", "实付金额", "总价"),
    *("(小写)", "小写", "合计(小写)", "价税合计", "金额合计", "应付金额", "合计(元)"),
)
"""Labels of what is paid in all; 金额 may stand over the amounts of single rows too."""

OTHER_LABELS = (
    "交易时间",
    "开车时间",
    "燃油费",
    "单价",
    "里程",
    "终端号",
    "流水号",
    "批次号",
    "采样时间",
    "上车",
    "下车",
)
LABELS = LabelList(
    {**dict.fromkeys(OTHER_LABELS, ""), **{label: name for name, labels, _ in LABELLED for label in labels}}
)
PARSERS = {name: parse for name, _, parse in LABELLED}
TWO_LINES = tuple(label for name, labels, _ in LABELLED[:2] for label in labels if len(label) == 4)


def identify(page: Page) -> float:  # noqa: ARG001 - the form of the hook
    """Never sure: this is what is left when nobody else is."""
    return 0.0


def extract(pages: Sequence[Page], sure: float) -> Document:
    """Read what any receipt has, and tell what kind of paper it is."""
    subtype = supporting_kind(pages) or kind_of(pages)
    fields = _labelled(pages)
    _find_by_form(fields, pages)
    _compare_with_words(fields)
    if (travel := fields.pop("travel_date", None)) is not None:
        fields.setdefault("issue_date", travel)
    if isinstance(subtype, SupportingPaper):
        fields = _beside_day_of_issue(read_supporting(pages), fields)
    if (title := _title(pages, subtype)) is not None:
        fields["title"] = title
    return Document(
        type=OTHER,
        subtype=subtype.name if subtype else None,
        type_confidence=sure,
        file=pages[0].file,
        pages=tuple(page.size for page in pages),
        fields={
            name: replace(fields[name], confidence=min(MOST_SURE, fields[name].confidence))
            for name in FIELD_NAMES
            if name in fields
        },
        title=title.text if title is not None and title.origin != "rule" else "",
    )


def _beside_day_of_issue(read: dict[str, AnyField], fields: Mapping[str, AnyField]) -> dict[str, AnyField]:
    """What a supporting paper says, with the day on which it was written.

    Codes, numbers and sums on it are those of papers that it speaks of, and so is a day that has a label.
    """
    issued = fields.get("issue_date")
    if issued is None or issued.value in {field.value for field in read.values()}:
        return read
    return {**read, "issue_date": issued}


def kind_of(pages: Iterable[Page]) -> Kind | None:
    """The kind of paper whose words are there, where one is clear."""
    text = squeeze("".join(page.text for page in pages))
    scores = sorted(
        ((sum(word in text for word in kind.words), i) for i, kind in enumerate(KINDS)), reverse=True
    )
    (best, i), (second, _) = scores[:2]
    return KINDS[i] if best >= CLEAR and best > second else None


def _labelled(pages: Sequence[Page]) -> dict[str, AnyField]:
    readings: dict[str, list[AnyField]] = {}
    sums: list[AnyField] = []
    for page in pages:
        for row in (*stacked(page.words, TWO_LINES), *rows_of(page.words)):
            for labelled in LABELS.values_in(row):
                under = below(labelled.label, page.words)
                places = [(labelled.value, False), (under, True)]
                read = (
                    _unsure_of_column(field_from(bare, PARSERS[labelled.name], page.number), is_under)
                    for word, is_under in places
                    if labelled.name and word is not None and (bare := _without_translation(word)) is not None
                )
                field = next((field for field in read if field.value is not None), None)
                if field is None:
                    continue
                readings.setdefault(labelled.name, []).append(field)
                if labelled.name == "total_amount" and squeeze(labelled.label.text) in SUM_LABELS:
                    sums.append(field)
    fields = {name: best_of(found) for name, found in readings.items()}
    if sums:
        fields["total_amount"] = best_of(sums)
    return fields


def _unsure_of_column(field: AnyField, is_under: bool) -> AnyField:
    """The field, in doubt where its amount stands under its label: that may be a column of many."""
    is_amount = isinstance(field.value, Decimal)
    return doubted(field) if is_under and is_amount else field


def _without_translation(word: Word) -> Word | None:
    """What stands behind a label without the label's English in brackets: 交易日期(DATE)."""
    match = re.match(r"\s*\([A-Za-z .&/#]*\)?\s*:?\s*", fold(word.text))
    start = match.end() if match else 0
    return word.part(start, len(word.text)) if word.text[start:].strip() else None


def _find_by_form(fields: dict[str, AnyField], pages: Sequence[Page]) -> None:
    """What its form makes unmistakable: an amount in words, the one marked price, the one date."""
    words = [(word, page.number) for page in pages for word in page.words]
    for name, found in (
        ("total_in_words", _only(field_from(w, as_capitals, n) for w, n in words if _says_amount(w.text))),
        ("total_amount", _only(_matches(words, _MARKED_PRICE, as_price))),
        ("issue_date", _only(_matches(words, _WRITTEN_DATE, _date_in))),
    ):
        if (
            found is not None
            and name not in fields
            and not (name == "issue_date" and "travel_date" in fields)
        ):
            fields[name] = found


def _compare_with_words(fields: dict[str, AnyField]) -> None:
    """Puts the amount in doubt where the amount in words beside it says another: one of them is misread."""
    total, words = fields.get("total_amount"), fields.get("total_in_words")
    if total is None or words is None or not isinstance(words.value, str):
        return
    said = capitals_amount(as_safe(words.value))
    if said is not None and said != total.value:
        fields |= {"total_amount": doubted(total), "total_in_words": doubted(words)}


def _says_amount(text: str) -> bool:
    return (
        len(text) >= 3
        and re.search("[元圆]", text) is not None
        and capitals_amount(as_safe(text)) is not None
    )


def _date_in(text: str) -> date:
    found = find_date(text)
    if found is None:
        raise ValueError("no date")
    return found


def _matches(
    words: Iterable[tuple[Word, int]], form: re.Pattern[str], parse: Callable[[str], Value]
) -> Iterable[AnyField]:
    for word, number in words:
        for match in form.finditer(fold(word.text)):
            stop = len(word.text) if parse is _date_in else match.end()
            yield field_from(word.part(match.start(), stop), parse, number)


def _only(readings: Iterable[AnyField]) -> AnyField | None:
    """The surest of readings that all say the same, else None."""
    known = [field for field in readings if field.value is not None]
    return best_of(known) if len({field.value for field in known}) == 1 else None


def _title(pages: Sequence[Page], kind: Kind | SupportingPaper | None) -> AnyField | None:
    """The line that names the paper; for a slip with its bank; else what the kind is called."""
    page = pages[0]
    rows = rows_of(page.words)[:TITLE_ROWS]
    lines = [line for row in rows for line in ((*row, joined(row)) if len(row) > 1 else row)]
    printed = next((line for line in lines if _TITLE.fullmatch(squeeze(line.text))), None)
    if printed is not None and kind is not None and kind.name == "pos_slip":
        bank = next(
            (w for row in rows for w in row if re.fullmatch(".{2,12}(?:银行|银联|信用社)", squeeze(w.text))),
            None,
        )
        printed = joined((bank, printed)) if bank is not None and "银行" not in printed.text else printed
    if printed is not None:
        return field_from(printed, as_text, page.number)
    if kind is not None:
        return Field(kind.title, "", GUESSED, page.number, None, "rule")
    usual = median(word.box.height for word in page.words) if page.words else 0.0
    tall = [w for w in lines if w.box.height >= TALL * usual and re.search(r"[\u4e00-\u9fff]{3}", w.text)]
    return field_from(max(tall, key=lambda w: w.box.height), as_text, page.number) if tall else None


def required_of(document: Document) -> tuple[str, ...]:  # noqa: ARG001 - the form of the hook
    """Nothing: such a paper goes to a person whatever was read."""
    return ()


FIELD_NAMES = (
    *("title", "invoice_code", "invoice_number", "issue_date", "total_amount", "total_in_words"),
    *SUPPORTING_FIELDS,
)

EXTRACTOR = Extractor(OTHER, "其他", identify, extract, FIELD_NAMES, required_of)
