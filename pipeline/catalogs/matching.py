"""From a printed item to its entry: candidates by shared characters, then a close look at each.

A score is the likeness of the names, less what speaks against it: another form, another salt, another
category. `MATCHED` and `MARGIN` were set on printed names of real bills (`tests/catalogs`), so that a
wrong entry is rarer than an open question: an unmatched row goes to a person, a wrong class is paid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import NamedTuple

from pipeline.catalogs.categories import category_of, is_category_or_sum, kinds_of
from pipeline.catalogs.dosage_forms import FORM_OF, with_form_repaired
from pipeline.catalogs.drug_names import DrugName, drug_name, listed_names
from pipeline.catalogs.entries import DATA, Entry, read_pairs
from pipeline.catalogs.grams import NameIndex
from pipeline.catalogs.likeness import likeness
from pipeline.catalogs.printed_names import PrintedName, bare, take_apart
from pipeline.model import CatalogKind, CatalogMatch, ReimbursementClass

MATCHED = 0.86
"""From here on an entry is taken: one look-alike character in a name of three, one odd one in eight."""
MARGIN = 0.04
"""A second entry nearer than this makes the match ambiguous."""
SHOWN = 0.55
"""Below this an entry is not even shown as a candidate."""
CANDIDATES = 4

HERBAL = "中药饮片费"
_PIECES = frozenset({"饮片"})

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
"""Forms that printers use for one another, and what that costs; all else costs `_OTHER_FORM`."""
_OTHER_FORM = 0.35

_UNIT_FORMS = {
    "片": {"片", "肠溶片", "分散片", "缓释片", "控释片", "咀嚼片"},
    "粒": {"胶囊", "软胶囊", "肠溶胶囊", "缓释胶囊"},
    "丸": {"丸", "滴丸"},
    "贴": {"贴", "贴膏", "膏药"},
    "枚": {"栓", "阴道泡腾片", "阴道片"},
    "栓": {"栓"},
}
_DRUG_UNITS = frozenset("盒瓶袋粒片丸支板贴桶罐")
_SERVICE_UNITS = frozenset(
    {
        "次",
        "日",
        "天",
        "项",
        "小时",
        "人次",
        "部位",
        "床日",
        "床/日",
        "例",
        "单侧",
        "疗程",
        "穴位",
        "视野",
        "分钟",
    }
)
_CLASS_WORDS: dict[str, ReimbursementClass] = {
    "甲": "甲",
    "甲类": "甲",
    "无自付": "甲",
    "1": "甲",
    "01": "甲",
    "乙": "乙",
    "乙类": "乙",
    "有自付": "乙",
    "部分自付": "乙",
    "2": "乙",
    "02": "乙",
    "丙": "丙",
    "丙类": "丙",
    "全自付": "丙",
    "自费": "丙",
    "3": "丙",
    "03": "丙",
}

_SAME_SALTS = ({"枸橼酸", "柠檬酸"}, {"硫酸", "硫酸氢"}, {"酒石酸", "重酒石酸"}, {"甲苯磺酸", "对甲苯磺酸"})

_PROCESSING = re.compile(
    r"^(?:净|生|炒|清炒|麸炒|土炒|炙|蜜炙|蜜|酒炙|酒|醋炙|醋|盐炙|盐|姜|制|煅|焦|鲜|干|炮|烫|熟|煨|法|川|广|怀|北|杭|浙)"
)
_PIECE_END = re.compile(r"(?:饮片|片|段|丝|块|粉|炭|颗粒|配方颗粒)$")
_GENERIC_END = re.compile(r"(?:测定|检测|检查|检验|试验|分析|诊断|治疗|费|术|定量)+$")
_GENERIC_START = re.compile(r"^(?:一次性使用|一次性|医用|无菌|血清|血浆|临时|长期|持续)+")
_LATIN_GROUP = re.compile(r"\(([a-zA-Z0-9αβγ\-+/.]{2,})\)")

_TELLING = (
    ("平扫", "增强"),
    ("特级", "一级", "二级", "三级"),
    ("左", "右"),
    ("单侧", "双侧"),
    ("甲肝", "乙肝", "丙肝", "丁肝", "戊肝"),
    ("甲型", "乙型", "丙型", "丁型", "戊型"),
    ("抗原", "抗体"),
    ("上肢", "下肢"),
    ("上腹", "下腹"),
    ("颈椎", "胸椎", "腰椎"),
    ("颈部", "胸部", "腹部", "头部", "头颅", "盆腔", "四肢"),
    ("肌肉", "静脉", "皮下", "皮内", "动脉", "肌内"),
    ("主任", "副主任", "普通", "知名"),
    ("门诊", "急诊", "住院"),
    ("大", "中", "小", "特大"),
    ("总", "直接", "间接"),
    ("高密度", "低密度", "极低密度"),
    ("igg", "igm", "iga", "ige"),
    ("三人间", "双人间", "单人间", "多人间"),
    ("丙氨酸", "天门冬氨酸", "谷氨酰", "苯丙氨酸"),
    ("甲状腺", "甲状旁腺"),
    ("男", "女"),
    ("三分类", "五分类"),
)
"""Words of one family: where both names have one, it must be the same."""


class Item(NamedTuple):
    """What a bill prints of one charged row."""

    name: str
    specification: str
    unit: str
    category: str
    insurance_class: str


@dataclass(frozen=True, slots=True)
class _Key:
    """One name that an entry may be printed under."""

    entry: Entry
    name: DrugName | None
    forms: frozenset[str]
    text: str
    """What the index holds: the stem of a medicine, the bare name of anything else."""
    alias: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    entry: Entry
    score: float
    why: str
    thing: tuple[str, ...]
    """What is meant, whatever the salt it is printed with and the list it stands in."""
    variant: tuple[str, ...] = ()
    exact: bool = False
    """The entry's own name stands on the bill, letter by letter."""


class ItemMatcher:
    """Matches printed items against a fixed set of entries."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._drugs = _Names(_drug_keys(entry for entry in entries if entry.kind == "drug"))
        self._others = _Names(_other_keys(entry for entry in entries if entry.kind != "drug"))
        self._entries = entries
        self._covered: dict[tuple[CatalogKind, bool, date | None], bool] = {}

    def match(self, item: Item, on: date | None) -> CatalogMatch:
        """The entry for a printed item on a day, or what comes near it."""
        printed = take_apart(item.name)
        exact = bare(printed.plain)
        if not exact:
            return CatalogMatch("unmatched", why="没有可比对的名称")
        if is_category_or_sum(item.name) and (not printed.heading):
            return CatalogMatch("unmatched", why="费用类别或合计行，不对应目录项目")
        category = category_of(item.category) or category_of(printed.heading)
        kinds = kinds_of(category)
        found = list(self._found(printed, item, category, kinds))
        best = _best_per_identity(found, on)
        return self._decide(best, _CLASS_WORDS.get(item.insurance_class.strip()), on)

    def _found(
        self, printed: PrintedName, item: Item, category: str | None, kinds: tuple[CatalogKind, ...]
    ) -> Iterator[_Found]:
        unit = item.unit.strip()
        if not kinds or "drug" in kinds:
            against = 0.15 if not kinds and unit in _SERVICE_UNITS else 0.0
            yield from self._drugs_found(printed, item, category, against)
        if not kinds or kinds != ("drug",):
            against = 0.15 if not kinds and unit and unit[0] in _DRUG_UNITS - {"支"} else 0.0
            yield from self._others_found(printed, category, kinds, against)

    # ------------------------------------------------------------ medicines

    def _drugs_found(
        self, printed: PrintedName, item: Item, category: str | None, against: float
    ) -> Iterator[_Found]:
        hinted = _hinted_forms(item.specification + printed.specification, item.unit)
        for text, weight, why in _drug_spellings(printed):
            if category == HERBAL:
                yield from self._pieces_found(text, weight)
                continue
            name = drug_name(text)
            if not name.stem:
                continue
            if name.form is None and (repaired := with_form_repaired(bare(text))):
                name, weight = drug_name(repaired), weight - 0.02
            for key in self._drugs.near(name.stem):
                if key.name is None:
                    if key.text == bare(text):
                        yield _Found(key.entry, weight - against - 0.02, "饮片名称一致", (key.text, "饮片"))
                    continue
                alike = likeness(name.stem, key.text)
                if alike < SHOWN:
                    continue
                read = name
                if name.form is not None and key.forms and bare(text) == bare(key.entry.name):
                    read = replace(name, form=min(key.forms))  # 开塞露: what looks like a form is not one
                score, reason = _drug_score(read, key, key.name, alike, hinted)
                if category is not None and key.entry.category and key.entry.category != category:
                    score -= 0.03
                yield _Found(
                    key.entry,
                    score * weight - against,
                    why + reason,
                    (key.text, key.name.prefix, *key.name.marks),
                    (
                        *(key.name.acid, key.name.metal),
                        *(("",) if read.form in key.forms else sorted(key.forms)),
                    ),
                    exact=name.core == key.name.core and name.marks == key.name.marks,
                )

    def _pieces_found(self, text: str, weight: float) -> Iterator[_Found]:
        whole = bare(text)
        plain = _PIECE_END.sub("", whole) if len(_PIECE_END.sub("", whole)) >= 2 else whole
        bases = {whole: 1.0, plain: 0.98}
        unprocessed = _PROCESSING.sub("", plain)
        if len(unprocessed) >= 2:
            bases.setdefault(unprocessed, 0.92)
        for base, factor in bases.items():
            for key in self._drugs.near(base):
                if key.name is not None:
                    alike = likeness(whole, bare(key.entry.name)) - 0.15
                    why = "名称相近，但不是饮片"
                else:
                    alike = likeness(base, key.text)
                    why = "饮片名称一致" if alike == 1 else "饮片名称相近"
                if alike >= SHOWN:
                    yield _Found(
                        key.entry,
                        alike * factor * weight,
                        why,
                        (key.text, "饮片" if key.name is None else ""),
                    )

    # ------------------------------------------------------------ services, facilities, consumables

    def _others_found(
        self, printed: PrintedName, category: str | None, kinds: tuple[CatalogKind, ...], against: float
    ) -> Iterator[_Found]:
        spellings = {bare(printed.plain): 1.0}
        if printed.inner:
            spellings.setdefault(bare(printed.outer), 0.95)
        for text, weight in spellings.items():
            if not text:
                continue
            core = _core(text)
            for key in self._others.near(text):
                if kinds and key.entry.kind not in kinds:
                    continue
                alike = likeness(text, key.text)
                if alike < 1:
                    alike = max(alike, likeness(core, _core(key.text)) * 0.98)
                if alike < SHOWN:
                    continue
                if alike < 1 and _told_apart(text, key.text):
                    alike -= 0.25
                if category is not None and key.entry.category not in ("", category):
                    alike -= 0.02
                why = "名称一致" if key.text == text else f"名称相近（{alike:.2f}）"
                yield _Found(
                    key.entry,
                    alike * weight - against - (0.005 if key.alias else 0.0),
                    "别名一致" if key.alias and key.text == text else why,
                    (bare(key.entry.name),),
                    exact=key.text == text and not key.alias,
                )

    # ------------------------------------------------------------ the decision

    def _decide(
        self, found: Sequence[_Found], printed_class: ReimbursementClass | None, on: date | None
    ) -> CatalogMatch:
        if not found:
            return CatalogMatch("unmatched", why="目录中没有相近的项目")
        shown = tuple(_as_match(one, on) for one in found[:CANDIDATES])
        best = found[0]
        if best.score < MATCHED:
            why = f"最相近的是“{best.entry.name}”：{best.why}"
            return CatalogMatch("unmatched", score=shown[0].score, candidates=shown, why=why)
        close = _settled([one for one in found if best.score - one.score < MARGIN], printed_class, on)
        if len(close) > 1:
            names = "、".join(_label(one.entry) for one in close[:3])
            return CatalogMatch(
                "ambiguous",
                kind=best.entry.kind if len({one.entry.kind for one in close}) == 1 else None,
                score=shown[0].score,
                candidates=shown,
                why=f"不能区分：{names}",
            )
        chosen = close[0]
        if chosen.entry.in_force(on):
            return _as_match(chosen, on, tuple(one for one in shown if one.code != chosen.entry.code))
        if self._covers(chosen.entry, on):
            why = f"“{chosen.entry.name}”在就诊日 {on} 不在目录有效期内（{_period(chosen.entry)}）"
            return CatalogMatch("unmatched", score=shown[0].score, candidates=shown, why=why)
        found_anyway = _as_match(chosen, on)
        return replace(
            found_anyway,
            reimbursement_class=None,
            candidates=(found_anyway,),
            why=f"{chosen.why}；没有 {on} 在用的目录，甲乙类未定",
        )

    def _covers(self, entry: Entry, on: date | None) -> bool:
        """Whether any list of that sort is in force on the day; herbal pieces stand in lists of their own."""
        key = (entry.kind, entry.category == HERBAL, on)
        if key not in self._covered:
            if len(self._covered) > 4096:
                self._covered.clear()
            self._covered[key] = any(
                other.kind == entry.kind and (other.category == HERBAL) == key[1] and other.in_force(on)
                for other in self._entries
            )
        return self._covered[key]


class _Names:
    """Keys grouped by their text, with an index over the texts."""

    def __init__(self, keys: Iterable[_Key]) -> None:
        self._keys: dict[str, list[_Key]] = {}
        for key in keys:
            self._keys.setdefault(key.text, []).append(key)
        self._texts = list(self._keys)
        self._index = NameIndex(self._texts)

    def near(self, text: str) -> Iterator[_Key]:
        for number in self._index.nearest(text):
            yield from self._keys[self._texts[number]]


def _drug_keys(entries: Iterable[Entry]) -> Iterator[_Key]:
    for entry in entries:
        if entry.category == HERBAL:
            for name in (entry.name, *entry.aliases):
                if text := bare(name):
                    yield _Key(entry, None, _PIECES, text, alias=name != entry.name)
            continue
        names = dict(listed_names(entry.name, entry.form))
        for alias in entry.aliases:
            names.update(listed_names(alias, entry.form))
        for name, forms in names.items():
            found = drug_name(name)
            if found.stem:
                yield _Key(entry, found, forms, found.stem)


def _other_keys(entries: Iterable[Entry]) -> Iterator[_Key]:
    for entry in entries:
        texts = {bare(entry.name): False}
        plain = take_apart(entry.name).plain if "(" in entry.name or "（" in entry.name else entry.name
        for latin in _LATIN_GROUP.findall(plain):
            without = bare(plain.replace(f"({latin})", ""))
            if len(without) >= 3:
                texts.setdefault(without, True)
            if len(bare(latin)) >= 3:
                texts.setdefault(bare(latin), True)
        for alias in entry.aliases:
            texts.setdefault(bare(alias), True)
        for text, alias_only in texts.items():
            if text:
                yield _Key(entry, None, frozenset(), text, alias=alias_only)


@cache
def brand_names() -> dict[str, str]:
    """Trade name to generic name, both as they are printed."""
    return {bare(brand): generic for brand, generic in read_pairs(DATA / "brand_names.csv").items()}


def _drug_spellings(printed: PrintedName) -> Iterator[tuple[str, float, str]]:
    """What the medicine may be called, how far that is trusted, and why."""
    telling = any(re.search("[0-9A-Za-z]", part) for part in printed.inner)
    seen: set[str] = set()
    for text, weight in (
        (printed.plain, 1.0),
        (printed.outer, 0.93 if telling else 0.995),
        *((part, 0.96) for part in printed.inner if len(bare(part)) >= 2),
    ):
        if not text or text in seen:
            continue
        seen.add(text)
        yield text, weight, ""
        brand, generic = _brand(bare(text))
        if brand:
            rest = bare(text)[len(brand) :]
            if len(rest) >= 3 and rest not in FORM_OF and drug_name(rest).stem[:2] not in ("", generic[:2]):
                # 立普妥阿托伐他汀钙片: behind the trade name stands the generic one
                yield rest, 0.98 * weight, f"去掉商品名“{brand}”后"
            else:
                known = rest if rest.startswith(generic[:2]) else generic + rest
                yield known, 0.97 * weight, f"商品名“{brand}”即{generic}，"


def _brand(text: str) -> tuple[str, str]:
    brands = brand_names()
    for length in range(min(8, len(text)), 1, -1):
        generic = brands.get(text[:length])
        if generic is not None:
            return text[:length], generic
    return "", ""


def _hinted_forms(specification: str, unit: str) -> frozenset[str]:
    """The forms that a specification and unit speak for, where the name has none."""
    for sign, forms in _UNIT_FORMS.items():
        if unit.strip() == sign or re.search(rf"\d\s*{sign}", specification):
            return frozenset(forms)
    return frozenset()


def _drug_score(
    read: DrugName, key: _Key, listed: DrugName, alike: float, hinted: frozenset[str]
) -> tuple[float, str]:
    score = alike
    reasons = ["名称一致"] if alike == 1 else [f"名称相近（{alike:.2f}）"]
    for ours, theirs, called in ((read.acid, listed.acid, "酸根"), (read.metal, listed.metal, "金属离子")):
        if ours and theirs and not _same_salt(ours, theirs):
            score -= 0.2
            reasons.append(f"{called}不同（{ours}/{theirs}）")
        elif ours != theirs:
            score -= 0.005
    if read.prefix != listed.prefix and len(read.stem) != len(listed.stem):
        score -= 0.25
        reasons.append("前缀不同")
    if read.marks != listed.marks:
        if read.marks and listed.marks:
            score -= 0.25
            reasons.append("编号不同")
        else:
            score -= 0.05
    if not key.forms:
        score -= 0.0 if read.form is None else 0.06
    elif read.form in key.forms:
        reasons.append("剂型一致")
    elif read.form is None:
        if hinted:
            score -= 0.02 if hinted & key.forms else 0.2
        else:
            score -= 0.06
        reasons.append("名称未印剂型")
    else:
        score -= _form_cost(read.form, key.forms)
        reasons.append(f"剂型不同（{read.form}）")
    return score, "，".join(reasons)


def _form_cost(form: str, listed: frozenset[str]) -> float:
    return min((cost for near, cost in _NEAR_FORMS if form in near and near & listed), default=_OTHER_FORM)


def _same_salt(a: str, b: str) -> bool:
    return a == b or {a, b} in _SAME_SALTS


def _core(text: str) -> str:
    plain = _GENERIC_START.sub("", _GENERIC_END.sub("", text))
    return plain if len(plain) >= 2 else text


def _told_apart(a: str, b: str) -> bool:
    """Whether a telling word or a number differs."""
    if re.findall(r"\d+", a) != re.findall(r"\d+", b):
        return True
    for family in _TELLING:
        ours = {word for word in family if word in a}
        theirs = {word for word in family if word in b}
        if ours and theirs and ours != theirs:
            return True
    return False


def _best_per_identity(found: Iterable[_Found], on: date | None) -> list[_Found]:
    """One entry for each thing and variant that is meant, best first.

    Of one thing in several lists the one in force on the day is taken, then the national list, then the
    newest. Where a list has it twice with different classes (products of several makers), the class is
    left open.
    """
    groups: dict[tuple[object, ...], list[_Found]] = {}
    for one in found:
        if one.score >= SHOWN:
            groups.setdefault((one.entry.kind, one.thing, one.variant), []).append(one)
    best: list[_Found] = []
    for group in groups.values():
        top = max(one.score for one in group)
        near = [one for one in group if top - one.score < 0.01]
        first = max(_precedence(one.entry, on) for one in near)
        equals = [one for one in near if _precedence(one.entry, on) == first]
        chosen = max(equals, key=lambda one: (one.exact, one.score))
        if len({one.entry.reimbursement_class for one in equals}) > 1:
            chosen = replace(chosen, entry=chosen.entry._replace(reimbursement_class=None))
        best.append(replace(chosen, score=top, exact=any(one.exact for one in near)))
    best.sort(key=lambda one: -one.score)
    seen: set[tuple[str, ...]] = set()
    kept: list[_Found] = []
    for one in best:
        key = (one.entry.source, one.entry.code, one.entry.name, one.entry.form)
        if key not in seen:
            seen.add(key)
            kept.append(one)
    return kept


def _precedence(entry: Entry, on: date | None) -> tuple[bool, bool, date]:
    return entry.in_force(on), entry.scope == "national", entry.effective_from or date.min


def _settled(close: list[_Found], printed_class: ReimbursementClass | None, on: date | None) -> list[_Found]:
    """What is left of entries that come equally near, once the plain reasons to prefer one have spoken."""
    national = {one.thing for one in close if one.entry.scope == "national" and one.entry.in_force(on)}
    narrowing: tuple[Callable[[_Found], bool], ...] = (
        lambda one: one.entry.in_force(on),
        lambda one: one.entry.scope == "national" or one.thing not in national,
        lambda one: one.exact,
    )
    for reason in narrowing:
        close = [one for one in close if reason(one)] or close
    deciding: tuple[Callable[[_Found], bool], ...] = (
        lambda one: one.entry.scope == "national",
        lambda one: printed_class is not None and one.entry.reimbursement_class == printed_class,
    )
    for reason in deciding:
        left = [one for one in close if reason(one)]
        if len(left) == 1:
            return left
    return close


def _label(entry: Entry) -> str:
    form = f"（{entry.form}）" if entry.form else ""
    return f"{entry.name}{form}"


def _as_match(found: _Found, on: date | None, candidates: tuple[CatalogMatch, ...] = ()) -> CatalogMatch:
    entry = found.entry
    form = f"（{entry.form}）" if entry.form else ""
    why = f"{found.why}；{entry.source}{form}"
    if entry.restriction:
        why += f"；{entry.restriction}"
    if not entry.in_force(on):
        why += f"；{_period(entry)}"
    return CatalogMatch(
        "matched",
        kind=entry.kind,
        code=entry.code or None,
        name=entry.name,
        reimbursement_class=entry.reimbursement_class,
        score=round(min(1.0, max(0.0, found.score)), 3),
        candidates=candidates,
        why=why,
    )


def _period(entry: Entry) -> str:
    start = str(entry.effective_from) if entry.effective_from else "未载明"
    end = str(entry.effective_to) if entry.effective_to else "今"
    return f"有效期 {start} 至 {end}"
