"""What a worker does beside reading: claims are handed over, webhooks are told.

Claims that are handed over as files wait for `baoxiao engine gather`: when a file is made is the office's
to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

from pipeline.engine.chosen import chosen_engine
from pipeline.engine.sender import send_due
from pipeline.engine.webhooks import WebhookClient, deliver_due
from pipeline.errors import EngineUnavailable
from pipeline.settings import Settings
from pipeline.store.database import Database
from pipeline.worker import Errand


@contextmanager
def errands(
    settings: Settings, database: Database, say: Callable[[str], None]
) -> Iterator[tuple[Errand, ...]]:
    """The errands of a store, for as long as the context lasts.

    Args:
        settings: Whom claims are handed over to.
        database: The store's.
        say: Told where no engine can be reached as it is set: the worker reads all the same.
    """
    give_up_after = timedelta(hours=settings.engine_give_up_hours)
    with ExitStack() as opened:
        client = opened.enter_context(WebhookClient())

        def tell_webhooks(now: datetime) -> int:
            return deliver_due(database, client, now, give_up_after=give_up_after).total

        done = [Errand("通知 / webhooks", tell_webhooks)]
        if settings.engine != "batch_file":
            try:
                engine = opened.enter_context(chosen_engine(settings, database))
            except EngineUnavailable as error:
                say(f"! 只识别，不移交 / reading only, nothing is handed over: {error}")
            else:

                def hand_over(now: datetime) -> int:
                    return send_due(database, engine, now, give_up_after=give_up_after).total

                done.insert(0, Errand("移交 / hand-over", hand_over))
        yield tuple(done)
