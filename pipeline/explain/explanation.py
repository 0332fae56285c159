"""A file read as a scan reads it, with every step of every page kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.acceptance import Standard
from pipeline.catalogs.catalog import Catalogs
from pipeline.explain.drawing import DOUBTED_FROM, SURE_FROM
from pipeline.explain.recorder import Recorder, Shown
from pipeline.intake import read_documents, read_papers_on, with_print
from pipeline.model import AnyField, Document, Page
from pipeline.reading.decoded import Decoded
from pipeline.reading.ocr import OcrEngine
from pipeline.reading.open_file import source_file
from pipeline.reading.refusal import refusal
from pipeline.reading.sandbox import Sandbox
from pipeline.reading.stages import Mark, marks_of
from pipeline.records import value_text
from pipeline.report.messages import MESSAGES

MOST_PAGES = 16
"""Pages explained at once where none is chosen: each takes a second and some megabytes."""


@dataclass(frozen=True, slots=True)
class Value:
    """A field as it is listed: name in both languages, value, confidence, status, and what supports it."""

    name: tuple[str, str]
    value: str
    confidence: float
    status: tuple[str, str]
    witnesses: str


@dataclass(frozen=True, slots=True)
class ExplainedPage:
    """A page's steps and the values that were read from it."""

    number: int
    steps: tuple[Shown, ...]
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of how a file was read.

    `page_count` counts all its pages, explained or not; `unread` says of each that could not be opened why.
    """

    name: str
    page_count: int
    pages: tuple[ExplainedPage, ...]
    unread: tuple[str, ...] = ()


def explain(
    path: Path,
    folder: Path,
    engine: OcrEngine,
    catalogs: Catalogs,
    today: date,
    *,
    page: int | None = None,
    standard: Standard | None = None,
) -> Explanation:
    """Read the file at `path` as a scan does and keep its steps; pictures go to `folder`.

    Args:
        path: One file; of a ZIP, unpack the file that is meant.
        folder: Made with its first picture, so that a refused file leaves none behind.
        engine: What reads.
        catalogs: The lists in use.
        today: The day that counts as the present.
        page: This page alone; values are then those that it gives by itself.
        standard: What is accepted; the default if None.

    Raises:
        OSError: If a picture cannot be written.
        UnreadableFile: If it cannot be opened, or is a ZIP.
        ServiceUnavailable: If a part of ours is down.
    """
    with Sandbox(1) as sandbox, TemporaryDirectory() as spool:
        source = source_file(path.name, path)
        first, most = (page, 1) if page is not None else (1, MOST_PAGES)
        decoded = sandbox.decode(source, path, Path(spool), first, most).result()
        if decoded.kind == "zip":
            raise refusal(
                "unsupported",
                source,
                "这是压缩包，这里一次只展示一个文件；请解压后逐个查看（scan 可直接读取压缩包）",
                "this is an archive, and one file is shown at a time; unpack it and choose the file you mean"
                " (scan reads archives as they are)",
            )
        recorders = {spooled.page.number: Recorder(spooled.page.number, folder) for spooled in decoded.pages}
        pages, papers = _read(decoded, engine, recorders)
    documents = read_documents(papers, catalogs, today, standard)
    explained = []
    for one in pages:
        found = [field for document in documents for field in _fields_on(document, one.number)]
        recorder = recorders[one.number]
        _show_fields(one, recorder, documents, found)
        values = tuple(_value(name, field) for name, field in found)
        explained.append(ExplainedPage(one.number, tuple(recorder.steps), values))
    unread = tuple(one.message for one in decoded.unread)
    return Explanation(path.name, decoded.page_count, tuple(explained), unread)


def _read(
    decoded: Decoded, engine: OcrEngine, recorders: dict[int, Recorder]
) -> tuple[list[Page], list[Page]]:
    """The pages with their words, each step shown to the recorder of its page, and the papers on them."""
    pages: list[Page] = []
    papers: list[Page] = []
    for spooled in decoded.pages:
        page, recorder = spooled.load(), recorders[spooled.page.number]
        if page.image is not None:
            height, width = page.image.shape[:2]
            note = f"{decoded.kind}，{width} × {height} 像素 / pixels，{page.dpi} dpi"
            recorder.show("decoded", note, page.image)
        page = with_print(page, engine, recorder)
        on_it = read_papers_on(page, engine, recorder)
        if len(on_it) == 1:
            (page,) = on_it
        if page.image is not None:
            _show_words(page, recorder)
        pages.append(page)
        if page.image is not None and len(on_it) > 1:
            note = (
                f"页上有 {len(on_it)} 张单据，各自裁出再读 / {len(on_it)} papers, each cut out and read again"
            )
            regions = [paper.placement.region for paper in on_it if paper.placement is not None]
            recorder.show("sheet", note, page.image, [Mark.on(region) for region in regions])
        papers += on_it
    return pages, papers


def _show_words(page: Page, recorder: Recorder) -> None:
    assert page.image is not None
    if not page.words:
        note = f"没有文字；深色占 {page.ink:.2%} / no words; {page.ink:.2%} of the page is dark"
        recorder.show("blank", note, page.image)
        return
    way, way_english = (
        ("来自文件本身，无需识别", "from the file itself")
        if page.words_known
        else (
            f"绿框把握 ≥ {SURE_FROM}，橙框 ≥ {DOUBTED_FROM}，红框更低",
            f"green: confidence ≥ {SURE_FROM}, amber: ≥ {DOUBTED_FROM}, red: below",
        )
    )
    note = f"{len(page.words)} 处文字，{way} / {len(page.words)} words, {way_english}"
    recorder.show("words", note, page.image, marks_of(page.words))
    if page.codes:
        stated = sum(one.origin == "qr" for one in page.statements)
        note = (
            f"{len(page.codes)} 个码，写明 {stated} 项 / {len(page.codes)} codes that state {stated} values"
        )
        marks = [Mark.on(code.box, f"{code.kind}: {code.text}") for code in page.codes]
        recorder.show("codes", note, page.image, marks)


def _show_fields(
    page: Page, recorder: Recorder, documents: Sequence[Document], found: Sequence[tuple[str, AnyField]]
) -> None:
    if page.image is None:
        return
    own = [one for one in documents if page.number in {size.number for size in one.pages}]
    types = "、".join(MESSAGES[f"type.{one.type}"][0] for one in own)
    note = f"{types}：{len(found)} 项 / {len(found)} values of {', '.join(one.type for one in own)}"
    marks = [
        Mark.on(field.box, f"{_name(name)[0]}: {_text(name, field)}", field.confidence)
        for name, field in found
        if field.box is not None
    ]
    recorder.show("fields", note, page.image, marks)


def _fields_on(document: Document, page: int) -> list[tuple[str, AnyField]]:
    """The fields of a document that stand on the page, those without a page on its first, and its rows."""
    first = document.pages[0].number
    fields = [(name, field) for name, field in document.fields.items() if (field.page or first) == page]
    rows = [
        (part, field)
        for item in document.items
        if item.page == page
        for part in ("name", "quantity", "unit_price", "amount")
        if (field := getattr(item, part)) is not None
    ]
    return fields + rows


def _value(name: str, field: AnyField) -> Value:
    status = MESSAGES[f"status.{field.status}"]
    return Value(_name(name), _text(name, field), field.confidence, status, ", ".join(field.witnesses))


def _name(name: str) -> tuple[str, str]:
    return MESSAGES.get(f"field.{name}", (name, name))


def _text(name: str, field: AnyField) -> str:
    return field.text if field.value is None else value_text(name, field.value)
