"""Reading processes: pages in, words out; two at once, each with its own engine; none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from pebble import ProcessExpired
from PIL import Image as Pictures

from pipeline import readers as readers_module
from pipeline.model import Box, Page, SourceFile, Word
from pipeline.readers import Readers, thumbnail_name
from pipeline.reading.decoded import SpooledPage
from pipeline.seen_pages import seen_in
from pipeline.settings import Settings, settings

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "fixtures" / "samples"
KEY = "0123456789abcdef" * 4
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def readers(tmp_path: Path) -> Iterator[Readers]:
    with Readers(Settings(), tmp_path, workers=1) as pool:
        yield pool


def digital(number: int, *texts: str) -> SpooledPage:
    """A page whose words came with the file."""
    words = tuple(
        Word(text, Box(100, 100 + 60 * row, 700, 140 + 60 * row), 1.0, "text_layer")
        for row, text in enumerate(texts)
    )
    page = Page(SourceFile("a.pdf", KEY), number, 1654, 2339, 200, words, words_known=True)
    return SpooledPage(page, None)


def white(number: int, folder: Path) -> SpooledPage:
    """A scanned page with nothing on it."""
    picture = folder / f"{number}.npy"
    np.save(picture, np.full((1400, 1000, 3), 255, np.uint8))
    return SpooledPage(Page(SourceFile("a.pdf", KEY), number, 1000, 1400, 120), picture)


def test_pages_come_back_in_their_order_and_without_pictures(readers: Readers, tmp_path: Path) -> None:
    pages = readers.read([digital(1, "出院记录"), white(2, tmp_path), digital(3, "费用清单")]).result()
    assert [page.number for page in pages] == [1, 2, 3]
    assert all(page.image is None for page in pages)
    assert [page.text for page in pages] == ["出院记录", "", "费用清单"]


def test_a_page_with_a_picture_leaves_a_small_one_for_the_report(readers: Readers, tmp_path: Path) -> None:
    readers.read([white(2, tmp_path)]).result()
    with Pictures.open(tmp_path / thumbnail_name(KEY, 2)) as picture:
        assert picture.format == "JPEG"
        assert max(picture.size) == readers_module.THUMBNAIL_SIDE


def test_what_is_seen_of_pages_is_written_where_it_is_asked_for(readers: Readers, tmp_path: Path) -> None:
    pages = [digital(1, "费用清单"), white(2, tmp_path)]
    (folder := tmp_path / "seen").mkdir()
    readers.showing(folder).read(pages).result()
    first, second = seen_in(folder)
    assert [said[0] for said in first.words()] == ["费用清单"]
    assert (first.picture, second.number) == (None, 2)
    assert second.picture is not None
    with Pictures.open(second.picture) as picture:
        assert picture.size == (1000, 1400)


def test_the_pages_of_a_file_are_understood_as_documents(readers: Readers) -> None:
    page = digital(1, "测试医院 疾病诊断证明书", "姓名：张三 性别：男", "诊断：急性支气管炎")
    pages = readers.read([page]).result()
    documents = readers.understand(pages, date(2026, 3, 1)).result()
    assert [document.type for document in documents] == ["diagnosis_certificate"]


def test_a_call_that_kills_its_process_fails_and_the_next_one_is_served(readers: Readers) -> None:
    with pytest.raises(ProcessExpired):
        readers._schedule(1, os._exit, 3).result()
    assert readers.read([digital(1, "费用清单")]).result()[0].text == "费用清单"


def test_stopped_readers_take_no_more_pages(tmp_path: Path) -> None:
    with Readers(Settings(), tmp_path, workers=1) as pool:
        pool.stop()
        with pytest.raises(CancelledError):
            pool.read([digital(1, "费用清单")])


@pytest.mark.slow
def test_papers_that_lie_different_ways_on_one_glass_are_each_read_upright(tmp_path: Path) -> None:
    """A bill, and below it a train ticket on its head; the picture for the report is the glass."""
    glass = Pictures.new("RGB", (1654, 2339), (205, 205, 205))
    for name, width, place, turn in (
        ("04_周模拟_门诊收据.jpg", 1400, (120, 100), 0),
        ("10_其他材料/火车票.jpg", 1000, (200, 1450), 180),
    ):
        with Pictures.open(SAMPLES / name) as picture:
            small = picture.convert("RGB").resize((width, round(picture.height * width / picture.width)))
        glass.paste(small.rotate(turn), place)
    np.save(tmp_path / "glass.npy", np.asarray(glass))
    sheet = SpooledPage(Page(SourceFile("a.jpg", KEY), 1, *glass.size, 200), tmp_path / "glass.npy")
    with Readers(settings(), tmp_path, workers=1) as pool:
        bill, ticket = pool.read([sheet]).result(timeout=200)
        documents = pool.understand([bill, ticket], date(2026, 11, 21)).result(timeout=200)
    assert (bill.turned_degrees, ticket.turned_degrees) == (0, 180)
    assert [document.type for document in documents] == ["outpatient_invoice", "other"]
    regions = [document.region for document in documents]
    assert regions[0] is not None
    assert regions[1] is not None
    assert regions[0].y1 < 1450 < regions[1].y1
    boxes = [field.box for field in documents[1].fields.values() if field.box is not None]
    assert boxes
    assert all(box.y0 > 1400 and box.y1 < 2200 for box in boxes)
    with Pictures.open(tmp_path / thumbnail_name(KEY, 1)) as thumbnail:
        assert thumbnail.height > thumbnail.width


@dataclass(frozen=True)
class AtWork:
    """What one process did with its engine, and when."""

    pid: int
    engine_loaded: bool
    began: float
    ended: float
    words: int


def read_beside_another(page: SpooledPage, folder: Path) -> AtWork:
    """Runs in a reader: reads the page once the other reader is about to do so too."""
    loaded_before = readers_module._Process.engine is not None
    engine = readers_module._engine()
    image = page.load().image
    assert image is not None
    (folder / f"ready-{os.getpid()}").touch()
    while len(list(folder.glob("ready-*"))) < 2:
        time.sleep(0.02)
    began = time.monotonic()
    words = engine.read_lines(image, engine.find_lines(image))
    while time.monotonic() - began < 2:  # long enough to overlap on a machine that has one core free
        words = engine.read_lines(image, engine.find_lines(image))
    return AtWork(os.getpid(), not loaded_before, began, time.monotonic(), len(words))


@pytest.mark.slow
def test_two_papers_are_read_at_once_each_by_a_process_with_an_engine_of_its_own(tmp_path: Path) -> None:
    with Pictures.open(SAMPLES / "10_其他材料" / "火车票.jpg") as picture:
        np.save(tmp_path / "page.npy", np.asarray(picture.convert("RGB")))
        width, height = picture.size
    page = SpooledPage(Page(SourceFile("a.jpg", KEY), 1, width, height, 200), tmp_path / "page.npy")
    with Readers(settings(), workers=2) as pool:
        calls = [pool._schedule(1, read_beside_another, page, tmp_path) for _ in range(2)]
        one, other = (call.result(timeout=200) for call in calls)
    assert one.pid != other.pid
    assert one.engine_loaded
    assert other.engine_loaded
    assert max(one.began, other.began) < min(one.ended, other.ended)
    assert one.words == other.words > 5


def descendants(root: int) -> set[int]:
    """The processes that `root` started, and those they started."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue  # it ended meanwhile
            parents[int(entry.name)] = int(status.rpartition(")")[2].split()[1])
    found = {root}
    while fresh := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= fresh
    return found - {root}


def named(pids: set[int], part: str) -> set[int]:
    """Those of `pids` whose command line holds `part`."""
    found = set()
    for pid in pids:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if part in command:
            found.add(pid)
    return found


def lives(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def eventually(condition: Callable[[], object], seconds: float) -> bool:
    """Whether it holds before so many seconds have passed."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def killed_when(command: list[str], ready: Callable[[set[int]], bool]) -> set[int]:
    """Start the command, kill it once `ready` says so of what it started, and give what it had started."""
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            assert eventually(lambda: ready(descendants(process.pid)) or process.poll() is not None, 120)
            assert process.poll() is None, "it ended before it could be killed"
            started = descendants(process.pid)
        finally:
            process.kill()
    return started


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize("moment", ["while readers start", "while pages are read"])
def test_a_scan_that_is_killed_leaves_no_process_behind(moment: str, tmp_path: Path) -> None:
    def ready(started: set[int]) -> bool:
        reading = named(started, "spawn_main")
        if moment == "while readers start":
            return len(reading) == 2
        loaded = [pid for pid in reading if "openvino" in Path(f"/proc/{pid}/maps").read_text()]
        return len(loaded) == 2

    command = [sys.executable, "-m", "pipeline.cli", "scan", str(SAMPLES), "--out", str(tmp_path), "--direct"]
    started = killed_when(command, ready)
    try:
        # Readers, the fork server of the decoders, its children and Python's own resource tracker.
        assert named(started, "forkserver")
        assert eventually(lambda: not any(map(lives, started)), 15), f"left: {named(started, '')}"
    finally:
        end(started)


HANGING = """
import sys, time
from pipeline.reading.sandbox import Sandbox
with Sandbox(workers=2) as sandbox:
    for _ in range(2):
        sandbox.run("a.pdf", 300, time.sleep, 300)
    time.sleep(300)
"""


@LINUX
@pytest.mark.slow
def test_decoders_that_hang_end_with_the_process_that_asked_them() -> None:
    started = killed_when([sys.executable, "-c", HANGING], lambda started: len(started) >= 4)
    try:
        assert eventually(lambda: not any(map(lives, started)), 15), f"left: {named(started, '')}"
    finally:
        end(started)


def end(pids: set[int]) -> None:
    """What a failed test leaves must not live on."""
    for pid in filter(lives, pids):
        os.kill(pid, signal.SIGKILL)
