"""What `baoxiao receive` and `baoxiao work` do and say at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import sleep
from types import MappingProxyType

from rich.console import Console

from pipeline.errands import errands
from pipeline.errors import BaoxiaoError, StepRefused, StoreUnusable, UnreadableFile
from pipeline.life import STATE_NAMES
from pipeline.receiving import Receipt, parcels_at, receive
from pipeline.settings import settings
from pipeline.store.opened import Store, opened_store
from pipeline.store.submissions import SUBMISSION_STATE_NAMES, is_waiting
from pipeline.submission_reader import ReadAhead, SubmissionRead, SubmissionReader
from pipeline.submitted_claims import Way
from pipeline.terminal import RunProgress, progress_on
from pipeline.worker import IDLE_SECONDS, NotRead, Worker

WAYS: Mapping[Way, str] = MappingProxyType(
    {
        "new": "新申请 / new",
        "joined": "材料已并入 / papers added",
        "again": "再次收到，不另立案 / came again, no second claim",
    }
)
"""What people are told of a claim beside its state."""


class NoSuchClaim(BaoxiaoError):
    """Papers were sent for a claim that is not there."""


def received(
    paths: Sequence[Path],
    out: Console,
    err: Console,
    *,
    each: bool,
    for_claim: str | None,
    reference: str | None,
    read: bool,
) -> bool:
    """Receive paths, and read them where that is asked; whether all of it was, to the last page.

    Args:
        paths: Files and folders that are there.
        out: Where it is told what was received and what became of it.
        err: Where it is told what was refused.
        each: Whether every file and folder directly under a path is a submission of its own.
        for_claim: The claim whose missing papers these are.
        reference: The sender's own number.
        read: Whether it is read now.

    Raises:
        NoSuchClaim: If there is no claim `for_claim`.
        ServiceUnavailable: If a part of ours is down; what was told as received is.
    """
    with opened_store(settings()) as store:
        complete, waiting = True, []
        for parcel in (parcel for path in paths for parcel in parcels_at(path, each=each)):
            try:
                receipt = receive(
                    store, parcel.files, "folder", _now(), reference=reference, for_claim=for_claim
                )
            except LookupError as error:
                raise NoSuchClaim(f"{for_claim}: 没有这个申请 / no such claim") from error
            except (UnreadableFile, StepRefused) as error:
                err.print(f"✗ {parcel.path}: {error}", markup=False)
                complete = False
                continue
            out.print(_receipt_line(parcel.path, receipt), markup=False)
            if receipt.submission.state != "read":
                waiting.append(receipt.submission.id)
        return (_read(store, waiting, out) if read and waiting else True) and complete


def _receipt_line(path: Path, receipt: Receipt) -> str:
    submission = receipt.submission
    files = len(submission.files)
    if receipt.is_new:
        return f"✓ {submission.id} 已接收 {files} 个文件 / received, {files} files: {path.name}"
    state = SUBMISSION_STATE_NAMES[submission.state]
    return f"= {submission.id} 以前已接收，{state} / was received before, {submission.state}: {path.name}"


def _read(store: Store, waiting: Sequence[str], out: Console) -> bool:
    """Read these submissions; whether all of them were."""
    complete, left = True, list(waiting)
    with _working(store, out) as (worker, progress):
        while left:
            became = worker.read_next(progress, left)
            if became is None:
                others = "、".join(left)
                progress.say(f"! 由其他进程处理或稍后重试 / another worker's, or tried later: {others}")
                return False
            left.remove(became.submission_id)
            complete &= _say(progress, became)
    return complete


def worked(out: Console, *, once: bool) -> bool:
    """Work until all is done, or for ever; whether all was done.

    Args:
        out: Where it is told what is done.
        once: End when what is there is done.

    Raises:
        ServiceUnavailable: If a part of ours is down and it is for once.
    """
    complete = True
    with (
        opened_store(settings()) as store,
        _working(store, out) as (worker, progress),
        errands(settings(), store.database, progress.say) as others,
    ):
        with worker.beside(others, progress.say):
            while (became := _next(worker, progress, once=once)) is not None:
                complete &= _say(progress, became)
        worker.finish(others)
        with store.database.read() as connection:
            return complete and not is_waiting(connection)


def _next(
    worker: Worker, progress: RunProgress, *, once: bool
) -> SubmissionRead | ReadAhead | NotRead | None:
    """What became of the next submission; unless it is for once, waited for until there is one."""
    while True:
        try:
            became = worker.read_next(progress)
        except StoreUnusable as error:
            if once:
                raise
            progress.say(f"✗ {error}")
            became = None
        if became is not None or once:
            return became
        sleep(IDLE_SECONDS)


@contextmanager
def _working(store: Store, out: Console) -> Iterator[tuple[Worker, RunProgress]]:
    """A worker, and who is told how far it is."""
    with SubmissionReader(store, settings(), _now) as reader, progress_on(out) as progress:
        worker = Worker(store, reader, _now)
        worker.clear_away()
        yield worker, progress


def _now() -> datetime:
    return datetime.now(UTC)


def _say(progress: RunProgress, became: SubmissionRead | ReadAhead | NotRead) -> bool:
    """Tell what became of a submission; whether all of it was read."""
    if isinstance(became, ReadAhead):
        progress.say(f"✓ {became.submission_id}: 已预读，待提交 / read ahead, waits to be submitted")
        return True
    if isinstance(became, NotRead):
        then = "稍后重试 / tried again later" if became.again else "未识别 / not read"
        progress.say(f"✗ {became.submission_id} {then}: {became.why}")
        return False
    if not became.claims:
        progress.say(f"✓ {became.submission_id}: 没有可立案的材料 / no paper of it makes a claim")
    for claim in became.claims:
        state = f"{STATE_NAMES[claim.state]} / {claim.state}"
        lacks = f"：{'、'.join(claim.lacks)}" if claim.lacks else ""
        progress.say(f"✓ {became.submission_id} → {claim.claim_id} {state}{lacks}（{WAYS[claim.way]}）")
    return not became.unread
