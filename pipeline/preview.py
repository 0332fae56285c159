"""What a held submission says before it is submitted: its papers, their claims, what is missing.

It lies beside what was read, in the work folder of the submission, and is gone when the claims are in the
store.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

# pydantic reads a TypedDict of `typing` from Python 3.12 on only.
from typing_extensions import TypedDict

from extractors import field_names
from pipeline.close_ups import CloseUpRecord
from pipeline.model import Document
from pipeline.records import ClaimRecord, DocumentRecord, ErrorRecord, document_record, error_record
from pipeline.scan import Kept
from pipeline.store.submissions import Submission
from pipeline.submitted_claims import Assembled
from pipeline.whole_files import write_all

FILE = "preview.json"


class Preview(TypedDict):
    """What the files of a held submission say, in the rows of the contract.

    `files` are the hashes of the files that were read: where the submission has others by now, it is being
    read anew. `claims` are those that the papers would make or be added to.
    """

    files: list[str]
    documents: list[DocumentRecord]
    claims: list[ClaimRecord]
    errors: list[ErrorRecord]
    close_ups: list[CloseUpRecord]


def preview_of(
    submission: Submission,
    kept: Kept,
    claims: Sequence[Assembled],
    others: Sequence[Document],
    close_ups: Sequence[CloseUpRecord],
) -> Preview:
    """The preview of a submission that was read.

    Args:
        submission: As it was read.
        kept: What was read.
        claims: Those that its papers make beside the stored ones.
        others: Its papers that are in none of them.
        close_ups: What became of its close-ups.
    """
    sent = {document.id for document in kept.documents()}
    papers = [paper for claim in claims for paper in claim.documents if paper.id in sent]
    papers += [paper for paper in others if paper.id not in {one.id for one in papers}]
    return {
        "files": [file.sha256 for file in submission.files],
        "documents": [document_record(paper, field_names(paper.type)) for paper in papers],
        "claims": [claim.record for claim in claims],
        "errors": [error_record(row) for row in kept.unread()],
        "close_ups": list(close_ups),
    }


def write_preview(work_folder: Path, preview: Preview) -> None:
    """Keep a preview in the work folder of its submission, whole or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    write_all(work_folder, {FILE: json.dumps(preview, ensure_ascii=False)})


def read_preview(work_folder: Path) -> Preview | None:
    """The preview that is kept in a work folder; None where there is none (any more)."""
    try:
        text = (work_folder / FILE).read_text("utf-8")
    except FileNotFoundError:
        return None
    return cast("Preview", json.loads(text))
