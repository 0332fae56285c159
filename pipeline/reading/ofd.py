"""OFD (GB/T 33190-2016), the national format of e-invoices: a ZIP of XML whose text carries its places.

Words come from the text objects of a page and its template; embedded pictures are drawn on white, so that
QR codes can be read and pages that are but a scan go to the OCR. What the package states beside its pages
(the original XML, the tags that name its text objects, the data of its head) is handed on as statements.
"""

from __future__ import annotations

import io
import math
import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
from PIL import Image as Pillow

from pipeline.errors import UnreadableFile
from pipeline.model import Box, Image, Page, SourceFile, StatedRow, Statement, Word
from pipeline.reading.archive import ZIP_ERRORS
from pipeline.reading.decoded import Opened, Window
from pipeline.reading.ebill_xml import bill_of
from pipeline.reading.image import DECODER_ERRORS, FORMATS, fitting_scale, ink_share, too_many_pages
from pipeline.reading.limits import Limits
from pipeline.reading.open_file import kind_of_head
from pipeline.reading.refusal import corrupt, encrypted, too_large
from pipeline.reading.safe_xml import child, children, descendants, local_name, parse_xml, text_of
from pipeline.reading.text_layer import Glyph, words_of

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
A4_MILLIMETRES = (0.0, 0.0, 210.0, 297.0)
MILLIMETRES_PER_INCH = 25.4
DPI = 200
ASCENT, DESCENT = 0.88, 0.12
"""Of a Chinese font, in sizes above and below the line it stands on."""
BIG_PICTURE = 0.5
MOST_GLYPHS = 100_000
"""Of one page; a full bill has 2,000."""
ENCRYPTED_PARTS = ("encryptions.xml", "decryptseed.dat")

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
"""Elements of a package's custom tags, each naming the text objects that show a field."""
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


def open_ofd(file: SourceFile, path: Path, window: Window, limits: Limits) -> Opened:
    """Open an OFD; the pages of the window are decoded as they are asked for.

    Raises:
        UnreadableFile: If the package or its page list cannot be read.
    """
    package = Package(file, path, limits)
    try:
        pages = package.pages
    except UnreadableFile:
        package.close()
        raise
    if len(pages) > limits.pages:
        package.close()
        raise too_many_pages(file, f"{len(pages):,}", limits)
    return Opened("ofd", len(pages), _pages(package, window))


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page as its document lists it: where its content lies, and what it needs of the document."""

    id: str
    part: str
    document: Element
    document_part: str


class Package:
    """The parts of an OFD by their names, read within the limits."""

    def __init__(self, file: SourceFile, path: Path, limits: Limits) -> None:
        self.file, self.limits = file, limits
        try:
            self._archive = zipfile.ZipFile(path)
        except ZIP_ERRORS as error:
            raise corrupt(file, "OFD 文件包无法打开", "the OFD package cannot be opened") from error
        self._parts = {_normal("", info.filename): info for info in self._archive.infolist()}

    def close(self) -> None:
        self._archive.close()

    def __contains__(self, part: str) -> bool:
        return part in self._parts

    def read(self, part: str, most_bytes: int) -> bytes:
        """The bytes of a part.

        Raises:
            UnreadableFile: If it is missing, damaged or larger than `most_bytes`.
        """
        info = self._parts.get(part)
        if info is None:
            raise corrupt(self.file, "OFD 缺少必需的部分", "a needed part of the OFD is missing")
        try:
            with self._archive.open(info) as stream:
                content = stream.read(most_bytes + 1)
        except (*ZIP_ERRORS, RuntimeError) as error:  # RuntimeError: a part that needs a password
            raise corrupt(self.file, "OFD 内的数据无法解压", "a part of the OFD cannot be unpacked") from error
        if len(content) > most_bytes:
            raise too_large(
                self.file,
                f"OFD 内的一个部分解压后超过 {most_bytes:,} 字节",
                f"a part of the OFD unpacks to more than {most_bytes:,} bytes",
                ("请发送原始票据文件", "send the original bill"),
            )
        return content

    def xml(self, part: str) -> Element:
        """The root of an XML part."""
        return parse_xml(self.read(part, self.limits.xml_bytes), self.file, self.limits)

    def optional_xml(self, part: str) -> Element | None:
        """The root of an XML part that a reader can do without; None where it is missing or damaged."""
        try:
            return self.xml(part) if part in self else None
        except UnreadableFile:
            return None

    def place(self, base: str, location: str) -> str:
        """The part that `location` in the part `base` names: beside it, or from the root of the package."""
        beside = _normal(posixpath.dirname(base), location)
        return beside if beside in self else _normal("", location)

    @cached_property
    def root(self) -> Element:
        return self.xml("ofd.xml")

    @cached_property
    def pages(self) -> tuple[PageEntry, ...]:
        """The pages of all documents in the package.

        Raises:
            UnreadableFile: If the list of pages cannot be read.
        """
        if any(part.rpartition("/")[2] in ENCRYPTED_PARTS for part in self._parts):
            raise encrypted(self.file, "OFD ", "OFD")
        entries = []
        for location in descendants(self.root, "DocRoot"):
            document_part = self.place("", text_of(location))
            document = self.xml(document_part)
            entries += [
                PageEntry(
                    page.get("ID", ""), self.place(document_part, page.get("BaseLoc", "")), document, document_part
                )
                for pages in children(document, "Pages")
                for page in children(pages, "Page")
            ]
        return tuple(entries)


def _normal(folder: str, location: str) -> str:
    """A part's name in one spelling: writers differ in slashes and case."""
    location = location.strip().replace("\\", "/")
    joined = location if location.startswith("/") else f"{folder}/{location}"
    return posixpath.normpath(f"/{joined}").lstrip("/").lower()


def _pages(package: Package, window: Window) -> Iterator[Page | UnreadableFile]:
    try:
        for number in window.numbers(len(package.pages)):
            entry = package.pages[number - 1]
            try:
                page, objects = _page(package, entry, number)
            except UnreadableFile as error:
                yield UnreadableFile(error.code, error.message, number)
                continue
            yield _with_statements(package, entry, page, objects) if number == 1 else page
    finally:
        package.close()
