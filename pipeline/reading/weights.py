"""The PP-OCRv6 small weights, as PaddleOCR wants them: a folder with `inference.onnx` and `inference.yml`.

The weights come inside the `rapidocr` package (Apache-2.0), so nothing is downloaded; the recognition
file carries its character list in its own metadata. The folders are written into the cache once.
The pre- and postprocessing in the yml is that of the published PP-OCRv6 small models.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import OcrUnavailable


@dataclass(frozen=True, slots=True)
class Weights:
    """One model as it comes in the package."""

    model_name: str
    file: str
    sha256: str


DETECTION = Weights(
    "PP-OCRv6_small_det",
    "PP-OCRv6_det_small.onnx",
    "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
)
RECOGNITION = Weights(
    "PP-OCRv6_small_rec",
    "PP-OCRv6_rec_small.onnx",
    "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
)


def model_folder(weights: Weights, cache_dir: Path) -> Path:
    """The folder of `weights`, made in `cache_dir` if it is not there yet; the bytes are verified.

    Raises:
        OcrUnavailable: If the package lacks the file or its bytes are not the expected ones.
    """
    made_from = weights.sha256 + json.dumps(_description(weights))
    key = hashlib.sha256(made_from.encode()).hexdigest()[:12]
    folder = cache_dir / "models" / f"{weights.model_name}-{key}"
    if not (folder / "inference.yml").exists():
        _make_folder(weights, folder)
    _verify(folder / "inference.onnx", weights)
    return folder


def _make_folder(weights: Weights, folder: Path) -> None:
    source = _packaged_file(weights)
    _verify(source, weights)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        fresh = Path(made) / folder.name
        fresh.mkdir()
        shutil.copyfile(source, fresh / "inference.onnx")
        description = _description(weights)
        if weights is RECOGNITION:
            description["PostProcess"]["character_dict"] = _characters(source)
        # JSON is YAML; PaddleX reads it as such.
        (fresh / "inference.yml").write_text(json.dumps(description, ensure_ascii=False), encoding="utf-8")
        try:
            fresh.replace(folder)
        except OSError:
            # Another process was first; what it wrote is the same.
            if not (folder / "inference.yml").exists():
                raise


def _packaged_file(weights: Weights) -> Path:
    spec = importlib.util.find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise OcrUnavailable(
            "OCR 模型缺失：未安装 rapidocr 包（模型随该包提供）；请运行 make demo 或重新安装依赖。"
            " / OCR weights are missing: the package rapidocr, which carries them, is not installed;"
            " install from requirements.lock."
        )
    file = Path(spec.origin).parent / "models" / weights.file
    if not file.exists():
        raise OcrUnavailable(
            f"OCR 模型缺失：rapidocr 包中没有 {weights.file}，需要 rapidocr 3.10。"
            f" / rapidocr is installed without {weights.file}; version 3.10 is needed."
        )
    return file


def _verify(file: Path, weights: Weights) -> None:
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != weights.sha256:
        raise OcrUnavailable(
            f"OCR 模型校验失败：{file} 的 SHA-256 为 {found[:12]}…，应为 {weights.sha256[:12]}…；"
            f"请删除该文件后重试。 / {file} is not the expected model (SHA-256 {found[:12]}…,"
            f" expected {weights.sha256[:12]}…); delete it and try again."
        )


def _description(weights: Weights) -> dict[str, Any]:
    """What PaddleX is to do before and after the model; the list of characters is not in it yet."""
    decode = {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}}
    if weights is DETECTION:
        return {
            "Global": {"model_name": weights.model_name},
            "PreProcess": {
                "transform_ops": [
                    decode,
                    {"DetResizeForTest": None},
                    {
                        "NormalizeImage": {
                            "mean": [0.485, 0.456, 0.406],
                            "std": [0.229, 0.224, 0.225],
                            "scale": "1./255.",
                            "order": "hwc",
                        }
                    },
                    {"ToCHWImage": None},
                    {"KeepKeys": {"keep_keys": ["image", "shape", "polys", "ignore_tags"]}},
                ]
            },
            "PostProcess": {
                "name": "DBPostProcess",
                "thresh": 0.2,
                "box_thresh": 0.45,
                "unclip_ratio": 1.4,
                "max_candidates": 3000,
            },
        }
    return {
        "Global": {"model_name": weights.model_name},
        "PreProcess": {
            "transform_ops": [
                decode,
                {"MultiLabelEncode": {"gtc_encode": "NRTRLabelEncode"}},
                {"RecResizeImg": {"image_shape": [3, 48, 320]}},
                {"KeepKeys": {"keep_keys": ["image", "label_ctc", "label_gtc", "length", "valid_ratio"]}},
            ]
        },
        "PostProcess": {"name": "CTCLabelDecode"},
    }


def _characters(source: Path) -> str:
    """All characters in one text: PaddleX takes it as it takes a list, and reads it 0.6 s faster."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"])
    characters = str(session.get_modelmeta().custom_metadata_map["character"]).split("\n")
    assert all(len(character) == 1 for character in characters)
    return "".join(characters)
