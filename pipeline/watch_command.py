"""`baoxiao watch`: a folder whose papers are received as they come."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from pipeline.errors import ServiceUnavailable
from pipeline.settings import settings

if TYPE_CHECKING:  # loads SQLAlchemy: by the command that needs it
    from pipeline.watching import Watch

STOPPED = 130
"""The exit status of what Ctrl-C ended."""

SECONDS_BETWEEN_LOOKS = 2.0
"""Soon enough for people who wait, seldom enough for a drive at the other end of a network."""

app = typer.Typer()
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


@app.command()
def watch(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="收件文件夹 / what is watched",
            exists=True,
            file_okay=False,
            writable=True,
        ),
    ],
    once: Annotated[bool, typer.Option("--once", help="看两次即止 / looks twice and ends")] = False,
) -> None:
    """收取文件夹里的材料，写完才收 / receives the papers put into a folder, each once it is whole.

    收到的移入 done/，不能收的移入 failed/ 并说明原因；由 baoxiao work 识别
    / what was received goes to done/, what could not be to failed/ with the reason; baoxiao work reads it
    """
    from pipeline.store.opened import opened_store
    from pipeline.watching import QUIET, Watch

    with _ends_told(), opened_store(settings()) as store:
        watching = Watch(store, folder)
        told = _look(watching, "")
        time.sleep(QUIET.total_seconds())
        told = _look(watching, told)
        while not once:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            told = _look(watching, told)


def _look(watching: Watch, told: str) -> str:
    """One look; what went wrong is told once: a drive may be away for hours."""
    try:
        taken = watching.look(datetime.now(UTC))
    except ServiceUnavailable as error:
        if str(error) != told:
            err.print(f"✗ {error}", markup=False)
        return str(error)
    if taken:
        out.print(f"✓ 收到 {taken} 件 / {taken} submissions were received", markup=False)
    return ""


@contextmanager
def _ends_told() -> Iterator[None]:
    """The store that does not open is told; Ctrl-C ends it."""
    try:
        yield
    except ServiceUnavailable as error:
        err.print(f"✗ {error}", markup=False)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        raise typer.Exit(STOPPED) from None
