"""The functions run here are of the standard library: a child imports what it runs by its name."""

from __future__ import annotations

import operator
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from pipeline.errors import ServiceUnavailable, UnreadableFile
from pipeline.reading import child
from pipeline.reading.limits import MEGABYTE, Limits
from pipeline.reading.open_file import source_file
from pipeline.reading.sandbox import Sandbox
from tests.reading.drawing import page_picture, raw_pdf, stream_object, zip_of

SECONDS = 20.0


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=1, limits=Limits(memory_bytes=512 * MEGABYTE)) as sandbox:
        yield sandbox


def alive(sandbox: Sandbox) -> bool:
    return bool(sandbox.run("x", SECONDS, operator.add, 1, 1).result() == 2)


def refusal_of(sandbox: Sandbox, *call: object, seconds: float = SECONDS) -> UnreadableFile:
    function, *args = call
    with pytest.raises(UnreadableFile) as refused:
        sandbox.run("账单.pdf", seconds, function, *args).result()  # type: ignore[arg-type]
    return refused.value


def test_a_picture_comes_back_through_a_file(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "票.png"
    page_picture().save(path)
    decoded = sandbox.decode(source_file("票.png", path), path, tmp_path).result()
    assert (decoded.kind, decoded.page_count, decoded.unread) == ("png", 1, ())
    (spooled,) = decoded.pages
    assert spooled.page.image is None
    assert spooled.image_file is not None
    assert spooled.image_file.parent == tmp_path
    page = spooled.load()
    assert page.image is not None
    assert page.image.shape == (800, 600, 3)
    assert not page.image.flags.writeable
    assert page.image[60, 300].tolist() == [0, 0, 0]


def test_an_archive_is_told_and_unpacked(sandbox: Sandbox, tmp_path: Path) -> None:
    path = zip_of({"a.png": b"\x89PNG\r\n\x1a\n", "b.txt": b"x"}, tmp_path / "a.zip")
    file = source_file("a.zip", path)
    assert sandbox.decode(file, path, tmp_path).result().kind == "zip"
    unpacked = sandbox.unpack(file, path, tmp_path).result()
    assert [member.file.name for member in unpacked.members] == ["a.zip!a.png"]
    assert [unread.code for unread in unpacked.unread] == ["unsupported"]


def test_a_refusal_comes_back_as_it_was_raised_and_quotes_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"hello")
    with pytest.raises(UnreadableFile, match="无法识别") as refused:
        sandbox.decode(source_file("x", path), path, tmp_path).result()
    assert refused.value.code == "unsupported"
    assert refused.value.__cause__ is None


@pytest.mark.slow
def test_a_child_that_dies_costs_one_call(sandbox: Sandbox) -> None:
    refused = refusal_of(sandbox, os.abort)
    assert refused.code == "crashed"
    assert refused.message.startswith("账单.pdf: ")
    assert alive(sandbox)


@pytest.mark.slow
def test_calls_waiting_while_a_child_dies_are_done(sandbox: Sandbox) -> None:
    calls = [
        sandbox.run("x", SECONDS, os.abort) if n % 5 == 2 else sandbox.run("x", SECONDS, abs, -n)
        for n in range(20)
    ]
    for n, call in enumerate(calls):
        if n % 5 == 2:
            with pytest.raises(UnreadableFile):
                call.result()
        else:
            assert call.result() == n


@pytest.mark.slow
def test_a_call_over_its_deadline_is_ended(sandbox: Sandbox) -> None:
    began = time.monotonic()
    refused = refusal_of(sandbox, time.sleep, 60, seconds=0.5)
    assert refused.code == "time_limit"
    assert time.monotonic() - began < 10
    assert alive(sandbox)


@pytest.mark.slow
def test_a_call_over_the_memory_limit_is_told_as_such(sandbox: Sandbox) -> None:
    refused = refusal_of(sandbox, operator.mul, b"x", 2048 * MEGABYTE)
    assert refused.code == "memory_limit"
    assert alive(sandbox)


def test_an_unforeseen_error_is_a_crash_that_names_its_place_and_no_content(sandbox: Sandbox) -> None:
    refused = refusal_of(sandbox, int, "张三的身份证号")
    assert refused.code == "crashed"
    assert "ValueError child.py" in refused.message
    assert "张三" not in refused.message


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_full_disk_is_not_the_file_s_fault(sandbox: Sandbox) -> None:
    with pytest.raises(ServiceUnavailable, match="磁盘"):
        sandbox.run("x", SECONDS, Path("/dev/full").write_text, "x").result()


@pytest.mark.parametrize(
    "call",
    [
        (socket.create_connection, ("127.0.0.1", 9)),
        (socket.getaddrinfo, "example.invalid", 80),
        (socket.gethostbyname, "localhost"),
        (subprocess.run, ["true"]),
        (os.system, "true"),
        (os.fork,),
    ],
)
def test_a_child_has_no_network_and_starts_no_program(call: tuple[object, ...], sandbox: Sandbox) -> None:
    assert "PermissionError" in refusal_of(sandbox, *call).message


@pytest.mark.skipif(sys.platform != "linux", reason="name spaces are Linux's")
def test_a_child_sees_no_network_device_where_the_kernel_lets_it_leave(sandbox: Sandbox) -> None:
    devices = sandbox.run("x", SECONDS, Path("/proc/self/net/dev").read_text).result().splitlines()[2:]
    ours = Path("/proc/self/net/dev").read_text().splitlines()[2:]
    names = {line.split(":")[0].strip() for line in devices}
    assert names <= {"lo"} or len(devices) == len(ours)  # the second where it may not


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_child_is_bounded_and_leaves_no_dump(sandbox: Sandbox) -> None:
    limits = sandbox.run("x", SECONDS, Path("/proc/self/limits").read_text).result()
    rows = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()}
    assert int(rows["Max address space"]) == 512 * MEGABYTE + child.RESERVED_BYTES
    assert rows["Max core file size"] == "0"


def test_it_is_used_from_many_threads(sandbox: Sandbox) -> None:
    sums: list[int] = []

    def ask(number: int) -> None:
        sums.append(sandbox.run("x", SECONDS, operator.add, number, number).result())

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sums) == [2 * number for number in range(20)]


@pytest.mark.slow
def test_closing_ends_what_is_under_way() -> None:
    with Sandbox(workers=1) as sandbox:
        call = sandbox.run("x", 60, time.sleep, 60)
        began = time.monotonic()
    with pytest.raises((CancelledError, UnreadableFile)):
        call.result(timeout=10)
    assert time.monotonic() - began < 10


@pytest.mark.slow
def test_a_pdf_that_swallows_all_memory_ends_its_child_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    """A form that draws itself twice in a group of its own: pdfium asks for memory until it aborts."""
    path = tmp_path / "x.pdf"
    path.write_bytes(
        raw_pdf(
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
            b"/Resources<</XObject<</F 5 0 R>>>>>>",
            stream_object(b"", b"/F Do"),
            stream_object(
                b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Group<</S/Transparency/I true>>"
                b"/Resources<</XObject<</F 5 0 R>>>>",
                b"/F Do /F Do",
            ),
        )
    )
    with pytest.raises(UnreadableFile) as refused:
        sandbox.decode(source_file("x.pdf", path), path, tmp_path).result()
    assert refused.value.code in {"crashed", "memory_limit", "time_limit"}
    assert alive(sandbox)
