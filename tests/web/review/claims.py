"""Stored claims for review screens and browser tests: realistic papers, drawn, read and judged as others are.

All persons are invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from pipeline.life import SYSTEM, State
from pipeline.model import AnyField, Document, LineItem
from pipeline.repair.repair import repaired
from pipeline.store.cases import save_claim
from pipeline.store.database import Database
from pipeline.store.lives import take_step
from pipeline.store.originals import Originals
from tests.builders import paper
from tests.cases import NOW, put_submission, read
from tests.web.review.drawn import Sheet, read_as

HOSPITAL = "北京样例医院"
PERSON = "张小样"

Given = tuple[str, str, str]
"""Name of the field, its printed label, its value as published."""


@dataclass(frozen=True)
class Drawn:
    """A paper and the page that it was drawn on."""

    document: Document
    sheet: Sheet


@dataclass(frozen=True)
class MadeClaim:
    """A claim in a store: its id, and its papers' ids by type."""

    claim_id: str
    papers: dict[str, str]


def doubtful_claim(
    database: Database, originals: Originals | None = None, number: str = "1", state: State = "first_review"
) -> MadeClaim:
    """A claim with three doubtful fields and two wrong rows, in its first review.

    - The bill's issue date could not be read (`2O26-02-l7`; candidate 2026-02-17).
    - The payer's name (张小样) is right and was read unsurely.
    - The certificate's diagnosis says 感梁 where 感染 is printed (candidate with 感染).
    - Row 3 of the list has the amount 87.20 where 2 × 18.60 = 37.20 is printed, so the list does not add up.
    - Row 6 has the unit price 72.50 where 12.50 is printed.

    Args:
        database: Where it is kept.
        originals: Where pictures of pages are kept; without it there are none.
        number: Tells several such claims apart: the last digits of the bill's number.
        state: The state after reading.
    """
    return _put(database, originals, _doubtful_papers(number), f"U-{number}", state)


def large_claim(
    database: Database, originals: Originals | None = None, number: str = "7", rows: int = 300
) -> MadeClaim:
    """Five papers, one of them a list of 300 rows (1,500 words on its page) with one wrong amount."""
    return _put(database, originals, _large_papers(number, rows), f"U-large-{number}", "first_review")


def _put(
    database: Database, originals: Originals | None, drawn: Sequence[Drawn], submission: str, state: State
) -> MadeClaim:
    ((record, papers),) = read(*(one.document for one in drawn))
    with database.write() as connection:
        put_submission(connection, submission)
        save_claim(connection, submission, record, papers, NOW)
        for one in drawn:
            one.sheet.keep(connection, originals, one.document.file.name, submission)
        if state == "first_review":
            take_step(connection, record["claim_id"], "ask_for_review", SYSTEM, NOW)
    return MadeClaim(record["claim_id"], {one.type: one.id for one in papers})


# ---------------------------------------------------------------- a claim with a few doubts

ROWS = (
    ("血常规", "次", "1", "20.00", "20.00"),
    ("C反应蛋白测定", "次", "1", "35.00", "35.00"),
    ("盐酸二甲双胍片", "盒", "2", "18.60", "37.20"),
    ("布洛芬缓释胶囊", "盒", "1", "22.49", "22.49"),
    ("阿莫西林胶囊", "盒", "2", "14.80", "29.60"),
    ("静脉输液", "次", "1", "12.50", "12.50"),
    ("胸部正位片", "次", "1", "67.10", "67.10"),
    ("普通门诊诊查费", "次", "1", "25.00", "25.00"),
)
TOTAL = "248.89"


@cache
def _doubtful_papers(number: str) -> tuple[Drawn, ...]:
    bill = _form(
        f"票{number}.jpg",
        "outpatient_invoice",
        "医疗门诊收费票据（电子）",
        (
            ("invoice_code", "票据代码", "11060126"),
            ("invoice_number", "票据号码", "0127712340"[: -len(number)] + number),
            ("check_code", "校验码", "3f9a2b"),
            ("issue_date", "开票日期", "2026-02-17"),
            ("payer_name", "交款人", PERSON),
            ("payee_name", "收款单位", HOSPITAL),
            ("visit_date", "就诊日期", "2026-02-17"),
            ("sex", "性别", "男"),
            ("outpatient_no", "门诊号", "M0042711"),
            ("insurance_type", "医保类型", "城镇职工"),
            ("fund_payment", "医保统筹基金支付", "0.00"),
            ("account_payment", "个人账户支付", "0.00"),
            ("cash_payment", "个人现金支付", TOTAL),
            ("total_in_words", "金额合计（大写）", "贰佰肆拾捌元捌角玖分"),
            ("total_amount", "（小写）", TOTAL),
        ),
        {
            "issue_date": {
                "text": "",
                "raw": "2O26-02-l7",
                "sure": 0.41,
                "candidates": [("2026-02-17", 0.7)],
            },
            "payer_name": {"sure": 0.52, "candidates": [("张小祥", 0.31)]},
            "total_amount": {"witnesses": ("qr",)},
            "invoice_number": {"witnesses": ("qr",)},
        },
        subtype="e_bill",
    )
    certificate = _form(
        f"证明{number}.jpg",
        "diagnosis_certificate",
        "诊断证明书",
        (
            ("patient_name", "姓名", PERSON),
            ("sex", "性别", "男"),
            ("age", "年龄", "46"),
            ("department", "科别", "呼吸内科"),
            ("hospital_name", "医院", HOSPITAL),
            ("diagnoses", "诊断", "急性上呼吸道感染"),
            ("advice", "处理意见", "休息三天，多饮水"),
            ("doctor_name", "医师", "李样本"),
            ("issue_date", "日期", "2026-02-17"),
        ),
        {
            "diagnoses": {
                "text": "急性上呼吸道感梁",
                "sure": 0.47,
                "candidates": [("急性上呼吸道感染", 0.4)],
            }
        },
        seal="诊断专用章",
    )
    listed = _list(f"清单{number}.jpg", ROWS, TOTAL, {2: {"amount": "87.20"}, 5: {"unit_price": "72.50"}})
    return bill, listed, certificate


# ---------------------------------------------------------------- a large one


@cache
def _large_papers(number: str, rows: int) -> tuple[Drawn, ...]:
    given = [ROWS[at % len(ROWS)] for at in range(rows)]
    total = str(sum((Decimal(row[4]) for row in given), Decimal(0)))
    bill = _form(
        f"票-{number}.jpg",
        "outpatient_invoice",
        "医疗门诊收费票据（电子）",
        (
            ("invoice_code", "票据代码", "11060126"),
            ("invoice_number", "票据号码", f"012771239{number}"),
            ("check_code", "校验码", "3f9a2b"),
            ("issue_date", "开票日期", "2026-02-17"),
            ("payer_name", "交款人", PERSON),
            ("payee_name", "收款单位", HOSPITAL),
            ("visit_date", "就诊日期", "2026-02-17"),
            ("total_amount", "（小写）", total),
        ),
        {"payer_name": {"sure": 0.52}, "total_amount": {"witnesses": ("qr",)}},
        subtype="e_bill",
    )
    patient: tuple[Given, ...] = (
        ("patient_name", "姓名", PERSON),
        ("hospital_name", "医院", HOSPITAL),
        ("diagnoses", "诊断", "急性上呼吸道感染"),
        ("issue_date", "日期", "2026-02-17"),
    )
    return (
        bill,
        _list(f"清单-{number}.jpg", given, total, {rows // 2: {"amount": "987.20"}}, pitch=15),
        _form(f"证明-{number}.jpg", "diagnosis_certificate", "诊断证明书", patient, {}, seal="诊断专用章"),
        _form(f"处方-{number}.jpg", "prescription", "处方笺", patient, {}),
        _form(
            f"证件-{number}.jpg",
            "id_card",
            "居民身份证",
            (
                ("name", "姓名", PERSON),
                ("sex", "性别", "男"),
                ("id_number", "公民身份号码", "11010519491231002X"),
            ),
            {},
        ),
    )


# ---------------------------------------------------------------- drawing


def _form(
    file: str,
    document_type: str,
    title: str,
    given: Sequence[Given],
    read: dict[str, dict[str, object]],
    *,
    subtype: str | None = None,
    seal: str = "",
) -> Drawn:
    """A paper of labels and values in two columns; `read` says what was read otherwise than printed."""
    sheet = Sheet()
    sheet.write(title, 560, 60, 44)
    fields: dict[str, AnyField] = {}
    for at, (name, label, printed) in enumerate(given):
        x, y = 120 + 720 * (at % 2), 180 + 74 * (at // 2)
        label_box = sheet.write(f"{label}：", x, y)
        box = sheet.write(printed, label_box.x1 + 8, y)
        options = dict(read.get(name, {}))
        text = str(options.pop("text", printed))
        fields[name] = read_as(name, text, box, **options)  # type: ignore[arg-type]
    made = replace(
        paper(document_type, subtype, file=file, title=title),
        pages=(sheet.size,),
        fields=fields,
        seals=(sheet.seal(seal, 1240, 860, 120),) if seal else (),
    )
    return Drawn(repaired(made), sheet)


COLUMNS = ((120, "name"), (760, "unit"), (900, "quantity"), (1080, "unit_price"), (1300, "amount"))


def _list(
    file: str,
    given: Sequence[tuple[str, str, str, str, str]],
    total: str,
    read: dict[int, dict[str, str]],
    pitch: int = 58,
) -> Drawn:
    """An itemized bill; `read` says, by row and column, what was read otherwise than printed."""
    size = min(26, pitch - 3)
    sheet = Sheet(height=max(1100, 420 + pitch * len(given)))
    sheet.write("门诊费用清单", 620, 60, 44)
    fields = {}
    for x, name, label, value in (
        (120, "patient_name", "姓名", PERSON),
        (620, "hospital_name", "医院", HOSPITAL),
        (1120, "period_start", "日期", "2026-02-17"),
    ):
        label_box = sheet.write(f"{label}：", x, 160)
        fields[name] = read_as(name, value, sheet.write(value, label_box.x1 + 8, 160))
    fields["period_end"] = fields["period_start"]
    for (x, _), heading in zip(COLUMNS, ("项目名称", "单位", "数量", "单价", "金额"), strict=True):
        sheet.write(heading, x, 230)
    sheet.line(100, 276, 1500, 276)
    items = []
    for at, cells in enumerate(given):
        y = 290 + pitch * at
        parts = {}
        for (x, name), printed in zip(COLUMNS, cells, strict=True):
            box = sheet.write(printed, x, y, size)
            parts[name] = read_as(name, read.get(at, {}).get(name, printed), box)
        items.append(LineItem(1, **parts))  # type: ignore[arg-type]
    y = 300 + pitch * len(given)
    label_box = sheet.write("合计：", 1080, y)
    fields["total_amount"] = read_as("total_amount", total, sheet.write(total, label_box.x1 + 8, y))
    made = replace(
        paper("itemized_bill", file=file, title="门诊费用清单"),
        pages=(sheet.size,),
        fields=fields,
        items=tuple(items),
    )
    return Drawn(repaired(made), sheet)
