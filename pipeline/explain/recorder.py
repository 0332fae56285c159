"""Looks on while a page is read and keeps what it is shown: a numbered picture and a sentence a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.explain.drawing import drawn, jpeg, scale_of
from pipeline.model import Image
from pipeline.reading.stages import Mark, Stage


@dataclass(frozen=True, slots=True)
class Shown:
    """One step of one page.

    Args:
        page: The page, from 1.
        number: The step, from 1.
        stage: Which step.
        note: What was decided and on what evidence.
        file: Where its picture lies; None where the step changed nothing that can be seen.
        size: Width and height of that picture, in pixels.
        marks: The places on it, in pixels of that picture.
    """

    page: int
    number: int
    stage: Stage
    note: str
    file: Path | None = None
    size: tuple[int, int] = (0, 0)
    marks: tuple[Mark, ...] = ()


class Recorder:
    """Keeps the steps of one page; a `pipeline.reading.stages.Stages`.

    Args:
        page: The number of the page.
        folder: Where pictures go; made when there is one.
    """

    def __init__(self, page: int, folder: Path) -> None:
        self.steps: list[Shown] = []
        self._page = page
        self._folder = folder
        self._last: Image | None = None

    def show(self, stage: Stage, note: str, image: Image, marks: Sequence[Mark] = ()) -> None:
        """Keep a step; without a picture where it is the last one again and nothing is marked on it.

        Raises:
            OSError: If the picture cannot be written.
        """
        number = len(self.steps) + 1
        if image is self._last and not marks:
            self.steps.append(Shown(self._page, number, stage, note))
            return
        self._last = image
        picture = drawn(image, marks)
        file = self._folder / f"p{self._page:02d}-{number:02d}-{stage}.jpg"
        self._folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(jpeg(picture))
        height, width = picture.shape[:2]
        scale = scale_of(image)
        placed = tuple(Mark(mark.corners * scale, mark.label, mark.sure) for mark in marks)
        self.steps.append(Shown(self._page, number, stage, note, file, (width, height), placed))
