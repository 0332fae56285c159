"""The back office's run as a flow: a folder in, claims out, in tasks of a dozen uploads.

The one parameter is a key: what it stands for (paths, output folder) is kept in our own state folder, so
that no file name reaches Prefect's database. The work is in `pipeline.scan`; the flow adds a record of
the run, retries while a part of ours is down, and a summary artifact.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.task_runners import ThreadPoolTaskRunner

from pipeline.errors import ServiceUnavailable
from pipeline.report import Summary
from pipeline.scan import Progress, Run, Upload, find_uploads
from pipeline.settings import Settings, settings

UPLOADS_PER_TASK = 12
"""A task costs Prefect 30 to 50 ms; a dozen uploads are 5 to 30 s of reading."""

TASKS_AT_ONCE = 2
"""So that the reading processes have work while one task ends and the next begins."""


class _OpenRun:
    """A run while its flow goes on, shared by the tasks of this process."""

    def __init__(self, run: Run, batches: Sequence[Sequence[Upload]], progress: Progress) -> None:
        self.run = run
        self.batches = batches
        self.progress = progress


_open_runs: dict[str, _OpenRun] = {}
_progress: dict[str, Progress] = {}


def run_as_flow(paths: Sequence[Path], out: Path, progress: Progress) -> Summary:
    """Run the scan as a flow against the Prefect API that is set; the same outputs as without."""
    key = keep_order(paths, out, settings())
    _progress[key] = progress
    # The heartbeat joins a thread in steps of a second; a run of ours reports by itself.
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        summary: Summary = bulk_scan(key)
    return summary


def keep_order(paths: Sequence[Path], out: Path, settings: Settings) -> str:
    """Keep what is to be scanned and give the key under which a flow finds it."""
    order = {"paths": [str(path.resolve()) for path in paths], "out": str(out.resolve())}
    text = json.dumps(order, ensure_ascii=False)
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    folder = settings.state_dir / "orders"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / f"{key}.json").write_text(text, encoding="utf-8")
    return key


def _is_transient(_task: Any, _run: Any, state: Any) -> bool:
    """Whether trying again may help: a corrupt file stays corrupt."""
    return isinstance(state.result(raise_on_failure=False), ServiceUnavailable)


@task(
    retries=3,
    retry_delay_seconds=[2, 10, 60],
    retry_condition_fn=_is_transient,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def read_batch(run_key: str, batch: int) -> None:
    """Read one batch of uploads; what is finished is not read again when it is retried."""
    opened = _open_runs[run_key]
    pending = {upload.name for upload in opened.run.pending()}
    uploads = [upload for upload in opened.batches[batch] if upload.name in pending]
    opened.run.read(uploads, opened.progress)


@flow(
    name="bulk-scan",
    task_runner=ThreadPoolTaskRunner(max_workers=TASKS_AT_ONCE),  # type: ignore[arg-type]
    persist_result=False,
)
def bulk_scan(run_key: str) -> Summary:
    """Read all uploads of a kept order, assemble claims, write the outputs."""
    order = json.loads((settings().state_dir / "orders" / f"{run_key}.json").read_text(encoding="utf-8"))
    uploads = find_uploads(Path(path) for path in order["paths"])
    progress = _progress.pop(run_key, _Silent())
    with Run(uploads, Path(order["out"]), settings(), date.today()) as run:  # noqa: DTZ011
        pending = run.pending()
        progress.begin(len(uploads), len(uploads) - len(pending))
        batches = [pending[i : i + UPLOADS_PER_TASK] for i in range(0, len(pending), UPLOADS_PER_TASK)]
        _open_runs[run_key] = _OpenRun(run, batches, progress)
        try:
            futures = [read_batch.submit(run_key, number) for number in range(len(batches))]
            for future in futures:
                future.result()
        finally:
            del _open_runs[run_key]
        summary = run.write()
    get_run_logger().info("%d documents, %d claims", summary.documents, summary.claims)
    create_markdown_artifact(summary_table(summary), key="scan-summary", description="报销票据识别汇总")
    return summary


def summary_table(summary: Summary) -> str:
    """The counts of a run as Markdown; never a name or a number of anyone."""
    rows = [
        ("文件 files", summary.files),
        ("页 pages", summary.pages),
        ("单据 documents", summary.documents),
        ("需复核 to review", summary.needing_review),
        ("报销申请 claims", summary.claims),
        ("无法读取 unreadable", summary.unreadable),
        *((f"· {name}", sum(counts.values())) for name, counts in summary.by_type.items()),
    ]
    return "\n".join(["| | |", "|---|---:|", *(f"| {name} | {count} |" for name, count in rows)])


class _Silent:
    """Nobody watches: the run was started from Prefect."""

    def begin(self, uploads: int, already_read: int) -> None:
        pass

    def pages_read(self, pages: int) -> None:
        pass

    def upload_done(self, name: str, documents: int, unread: Sequence[object]) -> None:
        pass
