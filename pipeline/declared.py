"""The applications and the platform's answers that lie beside the papers of a run, read where they lie.

An application is for the papers of its folder and of the folders below, where no nearer one lies. One that
cannot be used is a row of `errors.jsonl` that says which key is wrong; the papers are read all the same, and
their claims stand without an application.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.application import MOST_BYTES, Application, Applications, is_answers, read_application
from pipeline.errors import UnreadableFile
from pipeline.model import Unread
from pipeline.reading.refusal import printable, refusal, unread
from pipeline.verification import Verification, read_verifications


def read_applications(
    declared: Iterable[tuple[str, Path]], papers: Sequence[tuple[str, Path]]
) -> tuple[Applications, list[Unread]]:
    """What was declared in a run, and a row for each file that cannot be used.

    Args:
        declared: Name and place of each application, and of each file of the platform's answers.
        papers: Name and place of each file that is read.
    """
    by_folder: dict[Path, Application] = {}
    answers: list[Verification] = []
    refused: list[Unread] = []
    for name, path in declared:
        folder = path.absolute().parent
        try:
            if is_answers(name):
                answers += _answers(name, path)
                continue
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
    by_file = {name: found for name, found in nearest if found is not None}
    return Applications(by_file, answers), refused


def _answers(name: str, path: Path) -> tuple[Verification, ...]:
    try:
        with path.open("rb") as lines:
            return read_verifications(lines, printable(name))
    except OSError as error:
        raise _inaccessible(name, error) from error
    except ValueError as error:
        raise UnreadableFile("invalid_application", str(error)) from error


def _nearest(path: Path, by_folder: dict[Path, Application]) -> Application | None:
    return next((by_folder[folder] for folder in path.parents if folder in by_folder), None)


def _content(name: str, path: Path) -> bytes:
    """The bytes of the file, of one that is too long only so many that this is seen."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _inaccessible(name, error) from error


def _inaccessible(name: str, error: OSError) -> UnreadableFile:
    return refusal(
        "inaccessible",
        name,
        "无法打开，请检查权限或网络盘后再次运行",
        f"it cannot be opened; check permissions or the network drive and run again ({error.strerror})",
    )
