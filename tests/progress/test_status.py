"""What is said about progress: right, complete, and nothing about persons that is not to be told."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.life import STATES
from pipeline.progress.status import (
    ProgressRecord,
    is_overdue,
    progress_record,
    progress_schemas,
    submission_record,
)
from pipeline.store.queries import ClaimStory, SubmissionStory
from pipeline.store.rows import AmendmentRow, ClaimRow, EventRow, SubmissionRow, UnreadRow
from tests.store.stored import BANK, NOW, PERSON

jsonschema = importlib.import_module("jsonschema")

TODAY = date(2026, 3, 2)


def row(**columns: Any) -> ClaimRow:
    """A claim in its first review."""
    usual: dict[str, Any] = dict.fromkeys((field.name for field in fields(ClaimRow)), None)
    usual |= {"id": "C-1", "submission_id": "U-1", "state": "first_review", "version": 1, "revision": 1}
    usual |= {"status": "review", "case_type": "newborn", "visit_kind": "outpatient", "risk": Decimal(0)}
    usual |= {"urgent": False, "open_blocks": 0, "open_reviews": 0, "missing": 0, "amendment": 0}
    usual |= {"received_at": NOW, "changed_at": NOW, "declared": Decimal("1234.50")}
    return ClaimRow(**{**usual, **PERSON, **BANK, **columns})


def story(claim: ClaimRow | None = None, **parts: Any) -> ClaimStory:
    return replace(ClaimStory(claim or row(), (), (), ()), **parts)


def told(claim: ClaimRow | None = None, **parts: Any) -> ProgressRecord:
    return progress_record(story(claim, **parts), TODAY, "claimant")


def test_what_a_claimant_may_query_is_there() -> None:
    """Domain reference, section 10: time and amount declared, amount paid, bank and account."""
    progress = told(row(state="paid", settled=Decimal("800.10"), settled_at=NOW, paid_at=NOW))
    assert progress["declared_at"] == "2026-03-02T02:30:00+00:00"
    assert (progress["declared_amount"], progress["reimbursed_amount"]) == ("1234.50", "800.10")
    assert progress["payout"] == {"bank_name": "样例银行", "account": "****1234"}
    assert (progress["state_name"], progress["step"]) == ("已支付", {"number": 8, "of": 8})


def test_nothing_is_paid_before_it_is_settled() -> None:
    assert told(row(state="handed_over", settled=Decimal(0)))["reimbursed_amount"] is None


def test_what_left_the_main_way_has_no_step_and_says_what_to_do() -> None:
    progress = told(row(state="incomplete", missing=1), missing_materials=("M06 诊断证明",))
    assert progress["step"] is None
    assert progress["missing_materials"] == ["M06 诊断证明"]
    assert "补交" in progress["next"]


@pytest.mark.parametrize(
    ("columns", "overdue"),
    [
        ({"settle_by": TODAY}, False),
        ({"settle_by": TODAY - timedelta(days=1)}, True),
        ({"settle_by": None}, False),
        ({"settle_by": TODAY - timedelta(days=1), "state": "returned"}, False),
        ({"settle_by": TODAY - timedelta(days=1), "state": "handed_over"}, True),
        (
            {"settle_by": TODAY - timedelta(days=1), "settled_at": NOW},
            False,
        ),  # an amendment of what was settled
    ],
)
def test_a_claim_is_overdue_from_the_day_after_its_deadline(
    columns: Mapping[str, Any], overdue: bool
) -> None:
    assert is_overdue(row(**columns), TODAY) is overdue


@given(st.sampled_from(STATES), st.booleans())
def test_the_person_shows_only_where_the_reader_may_see_persons(state: Any, unmasked: bool) -> None:
    events = (EventRow(1, NOW, "wang", "reviewer", "return", "first_review", "returned", "缺材料"),)
    amended = (AmendmentRow(1, "correction", 1, NOW, "li", "金额有误"),)
    for audience in ("claimant", "office"):
        text = json.dumps(
            progress_record(
                story(row(state=state), events=events, amendments=amended), TODAY, audience, unmasked=unmasked
            ),
            ensure_ascii=False,
        )
        assert (PERSON["insured_name"] in text) is unmasked
        assert (PERSON["id_number"] in text) is unmasked
        assert BANK["bank_account"] not in text
        assert PERSON["insurance_no"] not in text
        assert ("wang" in text) is (audience == "office")
        assert ("金额有误" in text) is (audience == "office")
        assert '"li"' not in text


def test_what_is_said_is_what_the_schema_says() -> None:
    schemas = progress_schemas()
    claim = told(row(state="incomplete", settle_by=TODAY), missing_materials=("M06",))
    upload = submission_record(
        SubmissionStory(
            SubmissionRow("U-1", "folder", None, "read", NOW, None, 3),
            ("a.jpg", "b.exe"),
            (UnreadRow("b.exe", None, "unsupported", "不是图片"),),
            ("C-1",),
        )
    )
    jsonschema.validate(claim, schemas["progress"])
    jsonschema.validate(upload, schemas["submission"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**claim, "state": "lost"}, schemas["progress"])
