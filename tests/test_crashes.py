"""Killed at random points, the worker ends where one that nobody disturbs does (`benchmarks/crashes.py`)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
KILLS = 20


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="lives are forked")
def test_killed_twenty_times_with_a_failing_engine_nothing_is_lost_or_handed_over_twice(
    tmp_path: Path,
) -> None:
    figures = tmp_path / "figures.json"
    command = [
        *(sys.executable, "benchmarks/crashes.py", "--papers", "26", "--kills", str(KILLS)),
        *("--fail", "reset", "--json", str(figures)),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    (outcome,) = json.loads(figures.read_text("utf-8"))
    assert outcome["kills"] >= KILLS - 5  # where all is done before they are used up
    assert (outcome["papers"], outcome["claims"]) == (26, 8)
    assert (outcome["lost"], outcome["committed_twice"], outcome["rows_that_differ"]) == (0, 0, 0)
