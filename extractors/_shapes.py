"""What values of a closed kind look like; one that does not look so is doubted, never mended.

The recogniser is as sure of 居民医 as of 居民医保 when a seal hid the rest, and of 卫生材料费中医医院 when a
word of the seal stands beside it. But a kind of insurance, a unit, a fee category are said in few words, and
an institution is called one: what is left over or cut off shows.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from extractors._fields import doubted
from pipeline.fee_categories import find_category
from pipeline.model import Document, Field, LineItem, Value
from pipeline.text import fold

V = TypeVar("V", bound=Value)

INSURANCE = re.compile(
    "(?:城镇|城乡|城市|农村|企业|机关|事业|单位|职工|居民|基本|医疗保险|医疗|医保|保险|社保|自费|公费|现金|本市|市本级|市级|省级"
    "|省直|区级|县级|本地|外地|异地|跨省|省内|省外|在职|退休|离休|干部|学生|大学生|儿童|少儿|婴幼儿|老年|老人|新农合|农合|合作"
    "|生育|工伤|商业|救助|大病|统筹|门诊|住院|特困|低保|优抚|军人|军残|伤残|灵活就业|无业|普通|人员|参保|非|全|半|未|无|其他|其它"
    r"|铁路|部队|患者|病人|类|一类|二类|三类|[()（）/、·\-0-9])+"
)
INSTITUTION_TYPE = re.compile(
    "(?:一级|二级|三级|甲等|乙等|丙等|未定级|特等|综合|专科|中医|中西医结合|民族医|蒙医|藏医|医院|医疗机构|机构|医疗|非营利性?|营利性?"
    "|非赢利性?|赢利性?|盈利性?|非盈利性?|社区|卫生|服务|中心|院|站|所|室|乡镇|妇幼|保健|门诊部?|诊所|公立|民营|私立|口腔|眼科|肿瘤|儿童"
    "|精神|传染病?|康复|疗养|急救|妇产|心血管|胸科|骨科|皮肤病?|结核病?|职业病|防治|政府|办|举办|事业|单位|其他|其它|类|型"
    r"|[()（）/、·\-])+"
)
INSTITUTION = re.compile(
    r".*(?:医院|中心|院区|分院|本部|[东西南北新老总]院|[东西南北新老]区|卫生院|保健院|研究院|疗养院|康复院|防治院|敬老院|研究所|防治所"
    r"|监测所|卫生所|诊所|门诊部|门诊|医务室|卫生室|服务站|急救站|血站|公司|药房|药店|药行|商店|超市|[店厂校堂馆部局站所]|病院|学院|集团|\)|附院|[一二三]院)"
)
DEPARTMENT = re.compile(
    "(?!.*(?:保险|医保|姓名|性别|住院号)).*(?:[科室部区组院楼]|门诊|病房|中心|诊区|ICU|CCU)"
    r"(?:[(（].{1,8}[)）]|[一二三四五六七八九十0-9A-Z]{1,3}(?:病区|病房|区|组|科)?)?"
)
CUT_NAMES = re.compile(
    r"医院医院$|(?<![人民])民医院$|(?<![民工])人医院$|(?<![卫养])生院$|^[一二三四五六七八九十]+医院$|属医院$(?<!附属医院)"
)
NO_PERSON = re.compile(r"20\d\d|[年月日时分]+|[男女]|.*(?:医院|票据|医保).*")
"""What stands beside a name on a form: a year, a kind of insurance, a title."""

SELLS_MEDICINE = re.compile(".*(?:药房|药店|医院|门诊部|诊所).*")
"""Who sells is not who buys: the two stand side by side on an invoice."""

HEADING = re.compile(
    "名称|单位|数量|单价|金额|税率|税额|备注|合计|密码区|[购买销售]{1,2}方(?:信息)?"
    "|.*(?:规格型号|项目名称|应税劳务|纳税人识别号|开户行|价税合计|统一社会信用代码|机器编号).*"
)
"""What heads a column or a row of an invoice: the next print, where the name beside a label is not read."""

ADVICE = re.compile(r"随诊|随访|休息\d|定期|不适|监测")
"""What a doctor advises, which stands below what the patient has."""

_UNITS = (
    "盒 瓶 支 片 粒 袋 丸 枚 贴 张 条 块 卷 包 套 个 根 只 对 双 板 罐 筒 "
    "桶 管 针 颗 滴 喷 揿 副 付 剂 组 把 本 份 台 例 位 件 页 侧 肢 米 次 "
    "日 天 时 小时 半小时 分钟 周 月 年 项 部位 床日 人次 台次 人日 单侧 双侧 "
    "单肢 穴位 疗程 每日 每次 每天 片数 洞 根管 牙 每牙 视野 种 人份 测试 人 床 "
    "盘 听 听装 克 毫克 微克 千克 公斤 毫升 升 单位 万单位 厘米 组套 联 排 条目 "
    "孔 点 处 g mg ug μg kg ml l u iu cm 盒/瓶 次/日 日/次 元 "
    "元/次 元/日 人/次 床/日 次(日) 瓶/支 支/瓶 包/袋 袋/包 关节 单眼 双眼 "
    "眼 耳 单耳 区 胎 胎次 切片 张片 "
)
UNITS = frozenset(_UNITS.split())
PERSONS = ("patient_name", "doctor_name", "cashier", "checker")


def with_doubted_shapes(document: Document) -> Document:
    """The document with a low confidence where a value does not look like its kind."""
    fields = {name: _doubted_field(name, field) for name, field in document.fields.items()}
    payer, payee = fields.get("payer_name"), fields.get("payee_name")
    if payer is not None and not _may_pay(str(payer.value), document.type):
        fields["payer_name"] = payer = doubted(payer)
    if payer is not None and payee is not None and payer.value == payee.value:
        fields |= {"payer_name": doubted(payer), "payee_name": doubted(payee)}  # nobody pays himself
    return replace(
        document,
        fields=fields,
        items=tuple(_doubted_row(row) for row in document.items),
        category_totals=tuple(_doubted_row(row) for row in document.category_totals),
    )


def looks_like_institution(name: str) -> bool:
    """Whether an institution's name is whole, as far as its end and its joints tell.

    >>> looks_like_institution("温州医学院附属第二医院"), looks_like_institution("温州医学院附属第")
    (True, False)
    """
    return INSTITUTION.fullmatch(name) is not None and CUT_NAMES.search(name) is None


def _may_pay(name: str, document_type: str) -> bool:
    """Whether it can be who pays: a person, on a VAT invoice a company too, but none that sells medicine."""
    if HEADING.fullmatch(name):
        return False
    if document_type == "vat_invoice":
        return SELLS_MEDICINE.fullmatch(name) is None
    return looks_like_person(name)


def looks_like_person(name: str) -> bool:
    """Whether a name can be a person's; who takes the money may be a number or 自助机.

    >>> looks_like_person("傅雪"), looks_like_person("职工"), looks_like_person("S182")
    (True, False, True)
    """
    return NO_PERSON.fullmatch(name) is None and INSURANCE.fullmatch(name) is None


def _doubted_field(name: str, field: Field[V]) -> Field[V]:
    value = field.value
    if not isinstance(value, str) or field.origin != "ocr":
        return field
    has_label = ":" in fold(field.text)  # a label that was misread hangs on the value
    fits = {
        "insurance_type": lambda: INSURANCE.fullmatch(value) is not None and not has_label,
        "institution_type": lambda: INSTITUTION_TYPE.fullmatch(value) is not None and not has_label,
        "department": lambda: DEPARTMENT.fullmatch(value) is not None,
        "diagnoses": lambda: ADVICE.search(value) is None,
        "payee_name": lambda: looks_like_institution(value),
        "hospital_name": lambda: looks_like_institution(value),
        **dict.fromkeys(PERSONS, lambda: looks_like_person(value)),
    }.get(name)
    return field if fits is None or fits() else doubted(field)


def _is_money(quantity: Decimal | None, row: LineItem) -> bool:
    """Whether what stands for the quantity is the amount read twice, or a price that has its place."""
    if quantity is None or quantity % 1 == 0:
        return False
    others = [part.value for part in (row.amount, row.unit_price) if part is not None]
    return quantity in others or len(others) < 2


def _doubted_row(row: LineItem) -> LineItem:
    category, unit, quantity = row.category, row.unit, row.quantity
    if category is not None and category.origin == "ocr" and find_category(category.value or "") is None:
        category = doubted(category)
    if unit is not None and unit.origin == "ocr" and (unit.value or "").lower() not in UNITS:
        unit = doubted(unit)
    if quantity is not None and quantity.origin == "ocr" and _is_money(quantity.value, row):
        quantity = doubted(quantity)
    return replace(row, category=category, unit=unit, quantity=quantity)
