"""XML of others, opened without what it may carry: DOCTYPE, entities, files and addresses.

Elements are found by their local name, for the issuing systems do not agree on namespaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from pipeline.model import SourceFile
from pipeline.reading.limits import Limits
from pipeline.reading.refusal import corrupt, too_large, unsafe

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9_.-]+)["']""")
_CHINESE_ENCODINGS = frozenset({"gb2312", "gbk", "gb18030", "cp936", "gb_2312-80"})


def parse_xml(content: bytes, file: SourceFile, limits: Limits) -> Element:
    """The root of the XML in `content`.

    Raises:
        UnreadableFile: If it is too large, not well-formed or carries a DOCTYPE.
    """
    if len(content) > limits.xml_bytes:
        raise too_large(
            file,
            f"XML 有 {len(content):,} 字节，上限 {limits.xml_bytes:,}",
            f"the XML has {len(content):,} bytes, the limit is {limits.xml_bytes:,}",
            ("请发送原始票据文件", "send the original bill"),
        )
    try:
        root: Element = fromstring(_DECLARATION.sub("", decode_xml(content), count=1), forbid_dtd=True)
    except DefusedXmlException as error:
        raise unsafe(file, "XML 含有 DOCTYPE 或实体定义", "the XML carries a DOCTYPE or entities") from error
    except (ParseError, ValueError) as error:
        raise corrupt(file, "XML 格式不正确", "the XML is not well-formed") from error
    return root


def decode_xml(content: bytes) -> str:
    """The text of an XML file: by its mark, else as it declares, else UTF-8 or GB18030.

    The parser of the standard library does not know the Chinese encodings, hence not left to it.

    >>> decode_xml('<?xml version="1.0" encoding="GBK"?><姓名/>'.encode("gbk"))[-5:]
    '<姓名/>'
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    content = content.removeprefix(b"\xef\xbb\xbf")
    declared = _DECLARED.match(content[:200])
    if declared and declared[1].decode("ascii").lower() in _CHINESE_ENCODINGS:
        return content.decode("gb18030", errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("gb18030", errors="replace")


def local_name(element: Element) -> str:
    """The tag without its namespace."""
    return element.tag.rpartition("}")[2]


def children(element: Element, name: str) -> list[Element]:
    """The children called `name`, of whatever namespace."""
    return [child for child in element if local_name(child) == name]


def child(element: Element | None, *path: str) -> Element | None:
    """The first element down `path`, or None."""
    for name in path:
        found = children(element, name) if element is not None else []
        element = found[0] if found else None
    return element


def descendants(element: Element, name: str) -> Iterator[Element]:
    """All elements called `name`, `element` among them, in document order."""
    return (other for other in element.iter() if local_name(other) == name)


def text_of(element: Element | None) -> str:
    """The text directly in `element`, trimmed; `""` without one."""
    return (element.text or "").strip() if element is not None else ""
