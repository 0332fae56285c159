"""The XML of an electronic bill: what the issuer states, with no layout.

Three forms, told apart by their elements and read by tables:

- fiscal e-bill (DA/T 95-2022, table B.10): Header, Main with MainExt, Details/Item, AuxDetails/AuxItem;
- VAT invoice of 2019 (`original_invoice.xml` inside an OFD, http://www.edrm.org.cn/schema/e-invoice/2019);
- fully digital VAT invoice (数电票, from 2024): EInvoiceData with IssuItemInformation. Its element names
  are from memory of published samples, none of which is at hand.

Texts are handed on as they stand; their parsers check them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element

from pipeline.model import Page, SourceFile, StatedRow, Statement
from pipeline.reading.decoded import Opened
from pipeline.reading.limits import Limits
from pipeline.reading.refusal import unsupported
from pipeline.reading.safe_xml import child, descendants, local_name, parse_xml, text_of

NOMINAL_PAGE = 1654, 1102
"""Pixels of the page that an XML bill stands for, which shows nothing: 210 x 140 mm, the size of the form,
at 200 dpi."""
NOMINAL_DPI = 200


@dataclass(frozen=True, slots=True)
class Rows:
    """Where a form keeps its charged rows: the row's element, and the element of each part of a row."""

    element: str
    parts: Mapping[str, str]
    level: Literal["category", "detail"] = "detail"


@dataclass(frozen=True, slots=True)
class Form:
    """A make of XML bill: the elements that mark it, and what the others are called in the contract.

    `fields` are (path from any ancestor, field name); the first that is filled counts.
    """

    marks: frozenset[str]
    fields: tuple[tuple[tuple[str, ...], str], ...]
    rows: tuple[Rows, ...]


def _paths(table: Mapping[str, str]) -> tuple[tuple[tuple[str, ...], str], ...]:
    return tuple((tuple(path.split("/")), name) for path, name in table.items())


FISCAL = Form(
    marks=frozenset({"EInvoiceCode", "EInvoiceNumber"}),
    fields=_paths(
        {
            "EInvoiceName": "bill_title",
            "EInvoiceCode": "invoice_code",
            "EInvoiceNumber": "invoice_number",
            "RandomNumber": "check_code",
            "IssueDate": "issue_date",
            "TotalAmount": "total_amount",
            "PayerParty/Name": "payer_name",
            "PayerParty/PayerPartyName": "payer_name",
            "PayerPartyName": "payer_name",
            "PayerParty/Code": "payer_id",
            "PayerParty/PayerPartyCode": "payer_id",
            "PayerPartyCode": "payer_id",
            "InvoicingParty/Name": "payee_name",
            "InvoicingParty/InvoicingPartyName": "payee_name",
            "InvoicingPartyName": "payee_name",
            "BizCode": "business_serial_no",
            "Checker": "checker",
            "HandlingPerson": "cashier",
            "PatientNumber": "outpatient_no",
            "MedicalDate": "visit_date",
            "OrgType": "institution_type",
            "MedicalInsuranceType": "insurance_type",
            "MedicalInsuranceID": "insurance_no",
            "Gender": "sex",
            "Age": "age",
            "FundPayAmount": "fund_payment",
            "OtherPayAmount": "other_payment",
            "AccountPayAmount": "account_payment",
            "OwnPayAmount": "cash_payment",
            "SelfpaymentAmount": "self_pay",
            "SelfpaymentCost": "self_funded",
            "CaseNumber": "medical_record_no",
            "HospitalizationNumber": "inpatient_no",
            "DepartmentName": "department",
            "InHospitalDate": "admission_date",
            "OutHospitalDate": "discharge_date",
            "HospitalDay": "inpatient_days",
            "PrepayAmount": "prepaid",
            "RechargeAmount": "topup",
            "RefundAmount": "refund",
            "Remark": "remark",
        }
    ),
    rows=(
        Rows(
            "Item",
            {
                "name": "ItemName",
                "amount": "ItemAmount",
                "unit": "ItemUnit",
                "quantity": "ItemQuantity",
                "specification": "ItemStd",
            },
            "category",
        ),
        Rows(
            "AuxItem",
            {
                "name": "AuxItemName",
                "amount": "AuxItemAmount",
                "unit": "AuxItemUnit",
                "quantity": "AuxItemQuantity",
                "specification": "AuxItemStd",
                "category": "AuxItemRelatedName",
            },
        ),
    ),
)

VAT_2019 = Form(
    marks=frozenset({"InvoiceNo", "TaxInclusiveTotalAmount"}),
    fields=_paths(
        {
            "InvoiceCode": "invoice_code",
            "InvoiceNo": "invoice_number",
            "InvoiceCheckCode": "check_code",
            "IssueDate": "issue_date",
            "TaxInclusiveTotalAmount": "total_amount",
            "TaxInclusiveTotalAmountWithWords": "total_in_words",
            "Buyer/BuyerName": "payer_name",
            "Buyer/BuyerTaxID": "payer_id",
            "Seller/SellerName": "payee_name",
            "Note": "remark",
        }
    ),
    rows=(
        Rows(
            "GoodsInfo",
            {
                "name": "Item",
                "specification": "Specification",
                "unit": "MeasurementDimension",
                "quantity": "Quantity",
                "unit_price": "Price",
                "amount": "Amount",
            },
        ),
    ),
)

VAT_DIGITAL = Form(
    marks=frozenset({"EInvoiceData", "TaxSupervisionInfo"}),
    fields=_paths(
        {
            "TaxSupervisionInfo/InvoiceNumber": "invoice_number",
            "TaxSupervisionInfo/IssueTime": "issue_date",
            "BasicInformation/TotalTax-includedAmount": "total_amount",
            "BasicInformation/TotalTax-includedAmountInChinese": "total_in_words",
            "BuyerInformation/BuyerName": "payer_name",
            "BuyerInformation/BuyerIdNum": "payer_id",
            "SellerInformation/SellerName": "payee_name",
        }
    ),
    rows=(
        Rows(
            "IssuItemInformation",
            {
                "name": "ItemName",
                "specification": "SpecMod",
                "unit": "MeaUnits",
                "quantity": "Quantity",
                "unit_price": "UnPrice",
                "amount": "Amount",
            },
        ),
    ),
)

FORMS = (FISCAL, VAT_2019, VAT_DIGITAL)


@dataclass(frozen=True, slots=True)
class Bill:
    """What the XML of a bill states."""

    statements: tuple[Statement, ...]
    rows: tuple[StatedRow, ...]


def open_ebill_xml(file: SourceFile, path: Path, limits: Limits) -> Opened:
    """The XML bill at `path` as one page without words.

    Raises:
        UnreadableFile: If it is not well-formed, carries a DOCTYPE or is no bill.
    """
    bill = bill_of(parse_xml(path.read_bytes(), file, limits))
    if bill is None:
        raise unsupported(file, "其他用途的 XML 文件，不是电子票据", "an XML file, but no electronic bill")
    width, height = NOMINAL_PAGE
    page = Page(
        file,
        1,
        width,
        height,
        NOMINAL_DPI,
        statements=bill.statements,
        stated_rows=bill.rows,
        words_known=True,
    )
    return Opened("xml", 1, iter((page,)))


def bill_of(root: Element) -> Bill | None:
    """What the bill under `root` states, or None where it is none."""
    tags = {local_name(element) for element in root.iter()}
    form = next((form for form in FORMS if form.marks <= tags), None)
    if form is None:
        return None
    return Bill(tuple(_statements(root, form)), tuple(row for rows in form.rows for row in _rows(root, rows)))


def _statements(root: Element, form: Form) -> Iterator[Statement]:
    stated: set[str] = set()
    for path, name in form.fields:
        text = next((text for text in _texts(root, path) if text), "")
        if text and name not in stated:
            stated.add(name)
            yield Statement(name, text, "xml")


def _texts(root: Element, path: tuple[str, ...]) -> Iterator[str]:
    for top in descendants(root, path[0]):
        yield text_of(child(top, *path[1:]))


def _rows(root: Element, rows: Rows) -> Iterator[StatedRow]:
    for element in descendants(root, rows.element):
        parts = {part: text_of(child(element, name)) for part, name in rows.parts.items()}
        if parts["name"] or parts["amount"]:
            yield StatedRow(**parts, level=rows.level)
