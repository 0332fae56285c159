"""Certificates as hospitals print them: open and ruled, numbered and not, signed here and there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from extractors._clinical import is_arc
from extractors._values import as_person
from extractors.diagnosis_certificate import EXTRACTOR, TITLES, extract, identify
from extractors.discharge_summary import identify as identify_summary
from pipeline.model import Box, Word
from tests.extractors.paper_words import page_of, page_with, values, words_of

OPEN = """
              济南样例人民医院
              诊 断 证 明 书
                                   NO.120457
姓名：钱样例      性别：女      年龄：41岁
科别：内分泌科    门诊号：M2603120457
住址：山东省济南市样例区示范路12号

临床诊断：
   1、2型糖尿病
   2、高血压病2级
   3、高脂血症

处理意见：
   1、低盐低脂糖尿病饮食
   2、监测血糖、血压



                         医师签名：赵医样
                         日期：2026年3月12日
注：本证明未加盖“诊断专用章”无效。
"""

# Bare labels stand in the middle of their cells, so that lines above them are theirs.
RULED = """
          郑州示例大学第一附属医院
          出院诊断证明书
姓名      孙范本    性别    男    年龄    62岁
科室      心血管内科    类别    住院    住院号    26041507

          反复胸闷、胸痛3月，加重2天入院。冠状动脉造影示前降支近段狭
病情摘要
          窄约50%，经药物治疗后好转出院。


          1.不稳定性心绞痛
          2.右肺上叶结节待查
诊断
          3.左侧肾囊肿


          1.出院后休息两周
建议      2.规律服药，低盐低脂饮食
          3.一月后门诊复查，不适随诊



                      医师（签章）：魏医样    诊断专用章
                      日    期：2026-04-24
"""

INLINE = """
      郑州示例大学第一附属医院疾病诊断证明书
姓名：孙范本  性别：男  年龄：62岁  科别：骨科  病历号：00883120
初步诊断：左侧股骨颈骨折；右肺结节待查；高血压病3级（极高危组）；冠状动脉粥样硬化性心
          脏病
建议：    建议全休壹个月，避免负重，加强营养，两周后骨科门诊复查，如有不适及时就诊。


                                主治医师：李示例
                                2026年4月24日
                                郑州示例大学第一附属医院（盖章）
"""

WITH_COMMAS = """
            病 情 证 明
姓 名 孙范本      性 别 男      年 龄 62 岁
科 室 心血管内科  住院号 26041507
入院日期：2026-04-15    出院日期：2026-04-24
诊 断：不稳定性心绞痛，高血压病3级，2型糖尿病
医 嘱：1、休息贰周。2、低盐低脂饮食。3、门诊随诊。

医生：王样例      日期：2026.04.24
医院名称（公章）：郑州示例大学第一附属医院
"""

CENTRED = """
              济南样例人民医院
              门诊诊断证明书
患者姓名   钱样例    性别  女    年龄  41岁
就诊科室   内分泌科    就诊日期   2026-03-12

              2型糖尿病
门诊诊断      高血压病2级
              高脂血症



              低盐低脂糖尿病饮食，规律服药，监测血糖血压，每三个月复查糖化血红蛋
处理意见
              白，不适随诊。


                        医师签字：赵医样
                        签发日期：2026/03/12
"""

PROSE = """
              北京示例医院诊断证明
    兹证明患者孙范本，男，62岁，因反复胸闷、胸痛3月于2026年4月15日
在我院心血管内科住院治疗，于2026年4月24日出院。

诊断：①不稳定性心绞痛②高血压病3级（极高危）③2型糖尿病

处理意见：全休叁周
          定期复查血脂


                        医师签名王样例
                        2026 年 04 月 24 日
"""

LAYOUTS = {
    "open": (
        OPEN,
        {
            "patient_name": "钱样例",
            "sex": "女",
            "age": "41",
            "hospital_name": "济南样例人民医院",
            "department": "内分泌科",
            "outpatient_no": "M2603120457",
            "diagnoses": "2型糖尿病;高血压病2级;高脂血症",
            "advice": "低盐低脂糖尿病饮食;监测血糖、血压",
            "doctor_name": "赵医样",
            "issue_date": "2026-03-12",
        },
    ),
    "ruled": (
        RULED,
        {
            "patient_name": "孙范本",
            "sex": "男",
            "age": "62",
            "hospital_name": "郑州示例大学第一附属医院",
            "department": "心血管内科",
            "inpatient_no": "26041507",
            "diagnoses": "不稳定性心绞痛;右肺上叶结节待查;左侧肾囊肿",
            "advice": "出院后休息两周;规律服药，低盐低脂饮食;一月后门诊复查，不适随诊",
            "doctor_name": "魏医样",
            "issue_date": "2026-04-24",
            "seal": "诊断专用章",
        },
    ),
    "inline": (
        INLINE,
        {
            "patient_name": "孙范本",
            "sex": "男",
            "age": "62",
            "hospital_name": "郑州示例大学第一附属医院",
            "department": "骨科",
            "medical_record_no": "00883120",
            "diagnoses": "左侧股骨颈骨折;右肺结节待查;高血压病3级（极高危组）;冠状动脉粥样硬化性心脏病",
            "advice": "建议全休壹个月，避免负重，加强营养，两周后骨科门诊复查，如有不适及时就诊",
            "doctor_name": "李示例",
            "issue_date": "2026-04-24",
        },
    ),
    "with commas": (
        WITH_COMMAS,
        {
            "patient_name": "孙范本",
            "sex": "男",
            "age": "62",
            "hospital_name": "郑州示例大学第一附属医院",
            "department": "心血管内科",
            "inpatient_no": "26041507",
            "admission_date": "2026-04-15",
            "discharge_date": "2026-04-24",
            "diagnoses": "不稳定性心绞痛;高血压病3级;2型糖尿病",
            "advice": "休息贰周;低盐低脂饮食;门诊随诊",
            "doctor_name": "王样例",
            "issue_date": "2026-04-24",
        },
    ),
    "centred": (
        CENTRED,
        {
            "patient_name": "钱样例",
            "sex": "女",
            "age": "41",
            "hospital_name": "济南样例人民医院",
            "department": "内分泌科",
            "visit_date": "2026-03-12",
            "diagnoses": "2型糖尿病;高血压病2级;高脂血症",
            "advice": "低盐低脂糖尿病饮食，规律服药，监测血糖血压，每三个月复查糖化血红蛋白，不适随诊",
            "doctor_name": "赵医样",
            "issue_date": "2026-03-12",
        },
    ),
    "prose": (
        PROSE,
        {
            "patient_name": "孙范本",
            "sex": "男",
            "age": "62",
            "hospital_name": "北京示例医院",
            "diagnoses": "不稳定性心绞痛;高血压病3级（极高危）;2型糖尿病",
            "advice": "全休叁周;定期复查血脂",
            "doctor_name": "王样例",
            "issue_date": "2026-04-24",
        },
    ),
}


@pytest.mark.parametrize(("text", "expected"), LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_gives_what_it_says_and_nothing_else(text: str, expected: dict[str, str]) -> None:
    page = page_of(text)
    assert identify(page) >= 0.85
    assert values(extract([page], 1.0).fields) == expected


@pytest.mark.parametrize(
    ("text", "subtype"),
    [(OPEN, "outpatient"), (RULED, "inpatient"), (WITH_COMMAS, "inpatient"), (INLINE, "outpatient")],
)
def test_the_visit_tells_the_subtype(text: str, subtype: str) -> None:
    assert extract([page_of(text)], 1.0).subtype == subtype


def test_what_is_required_can_be_accepted() -> None:
    document = extract([page_of(OPEN)], 1.0)
    assert set(EXTRACTOR.required(document)) <= document.fields.keys() <= set(EXTRACTOR.field_names)


def test_a_sentence_about_a_seal_is_no_seal() -> None:
    assert "seal" not in extract([page_of(OPEN)], 1.0).fields


def test_the_diagnosis_on_leaving_goes_before_that_on_arrival() -> None:
    page = page_of(
        """
        出院诊断证明书
        姓名：孙范本
        入院诊断：胸痛待查
        出院诊断：1.不稳定性心绞痛
        """
    )
    document = extract([page], 1.0)
    assert document.fields["diagnoses"].value == "不稳定性心绞痛"
    assert document.extras["入院诊断"] == "胸痛待查"


def test_the_same_title_over_the_course_of_a_stay_is_a_discharge_summary() -> None:
    page = page_of(
        """
        出院诊断证明
        姓名：孙范本  性别：男  年龄：62岁
        入院诊断：胸痛待查
        出院诊断：不稳定性心绞痛
        诊疗经过：入院后完善检查，给予抗血小板治疗。
        出院医嘱：一月后复查。
        """
    )
    assert identify(page) < 0.5
    assert identify_summary(page) >= 0.85


def test_a_seal_over_a_diagnosis_is_enough_where_the_title_is_cut_off() -> None:
    lines = OPEN.strip("\n").split("\n")
    page = page_of("\n".join([*lines[3:-1], "          诊断专用章"]))
    assert 0.85 <= identify(page) < 1.0


@pytest.mark.parametrize(
    "text",
    [
        "处方笺\n姓名：钱样例  性别：女  年龄：41岁\n临床诊断：2型糖尿病\nRp\n盐酸二甲双胍片\n医师：赵医样",
        "检验报告单\n姓名：钱样例  性别：女  诊断：2型糖尿病\n白细胞计数  9.82  3.50-9.50\n检验者：样检验",
        "山东省医疗门诊收费票据（电子）\n票据代码：37060126\n交款人：钱样例\n金额合计（大写）贰拾元整",
        "病历\n主诉：头痛3天\n现病史：3天前受凉\n诊断：上呼吸道感染\n处理意见：休息\n医师：赵医样",
        "",
    ],
)
def test_other_papers_with_a_diagnosis_are_not_certificates(text: str) -> None:
    assert identify(page_of(text)) < 0.5


@pytest.mark.parametrize("title", TITLES)
def test_every_title_is_known(title: str) -> None:
    assert identify(page_of(f"某医院\n{title}\n姓名：孙范本  性别：男  年龄：62岁\n诊断：感冒")) >= 0.85


TWO_COLUMNS = """
                   无中生有样例医院
                    门诊诊断证明书
姓名：李样兰                    临床诊断：（1）膀胱炎
                                          （2）跟骨骨折
性别：女
年龄：58                                  （3）周围神经病
科别：耳鼻喉科
                                处理意见：1、建议休息5天
门诊号：25030343                          2、避免剧烈运动
                                          3、忌烟酒

                                医师签名：夏样超
                                二〇二五年三月三日
"""


def test_a_column_with_the_patient_beside_the_sections_does_not_cut_them_short() -> None:
    fields = values(extract([page_of(TWO_COLUMNS)], 0.95).fields)
    assert fields["diagnoses"] == "膀胱炎;跟骨骨折;周围神经病"
    assert fields["advice"] == "建议休息5天;避免剧烈运动;忌烟酒"
    assert (fields["sex"], fields["age"], fields["department"]) == ("女", "58", "耳鼻喉科")


def test_a_date_in_chinese_numerals_needs_no_label() -> None:
    assert values(extract([page_of(TWO_COLUMNS)], 0.95).fields)["issue_date"] == "2025-03-03"


PROSE = """
              无中生有样例医院病假诊断证明书及休假建议
住院号：26041019   科室：妇产科
   患者韩样芳，女，76岁，因病于2026年4月10日至2026年4月21日在我院住院治疗。
诊断意见：
   慢性肾脏病，未特指，高血压病
医师建议：
   1、休息五天
   2、必要时转上级医院
休假时间：2026-04-21 至 2026-04-25
医师签名：签字
日期：2026-04-21
"""


def test_a_sentence_about_the_patient_gives_sex_and_age_where_a_label_gave_the_name() -> None:
    fields = values(extract([page_of(PROSE)], 0.95).fields)
    assert (fields["patient_name"], fields["sex"], fields["age"]) == ("韩样芳", "女", "76")


def test_advice_ends_where_the_dates_of_leave_begin() -> None:
    assert values(extract([page_of(PROSE)], 0.95).fields)["advice"] == "休息五天;必要时转上级医院"


def test_a_comma_inside_the_name_of_a_diagnosis_parts_nothing() -> None:
    assert values(extract([page_of(PROSE)], 0.95).fields)["diagnoses"] == "慢性肾脏病，未特指;高血压病"


def test_the_hospital_stands_before_a_title_longer_than_the_list_has_it() -> None:
    assert values(extract([page_of(PROSE)], 0.95).fields)["hospital_name"] == "无中生有样例医院"


def test_a_printed_word_is_not_the_doctor() -> None:
    assert extract([page_of(PROSE)], 0.95).fields["doctor_name"].value is None


def test_a_title_behind_the_longest_name_of_a_hospital_is_still_the_title() -> None:
    name = "浙江中医院大学附属第一医院浙江省中医院"
    page = page_of(f"{name}医学诊断证明书\n姓名：孙范本  性别：男  年龄：62岁\n诊断：感冒\n医师：赵医样")
    assert identify(page) >= 0.85
    assert values(extract([page], 0.95).fields)["hospital_name"] == name


RULED = """
平安市人民医院
诊断证明书
姓名  石珍欣  性别  男  年龄  42

          支气管或肺恶性肿瘤

疾病诊断


          1、注意休息，避免劳累
          2、一月后门诊复查
建议



医生签名：龙明志
2025年6月24日
"""


def _rim(text: str) -> Word:
    """Words round a seal as one word: about as high as wide."""
    return Word(text, Box(500, 540, 640, 620), 0.95, "ocr")


def test_the_words_round_a_seal_are_no_text_of_a_section() -> None:
    fields = values(extract([page_with([*words_of(RULED), _rim("平安市人民医")])], 0.9).fields)
    assert fields["diagnoses"] == "支气管或肺恶性肿瘤"
    assert fields["advice"] == "注意休息，避免劳累;一月后门诊复查"


def test_an_arc_is_told_by_its_shape() -> None:
    assert is_arc(_rim("平安市人民医"), 24)
    assert not is_arc(Word("2025年4月8日", Box(0, 0, 250, 130), 0.9, "ocr"), 24)
    assert not is_arc(Word("平安市人民医院", Box(0, 0, 500, 72), 0.9, "ocr"), 24)


LETTER = """
平安市人民医院
诊断证明书
姓名：汪斌磊  性别：男  年龄：26岁
诊断：焦虑障碍
建议：清淡饮食
{signature}
日期：2025年5月13日
"""


def test_a_doctor_behind_a_label_that_lost_its_colon_is_in_doubt() -> None:
    cut = extract([page_of(LETTER.format(signature="医师  江强"))], 0.9).fields["doctor_name"]
    whole = extract([page_of(LETTER.format(signature="医师（签章）：江强英"))], 0.9).fields["doctor_name"]
    assert cut.confidence < 0.5 < whole.confidence


def test_two_patients_on_one_paper_put_all_in_doubt() -> None:
    two = LETTER.format(signature="医师：江强英") + "姓名：戴淑凯\n"
    fields = extract([page_of(two)], 0.9).fields
    assert max(fields[name].confidence for name in ("patient_name", "sex", "hospital_name")) < 0.5


def test_what_a_seal_adds_behind_the_day_is_no_part_of_the_date() -> None:
    text = LETTER.format(signature="医师：江强英").replace("日期：2025年5月13日", "2025年5月13日0")
    issued = extract([page_of(text)], 0.9).fields["issue_date"]
    assert (str(issued.value), issued.text) == ("2025-05-13", "2025年5月13日")


def test_a_seal_over_a_date_is_read_without_it() -> None:
    text = LETTER.format(signature="医师：江强英") + "2025-06-诊断专用章\n"
    assert values(extract([page_of(text)], 0.9).fields)["seal"] == "诊断专用章"


@pytest.mark.parametrize("text", ["签秦婷民医院", "签朱淑宇", "统一社会信用代", "诊断专用章", "张三门诊"])
def test_words_of_the_form_are_no_part_of_a_name(text: str) -> None:
    with pytest.raises(ValueError, match="not the name"):
        as_person(text)


def _shifted(text: str, start: str, by: float) -> list[Word]:
    """The words of a page, those that begin with `start` moved to the right."""
    return [
        replace(w, box=replace(w.box, x0=w.box.x0 + by, x1=w.box.x1 + by)) if w.text.startswith(start) else w
        for w in words_of(text)
    ]


@pytest.mark.parametrize("by", [-5.0, 5.0])
def test_a_paper_a_little_askew_has_two_columns_all_the_same(by: float) -> None:
    fields = values(extract([page_with(_shifted(TWO_COLUMNS, "处理意见", by))], 0.95).fields)
    assert fields["diagnoses"] == "膀胱炎;跟骨骨折;周围神经病"
    assert fields["advice"] == "建议休息5天;避免剧烈运动;忌烟酒"


def test_a_section_cut_by_a_line_of_another_column_is_doubted() -> None:
    crossed = TWO_COLUMNS.replace("性别：女\n", "性别：女  住址：山东省济南市样例区示范路十二号院一单元\n")
    found = extract([page_of(crossed)], 0.95).fields["diagnoses"]
    assert found.value != "膀胱炎;跟骨骨折;周围神经病"
    assert found.confidence < 0.5


LABELLED_DATES = """
          无中生有样例医院门诊诊断证明书
姓名      贾样伟      性别      女      年龄      47
就诊日期      2026-01-20
诊断：1、骨质疏松
处理意见：休息7天

                         医师签名：郭样琳
                         {date}
"""


@pytest.mark.parametrize("date", ["2026年02月104日", ""])
def test_the_day_of_the_visit_is_not_the_day_of_issue(date: str) -> None:
    assert values(extract([page_of(LABELLED_DATES.format(date=date))], 0.95).fields).get("issue_date") is None


def test_a_date_at_the_foot_is_the_day_of_issue() -> None:
    fields = values(extract([page_of(LABELLED_DATES.format(date="2026年2月4日"))], 0.95).fields)
    assert fields["issue_date"] == "2026-02-04"


def test_a_year_without_its_ring_is_only_proposed() -> None:
    paper = LABELLED_DATES.format(date="日期：二二六年二月四日")
    found = extract([page_of(paper)], 0.95).fields["issue_date"]
    assert str(found.value) == "2026-02-04"
    assert found.confidence < 0.5


def test_a_signature_whose_label_is_half_hidden_is_no_advice() -> None:
    paper = LABELLED_DATES.format(date="").replace("医师签名：郭样琳", "医师签   曾样颖")
    assert values(extract([page_of(paper)], 0.95).fields)["advice"] == "休息7天"


def test_a_colon_between_diagnoses_is_doubted_but_not_behind_a_heading() -> None:
    def sure_of(diagnoses: str) -> float:
        paper = LABELLED_DATES.format(date="").replace("1、骨质疏松", diagnoses)
        return extract([page_of(paper)], 0.95).fields["diagnoses"].confidence

    assert sure_of("桥本甲状腺炎：皮炎") < 0.5
    assert sure_of("发热待查：肺炎") > 0.5


def test_a_points_number_may_have_its_point_in_the_middle() -> None:
    paper = LABELLED_DATES.format(date="").replace("1、骨质疏松", "1·骨质疏松\n      2·指骨骨折")
    assert values(extract([page_of(paper)], 0.95).fields)["diagnoses"] == "骨质疏松;指骨骨折"


def test_a_numbered_hospital_that_lost_its_zero_is_doubted() -> None:
    paper = LABELLED_DATES.format(date="").replace("无中生有样例医院", "中国人民解放军第一五医院")
    assert extract([page_of(paper)], 0.95).fields["hospital_name"].confidence < 0.5


def test_a_heading_is_no_title_of_a_certificate() -> None:
    record = (
        LABELLED_DATES.format(date="").replace("门诊诊断证明书", "\n急诊病历").replace("诊断：1", "诊断\n1")
    )
    assert identify(page_of(record)) == 0.0


def test_a_ruled_line_under_a_value_is_no_part_of_it() -> None:
    paper = LABELLED_DATES.format(date="").replace("性别      女", "性别：_女_")
    assert values(extract([page_of(paper)], 0.95).fields)["sex"] == "女"


def test_a_title_whose_brush_script_is_read_in_traditional_characters_is_still_told() -> None:
    assert identify(page_of(OPEN.replace("诊 断 证 明 书", "診斷證明書"))) >= 0.9
