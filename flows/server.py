"""One long-lived Prefect server on this machine: `baoxiao up` starts it, `baoxiao down` ends it.

Prefect would start a temporary server inside every command that finds none: 11 to 26 s each time, and an
orphan left behind when the command is killed. So an office starts one server and leaves it running. It
listens on loopback alone, keeps its database and log in the folder it is given, and sends nothing out.

Whether it lives is told by a lock on a file in that folder, which the server inherits and the system lets
go of when the process ends, however it ends. A process number alone would not do: after a crash it may
belong to somebody else's process.

Settings: `prefect config view --show-defaults`, Prefect 3.8.8.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from pipeline.errors import ServiceUnavailable
from pipeline.settings import settings

HOST = "127.0.0.1"
USUAL_PORT = 4200

START_SECONDS = 90.0
"""6 to 10 s on two free cores; the rest is for a machine that is busy."""

STOP_SECONDS = 15.0
"""Prefect's services end within 1 to 2 s; after this the server is killed."""

ANSWER_SECONDS = 0.3
"""How long `running` waits for an answer; a server that idles takes 5 ms."""

PATIENT_SECONDS = 3.0
"""How long one question waits while a server starts and has much to do."""

TUNED = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # What follows only costs time and a growing database: we use neither automations nor event feeds.
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_SERVER_EVENTS_STREAM_OUT_ENABLED": "false",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
    "NO_COLOR": "1",
}

Progress = Callable[[float], None]
"""Called a few times a second with the seconds since the start."""


class _State(NamedTuple):
    pid: int
    url: str


def folder() -> Path:
    """Where this user's server keeps its database, log and state."""
    return settings().state_dir / "prefect"


def start(folder: Path, progress: Progress = lambda _seconds: None) -> str:
    """Start the server, or find the one that runs, and wait until it answers.

    Returns:
        The address of its API, as `PREFECT_API_URL` takes it.

    Raises:
        ServiceUnavailable: If it ends or does not answer; the message names its log.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    began = time.monotonic()
    with _lock(folder) as lock:
        if lock is None:  # it runs, or another `up` is just starting it
            return _wait_for_other(folder, began, progress)
        port = _free_port()
        state = _State(_spawn(folder, port, lock), f"http://{HOST}:{port}/api")
        try:
            _write_state(folder, state)
            _wait_for_own(state, folder, began, progress)
        except BaseException:  # Ctrl-C too: nothing half-started stays behind
            _end(state.pid, lambda: _ended(state.pid))
            _state_file(folder).unlink(missing_ok=True)
            raise
    return state.url


def stop(folder: Path) -> bool:
    """End the server and all it started; `False` where none runs."""
    if not folder.is_dir():
        return False
    with _lock(folder) as lock:
        if lock is not None:
            _state_file(folder).unlink(missing_ok=True)
            return False
    state = _read_state(folder)
    if state is None:
        raise ServiceUnavailable(
            _failure("正在启动，10 秒后再试 / is just starting; try again in 10 s", folder)
        )
    _end(state.pid, lambda: _ended(state.pid) or not _is_locked(folder))
    _state_file(folder).unlink(missing_ok=True)
    return True


def running(folder: Path) -> str | None:
    """The address of the API, if the server of this folder runs and answers."""
    state = _read_state(folder)
    if state is None or not _is_locked(folder) or not _answers(state.url, ANSWER_SECONDS):
        return None
    return state.url


def answers(url: str) -> bool:
    """Whether a Prefect API answers at `url`, which may lie across an office's network."""
    return _answers(url, PATIENT_SECONDS)


def find_api() -> tuple[str | None, str]:
    """The address of a Prefect API that answers, and one line that says why there is none."""
    set_by_user = os.environ.get("PREFECT_API_URL")
    if not set_by_user:
        return running(folder()), "未发现 Prefect 服务，直接运行 / no Prefect API answers: running directly"
    if answers(set_by_user):
        return set_by_user, ""
    no_answer = "PREFECT_API_URL 没有应答，直接运行 / PREFECT_API_URL does not answer, running directly"
    return None, f"{no_answer}: {set_by_user}"


def _spawn(folder: Path, port: int, lock: int) -> int:
    """Start the server in a session of its own; it outlives us and no terminal reaches it."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, no argument from outside
            _command(port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(folder, port),
            cwd=folder,  # Prefect reads `prefect.toml` and `.env` where it stands
            pass_fds=(lock,),
            start_new_session=True,
        )
    process.returncode = 0  # we do not wait for it, and Python need not warn of that
    return process.pid


def _command(port: int) -> tuple[str, ...]:
    return (sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port))


def _environment(folder: Path, port: int) -> dict[str, str]:
    """Ours without what is set for Prefect's clients; what an office sets for its server stays."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PREFECT_") or name.startswith("PREFECT_SERVER_")
    }
    address = {
        "PREFECT_HOME": str(folder),
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_SERVER_API_PORT": str(port),
    }
    return kept | TUNED | address


def _free_port() -> int:
    """The usual port, or any other that is free."""
    for port in (USUAL_PORT, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return int(probe.getsockname()[1])
    raise ServiceUnavailable("本机没有可用端口 / no free port on this machine")


def _answers(url: str, seconds: float) -> bool:
    """Whether a Prefect server says that it is well. Asked directly, whatever proxy is set."""
    address = urlsplit(url)
    secure = address.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(address.netloc, timeout=seconds)
    try:
        connection.request("GET", f"{address.path}/health")
        return connection.getresponse().read() == b"true"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _wait_for_own(state: _State, folder: Path, began: float, progress: Progress) -> None:
    while not _answers(state.url, PATIENT_SECONDS):
        if _ended(state.pid):
            raise ServiceUnavailable(_failure("启动时退出 / ended while starting", folder))
        _tick(folder, began, progress)


def _wait_for_other(folder: Path, began: float, progress: Progress) -> str:
    while _is_locked(folder):
        state = _read_state(folder)
        if state is not None and _answers(state.url, PATIENT_SECONDS):
            return state.url
        _tick(folder, began, progress)
    raise ServiceUnavailable(_failure("启动时退出 / ended while starting", folder))


def _tick(folder: Path, began: float, progress: Progress) -> None:
    seconds = time.monotonic() - began
    if seconds > START_SECONDS:
        raise ServiceUnavailable(
            _failure(f"{seconds:.0f} 秒没有应答 / gave no answer in {seconds:.0f} s", folder)
        )
    progress(seconds)
    time.sleep(0.2)


def _end(pid: int, ended: Callable[[], bool]) -> None:
    """Ask the whole process group to end, then make it."""
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5.0)):
        with suppress(ProcessLookupError):
            os.killpg(pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if ended():
                return
            time.sleep(0.05)
    raise ServiceUnavailable(
        f"Prefect 服务停不下来，进程号 {pid} / the Prefect server does not end, process {pid}"
    )


def _ended(pid: int) -> bool:
    """Whether nothing is left of the process group; a child of ours is taken note of on the way."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):  # macOS answers the latter for what has ended
        return True
    return False


@contextmanager
def _lock(folder: Path) -> Iterator[int | None]:
    """The lock that a living server holds, or `None` where one holds it.

    The file stays: whoever removed it would let a second server in beside a living one.
    """
    if sys.platform == "win32":
        raise ServiceUnavailable(
            "baoxiao up 只支持 Linux 与 macOS；可直接 baoxiao scan，或用 PREFECT_API_URL 指定服务 / "
            "baoxiao up needs Linux or macOS; scan works without it, or set PREFECT_API_URL"
        )
    import fcntl  # not on Windows

    descriptor = os.open(folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        taken: int | None = descriptor
    except BlockingIOError:
        taken = None
    try:
        yield taken
    finally:
        os.close(descriptor)


def _is_locked(folder: Path) -> bool:
    with _lock(folder) as lock:
        return lock is None


def _state_file(folder: Path) -> Path:
    return folder / "server.json"


def _write_state(folder: Path, state: _State) -> None:
    draft = folder / "server.json.new"
    draft.write_text(json.dumps(state._asdict()), "utf-8")
    draft.replace(_state_file(folder))


def _read_state(folder: Path) -> _State | None:
    try:
        return _State(**json.loads(_state_file(folder).read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _failure(what: str, folder: Path) -> str:
    """What happened, the server's last words and the way out."""
    log = folder / "server.log"
    lines = log.read_text("utf-8", errors="replace").strip().splitlines() if log.exists() else []
    last = f": {lines[-1].strip()}" if lines else ""
    return f"Prefect 服务 / the Prefect server: {what}{last}\n日志 / log: {log}"
