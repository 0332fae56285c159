"""The model folders: complete, verified, written once."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml

from pipeline.errors import OcrUnavailable
from pipeline.reading import weights
from pipeline.reading.weights import DETECTION, RECOGNITION, Weights, model_folder


@pytest.mark.parametrize("model", [DETECTION, RECOGNITION], ids=lambda model: model.model_name)
def test_a_folder_holds_the_verified_model_and_its_description(model: Weights, tmp_path: Path) -> None:
    folder = model_folder(model, tmp_path)
    found = hashlib.sha256((folder / "inference.onnx").read_bytes()).hexdigest()
    assert found == model.sha256
    description = yaml.safe_load((folder / "inference.yml").read_text(encoding="utf-8"))
    assert description["Global"]["model_name"] == model.model_name


def test_the_description_of_recognition_lists_every_character(tmp_path: Path) -> None:
    folder = model_folder(RECOGNITION, tmp_path)
    characters = yaml.safe_load((folder / "inference.yml").read_text("utf-8"))["PostProcess"][
        "character_dict"
    ]
    assert len(characters) == 18_708
    assert set("医疗收费票据0123456789.￥壹贰叁") <= set(characters)


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    made = (model_folder(DETECTION, tmp_path) / "inference.yml").stat()
    again = (model_folder(DETECTION, tmp_path) / "inference.yml").stat()
    assert made.st_ino == again.st_ino
    assert [entry.name for entry in (tmp_path / "models").iterdir()] == [
        model_folder(DETECTION, tmp_path).name
    ]


def test_another_description_gets_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer version of ours must not read with what an older one wrote into the cache."""
    before = model_folder(DETECTION, tmp_path)
    monkeypatch.setattr(weights, "_description", lambda model: {"Global": {"model_name": model.model_name}})
    assert model_folder(DETECTION, tmp_path) != before


def test_a_model_changed_in_the_cache_is_refused_with_the_way_out(tmp_path: Path) -> None:
    model = model_folder(DETECTION, tmp_path) / "inference.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"?")
    with pytest.raises(OcrUnavailable, match="delete it and try again"):
        model_folder(DETECTION, tmp_path)


def test_a_package_without_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OcrUnavailable, match=r"rapidocr.*no_such\.onnx"):
        model_folder(Weights("none", "no_such.onnx", "0" * 64), tmp_path)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda _: None)  # type: ignore[attr-defined]
    with pytest.raises(OcrUnavailable, match=r"rapidocr.*requirements\.lock"):
        model_folder(DETECTION, tmp_path)


def test_a_package_with_other_bytes_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    other = Weights(DETECTION.model_name, DETECTION.file, "0" * 64)
    with pytest.raises(OcrUnavailable, match="SHA-256"):
        model_folder(other, tmp_path)
    assert not (tmp_path / "models").exists()
