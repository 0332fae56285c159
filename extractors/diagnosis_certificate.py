"""诊断证明书, what a doctor certifies: diagnoses and advice (domain.md §5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from extractors._clinical import (
    FOOT,
    HEAD,
    is_seal,
    read_head_and_foot,
    read_prose_patient,
    split_paper,
    with_visit_no,
)
from extractors._extractor import Extractor
from extractors._invoice import STAY
from extractors._prose import advice_of, diagnoses_of, prose_of, text_field
from extractors._sections import Section
from extractors._titles import mentions, title_likeness
from pipeline.model import AnyField, Document, Page
from pipeline.text import squeeze

TYPE = "diagnosis_certificate"
TITLES = (
    *(
        "疾病诊断证明书",
        "出院诊断证明书",
        "门诊诊断证明书",
        "住院诊断证明书",
        "医疗诊断证明书",
        "医学诊断证明书",
    ),
    *("临床诊断证明书", "疾病诊断证明", "出院诊断证明", "门诊诊断证明", "诊断证明书", "诊断证明", "诊断书"),
    *(
        "疾病证明书",
        "疾病证明",
        "病情证明书",
        "病情证明",
        "病情诊断证明书",
        "病假证明书",
        "出院证明书",
        "出院证明",
    ),
)

DIAGNOSES = (
    *("出院诊断", "诊断", "临床诊断", "目前诊断", "主要诊断", "疾病诊断", "诊断意见", "诊断名称", "门诊诊断"),
    *("初步诊断",),
)
"""Of several the first counts: what the patient left with goes before what was suspected."""

ADVICE = (
    *("处理意见", "处理意见及建议", "处理意见和建议", "诊疗意见", "诊疗建议", "治疗意见", "处置意见"),
    *("建议", "意见", "医嘱", "医生建议", "医师建议", "医师意见", "医生意见", "出院医嘱", "处理", "处置"),
    *("休息建议", "意见及建议", "建议事项"),
)
OTHERS = (
    *("入院诊断", "病情摘要", "病情", "病情简介", "病历摘要", "病史摘要", "主诉", "现病史", "既往史"),
    *("体格检查", "查体", "辅助检查", "检查结果", "治疗经过", "诊治经过", "诊疗经过", "手术名称"),
    *("出院情况", "入院情况", "治疗结果", "证明事项"),
    *(
        "休假时间",
        "休假日期",
        "病休时间",
        "病休日期",
        "休息时间",
        "休息日期",
        "休息期限",
        "建议休息时间",
        "病假时间",
        "病假日期",
    ),
)
SECTIONS = (*DIAGNOSES, *ADVICE, *OTHERS)

BODY = ("诊断", "处理意见", "建议", "医嘱", "医师", "医生", "姓名", "性别", "年龄", "科")
NOT_MINE = ("处方", "金额", "合计", "收费", "Rp", "参考区间", "参考值", "主诉")
STAY_WORDS = ("住院号", "入院日期", "入院时间", "出院日期", "出院诊断证明", "出院证明", "住院治疗")


def identify(page: Page) -> float:
    """Sure by its title; without one, likely by the seal over a diagnosis and advice.

    A summary of a stay may bear the title 出院诊断证明 too: 诊疗经过 and 出院医嘱 make it one.
    """
    likeness, _ = title_likeness(page, TITLES)
    body = mentions(page, BODY)
    if is_summary(page):
        return min(likeness, 0.4)
    if likeness:
        return max(likeness, 0.9) if body >= 4 else likeness * (0.5 if mentions(page, NOT_MINE) > 2 else 1.0)
    sealed = any(is_seal(word.text) and "诊断" in word.text for word in page.words)
    if sealed and body >= 5 and not mentions(page, NOT_MINE):
        return 0.85
    return 0.0


def is_summary(page: Page) -> bool:
    """Whether the body tells the course of a stay, as no certificate does."""
    course = mentions(page, ("诊疗经过", "治疗经过", "诊治经过", "住院经过"))
    return bool(course) and "出院医嘱" in squeeze(page.text)


def extract(pages: Sequence[Page], sure: float) -> Document:
    """Read the patient, the diagnoses, the advice and who signed when."""
    sections, rest = split_paper(pages, SECTIONS, TITLES)
    fields, extras = read_head_and_foot(rest, (), TITLES)
    read_prose_patient(fields, pages)
    inpatient = _is_inpatient(pages, fields)
    with_visit_no(fields, inpatient)
    _read_sections(fields, sections)
    used = {*DIAGNOSES, *ADVICE}
    return Document(
        type=TYPE,
        subtype=_subtype(pages, inpatient, fields),
        type_confidence=sure,
        file=pages[0].file,
        pages=tuple(page.size for page in pages),
        fields=fields,
        extras=extras | {name: prose_of(part.lines) for name, part in sections.items() if name not in used},
        title=title_likeness(pages[0], TITLES)[1],
    )


def _read_sections(fields: dict[str, AnyField], sections: Mapping[str, Section]) -> None:
    diagnoses = first_of(sections, DIAGNOSES)
    if found := text_field(diagnoses, diagnoses_of(diagnoses.lines) if diagnoses else ""):
        fields["diagnoses"] = found
    advice = first_of(sections, ADVICE)
    if found := text_field(advice, advice_of(advice.lines) if advice else ""):
        fields["advice"] = found


def first_of(sections: Mapping[str, Section], names: Sequence[str]) -> Section | None:
    """The section whose name comes first in `names`."""
    return next((sections[name] for name in names if name in sections), None)


def _is_inpatient(pages: Sequence[Page], fields: Mapping[str, AnyField]) -> bool:
    known = {"inpatient_no", "admission_date", "discharge_date"} & fields.keys()
    return bool(known) or any(mentions(page, STAY_WORDS) for page in pages)


def _subtype(pages: Sequence[Page], inpatient: bool, fields: Mapping[str, AnyField]) -> str | None:
    if inpatient:
        return "inpatient"
    is_visit = "outpatient_no" in fields or "visit_date" in fields or mentions(pages[0], ("门诊",))
    return "outpatient" if is_visit else None


def required_of(document: Document) -> tuple[str, ...]:  # noqa: ARG001 - the form of the hook
    """What a certificate is for: whom, what, by which hospital and when."""
    return ("patient_name", "diagnoses", "issue_date", "hospital_name")


HIDDEN = ("visit_no", STAY)
FIELD_NAMES = (
    *(spec.name for spec in HEAD if spec.name not in HIDDEN),
    *("diagnoses", "advice"),
    *(spec.name for spec in FOOT),
    "seal",
)

EXTRACTOR = Extractor(TYPE, "诊断证明书", identify, extract, FIELD_NAMES, required_of)
