"""Decoding in children that may die: one file's fault stays that file's.

No time-out of Python stops native code, and no `except` catches an abort; a child that can be killed does
both. Children come from a fork server, which has the decoders loaded and no threads (our caller may have
many), so a new one costs about 20 ms; on systems without one they are spawned.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import resource_tracker
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from pipeline.errors import ServiceUnavailable, UnreadableFile
from pipeline.model import SourceFile
from pipeline.reading import child
from pipeline.reading.decoded import Decoded, Unpacked, Window
from pipeline.reading.limits import DEFAULT_LIMITS, Limits
from pipeline.reading.refusal import refusal

P = ParamSpec("P")
T = TypeVar("T")

CALLS_PER_CHILD = 100
"""A child is renewed after so many calls; what libraries leave behind goes with it."""
ATTEMPTS = 3
"""Of one call, when the pool itself breaks (another file's death at a bad moment)."""
PRELOAD_MODULE = "pipeline.reading.preload"
SINGLE_THREADED = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class Sandbox:
    """Children that decode and unpack; its methods may be called from any thread.

    Used as a context manager; leaving it ends the children, finished or not.
    """

    def __init__(self, workers: int = 2, limits: Limits = DEFAULT_LIMITS) -> None:
        self._workers = workers
        self._limits = limits
        self._lock = threading.Lock()
        self._pool: Any = None
        self._broken: list[Any] = []
        self._pending: set[Future[Any]] = set()
        self._closed = False

    @property
    def limits(self) -> Limits:
        """What one upload may cost."""
        return self._limits

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the children; calls under way end in `CancelledError`."""
        with self._lock:
            self._closed = True
            pools, self._pool, self._broken = [*self._broken, self._pool], None, []
        for pool in pools:
            if pool is not None:
                pool.stop()
                pool.join()
        for future in tuple(self._pending):  # the pool leaves open what it was doing
            if not future.done():
                future.set_exception(CancelledError())

    def decode(
        self,
        file: SourceFile,
        path: Path,
        spool_dir: Path,
        first_page: int = 1,
        max_pages: int = 16,
        deadline_seconds: float | None = None,
    ) -> Future[Decoded]:
        """A window of the file at `path`, its pictures in `spool_dir`.

        The future ends in `UnreadableFile` where the file cannot be decoded, also where it kills the
        child, takes longer than the deadline or more memory than the limit. A ZIP gives no pages: its
        `kind` is "zip", and `unpack` is for it.
        """
        window = Window(first_page, max_pages)
        limits = self._limits
        if deadline_seconds is not None:
            limits = replace(limits, deadline_seconds=deadline_seconds)
        return self.run(
            file.name, limits.deadline_seconds, child.decode, file, path, spool_dir, window, limits
        )

    def unpack(self, file: SourceFile, path: Path, folder: Path) -> Future[Unpacked]:
        """The files of the ZIP at `path`, written into `folder` under names of ours."""
        return self.run(
            file.name, self._limits.deadline_seconds, child.unpack, file, path, folder, self._limits
        )

    def run(
        self,
        name: str,
        deadline_seconds: float,
        function: Callable[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Future[T]:
        """What `function`, importable by its name, gives in a child; `name` is the upload it works on."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        call = (child.guarded, (name, function, *args), kwargs, deadline_seconds)
        self._start(future, name, call, ATTEMPTS)
        return future

    def _start(self, future: Future[T], name: str, call: tuple[Any, ...], attempts: int) -> None:
        function, args, kwargs, deadline_seconds = call

        def ended(inner: Future[T | UnreadableFile]) -> None:
            try:
                given = inner.result()
            except BrokenProcessPool as error:
                self._retire(pool)
                if attempts > 1:
                    self._start(future, name, call, attempts - 1)
                else:
                    future.set_exception(_died(name, error))
            except (ProcessExpired, TimeoutError) as error:
                future.set_exception(_died(name, error, deadline_seconds))
            except CancelledError as error:
                future.set_exception(error)
            except Exception as error:  # handed on to whoever asks the future
                future.set_exception(error)
            else:
                if isinstance(given, UnreadableFile):
                    future.set_exception(given)
                else:
                    future.set_result(given)

        pool = self._current_pool()
        if pool is None:
            future.set_exception(CancelledError())
            return
        try:
            inner = pool.schedule(function, args=args, kwargs=kwargs, timeout=deadline_seconds)
        except RuntimeError as error:  # it broke or was closed since
            self._retire(pool)
            if attempts > 1:
                self._start(future, name, call, attempts - 1)
            else:
                unavailable = ServiceUnavailable(
                    "解码进程无法启动 / the decoding processes cannot be started"
                )
                unavailable.__cause__ = error
                future.set_exception(unavailable)
            return
        inner.add_done_callback(ended)

    def _current_pool(self) -> Any:
        """The pool; None once closed."""
        with self._lock:
            if self._pool is None and not self._closed:
                self._pool = _new_pool(self._workers, self._limits)
            return self._pool

    def _retire(self, pool: Any) -> None:
        with self._lock:
            if self._pool is pool:
                self._pool = None
                self._broken.append(pool)


def _new_pool(workers: int, limits: Limits) -> Any:
    context: Any
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["__main__", PRELOAD_MODULE])
        with _environment(SINGLE_THREADED), interrupts_held():
            from multiprocessing.forkserver import ensure_running

            ensure_running()
    else:
        context = multiprocessing.get_context("spawn")
    return ProcessPool(
        max_workers=workers,
        max_tasks=CALLS_PER_CHILD,
        initializer=child.fence,
        initargs=(limits,),
        context=context,
    )


@contextmanager
def interrupts_held() -> Iterator[None]:
    """What is started here never gets Ctrl-C, not even while it starts: its owner ends it."""
    if sys.platform == "win32":  # no such mask there
        yield
        return
    resource_tracker.ensure_running()  # started later it would lift the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set what a child must find when it starts; what was set by hand stands."""
    added = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _died(name: str, error: BaseException, deadline_seconds: float = 0.0) -> UnreadableFile:
    """The error for a file whose child did not come back."""
    if isinstance(error, TimeoutError):
        refused = refusal(
            "time_limit",
            name,
            f"解码超过 {deadline_seconds:.0f} 秒仍未完成；请重新扫描，或另存为普通 PDF 后发送",
            f"decoding took longer than {deadline_seconds:.0f} s; scan it again or save it as a plain PDF",
        )
    else:
        refused = child.crash_refusal(name)
    refused.__cause__ = error
    return refused
