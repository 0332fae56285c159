from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.catalogs.catalog import Catalogs
from pipeline.catalogs.diagnoses import DiagnosisMatcher
from pipeline.catalogs.entries import Diagnosis
from pipeline.catalogs.printed_diagnoses import split_line, take_apart

SAMPLE = Catalogs.sample()


def codes(line: str) -> list[str | None]:
    return [one.code for one in SAMPLE.diagnoses.read(line)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1.2型糖尿病 2.冠心病 3.肺炎", ["E11.900", "I25.103", "J18.900"]),
        ("①肺炎②冠心病", ["J18.900", "I25.103"]),
        ("（1）肺炎（2）冠心病", ["J18.900", "I25.103"]),
        ("诊断：肺炎；冠心病", ["J18.900", "I25.103"]),
        ("肺炎、冠心病", ["J18.900", "I25.103"]),
        ("肺炎 2.冠心病", ["J18.900", "I25.103"]),
        ("发热待查：肺炎？", [SAMPLE.diagnoses.read("发热")[0].code, "J18.900"]),
    ],
)
def test_several_diagnoses_in_a_line_are_told_apart(line: str, expected: list[str]) -> None:
    assert codes(line) == expected


def test_a_comma_inside_a_listed_name_parts_nothing() -> None:
    matcher = DiagnosisMatcher(
        [Diagnosis("N18.900", "慢性肾脏病，未特指", ()), Diagnosis("K29.700", "胃炎", ())]
    )
    assert [one.code for one in matcher.read("慢性肾脏病，未特指")] == ["N18.900"]
    assert [one.code for one in matcher.read("胃炎，嘱清淡饮食")] == [None]


@pytest.mark.parametrize(
    ("text", "course", "of"),
    [
        ("胆囊结石术后", "after_treatment", "胆囊结石"),
        ("胆囊结石切除术后2年", "after_treatment", "胆囊结石"),
        ("乳腺癌化疗后", "after_treatment", "乳腺癌"),
        ("脑梗死史", "history", "脑梗死"),
        ("高血压病史10余年", "history", "高血压"),
        ("既往高血压", "history", "高血压"),
        ("肺炎？", "suspected", ""),
        ("肺炎待排", "suspected", ""),
        ("考虑肺炎", "suspected", ""),
        ("肺炎", "present", ""),
        ("史密斯骨折", "present", ""),
    ],
)
def test_what_lies_behind_the_patient_is_told_from_what_is_there(text: str, course: str, of: str) -> None:
    printed = take_apart(text)
    assert (printed.course, printed.of) == (course, of)


def test_a_past_disease_is_not_coded_as_a_present_one_but_named() -> None:
    (found,) = SAMPLE.diagnoses.read("胆囊结石术后")
    assert found.code is None
    assert found.was is not None
    assert "胆囊结石" in found.was.name
    (suspected,) = SAMPLE.diagnoses.read("肺炎？")
    assert (suspected.code, suspected.printed.course) == ("J18.900", "suspected")


def test_a_past_disease_that_the_list_words_so_has_its_code() -> None:
    matcher = DiagnosisMatcher(
        [Diagnosis("Z95.501", "冠状动脉支架植入术后", ()), Diagnosis("K29.700", "胃炎", ())]
    )
    assert [one.code for one in matcher.read("冠状动脉支架植入术后")] == ["Z95.501"]


@pytest.mark.parametrize(
    ("text", "side", "plain"),
    [
        ("左膝关节痛", "左", "膝关节痛"),
        ("膝关节痛（右侧）", "右", "膝关节痛"),
        ("双侧膝关节痛", "双", "膝关节痛"),
        ("左心衰竭", "", "左心衰竭"),
        ("双相情感障碍", "", "双相情感障碍"),
        ("左肺恶性肿瘤", "", "左肺恶性肿瘤"),
    ],
)
def test_a_side_is_kept_beside_the_name_unless_it_belongs_to_it(text: str, side: str, plain: str) -> None:
    printed = take_apart(text)
    assert (printed.side, printed.plain) == (side, plain)


def test_a_positive_test_is_not_a_negative_one() -> None:
    matcher = DiagnosisMatcher(
        [Diagnosis("A15.001", "肺结核，痰镜检（+）", ()), Diagnosis("A16.001", "肺结核，痰镜检（-）", ())]
    )
    assert [one.code for one in matcher.read("肺结核，痰镜检（+）")] == ["A15.001"]
    assert [one.code for one in matcher.read("肺结核，痰镜检（-）")] == ["A16.001"]


@pytest.mark.parametrize(
    "shown", ["X01.100 测试田状综合征", "测试田状综合征（C99.1）", "C99.1测试田状综合征"]
)
def test_a_printed_code_of_either_version_decides_between_near_names(shown: str) -> None:
    """测试田状综合征 is one character from both; alone it gets no code."""
    matcher = DiagnosisMatcher(
        [Diagnosis("X01.100", "测试日状综合征", ()), Diagnosis("X02.200", "测试目状综合征", ())],
        {"C99.1": ("X01.100", "测试日状综合征")},
    )
    assert [one.code for one in matcher.read("测试田状综合征")] == [None]
    assert [one.code for one in matcher.read(shown)] == ["X01.100"]


def test_a_code_beside_another_name_names_nothing_alone() -> None:
    assert codes("E11.900 某种不存在的病") == [None]


@given(st.text("1２.、①肺炎高血压左史术后？待查;，()（）I10x ", max_size=30))
@settings(deadline=None)
def test_no_line_is_too_odd_to_be_taken_apart(text: str) -> None:
    for part in split_line(text):
        assert take_apart(part).text == part
    for one in SAMPLE.diagnoses.read(text):
        assert one.printed.text


@given(st.lists(st.sampled_from(["肺炎", "冠心病", "2型糖尿病", "急性阑尾炎"]), min_size=2, max_size=6))
def test_numbered_diagnoses_come_back_in_their_order(names: list[str]) -> None:
    line = " ".join(f"{number}.{name}" for number, name in enumerate(names, 1))
    assert split_line(line) == names
