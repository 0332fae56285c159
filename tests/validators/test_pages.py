"""One paper lies on a page, or every value of it goes to a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests.builders import bill, row
from validators.pages import one_paper_lies_on_a_page

TODAY = date(2026, 3, 1)


def test_a_page_with_one_title_is_one_paper() -> None:
    finding = one_paper_lies_on_a_page(replace(bill(total_amount="1.00"), titles=1), TODAY)
    assert finding is not None
    assert finding.outcome == "pass"


def test_every_value_of_a_page_with_two_titles_is_named() -> None:
    document = replace(bill(total_amount="1.00", items=[row("血常规", "1.00")]), titles=2)
    finding = one_paper_lies_on_a_page(document, TODAY)
    assert finding is not None
    assert (finding.outcome, finding.severity, finding.about) == ("fail", "block", "reading")
    assert finding.fields == ("fields.total_amount", "line_items[0].name", "line_items[0].amount")
