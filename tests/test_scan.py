"""A run over a folder: what is found, what is kept, what is read again and what is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import FolderUnusable, PlaceRefused, ServiceUnavailable
from pipeline.model import Unread
from pipeline.outputs import CLAIMS, DOCUMENTS, ERRORS, LINES, REPORT
from pipeline.report import Summary
from pipeline.scan import STATE_DIR, Run, find_uploads, reader_version
from pipeline.settings import Settings
from tests.fakes import FakeDecoder, FakeReaders, zipped

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "fixtures" / "samples"
TODAY = date(2026, 11, 21)
OUTPUTS = (DOCUMENTS, CLAIMS, LINES, ERRORS, REPORT)
RECEIPT = "outpatient_invoice payer_name=张三 visit_date=2026-03-12"


def put(folder: Path, **files: str) -> Path:
    """Files by name (`__` for the dot), each line of their text a page."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, "utf-8")
    return folder


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


class Watcher:
    """A progress that notes what it is told, and that it is told one thing at a time."""

    def __init__(self) -> None:
        self.begun: tuple[int, int] | None = None
        self.pages = 0
        self.done: dict[str, tuple[int, int]] = {}
        self._busy = threading.Lock()

    def begin(self, uploads: int, already_read: int) -> None:
        self.begun = (uploads, already_read)

    def pages_read(self, pages: int) -> None:
        assert self._busy.acquire(blocking=False)
        self.pages += pages
        self._busy.release()

    def upload_done(self, name: str, documents: int, unread: Sequence[Unread]) -> None:
        assert self._busy.acquire(blocking=False)
        self.done[name] = (documents, len(unread))
        self._busy.release()


class Office:
    """Runs over one folder into another, with fakes for what lives outside."""

    def __init__(self, folder: Path) -> None:
        self.papers = folder / "papers"
        self.out = folder / "out"
        self.decoder = FakeDecoder()
        self.readers = FakeReaders()
        self.watcher = Watcher()

    def open(self) -> Run:
        return Run(
            find_uploads([self.papers], self.out),
            self.out,
            Settings(workers=2),
            TODAY,
            sandbox=lambda _workers: self.decoder,
            readers=lambda *_: self.readers,
        )

    def scan(self) -> Summary:
        self.decoder.decoded.clear()
        self.watcher = Watcher()
        with self.open() as run:
            pending = run.pending()
            self.watcher.begin(len(run.uploads), len(run.uploads) - len(pending))
            run.read(pending, self.watcher)
            return run.write()

    def documents(self) -> list[dict[str, Any]]:
        return rows(self.out / DOCUMENTS)

    def errors(self) -> list[dict[str, Any]]:
        return rows(self.out / ERRORS)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


class TestFinding:
    def names(self, *paths: Path, out: Path | None = None) -> list[str]:
        return [upload.name for upload in find_uploads(paths, out)]

    def test_a_folder_is_walked_in_name_order(self, tmp_path: Path) -> None:
        put(tmp_path / "b", z="", a="")
        put(tmp_path, c="", a="")
        assert self.names(tmp_path) == ["a", "b/a", "b/z", "c"]

    def test_the_same_name_under_three_paths_stays_three_files(self, tmp_path: Path) -> None:
        papers = [put(tmp_path / place / "x", a__jpg=place) for place in ("1", "2", "3")]
        uploads = find_uploads(papers)
        assert [upload.name for upload in uploads] == ["a.jpg", "x/a.jpg", "x (2)/a.jpg"]
        assert [upload.path.read_text() for upload in uploads] == ["1", "2", "3"]

    def test_pages_of_two_folders_do_not_mix_because_one_has_more_of_them(self, tmp_path: Path) -> None:
        first = put(tmp_path / "甲", p1__jpg="1", p2__jpg="2")
        second = put(tmp_path / "乙", p2__jpg="3", p3__jpg="4")
        assert self.names(first, second) == ["p1.jpg", "p2.jpg", "乙/p2.jpg", "乙/p3.jpg"]

    def test_a_file_named_twice_is_read_once(self, tmp_path: Path) -> None:
        folder = put(tmp_path / "x", a__jpg="")
        assert self.names(folder, folder / "a.jpg", tmp_path) == ["a.jpg"]

    def test_hidden_files_are_passed_over_but_not_one_that_was_named(self, tmp_path: Path) -> None:
        put(tmp_path, a="", Thumbs__db="", desktop__ini="")
        put(tmp_path / ".git", b="")
        put(tmp_path / "__MACOSX", c="")
        for name in (".DS_Store", "~$c.docx", ".hidden.jpg"):
            (tmp_path / name).touch()
        assert self.names(tmp_path) == ["a"]
        assert self.names(tmp_path / ".hidden.jpg") == [".hidden.jpg"]

    def test_what_explains_a_paper_is_no_paper(self, tmp_path: Path) -> None:
        papers = put(tmp_path, a__jpg="", b__jpg="")
        put(papers / "a.jpg.explain", **{"01_decoded.jpg": ""})
        put(papers / "c.explain", **{"1.jpg": "of a paper that is not here"})
        assert self.names(papers) == ["a.jpg", "b.jpg", "c.explain/1.jpg"]

    def test_what_a_run_wrote_is_not_read_by_the_next(self, tmp_path: Path) -> None:
        papers = put(tmp_path, a="", lines__csv="a file of theirs")
        put(tmp_path / "out", **{name.replace(".", "__"): "" for name in OUTPUTS}, b="")
        put(tmp_path / "out" / STATE_DIR, ledger__sqlite="")
        assert self.names(papers, out=tmp_path / "out") == ["a", "lines.csv", "out/b"]

    def test_a_name_of_a_chinese_windows_is_legible(self, tmp_path: Path) -> None:
        (tmp_path / os.fsdecode("发票.jpg".encode("gb18030"))).touch()
        assert self.names(tmp_path) == ["发票.jpg"]

    def test_what_is_no_file_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        assert self.names(tmp_path) == []

    def test_nothing_is_found_in_an_empty_folder(self, tmp_path: Path) -> None:
        assert self.names(tmp_path) == []


class TestReading:
    def test_every_page_becomes_a_document_in_the_order_of_the_files(self, office: Office) -> None:
        put(
            office.papers,
            **{f"{n:02}__pdf": RECEIPT for n in range(20)},
            a__pdf=f"{RECEIPT}\nid_card name=张三",
        )
        summary = office.scan()
        assert (summary.files, summary.documents, summary.pages) == (21, 22, 22)
        found = [(row["source"]["file"], row["source"]["pages"]) for row in office.documents()]
        assert found == [*((f"{n:02}.pdf", [1]) for n in range(20)), ("a.pdf", [1]), ("a.pdf", [2])]

    def test_a_bill_that_came_twice_is_one_claim_and_both_files_stay_listed(self, office: Office) -> None:
        bill = "outpatient_invoice invoice_code=11060124 invoice_number=0127700352 total_amount=30.00"
        put(office.papers / "1", 票__pdf=f"{bill} payer_name=欧阳杜撰")
        put(office.papers / "2", 照片__jpg=f"{bill} payer_name=欧阳杜选")
        summary = office.scan()
        assert (summary.documents, summary.renditions, summary.claims) == (2, 1, 1)
        lead, other = sorted(office.documents(), key=lambda row: row["rendition_of"] is not None)
        assert other["rendition_of"] == lead["document_id"]
        (claim,) = rows(office.out / CLAIMS)
        assert (claim["invoices"], claim["renditions"]) == ([lead["document_id"]], [other["document_id"]])

    def test_a_long_file_is_read_in_windows_and_in_order(self, office: Office) -> None:
        put(office.papers, a__pdf="\n".join(f"prescription remark={n}" for n in range(40)))
        office.scan()
        assert [row["source"]["pages"] for row in office.documents()] == [[n] for n in range(1, 41)]
        assert office.decoder.decoded == [("a.pdf", 1), ("a.pdf", 17), ("a.pdf", 33)]

    def test_a_window_that_cannot_be_opened_is_named_and_what_came_before_is_kept(
        self, office: Office
    ) -> None:
        put(office.papers, a__pdf="\n".join([*["prescription"] * 20, "!corrupt"]))
        office.scan()
        assert len(office.documents()) == 16
        assert [(row["file"], row["page"], row["code"]) for row in office.errors()] == [
            ("a.pdf", 17, "corrupt")
        ]

    def test_a_file_that_cannot_be_opened_is_named_and_the_others_are_read(self, office: Office) -> None:
        put(office.papers, a__pdf="!corrupt", b__pdf=RECEIPT, c__pdf="!encrypted")
        summary = office.scan()
        assert summary.unreadable == 2
        assert [row["source"]["file"] for row in office.documents()] == ["b.pdf"]
        assert [(row["file"], row["page"], row["code"]) for row in office.errors()] == [
            ("a.pdf", None, "corrupt"),
            ("c.pdf", None, "encrypted"),
        ]

    def test_a_page_that_fails_its_reader_is_named_and_the_pages_beside_it_are_read(
        self, office: Office, caplog: pytest.LogCaptureFixture
    ) -> None:
        put(office.papers, a__pdf=f"{RECEIPT}\nboom\n{RECEIPT}")
        office.scan()
        assert [row["source"]["pages"] for row in office.documents()] == [[1], [3]]
        assert [(row["page"], row["code"]) for row in office.errors()] == [(2, "crashed")]
        assert "a value that nobody may see" not in caplog.text + (office.out / ERRORS).read_text("utf-8")

    def test_the_files_of_an_archive_are_named_within_it(self, office: Office) -> None:
        zipped(
            put(office.papers) / "a.zip",
            {"1.pdf": RECEIPT, "2.pdf": "!corrupt", "3.exe": "", "4.pdf": RECEIPT},
        )
        office.scan()
        assert [row["source"]["file"] for row in office.documents()] == ["a.zip!1.pdf", "a.zip!4.pdf"]
        assert {row["file"]: row["code"] for row in office.errors()} == {
            "a.zip!3.exe": "unsupported",
            "a.zip!2.pdf": "corrupt",
        }

    def test_an_application_beside_papers_is_no_paper_and_goes_with_their_claims(
        self, office: Office
    ) -> None:
        put(
            office.papers / "张",
            a__pdf=RECEIPT,
            application__json='{"kind": "reimbursement", "case_types": ["trauma"]}',
        )
        put(office.papers / "李", b__pdf=RECEIPT.replace("张三", "李四"))
        summary = office.scan()
        assert summary.files == 2
        declared = {row["insured"]["name"]: row for row in rows(office.out / CLAIMS)}
        assert declared["张三"]["case_types"] == ["trauma"]
        assert declared["张三"]["application"] == {"kind": "reimbursement", "case_types": ["trauma"]}
        assert (declared["李四"]["case_types"], declared["李四"]["application"]) == (
            ["emergency_no_card"],
            None,
        )

    def test_a_wrong_application_is_named_and_the_papers_are_read(self, office: Office) -> None:
        put(
            office.papers,
            a__pdf=RECEIPT,
            application__json='{"kind": "reimbursement", "case_type": "trauma"}',
        )
        summary = office.scan()
        assert summary.unreadable == 1
        (error,) = office.errors()
        assert (error["file"], error["code"]) == ("application.json", "invalid_application")
        assert "case_type: 没有这个键" in error["message"]
        assert len(office.documents()) == 1

    def test_an_application_inside_an_archive_is_told_to_lie_beside_it(self, office: Office) -> None:
        form = '{"kind": "reimbursement"}'
        zipped(put(office.papers) / "a.zip", {"x/1.jpg": RECEIPT, "x/application.json": form})
        office.scan()
        assert [(row["file"], row["code"]) for row in office.errors()] == [
            ("a.zip!x/application.json", "invalid_application")
        ]
        assert len(office.documents()) == 1

    def test_an_unknown_place_is_told_before_anything_is_read(self, tmp_path: Path) -> None:
        with pytest.raises(PlaceRefused, match="atlantis"):
            Run([], tmp_path / "out", Settings(place="atlantis"), TODAY)

    def test_no_files_give_empty_outputs(self, office: Office) -> None:
        put(office.papers)
        assert office.scan().files == 0
        assert office.documents() == office.errors() == []

    def test_progress_is_told_every_page_and_every_upload(self, office: Office) -> None:
        put(office.papers, a__pdf=f"{RECEIPT}\n{RECEIPT}", b__pdf="!corrupt", c__pdf=f"boom\n{RECEIPT}")
        office.scan()
        watcher = office.watcher
        assert (watcher.begun, watcher.pages) == ((3, 0), 4)
        assert watcher.done == {"a.pdf": (2, 0), "b.pdf": (0, 1), "c.pdf": (1, 1)}

    def test_a_link_that_leads_nowhere_is_told_and_tried_again(self, office: Office, tmp_path: Path) -> None:
        put(office.papers, a__pdf=RECEIPT)
        (office.papers / "b.pdf").symlink_to(tmp_path / "b.pdf")
        assert office.scan().unreadable == 1
        assert [(row["file"], row["code"]) for row in office.errors()] == [("b.pdf", "inaccessible")]
        put(tmp_path, b__pdf=RECEIPT)
        assert office.scan().unreadable == 0
        assert [name for name, _ in office.decoder.decoded] == ["b.pdf"]

    def test_a_file_that_goes_away_while_it_is_read_is_read_by_the_next_run(self, office: Office) -> None:
        put(office.papers, a__pdf="!crashed")
        file = office.papers / "a.pdf"
        with office.open() as run:
            pending = run.pending()
            file.rename(file.with_suffix(".gone"))
            office.decoder.decode = lambda file, *_: FakeDecoder.decode(  # type: ignore[method-assign]
                office.decoder, file, office.papers / "a.gone", office.out, 1, 16
            )
            run.read(pending, office.watcher)
            run.write()
        assert [row["code"] for row in office.errors()] == ["inaccessible"]


class TestResuming:
    def test_nothing_is_read_twice(self, office: Office) -> None:
        put(office.papers, a__pdf=RECEIPT, b__pdf="!corrupt")
        office.scan()
        before = {name: (office.out / name).read_bytes() for name in OUTPUTS}
        office.scan()
        assert office.decoder.decoded == []
        assert office.watcher.begun == (2, 2)
        assert {name: (office.out / name).read_bytes() for name in OUTPUTS} == before

    def test_a_changed_file_is_read_again_alone(self, office: Office) -> None:
        put(office.papers, a__pdf=RECEIPT, b__pdf=RECEIPT)
        office.scan()
        put(office.papers, b__pdf="id_card name=李四")
        office.scan()
        assert [name for name, _ in office.decoder.decoded] == ["b.pdf"]
        assert [row["document_type"] for row in office.documents()] == ["outpatient_invoice", "id_card"]

    def test_a_file_that_is_gone_leaves_the_outputs(self, office: Office) -> None:
        put(office.papers, a__pdf=RECEIPT, b__pdf=RECEIPT)
        office.scan()
        (office.papers / "a.pdf").unlink()
        office.scan()
        assert [row["source"]["file"] for row in office.documents()] == ["b.pdf"]

    def test_a_service_that_is_down_stops_the_run_and_keeps_what_was_read(self, office: Office) -> None:
        put(office.papers, a__pdf=RECEIPT, z__pdf=f"{RECEIPT} down")
        office.readers.down = 1
        with pytest.raises(ServiceUnavailable):
            office.scan()
        assert not (office.out / DOCUMENTS).exists()
        office.scan()
        assert [name for name, _ in office.decoder.decoded] == ["z.pdf"]
        assert len(office.documents()) == 2

    def test_an_archive_goes_on_at_the_file_where_it_stopped(self, office: Office) -> None:
        texts = {f"{n}.pdf": RECEIPT + (" down" if n == 3 else "") for n in range(1, 6)}
        zipped(put(office.papers) / "a.zip", texts)
        office.readers.down = 1
        with pytest.raises(ServiceUnavailable):
            office.scan()
        office.scan()
        members = [name for name, _ in office.decoder.decoded if "!" in name]
        assert members == ["a.zip!3.pdf", "a.zip!4.pdf", "a.zip!5.pdf"]
        assert len(office.documents()) == 5

    def test_another_model_or_list_is_another_reader(self, tmp_path: Path) -> None:
        usual = reader_version(Settings())
        assert reader_version(Settings(workers=7, state_dir=tmp_path)) == usual
        assert reader_version(Settings(recognition_model_dir=tmp_path)) != usual


class TestTheFolder:
    def test_two_runs_at_once_are_refused_with_the_reason(self, office: Office) -> None:
        put(office.papers, a__pdf=RECEIPT)
        with office.open() as run:
            with pytest.raises(FolderUnusable, match=r"out.*另一次运行.*another run is using this folder"):
                office.open()
            run.read(run.pending(), office.watcher)  # and the first is not harmed
            assert run.write().documents == 1
        office.scan()

    def test_a_folder_that_cannot_be_made_is_told(self, office: Office) -> None:
        put(office.papers)
        office.out.write_text("a file")
        with pytest.raises(FolderUnusable, match="cannot be written"):
            office.open()

    def test_an_output_that_cannot_be_replaced_leaves_the_earlier_ones(self, office: Office) -> None:
        put(office.papers, a__pdf=RECEIPT)
        (office.out / DOCUMENTS).mkdir(parents=True)
        with pytest.raises(FolderUnusable, match=r"无法写入.*what was read is kept"):
            office.scan()
        (office.out / DOCUMENTS).rmdir()
        office.scan()
        assert office.decoder.decoded == []

    def test_pages_on_their_way_are_gone_after_a_run(self, office: Office) -> None:
        put(office.papers, a__pdf=RECEIPT)
        left = put(office.out / STATE_DIR / "spool" / "of-a-killed-run", page="")
        office.scan()
        assert not left.exists()
        assert not (office.out / STATE_DIR / "spool").exists()

    def test_an_interrupt_keeps_what_is_finished_and_closes_everything(self, office: Office) -> None:
        put(office.papers, **{f"{n:02}__pdf": RECEIPT for n in range(30)})

        class Interrupts(Watcher):
            def upload_done(self, name: str, documents: int, unread: Sequence[Unread]) -> None:
                super().upload_done(name, documents, unread)
                if len(self.done) == 5:
                    raise KeyboardInterrupt

        watcher = Interrupts()
        with pytest.raises(KeyboardInterrupt), office.open() as run:
            run.read(run.pending(), watcher)
        assert office.decoder.closed
        assert office.readers.closed
        office.scan()
        assert len(office.decoder.decoded) <= 25
        assert len(office.documents()) == 30


# ---------------------------------------------------------------- the real engine, killed


CHILD = """
import sys
from datetime import date
from pathlib import Path
from pipeline.scan import Run, find_uploads
from pipeline.settings import Settings

class Speaks:
    def begin(self, uploads, already_read): pass
    def pages_read(self, pages): pass
    def upload_done(self, name, documents, unread): print(name, flush=True)

uploads = find_uploads([Path(sys.argv[1])])
with Run(uploads, Path(sys.argv[2]), Settings(workers=1), date(2026, 11, 21)) as run:
    run.read(run.pending(), Speaks())
    run.write()
"""
FEW = (
    "01_钱样例_门诊/电子发票.pdf",
    "01_钱样例_门诊/身份证.png",
    "05_吴虚拟_住院材料.zip",
    "07_电子票据文件/陈假定_电子票据.xml",
    "11_读不出的文件/残缺的票据.pdf",
)


def few_papers(folder: Path) -> Path:
    folder.mkdir()
    for number, name in enumerate(FEW):
        (folder / f"{number}{Path(name).suffix}").symlink_to(SAMPLES / name)
    return folder


def scan_in_child(papers: Path, out: Path, kill_after: int | None = None) -> list[str]:
    """The names of the files that a run read to their end; killed after so many of them."""
    read: list[str] = []
    command = [sys.executable, "-c", CHILD, str(papers), str(out)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            read.append(line.strip())
            if len(read) == kill_after:
                process.kill()
                break
    assert process.returncode == (0 if kill_after is None else -signal.SIGKILL)
    return read


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_and_gives_the_same_bytes(tmp_path: Path) -> None:
    papers = few_papers(tmp_path / "papers")
    clean, killed = tmp_path / "clean", tmp_path / "killed"
    assert len(scan_in_child(papers, clean)) == len(FEW)
    before = scan_in_child(papers, killed, kill_after=3)
    after = scan_in_child(papers, killed)
    assert not set(before) & set(after)
    assert set(before) | set(after) == {path.name for path in papers.iterdir()}
    for name in OUTPUTS:
        assert (killed / name).read_bytes() == (clean / name).read_bytes(), name


def eventually(condition: Callable[[], object], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def group(pgid: int) -> list[str]:
    """What lives in a process group."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = status.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue  # it ended meanwhile
        if int(its_group) == pgid and state != "Z":
            found.append(status.parent.name)
    return found


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("moment", ["while it starts", "while pages are read"])
def test_ctrl_c_ends_the_command_cleanly(tmp_path: Path, moment: str) -> None:
    papers, out = few_papers(tmp_path / "papers"), tmp_path / "out"
    command = [sys.executable, "-m", "pipeline.cli", "scan", str(papers), "--out", str(out), "--direct"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        sign = out / STATE_DIR / ("spool" if moment == "while it starts" else "pages/*.jpg")
        assert eventually(lambda: list(sign.parent.glob(sign.name)), 60)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "what was read is kept" in errors
    assert eventually(lambda: not group(process.pid), 5), group(process.pid)
