"""Whether a store holds together: what `baoxiao db check` looks at, and what to do where it does not.

The database vouches for single rows. What rows say together is looked at here: each claim stands where its
events lead, what is counted beside a claim is what there is to count, whatever was handed over has its
message, and every original is there to the byte. Nothing is mended: what should be true is for people to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Select, and_, case, func, null, or_, select, text
from sqlalchemy.sql.elements import ColumnElement

from pipeline.errors import StoreUnusable
from pipeline.life import AMENDMENT_KINDS, ROLES, STATES, State
from pipeline.store.backup_form import OnWay, named_originals
from pipeline.store.opened import Store
from pipeline.store.outbox import ENGINE
from pipeline.store.tables import (
    amendments,
    checks,
    claim_revisions,
    claims,
    events,
    hand_off_batches,
    outbox,
    review_items,
    submissions,
)
from pipeline.store.versions import differences

NAMED = 5
"""So many of the rows at fault are named; the rest are counted."""

SUBMISSION_STATES = ("held", "received", "reading", "read", "failed")
MESSAGE_STATES = ("waiting", "begun", "answered", "parked", "cancelled")
LIVE = ("waiting", "begun", "parked")
"""States of a message that is still to be answered."""
LEFT: tuple[State, ...] = ("handed_over", "settled", "paid")
"""States of a claim that the engine has taken."""

DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
"""Settings of a PostgreSQL server without which it acknowledges what a power cut may take away."""

_FROM_BACKUP = (
    "请用 baoxiao db restore 把最近的备份恢复到空的存储，再与现有数据比对",
    "bring the latest backup back into an empty store with baoxiao db restore and compare the two",
)
_BY_HAND = (
    "有人绕过程序改过数据，请查明是谁、改了什么",
    "somebody changed rows beside the program: find out who, and what",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it must be.

    Attributes:
        what: In Chinese and English.
        way_out: What to do, likewise.
        where: Keys of some of the rows or files at fault.
        count: Of how many.
    """

    what: tuple[str, str]
    way_out: tuple[str, str]
    where: tuple[str, ...]
    count: int

    def __str__(self) -> str:
        """One line, with the way out behind an arrow."""
        more = " …" if self.count > len(self.where) else ""
        named = f": {'、'.join(self.where)}{more} ({self.count})" if self.where else ""
        return f"{self.what[0]} / {self.what[1]}{named} → {self.way_out[0]} / {self.way_out[1]}"


def problems(store: Store, on_way: OnWay, *, originals: bool = True) -> Iterator[Problem]:
    """All that is wrong with a store, from one state of it, while others may write.

    Args:
        store: Opened.
        on_way: Told of the progress.
        originals: Read every original and compare its hash; else only see that it is there.

    Raises:
        StoreUnusable: If the store does not answer.
    """
    with store.database.read() as connection:
        on_way("数据库文件 / the database", 0, 0)
        broken = list(_of_database(connection))
        yield from broken
        if broken and store.database.is_sqlite:
            return  # whatever is read of a damaged file may be anything
        yield from contradictions(connection, on_way)
        wanted = named_originals(connection)
    yield from _of_originals(store, wanted, on_way, whole=originals)


# ---------------------------------------------------------------- the database itself


def _of_database(connection: Connection) -> Iterator[Problem]:
    if connection.dialect.name == "sqlite":
        told = [str(line) for line in connection.exec_driver_sql("PRAGMA integrity_check").scalars()]
        if told != ["ok"]:
            yield _problem(("数据库文件已损坏", "the database file is damaged"), _FROM_BACKUP, told)
            return
        lost = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if lost:
            keys = [f"{row[0]} {row[1]} → {row[2]}" for row in lost]
            yield _problem(("数据指向不存在的行", "rows name rows that are not there"), _FROM_BACKUP, keys)
            return
    else:
        off = [name for name in DURABLE if connection.execute(text(f"SHOW {name}")).scalar() == "off"]
        if off:
            yield _problem(
                ("PostgreSQL 断电会丢数据", "this PostgreSQL loses data in a power cut"),
                ("请在 postgresql.conf 中打开", "switch these on in postgresql.conf"),
                off,
            )
    changed = differences(connection)
    if changed:
        yield _problem(
            ("表的结构与程序不符", "the tables are not those of this program"),
            ("请撤销手工改动，或恢复备份", "undo what was changed by hand, or bring a backup back"),
            changed,
        )


# ---------------------------------------------------------------- what rows say together


@dataclass(frozen=True, slots=True)
class Rule:
    """What must not be found: a query for the keys of rows at fault."""

    what: tuple[str, str]
    query: Select[str]


def _unknown(column: Column[str], known: tuple[str, ...], key: ColumnElement[str]) -> Select[str]:
    return select(key).where(column.not_in(known))


def _counted(of: ColumnElement[int], belongs: ColumnElement[bool]) -> ColumnElement[int]:
    """A count for each claim, as a part of a larger query."""
    return select(of).where(belongs).scalar_subquery()


_steps = select(
    events.c.claim_id,
    events.c.from_state,
    events.c.to_state,
    func.lag(events.c.to_state).over(partition_by=events.c.claim_id, order_by=events.c.id).label("before"),
    func.lead(events.c.id).over(partition_by=events.c.claim_id, order_by=events.c.id).label("next"),
).subquery()

_to_engine = (
    select(
        outbox.c.claim_id,
        func.sum(case((outbox.c.state.in_(LIVE), 1), else_=0)).label("live"),
        func.sum(case((outbox.c.state == "answered", 1), else_=0)).label("answered"),
    )
    .where(outbox.c.target == ENGINE)
    .group_by(outbox.c.claim_id)
    .subquery()
)
_messages = select(claims.c.id).outerjoin(_to_engine, _to_engine.c.claim_id == claims.c.id)
_live = func.coalesce(_to_engine.c.live, 0)

RULES: tuple[Rule, ...] = (
    Rule(("报销申请的状态未知", "claims in an unknown state"), _unknown(claims.c.state, STATES, claims.c.id)),
    Rule(
        ("接收的状态未知", "submissions in an unknown state"),
        _unknown(submissions.c.state, SUBMISSION_STATES, submissions.c.id),
    ),
    Rule(
        ("消息的状态未知", "messages in an unknown state"),
        _unknown(outbox.c.state, MESSAGE_STATES, outbox.c.message_id),
    ),
    Rule(
        ("更正的种类未知", "amendments of an unknown kind"),
        _unknown(amendments.c.kind, AMENDMENT_KINDS, amendments.c.claim_id),
    ),
    Rule(("经办人角色未知", "events by an unknown role"), _unknown(events.c.role, ROLES, events.c.claim_id)),
    Rule(
        ("事件前后不连", "events that do not follow one another"),
        select(_steps.c.claim_id).where(_steps.c.before.is_not(None), _steps.c.from_state != _steps.c.before),
    ),
    Rule(
        ("状态与最后一个事件不符", "claims that are not where their last event led"),
        select(claims.c.id)
        .outerjoin(_steps, and_(_steps.c.claim_id == claims.c.id, _steps.c.next.is_(null())))
        .where(or_(_steps.c.to_state.is_(None), _steps.c.to_state != claims.c.state)),
    ),
    Rule(
        ("缺少历史版本", "claims that lack a revision"),
        select(claims.c.id).where(
            _counted(func.count(), claim_revisions.c.claim_id == claims.c.id) != claims.c.revision
        ),
    ),
    Rule(
        ("现内容与最新版本不符", "claims whose record is not that of their latest revision"),
        select(claims.c.id)
        .outerjoin(
            claim_revisions,
            and_(claim_revisions.c.claim_id == claims.c.id, claim_revisions.c.revision == claims.c.revision),
        )
        .where(or_(claim_revisions.c.record.is_(None), claim_revisions.c.record != claims.c.record)),
    ),
    Rule(
        ("缺少更正记录", "claims that lack an amendment"),
        select(claims.c.id).where(
            _counted(func.count(), amendments.c.claim_id == claims.c.id) != claims.c.amendment
        ),
    ),
    Rule(
        ("未通过的强制校验计数有误", "claims whose open blocking checks are counted wrongly"),
        select(claims.c.id).where(
            _counted(
                func.count(),
                and_(
                    checks.c.claim_id == claims.c.id,
                    checks.c.outcome == "fail",
                    checks.c.severity == "block",
                    checks.c.overridden_by.is_(None),
                ),
            )
            != claims.c.open_blocks
        ),
    ),
    Rule(
        ("待复核字段计数有误", "claims whose fields to review are counted wrongly"),
        select(claims.c.id).where(
            _counted(
                func.count(), and_(review_items.c.claim_id == claims.c.id, review_items.c.state == "open")
            )
            != claims.c.open_reviews
        ),
    ),
    Rule(
        ("已录入而没有移交消息", "entered claims without a message to the engine"),
        _messages.where(claims.c.state == "entered", _live == 0),
    ),
    Rule(
        ("多于一条未答复的移交消息", "claims with more than one message to be answered"),
        _messages.where(_live > 1),
    ),
    Rule(
        ("已移交而没有答复", "claims handed over without an answer of the engine"),
        _messages.where(claims.c.state.in_(LEFT), func.coalesce(_to_engine.c.answered, 0) == 0),
    ),
    Rule(
        ("已答复的消息没有答复内容", "answered messages without their answer"),
        select(outbox.c.message_id).where(outbox.c.state == "answered", outbox.c.answered_at.is_(None)),
    ),
    Rule(
        ("消息所属的报盘批次不存在", "messages of a batch that is not there"),
        select(outbox.c.message_id)
        .outerjoin(hand_off_batches, hand_off_batches.c.id == outbox.c.batch_id)
        .where(outbox.c.batch_id.is_not(None), hand_off_batches.c.id.is_(None)),
    ),
)
"""What is never found where everything was written by this program."""


def contradictions(connection: Connection, on_way: OnWay) -> Iterator[Problem]:
    """Every rule that rows break, in the order of `RULES`."""
    for number, rule in enumerate(RULES):
        on_way(f"{rule.what[0]} / {rule.what[1]}", number, len(RULES))
        found = rule.query.distinct().subquery()
        count = connection.execute(select(func.count()).select_from(found)).scalar_one()
        if count:
            keys = connection.execute(select(found).order_by(*found.c).limit(NAMED)).scalars()
            yield Problem(rule.what, _BY_HAND, tuple(map(str, keys)), count)


# ---------------------------------------------------------------- originals


def _of_originals(store: Store, wanted: list[str], on_way: OnWay, *, whole: bool) -> Iterator[Problem]:
    missing, damaged = [], []
    for number, sha256 in enumerate(wanted):
        on_way("原件 / originals", number, len(wanted))
        if not store.originals.has(sha256):
            missing.append(sha256)
        elif whole and not _is_whole(store, sha256):
            damaged.append(sha256)
    way_out = (
        f"从备份 ZIP 的 originals/ 中取出，放回 {store.originals.name} 的同一位置",
        "take them out of originals/ in a backup and put them back into the same place",
    )
    if missing:
        yield _problem(("原件缺失", "originals are missing"), way_out, missing)
    if damaged:
        yield _problem(("原件已损坏", "originals are damaged"), way_out, damaged)


def _is_whole(store: Store, sha256: str) -> bool:
    try:
        return store.originals.is_whole(sha256)
    except StoreUnusable:  # the disk gives part of it
        return False


def _problem(what: tuple[str, str], way_out: tuple[str, str], where: list[str]) -> Problem:
    return Problem(what, way_out, tuple(where[:NAMED]), len(where))
