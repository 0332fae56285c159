"""What `baoxiao serve` runs: pages and the API over the store, the gate for pictures, and who reads beside.

Serving and reading are two processes, for an answer must not wait until a page is judged: the one that reads
may be killed, is started again, and ends with the one that serves. Nothing that was acknowledged depends on
either of them.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import uvicorn
from rich.console import Console

from pipeline.deadlines import Deadlines
from pipeline.engine.answers import take_answer
from pipeline.errors import ServiceUnavailable
from pipeline.rejudged import Judges
from pipeline.settings import Settings
from pipeline.store.accounts import list_accounts
from pipeline.store.opened import Store
from pipeline.store.thresholds import aimed
from pipeline.submission_reader import WORK
from pipeline.watching import Watch
from pipeline.web.app import app
from pipeline.web.service import Service
from pipeline.web.uploads.gate import PageGate
from pipeline.web.working import Working
from pipeline.wiring import office

GRACE_SECONDS = 2
"""How long requests under way may take once the server is stopped: pages that follow something never end."""

SECONDS_BETWEEN_LOOKS = 2.0
"""Into a watched folder: soon enough for people who wait, seldom enough for a drive behind a network."""

TERMINATED = 128 + signal.SIGTERM


def serve_store(
    settings: Settings,
    store: Store,
    out: Console,
    host: str,
    port: int,
    *,
    work: bool = True,
    watch: Path | None = None,
) -> None:
    """Serve a store on an address of this machine until it is stopped (Ctrl-C, SIGTERM).

    Args:
        settings: Of this office.
        store: The store.
        out: Where it is said that it serves, and what the process that reads has to say.
        host: A loopback address.
        port: Where; 0 for any.
        work: Whether submissions are read, claims handed over and webhooks told as well.
        watch: A folder whose papers are received as they come.

    Raises:
        PlaceRefused: If a place's file is wrong.
        FolderUnusable: If lists or the calendar cannot be read.
    """
    signal.signal(signal.SIGTERM, _terminated)
    with ExitStack() as opened:
        gate = opened.enter_context(PageGate(store.originals, settings))
        service = Service(
            store.database,
            take_answer,
            settings.engine_secret,
            Deadlines(office(settings)),
            store=store,
            judges=lambda: Judges.of(aimed(settings, store.database), store.originals),
            gate=gate,
            work=settings.store_dir / WORK,
            target_error=settings.target_error,
        )
        if work:
            opened.enter_context(Working(out))
        if watch is not None:
            opened.enter_context(_watched(Watch(store, watch), out))
        where = f"[{host}]" if ":" in host else host
        out.print(f"网页与接口 / pages and API: http://{where}:{port}  (Ctrl-C 停止 / stops)", markup=False)
        _hint_at_accounts(store, out)
        # Lines of access would hold what was asked for; the app tells nothing of persons in URLs, but
        # whoever adds a route could.
        uvicorn.run(
            app(service),
            host=host,
            port=port,
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )


@contextmanager
def _watched(watch: Watch, out: Console) -> Iterator[None]:
    """Look into a folder again and again, in a thread, for as long as the context lasts."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(SECONDS_BETWEEN_LOOKS):
            try:
                watch.look(datetime.now(UTC))
            except ServiceUnavailable as error:  # a drive that is away comes back
                out.print(f"✗ {error}", markup=False)

    thread = threading.Thread(target=run, name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _hint_at_accounts(store: Store, out: Console) -> None:
    """Where nobody can sign in yet, say how the first account is made."""
    with store.database.read() as connection:
        if list_accounts(connection):
            return
    out.print(
        "尚无账号，请先建立管理员：baoxiao account create NAME --role admin"
        " / there is no account yet: make an administrator with it",
        markup=False,
    )


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    """End as after Ctrl-C: what was opened is closed."""
    sys.exit(TERMINATED)
