"""处方笺, the prescription: head, medicines under Rp, who signed when.

Form: 《处方管理办法》 annex 1; domain.md §5.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from extractors._clinical import FOOT, HEAD, find_last_date, with_visit_no
from extractors._extractor import Extractor
from extractors._fields import FieldSpec, doubted, field_from, read_labelled
from extractors._groups import read_groups, stands_apart
from extractors._invoice import STAY
from extractors._letterhead import find_letterhead
from extractors._medicine_lines import read_medicines
from extractors._page_marks import find_page_mark
from extractors._prose import diagnoses_of, is_run_together
from extractors._sections import Line, line_of
from extractors._titles import mentions, title_likeness
from extractors._values import as_age, as_amount, as_code, as_text
from pipeline.model import AnyField, Box, Document, LineItem, Page, Word
from pipeline.reading.layout import LabelList, joined, rows_of
from pipeline.reading.tables import AMOUNT, NAME, NUMBER, TEXT, Column, outside_tables, read_table
from pipeline.text import fold, parse_sex, squeeze

TYPE = "prescription"
TITLES = (
    *("急诊处方笺", "门诊处方笺", "普通处方笺", "儿科处方笺", "电子处方笺", "中药处方笺", "西药处方笺"),
    *("外配处方笺", "处方笺"),
    *("急诊处方", "门诊处方", "普通处方", "儿科处方", "电子处方", "中药处方", "西药处方", "外配处方"),
    *("处方底方", "处方签"),
    *("住院处方", "医院处方", "互联网医院处方", "中草药处方", "处方单", "门诊电子处方", "医疗保险处方"),
    *("麻醉处方", "医保处方"),
)
_OTHER_TITLE = re.compile(r"明细|清单|发票|票据|证明|处方[号费日医药量审]|结算|记录|病历")

MORE_LABELS = {
    "outpatient_no": ("患者编号", "门诊ID", "门诊(急诊)号", "就诊流水号", "门急诊号"),
    "medical_record_no": ("门诊/住院病历号", "病历号/门诊号", "门诊或住院病历号", "门诊(住院)病历号"),
    "issue_date": ("开方日期", "处方日期", "医嘱日期", "开方时间", "处方时间", "开立时间", "开立日期"),
    "doctor_name": ("处方医师", "处方医生", "开方医师", "开方医生", "开单医生", "开单医师"),
}
SPECS = (
    *(
        replace(spec, labels=(*spec.labels, *MORE_LABELS.get(spec.name, ())))
        for spec in (*HEAD, *FOOT)
        if spec.name not in (STAY, "admission_date", "discharge_date")
    ),
    FieldSpec("sex_age", ("性别/年龄", "性别年龄", "性别、年龄"), as_text),
    FieldSpec(
        "insurance_type",
        ("费别", "医保类型", "收费类别", "病人类型", "人员类别", "付费方式", "患者类型", "医保类别"),
        as_text,
    ),
    FieldSpec("prescription_no", ("处方号", "处方编号", "处方单号", "处方流水号"), as_code),
    FieldSpec(
        "total_amount",
        (
            *("药品金额", "金额", "药费", "处方金额", "合计", "合计金额", "总金额", "总价", "总计"),
            *("药品费", "药价"),
            *("金额合计", "处方总金额", "药费合计", "总费用", "药品总金额", "处方合计"),
            *("药品费用", "应收金额"),
        ),
        as_amount,
    ),
)
HIDDEN = ("sex_age", "visit_no")
DIAGNOSES = (
    *("临床诊断", "诊断", "初步诊断", "门诊诊断", "中医诊断", "西医诊断", "主要诊断"),
    *("疾病诊断", "临床诊断及证型"),
)
OTHER_LABELS = (
    *("审核", "调配", "核对", "发药", "核对、发药", "核对/发药", "审核药师", "调配药师", "发药药师"),
    *("核对药师", "复核", "药师"),
    *("审核/调配签名", "核对/发药签名", "审方药师", "调剂药师", "住址", "地址", "电话", "联系电话", "床号"),
    *("病区", "体重", "身份证号"),
    *("定点医疗机构编码", "医疗机构编码", "NO", "No", "过敏史", "打印时间", "打印日期", "医保卡号"),
    *("社保卡号", "卡号", "出生日期"),
    *("付数", "剂数", "煎法", "用法", "用量", "备注", "注", "有效期", "代办人姓名", "代办人身份证号"),
    *("收费员", "单位", "民族", "婚姻"),
    *("临床诊断", "诊断", "初步诊断", "门诊诊断", "中医诊断", "西医诊断", "病情及诊断", "证型", "开具科室"),
    *("执行科室", "药房"),
)

TABLE = (
    Column("seq", ("序号", "NO", "组号", "组"), r"\d{1,3}[.、]?"),
    Column(
        NAME,
        ("药品名称", "药名", "名称", "药品", "药品名称(规格)", "药品名称/规格", "药品名称及规格", "项目名称"),
        TEXT,
    ),
    Column("specification", ("规格", "药品规格", "规格型号")),
    Column(
        "dose", ("单次剂量", "剂量", "每次剂量", "单次用量", "用量", "每次用量", "每次量", "单量", "次剂量")
    ),
    Column("use", ("用法", "给药途径", "用药途径", "途径", "给药方式", "使用方法", "用法用量")),
    Column("frequency", ("频次", "频率", "用药频次", "次数", "用药频率")),
    Column("days", ("日数", "天数", "用药天数", "疗程"), r"\d{1,3}[天日]?"),
    Column("quantity_unit", ("数量/单位", "数量(单位)"), r"-?\d.*|\D{1,3}"),
    Column("quantity", ("数量", "总量", "发药数量", "总数量", "开药量"), rf"{NUMBER}\s*\D{{0,3}}"),
    Column("unit", ("单位", "计价单位"), r"[^.]{1,4}"),
    Column("unit_price", ("单价", "单价(元)"), NUMBER),
    Column(AMOUNT, ("总价", "金额", "金额(元)", "合计", "小计", "总价(元)", "费用"), NUMBER),
    Column(
        "insurance_class",
        ("报销类型", "医保类别", "医保类型", "等级", "类别", "甲乙类", "报销类别", "医保"),
        r"\D{1,6}",
    ),
    Column("note", ("备注", "嘱托", "说明", "皮试")),
)
STOPS = (
    *("药品金额", "金额合计", "合计", "总金额", "处方金额", "药费", "医师", "医生", "审核", "调配", "核对"),
    *("发药", "以下空白"),
    *("(以下空白", "注:", "备注:", "处方医师", "开方医", "药师", "签名", "总计", "应收金额", "处方当日"),
    *("金额:", "付数", "用法:"),
)

_RP = re.compile(r"(?:R|RP|Rp|rp|R[./]?[pP]|℞|Rx|RX)\s*[.:。、]?|处方(?:内容|明细)?:|药品(?:信息|明细):?")
_FOOT = re.compile(
    r"[\s(*—-]*(?:以下空白|医师|医生|药品?金额|药费|金额|合计|总计|总金额|处方金额|审核|调配|核对|发药|注:|备注|处方医师|开方医"
    r"|签名|药师|收费|应收|处方当日|付数|剂数|共\d+[剂付]|有效期|处方有效|本处方|说明:|此处方)"
)
LABELS = ("姓名", "性别", "年龄", "科", "诊断", "医师", "医生", "Rp", "用法", "审核", "调配", "发药")
BODY_WORDS = 7
"""So many of the words above make a prescription of a page that has Rp and no title."""
NO_TITLE = 0.6


def own_title(page: Page) -> tuple[float, str]:
    """How surely the page bears the title of a prescription, and the title."""
    likeness, text = title_likeness(page, TITLES)
    if not likeness or "处方" not in text or _OTHER_TITLE.search(text):
        return 0.0, ""
    return likeness, text


def identify(page: Page) -> float:
    """Sure when the title stands over a body of its kind; likely by Rp and the signatures of pharmacists."""
    likeness, _ = own_title(page)
    body = mentions(page, LABELS)
    if likeness:
        return likeness if body >= 3 else likeness / 2
    has_rp = any(_RP.fullmatch(squeeze(word.text)) for word in page.words)
    return NO_TITLE if has_rp and body >= BODY_WORDS and not mentions(page, ("票据", "发票", "清单")) else 0.0


def continues(pages: Sequence[Page], page: Page) -> bool:
    """A prescription runs on only where its page mark says so."""
    mark, last = find_page_mark(page), find_page_mark(pages[-1])
    if mark is None or last is None or mark.number != last.number + 1 or mark.count != last.count:
        return False
    return own_title(page)[0] > 0 or any(_FOOT.match(squeeze(word.text)) for word in page.words)


def extract(pages: Sequence[Page], sure: float) -> Document:
    """Read the head, the diagnoses, the medicines and the foot."""
    rows = read_table(pages, TABLE, STOPS, stands_apart)
    items, _ = read_groups(rows)
    if items:
        rest = outside_tables(pages, TABLE, STOPS)
    else:
        rest, body = split_at_rp(pages)
        items = tuple(read_medicines(body))
    fields, extras = read_labelled(rest, SPECS, OTHER_LABELS)
    _read_unlabelled(fields, rest)
    if diagnoses := _diagnoses(rest):
        fields["diagnoses"] = diagnoses
    with_visit_no(fields, inpatient="住院" in own_title(pages[0])[1])
    title = own_title(pages[0])[1]
    return Document(
        type=TYPE,
        subtype=_subtype(pages, title, items),
        type_confidence=sure,
        file=pages[0].file,
        pages=tuple(page.size for page in pages),
        fields={
            name: fields[name] for name in (*FIELD_NAMES, *fields) if name in fields and name not in HIDDEN
        },
        items=items,
        extras={label: text for label, text in extras.items() if label not in DIAGNOSES},
        title=title,
    )


def split_at_rp(pages: Sequence[Page]) -> tuple[list[Page], list[tuple[int, tuple[Word, ...]]]]:
    """The pages without what stands between Rp and the foot, and the rows between them."""
    rest, body = [], []
    for page in pages:
        rows = rows_of(page.words)
        start = _start_of_body(rows)
        stop = next((i for i in range(start, len(rows)) if _is_foot(rows[i])), len(rows))
        body += [(page.number, row) for row in rows[start:stop]]
        outside = [word for row in (*rows[:start], *rows[stop:]) for word in row]
        rest.append(replace(page, words=tuple(outside)))
    return rest, body


def _start_of_body(rows: Sequence[Sequence[Word]]) -> int:
    """The row below Rp, else below the last label of the head."""
    for i, row in enumerate(rows):
        if any(_RP.fullmatch(squeeze(word.text)) for word in row):
            return i + 1
    labels = LabelList(dict.fromkeys((*DIAGNOSES, *(label for spec in SPECS for label in spec.labels)), "x"))
    heads = [i for i, row in enumerate(rows) if not _is_foot(row) and labels.values_in(row)]
    return max(heads, default=len(rows) - 1) + 1


def _is_foot(row: Sequence[Word]) -> bool:
    return any(_FOOT.match(squeeze(word.text)) for word in row)


def _read_unlabelled(fields: dict[str, AnyField], pages: Sequence[Page]) -> None:
    """Hospital and date where no label names them; sex and age where one label names both."""
    if "hospital_name" not in fields and (hospital := find_letterhead(pages, TITLES)):
        fields["hospital_name"] = hospital
    if "issue_date" not in fields and (day := fields.get("visit_date") or find_last_date(pages)):
        fields["issue_date"] = day
    both = fields.pop("sex_age", None)
    match = re.match(r"\s*([男女])性?[\s/、,]*(\S+)?", fold(both.text)) if both else None
    if both is None or match is None:
        return
    fields.setdefault("sex", replace(both, value=parse_sex(match[1])))
    if match[2] and "age" not in fields:
        try:
            fields["age"] = replace(both, value=as_age(match[2]))
        except ValueError:
            return


def _diagnoses(pages: Sequence[Page]) -> AnyField | None:
    """What stands behind 临床诊断, over as many lines as it takes."""
    labels = LabelList({**dict.fromkeys(OTHER_LABELS, ""), **dict.fromkeys(DIAGNOSES, "diagnoses"), **_ENDS})
    for page in pages:
        rows = rows_of(page.words)
        right = max((word.box.x1 for word in page.words), default=0.0)
        for i, row in enumerate(rows):
            found = next((f for f in labels.values_in(row) if f.name == "diagnoses" and f.pieces), None)
            if found is None:
                continue
            lines = [line_of(found.pieces)]
            for below in rows[i + 1 :]:
                if not _goes_on(lines[-1], below, labels, found.label.box):
                    break
                lines.append(line_of(below))
            value = diagnoses_of([Line(page.number, line, right) for line in lines])
            field = field_from(joined(found.pieces), as_text, page.number)
            text = "\n".join(line.text for line in lines)
            field = replace(field, value=value or None, text=text, box=Box.around(line.box for line in lines))
            return doubted(field) if is_run_together(value) else field
    return None


_ENDS = {label: "" for spec in SPECS for label in spec.labels if label not in DIAGNOSES}


def _goes_on(line: Word, below: Sequence[Word], labels: LabelList, label: Box) -> bool:
    """Whether the row below is the next line of a value: close to it, indented, and without a label."""
    first = below[0].box
    return (
        first.y0 - line.box.y1 < line.box.height
        and first.x0 >= label.x1 - label.height
        and not labels.values_in(below)
        and not _is_foot(below)
        and not any(_RP.fullmatch(squeeze(word.text)) for word in below)
    )


_KINDS = {
    "emergency": re.compile("急诊"),
    "paediatric": re.compile("(?<!小)儿科(?:处方|$)"),
    "controlled": re.compile("麻醉|精神(?![病科卫])|精[一二]"),
    "herbal": re.compile("中药|草药|饮片"),
}
_MARK = re.compile(
    r"(?:普通|急诊|儿科|麻醉|麻|第?[一二]类精神|精神|[、,/和]|精[一二]|中草?药|草药|饮片)+(?:药品)?(?:专用)?(?:处方)?"
)
"""What stands in the corner of a sheet, on coloured paper of its kind."""


def _subtype(pages: Sequence[Page], title: str, items: Sequence[LineItem]) -> str:
    """By the title, else by the mark in the corner of the sheet; 急诊科 as a department is neither."""
    marks = (squeeze(word.text).strip("[]()") for row in rows_of(pages[0].words)[:5] for word in row)
    for head in (squeeze(title), *(mark for mark in marks if _MARK.fullmatch(mark))):
        for subtype, words in _KINDS.items():
            if words.search(head):
                return subtype
    return "herbal" if items and all(i.unit and i.unit.value in ("g", "克") for i in items) else "ordinary"


def required_of(document: Document) -> tuple[str, ...]:  # noqa: ARG001 - the form of the hook
    """Whose prescription it is, and of which day."""
    return ("patient_name", "issue_date")


FIELD_NAMES = tuple(
    dict.fromkeys(
        (
            *("patient_name", "hospital_name", "diagnoses", "doctor_name", "issue_date", "department"),
            *("sex", "age"),
            *("outpatient_no", "inpatient_no", "medical_record_no", "insurance_type"),
            *("total_amount", "visit_date"),
            *("prescription_no",),
        )
    )
)

EXTRACTOR = Extractor(TYPE, "处方笺", identify, extract, FIELD_NAMES, required_of, continues)
