"""Every string that the evaluation shows, Chinese and English side by side."""

from __future__ import annotations

from typing import Final

from pipeline.report.messages import MESSAGES

SPLITS: Final[dict[str, tuple[str, str]]] = {
    "level": ("难度", "level"),
    "type": ("类型", "type"),
    "source": ("来源", "source"),
    "container": ("载体", "container"),
    "layout": ("版式", "layout"),
    "type_level": ("类型×难度", "type × level"),
}
VALUES: Final[dict[str, tuple[str, str]]] = {
    "unknown": ("未注明", "not told"),
    "clean": ("原件", "clean"),
    "scan": ("扫描", "scan"),
    "photo": ("拍照", "photo"),
    "hard": ("疑难", "hard"),
    "single": ("单份", "single"),
    "batch": ("多份合订", "batch"),
    "zip": ("压缩包", "ZIP"),
    "several_on_page": ("一页多份", "several on a page"),
    "strewn": ("一页散放", "strewn on a page"),
    "text_layer": ("文字层", "text layer"),
    "ofd": ("OFD", "OFD"),
    "xml": ("XML", "XML"),
    "picture": ("图像识别", "picture (OCR)"),
    "all": ("全部", "all"),
}
KINDS: Final[dict[str, tuple[str, str]]] = {
    "all": ("全部", "all"),
    "money": ("金额", "money"),
    "date": ("日期", "date"),
    "number": ("号码与数量", "number"),
    "name": ("名称", "name"),
    "text": ("文本", "text"),
    "choice": ("选项", "choice"),
}
FAULTS: Final[dict[str, tuple[str, str]]] = {
    "wrong": ("读错", "wrong"),
    "missed": ("未读出", "missed"),
    "made_up": ("多读", "made up"),
    "not_read": ("整份未读", "paper not read"),
}
COLUMNS: Final[tuple[tuple[str, str], ...]] = (
    ("份数", "papers"),
    ("类型", "type"),
    ("关键字段最低", "lowest key field"),
    ("五项全对", "all five"),
    ("明细 F1", "rows F1"),
    ("直通", "straight"),
    ("整份通过", "accepted"),
    ("字段误放 ‰ (≤)", "fields wrong"),
    ("明细误放 ‰ (≤)", "rows wrong"),
    ("校准误差", "ECE"),
)


def named(value: str) -> tuple[str, str]:
    """A level, type, layout … in both languages; of `type/level` both parts."""
    if value in VALUES:
        return VALUES[value]
    if value in FAULTS:
        return FAULTS[value]
    if "/" in value:
        parts = [named(part) for part in value.split("/")]
        return " · ".join(part[0] for part in parts), " · ".join(part[1] for part in parts)
    if f"type.{value}" in MESSAGES:
        return MESSAGES[f"type.{value}"][0], value
    return field_name(value)


def field_name(name: str) -> tuple[str, str]:
    """A field, a part of a row or a whole row in both languages."""
    own = {"row": "整行", "name": "名称", "quantity": "数量", "unit": "单位", "amount": "金额"}
    own |= {"unit_price": "单价", "specification": "规格", "category": "类别", "insurance_class": "甲乙丙类"}
    printed = MESSAGES.get(f"field.{name}")
    return (own.get(name) or (printed[0] if printed else name)), name
