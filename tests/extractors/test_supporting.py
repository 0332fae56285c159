"""Supporting papers: which material each is, and what it says behind its labels."""

from __future__ import annotations

import pytest

from extractors._supporting import KINDS, as_chosen, as_phone, supporting_kind
from extractors.other import extract
from pipeline.claims import SUPPORTING
from tests.extractors.paper_words import page_of, values

FILING = """
            异地就医登记备案表
姓名  钱样例    身份证号码  37010019850312452X
备案类型  其他临时外出就医人员    就医地  北京市
开始日期  2026-03-01    联系电话  13800138000
"""
PROXY = """
            授权委托书
    因本人不便亲自办理，现委托下述受托人代为办理医疗费用报销的一切手续。
                    委托人：钱样例
                    身份证号：37010019850312452X
                    受托人：孙范本
                    与委托人关系：配偶
                    日期：2026年03月15日
"""


def test_a_filing_says_who_goes_where_from_which_day() -> None:
    document = extract([page_of(FILING)], 0.0)
    assert document.type == "other"
    assert document.subtype == "offsite_filing_form"
    assert values(document.fields) == {
        "title": "异地就医登记备案表",
        "patient_name": "钱样例",
        "id_number": "37010019850312452X",
        "filing_kind": "其他临时外出就医人员",
        "filing_place": "北京市",
        "period_start": "2026-03-01",
        "phone": "13800138000",
    }


def test_a_proxy_is_told_from_who_sends_him() -> None:
    fields = values(extract([page_of(PROXY)], 0.0).fields)
    assert (fields["patient_name"], fields["agent_name"], fields["relation"]) == ("钱样例", "孙范本", "配偶")


def test_a_title_with_a_misread_character_is_still_told() -> None:
    kind = supporting_kind([page_of("        道路交通事故认走书\n当事人钱样例")])
    assert kind is not None
    assert kind.name == "accident_report"


@pytest.mark.parametrize("text", ["情况说明\n此致\n敬礼", "济南样例人民医院\n检验报告单", "2026-03-12"])
def test_what_nobody_asks_for_is_no_supporting_paper(text: str) -> None:
    assert supporting_kind([page_of(text)]) is None


def test_sums_and_numbers_of_other_papers_are_not_its_own() -> None:
    page = page_of("        个人承诺书\n票据号码：0127700352  合计：34.05\n承诺人：钱样例")
    assert set(values(extract([page], 0.0).fields)) == {"title", "patient_name"}


def test_of_printed_choices_the_ticked_one_is_meant() -> None:
    assert as_chosen("□异地长期居住 ☑临时外出就医") == "临时外出就医"
    with pytest.raises(ValueError, match="ticked"):
        as_chosen("□异地长期居住 □临时外出就医")


@pytest.mark.parametrize("text", ["12345", "2380013800", "138001380001"])
def test_what_has_not_the_form_of_a_telephone_number_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="telephone"):
        as_phone(text)


def test_claims_ask_for_no_subtype_that_nothing_is_told_as() -> None:
    assert {kind.name for kind in KINDS} >= SUPPORTING


def test_a_certificate_in_prose_names_whom_it_is_about() -> None:
    text = "        居住证明\n兹证明钱样例，身份证号37010019850312452X，居住于样例路1号。"
    read = values(extract([page_of(text)], 0.0).fields)
    assert (read["patient_name"], read["id_number"]) == ("钱样例", "37010019850312452X")
