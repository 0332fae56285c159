"""What is told of an upload: how far it is, and what its papers say, persons masked as the reader may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from pipeline.close_ups import CloseUpRecord
from pipeline.field_kinds import COUNT_FIELDS, MONEY_FIELDS, is_date
from pipeline.gate import PageQuality
from pipeline.life import STATE_NAMES, State
from pipeline.preview import Preview
from pipeline.progress.masking import MASKS, masked_field, masked_text
from pipeline.records import ClaimRecord, DocumentRecord, ErrorRecord
from pipeline.report.messages import MESSAGES
from pipeline.store.page_progress import PageProgress
from pipeline.store.submissions import SUBMISSION_STATE_NAMES, ReceivedFile, Submission, SubmissionState
from pipeline.store.upload_results import ClaimOfUpload
from pipeline.uploading import close_ups_in, papers_in

SHOWN = frozenset(
    {
        *MONEY_FIELDS,
        *COUNT_FIELDS,
        *("invoice_code", "invoice_number", "check_code", "total_in_words", "payee_name", "hospital_name"),
        *("institution_type", "department", "insurance_type", "bank_name"),
    }
)
"""Fields that tell nothing of a person; days but that of birth are shown too."""


class CloseUpSentRecord(TypedDict):
    """A close-up that was sent: its page, and the gate's word on it; null: it is not judged yet."""

    page: int
    quality: list[PageQuality] | None


class SentFileRecord(TypedDict):
    """A file of an upload: its place (from 1), the gate's word on its pages, close-ups of them.

    `quality` is null while it is not judged.
    """

    number: int
    name: str
    size: int
    quality: list[PageQuality] | None
    close_ups: list[CloseUpSentRecord]


class PagesRecord(TypedDict):
    """Pages read, of so many that are known so far."""

    done: int
    total: int


class UploadRecord(TypedDict):
    """How far an upload is. `has_result` says whether `…/result` has something to say of it as it stands."""

    upload: str
    state: SubmissionState
    state_name: str
    reference: str | None
    for_claim: str | None
    received_at: str
    files: list[SentFileRecord]
    pages: PagesRecord | None
    has_result: bool
    failure: str | None


class AcceptedRecord(TypedDict):
    """An upload that was taken: where to ask for it. `quality` is null where it takes longer to tell."""

    upload: str
    state: SubmissionState
    status_url: str
    events_url: str
    result_url: str
    quality: list[PageQuality] | None


class PrefilledRecord(TypedDict):
    """A field as it was read: printed name in Chinese and English, value, how sure."""

    name: str
    label: str
    label_en: str
    value: str | None
    status: str
    confidence: float


class PaperRecord(TypedDict):
    """A paper and the fields that were read on it."""

    document_id: str
    document_type: str
    type_name: str
    type_name_en: str
    file: str
    pages: list[int]
    status: str
    fields: list[PrefilledRecord]


class UploadClaimRecord(TypedDict):
    """A claim that the papers are in; `claim_id` and `state` are null while the upload is held."""

    claim_id: str | None
    state: str | None
    state_name: str | None
    declared_amount: str | None
    missing_materials: list[str]


class ResultRecord(TypedDict):
    """What an upload gave: while it is held, what it would give."""

    upload: str
    state: SubmissionState
    ready: bool
    documents: list[PaperRecord]
    claims: list[UploadClaimRecord]
    errors: list[ErrorRecord]
    close_ups: list[CloseUpRecord]


def upload_record(
    submission: Submission,
    quality: Callable[[ReceivedFile], list[PageQuality] | None],
    progress: PageProgress | None,
    *,
    has_result: bool,
) -> UploadRecord:
    """How far an upload is.

    Args:
        submission: As the store has it.
        quality: The gate's word on a file, where there is one.
        progress: How many pages are read, where somebody has begun.
        has_result: Whether there is something to show.
    """
    return {
        "upload": submission.id,
        "state": submission.state,
        "state_name": SUBMISSION_STATE_NAMES[submission.state],
        "reference": submission.reference,
        "for_claim": submission.for_claim,
        "received_at": _moment(submission.received_at),
        "files": [
            {
                "number": number,
                "name": file.name,
                "size": file.size,
                "quality": quality(file),
                "close_ups": [
                    {"page": page, "quality": quality(one)}
                    for page, one in close_ups_in(submission, file.name)
                ],
            }
            for number, file in enumerate(papers_in(submission), 1)
        ],
        "pages": None if progress is None else {"done": progress.done, "total": progress.total},
        "has_result": has_result,
        "failure": submission.failure,
    }


def accepted_record(submission: Submission, quality: list[PageQuality] | None) -> AcceptedRecord:
    """What a sender is told at once."""
    where = f"/uploads/{submission.id}"
    return {
        "upload": submission.id,
        "state": submission.state,
        "status_url": where,
        "events_url": f"{where}/events",
        "result_url": f"{where}/result",
        "quality": quality,
    }


def previewed(submission: Submission, preview: Preview | None, *, unmasked: bool) -> ResultRecord:
    """What an upload that is held would give; of files that changed since, nothing is said."""
    if preview is None or preview["files"] != [file.sha256 for file in submission.files]:
        return _result(submission)
    record = _result(submission)
    record["ready"] = True
    record["documents"] = [_paper(row, unmasked=unmasked) for row in preview["documents"]]
    record["claims"] = [_claim(row, None) for row in preview["claims"]]
    record["errors"] = preview["errors"]
    record["close_ups"] = preview["close_ups"]
    return record


def result_record(
    submission: Submission,
    papers: list[DocumentRecord],
    claims: list[ClaimOfUpload],
    errors: list[ErrorRecord],
    *,
    unmasked: bool,
) -> ResultRecord:
    """What an upload gave, as the store has it now."""
    record = _result(submission)
    record["ready"] = submission.state in ("read", "failed")
    record["documents"] = [_paper(row, unmasked=unmasked) for row in papers]
    record["claims"] = [_claim(one.record, one.state) for one in claims]
    record["errors"] = errors
    return record


def _result(submission: Submission) -> ResultRecord:
    return {
        "upload": submission.id,
        "state": submission.state,
        "ready": False,
        "documents": [],
        "claims": [],
        "errors": [],
        "close_ups": [],
    }


def _paper(row: DocumentRecord, *, unmasked: bool) -> PaperRecord:
    chinese, english = MESSAGES.get(f"type.{row['document_type']}", (row["document_type"],) * 2)
    return {
        "document_id": row["document_id"],
        "document_type": row["document_type"],
        "type_name": chinese,
        "type_name_en": english,
        "file": row["source"]["file"],
        "pages": row["source"]["pages"],
        "status": row["status"],
        "fields": [
            {
                "name": name,
                "label": MESSAGES.get(f"field.{name}", (name, name))[0],
                "label_en": MESSAGES.get(f"field.{name}", (name, name))[1],
                "value": field["value"] if unmasked else masked(name, field["value"]),
                "status": field["status"],
                "confidence": field["confidence"],
            }
            for name, field in row["fields"].items()
            if field["value"] is not None
        ],
    }


def masked(name: str, value: str | None) -> str | None:
    """The value of a field as those see it who may not see persons; of one not known, that there is one.

    >>> masked("payer_name", "张小样"), masked("seal", "收费专用章"), masked("total_amount", "12.00")
    ('张**', '****', '12.00')
    """
    if name in MASKS:
        return masked_field(name, value)
    is_shown = name in SHOWN or is_date(name)
    return value if is_shown else masked_text(value)


def _claim(row: ClaimRecord, state: State | None) -> UploadClaimRecord:
    return {
        "claim_id": row["claim_id"] if state is not None else None,
        "state": state,
        "state_name": None if state is None else STATE_NAMES[state],
        "declared_amount": row["totals"].get("total_amount"),
        "missing_materials": row["missing_materials"],
    }


def _moment(moment: datetime) -> str:
    return moment.isoformat()
