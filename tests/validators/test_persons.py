"""Whose papers they are: the insured as declared, newborns, proxies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.application import Application
from pipeline.model import Document, Finding
from tests.builders import bill, case, declared, office_with, paper
from validators import check_claim
from validators.persons import (
    is_masked_alike,
    newborn_is_the_certified_child,
    papers_bear_the_declared_number,
    papers_name_one_person,
    papers_name_the_insured,
    proxy_brings_the_papers,
)

ID = "11010519491231002X"
INSURED = {"name": "张三", "id_number": ID}
PROXY = {"name": "李四", "relation": "配偶"}
BIRTH = paper("other", "birth_certificate", {"name": "王小样", "mother_name": "王样例"}, file="birth.jpg")
CHILD = bill(payer_name="王样例之女")


def card(name: str, number: str = ID) -> Document:
    return paper("id_card", None, {"name": name, "id_number": number}, file=f"{name}.jpg")


def outcome(finding: Finding | None) -> str | None:
    return finding.outcome if finding else None


class TestTheInsured:
    def test_one_character_off_is_a_doubt_about_the_reading(self) -> None:
        found = papers_name_the_insured(case(bill(payer_name="张叁"), application=declared(insured=INSURED)))
        assert found is not None
        assert "一字之差" in found.message

    def test_a_masked_name_agrees(self) -> None:
        form = declared(insured=INSURED)
        assert outcome(papers_name_the_insured(case(bill(payer_name="张*"), application=form))) == "pass"

    def test_the_card_of_the_proxy_is_no_foreign_paper(self) -> None:
        papers = (bill(payer_name="张三", payer_id=ID), card("张三"), card("李四", "110101199003070011"))
        form = declared(insured=INSURED, submitted_by=PROXY)
        with_proxy = {each.rule: each.outcome for each in check_claim(case(*papers, application=form))}
        names = [rule for rule in with_proxy if rule.startswith(("R-NAME-1", "R-NAME-3"))]
        assert len(names) == 4
        assert {with_proxy[rule] for rule in names} == {"pass"}
        alone = case(*papers, application=declared(insured=INSURED))
        assert outcome(papers_name_the_insured(alone)) == "fail"

    def test_the_card_of_a_proxy_whom_the_letter_names_is_no_foreign_paper(self) -> None:
        told = {"patient_name": "张三", "agent_name": "李四"}
        letter = paper("other", "proxy_authorization", told, file="letter.jpg")
        own, proxy = bill(payer_name="张三", payer_id=ID), card("李四", "110101199003070011")
        for cards in ((proxy,), (card("张三"), proxy)):
            found = check_claim(case(own, letter, *cards))
            assert {one.outcome for one in found if one.rule.startswith(("R-NAME-1", "R-NAME-3"))} == {"pass"}
        assert outcome(papers_name_one_person(case(own, proxy))) == "fail"

    def test_the_bill_of_another_person_is_foreign_whoever_the_letter_names(self) -> None:
        told = {"patient_name": "张三", "agent_name": "李四"}
        letter = paper("other", "proxy_authorization", told, file="letter.jpg")
        papers = (bill(payer_name="李四"), letter, card("张三"), card("李四"))
        assert outcome(papers_name_one_person(case(*papers))) == "fail"

    def test_a_declared_number_with_a_wrong_check_digit_is_told(self) -> None:
        form = declared(insured={"name": "张三", "id_number": "110105194912310021"})
        found = papers_bear_the_declared_number(case(bill(payer_name="张三"), application=form))
        assert found is not None
        assert found.fields == ("application.insured.id_number",)

    @given(st.sets(st.integers(0, 17)))
    def test_a_number_agrees_with_itself_under_any_mask(self, masked: set[int]) -> None:
        shown = "".join("*" if place in masked else char for place, char in enumerate(ID))
        assert is_masked_alike(ID, shown)

    @given(st.integers(0, 16), st.sets(st.integers(0, 17)), st.integers(1, 9))
    def test_another_visible_digit_disagrees(self, place: int, masked: set[int], more: int) -> None:
        wrong = str((int(ID[place]) + more) % 10)
        shown = "".join(
            wrong if spot == place else "*" if spot in masked else char for spot, char in enumerate(ID)
        )
        assert not is_masked_alike(ID, shown)


class TestNewborns:
    def test_the_birth_certificate_explains_the_childs_two_names(self) -> None:
        papers = (CHILD, paper("itemized_bill", None, {"patient_name": "王小样"}, file="list.jpg"), BIRTH)
        form = declared(insured={"name": "王小样"})
        assert outcome(papers_name_one_person(case(*papers))) == "pass"
        assert outcome(papers_name_the_insured(case(*papers, application=form))) == "pass"
        assert outcome(newborn_is_the_certified_child(case(*papers, application=form))) == "pass"

    def test_the_certificate_of_another_mother_explains_nothing(self) -> None:
        other = paper("other", "birth_certificate", {"name": "王小样", "mother_name": "孙范本"}, file="b.jpg")
        assert outcome(newborn_is_the_certified_child(case(CHILD, other))) == "fail"

    def test_a_certificate_for_another_insured_fails(self) -> None:
        form = declared(insured={"name": "孙范本"})
        assert outcome(newborn_is_the_certified_child(case(CHILD, BIRTH, application=form))) == "fail"

    def test_without_the_certificate_it_is_asked_for_once(self) -> None:
        form = declared(insured={"name": "王小样"})
        found = [each for each in check_claim(case(CHILD, application=form)) if "R-NAME" in each.rule]
        assert [each.rule[:8] for each in found if each.outcome == "fail"] == ["R-NAME-2"]


class TestProxies:
    def said(self, form: Application, *papers: Document) -> str:
        found = proxy_brings_the_papers(case(*papers, application=form))
        assert found is not None
        return found.message if found.outcome == "fail" else found.outcome

    def test_what_is_missing_is_named(self) -> None:
        form = declared(insured=INSURED, submitted_by=PROXY)
        assert "代办人身份证件" in self.said(form, card("张三"))
        assert "参保人身份证件" in self.said(form, card("李四"))

    def test_an_employer_brings_the_insureds_paper_alone(self) -> None:
        form = declared(insured=INSURED, submitted_by={"name": "李四", "relation": "用人单位"})
        assert self.said(form, card("张三")) == "pass"

    def test_the_payer_is_the_insured_where_none_is_declared(self) -> None:
        form = declared(submitted_by=PROXY)
        assert self.said(form, card("张三"), card("李四"), bill(payer_name="张三")) == "pass"

    @pytest.mark.parametrize(
        ("subtype", "lacks"),
        [("proxy_authorization", "亲属关系证明"), ("household_register", "委托书或承诺书")],
    )
    def test_places_may_ask_for_more(self, subtype: str, lacks: str) -> None:
        office = office_with({"proxies": [{"papers": ["authorization", "relationship"]}]})
        papers = paper("other", subtype, {}, file="x.jpg")
        form = declared(insured=INSURED, submitted_by=PROXY)
        found = proxy_brings_the_papers(case(papers, application=form, office=office))
        assert found is not None
        assert lacks in found.message
        assert found.message.count("、") == 0

    def test_a_place_that_asks_for_nothing_is_silent(self) -> None:
        form = declared(insured=INSURED, submitted_by=PROXY)
        assert proxy_brings_the_papers(case(application=form, office=office_with({"proxies": []}))) is None
