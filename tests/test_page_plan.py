"""Plans for pages: none is lost or doubled, what is not touched keeps its bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import StepRefused
from pipeline.page_plan import WHOLE, Part, PlannedFile, check_plan, written
from pipeline.receiving import Incoming
from pipeline.store.opened import Store
from pipeline.store.submissions import ReceivedFile, Submission
from tests.fakes import Context, outcome
from tests.store.stored import NOW

A, B, OFD = "aa" * 32, "bb" * 32, "cc" * 32
BEFORE = [(A, [1, 2, 3]), (B, [1]), (OFD, [])]
PARTS = [Part(A, 1), Part(A, 2), Part(A, 3), Part(B, 1), Part(OFD, WHOLE)]


class InProcess(Context):
    """Stands for the children that open files: does here what they would."""

    def run(self, _name: str, _seconds: float, function: Callable[..., Any], *args: Any) -> Future[Any]:
        return outcome(lambda: function(*args))


@given(st.permutations(PARTS), st.sets(st.integers(1, 4), max_size=3))
def test_any_order_and_any_cuts_are_a_plan_unless_nothing_is_changed(
    parts: Sequence[Part], cuts: set[int]
) -> None:
    edges = [0, *sorted(cuts), len(parts)]
    plan = [
        PlannedFile(f"{n}.pdf", tuple(parts[start:stop])) for n, (start, stop) in enumerate(pairwise(edges))
    ]
    as_it_was = {tuple(file.parts) for file in plan} == {tuple(PARTS[:3]), (PARTS[3],), (PARTS[4],)}
    if as_it_was:
        with pytest.raises(StepRefused, match="nothing was changed"):
            check_plan(plan, BEFORE)
    else:
        check_plan(plan, BEFORE)


@given(st.lists(st.sampled_from([*PARTS, Part(A, 4)]), min_size=1, max_size=7))
def test_a_page_that_is_lost_strange_or_there_twice_is_refused(parts: list[Part]) -> None:
    if sorted(parts, key=str) != sorted(PARTS, key=str):
        with pytest.raises(StepRefused, match="in one place"):
            check_plan([PlannedFile("a.pdf", tuple(parts))], BEFORE)


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ([PlannedFile("a", tuple(PARTS[:4])), PlannedFile("a", (PARTS[4],))], "a name of its own"),
        ([PlannedFile("", tuple(PARTS))], "a name of its own"),
        ([PlannedFile("a", tuple(PARTS)), PlannedFile("b", ())], "a name of its own"),
        ([PlannedFile("a", (*PARTS[1:], Part(A, 1, 45)))], "quarter turns"),
    ],
)
def test_what_is_no_plan_is_refused(plan: list[PlannedFile], why: str) -> None:
    with pytest.raises(StepRefused, match=why):
        check_plan(plan, BEFORE)


def test_two_files_of_the_same_bytes_are_two() -> None:
    twice = [(B, [1]), (B, [1])]
    check_plan([PlannedFile("a", (Part(B, 1), Part(B, 1)))], twice)
    with pytest.raises(StepRefused, match="in one place"):
        check_plan([PlannedFile("a", (Part(B, 1, 90),))], twice)


class Rearranged:
    """A submission of a PDF of two pages, an OFD and what was declared."""

    def __init__(self, store: Store, scratch: Path) -> None:
        self.store, self.scratch = store, scratch
        with pypdfium2.PdfDocument.new() as document:
            document.new_page(100, 300)
            document.new_page(200, 300)
            document.save(content := io.BytesIO())
        self.pdf = content.getvalue()
        sent = {"叠.pdf": self.pdf, "票.ofd": b"ofd", "application.json": b"{}"}
        self.files = [ReceivedFile(name, store.originals.put(each), 1) for name, each in sent.items()]
        self.hash_of = {file.name: file.sha256 for file in self.files}
        self.submission = Submission("U-1", "folder", None, None, "read", NOW, 1, None, tuple(self.files))
        self.before = [(self.hash_of["叠.pdf"], [1, 2]), (self.hash_of["票.ofd"], [1])]

    def written(self, *plan: PlannedFile, anew: bool = False) -> dict[str, bytes]:
        check_plan(plan, self.before)
        files = written(
            self.store,
            self.submission,
            plan,
            self.before,
            self.scratch,
            anew=anew,
            sandbox=InProcess,  # type: ignore[arg-type]  # stands for it
        )
        return contents(files)

    def part(self, name: str, page: int, degrees: int = 0) -> Part:
        return Part(self.hash_of[name], page, degrees)


@pytest.fixture
def rearranged(store: Store, tmp_path: Path) -> Rearranged:
    (scratch := tmp_path / "scratch").mkdir()
    return Rearranged(store, scratch)


def contents(files: Sequence[Incoming]) -> dict[str, bytes]:
    made = {}
    for name, content in files:
        assert isinstance(content, bytes | Path)
        made[name] = content if isinstance(content, bytes) else content.read_bytes()
    return made


def widths(content: bytes) -> list[int]:
    document = pypdfium2.PdfDocument(content)
    return [round(document[number].get_width()) for number in range(len(document))]


def test_a_file_is_split_and_what_is_not_touched_keeps_its_bytes(rearranged: Rearranged) -> None:
    made = rearranged.written(
        PlannedFile("叠 (2).pdf", (rearranged.part("叠.pdf", 2),)),
        PlannedFile("叠.pdf", (rearranged.part("叠.pdf", 1, 90),)),
        PlannedFile("票.ofd", (rearranged.part("票.ofd", 1),)),
    )
    assert widths(made["叠 (2).pdf"]) == [200]
    assert widths(made["叠.pdf"]) == [300]
    assert (made["票.ofd"], made["application.json"]) == (b"ofd", b"{}")


def test_papers_of_withdrawn_claims_get_bytes_of_their_own_where_that_can_be(rearranged: Rearranged) -> None:
    plan = (
        PlannedFile("叠.pdf", (rearranged.part("叠.pdf", 1), rearranged.part("叠.pdf", 2))),
        PlannedFile("另一个名字.ofd", (rearranged.part("票.ofd", 1, 360),)),
    )
    with pytest.raises(StepRefused, match="nothing was changed"):
        rearranged.written(*plan)
    whole = written(
        rearranged.store,
        rearranged.submission,
        plan,
        rearranged.before,
        rearranged.scratch,
        anew=True,
        sandbox=InProcess,  # type: ignore[arg-type]
    )
    made = contents(whole)
    assert made["叠.pdf"] != rearranged.pdf
    assert widths(made["叠.pdf"]) == [100, 200]
    assert made["另一个名字.ofd"] == b"ofd"
