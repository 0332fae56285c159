"""Each paper gets the document that stands where it does."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluate.pairing import best_assignment, paired
from pipeline.evaluate.truth import TruthPaper
from tests.evaluate.papers import document


def paper(
    *pages: int, region: tuple[float, ...] | None = None, kind: str = "outpatient_invoice"
) -> TruthPaper:
    return TruthPaper("a.pdf", kind, pages=pages, region=region)


def test_papers_of_a_batch_are_told_by_their_pages() -> None:
    documents = [document("a.pdf", pages=pages) for pages in ((3,), (1, 2))]
    found, left = paired([paper(1, 2), paper(3), paper(4)], documents)
    assert [one and one["source"]["pages"] for one in found] == [[1, 2], [3], None]
    assert left == []


def test_a_paper_torn_in_two_keeps_the_larger_part() -> None:
    documents = [document("a.pdf", pages=(1,)), document("a.pdf", pages=(2, 3))]
    found, left = paired([paper(1, 2, 3)], documents)
    assert found == [documents[1]]
    assert left == [documents[0]]


def test_several_on_a_page_are_told_by_their_regions() -> None:
    left_half, right_half = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)
    documents = [document("a.pdf", region=[0.52, 0, 1, 1]), document("a.pdf", region=[0.02, 0.01, 0.5, 1])]
    found, _ = paired([paper(1, region=left_half), paper(1, region=right_half)], documents)
    assert found == [documents[1], documents[0]]


@pytest.mark.parametrize("quarters", range(4))
def test_strewn_papers_are_told_whichever_way_up_the_page_was_read(quarters: int) -> None:
    regions = [(0.1, 0.1, 0.5, 0.4), (0.2, 0.5, 0.6, 0.9), (0.65, 0.1, 0.95, 0.8)]
    strewn = [replace(paper(1, region=region), container="strewn") for region in regions]
    for _ in range(quarters):
        regions = [(1 - y1, x0, 1 - y0, x1) for x0, y0, x1, y1 in regions]
    documents = [document("a.jpg", region=list(region)) for region in reversed(regions)]
    assert paired(strewn, documents)[0] == documents[::-1]


def test_a_region_elsewhere_is_another_paper() -> None:
    documents = [document("a.pdf", region=[0.6, 0.6, 1, 1])]
    found, left = paired([paper(1, region=(0.0, 0.0, 0.5, 0.5))], documents)
    assert found == [None]
    assert left == documents


def test_the_type_decides_between_equals() -> None:
    documents = [document("a.pdf", document_type="other"), document("a.pdf")]
    assert paired([paper(1)], documents)[0] == [documents[1]]


def test_without_pages_the_first_document_is_the_paper() -> None:
    documents = [document("a.pdf", pages=(2,)), document("a.pdf", pages=(1,))]
    assert paired([paper()], documents)[0] == [documents[1]]


sizes = st.tuples(st.integers(1, 5), st.integers(1, 5))


@given(
    sizes.flatmap(
        lambda s: st.lists(
            st.lists(st.integers(0, 9), min_size=s[1], max_size=s[1]), min_size=s[0], max_size=s[0]
        )
    )
)
def test_no_other_assignment_is_worth_more(worth: list[list[int]]) -> None:
    pairs = best_assignment([[float(value) for value in row] for row in worth])
    rows, columns = len(worth), len(worth[0])
    small, large = min(rows, columns), max(rows, columns)
    best = max(
        sum(worth[i][j] if rows <= columns else worth[j][i] for i, j in enumerate(chosen))
        for chosen in permutations(range(large), small)
    )
    assert len(pairs) == small == len({row for row, _ in pairs}) == len({column for _, column in pairs})
    assert sum(worth[row][column] for row, column in pairs) == best
