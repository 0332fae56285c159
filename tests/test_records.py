"""The published rows hold what the contract promises, and the schemas are those of the rows."""

import importlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import (
    AnyField,
    Box,
    Candidate,
    CatalogMatch,
    Document,
    Edit,
    Field,
    Finding,
    LineItem,
    Origin,
    PageSize,
    Repair,
    SourceFile,
    Unread,
    Value,
)
from pipeline.records import (
    ClaimRecord,
    DocumentRecord,
    coded_line,
    document_record,
    error_record,
    json_schemas,
    money_text,
    quantity_text,
    unit_price_text,
    value_text,
)

jsonschema = importlib.import_module("jsonschema")

FIELD_NAMES = ("invoice_code", "invoice_number", "issue_date", "total_amount", "payer_name")
DOCUMENT_KEYS = {
    "schema_version",
    "document_id",
    "source",
    "document_type",
    "subtype",
    "type_confidence",
    "fields",
    "line_items",
    "checks",
    "status",
}
FIELD_KEYS = {"value", "raw", "confidence", "status", "page", "box", "source", "candidates"}
LINE_KEYS = {
    "page",
    "name",
    "specification",
    "unit",
    "quantity",
    "unit_price",
    "amount",
    "category",
    "catalog",
}
CATALOG_KEYS = {"kind", "code", "name", "reimbursement_class", "score", "status", "candidates"}
CHECK_KEYS = {"rule", "outcome", "severity", "message", "fields"}
CLAIM_KEYS = {
    "schema_version",
    "claim_id",
    "idempotency_key",
    "insured",
    "case_type",
    "hospital",
    "visit",
    "invoices",
    "itemized_bills",
    "certificates",
    "line_items",
    "diagnoses",
    "totals",
    "checks",
    "missing_materials",
    "status",
}
CLAIM_PARTS = {
    "insured": {"name", "id_number", "insurance_no", "insurance_type"},
    "hospital": {"name", "grade", "code"},
    "visit": {"kind", "from", "to"},
}


def field(value: Value | None, box: Box | None = None, origin: Origin = "ocr", page: int = 2) -> AnyField:
    return Field(
        value,
        f" {value} ",
        0.971234567,
        page,
        box,
        origin,
        candidates=(Candidate("208.65", 0.02),),
        witnesses=("qr",),
        status="accepted",
    )


LINE = LineItem(
    page=2,
    name=Field("阿莫西林胶囊", "阿莫西林胶囊", 0.99, 2, Box(0, 0, 100, 20), "ocr", status="accepted"),
    quantity=Field(Decimal("1.5000"), "1.5000", 0.9, 2, None, "ocr"),
    unit_price=Field(Decimal("30.1250"), "30.1250", 0.9, 2, None, "ocr"),
    amount=Field(Decimal("45.2"), "45.2", 0.9, 2, None, "ocr"),
    catalog=CatalogMatch(
        "ambiguous", "drug", "X1", "阿莫西林", "甲", 0.8, (CatalogMatch("matched", "drug", "X2", score=0.7),)
    ),
)
DOCUMENT = Document(
    type="outpatient_invoice",
    subtype="e_bill",
    type_confidence=0.998,
    file=SourceFile("资料.zip!票 1.jpg", "ab" * 32),
    pages=(PageSize(2, 1000, 2000), PageSize(3, 500, 500)),
    fields={
        "invoice_code": field("11060124", Box(100, 200, 333, 240)),
        "issue_date": field(date(2025, 2, 17), Box(-5, 0, 1200, 2500)),
        "total_amount": field(Decimal("203.6"), page=9, box=Box(0, 0, 1, 1)),
        "doctor_name": field("王医师"),
    },
    items=(LINE, LineItem(page=3)),
    category_totals=(LINE,),
    extras={"自付一": "3.00"},
    findings=(Finding("amounts.sum", "fail", "block", "不符", ("total_amount",)),),
    status="review",
    region=Box(0, 0, 1000, 1000),
    title="医疗门诊收费票据（电子）",
)


def claim(document: DocumentRecord) -> ClaimRecord:
    return {
        "schema_version": "1",
        "claim_id": "c1",
        "idempotency_key": "k1",
        "insured": {"name": "王小明", "id_number": None, "insurance_no": None, "insurance_type": "职工"},
        "case_type": "emergency_no_card",
        "hospital": {"name": "仁安医院", "grade": None, "code": None},
        "visit": {"kind": "outpatient", "from": "2025-02-17", "to": None},
        "invoices": [document["document_id"]],
        "itemized_bills": [],
        "certificates": [],
        "other_documents": [],
        "renditions": [],
        "line_items": [coded_line(document["document_id"], line) for line in document["line_items"]],
        "diagnoses": [{"name": "感冒", "icd10_code": "J00.x00", "score": 0.9}],
        "totals": {"total_amount": "203.60"},
        "checks": document["checks"],
        "missing_materials": ["diagnosis_certificate"],
        "status": "incomplete",
    }


@pytest.fixture(scope="module")
def record() -> DocumentRecord:
    return document_record(DOCUMENT, FIELD_NAMES)


@pytest.fixture(scope="module")
def schemas() -> dict[str, dict[str, Any]]:
    return json_schemas()


def assert_valid(row: object, schema: Mapping[str, Any]) -> None:
    jsonschema.Draft202012Validator(schema).validate(row)


def test_every_key_of_the_contract_is_there(record: DocumentRecord) -> None:
    assert record.keys() >= DOCUMENT_KEYS
    assert record["source"].keys() >= {"file", "sha256", "pages", "region"}
    for found in record["fields"].values():
        assert found.keys() >= FIELD_KEYS
    for line in record["line_items"]:
        assert line.keys() >= LINE_KEYS
        assert line["catalog"].keys() >= CATALOG_KEYS
        assert line["amount"].keys() >= FIELD_KEYS
    assert record["checks"][0].keys() >= CHECK_KEYS
    row = claim(record)
    assert row.keys() >= CLAIM_KEYS
    assert {part: set(row[part]) for part in ("insured", "hospital", "visit")} == CLAIM_PARTS
    assert row["line_items"][0].keys() == {*record["line_items"][0], "document_id"}


def test_rows_are_valid_by_the_published_schemas(
    record: DocumentRecord, schemas: dict[str, dict[str, Any]]
) -> None:
    assert_valid(record, schemas["documents"])
    assert_valid(claim(record), schemas["claims"])
    assert_valid(error_record(Unread("账单.exe", None, "unsupported", "…")), schemas["errors"])


def test_the_schemas_are_schemas_and_name_every_key(schemas: dict[str, dict[str, Any]]) -> None:
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schemas["documents"]["required"]) >= DOCUMENT_KEYS
    assert set(schemas["claims"]["required"]) >= CLAIM_KEYS
    assert set(schemas["errors"]["required"]) == {"file", "page", "code", "message"}


def test_a_key_may_be_added_without_breaking_the_schema(
    record: DocumentRecord, schemas: dict[str, dict[str, Any]]
) -> None:
    assert_valid({**record, "added_later": 1}, schemas["documents"])


@pytest.mark.parametrize(
    ("key", "value"),
    [("status", "good"), ("document_type", "receipt"), ("type_confidence", 1.2), ("schema_version", "2")],
)
def test_a_wrong_row_is_not_valid(
    record: DocumentRecord, schemas: dict[str, dict[str, Any]], key: str, value: object
) -> None:
    with pytest.raises(jsonschema.ValidationError):
        assert_valid({**record, key: value}, schemas["documents"])


def test_repairs_say_what_was_put_right_and_what_is_offered(schemas: dict[str, dict[str, Any]]) -> None:
    edit = Edit("line_items[0].amount", None, "34.05", "point", ("form",))
    document = Document("other", None, 1.0, SourceFile("a.jpg", "0" * 64), (PageSize(1, 10, 10),))
    row = document_record(replace(document, repairs=(Repair((edit,), ("V-9",), False, "…"),)), ())
    assert_valid(row, schemas["documents"])
    assert row["repairs"] == [
        {
            "edits": [
                {
                    "path": "line_items[0].amount",
                    "old": None,
                    "new": "34.05",
                    "kind": "point",
                    "evidence": ["form"],
                }
            ],
            "closes": ["V-9"],
            "applied": False,
            "why": "…",
        }
    ]


def test_boxes_are_fractions_of_their_own_page(record: DocumentRecord) -> None:
    assert record["fields"]["invoice_code"]["box"] == [0.1, 0.1, 0.333, 0.12]
    assert record["fields"]["issue_date"]["box"] == [0.0, 0.0, 1.0, 1.0]
    assert record["source"]["region"] == [0.0, 0.0, 1.0, 0.5]


def test_a_box_on_a_page_that_the_document_does_not_have_is_not_given(record: DocumentRecord) -> None:
    assert record["fields"]["total_amount"]["box"] is None


def test_fields_come_in_the_order_of_the_type_and_others_after(record: DocumentRecord) -> None:
    assert [*record["fields"]] == [*FIELD_NAMES, "doctor_name"]


def test_an_absent_field_is_written_as_missing(record: DocumentRecord) -> None:
    assert record["fields"]["payer_name"] == {
        "value": None,
        "raw": None,
        "confidence": 0.0,
        "status": "missing",
        "page": None,
        "box": None,
        "source": "ocr",
        "candidates": [],
        "witnesses": [],
    }


def test_a_missing_field_was_looked_for_as_the_rest_was_read() -> None:
    document = replace(DOCUMENT, fields={"a": field("x", origin="xml"), "b": field("y", origin="qr")})
    assert document_record(document, ["c"])["fields"]["c"]["source"] == "xml"


def test_what_cannot_be_the_value_keeps_its_raw_text() -> None:
    document = replace(DOCUMENT, fields={"total_amount": Field(None, "1O8.5O元", 0.3, 2, None, "ocr")})
    found = document_record(document, FIELD_NAMES)["fields"]["total_amount"]
    assert (found["value"], found["raw"], found["status"]) == (None, "1O8.5O元", "review")


def test_values_are_normalised_and_raw_is_what_stood_there(record: DocumentRecord) -> None:
    fields, line = record["fields"], record["line_items"][0]
    assert fields["total_amount"]["value"] == "203.60"
    assert fields["total_amount"]["raw"] == " 203.6 "
    assert fields["issue_date"]["value"] == "2025-02-17"
    assert (line["quantity"]["value"], line["unit_price"]["value"], line["amount"]["value"]) == (
        "1.5",
        "30.125",
        "45.20",
    )


def test_a_row_without_a_catalog_entry_is_unmatched(record: DocumentRecord) -> None:
    assert record["line_items"][1]["catalog"] == {
        "kind": None,
        "code": None,
        "name": None,
        "reimbursement_class": None,
        "score": 0.0,
        "status": "unmatched",
        "candidates": [],
        "why": "",
    }


def test_category_totals_are_kept_apart_from_the_rows(record: DocumentRecord) -> None:
    assert len(record["line_items"]) == 2
    assert len(record["category_totals"]) == 1


def test_a_type_beyond_the_contract_is_refused() -> None:
    with pytest.raises(ValueError, match="not a document type"):
        document_record(replace(DOCUMENT, type="receipt"), ())


@given(st.decimals(-(10**12), 10**12, places=4))
def test_a_quantity_is_the_same_number_in_plain_digits(number: Decimal) -> None:
    text = quantity_text(number)
    assert Decimal(text) == number
    assert "e" not in text.lower()
    assert not (text.endswith("0") and "." in text)
    assert text != "-0"


@given(st.decimals(-(10**12), 10**12, places=2))
def test_money_is_the_same_amount_with_two_digits(amount: Decimal) -> None:
    text = money_text(amount)
    assert Decimal(text) == amount
    assert pydantic.TypeAdapter(str).validate_python(text)[-3] == "."


@given(st.decimals(0, 10**9, places=4))
def test_a_unit_price_keeps_its_digits_and_has_two_at_least(price: Decimal) -> None:
    text = unit_price_text(price)
    assert Decimal(text) == price
    assert len(text.partition(".")[2]) >= 2


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1E+400", "1E-400"])
def test_what_no_bill_can_print_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        money_text(Decimal(number))


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("total_amount", Decimal("1E+3"), "1000.00"),
        ("inpatient_days", Decimal("22.50"), "22.5"),
        ("quantity", Decimal("0E-9"), "0"),
        ("unit_price", Decimal("1E+1"), "10.00"),
        ("issue_date", date(25, 2, 7), "0025-02-07"),
        ("payer_name", "王 小明", "王 小明"),
    ],
)
def test_the_form_of_a_value_follows_its_field(name: str, value: Value, text: str) -> None:
    assert value_text(name, value) == text


EDGE = st.floats(-3000, 6000, allow_nan=False)


@given(
    st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), EDGE, EDGE, st.floats(0, 3000), st.floats(0, 3000)),
    st.floats(-1, 2),
)
def test_any_box_and_confidence_give_a_valid_row(box: Box, confidence: float) -> None:
    found = Field("x", "x", confidence, 2, box, "ocr")
    record = document_record(replace(DOCUMENT, fields={"payer_name": found}, region=box), FIELD_NAMES)
    pydantic.TypeAdapter(DocumentRecord).validate_python(record, strict=True)
    x0, y0, x1, y1 = record["fields"]["payer_name"]["box"] or []
    assert x0 <= x1
    assert y0 <= y1


def test_shares_paid_in_advance_are_published_where_the_list_has_them() -> None:
    match = CatalogMatch("matched", name="测试沙坦", self_pay_ratios=(Decimal("0.050"), Decimal("0.1")))
    match = replace(match, payment_standard="1.17元(1.0g/片)")
    rows = (LineItem(1, catalog=match), LineItem(1, catalog=CatalogMatch("matched", name="测试普利")))
    document = Document("itemized_bill", None, 1.0, SourceFile("a.jpg", "0"), (), items=rows)
    known, none = document_record(document, ())["line_items"]
    assert known["catalog"]["first_self_pay_ratios"] == ["0.05", "0.1"]
    assert known["catalog"]["payment_standard"] == "1.17元(1.0g/片)"
    assert not {"first_self_pay_ratios", "payment_standard"} & none["catalog"].keys()
