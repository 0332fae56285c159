"""Dosage forms: as they end a printed name, and as the national drug list groups them.

The groups follow the notes (凡例) of the national list: 口服常释剂型 holds tablets and capsules that
release at once, enteric ones included, but neither 缓释 nor 咀嚼, 泡腾 or 口腔崩解片, which stand as forms
of their own. For Chinese patent medicines 丸 holds the kinds of pills except 滴丸, 胶囊 is the hard
capsule alone, and nothing else is grouped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from pipeline.catalogs.likeness import misread_cost

_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "片": ("片", "片剂", "薄膜衣片", "糖衣片", "包衣片", "普通片", "普通片剂", "划痕片"),
    "肠溶片": ("肠溶片", "肠溶片剂", "肠溶衣片", "肠溶薄膜衣片"),
    "分散片": ("分散片",),
    "缓释片": ("缓释片", "缓释片剂"),
    "控释片": ("控释片", "控释片剂"),
    "肠溶缓释片": ("肠溶缓释片", "缓释肠溶片"),
    "咀嚼片": ("咀嚼片",),
    "口崩片": ("口崩片", "口腔崩解片"),
    "泡腾片": ("泡腾片",),
    "含片": ("含片", "口含片"),
    "舌下片": ("舌下片", "舌下片剂"),
    "阴道片": ("阴道片", "阴道用片"),
    "阴道泡腾片": ("阴道泡腾片",),
    "胶囊": ("胶囊", "胶囊剂", "硬胶囊", "硬胶囊剂"),
    "软胶囊": ("软胶囊", "软胶囊剂", "胶丸"),
    "肠溶胶囊": ("肠溶胶囊", "肠溶微丸胶囊", "肠溶软胶囊", "肠溶胶囊剂"),
    "缓释胶囊": ("缓释胶囊", "缓释微丸胶囊", "缓释胶囊剂"),
    "控释胶囊": ("控释胶囊",),
    "肠溶缓释胶囊": ("肠溶缓释胶囊", "双释放肠溶胶囊", "缓释肠溶胶囊"),
    "阴道胶囊": ("阴道胶囊", "阴道软胶囊", "阴道膨胀栓"),
    "颗粒": ("颗粒", "颗粒剂", "冲剂", "无糖颗粒", "混悬颗粒", "细粒", "细粒剂", "可溶颗粒"),
    "肠溶颗粒": ("肠溶颗粒", "肠溶细粒剂"),
    "缓释颗粒": ("缓释颗粒", "缓控释颗粒剂"),
    "泡腾颗粒": ("泡腾颗粒",),
    "干混悬剂": ("干混悬剂", "干混悬"),
    "肠溶干混悬剂": ("肠溶干混悬剂",),
    "丸": ("丸", "丸剂", "水丸", "蜜丸", "水蜜丸", "大蜜丸", "小蜜丸", "浓缩丸", "浓缩水丸", "糊丸", "微丸"),
    "滴丸": ("滴丸", "滴丸剂"),
    "散": ("散", "散剂", "口服散剂", "粉", "粉剂", "口服粉剂"),
    "口服液": ("口服液", "口服液剂", "口服溶液", "口服溶液剂", "内服溶液剂"),
    "糖浆": ("糖浆", "糖浆剂", "干糖浆"),
    "合剂": ("合剂",),
    "口服混悬液": ("口服混悬液", "口服混悬剂", "混悬液", "混悬剂", "混悬滴剂"),
    "口服乳": ("口服乳剂", "口服乳", "口服乳液", "乳剂", "乳液"),
    "滴剂": ("滴剂", "口服滴剂"),
    "酏剂": ("酏剂",),
    "胶浆": ("胶浆", "胶浆剂"),
    "露": ("露",),
    "水": ("水",),
    "酒": ("酒", "药酒", "酒剂"),
    "茶": ("茶", "茶剂"),
    "膏": ("膏", "煎膏", "膏滋", "煎膏剂"),
    "注射液": (
        "注射液",
        "注射剂",
        "注射用溶液",
        "注射用浓溶液",
        "针",
        "针剂",
        "小针",
        "大输液",
        "混悬注射液",
        "乳状注射液",
        "静脉注射液",
        "注射液(预充式)",
        "乳剂注射液",
    ),
    "注射用粉": (
        "注射用粉",
        "粉针",
        "粉针剂",
        "冻干粉针",
        "冻干粉针剂",
        "无菌粉针",
        "注射用粉针剂",
        "无菌针剂",
        "注射用无菌粉末",
        "冻干粉",
        "冻干",
    ),
    "脂质体注射剂": ("脂质体注射剂", "脂质体注射液"),
    "微球注射剂": ("微球注射剂", "缓释微球注射剂", "缓释注射液", "注射用缓释微球"),
    "软膏": ("软膏", "软膏剂", "油膏", "糊剂"),
    "乳膏": ("乳膏", "乳膏剂", "霜", "霜剂"),
    "凝胶": ("凝胶", "凝胶剂", "乳胶剂"),
    "眼膏": ("眼膏", "眼膏剂"),
    "眼用凝胶": ("眼用凝胶", "眼用凝胶剂"),
    "滴眼液": ("滴眼液", "滴眼剂", "眼药水", "眼用溶液"),
    "滴耳液": ("滴耳液", "滴耳剂"),
    "滴鼻液": ("滴鼻液", "滴鼻剂"),
    "鼻喷雾剂": ("鼻喷雾剂", "鼻用喷雾剂", "鼻喷剂", "喷鼻剂"),
    "吸入气雾剂": ("吸入气雾剂", "吸入用气雾剂"),
    "吸入粉雾剂": ("吸入粉雾剂", "粉雾剂", "吸入粉雾", "粉吸入剂", "干粉吸入剂"),
    "吸入溶液": (
        "吸入溶液",
        "吸入用溶液",
        "雾化吸入溶液",
        "雾化溶液",
        "吸入溶液剂",
        "吸入用溶液剂",
        "雾化吸入用溶液",
        "雾化吸入剂",
        "雾化液",
        "吸入剂",
    ),
    "吸入混悬液": ("吸入混悬液", "吸入用混悬液", "雾化吸入混悬液", "雾化用混悬液"),
    "气雾剂": ("气雾剂",),
    "喷雾剂": ("喷雾剂", "喷剂"),
    "搽剂": ("搽剂", "擦剂"),
    "洗剂": ("洗剂", "洗液"),
    "溶液": ("溶液", "溶液剂", "外用溶液", "外用溶液剂", "外用液体剂", "液体剂"),
    "酊": ("酊", "酊剂"),
    "含漱液": ("含漱液", "漱口液", "含漱剂", "漱口剂"),
    "涂剂": ("涂剂", "涂膜剂", "涂膜", "涂布剂"),
    "膜": ("膜", "膜剂"),
    "贴": ("贴", "贴剂", "透皮贴剂", "透皮贴"),
    "贴膏": ("贴膏", "贴膏剂", "橡胶膏", "巴布膏", "巴布膏剂", "凝胶贴膏", "凝胶贴膏剂", "热熔胶贴膏"),
    "膏药": ("膏药", "硬膏", "硬膏剂"),
    "栓": ("栓", "栓剂", "阴道栓"),
    "灌肠剂": ("灌肠剂", "灌肠液"),
    "冲洗剂": ("冲洗剂", "冲洗液"),
    "植入剂": ("植入剂",),
    "锭": ("锭", "锭剂"),
    "外用冻干": ("外用冻干制剂",),
    "口溶膜": ("口溶膜",),
}
FORM_OF: Mapping[str, str] = {
    spelling: form for form, spellings in _SPELLINGS.items() for spelling in spellings
}

_AT_ONCE = {"片", "肠溶片", "分散片", "胶囊", "软胶囊", "肠溶胶囊"}
_SLOWLY = {"缓释片", "控释片", "缓释胶囊", "控释胶囊"}
_LIQUID = {"口服液", "糖浆", "合剂", "口服混悬液", "口服乳", "滴剂", "酏剂", "胶浆", "酊"}
_OUTSIDE = {"溶液", "洗剂", "搽剂", "酊", "含漱液", "胶浆", "涂剂", "喷雾剂"}
_INJECTED = {"注射液", "注射用粉"}
_INHALED = {"吸入气雾剂", "吸入粉雾剂", "吸入溶液", "吸入混悬液", "气雾剂", "喷雾剂"}

GROUPS: Mapping[str, frozenset[str]] = {
    group: frozenset(forms)
    for group, forms in {
        "口服常释剂型": _AT_ONCE,
        "口服常释剂型(不含分散片)": _AT_ONCE - {"分散片"},
        "缓释控释剂型": _SLOWLY,
        "口服液体剂": _LIQUID,
        "口服溶液剂": {"口服液"},
        "口服混悬剂": {"口服混悬液", "干混悬剂"},
        "口服乳剂": {"口服乳"},
        "颗粒剂": {"颗粒", "肠溶颗粒", "干混悬剂"},
        "口服散剂": {"散"},
        "口服粉剂": {"散"},
        "软膏剂": {"软膏", "乳膏"},
        "乳膏剂": {"乳膏"},
        "外用液体剂": _OUTSIDE,
        "注射剂": _INJECTED,
        "吸入剂": _INHALED,
        "气体剂型": _INHALED,
        "滴眼剂": {"滴眼液"},
        "贴剂": {"贴", "贴膏", "膜"},
        "片剂": {"片"},
        "素片": {"片"},  # not a spelling above: 克拉霉素片 ends with it
        "阴道软胶囊": {"阴道胶囊"},
        "散剂": {"散"},
        "气雾剂": {"气雾剂", "吸入气雾剂", "喷雾剂"},
        "粉雾剂": {"吸入粉雾剂"},
    }.items()
}
"""The forms that a grouped form of the list holds; what is not here holds itself alone."""

_SUFFIXES = sorted(FORM_OF, key=len, reverse=True)
_ENDING = re.compile("(" + "|".join(re.escape(one) for one in _SUFFIXES) + ")$")
_ONLY_WHOLE = frozenset(
    {"吸入剂", "溶液", "溶液剂", "乳液", "水", "粉", "膏", "酒", "茶", "露", "针", "膜", "冻干"}
)
"""Endings that may as well be part of a name: cut only where two characters or more stay."""
_PREFIXES = (
    ("注射用", "注射用粉"),
    ("雾化吸入用", "吸入溶液"),
    ("吸入用", "吸入溶液"),
    ("外用", "溶液"),
)


@lru_cache(maxsize=65536)
def split_form(name: str) -> tuple[str, str | None]:
    """The name without its dosage form, and the form (one of the keys of `_SPELLINGS`) or None.

    >>> split_form("二甲双胍缓释片"), split_form("注射用头孢曲松钠"), split_form("双氧水")
    (('二甲双胍', '缓释片'), ('头孢曲松钠', '注射用粉'), ('双氧', '水'))
    >>> split_form("阿胶"), split_form("片")
    (('阿胶', None), ('片', None))
    """
    form: str | None = None
    core = name
    for prefix, meant in _PREFIXES:
        if core.startswith(prefix) and len(core) > len(prefix) + 1 and prefix != "外用":
            core, form = core[len(prefix) :], meant
            break
    found = _ENDING.search(core)
    if found and len(core) - len(found[1]) >= 2:
        ending = FORM_OF[found[1]]
        if form == "吸入溶液" and ending == "口服混悬液":
            ending = "吸入混悬液"
        elif form == "吸入溶液" or (form == "注射用粉" and found[1] in _ONLY_WHOLE):
            ending = form
        core, form = core[: found.start()], ending
    return core, form


def ends_like_a_form(name: str) -> bool:
    """Whether a name ends in a word for a form that may as well be part of the name.

    >>> ends_like_a_form("包醛氧淀粉"), ends_like_a_form("阿莫西林分散片")
    (True, False)
    """
    found = _ENDING.search(name)
    return found is not None and found[1] in _ONLY_WHOLE


@lru_cache(maxsize=65536)
def forms_of_listed(form: str) -> frozenset[str]:
    """The forms that the form column of a list stands for; empty where the column is.

    >>> sorted(forms_of_listed("缓释控释剂型")), forms_of_listed("栓剂"), forms_of_listed("")
    (['控释片', '控释胶囊', '缓释片', '缓释胶囊'], frozenset({'栓'}), frozenset())
    """
    plain = form.strip()
    if not plain:
        return frozenset()
    if plain in GROUPS:
        return GROUPS[plain]
    return frozenset({FORM_OF.get(plain, plain)})


_OFTEN = (
    "注射液",
    "口服液",
    "滴眼液",
    "缓释片",
    "分散片",
    "肠溶片",
    "软胶囊",
    "颗粒",
    "胶囊",
    "滴丸",
    "糖浆",
    "软膏",
    "乳膏",
    "凝胶",
)


@lru_cache(maxsize=16384)
def with_form_repaired(name: str) -> str | None:
    """A name that ends in a common form but for one look-alike character, with that form; else None.

    >>> with_form_repaired("感冒清热颖粒"), with_form_repaired("感冒清热颗粒"), with_form_repaired("阿莫西林")
    ('感冒清热颗粒', None, None)
    """
    for form in _OFTEN:
        ending = name[-len(form) :]
        if len(name) < len(form) + 2 or ending == form:
            continue
        costs = [misread_cost(read, meant) for read, meant in zip(ending, form, strict=True)]
        if sum(cost > 0 for cost in costs) == 1 and sum(costs) < 1:
            return name[: -len(form)] + form
    return None


_NEAR_FORMS = (
    (frozenset({"注射液", "注射用粉", "脂质体注射剂"}), 0.10),
    (frozenset({"吸入溶液", "吸入混悬液", "口服混悬液"}), 0.05),
    (frozenset({"气雾剂", "吸入气雾剂", "喷雾剂", "吸入粉雾剂"}), 0.08),
    (frozenset({"软膏", "乳膏", "凝胶"}), 0.08),
    (frozenset({"口服混悬液", "干混悬剂"}), 0.08),
    (frozenset({"贴", "贴膏", "膏药", "膏"}), 0.08),
    (frozenset({"洗剂", "溶液", "搽剂", "酊", "涂剂", "含漱液"}), 0.10),
    (frozenset({"鼻喷雾剂", "喷雾剂"}), 0.06),
    (frozenset({"滴鼻液", "溶液"}), 0.08),
    (frozenset({"口服液", "溶液"}), 0.06),
    (frozenset({"膏", "软膏"}), 0.10),
)
"""Forms that printers use for one another, and what that costs; all else costs `OTHER_FORM`."""
OTHER_FORM = 0.35

_UNIT_FORMS = {
    "片": {"片", "肠溶片", "分散片", "缓释片", "控释片", "咀嚼片"},
    "粒": {"胶囊", "软胶囊", "肠溶胶囊", "缓释胶囊"},
    "丸": {"丸", "滴丸"},
    "贴": {"贴", "贴膏", "膏药"},
    "枚": {"栓", "阴道泡腾片", "阴道片"},
    "栓": {"栓"},
}
"""Units and signs of a specification (`24粒`) and the forms that they speak for."""
_COUNTED = re.compile(rf"\d\s*([{''.join(_UNIT_FORMS)}])")


def form_cost(form: str, listed: frozenset[str]) -> float:
    """What it costs the score that an entry does not hold the printed form.

    >>> form_cost("软膏", frozenset({"乳膏"})), form_cost("缓释片", frozenset({"肠溶片"}))
    (0.08, 0.35)
    """
    return min((cost for near, cost in _NEAR_FORMS if form in near and near & listed), default=OTHER_FORM)


def forms_hinted(specification: str, unit: str) -> frozenset[str]:
    """The forms that a specification and unit speak for, where the name has none.

    >>> sorted(forms_hinted("10mg*7丸", "盒")), forms_hinted("", "盒")
    (['丸', '滴丸'], frozenset())
    """
    counted = _COUNTED.search(specification)
    sign = unit if unit in _UNIT_FORMS else counted[1] if counted else ""
    return frozenset(_UNIT_FORMS.get(sign, ()))
