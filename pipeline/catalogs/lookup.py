"""Entries of the lists as one types: by name, other name, code, or initials of the pinyin (阿莫西林: amxl).

All that entries of a kind are called stands in one row of characters, and beside it, for each character, the
set of letters that its pinyin may begin with, one bit a letter. A typed letter is looked for in those sets
and anything else in the characters, so 阿莫, amxl, 阿mxl and xj01 are one question, every reading of a
character counts (重: z, c), and nothing is spelt out in all its combinations.

An index is built when its kind is first asked for, and then only read.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from heapq import merge
from itertools import islice
from threading import Lock
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from pypinyin import Style, pinyin

from pipeline.catalogs.aliases import Alias, alias_key
from pipeline.catalogs.catalog import Catalogs
from pipeline.catalogs.entries import ITEM_KINDS, Entry
from pipeline.catalogs.likeness import likeness
from pipeline.catalogs.printed_names import bare
from pipeline.model import CatalogKind, ReimbursementClass

LONGEST = 40
"""Characters of a question that count; of 40,000 names of the public lists 99 % are shorter."""
MOST = 50
"""Entries that one question is answered with at most."""
COMPARED = 128
"""Names compared character by character where nothing is called as typed: those that share most with it."""
FEWEST_SHARED = 0.5
"""Share of the typed characters that a name must hold to be compared."""
SHOWN = 0.55
"""Names less like the typed ones do not come near; as where printed names are looked up."""
BEGINNING = 0.9
"""How near a name comes that what was typed begins with: 阿莫西林, where 阿莫西林胶囊 was typed."""

_GAP = "\0"
"""Between two names: no question holds it."""

By: TypeAlias = Literal["name", "alias", "code", "taught", "near"]
"""What it was found by: its name or another of the list, its code, what reviewers taught, nearness alone."""
_CALLED: tuple[By, ...] = ("name", "alias", "code")
_BY_CODE = _CALLED.index("code")

Numbers: TypeAlias = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An entry that may be meant.

    Attributes:
        entry: The entry.
        by: What it was found by.
        called: The other name or the printed name that it was found by; `""` where that is its own.
        more: Entries that differ from it in nothing but the specification, and have no code either.
    """

    entry: Entry
    by: By
    called: str = ""
    more: int = 0


class Rank(NamedTuple):
    """How well something that an entry is called answers, the best first."""

    tier: int
    """0 it begins so, 1 it holds it, 2 it comes near."""
    distance: float
    """1 - likeness of what only comes near, else 0."""
    by_code: bool
    by_initials: bool
    called: int
    """Index in `_CALLED`."""
    length: int
    """Of what it is called: the shortest is the nearest to what was typed."""
    is_local: bool
    key: int
    """Number in the index, in the order of the lists."""


class _Names:
    """What entries are called, to be asked as one types."""

    def __init__(self, called: Iterable[tuple[str, int, int]]) -> None:
        """Args: the bare text, its index in `_CALLED`, and the number of the entry, of each."""
        known = [one for one in called if one[0]]
        self.texts = [text for text, _, _ in known]
        self.by = np.array([by for _, by, _ in known], np.int8)
        self.entry = np.array([number for _, _, number in known], np.int32)
        self._lengths = np.array([len(text) for text in self.texts], np.int32)
        whole = _GAP + "".join(text + _GAP for text in self.texts) + _GAP * LONGEST
        self._characters = np.frombuffer(whole.encode("utf-32-le"), np.uint32)
        self._starts = (np.cumsum(self._lengths + 1) - self._lengths).astype(np.int32)
        # Whose each character is; the gaps before the first and behind the last are nobody's.
        owners = np.repeat(np.arange(len(self.texts), dtype=np.int32), self._lengths + 1)
        self._key_at = np.concatenate(([0], owners, np.zeros(LONGEST, np.int32))).astype(np.int32)
        self._distinct, kinds, counts = np.unique(self._characters, return_inverse=True, return_counts=True)
        self._initials = np.array([initials(chr(one)) for one in self._distinct], np.uint32)[kinds]
        # Where each character stands: its part of one array, the parts in the order of the characters.
        self._places_by_kind = np.argsort(kinds, kind="stable").astype(np.int32)
        self._ends = np.cumsum(counts)
        self._by_letter: dict[str, Numbers] = {}

    def ranked(self, typed: str, is_local: npt.NDArray[np.bool_]) -> Iterator[Rank]:
        """What begins with the typed characters, then what holds them."""
        at = self._places(typed)
        if not len(at):
            return
        keys = self._key_at[at]
        tier = (at != self._starts[keys]).astype(np.int8)
        spelt = np.frombuffer(typed.encode("utf-32-le"), np.uint32)
        by_initials = np.zeros(len(at), np.bool_)
        for offset, char in enumerate(spelt):
            by_initials |= self._characters[at + offset] != char
        local = is_local[self.entry[keys]]
        by = self.by[keys]
        columns = (tier, by == _BY_CODE, by_initials, by, self._lengths[keys], local, keys)
        for i in np.lexsort(columns[::-1]):
            first, *rest = (column[i].item() for column in columns)
            yield Rank(first, 0.0, *rest)

    def _places(self, typed: str) -> Numbers:
        """Where the typed characters stand one behind another."""
        first = typed[0]
        at = self._places_by_letter(first) if first in string.ascii_lowercase else self._places_of(first)
        for offset, char in enumerate(typed[1:], 1):
            if char in string.ascii_lowercase:
                at = at[self._initials[at + offset] & np.uint32(_bit(char)) != 0]
            else:
                at = at[self._characters[at + offset] == np.uint32(ord(char))]
        return at

    def _places_by_letter(self, letter: str) -> Numbers:
        """Where characters stand whose pinyin may begin with a letter."""
        known = self._by_letter.get(letter)
        if known is None:
            known = np.flatnonzero((self._initials & np.uint32(_bit(letter))) != 0).astype(np.int32)
            self._by_letter[letter] = known
        return known

    def _places_of(self, char: str) -> Numbers:
        """Where one character stands."""
        kind = int(np.searchsorted(self._distinct, ord(char)))
        if kind == len(self._distinct) or self._distinct[kind] != ord(char):
            return np.zeros(0, np.int32)
        start = self._ends[kind - 1] if kind else 0
        return self._places_by_kind[start : self._ends[kind]]

    def near(self, typed: str, is_local: npt.NDArray[np.bool_]) -> Iterator[Rank]:
        """What shares most characters with the typed ones and is like them, the likest first."""
        shared = np.zeros(len(self.texts), np.int16)
        for char in set(typed):
            holds = np.zeros(len(shared), np.bool_)
            holds[self._key_at[self._places_of(char)]] = True
            shared += holds
        enough = np.flatnonzero(shared >= FEWEST_SHARED * len(set(typed)))
        # Of names that share as much the shorter come nearer.
        order = np.lexsort((self._lengths[enough], -shared[enough]))[:COMPARED]
        found = []
        for key in map(int, enough[order]):
            text, by = self.texts[key], int(self.by[key])
            alike = BEGINNING if typed.startswith(text) else likeness(typed, text)
            if alike >= SHOWN:
                local = bool(is_local[self.entry[key]])
                found.append(Rank(2, 1 - alike, by == _BY_CODE, False, by, len(text), local, key))
        yield from sorted(found)


class _Kind:
    """The entries of one kind with what they are called."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.is_local = np.array([one.scope == "local" for one in entries], np.bool_)
        self.names = _Names(_called(entries))

    def answers(self, typed: str, *, near: bool) -> Iterator[tuple[Rank, By, Entry, str]]:
        ranks = (self.names.near if near else self.names.ranked)(typed, self.is_local)
        for rank in ranks:
            entry = self.entries[int(self.names.entry[rank.key])]
            by = _CALLED[rank.called]
            called = self.names.texts[rank.key] if by == "alias" else ""
            yield rank, "near" if near else by, entry, called


def _called(entries: Sequence[Entry]) -> Iterator[tuple[str, int, int]]:
    for number, entry in enumerate(entries):
        yield bare(entry.name), 0, number
        for alias in entry.aliases:
            yield bare(alias), 1, number
        yield _bare_code(entry.code), 2, number


def _bare_code(code: str) -> str:
    """What `bare` makes of a code; most are ASCII, and there are as many as names."""
    return "".join(filter(str.isalnum, code.lower())) if code.isascii() else bare(code)


class CatalogLookup:
    """The charged items of the lists in use, to be asked as one types; threads may share it.

    Args:
        catalogs: The lists; their entries are shared, not copied.
    """

    def __init__(self, catalogs: Catalogs) -> None:
        self.catalogs = catalogs
        self._built: dict[CatalogKind, _Kind] = {}
        self._building = Lock()

    def prepare(self, *kinds: CatalogKind) -> None:
        """Build what asking for these kinds needs, all of them where none is named."""
        for kind in kinds or ITEM_KINDS:
            self._kind(kind)

    def _kind(self, kind: CatalogKind) -> _Kind:
        with self._building:
            if kind not in self._built:
                likeness("阿", "呵")  # reads its tables, so that no question waits for them
                self._built[kind] = _Kind([one for one in self.catalogs.entries if one.kind == kind])
            return self._built[kind]

    def find(
        self,
        typed: str,
        *,
        kinds: Sequence[CatalogKind] = ITEM_KINDS,
        on: date | None = None,
        taught: Mapping[str, Alias] | None = None,
        limit: int = 12,
    ) -> list[Suggestion]:
        """The entries in force on a day that may be meant, the best first.

        What begins as typed stands before what holds it, and that before what only comes near; of these names
        before codes, what is spelt so before what has these initials, the list's name before other names,
        the shorter before the longer, and national lists before local ones.

        Args:
            typed: What was typed so far, or a printed name.
            kinds: Which kinds are looked at.
            on: The day of treatment; without it entries of all days answer.
            taught: Names that reviewers taught, in force, by their key.
            limit: How many at most, up to `MOST`.
        """
        asked = bare(typed)[:LONGEST]
        if not asked:
            return []
        limit = min(limit, MOST)
        parts = [self._kind(kind) for kind in kinds]
        found = _Gathered(on, limit)
        for entry, printed in self._taught(asked, kinds, on, taught or {}):
            found.take(entry, "taught", printed)
        found.take_all(merge(*(part.answers(asked, near=False) for part in parts)))
        name = alias_key(typed)[:LONGEST]  # of a printed one without markers and specification
        if name != asked and name and not found.suggestions:
            found.take_all(merge(*(part.answers(name, near=False) for part in parts)))
        if not found.is_full and not name.isascii():
            found.take_all(merge(*(part.answers(name, near=True) for part in parts)))
        return found.suggestions

    def _taught(
        self, asked: str, kinds: Sequence[CatalogKind], on: date | None, taught: Mapping[str, Alias]
    ) -> Iterator[tuple[Entry, str]]:
        known = [alias for alias in taught.values() if alias.kind in kinds]
        if not known:
            return
        names = _Names((alias.key, 0, number) for number, alias in enumerate(known))
        for rank in names.ranked(asked, np.zeros(len(known), np.bool_)):
            alias = known[int(names.entry[rank.key])]
            entry = self.catalogs.entry(alias.kind, alias.name, alias.form, on)
            if entry is not None:
                yield entry, alias.printed


class _Gathered:
    """Answers so far: each entry once, if in force on the day, and one of those that pay alike."""

    def __init__(self, on: date | None, limit: int) -> None:
        self.on = on
        self.limit = limit
        self.suggestions: list[Suggestion] = []
        self._place_of: dict[tuple[object, ...], int] = {}

    @property
    def is_full(self) -> bool:
        return len(self.suggestions) >= self.limit

    def take(self, entry: Entry, by: By, called: str) -> bool:
        """Take an answer, or count it with the one that it is like; false where there is no room for it."""
        if not entry.in_force(self.on):
            return True
        same = (entry.kind, entry.code or bare(entry.name), entry.form, *_pays(entry))
        place = self._place_of.get(same)
        if place is not None:
            known = self.suggestions[place]
            if not entry.code and entry.specification != known.entry.specification:
                self.suggestions[place] = replace(known, more=known.more + 1)
        elif not self.is_full:
            self._place_of[same] = len(self.suggestions)
            self.suggestions.append(Suggestion(entry, by, called))
        else:
            return False
        return True

    def take_all(self, answers: Iterator[tuple[Rank, By, Entry, str]]) -> None:
        # Some are not in force, or like others; beyond so many nobody looks.
        for _rank, by, entry, called in islice(answers, self.limit * _LOOKED_AT):
            if not self.take(entry, by, called):
                break


_LOOKED_AT = 40
"""Answers looked at for one that is shown: of one name lists hold dozens of makers and past editions."""


def _pays(entry: Entry) -> tuple[ReimbursementClass | None, object, str, str]:
    return entry.reimbursement_class, entry.price, entry.price_basis, entry.unit


def _bit(letter: str) -> int:
    return 1 << (ord(letter) - ord("a"))


def initials(char: str) -> int:
    """The letters that a character's pinyin may begin with, as bits from `a`; a letter stands for itself.

    >>> [letter for letter in string.ascii_lowercase if initials("重") >> ord(letter) - ord("a") & 1]
    ['c', 't', 'z']
    >>> initials("b"), initials("5")
    (2, 0)
    """
    if char in string.ascii_lowercase:
        return _bit(char)
    if char.isascii():
        return 0
    read = pinyin(char, style=Style.FIRST_LETTER, heteronym=True)
    letters = {letter for reading in read for letter in reading if letter in string.ascii_lowercase}
    return sum(map(_bit, filter(None, letters)))


class Lookups:
    """The look-up of the lists in use, kept as long as they are the same lists."""

    def __init__(self) -> None:
        self._held: tuple[tuple[object, ...], CatalogLookup] | None = None
        self._lock = Lock()

    def of(self, catalogs: Catalogs) -> CatalogLookup:
        """The look-up over these lists; a list that is imported anew lies in another file."""
        lists = tuple(path for _head, path in catalogs.lists)
        with self._lock:
            if self._held is None or self._held[0] != lists:
                self._held = lists, CatalogLookup(catalogs)
            return self._held[1]
