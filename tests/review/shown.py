"""A claim as the review screen gets it, with no more of it than tests of the second stage look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.confidence.evidence import LINE_PARTS
from pipeline.model import AnyField, Document
from pipeline.records import value_text
from pipeline.review.records import PaperRecord, Place, ReviewRecord, RowRecord, ValueRecord


def value_record(path: str, field: AnyField) -> ValueRecord:
    name = path.rpartition(".")[2]
    text = None if field.value is None else value_text(name, field.value)
    return {
        "path": path,
        "name": name,
        "label": name,
        "kind": "text",
        "choices": [],
        "value": text,
        "raw": field.text,
        "confidence": field.confidence,
        "characters": [],
        "status": field.status,
        "source": field.origin,
        "page": field.page,
        "box": None,
        "candidates": [{"value": one.value, "confidence": one.confidence} for one in field.candidates],
        "witnesses": [
            {"kind": "qr" if one == "qr" else "arithmetic", "agrees": True, "says": one}
            for one in field.witnesses
        ],
        "doubts": ["unsure"] if field.status == "review" and field.origin != "reviewer" else [],
        "required": False,
        "answered": "value" if field.origin == "reviewer" else None,
        "masked": False,
        "draft": None,
    }


def paper_record(document: Document) -> PaperRecord:
    rows: list[RowRecord] = [
        {
            "index": number,
            "page": 1,
            "cells": {
                part: value_record(f"line_items[{number}].{part}", cell)
                for part in LINE_PARTS
                if (cell := getattr(row, part)) is not None
            },
            "catalog": {
                "kind": None,
                "code": None,
                "name": None,
                "reimbursement_class": None,
                "status": "unmatched",
                "score": 0.0,
                "why": "",
            },
        }
        for number, row in enumerate(document.items)
    ]
    return {
        "document_id": document.id,
        "document_type": document.type,
        "type_name": document.type,
        "title": document.title,
        "file": document.file.name,
        "status": document.status,
        "rendition_of": document.rendition_of or None,
        "region": None,
        "pages": [],
        "fields": [value_record(f"fields.{name}", field) for name, field in document.fields.items()],
        "line_items": rows,
        "category_totals": [],
        "balances": [
            {
                "rule": "V-3",
                "label": "明细合计",
                "left": "34.05",
                "right": "34.05",
                "difference": "0.00",
                "closes": True,
            }
        ],
        "repairs": [],
    }


def review_record(
    documents: Sequence[Document], todo: Sequence[Place] = (), person: Mapping[str, str | None] | None = None
) -> ReviewRecord:
    return {
        "claim_id": "C-1",
        "version": 1,
        "state": "second_review",
        "state_name": "复审",
        "case_type": "emergency_no_card",
        "person": dict(person or {"name": "张三"}),
        "hospital": "北京样例医院",
        "visit": "2026-02-17",
        "declared": "34.05",
        "payout": {"low": "1.00", "high": "2.00"},
        "risk": "0.00",
        "urgent": False,
        "settle_by": None,
        "assigned_to": None,
        "blind": False,
        "lease": {"holder": None, "mine": False, "until": None},
        "papers": [paper_record(document) for document in documents],
        "checks": [
            {
                "key": 1,
                "rule": "V-3",
                "name": "明细之和",
                "outcome": "fail",
                "severity": "warn",
                "message": "34.05",
                "places": [{"document_id": documents[0].id, "path": "fields.total_amount"}],
                "overridden_by": None,
                "override_reason": None,
                "may_override": False,
            }
        ],
        "todo": list(todo),
        "missing_materials": [],
        "steps": [],
    }


def values_of(record: ReviewRecord) -> dict[tuple[str, str], ValueRecord]:
    """All values of a record by place."""
    return {
        (paper["document_id"], value["path"]): value
        for paper in record["papers"]
        for value in (
            *paper["fields"],
            *(cell for row in paper["line_items"] for cell in row["cells"].values()),
        )
    }
