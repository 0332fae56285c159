"""What is sent is received: its bytes are kept, then its rows, and only then is anybody told.

Whoever was told that a submission is received finds it after any crash. A crash before that leaves bytes that
nobody asked for, and sending the same again finds them. What was declared (`application.json`, the platform's
answers) is received with the papers of its folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Literal, TypeAlias

from pipeline.application import is_declared
from pipeline.life import SYSTEM, next_state
from pipeline.reading.refusal import printable, refusal
from pipeline.scan import Upload, find_uploads
from pipeline.store.lives import standing_of
from pipeline.store.opened import Store
from pipeline.store.submissions import (
    ReceivedFile,
    Submission,
    file_of,
    keep_submission,
    load_submission,
)

Source: TypeAlias = Literal["folder", "online", "api"]
Incoming: TypeAlias = "tuple[str, Path | bytes | IO[bytes]]"
"""The name of a file relative to what is sent, `/` between its folders; its path, bytes, or it, opened."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a sender is told: the submission as it is kept, and whether it had not been sent before."""

    submission: Submission
    is_new: bool


def receive(
    store: Store,
    files: Sequence[Incoming],
    source: Source,
    now: datetime,
    *,
    reference: str | None = None,
    for_claim: str | None = None,
) -> Receipt:
    """Keep what is sent in one go as a submission, durably; the same files again are the same submission.

    Args:
        store: Where to.
        files: All of it, what is declared included; names are unique.
        source: The way it comes.
        now: When.
        reference: The sender's own number.
        for_claim: The claim whose missing papers these are.

    Raises:
        UnreadableFile: If there is no paper among the files, a name leads out of its folder, or a file
            cannot be opened; then nothing is received.
        LookupError: If there is no claim `for_claim`.
        StepRefused: If that claim takes no papers as it stands.
        StoreUnusable: If it cannot be kept.
    """
    if for_claim is not None:
        check_takes_papers(store, for_claim)
    kept = kept_files(store, files)
    with store.database.write() as connection:
        submission, is_new = keep_submission(
            connection, kept, now, source=source, reference=reference, for_claim=for_claim
        )
    return Receipt(submission, is_new)


AGAIN = "再次接收"
"""The folder that a file which is received once more stands in: under its old name it is what was read."""


def receive_again(store: Store, submission_id: str, ordinal: int, now: datetime) -> Receipt:
    """Receive one file of a submission once more, as a submission of its own, with what was declared for it.

    Raises:
        LookupError: If there is no such file.
    """
    with store.database.write() as connection:
        sent = load_submission(connection, submission_id)
        wanted = file_of(connection, submission_id, ordinal)
        files = [wanted, *(file for file in sent.files if is_declared(file.name))]
        submission, is_new = keep_submission(
            connection,
            [replace(file, name=f"{AGAIN}/{file.name}") for file in files],
            now,
            source=sent.source,
            reference=sent.reference,
            for_claim=sent.for_claim,
        )
    return Receipt(submission, is_new)


def kept_files(store: Store, files: Sequence[Incoming]) -> tuple[ReceivedFile, ...]:
    """Keep the bytes of what is sent in one go, durably; nobody is told of them yet.

    Raises:
        UnreadableFile: If there is no paper among the files, a name leads out of its folder, or a file
            cannot be opened.
        StoreUnusable: If they cannot be kept.
    """
    names = [_checked(name) for name, _ in files]
    if all(is_declared(name) for name in names):
        raise refusal("empty", names[0] if names else "—", "没有票据文件", "there is no paper in it")
    return tuple(_kept(store, name, content) for name, (_, content) in zip(names, files, strict=True))


def check_takes_papers(store: Store, claim_id: str) -> None:
    """Refuse papers for a claim that takes none.

    Raises:
        LookupError: If there is no such claim.
        StepRefused: If it takes no papers as it stands.
    """
    with store.database.read() as connection:
        next_state(standing_of(connection, claim_id), "add_papers", SYSTEM)


def _checked(name: str) -> str:
    """The name, which must stay in its folder: it may come from anywhere."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name:
        raise refusal(
            "unsafe", name, "文件名不能指向文件夹之外", "a name of a file must not lead out of its folder"
        )
    return name


def _kept(store: Store, name: str, content: Path | bytes | IO[bytes]) -> ReceivedFile:
    if isinstance(content, bytes):
        return ReceivedFile(name, store.originals.put(content), len(content))
    if not isinstance(content, Path):
        return ReceivedFile(name, store.originals.put(content), content.tell())
    try:
        size = content.stat().st_size
        with content.open("rb"):
            pass  # what the system does not let us open is the sender's matter, not that of the store
    except OSError as error:
        raise refusal(
            "inaccessible",
            printable(name),
            "无法打开，请检查权限或网络盘后重试，未接收",
            f"it cannot be opened, nothing was received; check permissions or the drive ({error.strerror})",
        ) from error
    return ReceivedFile(name, store.originals.put(content), size)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What becomes one submission: the path it was found at and its files."""

    path: Path
    files: tuple[Incoming, ...]


def parcels_at(path: Path, *, each: bool = False) -> Iterator[Parcel]:
    """A path as a submission, or with `each` every file and folder directly under it as one of its own.

    With `each`, what is declared directly under the path goes with every submission that declares nothing of
    that name itself: the answers of the platform for a day's papers lie beside the people's folders.
    """
    if not each or not path.is_dir():
        yield Parcel(path, _incoming(find_uploads([path])))
        return
    # As a run would find them: hidden files and what operating systems leave behind are passed over.
    found = find_uploads([path])
    beside = [upload for upload in found if "/" not in upload.name and is_declared(upload.name)]
    own: dict[str, list[Upload]] = {}
    for upload in found:
        if upload not in beside:
            first, _, rest = upload.name.partition("/")
            own.setdefault(first, []).append(Upload(rest or first, upload.path))
    for first, uploads in own.items():
        taken = {upload.name for upload in uploads}
        added = [upload for upload in beside if upload.name not in taken]
        yield Parcel(path / first, _incoming([*uploads, *added]))


def _incoming(uploads: Sequence[Upload]) -> tuple[Incoming, ...]:
    return tuple((upload.name, upload.path) for upload in uploads)
