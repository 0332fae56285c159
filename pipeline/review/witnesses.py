"""What speaks for a value, and what against it, each in one sentence: the witness bar.

A value has its own reading for a witness and whatever reading and rules noted with it (`Field.witnesses`);
against it speak sums that do not close with it and a second look that read something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import get_args

from pipeline.confidence.evidence import PROVING_RULES, REGISTERED
from pipeline.corrections import REVIEWER
from pipeline.model import AnyField, Document, LineItem, Origin
from pipeline.renditions import WITNESS
from pipeline.review.names import said
from pipeline.review.records import Witness, WitnessKind
from pipeline.store.accounts import Language

IN_WORDS = "V-1"
"""The rule by which the capitals speak."""
SECOND_PRINT = "second_print"
"""Witness of a number that a VAT invoice prints twice."""

KINDS: tuple[WitnessKind, ...] = get_args(WitnessKind)

BY_ORIGIN: Mapping[Origin, tuple[WitnessKind, str, str]] = MappingProxyType(
    {
        "ocr": ("ocr", "图像识别读出", "read by OCR"),
        "text_layer": ("text_layer", "文件自带的文字层写明", "stated by the file's own text"),
        "xml": ("text_layer", "票据 XML 写明", "stated by the XML of the bill"),
        "ofd": ("text_layer", "OFD 版式文件写明", "stated by the OFD file"),
        "qr": ("qr", "二维码写明", "stated by the QR code"),
        "rule": (
            "arithmetic",
            "由算式推得，票面另有读法",
            "worked out from sums; the print was read otherwise",
        ),
        "reviewer": ("person", "人工录入或确认", "typed or confirmed by a person"),
    }
)

STATED: Mapping[str, tuple[WitnessKind, str, str]] = MappingProxyType(
    {
        "qr": ("qr", "二维码写明相同", "the QR code states the same"),
        "xml": ("text_layer", "票据 XML 写明相同", "the XML of the bill states the same"),
        "ofd": ("text_layer", "OFD 版式文件写明相同", "the OFD file states the same"),
    }
)
"""What a machine-readable part of the paper says beside the print."""

SUMS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "V-1": ("大写金额", "the amount in capitals"),
        "V-2": ("分类合计", "the sum of the categories"),
        "V-3": ("明细合计", "the sum of the rows"),
        "V-4": ("各方支付之和", "the sum of what was paid"),
        "V-5": ("个人负担与个人支付", "what the person bore and paid"),
        "V-6": ("自付一与自付二之和", "self-pay 1 and self-pay 2"),
        "V-7": ("分类自负与自负之和", "the two parts of self-pay"),
        "V-8": ("预缴、补缴与退费", "prepayment, top-up and refund"),
        "V-9": ("数量乘单价", "quantity times price"),
        "VAT-1": ("不含税金额加税额", "the amount before tax plus tax"),
    }
)
"""What each proving rule weighs a value against."""


def witnesses_of(
    field: AnyField, path: str, broken: Iterable[str], row: LineItem | None, language: Language
) -> list[Witness]:
    """What speaks for a value and against it, in the order of the witness bar.

    Args:
        field: The value.
        path: Where on its paper it stands.
        broken: The ids (`V-3`) of proving rules that fail and name it.
        row: The row that it stands in.
        language: Of the sentences.
    """
    found = [*_from_reading(field), *_from_others(field), *_against(field, broken)]
    if row is not None and path.endswith(".name"):
        found += _from_lists(row)
    told: list[Witness] = [
        {"kind": kind, "agrees": agrees, "says": said(chinese, english, language)}
        for kind, agrees, chinese, english in found
    ]
    return sorted(told, key=lambda one: (KINDS.index(one["kind"]), not one["agrees"]))


def broken_sums(document: Document) -> dict[str, list[str]]:
    """The proving rules that fail on a paper, by the path of each value that they name."""
    found: dict[str, list[str]] = {}
    for finding in document.findings:
        rule = finding.rule.partition(".")[0]
        if finding.outcome == "fail" and rule in PROVING_RULES:
            for path in finding.fields:
                found.setdefault(path, []).append(rule)
    return found


def _from_reading(field: AnyField) -> Iterator[tuple[WitnessKind, bool, str, str]]:
    kind, chinese, english = BY_ORIGIN[field.origin]
    if field.value is not None or field.origin == REVIEWER:
        yield kind, True, chinese, english
    if field.reading is not None and field.reading.seconded > 0:
        yield "second_look", True, "再次识别读出相同", "a second look read the same"
    if field.reading is not None and field.reading.contradicted > 0:
        yield "second_look", False, "再次识别读出不同", "a second look read something else"


def _from_others(field: AnyField) -> Iterator[tuple[WitnessKind, bool, str, str]]:
    for witness in dict.fromkeys(field.witnesses):
        if witness in SUMS:
            chinese, english = SUMS[witness]
            yield _kind_of(witness), True, f"{chinese}相符 ({witness})", f"{english} agrees ({witness})"
        elif witness in STATED and witness != field.origin:
            kind, chinese, english = STATED[witness]
            yield kind, True, chinese, english
        elif witness == REGISTERED:
            yield "catalog", True, "医院名录中有此名称", "the list of hospitals has this very name"
        elif witness.startswith(f"{WITNESS}:"):
            yield (
                "rendition",
                True,
                "同一单据的另一影像读出相同",
                "another picture of the paper reads the same",
            )
        elif witness == SECOND_PRINT:
            yield "ocr", True, "票面另一处印有相同号码", "printed a second time on the paper"


def _against(field: AnyField, broken: Iterable[str]) -> Iterator[tuple[WitnessKind, bool, str, str]]:
    for rule in dict.fromkeys(broken):
        if rule not in field.witnesses:
            chinese, english = SUMS[rule]
            yield _kind_of(rule), False, f"{chinese}不符 ({rule})", f"{english} does not agree ({rule})"


def _from_lists(row: LineItem) -> Iterator[tuple[WitnessKind, bool, str, str]]:
    match = row.catalog
    if match is not None and match.status == "matched" and match.name:
        kind = match.reimbursement_class or ""
        yield (
            "catalog",
            True,
            f"医保目录：{match.name} {kind}".strip(),
            f"in the lists: {match.name} {kind}".strip(),
        )


def _kind_of(rule: str) -> WitnessKind:
    return "capitals" if rule == IN_WORDS else "arithmetic"
