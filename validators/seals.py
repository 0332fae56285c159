"""The seal that a paper must bear, and whether the paper looks like an original at all.

A seal that was not found sends nothing away: a person looks (domain rule R-SEAL-1 asks for review). A paper
without colours tells nothing of its seals, so the rules say that they cannot tell.
"""

from __future__ import annotations

from pipeline.model import Document
from validators._rule import Verdict, document_rule, failed, passed, unknown

_SEALED = (
    "itemized_bill",
    "diagnosis_certificate",
    "outpatient_invoice",
    "inpatient_invoice",
    "prescription",
)


@document_rule(
    "R-SEAL-1",
    *_SEALED,
    title="单据盖有应有的印章",
    basis="手工报销材料要求：清单盖公章，诊断证明盖诊断专用章，票据盖医院章或收费章，外购药处方盖外购药专用章",
    severity="warn",
    about="claim",
)
def required_seal_is_present(document: Document) -> Verdict | None:
    """The seal that the paper must bear is on it."""
    required = document.required_seal
    if required is None:
        return None
    if required.presence == "present":
        return passed("required_seal")
    if required.presence == "unknown":
        return unknown(f"无法判断是否盖有{required.wanted}：{required.why}", "required_seal")
    instead = f"只见{'、'.join(required.others)}" if required.others else "未见任何彩色印章"
    return failed(f"未见{required.wanted}（{instead}），请人工查看原件", "required_seal")


@document_rule(
    "R-MAT-2",
    *_SEALED,
    title="单据是盖有彩色印章的原件",
    basis="手工报销材料要求：票据、清单、处方、诊断证明须为原件",
    severity="warn",
    about="claim",
)
def paper_is_no_copy(document: Document) -> Verdict | None:
    """An original bears a seal in colour; a copy in colours bears none, one without colours tells nothing."""
    required = document.required_seal
    if required is None:
        return None
    if document.seals:
        return passed("required_seal")
    if required.presence == "unknown":
        return unknown(f"无法判断是否原件：{required.why}", "required_seal")
    return failed("彩色影像上没有印章，可能是复印件，请人工查看原件", "required_seal")
