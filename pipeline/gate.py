"""The gate of an upload: its files opened in the child that may die, each page judged before it is read.

What is judged and how lies in `pipeline.reading.quality`; here stand file, page and the published row.
"""

from __future__ import annotations

from pathlib import Path

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.errors import UnreadableFile
from pipeline.model import SourceFile
from pipeline.reading.decoded import SpooledPage
from pipeline.reading.quality import Quality, Verdict, judge
from pipeline.reading.refusal import printable
from pipeline.upload import WINDOW_PAGES, Decoder


class PageCause(TypedDict):
    """Why a page is hard to read: `name`, the number measured, `box` as fractions of the picture, what to do.

    For a file that cannot be opened, `name` is the code of `errors.jsonl`.
    """

    name: str
    number: float
    box: list[float] | None
    message: str


class PageQuality(TypedDict):
    """The verdict on one page (None: on the whole file); `strain` from 1 on asks for a new picture."""

    file: str
    page: int | None
    verdict: Verdict
    strain: float
    causes: list[PageCause]


def page_qualities(
    decoder: Decoder, source: SourceFile, path: Path, folder: Path, *, is_part: bool = False
) -> list[PageQuality]:
    """The verdicts on the pages of one file, its pictures decoded into `folder`.

    Args:
        decoder: Opens files.
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
    for page in decoded.pages:
        quality = _judged(page, is_part=is_part)
        causes: list[PageCause] = [
            {"name": one.name, "number": one.number, "box": list(one.box), "message": one.message}
            for one in quality.causes
        ]
        rows.append(_row(source, page.page.number, quality, causes))
    return rows


def _judged(spooled: SpooledPage, *, is_part: bool) -> Quality:
    """The verdict on a page; one whose words came with the file needs no photo to be good."""
    image = None if spooled.page.words_known else spooled.load().image
    return judge(image, is_part=is_part) if image is not None else Quality("accept", 0.0)


def _row(source: SourceFile, page: int | None, quality: Quality, causes: list[PageCause]) -> PageQuality:
    return {
        "file": printable(source.name),
        "page": page,
        "verdict": quality.verdict,
        "strain": round(quality.strain, 4),
        "causes": causes,
    }
