"""What must add up on one paper: the two sides of each sum and the three numbers of each row, by rule.

The rules of `validators.amounts` weigh these, and `pipeline.repair` looks here for what keeps a sum from
closing, so that the arithmetic of a form stands once. The sides follow the forms in domain.md §6.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.fee_categories import find_category
from pipeline.model import INVOICES, MEDICAL_INVOICES, Document, LineItem, MoneyField
from pipeline.text import parse_capitals, parse_money, squeeze
from validators._rule import printed

ROUNDING = Decimal("0.01")
"""A price is printed with fewer places than the hospital counts with: a row may be a fen off."""

TOTAL_LABEL = "金额合计"
NET_LABELS = ("amount_without_tax", "不含税金额", "合计金额")
TAX_LABELS = ("tax", "税额", "合计税额")
PAYMENTS = {
    "fund_payment": "医保统筹基金支付",
    "other_payment": "其他支付",
    "account_payment": "个人账户支付",
    "cash_payment": "个人现金支付",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One amount of a sum: its printed label, its path, and its value where it was read."""

    label: str
    path: str
    amount: Decimal | None
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Sum:
    """Two sides that must hold the same money to the fen, and the id of the rule that says so.

    `certain` is False where the paper may count something in that has no term here: a difference then proves
    nothing.
    """

    rule: str
    left: tuple[Term, ...]
    right: tuple[Term, ...]
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Product:
    """The numbers of a charged row: quantity times price is the amount.

    `is_worked_back` says that the price may be worked back from another and printed rounded, as on VAT
    invoices.
    """

    quantity: Term
    price: Term
    amount: Term
    rule: str = "V-9"
    is_worked_back: bool = False

    @property
    def terms(self) -> tuple[Term, Term, Term]:
        """Quantity, price and amount."""
        return self.quantity, self.price, self.amount


def product_holds(
    quantity: Decimal, price: Decimal, amount: Decimal, *, is_worked_back: bool = False
) -> bool | None:
    """Whether quantity times price is the amount, give or take a fen; None where rounding hides it.

    >>> product_holds(Decimal(2), Decimal("18.60"), Decimal("37.20"))
    True
    >>> product_holds(Decimal(400), Decimal("0.33"), Decimal("133.33"))
    False
    >>> product_holds(Decimal(400), Decimal("0.33"), Decimal("133.33"), is_worked_back=True)
    """
    off = abs(quantity * price - amount)
    if off <= ROUNDING:
        return True
    return None if is_worked_back and off <= _rounded(quantity, price) else False


def _rounded(quantity: Decimal, price: Decimal) -> Decimal:
    """How far quantity times price may lie off because the price is printed rounded."""
    last_place = Decimal(1).scaleb(min(0, int(price.as_tuple().exponent)))
    return abs(quantity) * last_place / 2 + ROUNDING


# ---------------------------------------------------------------- terms


def field_term(document: Document, name: str, label: str, sign: int = 1) -> Term:
    """Field `name`, or what the paper has under `label` in its further information."""
    amount = document.money(name)
    if amount is None and label in document.extras:
        return Term(label, f"extras.{label}", extra_money(document, label), sign)
    return Term(label, f"fields.{name}", amount, sign)


def extra_money(document: Document, label: str) -> Decimal | None:
    """The amount printed under a label without a field name; None where there is none."""
    try:
        return parse_money(document.extras[label])
    except (KeyError, ValueError):
        return None


def row_terms(rows: Sequence[LineItem], path: str) -> list[Term]:
    """The amounts of charged rows; `path` is `line_items` or `category_totals`."""
    return [
        Term(
            (row.name.value if row.name else None) or f"第{number}行",
            f"{path}[{number - 1}].amount",
            row.amount.value if row.amount else None,
        )
        for number, row in enumerate(rows, start=1)
    ]


def amount_in_words(document: Document) -> Decimal | None:
    """What the total in words states; None where it is not there or breaks the rules of writing."""
    words = printed(document, "total_in_words")
    if words is None:
        return None
    amount = document.money("total_in_words")
    if amount is not None:
        return amount
    try:
        return parse_capitals(words)
    except ValueError:
        return None


# ---------------------------------------------------------------- sums, by rule


def sums_of(document: Document) -> tuple[Sum, ...]:
    """Every sum that the paper should close, as its rules see it."""
    return tuple(
        found for types, sides in _SUMS if not types or document.type in types for found in sides(document)
    )


def words_sum(document: Document) -> Iterator[Sum]:
    """V-1: the total in words is the total in digits."""
    if "total_in_words" in document.fields:
        words = Term("大写金额", "fields.total_in_words", amount_in_words(document))
        yield Sum("V-1", (words,), (total_term(document),))


def category_sum(document: Document) -> Iterator[Sum]:
    """V-2: the category rows add up to the total."""
    if document.category_totals:
        rows = row_terms(document.category_totals, "category_totals")
    elif are_categories(document.items):
        rows = row_terms(document.items, "line_items")
    else:
        return
    yield Sum("V-2", tuple(rows), (total_term(document),))


def detail_sums(document: Document) -> Iterator[Sum]:
    """V-3: the rows under each category add up to the category's row."""
    details: dict[str, list[Term]] = defaultdict(list)
    for item, term in zip(document.items, row_terms(document.items, "line_items"), strict=True):
        if item.category and item.category.value:
            details[_category_key(item.category.value)].append(term)
    heads: dict[str, list[Term]] = defaultdict(list)
    for term in row_terms(document.category_totals, "category_totals"):
        heads[_category_key(term.label)].append(term)
    for key, head in heads.items():
        if key in details:
            yield Sum("V-3", tuple(details[key]), tuple(head))


def item_sum(document: Document) -> Iterator[Sum]:
    """V-3: the charged rows add up to the total; on a VAT invoice to the amount before tax."""
    if not document.items or are_categories(document.items):
        return  # V-2 looks at category rows
    if document.type == "prescription" and all(item.amount is None for item in document.items):
        return  # most prescriptions print no prices
    is_vat = document.type == "vat_invoice"
    net = first_extra(document, NET_LABELS) if is_vat else None
    right = net or total_term(document)
    rows = row_terms(document.items, "line_items")
    # Without the amount before tax, what the rows miss of a VAT invoice's total may be the tax.
    yield Sum("V-3", tuple(rows), (right,), certain=net is not None or not is_vat)


def tax_sum(document: Document) -> Iterator[Sum]:
    """VAT-1: amount before tax plus tax is the total; an exempt invoice prints no tax."""
    net, tax = first_extra(document, NET_LABELS), first_extra(document, TAX_LABELS)
    if net is not None and tax is not None:
        yield Sum("VAT-1", (net, tax), (field_term(document, "total_amount", "价税合计"),))


def payment_sum(document: Document) -> Iterator[Sum]:
    """V-4: what the payers paid is the total."""
    terms = tuple(field_term(document, name, label) for name, label in PAYMENTS.items())
    if any(term.amount is not None for term in terms):
        total = total_term(document)
        yield Sum("V-4", terms, (total,), certain=further_payer(document, terms, total) is None)


def further_payer(document: Document, payers: Sequence[Term], total: Term) -> str | None:
    """The label of a payer beyond the usual ones whose amount is just what the others left unpaid."""
    if total.amount is None:
        return None
    missing = total.amount - sum((term.amount for term in payers if term.amount is not None), Decimal(0))
    known = {term.label for term in payers}
    labels = (label for label in document.extras if label not in known)
    return next((label for label in labels if missing and extra_money(document, label) == missing), None)


def burden_sum(document: Document) -> Iterator[Sum]:
    """V-5: what the person paid is what the person had to bear."""
    paid = [field_term(document, name, PAYMENTS[name]) for name in ("account_payment", "cash_payment")]
    borne = [field_term(document, "self_pay", "个人自付"), field_term(document, "self_funded", "个人自费")]
    yield Sum("V-5", tuple(paid), tuple(borne))


def self_pay_parts(document: Document) -> Iterator[Sum]:
    """V-6: 北京: 个人自付 is 自付一 and 自付二 together."""
    parts = (field_term(document, "self_pay_1", "自付一"), field_term(document, "self_pay_2", "自付二"))
    if any(part.amount is not None for part in parts):
        yield Sum("V-6", (field_term(document, "self_pay", "个人自付"),), parts)


def self_pay_burdens(document: Document) -> Iterator[Sum]:
    """V-7: 上海: 个人自付 is 分类自负 and 自负 together."""
    parts = tuple(
        Term(label, f"extras.{label}", extra_money(document, label)) for label in ("分类自负", "自负")
    )
    if any(part.amount is not None for part in parts):
        yield Sum("V-7", (field_term(document, "self_pay", "个人自付"),), parts)


def prepayment_sum(document: Document) -> Iterator[Sum]:
    """V-8: what was paid ahead and at the end, less what was given back, is the cash payment."""
    if document.money("prepaid") is None:
        return
    settled = (
        field_term(document, "prepaid", "预缴金额"),
        field_term(document, "topup", "补缴金额"),
        field_term(document, "refund", "退费金额", -1),
    )
    yield Sum("V-8", settled, (field_term(document, "cash_payment", PAYMENTS["cash_payment"]),))


def row_products(document: Document) -> tuple[Product, ...]:
    """V-9: the numbers of each charged row, in the order of the rows."""
    return tuple(
        Product(
            _part(item.quantity, f"line_items[{spot}].quantity"),
            _part(item.unit_price, f"line_items[{spot}].unit_price"),
            _part(item.amount, f"line_items[{spot}].amount"),
            is_worked_back=document.type == "vat_invoice",
        )
        for spot, item in enumerate(document.items)
    )


def _part(field: MoneyField | None, path: str) -> Term:
    return Term(path, path, field.value if field is not None else None)


_SUMS: tuple[tuple[frozenset[str], Callable[[Document], Iterator[Sum]]], ...] = (
    (frozenset(), words_sum),
    (frozenset((*MEDICAL_INVOICES, "itemized_bill", "settlement_sheet")), category_sum),
    (frozenset(), detail_sums),
    (frozenset(), item_sum),
    (frozenset(("vat_invoice",)), tax_sum),
    (frozenset(INVOICES), payment_sum),
    (frozenset(MEDICAL_INVOICES), burden_sum),
    (frozenset(MEDICAL_INVOICES), self_pay_parts),
    (frozenset(MEDICAL_INVOICES), self_pay_burdens),
    (frozenset(("inpatient_invoice",)), prepayment_sum),
)
"""The types of papers that print a sum, as their rules name them (none: all), and its sides."""


# ---------------------------------------------------------------- what the sides are made of


def total_term(document: Document) -> Term:
    """The total in digits."""
    return field_term(document, "total_amount", TOTAL_LABEL)


def first_extra(document: Document, labels: Sequence[str]) -> Term | None:
    """The first of `labels` that the paper's further information has an amount for."""
    for label in labels:
        amount = extra_money(document, label)
        if amount is not None:
            return Term("不含税金额" if labels is NET_LABELS else "税额", f"extras.{label}", amount)
    return None


def are_categories(items: Sequence[LineItem]) -> bool:
    """Whether every row is a category (西药费, 治疗费 …), so that the rows are category rows."""
    names = [item.name.value if item.name else None for item in items]
    return bool(names) and all(name and find_category(name) for name in names)


def _category_key(name: str) -> str:
    category = find_category(name)
    return category.code if category else squeeze(name)
