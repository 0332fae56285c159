"""PaddleOCR as our engine; the only module that imports paddleocr.

PaddleOCR's detector and recogniser are used apart rather than through its pipeline, because three
things between them pay: detection at the size the print needs, lines read in order of width (a batch
is as wide as its widest line) in few shapes (the runtime compiles and keeps a plan for every new one),
and the place and probability of every character, which PaddleOCR's own decoding throws away.
"""

from __future__ import annotations

import json
import math
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.errors import OcrUnavailable
from pipeline.model import Alternative, Box, Image, Word
from pipeline.reading.lines import Quad, split_stacks
from pipeline.reading.weights import DETECTION, RECOGNITION, model_folder
from pipeline.settings import Settings

DETECTION_SIDE = 1280
"""Long side in pixels at which lines are looked for: larger gains nothing on ordinary print."""

SMALL_PRINT_SIDE = 2240
SMALL_PRINT_HEIGHT = 13.0
"""Lines lower than this at `DETECTION_SIDE` (median, pixels) are looked for again at the larger side:
the detector's map has a quarter of the resolution, so lower print runs together."""

LINE_HEIGHT = 48
COLUMN_WIDTH = 8
"""The recogniser sees a line 48 px high and gives one column of probabilities every 8 px."""

WIDTHS: tuple[int, ...] = (*range(192, 641, 64), *range(800, 1281, 160), 1920, 2560, 3200)
"""A batch is padded to the next of these, a longer line squeezed into the last. Few, because the runtime
keeps megabytes for every shape; below the first, lone digits are misread (`10.00` as `1000`)."""

BATCH_SIZES = 4, 2, 1
BATCH_WIDTH = 2560
"""So many lines are read together, all at most so wide together: more gains no time (20 us a pixel of width,
four lines or eight), and a column of probabilities takes 75 kB. Few sizes, for each is a shape of its own."""

ALTERNATIVE_PROBABILITY = 0.01
"""Other characters below this are noise."""

SPLIT_GAP = 1.6
"""A gap between two characters wider than this many line heights is a gap between two cells."""


class PaddleEngine:
    """PP-OCRv6 detection and recognition on ONNX Runtime.

    Args:
        settings: Which models, which provider, which precision.
        threads: Cores that one call may use.

    Raises:
        OcrUnavailable: If the weights or the runtime cannot be had.
    """

    def __init__(self, settings: Settings, threads: int) -> None:
        detection = settings.detection_model_dir or model_folder(DETECTION, settings.cache_dir)
        recognition = settings.recognition_model_dir or model_folder(RECOGNITION, settings.cache_dir)
        names = _model_name(detection), _model_name(recognition)
        # Nothing may look for the network, and every library keeps to its share of the cores.
        os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
        cv2.setNumThreads(threads)
        try:
            from paddleocr import TextDetection, TextRecognition
        except ImportError as error:
            raise OcrUnavailable(
                "OCR 引擎无法加载：缺少 paddleocr 或其依赖，请按 requirements.lock 重新安装。"
                f" / The OCR engine cannot be loaded ({error}); install from requirements.lock."
            ) from error
        engine = {"engine": "onnxruntime", "engine_config": _runtime(settings, threads)}
        self._detector = TextDetection(model_name=names[0], model_dir=str(detection), **engine)
        self._recogniser = TextRecognition(model_name=names[1], model_dir=str(recognition), **engine)
        self._decoder = _CharacterDecoder(self._recogniser.paddlex_predictor.post_op.character)

    def find_lines(self, image: Image) -> list[Quad]:
        """The lines of text on `image` (H, W, 3 RGB), looked for again larger where print is small."""
        bgr = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), dtype=np.uint8)
        long_side = max(image.shape[:2])
        lines = self._detect(bgr, DETECTION_SIDE)
        scale = min(1.0, DETECTION_SIDE / long_side)
        if lines and scale < 1.0:
            height = float(np.median([_line_size(line)[1] for line in lines])) * scale
            if height < SMALL_PRINT_HEIGHT:
                lines = self._detect(bgr, SMALL_PRINT_SIDE)
        return split_stacks(image, lines)

    def read_lines(self, image: Image, lines: Sequence[Quad]) -> list[Word]:
        """What stands on the lines, cut where the gap between characters is a gap between cells."""
        return [word for words in self.read_each(image, lines) for word in words]

    def read_each(self, image: Image, lines: Sequence[Quad]) -> list[list[Word]]:
        """The same, line by line."""
        crops = [_cut_out(image, line) for line in lines]
        strips = [_strip(crop) for crop in crops]
        words: list[list[Word]] = [[] for _ in lines]
        for batch in _batches([strip.shape[1] for strip in strips]):
            # The model itself: what PaddleX does around it costs as much again on short lines.
            (columns,) = self._recogniser.paddlex_predictor.runner(x=_stacked([strips[i] for i in batch]))
            for i, probabilities in zip(batch, columns, strict=True):
                words[i] = _words(self._decoder.read(probabilities), lines[i], crops[i])
        return words

    def _detect(self, bgr: Image, side: int) -> list[Quad]:
        (result,) = self._detector.predict(bgr, limit_side_len=side, limit_type="max")
        return [np.asarray(polygon, dtype=np.float32) for polygon in result["dt_polys"]]


class _CharacterDecoder:
    """CTC decoding that keeps the column, the probability and the rivals of every character.

    Args:
        characters: What each column chooses from; the first stands for "nothing new".
    """

    def __init__(self, characters: Sequence[str]) -> None:
        self._characters = list(characters)

    def read(self, line: npt.NDArray[np.float32]) -> list[_Character]:
        """The characters of a line, shape (columns, characters), each probability 0 to 1."""
        best = line.argmax(axis=1)
        characters: list[_Character] = []
        start = 0
        for stop in range(1, len(best) + 1):
            if stop < len(best) and best[stop] == best[start]:
                continue
            index = int(best[start])
            if index:
                peak = start + int(line[start:stop, index].argmax())
                probability = float(line[peak, index])
                centre = (start + stop) / 2 * COLUMN_WIDTH
                rivals = self._rivals(line[peak], index) if probability < 1 - ALTERNATIVE_PROBABILITY else ()
                characters.append((self._characters[index], centre, probability, rivals))
            start = stop
        return characters

    def _rivals(self, column: npt.NDArray[np.float32], chosen: int) -> tuple[tuple[str, float], ...]:
        top = np.argpartition(column, -4)[-4:]
        ranked = sorted(((float(column[i]), int(i)) for i in top), reverse=True)
        return tuple(
            (self._characters[i], probability)
            for probability, i in ranked
            if i not in (0, chosen) and probability >= ALTERNATIVE_PROBABILITY
        )


_Character = tuple[str, float, float, tuple[tuple[str, float], ...]]
"""Character, centre in pixels of the strip, probability, and its rivals with theirs."""


def _batches(widths: Sequence[int]) -> Iterator[list[int]]:
    """Which lines to read together: of one padded width, for time goes with the padding as with the print."""
    by_width: defaultdict[int, list[int]] = defaultdict(list)
    for place, width in enumerate(widths):
        by_width[_padded(width)].append(place)
    for width, left in by_width.items():
        while left:
            fitting = min(len(left), max(1, BATCH_WIDTH // width))
            size = next(size for size in BATCH_SIZES if size <= fitting)
            yield left[:size]
            left = left[size:]


def _padded(width: int) -> int:
    return next(allowed for allowed in WIDTHS if allowed >= width)


def _strip(crop: Image) -> Image:
    """The line as high as the recogniser wants it."""
    height, width = crop.shape[:2]
    fitting = min(WIDTHS[-1], math.ceil(LINE_HEIGHT * width / height))
    return np.asarray(cv2.resize(crop, (fitting, LINE_HEIGHT)), dtype=np.uint8)


def _stacked(strips: Sequence[Image]) -> npt.NDArray[np.float32]:
    """A batch of strips, shape (N, 3, 48, W) BGR from -1 to 1, padded with 0 on the right."""
    width = _padded(max(strip.shape[1] for strip in strips))
    batch = np.zeros((len(strips), 3, LINE_HEIGHT, width), dtype=np.float32)
    for place, strip in zip(batch, strips, strict=True):
        place[:, :, : strip.shape[1]] = strip[:, :, ::-1].transpose(2, 0, 1)
        place[:, :, : strip.shape[1]] /= 127.5
        place[:, :, : strip.shape[1]] -= 1.0
    return batch


def _runtime(settings: Settings, threads: int) -> Mapping[str, Any]:
    """ONNX Runtime's provider and its options."""
    import onnxruntime

    openvino = "OpenVINOExecutionProvider"
    if settings.ocr_provider == "default" or (
        settings.ocr_provider == "auto" and openvino not in onnxruntime.get_available_providers()
    ):
        return {"providers": ["CPUExecutionProvider"], "intra_op_num_threads": threads}
    cpu = {"INFERENCE_PRECISION_HINT": _precision(settings), "INFERENCE_NUM_THREADS": str(threads)}
    return {
        "providers": [openvino, "CPUExecutionProvider"],
        "provider_options": [{"device_type": "CPU", "load_config": json.dumps({"CPU": cpu})}, {}],
        "intra_op_num_threads": threads,
    }


def _precision(settings: Settings) -> str:
    if settings.ocr_precision != "auto":
        return settings.ocr_precision
    return "bf16" if _has_amx_bf16() else "f32"


def _has_amx_bf16() -> bool:
    # Without AMX, bf16 is emulated and slower than f32.
    flags = Path("/proc/cpuinfo")
    return flags.exists() and " amx_bf16 " in flags.read_text(encoding="ascii", errors="replace")


def _model_name(folder: Path) -> str:
    import yaml

    description = folder / "inference.yml"
    if not description.exists():
        raise OcrUnavailable(
            f"OCR 模型目录不完整：{folder} 中没有 inference.yml。"
            f" / {folder} holds no inference.yml; a model folder has inference.onnx and inference.yml."
        )
    return str(yaml.safe_load(description.read_text(encoding="utf-8"))["Global"]["model_name"])


def _line_size(line: Quad) -> tuple[float, float]:
    """Width and height of a line, along and across its text."""
    width = max(float(np.linalg.norm(line[0] - line[1])), float(np.linalg.norm(line[3] - line[2])))
    height = max(float(np.linalg.norm(line[0] - line[3])), float(np.linalg.norm(line[1] - line[2])))
    return max(1.0, width), max(1.0, height)


def _cut_out(image: Image, line: Quad) -> Image:
    """The line as an upright picture; a line much higher than wide is print turned by a quarter."""
    width, height = (round(side) for side in _line_size(line))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    transform = cv2.getPerspectiveTransform(line, corners)
    cut = cv2.warpPerspective(
        image, transform, (width, height), borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC
    )
    if height >= 1.5 * width:
        cut = np.rot90(cut)
    return np.ascontiguousarray(cut, dtype=np.uint8)


def _words(characters: Sequence[_Character], line: Quad, crop: Image) -> list[Word]:
    """The line's words: one, or several where it runs over a gap between cells."""
    if not characters:
        return []
    stretch = crop.shape[0] / LINE_HEIGHT
    centres = [character[1] * stretch for character in characters]
    height = crop.shape[0]
    cuts = [
        i
        for i in range(1, len(characters))
        if centres[i] - centres[i - 1]
        > SPLIT_GAP * height + (_half_width(characters[i][0]) + _half_width(characters[i - 1][0])) * height
    ]
    bounds = list(zip([0, *cuts], [*cuts, len(characters)], strict=True))
    return [
        word
        for start, stop in bounds
        if (word := _word(characters[start:stop], centres[start:stop], line, crop, len(bounds) == 1))
    ]


def _half_width(char: str) -> float:
    return 0.45 if ord(char) > 0x2E7F else 0.25


def _word(
    characters: Sequence[_Character], centres: Sequence[float], line: Quad, crop: Image, whole: bool
) -> Word | None:
    text = "".join(character[0] for character in characters)
    kept = range(len(text) - len(text.lstrip()), len(text.rstrip()))
    if not kept:
        return None
    characters, centres = characters[kept.start : kept.stop], centres[kept.start : kept.stop]
    text = text.strip()
    height = crop.shape[0]
    half = [_half_width(char) * height for char in text]
    left = 0.0 if whole else max(0.0, centres[0] - half[0])
    right = float(crop.shape[1]) if whole else min(float(crop.shape[1]), centres[-1] + half[-1])
    inner = [(a + b) / 2 for a, b in pairwise(centres)]
    borders = np.clip([left, *inner, max(right, left)], 0, crop.shape[1]) / crop.shape[1]
    confidences = tuple(character[2] for character in characters)
    return Word(
        text=text,
        box=_box_between(line, borders[0], borders[-1]),
        confidence=float(np.prod(confidences)) ** (1 / len(confidences)),
        origin="ocr",
        edges=_edges(line, borders),
        char_confidences=confidences,
        alternatives=tuple(
            Alternative(index, char, probability)
            for index, character in enumerate(characters)
            for char, probability in character[3]
        ),
    )


def _box_between(line: Quad, start: float, stop: float) -> Box:
    """The box around the part of the line from `start` to `stop` (shares of its length)."""
    top_left, top_right, bottom_right, bottom_left = line
    corners = np.stack(
        [
            top_left + (top_right - top_left) * start,
            top_left + (top_right - top_left) * stop,
            bottom_left + (bottom_right - bottom_left) * stop,
            bottom_left + (bottom_right - bottom_left) * start,
        ]
    )
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    return Box(float(x0), float(y0), float(x1), float(y1))


def _edges(line: Quad, borders: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """The x of the borders between characters, along the middle of the line."""
    left = float(line[0][0] + line[3][0]) / 2
    right = float(line[1][0] + line[2][0]) / 2
    return tuple(left + (right - left) * float(border) for border in borders)
