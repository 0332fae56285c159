"""Medicine bought outside the hospital (domain.md §10 R-DRUG-1): what the pharmacy sold was prescribed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from rapidfuzz import fuzz

from pipeline.case import Case
from pipeline.model import Document, LineItem
from pipeline.text import squeeze
from validators._rule import Verdict, case_rule, failed, passed, unknown
from validators.across import path_in

_SAME_DRUG = 80.0
"""Partial similarity, 0 to 100, from which two printed names are one drug where no catalog entry tells: four
of five characters, so that a misread one or another salt passes and 阿莫西林胶囊 is not 阿奇霉素胶囊 (50)."""
_TAX_GROUP = re.compile(r"^\*[^*]*\*")
"""What a VAT invoice prints before the name: *化学药品制剂*."""


@case_rule("R-DRUG-1", title="外购药在处方之内，由定点药店售出", basis="北京医保手工报销外购药材料要求")
def bought_drugs_were_prescribed(case: Case) -> Verdict | None:
    """Each drug stands on a prescription, in no greater quantity, and the pharmacy is a designated one."""
    if "external_drug" not in case.case_types:
        return None
    receipts = [each for each in case.bills if each.type == "vat_invoice"]
    bought = [(each, number, row) for each in receipts for number, row in enumerate(each.items) if _name(row)]
    prescriptions = [each for each in case.documents if each.type == "prescription"]
    prescribed = [row for each in prescriptions for row in each.items if _name(row)]
    paths = [path_in(each, f"line_items[{number}].name") for each, number, _ in bought]
    wrong = _foreign_pharmacies(case, receipts)
    open_: list[str] = []
    if bought and prescriptions and not prescribed:
        open_.append("处方上的药品未读出，无法核对外购药")
    elif prescribed:
        for _, _, row in bought:
            fault = _fault(row, bought_rows=[one for *_, one in bought], prescribed=prescribed)
            wrong += [fault] if fault else []
    if wrong:
        return failed(f"{'；'.join(dict.fromkeys(wrong))}，请核实", *paths, *_payees(receipts))
    if open_:
        return unknown("；".join(open_), *paths)
    return passed(*paths) if bought and prescribed else None


def _fault(row: LineItem, bought_rows: Sequence[LineItem], prescribed: Sequence[LineItem]) -> str | None:
    """What is wrong with a drug that was bought, beside all that was prescribed."""
    same = [one for one in prescribed if is_same_drug(row, one)]
    if not same:
        return f"外购药「{_name(row)}」不在处方上"
    ordered = _quantity(same, _unit(row))
    taken = _quantity([one for one in bought_rows if is_same_drug(row, one)], _unit(row))
    if ordered is not None and taken is not None and taken > ordered:
        return f"外购药「{_name(row)}」数量 {taken:f}，处方为 {ordered:f}"
    return None


def is_same_drug(a: LineItem, b: LineItem) -> bool:
    """Whether two rows are one drug: by the catalog's name for both, else by what is printed."""
    left, right = a.catalog, b.catalog
    if left and right and left.status == right.status == "matched":
        return left.name == right.name
    return fuzz.partial_ratio(_name(a), _name(b)) >= _SAME_DRUG


def without_tax_group(name: str) -> str:
    """A name as it is called, without the group that a VAT invoice prints before it.

    >>> without_tax_group("*化学药品制剂*阿莫西林胶囊")
    '阿莫西林胶囊'
    """
    return _TAX_GROUP.sub("", name.strip())


def _name(row: LineItem) -> str:
    """The printed name without the tax group and what stands in brackets."""
    text = squeeze(row.name.value) if row.name is not None and row.name.value else ""
    return re.sub(r"\(.*?\)", "", without_tax_group(text))


def _unit(row: LineItem) -> str | None:
    return squeeze(row.unit.value) if row.unit is not None and row.unit.value else None


def _quantity(rows: Sequence[LineItem], unit: str | None) -> Decimal | None:
    """How much in all; None where a quantity is unread or counted in another unit (盒, 片)."""
    total = Decimal(0)
    for row in rows:
        if unit is None or _unit(row) != unit or row.quantity is None or row.quantity.value is None:
            return None
        total += row.quantity.value
    return total


def _foreign_pharmacies(case: Case, receipts: Sequence[Document]) -> list[str]:
    known = {squeeze(name) for name in case.place.external_drugs.designated_pharmacies}
    sellers = [text for each in receipts if (text := each.text("payee_name"))]
    return [f"「{name}」不在定点药店名单内" for name in sellers if known and squeeze(name) not in known]


def _payees(receipts: Sequence[Document]) -> list[str]:
    return [path_in(each, "fields.payee_name") for each in receipts]
