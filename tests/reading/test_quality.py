"""The verdict on pictures: drawn pages of print, spoiled by one cause each."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from fixtures.draw.spoilt import NO_PAPERS, SPOILERS, no_paper
from pipeline.model import Image
from pipeline.reading.print_marks import find_print
from pipeline.reading.quality import CAUSES, Limits, Measure, judge, measures, newest, weighed

REAL = Path(__file__).parents[3] / "shared" / "real_samples"
DESK, PAPER, INK = (140, 120, 105), (236, 234, 230), (40, 40, 44)


def photo() -> Image:
    """A photo that a test may spoil."""
    return _drawn().copy()


@cache
def _drawn(seed: int = 1) -> Image:
    """A sheet of 40 lines on a desk, 2,000 pixels high: letters and digits of 26 pixels."""
    rng = random.Random(seed)
    picture = np.full((2000, 1500, 3), DESK, np.uint8)
    cv2.rectangle(picture, (90, 80), (1410, 1920), PAPER, -1)
    for line in range(40):
        x = 150
        while x < 1250:
            word = "".join(rng.choices("ABDEHKMNPRSXZ0123456789", k=rng.randint(3, 7)))
            cv2.putText(
                picture, word, (x, 150 + 43 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.9, INK, 2, cv2.LINE_AA
            )
            x += 19 * len(word) + 45
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.7), np.uint8)


def test_a_good_photo_is_accepted() -> None:
    assert judge(photo()).verdict == "accept"


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_good_photo_is_accepted_whichever_way_it_lies(turns: int) -> None:
    assert judge(np.ascontiguousarray(np.rot90(photo(), turns))).verdict == "accept"


def test_a_blank_picture_is_no_paper() -> None:
    verdict = judge(np.full((800, 600, 3), 255, np.uint8))
    assert (verdict.verdict, [cause.name for cause in verdict.causes]) == ("retake", ["not_a_paper"])


@pytest.mark.parametrize(
    ("spoiler", "cause"),
    [
        ("defocused", "blurred"),
        ("shaken", "blurred"),
        ("underexposed", "too_dark"),
        ("dazzled", "glare"),
        ("cut_off", "cut_off"),
        ("shrunk", "too_small"),
        ("half_blurred", "blurred"),
    ],
)
def test_a_spoiled_photo_is_sent_back_with_its_cause(spoiler: str, cause: str) -> None:
    verdict = judge(SPOILERS[spoiler](photo(), random.Random(3), 0.95))
    assert verdict.verdict == "retake"
    assert cause in [one.name for one in verdict.causes]


@pytest.mark.parametrize("kind", NO_PAPERS)
def test_a_picture_without_a_paper_is_sent_back(kind: str) -> None:
    assert judge(no_paper(kind, random.Random(5), (1200, 1600))).verdict == "retake"


def test_the_place_of_a_blurred_part_is_told() -> None:
    picture = photo()
    picture[700:] = cv2.GaussianBlur(picture, (0, 0), 4)[700:]
    verdict = judge(picture)
    (blurred,) = (cause for cause in verdict.causes if cause.name == "blurred")
    assert verdict.verdict == "retake"
    assert blurred.box[1] > 0.3
    assert blurred.box[3] > 0.8


@pytest.mark.parametrize("side", [0, 2, 3])
def test_a_third_that_is_out_of_focus_is_enough_to_be_sent_back(side: int) -> None:
    picture = np.ascontiguousarray(np.rot90(photo(), side))
    soft = cv2.GaussianBlur(picture, (0, 0), 5)
    third = picture.shape[0] * 36 // 100
    picture[:third] = soft[:third]
    verdict = judge(picture)
    assert (verdict.verdict, verdict.causes[0].name) == ("retake", "blurred")


def test_one_smudge_is_no_part_of_the_paper() -> None:
    picture = photo()
    picture[900:1000, 600:800] = cv2.GaussianBlur(picture, (0, 0), 5)[900:1000, 600:800]
    assert judge(picture).verdict == "accept"


@pytest.mark.parametrize("side", [0, 1, 2, 3])
def test_a_sheet_that_runs_out_of_the_picture_within_its_print_is_cut_off(side: int) -> None:
    cut = np.ascontiguousarray(np.rot90(photo()[:, 340:], side))
    verdict = judge(cut)
    assert (verdict.verdict, [cause.name for cause in verdict.causes]) == ("retake", ["cut_off"])


def test_a_sheet_whose_margin_alone_runs_out_of_the_picture_is_not_cut_off() -> None:
    """100 pixels of the desk and the sheet are lost, and 50 of the sheet's margin are left."""
    assert judge(np.ascontiguousarray(photo()[:, 100:])).verdict == "accept"


def test_white_paper_on_which_print_is_found_is_no_glare() -> None:
    sunny = photo()
    sunny[:900] = np.where(sunny[:900] > 200, 255, sunny[:900])
    assert measures(find_print(sunny))["burnt"].number < newest()["burnt"].warn


def test_a_close_up_is_not_asked_for_the_whole_paper() -> None:
    part = photo()[300:900, 300:1100]
    assert "cut_off" not in [cause.name for cause in judge(part, is_part=True).causes]


def test_sharpness_does_not_depend_on_the_resolution() -> None:
    fine = photo()
    coarse = np.asarray(cv2.resize(fine, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA), np.uint8)
    shares = [measures(find_print(picture))["blurred_part"].number for picture in (fine, coarse)]
    assert abs(shares[0] - shares[1]) < 0.05


def test_every_number_has_limits_and_every_cause_a_message() -> None:
    measured = measures(find_print(photo()))
    assert newest().keys() <= measured.keys()
    assert {measured[name].cause for name in newest()} | {"not_a_paper"} == CAUSES.keys()


@given(st.floats(0, 2), st.floats(0, 2))
def test_the_worst_number_decides(one: float, other: float) -> None:
    limits = {"edge": Limits(0.5, 1.0), "burnt": Limits(0.5, 1.0)}
    verdict = weighed({"edge": Measure("blurred", one), "burnt": Measure("glare", other)}, limits)
    worst = max(one, other)
    assert verdict.verdict == ("retake" if worst >= 1 else "warn" if worst >= 0.5 else "accept")
    assert {cause.name for cause in verdict.causes} == {
        name for name, number in (("blurred", one), ("glare", other)) if number >= 0.5
    }


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_any_picture_has_a_verdict(width: int, height: int, seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    verdict = judge(noise)
    for cause in verdict.causes:
        x0, y0, x1, y1 = cause.box
        assert 0 <= x0 <= x1 <= 1
        assert 0 <= y0 <= y1 <= 1
        assert " / " in cause.message


@pytest.mark.shared
def test_real_papers_that_read_well_are_not_sent_back() -> None:
    pictures = sorted(REAL.glob("*.*g")) if REAL.is_dir() else []
    if not pictures:
        pytest.skip("the real papers are not beside this checkout")
    sent_back = []
    for path in pictures:
        with Pillow.open(path) as opened:
            if judge(np.asarray(opened.convert("RGB"))).verdict == "retake":
                sent_back.append(path.name)
    assert sent_back == []
