"""The same paper twice: what makes two papers one, and what makes them two that must not both be paid.

A bill is sent as PDF and as a photo, an e-bill is exchanged for a paper bill (换开纸质票据) that has a
number of its own, a list is photographed twice (`validators._same_content`). Such papers are *renditions* of
one; `pipeline.renditions` decides which is read. Two
bills of one code and number that state other money or another person are never one: that is a blocking
finding (domain.md §10, R-DUP-1 to R-DUP-4).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from rapidfuzz.distance import Levenshtein

from pipeline.model import INVOICES, MEDICAL_INVOICES, AnyField, Document, RenditionReason
from pipeline.text import compact_name, fold, is_masked, names_agree, squeeze
from validators._row_pairs import row_pairs
from validators._rule import Verdict, claim_rule, failed, pair_rule, passed
from validators._same_content import content_keys, is_same_content
from validators.across import is_same_hospital, path_in

DIGITAL_NUMBER = 20
"""Digits of the number of a fully digital VAT invoice: it has no code and is the only one of its number."""
TELLING_NUMBER = 7
"""Characters from which a serial or bill number tells papers apart (domain.md §2.2: 业务流水号 has 7 and
more)."""
CHARACTERS_A_MISREAD = 4
"""One character in so many may be misread, as with labels (domain.md §6); of a shorter value one."""

SERIALS = ("business_serial_no", "insurance_txn_no")
PERSONS = ("payer_name", "patient_name", "name")
HOSPITALS = ("payee_name", "hospital_name")
OWN_OF_EACH = frozenset(
    ("invoice_code", "invoice_number", "check_code", "issue_date", "checker", "cashier", "remark")
)
"""What an e-bill and the paper bill that it was exchanged for each have of their own."""

_CALLED = {
    "invoice_code": "票据代码",
    "invoice_number": "票据号码",
    "check_code": "校验码",
    "issue_date": "开票日期",
    "total_amount": "金额",
    "total_in_words": "大写金额",
    "payer_name": "交款人",
    "payee_name": "收款单位",
}
"""How a message calls a field; others go by their own name."""
_FEW = 3  # papers or fields named in a message
_RUN = re.compile(rf"\d{{{TELLING_NUMBER + 1},}}")


def bill_key(document: Document) -> tuple[str, ...] | None:
    """What makes a bill one and the same: code and number, of a bill without code number and payee."""
    number = document.text("invoice_number")
    if document.type not in INVOICES or not number:
        return None
    code = document.text("invoice_code")
    return (code, number) if code else ("", number, compact_name(document.text("payee_name") or ""))


def find_duplicates(documents: Iterable[Document]) -> tuple[tuple[Document, ...], ...]:
    """The groups of papers that are the same bill."""
    groups: dict[tuple[str, ...], list[Document]] = defaultdict(list)
    for document in documents:
        key = bill_key(document)
        if key is not None:
            groups[key].append(document)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


# ---------------------------------------------------------------- two papers beside each other


def finding_keys(document: Document) -> frozenset[str]:
    """By what another rendition of a paper is found.

    Of an invoice its own number, those it names and serials; of others the day with the person or the money.
    """
    if document.type not in INVOICES:
        return frozenset(content_keys(document))
    own = [document.text(name) for name in ("invoice_number", *SERIALS)]
    whole = [squeeze(text).upper() for text in own if text and not is_masked(text)]
    return frozenset(text for text in whole if len(text) >= TELLING_NUMBER) | _named(document)


def why_one_paper(a: Document, b: Document) -> RenditionReason | None:
    """Why two papers are one, or None where they are two or nobody can tell."""
    if is_same_bytes(a, b):
        return "same_bytes"
    if contradictions(a, b):
        return None
    if is_same_bill(a, b):
        return "same_code_and_number"
    if is_exchanged(a, b):
        return "exchanged"
    return "same_content" if is_same_content(a, b, _can_be_one) else None


def _can_be_one(name: str, a: AnyField, b: AnyField) -> bool:
    """Whether two readings can be one value; a day or an amount is never taken for a misread other one."""
    is_text = isinstance(a.value, str) and isinstance(b.value, str)
    return say_the_same(name, a, b) or (is_text and _is_misread(a, b))


def is_same_bytes(a: Document, b: Document) -> bool:
    """Whether two papers are the same place of the same bytes, under whatever names."""
    return content_key(a) == content_key(b)


def content_key(document: Document) -> str:
    """The bytes and the place in them, whatever the file is called."""
    return f"{document.file.sha256}:{document.id.partition('-')[2]}"


def is_same_bill(a: Document, b: Document) -> bool:
    """Whether two invoices have one code and number; where a code is not read, payer and total must agree."""
    number = a.text("invoice_number")
    if not {a.type, b.type} <= set(INVOICES) or not number or number != b.text("invoice_number"):
        return False
    if is_masked(number) or len(number) < TELLING_NUMBER:
        return False
    codes = {a.text("invoice_code"), b.text("invoice_code")}
    if None not in codes:
        return len(codes) == 1
    return len(number) == DIGITAL_NUMBER or _agree_on(a, b, "payer_name", "total_amount")


def is_exchanged(a: Document, b: Document) -> bool:
    """Whether one is an e-bill and the other the paper bill it was exchanged for.

    The paper bill names the number of the e-bill, or both carry one serial or transaction number; in
    either case payer and total are the same.
    """
    if a.type != b.type or a.type not in MEDICAL_INVOICES or {a.subtype, b.subtype} != {"e_bill", "paper"}:
        return False
    return _is_linked(a, b) and _agree_on(a, b, "payer_name", "total_amount")


def _is_linked(a: Document, b: Document) -> bool:
    if a.text("invoice_number") in _named(b) or b.text("invoice_number") in _named(a):
        return True
    return any(
        len(text) >= TELLING_NUMBER and not is_masked(text) and text == squeeze(b.text(name) or "").upper()
        for name in SERIALS
        if (text := squeeze(a.text(name) or "").upper())
    )


def _named(document: Document) -> frozenset[str]:
    """Long numbers that stand in other places of the paper: 相关票据号码, 备注 “换开自 …”."""
    texts = [*document.extras.values(), document.text("remark") or ""]
    return frozenset(number for text in texts for number in _RUN.findall(fold(text)))


def _agree_on(a: Document, b: Document, *names: str) -> bool:
    """Whether both papers state each of the fields, and the same or all but the same."""
    pairs = [(a.fields.get(name), b.fields.get(name)) for name in names]
    return all(
        x is not None and y is not None and x.value is not None and y.value is not None for x, y in pairs
    ) and not any(name in names for name in contradictions(a, b))


def contradictions(a: Document, b: Document) -> tuple[str, ...]:
    """Of total and payer those that two papers state differently, beyond what misreading explains."""
    found = []
    for name in ("total_amount", "payer_name"):
        x, y = a.fields.get(name), b.fields.get(name)
        if x is not None and y is not None and not say_the_same(name, x, y) and not _is_misread(x, y):
            found.append(name)
    return tuple(found)


def _is_misread(a: AnyField, b: AnyField) -> bool:
    """Whether two values can be one that was misread: one is in doubt, and they are nearly the same."""
    if a.status == b.status == "accepted":
        return False
    left, right = squeeze(str(a.value)), squeeze(str(b.value))
    return Levenshtein.distance(left, right) <= max(1, max(len(left), len(right)) // CHARACTERS_A_MISREAD)


def say_the_same(name: str, a: AnyField, b: AnyField) -> bool:
    """Whether two readings of field `name` agree; one that gave no value contradicts nothing."""
    if a.value is None or b.value is None or a.value == b.value:
        return True
    if not isinstance(a.value, str) or not isinstance(b.value, str):
        return False
    if name in PERSONS:
        return names_agree(a.value, b.value)
    if name in HOSPITALS:
        return is_same_hospital(a.value, b.value)
    left, right = squeeze(a.value).casefold(), squeeze(b.value).casefold()
    masked = is_masked(left) or is_masked(right)
    return left == right or (masked and names_agree(left, right))


def differences(a: Document, b: Document, reason: RenditionReason) -> tuple[str, ...]:
    """The fields that two renditions of one paper state differently."""
    own = OWN_OF_EACH if reason == "exchanged" else frozenset[str]()
    return tuple(
        name
        for name, field in a.fields.items()
        if name in b.fields and name not in own and not say_the_same(name, field, b.fields[name])
    )


# ---------------------------------------------------------------- rules about two papers


@pair_rule(
    "R-DUP-4",
    title="同一单据的另一影像与本影像一致，只计一次",
    basis="同一文件重复上传合并为一份单据（PDF 与其截图）",
)
def renditions_agree(document: Document, other: Document) -> Verdict:
    """Nothing that was read surely from another picture of the paper differs from what this one says."""
    wrong = [name for name in _differing(document, other) if other.fields[name].status == "accepted"]
    if wrong:
        said = f"同一单据的另一影像 {sheet(other)} 上{_apart(document, other, wrong)}，请对照原件核对"
        return failed(said, *(f"fields.{name}" for name in wrong))
    both = tuple(f"fields.{name}" for name in document.fields if name in other.fields)
    return Verdict("pass", f"与 {sheet(other)} 为同一单据的不同影像，只计一次", both)


@pair_rule(
    "R-DUP-4",
    title="同一单据的另一影像没有不同的读法",
    basis="同一文件重复上传合并为一份单据（PDF 与其截图）",
    severity="warn",
)
def renditions_read_alike(document: Document, other: Document) -> Verdict:
    """Nothing that was read in doubt from another picture of the paper differs from what this one says."""
    wrong = [name for name in _differing(document, other) if other.fields[name].status != "accepted"]
    if wrong:
        said = f"同一单据的另一影像 {sheet(other)} 读得没有把握，其上{_apart(document, other, wrong)}"
        return failed(said, *(f"fields.{name}" for name in wrong))
    return passed(*(f"fields.{name}" for name in document.fields if name in other.fields))


@pair_rule(
    "R-DUP-4",
    title="同一单据的另一影像的明细金额一致",
    basis="同一文件重复上传合并为一份单据（PDF 与其截图）",
)
def rendition_rows_agree(document: Document, other: Document) -> Verdict:
    """No row that was read surely from another picture of the paper has another amount than here."""
    return _rows_beside(document, other, "上", surely=True)


@pair_rule(
    "R-DUP-4",
    title="同一单据的另一影像的明细没有不同的读法",
    basis="同一文件重复上传合并为一份单据（PDF 与其截图）",
    severity="warn",
)
def rendition_rows_read_alike(document: Document, other: Document) -> Verdict:
    """No row that was read in doubt from another picture of the paper has another amount than here."""
    return _rows_beside(document, other, "读得没有把握，其上", surely=False)


def _rows_beside(document: Document, other: Document, how: str, *, surely: bool) -> Verdict:
    wrong: list[int] = []
    said: list[str] = []
    for pair in row_pairs(document.items, other.items):
        ours, theirs = document.items[pair.ours].amount, other.items[pair.theirs].amount
        if ours and theirs and pair.differs and (theirs.status == "accepted") == surely:
            wrong.append(pair.ours)
            said.append(f"第 {pair.ours + 1} 行金额为「{theirs.value}」，本影像为「{ours.value}」")
    if not wrong:
        return passed()
    more = f"等 {len(said)} 行" if len(said) > _FEW else ""
    return failed(
        f"同一单据的另一影像 {sheet(other)} {how}{'；'.join(said[:_FEW])}{more}，请对照原件核对",
        *(f"line_items[{spot}].amount" for spot in wrong),
    )


def _differing(document: Document, other: Document) -> tuple[str, ...]:
    return differences(document, other, other.rendition_reason or "same_code_and_number")


def _apart(document: Document, other: Document, names: Sequence[str]) -> str:
    """`金额为「203.85」，本影像为「203.65」`, of the first few fields."""
    each = [
        f"{_CALLED.get(name, name)}为「{other.fields[name].value}」"
        f"，本影像为「{document.fields[name].value}」"
        for name in names[:_FEW]
    ]
    return "；".join(each) + (f"等 {len(names)} 项" if len(names) > _FEW else "")


@pair_rule(
    "R-DUP-2",
    title="换开的电子票据与纸质票据只报销一次",
    basis="DA/T 95—2022 表 B.10（电子票据换开纸质票据的相关票据号码）",
    about="claim",
)
def exchanged_bill_counts_once(document: Document, other: Document) -> Verdict:
    """An e-bill and the paper bill that it was exchanged for are the same money; a person sees both."""
    numbers = f"{document.text('invoice_number') or '号码未读出'}（{sheet(document)}）"
    others = f"{other.text('invoice_number') or '号码未读出'}（{sheet(other)}）"
    return failed(
        f"票据 {numbers} 与 {others} 为同一笔费用的电子票据和换开的纸质票据，只计一次，"
        "换开后以纸质票据原件为报销凭证，请核对",
        "fields.invoice_number",
    )


@pair_rule(
    "R-DUP-1",
    title="同一代码和号码的票据内容一致",
    basis="财政电子票据重复报销防控要求（票据代码＋票据号码唯一）",
    about="claim",
)
def bill_says_one_thing(document: Document, other: Document) -> Verdict:
    """A second sheet of the same code and number states the same money and the same person."""
    wrong = contradictions(document, other)
    if not wrong:
        return passed("fields.invoice_number")
    said = "、".join(
        f"{_CALLED[name]}「{document.fields[name].value}」与「{other.fields[name].value}」" for name in wrong
    )
    return failed(
        f"{sheet(document)} 与 {sheet(other)} 的票据代码和号码相同（{document.text('invoice_number')}），"
        f"但{said}不同，疑似变造或重复报销，请核对两份原件",
        "fields.invoice_number",
        *(f"fields.{name}" for name in wrong),
    )


@pair_rule(
    "R-DUP-3",
    title="没有与其他单据几乎相同的影像",
    basis="影像和所印数字几乎相同的单据",
    severity="warn",
    about="claim",
)
def page_looks_like_no_other(document: Document, other: Document) -> Verdict:
    """No page of another paper looks like one of this: the same print and the same numbers on it."""
    return failed(
        f"{sheet(document)} 与 {sheet(other)} 的影像和数字几乎相同，请确认不是同一单据重复提交", "pages"
    )


def sheet(document: Document) -> str:
    """How a message names a paper: its file, and its page where the file holds more."""
    number = document.pages[0].number if document.pages else 1
    return document.file.name if number == 1 else f"{document.file.name} 第 {number} 页"


# ---------------------------------------------------------------- rules about a claim


@claim_rule(
    "R-DUP-1",
    title="没有重复的票据",
    basis="财政电子票据重复报销防控要求（票据代码＋票据号码唯一）",
    about="claim",
)
def bills_are_distinct(documents: Sequence[Document]) -> Verdict | None:
    """No bill of the claim has the code and number of another."""
    bills = [document for document in documents if bill_key(document) is not None]
    twice = find_duplicates(bills)
    if twice:
        said = "、".join(
            f"{group[0].text('invoice_number')}（{'、'.join(sorted({each.file.name for each in group}))}）"
            for group in twice[:_FEW]
        )
        paths = [path_in(each, "fields.invoice_number") for group in twice for each in group]
        return failed(f"同一票据出现多次：{said}，只能报销一次，请确认是否为同一票据的不同影像", *paths)
    return passed(*(path_in(each, "fields.invoice_number") for each in bills)) if len(bills) > 1 else None


@claim_rule(
    "R-DUP-3",
    title="没有疑似重复的票据",
    basis="同一交款人、收款单位、日期和金额的票据",
    severity="warn",
    about="claim",
)
def bills_do_not_look_alike(documents: Sequence[Document]) -> Verdict | None:
    """No two bills under different numbers share payer, payee, date and total."""
    groups: dict[tuple[str, str, date, Decimal], list[Document]] = defaultdict(list)
    for document in (each for each in documents if each.type in INVOICES):
        payer, payee = document.text("payer_name"), document.text("payee_name")
        day, total = document.date("issue_date"), document.money("total_amount")
        if payer and payee and day and total is not None and bill_key(document):
            groups[compact_name(payer), compact_name(payee), day, total].append(document)
    alike = [group for group in groups.values() if len({bill_key(each) for each in group}) > 1]
    if not alike:
        return passed() if sum(map(len, groups.values())) > 1 else None
    numbers = "、".join(str(each.text("invoice_number")) for each in alike[0])
    paths = [path_in(each, "fields.invoice_number") for group in alike for each in group]
    return failed(f"票据 {numbers} 的交款人、收款单位、日期和金额都相同，请确认不是重复收费", *paths)
