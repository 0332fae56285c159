"""Which files are one stack: what went through a feeder in one go comes as one file or as several.

- Pictures of one page each are one stack a folder, whatever they are called: a scanner that writes a picture
  a page, and a page scanned again and put between them by its name.
- Files of several pages are one stack where only a running number tells their names apart
  (`scan1.pdf`, `scan2.pdf`, `scan10.pdf`): a scanner that begins a new file every 50 pages. A last file of
  one page belongs to them.
- Any other file of several pages is a stack by itself. So are files named by a day or a time: each is a scan
  that somebody began.

Files of different folders, sub-folders and archives are never one stack. Within a stack files lie in the
order of their numbers, as people count and not as letters go: page-0009, page-0010; scan2, scan10.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import PurePosixPath

MOST_DIGITS = 5
"""Running numbers have so many, zeros before them not counted; a longer one is a day or a time (20260412)."""

_NUMBERED = re.compile(r"(?P<head>.*?)(?P<number>\d+)(?P<tail>\D*)", re.DOTALL)


def files_by_stack(pages: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """The files of each stack in their order, by a name of the stack that no other has.

    Args:
        pages: How many pages each file has, by its name as it is published (`a.zip!inner/scan1.pdf`).

    >>> files_by_stack({"in/s10.pdf": 3, "in/s2.pdf": 50, "in/a.jpg": 1, "out/s3.pdf": 50})
    {'in/s2.pdf': ('in/s2.pdf', 'in/s10.pdf'), 'in/': ('in/a.jpg',), 'out/s3.pdf': ('out/s3.pdf',)}
    """
    series: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for file in pages:
        series[_series(file)].append(file)
    stacks: defaultdict[str, list[str]] = defaultdict(list)
    for files in series.values():
        in_order = sorted(files, key=natural)
        if any(pages[file] > 1 for file in files):
            stacks[in_order[0]] = in_order
        else:
            stacks[f"{folder_of(files[0])}/"] += in_order
    return {name: tuple(sorted(files, key=natural)) for name, files in stacks.items()}


def follows(file: str, before: str) -> bool:
    """Whether `file` has the number after that of `before`, so that none is known to lie between them.

    >>> follows("scan10.pdf", "scan9.pdf"), follows("scan10.pdf", "scan8.pdf"), follows("b.pdf", "a.pdf")
    (True, False, False)
    """
    return (
        _series(file) == _series(before) and len(_series(file)) > 1 and _number(file) == _number(before) + 1
    )


def natural(name: str) -> tuple[tuple[int, str, str], ...]:
    """Orders names as people do who number them.

    >>> sorted(["s10.jpg", "S9.jpg"], key=natural)
    ['S9.jpg', 's10.jpg']
    """
    parts = re.findall(r"\d+|\D+", name.casefold())
    # The longer number is the larger one; a name in an archive may have more digits than `int` takes.
    numbers = (part.lstrip("0") if part.isdecimal() else "" for part in parts)
    return tuple((len(number), number, part) for number, part in zip(numbers, parts, strict=True))


def folder_of(file: str) -> str:
    """The folder that a file lies in; what an archive holds lies in the archive.

    >>> folder_of("in/scan1.pdf"), folder_of("a.zip!scan1.pdf"), folder_of("scan1.pdf")
    ('in', 'a.zip', '.')
    """
    return str(PurePosixPath(file.replace("!", "/")).parent)


def _series(file: str) -> tuple[str, ...]:
    """What files of one series have in common; a name without a running number is a series by itself."""
    path = PurePosixPath(file.replace("!", "/"))
    numbered = _NUMBERED.fullmatch(path.stem)
    if numbered is None or len(numbered["number"].lstrip("0")) > MOST_DIGITS:
        return (file,)
    return folder_of(file), *(text.casefold() for text in (numbered["head"], numbered["tail"], path.suffix))


def _number(file: str) -> int:
    numbered = _NUMBERED.fullmatch(PurePosixPath(file).stem)
    assert numbered is not None  # files of one series are numbered
    return int(numbered["number"])
