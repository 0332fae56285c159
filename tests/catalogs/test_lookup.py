from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import Style, pinyin

from pipeline.catalogs.aliases import AliasBook
from pipeline.catalogs.catalog import Catalogs
from pipeline.catalogs.entries import ListHead, read_entries, write_list
from pipeline.catalogs.lookup import MOST, CatalogLookup, Lookups
from pipeline.catalogs.printed_names import bare

DAY = date(2026, 3, 1)

Lists = Callable[..., CatalogLookup]


@pytest.fixture
def lists(tmp_path: Path) -> Lists:
    """A look-up over one list of medicines with these rows."""

    def made(*rows: Mapping[str, str], start: date | None = None, scope: str = "national") -> CatalogLookup:
        path = tmp_path / f"drug-{scope}.csv"
        head = ListHead(f"测试目录{scope}", "drug", start, None, "local" if scope == "local" else "national")
        write_list(path, head, rows)
        return CatalogLookup(Catalogs([path]))

    return made


@pytest.fixture(scope="module")
def known() -> CatalogLookup:
    return CatalogLookup(Catalogs.sample())


def names(lookup: CatalogLookup, typed: str, **how: object) -> list[str]:
    return [one.entry.name for one in lookup.find(typed, on=DAY, **how)]  # type: ignore[arg-type]


def test_a_medicine_is_found_by_its_initials(lists: Lists) -> None:
    lookup = lists({"name": "阿莫西林"}, {"name": "阿奇霉素"}, {"name": "阿莫西林克拉维酸"})
    assert names(lookup, "amxl") == ["阿莫西林", "阿莫西林克拉维酸"]
    assert names(lookup, "阿mxl") == ["阿莫西林", "阿莫西林克拉维酸"]


@pytest.mark.parametrize("typed", ["zzrx", "czrx"])
def test_every_reading_of_a_character_counts(lists: Lists, typed: str) -> None:
    """重 is zhong and chong."""
    assert names(lists({"name": "重组人血"}), typed) == ["重组人血"]


@pytest.mark.parametrize("typed", ["XB05BB-1", "xb05bb1", "05bb"])
def test_a_code_is_found_by_any_part_of_it_and_without_its_signs(lists: Lists, typed: str) -> None:
    assert names(lists({"name": "葡萄糖", "code": "XB05BB-1"}), typed) == ["葡萄糖"]


def test_what_begins_so_stands_before_what_holds_it_and_that_before_what_comes_near(lists: Lists) -> None:
    lookup = lists({"name": "头孢克洛"}, {"name": "复方克肟片"}, {"name": "克肟"}, {"name": "头孢克月亏"})
    assert names(lookup, "克肟") == ["克肟", "复方克肟片"]
    assert names(lookup, "头孢克肟")[0] == "头孢克洛"


def test_letters_of_the_name_itself_stand_before_initials(lists: Lists) -> None:
    lookup = lists({"name": "彩糖"}, {"name": "CT增强扫描"})
    assert names(lookup, "ct") == ["CT增强扫描", "彩糖"]


def test_a_misread_name_with_its_specification_finds_the_entry(lists: Lists) -> None:
    lookup = lists({"name": "阿莫西林胶囊"}, {"name": "阿莫地平"})
    assert names(lookup, "▲阿莫西休胶囊0.25g*24粒/盒")[0] == "阿莫西林胶囊"


def test_a_generic_name_is_found_by_the_name_with_its_form(lists: Lists) -> None:
    assert names(lists({"name": "阿莫西林"}, {"name": "林可霉素"}), "阿莫西林胶囊") == ["阿莫西林"]


def test_only_entries_in_force_on_the_day_answer(lists: Lists) -> None:
    lookup = lists(
        {"name": "阿莫西林", "code": "OLD", "effective_to": "2025-12-31"},
        {"name": "阿莫西林", "code": "NEW", "effective_from": "2026-01-01"},
    )
    assert [one.entry.code for one in lookup.find("阿莫", on=date(2025, 6, 1))] == ["OLD"]
    assert [one.entry.code for one in lookup.find("阿莫", on=DAY)] == ["NEW"]
    assert {one.entry.code for one in lookup.find("阿莫")} == {"OLD", "NEW"}


def test_entries_that_differ_in_their_specification_alone_are_one_answer_and_counted(lists: Lists) -> None:
    rows = [{"name": "阿莫西林胶囊", "class": "甲", "specification": f"0.{n}g"} for n in (1, 2, 5)]
    (found,) = lists(*rows, {"name": "阿莫西林胶囊", "class": "乙"}).find("amxljn", limit=1)
    assert found.more == 2


def test_another_name_of_the_list_finds_the_entry_and_is_told(lists: Lists) -> None:
    (found,) = lists({"name": "对乙酰氨基酚", "aliases": "扑热息痛|醋氨酚"}).find("prxt")
    assert (found.by, found.called) == ("alias", "扑热息痛")


def test_what_reviewers_taught_stands_first(lists: Lists, tmp_path: Path) -> None:
    book = AliasBook(tmp_path, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    proposed = book.propose("小白片", "drug", "测试沙坦", by="li.wei", why="包装如此")
    lookup = lists({"name": "测试沙坦"}, {"name": "小白片剂"})
    assert names(lookup, "xbp", taught=book.in_force()) == ["小白片剂"]
    book.approve(proposed.id, by="wang.fang")
    first, second = lookup.find("xbp", taught=book.in_force())
    assert (first.entry.name, first.by, first.called) == ("测试沙坦", "taught", "小白片")
    assert second.entry.name == "小白片剂"


def test_only_the_kinds_that_are_asked_for_answer(known: CatalogLookup) -> None:
    both = {one.entry.kind for one in known.find("射", limit=MOST)}
    assert both >= {"drug", "service"}
    assert {one.entry.kind for one in known.find("射", kinds=["drug"], limit=MOST)} == {"drug"}


@pytest.mark.parametrize("typed", ["", "  ", "***", "🙂", "\0", "\0\0\0", "囗囗囗囗"])
def test_what_names_nothing_is_answered_with_nothing(known: CatalogLookup, typed: str) -> None:
    assert known.find(typed) == []


@given(st.text(max_size=60))
def test_any_text_is_answered(known: CatalogLookup, typed: str) -> None:
    assert len(known.find(typed)) <= 12


SAMPLE = Catalogs.sample().entries


@given(st.data())
def test_an_entry_answers_to_every_beginning_of_its_name(known: CatalogLookup, data: st.DataObject) -> None:
    """Against an oracle that walks over all names: as many answers begin so as there are such names."""
    whole = bare(data.draw(st.sampled_from(SAMPLE)).name)
    typed = whole[: data.draw(st.integers(1, max(1, len(whole))))]
    if not typed:
        return
    begin = {bare(one.name) for one in SAMPLE if bare(one.name).startswith(typed)}
    found = [one for one in known.find(typed, limit=MOST) if one.by == "name"]
    shown = [bare(one.entry.name) for one in found if bare(one.entry.name).startswith(typed)]
    assert set(shown) <= begin
    assert set(shown) == begin or len(found) == MOST


@given(st.data())
def test_an_entry_answers_to_the_initials_of_any_reading(known: CatalogLookup, data: st.DataObject) -> None:
    chosen = data.draw(st.sampled_from([one for one in SAMPLE if 3 <= len(bare(one.name)) <= 12]))
    letters = [
        data.draw(st.sampled_from(read))
        for char in bare(chosen.name)
        for read in pinyin(char, style=Style.FIRST_LETTER, heteronym=True)
    ]
    found = known.find("".join(letters), kinds=[chosen.kind], limit=MOST)
    assert bare(chosen.name) in {bare(one.entry.name) for one in found} or len(found) == MOST


def test_the_same_lists_keep_their_index_and_others_get_their_own(tmp_path: Path) -> None:
    lookups = Lookups()
    first = lookups.of(Catalogs.sample())
    assert lookups.of(Catalogs.sample()) is first
    path = tmp_path / "drug.csv"
    write_list(path, ListHead("另一目录", "drug", None), [{"name": "阿莫西林"}])
    assert lookups.of(Catalogs([path])) is not first


def test_every_kept_entry_is_one_of_the_list(lists: Lists, tmp_path: Path) -> None:
    lookup = lists({"name": "阿莫西林", "class": "甲"})
    assert [one.entry for one in lookup.find("a")] == read_entries(tmp_path / "drug-national.csv")


def test_national_lists_stand_before_local_ones(tmp_path: Path) -> None:
    paths: list[Path] = []
    for scope, level in (("local", "乙"), ("national", "甲")):
        path = tmp_path / f"{scope}.csv"
        head = ListHead(scope, "drug", None, scope="local" if scope == "local" else "national")
        write_list(path, head, [{"name": "阿莫西林", "class": level}])
        paths.append(path)
    found: Sequence[str] = [one.entry.scope for one in CatalogLookup(Catalogs(paths)).find("阿莫西林")]
    assert found == ["national", "local"]
