"""What every document type gives: is it mine, and read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.model import Box, Document, Page


def starts_anew(before: Sequence[Page], page: Page) -> bool:  # noqa: ARG001 - the form of the hook
    """The default for `continues`: a page of this type is always a paper of its own."""
    return False


def nothing_slips(page: Page) -> Sequence[Box]:  # noqa: ARG001 - the form of the hook
    """The default for `labels_slipped_off`: one printer prints labels and values."""
    return ()


@dataclass(frozen=True, slots=True)
class Extractor:
    """One document type.

    `identify` gives 0.0 to 1.0 for a page; `continues` tells whether a page goes on with the paper
    whose pages are given; `extract` reads a paper. `field_names` is what the type can carry, in the
    order people read it; `required` what must be accepted for the paper to go through unseen.
    `labels_slipped_off` gives the boxes of labels that stand alone on a pre-printed form, where the
    overprint slipped off them; none where it lies in place.
    """

    type: str
    title: str
    identify: Callable[[Page], float]
    extract: Callable[[Sequence[Page], float], Document]
    field_names: tuple[str, ...]
    required: Callable[[Document], tuple[str, ...]]
    continues: Callable[[Sequence[Page], Page], bool] = starts_anew
    labels_slipped_off: Callable[[Page], Sequence[Box]] = nothing_slips
