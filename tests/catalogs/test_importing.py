from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from pipeline.catalogs.catalog import Catalogs, catalog_folder
from pipeline.catalogs.entries import read_holidays, read_records
from pipeline.catalogs.importing import (
    ImportRefused,
    import_folder,
    import_list,
    not_imported,
    write_rejections,
)
from pipeline.catalogs.public_lists import RECIPES

HEADINGS = "药品编码,药品名称,剂型,甲乙类,备注\n"


def _csv(folder: Path, rows: str, encoding: str = "utf-8") -> Path:
    path = folder / "某市目录.csv"
    path.write_bytes((HEADINGS + rows).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_with_chinese_headings_is_imported_and_matched(tmp_path: Path, encoding: str) -> None:
    file = _csv(tmp_path, "A001,测试沙坦,片剂,乙类,限住院\n", encoding)
    report = import_list(file, "drug", date(2026, 1, 1), name="某市目录", folder=tmp_path / "catalogs")
    assert report.imported
    match = Catalogs.in_use(tmp_path / "catalogs").match("测试沙坦片", on=date(2026, 2, 1))
    assert (match.code, match.reimbursement_class) == ("A001", "乙")
    assert "限住院" in match.why


def test_an_xlsx_is_imported_with_named_columns_and_codes_stay_texts(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    file = tmp_path / "目录.xlsx"
    pd.DataFrame({"号": ["00123"], "叫什么": ["测试沙坦"], "级": ["1"]}).to_excel(file, index=False)
    folder = tmp_path / "catalogs"
    columns = {"code": "号", "name": "叫什么", "class": "级"}
    import_list(file, "drug", date(2026, 1, 1), columns=columns, folder=folder)
    entry = Catalogs.in_use(folder).with_code("00123")[0]
    assert (entry.name, entry.reimbursement_class) == ("测试沙坦", "甲")


def test_one_bad_row_keeps_the_whole_list_out_and_is_reported(tmp_path: Path) -> None:
    file = _csv(tmp_path, "A001,测试沙坦,片剂,乙类,\nA002,测试普利,片剂,戊,\nA003,,片剂,甲,\n")
    folder = tmp_path / "catalogs"
    with pytest.raises(ImportRefused) as refused:
        import_list(file, "drug", date(2026, 1, 1), folder=folder)
    rejected = refused.value.reports[0].rejected
    assert [row.row for row in rejected] == [3, 4]
    assert "戊" in rejected[0].reason
    assert Catalogs.in_use(folder).match("测试沙坦片").status == "unmatched"


@pytest.mark.parametrize(
    ("rows", "row", "column", "said"),
    [
        ("A001,测试沙坦,片剂,乙,\nA001,测试沙坦,片剂,乙,\n", 3, "", "与第 2 行完全相同"),
        ("A001,测试沙坦,片剂,乙,\nA001,测试沙坦,片剂,甲,\n", 3, "code", "与第 2 行是同一条目"),
        (",测试沙坦,片剂,乙,\n,测试沙坦,片剂,甲,\n", 3, "name", "与第 2 行是同一条目"),
        ("A001,测试沙坦,片剂,乙,\n\n8.69039E+13,测试普利,片剂,甲,\n", 4, "code", "科学计数"),
        ("A001,测试沙坦,片剂,乙,\nA002,测试普利,片剂\n", 3, "", "应为 5 列"),
    ],
)
def test_a_row_that_is_refused_is_named_with_its_cell_and_nothing_changes(
    tmp_path: Path, rows: str, row: int, column: str, said: str
) -> None:
    folder = tmp_path / "catalogs"
    with pytest.raises(ImportRefused) as refused:
        import_list(_csv(tmp_path, rows), "drug", date(2026, 1, 1), folder=folder)
    (rejected,) = refused.value.reports[0].rejected
    assert (rejected.row, rejected.column) == (row, column)
    assert said in rejected.reason
    assert not folder.exists()
    write_rejections(tmp_path / "report.csv", refused.value.reports)
    assert said in (tmp_path / "report.csv").read_text(encoding="utf-8-sig")


def test_two_makers_of_one_product_without_codes_are_no_repetition(tmp_path: Path) -> None:
    file = tmp_path / "产品.csv"
    file.write_text("药品名称,剂型,甲乙类,厂家\n测试沙坦片,片剂,乙,甲厂\n测试沙坦片,片剂,乙,乙厂\n", "utf-8")
    assert import_list(file, "drug", date(2026, 1, 1), folder=tmp_path / "c").read == 2


def test_the_price_of_a_list_is_kept_to_the_fen_and_a_bad_one_refused(tmp_path: Path) -> None:
    file = tmp_path / "价格.csv"
    file.write_text('名称,单位,价格\n测试诊查费,次,"1,280.50"\n', "utf-8")
    import_list(file, "service", date(2026, 1, 1), folder=tmp_path / "c")
    (entry,) = Catalogs.in_use(tmp_path / "c").named("测试诊查费")
    assert entry.price == Decimal("1280.50")
    file.write_text("名称,单位,价格\n测试诊查费,次,面议\n", "utf-8")
    with pytest.raises(ImportRefused) as refused:
        import_list(file, "service", date(2026, 1, 1), folder=tmp_path / "c")
    assert refused.value.reports[0].rejected[0].column == "price"


def test_holidays_are_imported_as_days(tmp_path: Path) -> None:
    file = tmp_path / "节假日.csv"
    file.write_text("日期,类型,名称\n2026-10-01,放假,国庆节\n2026年10月10日,workday,国庆节调休\n", "utf-8")
    report = import_list(file, "holiday", date(2026, 1, 1), folder=tmp_path / "c")
    assert report.path is not None
    days = read_holidays(report.path)
    assert [(day.day, day.kind) for day in days] == [
        (date(2026, 10, 1), "holiday"),
        (date(2026, 10, 10), "workday"),
    ]
    file.write_text("日期,类型,名称\n2026-13-01,放假,\n2026-10-01,也许,\n", "utf-8")
    with pytest.raises(ImportRefused) as refused:
        import_list(file, "holiday", date(2026, 1, 1), folder=tmp_path / "c")
    assert [row.column for row in refused.value.reports[0].rejected] == ["day", "kind"]


def test_a_limit_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "规则.csv"
    file.write_text("名称,limit,value\n测试丸,moon_phase,满月\n", "utf-8")
    with pytest.raises(ImportRefused) as refused:
        import_list(file, "drug_limit", date(2026, 1, 1), folder=tmp_path / "c")
    assert "age_group" in refused.value.reports[0].rejected[0].reason


def test_a_list_in_use_stays_readable_for_a_scan_while_another_takes_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "catalogs"
    for level in ("甲", "乙"):
        import_list(
            _csv(tmp_path, f"A001,测试沙坦,片剂,{level},\n"),
            "drug",
            date(2026, 1, 1),
            name="某市",
            folder=folder,
        )
        if level == "甲":
            running = Catalogs.in_use(folder)
    assert running.match("测试沙坦片").reimbursement_class == "甲"
    import_list(_csv(tmp_path, "B1,别的药,片剂,甲,\n"), "drug", date(2026, 1, 1), name="别处", folder=folder)
    assert len(list(folder.glob("drug-*.csv"))) == 2  # what was replaced has gone by now


def test_two_imports_at_once_are_both_in_use(tmp_path: Path) -> None:
    folder = tmp_path / "catalogs"
    files = []
    for name in ("甲市", "乙市"):
        file = tmp_path / f"{name}.csv"
        file.write_text(f"名称,剂型,甲乙类\n{name}沙坦,片剂,乙\n", "utf-8")
        files.append(file)
    with ThreadPoolExecutor(2) as offices:
        for done in [
            offices.submit(import_list, one, "drug", date(2026, 1, 1), folder=folder) for one in files
        ]:
            assert done.result().imported
    names = {head.name for head, _ in Catalogs.in_use(folder).lists if head.kind == "drug"}
    assert names == {"甲市", "乙市"}


def test_a_list_kept_before_a_column_came_is_still_read(tmp_path: Path) -> None:
    folder = tmp_path / "catalogs"
    report = import_list(_csv(tmp_path, "A001,测试沙坦,片剂,乙,\n"), "drug", date(2026, 1, 1), folder=folder)
    assert report.path is not None
    report.path.write_text(
        report.path.read_text("utf-8").replace(",price,price_basis,first_self_pay_ratios", "").replace(",,,,\n", ",\n"), "utf-8"
    )
    (record,) = read_records(report.path)
    assert (record["name"], record["price"]) == ("测试沙坦", "")
    assert Catalogs.in_use(folder).match("测试沙坦片").code == "A001"


def test_a_list_of_the_same_name_and_start_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "catalogs"
    for level in ("甲", "乙"):
        file = _csv(tmp_path, f"A001,测试沙坦,片剂,{level},\n")
        import_list(file, "drug", date(2026, 1, 1), name="某市目录", folder=folder)
    assert len([head for head, _ in Catalogs.in_use(folder).lists if head.kind == "drug"]) == 1
    assert Catalogs.in_use(folder).match("测试沙坦片").reimbursement_class == "乙"


def test_two_editions_of_a_list_are_told_apart_by_the_date_of_treatment(tmp_path: Path) -> None:
    folder = tmp_path / "catalogs"
    for year, level in ((2025, "乙"), (2026, "甲")):
        file = _csv(tmp_path, f"A{year},测试沙坦,片剂,{level},\n")
        end = date(2025, 12, 31) if year == 2025 else None
        import_list(file, "drug", date(year, 1, 1), name="某市目录", effective_to=end, folder=folder)
    catalogs = Catalogs.in_use(folder)
    assert catalogs.match("测试沙坦片", on=date(2025, 12, 31)).code == "A2025"
    assert catalogs.match("测试沙坦片", on=date(2026, 1, 1)).code == "A2026"
    assert catalogs.match("测试沙坦片").code == "A2026"


def test_a_kind_without_an_imported_list_keeps_the_sample(tmp_path: Path) -> None:
    folder = tmp_path / "catalogs"
    import_list(_csv(tmp_path, "A001,测试沙坦,片剂,乙,\n"), "drug", date(2026, 1, 1), folder=folder)
    catalogs = Catalogs.in_use(folder)
    assert catalogs.match("阿莫西林胶囊").name is None
    assert catalogs.match("血常规").name == "血常规"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("空.csv", b""),
        ("坏.xlsx", b"not a workbook"),
        ("目录.pdf", b"%PDF"),
        ("无名.csv", "编码,价\n1,2\n".encode()),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_plain_words(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(ImportRefused):
        import_list(file, "drug", date(2026, 1, 1), folder=tmp_path / "catalogs")
    assert not (tmp_path / "catalogs").exists()


def test_an_unknown_column_is_refused_with_the_columns_there_are(tmp_path: Path) -> None:
    file = _csv(tmp_path, "A001,测试沙坦,片剂,乙,\n")
    with pytest.raises(ImportRefused, match="药品名称"):
        import_list(file, "drug", date(2026, 1, 1), columns={"name": "没有的列"}, folder=tmp_path / "c")


def test_a_folder_without_public_lists_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="national_drug_list_2024"):
        import_folder(tmp_path, tmp_path / "catalogs")


def test_the_setting_says_where_catalogs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAOXIAO_CATALOG_DIR", str(tmp_path / "here"))
    assert catalog_folder() == tmp_path / "here"


@pytest.mark.shared
def test_the_public_lists_import_whole(full_folder: Path) -> None:
    rows = {head.name: head.rows for head, _ in Catalogs.in_use(full_folder).lists}
    drugs_2024 = rows["国家药品目录（2024年）常规部分"] + rows["国家药品目录（2024年）谈判和竞价部分"]
    assert drugs_2024 == 3826
    assert rows["国家药品目录（2025年）常规部分"] == 3443
    assert rows["国家药品目录（2024年）中药饮片部分"] == 924
    assert rows["某市医保药品目录（2026年，城市未载明）"] == 17244 - 1  # one row names nothing
    assert rows["医疗服务项目国家编码（部分）"] == 3127
    assert rows["珠海市一级公立医疗机构医疗服务项目"] == 6837
    assert rows["山东省省（部）属医疗机构医疗服务项目"] == 5519 - 402  # chapter lines
    assert rows["ICD-10 医保版 2.0"] == 33304
    assert rows["ICD-10 临床版 2.0 转医保版"] == 35591
    assert rows["ICD-9-CM-3 医保版 2.0"] == 13686
    assert rows["医保药品监管规则（第1、3至6批）"] == 901
    assert rows["医保诊疗项目监管规则（第1、2、8批）"] == 893 - 2  # two rows name nothing
    assert rows["医保重复收费监管规则（第7批）"] == 900
    assert rows["三级甲等医院（2020年）"] == 1444
    assert rows["行政区划代码（GB/T 2260）"] == 7283


@pytest.mark.shared
def test_every_public_file_is_a_list_or_is_named_with_the_reason(public_lists: Path) -> None:
    named = not_imported(public_lists)
    assert {path.name for path in public_lists.glob("*.csv")} == {*named, *(one.file for one in RECIPES)}
    assert not any("不认识" in why or "不是本程序" in why for why in named.values())


@pytest.mark.shared
def test_prices_come_with_whose_they_are(full_folder: Path) -> None:
    full = Catalogs.in_use(full_folder)
    priced = [entry for entry in full.entries if entry.price is not None]
    assert len(priced) > 10_000
    assert all(entry.price_basis for entry in priced)
    (visit,) = (entry for entry in full.with_code("110200001") if "珠海" in entry.price_basis)
    assert visit.price == Decimal("10.8")


@pytest.mark.shared
def test_the_full_lists_take_the_edition_of_the_day(full_folder: Path) -> None:
    full = Catalogs.in_use(full_folder)
    old = full.match("盐酸二甲双胍片", category="西药费", on=date(2025, 6, 1))
    new = full.match("盐酸二甲双胍片", category="西药费", on=date(2026, 7, 1))
    assert "2024年" in old.why
    assert "2025年" in new.why
    assert old.reimbursement_class == new.reimbursement_class == "甲"


@pytest.mark.shared
def test_items_of_real_bills_are_matched_or_left_open(real_samples: Path, sample: Catalogs) -> None:
    import json

    expected = {
        "腕踝针治疗": "腕踝针",
        "特殊穴位针刺": "特殊穴位针刺",
        "头针治疗": "头皮针",
        "安宫牛黄丸": "安宫牛黄丸",
        "藿香正气软胶囊": "藿香正气水(丸、片、胶囊、颗粒、口服液、软胶囊)",
    }
    for line in (real_samples / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        for item in json.loads(line).get("line_items") or []:
            match = sample.match(item["name"], unit=item.get("unit"), on=date(2025, 8, 1))
            assert match.name == expected.get(item["name"]), (item["name"], match)


@pytest.mark.shared
def test_a_clinical_code_of_a_procedure_leads_to_the_insurance_version(full_folder: Path) -> None:
    full = Catalogs.in_use(full_folder)
    found = full.procedure("00.0101")
    assert found is not None
    assert found.name == "头部血管治疗性超声"
    assert full.procedure("某种没有的手术") is None
