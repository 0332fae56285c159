"""Pages as people look at them: the picture that was made while reading, its words, how a person turned it.

A page is known by its file's hash and its number in it: papers that come again are looked at as they were
when they were read first, for it is then that their boxes were told. Its picture lies among the originals.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, delete, insert, select, update

from pipeline.store.tables import page_turns, pages, papers

WordRow: TypeAlias = tuple[str, float, float, float, float, float]
"""Text, x0, y0, x1, y1 in pixels of the page's frame, confidence."""

WHOLE_PAGE = 0
"""The papers on a page are told on the page as a whole."""

QUARTER_TURNS = (0, 90, 180, 270)


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page of a file.

    Attributes:
        sha256: Of the file, or of the file inside an archive.
        number: Of the page, from 1.
        width: Of the frame in which words and boxes are told, in pixels, before a person turned it.
        height: Of that frame.
        picture: The hash of its WebP among the originals; None: there is none.
        turned: How a person turned it, clockwise in degrees: 0, 90, 180, 270.
    """

    sha256: str
    number: int
    width: int
    height: int
    picture: str | None
    turned: int = 0


def keep_page(connection: Connection, submission_id: str, page: KeptPage, words: Iterable[WordRow]) -> bool:
    """Keep a page and its words; whether it was not there. What is there stays as it is.

    Args:
        connection: Of a transaction that writes.
        submission_id: With which it came.
        page: Its picture is kept already.
        words: On it.
    """
    if _is_kept(connection, page.sha256, page.number):
        return False
    connection.execute(
        insert(pages).values(
            sha256=page.sha256,
            number=page.number,
            ordinal=WHOLE_PAGE,
            submission_id=submission_id,
            width=page.width,
            height=page.height,
            picture=page.picture,
            words=json.dumps([list(word) for word in words], ensure_ascii=False, separators=(",", ":")),
        )
    )
    return True


def _is_kept(connection: Connection, sha256: str, number: int) -> bool:
    query = select(pages.c.number).where(pages.c.sha256 == sha256, pages.c.number == number)
    return connection.execute(query).first() is not None


def page_of(connection: Connection, sha256: str, number: int) -> KeptPage:
    """A page of a file.

    Raises:
        LookupError: If it was not kept.
    """
    found = pages_of(connection, [sha256]).get((sha256, number))
    if found is None:
        raise LookupError(f"{number}: 没有保存这一页 / no such page is kept")
    return found


def pages_of(connection: Connection, files: Iterable[str]) -> dict[tuple[str, int], KeptPage]:
    """All pages of files, by hash and number, in the order of both."""
    turned = page_turns.c.degrees
    query = (
        select(pages.c.sha256, pages.c.number, pages.c.width, pages.c.height, pages.c.picture, turned)
        .outerjoin(
            page_turns, (page_turns.c.sha256 == pages.c.sha256) & (page_turns.c.number == pages.c.number)
        )
        .where(pages.c.sha256.in_(list(files)))
        .order_by(pages.c.sha256, pages.c.number)
    )
    return {
        (row.sha256, row.number): KeptPage(
            row.sha256, row.number, row.width, row.height, row.picture, row.degrees or 0
        )
        for row in connection.execute(query)
    }


def words_on(connection: Connection, sha256: str, number: int) -> list[WordRow]:
    """The words on a page, as it was read; none where the page was not kept."""
    query = select(pages.c.words).where(pages.c.sha256 == sha256, pages.c.number == number)
    text = connection.execute(query).scalar()
    return [] if text is None else [(said, *box) for said, *box in json.loads(text)]


def page_of_paper(connection: Connection, document_id: str, number: int) -> KeptPage:
    """A page of a paper.

    Args:
        connection: Of a transaction.
        document_id: The paper.
        number: The page, as its file counts.

    Raises:
        LookupError: If there is no such paper, the page is none of its own, or it was not kept.
    """
    row = connection.execute(
        select(papers.c.sha256, papers.c.record).where(papers.c.document_id == document_id)
    ).first()
    if row is None or number not in json.loads(row.record)["source"]["pages"]:
        raise LookupError(f"{document_id}: 没有第 {number} 页 / it has no page {number}")
    return page_of(connection, row.sha256, number)


def turn_page(connection: Connection, page: KeptPage, degrees: int, who: str, now: datetime) -> None:
    """Note how a person has a page lie: clockwise from how it was read.

    Raises:
        ValueError: If it is no quarter turn.
    """
    if degrees not in QUARTER_TURNS:
        raise ValueError(f"{degrees}: 只能转 90 度的倍数 / quarter turns alone")
    key = (page_turns.c.sha256 == page.sha256) & (page_turns.c.number == page.number)
    if degrees == 0:
        connection.execute(delete(page_turns).where(key))
        return
    turned = {"degrees": degrees, "who": who, "at": now}
    if connection.execute(update(page_turns).where(key).values(**turned)).rowcount == 0:
        connection.execute(insert(page_turns).values(sha256=page.sha256, number=page.number, **turned))
