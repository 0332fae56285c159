"""The body of an upload, taken as it streams in: never more of a file in memory than a megabyte.

Parts go to temporary files that have no name; from there they are copied among the originals. A body over a
limit ends the request before the rest of it is taken.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from pipeline.reading.limits import DEFAULT_LIMITS
from pipeline.receiving import Incoming

MOST_BYTES = DEFAULT_LIMITS.file_bytes
"""Of a whole request: what one file may have. A phone's photo has 3 to 8 MB."""
MOST_FILES = 100
"""Of one request: a claim on paper has up to a few dozen sheets; larger stacks come as PDF, ZIP or by the
watch folder."""
MOST_FIELDS = 8
MOST_FIELD_BYTES = 1024
"""Numbers and words about the upload, nothing longer."""


@dataclass(frozen=True, slots=True)
class Body:
    """What a request brings: its fields by name, its files in their order."""

    fields: Mapping[str, str]
    files: Sequence[Incoming]


@asynccontextmanager
async def body_of(request: Request, known: frozenset[str]) -> AsyncIterator[Body]:
    """The body of a request, for as long as the context lasts.

    Args:
        request: Whose body is `multipart/form-data`.
        known: The fields that it may have; files come under any name.

    Raises:
        HTTPException: If it is none, is over a limit, has no file, or a field that is not known (413, 422).
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise _wrong("请以 multipart/form-data 发送文件 / send files as multipart/form-data")
    parser = MultiPartParser(
        request.headers,
        _within(request.stream()),
        max_files=MOST_FILES,
        max_fields=MOST_FIELDS,
        max_part_size=MOST_FIELD_BYTES,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise _wrong(
            f"无法接收：最多 {MOST_FILES} 个文件、{MOST_FIELDS} 个字段 / cannot be taken: {error.message}"
        ) from error
    try:
        yield _body(form.multi_items(), known)
    finally:
        await form.close()


async def thrown_away(request: Request) -> None:
    """Take the body and keep nothing of it: who is still sending would not hear an answer.

    Raises:
        HTTPException: If it is over the limit.
    """
    async for _part in _within(request.stream()):
        pass


async def _within(stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for part in stream:
        taken += len(part)
        if taken > MOST_BYTES:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"一次最多 {MOST_BYTES // 2**20} MB，请分次上传"
                f" / at most {MOST_BYTES // 2**20} MB at once, send it in parts",
            )
        yield part


def _body(items: Sequence[tuple[str, UploadFile | str]], known: frozenset[str]) -> Body:
    fields: dict[str, str] = {}
    files: list[Incoming] = []
    for name, value in items:
        if isinstance(value, str):
            if name not in known:
                raise _wrong(f"{name[:40]!r}: 没有这个字段 / no such field")
            fields[name] = value.strip()
        elif value.filename or value.size:  # browsers send an empty part where nothing was chosen
            files.append((value.filename or "image", value.file))
    if not files:
        raise _wrong("没有文件 / there is no file in it")
    return Body(fields, files)


def _wrong(detail: str) -> HTTPException:
    return HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
