"""Papers that support a claim or an application: certificates, forms, cards and letters (domain.md §9, §9.1).

They carry no money of the claim. Which material of the office's list each is, is told by its `subtype`; what
they say (whose, from when to when, where, for which disease) is read so that an application stands filled in
when a person looks. Titles are those of 北京 and 滁州 forms with the variants of other places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from extractors._fields import FieldSpec, field_from, read_labelled
from extractors._titles import mentions, title_likeness
from extractors._values import as_date, as_id_number, as_institution, as_person, as_text
from pipeline.model import AnyField, Page
from pipeline.text import fold, squeeze


@dataclass(frozen=True, slots=True)
class SupportingPaper:
    """A kind of supporting paper: its subtype, what it is called, and the titles that it bears.

    `words` tell it where it has no title of its own (a bank card) or where the title says too little;
    `enough` of them must be there.
    """

    name: str
    title: str
    titles: tuple[str, ...]
    words: tuple[str, ...] = ()
    enough: int = 0


KINDS = (
    SupportingPaper(
        "card_replacement_certificate",
        "新发与补（换）社会保障卡证明",
        ("新发与补(换)社会保障卡证明", "补换社会保障卡证明", "社会保障卡补领证明", "社会保障卡领取证明"),
    ),
    SupportingPaper(
        "referral_form",
        "转诊单",
        (
            "医疗保险转诊(院)单",
            "转诊(院)单",
            "转诊转院审批表",
            "转诊转院证明",
            "双向转诊单",
            "转院证明",
            "转诊单",
        ),
    ),
    SupportingPaper(
        "offsite_filing_form",
        "异地就医备案表",
        (
            "异地就医登记备案表",
            "异地就医备案表",
            "异地就医备案登记表",
            "临时外出就医备案表",
            "异地就医备案申请表",
        ),
    ),
    SupportingPaper("residence_certificate", "居住证明", ("居住证明", "居住登记证明", "暂住证明")),
    SupportingPaper(
        "accident_report", "交通事故认定书", ("道路交通事故认定书", "交通事故认定书", "事故认定书(简易程序)")
    ),
    SupportingPaper("court_judgment", "民事判决书", ("民事判决书", "刑事判决书", "民事调解书")),
    SupportingPaper(
        "commitment_letter", "个人承诺书", ("外伤无第三方责任承诺书", "个人承诺书", "承诺书"), ("承诺人",), 1
    ),
    SupportingPaper("birth_certificate", "出生医学证明", ("出生医学证明",)),
    SupportingPaper(
        "social_aid_certificate",
        "最低生活保障金领取证",
        ("城市居民最低生活保障金领取证", "最低生活保障金领取证", "最低生活保障证", "特困人员救助供养证"),
    ),
    SupportingPaper(
        "declaration_form",
        "手工报销申报表",
        ("手工报销申报表", "手工报销申请表", "医疗费用报销申请表", "零星报销申请表", "医疗费用申报表"),
    ),
    SupportingPaper(
        "social_security_card", "社会保障卡", ("中华人民共和国社会保障卡",), ("社会保障号码", "社会保障卡"), 2
    ),
    SupportingPaper(
        "bank_card", "银行卡", (), ("银联", "UnionPay", "借记卡", "储蓄卡", "VALID", "DEBIT", "卡号"), 2
    ),
    SupportingPaper("marriage_certificate", "结婚证", ("结婚证",), ("持证人", "登记日期", "结婚证字号"), 2),
    SupportingPaper("household_register", "居民户口簿", ("常住人口登记卡", "居民户口簿")),
    SupportingPaper("informed_consent", "知情同意书", ("门诊慢特病知情同意书", "知情同意书", "告知承诺书")),
    SupportingPaper(
        "proxy_authorization", "授权委托书", ("授权委托书", "委托书"), ("受托人", "委托人", "被委托人"), 2
    ),
    SupportingPaper(
        "chronic_disease_form",
        "门诊慢特病待遇认定申请表",
        (
            *("门诊慢特病病种待遇认定申请表", "门诊慢特病待遇认定申请表", "门诊慢性病申请表"),
            *("门诊特殊疾病申请表", "门诊慢特病申请表", "门诊慢特病资格申请表"),
        ),
    ),
    SupportingPaper(
        "family_account_form",
        "家庭共济绑定申请表",
        ("个人账户家庭共济绑定申请表", "家庭共济绑定申请表", "个人账户家庭共济申请表", "家庭共济备案表"),
    ),
    SupportingPaper("outpatient_record", "门诊病历", ("门(急)诊病历", "门急诊病历", "门诊病历", "急诊病历")),
)

SURE_TITLE = 0.8
"""A title with a character misread; the closed list holds none so near to another."""


def supporting_kind(pages: Sequence[Page]) -> SupportingPaper | None:
    """Which supporting paper the pages are, where title or words leave no doubt."""
    page = pages[0]
    titled = [(title_likeness(page, tuple(map(fold, kind.titles)))[0], kind) for kind in KINDS if kind.titles]
    likeness, kind = max(titled, key=lambda each: each[0])
    if likeness >= SURE_TITLE:
        return kind
    told = [kind for kind in KINDS if kind.enough > 1 and mentions(page, kind.words) >= kind.enough]
    return told[0] if len(told) == 1 else None


def as_phone(text: str) -> str:
    """A telephone number: eleven digits of a mobile, or an area code and seven or eight digits.

    >>> as_phone("138 0013 8000"), as_phone("0550-3025678")
    ('13800138000', '0550-3025678')
    """
    bare = squeeze(text)
    match = re.match(r"1[3-9][0-9]{9}(?![0-9])|0[0-9]{2,3}-?[0-9]{7,8}(?![0-9])", bare)
    if match is None:
        raise ValueError(f"not a telephone number: {len(bare)} characters")
    return match.group()


def as_chosen(text: str) -> str:
    """What is ticked of printed choices, or the text where nothing can be ticked.

    >>> as_chosen("☑异地长期居住 □临时外出就医"), as_chosen("其他临时外出就医人员")
    ('异地长期居住', '其他临时外出就医人员')
    """
    ticked = re.search(r"[☑✓√■☒]\s*([^\s□☑✓√■☒]+)", text)
    if ticked is None and "□" in text:
        raise ValueError("nothing is ticked")
    return as_text(ticked[1] if ticked else text)


SPECS = (
    FieldSpec(
        "patient_name",
        (
            *(
                "姓名",
                "参保人姓名",
                "申请人姓名",
                "患者姓名",
                "参保人",
                "申请人",
                "新生儿姓名",
                "委托人",
                "承诺人",
            ),
            *("持证人", "户名", "当事人", "签字人", "授权人"),
        ),
        as_person,
    ),
    FieldSpec(
        "id_number",
        (
            *("身份证号码", "身份证号", "公民身份号码", "公民身份证件编号", "证件号码", "有效身份证件号码"),
            *("社会保障号码", "居民身份证号"),
        ),
        as_id_number,
    ),
    FieldSpec("phone", ("联系电话", "手机号码", "电话", "手机", "联系方式"), as_phone),
    FieldSpec(
        "relation", ("与参保人关系", "与委托人关系", "与申请人关系", "户主或与户主关系", "关系"), as_text
    ),
    FieldSpec("agent_name", ("受托人", "被委托人", "代办人", "代理人", "代办人姓名"), as_person),
    FieldSpec("agent_id_number", ("受托人身份证号", "被委托人身份证号", "代办人身份证号"), as_id_number),
    FieldSpec("member_name", ("家庭成员姓名", "被绑定人", "共济人姓名", "使用人姓名"), as_person),
    FieldSpec("member_id_number", ("家庭成员身份证号", "被绑定人身份证号", "使用人身份证号"), as_id_number),
    FieldSpec("disease_name", ("申请病种", "病种名称", "疾病名称", "申请病种名称"), as_text),
    FieldSpec(
        "hospital_name",
        ("定点医疗机构", "选定医院", "转入医院", "转往医院", "就诊医院", "接生机构名称", "定点医院"),
        as_institution,
    ),
    FieldSpec("filing_kind", ("备案类型", "备案人员类型", "人员类别"), as_chosen),
    FieldSpec("filing_place", ("就医地", "就医地区", "转往地区", "安置地", "居住地"), as_text),
    FieldSpec("period_start", ("开始日期", "备案开始日期", "有效期起", "居住开始日期", "起始日期"), as_date),
    FieldSpec("period_end", ("结束日期", "备案结束日期", "有效期止", "截止日期"), as_date),
    FieldSpec("mother_name", ("母亲姓名",), as_person),
    FieldSpec("father_name", ("父亲姓名",), as_person),
    FieldSpec(
        "certificate_no", ("出生证编号", "证件编号", "结婚证字号", "认定书编号", "编号", "证号"), as_text
    ),
    FieldSpec("bank_name", ("开户银行", "开户行"), as_text),
    FieldSpec("bank_account", ("银行账号", "银行卡号", "账号", "卡号"), as_text),
)
FIELD_NAMES = tuple(spec.name for spec in SPECS)
OTHER_LABELS = (
    "性别",
    "年龄",
    "民族",
    "住址",
    "地址",
    "出生日期",
    "出生时间",
    "签发日期",
    "登记日期",
    "填表日期",
)


IN_PROSE: tuple[tuple[str, re.Pattern[str], Callable[[str], str]], ...] = (
    ("patient_name", re.compile("(?:兹证明|当事人|本人)([\u4e00-\u9fff·]{2,4})[,，、]"), as_person),
    ("id_number", re.compile("身份证号码?[为:：]?([0-9*]{17}[0-9Xx])"), as_id_number),
)
"""Whom a certificate or a letter is about, where it says so in a sentence."""


def read_supporting(pages: Sequence[Page]) -> dict[str, AnyField]:
    """What a supporting paper says behind its labels, and whom a certificate in prose names."""
    fields = read_labelled(pages, SPECS, OTHER_LABELS)[0]
    for name, pattern, parse in IN_PROSE:
        found = (
            field_from(word.part(*match.span(1)), parse, page.number)
            for page in pages
            for word in page.words
            if (match := pattern.search(word.text)) is not None
        )
        if name not in fields and (read := next(found, None)) is not None:
            fields[name] = read
    return fields
