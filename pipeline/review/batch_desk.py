"""The batch desk: what was sent, how far it is, what each page became, and which sheet of a batch to pull."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.application import is_declared
from pipeline.life import State
from pipeline.model import BLANK
from pipeline.records import SheetRecord, SuspectRecord
from pipeline.store.batches import KeptBatch, batches_of
from pipeline.store.database import Connection
from pipeline.store.intake_lists import (
    PaperLine,
    SubmissionLine,
    SubmissionPage,
    list_submissions,
    papers_in,
    states_of,
    submission_line,
)
from pipeline.store.page_edits import PageEdit, edits_of
from pipeline.store.pages import KeptPage, pages_of
from pipeline.store.submissions import SUBMISSION_STATES, ReceivedFile, SubmissionState, load_submission
from pipeline.store.unread_rows import unread_of
from pipeline.store.watched import WatchedFile, watched

WHOLE = 0
"""Stands for all of a file of which no page is known."""


@dataclass(frozen=True, slots=True)
class DeskRow:
    """A submission in the list, with its batches."""

    line: SubmissionLine
    batches: tuple[KeptBatch, ...]


@dataclass(frozen=True, slots=True)
class DeskList:
    """The list, where it goes on, and what lies in the watch folder and is not taken."""

    rows: tuple[DeskRow, ...]
    after: str | None
    waiting: tuple[WatchedFile, ...]


@dataclass(frozen=True, slots=True)
class DeskPage:
    """A page of a file: its number, its picture where one was kept, the papers on it.

    Attributes:
        number: From 1; `WHOLE` where no page of the file is known.
        picture: None where there is none to show.
        papers: What it became.
        why: Why it could not be read, in Chinese and English; empty where it was.
        suspected: Whether it may be why its batch does not close.
    """

    number: int
    picture: KeptPage | None
    papers: tuple[PaperLine, ...]
    why: str = ""
    suspected: bool = False

    @property
    def document_id(self) -> str | None:
        """A paper under which its picture is shown."""
        return self.papers[0].document_id if self.papers and self.picture and self.picture.picture else None

    @property
    def is_blank(self) -> bool:
        """Whether nothing is printed on it."""
        return bool(self.papers) and all(each.record["document_type"] == BLANK for each in self.papers)


@dataclass(frozen=True, slots=True)
class DeskFile:
    """A file of a submission, or a file inside one that is an archive.

    Attributes:
        ordinal: Of the file that was sent.
        name: Of it, or `archive.zip!inner.jpg`.
        sha256: Of its own bytes.
        size: Of the file that was sent, in bytes.
        pages: In their order; none where it is not read, or nothing of it could be.
        why: Why it could not be read as a whole; empty where it was.
    """

    ordinal: int
    name: str
    sha256: str
    size: int
    pages: tuple[DeskPage, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class DeskSheet:
    """A sheet that a batch names: where it lies, and its picture under a paper's id where there is one."""

    record: SheetRecord
    has_picture: bool


@dataclass(frozen=True, slots=True)
class DeskSuspect:
    """A sheet to pull, with those before and behind it."""

    record: SuspectRecord
    sheet: DeskSheet
    neighbours: tuple[DeskSheet, ...]


@dataclass(frozen=True, slots=True)
class DeskBatch:
    """A batch of a submission, with the sheets to pull."""

    batch: KeptBatch
    suspects: tuple[DeskSuspect, ...]

    @property
    def difference(self) -> Decimal | None:
        """What was found less what its header says, in yuan; None where the header could not be read."""
        record = self.batch.record
        if record["expected_amount"] is None:
            return None
        return Decimal(record["found_amount"]) - Decimal(record["expected_amount"])


@dataclass(frozen=True, slots=True)
class DeskSubmission:
    """All of a submission."""

    line: SubmissionLine
    files: tuple[DeskFile, ...]
    batches: tuple[DeskBatch, ...]
    edits: tuple[PageEdit, ...]
    claims: Mapping[str, State]


def desk_list(
    connection: Connection,
    states: Sequence[SubmissionState] = SUBMISSION_STATES,
    *,
    held: bool = False,
    after: str | None = None,
) -> DeskList:
    """The submissions that the desk shows.

    Args:
        connection: Of a transaction.
        states: Those wanted.
        held: Only those with a batch that waits for somebody.
        after: Where an earlier list ended.
    """
    found: SubmissionPage = list_submissions(connection, states, held=held, after=after)
    of_submissions = batches_of(connection, [line.id for line in found.lines])
    rows = tuple(DeskRow(line, tuple(of_submissions.get(line.id, ()))) for line in found.lines)
    waiting = tuple(each for each in watched(connection).values() if each.state != "taken")
    return DeskList(rows, found.after, waiting)


def desk_row(connection: Connection, submission_id: str) -> DeskRow:
    """One row of the list.

    Raises:
        LookupError: If there is no such submission.
    """
    line = submission_line(connection, submission_id)
    return DeskRow(line, tuple(batches_of(connection, [submission_id]).get(submission_id, ())))


def desk_submission(connection: Connection, submission_id: str) -> DeskSubmission:
    """A submission with its files, pages and batches.

    Raises:
        LookupError: If there is none.
    """
    submission = load_submission(connection, submission_id)
    sent = {ordinal: file for ordinal, file in enumerate(submission.files, 1) if not is_declared(file.name)}
    papers = papers_in(connection, submission_id, {file.sha256 for file in sent.values()})
    hashes = {paper.record["source"]["sha256"] for paper in papers}
    pictures = pages_of(connection, hashes | {file.sha256 for file in sent.values()})
    kept = batches_of(connection, [submission_id]).get(submission_id, [])
    suspected = {
        suspect["document_id"] for batch in kept if batch.is_held for suspect in batch.record["suspects"]
    }
    desk = _Desk(papers, pictures, suspected, dict(unread_of(connection, submission_id)))
    files = tuple(each for ordinal, file in sent.items() for each in desk.files(ordinal, file))
    shown = {page.document_id for file in files for page in file.pages}
    of_papers = {claim for paper in papers for claim in paper.claims}
    line = submission_line(connection, submission_id)
    return DeskSubmission(
        line,
        files,
        tuple(DeskBatch(batch, _suspects(batch, shown)) for batch in kept),
        tuple(edits_of(connection, submission_id)),
        states_of(connection, of_papers | line.claims.keys()),
    )


class _Desk:
    """Lays papers and pictures out as the files they came in."""

    def __init__(
        self,
        papers: Iterable[PaperLine],
        pictures: Mapping[tuple[str, int], KeptPage],
        suspected: Collection[str],
        unread: Mapping[tuple[str, int | None], str],
    ) -> None:
        self._pictures = pictures
        self._suspected = suspected
        self._unread = unread
        self._on_page: defaultdict[tuple[str, int], list[PaperLine]] = defaultdict(list)
        self._inside: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for paper in papers:
            source = paper.record["source"]
            for number in source["pages"]:
                self._on_page[source["sha256"], number].append(paper)
            archive, parting, _ = source["file"].partition("!")
            if parting:
                self._inside[archive][source["file"]] = source["sha256"]

    def files(self, ordinal: int, file: ReceivedFile) -> list[DeskFile]:
        """The file, or the files inside it where it is an archive."""
        inside = self._inside.get(file.name)
        if not inside:
            why = self._unread.get((file.name, None), "")
            return [DeskFile(ordinal, file.name, file.sha256, file.size, self._pages(file), why)]
        lost = [name for name, page in self._unread if name.startswith(f"{file.name}!") and page is None]
        return [
            *(
                DeskFile(ordinal, name, sha256, file.size, self._pages(ReceivedFile(name, sha256, 0)))
                for name, sha256 in sorted(inside.items())
            ),
            *(DeskFile(ordinal, name, "", file.size, (), self._unread[name, None]) for name in lost),
        ]

    def _pages(self, file: ReceivedFile) -> tuple[DeskPage, ...]:
        numbers = {number for sha256, number in self._on_page if sha256 == file.sha256}
        numbers |= {number for sha256, number in self._pictures if sha256 == file.sha256}
        numbers |= {page for name, page in self._unread if name == file.name and page is not None}
        return tuple(self._page(file, number) for number in sorted(numbers))

    def _page(self, file: ReceivedFile, number: int) -> DeskPage:
        papers = tuple(self._on_page.get((file.sha256, number), ()))
        return DeskPage(
            number,
            self._pictures.get((file.sha256, number)),
            papers,
            self._unread.get((file.name, number), ""),
            any(paper.document_id in self._suspected for paper in papers),
        )


def _suspects(batch: KeptBatch, shown: Collection[str | None]) -> tuple[DeskSuspect, ...]:
    def sheet(record: SheetRecord) -> DeskSheet:
        return DeskSheet(record, record["document_id"] in shown)

    return tuple(
        DeskSuspect(suspect, sheet(suspect), tuple(sheet(one) for one in suspect["neighbours"]))
        for suspect in batch.record["suspects"]
    )
