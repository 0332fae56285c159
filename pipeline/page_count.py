"""How many pages of a submission are read, told as reading goes on to whoever waits for it.

It is noted in the store, for who waits may ask another process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from pipeline.model import Unread
from pipeline.scan import Progress
from pipeline.store.database import Database
from pipeline.store.page_progress import PageProgress, note_page_progress


class PageCount:
    """A `pipeline.scan.Progress` that notes pages in the store and passes on what it is told.

    A file that nobody has opened yet counts as one page.

    Args:
        told: Who else wants to know.
        database: Of the store.
        submission_id: What is read.
        clock: The present.
    """

    def __init__(
        self, told: Progress, database: Database, submission_id: str, clock: Callable[[], datetime]
    ) -> None:
        self._told = told
        self._database = database
        self._submission_id = submission_id
        self._clock = clock
        self._unopened = self._found = self._done = 0

    def begin(self, uploads: int, already_read: int) -> None:
        """Reading begins: so many files in all, so many of them read before."""
        self._unopened = uploads - already_read
        self._note()
        self._told.begin(uploads, already_read)

    def pages_found(self, pages: int) -> None:
        """A file was opened and has so many pages."""
        self._unopened = max(0, self._unopened - 1)
        self._found += pages
        self._note()

    def pages_read(self, pages: int) -> None:
        """So many more pages were read."""
        self._done += pages
        self._note()
        self._told.pages_read(pages)

    def upload_done(self, name: str, documents: int, unread: Sequence[Unread]) -> None:
        """A file was read to its end."""
        self._told.upload_done(name, documents, unread)

    def _note(self) -> None:
        progress = PageProgress(self._done, max(self._done, self._found + self._unopened))
        with self._database.write() as connection:
            note_page_progress(connection, self._submission_id, progress, self._clock())
