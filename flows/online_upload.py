"""An upload from the web as async flows of the process that serves it: the verdict first, then its documents.

Who sends a photo learns from `judge_online` whether to take it again while the paper still lies there: that
takes a quarter of a second a page and no OCR. `read_online` gives the documents, and finds the verdict kept.
A deployment would cost 4 s and more before the first byte is read; here Prefect adds a tenth of a second
and keeps a record. The one parameter is the upload's key: what was sent and the answer lie in our own
state folder (`pipeline.desk`), and Prefect never sees a name or a value. Where no Prefect API answers, the
same is done without it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from prefect import flow
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import server
from flows.bulk_scan import quiet
from flows.orders import Untold, untold
from pipeline.desk import UploadAnswer, UploadDesk
from pipeline.gate import PageQuality

ASK_AGAIN_SECONDS = 30.0
"""So long it is taken for granted that the Prefect API answers, or that it does not."""

Answer = TypeVar("Answer")

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


@flow(name="online-verdict", persist_result=False)
async def online_verdict(upload_key: str) -> list[PageQuality]:
    """Whether the pages of one upload can be read, and if not what to do.

    Raises:
        Untold: If the upload is not there or a part of ours is down; `judge_online` tells which.
    """
    with untold():
        return await asyncio.to_thread(_desk().quality, upload_key)


@flow(name="online-upload", persist_result=False)
async def online_upload(upload_key: str) -> UploadAnswer:
    """The documents of one upload with their fields filled in, what is unreadable and what is missing.

    Raises:
        Untold: If the upload is not there or a part of ours is down; `read_online` tells which.
    """
    with untold():
        return await asyncio.to_thread(_desk().answer, upload_key)


async def judge_online(upload_key: str) -> list[PageQuality]:
    """The verdict on an upload's pages, before anything is read.

    Raises:
        LookupError: If no upload is kept under the key.
        ServiceUnavailable: If a part of ours is down.
    """
    return await _recorded(online_verdict, UploadDesk.quality, upload_key)


async def read_online(upload_key: str) -> UploadAnswer:
    """The answer to an upload.

    Raises:
        LookupError: If no upload is kept under the key.
        ServiceUnavailable: If a part of ours is down.
    """
    return await _recorded(online_upload, UploadDesk.answer, upload_key)


async def _recorded(
    as_flow: Callable[[str], Awaitable[Answer]],
    directly: Callable[[UploadDesk, str], Answer],
    upload_key: str,
) -> Answer:
    """What the desk answers: as a flow where a Prefect API answers, directly where none does."""
    api = await asyncio.to_thread(_api)
    if api is not None:
        try:
            with quiet(), temporary_settings({PREFECT_API_URL: api}):
                return await as_flow(upload_key)
        except Untold as failure:
            raise failure.error from None
        except Exception as error:  # anything of Prefect's own: nobody waits for an answer because of it
            _Process.api = None
            _log.warning(
                "Prefect 出错，直接读取 / Prefect failed, reading directly: %s", type(error).__name__
            )
    return await asyncio.to_thread(directly, _desk(), upload_key)


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
