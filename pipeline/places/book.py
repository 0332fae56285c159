"""The places that are known, and which file of a place was in force on a day.

A file holds from its `effective_from` to its `effective_to`, or where it names no end to the day before the
next file of that place begins. Files that overlap or leave a gap are refused, each by its name, for a rule
that takes the wrong year's figures is worse than a run that does not start. The last file of a place names
no end, so that every day has rules; days before the first file are judged by it: no source tells what held
before.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import pydantic
from pydantic_core import ErrorDetails

from pipeline.application import fault_said
from pipeline.errors import PlaceRefused
from pipeline.places.place import Place

DATA = Path(__file__).parent / "data"
"""The places that ship with the package."""
DEFAULT_PLACE = "beijing"
DAY = timedelta(days=1)


class Places:
    """The places of some files.

    Raises:
        PlaceRefused: If files of one place overlap, leave a gap, or the last of them ends.
    """

    def __init__(self, files: Iterable[tuple[str, Place]]) -> None:
        by_place: defaultdict[str, list[tuple[str, Place]]] = defaultdict(list)
        for name, place in files:
            by_place[place.place].append((name, place))
        self._by_place = {name: _in_order(members) for name, members in by_place.items()}

    @property
    def names(self) -> Sequence[str]:
        """The keys of all places, in order."""
        return sorted(self._by_place)

    def in_force(self, place: str, day: date) -> Place:
        """What held in the place on that day.

        Raises:
            PlaceRefused: If there is no such place.
        """
        known = self._by_place.get(place)
        if known is None:
            raise PlaceRefused(
                f"{place}: 没有此地的配置，现有 / no such place, known are: {', '.join(self.names)}"
            )
        return next((each for each in reversed(known) if (each.effective_from or date.min) <= day), known[0])


def read_places(folders: Iterable[Path]) -> Places:
    """The places of all TOML files in the folders; a file replaces one of the same name in an earlier folder.

    Raises:
        PlaceRefused: If a file cannot be read, says something wrong, or does not fit the others.
    """
    files = {file.name: file for folder in folders for file in sorted(folder.glob("*.toml"))}
    return Places((name, read_place(file)) for name, file in sorted(files.items()))


def read_place(file: Path) -> Place:
    """The place in one file.

    Raises:
        PlaceRefused: If it cannot be read or says something wrong: which key, and what.
    """
    try:
        return Place.model_validate(tomllib.loads(file.read_text(encoding="utf-8-sig")))
    except pydantic.ValidationError as error:
        faults = "；".join(_said(fault) for fault in error.errors())
        raise PlaceRefused(f"{file.name}: 有误 / is wrong: {faults}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlaceRefused(f"{file.name}: 无法读取 / cannot be read: {error}") from error


def _said(fault: ErrorDetails) -> str:
    """A key and what is wrong with it; what the file says of itself is told in its own words."""
    if fault["type"] in ("extra_forbidden", "missing"):
        return fault_said(fault["loc"], fault["type"])
    return f"{'.'.join(map(str, fault['loc'])) or '全文 / whole file'}: {fault['msg']}"


@cache
def packaged_places() -> Places:
    """The places that ship."""
    return read_places([DATA])


def _in_order(members: Sequence[tuple[str, Place]]) -> list[Place]:
    """The files of one place by their start, checked against each other."""
    ordered = sorted(members, key=lambda member: member[1].effective_from or date.min)
    for (name, place), (next_name, following) in pairwise(ordered):
        begins, ends = following.effective_from or date.min, place.effective_to
        same_start = (place.effective_from or date.min) == begins
        if same_start or (ends is not None and ends >= begins):
            raise PlaceRefused(f"{name} 与 {next_name}: {place.place} 的有效期重叠 / both hold on {begins}")
        if ends is not None and ends + DAY < begins:
            raise PlaceRefused(
                f"{name} 与 {next_name}: {place.place} 在 {ends + DAY} 至 {begins - DAY} 没有配置"
                f" / nothing holds from {ends + DAY} to {begins - DAY}"
            )
    name, last = ordered[-1]
    if last.effective_to is not None:
        raise PlaceRefused(
            f"{name}: {last.place} 的最后一份配置不应有 effective_to，新的一份生效时它自动失效"
            " / the last file of a place must not end; the next one ends it"
        )
    return [place for _, place in ordered]
