"""Whether what was handed in as JSON is in UTF-8, as JSON must be (RFC 8259), and if not how to mend it.

Editors and spreadsheets in China save as GBK or UTF-16 unless they are told otherwise. Such a file is named
and not converted: many bytes are good GBK and something else too, and a wrong name would look like any other.
"""

from __future__ import annotations

_WAY_OUT = "请用文本编辑器另存为 UTF-8 后再运行", "save it as UTF-8 in a text editor and run again"


def encoding_fault(content: bytes) -> str | None:
    """Why text is not in UTF-8, and the way out; None where it is.

    Args:
        content: A whole file, or a line of one.

    >>> encoding_fault('{"name": "张三"}'.encode())
    >>> encoding_fault('{"name": "张三"}'.encode("gbk"))[:24]
    '不是 UTF-8 编码，多半是 GBK；请用文本'
    """
    if b"\0" in content or content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _said("是 UTF-16 编码，不是 UTF-8", "in UTF-16, not in UTF-8")
    if _decodes(content, "utf-8"):
        return None
    if _decodes(content, "gb18030"):
        return _said("不是 UTF-8 编码，多半是 GBK", "not in UTF-8, most likely in GBK")
    return _said("不是 UTF-8 编码", "not in UTF-8")


def _said(chinese: str, english: str) -> str:
    return f"{chinese}；{_WAY_OUT[0]} / {english}: {_WAY_OUT[1]}"


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
