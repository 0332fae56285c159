"""Fitted data by kind and day."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.dated_files import newest_file, store, stored


def test_the_file_of_the_latest_day_is_the_newest_of_its_kind(tmp_path: Path) -> None:
    for kind, day in (("quality", "2026-11-09"), ("quality", "2025-12-31"), ("readable", "2026-12-01")):
        store(tmp_path, kind, {"dated": day})
    assert newest_file(tmp_path, "quality").name == "quality-2026-11-09.json"


def test_what_was_fitted_is_read_back_as_it_was(tmp_path: Path) -> None:
    fitted = {"dated": "2026-11-22", "limits": {"边缘": {"warn": 0.2, "retake": 0.25}}}
    file = store(tmp_path / "data", "quality", fitted)
    assert file == newest_file(tmp_path / "data", "quality")
    assert stored(file) == fitted


def test_an_installation_without_its_data_says_so(tmp_path: Path) -> None:
    (tmp_path / "quality-draft.json").write_text("{}", "utf-8")
    with pytest.raises(FileNotFoundError, match="quality-YYYY-MM-DD"):
        newest_file(tmp_path, "quality")
