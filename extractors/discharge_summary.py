"""出院记录, 出院小结: what happened during a stay (contents: 《病历书写基本规范》, 2010; domain.md §5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from extractors._clinical import FOOT, HEAD, read_head_and_foot, split_paper, with_visit_no
from extractors._extractor import Extractor
from extractors._fields import FieldSpec
from extractors._invoice import STAY
from extractors._page_marks import find_page_mark
from extractors._prose import advice_of, diagnoses_of, prose_of, text_field
from extractors._sections import Section
from extractors._titles import mentions, title_likeness
from pipeline.model import AnyField, Document, Page
from pipeline.text import parse_quantity, squeeze

TYPE = "discharge_summary"
TITLES = (
    *("出院记录", "出院小结", "出院病历摘要", "出院病情摘要", "24小时内入出院记录", "出院总结"),
    *("出院病历小结",),
    *("住院病历摘要", "住院病案摘要", "出院小结记录"),
)
SHARED_TITLES = ("出院诊断证明书", "出院诊断证明", "出院证明书", "出院证明", "诊断证明书", "疾病诊断证明书")
"""Titles that a certificate bears too; the body decides."""

STAY_LENGTH = FieldSpec(
    "inpatient_days",
    ("住院天数", "实际住院天数", "共住院", "住院日数"),
    lambda text: parse_quantity(text.strip("天日 ")),
)

DIAGNOSES = ("出院诊断", "出院主要诊断", "最后诊断", "目前诊断", "主要诊断", "诊断")
ADMISSION_DIAGNOSES = ("入院诊断", "入院时诊断", "初步诊断")
COURSE = (
    "诊疗经过",
    "治疗经过",
    "诊治经过",
    "住院经过",
    "住院诊疗经过",
    "入院后诊疗经过",
    "诊疗过程",
    "治疗过程",
    "住院治疗经过",
)
ADVICE = (
    "出院医嘱",
    "出院后医嘱",
    "出院建议",
    "出院指导",
    "出院医嘱及建议",
    "医嘱",
    "建议",
    "随访建议",
    "注意事项",
)
OTHERS = (
    *("入院情况", "入院时情况", "入院时病情", "入院症状", "入院查体", "主诉", "现病史", "既往史"),
    *("体格检查", "辅助检查", "出院情况", "出院时情况", "出院时病情", "出院病情", "出院查体", "出院带药"),
    *("治疗结果", "治疗效果", "转归", "手术名称"),
    *("主要检查结果", "检查结果", "化验结果", "病情摘要", "伤口愈合情况", "切口愈合", "随访", "手术及操作"),
)
SECTIONS = (*DIAGNOSES, *ADMISSION_DIAGNOSES, *COURSE, *ADVICE, *OTHERS)

BODY = (
    *("入院诊断", "出院诊断", "入院情况", "入院时情况", "出院情况", "出院时情况", "出院医嘱", "诊疗经过"),
    *("治疗经过",),
)
CHARGES = ("金额", "合计", "处方", "票据", "单价")
FIRST_PAGE = 1


def identify(page: Page) -> float:
    """Sure by its title, or by the sections that only a summary has, whatever its title."""
    own, _ = title_likeness(page, TITLES)
    shared, _ = title_likeness(page, SHARED_TITLES)
    body = mentions(page, BODY)
    course = mentions(page, COURSE)
    if own and body >= 2:
        return max(own, 0.95)
    if body >= 3 and course and "出院医嘱" in squeeze(page.text):
        return 0.95 if shared else 0.9
    return own if not shared else min(own, 0.45)


def continues(before: Sequence[Page], page: Page) -> bool:
    """Whether a page goes on: it repeats no title, or counts on, and has what a summary ends with."""
    mark = find_page_mark(page)
    if title_likeness(page, (*TITLES, *SHARED_TITLES))[0] and (mark is None or mark.number == FIRST_PAGE):
        return False
    if mentions(page, CHARGES):
        return False  # a settlement sheet names diagnoses and a doctor too
    told = {name for name in BODY for earlier in before if mentions(earlier, (name,))}
    fresh = [
        name for name in (*BODY, *ADVICE[:4], "出院带药") if mentions(page, (name,)) and name not in told
    ]
    signed = any(mentions(earlier, ("医师签名", "医生签名", "医师签字", "医生签字")) for earlier in before)
    signs = mentions(page, ("医师", "医生")) > 0
    return bool(fresh) or (not signed and signs and (mark is not None or not _is_headed(page)))


def _is_headed(page: Page) -> bool:
    """Whether a page has a head of its own, as every first page has."""
    return mentions(page, ("姓名", "性别", "年龄")) >= 2


def extract(pages: Sequence[Page], sure: float) -> Document:
    """Read the patient, the stay, the diagnoses, the course and the advice."""
    titles = (*TITLES, *SHARED_TITLES)
    sections, rest = split_paper(pages, SECTIONS, titles)
    fields, extras = read_head_and_foot(rest, (STAY_LENGTH,), titles)
    with_visit_no(fields, inpatient=True)
    _read_sections(fields, sections)
    used = {*DIAGNOSES, *ADMISSION_DIAGNOSES, *COURSE, *ADVICE}
    return Document(
        type=TYPE,
        subtype="discharge_record",
        type_confidence=sure,
        file=pages[0].file,
        pages=tuple(page.size for page in pages),
        fields=fields,
        extras=extras | {name: prose_of(part.lines) for name, part in sections.items() if name not in used},
        title=title_likeness(pages[0], titles)[1],
    )


def _read_sections(fields: dict[str, AnyField], sections: Mapping[str, Section]) -> None:
    for name, labels, read in (
        ("diagnoses", DIAGNOSES, diagnoses_of),
        ("admission_diagnoses", ADMISSION_DIAGNOSES, diagnoses_of),
        ("course", COURSE, prose_of),
        ("advice", ADVICE, advice_of),
    ):
        section = next((sections[label] for label in labels if label in sections), None)
        if found := text_field(section, read(section.lines) if section else ""):
            fields[name] = found


def required_of(document: Document) -> tuple[str, ...]:  # noqa: ARG001 - the form of the hook
    """Who left the hospital, when, and with what."""
    return ("patient_name", "diagnoses", "discharge_date")


HIDDEN = ("visit_no", STAY, "outpatient_no", "visit_date")
FIELD_NAMES = (
    *(spec.name for spec in HEAD if spec.name not in HIDDEN),
    STAY_LENGTH.name,
    *("admission_diagnoses", "diagnoses", "course", "advice"),
    *(spec.name for spec in FOOT),
    "seal",
)

EXTRACTOR = Extractor(TYPE, "出院记录", identify, extract, FIELD_NAMES, required_of, continues)
