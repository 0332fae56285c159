"""How far the overprint of a pre-printed paper lies off its form: told by values that only fit some labels.

Tractor-fed paper slips, and then every value stands as far from its label as every other. Each value is laid
beside each label near it that such a value may belong to; the distance that most of them share is how far the
print slipped. An amount in words fits one label alone and is sure of itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from pipeline.model import Page, Word
from pipeline.text import fold

LEAST_SLIP = 0.4
"""Less than this share of a line is no slip: label and value still stand in one row."""

LEAST_SLIP_BY_INK = 0.2
"""The same where ink tells what is of the form: then nothing is moved that should stay."""

MOST_SLIP = 3.0
"""Further off the print would lie on the next label but one."""

SAME_SLIP = 0.3
"""Two values slipped alike when they differ by less than this share of a line: they were printed in one
pass, and what is left is how tightly the boxes are drawn around labels and values."""

SAME_ASIDE = 1.2
"""The same to one side, where the gaps behind labels differ too."""

USUAL_GAP = 0.3
"""Heights of a label between it and its value where the print lies in place (measured on drawn forms)."""

LEAST_ASIDE = 0.3
"""Less than this share of a line to one side is no slip: so much do the gaps behind labels differ."""

MOST_ASIDE = 4.0
"""Further to one side the value would stand at the next label."""

SURE, TELLING, WEAK = 4, 2, 1
"""What a value says for a slip: nothing but the total is an amount in words; 男 and 女, a day, a way to be
insured stand once or twice on a paper; amounts and numbers stand everywhere."""

LEAST_EVIDENCE = 4
"""So much must say the same: an amount in words, or two values that stand once and more that agree."""


@dataclass(frozen=True, slots=True)
class Slip:
    """How far the overprint lies from its place on the form, in pixels to the `right` and `down`."""

    right: float
    down: float


@dataclass(frozen=True, slots=True)
class _Kind:
    """Labels and the form of what belongs to them.

    `before`: it is printed before its label. `wide`: its place is wide and it may begin anywhere in it.
    """

    label: re.Pattern[str]
    value: re.Pattern[str]
    weight: int
    before: bool = False
    wide: bool = False


def _kind(label: str, value: str, weight: int, *, before: bool = False, wide: bool = False) -> _Kind:
    return _Kind(re.compile(label), re.compile(value), weight, before, wide)


_AMOUNT = r"(?<![0-9.])¥?[0-9][0-9,]*\.[0-9]{2}(?![0-9.])"
_NUMBER = "(?<![0-9A-Za-z])[0-9A-Za-z]{8,24}(?![0-9A-Za-z])"
_KINDS = (
    # Four such characters in a row stand in nothing else; a misread one or a label behind it ends the run.
    _kind(r"\(大写\):?", "[零壹贰叁肆伍陆柒捌玖拾佰仟万元圆角分整正]{4,}", SURE, wide=True),
    _kind("性别:?", "(?<![\u3400-\u9fff])[男女](?![\u3400-\u9fff])", TELLING),
    _kind(
        "(?:医保类型|费别|人员类别):?",
        "自费|公费医疗|(?:城镇|城乡)?(?:职工|居民)(?:基本)?(?:医疗保险|医保)?",
        TELLING,
    ),
    _kind("^年(?!龄)", "^20[0-9]{2}(?![0-9./年-])", TELLING, before=True),
    _kind("(?:就诊|开票|入院|出院)日期:?", r"20[0-9]{2}[年./-][0-9]{2}[月./-][0-9]{2}日?", TELLING),
    _kind("住院天数:?", "(?<![0-9.])[0-9]{1,2}(?![0-9.])", WEAK),
    _kind(r"\(小写\):?¥?:?|^¥:?", _AMOUNT, WEAK),
    _kind("(?:支付|自付[一二]?|自费|支付金额|预缴金额|补缴金额|退费金额):", _AMOUNT, WEAK),
    _kind("(?:流水号|社会保障(?:卡号|号码)|医保编号|社保卡号|门诊号|住院号|病历号):", _NUMBER, WEAK),
    _kind("纳税人识别号:?", "[0-9A-Z]{15,20}", TELLING),
)
"""Labels of tickets and of VAT paper with the form of their values."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """A label, by its number, and a value that may be its own: how far `right` and `down` of its place it is.

    `right` is None where its place is too wide to tell.
    """

    label: int
    right: float | None
    down: float
    weight: int


def slip_of(page: Page) -> Slip | None:
    """How far the overprint slipped off its rows, or None where it lies on them or nothing tells."""
    is_told_by_ink = any(word.ink for word in page.words)
    return _beyond(LEAST_SLIP_BY_INK if is_told_by_ink else LEAST_SLIP, page)


def may_have_slipped(page: Page) -> bool:
    """Whether the overprint lies so far off its rows that its ink is worth looking at."""
    return _beyond(LEAST_SLIP_BY_INK, page) is not None


def _beyond(least: float, page: Page) -> Slip | None:
    """The slip that most values speak for, where it is at least such a share of a line."""
    height = median([word.box.height for word in page.words]) if page.words else 0.0
    pairs = list(_pairs(page.words, height))
    groups = [_alike(one, pairs, height) for one in pairs]
    # Of two slips that as much speaks for, the shorter one: rows and columns repeat.
    best = max(groups, key=lambda group: (_evidence(group), -abs(group[0].down)), default=[])
    if _evidence(best) < LEAST_EVIDENCE:
        return None
    down = median(pair.down for pair in best)
    if abs(down) < least * height:
        return None
    aside = [pair.right for pair in best if pair.right is not None]
    right = median(aside) if len(aside) > 1 else 0.0
    return Slip(right if abs(right) >= LEAST_ASIDE * height else 0.0, down)


def _pairs(words: Sequence[Word], height: float) -> Iterator[_Pair]:
    """Every label with every value near it that has the form of its own; those that tell both ways first."""
    count = 0
    for kind in sorted(_KINDS, key=lambda kind: kind.wide):
        labels = _found(kind.label, (word for word in words if word.ink != "overprint"))
        values = _found(kind.value, (word for word in words if word.ink != "form"))
        for label in labels:
            count += 1
            for value in values:
                down = value.box.cy - label.box.cy
                right = _right_of_place(label, value, before=kind.before)
                is_near = kind.wide or abs(right) <= MOST_ASIDE * height
                if is_near and abs(down) <= MOST_SLIP * height:
                    yield _Pair(count, None if kind.wide else right, down, kind.weight)


def _found(pattern: re.Pattern[str], words: Iterable[Word]) -> list[Word]:
    return [word.part(*match.span()) for word in words for match in pattern.finditer(fold(word.text))]


def _right_of_place(label: Word, value: Word, *, before: bool) -> float:
    gap = USUAL_GAP * label.box.height
    return value.box.x1 + gap - label.box.x0 if before else value.box.x0 - label.box.x1 - gap


def _alike(one: _Pair, pairs: Iterable[_Pair], height: float) -> list[_Pair]:
    """The pairs that slipped like `one`, of each label the one most like it; `one` is the first."""
    nearest: dict[int, _Pair] = {one.label: one}
    for pair in pairs:
        if abs(pair.down - one.down) > SAME_SLIP * height or not _is_as_far_aside(pair, one, height):
            continue
        known = nearest.get(pair.label)
        if known is None or abs(pair.down - one.down) < abs(known.down - one.down):
            nearest[pair.label] = pair
    return list(nearest.values())


def _is_as_far_aside(pair: _Pair, one: _Pair, height: float) -> bool:
    if pair.right is None:
        return True
    # What tells nothing aside gathers nothing that does.
    return one.right is not None and abs(pair.right - one.right) <= SAME_ASIDE * height


def _evidence(group: Sequence[_Pair]) -> int:
    return sum(pair.weight for pair in group)
