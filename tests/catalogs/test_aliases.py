from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.alias_command import app
from pipeline.catalogs.aliases import DAMAGED, LOG, AliasBook, AliasRefused

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def book(tmp_path: Path) -> AliasBook:
    return AliasBook(tmp_path, lambda: NOON)


def propose(book: AliasBook, printed: str = "测试怪名", by: str = "li.wei") -> str:
    return book.propose(
        printed, "drug", "测试沙坦", by=by, why="包装如此", form="片剂", document_id="d-1", line=3
    ).id


def test_an_alias_is_in_force_only_once_a_second_person_approved_it(book: AliasBook) -> None:
    id_ = propose(book)
    assert book.in_force() == {}
    approved = book.approve(id_, by="wang.fang")
    assert list(book.in_force()) == [approved.key]
    assert (approved.proposed_by, approved.decided_by) == ("li.wei", "wang.fang")


@pytest.mark.parametrize("by", ["li.wei", "LI.Wei"])
def test_who_proposed_it_cannot_approve_it(book: AliasBook, by: str) -> None:
    id_ = propose(book)
    with pytest.raises(AliasRefused, match="须由另一人"):
        book.approve(id_, by=by)
    assert book.get(id_).standing == "proposed"


def test_undoing_takes_it_out_of_force_and_keeps_its_history(book: AliasBook) -> None:
    id_ = propose(book)
    book.approve(id_, by="wang.fang")
    book.undo(id_, by="zhao.min", why="另一个厂家的药")
    assert book.in_force() == {}
    alias = book.get(id_)
    assert [event.happened for event in alias.events] == ["propose", "approve", "undo"]
    assert alias.events[-1].why == "另一个厂家的药"
    assert alias.events[0].at == "2026-11-22T12:00:00Z"
    assert (alias.document_id, alias.line) == ("d-1", 3)


@pytest.mark.parametrize("step", ["approve", "undo", "reject"])
def test_nothing_happens_to_an_alias_that_was_rejected(book: AliasBook, step: str) -> None:
    id_ = propose(book)
    book.reject(id_, by="wang.fang", why="不是这个药")
    with pytest.raises(AliasRefused, match="rejected"):
        getattr(book, step)(id_, by="zhao.min", why="再试")
    assert book.get(id_).standing == "rejected"


def test_a_name_has_one_alias_at_a_time(book: AliasBook) -> None:
    id_ = propose(book, "测试怪名")
    with pytest.raises(AliasRefused, match=id_):
        propose(book, "★测试怪名 10mg×7片")
    book.reject(id_, by="wang.fang", why="不是")
    assert propose(book) == "A2"


@pytest.mark.parametrize("by", ["", "李伟", "13800000000", "a b", "x"])
def test_a_person_is_named_by_a_user_name_alone(book: AliasBook, by: str) -> None:
    with pytest.raises(AliasRefused, match="用户名"):
        propose(book, by=by)


@pytest.mark.parametrize("printed", ["", "*", "片", "🙂"])
def test_what_tells_nothing_is_no_alias(book: AliasBook, printed: str) -> None:
    with pytest.raises(AliasRefused, match="太短"):
        propose(book, printed)


def test_an_id_that_is_not_there_is_said(book: AliasBook) -> None:
    with pytest.raises(AliasRefused, match="A9"):
        book.approve("A9", by="wang.fang")


def test_half_a_line_left_by_a_power_cut_is_set_aside_and_nothing_else_is_lost(
    book: AliasBook, tmp_path: Path
) -> None:
    id_ = propose(book)
    log = tmp_path / LOG
    log.write_bytes(log.read_bytes() + b'{"id": "A1", "happened": "appr')
    assert book.get(id_).standing == "proposed"
    book.approve(id_, by="wang.fang")
    assert book.get(id_).standing == "approved"
    assert b"appr" in (tmp_path / DAMAGED).read_bytes()
    assert all(json.loads(line) for line in log.read_text("utf-8").splitlines())


def test_a_line_that_cannot_be_read_is_named(book: AliasBook, tmp_path: Path) -> None:
    propose(book)
    with (tmp_path / LOG).open("a", encoding="utf-8") as log:
        log.write('{"id": "A1", "happened": "explode", "by": "x1", "at": "", "why": ""}\n')
    with pytest.raises(AliasRefused, match="第 2 行"):
        book.all()


def _propose_many(folder: Path, who: str) -> None:
    book = AliasBook(folder)
    for number in range(15):
        book.propose(f"测试{who}{number}号", "drug", "测试沙坦", by=who, why="")


def test_two_reviewers_at_once_lose_nothing_and_get_ids_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as reviewers:
        for done in [reviewers.submit(_propose_many, tmp_path, who) for who in ("anna", "bert")]:
            done.result()
    aliases = AliasBook(tmp_path).all()
    assert len(aliases) == 30
    assert len({alias.id for alias in aliases}) == 30


STEPS = st.lists(
    st.tuples(st.sampled_from(["approve", "reject", "undo"]), st.sampled_from(["anna", "bert"])), max_size=6
)


@given(STEPS)
@settings(max_examples=25, deadline=None)
def test_nothing_is_ever_in_force_that_one_person_alone_decided(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    book = AliasBook(tmp_path_factory.mktemp("book"))
    id_ = book.propose("测试怪名", "drug", "测试沙坦", by="anna", why="").id
    for step, who in steps:
        try:
            getattr(book, step)(id_, by=who, why="")
        except AliasRefused:
            continue
    alias = book.get(id_)
    approvers = {event.by for event in alias.events if event.happened == "approve"}
    assert (alias.standing == "approved") == (alias.key in book.in_force())
    assert "anna" not in approvers
    if alias.standing == "approved":
        assert approvers == {"bert"}


def test_brackets_in_a_name_or_a_reason_are_shown_as_they_are(book: AliasBook, tmp_path: Path) -> None:
    alias = book.propose("测试[/片]怪名", "drug", "测试片", by="li.wei", why="见[/b]")
    listed = CliRunner().invoke(app, ["list", "--catalogs", str(tmp_path)])
    approved = CliRunner().invoke(
        app, ["approve", alias.id, "--by", "wang.fang", "--catalogs", str(tmp_path)]
    )
    assert (listed.exit_code, approved.exit_code) == (0, 0)
    assert "[/片]" in listed.stdout
    assert "[/片]" in approved.stdout
