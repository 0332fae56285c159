from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from pipeline.errors import UnreadableFile
from pipeline.model import Page, SourceFile
from pipeline.reading import windows
from pipeline.reading.decoded import Decoded, Kind, SpooledPage
from pipeline.reading.sandbox import Sandbox
from pipeline.reading.windows import decode_whole

FILE = SourceFile("票.pdf", "0" * 64)


@dataclass
class FakeSandbox:
    """Decodes a file of `page_count` pages, of which `deadly` take their window along."""

    page_count: int
    deadly: frozenset[int] = frozenset()
    code: str = "crashed"
    kind: Kind = "pdf"
    seconds: float = 0.0
    calls: list[tuple[int, int]] = field(default_factory=list)

    def decode(
        self,
        file: SourceFile,
        path: Path,
        spool_dir: Path,
        first_page: int,
        max_pages: int,
        deadline: float = 0.0,
    ) -> Future[Decoded]:
        self.calls.append((first_page, max_pages))
        future: Future[Decoded] = Future()
        numbers = range(first_page, min(self.page_count, first_page + max_pages - 1) + 1)
        if self.deadly & set(numbers):
            time.sleep(self.seconds)
            future.set_exception(UnreadableFile(self.code, "票.pdf: … / …"))
        else:
            pages = tuple(SpooledPage(Page(file, number, 1, 1, 72), None) for number in numbers)
            future.set_result(Decoded(self.kind, self.page_count, pages))
        return future


def read(fake: FakeSandbox, tmp_path: Path, head: bytes = b"%PDF-1.4") -> tuple[list[int], list[int | None]]:
    """The numbers of the pages that came, and of those that did not."""
    path = tmp_path / "x"
    path.write_bytes(head)
    decoded = list(decode_whole(cast("Sandbox", fake), FILE, path, tmp_path, 4))
    return (
        [page.page.number for window in decoded for page in window.pages],
        [unread.page for window in decoded for unread in window.unread],
    )


def test_a_long_file_comes_window_by_window(tmp_path: Path) -> None:
    fake = FakeSandbox(10)
    assert read(fake, tmp_path) == (list(range(1, 11)), [])
    assert fake.calls == [(1, 4), (5, 4), (9, 4)]


def test_the_next_window_is_asked_for_before_this_one_is_used(tmp_path: Path) -> None:
    fake = FakeSandbox(10)
    (tmp_path / "x").write_bytes(b"%PDF-1.4")
    next(iter(decode_whole(cast("Sandbox", fake), FILE, tmp_path / "x", tmp_path, 4)))
    assert fake.calls == [(1, 4), (5, 4)]


@pytest.mark.parametrize("code", ["crashed", "time_limit", "memory_limit"])
def test_a_deadly_page_costs_that_page(code: str, tmp_path: Path) -> None:
    fake = FakeSandbox(10, frozenset({6}), code)
    assert read(fake, tmp_path) == ([1, 2, 3, 4, 5, 7, 8, 9, 10], [6])


def test_a_deadly_first_page_costs_that_page(tmp_path: Path) -> None:
    assert read(FakeSandbox(3, frozenset({1})), tmp_path) == ([2, 3], [1])


def test_a_file_of_deadly_pages_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(FakeSandbox(3, frozenset({1, 2, 3})), tmp_path)
    assert refused.value.code == "crashed"


def test_a_deadly_picture_is_not_tried_again(tmp_path: Path) -> None:
    fake = FakeSandbox(1, frozenset({1}))
    with pytest.raises(UnreadableFile):
        read(fake, tmp_path, b"\xff\xd8\xff")
    assert fake.calls == [(1, 4)]


def test_a_refused_file_is_not_tried_again(tmp_path: Path) -> None:
    fake = FakeSandbox(3, frozenset({1}), "encrypted")
    with pytest.raises(UnreadableFile):
        read(fake, tmp_path)
    assert len(fake.calls) == 1


def test_what_deadly_pages_cost_is_bounded_and_every_page_accounted_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "ONE_PAGE_SECONDS", 0.04)
    monkeypatch.setattr(windows, "MOST_LOST_SECONDS", 0.1)
    fake = FakeSandbox(40, frozenset(range(5, 41)), "time_limit", seconds=0.05)
    pages, lost = read(fake, tmp_path)
    assert pages == [1, 2, 3, 4]
    assert lost == list(range(5, 41))
    assert sum(count == 1 for _first, count in fake.calls) <= 3
