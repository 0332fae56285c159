"""What a file is, by its first bytes, and which decoder takes it. An extension is never asked.

Formats that are not read are named where their first bytes tell them, so that a refusal can say what was
sent instead of only what was not.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from pipeline.errors import UnreadableFile
from pipeline.model import SourceFile
from pipeline.reading.decoded import Kind, Opened, Window
from pipeline.reading.limits import DEFAULT_LIMITS, Limits
from pipeline.reading.refusal import corrupt, empty, too_large, unsupported

HEAD_BYTES = 2048
PDF_SEARCH_BYTES = 1024
"""How far into a file its `%PDF-` may stand; pdfium and Acrobat look as far."""

SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"BM", "bmp"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
)
HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"}
)
AVIF_BRANDS = frozenset({b"avif", b"avis"})

FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0", "旧版 Office 文件（Word、Excel）", "an old Office file (Word, Excel)"),
    (b"Rar!", "RAR 压缩包（压缩包请用 ZIP）", "a RAR archive (of archives, ZIP is read)"),
    (b"7z\xbc\xaf", "7-Zip 压缩包（压缩包请用 ZIP）", "a 7-Zip archive (of archives, ZIP is read)"),
    (b"\x1f\x8b", "GZIP 压缩文件（压缩包请用 ZIP）", "a GZIP file (of archives, ZIP is read)"),
    (b"8BPS", "Photoshop 文件", "a Photoshop file"),
    (b"%!PS", "PostScript 文件", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "PostScript 文件", "a PostScript file"),
    (b"{\\rtf", "RTF 文件", "an RTF file"),
    (b"MZ", "程序文件", "a program"),
    (b"\x7fELF", "程序文件", "a program"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000 图片", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "JPEG 2000 图片", "a JPEG 2000 picture"),
    (b"icns", "图标文件", "an icon file"),
)


def open_file(
    file: SourceFile, path: Path, window: Window | None = None, limits: Limits = DEFAULT_LIMITS
) -> Opened:
    """Open what lies at `path`; its pages in the window are decoded as they are asked for.

    Raises:
        UnreadableFile: If it is none of the formats read, damaged, encrypted or over a limit.
    """
    kind = recognise(file, path, limits)
    window = window or Window()
    if kind == "pdf":
        from pipeline.reading.pdf import open_pdf

        return open_pdf(file, path, window, limits)
    if kind == "ofd":
        from pipeline.reading.ofd import open_ofd

        return open_ofd(file, path, window, limits)
    if kind == "xml":
        from pipeline.reading.ebill_xml import open_ebill_xml

        return open_ebill_xml(file, path, limits)
    if kind == "zip":
        return Opened("zip", 0, iter(()))
    from pipeline.reading.image import open_image

    return open_image(file, path, kind, window, limits)


def source_file(name: str, path: Path) -> SourceFile:
    """The upload at `path`, called `name`; its key is the hash of its bytes."""
    with path.open("rb") as stream:
        return SourceFile(name, hashlib.file_digest(stream, "sha256").hexdigest())


def recognise(file: SourceFile, path: Path, limits: Limits = DEFAULT_LIMITS) -> Kind:
    """What the file at `path` is.

    Raises:
        UnreadableFile: If it is empty, too large or none of the formats read.
    """
    size = path.stat().st_size
    if size == 0:
        raise empty(file, "文件为空（0 字节）", "the file is empty (0 bytes)")
    if size > limits.file_bytes:
        raise too_large(
            file,
            f"文件有 {size:,} 字节，上限 {limits.file_bytes:,}",
            f"the file has {size:,} bytes, the limit is {limits.file_bytes:,}",
            ("请拆分或以较低分辨率扫描后发送", "split it or scan it at a lower resolution"),
        )
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    kind = kind_of_head(head)
    if kind == "zip":
        return _kind_of_zip(file, path)
    if kind is None:
        raise _foreign(file, head)
    return kind


def kind_of_head(head: bytes) -> Kind | None:
    """What the first `HEAD_BYTES` bytes say; an OFD shows as the ZIP it is. None where nothing is known.

    >>> kind_of_head(b"junk %PDF-1.7"), kind_of_head(b"MZ")
    ('pdf', None)
    """
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _kind_of_brands(head)
    if b"%PDF-" in head[:PDF_SEARCH_BYTES]:
        return "pdf"
    return "xml" if _is_xml(head) else None


def _kind_of_brands(head: bytes) -> Kind | None:
    """HEIF and AVIF name themselves in their first box: a main brand, then the compatible ones."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, size, 4))}
    if brands & AVIF_BRANDS:
        return "avif"
    return "heif" if brands & HEIF_BRANDS else None


def _is_xml(head: bytes) -> bool:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = head.decode("utf-16", errors="replace")
    else:
        text = head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    start = text.lstrip()[:200].lower()
    return start.startswith("<") and "<html" not in start and not start.startswith("<!doctype html")


def _kind_of_zip(file: SourceFile, path: Path) -> Kind:
    """A ZIP by what it holds: OFD, a plain archive, or an office file, which is refused by name."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.replace("\\", "/").lstrip("/").lower() for name in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, ValueError, LookupError, OSError, EOFError) as error:
        raise corrupt(file, "ZIP 目录无法读取", "the ZIP's directory cannot be read") from error
    if "ofd.xml" in names:
        return "ofd"
    if "[content_types].xml" in names:
        raise unsupported(
            file, "Office 文件（Word、Excel、PowerPoint）", "an Office file (Word, Excel, PowerPoint)"
        )
    if "mimetype" in names and "content.xml" in names:
        raise unsupported(file, "OpenDocument 文件", "an OpenDocument file")
    return "zip"


def _foreign(file: SourceFile, head: bytes) -> UnreadableFile:
    if b"PNG\r\n" in head[:8] or b"PNG\n\x1a" in head[:8]:
        return corrupt(file, "PNG 文件头在传输中损坏", "the head of the PNG was damaged on its way")
    for signature, chinese, english in FOREIGN:
        if head.startswith(signature):
            return unsupported(file, chinese, english)
    text = head.lstrip().lower()
    if text.startswith((b"<html", b"<!doctype html")) or b"<html" in text[:200]:
        return unsupported(file, "网页（HTML）", "a web page (HTML)")
    return unsupported(file, "无法识别的文件", "a file of unknown make")
