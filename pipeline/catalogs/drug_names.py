"""Names of medicines, reduced to what tells one from another: substance, salt, form, prefix.

The national list gives generic names without salt (二甲双胍), bills print them with it (盐酸二甲双胍片,
头孢曲松钠); so salts are set apart on both sides, and compared only where both sides have one:
富马酸亚铁 is not 琥珀酸亚铁, 葡萄糖酸锌 is not 葡萄糖酸钙.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pipeline.catalogs.dosage_forms import FORM_OF, forms_of_listed, split_form
from pipeline.catalogs.printed_names import bare, normalise

ACIDS = sorted(
    (
        *(
            "盐酸",
            "硫酸氢",
            "硫酸",
            "磷酸",
            "枸橼酸",
            "柠檬酸",
            "马来酸",
            "酒石酸",
            "重酒石酸",
            "富马酸",
            "苯磺酸",
            "甲磺酸",
        ),
        *(
            "甲苯磺酸",
            "对甲苯磺酸",
            "琥珀酸",
            "醋酸",
            "氢溴酸",
            "乳酸",
            "硝酸",
            "门冬氨酸",
            "双羟萘酸",
            "丙酸",
            "糠酸",
        ),
        *(
            "苹果酸",
            "草酸",
            "棕榈酸",
            "棕榈",
            "乳糖酸",
            "乙磺酸",
            "倍半",
            "单水",
            "二盐酸",
            "氢氯酸",
            "烟酸",
            "二水",
            "苯甲酸",
        ),
        *("葡萄糖酸", "水杨酸", "戊酸", "二丙酸", "三氟醋酸", "蔗糖", "羟乙磺酸", "扑酸", "溴化", "碘化"),
    ),
    key=len,
    reverse=True,
)
"""What stands before a substance as its salt or hydrate; the longest first."""
_ACID = re.compile("^(" + "|".join(ACIDS) + ")")
_SALT_WITHIN = re.compile(r"(?:磷酸|琥珀酸|硫酸|醋酸|丙酸)(?=[二三]?[钠钾酯]$)")
_METAL = re.compile(
    r"(?<!氯化)(?<!碳酸氢)(?<!碳酸)(?<!^乳酸)(?<!^枸橼酸)(?<!谷氨酸)(?<!磷酸二氢)(?<!磷酸氢)(?<!硫代硫酸)(?<!溴化)(?<!碘化)"
    r"([二三半]?(?:钠|钾|钙|镁|锌|铋|氨丁三醇|精氨酸|赖氨酸|葡甲胺))$"
)
_METAL_WITHIN = re.compile(r"(?<!氯化)(?<!乳酸)(?<!谷氨酸)[钠钾](?=[\u3400-\u9fff]{3,})")
_HYDRATE = re.compile(r"^(?:无水|一水|半水|二水|三水|单水)|(?:水合物|一水合物|二水合物|半水合物)$")
_PREFIX = re.compile(
    r"^(复方|小儿|儿童|婴儿|注射用|重组人|重组牛|重组|人|猪|牛|左旋|右旋|左|右|艾司|浓|新|加味|浓缩)"
)
_ALNUM = re.compile(r"[0-9a-z]+|[α-ω]")
_ROMAN_END = re.compile(r"\(?(?:i|ii|iii|iv|v|vi)型?\)?$")

_BARE_ACIDS = frozenset(ACIDS)


class DrugName(NamedTuple):
    """A medicine's name, set apart."""

    core: str
    """Substance with its salt, without form."""
    stem: str
    """Substance without salt and form: what is looked up."""
    acid: str
    metal: str
    form: str | None
    prefix: str
    """复方, 小儿, 左 ...: another medicine where it differs."""
    marks: tuple[str, ...]
    """Latin letters, digits and Roman numbers in the name: B12, 30R, (Ⅱ)."""


@lru_cache(maxsize=65536)
def drug_name(name: str) -> DrugName:
    """Set a medicine's name apart; the name is without specification and markers.

    >>> found = drug_name("盐酸二甲双胍缓释片")
    >>> found.stem, found.acid, found.form
    ('二甲双胍', '盐酸', '缓释片')
    >>> [drug_name(one).stem for one in ("氯化钠注射液", "葡萄糖酸钙口服溶液", "注射用哌拉西林钠他唑巴坦钠")]
    ['氯化钠', '葡萄糖酸钙', '哌拉西林他唑巴坦']
    >>> drug_name("🙂").stem, drug_name("").stem
    ('', '')
    """
    text = normalise(name)
    form: str | None = None
    groups = re.findall(r"\(([^()]*)\)", text)
    for group in groups:
        if group in FORM_OF and not text.startswith(f"({group})"):
            # 六味地黄丸(浓缩丸), 布洛芬(混悬液)
            form = FORM_OF[group]
            text = text.replace(f"({group})", "")
    roman = [group.lower() for group in groups if _ROMAN_END.fullmatch(group.lower())]
    for group in groups:
        if group.lower() in roman:
            text = text.replace(f"({group})", "")
    trailing = re.search(r"((?:\([^()]*\))+)$", text)
    if trailing and trailing.start() > 1:
        # `精蛋白重组人胰岛素混合注射液(30R)`: the form stands before the brackets
        head, found_form = split_form(bare(text[: trailing.start()]))
        core = head + bare(trailing[1])
    else:
        core, found_form = split_form(bare(text))
    if form is None or (found_form is not None and form == "注射用粉"):
        form = found_form
    tail = _ROMAN_END.search(core)
    if tail and tail.start() >= 2 and not core[tail.start() - 1].isascii():
        roman.append(tail[0])
        core = core[: tail.start()]
    stem, acid, metal = _without_salt(core)
    prefix = _PREFIX.match(stem)
    return DrugName(
        core=core,
        stem=stem,
        acid=acid,
        metal=metal,
        form=form,
        prefix=prefix[1] if prefix and len(prefix[1]) < len(stem) else "",
        marks=(*_ALNUM.findall(stem), *(f"({one.strip('()型')})" for one in roman)),
    )


def _without_salt(core: str) -> tuple[str, str, str]:
    stem, acid, metal = core, "", ""
    hydrate = _HYDRATE.sub("", stem)
    if len(hydrate) >= 2:
        stem = hydrate
    found = _ACID.match(stem)
    if found and len(stem) - len(found[1]) >= 2:
        acid, stem = found[1], stem[found.end() :]
    ending = _METAL.search(stem)
    if ending and ending.start() >= 2:
        shorter = _SALT_WITHIN.sub("", stem)
        rest = shorter[: -len(ending[1])] if len(shorter) - len(ending[1]) >= 2 else stem[: ending.start()]
        if rest not in _BARE_ACIDS:  # 硫酸镁 is no salt of anything else
            metal, stem = ending[1].lstrip("二三半"), rest
    inside = _METAL_WITHIN.sub("", stem)
    if len(inside) >= 4:
        stem = inside
    return stem, acid, metal


_LISTED = re.compile(r"^(?P<first>.+?)\((?P<others>[^()]+)\)$")


@lru_cache(maxsize=65536)
def listed_names(name: str, form: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """The names that one entry of a list stands for, each with the forms it holds.

    An empty set of forms means that the list sets none.

    >>> [(one, sorted(forms)) for one, forms in listed_names("六味地黄片(胶囊、口服液)", "")]
    [('六味地黄片', ['片']), ('六味地黄胶囊', ['胶囊']), ('六味地黄口服液', ['口服液'])]
    >>> [one for one, _ in listed_names("左氨氯地平(左旋氨氯地平)", "口服常释剂型")]
    ['左氨氯地平', '左旋氨氯地平']
    >>> [one for one, _ in listed_names("二甲双胍；二甲双胍Ⅱ", "缓释控释剂型")]
    ['二甲双胍', '二甲双胍Ⅱ']
    """
    names: dict[str, frozenset[str]] = {}
    listed = forms_of_listed(form.replace("（", "(").replace("）", ")"))
    text = name.replace("（", "(").replace("）", ")").replace("[", "(").replace("]", ")")
    for part in re.split("[；;]", text):
        for one, forms in _part_names(part.strip(), listed):
            names.setdefault(one, forms)
    return tuple(names.items())


def _part_names(part: str, listed: frozenset[str]) -> list[tuple[str, frozenset[str]]]:
    nested = part.replace("((", "(").replace("))", ")")
    found = _LISTED.match(nested)
    if not found:
        return [(part, listed or _own_form(part))]
    first, others = found["first"], found["others"]
    pieces = re.split("[、,，]", others)
    if all(piece in FORM_OF for piece in pieces):
        stem, own = split_form(first)
        if own is None and listed:
            return [(part, listed)]
        heads = first.split("、")  # 脉络通、脉络通片(胶囊、颗粒)
        names = [(head, _own_form(head)) for head in heads]
        stem = split_form(heads[-1])[0]
        return names + [(stem + piece, frozenset({FORM_OF[piece]})) for piece in pieces]
    if (
        len(bare(others)) >= 3
        and re.search(r"[\u3400-\u9fff]{3}", others)
        and not re.search("(?:用|式|型|注射|输注|滴注|菌|细胞)$", others)
    ):
        return [(first, listed or _own_form(first)), (others, listed or _own_form(others))]
    return [(part, listed or _own_form(first))]


def _own_form(name: str) -> frozenset[str]:
    form = drug_name(name).form
    return frozenset({form}) if form else frozenset()
