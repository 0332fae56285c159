"""The reimbursement engine that an office has set: the one place where one is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

from pipeline.engine.batch_file import BatchFileEngine
from pipeline.engine.embedded import EmbeddedEngine
from pipeline.engine.http import HttpEngine
from pipeline.engine.protocol import ReimbursementEngine
from pipeline.errors import EngineUnavailable
from pipeline.places.place import Scope
from pipeline.settings import Settings
from pipeline.settlement.book import DATA, read_policies
from pipeline.store.database import Database
from pipeline.wiring import office


@contextmanager
def chosen_engine(
    settings: Settings, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[ReimbursementEngine]:
    """The engine that `settings.engine` names, for as long as the context lasts.

    Raises:
        EngineUnavailable: If what it needs is not set; nothing is sent then, and nothing counts as tried.
        PolicyRefused: If a policy's file is wrong.
    """
    match settings.engine:
        case "http":
            with HttpEngine(
                settings.engine_url, settings.engine_secret, plain_http=settings.engine_plain_http
            ) as engine:
                yield engine
        case "batch_file":
            yield BatchFileEngine(database, settings.hand_off_dir, clock)
        case "embedded":
            yield embedded_engine(settings, database, clock)


def embedded_engine(settings: Settings, database: Database, clock: Callable[[], datetime]) -> EmbeddedEngine:
    """The engine that settles here, by the policies of the office's region.

    Raises:
        EngineUnavailable: If no region is set, or there is none of that name.
        PolicyRefused: If a policy's file is wrong.
    """
    policies = read_policies([DATA, settings.policy_dir])
    if settings.policy_region not in policies.regions:
        raise EngineUnavailable(
            f"BAOXIAO_POLICY_REGION={settings.policy_region!r}: 请设为有政策的地区"
            f" / set it to a region that has policies: {', '.join(policies.regions)}"
        )

    def scope_on(day: date) -> Scope:
        return office(settings).place_on(day).scope

    return EmbeddedEngine(database, policies, settings.policy_region, clock, scope_on)
