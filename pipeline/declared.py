"""The applications that lie beside the papers of a run, read where they lie.

An application is for the papers of its folder and of the folders below, where no nearer one lies. One that
cannot be used is a row of `errors.jsonl` that says which key is wrong; the papers are read all the same, and
their claims stand without an application.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.application import MOST_BYTES, Application, Applications, read_application
from pipeline.errors import UnreadableFile
from pipeline.model import Unread
from pipeline.reading.refusal import refusal, unread


def read_applications(
    declared: Iterable[tuple[str, Path]], papers: Sequence[tuple[str, Path]]
) -> tuple[Applications, list[Unread]]:
    """The applications of a run, and a row for each that cannot be used.

    Args:
        declared: Name and place of each application.
        papers: Name and place of each file that is read.
    """
    by_folder: dict[Path, Application] = {}
    refused: list[Unread] = []
    for name, path in declared:
        folder = path.absolute().parent
        try:
            if folder in by_folder:
                raise refusal(
                    "invalid_application",
                    name,
                    "同一文件夹已有一份申请信息，未采用这一份",
                    "the folder has another application already, this one is not used",
                )
            by_folder[folder] = read_application(_content(name, path), name)
        except UnreadableFile as error:
            refused.append(unread(error, name))
    nearest = ((name, _nearest(path.absolute(), by_folder)) for name, path in papers if by_folder)
    return Applications({name: found for name, found in nearest if found is not None}), refused


def _nearest(path: Path, by_folder: dict[Path, Application]) -> Application | None:
    return next((by_folder[folder] for folder in path.parents if folder in by_folder), None)


def _content(name: str, path: Path) -> bytes:
    """The bytes of the file, of one that is too long only so many that this is seen."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise refusal(
            "inaccessible",
            name,
            "无法打开，请检查权限或网络盘后再次运行",
            f"it cannot be opened; check permissions or the network drive and run again ({error.strerror})",
        ) from error
