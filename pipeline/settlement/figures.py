"""A figure as its source words it: exact, a range, about so much, an example, or left open.

Sources print 75 %, 50–60 %, ≥ 80 %, ≈ 70 %, "e.g. 2,000 a year" and "by place". None of the last five is a
number to pay by, so each is kept as what it is. `between` gives the bounds within which the true figure lies:
those that are printed, and where a word gives none, those that the thing itself has (a ratio lies between 0
and 100 %). No figure is ever averaged.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import pydantic

from pipeline.records import quantity_text


class Bounds(NamedTuple):
    """The least and the most that a number can be; `most` is None where nothing limits it."""

    least: Decimal
    most: Decimal | None

    @property
    def is_exact(self) -> bool:
        """Whether there is nothing between the two."""
        return self.least == self.most


class Figure(pydantic.BaseModel):
    """One figure of a policy, in yuan or percent; a bare number in a file is an exact one.

    `{ from = 50, to = 60 }` lies between the two (one end may be left out), `{ about = 70 }` is an
    approximation, `{ example = 100 }` holds somewhere and elsewhere not, `{ open = "why" }` is one that the
    source does not give.

    Raises:
        pydantic.ValidationError: If it is none of these, or several of them; if it is negative, or ends
        before
            it starts.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    exact: Decimal | None = pydantic.Field(default=None, ge=0, allow_inf_nan=False)
    from_: Decimal | None = pydantic.Field(default=None, alias="from", ge=0, allow_inf_nan=False)
    to: Decimal | None = pydantic.Field(default=None, ge=0, allow_inf_nan=False)
    about: Decimal | None = pydantic.Field(default=None, ge=0, allow_inf_nan=False)
    example: Decimal | None = pydantic.Field(default=None, ge=0, allow_inf_nan=False)
    open: str | None = pydantic.Field(default=None, min_length=1)

    @pydantic.model_validator(mode="before")
    @classmethod
    def _of_a_number(cls, given: Any) -> Any:
        # A boolean is an integer to Python; `true` in a file is none.
        if isinstance(given, Decimal | int) and not isinstance(given, bool):
            return {"exact": given}
        return given

    @pydantic.model_validator(mode="after")
    def _is_one_thing(self) -> Figure:
        is_range = self.from_ is not None or self.to is not None
        kinds = [self.exact is not None, is_range, self.about is not None, self.example is not None]
        if [*kinds, self.open is not None].count(True) != 1:
            raise ValueError(
                "应为一个数，或 from/to、about、example、open 之一"
                " / must be a number, or one of from/to, about, example, open"
            )
        if self.from_ is not None and self.to is not None and self.to < self.from_:
            raise ValueError(f"to {self.to} 小于 from {self.from_} / ends before it starts")
        return self

    @property
    def is_exact(self) -> bool:
        """Whether it can be paid by."""
        return self.exact is not None

    @property
    def largest(self) -> Decimal:
        """The largest number that it names, 0 where it names none."""
        named = (self.exact, self.from_, self.to, self.about, self.example)
        return max((one for one in named if one is not None), default=Decimal(0))

    def between(self, most: Decimal | None = None) -> Bounds:
        """The bounds of the true figure.

        Args:
            most: What such a figure cannot exceed: 100 for a percentage, None for yuan.

        >>> Figure(exact=75).between(), Figure(to=90).between(), Figure(about=70).between(Decimal(100))
        ... # doctest: +NORMALIZE_WHITESPACE
        (Bounds(least=Decimal('75'), most=Decimal('75')), Bounds(least=Decimal('0'), most=Decimal('90')),
         Bounds(least=Decimal('0'), most=Decimal('100')))
        """
        if self.exact is not None:
            return Bounds(self.exact, self.exact)
        return Bounds(self.from_ or Decimal(0), self.to if self.to is not None else most)

    def said(self, unit: str) -> str:
        """In words, with its unit.

        >>> Figure(exact=75).said(" %"), Figure(from_=50, to=60).said(" %"), Figure(to=90).said(" %")
        ('75 %', '50–60 %', '最高 90 %')
        >>> Figure(about=70).said(" %"), Figure(example=2000).said(" 元"), Figure(open="因地").said(" 元")
        ('约 70 %', '例如 2000 元', '未定（因地）')
        """
        if self.exact is not None:
            return f"{quantity_text(self.exact)}{unit}"
        if self.about is not None:
            return f"约 {quantity_text(self.about)}{unit}"
        if self.example is not None:
            return f"例如 {quantity_text(self.example)}{unit}"
        if self.open is not None:
            return f"未定（{self.open}）"
        if self.from_ is None or self.to is None:
            return f"{'最高' if self.from_ is None else '不低于'} {quantity_text(self.largest)}{unit}"
        return f"{quantity_text(self.from_)}–{quantity_text(self.to)}{unit}"
