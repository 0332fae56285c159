"""Places as dated files: what holds on a day, and how files that are wrong or do not fit are refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.application import CASE_TYPES
from pipeline.errors import PlaceRefused
from pipeline.office import Office
from pipeline.places.book import DATA, packaged_places, read_place, read_places

BEIJING = (DATA / "beijing-2025.toml").read_text("utf-8")


def put(folder: Path, name: str, *lines: str, drop: str = "") -> Path:
    """A file of ours with `lines` at its beginning, where keys of the whole file stand."""
    text = BEIJING.replace(drop, "") if drop else BEIJING
    file = folder / name
    file.write_text("\n".join([*lines, text]), "utf-8")
    return file


def test_the_mark_that_windows_editors_put_first_harms_nothing(tmp_path: Path) -> None:
    file = tmp_path / "beijing-2025.toml"
    file.write_text(BEIJING, "utf-8-sig")
    assert read_place(file).place == "beijing"


def test_a_misspelt_key_is_told_in_chinese_first(tmp_path: Path) -> None:
    file = tmp_path / "beijing-2025.toml"
    file.write_text(BEIJING.replace("warn_days", "warn_dais"), "utf-8")
    with pytest.raises(PlaceRefused, match=r"deadline\.warn_dais: 没有这个键"):
        read_place(file)


def test_the_packaged_place_has_a_row_for_each_case_type() -> None:
    place = packaged_places().in_force("beijing", date(2025, 3, 1))
    assert place.name == "北京市"
    assert set(CASE_TYPES) <= place.matrix.keys()


def test_rules_are_taken_by_the_day_of_treatment(tmp_path: Path) -> None:
    put(tmp_path, "beijing-2027.toml", "effective_from = 2027-01-01", drop="day = 20\n")
    (tmp_path / "beijing-2027.toml").write_text(
        (tmp_path / "beijing-2027.toml").read_text("utf-8").replace("month = 1\n", "month = 3\nday = 15\n"),
        "utf-8",
    )
    places = read_places([DATA, tmp_path])
    months = [
        places.in_force("beijing", day).deadline.month for day in (date(2026, 12, 31), date(2027, 1, 1))
    ]
    assert months == [1, 3]


def test_a_file_of_the_same_name_replaces_the_packaged_one(tmp_path: Path) -> None:
    put(tmp_path, "beijing-2025.toml")
    file = tmp_path / "beijing-2025.toml"
    file.write_text(file.read_text("utf-8").replace('name = "北京市"', 'name = "样例市"', 1), "utf-8")
    assert read_places([DATA, tmp_path]).in_force("beijing", date(2025, 1, 1)).name == "样例市"


def test_a_new_place_is_a_new_file(tmp_path: Path) -> None:
    put(tmp_path, "sample.toml")
    file = tmp_path / "sample.toml"
    file.write_text(file.read_text("utf-8").replace('place = "beijing"', 'place = "sample"'), "utf-8")
    places = read_places([DATA, tmp_path])
    assert places.names == ["beijing", "sample"]
    assert Office(places, "sample").place_on(date(2025, 1, 1)).place == "sample"


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ([], [], "重叠"),
        (["effective_to = 2026-06-30"], ["effective_from = 2026-06-30"], "重叠"),
        (
            ["effective_to = 2026-06-30"],
            ["effective_from = 2026-07-02"],
            "2026-07-01 没有配置|2026-07-01 至 2026-07-01",
        ),
        ([], ["effective_from = 2026-01-01", "effective_to = 2026-12-31"], "不应有 effective_to"),
    ],
)
def test_overlaps_gaps_and_an_end_are_refused(
    tmp_path: Path, first: list[str], second: list[str], said: str
) -> None:
    put(tmp_path, "a.toml", *first)
    put(tmp_path, "b.toml", *second)
    with pytest.raises(PlaceRefused, match=said):
        read_places([tmp_path])


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("allow_late_filing = true", "allow_late_fling = true", "switches.allow_late_fling"),
        ("month = 1\n", "month = 13\n", "deadline.month"),
        ('provinces = ["11"]', 'provinces = ["北京"]', "region.provinces"),
        ('M15 = "R"', 'M99 = "R"', "matrix.social_aid"),
        ('M15 = "R"', 'M15 = "must"', "matrix.social_aid.M15"),
        ("trauma = {", "traumas = {", "matrix.traumas"),
        ('only_when = "stay"', 'only_when = "always"', "materials.M05.only_when"),
        ('purposes = ["diagnosis"]', 'purposes = ["pretty"]', "seals.diagnosis_certificate.purposes"),
        ("[deadline]", "[deadline", "无法读取"),
    ],
)
def test_a_fault_is_named_with_file_and_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in BEIJING
    file = tmp_path / "wrong.toml"
    file.write_text(BEIJING.replace(old, new, 1), "utf-8")
    with pytest.raises(PlaceRefused) as refused:
        read_place(file)
    assert "wrong.toml" in str(refused.value)
    assert key in str(refused.value)


def test_a_case_type_without_a_row_is_named(tmp_path: Path) -> None:
    lines = [line for line in BEIJING.splitlines() if not line.startswith("newborn = ")]
    file = tmp_path / "wrong.toml"
    file.write_text("\n".join(lines), "utf-8")
    with pytest.raises(PlaceRefused, match="newborn"):
        read_place(file)


def test_a_place_that_nobody_knows_is_refused_when_the_office_is_made() -> None:
    with pytest.raises(PlaceRefused, match=r"atlantis.*beijing"):
        Office(place="atlantis")


@given(st.dates())
def test_every_day_has_rules(day: date) -> None:
    assert packaged_places().in_force("beijing", day).place == "beijing"
