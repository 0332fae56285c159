"""Which document is which paper, on one file.

A pair is worth how far pages agree (shared pages over all pages of both) and, where the truth has a region,
how far the regions do (intersection over union); the same type decides between equals. Of all ways to pair,
the one worth most in sum is taken (Hungarian method). A pair that shares nothing is none.

Regions are of the page as a person sees it upright. Where papers lie strewn, each turned its own way, nobody
can say which way up that is: of the four the one is taken in which truth and reading agree most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from pipeline.evaluate.truth import TruthPaper

STREWN = "strewn"
"""What the truth calls the container of papers that lie each their own way."""
SAME_TYPE = 0.01
"""Decides only where pages and regions do not."""
WHOLE_PAGE = 0.3
"""Worth of a document that tells no region, where the paper has one: it may be the whole page read as one."""
LEAST_REGION = 0.1
"""Overlap below which two regions are two papers."""


def paired(
    papers: Sequence[TruthPaper], documents: Sequence[Mapping[str, Any]]
) -> tuple[list[Mapping[str, Any] | None], list[Mapping[str, Any]]]:
    """For each paper of one file its document or None, and the documents that are left over."""
    ways = [papers]
    if any(paper.container == STREWN for paper in papers):
        for _ in range(3):
            ways.append([_turned(paper) for paper in ways[-1]])
    _, chosen = max((_pairs(way, documents) for way in ways), key=itemgetter(0))
    taken = set(chosen.values())
    return (
        [documents[chosen[index]] if index in chosen else None for index in range(len(papers))],
        [document for index, document in enumerate(documents) if index not in taken],
    )


def _pairs(
    papers: Sequence[TruthPaper], documents: Sequence[Mapping[str, Any]]
) -> tuple[float, dict[int, int]]:
    """What the pairs are worth in sum, and the place of its document by that of each paper that has one."""
    worth = [[worth_of(paper, document) for document in documents] for paper in papers]
    chosen: dict[int, int] = {}
    for rows, columns in _islands(worth):
        own = [[worth[row][column] for column in columns] for row in rows]
        chosen |= {rows[row]: columns[column] for row, column in best_assignment(own) if own[row][column] > 0}
    return sum(worth[row][column] for row, column in chosen.items()), chosen


def _turned(paper: TruthPaper) -> TruthPaper:
    """The paper on a page turned clockwise by a quarter."""
    if paper.region is None:
        return paper
    x0, y0, x1, y1 = paper.region
    return replace(paper, region=(1 - y1, x0, 1 - y0, x1))


def worth_of(paper: TruthPaper, document: Mapping[str, Any]) -> float:
    """How well a document answers for a paper, 0 (not at all) to a little above 1."""
    source = document["source"]
    pages = _shared_pages(paper.pages, source["pages"])
    if pages and paper.region is not None:
        region = source.get("region")
        overlap = WHOLE_PAGE if region is None else intersection_over_union(paper.region, region)
        pages *= overlap if overlap >= LEAST_REGION else 0.0
    return pages and pages + SAME_TYPE * (document["document_type"] == paper.type)


def _shared_pages(true: Sequence[int], read: Sequence[int]) -> float:
    if not true:  # all of the file: the document that begins it
        return 1 / (1 + min(read, default=1))
    both, either = set(true) & set(read), set(true) | set(read)
    return len(both) / len(either)


def intersection_over_union(a: Sequence[float], b: Sequence[float]) -> float:
    """Of two boxes, 0 (apart) to 1 (the same).

    >>> intersection_over_union((0, 0, 1, 0.5), (0, 0, 1, 1))
    0.5
    """
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def _islands(worth: Sequence[Sequence[float]]) -> list[tuple[list[int], list[int]]]:
    """Rows and columns that are worth something to each other: a long file falls into single papers."""
    of_column: dict[int, list[int]] = {}
    for row, values in enumerate(worth):
        for column, value in enumerate(values):
            if value > 0:
                of_column.setdefault(column, []).append(row)
    islands, seen = [], set[int]()
    for start in range(len(worth)):
        if start in seen:
            continue
        rows, columns, front = {start}, set[int](), [start]
        while front:
            row = front.pop()
            for column, value in enumerate(worth[row]):
                if value > 0 and column not in columns:
                    columns.add(column)
                    front += [other for other in of_column[column] if other not in rows]
                    rows.update(of_column[column])
        seen |= rows
        if columns:
            islands.append((sorted(rows), sorted(columns)))
    return islands


def best_assignment(worth: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """(row, column) pairs, each row and column in one at most, whose worth is the greatest in sum.

    >>> best_assignment([[0.9, 0.8], [0.8, 0.1]])
    [(0, 1), (1, 0)]
    """
    if len(worth) > len(worth[0]):
        turned = best_assignment(list(zip(*worth, strict=True)))
        return sorted((row, column) for column, row in turned)
    rows, columns = len(worth), len(worth[0])
    # Potentials u, v and shortest augmenting paths; row and column 0 are the method's own.
    u, v, row_of, before = [0.0] * (rows + 1), [0.0] * (columns + 1), [0] * (columns + 1), [0] * (columns + 1)
    for row in range(1, rows + 1):
        row_of[0], at = row, 0
        least, done = [float("inf")] * (columns + 1), [False] * (columns + 1)
        while row_of[at]:
            done[at] = True
            here = row_of[at]
            for column in range(1, columns + 1):
                cost = -worth[here - 1][column - 1] - u[here] - v[column]
                if not done[column] and cost < least[column]:
                    least[column], before[column] = cost, at
            following = min((c for c in range(1, columns + 1) if not done[c]), key=least.__getitem__)
            step = least[following]
            for column in range(columns + 1):
                if done[column]:
                    u[row_of[column]] += step
                    v[column] -= step
                else:
                    least[column] -= step
            at = following
        while at:
            row_of[at] = row_of[before[at]]
            at = before[at]
    return sorted((row_of[column] - 1, column - 1) for column in range(1, columns + 1) if row_of[column])
