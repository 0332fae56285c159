"""The fee categories of medical bills (医疗收费项目类别): codes 01 to 14 and the names printed for them.

Source: the national charge-category code as hospital systems map it to e-bill items (domain.md §2.4). Names
without a code of their own go to the nearest one; the printed name stays on the row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pipeline.text import squeeze


@dataclass(frozen=True, slots=True)
class FeeCategory:
    """One category: national code, name, English name, and other names it is printed under."""

    code: str
    name: str
    field: str
    aliases: tuple[str, ...] = ()


FEE_CATEGORIES = (
    FeeCategory("01", "床位费", "bed", ("住院费", "急诊留观床位费", "空调费", "取暖费")),
    FeeCategory("02", "诊察费", "consultation", ("诊查费", "诊疗费", "医事服务费")),
    FeeCategory("03", "检查费", "examination", ("特殊检查费", "放射费", "CT费", "核磁费", "B超费", "超声费")),
    FeeCategory("04", "化验费", "laboratory", ("检验费", "病理费")),
    FeeCategory(
        "05",
        "治疗费",
        "treatment",
        ("特殊治疗费", "输血费", "输氧费", "监护费", "注射费", "理疗费", "放疗费", "抢救费", "换药费"),
    ),
    FeeCategory("06", "手术费", "surgery", ("麻醉费", "接生费")),
    FeeCategory("07", "护理费", "nursing"),
    FeeCategory("08", "卫生材料费", "material", ("材料费", "医用材料费", "一次性材料费")),
    FeeCategory("09", "西药费", "western_medicine", ("西药",)),
    FeeCategory("10", "中药饮片费", "herbal_pieces", ("中草药费", "草药费", "中草药", "中药饮片")),
    FeeCategory("11", "中成药费", "patent_medicine", ("成药费", "中成药")),
    FeeCategory("12", "一般诊疗费", "general_diagnosis"),
    FeeCategory("13", "挂号费", "registration"),
    FeeCategory(
        "14",
        "其他费",
        "other",
        ("其他费用", "其它费", "其它费用", "其他住院收费", "其他门诊收费", "其他", "药事服务费", "病历费"),
    ),
)
REMEMBERED = 4096
"""Names whose category is remembered: several lists of 300 rows, each asked about by many rules."""

_BY_NAME = {name: category for category in FEE_CATEGORIES for name in (category.name, *category.aliases)}


@lru_cache(maxsize=REMEMBERED)
def find_category(text: str) -> FeeCategory | None:
    """The category printed as `text`; None where it is the name of an item.

    >>> find_category("西 药 费（元）").code, find_category("头孢羟氨苄片")
    ('09', None)
    """
    return _BY_NAME.get(re.sub(r"(?:\(元\)|[:*])+$", "", squeeze(text)))
