"""Limits of payment: the published rules of supervision. The notes of the drug list: `drug_notes`.

What is broken here is not refused: the rule library is for supervision and asks a person to look, so every
rule warns. A limit that cannot be told for want of a fact is `unknown` and says which fact. Where no such
list is imported these rules have nothing to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from math import ceil

from pipeline.case import Case
from pipeline.catalogs.printed_names import bare
from pipeline.catalogs.published_limits import SAME_DAY, SAME_VISIT, DuplicateCharge, PublishedLimit
from pipeline.catalogs.restrictions import ADULT_YEARS, TODDLER_YEARS
from validators._facts import Facts, Row, day_of, facts_of, rows_of
from validators._kept import course_kept, insurance_kept, level_kept, sex_kept, short, visit_kept
from validators._rule import Verdict, case_rule, failed, passed, unknown, worst_of

LIBRARY = "国家医保局智能监管规则库"
NEWBORN_DAYS = 28
"""新生儿: the first 28 days of life."""

_AGE_GROUPS = {"儿童": ADULT_YEARS - 1, "婴幼儿": TODDLER_YEARS, "新生儿": 0}
"""The highest full years of each group that the library names."""
Check = Callable[[Row, PublishedLimit, Facts], Verdict | None]


# ---------------------------------------------------------------- who, where, how


@case_rule("LIM-1", title="限定年龄的项目用于相应年龄", basis=f"{LIBRARY} 第 1、8 批", severity="warn")
def limited_age_is_kept(case: Case) -> Verdict | None:
    """A medicine or service for children is charged for a child."""
    return _each(case, ("age_group", "age"), _age)


def _age(row: Row, limit: PublishedLimit, facts: Facts) -> Verdict | None:
    most = _AGE_GROUPS.get(limit.value)
    if most is None:
        return unknown(
            f"{row.label}有年龄限制：{limit.note or limit.value}，请人工核对（{limit.basis}）", row.path
        )
    if facts.age_years is None:
        return unknown(f"{row.label}限{limit.value}，材料上没有年龄（{limit.basis}）", row.path)
    if limit.value == "新生儿" and facts.age_years == 0:
        if facts.age_days is None:
            return unknown(f"{row.label}限新生儿，不知足几天（{limit.basis}）", row.path)
        fits = facts.age_days <= NEWBORN_DAYS
    else:
        fits = facts.age_years <= most
    if fits:
        return passed(row.path)
    return failed(f"{row.label}限{limit.value}，患者 {facts.age_years} 岁（{limit.basis}）", row.path)


@case_rule("LIM-2", title="限定性别的项目用于相应性别", basis=f"{LIBRARY} 第 1 批", severity="warn")
def limited_sex_is_kept(case: Case) -> Verdict | None:
    """What is for women is not charged for a man, nor the other way round."""
    return _each(case, ("sex",), _sex)


def _sex(row: Row, limit: PublishedLimit, facts: Facts) -> Verdict | None:
    return sex_kept(row, limit.value[:1], facts, limit.basis)


@case_rule("LIM-3", title="限定医院级别的药品在相应级别使用", basis=f"{LIBRARY} 第 5 批", severity="warn")
def limited_hospital_level_is_kept(case: Case) -> Verdict | None:
    """A medicine of hospitals of level two and up is charged by one."""
    return _each(case, ("institution_level",), _hospital_level)


def _hospital_level(row: Row, limit: PublishedLimit, facts: Facts) -> Verdict | None:
    return level_kept(row, limit.value, facts, limit.basis)


@case_rule("LIM-4", title="限工伤或生育保险的药品由相应保险支付", basis=f"{LIBRARY} 第 3 批", severity="warn")
def limited_insurance_is_kept(case: Case) -> Verdict | None:
    """What work-injury or maternity insurance alone pays is not claimed from another."""
    return _each(case, ("insurance_type",), _insurance)


def _insurance(row: Row, limit: PublishedLimit, facts: Facts) -> Verdict | None:
    return insurance_kept(row, limit.value, facts, limit.basis)


@case_rule("LIM-5", title="限住院使用的药品用于住院", basis=f"{LIBRARY} 第 4 批", severity="warn")
def limited_visit_kind_is_kept(case: Case) -> Verdict | None:
    """A medicine for stays is charged in a stay."""
    return _each(case, ("visit_type",), _visit_kind)


def _visit_kind(row: Row, limit: PublishedLimit, facts: Facts) -> Verdict | None:
    return visit_kept(row, (limit.value,), facts, limit.basis)


# ---------------------------------------------------------------- how long, how many


@case_rule("LIM-6", title="疗程不超过支付天数", basis=f"{LIBRARY} 第 6、8 批", severity="warn")
def limited_course_is_kept(case: Case) -> Verdict | None:
    """No more days are charged than are paid."""
    return _by_item(case, ("course_length",), _course)


def _course(rows: Sequence[Row], limit: PublishedLimit, facts: Facts) -> Verdict | None:
    if limit.most_days is None:
        note = limit.note or limit.value
        return unknown(f"{rows[0].label}有疗程限制：{note}，请人工核对（{limit.basis}）", rows[0].path)
    return course_kept(rows, limit.most_days, facts, limit.basis)


@case_rule("LIM-7", title="数量不超过每日或每周期上限", basis=f"{LIBRARY} 第 8 批", severity="warn")
def limited_quantity_is_kept(case: Case) -> Verdict | None:
    """A service is charged no more often than its rule allows in a day or a period."""
    return _by_item(case, ("max_quantity", "max_per_period"), _quantity)


def _quantity(rows: Sequence[Row], limit: PublishedLimit, facts: Facts) -> Verdict | None:
    paths = [row.path for row in rows]
    quantities = [row.quantity for row in rows]
    if any(quantity is None for quantity in quantities):
        return unknown(f"{rows[0].label}有数量上限 {limit.value}，数量未读出（{limit.basis}）", *paths)
    charged = sum((quantity for quantity in quantities if quantity is not None), Decimal(0))
    if limit.most_a_day is not None:
        return _day_by_day(rows, limit, limit.most_a_day)
    if limit.most_in_days is not None:
        times, days = limit.most_in_days
        if facts.days is None:
            return unknown(
                f"{rows[0].label}{days} 天内不超过 {times} 次，就诊日期不明（{limit.basis}）", *paths
            )
        allowed = times * ceil(facts.days / days)
        if charged <= allowed:
            return passed(*paths)
        return failed(
            f"{rows[0].label}{days} 天内不超过 {times} 次，"
            f"{facts.days} 天收了 {charged:f} 次（{limit.basis}）",
            *paths,
        )
    return unknown(f"{rows[0].label}有数量限制「{limit.value}」，请人工核对（{limit.basis}）", *paths)


def _day_by_day(rows: Sequence[Row], limit: PublishedLimit, most: int) -> Verdict | None:
    """Rows of one day together; a paper over several days allows that many days."""
    charged: defaultdict[object, Decimal] = defaultdict(Decimal)
    allowed: dict[object, int] = {}
    verdicts: list[Verdict] = []
    for row in rows:
        if row.days is None:
            verdicts.append(unknown(f"{row.label}每天不超过 {most}，清单未载天数（{limit.basis}）", row.path))
            continue
        span: object = row.day or row.document.id
        charged[span] += row.quantity or Decimal(0)
        allowed[span] = most * row.days
    paths = [row.path for row in rows]
    for span, count in charged.items():
        if count > allowed[span]:
            days = allowed[span] // most
            verdicts.append(
                failed(f"{rows[0].label}每天不超过 {most}，{days} 天收了 {count:f}（{limit.basis}）", *paths)
            )
    return worst_of(verdicts) or passed(*paths)


# ---------------------------------------------------------------- beside one another


@case_rule("LIM-8", title="同一切口的手术第二项起折价", basis=f"{LIBRARY} 第 2 批", severity="warn")
def operations_through_one_incision_are_discounted(case: Case) -> Verdict | None:
    """Of several operations of one group the second and further ones cost less than the list says."""
    groups: defaultdict[str, dict[str, tuple[Row, PublishedLimit]]] = defaultdict(dict)
    for row, limit in _limited(case, ("same_incision_group",)):
        groups[limit.value].setdefault(limit.code or bare(limit.name), (row, limit))
    verdicts = [_discounted(case, name, list(found.values())) for name, found in groups.items()]
    return short(verdicts)


def _discounted(case: Case, group: str, found: Sequence[tuple[Row, PublishedLimit]]) -> Verdict:
    paths = [row.path for row, _ in found]
    if len(found) < 2:  # one operation is its own first
        return passed(*paths)
    names = "、".join(row.label for row, _ in found)
    basis = found[0][1].basis
    full = [row for row, _ in found if _has_full_price(case, row)]
    if len(full) > 1:
        return failed(f"{names}同属{group}，{len(full)} 项按原价收取，第二项起应折价（{basis}）", *paths)
    return unknown(f"{names}同属{group}，如经同一切口，第二项起应折价，请人工核对（{basis}）", *paths)


def _has_full_price(case: Case, row: Row) -> bool:
    price = row.item.unit_price.value if row.item.unit_price is not None else None
    listed = {entry.price for entry in case.catalogs.with_code(row.code)} if row.code else set()
    return price is not None and price in listed


@case_rule("LIM-9", title="不重复收取已包含的项目", basis=f"{LIBRARY} 第 7 批", severity="warn")
def no_service_is_charged_beside_one_that_covers_it(case: Case) -> Verdict | None:
    """A service whose price covers another is not charged together with it."""
    pairs = case.catalogs.duplicate_charges(day_of(case.documents))
    if not pairs:
        return None
    by_key: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows_of(case.documents):
        for key in dict.fromkeys((row.code, *row.names)):
            if key:
                by_key[key].append(row)
    verdicts = []
    for pair in pairs:
        mains = _of_service(by_key, pair.code, pair.name)
        included = _of_service(by_key, pair.included_code, pair.included_name) if mains else []
        verdicts += [_together(main, other, pair) for main in mains for other in included if main != other]
    return short([verdict for verdict in verdicts if verdict is not None])


def _of_service(by_key: dict[str, list[Row]], code: str, name: str) -> list[Row]:
    return by_key.get(code) or by_key.get(bare(name)) or []


def _together(main: Row, other: Row, pair: DuplicateCharge) -> Verdict | None:
    said = f"{main.label}已含{other.label}"
    reason = f"{pair.frequency}内不得重复收费（{pair.basis}）"
    paths = (main.path, other.path)
    if pair.frequency in SAME_VISIT:
        return failed(f"{said}，{reason}", *paths)
    if main.day is None or other.day is None:
        return unknown(f"{said}，{reason}；清单未载收费日期，请人工核对", *paths)
    if main.day != other.day:
        return passed(*paths)
    if pair.frequency in SAME_DAY[:1]:
        return failed(f"{said}，{reason}", *paths)
    return unknown(f"{said}，{reason}；清单未载收费时刻，请人工核对", *paths)


# ---------------------------------------------------------------- shared


def _limited(case: Case, kinds: Sequence[str]) -> Iterator[tuple[Row, PublishedLimit]]:
    """Each row with each published limit of these kinds that it has; one rule is told once a row."""
    day = day_of(case.documents)
    drugs, services = case.catalogs.drug_limits(day), case.catalogs.service_limits(day)
    if not (drugs or services):
        return
    for row in rows_of(case.documents):
        seen: dict[PublishedLimit, None] = {}
        for key in dict.fromkeys((row.code, *row.names)):
            if key:
                known = (*drugs.get(key, ()), *services.get(key, ()))
                seen |= dict.fromkeys(one for one in known if one.limit in kinds)
        for limit in seen:
            yield row, limit


def _each(case: Case, kinds: Sequence[str], check: Check) -> Verdict | None:
    """One check a row."""
    limited = list(_limited(case, kinds))
    if not limited:
        return None
    facts = facts_of(case)
    verdicts = [check(row, limit, facts) for row, limit in limited]
    return short([verdict for verdict in verdicts if verdict is not None])


def _by_item(
    case: Case,
    kinds: Sequence[str],
    check: Callable[[Sequence[Row], PublishedLimit, Facts], Verdict | None],
) -> Verdict | None:
    """One check for all rows of one limit together."""
    rows: defaultdict[PublishedLimit, list[Row]] = defaultdict(list)
    for row, limit in _limited(case, kinds):
        rows[limit].append(row)
    if not rows:
        return None
    facts = facts_of(case)
    verdicts = [check(found, limit, facts) for limit, found in rows.items()]
    return short([verdict for verdict in verdicts if verdict is not None])
