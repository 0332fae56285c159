from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from pipeline.catalogs.catalog import Catalogs
from pipeline.catalogs.entries import DATA, ListHead, parse_day, read_head


def test_every_list_of_the_sample_says_its_source_and_licence(sample: Catalogs) -> None:
    for head, path in sample.lists:
        assert head.source, path
        assert head.licence, path
        assert head.rows > 0, path


def test_the_sample_holds_what_is_common(sample: Catalogs) -> None:
    kinds = Counter(entry.kind for entry in sample.entries)
    assert kinds["drug"] >= 600
    assert kinds["service"] >= 300
    assert kinds["facility"] >= 15
    assert kinds["consumable"] >= 40


def test_no_code_of_the_sample_stands_for_two_entries(sample: Catalogs) -> None:
    codes = Counter(entry.code for entry in sample.entries)
    assert [code for code, count in codes.items() if count > 1] == []


def test_services_of_the_sample_carry_no_class(sample: Catalogs) -> None:
    """No public table says how far insurance pays each service."""
    assert {entry.reimbursement_class for entry in sample.entries if entry.kind == "service"} == {None}


@pytest.mark.shared
def test_the_sample_is_what_its_script_makes(
    public_lists: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.catalogs import make_sample

    monkeypatch.setattr(make_sample, "DATA", tmp_path)
    make_sample.main(public_lists)
    for made in tmp_path.iterdir():
        assert made.read_bytes() == (DATA / made.name).read_bytes(), made.name


def test_a_list_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="早于"):
        ListHead("某目录", "drug", date(2026, 1, 1), date(2025, 1, 1))


def test_a_file_that_is_no_list_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("code,name\n1,2\n", encoding="utf-8")
    with pytest.raises(ValueError, match="不是目录清单"):
        read_head(path)


@pytest.mark.parametrize("text", ["2025-13-01", "昨天", "2025", "2025-1"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_day(text)
