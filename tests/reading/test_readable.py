"""The verdict on pictures by their print and a sample of their lines."""

from __future__ import annotations

import json
import random
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from fixtures.draw.spoilt import NO_PAPERS, no_paper, underexposed
from pipeline.model import Image
from pipeline.reading.print_marks import find_print
from pipeline.reading.probe import FIRST_LINES, LINES_READ, Probe, probe
from pipeline.reading.quality import CAUSES, Limits, Measure
from pipeline.reading.readable import (
    MOST,
    SETTLED_BELOW,
    Weighing,
    Weights,
    _judged,
    all_measures,
    judge_by_reading,
    load,
    newest,
    probe_measures,
    weighed,
)
from pipeline.settings import settings
from pipeline.wiring import ocr_engine
from tests.reading.line_engine import LineEngine, rows
from tests.reading.test_quality import photo

MADE = Weighing(
    "2026-01-01",
    {"blurred": Weights(-2.0, {"edge": 5.0}), "glare": Weights(-2.0, {"burnt": 5.0})},
    Limits(0.3, 0.5),
)


def looked_at(image: Image, engine: LineEngine) -> dict[str, Measure]:
    return probe_measures(find_print(image), probe(image, engine))


def test_a_photo_whose_lines_are_read_well_is_accepted() -> None:
    verdict = judge_by_reading(photo(), LineEngine(rows(40)))
    assert (verdict.verdict, verdict.causes) == ("accept", ())


def test_a_good_picture_is_told_by_the_first_look() -> None:
    verdict = judge_by_reading(photo(), LineEngine(rows(40)))
    assert (verdict.lines_read, verdict.strain < SETTLED_BELOW) == (FIRST_LINES, True)


@pytest.mark.parametrize("sure", [0.3, 0.5, 0.7])
def test_what_the_first_look_finds_wrong_is_told_by_the_whole_sample(sure: float) -> None:
    every_fourth = LineEngine(
        rows(40), sure=lambda line: 0.99 if round((line[0, 1] - 125) / 43) % 4 else sure
    )
    verdict = judge_by_reading(photo(), every_fourth)
    assert verdict.lines_read == LINES_READ
    assert verdict == _judged(find_print(photo()), probe(photo(), every_fourth), is_part=False)


def test_sharp_print_that_is_not_read_is_sent_back() -> None:
    verdict = judge_by_reading(photo(), LineEngine(rows(40), sure=lambda _line: 0.3))
    assert verdict.verdict == "retake"
    assert verdict.causes[0].name == "blurred"


def test_the_part_that_is_read_worst_is_told() -> None:
    engine = LineEngine(rows(40), sure=lambda line: 0.3 if line[0, 1] > 1200 else 0.99)
    box = looked_at(photo(), engine)["unread_part"].box
    assert box[1] > 0.5
    assert box[3] > 0.85


def test_a_dark_photo_that_can_be_read_is_not_sent_back() -> None:
    """The print on it does not stand out of the grain, and is read all the same."""
    dark = underexposed(photo(), random.Random(1), 0.4)
    verdict = judge_by_reading(dark, LineEngine(rows(40)))
    assert verdict.verdict != "retake"
    assert "not_a_paper" not in [cause.name for cause in verdict.causes]


@pytest.mark.parametrize("kind", NO_PAPERS)
def test_a_picture_without_a_paper_and_without_lines_is_sent_back(kind: str) -> None:
    verdict = judge_by_reading(no_paper(kind, random.Random(5), (1200, 1600)), LineEngine([]))
    assert verdict.verdict == "retake"
    assert verdict.causes[0].name in ("not_a_paper", "too_dark")


def test_a_paper_too_blurred_for_any_line_is_still_a_paper() -> None:
    verdict = judge_by_reading(np.asarray(cv2.GaussianBlur(photo(), (0, 0), 6), np.uint8), LineEngine([]))
    assert (verdict.verdict, verdict.causes[0].name) == ("retake", "blurred")


def test_lines_that_run_out_of_the_picture_are_counted_at_the_worst_edge() -> None:
    lines = [*rows(30), *rows(6, left=0.0, top=1500.0), *rows(2, right=1500.0, top=1800.0)]
    measure = looked_at(photo(), LineEngine(lines))["edge_lines"]
    assert (measure.number, measure.box) == (6, (0, 0, 0.1, 1))
    marks, probed = find_print(photo()), probe(photo(), LineEngine(lines))
    assert all_measures(marks, probed)["edge_lines"].number == MOST["edge_lines"]


def test_a_close_up_is_not_asked_for_the_whole_paper() -> None:
    engine = LineEngine(rows(40, left=0.0))
    whole, part = (judge_by_reading(photo(), engine, is_part=is_part) for is_part in (False, True))
    assert whole.strain > part.strain
    assert "cut_off" not in [cause.name for cause in part.causes]


def test_a_burnt_spot_between_lines_that_stop_there_is_glare() -> None:
    picture = photo()
    cv2.ellipse(picture, (750, 1000), (260, 330), 0, 0, 360, (255, 255, 255), -1)
    cut = [line for line in rows(40) if abs(line[0, 1] + 15 - 1000) < 300]
    whole = [line for line in rows(40) if abs(line[0, 1] + 15 - 1000) >= 300]
    halves = [
        np.clip(line, (low, 0), (high, 2000)).astype(np.float32)
        for line in cut
        for low, high in ((150, 450), (1050, 1250))
    ]
    measured = looked_at(picture, LineEngine([*whole, *halves]))
    assert measured["spot"].number > 0.1
    assert measured["stopped"].number > 0.2
    left, top, right, bottom = measured["spot"].box
    assert left < 0.5 < right
    assert top < 0.5 < bottom
    untouched = looked_at(photo(), LineEngine(rows(40)))
    assert (untouched["spot"].number, untouched["stopped"].number) == (0, 0)


def test_white_paper_has_no_burnt_spots() -> None:
    white = photo()
    white[white > 200] = 255
    assert looked_at(white, LineEngine(rows(40)))["spot"].number == 0


def test_every_weight_is_of_a_number_and_every_cause_has_a_message() -> None:
    marks, probed = find_print(photo()), probe(photo(), LineEngine(rows(40)))
    numbers = all_measures(marks, probed).keys()
    weighing = newest()
    assert weighing.causes.keys() == CAUSES.keys() - {"not_a_paper"}
    assert all(weights.numbers.keys() <= numbers for weights in weighing.causes.values())
    assert MOST.keys() <= numbers
    assert 0 < weighing.limits.warn <= weighing.limits.retake < 1


def test_a_cause_without_a_message_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "readable-2026-01-01.json"
    stored = {"dated": "2026-01-01", "causes": {"sad": {}}, "limits": {"warn": 0.3, "retake": 0.5}}
    file.write_text(json.dumps(stored), encoding="utf-8")
    with pytest.raises(ValueError, match="sad"):
        load(file)


@given(st.floats(0, 1), st.floats(0, 1))
def test_one_bad_cause_is_enough_and_the_likeliest_is_named_first(edge: float, burnt: float) -> None:
    measured = {"edge": Measure("blurred", edge), "burnt": Measure("glare", burnt)}
    verdict = weighed(measured, MADE, 24)
    chances = MADE.chances({"edge": edge, "burnt": burnt})
    assert 0 <= sum(chances.values()) <= 1
    assert (verdict.verdict == "retake") == (sum(chances.values()) >= 0.5)
    if max(edge, burnt) > 0.4:
        assert verdict.verdict == "retake"
    if verdict.causes and abs(edge - burnt) > 0.01:
        assert verdict.causes[0].name == ("blurred" if edge > burnt else "glare")


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_no_number_is_too_large_to_be_weighed(edge: float, burnt: float) -> None:
    assert 0 <= sum(MADE.chances({"edge": edge, "burnt": burnt}).values()) <= 1 + 1e-9


@pytest.mark.slow
@pytest.mark.shared
def test_a_real_slip_cut_close_on_all_sides_is_not_sent_back() -> None:
    path = Path(__file__).parents[3] / "shared" / "real_samples" / "029_pos_slip.jpg"
    if not path.is_file():
        pytest.skip("the real papers are not beside this checkout")
    with Pillow.open(path) as opened:
        image = np.asarray(opened.convert("RGB"))
    assert judge_by_reading(image, ocr_engine(settings(), 1)).verdict != "retake"


def test_an_empty_probe_has_numbers() -> None:
    measured = probe_measures(find_print(photo()), Probe((), (), ()))
    assert measured["unfound"].number == 1
    assert measured["few"].number == 1
