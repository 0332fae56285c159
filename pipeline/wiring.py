"""The one place where what lives outside a function is built from settings."""

from __future__ import annotations

from functools import cache

from pipeline.catalogs.aliases import Alias, AliasBook, AliasRefused
from pipeline.catalogs.catalog import Catalogs
from pipeline.earlier_bills import NO_EARLIER_BILLS, KnownBills
from pipeline.errors import FolderUnusable
from pipeline.office import Office
from pipeline.places.book import DATA, read_places
from pipeline.reading.ocr import OcrEngine
from pipeline.settings import Settings, available_cores
from pipeline.working_days import WorkingDays, read_marked_days

HOLIDAY_LIST: str = "holiday"
"""The kind of catalog list that holds an office's own holidays and make-up working days."""


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


@cache
def office(settings: Settings) -> Office:
    """What claims are judged by: the place, the calendar and the bills of earlier claims.

    Raises:
        PlaceRefused: If a place's file is wrong, or there is no place of the name that is set.
        FolderUnusable: If the earlier bills or the holidays cannot be read.
    """
    try:
        holidays = [path for head, path in catalogs(settings).lists if head.kind == HOLIDAY_LIST]
        marked = read_marked_days(holidays)
        earlier = settings.earlier_bills
        bills = KnownBills.from_file(earlier) if earlier is not None else NO_EARLIER_BILLS
    except (OSError, ValueError) as error:
        raise FolderUnusable(
            f"节假日表或历史票据无法读取 / the holidays or the earlier bills cannot be read: {error}"
        ) from error
    return Office(read_places([DATA, settings.place_dir]), settings.place, WorkingDays(marked), bills)
