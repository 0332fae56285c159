from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.alias_command import app
from pipeline.catalogs.aliases import AliasBook
from pipeline.catalogs.catalog import Catalogs
from pipeline.catalogs.importing import import_list
from pipeline.intake import with_catalog
from pipeline.learned import with_learned
from pipeline.model import Document
from pipeline.scan import Run, Upload
from pipeline.settings import Settings, settings
from tests.builders import bill, row
from tests.fakes import FakeDecoder, FakeReaders

TODAY = date(2026, 11, 22)
RUNNER = CliRunner()


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """A catalog folder with two editions of one list."""
    folder = tmp_path / "catalogs"
    for year, level in ((2025, "乙"), (2026, "甲")):
        file = tmp_path / "目录.csv"
        file.write_text(f"编码,名称,剂型,甲乙类\nA{year},测试沙坦,片剂,{level}\n", "utf-8")
        end = date(2025, 12, 31) if year == 2025 else None
        import_list(file, "drug", date(year, 1, 1), effective_to=end, folder=folder)
    return folder


def taught(folder: Path, printed: str = "怪名降压灵") -> AliasBook:
    book = AliasBook(folder)
    alias = book.propose(printed, "drug", "测试沙坦", by="anna", why="包装如此", form="片剂")
    book.approve(alias.id, by="bert")
    return book


def coded(folder: Path, name: str, *, day: str = "2026-02-01", category: str | None = None) -> Document:
    paper = bill(visit_date=day, items=[row(name, "10.00", category=category)])
    catalogs = Catalogs.in_use(folder)
    return with_learned(with_catalog(paper, catalogs), catalogs, AliasBook(folder).in_force())


@pytest.mark.parametrize(
    ("day", "code", "level"), [("2025-06-01", "A2025", "乙"), ("2026-06-01", "A2026", "甲")]
)
def test_a_waiting_line_gets_the_entry_of_its_day(lists: Path, day: str, code: str, level: str) -> None:
    assert coded(lists, "怪名降压灵", day=day).items[0].catalog is not None
    taught(lists)
    match = coded(lists, "★怪名降压灵 10mg×7片", day=day).items[0].catalog
    assert match is not None
    assert (match.status, match.code, match.reimbursement_class) == ("matched", code, level)
    assert "anna" in match.why
    assert "bert" in match.why


def test_an_alias_never_overrules_what_the_lists_say(lists: Path) -> None:
    taught(lists, "测试沙坦片")
    match = coded(lists, "测试沙坦片").items[0].catalog
    assert match is not None
    assert "别名" not in match.why


def test_an_alias_of_a_medicine_fills_no_examination(lists: Path) -> None:
    taught(lists)
    match = coded(lists, "怪名降压灵", category="检查费").items[0].catalog
    assert match is not None
    assert match.status != "matched"


def test_a_day_that_no_list_covers_leaves_the_line_waiting(lists: Path) -> None:
    taught(lists)
    match = coded(lists, "怪名降压灵", day="2024-06-01").items[0].catalog
    assert match is not None
    assert match.status != "matched"


class ReadersOfBills(FakeReaders):
    """Readers that find a charged row on each page: `outpatient_invoice item=…`."""

    def __init__(self, catalogs: Catalogs) -> None:
        super().__init__()
        self._catalogs = catalogs

    def understand(self, pages, today):  # type: ignore[no-untyped-def]  # as the parent
        from dataclasses import replace

        future = super().understand(pages, today)
        made = []
        for page, document in zip(pages, future.result(), strict=True):
            name = page.text.split("item=")[1].split()[0]
            made.append(with_catalog(replace(document, items=(row(name, "10.00"),)), self._catalogs))
        from concurrent.futures import Future

        done: Future[list[Document]] = Future()
        done.set_result(made)
        return done


@pytest.fixture
def run_folder(lists: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The outputs of a run with one waiting line."""
    monkeypatch.setenv("BAOXIAO_CATALOG_DIR", str(lists))
    settings.cache_clear()
    paper = tmp_path / "a.txt"
    paper.write_text("outpatient_invoice payer_name=张三 visit_date=2026-03-12 item=怪名降压灵", "utf-8")
    out = tmp_path / "out"
    chosen = Settings(catalog_dir=lists)
    with Run(
        [Upload("a.txt", paper)],
        out,
        chosen,
        TODAY,
        sandbox=lambda _: FakeDecoder(),
        readers=lambda *_: ReadersOfBills(Catalogs.in_use(lists)),
    ) as run:
        run.read(run.pending(), NoProgress())
        run.write()
    yield out
    settings.cache_clear()


class NoProgress:
    def begin(self, uploads: int, already_read: int) -> None: ...
    def pages_read(self, pages: int) -> None: ...
    def upload_done(self, name: str, documents: int, unread: object) -> None: ...


def statuses(out: Path) -> list[str]:
    rows = map(json.loads, (out / "documents.jsonl").read_text("utf-8").splitlines())
    claims = map(json.loads, (out / "claims.jsonl").read_text("utf-8").splitlines())
    lines = [line for document in rows for line in document["line_items"]]
    lines += [line for claim in claims for line in claim["line_items"]]
    return [line["catalog"]["status"] for line in lines]


def test_a_line_is_proposed_previewed_approved_rewritten_and_undone(lists: Path, run_folder: Path) -> None:
    where = ["--catalogs", str(lists)]
    proposed = RUNNER.invoke(
        app,
        [
            "propose",
            "怪名降压灵",
            "测试沙坦",
            "--kind",
            "drug",
            "--by",
            "anna",
            "--why",
            "包装",
            "--line",
            "1",
            *where,
        ],
    )
    assert proposed.exit_code == 0, proposed.output
    assert set(statuses(run_folder)) == {"unmatched"}
    preview = RUNNER.invoke(app, ["preview", "A1", str(run_folder), *where])
    assert "1 行会变" in preview.output
    same = RUNNER.invoke(app, ["approve", "A1", "--by", "anna", *where])
    assert same.exit_code == 1
    done = RUNNER.invoke(app, ["approve", "A1", "--by", "bert", "--out", str(run_folder), *where])
    assert done.exit_code == 0, done.output
    assert set(statuses(run_folder)) == {"matched"}
    listed = RUNNER.invoke(app, ["list", *where])
    assert "在用" in listed.output
    undone = RUNNER.invoke(
        app, ["undo", "A1", "--by", "carl", "--why", "错了", "--out", str(run_folder), *where]
    )
    assert undone.exit_code == 0, undone.output
    assert set(statuses(run_folder)) == {"unmatched"}


def test_outputs_that_cannot_be_written_again_stay_and_the_way_is_said(lists: Path, run_folder: Path) -> None:
    taught(lists)
    paper = run_folder.parent / "a.txt"
    paper.write_text(paper.read_text("utf-8") + " changed", "utf-8")
    said = RUNNER.invoke(
        app, ["undo", "A1", "--by", "carl", "--why", "错", "--out", str(run_folder), "--catalogs", str(lists)]
    )
    assert said.exit_code == 1
    assert "baoxiao scan" in said.stderr
    assert "决定不受影响" in said.stderr
    assert "A1：已撤销" in said.stderr
    assert AliasBook(lists).get("A1").standing == "undone"
    assert set(statuses(run_folder)) == {"unmatched"}


def test_one_run_that_cannot_be_written_again_keeps_no_other_from_it(lists: Path, run_folder: Path) -> None:
    (alias,) = taught(lists).all()
    empty = run_folder.parent / "no run"
    outputs = ["--out", str(empty), "--out", str(run_folder)]
    said = RUNNER.invoke(
        app, ["undo", alias.id, "--by", "carl", "--why", "错", *outputs, "--catalogs", str(lists)]
    )
    assert said.exit_code == 1
    assert f"{run_folder}: 已重写" in said.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["怪名降压灵", "没有的药", "--kind", "drug"], "没有这个条目"),
        (["测试沙坦片", "测试沙坦", "--kind", "drug"], "已能对应"),
        (["怪名降压灵", "测试沙坦", "--kind", "service"], "没有这个条目"),
    ],
)
def test_a_proposal_that_makes_no_sense_is_refused(lists: Path, arguments: list[str], said: str) -> None:
    asked = ["propose", *arguments, "--by", "anna", "--why", "试", "--catalogs", str(lists)]
    refused = RUNNER.invoke(app, asked)
    assert refused.exit_code == 1
    assert said in refused.output
    assert AliasBook(lists).all() == ()
