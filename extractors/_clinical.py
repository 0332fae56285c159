"""Clinical papers (诊断证明, 出院记录): the patient at the head, the doctor at the foot, the seal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import median

from rapidfuzz import fuzz

from extractors._fields import FieldSpec, doubted, field_from, read_labelled
from extractors._invoice import STAY, split_stay
from extractors._sections import END, Section, split_sections
from extractors._values import (
    SIMPLIFIED,
    as_age,
    as_code,
    as_date,
    as_department,
    as_institution,
    as_person,
    as_text,
)
from pipeline.model import AnyField, Page, Word
from pipeline.reading.layout import LabelList, joined, rows_of
from pipeline.text import find_date, fold, parse_sex, squeeze

# ---------------------------------------------------------------- head and foot

HEAD = (
    FieldSpec("patient_name", ("姓名", "患者姓名", "病人姓名", "患者", "病员姓名", "患者名称"), as_person),
    FieldSpec("sex", ("性别",), lambda text: parse_sex(text.strip(" _"))),
    FieldSpec("age", ("年龄",), as_age),
    FieldSpec(
        "hospital_name",
        (
            *("医院名称", "医疗机构", "医疗机构名称", "就诊医院", "医院(盖章)", "医院(公章)"),
            *("医院名称(盖章)", "医院名称(公章)", "医疗机构(盖章)", "医疗机构(公章)"),
        ),
        as_institution,
    ),
    FieldSpec(
        "department",
        ("科别", "科室", "就诊科室", "住院科室", "出院科室", "住院科别", "临床科室", "出院科别", "科室名称"),
        as_department,
    ),
    FieldSpec("outpatient_no", ("门诊号", "门(急)诊号", "门诊病历号", "就诊号", "门诊编号"), as_code),
    FieldSpec("inpatient_no", ("住院号", "住院病历号", "住院编号"), as_code),
    FieldSpec(
        "medical_record_no", ("病历号", "病案号", "病历号码", "病案号码", "登记号", "ID号", "病人ID"), as_code
    ),
    FieldSpec(
        "visit_no", ("门诊/住院号", "住院/门诊号", "门诊(住院)号", "住院(门诊)号", "门诊号/住院号"), as_code
    ),
    FieldSpec("visit_date", ("就诊日期", "就诊时间", "门诊日期"), as_date),
    FieldSpec(STAY, ("住院时间", "住院日期", "住院起止日期", "住院期间"), as_text),
    FieldSpec("admission_date", ("入院日期", "入院时间"), as_date),
    FieldSpec("discharge_date", ("出院日期", "出院时间"), as_date),
)

FOOT = (
    FieldSpec(
        "doctor_name",
        (
            *("医师签名", "医生签名", "医师签字", "医生签字", "医师签章", "医生签章", "医师", "医生"),
            *("主治医师", "主治医生", "经治医师", "经治医生", "主管医师", "主管医生", "诊断医师"),
            *("诊断医生", "接诊医师"),
            *("接诊医生", "住院医师", "管床医师", "管床医生", "主任医师", "副主任医师", "医师姓名"),
            *("医生姓名", "医师(签章)", "医师(签名)", "医师(签字)", "医生(签章)", "医生(签名)"),
            *("医生(签字)", "医师(盖章)"),
            *("经治医师签名", "主治医师签名", "主治医师(签字)", "主治医师(签名)", "签名", "签字", "记录医师"),
            *("医师签名(盖章)", "医师签名/盖章", "医师签名及盖章", "记录者", "开具医师", "出具医师"),
        ),
        as_person,
    ),
    FieldSpec(
        "issue_date",
        (
            *("日期", "签发日期", "开具日期", "出具日期", "诊断日期", "签名日期", "开具时间", "出具时间"),
            *("证明日期", "填写日期", "签字日期", "时间", "记录日期", "记录时间", "书写日期", "开单日期"),
        ),
        as_date,
    ),
)

OTHER_LABELS = (
    *("类别", "单位或住址", "单位", "住址", "工作单位", "家庭住址", "地址", "联系地址", "职业", "民族"),
    *("婚姻", "籍贯"),
    *("出生日期", "出生年月", "床号", "电话", "联系电话", "身份证号", "身份证号码", "证件号码"),
    *("费别", "医保类型", "打印日期", "打印时间", "编号", "NO", "No", "患者或家属签名", "患者签名"),
    *("家属签名", "手术日期", "审核医师", "上级医师", "上级医师签名", "公章", "盖章", "住院天数"),
    *("实际住院天数", "共住院"),
    *("卡号", "社保卡号", "医保卡号", "国籍", "文化程度", "婚否", "与患者关系", "病情陈述者", "复核", "审核"),
)

NOTES = ("注", "说明", "附注", "温馨提示", "特别说明", "备注", "注意")
"""What is printed under the foot, for all papers alike."""

# ---------------------------------------------------------------- head and foot apart from the text

_SIGNED = re.compile(r"医[师生](?:签|$)|^(?:主治|经治|住院|主管|诊断|接诊)医[师生]")
_PAGE_NUMBER = re.compile(r"-?第?\d{1,3}(?:/\d{1,3})?页?-?|第\d+页.{0,8}|共\d+页.{0,8}")


def split_paper(
    pages: Sequence[Page], sections: Sequence[str], titles: Sequence[str]
) -> tuple[dict[str, Section], list[Page]]:
    """The sections of a paper by their labels, and its pages with the words of head and foot alone."""
    ends = (label for spec in (*HEAD, *FOOT) for label in spec.labels)
    labels = {**dict.fromkeys((*OTHER_LABELS, *ends, *NOTES), END), **{label: label for label in sections}}
    straight = [without_arcs(page) for page in pages]
    return split_sections(
        straight,
        LabelList(labels, in_prose=True),
        lambda text: is_furniture(text, titles),
        lambda text: _is_bare_date(text) or _SIGNED.search(text) is not None,
    )


ARC_HEIGHT = 2.5
"""The words round a seal are so many times as high as a line of the page, where they are one word."""
ARC_SHAPE = 0.6
"""A straight word of n characters is n times as wide as high; one in an arc less than this share of it."""


def is_arc(word: Word, usual: float) -> bool:
    """Whether a word runs in an arc, as round a seal; `usual` is the height of a line of the page."""
    box = word.box
    return (
        word.origin == "ocr"
        and re.fullmatch("[\u4e00-\u9fff]{3,}", word.text) is not None
        and box.height >= ARC_HEIGHT * usual
        and box.width < ARC_SHAPE * len(word.text) * box.height
    )


def without_arcs(page: Page) -> Page:
    """The page without the words round its seals, which stand in no line and were read uncertainly."""
    usual = median(word.box.height for word in page.words) if page.words else 0.0
    return replace(page, words=tuple(word for word in page.words if not is_arc(word, usual)))


def is_furniture(text: str, titles: Sequence[str]) -> bool:
    """Whether a text is a seal, or a title, a hospital's name or a page number, which repeat on pages."""
    if is_seal(text) or _PAGE_NUMBER.fullmatch(text):
        return True
    if _NO_NAME.search(text):
        return False
    bare = HOSPITAL.sub("", text.translate(SIMPLIFIED)).strip("()")
    return bare in ("", "盖章", "公章", "章", *titles)


_DATE_CHARACTERS = r"[\d年月日号/.:\-\s〇○◯零一二三四五六七八九十廿卅]{8,22}"


def _is_bare_date(text: str) -> bool:
    return find_date(text) is not None and re.fullmatch(_DATE_CHARACTERS, text) is not None


# ---------------------------------------------------------------- what stands without a label

_INSTITUTION = (
    "医院|卫生院|卫生所|卫生室|门诊部|诊所|医疗中心|医学中心|保健院|保健所|保健中心|卫生服务中心|服务中心|卫生服务站"
    "|急救中心|防治院|防治所|防治中心|疗养院|护理院|康复中心|肿瘤中心|临床中心|卫生中心|救治中心|眼科中心|口腔中心"
    "|泌尿中心|美容中心|附院|精神病院|医疗集团|研究院|研究所|控制所"
)
# 解放军307医院, 中国人民解放军第三○二医院, 攀枝花钢铁(集团)公司职工总医院
_STEM = (
    r"[\u4e00-\u9fff·](?:[\u4e00-\u9fff·\s〇○◯0OＯ]|(?<![0-9])[0-9]{2,4}(?![0-9])"
    r"|[(（][\u4e00-\u9fff]{2,4}[)）]){1,30}"
)
HOSPITAL = re.compile(
    _STEM
    + "(?:"
    + "|".join(r"\s*".join(name) for name in _INSTITUTION.split("|"))
    + r")(?:[\u4e00-\u9fff]{0,6}(?:院区|分院|分部)|[东西南北中新老总]院|[一二三四总]部|[东西南北]区)?"
    + r"(?:[(（][\u4e00-\u9fff]{2,20}(?:医院|院区|院)[)）])?"
)

LONGEST_TITLE = 24
"""A line with more characters behind the hospital's name is a sentence."""

_CUT_NAME = re.compile(
    r"第?[一二三四五六七八九十百零〇○◯0-9OＯ]*(?:人民|中心|中医|中西医结合|附属|职工|儿童|妇幼|妇产|肿瘤|口腔|总|医科|大学)*"
    r"(?:医院|保健院|附院)"
)
"""No place and no owner: what is left of a name whose beginning a seal or a fold hid."""

_LOST_ZERO = re.compile("第[一二三四五六七八九]{2}医院")
"""第一○五医院 whose ring was not read: numbers below a hundred are written with 十."""

_NO_NAME = re.compile("上级|当地|外院|就近|必要时|^[我本贵]院|^[转到赴去往]")
"""Hospitals that advice speaks of (转上级医院)."""
_SEAL = re.compile(r".{0,24}(?:专用章|公章|证明章|业务章)")
_NOT_A_SEAL = re.compile('[盖无效加须:,。"“”]')
SEAL_WORDS = ("诊断专用章", "诊断证明专用章", "病案专用章", "医务专用章")
SEAL_LIKENESS = 80
"""Four characters of five: 诊断专用草 is a seal."""

_PATIENT_IN_PROSE = re.compile(
    r"(?:患者|病人|兹有|兹证明)[:：]?\s*(?P<patient_name>[\u3400-\u9fff·]{2,4})[,，、\s(（]+(?P<sex>[男女])性?"
    r"(?:[,，、\s]*(?:年龄)?[:：]?(?P<age>\d{1,3})周?岁)?"
)


def read_head_and_foot(
    rest: Sequence[Page], specs: Sequence[FieldSpec], titles: Sequence[str]
) -> tuple[dict[str, AnyField], dict[str, str]]:
    """What is labelled outside the sections, the stay, and what shows itself without a label."""
    unsealed = [replace(page, words=tuple(w for w in page.words if not is_seal(w.text))) for page in rest]
    fields, extras = read_labelled(unsealed, (*HEAD, *FOOT, *specs), OTHER_LABELS)
    if (doctor := fields.get("doctor_name")) is not None and behind_cut_label(doctor, unsealed):
        fields["doctor_name"] = doubted(doctor)
    split_stay(fields)
    unlabelled = {
        "hospital_name": find_hospital(rest, titles),
        "issue_date": find_last_date(rest),
        "seal": find_seal(rest),
    }
    for name, found in unlabelled.items():
        if found is not None and name not in fields:
            fields[name] = found
    if (issued := fields.get("issue_date")) is not None and issued.value is None:
        fields["issue_date"] = _with_ring(issued)
    if _names_two_patients(fields):
        fields = {name: doubted(field) for name, field in fields.items()}
    return fields, extras


FEWEST_COLONS = 3
"""A form with so many labels that end in a colon sets one behind each."""

_COLON_BEHIND_LABEL = re.compile(r"[\u4e00-\u9fff)]:")


def behind_cut_label(field: AnyField, pages: Iterable[Page]) -> bool:
    """Whether the end of the label is hidden, on a form that sets colons: a seal lies there.

    What hides the end of the label (医师 for 医师（签章）：) may hide a part of the name behind it as well.
    """
    page = next((page for page in pages if page.number == field.page), None)
    if page is None or field.value is None or field.box is None:
        return False
    rows = [squeeze("".join(word.text for word in row)) for row in rows_of(page.words)]
    name = squeeze(field.text).lstrip(":")
    before = [row[: row.find(name)][-3:] for row in rows if name in row]
    colons = sum(len(_COLON_BEHIND_LABEL.findall(row)) for row in rows)
    return colons >= FEWEST_COLONS and bool(before) and not any(":" in text for text in before)


def _names_two_patients(fields: Mapping[str, AnyField]) -> bool:
    """Whether two labels name two people: two papers lie on the page, and nobody knows whose the rest is."""
    named = fields.get("patient_name")
    if named is None or not isinstance(named.value, str):
        return False
    return any(not set(named.value) & set(other.value) for other in named.candidates)


def with_visit_no(fields: dict[str, AnyField], inpatient: bool) -> None:
    """门诊/住院号 as the number that the patient has."""
    number = fields.pop("visit_no", None)
    if number is not None:
        fields.setdefault("inpatient_no" if inpatient else "outpatient_no", number)


def find_hospital(pages: Sequence[Page], titles: Sequence[str]) -> AnyField | None:
    """The hospital as the head prints it, alone or before the title, else as it stands at the foot."""
    around = re.compile(
        r"[\s(（)）]*(?:"
        + "|".join([*(r"\s*".join(t) for t in titles), "盖章", "公章", "章", ""])
        + r")[\s(（)）]*"
    )
    for page in pages:
        for row in rows_of(page.words):
            for line in (*row, joined(row)) if len(row) > 1 else row:
                text = line.text.translate(SIMPLIFIED)
                match = HOSPITAL.match(text)
                if match is None or _NO_NAME.search(text) or not around.fullmatch(text[match.end() :]):
                    continue
                return hospital_field(line.part(0, match.end()), page.number)
    return _before_longer_title(pages, titles)


def _before_longer_title(pages: Iterable[Page], titles: Sequence[str]) -> AnyField | None:
    """The hospital before a title that has more words than the list: 〈医院〉病假诊断证明书及休假建议."""
    for page in pages:
        for word in page.words:
            match = HOSPITAL.match(word.text.translate(SIMPLIFIED))
            behind = squeeze(word.text[match.end() :]) if match else ""
            if match is None or len(behind) > LONGEST_TITLE or _NO_NAME.search(word.text):
                continue
            if any(title in behind for title in titles):
                return hospital_field(word.part(0, match.end()), page.number)
    return None


def hospital_field(name: Word, page: int) -> AnyField:
    """The name of a hospital that no label announces; one that may lack its beginning is for a person."""
    field = field_from(name, as_institution, page)
    bare = squeeze(name.text)
    if _CUT_NAME.fullmatch(bare) or _LOST_ZERO.search(bare):
        return doubted(field)
    return field


def find_last_date(pages: Sequence[Page]) -> AnyField | None:
    """The date at the foot that stands without a label."""
    for page in reversed(pages):
        for row in reversed(rows_of(page.words)):
            free = [word for word, before in zip(row, (None, *row), strict=False) if not _labels_date(before)]
            for line in (*reversed(free), joined(row)):
                text = squeeze(line.text)
                if _is_bare_date(text) or _BROKEN_DATE.fullmatch(text):
                    return field_from(_up_to_day(line), as_date, page.number)
    return None


_YEAR_WITHOUT_RING = re.compile("^二(?=[一二三四五六七八九]{2}年)")
"""二○二五年 whose ring was not read."""


def _with_ring(field: AnyField) -> AnyField:
    """A date whose year lacks its ring, as a proposal that a person must see."""
    text = squeeze(field.text)
    day = find_date(_YEAR_WITHOUT_RING.sub("二〇", text)) if _YEAR_WITHOUT_RING.match(text) else None
    return doubted(replace(field, value=day)) if day is not None else field


_BROKEN_DATE = re.compile(r"20\d\d年\d{1,4}月\d{1,4}日?")
"""A date though no day of the calendar: it is the last one, and a date above it is another."""


_DATE_LABEL = re.compile(r"[\u4e00-\u9fff]{2,6}(?:日期|时间):?")


def _labels_date(word: Word | None) -> bool:
    """Whether a word in the cell before a date says what day it is: 就诊日期."""
    return word is not None and _DATE_LABEL.fullmatch(squeeze(word.text)) is not None


def _up_to_day(line: Word) -> Word:
    """A date without what a seal's rim adds behind its 日."""
    closed = re.match(r".*月.*[日号]", line.text)
    return line.part(0, closed.end()) if closed else line


def is_seal(text: str) -> bool:
    """Whether a text is the inscription of a seal and no sentence about one.

    >>> is_seal("诊断专用章"), is_seal("未盖诊断专用章无效")
    (True, False)
    """
    bare = squeeze(text)
    if _NOT_A_SEAL.search(bare):
        return False
    if _SEAL.fullmatch(bare):
        return True
    return 4 <= len(bare) <= 10 and any(fuzz.ratio(bare, seal) >= SEAL_LIKENESS for seal in SEAL_WORDS)


def find_seal(pages: Iterable[Page]) -> AnyField | None:
    """The inscription of a seal, where one was read."""
    words = [(w, page.number) for page in pages for w in page.words if is_seal(w.text)]
    seals = [field_from(_without_date(word), as_text, number) for word, number in words]
    return max(seals, key=lambda seal: seal.confidence, default=None)


def _without_date(seal: Word) -> Word:
    """The inscription without the beginning of a date that it lies on: 2025-06-诊断专用章."""
    date = re.match(r"[\d年月日./:\-\s]*", fold(seal.text))
    return seal.part(date.end() if date else 0, len(seal.text))


def read_prose_patient(fields: dict[str, AnyField], pages: Iterable[Page]) -> None:
    """Name, sex and age where a sentence gives them: 患者孙范本，男，62岁."""
    for page in pages:
        for word in page.words:
            match = _PATIENT_IN_PROSE.search(word.text)
            named = fields.get("patient_name")
            if match is None or (named is not None and named.value != match["patient_name"]):
                continue
            for name in ("patient_name", "sex", "age"):
                if match[name] and name not in fields:
                    fields[name] = field_from(word.part(*match.span(name)), as_text, page.number)
