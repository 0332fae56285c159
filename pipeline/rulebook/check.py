"""`baoxiao check`: runs the rules on claims and documents that are there already, without reading a paper."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

# pydantic reads a TypedDict of `typing` from Python 3.12 on only; one kind of TypedDict in the project.
from typing_extensions import TypedDict

from pipeline.case import Case
from pipeline.catalogs.catalog import Catalogs
from pipeline.earlier_bills import bill_line, bills_of_claim
from pipeline.errors import FolderUnusable, PlaceRefused
from pipeline.model import Finding, Outcome, Severity
from pipeline.office import Office
from pipeline.published_rows import WrongEncoding
from pipeline.rulebook.restored import (
    RestoredClaim,
    RestoredDocument,
    read_claims,
    read_documents,
)
from pipeline.settings import settings
from pipeline.verification import Verification, read_verifications
from validators import check_claim, check_document

app = typer.Typer()
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


class CheckedRow(TypedDict):
    """What a rule said: of which claim, of which document where it looked at one alone."""

    claim_id: str
    document_id: str | None
    rule: str
    outcome: Outcome
    severity: Severity
    message: str
    fields: list[str]


def checked(
    claims: Iterable[RestoredClaim],
    documents: Mapping[str, RestoredDocument],
    lists: Catalogs,
    today: date,
    by: Office,
    answers: Sequence[Verification] = (),
) -> Iterator[CheckedRow]:
    """What all rules say of claims and of their papers.

    Args:
        claims: All of whose papers are among `documents`.
        documents: By their published ids.
        lists: The catalogs in use.
        today: The day that counts as the present.
        by: The office whose rules hold.
        answers: Of the verification platform.
    """
    for claim in claims:
        papers = [documents[document_id] for document_id in claim.documents]
        for paper in papers:
            for finding in check_document(paper, today):
                yield _row(claim.claim_id, paper.id, finding)
        case = Case(papers, today, lists, claim.application, by, claim.claim_id, tuple(answers))
        for finding in check_claim(case):
            yield _row(claim.claim_id, None, finding)


def _row(claim_id: str, document_id: str | None, finding: Finding) -> CheckedRow:
    return {
        "claim_id": claim_id,
        "document_id": document_id,
        "rule": finding.rule,
        "outcome": finding.outcome,
        "severity": finding.severity,
        "message": finding.message,
        "fields": list(finding.fields),
    }


@app.command("check")
def check_claims(
    claims: Annotated[Path, typer.Argument(metavar="claims.jsonl", exists=True, dir_okay=False)],
    documents: Annotated[
        Path | None,
        typer.Option(
            "--documents",
            exists=True,
            dir_okay=False,
            help="默认为同一文件夹的 documents.jsonl / by default the one beside the claims",
        ),
    ] = None,
    place: Annotated[
        str | None, typer.Option("--place", help="按此地的规定，默认见设置 / whose rules hold")
    ] = None,
    today: Annotated[
        datetime | None,
        typer.Option("--today", formats=["%Y-%m-%d"], help="以此日为今天 / the day that counts as today"),
    ] = None,
    earlier: Annotated[
        Path | None,
        typer.Option(
            "--earlier", exists=True, dir_okay=False, help="以往票据 JSONL / bills of earlier claims"
        ),
    ] = None,
    verifications: Annotated[
        Path | None,
        typer.Option(
            "--verifications", exists=True, dir_okay=False, help="查验答复 JSONL / answers of the platform"
        ),
    ] = None,
    bills_file: Annotated[
        Path | None,
        typer.Option(
            "--bills",
            metavar="FILE",
            dir_okay=False,
            help="票据另存为 JSONL，供以后 --earlier 用 / writes the bills, for --earlier of later claims",
        ),
    ] = None,
    out_file: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", dir_okay=False, help="全部结论写到此 JSONL / all findings"),
    ] = None,
) -> None:
    """对已有的申报数据运行全部规则 / runs all rules on claims that are there already.

    \b
    退出码 / exit status:
      0    没有不通过的规则 / no rule failed
      1    有不通过的规则，或有行无法采用 / a rule failed, or a row could not be taken
      2    用法错误 / usage error
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    from pipeline.wiring import catalogs

    beside = documents or claims.with_name("documents.jsonl")
    if not beside.is_file():
        raise typer.BadParameter(f"{beside}: 不存在 / does not exist", param_hint="--documents")
    try:
        by = _office(place, earlier)
        answers = _answers(verifications)
        papers, found = read_documents(beside), read_claims(claims)
    except (PlaceRefused, FolderUnusable, WrongEncoding, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    by_id = {paper.id: paper for paper in papers.rows}
    whole, lacking = _with_papers(found.rows, by_id)
    day = today.date() if today is not None else date.today()  # noqa: DTZ011  # the day where the office is
    rows = list(checked(whole, by_id, catalogs(settings()), day, by, answers))
    for wrong in (*papers.wrong, *found.wrong, *lacking):
        err.print(f"✗ {wrong}", markup=False)
    _show(rows, len(whole))
    if out_file is not None:
        _write(out_file, "--out", (json.dumps(row, ensure_ascii=False) for row in rows))
    if bills_file is not None:
        _write(bills_file, "--bills", _bills(whole, by_id))
    failed = any(row["outcome"] == "fail" for row in rows)
    raise typer.Exit(1 if failed or papers.wrong or found.wrong or lacking else 0)


def _office(place: str | None, earlier: Path | None) -> Office:
    from pipeline.wiring import office  # it knows the reader of pictures, which loads slowly

    chosen = settings()
    changes: dict[str, object] = {}
    if place is not None:
        changes["place"] = place
    if earlier is not None:
        changes["earlier_bills"] = earlier
    return office(chosen.model_copy(update=changes) if changes else chosen)


def _answers(file: Path | None) -> tuple[Verification, ...]:
    if file is None:
        return ()
    with file.open("rb") as lines:
        return read_verifications(lines, file.name)


def _with_papers(
    claims: Iterable[RestoredClaim], documents: Mapping[str, RestoredDocument]
) -> tuple[list[RestoredClaim], list[str]]:
    """The claims whose papers are all there, and what the others lack."""
    whole, lacking = [], []
    for claim in claims:
        unknown = [document_id for document_id in claim.documents if document_id not in documents]
        if unknown:
            lacking.append(f"{claim.claim_id}: 没有这些单据 / no such documents: {', '.join(unknown)}")
        else:
            whole.append(claim)
    return whole, lacking


def _bills(claims: Iterable[RestoredClaim], documents: Mapping[str, RestoredDocument]) -> Iterator[str]:
    for claim in claims:
        papers = (documents[document_id] for document_id in claim.documents)
        yield from map(bill_line, bills_of_claim(claim.claim_id, papers))


def _write(file: Path, option: str, lines: Iterable[str]) -> None:
    """All lines, in place of what was there."""
    draft = file.with_name(f".{file.name}.draft")
    try:
        draft.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        said = f"{file}: 无法写入 / cannot be written: {error.strerror}"
        raise typer.BadParameter(said, param_hint=option) from error


def _show(rows: Sequence[CheckedRow], claims: int) -> None:
    """What failed, claim by claim, then how many rules said what."""
    for row in rows:
        if row["outcome"] == "fail":
            paper = f" {row['document_id']}" if row["document_id"] else ""
            rule = row["rule"].partition(".")[0]
            out.print(f"{row['claim_id']}{paper} {rule} [{row['severity']}] {row['message']}", markup=False)
    count = {
        outcome: sum(row["outcome"] == outcome for row in rows) for outcome in ("pass", "fail", "unknown")
    }
    out.print(
        f"申报 {claims} 份：通过 {count['pass']}，不通过 {count['fail']}，无法判断 {count['unknown']}"
        f" / {claims} claims: {count['pass']} passed, {count['fail']} failed, {count['unknown']} cannot tell",
        markup=False,
    )
