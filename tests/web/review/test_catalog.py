"""Looking up in the lists over HTTP, and proposing what names stand for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from pipeline.catalogs.aliases import AliasBook
from pipeline.store.database import Database
from pipeline.web.service import Service
from tests.cases import judges
from tests.conftest import NewDatabase
from tests.store.stored import NOW
from tests.web.browsing import sign_in
from tests.web.serving import Door, served

LESSON = {
    "printed": "小样片",
    "kind": "drug",
    "name": "阿莫西林",
    "form": "颗粒剂",
    "line": 3,
    "document_id": "D-1",
}


@pytest.fixture
def database(new_database: NewDatabase) -> Iterator[Database]:
    """Of one kind: what is asked here comes from lists."""
    opened = Database(new_database("sqlite"))
    yield opened
    opened.close()


@pytest.fixture
def book(tmp_path: Path) -> AliasBook:
    return AliasBook(tmp_path)


@pytest.fixture
def service(database: Database, book: AliasBook) -> Service:
    return Service(database, Door(), clock=lambda: NOW, judges=judges, aliases=book)


@pytest.fixture
def desk(web: httpx.Client, service: Service) -> httpx.Client:
    return sign_in(web, service.database, "reviewer", "wang.fang")


def test_entries_come_with_class_code_and_what_they_are_paid(desk: httpx.Client) -> None:
    asked = {"q": "amxl", "kind": "drug", "day": "2025-06-01", "limit": "2"}
    first, second = desk.get("/api/catalog", params=asked).json()["entries"]
    assert first["name"] == second["name"] == "阿莫西林"
    assert (first["kind"], first["reimbursement_class"], first["by"]) == ("drug", "甲", "name")
    assert first["code"]
    assert first["price"] is None


def test_an_empty_question_prepares_and_is_answered_with_nothing(desk: httpx.Client) -> None:
    assert desk.get("/api/catalog").json() == {"entries": []}


def test_a_question_that_is_none_is_refused(desk: httpx.Client) -> None:
    for asked in (
        {"q": "x" * 101},
        {"kind": "payer"},
        {"day": "gestern"},
        {"limit": "0"},
        {"limit": "51"},
    ):
        assert desk.get("/api/catalog", params=asked).status_code == 422, asked


def test_a_reviewer_proposes_an_alias_that_waits_for_another_person(
    desk: httpx.Client, book: AliasBook
) -> None:
    made = desk.post("/api/catalog/aliases", json=LESSON)
    assert made.status_code == 201
    (alias,) = book.all()
    assert (alias.id, alias.proposed_by, alias.standing) == (made.json()["id"], "wang.fang", "proposed")
    again = desk.post("/api/catalog/aliases", json=LESSON)
    assert (again.status_code, len(book.all())) == (422, 1)


def test_an_alias_of_an_entry_that_no_list_has_is_refused(desk: httpx.Client, book: AliasBook) -> None:
    assert desk.post("/api/catalog/aliases", json={**LESSON, "name": "没有的药"}).status_code == 409
    assert book.all() == ()


def test_clerks_look_up_and_do_not_teach(web: httpx.Client, service: Service) -> None:
    clerk = sign_in(web, service.database, "clerk")
    assert clerk.get("/api/catalog", params={"q": "阿莫"}).status_code == 200
    assert clerk.post("/api/catalog/aliases", json=LESSON).status_code == 403


def test_without_lists_it_is_said_that_they_cannot_be_asked_now(service: Service) -> None:
    with served(replace(service, judges=None)) as client:
        asked = sign_in(client, service.database, "reviewer").get("/api/catalog", params={"q": "阿"})
    assert asked.status_code == 503
    assert "retry-after" in asked.headers
