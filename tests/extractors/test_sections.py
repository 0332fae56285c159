"""Lines and the headings they belong to, where the form's ruling is not seen."""

from __future__ import annotations

import pytest

from extractors._clinical import split_paper
from extractors._prose import advice_of, diagnoses_of, paragraphs
from tests.extractors.paper_words import page_of


def sections(text: str, *more: str) -> dict[str, list[str]]:
    pages = [page_of(page, number=number) for number, page in enumerate((text, *more), 1)]
    found, _ = split_paper(pages, ("病情摘要", "诊断", "建议"), ("诊断证明书",))
    return {name: [line.word.text for line in section.lines] for name, section in found.items()}


def test_text_at_the_top_of_a_tall_cell_is_not_the_text_of_the_cell_above() -> None:
    found = sections(
        """
科室      急诊科    类别    门诊

          咳嗽、发热2天。
          胸片示双肺纹理增粗。

病情摘要



          1. 急性支气管炎



诊断




          1.注意休息
          2.休息三天
          3.不适随诊

建议
"""
    )
    assert found == {
        "病情摘要": ["咳嗽、发热2天。", "胸片示双肺纹理增粗。"],
        "诊断": ["1. 急性支气管炎"],
        "建议": ["1.注意休息", "2.休息三天", "3.不适随诊"],
    }


def test_print_of_a_seal_far_below_shifts_no_text_from_cell_to_cell() -> None:
    found = sections(
        """
          1.肾囊肿
          2.高血压病
诊断


          1.休息两周
          2.门诊随诊
建议





                         大学第    附
"""
    )
    assert found == {"诊断": ["1.肾囊肿", "2.高血压病"], "建议": ["1.休息两周", "2.门诊随诊"]}


def test_a_head_that_wraps_keeps_its_second_line() -> None:
    found = sections(
        """
住址      河南省郑州市示例区范本街88号4号楼
          2单元501室


          1.肾囊肿
诊断
          2.高血压病
"""
    )
    assert found == {"诊断": ["1.肾囊肿", "2.高血压病"]}


def test_an_empty_cell_takes_nothing_from_its_neighbour() -> None:
    found = sections(
        """
          1.肾囊肿
诊断      2.高血压病
          3.糖尿病


建议


医师：赵医样
"""
    )
    assert found == {"诊断": ["1.肾囊肿", "2.高血压病", "3.糖尿病"]}


def test_bare_labels_at_the_top_of_their_cells_take_the_lines_below_them() -> None:
    found = sections(
        """
诊断      1.肾囊肿
          2.高血压病
建议      1.休息两周
          2.门诊随诊
"""
    )
    assert found == {"诊断": ["1.肾囊肿", "2.高血压病"], "建议": ["1.休息两周", "2.门诊随诊"]}


def test_a_section_goes_on_over_the_head_that_the_next_page_repeats() -> None:
    first = "诊断证明书\n姓名：孙范本\n诊断：1.肾囊肿"
    second = "诊断证明书\n姓名：孙范本\n2.高血压病\n医师：赵医样"
    assert sections(first, second) == {"诊断": ["1.肾囊肿", "2.高血压病"]}


def test_a_sentence_may_end_before_a_label_in_mid_line() -> None:
    assert sections("病情摘要：咳嗽2天。诊断：支气管炎") == {"病情摘要": ["咳嗽2天。"], "诊断": ["支气管炎"]}


# ---------------------------------------------------------------- lists


def lines_of(text: str) -> str:
    found, _ = split_paper([page_of("诊断：\n" + text)], ("诊断",), ())
    return diagnoses_of(found["诊断"].lines)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("1.胸痛待查\n2.2型糖尿病", "胸痛待查;2型糖尿病"),
        ("1、胸痛待查：冠心病？2、高血压病3级", "胸痛待查：冠心病？;高血压病3级"),
        ("1.不稳定性心绞痛2.高血压病3级3.2型糖尿病", "不稳定性心绞痛;高血压病3级;2型糖尿病"),
        ("①肾囊肿②高血压病", "肾囊肿;高血压病"),
        ("（1）肾囊肿（2）高血压病", "肾囊肿;高血压病"),
        ("1 肾囊肿\n2 高血压病", "肾囊肿;高血压病"),
        ("2型糖尿病\n高血压病", "2型糖尿病;高血压病"),
        ("左侧股骨颈骨折；右肺结节待查。", "左侧股骨颈骨折;右肺结节待查"),
        ("高血压病3级（极高危，糖尿病史），右肾囊肿", "高血压病3级（极高危，糖尿病史）;右肾囊肿"),
        ("颈椎病、腰椎间盘突出", "颈椎病;腰椎间盘突出"),
        ("皮肤、软组织感染", "皮肤、软组织感染"),
        ("上呼吸道感染      急性支气管炎", "上呼吸道感染;急性支气管炎"),
        ("1.冠心病，不稳定性心绞痛\n2.高血压病", "冠心病，不稳定性心绞痛;高血压病"),
        ("1.肾囊肿\n1.肾囊肿", "肾囊肿"),
    ],
)
def test_diagnoses_are_told_apart_however_they_are_listed(printed: str, expected: str) -> None:
    assert lines_of(printed) == expected


def test_an_amount_in_advice_is_no_number_of_a_list() -> None:
    found, _ = split_paper([page_of("建议：\n1.每次2.5片，每日一次；2.复查")], ("建议",), ())
    assert advice_of(found["建议"].lines) == "每次2.5片，每日一次;复查"


def test_a_line_broken_at_the_right_edge_is_joined_and_a_short_one_is_not() -> None:
    text = "建议：\n低盐低脂饮食，规律服药，监测血压、血糖，每三个月复查糖化血红\n蛋白\n不适随诊"
    found, _ = split_paper([page_of(text)], ("建议",), ())
    assert paragraphs(found["建议"].lines) == [
        "低盐低脂饮食，规律服药，监测血压、血糖，每三个月复查糖化血红蛋白",
        "不适随诊",
    ]
