"""Pages of a submission put in order by hand: which files there shall be, and which pages each holds.

What was sent stays as it is. The plan makes another submission out of the same pages: a file that keeps all
of its pages in their order keeps its bytes, every other one is bound anew (`pipeline.reading.rebinding`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from pipeline.application import is_declared
from pipeline.errors import StepRefused
from pipeline.model import SourceFile
from pipeline.reading.rebinding import Leaf, bind
from pipeline.reading.sandbox import Sandbox
from pipeline.receiving import Incoming
from pipeline.store.opened import Store
from pipeline.store.submissions import Submission

WHOLE = 0
"""Stands for all of a file whose pages nobody knows."""

BIND_SECONDS = 120.0
"""A file of 500 pages is bound in some seconds."""

QUARTER, WHOLE_TURN = 90, 360


@dataclass(frozen=True, slots=True)
class Part:
    """A page of a file: the hash of the file's bytes, the page from 1 (or `WHOLE`), clockwise degrees."""

    sha256: str
    page: int
    degrees: int = 0


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that shall be: its name and its pages."""

    name: str
    parts: tuple[Part, ...]


Plan: TypeAlias = Sequence[PlannedFile]
Before: TypeAlias = Sequence[tuple[str, Sequence[int]]]
"""The files as they are: the hash of each and its pages, none where all of it is taken whole."""


def check_plan(plan: Plan, before: Before) -> None:
    """Refuse a plan that loses a page or has one twice.

    Args:
        plan: What shall be.
        before: What is.

    Raises:
        StepRefused: If a page is missing, strange or there twice, a turn is no quarter, a name is empty or
            there twice, or nothing is changed.
    """
    there = Counter((sha256, page) for sha256, pages in before for page in (pages or (WHOLE,)))
    planned = Counter((part.sha256, part.page) for file in plan for part in file.parts)
    if there != planned:
        raise StepRefused(
            "每一页须在且只在一处，请刷新页面后重新调整 / each page must be in one place: load the page again"
        )
    if any(part.degrees % QUARTER for file in plan for part in file.parts):
        raise StepRefused("只能转 90 度的倍数 / quarter turns alone")
    names = [file.name for file in plan]
    if len(set(names)) < len(names) or not all(names) or not all(file.parts for file in plan):
        raise StepRefused("文件须有各自的名称和页面 / each file needs a name of its own, and pages")
    if all(_is_whole(file, dict(before)) for file in plan):
        raise StepRefused("页面没有变化 / nothing was changed")


def written(
    store: Store,
    submission: Submission,
    plan: Plan,
    before: Before,
    scratch: Path,
    *,
    anew: bool = False,
    sandbox: Callable[[], AbstractContextManager[Sandbox]] = Sandbox,
) -> list[Incoming]:
    """The files of a plan, to be received while `scratch` is there; what was declared goes with them.

    Args:
        store: Where the originals lie.
        submission: What is rearranged.
        plan: Checked.
        before: What is.
        scratch: An empty folder, in which new files are written.
        anew: Whether also files that keep all their pages are bound anew, so that their papers make claims of
            their own; those that cannot be stay.
        sandbox: Gives what opens files.

    Raises:
        UnreadableFile: If a page cannot be taken out of its file.
        ServiceUnavailable: If a part of ours is down.
    """
    files: list[Incoming] = []
    with ExitStack() as opened:
        children = opened.enter_context(sandbox())
        places = _places(store, submission, children, {sha256 for sha256, _ in before}, scratch, opened)
        for number, file in enumerate(plan, 1):
            whole = _is_whole(file, dict(before))
            if whole and (not anew or file.parts[0].page == WHOLE or not _can_be_bound(places, file)):
                files.append((file.name, places[file.parts[0].sha256].read_bytes()))
                continue
            if any(part.page == WHOLE for part in file.parts):
                raise StepRefused(
                    f"{file.name}: 页数不明的文件只能整份保留 / a file of unknown pages must be left whole"
                )
            place = scratch / f"{number}.pdf"
            leaves = [
                Leaf(places[part.sha256], file.name, part.page, part.degrees % WHOLE_TURN)
                for part in file.parts
            ]
            children.run(file.name, BIND_SECONDS, bind, leaves, place).result()
            files.append((file.name, place))
    for declared in submission.files:
        if is_declared(declared.name):
            with store.originals.open(declared.sha256) as content:
                files.append((declared.name, content.read()))
    return files


def scratch_folder() -> TemporaryDirectory[str]:
    """A folder for new files; it goes away with its context."""
    return TemporaryDirectory(prefix="baoxiao-pages-")


def _is_whole(file: PlannedFile, before: Mapping[str, Sequence[int]]) -> bool:
    """Whether the file holds all pages of one file, in their order and as they lie."""
    first = file.parts[0].sha256
    wanted = [(first, page, 0) for page in (before[first] or (WHOLE,))]
    return [(part.sha256, part.page, part.degrees % WHOLE_TURN) for part in file.parts] == wanted


def _can_be_bound(places: Mapping[str, Path], file: PlannedFile) -> bool:
    with places[file.parts[0].sha256].open("rb") as content:
        head = content.read(16)
    return head.startswith((b"%PDF", b"\xff\xd8", b"\x89PNG"))


def _places(
    store: Store,
    submission: Submission,
    children: Sandbox,
    wanted: Collection[str],
    scratch: Path,
    opened: ExitStack,
) -> dict[str, Path]:
    """Where the bytes of each file lie, also of those inside archives, by their hashes."""
    places = {
        file.sha256: opened.enter_context(store.originals.path(file.sha256)) for file in submission.files
    }
    if all(sha256 in places for sha256 in wanted):
        return places
    for number, file in enumerate(submission.files):
        if not file.name.lower().endswith(".zip"):
            continue
        (folder := scratch / f"archive-{number}").mkdir()
        source = SourceFile(file.name, file.sha256)
        unpacked = children.unpack(source, places[file.sha256], folder).result()
        places |= {member.file.sha256: member.path for member in unpacked.members}
    return places
