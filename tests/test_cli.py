"""The command as people meet it: what it prints where, and how it ends."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from flows import server
from pipeline import cli, scan
from pipeline.outputs import CLAIMS, DOCUMENTS, ERRORS, LINES, REPORT
from pipeline.scan import STATE_DIR
from pipeline.settings import settings
from pipeline.stacks.separators import BatchHeader, payload
from pipeline.store.ledger import Ledger
from tests.fakes import FakeDecoder, FakeReaders

ROOT = Path(__file__).parent.parent
RECEIPT = "outpatient_invoice payer_name=张三 visit_date=2026-03-12"


class Terminal:
    """Runs the command in this process, with fakes for what reads."""

    def __init__(self, folder: Path, captured: pytest.CaptureFixture[str]) -> None:
        self.papers, self.out_dir = folder / "papers", folder / "out"
        self.papers.mkdir()
        self.readers = FakeReaders()
        self._captured = captured
        self.out = self.err = ""

    def run(self, *arguments: str | Path) -> int:
        self._captured.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        self.out, self.err = self._captured.readouterr()
        return int(ended.value.code or 0)

    def scan(self, *arguments: str) -> int:
        return self.run("scan", self.papers, "--out", self.out_dir, *arguments)


@pytest.fixture
def terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Terminal]:
    made = Terminal(tmp_path, capsys)
    monkeypatch.setattr(
        scan, "Run", partial(scan.Run, sandbox=lambda _: FakeDecoder(), readers=lambda *_: made.readers)
    )
    monkeypatch.setenv("BAOXIAO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    settings.cache_clear()
    yield made
    settings.cache_clear()


class TestScanning:
    def test_all_read_is_0_with_the_five_files_and_a_summary(self, terminal: Terminal) -> None:
        (terminal.papers / "a.pdf").write_text(RECEIPT, "utf-8")
        assert terminal.scan() == 0
        assert {path.name for path in terminal.out_dir.iterdir()} - {STATE_DIR} == {
            DOCUMENTS, CLAIMS, LINES, ERRORS, REPORT,
        }  # fmt: skip
        assert "no Prefect API answers: running directly" in terminal.out
        assert "outpatient_invoice" in terminal.out
        assert f"report: {terminal.out_dir / REPORT}" in terminal.out.replace("\n", "")
        assert terminal.err == ""

    def test_a_batch_that_is_held_is_0_and_the_last_words(self, terminal: Terminal) -> None:
        stated = payload(BatchHeader("B1", 2, Decimal("30.00")))
        bill = f"{RECEIPT} invoice_number=0127700352 total_amount=30.00"
        (terminal.papers / "a.pdf").write_text(f"other subtype=batch_header code={stated}\n{bill}", "utf-8")
        assert terminal.scan() == 0
        named, way_out = terminal.err.splitlines()
        assert "batch B1 is held: 2 papers" in named
        assert "scan the batch anew" in way_out

    def test_lines_are_plain_where_there_is_no_terminal(self, terminal: Terminal) -> None:
        (terminal.papers / "a.pdf").write_text(RECEIPT, "utf-8")
        terminal.scan()
        assert "\x1b" not in terminal.out
        assert "\r" not in terminal.out

    def test_something_unreadable_is_1_and_named(self, terminal: Terminal) -> None:
        (terminal.papers / "a.pdf").write_text(RECEIPT, "utf-8")
        (terminal.papers / "b[1].pdf").write_text("!encrypted")
        assert terminal.scan("--direct") == 1
        assert "✗ b[1].pdf: 打不开 / cannot be opened" in terminal.out
        assert len((terminal.out_dir / DOCUMENTS).read_text("utf-8").splitlines()) == 1

    def test_running_it_again_says_what_is_done(self, terminal: Terminal) -> None:
        (terminal.papers / "a.pdf").write_text(RECEIPT, "utf-8")
        terminal.scan()
        assert terminal.scan() == 0
        assert "resuming: 1 of 1 files are done" in terminal.out

    def test_an_empty_folder_is_0_and_says_so(self, terminal: Terminal) -> None:
        assert terminal.scan() == 0
        assert "没有找到文件 / no files were found" in terminal.out

    def test_a_part_that_is_down_is_1_with_the_reason_on_stderr(self, terminal: Terminal) -> None:
        (terminal.papers / "a.pdf").write_text("down")
        terminal.readers.down = 1
        assert terminal.scan() == 1
        assert terminal.err == "✗ 停了 / it is down\n"

    def test_a_full_disk_is_1_with_what_the_system_says(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device", "/tmp/spool")

        monkeypatch.setattr(scan, "Run", full)
        assert terminal.scan() == 1
        assert terminal.err == "✗ /tmp/spool: No space left on device；读完的已保留 / what was read is kept\n"

    def test_ctrl_c_is_130_and_says_that_what_was_read_is_kept(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(scan, "Run", interrupted)
        assert terminal.scan() == 130
        assert "what was read is kept" in terminal.err

    def test_an_api_that_does_not_answer_is_named_and_not_waited_for(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
        (terminal.papers / "a.pdf").write_text(RECEIPT, "utf-8")
        assert terminal.scan() == 0
        assert "PREFECT_API_URL does not answer, running directly: http://127.0.0.1:9/api" in terminal.out


class TestUsage:
    def test_without_out_it_names_it(self, terminal: Terminal) -> None:
        assert terminal.run("scan", terminal.papers) == 2
        assert "--out" in terminal.err
        assert terminal.out == ""

    def test_a_path_that_is_not_there_is_named(self, terminal: Terminal) -> None:
        missing = terminal.papers / "很长的一个名字" / "不存在.pdf"
        assert terminal.run("scan", terminal.papers, missing, "--out", terminal.out_dir) == 2
        assert f"{missing}: 不存在 / does not exist" in terminal.err
        assert not terminal.out_dir.exists()

    def test_an_out_that_is_a_file_is_named(self, terminal: Terminal) -> None:
        terminal.out_dir.write_text("")
        assert terminal.scan() == 2
        assert f"{terminal.out_dir}: 不是文件夹 / is not a folder" in terminal.err

    def test_an_out_that_cannot_be_made_is_named(self, terminal: Terminal) -> None:
        terminal.out_dir.write_text("")
        assert terminal.run("scan", terminal.papers, "--out", terminal.out_dir / "below") == 2
        assert f"{terminal.out_dir / 'below'}: 无法写入" in terminal.err

    def test_an_out_in_use_is_named(self, terminal: Terminal) -> None:
        with Ledger(terminal.out_dir / STATE_DIR / "ledger.sqlite", "1"):
            assert terminal.scan() == 2
        assert f"{terminal.out_dir}: 另一次运行正在使用这个文件夹" in terminal.err

    def test_a_wrong_setting_is_named(self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BAOXIAO_WORKERS", "many")
        settings.cache_clear()
        assert terminal.scan() == 2
        assert "BAOXIAO_WORKERS: 设置无效 / not a valid setting" in terminal.err

    def test_a_place_that_nobody_knows_is_named(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BAOXIAO_PLACE", "atlantis")
        settings.cache_clear()
        assert terminal.scan() == 2
        assert "atlantis: 没有此地的配置" in terminal.err

    def test_an_unknown_command_is_2(self, terminal: Terminal) -> None:
        assert terminal.run("scna") == 2


class TestHelp:
    @pytest.mark.parametrize("option", ["--help", "-h"])
    def test_it_names_every_command_in_both_languages(self, terminal: Terminal, option: str) -> None:
        assert terminal.run(option) == 0
        for word in ("scan", "up", "down", "schema", "catalog", "识别票据", "writes structured claims"):
            assert word in terminal.out

    def test_the_help_of_scan_tells_outputs_and_exit_status(self, terminal: Terminal) -> None:
        assert terminal.run("scan", "--help") == 0
        for word in (DOCUMENTS, CLAIMS, LINES, ERRORS, REPORT, "exit status", "130", "--out DIR", "--direct"):
            assert word in terminal.out, word

    def test_the_version_is_that_of_the_package(self, terminal: Terminal) -> None:
        assert terminal.run("--version") == 0
        assert terminal.out.startswith("baoxiao 0.")


class TestSchema:
    @pytest.mark.parametrize("name", ["documents", "claims", "errors", "batches", "application"])
    def test_one_schema_is_one_json(self, terminal: Terminal, name: str) -> None:
        assert terminal.run("schema", name) == 0
        assert json.loads(terminal.out)["$schema"].startswith("https://json-schema.org")

    def test_without_a_name_it_is_all_of_them(self, terminal: Terminal) -> None:
        assert terminal.run("schema") == 0
        files = {"documents", "claims", "errors", "batches", "application"}
        assert set(json.loads(terminal.out)) >= files | {"progress", "submission"}

    def test_an_unknown_name_is_2_and_names_those_known(self, terminal: Terminal) -> None:
        assert terminal.run("schema", "lines") == 2
        assert "documents, claims, errors" in terminal.err


class TestTheServer:
    def test_down_without_a_server_says_so(self, terminal: Terminal) -> None:
        assert terminal.run("down") == 0
        assert "没有正在运行的服务 / no server is running" in terminal.out

    def test_up_prints_the_address_and_nothing_else_on_stdout(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server, "start", lambda _folder, _progress: "http://127.0.0.1:4200/api")
        assert terminal.run("up") == 0
        assert terminal.out == "Prefect: http://127.0.0.1:4200/api\n"


def test_it_runs_as_a_module_and_its_help_loads_nothing_heavy() -> None:
    program = (
        "import runpy, sys\n"
        "sys.argv = ['baoxiao', '--help']\n"
        "try:\n    runpy.run_module('pipeline.cli', run_name='__main__')\n"
        "except SystemExit as ended:\n    assert not ended.code\n"
        "heavy = {'prefect', 'paddleocr', 'cv2', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "baoxiao" in ran.stdout
