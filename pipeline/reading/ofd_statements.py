"""What an OFD states beside its pages: the bill's own XML, tagged text objects, the data of its head.

In this order of trust; a field stated by one is not asked of the next. Where vendors put the XML differs
(the standard leaves it open), so every attached XML is tried and kept when it is a bill.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.errors import UnreadableFile
from pipeline.model import Box, StatedRow, Statement
from pipeline.reading.ebill_xml import Bill, bill_of
from pipeline.reading.ofd_package import Package, PageEntry
from pipeline.reading.safe_xml import child, children, descendants, local_name, text_of

TAGS = {
    "InvoiceCode": "invoice_code",
    "InvoiceNo": "invoice_number",
    "InvoiceCheckCode": "check_code",
    "IssueDate": "issue_date",
    "TaxInclusiveTotalAmount": "total_amount",
    "BuyerName": "payer_name",
    "BuyerTaxID": "payer_id",
    "SellerName": "payee_name",
    "EInvoiceCode": "invoice_code",
    "EInvoiceNumber": "invoice_number",
    "RandomNumber": "check_code",
    "TotalAmount": "total_amount",
    "PayerPartyName": "payer_name",
    "InvoicingPartyName": "payee_name",
}
"""Elements of the custom tags, each naming the text objects that show a field."""
HEAD = {
    "发票代码": "invoice_code",
    "票据代码": "invoice_code",
    "发票号码": "invoice_number",
    "票据号码": "invoice_number",
    "校验码": "check_code",
    "开票日期": "issue_date",
    "价税合计": "total_amount",
    "购买方名称": "payer_name",
    "购买方纳税人识别号": "payer_id",
    "销售方名称": "payee_name",
}
"""Names of the custom data in OFD.xml."""

TextObjects = Mapping[str, tuple[str, Box]]
"""The texts of a page and their places by object ID."""


def stated(
    package: Package, entry: PageEntry, objects: TextObjects
) -> tuple[tuple[Statement, ...], tuple[StatedRow, ...]]:
    """The statements and rows of the package; `objects` are those of its first page."""
    bill = next(_attached_bills(package, entry), Bill((), ()))
    statements: dict[str, Statement] = {}
    for statement in (*bill.statements, *_tagged(package, entry, objects), *_head(package)):
        statements.setdefault(statement.name, statement)
    return tuple(statements.values()), bill.rows


def _attached_bills(package: Package, entry: PageEntry) -> Iterator[Bill]:
    listed = package.optional_xml(_named(package, entry, "Attachments"))
    parts = [
        package.place(_named(package, entry, "Attachments"), text_of(location))
        for location in (descendants(listed, "FileLoc") if listed is not None else ())
    ]
    for part in dict.fromkeys([*parts, *package.attached_xml()]):
        root = package.optional_xml(part) if part.endswith(".xml") else None
        bill = bill_of(root) if root is not None else None
        if bill is not None:
            yield bill


def _tagged(package: Package, entry: PageEntry, objects: TextObjects) -> Iterator[Statement]:
    listing = _named(package, entry, "CustomTags")
    listed = package.optional_xml(listing)
    for location in descendants(listed, "FileLoc") if listed is not None else ():
        tags = package.optional_xml(package.place(listing, text_of(location)))
        for element in tags.iter() if tags is not None else ():
            name = TAGS.get(local_name(element))
            references = [text_of(reference) for reference in children(element, "ObjectRef")]
            found = [objects[reference] for reference in references if reference in objects]
            if name and found and len(found) == len(references):
                text = "".join(text for text, _box in found)
                yield Statement(name, text, "ofd", Box.around(box for _text, box in found))


def _head(package: Package) -> Iterator[Statement]:
    try:
        root = package.root
    except UnreadableFile:  # the pages came by another way
        return
    for element in descendants(root, "CustomData"):
        name, text = HEAD.get(element.get("Name", "")), text_of(element)
        if name and text:
            yield Statement(name, text, "ofd")


def _named(package: Package, entry: PageEntry, name: str) -> str:
    """The part that the document names under `name`; `""` where it names none."""
    location = text_of(child(entry.document, name))
    return package.place(entry.document_part, location) if location else ""
