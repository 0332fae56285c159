"""The gate as the command shows it: files through the real sandbox, verdicts out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline import cli
from pipeline.errors import OcrUnavailable, ServiceUnavailable
from pipeline.gate import PageQuality, page_qualities
from pipeline.model import Page
from pipeline.reading.decoded import Decoded, SpooledPage
from pipeline.reading.open_file import source_file
from pipeline.reading.probe import FIRST_LINES
from pipeline.reading.quality import Cause, Quality
from tests.fakes import FakeDecoder

SAMPLE = Path(__file__).parent.parent / "fixtures" / "samples" / "04_周模拟_门诊收据.jpg"


class PictureDecoder(FakeDecoder):
    """Every file is one picture without print."""

    def decode(
        self, file: object, path: Path, spool_dir: Path, first_page: int, max_pages: int
    ) -> Future[Decoded]:
        spooled = spool_dir / "1.npy"
        np.save(spooled, np.full((900, 700, 3), 250, np.uint8))
        page = Page(source_file(path.name, path), 1, 700, 900, 150)
        done: Future[Decoded] = Future()
        done.set_result(Decoded("jpeg", 1, (SpooledPage(page, spooled),)))
        return done


@dataclass
class Judges:
    """Finds every picture blurred, or raises `error`."""

    error: ServiceUnavailable | None = None

    def judge(self, pages: Sequence[SpooledPage], *, is_part: bool) -> Future[list[Quality]]:
        done: Future[list[Quality]] = Future()
        if self.error is not None:
            done.set_exception(self.error)
        else:
            cause = Cause("blurred", 0.7, (0, 0, 1, 1))
            done.set_result([Quality("retake", 1.5, (cause,), 24) for _ in pages])
        return done


def judged(tmp_path: Path, judges: Judges | None) -> list[PageQuality]:
    file = tmp_path / "票.jpg"
    file.write_bytes(b"a picture")
    return page_qualities(PictureDecoder(), judges, source_file(file.name, file), file, tmp_path)


def test_with_an_engine_the_lines_decide(tmp_path: Path) -> None:
    (row,) = judged(tmp_path, Judges())
    assert (row["verdict"], row["causes"][0]["name"], row["lines_read"]) == ("retake", "blurred", 24)


@pytest.mark.parametrize("judges", [None, Judges(OcrUnavailable("缺模型 / no weights"))])
def test_without_an_engine_the_print_decides_and_the_verdict_says_so(
    tmp_path: Path, judges: Judges | None
) -> None:
    (row,) = judged(tmp_path, judges)
    assert (row["causes"][0]["name"], row["lines_read"]) == ("not_a_paper", 0)


def test_a_service_that_is_down_is_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(ServiceUnavailable):
        judged(tmp_path, Judges(ServiceUnavailable("停了 / it is down")))


@pytest.mark.slow
def test_the_command_names_what_to_take_again_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank, cut = tmp_path / "空.png", tmp_path / "断.png"
    Image.fromarray(np.full((900, 700, 3), 250, np.uint8)).save(blank)
    cut.write_bytes(blank.read_bytes()[:200])
    with pytest.raises(SystemExit) as ended:
        cli.main(["quality", "--json", str(blank), str(cut), str(SAMPLE)])
    rows = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1
    assert [row["verdict"] for row in rows] == ["retake", "retake", "accept"]
    assert [row["causes"][0]["name"] for row in rows[:2]] == ["not_a_paper", "corrupt"]
    assert rows[2]["lines_read"] >= FIRST_LINES
