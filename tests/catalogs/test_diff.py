from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.catalogs.catalog import Catalogs
from pipeline.catalogs.commands import app
from pipeline.catalogs.diff import diff, in_force
from pipeline.catalogs.importing import import_list

HEAD = "编码,名称,剂型,甲乙类,备注,价格\n"
OLD = HEAD + "A1,测试沙坦,片剂,乙,限二级,10\nA2,测试普利,片剂,甲,,5\nA3,测试地平,片剂,甲,,\n"
NEW = HEAD + "B1,测试沙坦,片剂,甲,,9.5\nA2,测试普利,片剂,甲,,5\nA4,测试洛尔,片剂,乙,,\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, year, text in (("旧目录", 2025, OLD), ("新目录", 2026, NEW)):
        file = tmp_path / f"{name}.csv"
        file.write_text(text, "utf-8")
        end = date(2025, 12, 31) if year == 2025 else None
        import_list(file, "drug", date(year, 1, 1), effective_to=end, folder=tmp_path / "catalogs")
    return tmp_path / "catalogs"


def test_two_days_of_a_kind_are_compared_by_what_holds_on_each(folder: Path) -> None:
    known = Catalogs.in_use(folder)
    found = diff(in_force(known, "drug", date(2025, 6, 1)), in_force(known, "drug", date(2026, 6, 1)))
    assert [one["name"] for one in found.added] == ["测试洛尔"]
    assert [one["name"] for one in found.removed] == ["测试地平"]
    (change,) = found.changed
    assert change.name == "测试沙坦"
    assert change.columns == {"class": ("乙", "甲"), "restriction": ("限二级", ""), "price": ("10", "9.5")}
    assert found.same == 1


def test_the_command_shows_and_writes_the_difference(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    common = ["--catalogs", str(folder), "--csv", str(tmp_path / "d.csv"), "--json", str(tmp_path / "d.json")]
    shown = CliRunner().invoke(app, ["diff", "旧目录", "新目录", *common])
    assert shown.exit_code == 0, shown.output
    assert "新增 1，删除 1，变更 1，相同 1" in shown.output
    with (tmp_path / "d.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["what"], row["column"]) for row in rows} >= {("changed", "class"), ("added", "")}
    whole = json.loads((tmp_path / "d.json").read_text("utf-8"))
    assert whole["changed"][0]["columns"]["class"] == {"before": "乙", "after": "甲"}
    days = CliRunner().invoke(
        app, ["diff", "--kind", "drug", "--on", "2025-06-01", "--on", "2026-06-01", *common[:2]]
    )
    assert "新增 1，删除 1，变更 1，相同 1" in days.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["diff"],
        ["diff", "旧目录"],
        ["diff", "旧目录", "没有的目录"],
        ["diff", "--kind", "drug", "--on", "2026-01-01"],
    ],
)
def test_what_cannot_be_compared_is_a_usage_error(folder: Path, arguments: list[str]) -> None:
    assert CliRunner().invoke(app, [*arguments, "--catalogs", str(folder)]).exit_code == 2


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_plain_table_is_told_what_it_lacks_and_what_to_do(
    folder: Path, tmp_path: Path, encoding: str
) -> None:
    plain = tmp_path / "新目录.csv"
    plain.write_text("药品名称,编码\n阿司匹林片,XB01\n", encoding)
    answer = CliRunner().invoke(app, ["diff", "旧目录", str(plain), "--catalogs", str(folder)])
    assert answer.exit_code == 2
    said = "".join(answer.output.replace("│", "").split())
    assert "缺少开头的#name:、#kind:等行" in said
    assert "baoxiaocatalogimport" in said


def test_a_list_whose_columns_were_changed_is_a_usage_error(folder: Path, tmp_path: Path) -> None:
    changed = tmp_path / "改过的.csv"
    changed.write_text("# name: 改过\n# kind: drug\n# rows: 1\n名称,编码\n阿司匹林片,XB01\n", "utf-8")
    answer = CliRunner().invoke(app, ["diff", "旧目录", str(changed), "--catalogs", str(folder)])
    assert answer.exit_code == 2
    assert "改过的.csv: 列名不符" in answer.output


def test_an_entry_renamed_under_its_code_is_one_change() -> None:
    (change,) = diff([{"code": "1", "name": "头孢克肟片"}], [{"code": "1", "name": "头孢克肟分散片"}]).changed
    assert change.columns == {"name": ("头孢克肟片", "头孢克肟分散片")}
    apart = diff([{"code": "1", "name": "头孢克肟片"}], [{"code": "1", "name": "人工牛黄"}])
    assert (len(apart.added), len(apart.removed), len(apart.changed)) == (1, 1, 0)


RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.sampled_from(["", "1", "2", "3"]),
            "name": st.sampled_from(["沙坦", "普利", "地平片", "地平胶囊"]),
            "class": st.sampled_from(["甲", "乙", ""]),
        }
    ),
    max_size=6,
)


@given(RECORDS, RECORDS)
def test_every_entry_is_told_once(old: list[dict[str, str]], new: list[dict[str, str]]) -> None:
    found = diff(old, new)
    both = len(found.changed) + found.same
    assert len(found.removed) + both == len(old)
    assert len(found.added) + both == len(new)
    assert diff(old, old).changed == ()
