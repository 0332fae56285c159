"""Originals are kept under their hash: whole or not at all, never overwritten, wherever they lie."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import StoreUnusable
from pipeline.store import originals as module
from pipeline.store.originals import FolderOriginals, Originals, RemoteOriginals, key_of, originals_at

PAPER = b"\xff\xd8 a photo \x00 of a bill" * 50
SHA = hashlib.sha256(PAPER).hexdigest()


class Bucket(MemoryFileSystem):  # type: ignore[misc]
    """Like an object store: there are no folders, and to move is to copy and to take away."""

    protocol = "bucket"
    store: dict[str, Any] = {}  # noqa: RUF012 - as in the class above
    pseudo_dirs = [""]  # noqa: RUF012

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Nothing to be made."""


@pytest.fixture(params=["folder", "file", "memory", "bucket"])
def originals(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Originals]:
    fsspec.register_implementation("bucket", Bucket, clobber=True)
    places: dict[str, Path | str] = {
        "folder": tmp_path / "papers",
        "file": f"file://{tmp_path}/papers",
        "memory": "memory://papers",
        "bucket": "bucket://papers",
    }
    yield originals_at(places[request.param])
    for files in (MemoryFileSystem, Bucket):
        files.store.clear()
        files.pseudo_dirs[:] = [""]


def test_what_is_put_comes_back_under_its_hash(originals: Originals) -> None:
    assert originals.is_empty()
    assert not originals.has(SHA)
    assert originals.put(PAPER) == SHA
    with originals.open(SHA) as kept:
        assert kept.read() == PAPER
    with originals.path(SHA) as path:
        assert path.read_bytes() == PAPER
    assert originals.has(SHA)
    assert originals.is_whole(SHA)
    assert not originals.is_empty()


def test_bytes_a_file_and_an_open_file_are_the_same(originals: Originals, tmp_path: Path) -> None:
    file = tmp_path / "票.jpg"
    file.write_bytes(PAPER)
    with file.open("rb") as opened:
        assert {originals.put(PAPER), originals.put(file), originals.put(opened)} == {SHA}
    assert file.read_bytes() == PAPER


def test_an_empty_file_is_kept_too(originals: Originals) -> None:
    assert originals.is_whole(originals.put(b""))


@given(st.binary(max_size=300))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_put_twice_is_kept_once_and_whole(originals: Originals, content: bytes) -> None:
    sha256 = originals.put(content)
    assert originals.put(content) == sha256
    with originals.open(sha256) as kept:
        assert kept.read() == content


@pytest.mark.parametrize("wrong", ["", "../../etc/passwd", SHA.upper(), SHA[:-1], f"{SHA}0", f"{SHA[:-1]}/"])
def test_a_name_that_is_no_hash_leads_nowhere(originals: Originals, wrong: str) -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        originals.open(wrong)


def test_what_is_missing_is_told_with_the_way_out(originals: Originals) -> None:
    with pytest.raises(StoreUnusable, match=f"缺少原件 {SHA}.*baoxiao db check"):
        originals.open(SHA)
    with pytest.raises(StoreUnusable, match=SHA), originals.path(SHA):
        pass
    assert not originals.is_whole(SHA)


def test_a_file_that_is_not_there_is_its_sender_s_affair(originals: Originals, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        originals.put(tmp_path / "none.jpg")


class Breaking:
    """An open file that breaks off."""

    def __init__(self) -> None:
        self._parts = [b"the first half"]

    def read(self, _size: int = -1) -> bytes:
        if not self._parts:
            raise OSError(5, "Input/output error")
        return self._parts.pop()


def test_what_breaks_off_leaves_nothing(originals: Originals, tmp_path: Path) -> None:
    breaking: IO[bytes] = Breaking()  # type: ignore[assignment]
    with pytest.raises(StoreUnusable, match="原件无法读写"):
        originals.put(breaking)
    assert originals.is_empty()
    left: list[Path | str] = [path for path in tmp_path.rglob("*") if path.is_file()]
    left += [key for files in (MemoryFileSystem, Bucket) for key in files.store]
    assert left == []


def test_several_at_once_put_the_same_paper(originals: Originals) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(originals.put(PAPER))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [SHA] * 8
    assert originals.is_whole(SHA)


def test_an_original_that_is_there_is_not_written_again(tmp_path: Path) -> None:
    originals = FolderOriginals(tmp_path)
    originals.put(PAPER)
    before = (tmp_path / key_of(SHA)).stat()
    originals.put(PAPER)
    after = (tmp_path / key_of(SHA)).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_damage_is_seen_and_put_right_by_the_same_paper(tmp_path: Path) -> None:
    originals = FolderOriginals(tmp_path)
    originals.put(PAPER)
    (tmp_path / key_of(SHA)).write_bytes(PAPER[:-1])
    assert originals.has(SHA)
    assert not originals.is_whole(SHA)
    originals.put(PAPER)
    assert originals.is_whole(SHA)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other modes")
def test_papers_are_for_their_owner_alone(tmp_path: Path) -> None:
    FolderOriginals(tmp_path / "originals").put(PAPER)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "originals").rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}


def test_the_name_is_on_the_disk_before_put_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a power cut takes away what was acknowledged, although its bytes were written."""
    synced: list[str] = []
    real = module.sync_folder

    def noting(folder: Path) -> None:
        synced.append(str(folder.relative_to(tmp_path)))
        real(folder)

    monkeypatch.setattr(module, "sync_folder", noting)
    FolderOriginals(tmp_path).put(PAPER)
    assert synced[-1] == f"{SHA[:2]}/{SHA[2:4]}"
    assert {".", SHA[:2]} <= set(synced)


def test_a_url_of_this_machine_s_files_is_a_folder_and_as_safe(tmp_path: Path) -> None:
    assert isinstance(originals_at(f"file://{tmp_path}"), FolderOriginals)
    assert isinstance(originals_at("memory://papers"), RemoteOriginals)


@pytest.mark.parametrize("url", ["nowhere://papers", "s4://papers"])
def test_a_url_that_nobody_knows_is_refused(url: str) -> None:
    with pytest.raises(StoreUnusable, match="原件地址无法使用"):
        originals_at(url)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnusable, match="原件无法读写"):
        FolderOriginals(tmp_path / "file" / "originals").put(PAPER)
