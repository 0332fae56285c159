"""Sums on one paper: words against digits, rows against totals, payers against the total (domain.md §6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from pipeline.fee_categories import find_category
from pipeline.model import Document, LineItem
from pipeline.text import parse_capitals, squeeze
from validators._rule import (
    CHECK_READING,
    INVOICES,
    MEDICAL_INVOICES,
    Verdict,
    document_rule,
    failed,
    passed,
    printed,
    unknown,
    worst_of,
)
from validators._sums import Term, extra_money, field_term, row_terms, weigh

_FORM = "财综〔2019〕29号 附件1、2（医疗收费电子票据式样）"
_ROUNDING = Decimal("0.01")  # a price is printed with fewer places than the hospital counts with
_MOST_LINES = 5  # lines named in a message
_TOTAL_LABEL = "金额合计"


@document_rule(
    "V-1",
    title="大写金额与小写金额一致",
    basis="《会计基础工作规范》第五十二条；财综〔2019〕29号",
)
def total_in_words_equals_total(document: Document) -> Verdict | None:
    """The amount in words is the amount in digits."""
    paths = ("fields.total_in_words", "fields.total_amount")
    words, total = printed(document, "total_in_words"), document.money("total_amount")
    if words is None:
        return None
    amount = document.money("total_in_words")
    if amount is None:
        try:
            amount = parse_capitals(words)
        except ValueError:
            return unknown(f"大写金额「{words}」不合书写规则，无法与小写核对；{CHECK_READING}", paths[0])
    if total is None:
        return unknown(f"小写金额未读出，大写金额读作 {amount:.2f} 元，请对照原件确认", *paths)
    if amount != total:
        return failed(f"大写金额读作 {amount:.2f} 元，小写金额为 {total:.2f} 元；{CHECK_READING}", *paths)
    return passed(*paths)


@document_rule(
    "V-2", *MEDICAL_INVOICES, "itemized_bill", "settlement_sheet", title="分类金额之和等于合计", basis=_FORM
)
def categories_sum_to_total(document: Document) -> Verdict | None:
    """The category rows add up to the total."""
    if document.category_totals:
        rows = row_terms(document.category_totals, "category_totals")
    elif _are_categories(document.items):
        rows = row_terms(document.items, "line_items")
    else:
        return None
    return weigh(rows, [field_term(document, "total_amount", _TOTAL_LABEL)])


@document_rule("V-3", title="各类别下的明细之和等于该类金额", basis=_FORM)
def details_sum_to_their_category(document: Document) -> Verdict | None:
    """The rows under a category add up to the category's row."""
    details: dict[str, list[Term]] = defaultdict(list)
    for item, term in zip(document.items, row_terms(document.items, "line_items"), strict=True):
        if item.category and item.category.value:
            details[_category_key(item.category.value)].append(term)
    heads: dict[str, list[Term]] = defaultdict(list)
    for term in row_terms(document.category_totals, "category_totals"):
        heads[_category_key(term.label)].append(term)
    verdicts = [verdict for key in heads if key in details if (verdict := weigh(details[key], heads[key]))]
    return worst_of(verdicts)


NET_LABELS = ("amount_without_tax", "不含税金额", "合计金额")
TAX_LABELS = ("tax", "税额", "合计税额")


@document_rule("V-3", title="明细之和等于合计", basis=_FORM)
def items_sum_to_total(document: Document) -> Verdict | None:
    """The charged rows add up to the total; on a VAT invoice to the amount before tax."""
    if not document.items or _are_categories(document.items):
        return None  # V-2 looks at category rows
    if document.type == "prescription" and all(item.amount is None for item in document.items):
        return None  # most prescriptions print no prices
    rows = row_terms(document.items, "line_items")
    net = _first_extra(document, NET_LABELS) if document.type == "vat_invoice" else None
    if net is not None:
        return weigh(rows, [net])
    verdict = weigh(rows, [field_term(document, "total_amount", _TOTAL_LABEL)])
    if verdict and verdict.outcome == "fail" and document.type == "vat_invoice":
        return unknown("明细之和与价税合计不等，未读出税额，无法核对", *verdict.fields)
    return verdict


@document_rule("VAT-1", "vat_invoice", title="不含税金额与税额之和等于价税合计", basis="增值税发票票面项目")
def net_and_tax_sum_to_total(document: Document) -> Verdict | None:
    """Amount before tax plus tax is the total; an exempt invoice prints no tax."""
    net, tax = _first_extra(document, NET_LABELS), _first_extra(document, TAX_LABELS)
    if net is None or tax is None:
        return None
    return weigh([net, tax], [field_term(document, "total_amount", "价税合计")])


PAYMENTS = {
    "fund_payment": "医保统筹基金支付",
    "other_payment": "其他支付",
    "account_payment": "个人账户支付",
    "cash_payment": "个人现金支付",
}


@document_rule("V-4", *INVOICES, title="各项支付之和等于合计", basis=_FORM)
def payments_sum_to_total(document: Document) -> Verdict | None:
    """What the payers paid is the total.

    Some regions print further payers (大病保险, 医疗救助 …): when one of them is just the difference, the
    rule cannot tell.
    """
    terms = [field_term(document, name, label) for name, label in PAYMENTS.items()]
    if all(term.amount is None for term in terms):
        return None
    total = field_term(document, "total_amount", _TOTAL_LABEL)
    verdict = weigh(terms, [total])
    if verdict and verdict.outcome == "fail" and total.amount is not None:
        paid = sum((term.amount for term in terms if term.amount is not None), Decimal(0))
        known = {term.label for term in terms}
        for label in document.extras:
            if label not in known and extra_money(document, label) == total.amount - paid:
                return unknown(
                    f"各项支付之和与合计的差额恰为「{label}」{total.amount - paid:.2f} 元，请确认其是否另计",
                    *verdict.fields,
                )
    return verdict


@document_rule(
    "V-5",
    *MEDICAL_INVOICES,
    title="个人账户支付与个人现金支付之和等于个人自付与个人自费之和",
    basis=_FORM,
    severity="warn",
)
def personal_payments_equal_personal_burden(document: Document) -> Verdict | None:
    """What the person paid is what the person had to bear."""
    return weigh(
        [
            field_term(document, "account_payment", PAYMENTS["account_payment"]),
            field_term(document, "cash_payment", PAYMENTS["cash_payment"]),
        ],
        [field_term(document, "self_pay", "个人自付"), field_term(document, "self_funded", "个人自费")],
    )


@document_rule(
    "V-6",
    *MEDICAL_INVOICES,
    title="个人自付等于自付一与自付二之和",
    basis="北京市医疗收费票据其他信息",
    severity="warn",
)
def self_pay_equals_its_two_parts(document: Document) -> Verdict | None:
    """北京: 个人自付 is 自付一 and 自付二 together."""
    parts = [field_term(document, "self_pay_1", "自付一"), field_term(document, "self_pay_2", "自付二")]
    return _weigh_if_any(field_term(document, "self_pay", "个人自付"), parts)


@document_rule(
    "V-7",
    *MEDICAL_INVOICES,
    title="个人自付等于分类自负与自负之和",
    basis="上海市医疗收费票据其他信息",
    severity="warn",
)
def self_pay_equals_the_two_burdens(document: Document) -> Verdict | None:
    """上海: 个人自付 is 分类自负 and 自负 together."""
    labels = ("分类自负", "自负")
    parts = [Term(label, f"extras.{label}", extra_money(document, label)) for label in labels]
    return _weigh_if_any(field_term(document, "self_pay", "个人自付"), parts)


@document_rule(
    "V-8", "inpatient_invoice", title="预缴加补缴减退费等于个人现金支付", basis=_FORM, severity="warn"
)
def prepayment_settles_cash(document: Document) -> Verdict | None:
    """What was paid ahead and at the end, less what was given back, is the cash payment."""
    if document.money("prepaid") is None:
        return None
    return weigh(
        [
            field_term(document, "prepaid", "预缴金额"),
            field_term(document, "topup", "补缴金额"),
            field_term(document, "refund", "退费金额", -1),
        ],
        [field_term(document, "cash_payment", PAYMENTS["cash_payment"])],
    )


@document_rule("V-9", title="数量乘单价等于金额", basis=_FORM, severity="warn")
def quantity_times_price_is_amount(document: Document) -> Verdict | None:
    """On each charged row, quantity times price is the amount, give or take a fen."""
    wrong: list[str] = []
    open_: list[str] = []
    right: list[str] = []
    said: list[str] = []
    for spot, item in enumerate(document.items):
        quantity, price, amount = (
            each.value if each else None for each in (item.quantity, item.unit_price, item.amount)
        )
        if quantity is None or price is None:
            continue
        due = quantity * price
        names = ("quantity", "unit_price", "amount")
        paths = [f"line_items[{spot}].{name}" for name in names]
        factors = f"第 {spot + 1} 行 {quantity:f} × {price:f} = {due:.2f}"
        if amount is None:
            open_ += paths
            said.append(f"{factors}，金额未读出")
        elif document.type == "vat_invoice" and _ROUNDING < abs(due - amount) <= _rounded(quantity, price):
            continue  # worked back from the price with tax, and printed with fewer places than it has
        elif abs(due - amount) > _ROUNDING:
            wrong += paths
            said.append(f"{factors}，金额为 {amount:.2f}")
        else:
            right += paths
    lines = "；".join(said[:_MOST_LINES]) + (f"；等 {len(said)} 行" if len(said) > _MOST_LINES else "")
    if wrong:
        return failed(f"{lines}；{CHECK_READING}", *wrong)
    if open_:
        return unknown(f"{lines}，请对照原件确认", *open_)
    return passed(*right) if right else None


def _rounded(quantity: Decimal, price: Decimal) -> Decimal:
    """How far quantity times price may lie off because the price is printed rounded."""
    last_place = Decimal(1).scaleb(min(0, int(price.as_tuple().exponent)))
    return abs(quantity) * last_place / 2 + _ROUNDING


def _first_extra(document: Document, labels: Sequence[str]) -> Term | None:
    """The first of `labels` that the paper's further information has an amount for."""
    for label in labels:
        amount = extra_money(document, label)
        if amount is not None:
            return Term("不含税金额" if labels is NET_LABELS else "税额", f"extras.{label}", amount)
    return None


def _weigh_if_any(whole: Term, parts: Sequence[Term]) -> Verdict | None:
    if all(part.amount is None for part in parts):
        return None
    return weigh([whole], parts)


def _are_categories(items: Sequence[LineItem]) -> bool:
    names = [item.name.value if item.name else None for item in items]
    return bool(names) and all(name and find_category(name) for name in names)


def _category_key(name: str) -> str:
    category = find_category(name)
    return category.code if category else squeeze(name)
