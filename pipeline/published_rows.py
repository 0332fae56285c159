"""Files of published rows read back, one JSON a line: what can be taken, and by line what cannot.

A file in another encoding is told once and not taken at all; every row that is wrong is named by its line and
keys and the rows beside it are taken. Values stay out of the messages: they may be a person's.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import pydantic

from pipeline.application import fault_said
from pipeline.errors import BaoxiaoError
from pipeline.utf8 import encoding_fault

R = TypeVar("R")


class WrongEncoding(BaoxiaoError):
    """A file that is not in UTF-8; the message names it, its likely encoding and the way out."""


class WrongRow(BaoxiaoError):
    """A row that cannot be taken; the message names the file, the line and the key."""


@dataclass(frozen=True, slots=True)
class Restored(Generic[R]):
    """What a file gave, and what is wrong with the rows that could not be taken."""

    rows: tuple[R, ...]
    wrong: tuple[str, ...]


def read_rows(path: Path, restore: Callable[[bytes], R], identity: Callable[[R], str]) -> Restored[R]:
    """The rows of a file.

    Args:
        path: One JSON a line; empty lines are passed over.
        restore: Gives a row from its line; may raise `pydantic.ValidationError` or `WrongRow`.
        identity: What two rows must not have in common.

    Raises:
        OSError: If it cannot be read.
        WrongEncoding: If it is not in UTF-8.
    """
    rows: list[R] = []
    wrong: list[str] = []
    line_of: dict[str, int] = {}
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            if fault := encoding_fault(line):  # told once: every further line would say the same
                raise WrongEncoding(f"{path.name}: {fault}")
            at = f"{path.name} 第 {number} 行 / line {number}"
            try:
                row = restore(line.removeprefix(BOM_UTF8))
            except pydantic.ValidationError as error:
                keys = dict.fromkeys(fault_said(fault["loc"], fault["type"]) for fault in error.errors())
                wrong.append(f"{at}: {'；'.join(keys)}")
                continue
            except WrongRow as error:
                wrong.append(f"{at}: {error}")
                continue
            first = line_of.setdefault(identity(row), number)
            if first == number:
                rows.append(row)
            else:
                wrong.append(f"{at}: 第 {first} 行已有 / stands in line {first} already")
    return Restored(tuple(rows), tuple(wrong))
