"""Papers that touch are told apart by the corners of what they cover together, and by nothing less."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from pipeline.model import Box
from pipeline.reading.islands import Island, Mask, Print, island_of

Rectangle = tuple[int, int, int, int]
"""Left, top, right, bottom."""


def covered(*papers: Rectangle) -> Mask:
    """What papers cover together."""
    mask = np.zeros((1900, 1900), np.uint8)
    for left, top, right, bottom in papers:
        mask[top:bottom, left:right] = 1
    return mask


def print_on(paper: Rectangle, turns: int = 0) -> list[Print]:
    """Lines across a paper, or up it."""
    left, top, right, bottom = paper
    if turns % 2:
        return [
            Print(Box(x, top + 30, x + 25, bottom - 30), 10, turns) for x in range(left + 40, right - 60, 60)
        ]
    return [Print(Box(left + 30, y, right - 30, y + 25), 10, turns) for y in range(top + 40, bottom - 60, 60)]


def island(mask: Mask, words: Sequence[Print], *, is_whole: bool = True) -> Island:
    rows = [
        (word.box.cx, word.box.cy, word.box.width, word.box.height, word.letters, word.turns, number)
        for number, word in enumerate(words)
    ]
    return island_of(mask, np.array(rows, np.float64), np.array((0, 0)), 1.0, is_whole=is_whole)


def test_two_papers_that_touch_are_parted_along_the_edge_between_them() -> None:
    upper, lower = (100, 100, 1300, 800), (100, 800, 700, 1500)
    words = [*print_on(upper), *print_on(lower)]
    first, second = sorted(island(covered(upper, lower), words).parts, key=lambda part: min(part.members))
    assert first.members == set(range(len(print_on(upper))))
    assert second.members == set(range(len(print_on(upper)), len(words)))
    assert (first.is_solid, second.is_solid, first.is_cut) == (True, True, True)
    assert abs(first.outline[:, 1].max() - 800) < 40


def test_a_single_paper_has_no_parts_however_it_lies() -> None:
    mask = np.zeros((1900, 1900), np.uint8)
    corners = cv2.boxPoints(((950, 950), (900, 1300), 8)).round().astype(np.int32)
    cv2.fillPoly(mask, [corners], (1,))
    one = island(mask, print_on((700, 500, 1200, 1400)))
    assert (one.parts, one.is_solid) == ((), True)


def test_a_paper_of_which_part_is_off_the_picture_is_not_solid() -> None:
    paper = (100, 100, 1300, 800)
    assert not island(covered(paper), print_on(paper), is_whole=False).is_solid


def test_three_papers_in_a_stair_are_three() -> None:
    papers = ((100, 100, 900, 600), (500, 600, 1300, 1100), (900, 1100, 1700, 1600))
    found = island(covered(*papers), [word for paper in papers for word in print_on(paper)])
    assert len(found.parts) == 3
    assert all(part.is_solid for part in found.parts)


def test_of_two_edges_the_one_is_taken_that_leaves_print_one_way() -> None:
    """A card beside a slip, flush above: by their corners the slip could as well end below the card."""
    card, slip = (100, 100, 700, 800), (700, 100, 1150, 1500)
    words = [*print_on(card, turns=1), *print_on(slip)]
    parts = island(covered(card, slip), words).parts
    assert sorted({words[at].turns for at in part.members} for part in parts) == [{0}, {1}]


def test_no_edge_runs_through_print() -> None:
    """A bill with a corner cut away is one paper: its lines run on past the corner."""
    mask = covered((100, 100, 1300, 1000), (100, 1000, 900, 1500))
    lines = [Print(Box(130, y, 870, y + 25), 10) for y in range(140, 1460, 45)]
    assert island(mask, lines).parts == ()


def test_a_corner_without_print_is_no_paper() -> None:
    paper = (100, 100, 1300, 1000)
    mask = covered(paper, (100, 1000, 500, 1300))
    assert island(mask, print_on(paper)).parts == ()


def test_a_strip_is_no_paper() -> None:
    paper, strip = (100, 100, 1300, 1000), (100, 1000, 1000, 1120)
    words = [*print_on(paper), Print(Box(150, 1040, 900, 1070), 20)]
    assert island(covered(paper, strip), words).parts == ()


def test_parts_that_a_shadow_tore_are_joined() -> None:
    upper, lower = (100, 100, 1300, 800), (100, 800, 700, 1500)
    one, other = island(covered(upper, lower), [*print_on(upper), *print_on(lower)]).parts
    joined = one.joined_with(other)
    assert joined.members == one.members | other.members
    assert 0.6 < joined.filled < 0.85
    assert one.touches(other)
    far = island(covered((1500, 1600, 1800, 1850)), print_on((1500, 1600, 1800, 1850)))
    assert not one.touches(far)
