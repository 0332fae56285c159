"""What was fitted on papers: JSON files named by kind and day, beside the module that uses them.

A newer file stands beside the older ones, so that a verdict of the past can be looked into; the newest one is
used. The scripts under `tools/` write them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def newest_file(folder: Path, kind: str) -> Path:
    """The file of a kind with the latest date: `quality-2026-11-22.json` of the kind `quality`.

    Raises:
        FileNotFoundError: If the folder has none of that kind: the installation is not whole.
    """
    files = list(folder.glob(f"{kind}-????-??-??.json"))
    if not files:
        raise FileNotFoundError(f"{folder} holds no {kind}-YYYY-MM-DD.json: install again")
    return max(files)


def stored(file: Path) -> dict[str, Any]:
    """What the file holds."""
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def store(folder: Path, kind: str, fitted: Mapping[str, Any]) -> Path:
    """Write what was fitted, which says under `dated` on what day (YYYY-MM-DD), and give its file."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{kind}-{fitted['dated']}.json"
    file.write_text(json.dumps(fitted, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return file
