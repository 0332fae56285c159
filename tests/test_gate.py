"""The gate as the command shows it: files through the real sandbox, verdicts out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline import cli


def test_the_command_names_what_to_take_again_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank, cut = tmp_path / "空.png", tmp_path / "断.png"
    Image.fromarray(np.full((900, 700, 3), 250, np.uint8)).save(blank)
    cut.write_bytes(blank.read_bytes()[:200])
    with pytest.raises(SystemExit) as ended:
        cli.main(["quality", "--json", str(blank), str(cut)])
    rows = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1
    assert [row["verdict"] for row in rows] == ["retake", "retake"]
    assert [row["causes"][0]["name"] for row in rows] == ["not_a_paper", "corrupt"]
