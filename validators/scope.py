"""What is charged but not paid for, or not in the lists in use (domain.md §10 R-SCOPE-1, R-SCOPE-2)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pipeline.case import Case
from pipeline.catalogs.entries import DATA
from pipeline.fee_categories import find_category
from pipeline.model import INVOICES, LineItem
from pipeline.text import squeeze
from validators._rule import Verdict, case_rule, failed, passed, unknown
from validators.across import path_in
from validators.external_drugs import without_tax_group

_FEW = 5
"""Rows named in a message."""
_CHARGED = ("itemized_bill", *INVOICES)


def _rows(case: Case) -> Iterator[tuple[str, LineItem]]:
    """Every charged row that has a name, with its path."""
    for document in case.documents:
        if document.type in _CHARGED:
            for number, row in enumerate(document.items):
                if row.name is not None and row.name.value:
                    yield path_in(document, f"line_items[{number}]"), row


def _printed(row: LineItem) -> str:
    """The name of the row without the tax group that a VAT invoice prints before it."""
    return without_tax_group((row.name.value or "") if row.name is not None else "")


@case_rule(
    "R-SCOPE-1",
    title="没有不予支付的项目",
    basis="国家医保服务平台费用报销说明（不予支付的服务项目）",
    severity="warn",
)
def rows_are_payable(case: Case) -> Verdict | None:
    """Care attendants, meals and the like are not paid for, a bed day up to its limit; each row is named."""
    scope = case.place.scope
    said, paths, seen = [], [], []
    for path, row in _rows(case):
        name = squeeze(_printed(row))
        seen.append(path)
        word = next((word for word in scope.not_payable if word in name), None)
        if word is not None:
            said.append(f"「{_printed(row)}」不予支付")
            paths.append(path)
        elif over := _over_bed_limit(row, name, scope.bed_words, scope.bed_limits):
            said.append(f"「{_printed(row)}」{over}")
            paths.append(path)
    if said:
        kinds = list(dict.fromkeys(said))
        more = f"等，共 {len(said)} 行" if len(said) > _FEW else ""
        return failed(f"{'；'.join(kinds[:_FEW])}{more}，请从可报销金额中扣除", *paths)
    return passed(*seen) if seen else None


def _over_bed_limit(row: LineItem, name: str, words: tuple[str, ...], limits: dict[str, str]) -> str | None:
    """How far a bed day goes beyond its limit; None where it does not, or no limit or price is known."""
    fitting = [word for word in sorted(limits, key=len, reverse=True) if word in name]
    price = _price(row)
    if not fitting or price is None or not any(word in name for word in words):
        return None
    limit = Decimal(limits[fitting[0]])
    return f"每日 {price:.2f} 元，支付标准 {limit:.2f} 元" if price > limit else None


def _price(row: LineItem) -> Decimal | None:
    if row.unit_price is not None and row.unit_price.value is not None:
        return row.unit_price.value
    quantity = row.quantity.value if row.quantity is not None else None
    amount = row.amount.value if row.amount is not None else None
    return amount / quantity if amount is not None and quantity else None


@case_rule("R-SCOPE-2", title="各项目都在目录内", basis="国家医保服务平台费用报销说明（目录外项目按丙类）")
def rows_are_in_the_lists(case: Case) -> Verdict | None:
    """A row that no list has is class 丙 until a person says what it is.

    With the samples that ship that a row is absent says nothing, so the rule then cannot tell.
    """
    rows = [(path, row) for path, row in _rows(case) if find_category(_printed(row)) is None]
    absent = [
        (path, row) for path, row in rows if row.catalog is not None and row.catalog.status == "unmatched"
    ]
    if not absent:
        return (
            passed(*(path for path, row in rows if row.catalog))
            if any(row.catalog for _, row in rows)
            else None
        )
    paths = [path for path, _ in absent]
    names = "、".join(f"「{_printed(row)}」" for _, row in absent[:_FEW])
    said = f"{names}等 {len(absent)} 项" if len(absent) > _FEW else names
    if not _has_full_lists(case):
        return unknown(f"{said}不在目录样本内；导入完整的药品和诊疗目录后才能判断", *paths)
    return failed(f"{said}不在目录内，人工认定之前按丙类（自费）处理", *paths)


def _has_full_lists(case: Case) -> bool:
    """Whether an office imported lists of medicines and of services, so that absence means something."""
    imported = {head.kind for head, path in case.catalogs.lists if path.parent != DATA}
    return {"drug", "service"} <= imported
