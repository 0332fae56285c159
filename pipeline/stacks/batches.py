"""Stacks cut into batches and claims: by the sheets between papers and the labels on them.

A stack is what went through a feeder in one go, in one file or several (`pipeline.stacks.series`). Where none
of our sheets and labels is in it, nothing here applies and papers become claims by what they say.

Where separators or labels are used, they decide: papers between two of them are one claim, whatever they
say, and none joins another over a sheet. A paper that names somebody else stays where it was put and the
rules about a claim (R-NAME-1) say so: a stack that was put together wrongly is for a person to part.

A batch, and a claim, goes on from the end of one file to the beginning of the next. That is the one place
where papers have a say: where they name somebody else, or a file between the two is missing and they do not
name the same person, a claim of its own begins there, for nobody has seen that no separator was lost.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pipeline.model import BATCH_HEADER, BLANK, INVOICES, OTHER, SEPARATOR, Document
from pipeline.stacks.separators import BatchHeader, ClaimLabel, Separator, StackCode, find_code, first_of
from pipeline.stacks.series import files_by_stack, follows
from pipeline.text import compact_name, differing_characters
from validators.duplicates import bill_key

"""What a control total adds up: the bills, of which lists and settlements say the same money again."""


@dataclass(frozen=True, slots=True)
class StackPaper:
    """What of a document matters to its stack; light enough to be kept for each of a long run.

    `total` is its total amount in yuan, `other_totals` the other readings that it may have, and `sure` says
    that the total was accepted. `bill` is what makes a bill one and the same. `broken` names the rules that
    it fails, `titles` says how many papers have their head on one page of it.
    """

    document_id: str
    type: str
    subtype: str | None
    file: str
    pages: tuple[int, ...]
    codes: tuple[StackCode, ...] = ()
    person: str = ""
    total: Decimal | None = None
    sure: bool = False
    other_totals: tuple[Decimal, ...] = ()
    bill: tuple[str, ...] | None = None
    broken: tuple[str, ...] = ()
    titles: int = 0

    @staticmethod
    def of(document: Document) -> StackPaper:
        """The facts of a document as it was read and judged."""
        names = ("payer_name", "patient_name", "name")
        person = next((text for name in names if (text := document.text(name))), "")
        total = document.fields.get("total_amount")
        found = (find_code(text) for text in document.stack_codes)
        return StackPaper(
            document_id=document.id,
            type=document.type,
            subtype=document.subtype,
            file=document.file.name,
            pages=tuple(size.number for size in document.pages),
            codes=tuple(code for code in found if code is not None),
            person=compact_name(person),
            total=document.money("total_amount"),
            sure=total is not None and total.status == "accepted",
            other_totals=_amounts(total.candidates) if total is not None else (),
            bill=bill_key(document),
            broken=tuple(
                finding.rule
                for finding in document.findings
                if finding.outcome == "fail" and finding.severity == "block" and finding.about == "reading"
            ),
            titles=document.titles,
        )

    @property
    def page(self) -> int:
        """Its first page, counted from 1."""
        return self.pages[0] if self.pages else 1

    @property
    def is_sheet(self) -> bool:
        """Whether it is a separator or a header and no paper."""
        return self.type == OTHER and self.subtype in (SEPARATOR, BATCH_HEADER)

    @property
    def is_paper(self) -> bool:
        """Whether a control total counts it: no sheet of ours, no empty back."""
        return not self.is_sheet and self.type != BLANK

    @property
    def is_invoice(self) -> bool:
        """Whether a control total adds its amount up."""
        return self.type in INVOICES


def _amounts(candidates: Iterable[object]) -> tuple[Decimal, ...]:
    texts = (str(getattr(candidate, "value", "")) for candidate in candidates)
    return tuple(Decimal(text) for text in texts if re.fullmatch(r"-?\d{1,12}(\.\d{1,2})?", text))


@dataclass(slots=True)
class Part:
    """What lies between two sheets or under one label, in order; `opened_by` is the sheet before it."""

    opened_by: StackPaper | None = None
    label: str | None = None
    papers: list[StackPaper] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """What lies behind one header up to the next, or a stack without header.

    `header` is None with `sheet` where the header was told by its title and its code could not be read.
    """

    sheet: StackPaper | None = None
    header: BatchHeader | None = None
    parts: list[Part] = field(default_factory=lambda: [Part()])

    @property
    def papers(self) -> tuple[StackPaper, ...]:
        """What a control total counts, in order."""
        return tuple(paper for part in self.parts for paper in part.papers)

    @property
    def is_parted(self) -> bool:
        """Whether separators or labels say where claims end; else papers say it themselves."""
        return len(self.parts) > 1 or any(part.opened_by or part.label for part in self.parts)


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack in which a sheet or a label of ours was found; `all` is everything in it, in order."""

    name: str
    all: tuple[StackPaper, ...]
    batches: tuple[Batch, ...]

    def position(self, paper: StackPaper) -> int:
        """How many sheets down from the top of the stack the paper begins, counted from 1."""
        pages: dict[str, int] = {}
        for each in self.all:
            pages[each.file] = max(pages.get(each.file, 1), *each.pages, 1)
        above = itertools.takewhile(lambda file: file != paper.file, pages)
        return sum(pages[file] for file in above) + paper.page


@dataclass(frozen=True, slots=True)
class Place:
    """Where a paper lies: papers of different `scope` never join.

    `is_claim` says that all papers of the scope are one claim, `label` is the claim number on it, `batch`
    the number of the batch.
    """

    scope: str
    is_claim: bool
    label: str | None = None
    batch: str | None = None


def cut_stacks(papers: Iterable[StackPaper]) -> list[Stack]:
    """The stacks among the papers of a run that hold a sheet or a label of ours, in order."""
    made = []
    for name, members in _stacks(list(papers)).items():
        if any(paper.codes or paper.is_sheet for paper in members):
            made.append(Stack(name, tuple(members), tuple(_batches(members))))
    return made


def _stacks(papers: list[StackPaper]) -> dict[str, list[StackPaper]]:
    """Papers by stack, in the order of its files and of the pages in them."""
    by_file: dict[str, list[StackPaper]] = {}
    for paper in papers:
        by_file.setdefault(paper.file, []).append(paper)
    pages = {file: max(page for paper in own for page in (*paper.pages, 1)) for file, own in by_file.items()}
    return {
        name: [paper for file in files for paper in sorted(by_file[file], key=lambda paper: paper.page)]
        for name, files in files_by_stack(pages).items()
    }


def _batches(members: Sequence[StackPaper]) -> Iterator[Batch]:
    batch = Batch()
    is_of_files = any(
        max(paper.pages, default=1) > 1 for paper in members
    )  # of single pictures each page is a file
    for turn, paper in enumerate(members):
        ends = is_of_files and turn > 0 and members[turn - 1].file != paper.file
        if ends and not _goes_on(batch.parts[-1], members[turn - 1], members[turn:]):
            _open_part(batch, Part())
        header = first_of(paper.codes, BatchHeader)
        if header is not None or (paper.is_sheet and paper.subtype == BATCH_HEADER):
            if batch.sheet or batch.papers or batch.is_parted:
                yield batch
            batch = Batch(paper, header)
        elif _separates(paper):
            _open_part(batch, Part(opened_by=paper))
        label = first_of(paper.codes, ClaimLabel)
        if label is not None and label.number != batch.parts[-1].label:
            _open_part(batch, Part(batch.parts[-1].opened_by if _is_fresh(batch) else None, label.number))
        if paper.is_paper:
            batch.parts[-1].papers.append(paper)
    yield batch


def _goes_on(last: Part, before: StackPaper, coming: Sequence[StackPaper]) -> bool:
    """Whether what `last` gathers to the end of a file, where `before` lies, goes on in the next file.

    Args:
        last: What lies between the last sheet of the file and its end.
        before: The last paper of the file.
        coming: What follows from the first page of the next file on.
    """
    own = list(itertools.takewhile(lambda paper: paper.file == coming[0].file and not _cuts(paper), coming))
    ends_claim = any(_separates(paper) for paper in coming[len(own) : len(own) + 1])
    if not last.papers or not own or not (last.opened_by or last.label or ends_claim):
        return True  # there is nothing to part, or no sheet says where claims end
    person, next_person = _person(reversed(last.papers)), _person(own)
    if not person or not next_person:
        return follows(coming[0].file, before.file)
    return is_same_person(person, next_person)


def _person(papers: Iterable[StackPaper]) -> str:
    """Whom most of the papers name, of several the first; empty where none names anybody."""
    named = Counter(paper.person for paper in papers if paper.person)
    return max(named, key=named.__getitem__, default="")


def is_same_person(name: str, other: str) -> bool:
    """Whether two names are one; a character may be misread."""
    apart = differing_characters(name, other)
    return apart is not None and apart <= 1


def _cuts(paper: StackPaper) -> bool:
    return paper.is_sheet or bool(paper.codes)


def _separates(paper: StackPaper) -> bool:
    return first_of(paper.codes, Separator) is not None or (paper.is_sheet and paper.subtype == SEPARATOR)


def _is_fresh(batch: Batch) -> bool:
    return not batch.parts[-1].papers and batch.parts[-1].label is None


def _open_part(batch: Batch, part: Part) -> None:
    """Begin a part; a first part still empty gives way to it, and an empty one to its own label."""
    last = batch.parts[-1]
    takes_its_place = _is_fresh(batch) and (last.opened_by is None or part.label is not None)
    if takes_its_place:
        batch.parts[-1] = part
    else:
        batch.parts.append(part)


def places(stacks: Iterable[Stack]) -> Mapping[str, Place]:
    """Where each paper of the stacks lies, by document id."""
    found: dict[str, Place] = {}
    for stack in stacks:
        for number, batch in enumerate(stack.batches):
            said = batch.header.number if batch.header else None
            for turn, part in enumerate(batch.parts):
                after = batch.parts[turn + 1].opened_by if turn + 1 < len(batch.parts) else None
                # What lies before the first label, with no sheet at its end, was put together by nobody.
                is_claim = part.label is not None or part.opened_by is not None or after is not None
                place = Place(f"{stack.name}#{number}#{turn}", is_claim, part.label, said)
                found |= dict.fromkeys((paper.document_id for paper in part.papers), place)
    return found
