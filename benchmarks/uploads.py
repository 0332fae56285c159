"""Fifty people upload at once: how soon they are answered, and whether anything they were told is lost.

    .venv/bin/python benchmarks/uploads.py --clients 50 --seconds 300

A real `baoxiao serve` runs over a store of its own, with its gate, reading beside. Each client is somebody
with a phone: they take a photo, which takes a while (`--think`, from half of it to half more), send it, and
take the next. Photos are drawn papers; each is made different by bytes behind its end, so that none is known
from before. In the middle the server is killed (SIGKILL) and started again; who met that sends the same
request once more, under the same key.

What must hold: every answer is 202 or 503 with Retry-After; 95 of 100 acknowledgements come within a second;
each upload that was acknowledged is in the store, its bytes whole.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import os
import random
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from pipeline.settings import Settings
from pipeline.store.opened import Store, opened_store
from pipeline.store.submissions import load_submission
from pipeline.store.tables import submissions
from pipeline.store.tokens import create_token

ROOT = Path(__file__).parent.parent
START_SECONDS = 90.0
"""A server that does not answer by then does not start."""
TARGET_SECONDS = 1.0
AGAIN_SECONDS = 1.0
"""After so long a client whose connection was cut sends its request again."""
TIMEOUT_SECONDS = 60.0
PAPERS = 24
"""Photos that are drawn; each is sent many times, each time as another file."""


@dataclass
class Figures:
    """What clients met.

    Attributes:
        acknowledged: Each upload that was answered with 202: its id and the hash of its photo.
        seconds: From the first byte sent to the answer, of each of them.
        later: How many answers were 503 with Retry-After.
        cut_off: How many requests met no answer, because the server was killed; they were sent again.
        wrong: All other answers, by what they were.
        judged_at_once: How many acknowledgements came with the gate's word.
    """

    acknowledged: list[tuple[str, str]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    later: int = 0
    cut_off: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    judged_at_once: int = 0

    @property
    def p95(self) -> float:
        """The time within which 95 of 100 acknowledgements came, in seconds."""
        return quantile(self.seconds, 0.95)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed; 0 where there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


async def drive(
    base_url: str,
    headers: Mapping[str, str],
    photos: Sequence[bytes],
    *,
    clients: int,
    seconds: float,
    think: float,
    seed: int = 1,
) -> Figures:
    """Have so many clients upload for so long.

    Args:
        base_url: Of the server.
        headers: By which they are let in.
        photos: What they send.
        clients: How many.
        seconds: For how long they begin uploads; those under way are answered.
        think: Seconds between two uploads of one client, on average.
        seed: Of chance.
    """
    figures = Figures()
    until = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=clients)
    async with httpx.AsyncClient(
        base_url=base_url, headers=dict(headers), timeout=TIMEOUT_SECONDS, limits=limits, trust_env=False
    ) as client:
        await asyncio.gather(
            *(
                _person(client, figures, photos, until, think, random.Random(f"{seed} {number}"))  # noqa: S311 - chooses photos, keeps no secret
                for number in range(clients)
            )
        )
    return figures


async def _person(
    client: httpx.AsyncClient,
    figures: Figures,
    photos: Sequence[bytes],
    until: float,
    think: float,
    chance: random.Random,
) -> None:
    await asyncio.sleep(chance.uniform(0, think))  # they do not all begin at once
    while time.monotonic() < until:
        photo = chance.choice(photos) + chance.randbytes(16).hex().encode()
        await _send(client, figures, photo, until)
        await asyncio.sleep(chance.uniform(0.5 * think, 1.5 * think))


async def _send(client: httpx.AsyncClient, figures: Figures, photo: bytes, until: float) -> None:
    """Send a photo until it is acknowledged."""
    key = secrets.token_hex(8)
    while True:
        began = time.monotonic()
        try:
            answer = await client.post(
                "/uploads", files={"file": ("image.jpg", photo)}, headers={"Idempotency-Key": key}
            )
        except httpx.TransportError:
            figures.cut_off += 1
            await asyncio.sleep(AGAIN_SECONDS)
            continue
        if answer.status_code == 202:
            figures.seconds.append(time.monotonic() - began)
            told = answer.json()
            figures.acknowledged.append((told["upload"], hashlib.sha256(photo).hexdigest()))
            figures.judged_at_once += told["quality"] is not None
            return
        if answer.status_code != 503 or "Retry-After" not in answer.headers:
            figures.wrong[f"{answer.status_code} {answer.text[:80]}"] += 1
            return
        figures.later += 1
        if time.monotonic() > until:
            return
        await asyncio.sleep(float(answer.headers["Retry-After"]))


def lost(store: Store, acknowledged: Sequence[tuple[str, str]]) -> list[str]:
    """The acknowledged uploads that are not in the store with their bytes whole."""
    missing = []
    with store.database.read() as connection:
        for upload, sha256 in acknowledged:
            try:
                kept = load_submission(connection, upload)
            except LookupError:
                missing.append(upload)
                continue
            if [file.sha256 for file in kept.files] != [sha256] or not store.originals.is_whole(sha256):
                missing.append(upload)
    return missing


# ---------------------------------------------------------------- a real server


@contextlib.contextmanager
def serving(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`baoxiao serve` over the store in a folder, from when it answers."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "BAOXIAO_STORE_DIR": str(folder / "store"),
        "BAOXIAO_STATE_DIR": str(folder / "state"),
        "BAOXIAO_WORKERS": "1",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "serve", "--port", str(port)]
    with (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            if time.monotonic() > deadline or process.poll() is not None:
                raise SystemExit(f"serve does not answer:\n{(folder / 'serve.log').read_text('utf-8')}")
            time.sleep(0.2)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False, timeout=5).is_success
    except httpx.TransportError:
        return False


def drawn_photos(folder: Path) -> list[bytes]:
    """Photos of drawn papers as a phone takes them."""
    out = folder / "drawn"
    command = [sys.executable, "-m", "fixtures.draw", "--set", str(PAPERS), "--level", "photo"]
    subprocess.run([*command, "--seed", "31", "--out", str(out)], check=True, cwd=ROOT, stdout=sys.stderr)
    return photos_in(out)


def photos_in(folder: Path) -> list[bytes]:
    """The photos that lie in a folder."""
    return [file.read_bytes() for file in sorted(folder.rglob("*.jpg"))]


@contextlib.asynccontextmanager
async def _killed_once(folder: Path, port: int, after: float) -> AsyncIterator[None]:
    """Serve, and in the middle be killed and started again."""
    with contextlib.ExitStack() as servers:
        process = servers.enter_context(serving(folder, port))

        async def kill() -> None:
            await asyncio.sleep(after)
            process.kill()
            process.wait()
            await asyncio.to_thread(servers.enter_context, serving(folder, port))

        killing = asyncio.create_task(kill())
        try:
            yield
        finally:
            await killing


async def measured(options: argparse.Namespace, folder: Path) -> tuple[Figures, list[str], int]:
    """What clients met, what was lost, how many submissions were read meanwhile."""
    photos = drawn_photos(folder) if options.photos is None else photos_in(options.photos)
    settings = Settings(store_dir=folder / "store", state_dir=folder / "state")
    with opened_store(settings) as store:
        with store.database.write() as connection:
            text = create_token(connection, "benchmark", ("uploads:write",), datetime.now(UTC))
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        async with _killed_once(folder, port, options.seconds / 2):
            figures = await drive(
                f"http://127.0.0.1:{port}",
                {"Authorization": f"Bearer {text}"},
                photos,
                clients=options.clients,
                seconds=options.seconds,
                think=options.think,
            )
        with store.database.read() as connection:
            read = connection.execute(
                select(func.count()).select_from(submissions).where(submissions.c.state == "read")
            ).scalar_one()
        return figures, lost(store, figures.acknowledged), read


def main() -> int:
    """Drive a server and print what came out; 1 where something that must hold does not."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--think", type=float, default=30, help="seconds between two photos of a client")
    parser.add_argument("--photos", type=Path, help="a folder of photos; otherwise they are drawn")
    options = parser.parse_args()
    before = os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="baoxiao-uploads-") as folder:
        figures, gone, read = asyncio.run(measured(options, Path(folder)))
    table = Table(show_header=False)
    rows = {
        "clients, seconds, think time": f"{options.clients}, {options.seconds:.0f}, {options.think:.0f} s",
        "acknowledged": len(figures.acknowledged),
        "… median, p95, longest": f"{statistics.median(figures.seconds or [0]):.2f}, {figures.p95:.2f}, "
        f"{max(figures.seconds, default=0):.2f} s",
        "… with the gate's word": figures.judged_at_once,
        "503 with Retry-After": figures.later,
        "cut off by the kill, sent again": figures.cut_off,
        "other answers": dict(figures.wrong) or 0,
        "lost": len(gone),
        "read meanwhile": read,
        "load before and after (1 min)": f"{before[0]:.1f}, {os.getloadavg()[0]:.1f}",
    }
    for name, value in rows.items():
        table.add_row(name, str(value))
    Console(soft_wrap=True).print(table)
    return 0 if not gone and not figures.wrong and figures.p95 <= TARGET_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
