"""The command line of the fitting scripts: runs to fit on, and the day that names the data."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

WHAT = "TRUTH OUT"


@dataclass(frozen=True, slots=True)
class Run:
    """Papers with their truth (a truth.jsonl or its folder), and what `baoxiao scan` wrote of them."""

    truth: Path
    out: Path


@dataclass(frozen=True, slots=True)
class Order:
    """What to fit on, what to count with it afterwards, and the day that names the data."""

    runs: tuple[Run, ...]
    fresh: tuple[Run, ...]
    dated: date


def order(doc: str | None, *, takes_fresh: bool = False) -> Order:
    """What the command line asks for.

    Args:
        doc: Of the script; its first line is the help.
        takes_fresh: Whether the script counts on papers drawn after the fitting too.

    Raises:
        SystemExit: If a TRUTH stands without its OUT, or the day is none; said on the terminal.
    """
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar=WHAT)
    if takes_fresh:
        parser.add_argument("--fresh", nargs="+", type=Path, default=[], metavar=WHAT)
    parser.add_argument("--dated", type=date.fromisoformat, required=True)
    options = parser.parse_args()
    fresh: Sequence[Path] = options.fresh if takes_fresh else ()
    if len(options.runs) % 2 or len(fresh) % 2:
        parser.error("give a TRUTH and an OUT, one pair a run")
    return Order(tuple(_runs(options.runs)), tuple(_runs(fresh)), options.dated)


def _runs(paths: Sequence[Path]) -> Iterator[Run]:
    for truth, out in zip(paths[::2], paths[1::2], strict=True):
        yield Run(truth, out)
