from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from pipeline.errors import FolderUnusable
from pipeline.store.exclusive import exclusively


def _add_one(folder: Path, times: int) -> None:
    for _ in range(times):
        with exclusively(folder / "a.lock"):
            count = folder / "count"
            before = int(count.read_text()) if count.exists() else 0
            count.write_text(str(before + 1))


def test_processes_take_turns_and_lose_nothing(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_add_one, args=(tmp_path, 20)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (tmp_path / "count").read_text() == "40"


def test_who_waits_too_long_is_told_what_to_do(tmp_path: Path) -> None:
    with exclusively(tmp_path / "a.lock"), pytest.raises(FolderUnusable, match="正在使用"):  # noqa: SIM117
        with exclusively(tmp_path / "a.lock", wait_seconds=0.05):
            pass


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), exclusively(tmp_path / "a.lock"):
        raise KeyError
    with exclusively(tmp_path / "a.lock", wait_seconds=0.05):
        pass
