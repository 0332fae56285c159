from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from pipeline.catalogs import spreadsheet
from pipeline.catalogs.spreadsheet import TableRefused, read_table

LINES = ["编码,名称,甲乙类", "A001,测试沙坦片,甲", "A002,测试普利胶囊,乙", "A003,测试地平缓释片,乙"]


def csv_file(folder: Path, content: bytes, name: str = "目录.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def xlsx_file(folder: Path, rows: list[list[object]], name: str = "目录.xlsx") -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(folder / name)
    return folder / name


def told(path: Path) -> tuple[tuple[str, ...], str]:
    """The headings of a table, or why it was refused; no other error passes."""
    try:
        return read_table(path).headings, ""
    except TableRefused as refused:
        return (), refused.message


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("gbk", "gbk"),
        ("gb18030", "gbk"),
    ],
)
def test_each_encoding_that_spreadsheets_write_is_found(tmp_path: Path, encoding: str, found: str) -> None:
    table = read_table(csv_file(tmp_path, "\n".join(LINES).encode(encoding)))
    assert table.encoding == found
    assert table.rows[1].cells == {"编码": "A002", "名称": "测试普利胶囊", "甲乙类": "乙"}


def test_a_character_beyond_gbk_is_read_as_gb18030(tmp_path: Path) -> None:
    table = read_table(csv_file(tmp_path, "名称\n㐂测试\U00020000\n".encode("gb18030")))
    assert (table.encoding, table.rows[0].cells["名称"]) == ("gb18030", "㐂测试\U00020000")


@pytest.mark.parametrize(("odd", "rest"), [("gbk", "utf-8"), ("utf-8", "gbk")])
def test_two_encodings_in_one_file_are_refused_with_the_odd_row(tmp_path: Path, odd: str, rest: str) -> None:
    content = b"\n".join(line.encode(odd if number == 3 else rest) for number, line in enumerate(LINES, 1))
    with pytest.raises(TableRefused, match="两种编码，第 3 行"):
        read_table(csv_file(tmp_path, content))


@given(st.text("测试片胶囊甲乙0123456789ab,", min_size=1, max_size=40))
def test_no_text_in_gbk_is_taken_for_two_encodings(text: str) -> None:
    with_file = spreadsheet._encoding(Path("a.csv"), f"名称\n{text}".encode("gbk"))
    assert f"名称\n{text}".encode("gbk").decode(with_file) == f"名称\n{text}"


def test_rows_of_another_width_are_named_by_the_number_that_a_spreadsheet_shows(tmp_path: Path) -> None:
    lines = [LINES[0], "", LINES[1], "A002,测试普利胶囊", "A003,测试,乙,多余"]
    table = read_table(csv_file(tmp_path, "\n".join(lines).encode()))
    assert [row.number for row in table.rows] == [3]
    assert [row.row for row in table.broken] == [4, 5]
    assert "应为 3 列" in table.broken[0].reason


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "没有内容"),
        (b"\n\n,,\n", "没有内容"),
        ("编码,编码\n1,2".encode(), "列名重复"),
        ("编码,,名称\n1,2,3".encode(), "列 B 没有列名"),
        ('编码,名称\n1,"缺引号\n2,名\n'.encode(), "第 2 行"),
        ("编码,名称\n1,a\0b".encode(), "空字符"),
        (b"\x81\xff\xfe\x01", "编码不是"),
    ],
)
def test_a_broken_csv_is_refused_with_the_place(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(TableRefused, match=said):
        read_table(csv_file(tmp_path, content))


def test_a_file_too_large_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, "LARGEST_BYTES", 10)
    with pytest.raises(TableRefused, match="文件过大"):
        read_table(csv_file(tmp_path, "\n".join(LINES).encode()))


def test_a_workbook_that_unpacks_beyond_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "炸弹.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 100_000)
    monkeypatch.setattr(spreadsheet, "LARGEST_BYTES", 50_000)
    with pytest.raises(TableRefused, match="解压后过大"):
        read_table(path)


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "MOST_ROWS", 2)
    with pytest.raises(TableRefused, match="上限 2"):
        read_table(csv_file(tmp_path, "\n".join(LINES).encode()))


def test_cells_of_a_workbook_come_as_they_are_shown(tmp_path: Path) -> None:
    from datetime import datetime

    rows: list[list[object]] = [
        ["编码", "名称", "价格", "日期"],
        ["00123", "测试", 12.5, datetime(2026, 1, 1)],  # noqa: DTZ001  # spreadsheets know no zone
        [123, None, 7.0, "2026年1月1日"],
    ]
    table = read_table(xlsx_file(tmp_path, rows))
    assert list(table.rows[0].cells.values()) == ["00123", "测试", "12.5", "2026-01-01"]
    assert list(table.rows[1].cells.values()) == ["123", "", "7", "2026年1月1日"]


def test_a_formula_is_named_with_its_row_and_column(tmp_path: Path) -> None:
    table = read_table(xlsx_file(tmp_path, [["编码", "名称"], ["A1", "甲"], ["A2", "=B2"]]))
    assert [(row.row, row.column) for row in table.broken] == [(3, "名称")]
    assert "公式" in table.broken[0].reason


def test_merged_headings_are_refused(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["某市目录", None, None], ["编码", "名称", "类别"], ["A1", "测试", "甲"]):
        sheet.append(row)
    sheet.merge_cells("A1:C1")
    book.save(tmp_path / "合并.xlsx")
    with pytest.raises(TableRefused, match="合并单元格"):
        read_table(tmp_path / "合并.xlsx")


def test_of_several_filled_sheets_one_must_be_named(tmp_path: Path) -> None:
    book = Workbook()
    first, second = book.active, book.create_sheet("第二页")
    book.create_sheet("空页")
    assert first is not None
    for sheet, name in ((first, "甲品"), (second, "乙品")):
        sheet.append(["名称"])
        sheet.append([name])
    path = tmp_path / "多页.xlsx"
    book.save(path)
    with pytest.raises(TableRefused, match="第二页"):
        read_table(path)
    assert read_table(path, "第二页").rows[0].cells == {"名称": "乙品"}
    with pytest.raises(TableRefused, match="打不开"):
        read_table(path, "没有的页")


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut short", b"", b"<html>"])
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TableRefused, match="打不开"):
        read_table(csv_file(tmp_path, content, "坏.xlsx"))


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=20))
@settings(deadline=None, max_examples=60)
def test_a_damaged_workbook_is_read_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    content = bytearray(xlsx_file(folder, [["编码", "名称"], ["A1", "测试"]]).read_bytes())
    for place, value in changes:
        content[place % len(content)] = value
    headings, said = told(csv_file(folder, bytes(content), "坏.xlsx"))
    assert headings or "坏.xlsx" in said


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    headings, said = told(csv_file(tmp_path_factory.getbasetemp(), content))
    assert headings or "目录.csv" in said


def test_an_empty_workbook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableRefused, match="没有内容"):
        read_table(xlsx_file(tmp_path, []))


def test_a_workbook_without_its_sheet_is_refused(tmp_path: Path) -> None:
    whole = xlsx_file(tmp_path, [["名称"], ["测试"]])
    cut = tmp_path / "缺页.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(cut, "w") as out:
        for name in source.namelist():
            if "sheet1" not in name:
                out.writestr(name, source.read(name))
    with pytest.raises(TableRefused):
        read_table(cut)
