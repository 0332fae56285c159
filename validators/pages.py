"""What lies on a page: one paper, or several beside each other."""

from __future__ import annotations

from pipeline.model import Document
from validators._rule import Verdict, document_rule, failed, passed

_ROW_PARTS = ("name", "specification", "unit", "quantity", "unit_price", "amount", "category")


@document_rule("PAGE-1", title="一页上只有一份单据", basis="整页影像逐份识别")
def one_paper_lies_on_a_page(document: Document) -> Verdict | None:
    """Where a page bears several titles, nobody knows which value belongs to which paper."""
    if document.titles == 0:
        return None
    if document.titles == 1:
        return passed()
    paths = [f"fields.{name}" for name in document.fields]
    paths += [
        f"line_items[{number}].{part}"
        for number, row in enumerate(document.items)
        for part in _ROW_PARTS
        if getattr(row, part) is not None
    ]
    return failed(
        f"一页上有 {document.titles} 个单据标题，可能是几份单据放在一起扫描或拍照，各值无法归到哪一份；"
        "请分开扫描，或由人工逐份录入",
        *paths,
    )
