"""Reads a received submission into the store: papers, claims and the first steps of their lives.

Reading goes through a run (`pipeline.scan`) in a work folder of the submission, so a reader that dies has
read nothing in vain: the next one goes on where it stopped. All that was read is then written in one
transaction, and the submission with it, so it is in the store as a whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Protocol, Self

from pipeline.close_ups import CloseUpRecord, MergingReaders, is_close_up
from pipeline.close_ups_beside import CloseUpsBeside
from pipeline.earlier_bills import AskedBills, BillsOfAll
from pipeline.errors import StoreUnusable
from pipeline.life import SYSTEM, Standing, State
from pipeline.model import SourceFile, Unread
from pipeline.page_count import PageCount
from pipeline.preview import preview_of, write_preview
from pipeline.readers import Readers
from pipeline.reading.refusal import printable
from pipeline.reading.sandbox import Sandbox
from pipeline.records import ClaimStatus
from pipeline.rejudged import Judges
from pipeline.review.sampling import Sampling, draw_accepted, draw_planted
from pipeline.scan import Kept, Progress, Run, Upload, reader_version
from pipeline.seen_pages import SeenPage, seen_in
from pipeline.settings import Settings
from pipeline.store.batches import keep_batches
from pipeline.store.cases import save_claim, save_papers
from pipeline.store.database import Connection
from pipeline.store.earlier import StoredBills
from pipeline.store.known_claims import hold_bills
from pipeline.store.lives import note_event, standing_of, take_step
from pipeline.store.opened import Store
from pipeline.store.page_progress import PageProgress, note_page_progress
from pipeline.store.pages import KeptPage, keep_page
from pipeline.store.submissions import ReceivedFile, Submission, finish, hold, note_read_ahead
from pipeline.store.thresholds import aimed
from pipeline.submitted_claims import Assembled, Made, Way, assembled
from pipeline.upload import Decoder
from pipeline.warm import Warm

WORK = "work"
"""In the folder of the store: a folder for each submission while it is read."""

SEEN = "seen"
"""In that folder: the pictures and words of the pages that were read."""

FILES_AT_ONCE = 2
"""Files that are opened side by side, as a run does."""


class ReadersForPeople(MergingReaders, Protocol):
    """What reads pages and can show people what it saw: `pipeline.readers.Readers`."""

    def showing(self, seen: Path) -> MergingReaders:
        """The same, writing what is seen of each page into that folder (`pipeline.seen_pages`)."""


ReadersOf = Callable[[Settings, Path | None, int | None], AbstractContextManager[ReadersForPeople]]
"""As `pipeline.scan.ReadersOf`."""


@dataclass(frozen=True, slots=True)
class ClaimRead:
    """What became of one claim of a submission.

    Attributes:
        claim_id: Its id in the store.
        state: Its state now.
        way: How it got there.
        lacks: The materials that are missing, as its record names them.
    """

    claim_id: str
    state: State
    way: Way
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubmissionRead:
    """What became of a submission: its claims, its pages, and what of it could not be read."""

    submission_id: str
    claims: tuple[ClaimRead, ...]
    pages: int
    unread: tuple[Unread, ...]


@dataclass(frozen=True, slots=True)
class ReadAhead:
    """A submission that is held, read so that its sender sees what it says."""

    submission_id: str


def step_after_reading(standing: Standing, status: ClaimStatus) -> str:
    """The step that a claim takes when it has been read: what is missing first, then what a person must see.

    >>> step_after_reading(Standing("reading", missing=1, open_blocks=1), "incomplete")
    'ask_for_materials'
    """
    if standing.missing:
        return "ask_for_materials"
    if standing.open_blocks or standing.open_reviews or status != "accepted":
        return "ask_for_review"
    return "ask_for_second_review" if standing.wants_second else "accept"


class SubmissionReader:
    """Reads submissions, one at a time; a context manager that keeps its processes from one to the next.

    Args:
        store: Where they are and where what they hold is written.
        settings: Of this office.
        clock: Gives the present moment, with its zone.
        sandbox: Gives what opens files, for so many at once.
        readers: Gives what reads pages.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Callable[[], datetime],
        *,
        sandbox: Callable[[int], AbstractContextManager[Decoder]] = Sandbox,
        readers: ReadersOf = Readers,
    ) -> None:
        self._store = store
        self._settings = settings
        self._configured = settings
        self._clock = clock
        Judges.of(settings)  # a place's file that is wrong is told before anything is read
        self._sandbox = Warm(lambda: sandbox(FILES_AT_ONCE))
        # Nobody looks at small pictures here.
        self._readers = Warm(lambda: readers(self._settings, None, None))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._readers.close(error_type, error, trace)
        self._sandbox.close(error_type, error, trace)

    def read(self, submission: Submission, holder: str, progress: Progress) -> SubmissionRead:
        """Read the submission and write all of it; after a crash the next call goes on where it stopped.

        Args:
            submission: Taken by `holder`.
            holder: Who has the lease.
            progress: Told how far it is.

        Raises:
            LeaseLost: If another reader has it by now; nothing was written.
            StepRefused: If the claim that it was sent for takes no papers as it stands.
            ServiceUnavailable: If a part of ours is down.
        """
        began = self._clock()
        judges = self._judges()
        with self._being_read(submission, judges.deadlines.day_of(began), progress) as (run, _close_ups):
            pictures = self._pictures_kept(self._work_folder(submission.id) / SEEN)
            read = self._written(submission, holder, run.kept(), judges, began, pictures)
        self.forget_work(submission.id)
        return read

    def read_ahead(self, submission: Submission, holder: str, progress: Progress) -> ReadAhead:
        """Read a submission that is held, so that its sender sees what it says; nothing is in the store yet.

        What was read is kept in its work folder, so that nothing is read twice when it is submitted.

        Args and Raises are those of `read`.
        """
        now = self._clock()
        judges = self._judges()
        with self._being_read(submission, judges.deadlines.day_of(now), progress) as (run, close_ups):
            kept = run.kept()
            made = self._judged(submission, kept, judges, now)
            preview = preview_of(submission, kept, made.claims, made.others, close_ups)
        write_preview(self._work_folder(submission.id), preview)
        with self._store.database.write() as connection:
            note_read_ahead(connection, submission, holder, self._clock())
        return ReadAhead(submission.id)

    def _judges(self) -> Judges:
        """Anew each time: reviewers may have taught something, or tightened the target."""
        self._aim()
        return Judges.of(self._settings, self._store.originals)

    @contextmanager
    def _being_read(
        self, submission: Submission, today: date, progress: Progress
    ) -> Iterator[tuple[Run, Sequence[CloseUpRecord]]]:
        """The run that has read all of the submission, and what became of its close-ups."""
        folder = self._work_folder(submission.id)
        laid_out = self._laid_out(submission, folder)
        uploads = {each: file for each, file in laid_out.items() if not is_close_up(file.name)}
        counted = PageCount(progress, self._store.database, submission.id, self._clock)
        with self._sandbox.lent() as sandbox:
            beside = CloseUpsBeside.of(sandbox, folder, laid_out)
        run = Run(
            list(uploads),
            folder,
            self._settings,
            today,
            sandbox=lambda _: self._sandbox.lent(),
            readers=lambda *_: beside.merging(self._readers_showing(folder / SEEN)),
            on_found=counted.pages_found,
        )
        with run:
            for upload, file in uploads.items():
                _check_whole(run.file_of(upload), file)
                if beside.has_changed(upload.name):
                    run.forget(upload)
            beside.remember()
            pending = run.pending()
            counted.begin(len(run.uploads), len(run.uploads) - len(pending))
            run.read(pending, counted)
            yield run, beside.became()

    def _aim(self) -> None:
        """Read by the target error that is in force now; processes that know another one are ended."""
        settings = aimed(self._configured, self._store.database)
        if settings != self._settings:
            self._settings = settings
            self._readers.close()

    def forget_work(self, submission_id: str) -> None:
        """Clear away the work folder of a submission, which is in the store or is given up."""
        shutil.rmtree(self._work_folder(submission_id), ignore_errors=True)

    def work_left(self) -> list[str]:
        """The submissions that have a work folder: those under way, and those whose reader died."""
        folder = self._settings.store_dir / WORK
        return sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []

    @contextmanager
    def _readers_showing(self, seen: Path) -> Iterator[MergingReaders]:
        seen.mkdir(exist_ok=True)
        with self._readers.lent() as readers:
            yield readers.showing(seen)

    def _pictures_kept(self, seen: Path) -> list[tuple[KeptPage, SeenPage]]:
        """The pages that were seen, their pictures among the originals by now."""
        kept = []
        for page in seen_in(seen):
            picture = None if page.picture is None else self._store.originals.put(page.picture)
            kept.append((KeptPage(page.sha256, page.number, page.width, page.height, picture), page))
        return kept

    def _work_folder(self, submission_id: str) -> Path:
        return self._settings.store_dir / WORK / submission_id

    def _laid_out(self, submission: Submission, folder: Path) -> dict[Upload, ReceivedFile]:
        """The files of a submission in folders as they were sent, under names that any system takes.

        Which application is for which paper is told by their folders. What an earlier reader laid out may not
        have reached the disk whole and is laid out anew.
        """
        papers = folder / "papers"
        shutil.rmtree(papers, ignore_errors=True)
        uploads = {}
        for ordinal, file in enumerate(submission.files, 1):
            parts = (_short(part) for part in PurePosixPath(file.name).parent.parts)
            place = papers.joinpath(*parts, str(ordinal))
            place.parent.mkdir(parents=True, exist_ok=True)
            with self._store.originals.path(file.sha256) as kept:
                _put_there(kept, place)
            uploads[Upload(file.name, place)] = file
        return uploads

    # ---------------------------------------------------------------- from papers to the store

    def _written(
        self,
        submission: Submission,
        holder: str,
        kept: Kept,
        judges: Judges,
        began: datetime,
        pictures: Sequence[tuple[KeptPage, SeenPage]],
    ) -> SubmissionRead:
        """Judge and write; again where somebody stored a claim meanwhile that ours must be judged beside."""
        while True:
            bills = self._bills(judges)
            made = self._judged(submission, kept, judges, began, bills)
            with self._store.database.write() as connection:
                hold(connection, submission.id, holder)
                hold_bills(connection)
                if bills.have_changed() or any(claim.is_stale(connection) for claim in made.claims):
                    continue
                now = self._clock()
                sampling = Sampling.of(self._settings)
                became = tuple(
                    _kept(connection, submission, claim, judges, sampling, began, now)
                    for claim in made.claims
                )
                save_papers(connection, submission.id, made.others)
                keep_batches(connection, submission.id, made.batches, submission.received_at)
                for page, seen in pictures:
                    keep_page(connection, submission.id, page, seen.words())
                missed = tuple(kept.unread())
                read_by = f"{version('baoxiao')} {reader_version(self._settings)}"
                finish(
                    connection,
                    submission.id,
                    now,
                    read_by=read_by,
                    pages=kept.pages,
                    missed=missed,
                    claim_ids=[claim.claim_id for claim in became],
                )
                # Whoever took over from a reader that died counted the rest alone.
                note_page_progress(connection, submission.id, PageProgress(kept.pages, kept.pages), now)
            return SubmissionRead(submission.id, became, kept.pages, missed)

    def _bills(self, judges: Judges) -> AskedBills:
        """The bills of earlier claims, of the store and of the office's own list."""
        return AskedBills(BillsOfAll(judges.office.earlier, StoredBills(self._store.database)))

    def _judged(
        self,
        submission: Submission,
        kept: Kept,
        judges: Judges,
        began: datetime,
        bills: AskedBills | None = None,
    ) -> Made:
        """What the papers make beside the claims of the store."""
        judging = replace(judges, office=replace(judges.office, earlier=bills or self._bills(judges)))
        return assembled(self._store, submission, kept, judging, judges.deadlines.day_of(began))


def _kept(
    connection: Connection,
    submission: Submission,
    claim: Assembled,
    judges: Judges,
    sampling: Sampling,
    began: datetime,
    now: datetime,
) -> ClaimRead:
    """Write one claim and what happened to it, each at its time."""
    if claim.way == "again":
        assert claim.known is not None
        state, said = claim.known.state, _came_again(submission, claim)
        note_event(connection, claim.known.id, "arrive_again", SYSTEM, now, state, state, said)
        return ClaimRead(claim.known.id, state, claim.way)
    claim_id = claim.record["claim_id"]
    if claim.way == "joined":
        take_step(connection, claim_id, "add_papers", SYSTEM, now, _papers_came(submission, claim))
    save_claim(
        connection,
        submission.id,
        claim.record,
        claim.documents,
        now if claim.way == "joined" else began,  # when it was received and begun is noted with it
        deadlines=judges.deadlines,
        second=judges.second,
        payouts=judges.payouts,
    )
    step = step_after_reading(standing_of(connection, claim_id), claim.record["status"])
    state = take_step(connection, claim_id, step, SYSTEM, now)
    draw_accepted(connection, claim_id, claim.documents, sampling, now)
    if state == "first_review":
        draw_planted(connection, claim_id, claim.documents, sampling, now)
    return ClaimRead(claim_id, state, claim.way, tuple(claim.record["missing_materials"]))


def _came_again(submission: Submission, claim: Assembled) -> str:
    if not claim.added:
        return f"{submission.id}: 同一申请再次收到 / the same claim was received again"
    return (
        f"{submission.id}: 同一申请再次收到，其中 {claim.added} 份材料未并入，当前状态不能补充"
        f" / received again; {claim.added} papers of it were not added, it takes none as it stands"
    )


def _papers_came(submission: Submission, claim: Assembled) -> str:
    return f"{submission.id}: 补充 {claim.added} 份材料 / {claim.added} papers were added"


def _short(part: str) -> str:
    """A folder's name as any system takes it: names come from everywhere."""
    return hashlib.sha256(part.encode()).hexdigest()[:16]


def _put_there(kept: Path, place: Path) -> None:
    """The same bytes at another place: as a further name where that can be, else as a copy."""
    try:
        os.link(kept, place)
    except OSError:  # another disk, or a system without such names
        shutil.copyfile(kept, place)


def _check_whole(found: SourceFile, sent: ReceivedFile) -> None:
    """Refuse bytes that are not those that were received: a disk fails.

    Raises:
        StoreUnusable: If they are others.
    """
    if found.sha256 != sent.sha256:
        raise StoreUnusable(
            f"{printable(sent.name)}: 原件与接收时不符，请运行 baoxiao db check 并从备份恢复"
            f" / the original is not what was received: run baoxiao db check, bring it back from a backup"
        )
