"""What the review screen is given of a stored claim."""

from __future__ import annotations

import httpx
import pytest

from pipeline.store.database import Database
from tests.web.browsing import sign_in
from tests.web.review.claims import doubtful_claim

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_a_reviewer_gets_a_claim_with_its_doubts_in_order(database: Database, web: httpx.Client) -> None:
    made = doubtful_claim(database)
    reviewer = sign_in(web, database, "reviewer")
    reviewer.post(f"/api/review/claims/{made.claim_id}/lease", json={}).raise_for_status()
    told = reviewer.get(f"/api/review/claims/{made.claim_id}").json()
    bill, certificate = made.papers["outpatient_invoice"], made.papers["diagnosis_certificate"]
    assert [(one["document_id"], one["path"]) for one in told["todo"][:3]] == [
        (bill, "fields.issue_date"),
        (bill, "fields.payer_name"),
        (certificate, "fields.diagnoses"),
    ]
    assert told["version"] == 2
    assert [paper["document_id"] for paper in told["papers"]] == [
        bill,
        made.papers["itemized_bill"],
        certificate,
    ]
