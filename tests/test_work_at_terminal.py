"""`baoxiao receive` and `baoxiao work` as people meet them: what they print where, and how they end."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from pipeline import cli, work_at_terminal
from pipeline.settings import settings
from pipeline.submission_reader import SubmissionReader
from tests.fakes import FakeDecoder
from tests.parcels import CERTIFICATE, SureReaders, files_of


class Terminal:
    """Runs the command in this process, with fakes for what reads."""

    def __init__(self, folder: Path, captured: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.readers = SureReaders()
        self._captured = captured
        self.out = self.err = ""

    def put(self, name: str, files: dict[str, bytes]) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        return folder

    def run(self, *arguments: str | Path) -> int:
        self._captured.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        self.out, self.err = self._captured.readouterr()
        return int(ended.value.code or 0)


@pytest.fixture
def terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Terminal]:
    made = Terminal(tmp_path, capsys)
    reader = partial(SubmissionReader, sandbox=lambda _: FakeDecoder(), readers=lambda *_: made.readers)
    monkeypatch.setattr(work_at_terminal, "SubmissionReader", reader)
    monkeypatch.setenv("BAOXIAO_STORE_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("BAOXIAO_ENGINE", "batch_file")
    monkeypatch.setenv("BAOXIAO_SECOND_REVIEW_SHARE", "0")
    settings.cache_clear()
    yield made
    settings.cache_clear()


def claim_in(told: str) -> str:
    """The id of the claim that a line tells of."""
    return next(word for word in told.split() if word.startswith("C-"))


def test_what_is_received_is_read_and_told_with_its_claim(terminal: Terminal) -> None:
    assert terminal.run("receive", terminal.put("张", files_of(1))) == 0
    received, read = terminal.out.splitlines()
    assert "已接收 3 个文件 / received, 3 files: 张" in received
    assert "已录入 / entered（新申请 / new）" in read
    assert terminal.err == ""


def test_each_folder_is_a_submission_of_its_own(terminal: Terminal) -> None:
    for number in (1, 2):
        terminal.put(f"今天/{number}", files_of(number))
    assert terminal.run("receive", "--each", terminal.folder / "今天") == 0
    assert terminal.out.count("received, 3 files") == 2
    assert terminal.out.count("/ entered") == 2


def test_what_is_left_for_later_is_read_by_the_worker(terminal: Terminal) -> None:
    assert terminal.run("receive", "--later", terminal.put("张", files_of(1))) == 0
    assert "entered" not in terminal.out
    assert terminal.run("work", "--once") == 0
    assert "/ entered" in terminal.out
    assert terminal.run("work", "--once") == 0
    assert terminal.out == ""


def test_the_same_again_is_told_as_such_and_read_no_more(terminal: Terminal) -> None:
    folder = terminal.put("张", files_of(1))
    terminal.run("receive", folder)
    pages = len(terminal.readers.read_pages)
    assert terminal.run("receive", folder) == 0
    assert "以前已接收，已识别 / was received before, read" in terminal.out
    assert len(terminal.readers.read_pages) == pages


def test_papers_for_a_claim_complete_it(terminal: Terminal) -> None:
    terminal.run("receive", terminal.put("张", files_of(1, lacking=CERTIFICATE)))
    assert "材料不全 / incomplete：M06 诊断证明（新申请 / new）" in terminal.out
    claim = claim_in(terminal.out)
    late = terminal.put("补", {CERTIFICATE: files_of(1)[CERTIFICATE]})
    assert terminal.run("receive", "--for", claim, late) == 0
    assert f"{claim} 已录入 / entered（材料已并入 / papers added）" in terminal.out


def test_a_claim_that_is_not_there_is_2_and_nothing_is_received(terminal: Terminal) -> None:
    assert terminal.run("receive", "--for", "C-0", terminal.put("张", files_of(1))) == 2
    assert "C-0: 没有这个申请" in terminal.err
    assert terminal.run("work", "--once") == 0
    assert terminal.out == ""


def test_a_claim_that_takes_no_papers_is_1_with_the_reason(terminal: Terminal) -> None:
    terminal.run("receive", terminal.put("张", files_of(1)))
    late = terminal.put("补", {"又.txt": b"other name=x"})
    assert terminal.run("receive", "--for", claim_in(terminal.out), late) == 1
    assert "add_papers is impossible here" in terminal.err


def test_a_path_that_is_not_there_is_2(terminal: Terminal) -> None:
    assert terminal.run("receive", terminal.folder / "没有") == 2


def test_a_folder_without_papers_is_1_and_the_others_are_received(terminal: Terminal) -> None:
    empty, full = terminal.put("空", {}), terminal.put("张", files_of(1))
    assert terminal.run("receive", empty, full) == 1
    assert "没有票据文件" in terminal.err
    assert "/ entered" in terminal.out


def test_what_could_not_be_read_is_named_and_1(terminal: Terminal) -> None:
    assert terminal.run("receive", terminal.put("张", files_of(1) | {"坏.txt": b"!corrupt"})) == 1
    assert "坏.txt" in terminal.out
    assert "/ entered" in terminal.out


def test_a_part_of_ours_that_is_down_is_1_and_tried_later(terminal: Terminal) -> None:
    terminal.readers.down = 9
    folder = terminal.put("张", files_of(1) | {"停.txt": b"other down"})
    assert terminal.run("receive", folder) == 1
    assert "稍后重试 / tried again later: 停了 / it is down" in terminal.out
    assert terminal.run("work", "--once") == 1  # it is not yet its turn


def test_ctrl_c_is_130_and_loses_nothing(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    folder = terminal.put("张", files_of(1))
    with monkeypatch.context() as stopped:
        stopped.setattr(terminal.readers, "understand", stop)
        assert terminal.run("receive", folder) == 130
    assert "nothing received is lost" in terminal.err
    assert terminal.run("work", "--once") == 0
    assert "/ entered" in terminal.out


def test_without_an_engine_the_worker_reads_all_the_same(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAOXIAO_ENGINE", "http")
    settings.cache_clear()
    terminal.run("receive", "--later", terminal.put("张", files_of(1)))
    assert terminal.run("work", "--once") == 0
    assert "reading only, nothing is handed over" in terminal.out
    assert "/ entered" in terminal.out
