"""Edges of papers are told from the rules of tables by where they end."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.model import Box
from pipeline.reading.seams import LONG_SIDE, Axis, Grey, Seam, seam_in, shows_ground, small_grey

GAP = Box(200, 600, 800, 700)
"""Between two blocks of print that reach from 200 to 800."""


def blank(height: int = 1400, width: int = 1000) -> Grey:
    return np.full((height, width), 250, np.uint8)


def ruled(left: int, right: int, fall: int = 0, level: int = 225) -> Grey:
    page = blank()
    cv2.line(page, (left, 650 - fall), (right, 650 + fall), (level,), 1)
    return page


def test_the_line_of_an_edge_runs_past_the_print() -> None:
    seam = seam_in(ruled(0, 999), GAP, "y")
    assert seam is not None
    assert seam.is_edge
    assert seam.at == pytest.approx(650, abs=3)


def test_a_paper_on_a_darker_ground_has_an_edge() -> None:
    page = blank()
    page[630:660] = 120
    seam = seam_in(page, GAP, "y")
    assert seam is not None
    assert seam.is_edge
    assert 620 <= seam.at <= 670


def test_an_edge_that_fades_beside_the_print_is_likely_at_most() -> None:
    seam = Seam(along=0.97, past=0.64, at=650)
    assert seam.is_likely
    assert not seam.is_edge
    assert not Seam(along=0.97, past=0.4, at=650).is_likely


def test_the_rule_of_a_table_ends_with_the_table() -> None:
    seam = seam_in(ruled(190, 810), GAP, "y")
    assert seam is None or not seam.is_edge


def test_a_rule_that_stops_halfway_is_no_edge() -> None:
    assert seam_in(ruled(0, 600), GAP, "y") is None


def test_nothing_is_seen_where_nothing_is() -> None:
    assert seam_in(blank(), GAP, "y") is None


@pytest.mark.parametrize("fall", [-12, 12])
def test_an_edge_may_slant(fall: int) -> None:
    seam = seam_in(ruled(0, 999, fall), GAP, "y")
    assert seam is not None
    assert seam.is_edge


@pytest.mark.parametrize("axis", ["x", "y"])
def test_papers_lie_side_by_side_as_well_as_one_above_the_other(axis: Axis) -> None:
    page = ruled(0, 999)
    box = GAP
    if axis == "x":
        page, box = np.ascontiguousarray(page.T), Box(GAP.y0, GAP.x0, GAP.y1, GAP.x1)
    seam = seam_in(page, box, axis)
    assert seam is not None
    assert seam.is_edge


def test_a_gap_off_the_page_has_none() -> None:
    assert seam_in(ruled(0, 999), Box(200, 1410, 800, 1420), "y") is None


def on_desk(level: int, fall: int = 40, width: int = 20) -> Grey:
    """Two papers with narrow margins, 50 pixels beyond the print, and a strip of desk between that falls."""
    page = np.full((1400, 1000), level, np.uint8)
    page[100:1300, 150:850] = 240
    cv2.line(page, (100, 650 - fall), (900, 650 + fall), (level,), width)
    return page


@pytest.mark.parametrize("level", [30, 140])
def test_a_desk_shows_between_papers_whose_edges_end_beside_their_print(level: int) -> None:
    gap = Box(170, 590, 830, 710)
    assert shows_ground(on_desk(level), gap, "y")
    assert shows_ground(np.ascontiguousarray(on_desk(level).T), Box(590, 170, 710, 830), "x")


def test_a_bright_desk_shows_between_darker_papers() -> None:
    assert shows_ground(np.asarray(255 - on_desk(140), np.uint8), Box(170, 590, 830, 710), "y")


def test_the_rule_of_a_table_is_no_ground() -> None:
    assert not shows_ground(on_desk(30, fall=0, width=2), Box(170, 590, 830, 710), "y")


def test_where_the_print_goes_on_no_ground_shows() -> None:
    half = on_desk(30)
    half[:, 500:] = 240
    assert not shows_ground(half, Box(170, 590, 830, 710), "y")


@pytest.mark.parametrize(
    "gap", [Box(200, 600, 800, 608), Box(200, 1500, 800, 1600), Box(1100, 600, 1200, 700)]
)
def test_a_gap_without_room_shows_no_ground(gap: Box) -> None:
    assert not shows_ground(on_desk(30), gap, "y")


def test_a_large_page_is_looked_at_small() -> None:
    grey, scale = small_grey(np.full((2 * LONG_SIDE, 1000, 3), 200, np.uint8))
    assert (grey.shape, scale) == ((LONG_SIDE, 500), 0.5)


def test_a_small_page_is_looked_at_as_it_is() -> None:
    grey, scale = small_grey(np.full((300, 200, 3), 200, np.uint8))
    assert (grey.shape, scale) == ((300, 200), 1.0)
