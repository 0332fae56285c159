from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.catalogs.commands import app

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAOXIAO_CATALOG_DIR", str(tmp_path / "catalogs"))
    monkeypatch.setenv("COLUMNS", "240")


def test_the_list_names_every_list_with_entries_date_and_source() -> None:
    shown = RUNNER.invoke(app, ["list"])
    assert shown.exit_code == 0
    for part in ("国家药品目录（2024年）样本", "2025-01-01", "badman200/medicine", "1,444"):
        assert part in shown.output


def test_show_names_the_entry_and_the_reason() -> None:
    shown = RUNNER.invoke(app, ["show", "盐酸二甲双胍片", "--on", "2025-08-01"])
    assert shown.exit_code == 0
    assert "XA10BA-129" in shown.output
    assert "剂型一致" in shown.output
    assert "甲" in RUNNER.invoke(app, ["show", "XA10BA-129"]).output


def test_show_knows_diagnoses_and_hospitals() -> None:
    assert "I25.103" in RUNNER.invoke(app, ["show", "冠心病"]).output
    assert "三级甲等" in RUNNER.invoke(app, ["show", "临沂市人民医院"]).output


@pytest.mark.parametrize("asked", ["47.0100", "腹腔镜下阑尾切除术"])
def test_show_knows_procedures_by_name_and_code(asked: str) -> None:
    shown = RUNNER.invoke(app, ["show", asked]).output
    assert "腹腔镜下阑尾切除术  47.0100" in shown


def test_an_imported_list_is_listed(tmp_path: Path) -> None:
    file = tmp_path / "目录.csv"
    file.write_text("名称,剂型,甲乙类\n测试沙坦,片剂,乙\n", encoding="utf-8")
    done = RUNNER.invoke(
        app, ["import", str(file), "--kind", "drug", "--from", "2026-01-01", "--name", "某市目录"]
    )
    assert done.exit_code == 0, done.output
    assert "某市目录" in RUNNER.invoke(app, ["list"]).output


def test_a_refused_import_says_which_row_and_ends_with_1(tmp_path: Path) -> None:
    file = tmp_path / "目录.csv"
    file.write_text("名称,剂型,甲乙类\n测试沙坦,片剂,戊\n", encoding="utf-8")
    done = RUNNER.invoke(app, ["import", str(file), "--kind", "drug", "--from", "2026-01-01"])
    assert done.exit_code == 1
    assert "第 2 行" in done.output


def test_a_folder_without_lists_ends_with_1(tmp_path: Path) -> None:
    assert RUNNER.invoke(app, ["import-folder", str(tmp_path)]).exit_code == 1


def test_columns_are_named_on_the_line_or_in_a_file_either_way_round(tmp_path: Path) -> None:
    file = tmp_path / "目录.csv"
    file.write_text("药,种,级\n测试沙坦,片剂,乙\n", encoding="utf-8")
    mapping = tmp_path / "列.txt"
    mapping.write_text("# 列对应\n药=name\nform=种\n", encoding="utf-8")
    base = [
        "import",
        str(file),
        "--kind",
        "drug",
        "--effective",
        "2026-01-01",
        "--columns-file",
        str(mapping),
    ]
    done = RUNNER.invoke(app, [*base, "--column", "级=class"])
    assert done.exit_code == 0, done.output
    assert "乙" in RUNNER.invoke(app, ["show", "测试沙坦片"]).output
    assert RUNNER.invoke(app, [*base, "--column", "级=没有的列"]).exit_code == 2
    assert RUNNER.invoke(app, [*base[:-1], str(tmp_path / "没有.txt")]).exit_code == 2


def test_refused_rows_are_written_as_a_file_that_spreadsheets_open(tmp_path: Path) -> None:
    file = tmp_path / "目录.csv"
    file.write_text("名称,剂型,甲乙类\n测试沙坦,片剂,戊\n=1+1,片剂,己\n", encoding="gbk")
    report = tmp_path / "报告.csv"
    asked = ["import", str(file), "--kind", "drug", "--from", "2026-01-01", "--report", str(report)]
    assert RUNNER.invoke(app, asked).exit_code == 1
    rows = report.read_text(encoding="utf-8-sig").splitlines()
    assert [row.split(",")[2:4] for row in rows[1:]] == [["2", "class"], ["3", "class"]]
    assert not any(cell.startswith("=") for row in rows for cell in row.split(","))


@pytest.mark.shared
def test_a_folder_of_public_lists_says_which_files_are_none(public_lists: Path, tmp_path: Path) -> None:
    some = tmp_path / "lists"
    some.mkdir()
    for name in ("herbal_pieces_2024.csv", "similar_chars.csv"):
        (some / name).symlink_to(public_lists / name)
    shown = RUNNER.invoke(app, ["import-folder", str(some)])
    assert shown.exit_code == 0
    assert "924" in shown.output
    assert "similar_chars.csv" in shown.output
