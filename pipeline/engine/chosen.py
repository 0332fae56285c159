"""The reimbursement engine that an office has set: the one place where one is built."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.engine.http import HttpEngine
from pipeline.engine.protocol import ReimbursementEngine
from pipeline.errors import EngineUnavailable
from pipeline.settings import Settings


@contextmanager
def chosen_engine(settings: Settings) -> Iterator[ReimbursementEngine]:
    """The engine that `settings.engine` names, for as long as the context lasts.

    Raises:
        EngineUnavailable: If what it needs is not set.
    """
    match settings.engine:
        case "http":
            with HttpEngine(
                settings.engine_url, settings.engine_secret, plain_http=settings.engine_plain_http
            ) as engine:
                yield engine
        case other:
            raise EngineUnavailable(
                f"BAOXIAO_ENGINE={other}: 此版本没有，可设为 http / not in this version; http is"
            )
