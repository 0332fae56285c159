"""What is sent is kept before anybody is told, whole or not at all, and never twice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from pipeline.errors import StepRefused, StoreUnusable, UnreadableFile
from pipeline.receiving import Parcel, parcels_at, receive
from pipeline.store.opened import Store
from pipeline.store.submissions import is_waiting
from pipeline.store.tables import submission_files
from tests.stored_claims import stored_claim

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
FILES = [("张三/票.jpg", b"bill"), ("张三/application.json", b"{}")]


def test_whoever_is_told_finds_every_byte(store: Store) -> None:
    receipt = receive(store, FILES, "folder", NOW, reference="R-7")
    assert receipt.is_new
    assert receipt.submission.reference == "R-7"
    with store.database.read() as connection:
        rows = connection.execute(select(submission_files).order_by(submission_files.c.ordinal)).all()
    assert [(row.name, row.size) for row in rows] == [("张三/票.jpg", 4), ("张三/application.json", 2)]
    for row, (_, content) in zip(rows, FILES, strict=True):
        with store.originals.open(row.sha256) as kept:
            assert kept.read() == content


def test_files_of_a_folder_are_kept_as_bytes_are(store: Store, tmp_path: Path) -> None:
    (tmp_path / "票.jpg").write_bytes(b"bill")
    of_file = receive(store, [("票.jpg", tmp_path / "票.jpg")], "folder", NOW)
    of_bytes = receive(store, [("票.jpg", b"bill")], "online", NOW)
    assert of_file.submission == of_bytes.submission
    assert (of_file.is_new, of_bytes.is_new) == (True, False)


def test_bytes_are_kept_before_rows(store: Store) -> None:
    class Full:
        name = "full"

        def put(self, content: Path | bytes) -> str:
            raise StoreUnusable("磁盘已满 / the disk is full")

    with pytest.raises(StoreUnusable):
        receive(Store(store.database, Full()), FILES, "folder", NOW)  # type: ignore[arg-type]
    with store.database.read() as connection:
        assert not is_waiting(connection)


@pytest.mark.parametrize("name", ["../票.jpg", "/etc/票.jpg", "a/../../票.jpg", "a\0.jpg", "", "."])
def test_a_name_that_leads_out_of_its_folder_is_refused(store: Store, name: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        receive(store, [("好.jpg", b"1"), (name, b"2")], "api", NOW)
    assert refused.value.code == "unsafe"
    with store.database.read() as connection:
        assert not is_waiting(connection)


@pytest.mark.parametrize("files", [[], [("application.json", b"{}"), ("a/verifications.jsonl", b"")]])
def test_what_holds_no_paper_is_refused(store: Store, files: list[tuple[str, Path | bytes]]) -> None:
    with pytest.raises(UnreadableFile, match="没有票据文件"):
        receive(store, files, "folder", NOW)


def test_a_file_that_cannot_be_opened_is_named_and_nothing_is_received(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"没了\.jpg.*check permissions"):
        receive(store, [("好.jpg", b"1"), ("没了.jpg", tmp_path / "没了.jpg")], "folder", NOW)
    with store.database.read() as connection:
        assert not is_waiting(connection)


def test_papers_for_a_claim_that_is_not_there_are_refused(store: Store) -> None:
    with pytest.raises(LookupError):
        receive(store, FILES, "folder", NOW, for_claim="C-0")


def test_papers_for_a_claim_that_takes_none_are_refused_with_what_is_possible(store: Store) -> None:
    with store.database.write() as connection:
        stored_claim(connection, "C-1", "settled")
    with pytest.raises(StepRefused, match="add_papers"):
        receive(store, FILES, "folder", NOW, for_claim="C-1")


class TestParcels:
    def names(self, parcel: Parcel) -> list[str]:
        return [name for name, _ in parcel.files]

    def test_a_path_is_one_submission(self, tmp_path: Path) -> None:
        for name in ("a/1.jpg", "b/1.jpg", "2.jpg"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        (parcel,) = parcels_at(tmp_path)
        assert self.names(parcel) == ["2.jpg", "a/1.jpg", "b/1.jpg"]

    def test_each_folder_and_file_is_one_as_if_it_were_sent_alone(self, tmp_path: Path) -> None:
        for name in ("a/1.jpg", "a/下/2.jpg", "b/1.jpg", "2.jpg", ".hidden"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        parcels = list(parcels_at(tmp_path, each=True))
        assert [self.names(parcel) for parcel in parcels] == [["2.jpg"], ["1.jpg", "下/2.jpg"], ["1.jpg"]]
        for parcel in parcels:
            (alone,) = parcels_at(parcel.path)
            assert alone == parcel

    def test_what_is_declared_beside_them_goes_with_each_that_declares_nothing(self, tmp_path: Path) -> None:
        for name in ("a/1.jpg", "b/1.jpg", "b/application.json", "application.json"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(name)
        a, b = parcels_at(tmp_path, each=True)
        assert dict(a.files) == {
            "1.jpg": tmp_path / "a/1.jpg",
            "application.json": tmp_path / "application.json",
        }
        assert dict(b.files)["application.json"] == tmp_path / "b/application.json"

    def test_a_file_is_one_whatever_is_asked(self, tmp_path: Path) -> None:
        (tmp_path / "1.jpg").touch()
        (parcel,) = parcels_at(tmp_path / "1.jpg", each=True)
        assert self.names(parcel) == ["1.jpg"]
