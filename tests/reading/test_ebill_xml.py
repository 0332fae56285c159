from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import UnreadableFile
from pipeline.model import Page
from tests.reading.conftest import ReadPages

FISCAL = """<?xml version="1.0" encoding="{encoding}"?>
<EInvoice xmlns="http://example.invalid/ei"><Header><EInvoiceTag>CZ-EI-11</EInvoiceTag></Header>
<EInvoiceData><Main><EInvoiceName>北京市医疗门诊收费票据（电子）</EInvoiceName>
<EInvoiceCode>11060121</EInvoiceCode><EInvoiceNumber>0012345678</EInvoiceNumber><RandomNumber>a1b2c3</RandomNumber>
<TotalAmount>203.65</TotalAmount><IssueDate>20210323</IssueDate>
<InvoicingParty><Code>1</Code><Name>示例医院</Name></InvoicingParty>
<PayerParty><Type>1</Type><Code></Code><Name> 张样例 </Name></PayerParty>
<MainExt><FundPayAmount>100.00</FundPayAmount><Gender>女</Gender><PatientNumber>M1</PatientNumber></MainExt></Main>
<Details><Item><ItemName>西药费</ItemName><ItemAmount>203.65</ItemAmount><ItemUnit></ItemUnit></Item></Details>
<AuxDetails><AuxItem><AuxItemRelatedName>西药费</AuxItemRelatedName><AuxItemName>阿莫西林胶囊</AuxItemName>
<AuxItemQuantity>2</AuxItemQuantity><AuxItemUnit>盒</AuxItemUnit><AuxItemStd>0.25g*24</AuxItemStd>
<AuxItemAmount>25.00</AuxItemAmount></AuxItem><AuxItem/></AuxDetails></EInvoiceData></EInvoice>"""


def read(read_pages: ReadPages, path: Path, text: str, encoding: str = "utf-8") -> Page:
    path.write_bytes(text.format(encoding=encoding).encode(encoding))
    (page,) = read_pages(path)
    return page


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_fiscal_bill_states_its_fields_in_any_encoding(
    encoding: str, tmp_path: Path, read_pages: ReadPages
) -> None:
    page = read(read_pages, tmp_path / "票.xml", FISCAL, encoding)
    assert {statement.name: statement.text for statement in page.statements} == {
        "bill_title": "北京市医疗门诊收费票据（电子）",
        "invoice_code": "11060121",
        "invoice_number": "0012345678",
        "check_code": "a1b2c3",
        "issue_date": "20210323",
        "total_amount": "203.65",
        "payer_name": "张样例",
        "payee_name": "示例医院",
        "fund_payment": "100.00",
        "sex": "女",
        "outpatient_no": "M1",
    }
    assert {statement.origin for statement in page.statements} == {"xml"}
    assert (page.words, page.words_known, page.image) == ((), True, None)


def test_its_rows_come_by_category_and_in_detail(tmp_path: Path, read_pages: ReadPages) -> None:
    category, detail = read(read_pages, tmp_path / "票.xml", FISCAL).stated_rows
    assert (category.name, category.amount, category.level) == ("西药费", "203.65", "category")
    assert (detail.name, detail.specification, detail.quantity, detail.unit) == (
        "阿莫西林胶囊",
        "0.25g*24",
        "2",
        "盒",
    )
    assert (detail.category, detail.level) == ("西药费", "detail")


def test_a_digital_vat_invoice_states_its_fields(tmp_path: Path, read_pages: ReadPages) -> None:
    page = read(
        read_pages,
        tmp_path / "票.xml",
        "<EInvoice><EInvoiceData><SellerInformation><SellerName>甲药房</SellerName></SellerInformation>"
        "<BasicInformation><TotalTax-includedAmount>9.90</TotalTax-includedAmount></BasicInformation>"
        "<IssuItemInformation><ItemName>*药*感冒灵</ItemName><UnPrice>9.9</UnPrice><Amount>9.90</Amount>"
        "</IssuItemInformation></EInvoiceData><TaxSupervisionInfo><InvoiceNumber>24112000000048542163</InvoiceNumber>"
        "</TaxSupervisionInfo></EInvoice>",
    )
    stated = {statement.name: statement.text for statement in page.statements}
    assert stated == {
        "invoice_number": "24112000000048542163",
        "total_amount": "9.90",
        "payee_name": "甲药房",
    }
    assert [row.unit_price for row in page.stated_rows] == ["9.9"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<note>hi</note>", "unsupported"),
        ("<EInvoice><EInvoiceCode>1</EInvoiceCode>", "corrupt"),
        ('<!DOCTYPE a [<!ENTITY e "x">]><EInvoice>&e;</EInvoice>', "unsafe"),
        ('<!DOCTYPE a SYSTEM "http://example.invalid/a.dtd"><EInvoice/>', "unsafe"),
    ],
)
def test_what_is_no_bill_or_may_harm_is_refused(
    text: str, code: str, tmp_path: Path, read_pages: ReadPages
) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(read_pages, tmp_path / "票.xml", text)
    assert refused.value.code == code
