"""Many upload at once: each is answered, soon, and nothing that was acknowledged is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from benchmarks.uploads import TARGET_SECONDS, drive, lost, serving
from pipeline.settings import Settings
from pipeline.store.opened import opened_store
from tests.web.serving import token
from tests.web.uploads.desk import Desk

CLIENTS, SECONDS, THINK = 20, 4.0, 0.8
PAPERS = [
    b"outpatient_invoice payer_name=x total_amount=1.00 note=" + bytes([65 + n]) * 40_000 for n in range(4)
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_waits_long_and_nothing_is_lost(web: httpx.Client, desk: Desk) -> None:
    headers = token(desk.store.database, "uploads:write")
    with desk.reading():
        figures = asyncio.run(
            drive(str(web.base_url), headers, PAPERS, clients=CLIENTS, seconds=SECONDS, think=THINK, seed=7)
        )
    assert not figures.wrong
    assert figures.cut_off == 0
    assert len(figures.acknowledged) > CLIENTS
    # Everything runs in one process here, readers too: the benchmark holds the second itself.
    assert figures.p95 <= 5 * TARGET_SECONDS
    assert lost(desk.store, figures.acknowledged) == []


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.mark.slow
def test_a_server_that_is_killed_has_lost_nothing_and_one_that_is_stopped_ends_within_seconds(
    tmp_path: Path,
) -> None:
    port = free_port()
    settings = Settings(store_dir=tmp_path / "store", state_dir=tmp_path / "state")
    with opened_store(settings) as store:
        headers = token(store.database, "uploads:write")
        with serving(tmp_path, port) as process:
            children = psutil.Process(process.pid).children(recursive=True)
            figures = asyncio.run(
                drive(f"http://127.0.0.1:{port}", headers, PAPERS[:1], clients=3, seconds=0.5, think=0.2)
            )
            process.kill()
            process.wait()
        with serving(tmp_path, port) as process:
            children += psutil.Process(process.pid).children(recursive=True)
            began = time.monotonic()
            os.killpg(process.pid, signal.SIGINT)
            process.wait(60)
        # Six to let go of what is in hand, two for what is under way, and this machine may be busy.
        assert time.monotonic() - began < 20
        assert figures.acknowledged
        assert lost(store, figures.acknowledged) == []
    _gone, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
    assert "Traceback" not in (tmp_path / "serve.log").read_text("utf-8")
