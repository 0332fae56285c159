"""Limits of payment: the published rules of supervision, and the notes of the drug list (domain.md §6, §10).

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
from pipeline.catalogs.entries import Entry
from pipeline.catalogs.printed_names import bare
from pipeline.catalogs.published_limits import SAME_DAY, SAME_VISIT, DuplicateCharge, PublishedLimit
from pipeline.catalogs.restrictions import ADULT_YEARS, TODDLER_YEARS, Restriction, parse_restriction
from validators._facts import LEVELS, Facts, Row, day_of, facts_of, rows_of
from validators._rule import Verdict, case_rule, failed, passed, unknown, worst_of

HERBAL = "中药饮片费"
LIBRARY = "国家医保局智能监管规则库"
DRUG_LIST = "国家基本医疗保险药品目录备注（限定支付范围）"
NEWBORN_DAYS = 28
"""新生儿: the first 28 days (GB/T 5795 and clinical usage)."""
LONGEST_NOTE = 60
"""Characters of a note in a message; the list has the whole."""
SHOWN_ROWS = 6
"""Rows named in one message; the paths name all of them."""

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
    if not facts.sex:
        return unknown(f"{row.label}限{limit.value}性，材料上没有性别（{limit.basis}）", row.path)
    if facts.sex == limit.value[:1]:
        return passed(row.path)
    return failed(f"{row.label}限{limit.value[:1]}性，患者为{facts.sex}性（{limit.basis}）", row.path)


@case_rule("LIM-3", title="限定医院级别的药品在相应级别使用", basis=f"{LIBRARY} 第 5 批", severity="warn")
def limited_hospital_level_is_kept(case: Case) -> Verdict | None:
    """A medicine of hospitals of level two and up is charged by one."""
    return _each(case, ("institution_level",), _hospital_level)


def _hospital_level(row: Row, limit: PublishedLimit, facts: Facts) -> Verdict | None:
    return _level_kept(row, limit.value, facts, limit.basis)


def _level_kept(row: Row, wanted: str, facts: Facts, basis: str) -> Verdict | None:
    if wanted not in LEVELS:
        return unknown(f"{row.label}限定医院级别「{wanted}」，请人工核对（{basis}）", row.path)
    if not facts.level:
        return unknown(f"{row.label}限{wanted}及以上医疗机构，医院级别不明（{basis}）", row.path)
    if LEVELS.index(facts.level) >= LEVELS.index(wanted):
        return passed(row.path)
    return failed(
        f"{row.label}限{wanted}及以上医疗机构，「{facts.hospital}」为{facts.level}（{basis}）", row.path
    )


@case_rule("LIM-4", title="限工伤或生育保险的药品由相应保险支付", basis=f"{LIBRARY} 第 3 批", severity="warn")
def limited_insurance_is_kept(case: Case) -> Verdict | None:
    """What work-injury or maternity insurance alone pays is not claimed from another."""
    return _each(case, ("insurance_type",), _insurance)


def _insurance(row: Row, limit: PublishedLimit, facts: Facts) -> Verdict | None:
    return _insurance_kept(row, limit.value, facts, limit.basis)


def _insurance_kept(row: Row, wanted: str, facts: Facts, basis: str) -> Verdict | None:
    if not facts.insurance:
        return unknown(f"{row.label}限{wanted}保险，材料上没有医保类型（{basis}）", row.path)
    if wanted in facts.insurance:
        return passed(row.path)
    return failed(f"{row.label}限{wanted}保险，本次医保类型为「{facts.insurance}」（{basis}）", row.path)


@case_rule("LIM-5", title="限住院使用的药品用于住院", basis=f"{LIBRARY} 第 4 批", severity="warn")
def limited_visit_kind_is_kept(case: Case) -> Verdict | None:
    """A medicine for stays is charged in a stay."""
    return _each(case, ("visit_type",), _visit_kind)


def _visit_kind(row: Row, limit: PublishedLimit, facts: Facts) -> Verdict | None:
    return _visit_kept(row, (limit.value,), facts, limit.basis)


def _visit_kept(row: Row, wanted: Sequence[str], facts: Facts, basis: str) -> Verdict | None:
    known = {"住院": facts.is_inpatient, "急诊": facts.is_emergency, "抢救": facts.is_rescue}
    if any(known.get(one, False) for one in wanted):
        return passed(row.path)
    words = "或".join(wanted)
    if any(one not in known for one in wanted):
        return unknown(f"{row.label}限{words}，请人工核对（{basis}）", row.path)
    if tuple(wanted) == ("住院",):
        return failed(f"{row.label}限住院，本次为门诊（{basis}）", row.path)
    return unknown(f"{row.label}限{words}，材料未载明（{basis}）", row.path)


# ---------------------------------------------------------------- how long, how many


@case_rule("LIM-6", title="疗程不超过支付天数", basis=f"{LIBRARY} 第 6、8 批", severity="warn")
def limited_course_is_kept(case: Case) -> Verdict | None:
    """No more days are charged than are paid."""
    return _by_item(case, ("course_length",), _course)


def _course(rows: Sequence[Row], limit: PublishedLimit, facts: Facts) -> Verdict | None:
    if limit.most_days is None:
        note = limit.note or limit.value
        return unknown(f"{rows[0].label}有疗程限制：{note}，请人工核对（{limit.basis}）", rows[0].path)
    return _course_kept(rows, limit.most_days, facts, limit.basis)


def _course_kept(rows: Sequence[Row], most: int, facts: Facts, basis: str) -> Verdict:
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
    return _short(verdicts)


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
    return _short([verdict for verdict in verdicts if verdict is not None])


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


# ---------------------------------------------------------------- the notes of the drug list


@case_rule("LIM-10", title="符合药品目录的限定支付范围", basis=DRUG_LIST, severity="warn")
def notes_of_the_drug_list_are_kept(case: Case) -> Verdict | None:
    """Each medicine with a note is charged for whom, where and what the note says."""
    noted = [
        (row, entry)
        for row in rows_of(case.documents)
        if (entry := _entry(case, row)) is not None and entry.restriction
    ]
    if not noted:
        return None
    facts = facts_of(case)
    verdicts = [_note_kept(row, parse_restriction(entry.restriction), facts, entry) for row, entry in noted]
    verdicts.append(_herbs_not_alone(case))
    return _short([verdict for verdict in verdicts if verdict is not None])


def _herbs_not_alone(case: Case) -> Verdict | None:
    """Herbal pieces marked □ are paid beside others that are not."""
    found = [(row, _entry(case, row)) for row in rows_of(case.documents)]
    herbs = [(row, entry) for row, entry in found if entry is not None and entry.category == HERBAL]
    marked = [(row, entry) for row, entry in herbs if parse_restriction(entry.restriction).not_alone]
    if not marked:
        return None
    paths = [row.path for row, _ in marked]
    if len(marked) < len(herbs):
        return passed(*paths)
    names = "、".join(row.label for row, _ in marked[:SHOWN_ROWS])
    source = marked[0][1].source
    return failed(f"{names}单独使用或处方均由该类饮片组成时不予支付（{source}）", *paths)


def _entry(case: Case, row: Row) -> Entry | None:
    """The medicine that the row was matched with, of the list in force."""
    match = row.item.catalog
    if match is None or match.kind != "drug" or match.status != "matched" or not match.name:
        return None
    day = row.document.treatment_date
    entries = case.catalogs.with_code(row.code) if row.code else case.catalogs.named(match.name)
    in_force = [one for one in entries if one.kind == "drug" and one.name == match.name and one.in_force(day)]
    return in_force[0] if in_force else None


def _note_kept(row: Row, note: Restriction, facts: Facts, entry: Entry) -> Verdict | None:
    basis = f"{entry.source}备注：{_cut(note.note)}"
    verdicts: list[Verdict | None] = []
    if note.level:
        verdicts.append(_level_kept(row, note.level, facts, basis))
    if note.insurance:
        verdicts.append(_insurance_kept(row, note.insurance, facts, basis))
    if note.visits:
        verdicts.append(_visit_kept(row, note.visits, facts, basis))
    if note.days is not None:
        verdicts.append(_course_kept([row], note.days, facts, basis))
    if note.ages:
        verdicts.append(_note_age(row, note, facts, basis))
    if note.sex:
        verdicts.append(_note_sex(row, note, facts, basis))
    if note.diseases:
        verdicts.append(_note_disease(row, note, facts, basis))
    if note.has_conditions:
        verdicts.append(unknown(f"{row.label}另有须人工核对的条件（{basis}）", row.path))
    return worst_of([verdict for verdict in verdicts if verdict is not None])


def _note_age(row: Row, note: Restriction, facts: Facts, basis: str) -> Verdict:
    if facts.age_years is None:
        return unknown(f"{row.label}有年龄限制，材料上没有年龄（{basis}）", row.path)
    if any(ages.least <= facts.age_years <= ages.most for ages in note.ages):
        return passed(row.path)
    return failed(f"{row.label}不用于此年龄，患者 {facts.age_years} 岁（{basis}）", row.path)


def _note_sex(row: Row, note: Restriction, facts: Facts, basis: str) -> Verdict:
    if not facts.sex:
        return unknown(f"{row.label}限{note.sex}性，材料上没有性别（{basis}）", row.path)
    if facts.sex == note.sex:
        return passed(row.path)
    return failed(f"{row.label}限{note.sex}性，患者为{facts.sex}性（{basis}）", row.path)


def _note_disease(row: Row, note: Restriction, facts: Facts, basis: str) -> Verdict:
    """A diagnosis of one of the diseases, by words or code; a suspected or a past one counts too."""
    words = "、".join(disease.word for disease in note.diseases)
    if not facts.diagnoses:
        return unknown(f"{row.label}限{words}，材料上没有诊断（{basis}）", row.path)
    for one in facts.diagnoses:
        code = one.code or (one.was.icd10_code if one.was is not None else "")
        for disease in note.diseases:
            if disease.word in one.printed.text or (code and disease.covers(code)):
                return passed(row.path)
    named = "、".join(dict.fromkeys(one.printed.text for one in facts.diagnoses))
    if any(one.code is None for one in facts.diagnoses):
        return unknown(f"{row.label}限{words}，诊断「{named}」未能全部编码，请人工核对（{basis}）", row.path)
    return failed(f"{row.label}限{words}，诊断为「{named}」（{basis}）", row.path)


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
    return _short([verdict for verdict in verdicts if verdict is not None])


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
    return _short([verdict for verdict in verdicts if verdict is not None])


def _short(verdicts: Sequence[Verdict]) -> Verdict | None:
    """All verdicts as one, its message cut to a few rows."""
    worst = worst_of(verdicts)
    if worst is None or not worst.message:
        return worst
    said = list(dict.fromkeys(one.message for one in verdicts if one.outcome == worst.outcome))
    more = f"；等 {len(said)} 项" if len(said) > SHOWN_ROWS else ""
    fields = tuple(dict.fromkeys(worst.fields))
    return Verdict(worst.outcome, "；".join(said[:SHOWN_ROWS]) + more, fields)


def _cut(note: str) -> str:
    return note if len(note) <= LONGEST_NOTE else f"{note[:LONGEST_NOTE]}…"
