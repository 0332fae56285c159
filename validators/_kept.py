"""Whether a charged row keeps one limit, whoever sets it: the published rules or a note of the drug list.

`basis` is where the limit is published, as the message names it.
"""

from __future__ import annotations

from collections.abc import Sequence

from validators._facts import LEVELS, Facts, Row
from validators._rule import Verdict, failed, passed, unknown, worst_of

SHOWN_ROWS = 6
"""Rows named in one message; the paths name all of them."""


def level_kept(row: Row, wanted: str, facts: Facts, basis: str) -> Verdict:
    """Whether the hospital is of the level wanted or above."""
    if wanted not in LEVELS:
        return unknown(f"{row.label}限定医院级别「{wanted}」，请人工核对（{basis}）", row.path)
    if not facts.level:
        return unknown(f"{row.label}限{wanted}及以上医疗机构，医院级别不明（{basis}）", row.path)
    if LEVELS.index(facts.level) >= LEVELS.index(wanted):
        return passed(row.path)
    return failed(
        f"{row.label}限{wanted}及以上医疗机构，「{facts.hospital}」为{facts.level}（{basis}）", row.path
    )


def sex_kept(row: Row, wanted: str, facts: Facts, basis: str) -> Verdict:
    """Whether the row is charged for a person of the sex wanted."""
    if not facts.sex:
        return unknown(f"{row.label}限{wanted}性，材料上没有性别（{basis}）", row.path)
    if facts.sex == wanted:
        return passed(row.path)
    return failed(f"{row.label}限{wanted}性，患者为{facts.sex}性（{basis}）", row.path)


def insurance_kept(row: Row, wanted: str, facts: Facts, basis: str) -> Verdict:
    """Whether the insurance wanted is the one claimed from."""
    if not facts.insurance:
        return unknown(f"{row.label}限{wanted}保险，材料上没有医保类型（{basis}）", row.path)
    if wanted in facts.insurance:
        return passed(row.path)
    return failed(f"{row.label}限{wanted}保险，本次医保类型为「{facts.insurance}」（{basis}）", row.path)


def visit_kept(row: Row, wanted: Sequence[str], facts: Facts, basis: str) -> Verdict:
    """Whether the visit is of one of the kinds wanted: 住院, 急诊, 抢救."""
    known = {"住院": facts.is_inpatient, "急诊": facts.is_emergency, "抢救": facts.is_rescue}
    if any(known.get(one, False) for one in wanted):
        return passed(row.path)
    words = "或".join(wanted)
    if any(one not in known for one in wanted):
        return unknown(f"{row.label}限{words}，请人工核对（{basis}）", row.path)
    if tuple(wanted) == ("住院",):
        return failed(f"{row.label}限住院，本次为门诊（{basis}）", row.path)
    return unknown(f"{row.label}限{words}，材料未载明（{basis}）", row.path)


def course_kept(rows: Sequence[Row], most: int, facts: Facts, basis: str) -> Verdict:
    """Whether the rows of one item are charged on no more days than are paid."""
    paths = [row.path for row in rows]
    dated = {row.day for row in rows if row.day is not None}
    if len(dated) > most:
        return failed(f"{rows[0].label}支付不超过 {most} 天，清单有 {len(dated)} 天（{basis}）", *paths)
    spans = [row.days for row in rows]
    if facts.days is not None and facts.days <= most:
        return passed(*paths)
    if all(span == 1 for span in spans):
        return passed(*paths)
    return unknown(f"{rows[0].label}支付不超过 {most} 天，清单未载每天用量（{basis}）", *paths)


def short(verdicts: Sequence[Verdict]) -> Verdict | None:
    """All verdicts as one, its message cut to a few rows."""
    worst = worst_of(verdicts)
    if worst is None or not worst.message:
        return worst
    said = list(dict.fromkeys(one.message for one in verdicts if one.outcome == worst.outcome))
    more = f"；等 {len(said)} 项" if len(said) > SHOWN_ROWS else ""
    fields = tuple(dict.fromkeys(worst.fields))
    return Verdict(worst.outcome, "；".join(said[:SHOWN_ROWS]) + more, fields)
