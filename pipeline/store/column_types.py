"""How values are kept alike in SQLite and PostgreSQL: money as whole fen, moments in UTC, days as days.

SQLite keeps a decimal as a float (99999999999999.99 comes back as …99.98) and forgets time zones, so neither
is left to the database.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect
from sqlalchemy.types import TypeDecorator

FEN_IN_YUAN = 100


class Fen(TypeDecorator[Decimal]):
    """An amount in yuan (`Decimal`, at most two places), kept as whole fen."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Yuan as fen.

        Raises:
            ValueError: If the amount has a part of a fen: nothing is rounded on the way into the store.
        """
        if value is None:
            return None
        fen = value * FEN_IN_YUAN
        if fen != fen.to_integral_value():
            raise ValueError(f"{value}: an amount has at most two places")
        return int(fen)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """Fen as yuan, with two places."""
        return None if value is None else Decimal(int(value)).scaleb(-2)


class Moment(TypeDecorator[datetime]):
    """A point in time, aware of its zone; kept and given back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment in UTC.

        Raises:
            ValueError: If it does not say its zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment says its time zone")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
