"""What we ask of an OCR engine, and the step that gives a page its words.

An engine works in two halves, finding lines and reading them, because what lies between pays: a page
is turned upright and lines are chosen before the dear half, reading, is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pipeline.model import Box, Image, Page, Word
from pipeline.reading.lines import Quad
from pipeline.reading.seals import find_stamps, with_words_under_seals
from pipeline.reading.stages import UNSEEN, Mark, Stages, marks_of
from pipeline.reading.upright import (
    CLEARLY_BETTER,
    HALF,
    READS_WELL,
    deskewed,
    is_clear,
    likely_turns,
    lying_print,
    readability,
    share_lying,
    skew_degrees,
    turned,
    turned_with,
    way_back,
    widest,
)

MIN_WORD_CONFIDENCE = 0.3
"""Below it what was read is speckle, a seal's rim or a piece of a QR code (seen on real papers)."""

SPREAD_LINES = 24
"""So many lines from all over a page are read before it is turned by what its longest lines say."""

COVERED_SHARE = 0.5
"""A line that lies at least so far under words of the text layer is not read a second time."""


class OcrEngine(Protocol):
    """Finds and reads lines of text. One engine a process: the libraries are not thread-safe."""

    def find_lines(self, image: Image) -> list[Quad]:
        """The lines of text on `image`."""

    def read_lines(self, image: Image, lines: Sequence[Quad]) -> list[Word]:
        """What stands on the lines; a line that runs over several cells gives several words."""

    def read_each(self, image: Image, lines: Sequence[Quad]) -> list[list[Word]]:
        """The same, line by line."""


@dataclass(frozen=True, slots=True)
class Upright:
    """A page set upright, its lines found and hardly read yet.

    Args:
        page: Turned and set straight; the words of its text layer are on it, if it has one.
        lines: Those to be read on it.
        read: What was read to decide on the turn, by the place of its line among `lines`.
    """

    page: Page
    lines: list[Quad]
    read: Mapping[int, list[Word]]


def with_words(page: Page, engine: OcrEngine, stages: Stages = UNSEEN) -> Page:
    """The page upright, with the words that OCR reads; pages whose words are known stay as they are.

    On a page that mixes a text layer with pictures, OCR adds what the layer does not cover.
    """
    if page.words_known or page.image is None:
        return page
    return _with_all_read(set_upright(page, page.image, engine, stages), engine, stages)


def set_upright(page: Page, image: Image, engine: OcrEngine, stages: Stages = UNSEEN) -> Upright:
    """The page as it stands upright, told by its lines; of these no more are read than the turn needs.

    Args:
        page: As it was decoded.
        image: Its picture, shape (H, W, 3) RGB.
        engine: Finds and reads lines.
        stages: Is shown each step.
    """
    lines = engine.find_lines(image)
    _show_lines(stages, image, lines)
    first, second = likely_turns(lines)
    if not is_clear(share_lying(lines)):
        first, second = _turns_by_reading(image, lines, engine, stages)
    laid, own = _laid(page, first, engine, lines, stages)
    probed = widest(own)
    read = dict(zip(probed, engine.read_each(_of(laid), [own[i] for i in probed]), strict=True))
    reads = readability([*laid.words, *(word for words in read.values() for word in words)])
    if reads >= READS_WELL:
        note = f"读得清楚（{reads:.3f}），方向正确 / reads well ({reads:.3f}), upright"
        stages.show("upright", note, _of(laid))
        return Upright(laid, own, read)
    probe = engine.read_lines(*turned_with(image, _widest_of(lines), second))
    other = readability(probe)
    if other > reads + CLEARLY_BETTER:
        # Papers may lie on one glass each another way: lines from all over it have a say before it is turned.
        spread = [i for i in range(0, len(own), max(1, len(own) // SPREAD_LINES)) if i not in read]
        read |= zip(spread, engine.read_each(_of(laid), [own[i] for i in spread]), strict=True)
        reads = readability([*laid.words, *(word for words in read.values() for word in words)])
    note, english = f"读数 {reads:.3f}，倒转试读 {other:.3f}", f"reads {reads:.3f}, upside down {other:.3f}"
    if other <= reads + CLEARLY_BETTER:
        stages.show("upright", f"{note}：不转 / {english}: left as it is", _of(laid))
        return Upright(laid, own, read)
    stages.show("upright", f"{note}：倒转 / {english}: turned", _of(laid))
    return Upright(*_laid(page, second, engine, lines, stages), {})


def _laid(
    page: Page, turn: int, engine: OcrEngine, lines_as_is: list[Quad], stages: Stages
) -> tuple[Page, list[Quad]]:
    """The page turned by `turn` quarters and set straight, with the lines to be read on it.

    `lines_as_is` are the lines of the page unturned. The words of its text layer stay if it was not turned.
    """
    assert page.image is not None
    image = turned(page.image, turn)
    lines = engine.find_lines(image) if turn else lines_as_is
    if turn:
        note = f"顺时针转 {90 * turn}° / turned clockwise by {90 * turn}°"
        stages.show("turned", note, image, [Mark(line) for line in lines])
    # The text layer of a page that has to be turned lies elsewhere now: OCR reads all of it.
    layer = page.words if turn == 0 else ()
    back = way_back((page.width, page.height), turn, 0.0 if layer else skew_degrees(lines))
    if not layer:
        image, lines = deskewed(image, lines, stages)
    lines = [line for line in lines if not _covered(line, layer)]
    laid = replace(
        page,
        image=image,
        width=image.shape[1],
        height=image.shape[0],
        turned_degrees=(page.turned_degrees + 90 * turn) % 360,
        words=layer,
        placement=page.placement and page.placement.moved(back),
    )
    return laid, lines


def _with_all_read(upright: Upright, engine: OcrEngine, stages: Stages) -> Page:
    """The page with the words of its lines, in their order, and its stamps."""
    page, lines, image = upright.page, upright.lines, _of(upright.page)
    rest = [i for i in range(len(lines)) if i not in upright.read]
    read = {**upright.read, **dict(zip(rest, engine.read_each(image, [lines[i] for i in rest]), strict=True))}
    words = [word for i in range(len(lines)) for word in read[i]]
    stages.show("read", f"读出 {len(words)} 处文字 / {len(words)} words read", image, marks_of(words))
    stamps = tuple(find_stamps(image))
    found = with_words_under_seals(image, words, stamps, engine, stages)
    found = [word for word in found if word.confidence >= MIN_WORD_CONFIDENCE]
    return replace(page, words=(*page.words, *found), stamps=stamps)


def _widest_of(lines: Sequence[Quad]) -> list[Quad]:
    return [lines[i] for i in widest(lines)]


def _turns_by_reading(
    image: Image, lines: Sequence[Quad], engine: OcrEngine, stages: Stages
) -> tuple[int, int]:
    """The turn under which most print is read on lines that lie, and the one opposite."""
    probed = _widest_of(lines)
    print_read = [lying_print(engine.read_lines(*turned_with(image, probed, turn))) for turn in range(4)]
    first = max(range(4), key=print_read.__getitem__)
    read = "、".join(f"{90 * turn}° {letters:.0f}" for turn, letters in enumerate(print_read))
    note = f"各行方向不一，四个方向各试读（字数）：{read} / lines run both ways, letters read in each turn"
    stages.show("upright", note, image, [Mark(line) for line in probed])
    return first, (first + 2) % 4


def _of(page: Page) -> Image:
    assert page.image is not None
    return page.image


def _show_lines(stages: Stages, image: Image, lines: Sequence[Quad]) -> None:
    share = share_lying(lines)
    way, way_english = ("正放或倒放", "upright or upside down") if share >= HALF else ("侧放", "on its side")
    note = f"找到 {len(lines)} 行，按长度 {share:.0%} 是横的：{way}"
    note += f" / {len(lines)} lines, {share:.0%} of their length lies: {way_english}"
    stages.show("lines", note, image, [Mark(line) for line in lines])


def _covered(line: Quad, words: Sequence[Word]) -> bool:
    if not words:
        return False
    (x0, y0), (x1, y1) = line.min(axis=0).tolist(), line.max(axis=0).tolist()
    box = Box(x0, y0, x1, y1)
    return sum(box.shared_area(word.box) for word in words) >= COVERED_SHARE * max(1.0, box.area)
