"""Policy files read strictly, and the set of figures that holds on a day."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path

import pydantic
from pydantic_core import ErrorDetails

from pipeline.application import fault_said
from pipeline.errors import PolicyRefused
from pipeline.settlement.policy import CARE_NAMES, INSURED_NAMES, Care, Insured, PolicyFile, PolicySet

DATA = Path(__file__).parent / "data"
"""The sets of the sources, which ship with the package."""
DAY = timedelta(days=1)


class PolicyBook:
    """The policy files of some folders.

    Raises:
        PolicyRefused: If files of one region overlap, leave a gap, or the last of them ends; or if two
        regions
            use one key.
    """

    def __init__(self, files: Iterable[tuple[str, PolicyFile]]) -> None:
        by_region: defaultdict[str, list[tuple[str, PolicyFile]]] = defaultdict(list)
        for name, file in files:
            by_region[file.region].append((name, file))
        self._by_region = {region: _in_order(members) for region, members in by_region.items()}
        self._region_of = _regions_by_key(by_region)

    @property
    def regions(self) -> Sequence[str]:
        """The names of all regions, in order."""
        return sorted(self._by_region)

    @property
    def keys(self) -> Sequence[str]:
        """The keys of all sets, in order."""
        return sorted(self._region_of)

    def set_of(self, key: str, day: date) -> PolicySet:
        """The set of that key as it held on the day.

        Raises:
            PolicyRefused: If there is no such set, or none on that day.
        """
        if key not in self._region_of:
            raise PolicyRefused(
                f"{key}: 没有此政策，现有 / no such policy, known are: {', '.join(self.keys)}"
            )
        file = self._file(self._region_of[key], day)
        if key not in file.sets:
            raise PolicyRefused(f"{key}: {day} 没有此政策 / is no policy on that day")
        return PolicySet(key=key, head=file.head, terms=file.sets[key])

    def choose(self, region: str, insured: Insured, care: Care, day: date) -> PolicySet:
        """The set of a region for somebody insured and a kind of care on the day.

        Raises:
            PolicyRefused: If there is no such region, or it has no such set on that day.
        """
        found = self._find(region, insured, care, day)
        if found is None:
            raise PolicyRefused(
                f"{region}: 没有{INSURED_NAMES[insured]}{CARE_NAMES[care]}的政策"
                f" / has no policy for {insured}, {care}"
            )
        return found

    def serious_of(self, region: str, insured: Insured, day: date) -> PolicySet | None:
        """The serious-illness set of a region for somebody insured, None where it has none.

        Raises:
            PolicyRefused: If there is no such region, or nothing holds there on that day.
        """
        return self._find(region, insured, "serious", day)

    def _find(self, region: str, insured: Insured, care: Care, day: date) -> PolicySet | None:
        if region not in self._by_region:
            raise PolicyRefused(
                f"{region}: 没有此地区，现有 / no such region, known are: {', '.join(self.regions)}"
            )
        file = self._file(region, day)
        for key, terms in file.sets.items():  # files with two such sets are refused
            if terms.care == care and insured in terms.covers:
                return PolicySet(key=key, head=file.head, terms=terms)
        return None

    def _file(self, region: str, day: date) -> PolicyFile:
        holding = [file for file in self._by_region[region] if file.holds_on(day)]
        if not holding:
            first = self._by_region[region][0]
            raise PolicyRefused(
                f"{first.name}: 政策自 {first.effective_from} 起施行，{day} 尚无"
                f" / {region} has policies from {first.effective_from} on, none on {day}"
            )
        return holding[0]


def read_policies(folders: Iterable[Path]) -> PolicyBook:
    """The policies of the folders' TOML files; a file goes before one of that name in an earlier folder.

    Raises:
        PolicyRefused: If a file cannot be read, says something wrong, or does not fit the others.
    """
    files = {file.name: file for folder in folders for file in sorted(folder.glob("*.toml"))}
    return PolicyBook((name, read_policy(file)) for name, file in sorted(files.items()))


def read_policy(file: Path) -> PolicyFile:
    """The policy in one file.

    Raises:
        PolicyRefused: If it cannot be read or says something wrong: which key, and what.
    """
    try:
        # Decimal, since 0.1 as a binary fraction is another number.
        told = tomllib.loads(file.read_text(encoding="utf-8-sig"), parse_float=Decimal)
        return PolicyFile.model_validate(told)
    except pydantic.ValidationError as error:
        faults = "；".join(_said(fault) for fault in error.errors())
        raise PolicyRefused(f"{file.name}: 有误 / is wrong: {faults}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PolicyRefused(f"{file.name}: 无法读取 / cannot be read: {error}") from error


@cache
def packaged_policies() -> PolicyBook:
    """The policies that ship."""
    return read_policies([DATA])


def _said(fault: ErrorDetails) -> str:
    """A key and what is wrong with it; what the file says of itself is told in its own words."""
    if fault["type"] in ("extra_forbidden", "missing"):
        return fault_said(fault["loc"], fault["type"])
    return f"{'.'.join(map(str, fault['loc'])) or '全文 / whole file'}: {fault['msg']}"


def _in_order(members: Sequence[tuple[str, PolicyFile]]) -> list[PolicyFile]:
    """The files of one region by their start, checked against each other, each ended by the next."""
    ordered = sorted(members, key=lambda member: member[1].effective_from or date.min)
    ended = []
    for (name, file), (next_name, following) in pairwise(ordered):
        begins, ends = following.effective_from or date.min, file.effective_to
        same_start = (file.effective_from or date.min) == begins
        if same_start or (ends is not None and ends >= begins):
            raise PolicyRefused(f"{name} 与 {next_name}: {file.region} 的有效期重叠 / both hold on {begins}")
        if ends is not None and ends + DAY < begins:
            raise PolicyRefused(
                f"{name} 与 {next_name}: {file.region} 在 {ends + DAY} 至 {begins - DAY} 没有政策"
                f" / nothing holds from {ends + DAY} to {begins - DAY}"
            )
        ended.append(file.model_copy(update={"effective_to": begins - DAY}))
    name, last = ordered[-1]
    if last.effective_to is not None:
        raise PolicyRefused(
            f"{name}: {last.region} 的最后一份政策不应有 effective_to，新的一份生效时它自动失效"
            " / the last file of a region must not end; the next one ends it"
        )
    return [*ended, last]


def _regions_by_key(by_region: Mapping[str, Sequence[tuple[str, PolicyFile]]]) -> dict[str, str]:
    """Which region a key belongs to."""
    found: dict[str, str] = {}
    for region, members in by_region.items():
        for name, file in members:
            for key in file.sets:
                if found.setdefault(key, region) != region:
                    raise PolicyRefused(
                        f"{name}: sets.{key} 已用于 {found[key]} / is a key of {found[key]} already"
                    )
    return found
