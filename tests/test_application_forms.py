"""Applications read off their forms: in the published shape, and only where no bill lies beside them."""

from __future__ import annotations

from pipeline.application_forms import applied_for
from pipeline.model import Document
from tests.builders import bill, paper


def form(subtype: str, **fields: str) -> Document:
    return paper("other", subtype, {"patient_name": "钱样例", **fields})


def test_a_filing_is_applied_for_with_its_place_and_days() -> None:
    filing = form(
        "offsite_filing_form",
        id_number="37010019850312452X",
        filing_kind="其他临时外出就医人员",
        filing_place="北京市",
        period_start="2026-03-01",
    )
    found = applied_for([filing])
    assert found is not None
    application, read_off = found
    assert read_off is filing
    assert application.declared == {
        "kind": "offsite_filing",
        "insured": {"name": "钱样例", "id_number": "37010019850312452X"},
        "offsite_filings": [{"kind": "其他临时外出就医人员", "place": "北京市", "from": "2026-03-01"}],
    }


def test_a_filing_without_its_first_day_is_none_yet() -> None:
    found = applied_for([form("offsite_filing_form", filing_place="北京市")])
    assert found is not None
    assert found[0].offsite_filings == ()


def test_a_filing_that_ends_before_it_begins_has_no_end() -> None:
    days = {"period_start": "2026-03-01", "period_end": "2026-02-01"}
    found = applied_for([form("offsite_filing_form", filing_place="北京市", **days)])
    assert found is not None
    assert found[0].offsite_filings[0].period.end is None


def test_a_chronic_disease_is_applied_for_with_its_hospital() -> None:
    found = applied_for(
        [form("chronic_disease_form", disease_name="2型糖尿病", hospital_name="济南样例人民医院")]
    )
    assert found is not None
    assert (found[0].chronic_disease, found[0].designated_hospital) == ("2型糖尿病", "济南样例人民医院")


def test_a_family_member_is_bound_with_the_relation_alone() -> None:
    told = {"member_name": "孙范本", "member_id_number": "410100196311053175"}
    found = applied_for([form("family_account_form", **told, relation="配偶")])
    assert found is not None
    assert found[0].family_member is not None
    assert (found[0].family_member.name, found[0].family_member.relation) == ("孙范本", "配偶")
    without = applied_for([form("family_account_form", **told)])
    assert without is not None
    assert without[0].family_member is None


def test_beside_a_bill_a_form_asks_for_nothing() -> None:
    receipt = bill({"payer_name": "钱样例"})
    assert applied_for([form("chronic_disease_form"), receipt]) is None
    assert applied_for([paper("other", "letter", {"patient_name": "钱样例"})]) is None


def test_a_text_that_no_application_may_say_is_left_out_and_ends_no_run() -> None:
    found = applied_for([form("chronic_disease_form", disease_name="糖" * 201, phone="13800138000")])
    assert found is not None
    assert (found[0].chronic_disease, found[0].phone) == (None, "13800138000")
