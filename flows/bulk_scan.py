"""The back office's run as a flow: a folder in, claims out, in tasks of a dozen uploads.

The one parameter is a key (`flows.orders`). The work is in `pipeline.scan`; the flow adds a record of the
run, retries while a part of ours is down, and a summary artifact.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.settings import (
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)
from prefect.task_runners import ThreadPoolTaskRunner

from flows.orders import Untold, opened
from pipeline.errors import ServiceUnavailable
from pipeline.report import Summary

TASKS_AT_ONCE = 2
"""So that the reading processes have work while one task ends and the next begins."""


@contextmanager
def quiet() -> Iterator[None]:
    """No heartbeat is sent and nothing logged, to Prefect above all: names could end up there.

    The heartbeat's thread joins in steps of a second, and a run of ours reports by itself; what fails is
    told by who started it.
    """
    logger = logging.getLogger("prefect")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    settings = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, PREFECT_LOGGING_TO_API_ENABLED: False}
    try:
        with temporary_settings(settings):
            yield
    finally:
        logger.setLevel(before)


def is_transient(_task: object, _run: object, state: Any) -> bool:
    """Whether trying again may help: a corrupt file stays corrupt."""
    return isinstance(state.data, Untold) and isinstance(state.data.error, ServiceUnavailable)


@task(
    retries=3,
    retry_delay_seconds=[2, 10, 60],
    retry_condition_fn=is_transient,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def read_batch(run_key: str, batch: int) -> None:
    """Read one batch of uploads; what is finished is not read again when it is retried."""
    with opened(run_key) as run:
        run.read(batch)


@flow(
    name="bulk-scan",
    task_runner=ThreadPoolTaskRunner(max_workers=TASKS_AT_ONCE),  # type: ignore[arg-type]
    persist_result=False,
)
def bulk_scan(run_key: str) -> Summary:
    """Read all uploads of a kept order, assemble claims, write the outputs."""
    with opened(run_key) as run:
        futures = [read_batch.submit(run_key, number) for number in range(run.batches)]
        try:
            for future in futures:
                future.result()
        except BaseException as error:  # Ctrl-C too: the tasks that wait must know
            run.give_up(error)
            raise
        summary = run.write()
    create_markdown_artifact(summary_table(summary), key="scan-summary", description="报销票据识别汇总")
    return summary


def summary_table(summary: Summary) -> str:
    """The counts of a run as Markdown; never a name or a number of anyone."""
    rows = [
        ("文件 files", summary.files),
        ("页 pages", summary.pages),
        ("单据 documents", summary.documents),
        ("需复核 to review", summary.needing_review),
        ("空白背面与分隔页 put aside", summary.put_aside),
        ("未移交的批次 batches held", len(summary.batches_held)),
        ("报销申请 claims", summary.claims),
        ("无法读取 unreadable", summary.unreadable),
        *((f"· {name}", sum(counts.values())) for name, counts in summary.by_type.items()),
    ]
    return "\n".join(["| | |", "|---|---:|", *(f"| {name} | {count} |" for name, count in rows)])
