"""Values by their paths: looked up and put in place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.confidence.evidence import values_of
from pipeline.repair.cells import amounts_of, cell_at, cells_of, with_cell
from tests.builders import bill, field, row

PAPER = bill(
    {"total_amount": "30.00", "payer_name": "张三"},
    items=[row("血常规", "10.00"), row("尿常规", "20.00", quantity="2", unit_price="10.00")],
    category_totals=[row("化验费", "30.00")],
)


def test_every_value_is_found_by_the_path_that_findings_name_it_by() -> None:
    for path, found, _ in values_of(PAPER):
        assert cell_at(PAPER, path) is found


@pytest.mark.parametrize(
    "path", ["fields.nobody", "line_items[7].amount", "extras.自负", "line_items[0].quantity"]
)
def test_what_is_not_there_is_none(path: str) -> None:
    assert cell_at(PAPER, path) is None


def test_one_value_is_replaced_and_nothing_else() -> None:
    before = {path: cell for path, cell, _ in values_of(PAPER)}
    for path, found in before.items():
        other = replace(found, text="…")
        after = {path: cell for path, cell, _ in values_of(with_cell(PAPER, path, other))}
        assert after == {**before, path: other}


@pytest.mark.parametrize("path", ["line_items[2].amount", "extras.自负"])
def test_a_place_that_the_paper_has_not_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="no such place"):
        with_cell(PAPER, path, field("1"))


def test_amounts_are_those_of_fields_and_rows() -> None:
    assert [cell.text for cell in amounts_of(PAPER)] == ["30.00", "张三", "10.00", "20.00", "30.00"]
    assert len(list(cells_of(PAPER))) == len(list(values_of(PAPER)))
