"""What a flow is asked to do, kept under a key in our own state folder, and the runs of this process.

Prefect keeps parameters, messages of errors and what is logged to it in its own database; so a flow gets
a key, and what fails is told there by its kind alone. Nothing here imports Prefect, which takes 2 s: a
run begins to read before that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pipeline.errors import BaoxiaoError
from pipeline.report import Summary
from pipeline.scan import Progress, Run, Upload, find_uploads
from pipeline.settings import Settings, settings

UPLOADS_PER_TASK = 12
"""A task costs Prefect 30 to 50 ms; a dozen uploads are 5 to 30 s of reading."""

MakeRun = Callable[[Sequence[Upload], Path, Settings, date], Run]


class Untold(BaoxiaoError):
    """An error as Prefect may know it: by its kind alone, for its message may hold a name."""

    def __init__(self, error: Exception) -> None:
        super().__init__(type(error).__name__)
        self.error = error


@contextmanager
def untold() -> Iterator[None]:
    """What is raised inside goes on as `Untold`."""
    try:
        yield
    except Untold:
        raise
    except Exception as error:  # whatever it is, Prefect would keep its message
        raise Untold(error) from None


class OpenRun:
    """A run while its flow goes on, shared by the tasks of this process."""

    def __init__(self, key: str, run: Run, progress: Progress) -> None:
        self.key = key
        self._run = run
        self._progress = progress
        self._given_up = False
        pending = run.pending()
        progress.begin(len(run.uploads), len(run.uploads) - len(pending))
        self._batches = [pending[i : i + UPLOADS_PER_TASK] for i in range(0, len(pending), UPLOADS_PER_TASK)]
        self._thread = ThreadPoolExecutor(max_workers=1)
        # The first batch does not wait for Prefect.
        self._first: Future[None] | None = (
            self._thread.submit(run.read, self._batches[0], progress) if self._batches else None
        )

    @property
    def batches(self) -> int:
        """How many batches of uploads there are to read."""
        return len(self._batches)

    def read(self, number: int) -> None:
        """Read a batch; what of it is finished is not read again."""
        if self._given_up:
            return
        with untold():
            first, self._first = (None, self._first) if number else (self._first, None)
            if first is not None:
                first.result()
            else:
                self._run.read(self._run.pending(self._batches[number]), self._progress)

    def write(self) -> Summary:
        """Assemble the claims and write the outputs."""
        with untold():
            return self._run.write()

    def give_up(self, error: BaseException) -> None:
        """Begin no more batches; after Ctrl-C end those under way too."""
        self._given_up = True
        if not isinstance(error, Exception):
            self._run.stop()

    def go_on_directly(self) -> Summary:
        """Read what is left and write the outputs, without Prefect."""
        if self._first is not None:
            self._first.result()
        self._run.read(self._run.pending(), self._progress)
        return self._run.write()

    def close(self, error: BaseException | None) -> None:
        """End the thread of the first batch, after an error without waiting for its work."""
        if error is not None:
            self._run.stop()
        self._thread.shutdown()


_open: dict[str, OpenRun] = {}


@contextmanager
def opened(key: str, progress: Progress | None = None, make_run: MakeRun = Run) -> Iterator[OpenRun]:
    """The run of the order kept under `key`; the one that is open in this process, or a new one.

    Raises:
        LookupError: If no order is kept under `key`.
        Untold: If the output folder cannot be used.
    """
    if key in _open:
        yield _open[key]
        return
    paths, out, chosen = _order(key, settings())
    with untold():
        made = make_run(find_uploads(paths, out), out, chosen, date.today())  # noqa: DTZ011
    with made as run:
        open_run = OpenRun(key, run, progress or _Silent())
        _open[key] = open_run
        try:
            yield open_run
        except BaseException as error:  # Ctrl-C too: nothing goes on behind
            open_run.close(error)
            raise
        else:
            open_run.close(None)
        finally:
            del _open[key]


def run_as_flow(
    paths: Sequence[Path],
    out: Path,
    progress: Progress,
    say: Callable[[str], None],
    make_run: MakeRun = Run,
    target_error: float | None = None,
) -> Summary:
    """Run the scan as a flow against the Prefect API that is set; the same outputs as without.

    Where Prefect itself fails, the run goes on without it and `say` is told so.

    Raises:
        ServiceUnavailable: If a part of ours is down.
    """
    try:
        with opened(keep_order(paths, out, settings(), target_error), progress, make_run) as run:
            return _as_flow(run, say)
    except Untold as failure:
        raise failure.error from None


def _as_flow(run: OpenRun, say: Callable[[str], None]) -> Summary:
    from flows.bulk_scan import bulk_scan, quiet

    try:
        with quiet():
            summary: Summary = bulk_scan(run.key)
    except Untold:
        raise
    except Exception as error:  # anything of Prefect's own: its server, its client
        say(f"Prefect 出错，改为直接运行 / Prefect failed, running directly: {type(error).__name__}")
        return run.go_on_directly()
    return summary


def keep_order(
    paths: Sequence[Path], out: Path, settings: Settings, target_error: float | None = None
) -> str:
    """Keep what is to be scanned and give the key under which a flow finds it."""
    order: dict[str, object] = {
        "paths": [str(path.absolute()) for path in paths],
        "out": str(out.absolute()),
    }
    if target_error is not None:
        order["target_error"] = target_error
    text = json.dumps(order)
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    folder = settings.state_dir / "orders"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / f"{key}.json").write_text(text, encoding="utf-8")
    return key


def _order(key: str, settings: Settings) -> tuple[list[Path], Path, Settings]:
    file = settings.state_dir / "orders" / f"{key}.json"
    if not key.isalnum() or not file.exists():
        raise LookupError(f"no order is kept under {key[:16]!r}")
    order = json.loads(file.read_text(encoding="utf-8"))
    if "target_error" in order:
        settings = settings.model_copy(update={"target_error": float(order["target_error"])})
    return [Path(path) for path in order["paths"]], Path(order["out"]), settings


class _Silent:
    """Nobody watches: the run was started from Prefect."""

    def begin(self, uploads: int, already_read: int) -> None:
        pass

    def pages_read(self, pages: int) -> None:
        pass

    def upload_done(self, name: str, documents: int, unread: Sequence[object]) -> None:
        pass
