"""Settings: none is needed, each may be set, a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.settings import Settings, available_cores, settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"BAOXIAO_{name.upper()}", raising=False)


def test_nothing_needs_to_be_set() -> None:
    usual = Settings()
    assert 1 <= usual.workers <= available_cores()
    assert usual.ocr_precision == usual.ocr_provider == "auto"
    assert len({usual.cache_dir, usual.state_dir, usual.catalog_dir}) == 3


def test_the_environment_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAOXIAO_WORKERS", "3")
    monkeypatch.setenv("BAOXIAO_STATE_DIR", "/somewhere")
    assert (Settings().workers, Settings().state_dir) == (3, Path("/somewhere"))


@pytest.mark.parametrize(
    ("name", "value"), [("WORKERS", "0"), ("WORKERS", "many"), ("OCR_PRECISION", "int8"), ("WORKERS", "65")]
)
def test_a_wrong_setting_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"BAOXIAO_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_they_are_read_once_and_never_change() -> None:
    assert settings() is settings()
    with pytest.raises(ValidationError):
        setattr(settings(), "workers", 2)  # noqa: B010 - what mypy would refuse
