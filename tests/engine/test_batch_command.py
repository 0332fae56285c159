"""`baoxiao engine gather | verify | answers`, as an office uses them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from pipeline.cli import _mount, app
from pipeline.engine import batch_command
from pipeline.settings import Settings
from pipeline.store.opened import Store, open_store
from pipeline.store.tables import claims, hand_off_batches, outbox
from tests.engine.claim_rows import claim_record, put_entered


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store with three entered claims of two offices, set to hand over by files."""
    chosen = Settings(store_dir=tmp_path / "store", engine="batch_file", hand_off_dir=tmp_path / "out")
    monkeypatch.setattr(batch_command, "settings", lambda: chosen)
    store = open_store(chosen)
    for claim_id, name in (("C-1", "示例纺织厂"), ("C-2", "示例纺织厂"), ("C-3", None)):
        put_entered(store.database, claim_record(claim_id), name)
    yield store
    store.close()


def states(store: Store) -> dict[str, str]:
    with store.database.read() as connection:
        return {row.id: row.state for row in connection.execute(select(claims.c.id, claims.c.state))}


@pytest.fixture
def _mounted() -> None:
    _mount()


@pytest.mark.usefixtures("_mounted")
class TestByFiles:
    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["engine", *words])

    def test_what_waits_is_written_an_office_a_file_and_once(self, office: Store, tmp_path: Path) -> None:
        first = self.run("gather")
        assert first.exit_code == 0, first.output
        files = sorted((tmp_path / "out").glob("报盘_*.xlsx"))
        assert len(files) == 2
        assert "没有待移交" in self.run("gather").output
        assert sorted((tmp_path / "out").glob("报盘_*.xlsx")) == files
        checked = self.run("verify", *map(str, files))
        assert (checked.exit_code, checked.output.count("✓")) == (0, 2)

    def test_an_altered_file_is_1(self, office: Store, tmp_path: Path) -> None:
        self.run("gather", "--format", "csv")
        file = next((tmp_path / "out").glob("报盘_*.csv"))
        file.write_bytes(file.read_bytes() + b"\r\n")
        told = self.run("verify", str(file))
        assert told.exit_code == 1
        assert "内容与文件名不符" in told.output

    def test_answers_come_back_into_the_claims(self, office: Store, tmp_path: Path) -> None:
        self.run("gather")
        back = tmp_path / "回盘.csv"
        back.write_text(
            "报文编号,处理结果,原因,报销金额\nC-1/1,已结算,,12.00\nC-2/1,退回,票据不清\nC-3/1,受理\n",
            "utf-8-sig",
        )
        told = self.run("answers", str(back))
        assert told.exit_code == 0, told.output
        assert states(office) == {"C-1": "settled", "C-2": "first_review", "C-3": "handed_over"}
        with office.database.read() as connection:
            assert set(connection.execute(select(hand_off_batches.c.state)).scalars()) == {"answered"}

    def test_one_wrong_row_keeps_the_whole_file_out(self, office: Store, tmp_path: Path) -> None:
        self.run("gather")
        back = tmp_path / "回盘.csv"
        back.write_text("报文编号,处理结果,报销金额\nC-1/1,已结算,12.00\nC-2/1,已结算,999.00\n", "utf-8-sig")
        told = self.run("answers", str(back))
        assert told.exit_code == 1
        assert "row 3" in told.output
        assert set(states(office).values()) == {"entered"}
        with office.database.read() as connection:
            assert "answered" not in set(connection.execute(select(outbox.c.state)).scalars())

    @pytest.mark.parametrize(
        "words", [("verify", "none.xlsx"), ("answers", "none.csv"), ("gather", "--format", "pdf")]
    )
    def test_a_usage_error_is_2(self, office: Store, words: tuple[str, ...]) -> None:
        assert self.run(*words).exit_code == 2
