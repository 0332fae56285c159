"""Close-ups on their way to the pages they belong to: which file of a submission is one, and their merging.

Whoever is told that a part of a page cannot be read takes that part again. The close-up is kept as a file of
the same submission, in a folder whose name says which page it is of, so that nothing beside the files says
what they are: `.close-up/2/7f3a…/票据.jpg` is a part of page 2 of `票据.jpg`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from typing import Protocol

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.model import Document, Page
from pipeline.reading.closeup import CloseUpOf, Merged, Placed
from pipeline.reading.decoded import SpooledPage
from pipeline.reading.refusal import printable
from pipeline.records import fractions
from pipeline.upload import PageReaders

FOLDER = ".close-up"
"""Where close-ups lie among the files of a submission. Hidden files of people's folders are passed over, so
none of theirs can lie there."""

HASH_DIGITS = 16
"""Of the close-up's hash, in its name: several of one page differ."""


@dataclass(frozen=True, slots=True)
class PartOf:
    """What a close-up shows a part of: the name of the file in its submission, the page of that file."""

    file: str
    page: int


def close_up_name(of: PartOf, sha256: str) -> str:
    """The name that a close-up of those bytes has among the files of its submission.

    >>> close_up_name(PartOf("门诊/票据.jpg", 2), "7f" * 32)
    '.close-up/2/7f7f7f7f7f7f7f7f/门诊/票据.jpg'
    """
    return f"{FOLDER}/{of.page}/{sha256[:HASH_DIGITS]}/{of.file}"


def is_close_up(name: str) -> bool:
    """Whether a file of a submission is a close-up of another."""
    return name.startswith(f"{FOLDER}/")


def part_of(name: str) -> PartOf:
    """What the close-up of that name shows a part of.

    >>> part_of(".close-up/2/7f7f7f7f7f7f7f7f/门诊/票据.jpg")
    PartOf(file='门诊/票据.jpg', page=2)
    """
    _folder, page, _hash, file = name.split("/", 3)
    return PartOf(file, int(page))


class CloseUpRecord(TypedDict):
    """What became of a close-up: `upload` is its own key, `file` and `page` the page it was sent for.

    `box` is what of the page it shows, `words` and `codes` are the boxes of the words and of the QR codes and
    barcodes taken from it, all as fractions of the page; null and none where it could not be merged, and
    `message` says why.
    """

    upload: str
    file: str
    page: int
    merged: bool
    box: list[float] | None
    words: list[list[float] | None]
    codes: list[list[float] | None]
    message: str


class MergingReaders(PageReaders, Protocol):
    """What reads pages, also with close-ups of them: `pipeline.readers.Readers`."""

    def read_with_close_ups(
        self, pages: Sequence[SpooledPage], close_ups: Sequence[CloseUpOf]
    ) -> Future[list[Placed]]:
        """The pages with their words, those of close-ups where these read better."""


class WithCloseUps:
    """Readers that merge close-ups into the pages of files; `merged` says what became of each.

    Args:
        readers: Read pages.
        close_ups: By the name of the file whose pages they show.
    """

    def __init__(self, readers: MergingReaders, close_ups: Mapping[str, Sequence[CloseUpOf]]) -> None:
        self._readers = readers
        self._close_ups = close_ups
        self.merged: list[Merged] = []

    def read(self, pages: Sequence[SpooledPage]) -> Future[list[Page]]:
        """The pages with their words, those of close-ups where these read better."""
        own = self._close_ups.get(pages[0].page.file.name)
        if not own:
            return self._readers.read(pages)
        call = self._readers.read_with_close_ups(pages, own)
        read: Future[list[Page]] = Future()
        failure = call.exception()
        if failure is not None:
            read.set_exception(failure)
        else:
            self.merged += [one for placed in call.result() for one in placed.close_ups]
            read.set_result([placed.page for placed in call.result()])
        return read

    def understand(self, pages: Sequence[Page], today: date) -> Future[list[Document]]:
        """The documents that the pages of one file hold."""
        return self._readers.understand(pages, today)


def close_up_record(merged: Sequence[Merged], file: str, close_up: CloseUpOf) -> CloseUpRecord:
    """The row for a close-up; it is the refusal where its page was not read or it does not belong there."""
    done = next((one for one in merged if one.picture == close_up.picture.page.file.sha256), None)
    record: CloseUpRecord = {
        "upload": close_up.key,
        "file": printable(file),
        "page": close_up.page,
        "merged": False,
        "box": None,
        "words": [],
        "codes": [],
        "message": "补拍图与该页对不上，未合并；请拍清晰，并把周围的文字一起拍进来"
        " / the close-up does not match the page and was not merged;"
        " take it sharp and with the print around it",
    }
    if done is None or done.area is None:
        return record
    record["merged"], record["box"] = True, fractions(done.area, done.size)
    record["words"] = [fractions(word.box, done.size) for word in done.taken]
    record["codes"] = [fractions(code.box, done.size) for code in done.codes]
    taken, codes = len(done.taken), len(done.codes)
    record["message"] = (
        f"补拍图已合并，采用其中 {taken} 处文字、{codes} 个二维码或条形码"
        f" / merged, {taken} words and {codes} codes are taken from it"
    )
    return record
