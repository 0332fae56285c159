"""A store that holds together is found well; each way in which it does not is named, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, Executable, insert, text, update
from sqlalchemy.engine import URL

from pipeline.life import Actor
from pipeline.store import tables
from pipeline.store.database import Database
from pipeline.store.lives import take_step
from pipeline.store.opened import Store
from pipeline.store.originals import FolderOriginals, key_of
from pipeline.store.soundness import DURABLE, RULES, Problem, contradictions, problems
from tests.store.rows import NOW, add_claim

OURS = Actor("baoxiao", "system")
ENGINE = Actor("engine", "engine")


def quiet(_what: str, _done: int, _total: int) -> None:
    """Nobody looks on."""


def found(store: Store, *, originals: bool = True) -> list[Problem]:
    """What is wrong, without the haste of the server that tests run on."""
    return [one for one in problems(store, quiet, originals=originals) if one.where != ("fsync",)]


def handed_over(connection: Connection, claim_id: str) -> str:
    add_claim(connection, claim_id)
    for event in ("begin_reading", "accept"):
        take_step(connection, claim_id, event, OURS, NOW)
    connection.execute(update(tables.outbox).values(state="answered", answered_at=NOW, answer="{}"))
    take_step(connection, claim_id, "hand_over", ENGINE, NOW)
    return claim_id


@pytest.fixture
def sound(store: Store) -> Store:
    """A store with a claim handed over, one entered, one just received, and an original."""
    sha256 = store.originals.put(b"a bill")
    with store.database.write() as connection:
        handed_over(connection, "C-1")
        add_claim(connection, "C-2", sha256)
        for event in ("begin_reading", "accept"):
            take_step(connection, "C-2", event, OURS, NOW)
        add_claim(connection, "C-3")
    return store


def test_what_this_program_wrote_is_found_well(sound: Store) -> None:
    assert found(sound) == []


def doing(statement: Executable) -> Callable[[Connection], None]:
    def change(connection: Connection) -> None:
        connection.execute(statement)

    return change


def of(table_name: str) -> Callable[..., Callable[[Connection], None]]:
    table = tables.METADATA.tables[table_name]

    def change(where: str, **values: object) -> Callable[[Connection], None]:
        return doing(update(table).where(text(where)).values(**values))

    return change


def add(table_name: str, **values: object) -> Callable[[Connection], None]:
    table = tables.METADATA.tables[table_name]
    return doing(insert(table).values(**values))


def say(statement: str) -> Callable[[Connection], None]:
    return doing(text(statement))


CHECK = {"claim_id": "C-3", "ordinal": 1, "rule": "V-1", "message": "不符 / differs", "fields": "[]"}
ITEM = {"claim_id": "C-3", "document_id": "D-1", "path": "fields.total_amount", "opened_at": NOW}
WRONGS: list[tuple[Callable[[Connection], None], set[str]]] = [
    (of("claims")("id = 'C-3'", state="lost"), {"报销申请的状态未知", "状态与最后一个事件不符"}),
    (of("claims")("id = 'C-3'", state="reading"), {"状态与最后一个事件不符"}),
    (of("submissions")("id = 'U-C-3'", state="lost"), {"接收的状态未知"}),
    (of("outbox")("claim_id = 'C-1'", state="lost"), {"消息的状态未知", "已移交而没有答复"}),
    (of("events")("claim_id = 'C-3'", role="nobody"), {"经办人角色未知"}),
    (of("events")("event = 'accept' AND claim_id = 'C-1'", from_state="received"), {"事件前后不连"}),
    (say("DELETE FROM events WHERE claim_id = 'C-3'"), {"状态与最后一个事件不符"}),
    (say("DELETE FROM events WHERE claim_id = 'C-1' AND event = 'accept'"), {"事件前后不连"}),
    (say("DELETE FROM claim_revisions WHERE claim_id = 'C-3'"), {"缺少历史版本", "现内容与最新版本不符"}),
    (of("claims")("id = 'C-3'", revision=2), {"缺少历史版本", "现内容与最新版本不符"}),
    (of("claims")("id = 'C-3'", record="{}"), {"现内容与最新版本不符"}),
    (of("claims")("id = 'C-3'", amendment=1), {"缺少更正记录"}),
    (
        add(
            "amendments",
            claim_id="C-3",
            number=1,
            kind="whim",
            of_revision=1,
            opened_at=NOW,
            opened_by="a",
            reason="b",
        ),
        {"更正的种类未知", "缺少更正记录"},
    ),
    (add("checks", **CHECK, outcome="fail", severity="block"), {"未通过的强制校验计数有误"}),
    (add("checks", **CHECK, outcome="fail", severity="warn"), set()),
    (add("checks", **CHECK, outcome="fail", severity="block", overridden_by="a"), set()),
    (of("claims")("id = 'C-3'", open_blocks=1), {"未通过的强制校验计数有误"}),
    (add("review_items", **ITEM, state="open"), {"待复核字段计数有误"}),
    (add("review_items", **ITEM, state="closed"), set()),
    (of("outbox")("claim_id = 'C-2'", state="cancelled"), {"已录入而没有移交消息"}),
    (of("outbox")("claim_id = 'C-2'", state="parked"), set()),
    (say("DELETE FROM outbox WHERE claim_id = 'C-1'"), {"已移交而没有答复"}),
    (
        of("outbox")("claim_id = 'C-1'", claim_id="C-2", state="begun"),
        {"多于一条未答复的移交消息", "已移交而没有答复"},
    ),
    (of("outbox")("claim_id = 'C-1'", answered_at=None), {"已答复的消息没有答复内容"}),
    (of("outbox")("claim_id = 'C-1'", batch_id="B-1"), {"消息所属的报盘批次不存在"}),
]


def test_what_contradicts_itself_is_named(sound: Store) -> None:
    with sound.database.write() as connection:
        for number, (break_it, named) in enumerate(WRONGS):
            with connection.begin_nested() as broken:
                break_it(connection)
                told = {one.what[0] for one in contradictions(connection, quiet)}
                broken.rollback()
            assert told == named, f"the {number}th"


def test_tables_changed_by_hand_are_named(sound: Store) -> None:
    with sound.database.write() as connection:
        connection.execute(text("DROP INDEX ix_claims_queue"))
    (problem,) = found(sound)
    assert problem.what[0] == "表的结构与程序不符"
    assert "ix_claims_queue" in problem.where[0]


def test_every_rule_is_broken_by_one_of_these() -> None:
    """A rule that nothing breaks would not be missed if it were wrong."""
    assert {rule.what[0] for rule in RULES} <= set().union(*(named for _, named in WRONGS))


def test_many_rows_at_fault_are_counted_and_some_are_named(store: Store) -> None:
    with store.database.write() as connection:
        for number in range(7):
            add_claim(connection, f"C-{number}")
        connection.execute(update(tables.claims).values(amendment=1))
    (problem,) = found(store)
    assert problem.where == ("C-0", "C-1", "C-2", "C-3", "C-4")
    assert problem.count == 7
    assert "C-4 … (7)" in str(problem)
    assert "→" in str(problem)


def test_an_original_that_is_gone_or_damaged_is_named(sound: Store, tmp_path: Path) -> None:
    (kept,) = [path for path in (tmp_path / "originals").rglob("*") if path.is_file()]
    kept.write_bytes(b"a bull")
    (problem,) = found(sound)
    assert problem.what[0] == "原件已损坏"
    assert problem.where == (kept.name,)
    assert "originals/" in problem.way_out[0]
    assert found(sound, originals=False) == []
    kept.unlink()
    for thorough in (True, False):
        (problem,) = found(sound, originals=thorough)
        assert problem.what[0] == "原件缺失"
    assert key_of(kept.name) in str(kept)


def test_a_damaged_file_is_named_and_not_looked_into(
    new_database: Callable[[str], URL], tmp_path: Path
) -> None:
    """An index that leads to other rows than it says, as after a bad disk; also what follows is not told."""
    url = new_database("sqlite")
    store = Store(Database(url), FolderOriginals(tmp_path))
    with store.database.write() as connection:
        add_claim(connection)
        connection.execute(update(tables.claims).values(state="lost"))
        connection.exec_driver_sql("PRAGMA writable_schema=ON")
        connection.exec_driver_sql(
            "UPDATE sqlite_schema SET sql = replace(sql, '(id_number)', '(status)')"
            " WHERE name = 'ix_claims_id_number'"
        )
    store.close()
    store = Store(Database(url), FolderOriginals(tmp_path))
    (problem,) = found(store)
    assert problem.what[0] == "数据库文件已损坏"
    assert "baoxiao db restore" in problem.way_out[0]
    store.close()


def test_a_server_that_loses_data_in_a_power_cut_is_named(
    new_database: Callable[[str], URL], tmp_path: Path
) -> None:
    """The one that tests run on does, where we started it."""
    store = Store(Database(new_database("postgresql")), FolderOriginals(tmp_path))
    with store.database.read() as connection:
        off = tuple(name for name in DURABLE if connection.execute(text(f"SHOW {name}")).scalar() == "off")
    assert [one.where for one in problems(store, quiet)] == ([off] if off else [])
    store.close()
