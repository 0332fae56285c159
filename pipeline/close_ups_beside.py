"""The close-ups of a submission while it is read: opened, merged into their pages, and what became of each.

A file that gets a further close-up is read anew; of the others what was read before is kept. Which close-ups
a file was read with is noted in the work folder.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.close_ups import (
    CloseUpRecord,
    MergingReaders,
    WithCloseUps,
    close_up_record,
    is_close_up,
    part_of,
)
from pipeline.errors import UnreadableFile
from pipeline.reading.closeup import CloseUpOf
from pipeline.reading.open_file import source_file
from pipeline.reading.refusal import printable
from pipeline.scan import Upload
from pipeline.store.submissions import ReceivedFile
from pipeline.upload import Decoder
from pipeline.whole_files import write_all

NOTED = "close-ups.json"
SPOOL = "close-ups"
"""Where their pictures lie while the submission is read."""


@dataclass
class CloseUpsBeside:
    """The close-ups of one submission.

    Attributes:
        folder: Its work folder.
        opened: Close-ups that could be opened, by the name of the file that they show a part of.
        sent: The hashes of all that were sent, likewise.
        refused: The rows of those that could not be opened, likewise.
    """

    folder: Path
    opened: dict[str, list[CloseUpOf]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[str, list[CloseUpRecord]] = field(default_factory=lambda: defaultdict(list))
    _merging: list[WithCloseUps] = field(default_factory=list)

    @staticmethod
    def of(sandbox: Decoder, folder: Path, files: Mapping[Upload, ReceivedFile]) -> CloseUpsBeside:
        """The close-ups among the files of a submission, opened into its work folder."""
        beside = CloseUpsBeside(folder)
        spool = folder / SPOOL
        shutil.rmtree(spool, ignore_errors=True)
        for upload, file in files.items():
            if not is_close_up(file.name):
                continue
            of = part_of(file.name)
            beside.sent[of.file].append(file.sha256)
            spool.mkdir(exist_ok=True)
            try:
                decoded = sandbox.decode(
                    source_file(file.name, upload.path), upload.path, spool, 1, 1
                ).result()
            except UnreadableFile as error:
                beside.refused[of.file].append(_refused(file, error))
                continue
            beside.opened[of.file] += [CloseUpOf(file.sha256, of.page, page) for page in decoded.pages]
        return beside

    def has_changed(self, file: str) -> bool:
        """Whether the file was read with other close-ups than those that are there now."""
        return bool(self._noted().get(file, {}).get("sent", []) != self.sent.get(file, []))

    def remember(self) -> None:
        """Note with which close-ups the files are read from now on."""
        noted = self._noted()
        self._note(
            {
                file: {"sent": sent, "became": noted.get(file, {}).get("became", [])}
                for file, sent in self.sent.items()
            }
        )

    @contextmanager
    def merging(self, readers: AbstractContextManager[MergingReaders]) -> Iterator[WithCloseUps]:
        """Readers that merge the close-ups into the pages they belong to."""
        with readers as lent:
            merging = WithCloseUps(lent, self.opened)
            self._merging.append(merging)
            yield merging

    def became(self) -> list[CloseUpRecord]:
        """What became of each: of those whose file was read just now, and of the others as it was noted."""
        noted = self._noted()
        merged = [one for merging in self._merging for one in merging.merged]
        seen = {one.picture for one in merged}
        for file in self.sent:
            opened = self.opened.get(file, [])
            if any(one.picture.page.file.sha256 in seen for one in opened) or not noted[file]["became"]:
                rows = [close_up_record(merged, file, one) for one in opened]
                noted[file]["became"] = [*rows, *self.refused.get(file, [])]
        self._note(noted)
        return [row for file in self.sent for row in noted[file]["became"]]

    def _noted(self) -> dict[str, Any]:
        place = self.folder / NOTED
        found: dict[str, Any] = json.loads(place.read_text("utf-8")) if place.exists() else {}
        return found

    def _note(self, content: Mapping[str, Any]) -> None:
        if content or (self.folder / NOTED).exists():
            write_all(self.folder, {NOTED: json.dumps(content, ensure_ascii=False)})


def _refused(file: ReceivedFile, error: UnreadableFile) -> CloseUpRecord:
    of = part_of(file.name)
    return {
        "upload": file.sha256,
        "file": printable(of.file),
        "page": of.page,
        "merged": False,
        "box": None,
        "words": [],
        "codes": [],
        "message": error.message,
    }
