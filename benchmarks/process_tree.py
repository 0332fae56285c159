"""What a process and all it started cost: CPU seconds and memory, sampled from /proc (Linux)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Cost:
    """What a command cost: seconds by the clock and of all cores, peak memory of all its processes."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str


@dataclass(frozen=True)
class Sample:
    """A process at one moment; `cpu_seconds` are its own, `rss_mb` counts shared memory in full."""

    pid: int
    parent: int
    command: str
    cpu_seconds: float
    rss_mb: float


def sample(pid: int) -> Sample | None:
    """The process as it is now; None where it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    after = stat.rpartition(")")[2].split()  # the name before it may hold anything
    cpu = (int(after[11]) + int(after[12])) / TICK
    return Sample(pid, int(after[1]), command, cpu, int(after[21]) * PAGE_MB)


def tree(root: int) -> list[Sample]:
    """`root` and all its descendants that live."""
    everyone = [sample(int(entry)) for entry in os.listdir("/proc") if entry.isdigit()]  # noqa: PTH208
    known = {process.pid: process for process in everyone if process is not None}

    def is_ours(process: Sample | None) -> bool:
        while process is not None and process.pid != root:
            process = known.get(process.parent)
        return process is not None

    return [process for process in known.values() if is_ours(process)]


class Watch:
    """Samples a process tree from a thread until it is left; a context manager."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._cpu: dict[int, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak_mb = 0.0

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds of all processes seen so far."""
        return sum(self._cpu.values())

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            processes = tree(self._root)
            self._cpu.update({process.pid: process.cpu_seconds for process in processes})
            self.peak_mb = max(self.peak_mb, sum(process.rss_mb for process in processes))


def run(command: Sequence[str], cwd: Path) -> Cost:
    """Run a command to its end and say what it cost.

    Raises:
        subprocess.CalledProcessError: If it ends with another status than 0.
    """
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        with Watch(process.pid) as watch:
            output, errors = process.communicate()
        seconds = time.perf_counter() - began
    if process.returncode:
        sys.stderr.write(errors.decode(errors="replace"))
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return Cost(seconds, watch.cpu_seconds, watch.peak_mb, output.decode())
