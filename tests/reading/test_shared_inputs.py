"""The reader on files of others, which lie beside the project; each test is skipped where they are absent."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.reading.conftest import ReadPages

ROOT = Path(__file__).resolve().parent.parent.parent
SHARED = ROOT.parent / "shared"

pytestmark = pytest.mark.shared


def benchmark() -> ModuleType:
    """`benchmarks/bad_inputs.py`, which is no package."""
    spec = importlib.util.spec_from_file_location("bad_inputs", ROOT / "benchmarks" / "bad_inputs.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not (SHARED / "bad_inputs").is_dir(), reason="../shared/bad_inputs is absent")
@pytest.mark.slow
def test_inputs_that_broke_others_do_not_break_us() -> None:
    report = benchmark().run(SHARED / "bad_inputs")
    failures = [outcome for outcome in report.outcomes if outcome.strict and not outcome.as_expected]
    assert report.strict_share >= 0.95, failures
    assert report.slowest <= 60
    assert not [outcome for outcome in report.outcomes if outcome.got == "silence"]
    assert report.memory_after - report.memory_before < 100


@pytest.mark.skipif(not (SHARED / "real_samples").is_dir(), reason="../shared/real_samples is absent")
def test_published_ofd_invoices_state_what_they_say(read_pages: ReadPages) -> None:
    lines = (SHARED / "real_samples" / "truth.jsonl").read_text("utf-8").splitlines()
    truths = [truth for truth in map(json.loads, lines) if truth["file"].endswith(".ofd")]
    assert truths
    for truth in truths:
        page, *_ = read_pages(SHARED / "real_samples" / truth["file"])
        stated = {statement.name: statement.text for statement in page.statements}
        for name in ("invoice_code", "invoice_number", "check_code", "payer_name", "payee_name"):
            assert stated.get(name) == truth["fields"][name], (truth["file"], name)
        assert stated["total_amount"].removeprefix("¥") == truth["fields"]["total_amount"]
        assert truth["fields"]["invoice_number"] in page.text
        if page.stated_rows:
            assert [row.name for row in page.stated_rows] == [row["name"] for row in truth["line_items"]]
