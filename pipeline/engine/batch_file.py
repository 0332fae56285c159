"""Hand-over by files that somebody carries to another system (报盘文件): one a batch, with control totals.

A file is called after its content: `报盘_<单位>_<批次>_<hash>.xlsx`, and beside it lies the same name with
`.manifest.json`: what it was called when it was made, the software's version, the hash of the whole file and
the control totals. So neither a changed cell nor a changed name goes unnoticed (R-ENT-4: 报盘文件名不得改动).

`write_batches` closes what was gathered and makes the files. It may die anywhere: a closed batch gives the
same file again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from pipeline.engine.batch_table import TableRefused, read_rows
from pipeline.engine.batch_workbook import BatchFormat, BatchRows, csv_bytes, workbook_bytes
from pipeline.engine.protocol import SCHEMA_VERSION, EngineAnswer, HandOverMessage
from pipeline.store import hand_off_batches
from pipeline.store.database import Database
from pipeline.store.hand_off_batches import ClosedBatch
from pipeline.whole_files import write_all

HASH_DIGITS = 12
"""Of the file's SHA-256 in its name: enough that nobody meets it by chance."""
MANIFEST = ".manifest.json"
_NAME = re.compile(rf"报盘_.+_(?P<batch>B\d+)_(?P<hash>[0-9a-f]{{{HASH_DIGITS}}})\.(?P<format>xlsx|csv)")
_NOT_IN_NAMES = re.compile(r"[^\w（）()\-]+")
LONGEST_OFFICE = 40
"""Characters of the office in a file name: some systems keep no more than 255 bytes of a name."""


class BatchFileEngine:
    """The reimbursement engine at the other end of a file; its answers come back as a file too.

    Args:
        database: The store's.
        folder: Where files are put.
        clock: Gives the present moment.
        file_format: Of the files.
    """

    name = "batch_file"

    def __init__(
        self,
        database: Database,
        folder: Path,
        clock: Callable[[], datetime],
        file_format: BatchFormat = "xlsx",
    ) -> None:
        self._database = database
        self._folder = folder
        self._clock = clock
        self._format = file_format

    def hand_over(self, message: HandOverMessage) -> EngineAnswer:
        """Put the message into the batch of its office; the answer comes with the file that answers it."""
        with self._database.write() as connection:
            hand_off_batches.put_in_batch(connection, message.message_id, self._clock())
        answer: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "message_id": message.message_id,
            "outcome": "pending",
            "reasons": [],
            "settlement": None,
            "paid": None,
        }
        return cast("EngineAnswer", answer)

    def write_batches(self) -> list[Path]:
        """Close what was gathered and write every file that is not known to be written; their paths.

        Raises:
            OSError: If a file cannot be written; the batch stays closed and is written by the next call.
        """
        with self._database.write() as connection:
            hand_off_batches.close_batches(connection)
        with self._database.read() as connection:
            batches = [
                hand_off_batches.closed_batch(connection, batch_id)
                for batch_id in hand_off_batches.unwritten(connection)
            ]
        return [self._write(batch) for batch in batches]

    def _write(self, batch: ClosedBatch) -> Path:
        made = BatchFile.of(batch, self._format)
        write_all(self._folder, {made.name + MANIFEST: made.manifest_text, made.name: made.content})
        with self._database.write() as connection:
            hand_off_batches.note_written(connection, batch.id, made.name, made.sha256)
        return self._folder / made.name


@dataclass(frozen=True, slots=True)
class BatchFile:
    """One batch file as it is written: its name, its bytes, and the manifest beside it."""

    name: str
    content: bytes
    manifest: Mapping[str, Any]

    @staticmethod
    def of(batch: ClosedBatch, file_format: BatchFormat) -> BatchFile:
        """The file of a batch; the same batch gives the same bytes."""
        rows = BatchRows.of(batch)
        totals = rows.totals()
        summary = [
            ("批次 batch", batch.id),
            ("单位 office", batch.office),
            ("生成时间 made_at", batch.made_at.isoformat()),
            ("软件版本 software_version", version("baoxiao")),
            *((f"{TOTAL_NAMES[name]} {name}", str(total)) for name, total in totals.items()),
        ]
        is_workbook = file_format == "xlsx"
        content = workbook_bytes(rows, summary, batch.made_at) if is_workbook else csv_bytes(rows)
        sha256 = hashlib.sha256(content).hexdigest()
        office = _NOT_IN_NAMES.sub("", batch.office)[:LONGEST_OFFICE] or "单位"
        name = f"报盘_{office}_{batch.id}_{sha256[:HASH_DIGITS]}.{file_format}"
        manifest = {
            "schema_version": SCHEMA_VERSION,
            "made_as": name,
            "batch": batch.id,
            "office": batch.office,
            "made_at": batch.made_at.isoformat(),
            "software_version": version("baoxiao"),
            "sha256": sha256,
            "totals": totals,
        }
        return BatchFile(name, content, manifest)

    @property
    def sha256(self) -> str:
        """Of the content."""
        return str(self.manifest["sha256"])

    @property
    def manifest_text(self) -> str:
        """The manifest as it lies beside the file."""
        return json.dumps(self.manifest, ensure_ascii=False, indent=2) + "\n"


TOTAL_NAMES: Mapping[str, str] = {
    "claims": "申报份数",
    "invoices": "票据张数",
    "lines": "明细行数",
    "amount": "票据金额合计",
    "line_amount": "明细金额合计",
}


def differences(path: Path) -> Iterator[str]:
    """What of a batch file is not as it was made; nothing for one that is unaltered.

    Raises:
        OSError: If it cannot be read.
    """
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    named = _NAME.fullmatch(path.name)
    if named is None:
        yield f"文件名不是报盘文件名 / the name is none of a batch file: {path.name}"
    elif not digest.startswith(named["hash"]):
        yield (
            f"内容与文件名不符，文件或文件名被改动 / content and name differ: the name says {named['hash']},"
            f" the content is {digest[:HASH_DIGITS]}"
        )
    beside = path.with_name(path.name + MANIFEST)
    try:
        manifest = json.loads(beside.read_text(encoding="utf-8"))
        made_as, sha256, totals = manifest["made_as"], manifest["sha256"], manifest["totals"]
    except FileNotFoundError:
        yield f"缺少清单文件 / its manifest is missing: {beside.name}"
        return
    except (ValueError, KeyError, TypeError):
        yield f"清单文件无法读取 / its manifest cannot be read: {beside.name}"
        return
    if made_as != path.name:
        yield f"文件被改名，生成时为 {made_as} / it was renamed, it was made as {made_as}"
    if sha256 != digest:
        yield "内容与清单不符 / the content is not that of its manifest"
    yield from _other_totals(path, totals)


def _other_totals(path: Path, stated: Mapping[str, Any]) -> Iterator[str]:
    """Control totals that the rows of the file do not make."""
    try:
        rows = read_rows(path)
    except TableRefused as error:
        yield str(error)
        return
    for name, total in rows.totals().items():
        if stated.get(name) != total:
            said = stated.get(name)
            yield f"{TOTAL_NAMES[name]}应为 {said}，文件中为 {total} / {name}: {said} stated, {total} found"
