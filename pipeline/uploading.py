"""What is uploaded over a network: received as all else is, known to its sender, changed while it is held.

Whoever sends says which upload it is (`SentAs`), so that a request that is sent twice is one upload. An
upload that is held takes further photos, a new photo in place of a bad one, and close-ups of a part of a
page, until it is submitted.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath

from pipeline.close_ups import FOLDER, PartOf, close_up_name, is_close_up, part_of
from pipeline.reading.refusal import refusal
from pipeline.receiving import Incoming, Receipt, check_takes_papers, kept_files
from pipeline.store.opened import Store
from pipeline.store.submissions import (
    ID_DIGITS,
    ReceivedFile,
    Submission,
    add_files,
    load_submission,
    remove_files,
    submit,
)
from pipeline.store.upload_keys import SentAs, keep_upload


@dataclass(frozen=True, slots=True)
class Sending:
    """What is said with an upload.

    Attributes:
        reference: The sender's own number.
        for_claim: The claim whose missing papers these are.
        hold: Whether it waits, read ahead, until it is submitted.
    """

    reference: str | None = None
    for_claim: str | None = None
    hold: bool = False


def take_upload(
    store: Store, files: Sequence[Incoming], said: Sending, caller: str, key: str | None, now: datetime
) -> Receipt:
    """Keep an upload, durably; the same request again is the same upload.

    Args:
        store: Where to.
        files: All of it; of several with one name, all but the first get a number.
        said: What is said with it.
        caller: Who sends it.
        key: What the caller calls the request; None: every request is one of its own.
        now: When.

    Raises:
        UnreadableFile: If there is no paper among the files, or a name leads out of its folder.
        LookupError: If there is no claim that it is for.
        StepRefused: If that claim takes no papers as it stands, or the key was used for another request.
        StoreUnusable: If it cannot be kept.
    """
    if said.for_claim is not None:
        check_takes_papers(store, said.for_claim)
    kept = kept_files(store, _named_apart(files, ()))
    sent = SentAs(caller, key or secrets.token_hex(ID_DIGITS), _hash_of(kept, said))
    held_as = f"U-{secrets.token_hex(ID_DIGITS // 2)}" if said.hold else None
    with store.database.write() as connection:
        submission, is_new = keep_upload(
            connection,
            sent,
            kept,
            now,
            reference=said.reference,
            for_claim=said.for_claim,
            held_as=held_as,
        )
    return Receipt(submission, is_new)


def add_to_upload(
    store: Store, upload: str, files: Sequence[Incoming], in_place_of: str | None = None
) -> Submission:
    """Add files to an upload that is held, or put them in place of one of its files and its close-ups.

    Files whose bytes it has already add nothing.

    Raises:
        LookupError: If there is no such upload or it has no such file.
        StepRefused: If it was submitted.
        UnreadableFile: As for `take_upload`.
        StoreUnusable: If it cannot be kept.
    """
    with store.database.read() as connection:
        before = load_submission(connection, upload)
    gone = _gone_with(before, in_place_of) if in_place_of is not None else []
    stay = [file for file in before.files if file.name not in gone]
    kept = kept_files(store, _named_apart(files, [file.name for file in stay]))
    # The same photo once more, because its sender heard no answer, is nothing new.
    new = [file for file in kept if file.sha256 not in {one.sha256 for one in stay}]
    with store.database.write() as connection:
        if gone:
            remove_files(connection, upload, gone)
        if new:
            add_files(connection, upload, new)
        return load_submission(connection, upload)


def take_out(store: Store, upload: str, file: str) -> Submission:
    """Take a file and its close-ups out of an upload that is held; its bytes stay among the originals.

    Raises:
        LookupError: If there is no such upload or it has no such file.
        StepRefused: If it was submitted, or it is its last file.
    """
    with store.database.write() as connection:
        before = load_submission(connection, upload)
        gone = _gone_with(before, file)
        if len(gone) == len(before.files):
            raise refusal("empty", file, "至少保留一个文件", "an upload keeps at least one file")
        remove_files(connection, upload, gone)
        return load_submission(connection, upload)


def add_close_up(store: Store, upload: str, of: PartOf, close_up: Incoming) -> Submission:
    """Add a close-up of a part of a page to an upload that is held; the same one twice is one.

    Raises:
        LookupError: If there is no such upload or it has no such file.
        StepRefused: If it was submitted.
        StoreUnusable: If it cannot be kept.
    """
    with store.database.read() as connection:
        before = load_submission(connection, upload)
    _gone_with(before, of.file)
    (kept,) = kept_files(store, [close_up])
    kept = replace(kept, name=close_up_name(of, kept.sha256))
    if kept in before.files:
        return before
    with store.database.write() as connection:
        add_files(connection, upload, [kept])
        return load_submission(connection, upload)


def submit_upload(store: Store, upload: str) -> Submission:
    """Let an upload that is held be read into claims; submitting twice is submitting once.

    Raises:
        LookupError: If there is no such upload.
        StepRefused: If the claim that it is for takes no papers as it stands by now.
    """
    with store.database.read() as connection:
        before = load_submission(connection, upload)
    if before.state == "held" and before.for_claim is not None:
        check_takes_papers(store, before.for_claim)
    with store.database.write() as connection:
        submit(connection, upload)
        return load_submission(connection, upload)


def papers_in(submission: Submission) -> tuple[ReceivedFile, ...]:
    """The files of an upload that are no close-ups, in their order."""
    return tuple(file for file in submission.files if not is_close_up(file.name))


def close_ups_in(submission: Submission, file: str) -> tuple[tuple[int, ReceivedFile], ...]:
    """The close-ups of a file of the upload, each with the page that it shows a part of."""
    return tuple(
        (part_of(one.name).page, one)
        for one in submission.files
        if is_close_up(one.name) and part_of(one.name).file == file
    )


def _gone_with(submission: Submission, file: str) -> list[str]:
    """The file by that name and its close-ups.

    Raises:
        LookupError: If there is no such file.
    """
    if file not in (one.name for one in papers_in(submission)):
        raise LookupError(f"{submission.id}: 没有这个文件 / it has no such file")
    return [file, *(one.name for _page, one in close_ups_in(submission, file))]


def _named_apart(files: Sequence[Incoming], taken: Sequence[str]) -> list[Incoming]:
    """The files under names that no other has: phones call every photo `image.jpg`."""
    used = set(taken)
    named: list[Incoming] = []
    for name, content in files:
        if PurePosixPath(name).parts[:1] == (FOLDER,):
            raise refusal("unsafe", name, "文件夹名称不可用", "a folder must not be called so")
        own, number = name, 2
        while own in used:
            path = PurePosixPath(name)
            own = path.with_name(f"{path.stem} ({number}){path.suffix}").as_posix()
            number += 1
        used.add(own)
        named.append((own, content))
    return named


def _hash_of(files: Sequence[ReceivedFile], said: Sending) -> str:
    """Of all that a request says, so that another one under the same key is told apart."""
    content = [[[file.name, file.sha256] for file in files], said.reference, said.for_claim, said.hold]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()
