"""The bulk run as a flow: what it gives is what a direct run gives, and Prefect learns nothing of anyone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows import bulk_scan, orders
from flows.orders import UPLOADS_PER_TASK, Untold, keep_order, opened, run_as_flow
from pipeline.errors import FolderUnusable, ServiceUnavailable
from pipeline.model import Unread
from pipeline.outputs import CLAIMS, DOCUMENTS, ERRORS, LINES, REPORT
from pipeline.report import Summary
from pipeline.scan import Run, Upload, find_uploads
from pipeline.settings import Settings
from tests.fakes import FakeDecoder, FakeReaders
from tests.flows.conftest import LEAVES_SOCKETS, Prefect

pytestmark = LEAVES_SOCKETS

OUTPUTS = (DOCUMENTS, CLAIMS, LINES, ERRORS, REPORT)
TODAY = date(2026, 11, 21)
NAME, HOSPITAL = "欧阳杜撰", "无中生有医院"


class Says:
    """A progress that keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.begun: list[tuple[int, int]] = []
        self.done: list[str] = []

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    def begin(self, uploads: int, already_read: int) -> None:
        self.begun.append((uploads, already_read))

    def pages_read(self, pages: int) -> None:
        pass

    def upload_done(self, name: str, documents: int, unread: Sequence[Unread]) -> None:
        self.done.append(name)


class Office:
    """A folder of 30 receipts, one of them unreadable, and fakes that read them."""

    def __init__(self, folder: Path) -> None:
        self.papers = folder / f"{NAME}的材料"
        self.papers.mkdir()
        for number in range(30):
            text = f"outpatient_invoice payer_name={NAME} payee_name={HOSPITAL} invoice_number=88{number:06}"
            (self.papers / f"{NAME}{number:02}.pdf").write_text("!corrupt" if number == 7 else text, "utf-8")
        self.decoder, self.readers = FakeDecoder(), FakeReaders()
        self.progress = Says()

    def make_run(self, uploads: Sequence[Upload], out: Path, settings: Settings, today: date) -> Run:
        return Run(
            uploads, out, settings, today, sandbox=lambda _: self.decoder, readers=lambda *_: self.readers
        )

    def scan_as_flow(self, out: Path) -> Summary:
        self.decoder.decoded.clear()
        return run_as_flow([self.papers], out, self.progress, self.progress.say, self.make_run)

    def scan_directly(self, out: Path) -> Summary:
        with self.make_run(find_uploads([self.papers]), out, Settings(), TODAY) as run:
            run.read(run.pending(), self.progress)
            return run.write()

    def puts_down(self, number: int) -> None:
        file = self.papers / f"{NAME}{number:02}.pdf"
        file.write_text(f"{file.read_text('utf-8')} down", "utf-8")


@pytest.fixture
def office(tmp_path: Path, state: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tried again without waiting."""
    monkeypatch.setattr(bulk_scan.read_batch, "retry_delay_seconds", [0, 0, 0])


@pytest.mark.slow
class TestWithAServer:
    def test_a_flow_gives_the_bytes_of_a_direct_run(
        self, office: Office, prefect_server: Prefect, tmp_path: Path
    ) -> None:
        summary = office.scan_as_flow(tmp_path / "flow")
        assert summary == office.scan_directly(tmp_path / "direct")
        assert (summary.files, summary.documents, summary.unreadable) == (30, 29, 1)
        for name in OUTPUTS:
            assert (tmp_path / "flow" / name).read_bytes() == (tmp_path / "direct" / name).read_bytes(), name

    def test_prefect_keeps_a_key_a_summary_and_nothing_of_anyone(
        self, office: Office, prefect_server: Prefect, tmp_path: Path
    ) -> None:
        office.scan_as_flow(tmp_path / "out")
        run = prefect_server.newest_run()
        assert (run["name"] and run["state"]["type"]) == "COMPLETED"
        key = keep_order([office.papers], tmp_path / "out", Settings())
        assert run["parameters"] == {"run_key": key}
        artifact = prefect_server.asked("/artifacts/filter", sort="CREATED_DESC", limit=1)[0]
        assert (artifact["key"], artifact["flow_run_id"]) == ("scan-summary", run["id"])
        assert "| 无法读取 unreadable | 1 |" in artifact["data"]
        tasks = prefect_server.asked("/task_runs/filter", flow_runs={"id": {"any_": [run["id"]]}})
        assert len(tasks) == -(-30 // UPLOADS_PER_TASK)
        assert prefect_server.knows(key)
        for secret in (NAME, HOSPITAL, "88000003", office.papers.name):
            assert not prefect_server.knows(secret), secret

    def test_a_finished_run_is_not_read_again(
        self, office: Office, prefect_server: Prefect, tmp_path: Path
    ) -> None:
        office.scan_directly(tmp_path / "out")
        office.scan_as_flow(tmp_path / "out")
        assert office.decoder.decoded == []
        assert office.progress.begun == [(30, 30)]

    def test_what_is_down_for_a_moment_is_tried_again(
        self, office: Office, prefect_server: Prefect, tmp_path: Path, at_once: None
    ) -> None:
        office.puts_down(5)
        office.puts_down(20)
        office.readers.down = 2
        assert office.scan_as_flow(tmp_path / "out").documents == 29
        assert sorted(office.progress.done) == sorted(path.name for path in office.papers.iterdir())

    def test_a_run_that_fails_half_way_keeps_what_it_read(
        self, office: Office, prefect_server: Prefect, tmp_path: Path, at_once: None
    ) -> None:
        office.puts_down(29)
        office.readers.down = 4
        with pytest.raises(ServiceUnavailable, match="it is down"):
            office.scan_as_flow(tmp_path / "out")
        assert prefect_server.newest_run()["state"]["type"] == "FAILED"
        assert office.scan_as_flow(tmp_path / "out").documents == 29
        assert [name for name, _ in office.decoder.decoded] == [f"{NAME}29.pdf"]

    def test_what_nobody_foresaw_is_not_tried_again_and_not_told_to_prefect(
        self, office: Office, prefect_server: Prefect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls = []

        def broken(*_: object) -> None:
            calls.append(1)
            raise RuntimeError(f"{NAME} 的票据")

        monkeypatch.setattr(office.decoder, "decode", broken)
        with pytest.raises(RuntimeError, match=NAME):
            office.scan_as_flow(tmp_path / "out")
        run = prefect_server.newest_run()
        assert run["state"]["type"] == "FAILED"
        assert run["state"]["message"].endswith("Untold: RuntimeError")
        assert len(calls) <= 30
        assert not prefect_server.knows(NAME)

    def test_a_flow_that_prefect_starts_itself_finds_its_order(
        self, office: Office, prefect_server: Prefect, tmp_path: Path
    ) -> None:
        office.scan_directly(tmp_path / "out")  # so that no engine is needed
        key = keep_order([office.papers], tmp_path / "out", Settings())
        with bulk_scan.quiet():
            assert bulk_scan.bulk_scan(key).documents == 29

    def test_a_folder_in_use_is_told_to_prefect_without_its_name(
        self, office: Office, prefect_server: Prefect, tmp_path: Path
    ) -> None:
        out = tmp_path / f"{NAME}的结果"
        key = keep_order([office.papers], out, Settings())
        with office.make_run([], out, Settings(), TODAY):
            with bulk_scan.quiet(), pytest.raises(Untold, match="FolderUnusable"):
                bulk_scan.bulk_scan(key)
            with pytest.raises(FolderUnusable, match=NAME):
                office.scan_as_flow(out)
        assert prefect_server.newest_run()["state"]["type"] == "FAILED"
        assert not prefect_server.knows(NAME)


@pytest.mark.slow
def test_where_prefect_fails_the_run_goes_on_without_it(
    office: Office, prefect_server: Prefect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_key: str) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(bulk_scan, "bulk_scan", unreachable)
    assert office.scan_as_flow(tmp_path / "out").documents == 29
    assert office.progress.said == [
        "Prefect 出错，改为直接运行 / Prefect failed, running directly: ConnectionError"
    ]


class TestOrders:
    def test_the_first_batch_is_read_before_prefect_is_there(self, office: Office, tmp_path: Path) -> None:
        key = keep_order([office.papers], tmp_path / "out", Settings())
        with opened(key, office.progress, office.make_run) as run:
            run.read(0)
            assert len(office.progress.done) == UPLOADS_PER_TASK
            assert run.batches == 3
            with opened(key) as same:
                assert same is run

    def test_a_run_that_is_given_up_begins_no_more_batches(self, office: Office, tmp_path: Path) -> None:
        key = keep_order([office.papers], tmp_path / "out", Settings())
        with opened(key, office.progress, office.make_run) as run:
            run.read(0)
            run.give_up(ValueError())
            run.read(1)
            assert len(office.progress.done) == UPLOADS_PER_TASK

    def test_an_interrupt_closes_the_run(self, office: Office, tmp_path: Path) -> None:
        key = keep_order([office.papers], tmp_path / "out", Settings())
        with pytest.raises(KeyboardInterrupt), opened(key, office.progress, office.make_run):
            raise KeyboardInterrupt
        assert office.decoder.closed
        assert key not in orders._open

    @pytest.mark.parametrize("key", ["nothing", "../../etc/passwd"])
    def test_a_key_without_an_order_is_told(self, state: Path, key: str) -> None:
        with pytest.raises(LookupError), opened(key):
            pass

    def test_an_order_is_for_its_owner_alone(self, office: Office, state: Path, tmp_path: Path) -> None:
        key = keep_order([office.papers], tmp_path / "out", Settings())
        assert (state / "orders").stat().st_mode & 0o077 == 0
        assert NAME not in key
        assert json.loads((state / "orders" / f"{key}.json").read_text("utf-8"))["paths"] == [
            str(office.papers)
        ]


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (Untold(ServiceUnavailable("down")), True),
        (Untold(ValueError("corrupt")), False),
        (ConnectionError(), False),
    ],
)
def test_only_what_is_down_is_tried_again(error: Exception, again: bool) -> None:
    assert bulk_scan.is_transient(None, None, SimpleNamespace(data=error)) is again


def test_the_summary_is_a_table_of_counts() -> None:
    table = bulk_scan.summary_table(Summary(files=3, documents=2, by_type={"id_card": {"review": 2}}))
    assert "| 文件 files | 3 |" in table
    assert "| · id_card | 2 |" in table


def test_the_summary_says_what_is_held_and_what_was_put_aside() -> None:
    table = bulk_scan.summary_table(Summary(put_aside=4, batches_held=("批次 B1 不平，交款人张三",)))
    assert "| 空白背面与分隔页 put aside | 4 |" in table
    assert "| 未移交的批次 batches held | 1 |" in table
    assert "张三" not in table
