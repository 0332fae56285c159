"""An upload from the web as an async flow of the process that serves it: its documents at once.

A deployment would cost 4 s and more before the first byte is read; here Prefect adds a tenth of a second
and keeps a record. The one parameter is the upload's key: what was sent and the answer lie in our own
state folder (`pipeline.desk`), and Prefect never sees a name or a value. Where no Prefect API answers, the
same reading is done without it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prefect import flow
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import server
from flows.bulk_scan import quiet
from flows.orders import Untold, untold
from pipeline.desk import UploadAnswer, UploadDesk

ASK_AGAIN_SECONDS = 30.0
"""So long it is taken for granted that the Prefect API answers, or that it does not."""

_log = logging.getLogger(__name__)


class _Process:
    """The one desk of this process, and what it last heard of Prefect."""

    desk: UploadDesk | None = None
    api: str | None = None
    ask_at = 0.0


@contextmanager
def serving(desk: UploadDesk) -> Iterator[None]:
    """Have the flow runs of this process ask `desk`."""
    before, _Process.desk, _Process.ask_at = _Process.desk, desk, 0.0
    try:
        yield
    finally:
        _Process.desk = before


@flow(name="online-upload", persist_result=False)
async def online_upload(upload_key: str) -> UploadAnswer:
    """The documents of one upload with their fields filled in, what is unreadable and what is missing.

    Raises:
        Untold: If the upload is not there or a part of ours is down; `read_online` tells which.
    """
    with untold():
        return await asyncio.to_thread(_desk().answer, upload_key)


async def read_online(upload_key: str) -> UploadAnswer:
    """The answer to an upload: as a flow where a Prefect API answers, directly where none does.

    Raises:
        LookupError: If no upload is kept under the key.
        ServiceUnavailable: If a part of ours is down.
    """
    api = await asyncio.to_thread(_api)
    if api is not None:
        try:
            with quiet(), temporary_settings({PREFECT_API_URL: api}):
                return await online_upload(upload_key)
        except Untold as failure:
            raise failure.error from None
        except Exception as error:  # anything of Prefect's own: nobody waits for an answer because of it
            _Process.api = None
            _log.warning(
                "Prefect 出错，直接读取 / Prefect failed, reading directly: %s", type(error).__name__
            )
    return await asyncio.to_thread(_desk().answer, upload_key)


def _desk() -> UploadDesk:
    if _Process.desk is None:
        raise RuntimeError("no desk is open in this process: with serving(UploadDesk(settings()))")
    return _Process.desk


def _api() -> str | None:
    """The Prefect API, asked for every now and then; says in one line when there is none."""
    if time.monotonic() >= _Process.ask_at:
        _Process.api, _ = server.find_api()
        _Process.ask_at = time.monotonic() + ASK_AGAIN_SECONDS
        if _Process.api is None:
            _log.info("未发现 Prefect 服务，直接读取 / no Prefect API answers: reading directly")
    return _Process.api
