"""An entry of the lists that a person chooses for a row."""

from __future__ import annotations

from datetime import date

from pipeline.catalogs.by_person import chosen_entry, is_chosen
from pipeline.model import CatalogMatch
from tests.builders import sample_catalogs


def test_an_entry_is_named_by_its_code_or_by_its_very_name() -> None:
    lists = sample_catalogs()
    coded = next(entry for entry in lists.entries if entry.code and entry.in_force(None))
    by_code, by_name = (chosen_entry(lists, text, None) for text in (coded.code, "血常规"))
    assert by_code is not None
    assert by_name is not None
    assert (by_code.code, by_code.status, by_code.score) == (coded.code, "matched", 1.0)
    assert by_name.name == "血常规"
    assert chosen_entry(lists, "没有的编码", None) is None


def test_before_any_list_was_in_force_its_class_stays_open() -> None:
    lists = sample_catalogs()
    dated = next(one for one in lists.entries if one.code and one.effective_from and one.reimbursement_class)
    found = chosen_entry(lists, dated.code, date(1990, 1, 1))
    assert found is not None
    assert (found.name, found.reimbursement_class) == (dated.name, None)


def test_what_was_chosen_is_told_from_what_was_looked_up() -> None:
    assert is_chosen(chosen_entry(sample_catalogs(), "血常规", None))
    assert not is_chosen(CatalogMatch("matched", why="同名"))
    assert not is_chosen(None)
