"""Print that belongs together, and what of it tells: how much there is, and which ways it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.model import Box, Code, Page
from pipeline.reading.cutting import Outline
from pipeline.reading.ways import MISREAD, OWN_WAY, LaidWord

TELLING_WORD = 3
"""Words so long tell which way they lie; the characters of a number that stands are found one by one."""

SEEN = 0.5
"""What reads worse may be grain of wood."""


@dataclass(frozen=True, slots=True)
class Block:
    """Print that belongs together, and the part of the sheet it may take (corners, shape (N, 2))."""

    words: tuple[LaidWord, ...]
    codes: tuple[Code, ...]
    cell: Outline

    @property
    def boxes(self) -> list[Box]:
        """The places of its words and codes."""
        return [*(word.box for word in self.words), *(code.box for code in self.codes)]


def frames_of(page: Page, block: Block) -> dict[int, Page]:
    """The print of a block by the quarter turns that set it upright, each as the page so turned has it.

    What lies a way of which there are few letters was misread, such as the digits of a number that stands.
    """
    own = {code.box for code in block.codes}
    stated = tuple(stated for stated in page.statements if stated.box in own)
    frames = {}
    for turns in sorted({word.turns for word in block.words}):
        words = tuple(word.word for word in block.words if word.turns == turns)
        width, height = (page.width, page.height) if turns % 2 == 0 else (page.height, page.width)
        frames[turns] = replace(
            page, width=width, height=height, words=words, codes=block.codes, statements=stated
        )
    if all(word.turns == 0 for word in block.words):
        return frames
    return telling_frames(frames)


def telling_frames(frames: dict[int, Page]) -> dict[int, Page]:
    """The frames whose print is enough to say which way it lies: a scrap of a seal reads some way too."""
    return {turns: frame for turns, frame in frames.items() if _letters(frame) >= OWN_WAY}


def letters_of(words: Sequence[LaidWord]) -> int:
    """How many letters there are that read well, in words of more than one."""
    return sum(len(one.word.text) for one in words if is_print(one))


def is_print(word: LaidWord) -> bool:
    """Whether a word is print, whatever it says."""
    return word.word.confidence >= SEEN and len(word.word.text) > 1


def _letters(page: Page) -> int:
    """How many letters the words have that tell which way they lie."""
    telling = [word.text for word in page.words if word.confidence >= MISREAD]
    return sum(len(text) for text in telling if len(text) >= TELLING_WORD)
