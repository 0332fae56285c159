"""What a person sees of a run."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pipeline.model import Unread
from pipeline.report import Summary
from pipeline.terminal import SECONDS_BETWEEN_LINES, held_lines, progress_on, summary_table

BROKEN = Unread("坏[1].pdf", None, "corrupt", "坏[1].pdf: 文件已损坏 / damaged")


class Clock:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=200, soft_wrap=True, highlight=False)


def printed(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    return on.file.getvalue()


class TestLines:
    """Where there is no terminal."""

    def test_a_line_every_few_seconds_says_how_far_it_is(self, clock: Clock) -> None:
        on = console(terminal=False)
        with progress_on(on, clock) as progress:
            progress.begin(uploads=10, already_read=0)
            clock.now = SECONDS_BETWEEN_LINES / 2
            progress.upload_done("a.pdf", 3, [])
            progress.pages_read(15)
            assert printed(on) == ""
            clock.now = SECONDS_BETWEEN_LINES
            progress.pages_read(5)
            progress.pages_read(5)
        assert printed(on) == "1/10 文件/files · 3 单据/documents · 20 页/pages · 2.0 页/s · 剩余/left 1:30\n"

    def test_a_slow_run_says_how_long_a_page_takes(self, clock: Clock) -> None:
        on = console(terminal=False)
        with progress_on(on, clock) as progress:
            progress.begin(uploads=10, already_read=0)
            clock.now = 3 * SECONDS_BETWEEN_LINES
            progress.pages_read(2)
        assert f" · 2 页/pages · {3 * SECONDS_BETWEEN_LINES / 2:.0f} s/页 · " in printed(on)

    def test_what_an_earlier_run_read_is_said_and_not_counted_into_the_pace(self, clock: Clock) -> None:
        on = console(terminal=False)
        with progress_on(on, clock) as progress:
            progress.begin(uploads=10, already_read=8)
            clock.now = SECONDS_BETWEEN_LINES
            progress.upload_done("a.pdf", 1, [])
            progress.pages_read(1)
        first, second = printed(on).splitlines()
        assert "resuming: 8 of 10 files are done" in first
        assert second.startswith("9/10")
        assert second.endswith("剩余/left 0:10")

    def test_an_unreadable_file_is_named_at_once_as_it_is_called(self, clock: Clock) -> None:
        on = console(terminal=False)
        with progress_on(on, clock) as progress:
            progress.begin(1, 0)
            progress.upload_done(BROKEN.file, 0, [BROKEN])
        assert printed(on) == "✗ 坏[1].pdf: 文件已损坏 / damaged\n"

    def test_nothing_is_drawn_into_a_log(self, clock: Clock) -> None:
        on = console(terminal=False)
        with progress_on(on, clock) as progress:
            progress.say("一句话 [red]/ a sentence")
        assert printed(on) == "一句话 [red]/ a sentence\n"


class TestTheBar:
    def test_it_counts_files_documents_pages_and_pace(self, clock: Clock) -> None:
        on = console(terminal=True)
        with progress_on(on, clock) as progress:
            progress.begin(uploads=4, already_read=1)
            clock.now = 2.0
            progress.pages_read(5)
            progress.upload_done("a.pdf", 3, [])
        drawn = printed(on)
        for part in ("2/4", "3 单据/documents", "5 页/pages", "2.5 页/s", "剩余/left"):
            assert part in drawn, part

    def test_sentences_and_unreadable_files_stand_above_it(self, clock: Clock) -> None:
        on = console(terminal=True)
        with progress_on(on, clock) as progress:
            progress.say("一句话[red]")
            progress.begin(2, 1)
            progress.upload_done(BROKEN.file, 0, [BROKEN])
        drawn = printed(on)
        for part in ("一句话[red]", "1 of 2 files are done", "✗ 坏[1].pdf: 文件已损坏 / damaged"):
            assert part in drawn, part


def test_the_summary_counts_types_documents_claims_and_what_was_unreadable() -> None:
    summary = Summary(
        files=5,
        pages=7,
        documents=5,
        claims=2,
        unreadable=1,
        by_status={"accepted": 3, "review": 2},
        by_type={"outpatient_invoice": {"accepted": 3, "review": 2}},
        put_aside=1,
        claims_by_status={"incomplete": 1, "accepted": 1},
    )
    on = console(terminal=False)
    on.print(summary_table(summary))
    rows = [[cell.strip() for cell in line.split("│")] for line in printed(on).splitlines() if "│" in line]
    assert rows == [
        ["医疗门诊收费票据", "outpatient_invoice", "5", "3", "2", "0"],
        ["单据", "documents", "5", "3", "2", "0"],
        ["报销申请", "claims", "2", "1", "0", "1"],
        ["材料不全", "incomplete claims", "1", "", "", ""],
        ["文件", "files", "5", "", "", ""],
        ["页", "pages", "7", "", "", ""],
        ["空白背面与分隔页", "put aside", "1", "", "", ""],
        ["无法读取", "unreadable", "1", "", "", ""],
    ]


def test_a_run_with_held_batches_ends_with_them_and_what_is_to_be_done() -> None:
    assert held_lines(Summary()) == []
    *named, way_out = held_lines(Summary(batches_held=("批次 B1 不平", "批次 B2 不平")))
    assert named == ["批次 B1 不平", "批次 B2 不平"]
    assert "2 batches are held" in way_out


def test_a_run_over_nothing_has_a_summary() -> None:
    on = console(terminal=False)
    on.print(summary_table(Summary()))
    assert "files" in printed(on)
