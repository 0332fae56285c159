"""Identity cards: front, back, both on one sheet, and what only looks like one. All persons are invented."""

from __future__ import annotations

from dataclasses import replace

import pytest

from extractors.id_card import EXTRACTOR, continues, extract, identify
from pipeline.model import Alternative, Page
from tests.extractors.paper_words import page_of, page_with, values

FRONT = """
姓 名  孙范本
性 别  男    民 族  漢
出 生  1963 年 11月 5 日
住 址  河南省郑州市示例区范本
       街88号

公民身份号码    410100196311053177
"""
BACK = """
     中华人民共和国
     居民身份证

签发机关  郑州市公安局示例分局
有效期限  2016.08.21-2036.08.21
"""
SIDE_BY_SIDE = """
姓名孙范本                        中华人民共和国
性别男    民族汉                  居民身份证
出生 1963年11月5日
住址 河南省郑州市示例区
                          签发机关  郑州市公安局
                          有效期限  2016.08.21-长期
公民身份号码  410100196311053177
"""


def test_the_front_tells_the_person() -> None:
    document = extract([page_of(FRONT)], 1.0)
    assert document.subtype == "front"
    assert values(document.fields) == {
        "name": "孙范本",
        "sex": "男",
        "ethnicity": "汉",
        "birth_date": "1963-11-05",
        "address": "河南省郑州市示例区范本街88号",
        "id_number": "410100196311053177",
    }


def test_the_back_tells_the_card() -> None:
    document = extract([page_of(BACK)], 1.0)
    assert document.subtype == "back"
    assert values(document.fields) == {
        "issuing_authority": "郑州市公安局示例分局",
        "valid_from": "2016-08-21",
        "valid_to": "2036-08-21",
    }


def test_both_sides_side_by_side_do_not_mix() -> None:
    document = extract([page_of(SIDE_BY_SIDE)], 1.0)
    assert document.subtype == "both"
    assert values(document.fields) == {
        "name": "孙范本",
        "sex": "男",
        "ethnicity": "汉",
        "birth_date": "1963-11-05",
        "address": "河南省郑州市示例区",
        "id_number": "410100196311053177",
        "issuing_authority": "郑州市公安局",
        "valid_from": "2016-08-21",
        "valid_to": "长期",
    }


@pytest.mark.parametrize("text", [FRONT, BACK, SIDE_BY_SIDE])
def test_each_side_is_known(text: str) -> None:
    assert identify(page_of(text)) >= 0.85


@pytest.mark.parametrize(
    "text",
    [
        "常住人口登记卡\n姓名  孙范本  户主\n性别  男  民族  汉\n公民身份号码  410100196311053177",
        "中华人民共和国社会保障卡\n姓名 孙范本\n社会保障号码 410100196311053177",
        "个人承诺书\n姓名：孙范本  性别：男  民族：汉\n住址：郑州市\n公民身份号码：410100196311053177",
        "诊断证明书\n姓名：孙范本  性别：男  年龄：62岁\n诊断：感冒",
        "",
    ],
)
def test_other_papers_that_ask_for_the_same_are_no_card(text: str) -> None:
    assert identify(page_of(text)) < 0.5


def test_front_and_back_on_two_pages_are_one_card() -> None:
    front, back = page_of(FRONT), page_of(BACK, number=2)
    assert continues([front], back)
    assert continues([back], front)
    assert not continues([front], front)
    assert not continues([front, back], front)


def with_number(text: str, *alternatives: Alternative) -> Page:
    page = page_of(FRONT.replace("410100196311053177", text))
    words = [replace(word, alternatives=alternatives) if word.text == text else word for word in page.words]
    return page_with(words)


def test_the_check_digit_chooses_among_readings_but_never_alone() -> None:
    number = extract([with_number("410100196311058177", Alternative(14, "3", 0.3))], 1.0).fields["id_number"]
    assert number.value == "410100196311053177"
    assert number.confidence <= 0.9
    assert [other.value for other in number.candidates] == ["410100196311058177"]


def test_a_number_that_fails_its_check_is_given_as_read() -> None:
    """Whether it is right is for a rule to say."""
    number = extract([with_number("410100196311058177", Alternative(3, "7", 0.3))], 1.0).fields["id_number"]
    assert number.value == "410100196311058177"


def test_a_number_cut_short_is_not_padded() -> None:
    number = extract([with_number("41010019631105")], 1.0).fields["id_number"]
    assert number.value is None


def test_shades_of_the_portrait_and_the_shape_of_the_type_do_no_harm() -> None:
    """The engine reads 別 for 别 on some cards, and digits in the face beside the lines."""
    text = (
        FRONT.replace("性 别", "性 別")
        .replace("11月 5 日", "11月 5 日        8")
        .replace("范本\n", "范本      一\n")
    )
    found = values(extract([page_of(text)], 1.0).fields)
    assert found["sex"] == "男"
    assert found["birth_date"] == "1963-11-05"
    assert found["address"] == "河南省郑州市示例区范本街88号"


def test_a_number_is_found_where_its_label_is_not() -> None:
    page = page_of(FRONT.replace("公民身份号码", "公以身分号码"))
    assert identify(page) >= 0.85
    assert extract([page], 1.0).fields["id_number"].value == "410100196311053177"


def test_what_is_required_can_be_accepted() -> None:
    document = extract([page_of(SIDE_BY_SIDE)], 1.0)
    assert set(EXTRACTOR.required(document)) <= document.fields.keys() == set(EXTRACTOR.field_names)


def test_the_side_with_the_emblem_alone_needs_no_name() -> None:
    """It shows none: a person would look at every back for what cannot stand there."""
    assert set(EXTRACTOR.required(extract([page_of(BACK)], 1.0))) == {"valid_from", "valid_to"}
    assert "name" in EXTRACTOR.required(extract([page_of(FRONT)], 1.0))
