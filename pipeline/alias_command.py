"""`baoxiao catalog alias`: what reviewers taught about printed names, and each step of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from pipeline.catalogs.aliases import Alias, AliasBook, AliasRefused, alias_key
from pipeline.catalogs.catalog import Catalogs, catalog_folder
from pipeline.errors import FolderUnusable
from pipeline.learned import changed_by, waiting_lines
from pipeline.model import CatalogKind

app = typer.Typer(
    name="alias",
    help="复核员教的别名，须两人 / names that reviewers taught, each seen by two persons",
    no_args_is_help=True,
)
out = Console(soft_wrap=True, highlight=False, markup=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

SHOWN_LINES = 20
"""Lines of a preview on the terminal."""
_STANDINGS = {
    "proposed": "待核准 proposed",
    "approved": "在用 approved",
    "rejected": "已驳回 rejected",
    "undone": "已撤销 undone",
}

_Id = Annotated[str, typer.Argument(metavar="ID", help="别名编号，如 A1 / its id, such as A1")]
_By = Annotated[str, typer.Option("--by", help="登录用户名，不写姓名 / user name, no person's name")]
_Why = Annotated[str, typer.Option("--why", help="理由 / why")]
_Runs = Annotated[
    list[Path] | None,
    typer.Option(
        "--out",
        metavar="DIR",
        help="重写此次扫描的结果，可重复 / outputs to write anew; can be repeated",
        show_default=False,
    ),
]
_Folder = Annotated[
    Path | None, typer.Option("--catalogs", help="目录文件夹 / folder of the lists", show_default=False)
]


@app.command()
def propose(
    printed: Annotated[str, typer.Argument(help="票据上印的名称 / the name as printed")],
    name: Annotated[str, typer.Argument(help="目录中的名称 / the name of the entry")],
    kind: Annotated[CatalogKind, typer.Option(help="目录种类 / kind of entry")],
    by: _By,
    why: _Why,
    form: Annotated[str, typer.Option(help="剂型，目录中有几种时必填 / dosage form")] = "",
    document_id: Annotated[str, typer.Option("--document", help="见于哪份单据 / document_id")] = "",
    line: Annotated[int, typer.Option(min=0, help="第几行，从 1 起 / its line, from 1")] = 0,
    catalogs: _Folder = None,
) -> None:
    """提出一个别名，等第二人核准 / proposes an alias for a second person to approve."""
    lists = Catalogs.in_use(catalogs)
    entries = [entry for entry in lists.named(name) if entry.kind == kind and form in ("", entry.form)]
    if not entries:
        _fail(f"{name}: 目录里没有这个条目 / no such entry of kind {kind}{f' ({form})' if form else ''}")
    forms = {entry.form for entry in entries}
    if len(forms) > 1:
        _fail(f"{name}: 有几种剂型，请用 --form 指定 / several forms: {'、'.join(sorted(forms))}")
    match = lists.match(printed)
    if match.status == "matched" and match.name is not None and alias_key(match.name) == alias_key(name):
        _fail(f"{printed}: 已能对应，不需别名 / is found without an alias: {match.name}")
    with _told():
        alias = _book(catalogs).propose(
            printed, kind, entries[0].name, by=by, why=why, form=form, document_id=document_id, line=line
        )
    out.print(f"{alias.id}：{alias.printed} → {alias.name}{alias.form}，待核准 / waits for approval")


@app.command()
def approve(id: _Id, by: _By, why: _Why = "", outputs: _Runs = None, catalogs: _Folder = None) -> None:  # noqa: A002
    """核准，之后生效 / puts an alias into force; not for who proposed it."""
    with _told():
        alias = _book(catalogs).approve(id, by=by, why=why)
    holds = f"{id}：{alias.printed} → {alias.name}，已生效 / in force"
    out.print(holds)
    _write_again(outputs, catalogs, holds)


@app.command()
def reject(id: _Id, by: _By, why: _Why, catalogs: _Folder = None) -> None:  # noqa: A002
    """驳回一个提议 / turns a proposal down."""
    with _told():
        _book(catalogs).reject(id, by=by, why=why)
    out.print(f"{id}：已驳回 / rejected")


@app.command()
def undo(id: _Id, by: _By, why: _Why, outputs: _Runs = None, catalogs: _Folder = None) -> None:  # noqa: A002
    """撤销，相应的行回到待定 / takes an alias out of force; its lines wait again."""
    with _told():
        _book(catalogs).undo(id, by=by, why=why)
    holds = f"{id}：已撤销 / undone"
    out.print(holds)
    _write_again(outputs, catalogs, holds)


@app.command("list")
def list_aliases(catalogs: _Folder = None) -> None:
    """列出全部别名和经过 / lists every alias with what happened to it."""
    table = Table("编号\nid", "印的名称\nprinted", "条目\nentry", "状态\nstanding", "经过\nhistory")
    with _told():
        for alias in _book(catalogs).all():
            table.add_row(
                alias.id,
                alias.printed,
                f"{alias.name} {alias.form}".strip(),
                _STANDINGS[alias.standing],
                _history(alias),
            )
    Console(markup=False).print(table)


@app.command()
def preview(
    id: _Id,  # noqa: A002
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="OUT", help="扫描的输出文件夹或 documents.jsonl / outputs of runs"),
    ],
    catalogs: _Folder = None,
) -> None:
    """看核准后哪些待定的行会变 / shows which waiting lines an alias would fill."""
    with _told():
        alias = _book(catalogs).get(id)
    total = 0
    for run in runs:
        try:
            lines = list(changed_by(alias, waiting_lines(run)))
        except OSError as error:
            _fail(f"{run}: 没有扫描结果 / no outputs of a run: {error.strerror}")
        for line in lines[:SHOWN_LINES]:
            out.print(
                f"{line.file} 第 {line.line} 行 / line {line.line}: "
                f"{line.printed} → {alias.name} {alias.form}",
                markup=False,
            )
        total += len(lines)
        if len(lines) > SHOWN_LINES:
            out.print(f"…另有 {len(lines) - SHOWN_LINES} 行 / more lines")
    out.print(f"{total} 行会变 / {total} waiting lines would change")


def _history(alias: Alias) -> str:
    return "\n".join(
        f"{event.at} {event.happened} {event.by}{f': {event.why}' if event.why else ''}"
        for event in alias.events
    )


def _book(folder: Path | None) -> AliasBook:
    return AliasBook(folder or catalog_folder())


@contextmanager
def _told() -> Iterator[None]:
    """A refusal as one line and exit status 1."""
    try:
        yield
    except (AliasRefused, FolderUnusable) as error:
        _fail(str(error))


def _write_again(outputs: list[Path] | None, catalogs: Path | None, holds: str) -> None:
    """The outputs of the runs named, written anew; without any, how to.

    What was decided `holds` whatever becomes of the outputs, and is said again with each that failed.
    """
    if not outputs:
        out.print(
            "已有的结果用 --out DIR 重写，或再运行一次 baoxiao scan，不会重新识别"
            " / outputs of earlier runs: --out DIR, or run baoxiao scan again; nothing is read again"
        )
        return
    from pipeline.again import NotWrittenAgain, write_again  # heavy: all that a run needs
    from pipeline.settings import settings

    chosen = settings()
    if catalogs is not None:
        chosen = chosen.model_copy(update={"catalog_dir": catalogs})
    failed = False
    for folder in outputs:
        try:
            write_again(folder, chosen, date.today())  # noqa: DTZ011  # the office's own day
        except (NotWrittenAgain, FolderUnusable) as error:
            failed = True
            err.print(f"✗ {error}", markup=False)
            err.print(f"  此结果未重写，决定不受影响 / not written anew; all the same: {holds}", markup=False)
        else:
            out.print(f"{folder}: 已重写 / written anew")
    if failed:
        raise typer.Exit(1)


def _fail(message: str) -> NoReturn:
    err.print(f"✗ {message}", markup=False)
    raise typer.Exit(1)
