"""How a refusal is worded: what was found, what was expected, the way out; Chinese first, then English.

A message names the file as the user called it and never what stands in it.
"""

from __future__ import annotations

from pipeline.errors import UnreadableFile
from pipeline.model import SourceFile, Unread

READABLE = "PDF、OFD、JPEG、PNG、WebP、BMP、GIF、HEIC、TIFF、电子票据 XML 或 ZIP"
READABLE_ENGLISH = "PDF, OFD, JPEG, PNG, WebP, BMP, GIF, HEIC, TIFF, e-bill XML or ZIP"


def refusal(
    code: str, file: SourceFile | str, chinese: str, english: str, page: int | None = None
) -> UnreadableFile:
    """The error for `file`, to be raised.

    >>> print(refusal("empty", "票.pdf", "文件是空的，请重新发送", "the file is empty; send it again"))
    票.pdf: 文件是空的，请重新发送 / the file is empty; send it again
    """
    name = file if isinstance(file, str) else file.name
    return UnreadableFile(code, f"{printable(name)}: {chinese} / {english}", page)


def unread(error: UnreadableFile, file: SourceFile | str, page: int | None = None) -> Unread:
    """The row of `errors.jsonl` for what `error` tells of `file`."""
    name = file if isinstance(file, str) else file.name
    return Unread(printable(name), error.page if page is None else page, error.code, error.message)


def printable(name: str) -> str:
    r"""A file's name without what would break a line, turn its direction or not be written as UTF-8.

    >>> printable("a\nb\u202egpj.exe")
    'a_b_gpj.exe'
    """
    return "".join(char if char.isprintable() else "_" for char in name)


def unsupported(file: SourceFile | str, chinese: str, english: str) -> UnreadableFile:
    """`file` is none of the formats read; `chinese` and `english` say what it is."""
    return refusal(
        "unsupported",
        file,
        f"这是{chinese}，能读取的是 {READABLE}；请发送照片、扫描件或 PDF",
        f"this is {english}, not one of {READABLE_ENGLISH}; send a photo, a scan or a PDF",
    )


def corrupt(file: SourceFile | str, chinese: str, english: str, page: int | None = None) -> UnreadableFile:
    """`file` is damaged; `chinese` and `english` say how."""
    return refusal(
        "corrupt",
        file,
        f"{chinese}，文件已损坏或不完整；请重新导出、重新拍照或再次上传",
        f"{english}: damaged or cut short; export, photograph or upload it again",
        page,
    )


def encrypted(file: SourceFile | str, chinese: str, english: str) -> UnreadableFile:
    """`file` needs a password."""
    return refusal(
        "encrypted",
        file,
        f"{chinese}已加密，需要密码才能打开；请取消密码后重新发送",
        f"this {english} is encrypted and needs a password; remove the password and send it again",
    )


def too_large(file: SourceFile | str, chinese: str, english: str, way_out: tuple[str, str]) -> UnreadableFile:
    """`file` is over a stated limit; `chinese` and `english` name figure and limit."""
    return refusal("too_large", file, f"{chinese}；{way_out[0]}", f"{english}; {way_out[1]}")


def empty(file: SourceFile | str, chinese: str, english: str) -> UnreadableFile:
    """`file` holds nothing to read."""
    return refusal("empty", file, f"{chinese}；请检查后重新发送", f"{english}; check it and send it again")


def unsafe(file: SourceFile | str, chinese: str, english: str) -> UnreadableFile:
    """`file` asks for what no bill needs and attacks use."""
    return refusal(
        "unsafe",
        file,
        f"{chinese}，出于安全不予打开；请发送原始票据文件",
        f"{english}, not opened for safety; send the original bill",
    )
