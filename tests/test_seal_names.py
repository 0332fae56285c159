"""What a seal is called is told by its writing, misread characters and all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.seal_names import KnownSeal, known_seals, named, purpose_of, region_of


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["中国中医科学院西苑医院", "门诊挂号收变专用章"], "门诊挂号收费专用章"),
        (["州大学第一属医", "12410000415801934L", "电子票据专用章"], "电子票据专用章"),
        (["政票据监制", "财政部监制"], "财政票据监制章"),
        (["某某大药房有限公司"], "单位公章"),
        (["某某县卫生院", "收费专用"], "收费专用章"),
        (["911101017889673769"], None),
        (["发票"], None),
    ],
)
def test_writing_of_real_and_drawn_seals_is_named(lines: list[str], name: str | None) -> None:
    found = named(lines)
    assert (found.name if found else None) == name


@pytest.mark.parametrize("row", known_seals(), ids=lambda row: row.written)
def test_every_listed_writing_names_its_own_seal(row: KnownSeal) -> None:
    found = named([row.written])
    assert found is not None
    assert found.name == row.name
    assert purpose_of(found.name) == found.purpose


def test_a_region_is_named_only_where_no_other_fits_as_well() -> None:
    assert region_of(["河南"]) == "河南省"
    assert region_of(["南省"]) is None
    assert region_of([]) is None


@given(st.lists(st.text(max_size=30), max_size=4))
def test_junk_is_named_without_fail(lines: list[str]) -> None:
    found = named(lines)
    assert found is None or 0 < found.likeness <= 1


def test_a_name_that_was_half_misread_is_taken_only_where_it_leads_all_others() -> None:
    clear = named(["驿城区妇幼保健院", "医疗收灣专用表"])
    assert clear is not None
    assert clear.name == "医疗收费专用章"
    assert clear.likeness < 0.75
    vague = named(["邯郸市第一医院", "部价证明专用意"])
    assert vague is not None
    assert vague.name == "医疗机构公章"
