"""The gate at the desk: judges once, remembers it, says when it is behind, and fails without harm."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ServiceUnavailable
from pipeline.reading.decoded import SpooledPage
from pipeline.reading.quality import Quality
from pipeline.store.originals import FolderOriginals
from pipeline.store.submissions import ReceivedFile
from pipeline.web.uploads import gate as gate_module
from pipeline.web.uploads.gate import PageGate, quality_of
from tests.fakes import FakeDecoder, FakeReaders, outcome
from tests.web.uploads.desk import settings_in

SECONDS = 20.0


class Desk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.originals = FolderOriginals(folder / "originals")
        self.decoder = FakeDecoder()
        self.readers = FakeReaders()

    def sent(self, content: bytes = b"other name=x", name: str = "a.txt") -> ReceivedFile:
        return ReceivedFile(name, self.originals.put(content), len(content))

    def gate(self, readers: Any = None) -> PageGate:
        return PageGate(
            self.originals,
            settings_in(self.folder),
            sandbox=lambda _: self.decoder,
            readers=readers or (lambda *_: self.readers),
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_picture_is_judged_once_whatever_it_is_called_and_whenever_it_comes(desk: Desk) -> None:
    first = desk.sent()
    with desk.gate() as gate:
        gate.judge([first])
        gate.wait([first], SECONDS)
        assert quality_of(gate, [first]) is not None
    judged = len(desk.decoder.decoded)
    with desk.gate() as gate:
        again = ReceivedFile("b.txt", first.sha256, first.size)
        gate.judge([again])
        (verdict,) = quality_of(gate, [again]) or []
    assert verdict["file"] == "b.txt"
    assert [name for name, _page in desk.decoder.decoded[judged:] if name == first.sha256[:16]] == []


def test_what_was_declared_needs_no_verdict(desk: Desk) -> None:
    with desk.gate() as gate:
        assert quality_of(gate, [desk.sent(b"{}", "application.json")]) == []


def test_it_is_full_while_too_many_wait_and_says_when_to_come_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "MOST_WAITING", 2)
    go_on = threading.Event()

    class Slow(FakeDecoder):
        def decode(self, *asked: Any) -> Any:
            go_on.wait(SECONDS)
            return super().decode(*asked)

    desk.decoder = Slow()
    files = [desk.sent(b"other %d" % number) for number in range(4)]
    with desk.gate() as gate:
        was_full = [gate.is_full]
        gate.judge(files)
        was_full.append(gate.is_full)
        assert gate.retry_after_seconds == 4
        go_on.set()
        gate.wait(files, SECONDS)
        assert [*was_full, gate.is_full] == [False, True, False]
        assert len(quality_of(gate, files) or []) == 4


def test_who_comes_behind_others_does_not_wait(desk: Desk) -> None:
    go_on = threading.Event()

    class Slow(FakeDecoder):
        def decode(self, *asked: Any) -> Any:
            go_on.wait(SECONDS)
            return super().decode(*asked)

    desk.decoder = Slow()
    first, second = desk.sent(b"other 1"), desk.sent(b"other 2")
    with desk.gate() as gate:
        gate.judge([first, second])
        gate.wait([second], SECONDS)  # returns at once, or the test takes as long
        assert quality_of(gate, [second]) is None
        go_on.set()


def test_a_judge_that_fails_on_a_picture_judges_the_next(desk: Desk) -> None:
    class Failing(FakeReaders):
        def judge(self, pages: Sequence[SpooledPage], *, is_part: bool) -> Future[list[Quality]]:
            return outcome(lambda: [Quality("accept", 0.0) for _ in pages])

    desk.readers = Failing()
    broken, good = desk.sent(b"\xff\xfe broken"), desk.sent()
    with desk.gate() as gate:
        gate.judge([broken, good])
        gate.wait([broken, good], SECONDS)
        assert quality_of(gate, [broken]) == []
        assert [one["verdict"] for one in quality_of(gate, [good]) or []] == ["accept"]


def test_without_processes_that_judge_uploads_are_taken_all_the_same(desk: Desk) -> None:
    def cannot(*_: object) -> FakeReaders:
        raise ServiceUnavailable("无法启动 / cannot be started")

    sent = desk.sent()
    with desk.gate(cannot) as gate:
        gate.judge([sent])
        gate.wait([sent], SECONDS)
        assert not gate.is_full
        assert quality_of(gate, [sent]) is None
