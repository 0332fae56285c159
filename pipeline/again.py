"""Writing the outputs of a finished run anew, from what it kept, after reviewers taught something.

Nothing is read: the ledger beside the outputs holds every document. Claims, checks, sums and the report are
made again, and all files are replaced together, so that who reads the folder sees the old ones or the new
ones.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path
from typing import cast

from pipeline.errors import BaoxiaoError
from pipeline.report import Summary
from pipeline.scan import STATE_DIR, UPLOADS, Run, Upload
from pipeline.settings import Settings
from pipeline.upload import Decoder


class NotWrittenAgain(BaoxiaoError):
    """The outputs stay as they are; the message says what to run instead."""


def write_again(out: Path, settings: Settings, today: date) -> Summary:
    """Write the files of the run in `out` again.

    Raises:
        NotWrittenAgain: If the folder holds no finished run, or its papers, lists or program changed since.
        FolderUnusable: If a run is at work there, or it cannot be written.
    """
    remembered = out / STATE_DIR / UPLOADS
    try:
        rows = json.loads(remembered.read_text(encoding="utf-8"))
        uploads = [Upload(name, Path(path)) for name, path in rows]
    except (OSError, ValueError, TypeError) as error:
        raise NotWrittenAgain(
            f"{out}: 没有可重写的结果，请再运行一次 baoxiao scan PATH... --out {out}"
            " / no finished run; run baoxiao scan again, what was read is kept"
        ) from error
    with Run(uploads, out, settings, today, sandbox=_no_sandbox) as run:
        if run.pending():
            raise NotWrittenAgain(
                f"{out}: 文件、目录或程序自上次运行后有变化，请再运行一次 baoxiao scan PATH... --out {out}"
                " / papers, lists or the program changed since; run baoxiao scan again"
            )
        return run.write()


def _no_sandbox(_: int) -> AbstractContextManager[Decoder]:
    """In place of the processes that open files: none is opened here."""
    return cast("AbstractContextManager[Decoder]", nullcontext())
