"""`baoxiao evaluate` from files to figures, JSON and page."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from pipeline import cli
from pipeline.evaluate.command import app
from pipeline.evaluate.crops import cut, laid_over
from pipeline.evaluate.page import differing
from tests.evaluate.papers import Row, document, field, line, write_lines

TRUE_ROW = {
    "source": {"file": "甲.png", "pages": [1]},
    "document_type": "outpatient_invoice",
    "subtype": "e_bill",
    "fields": {
        "payer_name": {"value": "<b>王小明"},
        "total_amount": {"value": "5.00"},
        "sex": {"value": "男"},
    },
    "line_items": [{"name": {"value": "诊察费"}, "amount": {"value": "5.00"}}],
    "drawn": {"level": "scan", "layout": "山东 & 北京", "container": "single", "consistent": True},
}
GONE_ROW = TRUE_ROW | {"source": {"file": "乙.png", "pages": [1]}}
REFUSED_ROW = {"source": {"file": "丙.pdf"}, "error": "encrypted"}
WRONG = {"payer_name": field("<b>王小朋", 0.98), "total_amount": field("5.00"), "sex": field("男")}
LINES = [line("诊察费", "5.00")]


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """A folder with a truth of two papers, of which one file is there."""
    write_lines(tmp_path / "papers" / "truth.jsonl", [TRUE_ROW, GONE_ROW, REFUSED_ROW])
    picture = np.full((300, 400, 3), 255, np.uint8)
    cv2.imencode(".png", picture)[1].tofile(tmp_path / "papers" / "甲.png")
    return tmp_path / "papers"


def run_of(folder: Path, documents: Iterable[Row]) -> Path:
    write_lines(folder / "documents.jsonl", documents)
    refused = {"file": "丙.pdf", "page": None, "code": "encrypted", "message": "…"}
    write_lines(folder / "errors.jsonl", [refused])
    return folder


def evaluated(*arguments: object) -> tuple[str, dict[str, Any]]:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == 0, done.output
    return done.output, json.loads((Path(str(arguments[1])) / "evaluation.json").read_text("utf-8"))


def test_a_run_is_evaluated_on_the_terminal_as_json_and_as_a_page(papers: Path, tmp_path: Path) -> None:
    run = run_of(tmp_path / "out", [document("甲.png", fields=WRONG, lines=LINES)])
    output, record = evaluated(papers, run)
    assert "没有读出的单据 / papers without a document: 1 / 2" in output
    assert "inputs refused: 100% (1/1)" in output
    assert "王小" not in output, "what papers say stays in the files"
    assert record["overall"]["papers"] == 2
    first = next(one for one in record["wrong"] if one["reading"])
    assert (first["file"], first["field"], first["status"], first["layout"]) == (
        "甲.png",
        "payer_name",
        "accepted",
        "山东 & 北京",
    )
    page = (run / "evaluation.html").read_text("utf-8")
    assert "data:image/jpeg;base64," in page
    assert "&lt;b&gt;王小<mark>朋</mark>" in page
    assert "<b>王小" not in page
    assert "找不到原文件" in page
    assert "http://" not in page
    assert "https://" not in page
    assert page.count("<svg") >= 4


def test_without_matplotlib_the_page_says_the_way_out(
    papers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "pipeline.evaluate.plots", raising=False)
    monkeypatch.delattr("pipeline.evaluate.plots", raising=False)
    run = run_of(tmp_path / "out", [document("甲.png", fields=WRONG)])
    output, _ = evaluated(papers, run)
    assert "baoxiao[accuracy]" in output
    assert "baoxiao[accuracy]" in (run / "evaluation.html").read_text("utf-8")


def test_against_an_earlier_run_names_what_got_better_and_worse(papers: Path, tmp_path: Path) -> None:
    earlier = run_of(tmp_path / "earlier", [document("甲.png", fields=WRONG, lines=LINES)])
    fixed = WRONG | {"payer_name": field("<b>王小明"), "sex": field("女")}
    run = run_of(tmp_path / "out", [document("甲.png", fields=fixed, lines=LINES)])
    output, record = evaluated(papers, run, "--against", earlier)
    changes = record["against"]
    assert changes["better_by_field"] == {"payer_name": 1}
    assert [(one["field"], one["earlier"], one["now"]) for one in changes["worse"]] == [("sex", "男", "女")]
    assert "▼ 变差 / now wrong: 1" in output
    assert "与以前相比" in (run / "evaluation.html").read_text("utf-8")
    evaluated(papers, earlier)
    _, again = evaluated(papers, run, "--against", earlier / "evaluation.json")
    assert again["against"] == changes


def test_the_command_is_part_of_baoxiao(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["evaluate", "--help"])
    assert "--against" in capsys.readouterr().out


def test_a_plain_truth_beside_the_folder_of_its_files(papers: Path, tmp_path: Path) -> None:
    plain = {
        "file": "甲.png",
        "document_type": "outpatient_invoice",
        "fields": {"gender": "女"},
        "line_items": [],
    }
    truth = write_lines(tmp_path / "plain.jsonl", [plain])
    run = run_of(tmp_path / "out", [document("甲.png", fields=WRONG)])
    _, record = evaluated(truth, run, "--files", papers)
    assert record["overall"]["fields"]["sex"]["wrong"] == 1
    assert "data:image/jpeg" in (run / "evaluation.html").read_text("utf-8")


def test_a_truth_cannot_point_outside_its_folder(tmp_path: Path) -> None:
    cv2.imencode(".png", np.zeros((50, 50, 3), np.uint8))[1].tofile(tmp_path / "secret.png")
    row = TRUE_ROW | {"source": {"file": "../secret.png", "pages": [1]}}
    write_lines(tmp_path / "papers" / "truth.jsonl", [row])
    run = run_of(tmp_path / "out", [document("../secret.png", fields=WRONG)])
    evaluated(tmp_path / "papers", run)
    assert "data:image/jpeg" not in (run / "evaluation.html").read_text("utf-8")


def test_the_same_bytes_under_another_name_are_the_same_paper(tmp_path: Path) -> None:
    row = TRUE_ROW | {"source": {"file": "改名.png", "pages": [1], "sha256": "0" * 64}}
    write_lines(tmp_path / "papers" / "truth.jsonl", [row])
    run = run_of(tmp_path / "out", [document("甲.png", fields=WRONG)])
    assert evaluated(tmp_path / "papers", run)[1]["overall"]["read"] == 1


@pytest.mark.parametrize(
    ("truth", "documents", "message"),
    [
        (None, [document("甲.png")], "no truth found"),
        ([{"file": "甲.png"}], [document("甲.png")], "not a row of truth"),
        ([TRUE_ROW], None, "no documents.jsonl"),
        ([TRUE_ROW], [{"source": {}}], "not a row of a document"),
        ([TRUE_ROW], [document("别的.png")], "the truth names 甲.png, the run 别的.png"),
    ],
)
def test_what_cannot_be_evaluated_is_a_usage_error(
    tmp_path: Path, truth: list[Row] | None, documents: list[Row] | None, message: str
) -> None:
    (tmp_path / "papers").mkdir()
    if truth is not None:
        write_lines(tmp_path / "papers" / "truth.jsonl", truth)
    if documents is not None:
        run_of(tmp_path / "out", documents)
    done = CliRunner().invoke(app, [str(tmp_path / "papers"), str(tmp_path / "out")])
    assert done.exit_code == 2
    assert message in done.output


def test_an_earlier_evaluation_must_be_one(papers: Path, tmp_path: Path) -> None:
    run = run_of(tmp_path / "out", [document("甲.png", fields=WRONG)])
    done = CliRunner().invoke(app, [str(papers), str(run), "--against", str(papers / "truth.jsonl")])
    assert done.exit_code == 2
    assert "not an evaluation" in done.output


def test_differing_characters_are_marked() -> None:
    truth, reading = differing("0127700352", "012770O352")
    assert [piece.text for piece in truth if piece.differs] == ["0"]
    assert [piece.text for piece in reading if piece.differs] == ["O"]


def test_a_page_that_was_turned_and_straightened_is_laid_over() -> None:
    upright = np.full((900, 1200, 3), 255, np.uint8)
    generator = np.random.default_rng(7)
    for x, y in generator.integers(40, 840, (60, 2)):
        cv2.rectangle(upright, (int(x), int(y)), (int(x) + 60, int(y) + 14), (0, 0, 0), -1)
    cv2.rectangle(upright, (1000, 100), (1150, 130), (200, 0, 0), -1)
    tilt = cv2.getRotationMatrix2D((600, 450), 2.0, 1.0)
    tilted = cv2.warpAffine(upright, tilt, (1200, 900), borderValue=(255, 255, 255))
    small = np.asarray(cv2.resize(upright, (800, 600), interpolation=cv2.INTER_AREA), np.uint8)
    again = laid_over(np.asarray(np.rot90(tilted), np.uint8).copy(), small)
    assert again.shape == upright.shape
    inside = again[105:125, 1010:1140]
    assert inside[..., 0].mean() > 150 > 60 > inside[..., 1].mean()


def test_a_crop_holds_its_box_with_a_margin() -> None:
    crop = cut(np.full((400, 800, 3), 255, np.uint8), [0.25, 0.5, 0.5, 0.55])
    assert crop.jpeg
    assert crop.mark is not None
    assert 0 < crop.mark[0] < crop.mark[2] < 1
    assert 0 < crop.mark[1] < crop.mark[3] < 1


def test_what_is_inside_a_zip_is_shown_with_its_place(tmp_path: Path) -> None:
    name = "卷.zip!内/甲.png"
    write_lines(tmp_path / "papers" / "truth.jsonl", [TRUE_ROW | {"source": {"file": name, "pages": [1]}}])
    _, packed = cv2.imencode(".png", np.full((300, 400, 3), 255, np.uint8))
    with zipfile.ZipFile(tmp_path / "papers" / "卷.zip", "w") as archive:
        archive.writestr("内/甲.png", packed.tobytes())
    run = run_of(tmp_path / "out", [document(name, fields=WRONG, lines=LINES)])
    _, record = evaluated(tmp_path / "papers", run)
    assert list(record["slices"]["container"]) == ["single"]
    assert "data:image/jpeg;base64," in (run / "evaluation.html").read_text("utf-8")
