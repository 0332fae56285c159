"""`baoxiao settle`: what claims are paid, by which policy, and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.errors import PlaceRefused, PolicyRefused
from pipeline.places.book import DATA as PLACES
from pipeline.places.book import Places, read_places
from pipeline.places.place import Scope
from pipeline.published_rows import WrongEncoding
from pipeline.settings import settings
from pipeline.settlement.book import DATA, PolicyBook, read_policies, read_policy
from pipeline.settlement.choosing import Choice
from pipeline.settlement.claims_file import read_claims, read_years
from pipeline.settlement.explain import OUTCOMES, explain_html, explain_text
from pipeline.settlement.policy import Insured
from pipeline.settlement.record import SettlementRecord
from pipeline.settlement.run import PayoutRow, ScopeOn, Years, by_outcome, range_of_each, settle_all
from pipeline.whole_files import write_all

app = typer.Typer()
out = Console(soft_wrap=True, highlight=False, markup=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)

SETTLEMENTS = "settlements.jsonl"
YEARS = "to_date.jsonl"
SHEETS, PAGE = "settlements.txt", "settlements.html"
RANGES = "payout_ranges.jsonl"


@app.command("settle")
def settle_claims(
    claims: Annotated[Path, typer.Argument(metavar="claims.jsonl", exists=True, dir_okay=False)],
    policies: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            metavar="KEY|FILE.toml",
            help="政策编号（可重复）或一个政策文件 / keys of policies, or one file of them",
        ),
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", help="地区，默认见设置 / the region whose policies hold")
    ] = None,
    insured: Annotated[
        Insured | None,
        typer.Option("--insured", help="参保类别，票据没有时必填 / who is insured, where papers do not say"),
    ] = None,
    chronic: Annotated[
        bool, typer.Option("--chronic", help="门诊按慢特病 / outpatient claims under a chronic entitlement")
    ] = False,
    place: Annotated[
        str | None, typer.Option("--place", help="不予支付项目按此地 / whose list of what is not payable")
    ] = None,
    to_date: Annotated[
        Path | None,
        typer.Option(
            "--to-date", exists=True, dir_okay=False, help="本年累计 JSONL / what persons used up so far"
        ),
    ] = None,
    out_dir: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", file_okay=False, help="输出文件夹 / where to write"),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="未复核的也算，只给支付范围 / ranges of all claims, nothing settled"),
    ] = False,
    html: Annotated[bool, typer.Option("--html", help="另写网页结算单 / also a page to print")] = False,
) -> None:
    """计算报销金额，逐行逐步说明 / computes what claims are paid, row by row and step by step.

    \b
    写出 / writes (--out):
      settlements.jsonl, settlements.txt, to_date.jsonl; --html: settlements.html
      --dry-run: payout_ranges.jsonl
    退出码 / exit status:
      0    全部结算 / all claims were settled (or have a range, with --dry-run)
      1    有未结算的，或有行无法采用 / some were not, or a row could not be taken
      2    用法错误 / usage error
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    if html and out_dir is None:
        raise typer.BadParameter("须同时给出 --out / needs --out", param_hint="--html")
    try:
        choice = _choice(policies or [], region, insured, chronic=chronic)
        scope_on = _scope_on(place)
        found = read_claims(claims)
        years = read_years(to_date) if to_date is not None else None
    except (PolicyRefused, PlaceRefused, WrongEncoding) as error:
        raise typer.BadParameter(str(error)) from error
    if years is not None and years.wrong:  # a person's year that is left out would be paid twice
        raise typer.BadParameter("\n".join(years.wrong), param_hint="--to-date")
    for wrong in found.wrong:
        err.print(f"✗ {wrong}")
    carried = Years(years.rows if years is not None else None)
    if dry_run:
        ranges = range_of_each(found.rows, choice, carried, scope_on)
        _show_ranges(ranges)
        _write(out_dir, {RANGES: _lines(ranges)})
        failed = any(row["low"] is None for row in ranges)
    else:
        settlements = settle_all(found.rows, choice, carried, scope_on)
        pairs = list(zip(settlements, found.rows, strict=True))
        sheets = "\n".join(explain_text(settlement, claim) for settlement, claim in pairs)
        texts = {
            SETTLEMENTS: _lines(settlements),
            SHEETS: sheets,
            YEARS: "".join(row.model_dump_json() + "\n" for row in carried.rows),
        }
        _write(out_dir, texts | ({PAGE: explain_html(pairs)} if html else {}))
        if out_dir is None:
            out.print(sheets)
        _show(settlements)
        failed = any(one["outcome"] != "settled" for one in settlements)
    raise typer.Exit(1 if failed or found.wrong else 0)


def _choice(policies: Sequence[str], region: str | None, insured: Insured | None, *, chronic: bool) -> Choice:
    """What was named, with the policies it is found in.

    Raises:
        PolicyRefused: If a policy file is wrong, or nothing or too much was named.
    """
    chosen = settings()
    files = [name for name in policies if name.endswith(".toml")]
    if files:
        if len(policies) > 1 or region is not None:
            raise PolicyRefused("一个政策文件，不能再加别的 / one policy file, and nothing beside it")
        path = Path(files[0])
        file = read_policy(path)
        return Choice(PolicyBook([(path.name, file)]), (), file.region, insured, chronic)
    book = read_policies([DATA, chosen.policy_dir])
    if policies:
        if region is not None:
            raise PolicyRefused("--policy 和 --region 只用其一 / either --policy or --region")
        unknown = [key for key in policies if key not in book.keys]
        if unknown:
            known = ", ".join(book.keys)
            raise PolicyRefused(
                f"{'、'.join(unknown)}: 没有此政策，现有 / no such policy, known are: {known}"
            )
        return Choice(book, tuple(policies), "", insured, chronic)
    wanted = region or chosen.policy_region
    if wanted not in book.regions:
        known = ", ".join(book.regions)
        raise PolicyRefused(
            f"请用 --policy 或 --region 指定政策，地区有 / name a policy or a region, known are: {known}"
        )
    return Choice(book, (), wanted, insured, chronic)


def _scope_on(place: str | None) -> ScopeOn:
    """What the place does not pay, by day.

    Raises:
        PlaceRefused: If a place's file is wrong, or there is no such place.
    """
    chosen = settings()
    places: Places = read_places([PLACES, chosen.place_dir])
    name = place or chosen.place

    def scope_on(day: date) -> Scope:
        return places.in_force(name, day).scope

    scope_on(date.max)  # an unknown place is told before any claim is computed
    return scope_on


def _lines(rows: Iterable[SettlementRecord] | Iterable[PayoutRow]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _write(folder: Path | None, texts: dict[str, str]) -> None:
    if folder is None:
        return
    try:
        write_all(folder, texts)
    except OSError as error:
        said = f"{folder}: 无法写入 / cannot be written: {error.strerror}"
        raise typer.BadParameter(said, param_hint="--out") from error


def _show(settlements: Sequence[SettlementRecord]) -> None:
    """Each claim in a line, those that were not settled with why; then how many."""
    for one in settlements:
        policy = f" {one['policy']['key']}" if one["policy"] is not None else ""
        head = f"{one['claim_id']}{policy} {OUTCOMES[one['outcome']][0]}"
        totals = one["totals"]
        if one["outcome"] == "settled" and totals is not None:
            out.print(
                f"{head}：基金 {totals['fund_payment']}，大病 {totals['serious_payment']}，"
                f"自付 {totals['self_pay']}，自费 {totals['self_funded']}"
            )
            continue
        payout = one["payout"]
        span = f"：{payout['low']} 至 {payout['high']} 元" if payout is not None else ""
        err.print(f"✗ {head}{span}。{'；'.join(one['reasons'])}")
    count = by_outcome(settlements)
    out.print(
        f"申报 {len(settlements)} 份：结算 {count['settled']}，范围 {count['range']}，拒绝 {count['refused']}"
        f" / {len(settlements)} claims: {count['settled']} settled, {count['range']} open,"
        f" {count['refused']} refused"
    )


def _show_ranges(rows: Sequence[PayoutRow]) -> None:
    for row in rows:
        if row["low"] is None:
            err.print(f"✗ {row['claim_id']}：{row['why']}")
        else:
            out.print(
                f"{row['claim_id']} {row['policy']} [{row['status']}] {row['low']} 至 {row['high']} 元，"
                f"待定 {row['at_risk']} 元 / at risk"
            )
    out.print(f"申报 {len(rows)} 份，未结算 / {len(rows)} claims, nothing was settled")
