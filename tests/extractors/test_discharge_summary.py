"""Discharge summaries of one page and of two, with open and with ruled sections."""

from __future__ import annotations

import pytest

from extractors.discharge_summary import EXTRACTOR, continues, extract, identify
from pipeline.model import Page
from tests.extractors.paper_words import page_of, values

FIRST = """
              郑州示例大学第一附属医院
                   出 院 小 结
姓名:孙范本性别:男年龄:62岁科室:心血管内科床号:16住院号:26041507
入院时间：2026-04-1510:20出院时间：2026-04-2409:30住院天数:9天
入院诊断:胸痛待查
出院诊断：1.不稳定性心绞痛2.高血压病3级3.2型糖尿病
入院时情况:
患者因反复胸闷、胸痛3月，加重2天入院。
诊疗经过：
入院后完善相关检查，给予抗血小板、抗凝、调脂、降压、降糖等治疗。于2026年4月18日行冠状动脉造
影术，示前降支近段狭窄约50%，
"""
SECOND = """
        郑州示例大学第一附属医院 出院小结
姓名:孙范本   住院号:26041507   第2页
未予支架植入，出院诊断明确，胸痛症状缓解。
出院时情况:患者一般情况可，血压132/78mmHg。
出院医嘱：1.注意休息，避免劳累；2.阿司匹林肠溶片100mg每日一次；3.一月后复查。

                        住院医师：魏医样
                        2026年04月24日
"""

RULED = """
          郑州示例大学第一附属医院
          出院记录
姓名    孙范本    性别    男    年龄    62岁    住院号    26041507
科室    心内科一病区    床号    16    住院天数    9
入院日期    2026年04月15日    出院日期    2026年04月24日

            1. 胸痛待查
入院诊断
            2. 高血压病


            1. 不稳定性心绞痛
出院诊断    2. 高血压病3级（很高危）
            3. 2型糖尿病


            入院后完善相关检查，给予抗血小板、抗凝、调脂、降压、降糖等治疗。于
诊疗经过
            2026年4月18日行冠状动脉造影术。


            1. 低盐低脂糖尿病饮食
出院医嘱
            2. 一月后复查



                      主治医师：魏医样
                      日期：2026年04月24日
"""


def two_pages() -> tuple[Page, Page]:
    return page_of(FIRST), page_of(SECOND, number=2)


def test_a_summary_of_two_pages_is_read_as_one() -> None:
    document = extract(two_pages(), 1.0)
    assert document.subtype == "discharge_record"
    assert values(document.fields) == {
        "patient_name": "孙范本",
        "sex": "男",
        "age": "62",
        "hospital_name": "郑州示例大学第一附属医院",
        "department": "心血管内科",
        "inpatient_no": "26041507",
        "admission_date": "2026-04-15",
        "discharge_date": "2026-04-24",
        "inpatient_days": "9",
        "admission_diagnoses": "胸痛待查",
        "diagnoses": "不稳定性心绞痛;高血压病3级;2型糖尿病",
        "course": "入院后完善相关检查，给予抗血小板、抗凝、调脂、降压、降糖等治疗。于2026年4月18日行冠状动脉"
        "造影术，示前降支近段狭窄约50%，未予支架植入，出院诊断明确，胸痛症状缓解。",
        "advice": "注意休息，避免劳累;阿司匹林肠溶片100mg每日一次;一月后复查",
        "doctor_name": "魏医样",
        "issue_date": "2026-04-24",
    }


def test_bare_labels_in_the_middle_of_their_cells_take_the_lines_above_them() -> None:
    found = values(extract([page_of(RULED)], 1.0).fields)
    assert found["department"] == "心内科一病区"
    assert found["admission_diagnoses"] == "胸痛待查;高血压病"
    assert found["diagnoses"] == "不稳定性心绞痛;高血压病3级（很高危）;2型糖尿病"
    assert found["course"] == (
        "入院后完善相关检查，给予抗血小板、抗凝、调脂、降压、降糖等治疗。于2026年4月18日行冠状动脉造影术。"
    )
    assert found["advice"] == "低盐低脂糖尿病饮食;一月后复查"
    assert found["doctor_name"] == "魏医样"


def test_a_long_text_is_as_sure_as_its_least_sure_line() -> None:
    field = extract(two_pages(), 1.0).fields["course"]
    assert field.confidence > 0.9  # the product over all characters would be 0.88
    assert field.page == 1
    assert field.text.count("\n") == 2


@pytest.mark.parametrize("text", [FIRST, SECOND, RULED])
def test_every_page_with_the_title_is_sure(text: str) -> None:
    assert identify(page_of(text)) >= 0.85


def test_the_body_is_enough_where_the_title_is_cut_off() -> None:
    assert identify(page_of("\n".join(RULED.strip("\n").split("\n")[2:]))) >= 0.85


def test_a_second_page_that_counts_on_goes_on() -> None:
    first, second = two_pages()
    assert continues([first], second)


def test_a_second_page_without_title_goes_on() -> None:
    untitled = "\n".join(SECOND.strip("\n").split("\n")[2:])
    assert continues([page_of(FIRST)], page_of(untitled, number=2))


@pytest.mark.parametrize(
    "text",
    [
        RULED,
        "广东省基本医疗保险住院结算单\n姓名  孙范本\n出院诊断  不稳定性心绞痛\n总金额  3266.19\n医生  魏医样",
        "住院费用明细清单  第2页\n项目名称  数量  金额\n静脉输液  1  9.00\n医师：魏医样",
        "中华人民共和国\n居民身份证\n签发机关  郑州市公安局",
        "",
    ],
    ids=["another summary", "settlement sheet", "fee list", "id card", "empty"],
)
def test_other_papers_do_not_go_on(text: str) -> None:
    assert not continues([page_of(FIRST)], page_of(text, number=2))


def test_what_is_required_can_be_accepted() -> None:
    document = extract(two_pages(), 1.0)
    assert set(EXTRACTOR.required(document)) <= document.fields.keys() <= set(EXTRACTOR.field_names)
