"""Codes and numbers: their form, check digits, and what they say of other fields (domain.md §2.2, §7, §8).

A number of the wrong length is an error of form; it is never padded. Characters that OCR confuses are
proposed, not replaced.
"""

from __future__ import annotations

import re
from datetime import date

from stdnum.cn import ric, uscc

from pipeline.model import MEDICAL_INVOICES, Document
from pipeline.text import is_masked, parse_date, squeeze
from validators._rule import CHECK_READING, Verdict, document_rule, failed, passed, printed, unknown, worst_of

_EBILL_CODE = "财政电子票据编码规则 AACCKKYY（地区、分类、种类、年度）"
_ELEMENTS = "财政电子票据查验五要素"
_VAT = "国家税务总局 增值税发票及数电票编码规则"

# ---------------------------------------------------------------- fiscal e-bills


@document_rule("NO-1", *MEDICAL_INVOICES, title="票据代码为 8 位数字", basis=_ELEMENTS)
def ebill_code_has_eight_digits(document: Document) -> Verdict | None:
    """票据代码: 8 digits."""
    return _ebill_form(document, "invoice_code", "票据代码", "[0-9]{8}", "8 位数字")


@document_rule("NO-2", *MEDICAL_INVOICES, title="票据号码为 10 位数字", basis=_ELEMENTS)
def ebill_number_has_ten_digits(document: Document) -> Verdict | None:
    """票据号码: 10 digits, leading zeros kept."""
    return _ebill_form(document, "invoice_number", "票据号码", "[0-9]{10}", "10 位数字")


@document_rule("NO-3", *MEDICAL_INVOICES, title="校验码为 6 位小写字母或数字", basis=_ELEMENTS)
def ebill_check_code_has_six_characters(document: Document) -> Verdict | None:
    """校验码: 6 of 0-9 and a-z; mostly hexadecimal, but not always."""
    return _ebill_form(document, "check_code", "校验码", "[0-9a-z]{6}", "6 位小写字母或数字")


@document_rule("NO-4", *MEDICAL_INVOICES, title="票据代码属于医疗票据", basis=_EBILL_CODE, severity="warn")
def ebill_code_is_of_a_medical_bill(document: Document) -> Verdict | None:
    """CC is 06 medical; KK is 01 outpatient or 02 inpatient, as the paper itself."""
    code = _ebill_code(document)
    if code is None:
        return None
    kind = {"outpatient_invoice": "01", "inpatient_invoice": "02"}[document.type]
    if code[2:4] == "06" and code[4:6] == kind:
        return passed("fields.invoice_code")
    return failed(
        f"票据代码 {code} 第 3 至 6 位为 {code[2:6]}，本类票据通常为 06{kind}；{CHECK_READING}",
        "fields.invoice_code",
    )


@document_rule(
    "NO-5", *MEDICAL_INVOICES, title="票据代码年度与开票日期相符", basis=_EBILL_CODE, severity="warn"
)
def ebill_code_year_fits_issue_date(document: Document) -> Verdict | None:
    """YY is the year of issue or the year before: numbers are handed out in batches."""
    code, issued = _ebill_code(document), document.date("issue_date")
    if code is None or issued is None:
        return None
    paths = ("fields.invoice_code", "fields.issue_date")
    if (issued.year - int(code[6:])) % 100 in (0, 1):
        return passed(*paths)
    return failed(f"票据代码 {code} 的年度为 {code[6:]}，开票日期为 {issued}；{CHECK_READING}", *paths)


def _ebill_form(document: Document, name: str, label: str, form: str, said: str) -> Verdict | None:
    return _form(document, name, label, form, said) if document.subtype == "e_bill" else None


def _form(document: Document, name: str, label: str, form: str, said: str) -> Verdict | None:
    text = printed(document, name)
    if text is None:
        return None
    if re.fullmatch(form, text):
        return passed(f"fields.{name}")
    if is_masked(text):
        return unknown(f"{label}「{text}」有遮盖，无法核对，应为 {said}", f"fields.{name}")
    return failed(f"{label}「{text}」共 {len(text)} 位，应为 {said}；{CHECK_READING}", f"fields.{name}")


def _ebill_code(document: Document) -> str | None:
    code = document.text("invoice_code")
    if document.subtype != "e_bill" or code is None or not re.fullmatch("[0-9]{8}", code):
        return None
    return code


# ---------------------------------------------------------------- VAT invoices

_VAT_CODES = {
    "vat_electronic": ("[0-9]{12}", "12 位数字"),
    "vat_paper": ("[0-9]{10}|[0-9]{12}", "10 或 12 位数字"),
}
_VAT_NUMBERS = {
    "vat_digital": ("[0-9]{20}", "20 位数字"),
    "vat_electronic": ("[0-9]{8}", "8 位数字"),
    "vat_paper": ("[0-9]{8}", "8 位数字"),
}


@document_rule("VAT-2", "vat_invoice", title="发票代码位数正确", basis=_VAT)
def vat_code_fits_its_kind(document: Document) -> Verdict | None:
    """10 or 12 digits; a digital invoice has none."""
    if document.subtype == "vat_digital" and (code := printed(document, "invoice_code")):
        return failed(f"数电票没有发票代码，读出「{code}」；{CHECK_READING}", "fields.invoice_code")
    if document.subtype not in _VAT_CODES:
        return None
    return _form(document, "invoice_code", "发票代码", *_VAT_CODES[document.subtype])


@document_rule("VAT-3", "vat_invoice", title="发票号码位数正确", basis=_VAT)
def vat_number_fits_its_kind(document: Document) -> Verdict | None:
    """20 digits on a digital invoice, else 8."""
    if document.subtype not in _VAT_NUMBERS:
        return None
    return _form(document, "invoice_number", "发票号码", *_VAT_NUMBERS[document.subtype])


@document_rule("VAT-4", "vat_invoice", title="发票校验码为 20 位数字", basis=_VAT)
def vat_check_code_has_twenty_digits(document: Document) -> Verdict | None:
    """20 digits on paper and electronic ordinary invoices."""
    if document.subtype not in _VAT_CODES:
        return None
    return _form(document, "check_code", "校验码", "[0-9]{20}", "20 位数字")


@document_rule("VAT-5", "vat_invoice", title="数电票号码年度与开票日期相符", basis=_VAT, severity="warn")
def vat_number_year_is_year_of_issue(document: Document) -> Verdict | None:
    """The first two digits of a digital invoice's number are the year of issue."""
    number, issued = document.text("invoice_number"), document.date("issue_date")
    if document.subtype != "vat_digital" or number is None or issued is None:
        return None
    if not re.fullmatch("[0-9]{20}", number):
        return None
    paths = ("fields.invoice_number", "fields.issue_date")
    if int(number[:2]) == issued.year % 100:
        return passed(*paths)
    return failed(f"发票号码前两位为 {number[:2]}，开票日期为 {issued}；{CHECK_READING}", *paths)


# ---------------------------------------------------------------- persons and units

_PERSON_FIELDS = ("id_number", "payer_id")


@document_rule("ID-1", title="居民身份证号码校验位正确", basis="GB 11643—1999")
def identity_number_is_valid(document: Document) -> Verdict | None:
    """The check digit and the birth date inside are right; 交款人 may be a unit, see ID-4."""
    name, number = _identity(document)
    if number is None or is_masked(number) or _unit_like(name, number):
        return None
    path = f"fields.{name}"
    if re.fullmatch("[0-9]{15}", number):
        return unknown("为 15 位旧身份证号码，没有校验位，请核对", path)
    if not re.fullmatch("[0-9]{17}[0-9X]", number):
        return failed(f"身份证号码共 {len(number)} 位，应为 17 位数字加 1 位数字或 X；{CHECK_READING}", path)
    if _birth_date(number) is None:
        return failed(f"身份证号码第 7 至 14 位 {number[6:14]} 不是真实日期；{CHECK_READING}", path)
    due = ric.calc_check_digit(number)
    if number[-1] != due:
        return failed(f"身份证号码末位为 {number[-1]}，按前 17 位应为 {due}；{CHECK_READING}", path)
    return passed(path)


@document_rule(
    "ID-2", title="身份证号码与年龄、出生日期相符", basis="GB 11643—1999 第 7 至 14 位", severity="warn"
)
def identity_number_fits_age(document: Document) -> Verdict | None:
    """The birth date inside the number gives the printed birth date, and the age to within a year."""
    name, number = _identity(document)
    born = _birth_date(number) if number else None
    if born is None:
        return None
    stated = document.date("birth_date")
    if stated is not None:
        paths = (f"fields.{name}", "fields.birth_date")
        if stated == born:
            return passed(*paths)
        return failed(f"身份证号码中的出生日期为 {born}，证件上为 {stated}；{CHECK_READING}", *paths)
    age = re.match("([0-9]{1,3})(?:周?岁|$)", printed(document, "age") or "")
    on = next(filter(None, map(document.date, ("visit_date", "admission_date", "issue_date"))), None)
    if age is None or on is None:
        return None
    paths = (f"fields.{name}", "fields.age")
    full = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    if abs(full - int(age[1])) <= 1:  # 虚岁 is a year more
        return passed(*paths)
    return failed(f"按身份证号码 {on} 时为 {full} 岁，票面年龄为 {age[0]}；{CHECK_READING}", *paths)


@document_rule("ID-3", title="身份证号码与性别相符", basis="GB 11643—1999 第 17 位", severity="warn")
def identity_number_fits_sex(document: Document) -> Verdict | None:
    """The 17th digit is odd for 男, even for 女."""
    name, number = _identity(document)
    sex = document.text("sex")
    if number is None or sex not in ("男", "女") or not re.fullmatch(".{16}[0-9].", number):
        return None
    if _unit_like(name, number) or (not is_masked(number) and _birth_date(number) is None):
        return None
    due = "男" if int(number[16]) % 2 else "女"
    paths = (f"fields.{name}", "fields.sex")
    if sex == due:
        return passed(*paths)
    return failed(f"身份证号码第 17 位 {number[16]} 对应{due}，票面性别为{sex}；{CHECK_READING}", *paths)


@document_rule("ID-4", title="统一社会信用代码校验位正确", basis="GB 32100—2015")
def credit_code_is_valid(document: Document) -> Verdict | None:
    """18 characters with a right check character, of the seller or of a unit that pays."""
    verdicts = []
    for name in ("payee_id", "payer_id"):
        code = squeeze(printed(document, name) or "").upper()
        if not code or is_masked(code) or (name == "payer_id" and not _unit_like(name, code)):
            continue
        verdicts.append(_credit_code(code, f"fields.{name}"))
    return worst_of(verdicts)


def _credit_code(code: str, path: str) -> Verdict:
    if len(code) != _CODE_LENGTH:
        return failed(f"统一社会信用代码「{code}」共 {len(code)} 位，应为 18 位；{CHECK_READING}", path)
    if _is_credit_code(code):
        return passed(path)
    proposed = propose_credit_code(code)
    hint = f"，可能是 {proposed}" if proposed else ""
    return failed(f"统一社会信用代码「{code}」校验不通过{hint}；{CHECK_READING}", path)


_CODE_LENGTH = 18
_CREDIT_CODE = re.compile("[0-9A-HJ-NPQRTUW-Y]{2}[0-9]{6}[0-9A-HJ-NPQRTUW-Y]{10}")
_CONFUSED = str.maketrans("OISZ", "0152")


def _is_credit_code(code: str) -> bool:
    # not `uscc.is_valid`: it wants digits at the first two places, where N (农业) and others stand too
    return _CREDIT_CODE.fullmatch(code) is not None and uscc.calc_check_digit(code) == code[-1]


def propose_credit_code(text: str) -> str | None:
    """The code that a reading with O, I, S or Z stands for, if its check character then is right.

    >>> propose_credit_code("9144O3OOMA5EXWHW6F")
    '91440300MA5EXWHW6F'
    """
    proposed = squeeze(text).upper().translate(_CONFUSED)
    return proposed if _is_credit_code(proposed) else None


def _identity(document: Document) -> tuple[str, str | None]:
    for name in _PERSON_FIELDS:
        text = printed(document, name)
        if text is not None:
            return name, squeeze(text).upper()
    return "", None


def _unit_like(name: str, number: str) -> bool:
    """Whether what stands for 交款人 is a unit's code and not a person's number."""
    if name != "payer_id" or len(number) != _CODE_LENGTH:
        return False
    if _birth_date(number) is not None and number[-1] == ric.calc_check_digit(number):
        return False
    return _is_credit_code(number) or re.fullmatch(".{6}(19|20).*|[0-9]*X?", number) is None


def _birth_date(number: str) -> date | None:
    """The birth date inside a number of 18 characters, where it is unmasked and real."""
    if not re.fullmatch("[0-9*]{6}[0-9]{8}[0-9*]{3}[0-9X*]", number):
        return None
    try:
        return parse_date(number[6:14])
    except ValueError:
        return None


# ---------------------------------------------------------------- transaction number

TXN_FORM = re.compile(r"(?P<hospital>[0-9A-Z]{8})[0-9A-Z]{2}(?P<day>[0-9]{6})[0-9]{6}")
_TXN_LABEL = "医保交易流水号"


def transaction_no(document: Document) -> tuple[str, str] | None:
    """The path and text of the 医保交易流水号, where the paper has one."""
    text = printed(document, "insurance_txn_no")
    if text is not None:
        return "fields.insurance_txn_no", text
    if _TXN_LABEL in document.extras:
        return f"extras.{_TXN_LABEL}", document.extras[_TXN_LABEL]
    return None


@document_rule(
    "V-14",
    "outpatient_invoice",
    title="医保交易流水号中的日期为就诊日期",
    basis="北京市医保交易流水号编码",
    severity="warn",
)
def transaction_day_is_visit_day(document: Document) -> Verdict | None:
    """北京: the number holds hospital, two characters, yymmdd and six digits."""
    found, visit = transaction_no(document), document.date("visit_date")
    if found is None:
        return None
    path, text = found
    match = TXN_FORM.fullmatch(text.strip().upper())
    if match is None:
        return unknown(f"医保交易流水号「{text}」不是 22 位的北京格式，无法核对日期", path)
    if visit is None:
        return None
    if match["day"] == f"{visit:%y%m%d}":
        return passed(path, "fields.visit_date")
    return failed(
        f"医保交易流水号中的日期为 {match['day']}，就诊日期为 {visit}；{CHECK_READING}",
        path,
        "fields.visit_date",
    )
