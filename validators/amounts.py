"""Sums on one paper: words against digits, rows against totals, payers against the total (domain.md §6).

What is added up stands in `validators.sums`; here is what follows from it.
"""

from __future__ import annotations

from pipeline.model import INVOICES, MEDICAL_INVOICES, Document
from validators._rule import CHECK_READING, Verdict, document_rule, failed, passed, printed, unknown
from validators._sums import weigh, weigh_all
from validators.sums import (
    amount_in_words,
    burden_sum,
    category_sum,
    detail_sums,
    extra_money,
    further_payer,
    item_sum,
    payment_sum,
    prepayment_sum,
    product_holds,
    row_products,
    self_pay_burdens,
    self_pay_parts,
    tax_sum,
)

_FORM = "财综〔2019〕29号 附件1、2（医疗收费电子票据式样）"
_MOST_LINES = 5  # lines named in a message


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
    amount = amount_in_words(document)
    if amount is None:
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
    return weigh_all(category_sum(document))


@document_rule("V-3", title="各类别下的明细之和等于该类金额", basis=_FORM)
def details_sum_to_their_category(document: Document) -> Verdict | None:
    """The rows under a category add up to the category's row."""
    return weigh_all(detail_sums(document))


@document_rule("V-3", title="明细之和等于合计", basis=_FORM)
def items_sum_to_total(document: Document) -> Verdict | None:
    """The charged rows add up to the total; on a VAT invoice to the amount before tax."""
    for rows in item_sum(document):
        verdict = weigh(rows.left, rows.right)
        if verdict and verdict.outcome == "fail" and not rows.certain:
            return unknown("明细之和与价税合计不等，未读出税额，无法核对", *verdict.fields)
        return verdict
    return None


@document_rule("VAT-1", "vat_invoice", title="不含税金额与税额之和等于价税合计", basis="增值税发票票面项目")
def net_and_tax_sum_to_total(document: Document) -> Verdict | None:
    """Amount before tax plus tax is the total; an exempt invoice prints no tax."""
    return weigh_all(tax_sum(document))


@document_rule("V-4", *INVOICES, title="各项支付之和等于合计", basis=_FORM)
def payments_sum_to_total(document: Document) -> Verdict | None:
    """What the payers paid is the total.

    Some regions print further payers (大病保险, 医疗救助 …): when one of them is just the difference, the
    rule cannot tell.
    """
    for payments in payment_sum(document):
        verdict = weigh(payments.left, payments.right)
        label = further_payer(document, payments.left, payments.right[0])
        if verdict and verdict.outcome == "fail" and label is not None:
            amount = extra_money(document, label)
            return unknown(
                f"各项支付之和与合计的差额恰为「{label}」{amount:.2f} 元，请确认其是否另计", *verdict.fields
            )
        return verdict
    return None


@document_rule(
    "V-5",
    *MEDICAL_INVOICES,
    title="个人账户支付与个人现金支付之和等于个人自付与个人自费之和",
    basis=_FORM,
    severity="warn",
)
def personal_payments_equal_personal_burden(document: Document) -> Verdict | None:
    """What the person paid is what the person had to bear."""
    return weigh_all(burden_sum(document))


@document_rule(
    "V-6",
    *MEDICAL_INVOICES,
    title="个人自付等于自付一与自付二之和",
    basis="北京市医疗收费票据其他信息",
    severity="warn",
)
def self_pay_equals_its_two_parts(document: Document) -> Verdict | None:
    """北京: 个人自付 is 自付一 and 自付二 together."""
    return weigh_all(self_pay_parts(document))


@document_rule(
    "V-7",
    *MEDICAL_INVOICES,
    title="个人自付等于分类自负与自负之和",
    basis="上海市医疗收费票据其他信息",
    severity="warn",
)
def self_pay_equals_the_two_burdens(document: Document) -> Verdict | None:
    """上海: 个人自付 is 分类自负 and 自负 together."""
    return weigh_all(self_pay_burdens(document))


@document_rule(
    "V-8", "inpatient_invoice", title="预缴加补缴减退费等于个人现金支付", basis=_FORM, severity="warn"
)
def prepayment_settles_cash(document: Document) -> Verdict | None:
    """What was paid ahead and at the end, less what was given back, is the cash payment."""
    return weigh_all(prepayment_sum(document))


@document_rule("V-9", title="数量乘单价等于金额", basis=_FORM, severity="warn")
def quantity_times_price_is_amount(document: Document) -> Verdict | None:
    """On each charged row, quantity times price is the amount, give or take a fen."""
    wrong: list[str] = []
    open_: list[str] = []
    right: list[str] = []
    said: list[str] = []
    for number, row in enumerate(row_products(document), start=1):
        quantity, price, amount = (term.amount for term in row.terms)
        if quantity is None or price is None:
            continue
        due = quantity * price
        paths = [term.path for term in row.terms]
        factors = f"第 {number} 行 {quantity:f} × {price:f} = {due:.2f}"
        if amount is None:
            open_ += paths
            said.append(f"{factors}，金额未读出")
            continue
        holds = product_holds(quantity, price, amount, is_worked_back=row.is_worked_back)
        if holds is False:
            wrong += paths
            said.append(f"{factors}，金额为 {amount:.2f}")
        elif holds:
            right += paths
    lines = "；".join(said[:_MOST_LINES]) + (f"；等 {len(said)} 行" if len(said) > _MOST_LINES else "")
    if wrong:
        return failed(f"{lines}；{CHECK_READING}", *wrong)
    if open_:
        return unknown(f"{lines}，请对照原件确认", *open_)
    return passed(*right) if right else None
