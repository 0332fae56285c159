"""The watch folder: what is whole is received once, whatever happens meanwhile; nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline import watching
from pipeline.errors import FolderUnusable
from pipeline.store.opened import Store
from pipeline.store.submissions import load_submission
from pipeline.store.tables import submissions
from pipeline.store.watched import WatchedFile, watched
from pipeline.watching import NOTED_FOR, QUIET, Watch
from tests.store.stored import NOW


class Killed(BaseException):
    """Nothing of ours catches it."""


class Desk:
    """A folder that is looked at every few seconds."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.watch = Watch(store, folder)
        self.now: datetime = NOW

    def put(self, name: str, content: bytes = b"outpatient_invoice") -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def look(self, later: timedelta = QUIET) -> int:
        self.now += later
        return self.watch.look(self.now)

    def received(self) -> list[list[str]]:
        with self.store.database.read() as connection:
            ids = connection.execute(submissions.select()).all()
            found = [load_submission(connection, row.id) for row in ids]
        return sorted(sorted(file.name for file in one.files) for one in found)

    def left(self) -> list[str]:
        """All files of the folder, wherever they lie in it."""
        return sorted(
            path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file()
        )

    def noted(self) -> dict[str, WatchedFile]:
        with self.store.database.read() as connection:
            return watched(connection)


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    (folder := tmp_path / "收件").mkdir()
    return Desk(store, folder)


def test_files_and_folders_are_each_a_submission_and_are_moved_aside(desk: Desk) -> None:
    desk.put("李四.pdf")
    desk.put("张三/票.jpg", b"1")
    desk.put("张三/里/清单.jpg", b"2")
    assert desk.look() == 0  # nobody knows yet whether they are whole
    assert desk.look() == 2
    assert desk.received() == [["李四.pdf"], ["票.jpg", "里/清单.jpg"]]
    assert desk.left() == ["done/张三/票.jpg", "done/张三/里/清单.jpg", "done/李四.pdf"]
    assert {file.state for file in desk.noted().values()} == {"taken"}
    assert desk.look() == 0


def test_a_file_that_is_still_written_is_left_alone(desk: Desk) -> None:
    file = desk.put("大.pdf", b"a")
    desk.look()
    for size in range(2, 5):
        file.write_bytes(b"a" * size)
        assert desk.look() == 0
    assert desk.look(timedelta(seconds=1)) == 0  # the same as before, not yet for long enough
    assert desk.look() == 1
    assert desk.received() == [["大.pdf"]]


def test_a_folder_waits_for_the_last_of_its_files(desk: Desk) -> None:
    desk.put("张三/一.jpg", b"1")
    desk.look()
    desk.put("张三/二.jpg", b"2")
    assert desk.look() == 0
    assert desk.look() == 1
    assert desk.received() == [["一.jpg", "二.jpg"]]


@pytest.mark.parametrize(
    "name",
    [
        "~$表.pdf",
        ".hidden.pdf",
        "下载.pdf.part",
        "下载.CRDOWNLOAD",
        "拷贝.tmp",
        "张三/票.jpg.filepart",
        "Thumbs.db",
    ],
)
def test_what_is_not_a_paper_yet_or_never_is_left_where_it_lies(desk: Desk, name: str) -> None:
    desk.put(name)
    assert [desk.look(), desk.look()] == [0, 0]
    assert desk.left() == [name]


def test_what_cannot_be_received_is_laid_aside_with_the_reason(desk: Desk) -> None:
    desk.put("只有申请/application.json", b"{}")
    desk.look()
    assert desk.look() == 0
    assert desk.left() == ["failed/只有申请.txt", "failed/只有申请/application.json"]
    assert "no paper" in (desk.folder / "failed" / "只有申请.txt").read_text("utf-8")
    (failed,) = desk.noted().values()
    assert failed.state == "failed"
    assert "没有票据文件" in (failed.failure or "")


def test_of_one_name_both_are_kept(desk: Desk) -> None:
    for content in (b"1", b"2", b"3"):
        desk.put("扫描.pdf", content)
        desk.look()
        desk.look()
    assert desk.left() == ["done/扫描 (2).pdf", "done/扫描 (3).pdf", "done/扫描.pdf"]
    assert len(desk.received()) == 3


def test_a_folder_of_a_name_that_was_there_before_is_taken_too(desk: Desk) -> None:
    for content in (b"1", b"2"):
        desk.put(f"窗口/{content.decode()}.jpg", content)
        desk.look()
        desk.look()
    assert desk.received() == [["1.jpg"], ["2.jpg"]]


def test_what_is_declared_beside_goes_with_each_and_stays(desk: Desk) -> None:
    desk.put("application.json", b"{}")
    desk.put("甲.pdf", b"1")
    desk.put("乙/票.jpg", b"2")
    desk.put("乙/application.json", b'{"a": 1}')
    desk.look()
    assert desk.look() == 2
    assert desk.received() == [["application.json", "甲.pdf"], ["application.json", "票.jpg"]]
    assert "application.json" in desk.left()


def test_what_became_of_files_is_told_for_a_while(desk: Desk) -> None:
    desk.put("甲.pdf")
    desk.look()
    desk.look()
    assert list(desk.noted()) == ["甲.pdf"]
    desk.look(NOTED_FOR + timedelta(seconds=1))
    assert desk.noted() == {}


def test_a_drive_that_is_away_is_told(desk: Desk) -> None:
    desk.folder.rmdir()
    with pytest.raises(FolderUnusable, match="网络盘"):
        desk.look()


def test_a_file_that_changes_between_the_last_look_and_its_taking_goes_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("甲.pdf", b"1")
    desk.look()
    rename = Path.rename

    def written_meanwhile(path: Path, target: Path) -> Path:
        if target.parent.name == watching.TAKING:
            path.write_bytes(b"12")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", written_meanwhile)
    assert desk.look() == 0
    monkeypatch.undo()
    assert desk.left() == ["甲.pdf"]
    assert [desk.look(), desk.look()] == [0, 1]


STEPS = ("rename", "receive", "note_watched")
"""What changes something on the way of a paper, in `pipeline.watching`."""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", [1, 2, 3, 4])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_it_loses_nothing_and_takes_nothing_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str, call: int, when: str
) -> None:
    desk.put("甲.pdf", b"1")
    desk.put("乙/一.jpg", b"2")
    desk.put("乙/二.jpg", b"3")
    desk.look()
    calls = 0

    def deadly(real: Callable[..., object]) -> Callable[..., object]:
        def made(*args: object, **named: object) -> object:
            nonlocal calls
            calls += 1
            if calls == call and when == "before":
                raise Killed
            given = real(*args, **named)
            if calls == call:
                raise Killed
            return given

        return made

    where: object = Path if step == "rename" else watching
    with monkeypatch.context() as patched:
        patched.setattr(where, step, deadly(getattr(where, step)))
        try:
            desk.look()
        except Killed:
            assert len(desk.left()) == 3
    desk.look()
    desk.look()
    assert desk.received() == [["一.jpg", "二.jpg"], ["甲.pdf"]]
    assert desk.left() == ["done/乙/一.jpg", "done/乙/二.jpg", "done/甲.pdf"]
