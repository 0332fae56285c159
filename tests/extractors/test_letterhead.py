"""The hospital's name at the head of a paper, over all names of the list that comes with the project."""

from __future__ import annotations

import csv
import re
from importlib.resources import files

import pytest

from extractors._fields import DISPUTED_CONFIDENCE
from extractors._letterhead import find_letterhead
from tests.extractors.paper_words import page_of

TITLES = ("门诊费用清单", "疾病诊断证明书")
NO_HOSPITALS = ("本溪钢铁", "长春医大", "黑龙江中医药大学针灸推拿学院", "贵港市中西医结合骨科医院贵")
"""Entries of the public list that are cut or name a company or a school."""


def names() -> list[str]:
    """The hospitals of the list."""
    text = files("pipeline.catalogs").joinpath("data/sample_hospitals.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return [row["name"] for row in rows if row["name"] not in NO_HOSPITALS]


@pytest.mark.parametrize(
    "paper", ["{}\n门诊费用清单", "{}门诊费用清单", "{}  疾病诊断证明书", "{}\n姓名：张三"]
)
def test_every_hospital_of_the_list_is_found_whole(paper: str) -> None:
    found = {name: find_letterhead([page_of(paper.format(name))], TITLES) for name in names()}
    wrong = {name: field and field.value for name, field in found.items() if not field or field.value != name}
    assert len(found) > 1300
    assert not wrong
    doubted = {name for name, field in found.items() if field and field.confidence <= DISPUTED_CONFIDENCE}
    # 第八二医院 is also what is left of 第八○二医院 when the ring is lost.
    without_ring = {name for name in doubted if re.search("解放军.*第[一二三四五六七八九]{2}", name)}
    assert doubted - without_ring == {"八一儿童医院", "三二零一医院"}


@pytest.mark.parametrize("cut", ["一七医院", "人民医院", "第二人民医院", "附属医院", "三〇一医院"])
def test_a_name_that_may_lack_its_beginning_is_for_a_person(cut: str) -> None:
    field = find_letterhead([page_of(f"{cut}\n门诊费用清单")], TITLES)
    assert field is not None
    assert field.confidence <= DISPUTED_CONFIDENCE


def test_a_hospital_that_advice_speaks_of_did_not_write_the_paper() -> None:
    assert find_letterhead([page_of("转上级医院\n门诊费用清单")], TITLES) is None
