"""What an office judges claims by, built from its settings."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipeline.earlier_bills import NO_EARLIER_BILLS, EarlierBill, bill_line
from pipeline.errors import FolderUnusable, PlaceRefused
from pipeline.places.book import DATA
from pipeline.settings import Settings
from pipeline.wiring import office


def test_without_settings_it_is_what_ships(tmp_path: Path) -> None:
    made = office(Settings(place_dir=tmp_path))
    assert made.place_on(date(2025, 1, 1)).name == "北京市"
    assert made.earlier is NO_EARLIER_BILLS


def test_a_file_in_the_offices_folder_is_a_place(tmp_path: Path) -> None:
    text = (DATA / "beijing-2025.toml").read_text("utf-8").replace('place = "beijing"', 'place = "sample"')
    (tmp_path / "sample.toml").write_text(text, "utf-8")
    assert office(Settings(place_dir=tmp_path, place="sample")).place == "sample"
    with pytest.raises(PlaceRefused, match="sample"):
        office(Settings(place_dir=tmp_path / "none", place="sample"))


def test_earlier_bills_are_those_of_the_file_that_is_set(tmp_path: Path) -> None:
    file = tmp_path / "bills.jsonl"
    file.write_text(bill_line(EarlierBill("C-1", "11060124", "0127712345")), "utf-8")
    made = office(Settings(place_dir=tmp_path, earlier_bills=file))
    assert [bill.claim_id for bill in made.earlier.with_number("11060124", "0127712345")] == ["C-1"]


@pytest.mark.parametrize("content", [None, "{}"])
def test_earlier_bills_that_cannot_be_read_are_told(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "bills.jsonl"
    if content is not None:
        file.write_text(content, "utf-8")
    with pytest.raises(FolderUnusable, match=r"bills\.jsonl"):
        office(Settings(place_dir=tmp_path, earlier_bills=file))
