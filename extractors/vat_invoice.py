"""增值税发票 of pharmacies and for-profit clinics: paper, electronic and fully digital (数电票).

A digital invoice has a number of 20 digits and neither code nor check code; the older kinds have a code
of 10 or 12 digits and a number of 8. The first 名称 is the buyer's, the second the seller's. The amount
in the QR code is net of tax and is not compared with the total.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from extractors._extractor import Extractor
from extractors._fields import (
    FieldSpec,
    doubted,
    field_from,
    labelled_values,
    read_labelled,
    with_statements,
)
from extractors._invoice import (
    IN_PLACE_TRUST,
    INPATIENT,
    OUTPATIENT,
    PAYMENTS,
    PEOPLE,
    SHIFTED_TRUST,
    STAY,
    as_overprint,
    find_by_form,
    split_stay,
)
from extractors._items import items_of, stated_items
from extractors._overprint import Slipped, labels_alone
from extractors._slip import may_have_slipped, slip_of
from extractors._titles import mentions, title_likeness
from extractors._values import (
    as_amount,
    as_capitals,
    as_code,
    as_date,
    as_digits,
    as_name,
    as_text,
    capitals_amount,
)
from pipeline.model import AnyField, Box, Candidate, Document, LineItem, Page, TextField, Word
from pipeline.reading.layout import LabelList, rows_of
from pipeline.reading.tables import AMOUNT, MONEY, NAME, NUMBER, TEXT, Column, read_table
from pipeline.text import fold, squeeze

TYPE = "vat_invoice"
TITLES = (
    "增值税电子普通发票",
    "增值税普通发票",
    "增值税专用发票",
    "增值税电子专用发票",
    "电子发票(普通发票)",
    "电子发票(增值税专用发票)",
    "电子发票(医疗服务)",
)

CHECK_CODE_LENGTH = 20


def as_check_code(text: str) -> str:
    """A check code of 20 digits, in whatever groups print or recogniser left them.

    >>> as_check_code("5258177086 0739127928"), as_check_code("76939 05688 34666 77916 第一联")
    ('52581770860739127928', '76939056883466677916')
    """
    match = re.match(r"[\d ]+", fold(text).lstrip(" .:;"))
    joined = match.group().replace(" ", "") if match else ""
    return joined if len(joined) == CHECK_CODE_LENGTH else as_digits(text)


KEYS = (
    FieldSpec("invoice_code", ("发票代码",), as_digits),
    FieldSpec("invoice_number", ("发票号码", "No", "NO", "№", "N°", "Nº"), as_digits),
    FieldSpec("check_code", ("校验码",), as_check_code),
    FieldSpec("issue_date", ("开票日期",), as_date),
    FieldSpec("total_amount", ("(小写)", "小写"), as_amount),
    FieldSpec("total_in_words", ("价税合计(大写)", "价税合计", "(大写)"), as_capitals),
)
PARTIES = (
    FieldSpec("payer_name", ("购买方名称",), as_name),
    FieldSpec("payee_name", ("销售方名称",), as_name),
)
OTHERS = (
    FieldSpec("cashier", ("收款人",), as_text),
    FieldSpec("checker", ("复核", "复核人"), as_text),
    FieldSpec("machine_no", ("机器编号",), as_code),
)
PATIENT = (
    FieldSpec("payer_id", ("证件号码",), as_code),
    FieldSpec("business_serial_no", ("医疗业务流水号", "业务流水号"), as_code),
    *(
        spec
        for spec in PEOPLE
        if spec.name in ("sex", "age", "institution_type", "insurance_type", "insurance_no")
    ),
)
"""What the digital invoices for medical services print below the sums, as the bills of hospitals do."""

SPECS = (*KEYS, *PARTIES, *OTHERS, *PATIENT, *OUTPATIENT, *INPATIENT, *PAYMENTS)

OTHER_LABELS = (
    *(
        "开票人",
        "销售方",
        "纳税人识别号",
        "统一社会信用代码/纳税人识别号",
        "地址、电话",
        "开户行及账号",
        "备注",
        "订单号",
        "患者姓名",
    ),
    *("货物或应税劳务、服务名称", "货物或应税劳务名称", "项目名称"),
)

TABLE = (
    Column(NAME, ("货物或应税劳务、服务名称", "货物或应税劳务名称", "项目名称"), TEXT),
    Column("specification", ("规格型号",)),
    Column("unit", ("单位",), r"\D{1,4}"),
    Column("quantity", ("数量",), NUMBER),
    Column("unit_price", ("单价",), NUMBER),
    Column(AMOUNT, ("金额",), MONEY),
    Column("tax_rate", ("税率/征收率", "税率"), r"\d+%|免税|不征税|\*+"),
    Column("tax", ("税额",), rf"{MONEY}|\*+"),
)
STOPS = ("合计", "价税合计", "小计")

PRINTED_WITH_VALUE = ("check_code", "machine_no")
"""Fields whose label is overprint like the value."""

LABELS_OF_FORM = LabelList(
    dict.fromkeys(
        (
            *(label for spec in SPECS if spec.name not in PRINTED_WITH_VALUE for label in spec.labels),
            *(label for column in TABLE for label in column.labels),
            *OTHER_LABELS,
        ),
        "",
    )
)
"""What is pre-printed on the paper forms."""

CODE_LENGTHS = (10, 12)
NOT_SHOWN = "***"

OWN_LABELS = (
    *("价税合计", "纳税人识别号", "开户行及账号", "税率", "税额", "密码区", "校验码", "机器编号"),
    *("统一社会信用代码/纳税人识别号", "购买方信息", "销售方信息"),
)
LEAST_LABELS = 5
UNTITLED = 0.9
"""How sure the labels of the form make its type: the seal of the tax office lies over the title."""


def identify(page: Page) -> float:
    """Sure when the title is there, or its machine-readable part says so."""
    stated = {statement.name: statement for statement in page.statements}
    if "subtype" in stated or ("payee_name" in stated and "bill_title" not in stated):
        return 1.0  # the payload of a VAT code, or the XML of a VAT invoice
    likeness, _ = title_likeness(page, TITLES)
    return likeness or _likeness_by_labels(page)


def _likeness_by_labels(page: Page) -> float:
    """Sure by the labels that only this form carries together, where the title was not read."""
    is_form = "价税合计" in squeeze(page.text) and mentions(page, OWN_LABELS) >= LEAST_LABELS
    return UNTITLED if is_form else 0.0


def extract(pages: Sequence[Page], sure: float) -> Document:
    """Read the head, the two parties, the rows and the sums."""
    title = title_likeness(pages[0], TITLES)[1]
    slipped = _slipped(pages, title)
    fields, extras = _fields(pages) if slipped is None else _fields_in_place(slipped)
    placed = pages if slipped is None else (slipped.in_place(),)
    items = stated_items(pages) or with_whole_names(items_of(read_table(placed, TABLE, STOPS)))
    items = items if slipped is None else slipped.rows_where_printed(items)
    return Document(
        type=TYPE,
        subtype=_subtype(fields, title, pages),
        type_confidence=sure,
        file=pages[0].file,
        pages=tuple(page.size for page in pages),
        fields=with_statements(fields, (), SPECS),
        items=tuple(items),
        extras=extras,
        title=title,
    )


def labels_slipped_off(page: Page) -> tuple[Box, ...]:
    """Where labels stand alone on a paper form whose overprint slipped; electronic ones have none."""
    if not may_have_slipped(page) or _subtype({}, title_likeness(page, TITLES)[1], [page]) != "vat_paper":
        return ()
    return labels_alone(page, LABELS_OF_FORM)


def _slipped(pages: Sequence[Page], title: str) -> Slipped | None:
    """The page of a paper form whose overprint slipped, else None."""
    if len(pages) != 1 or _subtype({}, title, pages) != "vat_paper":
        return None
    slip = slip_of(pages[0])
    return None if slip is None else Slipped(pages[0], slip, LABELS_OF_FORM)


def _fields(pages: Sequence[Page]) -> tuple[dict[str, AnyField], dict[str, str]]:
    """The fields, and what else stands behind labels."""
    fields, extras = read_labelled(pages, SPECS, OTHER_LABELS)
    split_stay(fields)
    fields |= _parties(fields, pages)
    _bare_codes(fields, pages)
    find_by_form(fields, pages)
    sums = _sums(pages)
    fields |= {
        name: field_from(word, as_amount, page.number)
        for name, (word, page) in sums.items()
        if squeeze(word.text) != NOT_SHOWN  # an exempt invoice states no tax
    }
    return fields, extras | {name: word.text for name, (word, _) in sums.items()}


def _fields_in_place(slipped: Slipped) -> tuple[dict[str, AnyField], dict[str, str]]:
    """The same of a page whose overprint slipped: code and number, which are of the form, as they stand."""
    read, extras = _fields([slipped.in_place()])
    in_words = read.get("total_in_words")
    is_proven = in_words is not None and capitals_amount(in_words.text) is not None
    trust = IN_PLACE_TRUST if is_proven else SHIFTED_TRUST
    fields = {name: as_overprint(field, trust) for name, field in slipped.fields_where_printed(read).items()}
    as_it_stands, _ = _fields([slipped.page])
    for name in ("invoice_code", "invoice_number"):
        fields.pop(name, None)
        if name in as_it_stands:
            fields[name] = as_it_stands[name]
    return fields, extras


def required_of(document: Document) -> tuple[str, ...]:
    """What each kind must show."""
    common = ("invoice_number", "issue_date", "total_amount", "payer_name", "payee_name")
    if document.subtype == "vat_digital":
        return common
    return ("invoice_code", *common)


def _subtype(fields: dict[str, AnyField], title: str, pages: Sequence[Page]) -> str:
    number = fields.get("invoice_number")
    if title.startswith("电子发票") or (number and isinstance(number.value, str) and len(number.value) == 20):
        return "vat_digital"
    stated = [s.text for page in pages for s in page.statements if s.name == "subtype" and s.origin == "qr"]
    whole = any(printed in title for printed in TITLES)
    if not whole and stated:
        return stated[0]
    # Only the electronic form prints a label before the code, which stands bare on paper.
    labelled = not whole and any("发票代码" in squeeze(page.text) for page in pages)
    return "vat_electronic" if "电子" in title or labelled else "vat_paper"


_CATEGORY = re.compile(r"[*＊][^*＊]{2,16}[*＊]")
_NAME_WITHOUT_FIRST_STAR = re.compile(r"[\u3400-\u9fff]{2,16}[*＊][^*＊]+")


def with_whole_names(items: Sequence[LineItem]) -> list[LineItem]:
    """The rows with each name cut where it begins: with its tax category between stars (*中成药*…).

    What stands before the first star is the end of the name in the row above. A star that was not read
    leaves one alone; which was printed is told by the form, and a person sees it all the same.
    """
    whole: list[LineItem] = []
    for item in items:
        name = item.name
        if name is None or name.value is None or name.origin not in ("ocr", "text_layer"):
            whole.append(item)
            continue
        head = _CATEGORY.search(name.value)
        above = whole[-1].name if whole else None
        if head is not None and head.start() and above is not None and above.value is not None:
            tail = name.value[: head.start()]
            whole[-1] = replace(whole[-1], name=_cut_elsewhere(above, above.value + tail))
            name = _cut_elsewhere(name, name.value[head.start() :])
        whole.append(replace(item, name=_with_both_stars(name)))
    return whole


def _cut_elsewhere(name: TextField, value: str) -> TextField:
    """The name as `value`, in doubt: its row was not told from the next."""
    rivals = (Candidate(name.value or "", name.confidence), *name.candidates)
    return replace(doubted(name), value=value, candidates=rivals)


def _with_both_stars(name: TextField) -> TextField:
    """The name; in doubt where one star stands alone, and with the star before it that was not read."""
    value = name.value or ""
    if not any(star in value for star in "*＊"):
        return doubted(name)  # since 2018 every name carries its tax category between stars
    if sum(value.count(star) for star in "*＊") != 1:
        return name
    if not _NAME_WITHOUT_FIRST_STAR.fullmatch(value):
        return doubted(name)
    rivals = (Candidate(value, name.confidence), *name.candidates)
    return replace(doubted(name), value=f"*{value}", candidates=rivals)


def _parties(fields: dict[str, AnyField], pages: Sequence[Page]) -> dict[str, AnyField]:
    """Buyer and seller: what stands behind the first and the second 名称."""
    names = [
        field_from(labelled.value, as_name, page.number) if labelled.value else None
        for page, labelled in labelled_values(
            pages[:1], LabelList({"名称": "name", **dict.fromkeys(OTHER_LABELS, "")})
        )
        if labelled.name == "name"
    ]
    found = zip(("payer_name", "payee_name"), names, strict=False)
    return {name: field for name, field in found if field is not None and name not in fields}


def _bare_codes(fields: dict[str, AnyField], pages: Sequence[Page]) -> None:
    """Code and number of the paper forms, which stand beside the title without a label."""
    rows = rows_of(pages[0].words)
    for row in rows[:6]:
        for word in row:
            text = squeeze(word.text)
            if not text.isascii() or not text.isdigit():
                continue
            if "invoice_code" not in fields and len(text) in CODE_LENGTHS:
                fields["invoice_code"] = field_from(word, as_digits, pages[0].number)
            elif "invoice_number" not in fields and len(text) == 8:
                fields["invoice_number"] = field_from(word, as_digits, pages[0].number)
    # The paper form prints code and number twice, large and small: the second print is a witness.
    for name in ("invoice_code", "invoice_number"):
        field = fields.get(name)
        prints = (
            [squeeze(w.text) for row in rows[:6] for w in row if squeeze(w.text).endswith(field.text)]
            if field
            else []
        )
        if field is not None and field.origin == "ocr" and len(prints) > 1 and not field.witnesses:
            fields[name] = replace(field, witnesses=("second_print",))


def _sums(pages: Sequence[Page]) -> dict[str, tuple[Word, Page]]:
    """Net amount and tax, from the row 合计 under the table; `***` is a tax that is not shown."""
    for page in pages:
        rows = rows_of(page.words)
        for row, following in zip_longest(rows, rows[1:], fillvalue=()):
            if not re.match(r"合计(?!\()", squeeze("".join(word.text for word in row))):
                continue
            # On the paper form the sums stand half a line lower than the label.
            is_total = "价税" in squeeze("".join(word.text for word in following))
            amounts = _amounts_in(row) or ([] if is_total else _amounts_in(following))
            if amounts:
                return {
                    n: (word, page) for n, word in zip(("amount_without_tax", "tax"), amounts, strict=False)
                }
    return {}


def _amounts_in(row: Sequence[Word]) -> list[Word]:
    return [word for word in row if re.fullmatch(r"¥?-?\d[\d,]*\.\d\d|\*{3}", fold(squeeze(word.text)))]


EXTRACTOR = Extractor(
    TYPE,
    "增值税发票",
    identify,
    extract,
    (*(spec.name for spec in SPECS if spec.name != STAY), "amount_without_tax", "tax"),
    required_of,
    labels_slipped_off=labels_slipped_off,
)
