"""What an applicant declares: what is taken, and how a file that is wrong is refused."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pipeline.application import (
    CASE_NAMES,
    CASE_TYPES,
    MOST_BYTES,
    Application,
    Applications,
    Period,
    application_of,
    application_schema,
    is_declared,
    read_application,
)
from pipeline.errors import UnreadableFile

FILING = {
    "kind": "异地转诊",
    "place": "310000",
    "from": "2025-01-01",
    "to": "2025-06-30",
    "filed_on": "2024-12-30",
}
WHOLE = {
    "schema_version": "1",
    "kind": "reimbursement",
    "case_types": ["newborn", "trauma", "offsite"],
    "received_on": "2025-03-03",
    "insured": {"name": "王小样", "id_number": "11010519491231002X", "insurance_no": "109254000012"},
    "submitted_by": {"name": "王样例", "relation": "父母", "phone": "01000000000"},
    "phone": "01000000000",
    "bank_account": {"holder": "王小样", "number": "6200000000000000", "bank": "样例银行"},
    "offsite_filings": [FILING],
    "card_period": {"from": "2025-01-01"},
    "batch_file": {"name": "a.bp", "made_as": "a.bp", "software_version": "3.2"},
    "references": {"受理号": "2025-0001"},
    "verifications": [{"invoice_number": "0127712345", "state": "verified", "total_amount": "34.05"}],
}


def read(record: object) -> Application:
    return read_application(json.dumps(record).encode(), "application.json")


def refusal(content: bytes) -> str:
    with pytest.raises(UnreadableFile) as refused:
        read_application(content, "案卷/application.json")
    assert refused.value.code == "invalid_application"
    return refused.value.message


def test_everything_that_is_declared_is_kept() -> None:
    found = read_application(json.dumps(WHOLE).encode(), "application.json")
    assert found.case_types == ("newborn", "trauma", "offsite")
    assert found.received_on == date(2025, 3, 3)
    assert found.submitted_by is not None
    assert found.submitted_by.relation == "父母"
    assert found.offsite_filings[0].period == Period(date(2025, 1, 1), date(2025, 6, 30))
    assert found.card_period == Period(date(2025, 1, 1))
    assert found.verifications[0].state == "verified"
    assert found.declared == WHOLE


def test_what_a_claim_record_carries_is_the_same_application_again() -> None:
    found = read_application(json.dumps(WHOLE).encode(), "application.json")
    assert found.declared is not None
    assert application_of(dict(found.declared), "claims.jsonl") == found


def test_the_published_schema_takes_what_is_read() -> None:
    Draft202012Validator.check_schema(application_schema())
    Draft202012Validator(application_schema()).validate(WHOLE)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"kind": "refund"}, "kind: 不是允许的取值"),
        ({"casetypes": []}, "casetypes: 没有这个键"),
        ({"received_on": "2025-02-30"}, "received_on: 不是真实的日期"),
        ({"received_on": "3 Mar"}, "received_on: 格式有误"),
        ({"insured": {"id_number": "1"}}, "insured.name: 缺少此项"),
        ({"case_types": ["flu"]}, "case_types.0: 不是允许的取值"),
        ({"phone": 10}, "phone: 应为文字"),
        ({"card_period": {"from": "2025-02-01", "to": "2025-01-01"}}, "card_period.to: 早于开始日期"),
        (
            {"offsite_filings": [FILING, {**FILING, "from": "2025-07-01"}]},
            "offsite_filings.1.to: 早于开始日期",
        ),
        ({"card_period": {"from": "2025-02-01", "until": "2025-03-01"}}, "card_period.until: 没有这个键"),
        ({"verifications": [{"invoice_number": "1", "state": "ok"}]}, "verifications.0.state"),
    ],
)
def test_a_wrong_key_is_named_in_both_languages(change: dict[str, object], key: str) -> None:
    message = refusal(json.dumps({**WHOLE, **change}).encode())
    assert key in message
    assert message.startswith("案卷/application.json: ")
    assert " / " in message


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"null", b'"kind"', b"{}"])
def test_what_is_no_application_is_refused(content: bytes) -> None:
    assert "application" in refusal(content)


def test_an_application_saved_in_gbk_is_told_so() -> None:
    with pytest.raises(UnreadableFile, match="多半是 GBK；请用文本编辑器另存为 UTF-8") as refused:
        read_application('{"kind": "reimbursement", "insured": {"name": "张三"}}'.encode("gbk"), "a.json")
    assert "JSON" not in refused.value.message


def test_a_file_that_is_too_long_is_not_parsed() -> None:
    assert "文件过大" in refusal(b" " * (MOST_BYTES + 1))


def test_no_value_of_the_file_stands_in_the_message() -> None:
    assert "王小样" not in refusal(json.dumps({**WHOLE, "insured": {"nam": "王小样"}}).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WHOLE, "x"]), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_taken_or_refused(record: object) -> None:
    try:
        found = read(record)
    except UnreadableFile:
        return
    assert found.declared == record


def test_each_case_type_has_a_name_in_print() -> None:
    assert CASE_NAMES.keys() == set(CASE_TYPES)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("application.json", True),
        ("a/申请信息.json", True),
        ("a.zip!application.json", True),
        ("verifications.jsonl", True),
        ("application.json.jpg", False),
        ("a.json", False),
    ],
)
def test_an_application_is_told_by_its_name(name: str, told: bool) -> None:
    assert is_declared(name) is told


def test_what_lies_in_an_archive_has_the_application_of_the_archive() -> None:
    application = read_application(b'{"kind": "reimbursement"}', "application.json")
    found = Applications({"a/papers.zip": application})
    assert found.for_paper("a/papers.zip!x/1.jpg") is application
    assert found.for_paper("a/other.jpg") is None
    assert found.for_papers(["b.jpg", "a/papers.zip!1.jpg"]) is application


def test_the_example_that_is_written_down_is_taken() -> None:
    text = (Path(__file__).parents[1] / "docs" / "declaring.md").read_text("utf-8")
    example = text.partition("```json\n")[2].partition("```")[0]
    assert read_application(example.encode(), "docs/declaring.md").insured is not None


def test_the_mark_that_windows_editors_put_first_harms_nothing() -> None:
    assert (
        read_application(b'\xef\xbb\xbf{"kind": "reimbursement"}', "application.json").kind == "reimbursement"
    )
