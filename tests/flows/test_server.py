"""A real server, started and ended as an office does; a stand-in where only its life matters."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flows import server
from pipeline.errors import ServiceUnavailable

pytestmark = pytest.mark.slow


def get(url: str, path: str) -> bytes:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=10)
    try:
        connection.request("GET", f"{address.path}{path}")
        return connection.getresponse().read()
    finally:
        connection.close()


def pid_of(folder: Path) -> int:
    return int(json.loads((folder / "server.json").read_text())["pid"])


def is_alive(pid: int) -> bool:
    """A process that has ended and that nobody took note of does not live."""
    status = Path(f"/proc/{pid}/status")
    try:
        return "State:\tZ" not in status.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("state") / "prefect"
    url = server.start(folder)
    yield folder, url
    server.stop(folder)


def test_a_started_server_answers_on_loopback(office: tuple[Path, str]) -> None:
    folder, url = office
    assert get(url, "/health") == b"true"
    assert urlsplit(url).hostname == "127.0.0.1"
    assert server.running(folder) == url


def test_asking_whether_it_runs_takes_less_than_the_limit(office: tuple[Path, str]) -> None:
    folder, _ = office
    began = time.monotonic()
    server.running(folder)
    assert time.monotonic() - began < server.ANSWER_SECONDS + 0.2


def test_a_second_up_finds_the_first(office: tuple[Path, str]) -> None:
    folder, url = office
    pid = pid_of(folder)
    assert server.start(folder) == url
    assert pid_of(folder) == pid


def test_its_pages_call_the_port_it_listens_on(office: tuple[Path, str]) -> None:
    _, url = office
    assert json.loads(get(url.removesuffix("/api"), "/ui-settings"))["api_url"] == url


def test_its_database_and_log_are_in_its_folder(office: tuple[Path, str]) -> None:
    folder, _ = office
    assert (folder / "prefect.db").stat().st_size > 0
    assert (folder / "server.log").exists()
    assert folder.stat().st_mode & 0o077 == 0


def test_nothing_is_sent_out(office: tuple[Path, str]) -> None:
    _, url = office
    sent = json.loads(get(url, "/admin/settings"))["server"]
    assert sent["analytics_enabled"] is False
    assert sent["services"]["triggers"]["enabled"] is False


def test_it_outlives_the_command_that_started_it_and_down_from_another_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from flows import server; print(server.{}(Path(sys.argv[1])))"
    )
    folder = tmp_path / "prefect"

    def run(name: str) -> str:
        command = [sys.executable, "-c", program.format(name), str(folder)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    url = run("start")
    pid = pid_of(folder)
    try:
        assert server.running(folder) == url
        assert is_alive(pid)
        assert run("stop") == "True"
        assert not is_alive(pid)
        assert server.running(folder) is None
        assert run("stop") == "False"
    finally:
        if is_alive(pid):
            os.killpg(pid, signal.SIGKILL)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers as Prefect does, at once."""
    program = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"true")
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
    monkeypatch.setattr(server, "_command", lambda port: (sys.executable, "-c", program, str(port)))


def test_a_server_that_was_killed_is_not_running_and_can_be_started_anew(
    tmp_path: Path, stand_in: None
) -> None:
    folder = tmp_path / "prefect"
    server.start(folder)
    os.killpg(pid_of(folder), signal.SIGKILL)
    deadline = time.monotonic() + 5
    while server.running(folder) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.running(folder) is None
    url = server.start(folder)
    assert server.running(folder) == url
    assert server.stop(folder) is True


def test_two_at_once_start_one(tmp_path: Path, stand_in: None) -> None:
    with ThreadPoolExecutor(4) as people:
        urls = set(people.map(server.start, [tmp_path] * 4))
    assert len(urls) == 1
    assert server.stop(tmp_path) is True


def test_a_state_file_that_names_somebody_elses_process_is_stale(
    tmp_path: Path, office: tuple[Path, str]
) -> None:
    """After a crash the number may belong to anybody: here to a bystander, at an address that answers."""
    _, url = office
    bystander = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        (tmp_path / "server.json").write_text(json.dumps({"pid": bystander.pid, "url": url}))
        assert server.running(tmp_path) is None
        assert server.stop(tmp_path) is False
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.parametrize("state", ["", "{", "[]", '{"pid": 1}', '{"pid": 1, "url": "", "more": 2}'])
def test_a_broken_state_file_is_no_server(tmp_path: Path, state: str) -> None:
    (tmp_path / "server.json").write_text(state)
    assert server.running(tmp_path) is None
    assert server.stop(tmp_path) is False


def test_no_folder_is_no_server_and_none_is_made(tmp_path: Path) -> None:
    assert server.running(tmp_path / "none") is None
    assert server.stop(tmp_path / "none") is False
    assert not (tmp_path / "none").exists()


def test_a_server_that_dies_while_starting_is_told_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_command", lambda _port: (sys.executable, "-c", "raise OSError('no disk')"))
    with pytest.raises(ServiceUnavailable, match=r"no disk\n.*server\.log"):
        server.start(tmp_path / "prefect")
    assert not (tmp_path / "prefect" / "server.json").exists()


def test_an_interrupted_start_leaves_no_process(tmp_path: Path) -> None:
    started: list[int] = []

    def interrupt(_seconds: float) -> None:
        started.append(pid_of(tmp_path))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        server.start(tmp_path, interrupt)
    assert not is_alive(started[0])


def test_what_is_set_for_the_client_does_not_reach_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://elsewhere.invalid/api")
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_TIMEOUT", "20")
    environment = server._environment(tmp_path, 4201)
    assert "PREFECT_API_URL" not in environment
    assert environment["PREFECT_SERVER_DATABASE_TIMEOUT"] == "20"
    assert environment["DO_NOT_TRACK"] == "1"
