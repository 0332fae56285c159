"""A decoder and readers that stand in for children, processes and OCR: every line of a text file is a page.

A line such as `outpatient_invoice payer_name=张三 visit_date=2026-03-12` becomes a document of that type;
`subtype=…` and `code=…` (a payload of our sheets) are no fields of it.
Some words make what goes wrong: a file `!corrupt` cannot be opened; a page `boom` kills its reader, `down`
says that a part of ours is down.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from pipeline.errors import ServiceUnavailable
from pipeline.model import Box, Document, Page, PageSize, SourceFile, Unread, Word
from pipeline.reading.closeup import CloseUpOf, Merged, Placed
from pipeline.reading.decoded import Decoded, Member, SpooledPage, Unpacked, Window
from pipeline.reading.open_file import source_file
from pipeline.reading.quality import Quality
from pipeline.reading.refusal import refusal
from pipeline.seen_pages import write_seen
from tests.builders import paper

T = TypeVar("T")


class Context:
    closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.closed = True


def outcome(function: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()
    try:
        future.set_result(function())
    except Exception as error:
        future.set_exception(error)
    return future


class FakeDecoder(Context):
    """Notes in `decoded` what it was asked for: the file's name and the first page of the window."""

    def __init__(self) -> None:
        self.decoded: list[tuple[str, int]] = []

    def decode(
        self, file: SourceFile, path: Path, spool_dir: Path, first_page: int, max_pages: int
    ) -> Future[Decoded]:
        assert spool_dir.is_dir()
        self.decoded.append((file.name, first_page))
        return outcome(lambda: self._decoded(file, path, Window(first_page, max_pages)))

    def _decoded(self, file: SourceFile, path: Path, window: Window) -> Decoded:
        if zipfile.is_zipfile(path):
            return Decoded("zip", 0)
        lines = path.read_text("utf-8").splitlines()
        numbers = window.numbers(len(lines))
        bad = next((lines[n - 1][1:] for n in numbers if lines[n - 1].startswith("!")), None)
        if bad is not None:
            raise refusal(bad, file, "打不开", "cannot be opened")
        return Decoded(
            "pdf", len(lines), tuple(SpooledPage(page_of(file, n, lines[n - 1]), None) for n in numbers)
        )

    def unpack(self, file: SourceFile, path: Path, folder: Path) -> Future[Unpacked]:
        return outcome(lambda: self._unpacked(file, path, folder))

    def _unpacked(self, file: SourceFile, path: Path, folder: Path) -> Unpacked:
        members, missed = [], []
        with zipfile.ZipFile(path) as archive:
            for number, name in enumerate(archive.namelist()):
                inside = folder / f"member-{number}"
                inside.write_bytes(archive.read(name))
                called = f"{file.name}!{name}"
                if name.endswith(".exe"):
                    missed.append(Unread(called, None, "unsupported", f"{called}: 程序 / a program"))
                else:
                    members.append(Member(source_file(called, inside), inside))
        return Unpacked(tuple(members), tuple(missed))


class FakeReaders(Context):
    """Notes in `read_pages` what it read; `down` counts how often it is still to be out of order.

    Where what is seen is to be shown, it is the page's words: a text has no picture.
    """

    def __init__(self, down: int = 0) -> None:
        self.read_pages: list[tuple[str, int]] = []
        self.down = down
        self.seen: Path | None = None

    def showing(self, seen: Path) -> Self:
        self.seen = seen
        return self

    def read(self, pages: Sequence[SpooledPage]) -> Future[list[Page]]:
        return outcome(lambda: [self._read(spooled.page) for spooled in pages])

    def _read(self, page: Page) -> Page:
        if "boom" in page.text:
            raise ValueError("a value that nobody may see")
        if "down" in page.text and self.down:
            self.down -= 1
            raise ServiceUnavailable("停了 / it is down")
        self.read_pages.append((page.file.name, page.number))
        if self.seen is not None:
            write_seen(self.seen, page, [page])
        return page

    def read_with_close_ups(
        self, pages: Sequence[SpooledPage], close_ups: Sequence[CloseUpOf]
    ) -> Future[list[Placed]]:
        return outcome(lambda: [self._placed(spooled.page, close_ups) for spooled in pages])

    def _placed(self, page: Page, close_ups: Sequence[CloseUpOf]) -> Placed:
        """A close-up belongs where its first word stands on the page; its second word is put in its place."""
        done = []
        for one in close_ups:
            if one.page != page.number:
                continue
            old, new = one.picture.page.text.split()
            taken = tuple(replace(word, text=word.text.replace(old, new)) for word in page.words)
            found = old in page.text
            sha256 = one.picture.page.file.sha256
            done.append(
                Merged(sha256, page.size, Box(0, 0, 500, 700), taken) if found else Merged(sha256, page.size)
            )
            page = replace(page, words=taken)
        return Placed(self._read(page), tuple(done))

    def judge(self, pages: Sequence[SpooledPage], *, is_part: bool) -> Future[list[Quality]]:
        return outcome(lambda: [Quality("accept", 0.0, (), 1) for _ in pages])

    def understand(self, pages: Sequence[Page], today: date) -> Future[list[Document]]:
        return outcome(lambda: [document_of(page) for page in pages])


def page_of(file: SourceFile, number: int, text: str) -> Page:
    words = (Word(text, Box(0, 0, 10, 10), 1.0, "text_layer"),)
    return Page(file, number, 1000, 1400, 150, words, words_known=True)


def document_of(page: Page) -> Document:
    type_, *parts = page.text.split()
    values = dict(part.split("=", 1) for part in parts if "=" in part)
    subtype, code = values.pop("subtype", None), values.pop("code", None)
    return replace(
        paper(type_, subtype, values),
        file=page.file,
        pages=(PageSize(page.number, page.width, page.height),),
        stack_codes=() if code is None else (code,),
    )


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path
