"""`baoxiao rules`: every rule with its id, severity, basis and what it looks at."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

# pydantic reads a TypedDict of `typing` from Python 3.12 on only; one kind of TypedDict in the project.
from typing_extensions import TypedDict

from pipeline.model import Severity, Subject
from validators import all_rules
from validators._rule import DocumentRule, PairRule, Rule

app = typer.Typer()
out = Console(soft_wrap=True, highlight=False)


class RuleRow(TypedDict):
    """One rule. `looks_at` are document types, `document` for any paper, `pair` for two, `claim` for all."""

    id: str
    name: str
    title: str
    severity: Severity
    about: Subject
    basis: str
    looks_at: list[str]


def rule_rows() -> list[RuleRow]:
    """All rules by id, those of one id by name."""
    return [
        {
            "id": rule.id,
            "name": rule.name,
            "title": rule.title,
            "severity": rule.severity,
            "about": rule.about,
            "basis": rule.basis,
            "looks_at": _looks_at(rule),
        }
        for rule in sorted(all_rules(), key=lambda rule: (_order(rule.id), rule.name))
    ]


def _looks_at(rule: Rule) -> list[str]:
    if isinstance(rule, DocumentRule):
        return sorted(rule.types) or ["document"]
    return ["pair"] if isinstance(rule, PairRule) else ["claim"]


def _order(rule_id: str) -> tuple[str, int]:
    """V-2 before V-10."""
    head, _, number = rule_id.rpartition("-")
    return head, int(number)


@app.command("rules")
def list_rules(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]", help="只列这些，如 R-DL-1 / only these")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """列出全部校验规则 / lists all rules.

    \b
    级别 / severity:
      block  不通过则转人工 / a failure sends the paper or the claim to a person
      warn   仅提示 / shown, goes on
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    wanted = {rule_id.upper(): rule_id for rule_id in ids or ()}
    rows = [row for row in rule_rows() if not ids or row["id"].upper() in wanted]
    unknown = sorted(wanted[one] for one in wanted.keys() - {row["id"].upper() for row in rows})
    if unknown:
        raise typer.BadParameter(f"没有这些规则 / no such rules: {', '.join(unknown)}", param_hint="ID")
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
    else:
        out.print(_table(rows))


def _table(rows: Sequence[RuleRow]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("编号 / id", "规则 / rule", "级别", "对象 / looks at", "依据 / basis"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(row["id"], row["title"], row["severity"], " ".join(row["looks_at"]), row["basis"])
    return table
