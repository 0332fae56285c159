from __future__ import annotations

import pytest

from pipeline.catalogs.likeness import likeness, looks_like, misread_cost


@pytest.mark.parametrize(("read", "meant"), [("茵", "菌"), ("未", "末"), ("抱", "孢"), ("胞", "孢")])
def test_known_look_alikes_cost_little(read: str, meant: str) -> None:
    assert looks_like(read, meant)
    assert misread_cost(read, meant) < misread_cost("那", meant)


def test_what_two_sources_call_alike_costs_less_than_what_one_does() -> None:
    assert misread_cost("茵", "菌") < misread_cost("脔", "膏") < 1


def test_a_character_of_no_catalog_was_misread_but_a_known_look_alike_is_likelier() -> None:
    assert misread_cost("脔", "膏") < misread_cost("襉", "膏") < misread_cost("片", "膏")


@pytest.mark.parametrize(
    ("one", "other"), [("甲", "乙"), ("左", "右"), ("肺", "肝"), ("人", "牛"), ("踝", "趾"), ("氟", "氯")]
)
def test_characters_that_tell_items_apart_are_never_look_alikes(one: str, other: str) -> None:
    assert misread_cost(one, other) == 1


def test_a_character_read_twice_and_a_stray_stroke_cost_less_than_another_character() -> None:
    assert likeness("头头孢拉定", "头孢拉定") == likeness("头丨孢拉定", "头孢拉定")
    assert likeness("头头孢拉定", "头孢拉定") > likeness("头药孢拉定", "头孢拉定")
