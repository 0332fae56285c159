"""What a claim charges, row by row, and what of it is open: amounts, classes, advance shares.

Read once from the claim's row, so that the computation knows nothing of its shape. What is settled has one
value, what is open has several, and the computation takes the one that pays least and the one that pays most.
A row that the lists do not have is 丙 until a person says otherwise (R-SCOPE-2), where the lists are whole
enough to say so; a row that may be several entries, or names a fee category with unknown items in it, is
open.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, cast

from pipeline.catalogs.categories import is_category_or_sum
from pipeline.catalogs.entries import PRINTED_CLASSES
from pipeline.model import ReimbursementClass
from pipeline.records import ClaimRecord, CodedLineRecord, FieldRecord
from pipeline.settlement.policy import INSURED, LEVELS, Insured, Level

ANY_CLASS: Final[tuple[ReimbursementClass, ...]] = ("甲", "丙")
"""The ends of what an open class can be: 乙 pays between the two."""
ABSENT_RULE: Final = "R-SCOPE-2"
"""The rule that fails where rows are absent from lists that are whole; samples cannot tell."""
_TAX_GROUP = re.compile(r"^\*[^*]{1,20}\*")
"""What VAT invoices print before a name: `*医疗服务*西药费`."""
_GRADE = re.compile(r"([一二三])级")
_LEVEL_OF: Final[dict[str, Level]] = {"一": 1, "二": 2, "三": 3}
_EMPLOYEE = re.compile(r"职工")
_RESIDENT = re.compile(r"居民|新农合|新型农村合作医疗")
_RETIRED, _ACTIVE = re.compile(r"退休"), re.compile(r"在职")


@dataclass(frozen=True, slots=True)
class Charge:
    """One charged row. `amounts` and `classes` hold one value each where they are settled.

    `shares` are the advance shares of the list, 0 to 1, and empty where it says none. `why` says what decided
    the class or left it open.
    """

    document_id: str | None
    line: int | None
    name: str
    amounts: tuple[Decimal, ...]
    classes: tuple[ReimbursementClass, ...]
    why: str
    shares: tuple[Decimal, ...] = ()
    code: str = ""
    listed_name: str = ""
    payment_standard: str = ""
    unit: str = ""
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """A claim as the settlement reads it.

    `unread` counts rows without an amount. `total` is what all invoices come to, None where one of them does
    not say; `paid_before` is what the fund paid already by what the bills print. `levels` and `insured` hold
    several where the papers leave it open; `insured` is empty where they say nothing of it.
    """

    claim_id: str
    idempotency_key: str
    status: str
    day: date | None
    is_stay: bool
    levels: tuple[Level, ...]
    insured: frozenset[Insured]
    total: Decimal | None
    paid_before: Decimal
    charges: tuple[Charge, ...]
    unread: int


def bill_of(claim: ClaimRecord, *, printed_class_counts: bool, reviewed: bool = True) -> Bill:
    """What the claim charges.

    Args:
        claim: A row of `claims.jsonl`.
        printed_class_counts: Whether the class on the paper counts where the lists have none.
        reviewed: Whether what stands there was seen through. If not, what is in review may be any of its
            candidates, and a row outside the lists may yet be found in them.
    """
    totals = claim["totals"]
    stated = totals.get("total_amount")
    numbers: Counter[str] = Counter()
    charges: list[Charge] = []
    unread = 0
    absence_tells = reviewed and _lists_tell(claim)
    for line in claim["line_items"]:
        numbers[line["document_id"]] += 1
        amounts = _amounts(line["amount"], reviewed=reviewed)
        if not amounts:
            unread += 1
            continue
        charges.append(
            _charge(
                line,
                numbers[line["document_id"]],
                amounts,
                printed_class_counts=printed_class_counts,
                absence_tells=absence_tells,
                reviewed=reviewed,
            )
        )
    return Bill(
        claim_id=claim["claim_id"],
        idempotency_key=claim["idempotency_key"],
        status=claim["status"],
        day=day_of(claim),
        is_stay=claim["visit"]["kind"] == "inpatient",
        levels=levels_of(claim["hospital"]["grade"]),
        insured=insured_kinds(claim["insured"]["insurance_type"]),
        total=Decimal(stated) if stated is not None else None,
        paid_before=Decimal(totals.get("fund_payment", "0")),
        charges=tuple(charges),
        unread=unread,
    )


def levels_of(grade: str | None) -> tuple[Level, ...]:
    """The levels that a hospital of this grade can have: one, or all where the grade says none.

    >>> levels_of("三级甲等"), levels_of("二级"), levels_of("未定级"), levels_of(None)
    ((3,), (2,), (1, 2, 3), (1, 2, 3))
    """
    found = _GRADE.search(grade or "")
    return (_LEVEL_OF[found[1]],) if found is not None else LEVELS


def insured_kinds(insurance_type: str | None) -> frozenset[Insured]:
    """Who the words of 医保类型 may mean; empty where they say nothing of it.

    >>> [sorted(insured_kinds(words)) for words in ("城镇职工（退休）", "职工医保", "居民医保", "自费")]
    [['retired'], ['active', 'retired'], ['resident'], []]
    """
    text = insurance_type or ""
    found: set[Insured] = set()
    if _RESIDENT.search(text):
        found.add("resident")
    if _RETIRED.search(text):
        found.add("retired")
    if _ACTIVE.search(text):
        found.add("active")
    if _EMPLOYEE.search(text) and not found & {"active", "retired"}:
        found |= {"active", "retired"}
    return frozenset(found) if found != set(INSURED) else frozenset()


def day_of(claim: ClaimRecord) -> date | None:
    """The day whose policy holds, and whose year counts: of discharge, or of the visit.

    The day of admission is no day of discharge: a stay over the end of a year is of the next one.
    """
    visit = claim["visit"]
    text = visit["to"] if visit["kind"] == "inpatient" else visit["to"] or visit["from"]
    return date.fromisoformat(text) if text else None


def _lists_tell(claim: ClaimRecord) -> bool:
    """Whether the claim's own check says that what is absent from the lists in use is outside."""
    return any(
        check["rule"].partition(".")[0] == ABSENT_RULE and check["outcome"] == "fail"
        for check in claim["checks"]
    )


def _charge(
    line: CodedLineRecord,
    number: int,
    amounts: tuple[Decimal, ...],
    *,
    printed_class_counts: bool,
    absence_tells: bool,
    reviewed: bool,
) -> Charge:
    catalog = line["catalog"]
    name = line["name"]["value"] or line["name"].get("raw") or ""
    classes, why = _classes(line, printed_class_counts=printed_class_counts, absence_tells=absence_tells)
    if not reviewed and line["name"]["status"] == "review":
        classes, why = ANY_CLASS, "名称待复核，类别未定"
    return Charge(
        document_id=line["document_id"],
        line=number,
        name=name,
        amounts=amounts,
        classes=classes,
        why=why,
        shares=tuple(sorted({Decimal(share) for share in catalog.get("first_self_pay_ratios", ())})),
        code=catalog["code"] or "",
        listed_name=catalog["name"] or "",
        payment_standard=catalog.get("payment_standard", ""),
        unit=_text(line, "unit"),
        quantity=_number(_text(line, "quantity")),
    )


def _classes(
    line: CodedLineRecord, *, printed_class_counts: bool, absence_tells: bool
) -> tuple[tuple[ReimbursementClass, ...], str]:
    """What the class of a row can be, and why."""
    catalog = line["catalog"]
    listed = catalog["reimbursement_class"]
    if catalog["status"] == "matched" and listed is not None:
        return (listed,), f"目录“{catalog['name']}”为{listed}类"
    # A claim made elsewhere may lack the cell.
    cell = cast("Mapping[str, FieldRecord]", line).get("insurance_class")
    if printed_class_counts and cell is not None and cell["status"] == "accepted":
        printed = PRINTED_CLASSES.get((cell["value"] or "").strip())
        if printed is not None:
            return (printed,), f"目录未载类别，按票据所印“{cell['value']}”为{printed}类"
    if catalog["status"] == "matched":
        return ANY_CLASS, "所对应的目录项目未载甲乙类"
    if catalog["status"] == "ambiguous":
        return ANY_CLASS, "可能是目录中的几个项目，类别未定"
    name = _TAX_GROUP.sub("", line["name"]["value"] or "")
    if is_category_or_sum(name):
        return ANY_CLASS, "只有费用类别，没有项目明细，类别未定"
    if not absence_tells:
        return ANY_CLASS, "未对应到目录，类别未定"
    return ("丙",), "不在目录内，人工认定之前按丙类"


def _amounts(field: FieldRecord, *, reviewed: bool) -> tuple[Decimal, ...]:
    """What the amount can be, to the fen."""
    texts = [field["value"]]
    if not reviewed and field["status"] == "review":
        texts += [candidate["value"] for candidate in field.get("candidates", ())]
    found = {number for text in texts if (number := _number(text or "")) is not None}
    return tuple(sorted(found))


def _text(line: CodedLineRecord, name: str) -> str:
    cell = cast("Mapping[str, FieldRecord]", line).get(name)
    return (cell["value"] or "").strip() if cell is not None else ""


def _number(text: str) -> Decimal | None:
    """A candidate may be any text that was read; what is no number is none."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def undetailed(difference: Decimal) -> Charge:
    """What a bill comes to beyond its rows: nobody knows what it was for."""
    return Charge(
        None, None, "未列明细的差额", (difference,), ANY_CLASS, "票据合计大于明细之和，差额没有明细"
    )


def least_and_most(numbers: Sequence[Decimal]) -> Iterator[Decimal]:
    """The two ends, once where they are one."""
    yield from dict.fromkeys((min(numbers), max(numbers)))
