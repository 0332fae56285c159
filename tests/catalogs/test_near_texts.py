from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from pipeline.catalogs.near_texts import LONGEST_BY_DELETIONS, NearTexts

CHARACTERS = "阿莫西林头孢克肟拉定氯雷他"
TEXTS = st.lists(st.text(CHARACTERS, min_size=1, max_size=LONGEST_BY_DELETIONS), max_size=30, unique=True)


@given(TEXTS, st.text(CHARACTERS, min_size=1, max_size=LONGEST_BY_DELETIONS + 1))
def test_every_text_one_character_away_is_found(texts: list[str], read: str) -> None:
    found = {texts[number] for number in NearTexts(texts).one_character_off(read)}
    assert {text for text in texts if Levenshtein.distance(read, text) <= 1} <= found


@given(TEXTS.filter(bool), st.data())
def test_a_text_shares_most_with_itself(texts: list[str], data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(texts))
    assert text in [texts[number] for number in NearTexts(texts).sharing_most(text)]


def test_a_long_text_with_two_wrong_characters_is_found_by_the_pairs_that_are_left() -> None:
    near = NearTexts(["经皮冠状动脉支架置入术", "经皮冠状动脉腔内成形术", "颅内动脉瘤夹闭术"])
    found = dict(near.alike("经皮寇状动咏支架置入术", widely=True))
    assert max(found, key=found.__getitem__) == "经皮冠状动脉支架置入术"
    assert list(near.one_character_off("经皮寇状动咏支架置入术")) == []


@given(st.text(max_size=30))
def test_an_empty_list_has_nothing_near(text: str) -> None:
    near = NearTexts([])
    assert list(near.alike(text, widely=False)) == []
    assert list(near.alike(text, widely=True)) == []


def test_common_pairs_are_not_followed_to_the_end_of_a_long_list() -> None:
    """Thousands of texts share 注射液; the rare pair still finds its text among them."""
    texts = [f"{chr(0x4E00 + number)}{chr(0x5E00 + number)}注射液" for number in range(6000)]
    near = NearTexts(texts)
    assert texts[near.sharing_most(texts[77])[0]] == texts[77]
    assert near.sharing_most("某某注射液")
