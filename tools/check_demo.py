"""Compares the outputs of `make demo` with what the samples hold, and says where report and run are.

Usage: check_demo.py OUT EXPECTED API_URL BEGAN. `EXPECTED` holds any of the keys of `summary`; counts of
outputs are taken from the files of the contract, not from what the command printed. Standard library alone.
"""

from __future__ import annotations

import http.client
import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

OUTPUTS = ("documents.jsonl", "claims.jsonl", "lines.csv", "errors.jsonl", "report.html")


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON Lines file; none where there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def summary(out: Path) -> dict[str, Any]:
    """What a run gave, counted as `fixtures.draw` counts what it drew."""
    documents, claims, errors = (rows(out / f"{name}.jsonl") for name in ("documents", "claims", "errors"))
    inputs = {document["source"]["file"] for document in documents} | {error["file"] for error in errors}
    return {
        "files": len(
            {name.split("!")[0] for name in inputs}
        ),  # what lies in a ZIP is `archive.zip!inner.jpg`
        "inputs": len(inputs),
        "documents": dict(sorted(Counter(document["document_type"] for document in documents).items())),
        "claims": len(claims),
        "unreadable": len({error["file"] for error in errors}),
    }


def differences(expected: dict[str, Any], found: dict[str, Any]) -> Iterable[str]:
    """One line for each number that is not as expected.

    >>> list(differences({"claims": 2}, {"claims": 1, "files": 1}))
    ['claims: expected 2, found 1']
    """
    for name, value in expected.items():
        if name not in found:
            yield f"{name}: not a number that the outputs give; known are {', '.join(found)}"
        elif found[name] != value:
            yield f"{name}: expected {value}, found {found[name]}"


def newest_run(api_url: str, began: str) -> tuple[str, str, str] | None:
    """Id, name and state of the newest flow run since `began`."""
    address = urlsplit(api_url)
    query = {
        "sort": "START_TIME_DESC",
        "limit": 1,
        "flow_runs": {"start_time": {"after_": began}, "parent_task_run_id": {"is_null_": True}},
    }
    connection = http.client.HTTPConnection(address.netloc, timeout=10)
    try:
        connection.request(
            "POST",
            f"{address.path}/flow_runs/filter",
            json.dumps(query),
            {"Content-Type": "application/json"},
        )
        found = json.load(connection.getresponse())
    finally:
        connection.close()
    return (found[0]["id"], found[0]["name"], found[0]["state_type"]) if found else None


def main(out: Path, expected: Path, api_url: str, began: str) -> int:
    """Prints the places and the verdict; 1 where something is not as it should be."""
    say = sys.stdout.write
    run = newest_run(api_url, began)
    if run is None:
        say("✗ 本次识别没有作为 Prefect 流程运行 / the scan did not run as a Prefect flow\n")
        return 1
    identity, name, state = run
    page = api_url.removesuffix("/api") + f"/runs/flow-run/{identity}"
    say(f"报告 / report   {(out / 'report.html').resolve()}\n")
    say(f"流程 / flow run {name} ({state})  {page}\n")
    say("                服务停止后 / once the server is stopped: .venv/bin/baoxiao up\n")
    wrong = [f"{name}: not written" for name in OUTPUTS if not (out / name).exists()]
    if expected.exists() and not wrong:
        wrong = list(differences(json.loads(expected.read_text("utf-8")), summary(out)))
    for line in wrong:
        say(f"✗ {line}\n")
    if expected.exists() and not wrong:
        say(f"✓ 数量与 {expected} 一致 / the counts are those of {expected}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]))
