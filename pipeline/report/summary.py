"""A run in numbers, counted while its documents pass by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.records import BatchRecord, ClaimRecord, DocumentRecord, ErrorRecord, FieldRecord
from pipeline.report.views import is_put_aside


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What only the caller knows of a run. All of it is printed as given; nothing is asked of the clock.

    `title` is what was scanned, `finished_at` a moment in any form, `version` that of the program. `files` is
    the number of inputs where the caller knows it; otherwise those seen are counted.
    """

    title: str = ""
    finished_at: str = ""
    version: str = ""
    files: int | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts of a run. Statuses and types are keys as in the contract; what did not occur is absent.

    `documents`, `by_status` and `by_type` count papers; what was put aside is none and counted by itself.
    """

    files: int = 0
    pages: int = 0
    documents: int = 0
    renditions: int = 0
    """Those of the documents that are further pictures of a paper: not used, their rows are not counted."""
    lines: int = 0
    claims: int = 0
    unreadable: int = 0
    by_status: Mapping[str, int] = field(default_factory=dict)
    by_type: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Document type -> status -> number, the most frequent type first."""
    claims_by_status: Mapping[str, int] = field(default_factory=dict)
    batches_held: tuple[str, ...] = ()
    """What is said of each batch that does not close."""
    put_aside: int = 0
    """Empty backs and sheets of ours, which are no papers of a claim."""
    fields: int = 0
    """Values read: of fields, and of the parts of rows."""
    fields_accepted: int = 0
    lines_by_catalog: Mapping[str, int] = field(default_factory=dict)
    """Line items by how they were found in the catalog: matched, ambiguous, unmatched."""

    @property
    def needing_review(self) -> int:
        """Documents that a person has to look at; an empty back is not one of them."""
        return self.by_status.get("review", 0)


class Tally:
    """Counts rows one by one; keeps a hash a page, never a row."""

    def __init__(self) -> None:
        self._files: set[int] = set()
        self._pages: set[int] = set()
        self._documents = Counter[tuple[str, str]]()
        self._claims = Counter[str]()
        self._lines = Counter[str]()
        self._renditions = 0
        self._errors = 0
        self._held: list[str] = []
        self._aside = 0
        self._fields = Counter[str]()

    def see_document(self, document: DocumentRecord) -> None:
        """Count a document, its pages and its rows."""
        source = document["source"]
        self._files.add(hash(source["file"]))
        self._pages.update(hash((source["file"], number)) for number in source["pages"])
        if is_put_aside(document):
            self._aside += 1
            return
        if document["rendition_of"]:  # not used: another picture of the paper is read for it
            self._renditions += 1
            self._documents[document["document_type"], "rejected"] += 1
            return
        self._documents[document["document_type"], document["status"]] += 1
        self._lines.update(line["catalog"]["status"] for line in document["line_items"])
        self._fields.update(field["status"] for field in _fields_of(document) if field["value"] is not None)

    def see_claim(self, claim: ClaimRecord) -> None:
        """Count a claim."""
        self._claims[claim["status"]] += 1

    def see_batch(self, batch: BatchRecord) -> None:
        """Note what is said of a batch that is held."""
        if batch["outcome"] == "held":
            self._held.append(batch["message"])

    def see_error(self, error: ErrorRecord) -> None:
        """Count an input that could not be read, wholly or in one page."""
        self._files.add(hash(error["file"]))
        self._errors += 1

    def summary(self, about: RunInfo) -> Summary:
        """What was counted so far."""
        totals = Counter[str]()
        by_status = Counter[str]()
        for (kind, status), number in self._documents.items():
            totals[kind] += number
            by_status[status] += number
        return Summary(
            files=len(self._files) if about.files is None else about.files,
            pages=len(self._pages),
            documents=totals.total(),
            renditions=self._renditions,
            lines=self._lines.total(),
            claims=self._claims.total(),
            unreadable=self._errors,
            by_status=dict(by_status),
            by_type={
                kind: {
                    status: self._documents[kind, status]
                    for status in ("accepted", "review", "rejected")
                    if self._documents[kind, status]
                }
                for kind, _ in sorted(totals.items(), key=lambda count: (-count[1], count[0]))
            },
            claims_by_status=dict(self._claims),
            batches_held=tuple(self._held),
            put_aside=self._aside,
            lines_by_catalog=dict(self._lines),
            fields=self._fields.total(),
            fields_accepted=self._fields["accepted"],
        )


def _fields_of(document: DocumentRecord) -> Iterator[FieldRecord]:
    yield from document["fields"].values()
    for line in document["line_items"]:
        yield from (line["name"], line["specification"], line["unit"], line["quantity"])
        yield from (line["unit_price"], line["amount"], line["category"], line["insurance_class"])
