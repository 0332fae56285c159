"""What Prefect adds to a batch: the same 40 pages read directly and as a flow, in turns, in one run.

    python benchmarks/prefect_overhead.py [--pages N] [--rounds N] [--json FILE]

The pages are the pictures of fixtures/samples, each under several names. Every round is a whole command
(`baoxiao scan`) into a folder of its own, imports and models included; the server is started before and
not counted, but what the flow asks of it is. Rounds go direct, flow, flow, direct …, so that a machine that
slows down slows both. Beside the time stands what the processors did, which others at work on the machine
change less.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from flows import server  # noqa: E402 - the benchmark runs from the sources

MOST_MORE = 0.05
"""What a flow may cost more than the same work without it."""


def main() -> int:
    """Measure, print, and give 1 where a flow costs too much."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        papers = copies(folder / "papers", options.pages)
        url = server.start(folder / "prefect")
        try:
            runs = measured(papers, folder, url, options.rounds)
        finally:
            server.stop(folder / "prefect")
    medians = {
        way: [statistics.median(column) for column in zip(*taken, strict=True)] for way, taken in runs.items()
    }
    for way, taken in runs.items():
        print(
            f"{way:>7}: median {medians[way][0]:.2f} s, {medians[way][1]:.2f} CPU s; "
            f"{', '.join(f'{wall:.1f}/{cpu:.1f}' for wall, cpu in taken)}"
        )
    more, more_cpu = (
        flow / direct - 1 for direct, flow in zip(medians["direct"], medians["flow"], strict=True)
    )
    print(f"{options.pages} pages as a flow: {more:+.1%} (at most {MOST_MORE:+.0%}), CPU {more_cpu:+.1%}")
    if options.json:
        options.json.write_text(json.dumps({"runs": runs, "more": more, "more_cpu": more_cpu}) + "\n")
    return 0 if more <= MOST_MORE else 1


def copies(folder: Path, pages: int) -> Path:
    """So many one-page pictures, the samples in turn."""
    folder.mkdir()
    samples = sorted(
        path
        for path in (ROOT / "fixtures" / "samples").rglob("*")
        if path.suffix in (".jpg", ".png") and "读不出" not in str(path)
    )
    for number in range(pages):
        sample = samples[number % len(samples)]
        shutil.copyfile(sample, folder / f"{number:03}{sample.suffix}")
    return folder


def measured(papers: Path, folder: Path, url: str, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds and CPU seconds of each command, by the way it went; the first round is not counted."""
    runs: dict[str, list[tuple[float, float]]] = {"direct": [], "flow": []}
    for number in range(rounds + 1):
        for way in ("direct", "flow") if number % 2 else ("flow", "direct"):
            began, busy = time.perf_counter(), cpu_seconds(folder)
            scan(papers, folder / f"{way}-{number}", folder / "state", url if way == "flow" else None)
            taken = (time.perf_counter() - began, cpu_seconds(folder) - busy)
            if number:
                runs[way].append(taken)
    return runs


def scan(papers: Path, out: Path, state: Path, url: str | None) -> None:
    """One command, as a flow where `url` is given."""
    command = [sys.executable, "-m", "pipeline.cli", "scan", str(papers), "--out", str(out)]
    environment = os.environ | {"BAOXIAO_STATE_DIR": str(state)}
    environment |= {"PREFECT_API_URL": url} if url else {}
    subprocess.run(
        command if url else [*command, "--direct"],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def cpu_seconds(folder: Path) -> float:
    """What the processors did so far for our commands, and for the server where the system tells."""
    ours = os.times()
    seconds = ours.children_user + ours.children_system
    stat = Path("/proc") / str(json.loads((folder / "prefect" / "server.json").read_text())["pid"]) / "stat"
    if stat.exists():
        ticks = stat.read_text().rpartition(")")[2].split()[11:13]
        seconds += sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
