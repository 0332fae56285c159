"""The one place where what lives outside a function is built from settings."""

from __future__ import annotations

from functools import cache

from pipeline.catalogs.aliases import Alias, AliasBook, AliasRefused
from pipeline.catalogs.catalog import Catalogs
from pipeline.errors import FolderUnusable
from pipeline.reading.ocr import OcrEngine
from pipeline.settings import Settings, available_cores


def threads_per_worker(workers: int) -> int:
    """Cores for each of so many reading processes."""
    return max(1, available_cores() // workers)


def ocr_engine(settings: Settings, threads: int) -> OcrEngine:
    """An OCR engine; loading it takes seconds and about 1.1 GB.

    Raises:
        OcrUnavailable: If the engine or its weights cannot be had.
    """
    from pipeline.reading.ocr_paddle import PaddleEngine

    return PaddleEngine(settings, threads)


def learned(settings: Settings) -> dict[str, Alias]:
    """What reviewers taught, by the key of the printed name, as it stands now: a desk is open for weeks.

    Raises:
        FolderUnusable: If the log of it cannot be read.
    """
    try:
        return AliasBook(settings.catalog_dir).in_force()
    except AliasRefused as error:
        raise FolderUnusable(f"{settings.catalog_dir}: {error}") from error


@cache
def catalogs(settings: Settings) -> Catalogs:
    """The imported lists, and the packaged sample for kinds that have none."""
    return Catalogs.in_use(settings.catalog_dir)
