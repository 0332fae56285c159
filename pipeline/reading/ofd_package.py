"""The package of an OFD (GB/T 33190-2016, chapter 7): parts by name, and the list of pages."""

from __future__ import annotations

import posixpath
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from xml.etree.ElementTree import Element

from pipeline.errors import UnreadableFile
from pipeline.model import SourceFile
from pipeline.reading.archive import ZIP_ERRORS
from pipeline.reading.limits import Limits
from pipeline.reading.refusal import corrupt, encrypted, too_large
from pipeline.reading.safe_xml import children, descendants, parse_xml, text_of

ENCRYPTED_PARTS = ("encryptions.xml", "decryptseed.dat")
"""Of a package encrypted after GM/T 0099."""


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
        """Let go of the file."""
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
            raise corrupt(
                self.file, "OFD 内的数据无法解压", "a part of the OFD cannot be unpacked"
            ) from error
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

    def attached_xml(self) -> list[str]:
        """The XML parts in folders of attachments, listed or not."""
        return [part for part in self._parts if "/attach" in part and part.endswith(".xml")]

    @cached_property
    def root(self) -> Element:
        """OFD.xml, where a package begins."""
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
                    page.get("ID", ""),
                    self.place(document_part, page.get("BaseLoc", "")),
                    document,
                    document_part,
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
