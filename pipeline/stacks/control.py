"""The control total of a batch: what its header states against what was found, and which sheet to pull.

A batch closes when it holds as many papers as its header says and its bills come to the same amount, to the
fen. Where it does not, each sheet that could be why is named with the reason, the likeliest first. Nothing
is repaired: a suspicion says where a person should look, and a batch that does not close is held.

Papers are counted as documents: a list of three sheets is one paper, an empty back and a sheet of ours none.
The same bill twice counts twice as a paper and once as money, as the rules about claims have it (R-DUP-1).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, TypeAlias

from pipeline.model import OTHER
from pipeline.stacks.batches import Batch, Part, Stack, StackPaper, is_same_person
from pipeline.stacks.separators import Separator, first_of

Cause: TypeAlias = Literal[
    "double_feed",
    "merged_tickets",
    "missed_separator",
    "failed_sum",
    "unread_amount",
    "fed_twice",
    "split_paper",
    "unread_header",
]

CAUSES: dict[Cause, tuple[str, str]] = {
    "double_feed": ("重张漏扫", "double feed"),
    "merged_tickets": ("多张票据并作一份", "merged tickets"),
    "missed_separator": ("漏扫分隔页", "missed separator"),
    "failed_sum": ("金额核算不符", "a sum that fails"),
    "unread_amount": ("金额未读准", "an amount read unsurely"),
    "fed_twice": ("重复扫描", "fed twice"),
    "split_paper": ("一份被拆成两份", "one paper taken for two"),
    "unread_header": ("首页条码未读出", "the header's code was not read"),
}
"""What each cause is called, Chinese and English."""

EXACT, STRONG, FAIR, WEAK = 0.95, 0.8, 0.5, 0.3
"""How much a suspicion says, to rank by and no probability: it makes the batch close to the fen; it explains
the difference in papers; it is what such a cause looks like; it is merely unsure itself."""

MOST_SUSPECTS = 5
"""Sheets named of one batch: with more a person counts the stack anew."""

MOST_LOST_SERIALS = 2
"""Separators of one print are numbered on; a gap of more is another print and no lost sheet."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A sheet that may be why a batch does not close. `why` is Chinese, then English."""

    paper: StackPaper
    cause: Cause
    why: str
    weight: float


@dataclass(frozen=True, slots=True)
class Control:
    """A batch with a header, held against what was found; amounts in yuan.

    `unread` counts the bills whose total could not be read; `found_amount` is then that of the others.
    """

    stack: Stack
    batch: Batch
    found_papers: int
    found_amount: Decimal
    unread: int
    suspects: tuple[Suspect, ...] = ()

    @property
    def missing_papers(self) -> int:
        """How many papers fewer than stated were found; negative where there are more."""
        return self.batch.header.papers - self.found_papers if self.batch.header else 0

    @property
    def missing_amount(self) -> Decimal:
        """How much less than stated was found; negative where it is more."""
        return self.batch.header.amount - self.found_amount if self.batch.header else Decimal(0)

    @property
    def is_closed(self) -> bool:
        """Whether papers and amount are those of the header."""
        return (
            self.batch.header is not None
            and not self.missing_papers
            and not self.missing_amount
            and not self.unread
        )


def controls(stacks: list[Stack]) -> list[Control]:
    """Each batch that has a header, held against it, in order."""
    return [
        control_of(stack, batch) for stack in stacks for batch in stack.batches if batch.sheet is not None
    ]


def control_of(stack: Stack, batch: Batch) -> Control:
    """The batch held against its header; where it does not close, with the sheets to look at."""
    bills = _distinct(batch)
    control = Control(
        stack,
        batch,
        found_papers=len(batch.papers),
        found_amount=sum((bill.total for bill in bills if bill.total is not None), Decimal(0)),
        unread=sum(bill.total is None for bill in bills),
    )
    return control if control.is_closed else replace(control, suspects=_ranked(control))


def _distinct(batch: Batch) -> list[StackPaper]:
    """The bills of the batch, each once, a surer reading before another."""
    bills = [paper for paper in batch.papers if paper.is_invoice]
    first: dict[tuple[str, ...], StackPaper] = {}
    for bill in sorted(bills, key=lambda bill: (bill.total is None, not bill.sure)):
        first.setdefault(bill.bill or (bill.document_id,), bill)
    return [bill for bill in bills if bill in first.values()]


def _ranked(control: Control) -> tuple[Suspect, ...]:
    """The suspects, the likeliest first, each sheet once; of equals the first in the stack."""
    found = [suspect for evidence in EVIDENCE for suspect in evidence(control)]
    place = {paper.document_id: turn for turn, paper in enumerate(control.stack.all)}
    found.sort(key=lambda one: (-one.weight, place[one.paper.document_id]))
    best: dict[str, Suspect] = {}
    for suspect in found:
        best.setdefault(suspect.paper.document_id, suspect)
    return tuple(best.values())[:MOST_SUSPECTS]


# ---------------------------------------------------------------- what speaks for a cause


def unread_header(control: Control) -> Iterator[Suspect]:
    """A header told by its title alone states nothing to hold the batch against."""
    if control.batch.header is None and control.batch.sheet is not None:
        why = "首页条码无法读出，应有份数和金额不明 / its code cannot be read: what it states is not known"
        yield Suspect(control.batch.sheet, "unread_header", why, EXACT)


def total_misread(control: Control) -> Iterator[Suspect]:
    """A total that was not read surely, or with another reading that makes the batch close."""
    short = control.missing_amount
    if not short and not control.unread:
        return
    for paper in _distinct(control.batch):
        if paper.total is None:
            yield Suspect(paper, "unread_amount", "合计未读出 / its total could not be read", STRONG)
            continue
        closing = paper.total + short
        if closing in paper.other_totals:
            why = (
                f"读作 {paper.total:.2f}，若为 {closing:.2f} 则整批相符 / with {closing:.2f} the batch closes"
            )
            yield Suspect(paper, "unread_amount", why, EXACT)
        elif paper.broken:
            why = f"{'、'.join(paper.broken)} 核算不符 / its own sums fail"
            yield Suspect(paper, "failed_sum", why, FAIR if control.missing_papers else STRONG)
        elif not paper.sure:
            why = f"合计 {paper.total:.2f} 有疑 / its total is not read surely"
            yield Suspect(paper, "unread_amount", why, WEAK if control.missing_papers else FAIR)


def total_against_its_list(control: Control) -> Iterator[Suspect]:
    """A bill whose list beside it says the amount with which the batch closes."""
    short = control.missing_amount
    if not short or control.missing_papers:
        return
    for part in control.batch.parts:
        listed = {paper.total for paper in part.papers if paper.type in _LISTS}
        for paper in part.papers:
            if paper.is_invoice and paper.total is not None and paper.total + short in listed:
                why = (
                    f"票据读作 {paper.total:.2f}，清单为 {paper.total + short:.2f}，按清单整批相符"
                    f" / with the total of its list the batch closes"
                )
                yield Suspect(paper, "failed_sum", why, EXACT)


_LISTS = ("itemized_bill", "settlement_sheet")


def bill_lost_beside_its_list(control: Control) -> Iterator[Suspect]:
    """A list without its bill: two sheets went through the feeder as one."""
    if control.missing_amount <= 0:
        return
    fewer = control.missing_papers > 0
    for part in control.batch.parts:
        billed = {paper.total for paper in part.papers if paper.is_invoice}
        for paper in part.papers:
            if paper.type not in _LISTS or paper.total is None or paper.total in billed:
                continue
            if paper.total == control.missing_amount:
                why = (
                    f"合计 {paper.total:.2f} 元，正是所差金额，而没有对应的票据 / its bill is what is missing"
                )
                yield Suspect(paper, "double_feed", why, EXACT)
            elif fewer:
                why = "有清单或结算单而无票据 / a list without its bill"
                yield Suspect(paper, "double_feed", why, FAIR)
        if fewer and control.batch.is_parted and part.papers and not billed:
            why = "该案卷没有票据 / a claim without any bill"
            yield Suspect(part.papers[0], "double_feed", why, FAIR)


def nothing_between_separators(control: Control) -> Iterator[Suspect]:
    """Two sheets of ours in a row where papers are missing: what lay between them was fed together."""
    if control.missing_papers <= 0:
        return
    parts = control.batch.parts
    for part, after in itertools.pairwise(parts):
        if not part.papers and part.opened_by is not None and after.opened_by is not None:
            where, short = _beside(part.opened_by, after.opened_by), control.missing_papers
            why = (
                f"与{where}的分隔页之间没有材料，而本批少 {short} 份"
                " / nothing lies between it and the separator before it"
            )
            yield Suspect(after.opened_by, "double_feed", why, STRONG)
    last = parts[-1]
    if len(parts) > 1 and not last.papers and last.opened_by is not None:
        why = "最后一张分隔页之后没有材料 / nothing lies behind the last separator"
        yield Suspect(last.opened_by, "double_feed", why, FAIR)


def several_on_one_page(control: Control) -> Iterator[Suspect]:
    """A page with the heads of several papers, which were read as one."""
    if control.missing_papers <= 0:
        return
    for paper in control.batch.papers:
        if paper.titles > 1:
            explains = paper.titles - 1 <= control.missing_papers
            why = f"同页有 {paper.titles} 个票头，只读作一份 / several heads on one page, read as one paper"
            yield Suspect(paper, "merged_tickets", why, STRONG if explains else FAIR)


def separator_lost(control: Control) -> Iterator[Suspect]:
    """A number left out among separators, or two persons between two of them."""
    parts = control.batch.parts
    for part, after in itertools.pairwise(parts):
        lost = _serials_between(part, after)
        if 0 < lost <= MOST_LOST_SERIALS and part.papers:
            why = f"到下一分隔页之间缺 {lost} 个编号 / separators leave out {lost} numbers behind it"
            weight = FAIR if control.missing_papers > 0 else WEAK
            yield Suspect(_first_of_another(part) or part.papers[-1], "missed_separator", why, weight)
    for part in parts if control.batch.is_parted else ():
        other = _first_of_another(part)
        if other is not None:
            why = "与同一案卷前面的材料姓名不同 / it names another person than the papers before it"
            yield Suspect(other, "missed_separator", why, FAIR)


def _serials_between(part: Part, after: Part) -> int:
    """How many numbers lie between those of two separators; 0 where one is not known or they go down."""
    codes = (first_of(one.opened_by.codes, Separator) if one.opened_by else None for one in (part, after))
    first, second = (code.serial if code is not None else 0 for code in codes)
    return max(0, second - first - 1) if first else 0


def _first_of_another(part: Part) -> StackPaper | None:
    """The first paper of somebody else than the first; one character misread is nobody else."""
    named = [paper for paper in part.papers if paper.person]
    return next((paper for paper in named[1:] if not is_same_person(named[0].person, paper.person)), None)


def one_too_many(control: Control) -> Iterator[Suspect]:
    """More papers than stated: one was fed twice, or its further sheet was taken for a paper."""
    seen: dict[tuple[str, ...], StackPaper] = {}
    before: StackPaper | None = None
    for paper in control.batch.papers if control.missing_papers < 0 else ():
        if before is not None and _may_be_torn(before, paper):
            why = f"可能是 {before.file} 末份材料的续页 / perhaps a further sheet of the paper before it"
            yield Suspect(paper, "split_paper", why, FAIR)
        if paper.bill is not None and paper.bill in seen:
            first = seen[paper.bill]
            why = f"与 {first.file} 第 {first.page} 页是同一票据 / the same bill as page {first.page}"
            yield Suspect(paper, "fed_twice", why, STRONG)
        elif paper.bill is not None:
            seen[paper.bill] = paper
        if before is not None and paper.type == OTHER and before.type != OTHER:
            why = "类别不明，可能是前一份的续页 / of no known type: perhaps a further sheet of the last"
            yield Suspect(paper, "split_paper", why, WEAK)
        before = paper


def _may_be_torn(before: StackPaper, paper: StackPaper) -> bool:
    """Whether a scanner may have begun a new file in the middle of a paper; bills have one sheet."""
    return before.file != paper.file and before.type == paper.type and not paper.is_invoice


def _beside(paper: StackPaper, other: StackPaper) -> str:
    """How a sentence about `other` calls the place of `paper`."""
    file = "" if paper.file == other.file else f" {paper.file} "
    return f"{file}第 {paper.page} 页"


EVIDENCE: tuple[Callable[[Control], Iterator[Suspect]], ...] = (
    unread_header,
    total_misread,
    total_against_its_list,
    bill_lost_beside_its_list,
    nothing_between_separators,
    several_on_one_page,
    separator_lost,
    one_too_many,
)
"""What is looked at, each on its own; a sheet is named with the strongest of what speaks against it."""


# ---------------------------------------------------------------- in words


def message(control: Control) -> str:
    """What a person must know of a held batch: both totals, the difference, and the sheet to pull."""
    header, batch = control.batch.header, control.batch
    said = "；".join(filter(None, (_difference(control), _pull(control))))
    if header is None:
        assert batch.sheet is not None
        return (
            f"{batch.sheet.file} 第 {batch.sheet.page} 页：批次首页的条码无法读出，"
            "本批暂不移交；请重扫首页或重新打印"
            " / the code of this batch header cannot be read, the batch is held; scan or print it anew"
        )
    return (
        f"批次 {header.number} 不平，暂不移交：应有 {header.papers} 份 {header.amount:.2f} 元，"
        f"实到 {control.found_papers} 份 {control.found_amount:.2f} 元；{said}"
        f" / batch {header.number} is held: {header.papers} papers and {header.amount:.2f} stated,"
        f" {control.found_papers} and {control.found_amount:.2f} found{_pull_english(control)}"
    )


def _difference(control: Control) -> str:
    short, amount = control.missing_papers, control.missing_amount
    parts = []
    if short:
        parts.append(f"{'少' if short > 0 else '多'} {abs(short)} 份")
    if amount:
        parts.append(f"{'少' if amount > 0 else '多'} {abs(amount):.2f} 元")
    if control.unread:
        parts.append(f"{control.unread} 份票据合计未读出")
    return "，".join(parts)


def _pull(control: Control) -> str:
    if not control.suspects:
        amount = control.missing_amount
        find = f"，先找金额为 {abs(amount):.2f} 元的票据" if amount else ""
        return f"没有可疑的页，请清点原件{find}"
    first = control.suspects[0]
    why = f"{CAUSES[first.cause][0]}：{_chinese(first.why)}"
    return f"请抽查 {first.paper.file} 第 {first.paper.page} 页（{why}）"


def _pull_english(control: Control) -> str:
    if not control.suspects:
        amount = control.missing_amount
        find = f" and look first for a bill of {abs(amount):.2f}" if amount else ""
        return f"; no sheet stands out, count the papers{find}"
    first = control.suspects[0]
    return f"; pull page {first.paper.page} of {first.paper.file} ({CAUSES[first.cause][1]})"


def _chinese(both: str) -> str:
    return both.partition(" / ")[0]
