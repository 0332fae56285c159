"""What a run wrote: its documents, file by file, and the inputs that it refused.

`documents.jsonl` of many papers does not fit into memory, so only where each row lies is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from extractors import EXTRACTORS
from pipeline.evaluate.truth import Unusable
from pipeline.model import Document, SourceFile

DocumentRow: TypeAlias = Mapping[str, Any]
DocumentsByFile: TypeAlias = Mapping[str, Sequence[DocumentRow]]

DOCUMENTS, ERRORS = "documents.jsonl", "errors.jsonl"


def by_file(documents: Iterable[DocumentRow]) -> DocumentsByFile:
    """The documents under the file that they stand on."""
    found: dict[str, list[DocumentRow]] = {}
    for document in documents:
        found.setdefault(document["source"]["file"], []).append(document)
    return found


class RunFolder(Mapping[str, Sequence[DocumentRow]]):
    """The documents of a run by file, read from disk as they are asked for; `refused` is file -> code.

    Raises:
        Unusable: If the folder holds no run, or a row is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / DOCUMENTS
        if not self._file.is_file():
            raise Unusable(
                f"{folder}: 没有 {DOCUMENTS}；请给出 baoxiao scan 的输出文件夹"
                f" / no {DOCUMENTS}; give the folder that baoxiao scan wrote"
            )
        self._places: dict[str, list[int]] = {}
        self._file_of_bytes: dict[str, str] = {}
        for place, document in self._rows():
            source = document["source"]
            self._places.setdefault(source["file"], []).append(place)
            self._file_of_bytes.setdefault(source["sha256"], source["file"])
        self.refused = self._refused()

    def __getitem__(self, file: str) -> Sequence[DocumentRow]:
        """The documents on `file`."""
        with self._file.open("rb") as stream:
            return [json.loads(_line_at(stream, place)) for place in self._places[file]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def file_with(self, sha256: str) -> str | None:
        """The file of these bytes, whatever it was called."""
        return self._file_of_bytes.get(sha256)

    def _rows(self) -> Iterator[tuple[int, DocumentRow]]:
        place = 0
        with self._file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                try:
                    row = json.loads(line)
                    _ = row["source"]["file"], row["source"]["sha256"], row["fields"], row["line_items"]
                except (ValueError, TypeError, KeyError) as error:
                    raise Unusable(
                        f"{self._file}:{number}: 不是单据行 / not a row of a document: {type(error).__name__}"
                    ) from error
                yield place, row
                place += len(line)

    def _refused(self) -> dict[str, str]:
        file = self.folder / ERRORS
        if not file.is_file():
            return {}
        rows = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line)
        return {row["file"]: row["code"] for row in rows}


def _line_at(stream: Any, place: int) -> bytes:
    stream.seek(place)
    line: bytes = stream.readline()
    return line


def required_of(document_type: str | None, subtype: str | None) -> tuple[str, ...]:
    """The fields without which such a paper needs a person, as its extractor tells them."""
    extractor = EXTRACTORS.get(document_type or "")
    if extractor is None:
        return ()
    # What is required depends on type and subtype alone, and those the row tells.
    return extractor.required(Document(extractor.type, subtype, 1.0, SourceFile("", ""), ()))
