"""What of a claim somebody may see in the clear, and the claim without what they may not.

Who works on a claim sees it: a reviewer or supervisor while it is on their desk (by lease). Of other claims a
supervisor sees the values of a person for `SHOWN_FOR` after saying why. Clerks and auditors see them masked,
administrators see no claims. Each time is written down (`pipeline.store.disclosures`).

Values of a person are masked wherever they stand: in their field, in what else was read for it, in sentences
that quote them and in names of files. Medicines stay, for without them nothing is left to look at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias, cast

from pipeline.errors import QueryRefused
from pipeline.life import Actor, Role
from pipeline.progress.masking import MASKS, masked_field, masked_id, masked_phone
from pipeline.review.records import PaperRecord, ReviewRecord, ValueRecord
from pipeline.store.at_desk import desk_of
from pipeline.store.cases import claims_with
from pipeline.store.database import Connection
from pipeline.store.disclosures import last_disclosure, note_disclosure

Sight: TypeAlias = Literal["on_their_desk", "for_a_reason", "masked", "nothing"]
"""When a role sees a person's values: while it has the claim on its desk; then, and after saying why; never;
nor the claim."""

SIGHTS: Mapping[Role, Sight] = {
    "reviewer": "on_their_desk",
    "second_reviewer": "on_their_desk",
    "supervisor": "for_a_reason",
    "clerk": "masked",
    "auditor": "masked",
    "admin": "nothing",
}

WORKING: frozenset[Sight] = frozenset({"on_their_desk", "for_a_reason"})
"""Those who may have a claim on their desk."""

SHOWN_FOR = timedelta(minutes=30)
"""After a reason was given: enough for one claim, too short to leave it open over lunch."""
SHORTEST_REASON = 4
"""Characters: `核对金额` says something, `看` does not."""
LONGEST_REASON = 500
ON_THE_DESK = "办理 / at work on it"
"""What is noted where a reviewer takes a claim."""

_IDENTITY = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
SHORTEST_QUOTED = 2
"""Characters of a value that is looked for in sentences: one alone stands in too many others."""


def may_see_clear(connection: Connection, person: Actor, claim_id: str, now: datetime) -> bool:
    """Whether somebody may see a claim's values, and its pages, in the clear.

    Args:
        connection: Of a transaction.
        person: Who asks (`pipeline.web.people.Person.actor`).
        claim_id: The claim.
        now: When.

    Raises:
        LookupError: If there is no such claim, or the role sees no claims.
    """
    sight = SIGHTS.get(person.role, "nothing")
    if sight == "nothing":
        raise LookupError(f"{claim_id}: 没有这件申请 / no such claim")
    holder = desk_of(connection, claim_id).holder_at(now)
    if sight in WORKING and holder == person.name:
        return True
    if sight == "for_a_reason":
        shown_at = last_disclosure(connection, claim_id, person.name)
        return shown_at is not None and now - shown_at < SHOWN_FOR
    return False


def may_see_paper(connection: Connection, person: Actor, document_id: str, now: datetime) -> bool:
    """Whether somebody may look at a paper in full.

    A clerk has it in hand, having put it on the glass; others see it with a claim of it, and papers of no
    claim are there to be sorted.
    """
    if person.role == "clerk":
        return True
    held_by = claims_with(connection, document_id)
    return not held_by or any(may_see_clear(connection, person, claim_id, now) for claim_id in held_by)


def note_opened(connection: Connection, person: Actor, claim_id: str, now: datetime) -> None:
    """Write down that somebody has the claim on their desk; to be called once a lease, when it is taken.

    Raises:
        LookupError: If there is no such claim.
    """
    if SIGHTS.get(person.role) in WORKING:
        note_disclosure(connection, claim_id, person, now, ON_THE_DESK)


def unmask(connection: Connection, person: Actor, claim_id: str, reason: str, now: datetime) -> datetime:
    """Show a supervisor a claim's values; until when.

    Args:
        connection: Of a transaction that writes.
        person: A supervisor.
        claim_id: The claim.
        reason: In words.
        now: When.

    Raises:
        LookupError: If there is no such claim.
        QueryRefused: If the reason is none, or the role has no such right.
    """
    if SIGHTS.get(person.role) != "for_a_reason":
        raise QueryRefused("您的岗位不能查看完整信息 / your role does not see values in the clear")
    said = reason.strip()
    if not SHORTEST_REASON <= len(said) <= LONGEST_REASON:
        raise QueryRefused(
            f"reason: 应为 {SHORTEST_REASON}–{LONGEST_REASON} 个字符 / should have so many characters"
        )
    note_disclosure(connection, claim_id, person, now, said)
    return now + SHOWN_FOR


def masked(record: ReviewRecord) -> ReviewRecord:
    """The claim without what tells of a person; nothing of the record that is handed in is changed."""
    quoted = {**_quoted(_personal_fields(record)), **_quoted(_of_insured(record))}
    hidden = _Hidden(quoted)
    papers = [_paper(paper, hidden) for paper in record["papers"]]
    rest = {key: hidden.everywhere(value) for key, value in record.items() if key not in ("papers", "person")}
    person = {name: masked_field(name, value) for name, value in record["person"].items()}
    return cast("ReviewRecord", {**rest, "person": person, "papers": papers})


def masked_at(path: str, text: str | None) -> str | None:
    """What stood at a place of a paper, without what tells of a person.

    >>> masked_at("fields.payer_name", "张小样"), masked_at("line_items[0].amount", "12.00")
    ('张**', '12.00')
    """
    return masked_field(path.removeprefix("fields."), text)


class _Hidden:
    """Values as they may stand in sentences: the longest first, so that no part of a longer one is left."""

    def __init__(self, quoted: Mapping[str, str]) -> None:
        self._quoted = quoted
        longest_first = sorted(quoted, key=len, reverse=True)
        self._found = re.compile("|".join(map(re.escape, longest_first))) if quoted else None

    def __call__(self, text: str) -> str:
        """A text in which nobody is named."""
        if self._found is not None:
            text = self._found.sub(lambda one: self._quoted[one.group()], text)
        text = _IDENTITY.sub(lambda one: masked_id(one.group()) or "", text)
        return _MOBILE.sub(lambda one: masked_phone(one.group()) or "", text)

    def everywhere(self, value: Any) -> Any:
        """The same in all texts of a JSON value; keys are names of ours and stay."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, list):
            return [self.everywhere(one) for one in value]
        if isinstance(value, dict):
            return {key: self.everywhere(one) for key, one in value.items()}
        return value


def _paper(paper: PaperRecord, hidden: _Hidden) -> PaperRecord:
    """A paper; who may not see values in the clear may not see its pages either."""
    pages = [{**page, "picture": None, "peeled": None, "words": None} for page in paper["pages"]]
    fields = [_value(value, hidden) for value in paper["fields"]]
    rest = {key: hidden.everywhere(value) for key, value in paper.items() if key not in ("pages", "fields")}
    return cast("PaperRecord", {**rest, "pages": pages, "fields": fields})


def _value(value: ValueRecord, hidden: _Hidden) -> ValueRecord:
    if value["name"] not in MASKS:
        return cast("ValueRecord", hidden.everywhere(value))
    witnesses = [{**one, "says": ""} for one in value["witnesses"]]
    return cast(
        "ValueRecord",
        {
            **value,
            "value": masked_field(value["name"], value["value"]),
            "raw": masked_field(value["name"], value["raw"]),
            "draft": masked_field(value["name"], value["draft"]),
            "characters": [],  # their number would tell how long the value is
            "candidates": [],
            "choices": [],
            "witnesses": witnesses,
            "masked": value["value"] is not None,
        },
    )


def _personal_fields(record: ReviewRecord) -> Iterator[tuple[str, str]]:
    """Name and value of all that was read of a person, also where it is only a candidate or a draft."""
    for paper in record["papers"]:
        for field in paper["fields"]:
            if field["name"] not in MASKS:
                continue
            said = (field["value"], field["raw"], field["draft"])
            for value in filter(None, (*said, *(one["value"] for one in field["candidates"]))):
                yield field["name"], value
                # Several in one field (`;`) are quoted one by one.
                yield from ((field["name"], part) for part in re.split(r"[;；、,，\s]+", value))


def _of_insured(record: ReviewRecord) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in record["person"].items() if value and name in MASKS)


def _quoted(values: Iterator[tuple[str, str]]) -> dict[str, str]:
    return {
        value: masked_field(name, value) or ""
        for name, value in values
        if len(value.strip()) >= SHORTEST_QUOTED
    }
