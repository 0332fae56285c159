"""What a person sees of a run: a progress bar on a terminal, plain lines elsewhere, and the summary."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from extractors import EXTRACTORS
from pipeline.acceptance import Standard
from pipeline.intervals import clopper_pearson_upper, wilson
from pipeline.model import BLANK, OTHER, Unread
from pipeline.report import Summary

if TYPE_CHECKING:  # loads OpenCV
    from pipeline.gate import PageQuality

SECONDS_BETWEEN_LINES = 10.0
"""Where there is no terminal, a line so often says how far the run is."""


class RunProgress(Protocol):
    """`pipeline.scan.Progress`, and a way to say a sentence."""

    def say(self, sentence: str) -> None:
        """Print a sentence above the progress."""

    def begin(self, uploads: int, already_read: int) -> None: ...  # noqa: D102
    def pages_read(self, pages: int) -> None: ...  # noqa: D102
    def upload_done(self, name: str, documents: int, unread: Sequence[Unread]) -> None: ...  # noqa: D102


@contextmanager
def progress_on(console: Console, clock: Callable[[], float] = time.monotonic) -> Iterator[RunProgress]:
    """The progress of a run on `console`, for as long as the context lasts; `clock` gives seconds."""
    if not console.is_terminal:
        yield _Lines(console, clock)
        return
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(
            "{task.fields[documents]} 单据/documents · {task.fields[pages]} 页/pages · {task.fields[speed]}"
        ),
        TimeElapsedColumn(),
        TextColumn("剩余/left"),
        TimeRemainingColumn(),
        console=console,
    )
    with bar:
        yield _Bar(bar, clock)


class _Pace:
    """How far a run is and how fast it goes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self._already = 0
        self.uploads = self.done = self.documents = self.pages = 0

    def begin(self, uploads: int, already_read: int) -> None:
        self._began = self._clock()
        self.uploads, self.done, self._already = uploads, already_read, already_read

    @property
    def speed(self) -> str:
        """Pages a second; on a busy machine, where that would be 0.0, seconds a page."""
        seconds = max(0.1, self._clock() - self._began)
        if self.pages < seconds / 2:
            return f"{seconds / self.pages:.0f} s/页" if self.pages else "– 页/s"
        return f"{self.pages / seconds:.1f} 页/s"

    @property
    def left(self) -> str:
        """The time left, taken from the uploads done so far."""
        read = self.done - self._already
        if not read:
            return "-:--"
        seconds = round((self._clock() - self._began) / read * (self.uploads - self.done))
        return f"{seconds // 60}:{seconds % 60:02}"


class _Bar:
    def __init__(self, bar: Progress, clock: Callable[[], float]) -> None:
        self._bar = bar
        self._pace = _Pace(clock)
        self._task = bar.add_task("文件/files", total=None, documents=0, pages=0, speed=self._pace.speed)

    def say(self, sentence: str) -> None:
        self._bar.console.print(sentence, markup=False)

    def begin(self, uploads: int, already_read: int) -> None:
        self._pace.begin(uploads, already_read)
        if already_read:
            self.say(_resumed(uploads, already_read))
        self._bar.update(self._task, total=uploads, completed=already_read)

    def pages_read(self, pages: int) -> None:
        self._pace.pages += pages
        self._bar.update(self._task, pages=self._pace.pages, speed=self._pace.speed)

    def upload_done(self, name: str, documents: int, unread: Sequence[Unread]) -> None:  # noqa: ARG002
        self._pace.done += 1
        self._pace.documents += documents
        self._bar.update(self._task, completed=self._pace.done, documents=self._pace.documents)
        for one in unread:
            self.say(_unread_line(one))


class _Lines:
    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self._console = console
        self._clock = clock
        self._pace = _Pace(clock)
        self._said = clock()

    def say(self, sentence: str) -> None:
        self._console.print(sentence, markup=False)

    def begin(self, uploads: int, already_read: int) -> None:
        self._pace.begin(uploads, already_read)
        self._said = self._clock()
        if already_read:
            self.say(_resumed(uploads, already_read))

    def pages_read(self, pages: int) -> None:
        pace = self._pace
        pace.pages += pages
        if self._clock() - self._said >= SECONDS_BETWEEN_LINES:
            self._said = self._clock()
            self.say(
                f"{pace.done}/{pace.uploads} 文件/files · {pace.documents} 单据/documents"
                f" · {pace.pages} 页/pages · {pace.speed} · 剩余/left {pace.left}"
            )

    def upload_done(self, name: str, documents: int, unread: Sequence[Unread]) -> None:  # noqa: ARG002
        self._pace.done += 1
        self._pace.documents += documents
        for one in unread:
            self.say(_unread_line(one))


def _resumed(uploads: int, already_read: int) -> str:
    return (
        f"接着上次：{uploads} 个文件中 {already_read} 个已读"
        f" / resuming: {already_read} of {uploads} files are done"
    )


def _unread_line(unread: Unread) -> str:
    return f"✗ {unread.message}"


def summary_table(summary: Summary) -> Table:
    """The counts of a run."""
    table = Table(title="汇总 / summary", title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("", no_wrap=True, style="dim")
    for heading in ("合计\nall", "通过\naccepted", "复核\nreview", "其他\nother"):
        table.add_column(heading, justify="right")
    for name, counts in summary.by_type.items():
        table.add_row(_title(name), name, *_numbers(counts))
    table.add_section()
    table.add_row("单据", "documents", *_numbers(summary.by_status))
    table.add_row("报销申请", "claims", *_numbers(summary.claims_by_status))
    table.add_section()
    if incomplete := summary.claims_by_status.get("incomplete"):
        table.add_row("材料不全", "incomplete claims", str(incomplete))
    table.add_row("文件", "files", str(summary.files))
    table.add_row("页", "pages", str(summary.pages))
    if summary.renditions:
        table.add_row("另一影像", "further pictures", str(summary.renditions))
    if summary.put_aside:
        table.add_row("空白背面与分隔页", "put aside", str(summary.put_aside))
    table.add_row("无法读取", "unreadable", str(summary.unreadable))
    return table


def acceptance_lines(summary: Summary, target_error: float) -> list[str]:
    """How much goes through unseen at the target error, and what that cost on the fitting papers."""
    if not summary.fields:
        return []
    standard = Standard.for_target(target_error)
    low, high = wilson(summary.fields_accepted, summary.fields)
    seen = standard.model.at(standard.threshold)
    bound = clopper_pearson_upper(seen.wrong, seen.accepted)
    return [
        f"免复核字段 / fields accepted: {summary.fields_accepted} / {summary.fields}"
        f" = {summary.fields_accepted / summary.fields:.1%} ({low:.1%}–{high:.1%})",
        f"目标差错率 / target error: {target_error * 1000:g}‰；标定样本 / on the fitting papers"
        f" ({standard.model.dated}): {seen.wrong} / {seen.accepted} (≤ {bound * 1000:.2f}‰, 95 %)",
    ]


def held_lines(summary: Summary) -> list[str]:
    """The last words of a run with batches that do not close: each of them, then what is to be done.

    They end the run in the terminal because its exit status cannot tell: 0 means that all files were read.
    """
    if not summary.batches_held:
        return []
    count = len(summary.batches_held)
    return [
        *summary.batches_held,
        f"{count} 个批次未移交：请按提示抽查原件，漏扫的与该批一起重扫、替换原文件，再用同一 --out 运行"
        f" / {count} batches are held and not handed over: check the papers as said, scan the batch anew with"
        " what was missed in place of its file, and run again with the same --out",
    ]


def _numbers(counts: Mapping[str, int]) -> list[str]:
    """All, accepted, to review, and the rest."""
    total = sum(counts.values())
    accepted, review = counts.get("accepted", 0), counts.get("review", 0)
    return [str(number) for number in (total, accepted, review, total - accepted - review)]


def _title(document_type: str) -> str:
    if document_type in EXTRACTORS and document_type != OTHER:
        return EXTRACTORS[document_type].title
    return {OTHER: "其他", BLANK: "空白页"}.get(document_type, "")


VERDICTS = {
    "accept": "✓ 可识别 / can be read",
    "warn": "! 可能读不全，最好重拍 / may not be read in full, better taken again",
    "retake": "✗ 请重拍 / take it again",
}


def quality_lines(rows: Sequence[PageQuality]) -> Iterator[str]:
    """The verdict on each page, and below it each cause with its place in per cent of the picture."""
    for row in rows:
        page = f" 第 {row['page']} 页 / p. {row['page']}" if row["page"] is not None else ""
        yield f"{row['file']}{page}: {VERDICTS[row['verdict']]}"
        for cause in row["causes"]:
            box = cause["box"]
            where = "" if box is None else " [" + " ".join(f"{edge:.0%}" for edge in box) + "]"
            yield f"  {cause['message']}{where}"
