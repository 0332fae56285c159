"""Clinical papers: a head of labelled values, sections of text, a foot where a doctor signs.

A section (临床诊断, 处理意见, 诊疗经过) runs from its label to the next one, over as many lines and pages as
it takes. On open forms the label stands before its text or on the line above; on ruled forms it stands
in a cell to the left, in the middle of the height of its text, so that lines above it are its own. Ruling
is not seen here: there the widest gap between lines tells one cell from the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from rapidfuzz import fuzz

from extractors._fields import FieldSpec, field_from, probability, read_labelled
from extractors._invoice import STAY, split_stay
from extractors._values import as_code, as_date, as_name, as_text
from pipeline.model import AnyField, Box, Field, Page, TextField, Word
from pipeline.reading.layout import LabelList, joined, rows_of
from pipeline.text import find_date, fold, parse_age, parse_sex, squeeze

# ---------------------------------------------------------------- head and foot

_TITLES_OF_DOCTORS = re.compile("(?:副?主任|主治|住院|经治|执业)?医[师生]$")
_SIGN = r"(?:\((?:签名|签字|签章|盖章|章|签名盖章)\))?"


def as_person(text: str) -> str:
    """A person's name, without what is printed or written behind it.

    >>> as_person("李 示例 主治医师"), as_person("孙** 2026年4月24日")
    ('李示例', '孙**')
    """
    bare = re.sub(r"^[^:]{0,5}:|^\([^)]*\)", "", squeeze(text))
    match = re.match(r"[\u3400-\u9fff·*]{2,12}", bare)
    if match is None:
        return as_name(text) if bare.isascii() else _refuse(text)
    name = _TITLES_OF_DOCTORS.sub("", match.group())
    return name if len(name) >= 2 else _refuse(text)


def _refuse(text: str) -> str:
    raise ValueError(f"not the name of a person: {len(text)} characters")


def as_age(text: str) -> str:
    """Years as a bare number; months and days keep their unit.

    >>> as_age("59 岁"), as_age("8月")
    ('59', '8月')
    """
    return re.sub("^([0-9]+)周?岁$", r"\1", parse_age(text))


def as_department(text: str) -> str:
    """A department, without the bed behind it."""
    return as_text(re.split(r"\s{2,}|床|病区[:号]", fold(text))[0])


_SIMPLIFIED = str.maketrans("醫學屬東廣華國濟婦產聯縣區門診衛", "医学属东广华国济妇产联县区门诊卫")
"""What the engine makes of names in brush script; mainland papers print the simplified forms."""


def as_institution(text: str) -> str:
    """The name of a hospital in simplified characters.

    >>> as_institution("郑州大學第一附屬醫院")
    '郑州大学第一附属医院'
    """
    return as_name(text).translate(_SIMPLIFIED)


HEAD = (
    FieldSpec("patient_name", ("姓名", "患者姓名", "病人姓名", "患者", "病员姓名", "患者名称"), as_person),
    FieldSpec("sex", ("性别",), parse_sex),
    FieldSpec("age", ("年龄",), as_age),
    FieldSpec(
        "hospital_name",
        (
            *("医院名称", "医疗机构", "医疗机构名称", "就诊医院", "医院(盖章)", "医院(公章)"),
            *(
                "医院名称(盖章)",
                "医院名称(公章)",
                "医疗机构(盖章)",
                "医疗机构(公章)",
                "出具单位",
                "单位(盖章)",
            ),
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
            *(
                "医师签名",
                "医生签名",
                "医师签字",
                "医生签字",
                "医师签章",
                "医生签章",
                "医师",
                "医生",
                "主治医师",
            ),
            *("主治医生", "经治医师", "经治医生", "主管医师", "主管医生", "诊断医师", "诊断医生", "接诊医师"),
            *(
                "接诊医生",
                "住院医师",
                "管床医师",
                "管床医生",
                "主任医师",
                "副主任医师",
                "医师姓名",
                "医生姓名",
            ),
            *(
                "医师(签章)",
                "医师(签名)",
                "医师(签字)",
                "医生(签章)",
                "医生(签名)",
                "医生(签字)",
                "医师(盖章)",
            ),
            *("经治医师签名", "主治医师签名", "主治医师(签字)", "主治医师(签名)", "签名", "签字", "记录医师"),
            *(
                "医师签名(盖章)",
                "医师签名/盖章",
                "医师签名及盖章",
                "记录者",
                "开具医师",
                "出具医师",
                "医师签名:",
            ),
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
    *(
        "类别",
        "单位或住址",
        "单位",
        "住址",
        "工作单位",
        "家庭住址",
        "地址",
        "联系地址",
        "职业",
        "民族",
        "婚姻",
        "籍贯",
    ),
    *("出生日期", "出生年月", "床号", "电话", "联系电话", "身份证号", "身份证号码", "证件号码"),
    *(
        "费别",
        "医保类型",
        "打印日期",
        "打印时间",
        "编号",
        "NO",
        "No",
        "患者或家属签名",
        "患者签名",
        "家属签名",
    ),
    *(
        "手术日期",
        "审核医师",
        "上级医师",
        "上级医师签名",
        "公章",
        "盖章",
        "住院天数",
        "实际住院天数",
        "共住院",
    ),
    *("卡号", "社保卡号", "医保卡号", "国籍", "文化程度", "婚否", "与患者关系", "病情陈述者", "复核", "审核"),
)

# ---------------------------------------------------------------- sections

END = ""
"""Name of labels that end a section and begin none."""

NOTES = ("注", "说明", "附注", "温馨提示", "特别说明", "备注", "注意")
"""What is printed under the foot, for all papers alike."""

SPLIT_GAP = 0.9
"""Lines of one cell stand nearer to each other than so many line heights."""

SECTION_GAP = 4.0
"""After so many empty line heights a section is over."""

FULL_SLACK = 3.5
"""A line that was broken ends within so many line heights (three characters) of the right edge."""

APART = 1.2
"""Pieces so many line heights apart are said one after the other, as by a comma."""

_SIGNED = re.compile(r"医[师生](?:签[名字章]|$)|^(?:主治|经治|住院|主管|诊断|接诊)医[师生]")
_PAGE_NUMBER = re.compile(r"-?第?\d+/?共?\d*页?-?|第\d+页.{0,8}|共\d+页.{0,8}")
_SEAL = re.compile(r".{0,24}(?:专用章|公章|证明章|业务章)")
_NOT_A_SEAL = re.compile('[盖无效加须:,。"“”]')
SEAL_WORDS = ("诊断专用章", "诊断证明专用章", "病案专用章", "医务专用章")
SEAL_LIKENESS = 80
"""Four characters of five: 诊断专用草 is a seal."""


@dataclass(slots=True)
class Section:
    """Lines of text under one label, in reading order; each with its page and the page's right edge."""

    lines: list[tuple[int, Word, float]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """As printed, lines that were broken joined."""
        return "".join(paragraphs(self.lines)) if self.lines else ""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a page: of a section (`key`), of head or foot (`END`), or without a label (None)."""

    key: str | None
    words: tuple[Word, ...]
    label: Word | None = None
    has_colon: bool = False

    @property
    def box(self) -> Box:
        """Around the text, or around the label where no text stands in the row; needs one of them."""
        return Box.around(word.box for word in self.words or ((self.label,) if self.label else ()))


def split_paper(
    pages: Sequence[Page], sections: Mapping[str, str], titles: Sequence[str]
) -> tuple[dict[str, Section], list[Page]]:
    """The sections of a paper by name, and its pages with the words of head and foot alone."""
    ends = (label for spec in (*HEAD, *FOOT) for label in spec.labels)
    labels = LabelList({**dict.fromkeys((*OTHER_LABELS, *ends, *NOTES), END), **sections}, in_prose=True)
    found: dict[str, Section] = {}
    rest: list[Page] = []
    going_on = END
    for number, page in enumerate(pages):
        rows, left = _classified(page, labels, titles)
        if number and going_on:
            rows = _without_repeated_head(rows, left)
        going_on = _share_out(rows, page, found, left, going_on)
        rest.append(replace(page, words=tuple(left)))
    return {name: section for name, section in found.items() if section.lines}, rest


def _classified(page: Page, labels: LabelList, titles: Sequence[str]) -> tuple[list[_Row], list[Word]]:
    """The rows of a page, and the words that belong to head and foot whatever stands around them."""
    rows: list[_Row] = []
    left: list[Word] = []
    for words in rows_of(page.words):
        text = squeeze("".join(word.text for word in words))
        if _is_furniture(text, titles):
            left += words
            continue
        seals = [word for word in words if is_seal(word.text)]
        left += seals
        words = tuple(word for word in words if word not in seals)
        found = labels.values_in(words, far=True)
        if not words:
            continue
        if not any(labelled.name for labelled in found):
            rows.append(_Row(END if found or _is_bare_date(text) or _SIGNED.search(text) else None, words))
            continue
        left += [word for word in words if word.box.x1 <= found[0].label.box.x0]
        for labelled in found:
            if labelled.name == END:
                left += [labelled.label, *labelled.pieces]
                continue
            after = text[text.find(squeeze(labelled.label.text)) + len(squeeze(labelled.label.text)) :]
            colon = bool(re.match(r"(?:\([^)]{1,8}\))?[:\]]", after))
            rows.append(_Row(labelled.name, labelled.pieces, labelled.label, colon))
        if found[-1].name == END:
            rows.append(_Row(END, ()))
    return rows, left


def _is_furniture(text: str, titles: Sequence[str]) -> bool:
    """Whether a row is a title, a hospital's name or a page number, which repeat from page to page."""
    bare = HOSPITAL.sub("", text.translate(_SIMPLIFIED))
    return (
        _PAGE_NUMBER.fullmatch(text) is not None
        or bare == ""
        or any(
            bare in (title, f"({title})") for title in (*titles, "(盖章)", "(公章)", "盖章", "公章", "(章)")
        )
    )


def _is_bare_date(text: str) -> bool:
    return find_date(text) is not None and re.fullmatch(r"[\d年月日号/.:\-\s]{8,22}", text) is not None


def _without_repeated_head(rows: list[_Row], left: list[Word]) -> list[_Row]:
    """Without the patient's data that a second page repeats above the text that goes on."""
    while rows and rows[0].key == END:
        left += rows.pop(0).words
    return rows


def _share_out(
    rows: Sequence[_Row], page: Page, found: dict[str, Section], left: list[Word], going_on: str
) -> str:
    """Gives each row to its section or to head and foot; returns the section open at the page's end."""
    right = max((word.box.x1 for word in page.words), default=float(page.width))
    owners = _owners(rows, going_on)
    last: _Row | None = None
    current = going_on
    for row, owner in zip(rows, owners, strict=True):
        if owner == END:
            left += row.words
        else:
            section = found.setdefault(owner, Section())
            if owner != current:
                last = None
            if row.words and last is not None and _gap(last, row) > SECTION_GAP * last.words[0].box.height:
                left += row.words
                current = END
                continue
            if row.words:
                section.lines.append((page.number, line_of(row.words), right))
                last = row
        current = owner
    return owners[-1] if owners else going_on


def _gap(above: _Row, below: _Row) -> float:
    return below.box.y0 - above.box.y1


def _owners(rows: Sequence[_Row], going_on: str) -> list[str]:
    """The section of each row: that of the label above, or of a bare label in the middle beside it."""
    owners: list[str] = []
    current = going_on
    free: list[int] = []
    for i, row in enumerate(rows):
        if row.key is None:
            owners.append(current)
            free.append(i)
            continue
        if row.key != END and not row.has_colon:
            for j in _lines_above(rows, i, free, owners):
                owners[j] = row.key
        owners.append(row.key)
        current, free = row.key, []
    return owners


def _lines_above(rows: Sequence[_Row], i: int, free: Sequence[int], owners: Sequence[str]) -> list[int]:
    """Which of the lines `free` above the bare label of row `i` stand in its cell."""
    label = rows[i].label
    if label is None:
        return []
    beside: list[int] = []
    for j in reversed(free):
        if rows[j].box.x0 < label.box.x1:
            break
        beside.insert(0, j)
    if not beside:
        return []
    height = label.box.height
    chain = [rows[j] for j in beside]
    owner = owners[beside[0]]
    before = next((rows[j] for j in reversed(range(beside[0])) if rows[j].words and owners[j] == owner), None)
    after = rows[i] if rows[i].words else next((row for row in rows[i + 1 : i + 2] if row.key is None), None)
    gaps = [_gap(before, chain[0]) if before is not None else SECTION_GAP * height]
    gaps += [_gap(a, b) for a, b in pairwise(chain)]
    if owner == END:
        return next((beside[k:] for k, gap in enumerate(gaps) if gap > SPLIT_GAP * height), [])
    if after is not None:
        gaps.append(_gap(chain[-1], after))
    # Where lines stand evenly the last gap counts: text of the section above is likelier to be long.
    widest = max(k for k, gap in enumerate(gaps) if gap >= max(gaps) - 0.15 * height)
    return beside[widest:]


def line_of(pieces: Sequence[Word]) -> Word:
    """Pieces of a line as one word; a wide space stands where they are apart."""
    parts: list[Word] = [pieces[0]]
    for before, piece in pairwise(pieces):
        gap = piece.box.x0 - before.box.x1
        if gap > APART * piece.box.height:
            box = Box(before.box.x1, piece.box.y0, before.box.x1 + gap, piece.box.y1)
            parts.append(Word("\u3000", box, 1.0, piece.origin))
        parts.append(piece)
    return joined(parts)


# ---------------------------------------------------------------- text of sections

_MARK = r"[\[(]?(?P<number>[0-9]{1,2}|[①-⑳])"
_FIRST_MARK = re.compile(
    _MARK
    + r"(?:\s*[)\].、,:](?![0-9]+(?![0-9\u4e00-\u9fff]))|\s*(?=[\u4e00-\u9fff])(?![型级度期月周天年日次个]))\s*"
)
_CIRCLED = {chr(0x2460 + n): n + 1 for n in range(20)}


def paragraphs(lines: Sequence[tuple[int, Word, float]]) -> list[str]:
    """The text with lines joined that were broken at the right edge or go on with a numbered item."""
    texts: list[str] = []
    last_number = 0
    full = False
    for _, word, right in lines:
        text = _without_rest_of_label(word.text) if not texts else word.text.strip()
        number = _number_at_start(text)
        if number is not None and number in (1, last_number + 1, last_number + 2):
            texts.append(text)
            last_number = number
        elif texts and (full or last_number):
            texts[-1] += text
        else:
            texts.append(text)
        full = word.box.x1 >= right - FULL_SLACK * word.box.height
    return [text for text in texts if text]


def _without_rest_of_label(text: str) -> str:
    return re.sub(r"^(?:[(（][^)）]{1,8}[)）]\s*[:：]|[\]】:：、\s])+", "", text).strip()


def _number_at_start(text: str) -> int | None:
    match = _FIRST_MARK.match(fold(text))
    if match is None:
        return None
    return _CIRCLED.get(match["number"]) or int(match["number"])


def items_of_text(lines: Sequence[tuple[int, Word, float]]) -> list[str]:
    """The items of a list, numbers stripped; a text without numbers is one item a paragraph."""
    items = []
    expected = 1
    for text in paragraphs(lines):
        parts, expected = _split_at_numbers(text, expected)
        items += parts
    return [item for item in (part.strip(" \t\u3000;；。，,、") for part in items) if item]


def _split_at_numbers(text: str, expected: int) -> tuple[list[str], int]:
    """The text cut before the numbers that come next in order, which may stand in mid-line."""
    number = _number_at_start(text)
    match = _FIRST_MARK.match(fold(text))
    if number is None or match is None or number not in (1, expected, expected + 1):
        return [text], expected
    text = text[match.end() :]
    parts = []
    while True:
        number += 1
        digits = rf"(?<![0-9.]){number}\s*[)\].、](?:(?![0-9])|(?=[0-9]+型))"
        mark = rf"[\[(]?(?:{digits}|{chr(0x2460 + number - 1)}[)\].、]?)\s*"
        cut = re.search(mark, fold(text))
        if cut is None:
            return [*parts, text], number
        parts.append(text[: cut.start()])
        text = text[cut.end() :]


def diagnoses_of(lines: Sequence[tuple[int, Word, float]]) -> str:
    """Diagnoses joined with `;`, as printed: numbering stripped, wrapped lines joined."""
    items = items_of_text(lines)
    is_numbered = bool(lines) and _number_at_start(_without_rest_of_label(lines[0][1].text)) == 1
    if not is_numbered:
        items = [part for item in items for part in _named_apart(item)]
    cleaned = (re.sub(r"\s+", "", part) for item in items for part in re.split("[;；]", item))
    return ";".join(dict.fromkeys(part.strip("。，,、.") for part in cleaned if part.strip("。，,、.")))


def _named_apart(text: str) -> list[str]:
    """Diagnoses written one after the other; 、 stands also inside one (皮肤、软组织感染)."""
    parts = [part for part in re.split(r"[;；。，,\u3000]+(?![^(（]*[)）])", text) if part.strip()]
    if len(parts) == 1:
        listed = re.split(r"、(?![^(（]*[)）])", text)
        if all(len(part.strip()) >= 3 for part in listed):
            return listed
    return parts


def advice_of(lines: Sequence[tuple[int, Word, float]]) -> str:
    """What is advised: numbered points and lines of their own joined with `;`, wrapped lines joined."""
    return ";".join(
        re.sub(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])", "", item) for item in items_of_text(lines)
    )


def prose_of(lines: Sequence[tuple[int, Word, float]]) -> str:
    """Running text without the line breaks of the print."""
    text = "".join(
        _without_rest_of_label(word.text) if i == 0 else word.text for i, (_, word, _) in enumerate(lines)
    )
    return re.sub(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])", "", text).strip()


def text_field(section: Section | None, value: str) -> TextField | None:
    """A field of a section: as sure as its least sure line, boxed on the page where it begins."""
    if section is None or not value:
        return None
    page = section.lines[0][0]
    words = [word for _, word, _ in section.lines]
    return Field(
        value,
        "\n".join(word.text for word in words),
        min(probability(word) for word in words),
        page,
        Box.around(word.box for number, word, _ in section.lines if number == page),
        words[0].origin,
    )


# ---------------------------------------------------------------- what stands without a label

_INSTITUTION = (
    "医院|卫生院|卫生所|卫生室|门诊部|诊所|医疗中心|医学中心|保健院|保健所|保健中心|卫生服务中心|服务中心|卫生服务站"
    "|急救中心|防治院|防治所|防治中心|疗养院|护理院|康复中心|肿瘤中心"
)
HOSPITAL = re.compile(
    r"[\u4e00-\u9fff·][\u4e00-\u9fff·\s]{1,30}(?:"
    + "|".join(r"\s*".join(name) for name in _INSTITUTION.split("|"))
    + r")(?:[\u4e00-\u9fff]{0,6}(?:院区|分院|分部))?(?:[(（][\u4e00-\u9fff]{2,20}(?:医院|院区|院)[)）])?"
)
_PATIENT_IN_PROSE = re.compile(
    r"(?:患者|病人|兹有|兹证明)[:：]?\s*(?P<patient_name>[\u3400-\u9fff·]{2,4})[,，、\s(（]+(?P<sex>[男女])性?"
    r"(?:[,，、\s]*(?:年龄)?[:：]?(?P<age>\d{1,3})周?岁)?"
)


def read_head_and_foot(
    rest: Sequence[Page], specs: Sequence[FieldSpec], titles: Sequence[str]
) -> tuple[dict[str, AnyField], dict[str, str]]:
    """What is labelled outside the sections, the stay, and what shows itself without a label."""
    fields, extras = read_labelled(rest, (*HEAD, *FOOT, *specs), OTHER_LABELS)
    split_stay(fields)
    unlabelled = {
        "hospital_name": find_hospital(rest, titles),
        "issue_date": find_last_date(rest),
        "seal": find_seal(rest),
    }
    for name, found in unlabelled.items():
        if found is not None and name not in fields:
            fields[name] = found
    return fields, extras


def with_visit_no(fields: dict[str, AnyField], inpatient: bool) -> None:
    """门诊/住院号 as the number that the patient has."""
    number = fields.pop("visit_no", None)
    if number is not None:
        fields.setdefault("inpatient_no" if inpatient else "outpatient_no", number)


def find_hospital(pages: Iterable[Page], titles: Sequence[str]) -> AnyField | None:
    """The hospital as the head prints it, alone or before the title, else as it stands at the foot."""
    around = re.compile(
        r"[\s(（)）]*(?:"
        + "|".join([*(r"\s*".join(t) for t in titles), "盖章", "公章", "章", ""])
        + r")[\s(（)）]*"
    )
    for page in pages:
        for row in rows_of(page.words):
            for line in (*row, joined(row)) if len(row) > 1 else row:
                text = line.text.translate(_SIMPLIFIED)
                match = HOSPITAL.match(text)
                if match is not None and around.fullmatch(text[match.end() :]):
                    return field_from(line.part(0, match.end()), as_institution, page.number)
    return None


def find_last_date(pages: Sequence[Page]) -> AnyField | None:
    """The date at the foot that stands without a label."""
    for page in reversed(pages):
        for row in reversed(rows_of(page.words)):
            for line in (*reversed(row), joined(row)):
                if _is_bare_date(squeeze(line.text)):
                    return field_from(line, as_date, page.number)
    return None


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
    seals = [field_from(w, as_text, page.number) for page in pages for w in page.words if is_seal(w.text)]
    return max(seals, key=lambda seal: seal.confidence, default=None)


def read_prose_patient(fields: dict[str, AnyField], pages: Iterable[Page]) -> None:
    """Name, sex and age where a sentence gives them: 患者孙范本，男，62岁."""
    for page in pages:
        for word in page.words:
            match = _PATIENT_IN_PROSE.search(word.text)
            if match is None or "patient_name" in fields:
                continue
            for name in ("patient_name", "sex", "age"):
                if match[name] and name not in fields:
                    fields[name] = field_from(word.part(*match.span(name)), as_text, page.number)
