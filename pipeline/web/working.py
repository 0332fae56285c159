"""The process that reads, hands over and tells webhooks beside the one that serves.

It is `baoxiao work` at a lower priority. It is started again where it ends by itself; ended
with the server it lets go of what it has in hand, and where it does not within seconds, its lease runs out.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self

from rich.console import Console

from pipeline.reading.sandbox import interrupts_held

NICE = 10
"""Whoever waits for an answer comes before what is read in the background."""
STOP_SECONDS = 6.0
"""How long it may take to let go of what it has in hand; then it is killed and loses nothing but time."""
RESTART_SECONDS = 5.0


class Working:
    """Keeps one process at work for as long as the context lasts.

    Args:
        out: Where it is said that it had to be started again.
    """

    def __init__(self, out: Console) -> None:
        self._out = out
        self._ended = threading.Event()
        self._process: BaseProcess = self._started()
        self._watching = threading.Thread(target=self._watch, name="work-watch", daemon=True)

    def __enter__(self) -> Self:
        self._watching.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        process = self._process
        if process.pid is not None and process.is_alive():
            os.kill(process.pid, signal.SIGINT)
            process.join(STOP_SECONDS)
            if process.is_alive():
                process.kill()
        process.join()
        self._watching.join()

    def _started(self) -> BaseProcess:
        # Not forked: the caller has threads.
        process = multiprocessing.get_context("spawn").Process(target=_work, name="work")
        with interrupts_held():  # Ctrl-C reaches it too, and is heard where it can let go of what it has
            process.start()
        return process

    def _watch(self) -> None:
        while not self._ended.is_set():
            self._process.join()
            if self._ended.wait(RESTART_SECONDS):
                return
            self._out.print(
                f"! 识别进程已退出（{self._process.exitcode}），正在重新启动"
                f" / the process that reads has ended, it is started again",
                markup=False,
            )
            self._process = self._started()


def _work() -> None:
    """What the process does; it ends with its parent, however that one ends."""
    _end_with_parent()
    try:
        if sys.platform != "win32":  # neither priorities nor masks there
            os.nice(NICE)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        from pipeline.work_at_terminal import worked

        # Plain lines: a bar that moves would write over what the server says.
        worked(Console(soft_wrap=True, highlight=False, force_terminal=False), once=False)
    except KeyboardInterrupt:
        return


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
