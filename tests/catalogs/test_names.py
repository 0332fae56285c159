from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.catalogs.catalog import Catalogs
from pipeline.catalogs.categories import category_of, is_category_or_sum, kinds_of
from pipeline.catalogs.dosage_forms import split_form
from pipeline.catalogs.drug_names import drug_name, listed_names
from pipeline.catalogs.likeness import likeness
from pipeline.catalogs.printed_names import bare, normalise, take_apart

JUNK = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "",
            " ",
            "　",
            "🙂",
            "（）",
            "***",
            "①②③",
            "ＡＢＣ",
            "\u200b",
            "(((((",
            ")))",
            "％％",
            "0.25g*24粒",
            "\x00",
        ]
    ),
    st.text(alphabet="（）()[]【】*×xX0123456789.gml%片粒/盒甲乙丙注射用胶囊缓释Ⅱ", max_size=40),
)


@given(JUNK)
def test_no_text_makes_taking_apart_fail(text: str) -> None:
    parts = take_apart(text)
    drug_name(parts.plain)
    listed_names(text, "")
    split_form(text)
    is_category_or_sum(text)
    assert "(" not in parts.outer


@given(JUNK)
@example("0:X0")
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert bare(bare(text)) == bare(text)


@given(JUNK, JUNK)
def test_likeness_is_between_nothing_and_one(a: str, b: str) -> None:
    assert 0 <= likeness(a, b) <= 1
    assert likeness(a, a) == (1 if a else 0)


def test_full_width_and_half_width_are_one_name() -> None:
    assert normalise("（阿莫西林）　胶囊 ０．２５ｇ×２４粒") == normalise("(阿莫西林)胶囊0.25g*24粒")


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("*阿莫西林胶囊", "阿莫西林胶囊"),
        ("▲(甲)阿莫西林胶囊", "阿莫西林胶囊"),
        ("[国谈]阿莫西林胶囊", "阿莫西林胶囊"),
        ("甲类阿莫西林胶囊", "阿莫西林胶囊"),
        ("12、阿莫西林胶囊", "阿莫西林胶囊"),
        ("*化学药品制剂*阿莫西林胶囊", "阿莫西林胶囊"),
        ("阿莫西林胶囊0.25g×24粒/盒", "阿莫西林胶囊"),
        ("阿莫西林胶囊 0.25gx24粒", "阿莫西林胶囊"),
        ("阿莫西林胶囊(0.25g*24粒)", "阿莫西林胶囊"),
        ("0.9%氯化钠注射液100ml", "氯化钠注射液"),
        ("维生素B6片", "维生素B6片"),
        ("维生素B12注射液1ml:0.5mg", "维生素B12注射液"),
        ("24小时动态心电图", "24小时动态心电图"),
        ("13碳尿素呼气试验", "13碳尿素呼气试验"),
        ("辅酶Q10片", "辅酶Q10片"),
    ],
)
def test_markers_and_specifications_come_off_and_the_name_stays(printed: str, name: str) -> None:
    assert take_apart(printed).outer == name


@pytest.mark.parametrize(
    ("printed", "stem", "form"),
    [
        ("盐酸二甲双胍片", "二甲双胍", "片"),
        ("头孢曲松钠", "头孢曲松", None),
        ("注射用头孢曲松钠", "头孢曲松", "注射用粉"),
        ("氯化钠注射液", "氯化钠", "注射液"),
        ("硫酸镁注射液", "硫酸镁", "注射液"),
        ("克拉霉素片", "克拉霉素", "片"),
        ("吸入用布地奈德混悬液", "布地奈德", "吸入混悬液"),
        ("六味地黄丸(浓缩丸)", "六味地黄", "丸"),
        ("阿司匹林肠溶缓释片", "阿司匹林", "肠溶缓释片"),
        ("注射用甲泼尼龙琥珀酸钠", "甲泼尼龙", "注射用粉"),
    ],
)
def test_a_medicine_is_split_into_substance_and_form(printed: str, stem: str, form: str | None) -> None:
    found = drug_name(printed)
    assert (found.stem, found.form) == (stem, form)


def test_a_category_says_what_may_stand_under_it() -> None:
    assert kinds_of(category_of("西药费")) == ("drug",)
    assert "drug" not in kinds_of(category_of("检查费"))
    assert kinds_of(category_of("卫生材料费")) == ("consumable",)
    assert kinds_of(category_of("没见过的")) == ()


@pytest.mark.parametrize(
    ("printed", "name", "specification"),
    [
        ("槐角丸每丸重9g", "槐角丸", "每丸重9g"),
        ("知柏地黄丸每8丸相当于原生药3克", "知柏地黄丸", "每8丸相当于原生药3克"),
        ("注射用盐酸头孢吡肟按C19H24N6O5S2计算1.0g", "注射用盐酸头孢吡肟", "按C19H24N6O5S2计算1.0g"),
        ("牛黄上清片基片重0.3克", "牛黄上清片", "基片重0.3克"),
        ("阿达帕林凝胶/0.001", "阿达帕林凝胶", "0.001"),
        ("多潘立酮胶囊 50万IUx6", "多潘立酮胶囊", "50万IU*6"),
        ("维生素B1 2.5mg", "维生素B1", "2.5mg"),
        ("注射用维生素C0.6ml", "注射用维生素C", "0.6ml"),
        ("*红霉素胶囊 0.2mg×24", "红霉素胶囊", "0.2mg*24"),
    ],
)
def test_specifications_in_words_and_numbers_come_off(printed: str, name: str, specification: str) -> None:
    parts = take_apart(printed)
    assert (parts.outer, parts.specification, parts.heading) == (name, specification, None)


@pytest.mark.parametrize(
    ("printed", "outer", "inner"),
    [
        ("氟康唑胶囊(优美安", "氟康唑胶囊", ("优美安",)),
        ("盐酸苯海索片益迪)", "盐酸苯海索片", ("益迪",)),
        ("贝那普利氢氯噻嗪片乐安)/1ml:140mg", "贝那普利氢氯噻嗪片", ("乐安",)),
        ("(基黄酮哌酯片", "黄酮哌酯片", ()),
        ("基)安神补心丸", "安神补心丸", ()),
    ],
)
def test_a_lost_bracket_is_put_back_or_goes_with_its_marker(
    printed: str, outer: str, inner: tuple[str, ...]
) -> None:
    parts = take_apart(printed)
    assert (parts.outer, parts.inner) == (outer, inner)


def test_what_a_bracket_tells_apart_stays_in_the_whole_name() -> None:
    parts = take_apart("脊髓内病变切除术(肿瘤长度超过5cm加收)")
    assert parts.plain == "脊髓内病变切除术"
    assert bare(parts.whole) == "脊髓内病变切除术肿瘤长度超过5cm加收"


def test_a_numeral_read_as_two_is_neither_level(sample: Catalogs) -> None:
    for printed in ("ⅡI级护理", "Ⅱ1级护理"):
        match = sample.match(printed, category="护理费")
        assert match.status != "matched"
        assert "二级护理" in [candidate.name for candidate in match.candidates]


@pytest.mark.parametrize("printed", ["09-0S普通门诊诊查费", "090S普通门诊诊查费", "2025-11-20普通门诊诊查费"])
def test_the_day_of_the_column_before_comes_off(printed: str) -> None:
    assert take_apart(printed).plain == "普通门诊诊查费"
