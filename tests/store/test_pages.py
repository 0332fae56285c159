"""Pages that are kept for people: found by file and paper, kept as they were read first, turned by hand."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from pipeline.store.database import Database
from pipeline.store.pages import KeptPage, keep_page, page_of, page_of_paper, pages_of, turn_page, words_on
from pipeline.store.tables import papers, submissions
from tests.store.stored import NOW

FILE = "ab" * 32
PAGE = KeptPage(FILE, 2, 1000, 1400, "cd" * 32)
WORDS = [("合计", 10.0, 20.0, 30.0, 40.0, 0.9), ('"引号"', 1.5, 2.0, 3.0, 4.0, 1.0)]


@pytest.fixture
def kept(database: Database) -> Database:
    with database.write() as connection:
        connection.execute(
            insert(submissions).values(id="U-1", source="folder", state="read", received_at=NOW)
        )
        connection.execute(
            insert(papers).values(
                document_id="D-1",
                submission_id="U-1",
                sha256=FILE,
                document_type="other",
                status="review",
                frozen="{}",
                record='{"source": {"pages": [2, 3]}}',
            )
        )
        assert keep_page(connection, "U-1", PAGE, WORDS)
    return database


def test_a_page_comes_back_with_its_words(kept: Database) -> None:
    with kept.read() as connection:
        assert page_of(connection, FILE, 2) == PAGE
        assert words_on(connection, FILE, 2) == WORDS
        assert pages_of(connection, [FILE, "ef" * 32]) == {(FILE, 2): PAGE}


def test_a_page_stays_as_it_was_read_first(kept: Database) -> None:
    other = KeptPage(FILE, 2, 1400, 1000, None)
    with kept.write() as connection:
        assert not keep_page(connection, "U-1", other, [])
        assert page_of(connection, FILE, 2) == PAGE


def test_a_paper_has_its_own_pages_alone(kept: Database) -> None:
    with kept.read() as connection:
        assert page_of_paper(connection, "D-1", 2) == PAGE
        with pytest.raises(LookupError, match="no page 1"):
            page_of_paper(connection, "D-1", 1)
        with pytest.raises(LookupError, match="no such page is kept"):
            page_of_paper(connection, "D-1", 3)
        with pytest.raises(LookupError, match="no page 2"):
            page_of_paper(connection, "D-2", 2)


def test_a_page_is_turned_as_the_last_one_turned_it(kept: Database) -> None:
    for degrees in (90, 270, 0):
        with kept.write() as connection:
            turn_page(connection, PAGE, degrees, "王", NOW)
        with kept.read() as connection:
            assert page_of(connection, FILE, 2).turned == degrees


def test_nothing_but_quarter_turns(kept: Database) -> None:
    with kept.write() as connection, pytest.raises(ValueError, match="quarter"):
        turn_page(connection, PAGE, 45, "王", NOW)
