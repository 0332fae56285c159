"""Answers that come back as a file (回盘): one row a message, all taken or none.

The file is an XLSX or a CSV with a heading a column, in Chinese or by key (`COLUMNS`). What a row must hold
depends on its result. Every row that is wrong is named by its number, and then nothing of the file is taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pipeline.engine.batch_table import TableRefused, by_column, read_tables
from pipeline.engine.protocol import SCHEMA_VERSION, AnswerOutcome, EngineAnswer, checked_answer
from pipeline.errors import BaoxiaoError, EngineAnswerRefused
from pipeline.records import money_text
from pipeline.store.hand_off_batches import Awaited
from pipeline.text import parse_date

COLUMNS: Mapping[str, str] = {
    "报文编号": "message_id",
    "处理结果": "outcome",
    "原因": "reason",
    "报销金额": "settled",
    "支付金额": "paid",
    "支付银行": "bank_name",
    "支付账号": "account",
    "支付时间": "paid_at",
}
"""The columns by what they are called; the key alone, or both as we write them, is as good."""

RESULTS: Mapping[str, AnswerOutcome] = {
    "受理": "accepted",
    "已受理": "accepted",
    "accepted": "accepted",
    "退回": "refused",
    "不予受理": "refused",
    "refused": "refused",
    "已结算": "settled",
    "结算": "settled",
    "settled": "settled",
    "已支付": "settled",
    "paid": "settled",
}
"""What may stand under 处理结果; 已支付 is settled with the payment."""
PAID = ("已支付", "paid")
CHINA = timezone(timedelta(hours=8))
"""Times in such files are those of the office."""
AN_AMOUNT = "应为元，至多两位小数 / should be yuan with at most two places"
_MONEY = re.compile(r"\d{1,13}(?:\.\d{1,2}0*)?")


@dataclass(frozen=True, slots=True)
class RowRefused:
    """What is wrong with a row of the file, counted as a spreadsheet does: the header is row 1."""

    row: int
    message: str


class AnswersRefused(BaoxiaoError):
    """A file of answers is not taken; `rows` say why, row by row."""

    def __init__(self, message: str, rows: Sequence[RowRefused] = ()) -> None:
        super().__init__(message)
        self.rows = tuple(rows)


def read_answers(path: Path, awaited: Mapping[str, Awaited]) -> list[EngineAnswer]:
    """The answers of a file, in its order.

    Args:
        path: An XLSX or a CSV.
        awaited: The messages that wait for an answer in a file.

    Raises:
        AnswersRefused: If it is no such file, or any row is wrong.
    """
    try:
        table = read_tables(path)[0]
    except TableRefused as error:
        raise AnswersRefused(str(error)) from error
    names = {**COLUMNS, **{key: key for key in COLUMNS.values()}}
    names |= {f"{label} {key}": key for label, key in COLUMNS.items()}
    missing = {"message_id", "outcome"} - {names.get(heading.strip(), "") for heading in (table or [[]])[0]}
    if missing:
        wanted = "、".join(label for label, key in COLUMNS.items() if key in missing)
        raise AnswersRefused(
            f"{path.name}: 缺少列 {wanted} / columns are missing: {', '.join(sorted(missing))}"
        )
    answers: list[EngineAnswer] = []
    refused: list[RowRefused] = []
    rows = by_column(table, names)
    times = Counter(row.get("message_id", "") for row in rows)
    for number, row in enumerate(rows, 2):
        faults = list(_faults(row, awaited, times))
        if faults:
            refused.append(RowRefused(number, "；".join(faults)))
            continue
        try:
            answers.append(_answer(row, awaited[row["message_id"]].claim_id))
        except EngineAnswerRefused as error:
            refused.append(RowRefused(number, str(error)))
    if refused:
        raise AnswersRefused(
            f"{path.name}: {len(refused)} 行有误，整个文件未采用"
            f" / {len(refused)} rows are wrong, nothing is taken",
            refused,
        )
    if not answers:
        raise AnswersRefused(f"{path.name}: 没有答复 / holds no answer")
    return answers


def _faults(row: Mapping[str, str], awaited: Mapping[str, Awaited], times: Counter[str]) -> Iterator[str]:
    message_id, said = row.get("message_id", ""), row.get("outcome", "")
    if message_id not in awaited:
        yield f"没有等待答复的报文 {message_id!r} / no message of that id waits for an answer"
    elif times[message_id] > 1:
        yield f"{message_id} 出现 {times[message_id]} 次 / stands {times[message_id]} times in the file"
    outcome = RESULTS.get(said)
    if outcome is None:
        yield f"处理结果 {said!r} 应为 受理、退回、已结算 或 已支付 / one of accepted, refused, settled, paid"
    if outcome == "refused" and not row.get("reason"):
        yield "退回须写明原因 / a refusal says why"
    if outcome == "settled":
        settled, declared = _money(row.get("settled", "")), _declared(awaited, message_id)
        if settled is None:
            yield f"报销金额 {row.get('settled', '')!r} {AN_AMOUNT}"
        elif declared is not None and settled > declared:
            yield f"报销金额 {settled} 超过票据金额 {declared} / more is settled than was charged"
    if said in PAID:
        if _money(row.get("paid", "")) is None:
            yield f"支付金额 {row.get('paid', '')!r} {AN_AMOUNT}"
        if _moment(row.get("paid_at", "")) is None:
            yield f"支付时间 {row.get('paid_at', '')!r} 应为日期 / paid_at: a day is expected"


def _declared(awaited: Mapping[str, Awaited], message_id: str) -> Decimal | None:
    return awaited[message_id].declared if message_id in awaited else None


def _answer(row: Mapping[str, str], claim_id: str) -> EngineAnswer:
    outcome, message_id = RESULTS[row["outcome"]], row["message_id"]
    reason = row.get("reason", "")
    settled, paid = _money(row.get("settled", "")), _money(row.get("paid", ""))
    answer: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "message_id": message_id,
        "outcome": outcome,
        "reasons": [{"code": "batch_file", "message": reason}] if reason else [],
        "settlement": None,
        "paid": None,
    }
    if outcome == "settled" and settled is not None:
        figures = {"low": money_text(settled), "high": money_text(settled)}
        answer["settlement"] = {
            "schema_version": SCHEMA_VERSION,
            "claim_id": claim_id,
            "outcome": "settled",
            "payout": figures,
        }
    moment = _moment(row.get("paid_at", ""))
    if row["outcome"] in PAID and paid is not None and moment is not None:
        answer["paid"] = {
            "amount": money_text(paid),
            "bank_name": row.get("bank_name") or None,
            "account": row.get("account") or None,
            "at": moment.isoformat(),
        }
    return checked_answer(answer, message_id)


def _money(text: str) -> Decimal | None:
    plain = text.replace(",", "").replace("，", "").removeprefix("¥").removeprefix("￥").strip()
    if not _MONEY.fullmatch(plain):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def _moment(text: str) -> datetime | None:
    """A day or a moment, in China's time where it says none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        day = _day(text)
        if day is None:
            return None
        moment = datetime.combine(day, time())
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=CHINA)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
