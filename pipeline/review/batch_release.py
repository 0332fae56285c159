"""A batch that does not close, let go by somebody who answers for it."""

from __future__ import annotations

from datetime import datetime

from pipeline.errors import StepRefused
from pipeline.life import EDITABLE, Actor
from pipeline.stacks.plan import BATCH_RULE
from pipeline.store.batches import KeptBatch, batch_of, note_release
from pipeline.store.database import Connection
from pipeline.store.intake_lists import states_of
from pipeline.store.open_checks import blocking_checks, override_check


def release(connection: Connection, batch_id: str, actor: Actor, now: datetime, reason: str) -> KeptBatch:
    """Let a held batch go on: its claims are no longer blocked by it.

    A claim that cannot be changed just now (it was withdrawn, or handed over) is left as it is.

    Args:
        connection: Of a transaction that writes.
        batch_id: The batch.
        actor: A supervisor.
        now: When.
        reason: Why it is right though it does not close.

    Raises:
        LookupError: If there is no such batch.
        StepRefused: If the actor is no supervisor, the batch is not held, or the reason is wanting.
    """
    batch = batch_of(connection, batch_id)
    if actor.role != "supervisor":
        raise StepRefused("放行批次须由主管进行 / only a supervisor may release a batch")
    if not batch.is_held:
        raise StepRefused(f"{batch_id}: 批次未被暂停 / the batch is not held")
    if not reason.strip():
        raise StepRefused("须说明放行原因 / a reason is wanted")
    note_release(connection, batch_id, actor.name, now, reason.strip())
    for claim_id, state in states_of(connection, batch.record["claims"]).items():
        if state not in EDITABLE:
            continue
        for rule, fields in blocking_checks(connection, claim_id):
            if rule.partition(".")[0] == BATCH_RULE:
                override_check(connection, claim_id, rule, actor, now, reason.strip(), fields)
    return batch_of(connection, batch_id)
