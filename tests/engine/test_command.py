"""`baoxiao engine` and `baoxiao webhook` as people meet them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from pipeline import cli
from pipeline.engine.http import HttpEngine
from pipeline.engine.passes import Sent
from pipeline.engine.sender import send_due
from pipeline.engine.signing import new_secret
from pipeline.engine.stand_in import StandInBook, stand_in
from pipeline.settings import settings
from pipeline.store.database import Database
from pipeline.store.tables import webhooks
from tests.engine.entered import NOW, FakeEngine, answer, claim, message, put_entered
from tests.engine.served import served
from tests.engine.test_webhooks import Listener

SECRET = new_secret()


class Terminal:
    """Runs the command in this process against the store of the test."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured
        self.out = self.err = ""

    def run(self, *arguments: str) -> int:
        self._captured.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        self.out, self.err = self._captured.readouterr()
        return int(ended.value.code or 0)


@pytest.fixture
def terminal(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Terminal]:
    url = database.url.render_as_string(hide_password=False)
    for name, value in (("DATABASE_URL", url), ("ENGINE", "http"), ("ENGINE_SECRET", SECRET)):
        monkeypatch.setenv(f"BAOXIAO_{name}", value)
    settings.cache_clear()
    yield Terminal(capsys)
    settings.cache_clear()


def test_send_hands_over_what_is_due_and_tells_webhooks(
    terminal: Terminal, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = Listener()
    with served(stand_in(StandInBook(tmp_path / "engine.sqlite"), SECRET)) as url, served(listener) as hook:
        monkeypatch.setenv("BAOXIAO_ENGINE_URL", url)
        settings.cache_clear()
        assert terminal.run("webhook", "add", hook) == 0
        put_entered(database)
        assert terminal.run("engine", "send") == 0
    assert claim(database).state == "settled"
    assert listener.types() == ["claim.accept", "claim.hand_over", "claim.settle"]
    assert "hand-over: 已答复 / answered 1" in terminal.out
    assert "webhooks: 已答复 / answered 3" in terminal.out


def test_send_is_1_where_nobody_answers(
    terminal: Terminal, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAOXIAO_ENGINE_URL", "http://127.0.0.1:9")
    settings.cache_clear()
    put_entered(database)
    assert terminal.run("engine", "send") == 1
    assert "later 0" not in terminal.out.splitlines()[0]
    assert claim(database).state == "entered"


def test_send_says_what_is_not_set(terminal: Terminal) -> None:
    assert terminal.run("engine", "send") == 1
    assert terminal.err.startswith("✗ 请设置 BAOXIAO_ENGINE_URL")


def test_parked_lists_and_retry_sends_again(terminal: Terminal, database: Database) -> None:
    assert terminal.run("engine", "parked") == 0
    assert terminal.out == "没有 / none\n"
    put_entered(database)
    send_due(database, FakeEngine([answer("accepted", schema_version="2")]), NOW)
    assert terminal.run("engine", "parked") == 0
    assert terminal.out.startswith("C-1/1  2026-03-02 02:30Z  C-1/1: 答复不符合格式 1")
    assert terminal.run("engine", "retry", "C-9/1") == 1
    assert "no such message" in terminal.err
    assert terminal.run("engine", "retry", "all") == 0
    assert "1 条将重新移交" in terminal.out
    assert message(database).state == "begun"


def test_the_secret_of_a_webhook_is_shown_once(terminal: Terminal, database: Database) -> None:
    assert terminal.run("webhook", "add", "http://10.0.0.8/hook", "--event", "claim.pay") == 0
    with database.read() as connection:
        secret, hook_id = connection.execute(select(webhooks.c.secret, webhooks.c.id)).one()
    assert secret in terminal.out
    assert terminal.run("webhook", "list") == 0
    assert terminal.out.startswith(f"{hook_id}  http://10.0.0.8/hook  claim.pay  ")
    assert secret not in terminal.out
    assert terminal.run("webhook", "remove", hook_id) == 0
    assert terminal.run("webhook", "remove", hook_id) == 1
    assert terminal.run("webhook", "list") == 0
    assert terminal.out == "没有 / none\n"


@pytest.mark.parametrize("command", ["remove", "test", "retry"])
def test_a_webhook_that_there_is_not_is_named(terminal: Terminal, command: str) -> None:
    assert terminal.run("webhook", command, "hook-0") == 1
    assert terminal.err == "✗ hook-0: 没有这个通知地址 / no such webhook\n"


def test_test_says_whether_a_message_arrives(terminal: Terminal, database: Database) -> None:
    with served(Listener([204, 500])) as url:
        terminal.run("webhook", "add", url)
        hook_id = terminal.out.split()[0]
        assert terminal.run("webhook", "test", hook_id) == 0
        assert "arrived (HTTP 204)" in terminal.out
        assert terminal.run("webhook", "test", hook_id) == 1
        assert "HTTP 500" in terminal.err


@pytest.mark.parametrize(
    "arguments", [("webhook", "add", "office"), ("webhook", "add", "http://10.0.0.8", "--event", "claim.x")]
)
def test_what_cannot_be_added_is_2(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    assert terminal.run(*arguments) == 2


def test_the_schema_is_printed(terminal: Terminal) -> None:
    assert terminal.run("schema", "engine") == 0
    assert {"HandOverPayload", "EngineAnswer", "ClaimRecord"} <= json.loads(terminal.out)["$defs"].keys()


def test_serve_says_which_file_or_port_cannot_be_used(terminal: Terminal, tmp_path: Path) -> None:
    no_database = tmp_path / "notes.txt"
    no_database.write_text("no database, and long enough to be looked at as one" * 20)
    assert terminal.run("engine", "serve", "--db", str(no_database), "--port", "0") == 1
    assert "notes.txt: 无法使用 / cannot be used" in terminal.err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert terminal.run("engine", "serve", "--db", str(tmp_path / "e.sqlite"), "--port", port) == 1
    assert f"127.0.0.1:{port}: 端口无法使用" in terminal.err


@pytest.mark.slow
def test_an_engine_that_is_killed_after_it_took_a_claim_gives_its_first_answer(
    database: Database, tmp_path: Path
) -> None:
    """As a process, with kill -9 while it holds its answer back."""
    put_entered(database)
    book = tmp_path / "engine.sqlite"
    holding_back = ("--fail", "timeout-after-commit", "--rate", "1")
    with killed_at_the_end(book, *holding_back) as url, HttpEngine(url, SECRET, read_seconds=0.5) as client:
        assert send_due(database, client, NOW, limit=1) == Sent(put_off=1)
    assert claim(database).state == "entered"
    refusing = stand_in(StandInBook(book), SECRET, "refused")
    with served(refusing) as url, HttpEngine(url, SECRET) as client:
        assert send_due(database, client, message(database).due_at) == Sent(answered=1)
    (kept,) = StandInBook(book).messages()
    assert kept.received == 2
    assert claim(database).state == "settled", "what it said first, not what it would say now"


@contextmanager
def killed_at_the_end(book: Path, *options: str) -> Iterator[str]:
    """The URL of `baoxiao engine serve`, which is killed when the context ends."""
    command = [sys.executable, "-m", "pipeline.cli", "engine", "serve", "--port", "0", "--db", str(book)]
    environment = {**os.environ, "BAOXIAO_ENGINE_SECRET": SECRET}
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip().removeprefix("BAOXIAO_ENGINE_URL=")
    finally:
        process.kill()
        process.communicate()
