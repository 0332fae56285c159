"""What an office may set: environment variables with the prefix `BAOXIAO_`, all optional."""

from __future__ import annotations

import os
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path, user_data_path, user_state_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """All settings with their defaults; nothing needs to be set for the main job."""

    model_config = SettingsConfigDict(env_prefix="BAOXIAO_", frozen=True)

    cache_dir: Path = Field(default_factory=lambda: user_cache_path("baoxiao"))
    """OCR weights, unpacked once; may be deleted at any time."""

    state_dir: Path = Field(default_factory=lambda: user_state_path("baoxiao"))
    """The local Prefect server's database and logs."""

    catalog_dir: Path = Field(default_factory=lambda: user_data_path("baoxiao") / "catalogs")
    """Imported catalogs; without any the packaged sample is used."""

    store_dir: Path = Field(default_factory=lambda: user_data_path("baoxiao") / "store")
    """The store of claims: its database and the original bytes, where no URL says otherwise."""

    database_url: str = Field(default="", repr=False)
    """The store's database, such as `postgresql+psycopg://…`; empty: SQLite in `store_dir`."""

    originals_url: str = Field(default="", repr=False)
    """Where original bytes are kept, as an fsspec URL; empty: a folder in `store_dir`."""

    engine: Literal["embedded", "http", "batch_file"] = "embedded"
    """What claims are handed over to: our own computation, a service, or files that somebody carries over."""

    engine_url: str = ""
    """Of the service, for `http`."""

    engine_secret: str = Field(default="", repr=False)
    """What messages to the service are signed with (Standard Webhooks, `whsec_…`)."""

    engine_plain_http: bool = False
    """Whether claims may go to another machine without TLS: only in a network that nobody else hears."""

    engine_give_up_hours: float = Field(default=6, gt=0, le=24 * 30)
    """How long a message is sent again and again without an answer before a person is told."""

    hand_off_dir: Path = Field(default_factory=lambda: user_data_path("baoxiao") / "hand-off")
    """Where batch files (报盘) are written, for `batch_file`."""

    office_time_zone: str = "Asia/Shanghai"
    """Where the office's days begin and end: a claim that is complete at 00:30 there is accepted that day."""

    due_soon_days: int = Field(default=5, ge=0)
    """Claims that must be settled within so many working days are listed as due soon."""

    second_review_amount: Decimal | None = Field(default=Decimal(10000), ge=0)
    """Claims from this amount (yuan) on are seen by a second person; empty: none because of its amount."""

    second_review_share: float = Field(default=0.05, ge=0, le=1)
    """Of all other claims, the share that a second person sees too."""

    accuracy_sample_share: float = Field(default=0.002, ge=0, le=1)
    """Of values that go through unseen, the share that people are asked about, to tell how many are wrong."""

    accuracy_sample_daily: int = Field(default=10, ge=0)
    """So many of them at least are asked about a day, as far as there are so many claims: one a claim."""

    planted_share: float = Field(default=0.05, ge=0, le=1)
    """Of the claims that a reviewer sees, the share with one doubtful value whose answer is known."""

    place: str = "beijing"
    """The place whose rules claims are judged by: a packaged one or one of the office's own."""

    place_dir: Path = Field(default_factory=lambda: user_data_path("baoxiao") / "places")
    """Places of the office's own, one TOML file a place and period."""

    policy_region: str = ""
    """The region whose policies claims are settled by where the command names none."""

    policy_dir: Path = Field(default_factory=lambda: user_data_path("baoxiao") / "policies")
    """Policies of the office's own, one TOML file a region and period."""

    earlier_bills: Path | None = None
    """A JSONL file of the bills of earlier claims, so that a bill that comes again is told."""

    detection_model_dir: Path | None = None
    """Another detection model (`inference.onnx` and `inference.yml`), such as PP-OCRv6 server."""

    recognition_model_dir: Path | None = None
    """Another recognition model, likewise."""

    ocr_precision: Literal["auto", "bf16", "f32"] = "auto"
    """`auto` is bf16 where the CPU has AMX for it, else f32."""

    ocr_provider: Literal["auto", "openvino", "default"] = "auto"
    """ONNX Runtime's provider: OpenVINO where it is installed, or the default one."""

    target_error: float = Field(default=0.0004, gt=0, lt=1)
    """Accepted but wrong, per accepted field: sets from which confidence on nobody looks at a field."""

    workers: int = Field(default_factory=lambda: max(1, min(8, available_cores())), ge=1, le=64)
    """Reading processes, each with an OCR engine of its own (about 1.1 GB)."""


def available_cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
