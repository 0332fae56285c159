"""The gate of an upload: its files opened in the child that may die, each page judged before it is read.

What is judged and how lies in `pipeline.reading.readable` and, where no engine can be had, in
`pipeline.reading.quality`; here stand file, page and the published row.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.errors import OcrUnavailable, UnreadableFile
from pipeline.model import SourceFile
from pipeline.reading.decoded import SpooledPage
from pipeline.reading.quality import Quality, Verdict, judge
from pipeline.reading.refusal import printable
from pipeline.upload import WINDOW_PAGES, Decoder


class PageJudges(Protocol):
    """What judges pages with an engine at hand: `pipeline.readers.Readers`."""

    def judge(self, pages: Sequence[SpooledPage], *, is_part: bool) -> Future[list[Quality]]:
        """The verdicts on the pictures of pages, in the same order."""


class PageCause(TypedDict):
    """Why a page is hard to read: `name`, the number measured, `box` as fractions of the picture, what to do.

    For a file that cannot be opened, `name` is the code of `errors.jsonl`.
    """

    name: str
    number: float
    box: list[float] | None
    message: str


class PageQuality(TypedDict):
    """The verdict on one page (None: on the whole file); `strain` from 1 on asks for a new picture.

    `lines_read` says how many of its lines were read for the verdict: 0 where it was judged by its print
    alone (no engine could be had) or needed no look (its words came with the file).
    """

    file: str
    page: int | None
    verdict: Verdict
    strain: float
    lines_read: int
    causes: list[PageCause]


def page_qualities(
    decoder: Decoder,
    judges: PageJudges | None,
    source: SourceFile,
    path: Path,
    folder: Path,
    *,
    is_part: bool = False,
) -> list[PageQuality]:
    """The verdicts on the pages of one file, its pictures decoded into `folder`.

    Args:
        decoder: Opens files.
        judges: Judges pages by a sample of their lines; without them their print alone is looked at.
        source: The file.
        path: Where its bytes lie.
        folder: Empty, for pages on their way.
        is_part: Whether it shows a part of a paper on purpose: a close-up.

    Raises:
        ServiceUnavailable: If a part of ours is down.
    """
    try:
        decoded = decoder.decode(source, path, folder, 1, WINDOW_PAGES).result()
    except UnreadableFile as error:
        cause: PageCause = {"name": error.code, "number": 1.0, "box": None, "message": error.message}
        return [_row(source, error.page, Quality("retake", 1.0), [cause])]
    rows = []
    for page, quality in zip(decoded.pages, _judged(decoded.pages, judges, is_part=is_part), strict=True):
        causes: list[PageCause] = [
            {"name": one.name, "number": one.number, "box": list(one.box), "message": one.message}
            for one in quality.causes
        ]
        rows.append(_row(source, page.page.number, quality, causes))
    return rows


def _judged(pages: Sequence[SpooledPage], judges: PageJudges | None, *, is_part: bool) -> list[Quality]:
    """The verdicts on pages; one whose words came with the file needs no photo to be good."""
    found = iter(_looked_at([page for page in pages if _needs_look(page)], judges, is_part=is_part))
    return [next(found) if _needs_look(page) else Quality("accept", 0.0) for page in pages]


def _needs_look(page: SpooledPage) -> bool:
    return page.image_file is not None and not page.page.words_known


def _looked_at(pages: Sequence[SpooledPage], judges: PageJudges | None, *, is_part: bool) -> list[Quality]:
    """The verdicts on pictures: by their lines, or by their print alone where no engine can be had."""
    if not pages:
        return []
    if judges is not None:
        try:
            return judges.judge(pages, is_part=is_part).result()
        except OcrUnavailable:
            pass  # the verdict itself says that no line was read
    images = [page.load().image for page in pages]
    return [judge(image, is_part=is_part) for image in images if image is not None]


def _row(source: SourceFile, page: int | None, quality: Quality, causes: list[PageCause]) -> PageQuality:
    return {
        "file": printable(source.name),
        "page": page,
        "verdict": quality.verdict,
        "strain": round(quality.strain, 4),
        "lines_read": quality.lines_read,
        "causes": causes,
    }
