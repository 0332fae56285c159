"""Uploads as they come in, one by one: what was sent is kept, read at once, and the answer is kept too.

All of it lies in our own state folder under a key, the hash of what was sent; who passes work on (a web
application, a flow) passes the key and no personal data. The processes stay warm, so that an upload costs
its reading and nothing more.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Protocol, cast

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from extractors import field_names
from pipeline.application import is_declared
from pipeline.close_ups import CloseUpRecord, MergingReaders, WithCloseUps, close_up_record
from pipeline.declared import read_applications
from pipeline.errors import UnreadableFile
from pipeline.gate import PageJudges, PageQuality, page_qualities
from pipeline.learned import with_learned
from pipeline.model import Document, SourceFile, Unread
from pipeline.readers import Readers
from pipeline.reading.closeup import CloseUpOf
from pipeline.reading.open_file import source_file
from pipeline.reading.refusal import unread
from pipeline.reading.sandbox import Sandbox
from pipeline.records import (
    SCHEMA_VERSION,
    BatchRecord,
    ClaimRecord,
    DocumentRecord,
    ErrorRecord,
    document_record,
    error_record,
)
from pipeline.scan import reader_version
from pipeline.settings import Settings
from pipeline.together import taken_together
from pipeline.upload import Decoder, UploadReader
from pipeline.wiring import catalogs, learned, office

KEY = re.compile(r"[0-9a-f]{64}")
CLOSE_UP_OF = "close_up_of.json"


class DeskReaders(MergingReaders, PageJudges, Protocol):
    """What reads and judges pages, also with close-ups of them: `pipeline.readers.Readers`."""


@dataclass(frozen=True, slots=True)
class PageOf:
    """A page that a close-up shows a part of: the upload's key, the place of the file in it, the page."""

    upload: str
    file: int = 1
    page: int = 1


class UploadAnswer(TypedDict):
    """What an upload gave, in the rows of the contract.

    `documents` carry the fields to show filled in, `errors` say of each unreadable file what to do, and
    `claims` what the papers make so far: findings across them and the materials that are missing; where
    separators or labels of ours lie among the papers, they part them. `batches` says of each batch header
    whether its batch closes or is held and which sheet to pull, as `batches.jsonl` does. `quality` says of
    each page whether a new photo would help, `close_ups` what became of those that were sent.
    """

    schema_version: str
    upload: str
    documents: list[DocumentRecord]
    claims: list[ClaimRecord]
    batches: list[BatchRecord]
    errors: list[ErrorRecord]
    quality: list[PageQuality]
    close_ups: list[CloseUpRecord]


class UploadDesk:
    """Takes uploads and answers them; a context manager whose methods may be called from any thread.

    Args:
        settings: Of this office.
        today: Gives the day that counts as the present; a desk is open for weeks.
        sandbox: Gives what opens files, for so many at once.
        readers: Gives what reads pages.
    """

    def __init__(
        self,
        settings: Settings,
        today: Callable[[], date] = date.today,
        *,
        sandbox: Callable[[int], AbstractContextManager[Decoder]] = Sandbox,
        readers: Callable[[Settings, Path | None, int], AbstractContextManager[DeskReaders]] = Readers,
    ) -> None:
        self._settings = settings
        self._today = today
        office(settings)  # a place's file that is wrong is told when the desk opens
        self._folder = settings.state_dir / "uploads"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ExitStack() as opened:
            self._sandbox = opened.enter_context(sandbox(1))
            self._readers = opened.enter_context(readers(settings, None, 1))
            self._open = opened.pop_all()

    def __enter__(self) -> UploadDesk:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(error_type, error, trace)

    def receive(self, files: Sequence[tuple[str, bytes]], close_up_of: PageOf | None = None) -> str:
        """Keep the files of one upload, each a name and its bytes, and give the upload's key.

        The same files under the same names are the same upload. With `close_up_of` they are close-ups of a
        page that came before: their own key then answers for the whole earlier upload with them merged in.

        Raises:
            LookupError: If there is no such earlier upload, or it has no such file.
        """
        if close_up_of is not None and not 1 <= close_up_of.file <= len(
            _names(self._root(close_up_of.upload))
        ):
            raise LookupError(f"the upload has no file {close_up_of.file}")
        hashes: list[object] = [[name, hashlib.sha256(content).hexdigest()] for name, content in files]
        if close_up_of is not None:
            hashes.append(asdict(close_up_of))
        key = hashlib.sha256(json.dumps(hashes).encode()).hexdigest()
        if not (self._folder / key).exists():
            with tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as draft:
                kept = Path(draft) / key
                kept.mkdir(mode=0o700)
                (kept / "names.json").write_text(json.dumps([name for name, _ in files]), encoding="utf-8")
                for number, (_, content) in enumerate(files):
                    (kept / str(number)).write_bytes(content)
                if close_up_of is not None:
                    (kept / CLOSE_UP_OF).write_text(json.dumps(asdict(close_up_of)), encoding="utf-8")
                _put(kept, self._folder / key)
        return key

    def answer(self, key: str) -> UploadAnswer:
        """What the upload gave; read now, or kept since it was read by this version on this day.

        Raises:
            LookupError: If no upload is kept under `key`.
            ServiceUnavailable: If a part of ours is down.
        """
        kept = self._kept(key)
        taught = " ".join(sorted(alias.id for alias in learned(self._settings).values()))
        read_by = f"{reader_version(self._settings)} {self._today()} {taught}".rstrip()
        answers = kept / "answer.json"
        if answers.exists():
            found = json.loads(answers.read_text(encoding="utf-8"))
            if found["read_by"] == read_by:
                return cast("UploadAnswer", found["answer"])
        answer = self._read(key, kept)
        _write(answers, {"read_by": read_by, "answer": answer})
        return answer

    def quality(self, key: str) -> list[PageQuality]:
        """Whether the pages sent under `key` can be read, judged by a sample of their lines.

        Of a file the first `pipeline.upload.WINDOW_PAGES` pages are judged, of a ZIP none: both come from
        people who scan. What was judged is kept.

        Raises:
            LookupError: If no upload is kept under `key`.
            ServiceUnavailable: If a part of ours is down.
        """
        kept = self._kept(key)
        judged = kept / "quality.json"
        version = reader_version(self._settings)
        if judged.exists():
            found = json.loads(judged.read_text(encoding="utf-8"))
            if found["judged_by"] == version:
                return cast("list[PageQuality]", found["quality"])
        is_part = (kept / CLOSE_UP_OF).exists()
        quality: list[PageQuality] = []
        for source, path in _files(kept):
            if is_declared(source.name):
                continue
            with tempfile.TemporaryDirectory(dir=kept, ignore_cleanup_errors=True) as spool:
                quality += page_qualities(
                    self._sandbox, self._readers, source, path, Path(spool), is_part=is_part
                )
        _write(judged, {"judged_by": version, "quality": quality})
        return quality

    def forget(self, key: str) -> None:
        """Delete the upload and its answer; a close-up of it answers no more."""
        shutil.rmtree(self._kept(key))

    def _kept(self, key: str) -> Path:
        kept = self._folder / key
        if not KEY.fullmatch(key) or not kept.is_dir():
            raise LookupError(f"no upload is kept under {key[:64]!r}")
        return kept

    def _root(self, key: str) -> Path:
        """The folder of the upload that close-ups were sent for, of `key` itself where it is none."""
        kept = self._kept(key)
        of = _close_up_of(kept)
        return kept if of is None else self._root(of.upload)

    def _close_ups(self, key: str) -> Iterator[tuple[str, Path, PageOf]]:
        """The close-ups that `key` answers for, the first sent first: key, folder and page of each."""
        kept = self._kept(key)
        of = _close_up_of(kept)
        if of is not None:
            yield from self._close_ups(of.upload)
            yield key, kept, of

    def _read(self, key: str, kept: Path) -> UploadAnswer:
        root = self._root(key)
        sent = list(self._close_ups(key))
        documents: list[Document] = []
        missed: list[Unread] = []
        close_ups: list[CloseUpRecord] = []
        files = [(source.name, path) for source, path in _files(root)]
        applications, refused = read_applications(
            [one for one in files if is_declared(one[0])],
            [one for one in files if not is_declared(one[0])],
        )
        missed += refused
        for number, (source, path) in enumerate(_files(root), 1):
            if is_declared(source.name):
                continue
            with (
                tempfile.TemporaryDirectory(dir=kept, ignore_cleanup_errors=True) as spool,
                tempfile.TemporaryDirectory(dir=kept, ignore_cleanup_errors=True) as beside,
            ):
                own = [(name, folder, of) for name, folder, of in sent if of.file == number]
                opened = list(self._opened(own, Path(beside), missed))
                readers = WithCloseUps(self._readers, {source.name: opened})
                reader = UploadReader(self._sandbox, partial(_whatever_pages, readers), self._today())
                for reading in reader.read(source, path, Path(spool), lambda _ordinal: False):
                    documents += reading.documents
                    missed += reading.unread
                close_ups += [close_up_record(readers.merged, source.name, close_up) for close_up in opened]
        lists, taught = catalogs(self._settings), learned(self._settings)
        documents = [with_learned(document, lists, taught) for document in documents]
        by_id = {document.id: document for document in documents}
        together = taken_together(
            lambda: iter(documents),
            by_id.__getitem__,
            lists,
            self._today(),
            applications,
            office(self._settings),
        )
        return {
            "schema_version": SCHEMA_VERSION,
            "upload": key,
            "documents": [
                document_record(together.final(document), field_names(document.type))
                for document in documents
            ],
            "claims": list(together.claims),
            "batches": list(together.batches),
            "errors": [error_record(row) for row in missed],
            "quality": self.quality(key),
            "close_ups": close_ups,
        }

    def _opened(
        self, sent: Sequence[tuple[str, Path, PageOf]], folder: Path, missed: list[Unread]
    ) -> Iterator[CloseUpOf]:
        """The pictures of close-ups, decoded into `folder`; one that cannot be opened becomes a row."""
        for key, kept, of in sent:
            for source, path in _files(kept):
                try:
                    decoded = self._sandbox.decode(source, path, folder, 1, 1).result()
                except UnreadableFile as error:
                    missed.append(unread(error, source))
                    continue
                yield from (CloseUpOf(key, of.page, picture) for picture in decoded.pages)


def _whatever_pages(readers: WithCloseUps, _pages: int) -> WithCloseUps:
    """What reads a file, however many pages it has."""
    return readers


def _close_up_of(kept: Path) -> PageOf | None:
    """The page that an upload is a close-up of."""
    noted = kept / CLOSE_UP_OF
    return PageOf(**json.loads(noted.read_text(encoding="utf-8"))) if noted.exists() else None


def _names(kept: Path) -> list[str]:
    found: list[str] = json.loads((kept / "names.json").read_text(encoding="utf-8"))
    return found


def _write(place: Path, content: object) -> None:
    """Write JSON whole or not at all."""
    with tempfile.TemporaryDirectory(dir=place.parent, ignore_cleanup_errors=True) as draft:
        written = Path(draft) / place.name
        written.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        written.replace(place)


def _files(kept: Path) -> list[tuple[SourceFile, Path]]:
    """The files of an upload; of two with one name each gets its place before it (`2/IMG.jpg`)."""
    names = _names(kept)
    paths = [kept / str(number) for number in range(len(names))]
    called = [name if names.count(name) == 1 else f"{number}/{name}" for number, name in enumerate(names, 1)]
    return [(source_file(name, path), path) for name, path in zip(called, paths, strict=True)]


def _put(folder: Path, place: Path) -> None:
    try:
        folder.rename(place)
    except OSError:
        if not place.is_dir():  # else the same upload came in twice at once
            raise
