"""An upload as an async flow: the desk's answer, and Prefect learns nothing of anyone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from flows import online_upload, server
from flows.online_upload import judge_online, read_online, serving
from pipeline.desk import UploadAnswer, UploadDesk
from pipeline.errors import ServiceUnavailable
from pipeline.settings import settings
from tests.fakes import FakeDecoder, FakeReaders
from tests.flows.conftest import LEAVES_SOCKETS, Prefect

pytestmark = LEAVES_SOCKETS

NAME, FILE, AMOUNT = "司徒捏造", "司徒捏造的票.pdf", "98761.23"
RECEIPT = f"outpatient_invoice payer_name={NAME} visit_date=2026-03-12 total_amount={AMOUNT}"


@pytest.fixture
def readers() -> FakeReaders:
    return FakeReaders()


@pytest.fixture
def desk(state: Path, readers: FakeReaders) -> Iterator[UploadDesk]:
    with (
        UploadDesk(settings(), sandbox=lambda _: FakeDecoder(), readers=lambda *_: readers) as made,
        serving(made),
    ):
        yield made


def ask(desk: UploadDesk, text: str = RECEIPT) -> UploadAnswer:
    return asyncio.run(read_online(desk.receive([(FILE, text.encode())])))


@pytest.mark.slow
def test_the_answer_comes_by_a_flow_that_knows_the_key_alone(
    desk: UploadDesk, prefect_server: Prefect
) -> None:
    answer = ask(desk)
    assert answer == desk.answer(answer["upload"])
    assert answer["documents"][0]["fields"]["payer_name"]["value"] == NAME
    run = prefect_server.newest_run()
    assert run["parameters"] == {"upload_key": answer["upload"]}
    assert run["state"]["type"] == "COMPLETED"
    assert prefect_server.knows(answer["upload"])
    for secret in (NAME, FILE, AMOUNT):
        assert not prefect_server.knows(secret), secret


@pytest.mark.slow
def test_several_uploads_are_answered_at_once(desk: UploadDesk, prefect_server: Prefect) -> None:
    async def all_of_them() -> list[UploadAnswer]:
        keys = [desk.receive([(f"{n}.pdf", f"{RECEIPT} age={n}".encode())]) for n in range(4)]
        return await asyncio.gather(*map(read_online, keys))

    answers = asyncio.run(all_of_them())
    assert [answer["documents"][0]["source"]["file"] for answer in answers] == [f"{n}.pdf" for n in range(4)]


@pytest.mark.slow
def test_what_fails_is_told_to_the_caller_and_its_kind_alone_to_prefect(
    desk: UploadDesk, readers: FakeReaders, prefect_server: Prefect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_key: str) -> NoReturn:
        raise ServiceUnavailable(f"{NAME}: 停了 / is down")

    monkeypatch.setattr(desk, "answer", broken)
    with pytest.raises(ServiceUnavailable, match=NAME):
        ask(desk)
    run = prefect_server.newest_run()
    assert run["state"]["type"] == "FAILED"
    assert run["state"]["message"].endswith("Untold: ServiceUnavailable")
    assert not prefect_server.knows(NAME)


@pytest.mark.slow
def test_where_prefect_fails_the_upload_is_read_without_it(
    desk: UploadDesk,
    prefect_server: Prefect,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def unreachable(_key: str) -> NoReturn:
        raise ConnectionError("no route")

    monkeypatch.setattr(online_upload, "online_upload", unreachable)
    assert ask(desk)["documents"]
    assert "Prefect failed, reading directly: ConnectionError" in caplog.text


@pytest.mark.slow
def test_the_verdict_comes_by_a_flow_that_knows_the_key_alone_and_before_reading(
    desk: UploadDesk, readers: FakeReaders, prefect_server: Prefect
) -> None:
    key = desk.receive([(FILE, b"!corrupt")])
    (verdict,) = asyncio.run(judge_online(key))
    assert (verdict["file"], verdict["verdict"]) == (FILE, "retake")
    assert readers.read_pages == []
    run = prefect_server.newest_run()
    assert run["parameters"] == {"upload_key": key}
    assert not prefect_server.knows(FILE)


def test_without_a_server_the_verdict_comes_directly_and_stands_in_the_answer(
    desk: UploadDesk, readers: FakeReaders
) -> None:
    key = desk.receive([(FILE, RECEIPT.encode())])
    verdicts = asyncio.run(judge_online(key))
    assert [verdict["verdict"] for verdict in verdicts] == ["accept"]
    assert readers.read_pages == []
    assert asyncio.run(read_online(key))["quality"] == verdicts


def test_a_verdict_on_an_unknown_key_is_told(desk: UploadDesk) -> None:
    with pytest.raises(LookupError, match="no upload is kept"):
        asyncio.run(judge_online("0" * 64))


def test_without_a_server_the_upload_is_read_directly_and_one_line_says_so(
    desk: UploadDesk, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "flows"):
        first, second = ask(desk), ask(desk, f"{RECEIPT} age=5")
    assert first["documents"]
    assert second["documents"]
    assert caplog.messages == ["未发现 Prefect 服务，直接读取 / no Prefect API answers: reading directly"]


def test_a_server_that_comes_later_is_found(desk: UploadDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def find_api() -> tuple[None, str]:
        asked.append(1)
        return None, ""

    monkeypatch.setattr(server, "find_api", find_api)
    ask(desk)
    ask(desk)
    assert len(asked) == 1
    monkeypatch.setattr(online_upload._Process, "ask_at", 0.0)
    ask(desk)
    assert len(asked) == 2


def test_an_unknown_key_is_told(desk: UploadDesk) -> None:
    with pytest.raises(LookupError, match="no upload is kept"):
        asyncio.run(read_online("0" * 64))


def test_without_a_desk_the_caller_learns_what_to_do() -> None:
    with pytest.raises(RuntimeError, match="UploadDesk"):
        online_upload._desk()
