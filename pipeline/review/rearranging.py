"""Pages put in order by hand: another submission is made of them, and old claims are withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from pipeline.errors import StepRefused
from pipeline.life import Actor, State
from pipeline.page_plan import Before, Plan, check_plan, scratch_folder, written
from pipeline.reading.sandbox import Sandbox
from pipeline.receiving import kept_files
from pipeline.review.batch_desk import DeskSubmission, desk_submission
from pipeline.store.lives import take_step
from pipeline.store.opened import Store
from pipeline.store.page_edits import PageEdit, note_edit
from pipeline.store.submissions import keep_submission, load_submission

UNSEEN: tuple[State, ...] = ("received", "reading", "first_review", "incomplete")
"""The states of a claim that nobody has decided about: it may give way to another reading of its pages."""


@dataclass(frozen=True, slots=True)
class Rearranged:
    """What came of it: the submission that was made, the claims that were withdrawn."""

    submission_id: str
    withdrawn: tuple[str, ...]


def rearrange(
    store: Store,
    submission_id: str,
    plan: Plan,
    actor: Actor,
    now: datetime,
    *,
    reason: str,
    withdraw: bool = False,
    sandbox: Callable[[], AbstractContextManager[Sandbox]] = Sandbox,
) -> Rearranged:
    """Make another submission out of the pages of one.

    Args:
        store: Where both are.
        submission_id: What was read.
        plan: The files that there shall be.
        actor: Who did it.
        now: When.
        reason: Why, in words.
        withdraw: Whether claims of the old submission that nobody has decided about are withdrawn; else they
            stay beside the new ones, and their bills will be found twice.
        sandbox: Gives what opens files.

    Raises:
        LookupError: If there is no such submission.
        StepRefused: If it is not read, the plan loses or doubles a page, the reason is wanting, or the actor
            may not withdraw a claim.
        UnreadableFile: If a page cannot be taken out of its file.
    """
    if not reason.strip():
        raise StepRefused("须说明原因 / a reason is wanted")
    with store.database.read() as connection:
        submission = load_submission(connection, submission_id)
        desk = desk_submission(connection, submission_id)
    if submission.state != "read":
        raise StepRefused(f"{submission_id}: 识别完成后才能调整页面 / pages are put in order once it is read")
    before = pages_before(desk)
    check_plan(plan, before)
    with scratch_folder() as scratch:
        files = written(store, submission, plan, before, Path(scratch), anew=withdraw, sandbox=sandbox)
        kept = kept_files(store, files)
    old = [claim for claim, state in desk.line.claims.items() if withdraw and state in UNSEEN]
    with store.database.write() as connection:
        made, _is_new = keep_submission(
            connection,
            kept,
            now,
            source=submission.source,
            reference=submission.reference,
            for_claim=submission.for_claim,
        )
        said = [asdict(file) for file in plan]
        note_edit(connection, PageEdit(submission_id, made.id, said, actor.name, now))
        for claim in old:
            take_step(connection, claim, "withdraw", actor, now, reason)
    return Rearranged(made.id, tuple(old))


def pages_before(desk: DeskSubmission) -> Before:
    """The files and pages of a submission as a plan names them."""
    return [(file.sha256, [page.number for page in file.pages]) for file in desk.files if file.sha256]
