"""Which edits close all that is broken, and how many sums speak for them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from pipeline.repair.search import breaks_of
from tests.builders import bill, row
from tests.repair.papers import closing_bill, read_as

CATEGORIES = [row("西药费", "30.00"), row("治疗费", "11.25")]
DETAILS = [
    row("阿莫西林胶囊", "30.00", quantity="2", unit_price="15.00", category="西药费"),
    row("针刺", "11.25", quantity="1", unit_price="11.25", category="治疗费"),
]


def test_a_paper_that_closes_has_no_break() -> None:
    assert breaks_of(closing_bill([(2, "15.00"), (1, "11.25")])) == ()


def test_sums_over_the_same_rows_are_one_witness() -> None:
    """Category and total miss the same rows; only the row's own product is another."""
    details = [replace(row, unit_price=None) for row in (*DETAILS, DETAILS[1])]
    document = bill({"total_amount": "52.50"}, items=details)
    heads = [CATEGORIES[0], row("治疗费", "22.50")]
    document = replace(document, category_totals=tuple(heads))
    (found,) = breaks_of(read_as(document, "line_items[1].amount", "17.25"))
    edits = {proposal.path: proposal for proposal in found.proposals}
    assert edits["line_items[1].amount"].closes == ("V-3",)
    assert edits["line_items[1].amount"].witnesses == 1


def test_the_rows_of_a_category_and_the_other_categories_are_two_witnesses() -> None:
    document = bill({"total_amount": "41.25"}, items=DETAILS, category_totals=CATEGORIES)
    (found,) = breaks_of(read_as(document, "category_totals[1].amount", "17.25"))
    (edit,) = found.proposals
    assert (edit.path, edit.value) == ("category_totals[1].amount", Decimal("11.25"))
    assert edit.closes == ("V-2", "V-3")
    assert edit.witnesses == 2


def test_a_price_is_backed_by_the_sum_that_proves_its_amount() -> None:
    document = read_as(closing_bill([(2, "15.00"), (1, "11.25")]), "line_items[0].unit_price", "16.00")
    (found,) = breaks_of(document)
    (edit,) = found.proposals
    assert (edit.path, edit.witnesses, edit.is_backed) == ("line_items[0].unit_price", 1, True)


def test_without_a_total_nothing_backs_a_price() -> None:
    document = bill({}, items=DETAILS)
    (found,) = breaks_of(read_as(document, "line_items[0].unit_price", "16.00"))
    assert not any(edit.is_backed for edit in found.proposals)


def test_two_misreads_that_hang_together_have_no_single_edit() -> None:
    document = closing_bill([(2, "15.00"), (1, "11.25")])
    document = read_as(document, "line_items[0].amount", "36.00")
    (found,) = breaks_of(read_as(document, "line_items[1].amount", "17.25"))
    assert {equation.rule for equation in found.equations} == {"V-3", "V-9"}
    assert found.proposals == ()


def test_breaks_that_share_no_number_are_mended_apart() -> None:
    document = closing_bill([(2, "15.00"), (1, "11.25")])
    document = read_as(document, "line_items[0].unit_price", "16.00")
    found = breaks_of(read_as(document, "line_items[1].unit_price", "17.25"))
    assert [[edit.path for edit in each.proposals] for each in found] == [
        ["line_items[0].unit_price"],
        ["line_items[1].unit_price", "line_items[1].quantity"][:1],
    ]


def test_a_number_that_stands_there_unread_is_asked_for() -> None:
    document = read_as(closing_bill([(2, "15.00"), (1, "11.25")]), "line_items[0].amount", "30.00.")
    (found,) = breaks_of(document)
    (edit,) = found.proposals
    assert edit.value == Decimal("30.00")
    assert edit.misread.evidence == ("print",)


def test_a_number_that_stands_nowhere_is_not_invented() -> None:
    document = closing_bill([(2, "15.00"), (1, "11.25")])
    items = (replace(document.items[0], amount=None), document.items[1])
    assert breaks_of(replace(document, items=items)) == ()
