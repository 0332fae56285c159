"""Stored claims are met again by their papers, whatever the files are called this time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection, insert, select

from pipeline.model import Document, SourceFile
from pipeline.store.cases import save_papers
from pipeline.store.database import Database
from pipeline.store.known_claims import KnownClaim, content_of, known_claim, same_claim, stored_papers
from pipeline.store.tables import claim_papers, claims
from tests.builders import bill
from tests.stored_claims import stored_claim

A, B, C = (f"{letter * 64}" for letter in "abc")


def paper_of(claim_id: str, sha256: str) -> Document:
    """A bill of a claim, from the file with these bytes."""
    return replace(bill(total_amount="1.00"), file=SourceFile(f"{claim_id}/{sha256[0]}.jpg", sha256))


def with_papers(connection: Connection, claim_id: str, *sha256s: str) -> list[str]:
    """A stored claim with a bill from each of these files; the content of each."""
    stored_claim(connection, claim_id, "incomplete")
    sent = connection.execute(select(claims.c.submission_id).where(claims.c.id == claim_id)).scalar_one()
    papers = [paper_of(claim_id, sha256) for sha256 in sha256s]
    save_papers(connection, sent, papers)
    connection.execute(
        insert(claim_papers),
        [
            {"claim_id": claim_id, "document_id": paper.id, "ordinal": ordinal}
            for ordinal, paper in enumerate(papers, 1)
        ],
    )
    return [content_of(paper.id, paper.file.sha256) for paper in papers]


def test_a_claim_is_known_with_its_state_its_version_and_what_its_papers_are(database: Database) -> None:
    with database.write() as connection:
        contents = with_papers(connection, "C-1", A, B)
        assert known_claim(connection, "C-1") == KnownClaim("C-1", "incomplete", 1, frozenset(contents))
        assert known_claim(connection, "C-2") is None


def test_a_claim_is_the_one_of_its_id_or_the_one_that_holds_all_that_tells_it(database: Database) -> None:
    with database.write() as connection:
        a, b = with_papers(connection, "C-1", A, B)
        (c,) = with_papers(connection, "C-2", C)
        for claim_id, telling, expected in (
            ("C-1", [], "C-1"),
            ("C-9", [a], "C-1"),
            ("C-9", [a, b], "C-1"),
            ("C-9", [c], "C-2"),
            ("C-9", [a, c], None),
            ("C-9", ["d" * 64 + ":1"], None),
            ("C-9", [], None),
        ):
            found = same_claim(connection, claim_id, telling)
            assert (found and found.id) == expected, (claim_id, telling)


@pytest.mark.parametrize("spot", [":2", ":1-10-20"])
def test_another_place_in_the_same_file_is_another_paper(database: Database, spot: str) -> None:
    with database.write() as connection:
        with_papers(connection, "C-1", A)
        assert same_claim(connection, "C-9", [A + spot]) is None


def test_papers_are_found_by_their_ids_however_many_are_asked_for(database: Database) -> None:
    known = [paper_of("C-1", sha256) for sha256 in (A, B)]
    strange = [f"no-{number}" for number in range(1200)]
    with database.write() as connection:
        with_papers(connection, "C-1", A, B)
        assert stored_papers(connection, strange) == {}
        asked = [*strange[:600], *(one.id for one in known), *strange[600:]]
        assert stored_papers(connection, asked) == {one.id: one for one in known}
