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
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import cast

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.acceptance import disputed_by_claim
from pipeline.claims import Facts, assemble
from pipeline.model import Document, SourceFile, Unread
from pipeline.readers import Readers
from pipeline.reading.open_file import source_file
from pipeline.reading.sandbox import Sandbox
from pipeline.records import (
    SCHEMA_VERSION,
    ClaimRecord,
    DocumentRecord,
    ErrorRecord,
    document_record,
    error_record,
)
from pipeline.renditions import Sheet, find_same_papers, settled
from pipeline.scan import ReadersOf, field_names, reader_version, required_fields
from pipeline.settings import Settings
from pipeline.stacks.batches import StackPaper
from pipeline.stacks.plan import plan_of
from pipeline.upload import Decoder, UploadReader
from pipeline.wiring import catalogs

KEY = re.compile(r"[0-9a-f]{64}")


class UploadAnswer(TypedDict):
    """What an upload gave, in the rows of the contract.

    `documents` carry the fields to show filled in, `errors` say of each unreadable file what to do, and
    `claims` what the papers make so far: findings across them and the materials that are missing.
    """

    schema_version: str
    upload: str
    documents: list[DocumentRecord]
    claims: list[ClaimRecord]
    errors: list[ErrorRecord]


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
        readers: ReadersOf = Readers,
    ) -> None:
        self._settings = settings
        self._today = today
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

    def receive(self, files: Sequence[tuple[str, bytes]]) -> str:
        """Keep the files of one upload, each a name and its bytes, and give the upload's key.

        The same files under the same names are the same upload.
        """
        hashes = [[name, hashlib.sha256(content).hexdigest()] for name, content in files]
        key = hashlib.sha256(json.dumps(hashes).encode()).hexdigest()
        if not (self._folder / key).exists():
            with tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as draft:
                kept = Path(draft) / key
                kept.mkdir(mode=0o700)
                (kept / "names.json").write_text(json.dumps([name for name, _ in files]), encoding="utf-8")
                for number, (_, content) in enumerate(files):
                    (kept / str(number)).write_bytes(content)
                _put(kept, self._folder / key)
        return key

    def answer(self, key: str) -> UploadAnswer:
        """What the upload gave; read now, or kept since it was read by this version on this day.

        Raises:
            LookupError: If no upload is kept under `key`.
            ServiceUnavailable: If a part of ours is down.
        """
        kept = self._kept(key)
        read_by = f"{reader_version(self._settings)} {self._today()}"
        answers = kept / "answer.json"
        if answers.exists():
            found = json.loads(answers.read_text(encoding="utf-8"))
            if found["read_by"] == read_by:
                return cast("UploadAnswer", found["answer"])
        answer = self._read(key, kept)
        with tempfile.TemporaryDirectory(dir=kept, ignore_cleanup_errors=True) as draft:
            written = Path(draft) / "answer.json"
            written.write_text(
                json.dumps({"read_by": read_by, "answer": answer}, ensure_ascii=False), encoding="utf-8"
            )
            written.replace(answers)
        return answer

    def forget(self, key: str) -> None:
        """Delete the upload and its answer."""
        shutil.rmtree(self._kept(key))

    def _kept(self, key: str) -> Path:
        kept = self._folder / key
        if not KEY.fullmatch(key) or not kept.is_dir():
            raise LookupError(f"no upload is kept under {key[:64]!r}")
        return kept

    def _read(self, key: str, kept: Path) -> UploadAnswer:
        reader = UploadReader(self._sandbox, lambda _pages: self._readers, self._today())
        documents: list[Document] = []
        missed: list[Unread] = []
        for source, path in _files(kept):
            with tempfile.TemporaryDirectory(dir=kept, ignore_cleanup_errors=True) as spool:
                for reading in reader.read(source, path, Path(spool), lambda _ordinal: False):
                    documents += reading.documents
                    missed += reading.unread
        by_id = {document.id: document for document in documents}
        same = find_same_papers(map(Sheet.of, documents), by_id.__getitem__)
        papers = {
            document.id: settled(document, same, by_id.__getitem__, required_fields) for document in documents
        }
        claims, disputed = assemble(
            (Facts.of(document) for document in papers.values() if not document.rendition_of),
            papers.__getitem__,
            field_names,
            catalogs(self._settings),
            same.renditions,
            plan_of(map(StackPaper.of, papers.values())),
        )
        judged = (disputed_by_claim(document, disputed.get(document.id, ())) for document in papers.values())
        return {
            "schema_version": SCHEMA_VERSION,
            "upload": key,
            "documents": [document_record(document, field_names(document.type)) for document in judged],
            "claims": claims,
            "errors": [error_record(row) for row in missed],
        }


def _files(kept: Path) -> list[tuple[SourceFile, Path]]:
    """The files of an upload; of two with one name each gets its place before it (`2/IMG.jpg`)."""
    names: list[str] = json.loads((kept / "names.json").read_text(encoding="utf-8"))
    paths = [kept / str(number) for number in range(len(names))]
    called = [name if names.count(name) == 1 else f"{number}/{name}" for number, name in enumerate(names, 1)]
    return [(source_file(name, path), path) for name, path in zip(called, paths, strict=True)]


def _put(folder: Path, place: Path) -> None:
    try:
        folder.rename(place)
    except OSError:
        if not place.is_dir():  # else the same upload came in twice at once
            raise
