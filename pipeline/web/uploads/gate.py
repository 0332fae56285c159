"""The quality gate at the desk: pictures are judged as they come in, one after the other, by a warm process.

Whoever uploads learns within a second or two whether a page can be read, long before it is read. What was
judged is kept by the hash of the picture, so that no picture is judged twice. How many wait is known, so that
a desk that is behind says "later" instead of taking ever more.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from PIL import Image

from pipeline.application import is_declared
from pipeline.close_ups import is_close_up
from pipeline.errors import ServiceUnavailable
from pipeline.gate import PageJudges, PageQuality, page_qualities
from pipeline.model import SourceFile
from pipeline.readers import Readers
from pipeline.reading.refusal import printable
from pipeline.reading.sandbox import Sandbox
from pipeline.scan import reader_version
from pipeline.settings import Settings
from pipeline.store.originals import Originals
from pipeline.store.submissions import ReceivedFile
from pipeline.upload import Decoder
from pipeline.whole_files import write_all

_log = logging.getLogger(__name__)

MOST_WAITING = 120
"""Pictures that wait before a sender is told to come back: two minutes' work of one process while others read
(0.5 to 1 s a picture). Later than that nobody is there any more to take a photo again."""
NICE = 5
"""Of the processes that judge: behind answering requests, before reading (`pipeline.web.working`)."""
SECONDS_A_PICTURE = 1.0
"""What is told as the wait, for each picture that waits."""
LONGEST_WAIT = 60
BLANK = (1240, 1754)
"""Pixels of the sheet that is judged first, so that the engine is loaded by then: A4 at 150 dpi."""


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture as the gate knows it: a close-up is judged otherwise than a page."""

    sha256: str
    is_part: bool

    @property
    def key(self) -> str:
        return f"{self.sha256}{'-part' if self.is_part else ''}"


class PageGate:
    """Judges pictures; a context manager whose methods may be called from any thread.

    Args:
        originals: Where the pictures lie.
        settings: Of this office.
        sandbox: Gives what opens files, for so many at once.
        readers: Gives what judges pages.
    """

    def __init__(
        self,
        originals: Originals,
        settings: Settings,
        *,
        sandbox: Callable[[int], AbstractContextManager[Decoder]] = Sandbox,
        readers: Callable[[Settings, Path | None, int], AbstractContextManager[PageJudges]] = Readers,
    ) -> None:
        self._originals = originals
        self._settings = settings
        self._sandbox_of, self._readers_of = sandbox, readers
        self._kept = settings.state_dir / "quality"
        self._queue: queue.SimpleQueue[_Picture | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting: dict[_Picture, threading.Event] = {}
        self._ended = threading.Event()
        self._judged_by = reader_version(settings)
        self._readers: PageJudges | None = None
        self._thread = threading.Thread(target=self._run, name="gate", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._queue.put(None)
        if isinstance(self._readers, Readers):
            self._readers.stop()  # what is under way is judged when somebody asks again
        self._thread.join()

    @property
    def is_full(self) -> bool:
        """Whether senders are to come back later."""
        return len(self._waiting) > MOST_WAITING

    @property
    def retry_after_seconds(self) -> int:
        """When to come back."""
        return min(LONGEST_WAIT, max(1, round(len(self._waiting) * SECONDS_A_PICTURE)))

    def judge(self, files: Iterable[ReceivedFile]) -> None:
        """Have those of the files judged that are not yet."""
        for file in files:
            picture = _picture(file)
            if is_declared(file.name) or self._known(picture) is not None:
                continue
            with self._lock:
                if picture not in self._waiting and not self._ended.is_set():
                    self._waiting[picture] = threading.Event()
                    self._queue.put(picture)

    def wait(self, files: Iterable[ReceivedFile], seconds: float) -> None:
        """Wait until the files are judged, but no longer than so many seconds; not at all behind others."""
        mine = {_picture(file) for file in files}
        with self._lock:
            if self._waiting.keys() - mine:
                return
            judged = [event for picture, event in self._waiting.items() if picture in mine]
        for event in judged[-1:]:  # they are judged in the order in which they came
            event.wait(seconds)

    def verdicts(self, file: ReceivedFile) -> list[PageQuality] | None:
        """The verdicts on the pages of a file; None: it is not judged yet."""
        found = self._known(_picture(file))
        if found is None:
            return None
        return [{**one, "file": printable(file.name)} for one in found]

    def _known(self, picture: _Picture) -> list[PageQuality] | None:
        with suppress(FileNotFoundError):
            kept = json.loads((self._folder(picture) / f"{picture.key}.json").read_text("utf-8"))
            if kept["judged_by"] == self._judged_by:
                return cast("list[PageQuality]", kept["quality"])
        return None

    def _folder(self, picture: _Picture) -> Path:
        return self._kept / picture.sha256[:2]

    def _run(self) -> None:
        if sys.platform == "linux":
            os.nice(NICE)  # there of this thread alone, and of the processes and threads that it starts
        try:
            with ExitStack() as opened:
                sandbox = opened.enter_context(self._sandbox_of(1))
                self._readers = opened.enter_context(self._readers_of(self._settings, None, 1))
                self._warm_up(sandbox, self._readers)
                while (picture := self._queue.get()) is not None and not self._ended.is_set():
                    self._judge(sandbox, self._readers, picture)
        except ServiceUnavailable as error:
            _log.error("no picture is judged: %s", error)
        finally:
            with self._lock:
                self._ended.set()
                for event in self._waiting.values():
                    event.set()
                self._waiting.clear()

    def _warm_up(self, sandbox: Decoder, readers: PageJudges) -> None:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            blank = Path(folder) / "blank.png"
            Image.new("L", BLANK, 255).save(blank)
            self._judged(sandbox, readers, _Picture("0" * 64, is_part=False), blank, Path(folder))

    def _judge(self, sandbox: Decoder, readers: PageJudges, picture: _Picture) -> None:
        try:
            with (
                self._originals.path(picture.sha256) as path,
                tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as spool,
            ):
                quality = self._judged(sandbox, readers, picture, path, Path(spool))
            if quality is not None:
                kept = {"judged_by": self._judged_by, "quality": quality}
                write_all(
                    self._folder(picture), {f"{picture.key}.json": json.dumps(kept, ensure_ascii=False)}
                )
        except (ServiceUnavailable, OSError) as error:
            # Nobody is told a verdict then, and reading goes its own way.
            _log.warning("%s: not judged: %s", picture.sha256[:16], error)
        finally:
            with self._lock:
                self._waiting.pop(picture, threading.Event()).set()

    def _judged(
        self, sandbox: Decoder, readers: PageJudges, picture: _Picture, path: Path, spool: Path
    ) -> list[PageQuality] | None:
        source = SourceFile(picture.sha256[:16], picture.sha256)
        try:
            return page_qualities(sandbox, readers, source, path, spool, is_part=picture.is_part)
        except ServiceUnavailable:
            raise
        except CancelledError:
            return None  # stopped
        except Exception as error:  # one picture's fault, whatever it is, stays that picture's
            _log.warning("%s: not judged: %s", picture.sha256[:16], type(error).__name__)
            return []


def quality_of(gate: PageGate | None, files: Sequence[ReceivedFile]) -> list[PageQuality] | None:
    """The verdicts on all files; None while one of them is not judged."""
    if gate is None:
        return None
    rows: list[PageQuality] = []
    for file in files:
        if is_declared(file.name):
            continue
        found = gate.verdicts(file)
        if found is None:
            return None
        rows += found
    return rows


def _picture(file: ReceivedFile) -> _Picture:
    return _Picture(file.sha256, is_close_up(file.name))
