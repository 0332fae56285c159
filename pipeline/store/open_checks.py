"""Checks of a claim that did not pass, those that a person has overridden, and how many still block it.

An override is bound to what was seen: the same check with the same message about the same values. Where a
check fails in another way afterwards it is open again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from pipeline.errors import StepRefused
from pipeline.life import EDITABLE, STATE_NAMES, Actor, Role
from pipeline.records import CheckRecord
from pipeline.store.lives import check_version, standing_of
from pipeline.store.tables import checks, claims

OVERRIDERS: frozenset[Role] = frozenset({"second_reviewer", "supervisor"})
"""Who may let a claim pass though a blocking check fails."""

Way: TypeAlias = tuple[str, str, str]
"""In which way a check fails: its rule, its message, the paths that it speaks of as JSON."""

_IS_OPEN = (checks.c.outcome == "fail", checks.c.severity == "block", checks.c.overridden_by.is_(None))


def keep_checks(connection: Connection, claim_id: str, found: Iterable[CheckRecord]) -> int:
    """Keep what did not pass, in place of what was kept before; how many checks block the claim now."""
    before = {
        _way(row.rule, row.message, row.fields): row
        for row in connection.execute(
            select(checks).where(checks.c.claim_id == claim_id, checks.c.overridden_by.is_not(None))
        )
    }
    rows = [
        _row(claim_id, ordinal, check, before)
        for ordinal, check in enumerate(one for one in found if one["outcome"] != "pass")
    ]
    connection.execute(delete(checks).where(checks.c.claim_id == claim_id))
    if rows:
        connection.execute(insert(checks), rows)
    return count_blocks(connection, claim_id)


def count_blocks(connection: Connection, claim_id: str) -> int:
    """How many failed blocking checks nobody has overridden."""
    query = select(func.count()).select_from(checks).where(checks.c.claim_id == claim_id, *_IS_OPEN)
    return connection.execute(query).scalar_one()


def blocking_checks(connection: Connection, claim_id: str) -> list[tuple[str, list[str]]]:
    """Rule and paths of each failed blocking check that nobody has overridden."""
    query = select(checks.c.rule, checks.c.fields).where(checks.c.claim_id == claim_id, *_IS_OPEN)
    found = connection.execute(query.order_by(checks.c.ordinal))
    return [(row.rule, json.loads(row.fields)) for row in found]


def override_check(
    connection: Connection,
    claim_id: str,
    rule: str,
    actor: Actor,
    now: datetime,
    reason: str,
    fields: Sequence[str] | None = None,
    seen_version: int | None = None,
) -> int:
    """Let a claim pass though a blocking check fails; how many still block it.

    Args:
        connection: Of a transaction that writes.
        claim_id: The claim.
        rule: The dotted id of the check.
        actor: Who answers for it.
        now: When.
        reason: Why, in words.
        fields: The paths of the check, where the rule fails more than once.
        seen_version: The version that the actor saw; another one refuses.

    Raises:
        LookupError: If there is no such claim.
        StepRefused: If the actor may not, nothing of that rule is open, several are, the claim cannot be
            changed now, or the reason is wanting.
    """
    state = standing_of(connection, claim_id, lock=True).state
    if actor.role not in OVERRIDERS:
        raise StepRefused(
            f"{rule}: {actor.role} 无权放行，须为 {'、'.join(sorted(OVERRIDERS))}"
            f" / {actor.role} may not override; wanted: {', '.join(sorted(OVERRIDERS))}"
        )
    if state not in EDITABLE:
        raise StepRefused(f"{STATE_NAMES[state]} ({state}) 不能放行 / nothing can be overridden here")
    if not reason.strip():
        raise StepRefused(f"{rule}: 须说明原因 / a reason is wanted")
    if seen_version is not None:
        check_version(connection, claim_id, seen_version)
    is_open = (checks.c.claim_id == claim_id, checks.c.rule == rule, *_IS_OPEN)
    found = connection.execute(select(checks).where(*is_open)).all()
    if fields is not None:
        found = [row for row in found if json.loads(row.fields) == list(fields)]
    if len(found) != 1:
        raise StepRefused(_which(rule, len(found)))
    connection.execute(
        update(checks)
        .where(checks.c.claim_id == claim_id, checks.c.ordinal == found[0].ordinal)
        .values(overridden_by=actor.name, overridden_at=now, override_reason=reason)
    )
    left = count_blocks(connection, claim_id)
    changed = {"open_blocks": left, "version": claims.c.version + 1, "changed_at": now}
    connection.execute(update(claims).where(claims.c.id == claim_id).values(**changed))
    return left


def _which(rule: str, count: int) -> str:
    if count:
        return f"{rule}: 有 {count} 项未通过，请指明字段 / {count} of it are open, name the fields"
    return f"{rule}: 没有未通过的强制校验 / no blocking check of it is open"


def _way(rule: str, message: str, fields: str) -> Way:
    return rule, message, fields


def _row(claim_id: str, ordinal: int, check: CheckRecord, before: dict[Way, Row[Any]]) -> dict[str, object]:
    fields = json.dumps(check["fields"], ensure_ascii=False)
    seen = before.get(_way(check["rule"], check["message"], fields))
    is_overridden = seen is not None and (seen.outcome, seen.severity) == (
        check["outcome"],
        check["severity"],
    )
    return {
        "claim_id": claim_id,
        "ordinal": ordinal,
        "rule": check["rule"],
        "outcome": check["outcome"],
        "severity": check["severity"],
        "message": check["message"],
        "fields": fields,
        "overridden_by": seen.overridden_by if seen is not None and is_overridden else None,
        "overridden_at": seen.overridden_at if seen is not None and is_overridden else None,
        "override_reason": seen.override_reason if seen is not None and is_overridden else None,
    }
