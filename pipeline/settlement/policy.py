"""What a policy file says: one region in one period, its sets of figures by key.

Sources give several sets that contradict each other (domain.md §11, C-5 to C-7), so each has a key and a
claim is computed by one of them, named in the answer. A key that is not described here is refused: a misspelt
cap would otherwise be no cap. What a source does not say is absent, or `open` with the reason; it is never
filled in.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeAlias, get_args

import pydantic

from pipeline.settlement.figures import Figure

Insured: TypeAlias = Literal["active", "retired", "resident"]
"""在职职工, 退休职工, 城乡居民."""
Care: TypeAlias = Literal["outpatient", "inpatient", "chronic", "serious"]
"""门诊, 住院, 门诊慢特病, 大病 (the second reimbursement of what the year left to the person)."""
Level: TypeAlias = Literal[1, 2, 3]
"""一级, 二级, 三级 hospital."""

INSURED: Final[tuple[Insured, ...]] = get_args(Insured)
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
INSURED_NAMES: Final[dict[Insured, str]] = {
    "active": "在职职工",
    "retired": "退休职工",
    "resident": "城乡居民",
}
LEVEL_NAMES: Final[dict[Level, str]] = {1: "一级", 2: "二级", 3: "三级"}
CARE_NAMES: Final[dict[Care, str]] = {
    "outpatient": "门诊",
    "inpatient": "住院",
    "chronic": "门诊慢特病",
    "serious": "大病",
}
WHOLE: Final = Decimal(100)
"""Percent that no ratio exceeds."""
ROUNDING_UNITS: Final = {"fen": Decimal("0.01"), "jiao": Decimal("0.1"), "yuan": Decimal(1)}

Key: TypeAlias = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]


class _Part(pydantic.BaseModel):
    """A part of a policy file: frozen, and without a key that is not described."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


def _percent(figure: Figure) -> Figure:
    if figure.largest > WHOLE:
        raise ValueError(f"{figure.largest} 超过 100 % / is more than 100 %")
    return figure


Percent: TypeAlias = Annotated[Figure, pydantic.AfterValidator(_percent)]


class ByLevel(_Part):
    """A figure of some hospital levels."""

    levels: tuple[Level, ...] = pydantic.Field(min_length=1)


class Ratio(ByLevel):
    """The share that the fund pays, percent."""

    percent: Percent


class LevelYuan(ByLevel):
    """An amount, yuan."""

    yuan: Figure


class Deductible(_Part):
    """起付标准: what the person pays first, once a stay or once a year.

    Raises:
        pydantic.ValidationError: If levels overlap or leave a gap.
    """

    per: Literal["stay", "year"]
    amounts: tuple[LevelYuan, ...] = pydantic.Field(min_length=1)

    @pydantic.model_validator(mode="after")
    def _is_whole(self) -> Deductible:
        _check_levels("amounts", self.amounts)
        return self

    def of(self, level: Level) -> Figure:
        """The amount at hospitals of that level."""
        return next(amount.yuan for amount in self.amounts if level in amount.levels)


class PriceLimit(_Part):
    """限价: no more than this of each unit enters. It speaks of rows with the catalog code or name."""

    code: str = ""
    name: str = ""
    unit: str = pydantic.Field(min_length=1)
    yuan: Decimal = pydantic.Field(ge=0, allow_inf_nan=False)

    @pydantic.model_validator(mode="after")
    def _says_of_what(self) -> PriceLimit:
        if bool(self.code) == bool(self.name):
            raise ValueError("应有 code 或 name 之一 / needs a code or a name, not both")
        return self


class Terms(_Part):
    """One set of figures: for whom, for what care, and how much.

    `serious` sets have a `threshold` (yuan a year of personal expense within scope) and the ratio of what is
    over it. Without a `deductible` or `cap` the source gives none, and none is applied.

    Raises:
        pydantic.ValidationError: If levels overlap or leave a gap, insured are named twice, or a key does not
        go
            with the kind of care.
    """

    insured: tuple[Insured | Literal["any"], ...] = pydantic.Field(min_length=1)
    care: Care
    place_in_source: str = ""
    ratios: tuple[Ratio, ...] = pydantic.Field(min_length=1)
    deductible: Deductible | None = None
    cap: Figure | None = None
    """The most that the fund pays a person in a year for this care, yuan."""
    threshold: Figure | None = None
    class_b_self_pay: Percent | None = None
    """Advance self-payment of 乙 items of which the list gives none; without it such a row stays open."""

    @pydantic.model_validator(mode="after")
    def _is_whole(self) -> Terms:
        _check_levels("ratios", self.ratios)
        if len(self.insured) > 1 and ("any" in self.insured or len(set(self.insured)) < len(self.insured)):
            raise ValueError("insured: 重复 / names somebody twice")
        if (self.care == "serious") != (self.threshold is not None):
            raise ValueError(
                "threshold: 大病必须有，其他不能有 / belongs to serious sets, which need it, and to no other"
            )
        if self.care == "serious" and (self.deductible is not None or self.class_b_self_pay is not None):
            raise ValueError(
                "deductible、class_b_self_pay: 大病不用 / do not go with serious sets, which have a threshold"
            )
        if self.deductible is not None and self.deductible.per == "stay" and self.care != "inpatient":
            raise ValueError("deductible.per: 只有住院按次 / only inpatient care is paid by the stay")
        return self

    @property
    def covers(self) -> frozenset[Insured]:
        """Who is insured by it."""
        return (
            frozenset(INSURED)
            if "any" in self.insured
            else frozenset(one for one in self.insured if one != "any")
        )

    def ratio(self, level: Level) -> Figure:
        """The share at hospitals of that level, percent."""
        return next(ratio.percent for ratio in self.ratios if level in ratio.levels)


def _check_levels(key: str, parts: tuple[ByLevel, ...]) -> None:
    """Every level is spoken of once: two figures would leave a choice, and none no way to pay."""
    times = Counter(level for part in parts for level in part.levels)
    for level in LEVELS:
        if not times[level]:
            raise ValueError(
                f"{key}: 缺少 {level} 级；来源未给出的写 open / level {level} is missing; "
                "what the source does not give is `open`"
            )
        if times[level] > 1:
            raise ValueError(f"{key}: {level} 级重复 / level {level} stands there twice")


class PolicyHead(_Part):
    """What holds for all sets of a file.

    Without `effective_from` the source does not say since when it holds. `rounded_down_to` is the unit to
    which each payment is cut; the rest stays with the person, so that a bill in parts is never paid more than
    the whole. `payment_standards` says whether those of the list of medicines (支付标准) cut what enters as
    `price_limits` do, and `printed_class` whether the class that a paper prints counts where no list has one.
    """

    region: str = pydantic.Field(pattern=r"^[a-z0-9_]+$")
    name: str
    source: str
    as_of: date
    effective_from: date | None = None
    effective_to: date | None = None
    rounded_down_to: Literal["fen", "jiao", "yuan"] = "fen"
    payment_standards: Literal["limits", "ignored"] = "ignored"
    printed_class: Literal["counts", "ignored"] = "ignored"
    price_limits: tuple[PriceLimit, ...] = ()

    @pydantic.model_validator(mode="after")
    def _is_in_order(self) -> PolicyHead:
        if self.effective_from and self.effective_to and self.effective_to < self.effective_from:
            raise ValueError("effective_to 早于 effective_from / ends before it starts")
        limited = Counter(limit.code or limit.name for limit in self.price_limits)
        twice = [named for named, times in limited.items() if times > 1]
        if twice:
            raise ValueError(f"price_limits: 重复 / limited twice: {', '.join(twice)}")
        return self

    def holds_on(self, day: date) -> bool:
        """Whether it is in force."""
        return (self.effective_from or date.min) <= day <= (self.effective_to or date.max)

    @property
    def rounding_unit(self) -> Decimal:
        """What payments are a multiple of, yuan."""
        return ROUNDING_UNITS[self.rounded_down_to]


class PolicyFile(PolicyHead):
    """One file: its head and its sets by key.

    Raises:
        pydantic.ValidationError: As the parts do; or if two sets speak of the same insured and care.
    """

    sets: dict[Key, Terms] = pydantic.Field(min_length=1)

    @pydantic.model_validator(mode="after")
    def _is_unambiguous(self) -> PolicyFile:
        spoken: dict[tuple[Insured, Care], str] = {}
        for key, terms in self.sets.items():
            for insured in sorted(terms.covers):
                first = spoken.setdefault((insured, terms.care), key)
                if first != key:
                    raise ValueError(
                        f"sets.{first} 与 sets.{key}: {INSURED_NAMES[insured]}{CARE_NAMES[terms.care]}重叠"
                        f" / both speak of {insured}, {terms.care}"
                    )
        return self

    @property
    def head(self) -> PolicyHead:
        """The file without its sets."""
        return PolicyHead.model_validate(self.model_dump(exclude={"sets"}))


class PolicySet(_Part):
    """One set of figures with the file it stands in: what a claim is computed by."""

    key: Key
    head: PolicyHead
    terms: Terms
