"""Fee categories (医疗收费项目类别) and what may stand under each; rows that are sums, not items.

The fourteen categories are those of the national code (医疗收费项目类别 01-14); the other spellings were
met on bills.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from pipeline.model import CatalogKind

_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "床位费": ("床位费", "住院床位费", "床费"),
    "诊察费": ("诊察费", "诊查费", "诊疗费", "医事服务费"),
    "检查费": (
        "检查费",
        "检查治疗费",
        "放射费",
        "CT费",
        "MRI费",
        "核磁费",
        "彩超费",
        "B超费",
        "超声费",
        "心电图费",
        "病理费",
        "内镜费",
        "影像费",
        "X光费",
        "特检费",
        "特殊检查费",
    ),
    "化验费": ("化验费", "检验费", "实验室费"),
    "治疗费": (
        "治疗费",
        "特殊治疗费",
        "注射费",
        "输液费",
        "输氧费",
        "吸氧费",
        "氧气费",
        "监护费",
        "输血费",
        "抢救费",
        "理疗费",
        "针灸费",
        "透析费",
        "处置费",
        "换药费",
        "放疗费",
        "康复费",
        "中医治疗费",
        "接生费",
    ),
    "手术费": ("手术费", "手术治疗费", "麻醉费", "介入费"),
    "护理费": ("护理费",),
    "卫生材料费": (
        "卫生材料费",
        "材料费",
        "耗材费",
        "特殊材料费",
        "一次性材料费",
        "医用材料费",
        "卫材费",
        "国产材料",
        "进口材料",
    ),
    "西药费": ("西药费", "西药", "药费", "药品费", "抗菌药费", "血液制品费", "血液及血液制品"),
    "中药饮片费": ("中药饮片费", "中草药费", "草药费", "中药饮片", "中草药", "中药费"),
    "中成药费": ("中成药费", "中成药", "成药费"),
    "一般诊疗费": ("一般诊疗费",),
    "挂号费": ("挂号费", "病历费"),
    "其他费": (
        "其他费",
        "其它费",
        "其他",
        "其它",
        "其他费用",
        "其他住院费用",
        "其他住院收费",
        "其他门诊收费",
        "其他收费",
        "药事服务费",
    ),
}
_CATEGORY_OF = {spelling: category for category, spellings in _SPELLINGS.items() for spelling in spellings}

_KINDS: Mapping[str, tuple[CatalogKind, ...]] = {
    "床位费": ("facility", "service"),
    "卫生材料费": ("consumable",),
    "西药费": ("drug",),
    "中药饮片费": ("drug",),
    "中成药费": ("drug",),
    "其他费": ("service", "facility", "consumable", "drug"),
}
_SERVICES: tuple[CatalogKind, ...] = ("service", "facility")
_TAX_HEADINGS: Mapping[str, str] = {
    "中成药": "中成药费",
    "化学药品制剂": "西药费",
    "化学药品": "西药费",
    "生物药品": "西药费",
    "生物化学药品": "西药费",
    "中药饮片": "中药饮片费",
    "医疗仪器器械": "卫生材料费",
}
"""Commodity names between asterisks on VAT invoices (《商品和服务税收分类编码》)."""

_SUMS = re.compile(
    r"^(?:本页|页|分类|类别|项目|费用|本次|本日|当日|日|住院|门诊|药品|金额|总)?"
    r"(?:小计|合计|总计|共计|累计|累计金额|总额|总金额|总费用)(?:金额|大写|小写|元)*$"
    r"|^(?:承前页|承上页|过次页|转下页|接上页|接下页|续上页|以下空白|此栏空白|详见明细|详见清单|详见销货清单|无)$"
)
_NOISE = re.compile(r"[\s:：,，.。、·()（）\[\]【】*×xX\-—_/\\|¥￥0-9甲乙丙类]+")


def category_of(printed: str | None) -> str | None:
    """The national category that a printed one stands for, or None where it is not known.

    >>> category_of("诊查费"), category_of("彩超费"), category_of("化学药品制剂"), category_of("?")
    ('诊察费', '检查费', '西药费', None)
    """
    if not printed:
        return None
    plain = re.sub(r"[\s:：()（）]+", "", printed)
    return _CATEGORY_OF.get(plain) or _CATEGORY_OF.get(plain + "费") or _TAX_HEADINGS.get(plain)


def kinds_of(category: str | None) -> tuple[CatalogKind, ...]:
    """The kinds of entries that may stand under a national category; none means any."""
    if category is None:
        return ()
    return _KINDS.get(category, _SERVICES)


@lru_cache(maxsize=8192)
def is_category_or_sum(printed: str) -> bool:
    """Whether a row is a fee category or a sum, so that no entry stands for it.

    One misread character is forgiven from four characters on: `中成药贵` is the category, while a real
    item of that likeness is found by the caller first.

    >>> [is_category_or_sum(row) for row in ("西药费", "检 查 费：", "本页小计", "西药费小计", "中成药贵")]
    [True, True, True, True, True]
    >>> [is_category_or_sum(row) for row in ("Ⅱ级护理", "普通病房床位费", "阿莫西林胶囊", "")]
    [False, False, False, False]
    """
    plain = _NOISE.sub("", printed)
    if not plain:
        return False
    if _SUMS.match(plain) or plain in _CATEGORY_OF:
        return True
    for sum_word in ("小计", "合计"):
        if plain.endswith(sum_word) and (
            plain[: -len(sum_word)] in _CATEGORY_OF or plain[: -len(sum_word)] + "费" in _CATEGORY_OF
        ):
            return True
    return any(
        Levenshtein.distance(plain, known, score_cutoff=1) <= 1
        for known in _SPELLINGS
        if len(known) >= 4 and len(plain) == len(known)
    )
