"""`baoxiao db`: the store brought up to date, looked through, backed up and brought back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from pipeline.errors import StoreUnusable
from pipeline.settings import settings

if TYPE_CHECKING:  # heavy: loaded by the command that needs them
    from pipeline.store.backup_form import Manifest, OnWay
    from pipeline.store.opened import Store

SECONDS_BETWEEN_LINES = 10.0
"""Where there is no terminal, a line so often says how far it is."""

app = typer.Typer(
    name="db",
    help="存储：升级、检查、备份、恢复 / the store: upgrade, check, backup, restore",
    no_args_is_help=True,
    rich_markup_mode=None,
)
out = Console(soft_wrap=True, highlight=False, markup=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


@app.command()
def upgrade() -> None:
    """建立存储，或升级到本程序的版本 / makes the store or brings it to this program's version.

    \b
    先备份 / make a backup first: baoxiao db backup (旧程序 / with the older program)
    退出码 / exit status:
      0    已是最新 / it is up to date now
      2    无法打开 / it cannot be opened
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    from pipeline.store.opened import bring_up_to_date, reach_store

    with _told(), _closing(reach_store(settings())) as store:
        before, now = bring_up_to_date(store)
    out.print(
        f"{store.database.name}: 已是最新 / up to date ({now})"
        if before == now
        else f"{store.database.name}: {before or '—'} → {now}"
    )


@app.command()
def check(
    backup: Annotated[
        Path | None,
        typer.Argument(metavar="[BACKUP.zip]", help="核对备份而不是存储 / verify a backup instead"),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="不逐字节核对原件 / do not read every original")
    ] = False,
) -> None:
    """检查存储是否完好，指出问题与办法 / looks the store through: what is wrong, and the way out.

    \b
    退出码 / exit status:
      0    完好 / all is well
      1    有问题，已列出 / something is wrong and named
      2    无法打开 / it cannot be opened
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    with _told(), _progress() as on_way:
        if backup is not None:
            from pipeline.store.backup_form import open_backup, verify

            archive, manifest = open_backup(backup)
            with archive:
                found = verify(archive, manifest, on_way) + _missing(manifest)
            name = str(backup)
        else:
            from pipeline.store.opened import open_store
            from pipeline.store.soundness import problems

            with _closing(open_store(settings())) as store:
                found = [str(one) for one in problems(store, on_way, originals=not quick)]
                name = store.database.name
    for line in found:
        err.print(f"✗ {line}")
    if found:
        raise typer.Exit(1)
    out.print(f"✓ {name}: 完好 / all is well")


@app.command()
def backup(
    to: Annotated[
        Path,
        typer.Argument(
            metavar="DIR|FILE.zip", help="文件夹（自动命名）或 .zip / a folder, or a .zip to make"
        ),
    ],
) -> None:
    """备份，其间可照常使用 / writes a backup while work goes on.

    \b
    备份含有个人信息，请与原件同样保管 / it holds personal data: keep it as you keep the papers
    退出码 / exit status:
      0    完整 / complete
      1    已写出，但有原件缺失 / written, but originals are missing
      2    无法写出 / cannot be written
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    from pipeline.store.backup import back_up
    from pipeline.store.opened import open_store

    with _told(), _progress() as on_way, _closing(open_store(settings())) as store:
        made = back_up(store, to, datetime.now(UTC), on_way)
    out.print(f"{made.file}: {_contents(made.manifest)}")
    _end_with(_missing(made.manifest))


@app.command()
def restore(
    backup: Annotated[Path, typer.Argument(metavar="BACKUP.zip", help="备份文件 / the backup")],
    replace: Annotated[
        bool, typer.Option("--replace", help="丢弃现有数据 / give up what is in the store now")
    ] = False,
) -> None:
    """恢复备份：全部恢复，或什么都不改 / brings a backup back, all of it or nothing.

    \b
    可恢复到另一种数据库（搬家） / also into another kind of database (moving house):
      BAOXIAO_DATABASE_URL=postgresql+psycopg://… baoxiao db restore BACKUP.zip
    退出码 / exit status:
      0    完整 / complete
      1    已恢复，但备份时就缺少原件 / restored, but the backup lacked originals when it was made
      2    未作任何改动 / nothing was changed
    """  # noqa: D301 - a real \b: Click keeps the lines below it as they are
    from pipeline.store.opened import reach_store
    from pipeline.store.restore import restore as bring_back

    with _told(), _progress() as on_way, _closing(reach_store(settings())) as store:
        manifest = bring_back(store, backup, on_way, replace=replace)
    out.print(f"{store.database.name}: {_contents(manifest)}，备份于 / made at {manifest['made_at']}")
    _end_with(_missing(manifest))


def _contents(manifest: Manifest) -> str:
    originals = manifest["originals"]
    claims = manifest["tables"]["claims"]["rows"] if "claims" in manifest["tables"] else 0
    return (
        f"{claims} 份报销申请 / claims，{originals['files']} 个原件 / originals"
        f"，{originals['bytes'] / 1e6:.1f} MB"
    )


def _missing(manifest: Manifest) -> list[str]:
    return [
        f"备份时原件已缺失或损坏 / the original was gone or damaged when the backup was made: {sha256}"
        for sha256 in manifest["originals"]["missing"]
    ]


def _end_with(problems: list[str]) -> None:
    for line in problems:
        err.print(f"✗ {line}")
    if problems:
        raise typer.Exit(1)


@contextmanager
def _closing(store: Store) -> Iterator[Store]:
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _told() -> Iterator[None]:
    """What cannot be done, as a line on the terminal and exit status 2."""
    try:
        yield
    except StoreUnusable as error:
        err.print(f"✗ {error}")
        raise typer.Exit(2) from error


@contextmanager
def _progress(clock: Callable[[], float] = time.monotonic) -> Iterator[OnWay]:
    """A bar on a terminal, elsewhere a line now and then."""
    if not err.is_terminal:
        yield _Lines(clock)
        return
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )
    with bar:
        task = bar.add_task("…", total=None)
        yield lambda what, done, total: bar.update(
            task, description=what, completed=done, total=total or None
        )


class _Lines:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._said = clock()

    def __call__(self, what: str, done: int, total: int) -> None:
        if self._clock() - self._said >= SECONDS_BETWEEN_LINES:
            self._said = self._clock()
            err.print(f"{what} {done} / {total}" if total else what)
