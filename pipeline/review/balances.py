"""The sums of a paper as they stand now, and the edits that would close those that do not."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pipeline.model import Document, Edit, Repair
from pipeline.records import money_text, value_text
from pipeline.repair.cells import cell_at
from pipeline.repair.equations import equations_of
from pipeline.repair.repair import repairs_of
from pipeline.review.names import in_language, said
from pipeline.review.records import Balance, RepairOffer
from pipeline.store.accounts import Language
from validators._sums import weigh
from validators.sums import Sum, Term, sums_of

SPELT_OUT = 4
"""Terms of a side that are named; of more only the first and how many there are."""

ROWS = {"line_items": ("明细合计", "the rows"), "category_totals": ("类别合计", "the categories")}
"""What the sum of a table's amounts is called."""


def balances_of(document: Document, language: Language) -> list[Balance]:
    """Every sum that the paper should close, with both sides; a side without any number is null."""
    return [_balance(each, language) for each in sums_of(document)]


def _balance(each: Sum, language: Language) -> Balance:
    left, right = _side(each.left), _side(each.right)
    verdict = weigh(each.left, each.right) if each.certain else None
    closes = None if verdict is None or verdict.outcome == "unknown" else verdict.outcome == "pass"
    return {
        "rule": each.rule,
        "label": f"{_name(each.left, language)} ↔ {_name(each.right, language)}",
        "left": None if left is None else money_text(left),
        "right": None if right is None else money_text(right),
        "difference": None if left is None or right is None else money_text(left - right),
        "closes": closes,
    }


def _side(terms: Sequence[Term]) -> Decimal | None:
    read = [term.sign * term.amount for term in terms if term.amount is not None]
    return sum(read, Decimal(0)) if read else None


def _name(terms: Sequence[Term], language: Language) -> str:
    table = terms[0].path.partition("[")[0]
    if len(terms) > 1 and table in ROWS:
        return said(*ROWS[table], language)
    if len(terms) > SPELT_OUT:
        return said(
            f"{terms[0].label}等 {len(terms)} 项", f"{terms[0].label} and {len(terms) - 1} more", language
        )
    return "".join(
        f"{'−' if term.sign < 0 else '+' if spot else ''}{term.label}" for spot, term in enumerate(terms)
    )


# ---------------------------------------------------------------- repairs


def offers_of(document: Document, language: Language) -> list[RepairOffer]:
    """The edits that would make sums close which do not close now, to be taken with one key."""
    return [
        {
            "index": index,
            "edits": [{"path": one.path, "old": one.old, "new": one.new} for one in repair.edits],
            "closes": list(repair.closes),
            "why": in_language(repair.why, language),
        }
        for index, repair in enumerate(open_repairs(document))
    ]


def open_repairs(document: Document) -> tuple[Repair, ...]:
    """What could be put right on the paper as it stands, the likeliest first.

    Searched for anew, for what a person has changed may leave one explanation where there were many; and what
    reading found with the page before it (a row that it missed), as long as it still fits.
    """
    anew = repairs_of(document)
    read = [one for one in document.repairs if not one.applied and _still_fits(document, one)]
    return tuple({one.edits: one for one in (*anew, *read)}.values())


def _still_fits(document: Document, repair: Repair) -> bool:
    """Whether what a repair would change stands as it was, and a sum that it closes does not close."""
    torn = {one.rule for one in equations_of(document) if one.state != "holds"}
    return bool(torn & set(repair.closes)) and all(_stands(document, edit) for edit in repair.edits)


def _stands(document: Document, edit: Edit) -> bool:
    cell = cell_at(document, edit.path)
    if cell is None or cell.value is None or edit.old is None:
        return edit.old is None and (cell is None or cell.value is None)
    # The search writes an amount as a plain number, values are published with their places.
    return value_text(edit.path.rpartition(".")[2], cell.value) == edit.old or str(cell.value) == edit.old
