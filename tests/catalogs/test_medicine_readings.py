from __future__ import annotations

import pytest

from pipeline.catalogs.medicine_readings import Spelling, mended, spellings
from pipeline.catalogs.printed_names import take_apart


def read(text: str) -> set[tuple[str, str | None]]:
    return {(one.name.stem, one.name.form) for one in mended(Spelling(text, 1.0, ""))}


@pytest.mark.parametrize(
    ("printed", "stem", "form"),
    [
        ("格列美脲分赦片", "格列美脲", "分散片"),
        ("红霉素交囊", "红霉素", "胶囊"),
        ("罗红霉素囊", "罗红霉素", "胶囊"),
        ("甲钴胺注液", "甲钴胺", "注射液"),
        ("福多司坦口服溶溶液", "福多司坦", "口服液"),
        ("注豺用替莫唑胺", "替莫唑胺", "注射用粉"),
        ("注射用酷酸曲普瑞林", "曲普瑞林", "注射用粉"),
        ("注射用头孢曲松纳", "头孢曲松", "注射用粉"),
    ],
)
def test_a_broken_form_or_salt_is_mended(printed: str, stem: str, form: str) -> None:
    assert (stem, form) in read(printed)


@pytest.mark.parametrize("printed", ["护肝宁胶囊", "泌淋清胶囊", "注射用氟奋乃静", "注射用葡萄糖氯化钠"])
def test_a_character_of_the_substance_is_not_taken_for_a_broken_form(printed: str) -> None:
    assert not {"护肝", "泌淋", "奋乃静", "氯化钠"} & {stem for stem, _ in read(printed)}


def test_mending_costs_something() -> None:
    assert all(one.cost > 0 for one in mended(Spelling("红霉素交囊", 1.0, "")) if one.name.form == "胶囊")


def test_two_characters_in_brackets_are_trusted_less_than_a_name() -> None:
    weights = {one.text: one.weight for one in spellings(take_apart("某某片(益诺)(布洛芬缓释胶囊)"))}
    assert weights["益诺"] < weights["布洛芬缓释胶囊"] < 1
