"""The engine: its pure parts on numbers, and (slow) the real models on drawn lines and sample papers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from pipeline.errors import OcrUnavailable
from pipeline.model import Image, Page, Word
from pipeline.reading import ocr_paddle
from pipeline.reading.decoded import Window
from pipeline.reading.lines import Quad
from pipeline.reading.ocr import with_words
from pipeline.reading.ocr_paddle import (
    BATCH_SIZES,
    BATCH_WIDTH,
    WIDTHS,
    PaddleEngine,
    _batches,
    _CharacterDecoder,
    _padded,
    _runtime,
    _stacked,
    _strip,
    _words,
)
from pipeline.reading.open_file import open_file, source_file
from pipeline.settings import Settings, settings

SAMPLES = Path(__file__).parents[2] / "fixtures" / "samples"
TRUTH = [json.loads(row) for row in (SAMPLES.parent / "truth.jsonl").read_text("utf-8").splitlines()]
CHARACTERS = ["blank", "1", "0", "8", "."]


def columns(*rows: tuple[int, float]) -> npt.NDArray[np.float32]:
    """Probabilities of a line: for each column the likeliest character and how likely it is."""
    line = np.zeros((len(rows), len(CHARACTERS)), np.float32)
    for column, (index, probability) in enumerate(rows):
        line[column] = (1 - probability) / (len(CHARACTERS) - 1)
        line[column, index] = probability
    return line


def text_of(line: npt.NDArray[np.float32]) -> str:
    return "".join(character[0] for character in _CharacterDecoder(CHARACTERS).read(line))


def line_at(x0: float, y0: float, x1: float, y1: float) -> Quad:
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], dtype=np.float32)


def test_a_character_seen_in_several_columns_is_one_and_after_a_blank_another() -> None:
    assert text_of(columns((1, 0.9), (1, 0.8), (0, 0.9), (1, 0.9), (2, 0.9))) == "110"


def test_nothing_seen_is_no_character() -> None:
    assert text_of(columns((0, 0.9), (0, 0.9))) == ""
    assert text_of(columns()) == ""


def test_a_character_has_its_place_its_probability_and_its_rivals() -> None:
    line = columns((0, 0.9), (3, 0.6), (3, 0.7), (0, 0.9))
    line[2] = [0.02, 0.005, 0.25, 0.7, 0.025]
    ((char, centre, probability, rivals),) = _CharacterDecoder(CHARACTERS).read(line)
    assert char == "8"
    assert centre == 2 * ocr_paddle.COLUMN_WIDTH  # the middle of columns 1 and 2
    assert probability == pytest.approx(0.7)
    assert [rival for rival, _ in rivals] == ["0", "."]
    assert [share for _, share in rivals] == pytest.approx([0.25, 0.025])


def test_a_character_beyond_doubt_has_no_rivals() -> None:
    ((_, _, _, rivals),) = _CharacterDecoder(CHARACTERS).read(columns((1, 0.999)))
    assert rivals == ()


@given(st.lists(st.integers(1, WIDTHS[-1])))
def test_every_line_is_in_one_batch_and_no_batch_is_too_large(widths: list[int]) -> None:
    batches = list(_batches(widths))
    assert sorted(index for batch in batches for index in batch) == list(range(len(widths)))
    for batch in batches:
        width = _stacked([np.zeros((48, widths[index], 3), np.uint8) for index in batch]).shape[3]
        assert len(batch) in BATCH_SIZES
        assert len(batch) == 1 or len(batch) * width <= BATCH_WIDTH


@given(st.lists(st.integers(1, WIDTHS[-1]), min_size=1, max_size=60))
def test_no_line_is_padded_further_for_the_sake_of_another(widths: list[int]) -> None:
    for batch in _batches(widths):
        assert len({_padded(widths[index]) for index in batch}) == 1


@pytest.mark.parametrize(("width", "padded"), [(1, WIDTHS[0]), (641, 800), (3200, 3200)])
def test_batches_come_in_few_widths(width: int, padded: int) -> None:
    batch = _stacked([np.full((48, width, 3), 255, np.uint8)])
    assert batch.shape == (1, 3, 48, padded)
    assert padded in WIDTHS
    assert (batch[..., :width] == 1.0).all()
    assert (batch[..., width:] == 0.0).all()


def test_a_batch_is_blue_first() -> None:
    red = np.zeros((48, 48, 3), np.uint8)
    red[:, :, 0] = 255
    assert _stacked([red])[0, :, 0, 0].tolist() == [-1.0, -1.0, 1.0]


def test_a_line_becomes_a_strip_of_the_height_the_model_wants() -> None:
    assert _strip(np.zeros((24, 100, 3), np.uint8)).shape == (48, 200, 3)
    assert _strip(np.zeros((10, 5000, 3), np.uint8)).shape == (48, WIDTHS[-1], 3)
    assert _strip(np.zeros((300, 1, 3), np.uint8)).shape == (48, 1, 3)


def test_a_line_is_cut_where_the_gap_is_one_between_cells() -> None:
    read: list[Any] = [("1", 24.0, 0.9, ()), ("0", 48.0, 0.9, ()), ("8", 400.0, 0.8, (("0", 0.1),))]
    crop = np.zeros((48, 480, 3), np.uint8)
    first, second = _words(read, line_at(100, 200, 580, 248), crop)
    assert (first.text, second.text) == ("10", "8")
    assert first.box.x1 < second.box.x0
    assert second.box.x0 < 500 < second.box.x1
    assert [(other.index, other.char) for other in second.alternatives] == [(0, "0")]


def test_spaces_at_the_ends_are_no_part_of_a_word() -> None:
    read: list[Any] = [(" ", 10.0, 0.9, ()), ("1", 30.0, 0.9, ()), (" ", 50.0, 0.2, ())]
    (word,) = _words(read, line_at(0, 0, 60, 48), np.zeros((48, 60, 3), np.uint8))
    assert word.text == "1"
    assert word.char_confidences == (0.9,)
    assert len(word.edges) == 2


def test_a_line_of_spaces_gives_no_word() -> None:
    assert _words([(" ", 10.0, 0.9, ())], line_at(0, 0, 60, 48), np.zeros((48, 60, 3), np.uint8)) == []


def test_the_default_provider_can_be_asked_for() -> None:
    assert _runtime(Settings(ocr_provider="default"), 2) == {
        "providers": ["CPUExecutionProvider"],
        "intra_op_num_threads": 2,
    }


@pytest.mark.parametrize(
    ("flags", "precision"), [("avx2 amx_bf16 amx_int8", "bf16"), ("avx2 avx512f", "f32")]
)
def test_bf16_is_taken_only_where_the_processor_has_it(
    flags: str, precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"flags\t\t: fpu {flags} vme\n", encoding="ascii")
    monkeypatch.setattr(ocr_paddle, "Path", lambda _: cpuinfo)
    assert ocr_paddle._precision(Settings()) == precision
    assert ocr_paddle._precision(Settings(ocr_precision="f32")) == "f32"


def test_a_model_folder_without_description_is_named(tmp_path: Path) -> None:
    with pytest.raises(OcrUnavailable, match=r"no inference\.yml"):
        PaddleEngine(Settings(detection_model_dir=tmp_path), threads=1)


# --- The real models ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def engine() -> PaddleEngine:
    return PaddleEngine(settings(), threads=1)


def drawn(*texts: tuple[str, int, int], height: int = 200, width: int = 900, size: int = 32) -> Image:
    """Printed figures, each text with its left top at (x, y)."""
    picture = Pictures.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    for text, x, y in texts:
        draw.text((x, y), text, fill="black", font=ImageFont.load_default(size))
    return np.asarray(picture)


def sample(name: str, number: int = 1) -> Page:
    path = SAMPLES / name
    (page,) = open_file(source_file(name, path), path, Window(number, 1)).pages
    assert isinstance(page, Page)
    return page


def read_texts(words: tuple[Word, ...] | list[Word]) -> str:
    return "".join(word.text for word in words).replace(" ", "")


@pytest.mark.slow
def test_drawn_figures_are_read_where_they_stand(engine: PaddleEngine) -> None:
    image = drawn(("108.50", 40, 30), ("2026-03-12", 500, 120))
    words = engine.read_lines(image, engine.find_lines(image))
    assert {word.text for word in words} == {"108.50", "2026-03-12"}
    (amount,) = (word for word in words if word.text == "108.50")
    assert amount.box.x0 == pytest.approx(40, abs=8)
    assert 30 <= amount.box.cy <= 70
    assert amount.confidence > 0.9
    assert len(amount.char_confidences) == 6
    assert len(amount.edges) == 7
    assert list(amount.edges) == sorted(amount.edges)


@pytest.mark.slow
def test_lines_come_back_in_the_order_they_were_given_whatever_their_widths(engine: PaddleEngine) -> None:
    texts = [(str(number) * (1 + 3 * (number % 4)), 40, 60 * number) for number in range(1, 10)]
    image = drawn(*texts, height=640)
    lines = [line_at(30, y - 2, 40 + 20 * len(text) + 10, y + 40) for text, _, y in texts]
    words = engine.read_lines(image, lines)
    assert [word.text for word in words] == [text for text, _, _ in texts]


@pytest.mark.slow
def test_one_line_over_two_cells_gives_a_word_for_each(engine: PaddleEngine) -> None:
    image = drawn(("34.05", 40, 30), ("12.80", 600, 30))
    left, right = engine.read_lines(image, [line_at(30, 26, 720, 72)])
    assert (left.text, right.text) == ("34.05", "12.80")
    assert left.box.x1 < 200
    assert right.box.x0 > 550


@pytest.mark.slow
def test_an_empty_page_has_no_lines_and_no_words(engine: PaddleEngine) -> None:
    image = np.full((400, 300, 3), 255, np.uint8)
    assert engine.find_lines(image) == []
    assert engine.read_lines(image, []) == []
    assert engine.read_lines(image, [line_at(10, 10, 200, 40)]) == []


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3), (31, 33)])
def test_odd_sizes_are_no_obstacle(engine: PaddleEngine, size: tuple[int, int]) -> None:
    assert engine.find_lines(np.full((*size, 3), 255, np.uint8)) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "degrees"),
    [
        ("09_褚误差_金额不符.jpg", 0),
        ("03_李示例_急诊/诊断证明_倒置.jpg", 180),
        ("03_李示例_急诊/门诊收据_横放.jpg", 90),
    ],
)
def test_sample_papers_are_set_upright_and_their_numbers_read(
    engine: PaddleEngine, name: str, degrees: int
) -> None:
    page = with_words(sample(name), engine)
    assert page.turned_degrees == degrees
    read = read_texts(page.words)
    (truth,) = (row["fields"] for row in TRUTH if row["source"]["file"] == name)
    names = ("invoice_number", "payer_name", "patient_name")
    printed = [truth[field]["value"] for field in names if field in truth]
    assert printed
    assert [value for value in printed if value not in read] == []


@pytest.mark.slow
def test_a_page_is_read_alike_every_time(engine: PaddleEngine) -> None:
    page = sample("10_其他材料/火车票.jpg")
    assert with_words(page, engine).words == with_words(page, engine).words


@pytest.mark.slow
def test_words_lie_on_the_page(engine: PaddleEngine) -> None:
    page = with_words(sample("08_整叠扫描.pdf", 3), engine)
    assert len(page.words) > 50
    for word in page.words:
        assert -5 <= word.box.x0 < word.box.x1 <= page.width + 5
        assert -5 <= word.box.y0 < word.box.y1 <= page.height + 5
        assert 0 < word.confidence <= 1
        assert len(word.edges) == len(word.text) + 1
