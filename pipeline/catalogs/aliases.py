"""What reviewers taught: printed names that stand for an entry of the lists, each seen by two persons.

A reviewer proposes an alias from a line that waits (`unmatched`, `ambiguous`); a second person approves it,
and only then it is in force. It fills lines that wait and never overrules a match. An alias points at the
name and form of an entry, not at its code: the list in force on the day of treatment gives code and class.

Everything that happens is one line of `aliases.jsonl` in the catalog folder, with who, when and why; nothing
in it is ever changed. Persons appear by their user names alone. Who writes holds the lock of the folder; a
line counts once its line break is on the disk, so a crash loses nothing that was confirmed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast, get_args

from pipeline.catalogs.entries import ITEM_KINDS
from pipeline.catalogs.importing import LOCK
from pipeline.catalogs.printed_names import bare, take_apart
from pipeline.errors import BaoxiaoError
from pipeline.model import CatalogKind
from pipeline.store.exclusive import exclusively

LOG = "aliases.jsonl"
DAMAGED = "aliases.damaged"
"""Where half a line goes that a power cut left at the end of the log; nobody was told that it was kept."""

Happening = Literal["propose", "approve", "reject", "undo"]
Standing = Literal["proposed", "approved", "rejected", "undone"]
_STANDING: Mapping[Happening, Standing] = {
    "propose": "proposed",
    "approve": "approved",
    "reject": "rejected",
    "undo": "undone",
}
_FROM: Mapping[Happening, Standing] = {"approve": "proposed", "reject": "proposed", "undo": "approved"}
"""What an alias must be for each thing to happen to it."""

_USER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{1,39}")
_FEWEST = 2
"""Characters that an alias needs to tell anything."""


class AliasRefused(BaoxiaoError):
    """Nothing was written; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log."""

    id: str
    happened: Happening
    by: str
    at: str
    """UTC, to the second, as `2026-11-22T08:00:00Z`."""
    why: str


@dataclass(frozen=True, slots=True)
class Alias:
    """A printed name and the entry it stands for, with all that happened to it, oldest first.

    `document_id` and `line` (from 1) say where it was seen; `""` and 0 where it came from nowhere in
    particular.
    """

    id: str
    printed: str
    kind: CatalogKind
    name: str
    form: str
    document_id: str
    line: int
    standing: Standing
    events: tuple[Event, ...]

    @property
    def key(self) -> str:
        """What printed names are compared by."""
        return alias_key(self.printed)

    @property
    def proposed_by(self) -> str:
        """The user name of who proposed it."""
        return self.events[0].by

    @property
    def decided_by(self) -> str:
        """The user name of who approved, rejected or undid it last; `""` while it waits."""
        return self.events[-1].by if len(self.events) > 1 else ""


def alias_key(printed: str) -> str:
    """A printed name without markers, specification and signs.

    >>> alias_key("▲(甲)测试片 10mg×7片/盒") == alias_key("测试片")
    True
    """
    return bare(take_apart(printed).plain)


def _now() -> datetime:
    return datetime.now(UTC)


class AliasBook:
    """The aliases of one catalog folder.

    Args:
        folder: The catalog folder.
        now: Gives the present moment.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime] = _now) -> None:
        self._folder = folder
        self._log = folder / LOG
        self._now = now

    def all(self) -> tuple[Alias, ...]:
        """Every alias that was ever proposed, oldest first.

        Raises:
            AliasRefused: If a line of the log cannot be read; it is named.
        """
        return tuple(_told(self._lines()).values())

    def in_force(self) -> dict[str, Alias]:
        """The approved aliases by their key."""
        return {alias.key: alias for alias in self.all() if alias.standing == "approved"}

    def get(self, id: str) -> Alias:  # noqa: A002  # what an alias is called
        """The alias of that id.

        Raises:
            AliasRefused: If there is none.
        """
        return _of_id(self.all(), id)

    def propose(
        self,
        printed: str,
        kind: CatalogKind,
        name: str,
        *,
        by: str,
        why: str,
        form: str = "",
        document_id: str = "",
        line: int = 0,
    ) -> Alias:
        """Propose that `printed` stands for the entry `name` (and `form`) of the lists of `kind`.

        Whether the lists have such an entry is for the caller to ask: `Catalogs.entry`.

        Raises:
            AliasRefused: If it cannot be told apart, or is proposed or in force already.
        """
        _check_user(by)
        key = alias_key(printed)
        if len(key) < _FEWEST:
            raise AliasRefused(f"{printed!r}: 名称太短，不能作别名 / too short for an alias")
        if kind not in ITEM_KINDS:
            raise AliasRefused(f"{kind}: 不是收费项目的种类 / not a kind of charged item")
        with exclusively(self._folder / LOCK):
            known = self.all()
            same = [one for one in known if one.key == key and one.standing in ("proposed", "approved")]
            if same:
                words = "已在使用 / in force" if same[0].standing == "approved" else "已有人提出 / proposed"
                raise AliasRefused(
                    f"{printed!r}: {words}（{same[0].id} → {same[0].name}），请先驳回或撤销"
                    f" / reject or undo {same[0].id} first"
                )
            alias = Alias(f"A{len(known) + 1}", printed, kind, name, form, document_id, line, "proposed", ())
            event = self._event(alias.id, "propose", by, why)
            self._append(event, alias)
        return replace(alias, events=(event,))

    def approve(self, id: str, *, by: str, why: str = "") -> Alias:  # noqa: A002
        """Put an alias into force; who proposed it cannot.

        Raises:
            AliasRefused: If it is the same person, or it does not wait for approval.
        """
        return self._decide(id, "approve", by, why)

    def reject(self, id: str, *, by: str, why: str) -> Alias:  # noqa: A002
        """Turn a proposal down.

        Raises:
            AliasRefused: If it does not wait for approval.
        """
        return self._decide(id, "reject", by, why)

    def undo(self, id: str, *, by: str, why: str) -> Alias:  # noqa: A002
        """Take an alias out of force; the lines it filled wait again when the outputs are written anew.

        Raises:
            AliasRefused: If it is not in force.
        """
        return self._decide(id, "undo", by, why)

    def _decide(self, id: str, happens: Happening, by: str, why: str) -> Alias:  # noqa: A002
        _check_user(by)
        with exclusively(self._folder / LOCK):
            alias = _of_id(self.all(), id)
            if alias.standing != _FROM[happens]:
                raise AliasRefused(
                    f"{id}: 现为 {alias.standing}，不能 {happens} / is {alias.standing}: cannot {happens} it"
                )
            if happens == "approve" and by.casefold() == alias.proposed_by.casefold():
                raise AliasRefused(
                    f"{id}: 由 {alias.proposed_by} 提出，须由另一人核准"
                    f" / proposed by {alias.proposed_by}: a second person must approve it"
                )
            event = self._event(id, happens, by, why)
            self._append(event)
        return replace(alias, standing=_STANDING[happens], events=(*alias.events, event))

    def _event(self, id: str, happened: Happening, by: str, why: str) -> Event:  # noqa: A002
        return Event(id, happened, by, f"{self._now():%Y-%m-%dT%H:%M:%SZ}", why)

    def _lines(self) -> Iterator[tuple[int, str]]:
        if self._log.is_file():
            whole, _, _ = self._log.read_bytes().rpartition(b"\n")
            yield from enumerate(whole.decode("utf-8").split("\n") if whole else (), 1)

    def _append(self, event: Event, alias: Alias | None = None) -> None:
        """Write one line and wait until it is on the disk; asked for under the lock alone."""
        row = asdict(event)
        if alias is not None:
            row |= {key: value for key, value in asdict(alias).items() if key not in ("events", "standing")}
        with self._log.open("ab+") as file:
            self._set_torn_end_aside(file.fileno())
            file.seek(0, os.SEEK_END)
            file.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())

    def _set_torn_end_aside(self, handle: int) -> None:
        content = self._log.read_bytes()
        keep = content.rfind(b"\n") + 1
        if keep < len(content):
            with (self._folder / DAMAGED).open("ab") as damaged:
                damaged.write(content[keep:] + b"\n")
            os.ftruncate(handle, keep)


def _told(lines: Iterable[tuple[int, str]]) -> dict[str, Alias]:
    """The aliases as the log tells them, by id."""
    aliases: dict[str, Alias] = {}
    for number, line in lines:
        try:
            row = json.loads(line)
            event = Event(row["id"], row["happened"], row["by"], row["at"], row["why"])
            if event.happened == "propose":
                aliases[event.id] = Alias(
                    event.id,
                    row["printed"],
                    cast("CatalogKind", row["kind"]),
                    row["name"],
                    row["form"],
                    row["document_id"],
                    int(row["line"]),
                    "proposed",
                    (event,),
                )
            elif event.happened in get_args(Happening):
                alias = aliases[event.id]
                aliases[event.id] = replace(
                    alias, standing=_STANDING[event.happened], events=(*alias.events, event)
                )
            else:
                raise ValueError(event.happened)  # noqa: TRY301  # told like any other bad line
        except (ValueError, KeyError, TypeError) as error:
            raise AliasRefused(
                f"{LOG} 第 {number} 行无法读取，请从备份恢复 / line {number} cannot be read: {error}"
            ) from error
    return aliases


def _of_id(aliases: Iterable[Alias], id: str) -> Alias:  # noqa: A002
    found = next((alias for alias in aliases if alias.id == id), None)
    if found is None:
        raise AliasRefused(f"{id}: 没有这个别名 / no such alias")
    return found


def _check_user(name: str) -> None:
    if not _USER_NAME.fullmatch(name):
        raise AliasRefused(
            f"{name!r}: 请用登录用户名（英文字母开头的字母、数字），不写姓名或号码"
            " / give a user name of letters and digits, no person's name or number"
        )
