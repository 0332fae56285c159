"""`baoxiao explain`, from a file to pictures and a page, with an engine that reads what it is told."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from pipeline import cli
from pipeline.catalogs.catalog import Catalogs
from pipeline.errors import UnreadableFile
from pipeline.explain.command import app
from pipeline.explain.explanation import Explanation, explain
from pipeline.explain.page import NAMES, write_page
from pipeline.explain.recorder import Recorder
from pipeline.model import Box, Image, Word
from pipeline.reading.lines import Quad
from pipeline.reading.stages import Mark

TODAY = date(2026, 11, 21)
TITLE = "济南样例人民医院门诊收费票据<b>（电子）"


class Engine:
    """Finds one line and reads the title on it."""

    def find_lines(self, image: Image) -> list[Quad]:
        width = image.shape[1]
        return [np.array([[40, 40], [width - 40, 40], [width - 40, 80], [40, 80]], np.float32)]

    def read_lines(self, image: Image, lines: Sequence[Quad]) -> list[Word]:
        return [Word(TITLE, Box(40, 40, image.shape[1] - 40, 80), 0.97, "ocr")] if len(lines) else []

    def read_each(self, image: Image, lines: Sequence[Quad]) -> list[list[Word]]:
        return [self.read_lines(image, [line]) for line in lines]


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    image = np.full((500, 400, 3), 255, np.uint8)
    image[40:80, 40:360] = 0
    path = tmp_path / "票据.png"
    cv2.imencode(".png", image)[1].tofile(path)
    return path


def explained(path: Path, folder: Path, page: int | None = None) -> Explanation:
    return explain(path, folder, Engine(), Catalogs.sample(), TODAY, page=page)


def test_every_step_of_a_page_is_kept_in_order_and_shown_on_one_page(paper: Path, tmp_path: Path) -> None:
    explanation = explained(paper, tmp_path / "out")
    (page,) = explanation.pages
    stages = [step.stage for step in page.steps]
    assert stages[:2] == ["decoded", "lines"]
    assert stages[-2:] == ["words", "fields"]
    assert [step.number for step in page.steps] == list(range(1, len(stages) + 1))
    html = write_page(tmp_path / "out", explanation).read_text("utf-8")
    places = [html.index(f". {NAMES[stage][0]} <") for stage in stages]
    assert places == sorted(places)
    assert "&lt;b&gt;" in html
    assert TITLE not in html, "what a paper says is escaped"
    assert "data:image/jpeg;base64," in html
    assert "http://" not in html
    assert "https://" not in html
    assert "<script" not in html


def test_pictures_are_numbered_files_with_their_marks(paper: Path, tmp_path: Path) -> None:
    (page,) = explained(paper, tmp_path / "out").pages
    files = [step.file for step in page.steps if step.file is not None]
    assert files
    assert all(file.name.startswith("p01-") and file.stat().st_size for file in files)
    assert [file.name for file in files] == sorted(file.name for file in files)
    words = next(step for step in page.steps if step.stage == "words")
    assert [(mark.label, mark.sure) for mark in words.marks] == [(TITLE, 0.97)]


def test_a_step_that_changed_nothing_has_a_sentence_and_no_second_picture(tmp_path: Path) -> None:
    recorder, image = Recorder(1, tmp_path), np.full((40, 30, 3), 255, np.uint8)
    recorder.show("decoded", "打开 / opened", image)
    recorder.show("deskewed", "放弃 / dropped", image)
    recorder.show("words", "文字 / words", image, [Mark.on(Box(1, 1, 9, 9), "甲", 0.5)])
    assert [step.file is not None for step in recorder.steps] == [True, False, True]
    assert recorder.steps[1].note == "放弃 / dropped"


def test_large_pages_are_shown_smaller_with_their_marks_in_place(tmp_path: Path) -> None:
    recorder = Recorder(1, tmp_path)
    recorder.show(
        "words", "", np.full((2800, 700, 3), 255, np.uint8), [Mark.on(Box(100, 200, 300, 400), "甲")]
    )
    (step,) = recorder.steps
    assert step.size == (350, 1400)
    assert step.marks[0].corners.tolist() == [[50, 100], [150, 100], [150, 200], [50, 200]]


def test_an_archive_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(UnreadableFile, match="unpack it and choose") as refused:
        explained(tmp_path / "a.zip", tmp_path / "out")
    assert "not one of" not in str(refused.value), "a ZIP is among what can be read"


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [str(tmp_path / "no.png")])
    assert done.exit_code == 2
    assert "is not a file" in done.output


def test_a_file_that_is_refused_leaves_no_folder_behind(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no paper")
    with pytest.raises(UnreadableFile):
        explained(tmp_path / "a.txt", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_is_part_of_baoxiao(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["explain", "--help"])
    assert "--page" in capsys.readouterr().out
