"""The notes of the national drug list (备注，限定支付范围) against the papers of a claim.

`pipeline.catalogs.restrictions` says what of a note can be computed; the rest is told to a person as unknown.
"""

from __future__ import annotations

from pipeline.case import Case
from pipeline.catalogs.entries import Entry
from pipeline.catalogs.restrictions import Restriction, parse_restriction
from validators._facts import Facts, Row, facts_of, rows_of
from validators._kept import (
    SHOWN_ROWS,
    course_kept,
    insurance_kept,
    level_kept,
    sex_kept,
    short,
    visit_kept,
)
from validators._rule import Verdict, case_rule, failed, passed, unknown, worst_of

HERBAL = "中药饮片费"
"""The fee category of herbal pieces, of which some are not paid alone."""
DRUG_LIST = "国家基本医疗保险药品目录备注（限定支付范围）"
LONGEST_NOTE = 60
"""Characters of a note in a message; the list has the whole."""


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
    return short([verdict for verdict in verdicts if verdict is not None])


def _herbs_not_alone(case: Case) -> Verdict | None:
    """Herbal pieces marked □ are paid beside others that are not; a row that waits may be such another."""
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
    if any(row.item.catalog is None or row.item.catalog.status != "matched" for row, _ in found):
        said = f"{names}单独使用时不予支付，其余各行未能全部对应目录，请人工核对（{source}）"
        return unknown(said, *paths)
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
        verdicts.append(level_kept(row, note.level, facts, basis))
    if note.insurance:
        verdicts.append(insurance_kept(row, note.insurance, facts, basis))
    if note.visits:
        verdicts.append(visit_kept(row, note.visits, facts, basis))
    if note.days is not None:
        verdicts.append(course_kept([row], note.days, facts, basis))
    if note.ages:
        verdicts.append(_note_age(row, note, facts, basis))
    if note.sex:
        verdicts.append(sex_kept(row, note.sex, facts, basis))
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


def _cut(note: str) -> str:
    return note if len(note) <= LONGEST_NOTE else f"{note[:LONGEST_NOTE]}…"
