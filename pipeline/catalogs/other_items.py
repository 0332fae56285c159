"""Services, facility items and consumables by their printed name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pipeline.catalogs.entries import Entry
from pipeline.catalogs.found import Found, Listed
from pipeline.catalogs.likeness import likeness
from pipeline.catalogs.near_texts import NearTexts
from pipeline.catalogs.printed_names import PrintedName, bare, take_apart
from pipeline.model import CatalogKind

SURE = 0.88
"""From here on a name with its brackets is not looked up without them."""
WITHOUT_BRACKETS = 0.87
"""How far a name is trusted without its brackets, in which a price list tells items apart."""
RATHER_WITH_BRACKETS, BESIDE_BRACKETS = 0.75, 0.80
"""Where something like the whole name is listed, the name without its brackets is shown and not taken."""
WORDED = 3
"""So many Chinese characters make `(超过5cm加收)` part of the name, not a specification."""

_WORDS_LEFT_OUT, _WORDS_LEFT_OUT_ANYWHERE = 0.98, 0.95
"""How far a name is trusted that lacks a word such as 测定; where the row's category is not known it may be
that of a medicine (维生素B12), which is then as near."""
_TOLD_APART = 0.25
_OTHER_CATEGORY = 0.02
_BY_ALIAS = 0.005

_GENERIC_END = re.compile(r"(?:测定|检测|检查|检验|试验|分析|诊断|治疗|费|术|定量)+$")
_GENERIC_START = re.compile(r"^(?:一次性使用|一次性|医用|无菌|血清|血浆|临时|长期|持续)+")
_HAN = re.compile(r"[\u3400-\u9fff]")
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


@dataclass(frozen=True, slots=True, eq=False)
class _Key:
    listed: Listed
    kind: CatalogKind
    thing: tuple[str, ...]
    alias: bool


class OtherItems:
    """The services, facility items and consumables of the lists."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        grouped: dict[str, dict[tuple[CatalogKind, str, bool], dict[Entry, None]]] = {}
        for entry in entries:
            own = bare(entry.name)
            for text, alias in _texts_of(entry).items():
                grouped.setdefault(text, {}).setdefault((entry.kind, own, alias), {})[entry] = None
        self._keys = {
            text: tuple(
                _Key(Listed(tuple(held)), kind, (own,), alias) for (kind, own, alias), held in keys.items()
            )
            for text, keys in grouped.items()
        }
        self._near = NearTexts(list(self._keys))

    def exactly(
        self, printed: PrintedName, category: str | None, kinds: tuple[CatalogKind, ...]
    ) -> Iterator[Found]:
        """What is called just so; `kinds` may stand under its row, none means any."""
        for text, weight in {
            bare(printed.plain): WITHOUT_BRACKETS if _is_worded(printed) else 1.0,
            bare(printed.whole): 1.0,
        }.items():
            yield from self._weighed(text, text, weight, category, kinds)

    def nearly(
        self, printed: PrintedName, category: str | None, kinds: tuple[CatalogKind, ...]
    ) -> Iterator[Found]:
        """What comes near the name: with its brackets, then, where that is not sure, without."""
        whole, plain = bare(printed.whole), bare(printed.plain)
        outer = bare(printed.outer) if printed.inner else ""
        best = 0.0
        texts = (whole, plain, outer) if _is_worded(printed) else (plain, outer)
        for text in dict.fromkeys(texts):
            weight = 1.0 if text == texts[0] else WITHOUT_BRACKETS
            if best >= RATHER_WITH_BRACKETS:
                weight = min(weight, BESIDE_BRACKETS)
            for listed, alike in self._alike(text, category):
                for found in self._weighed(text, listed, alike * weight, category, kinds):
                    best = max(best, found.score)
                    yield found
            if best >= SURE:
                return

    def _alike(self, text: str, category: str | None) -> Iterator[tuple[str, float]]:
        """The texts most like `text`, with how alike they are."""
        core = _core(text)
        trusted = _WORDS_LEFT_OUT if category else _WORDS_LEFT_OUT_ANYWHERE
        for widely in (False, True):
            best = 0.0
            for listed, alike in self._near.alike(text, widely=widely):
                if alike < 1:
                    alike = max(alike, likeness(core, _core(listed)) * trusted)
                    alike -= _TOLD_APART if _told_apart(text, listed) else 0.0
                best = max(best, alike)
                yield listed, alike
            if best >= SURE:
                return

    def _weighed(
        self,
        text: str,
        listed: str,
        alike: float,
        category: str | None,
        kinds: tuple[CatalogKind, ...],
    ) -> Iterator[Found]:
        for key in self._keys.get(listed, ()):
            if kinds and key.kind not in kinds:
                continue
            score = alike - (_BY_ALIAS if key.alias else 0.0)
            held = key.listed.categories
            if category is not None and "" not in held and category not in held:
                score -= _OTHER_CATEGORY
            why = f"名称相近（{alike:.2f}）"
            if text == listed:
                why = "别名一致" if key.alias else "名称一致"
            yield Found(key.listed, score, why, key.thing, exact=text == listed and not key.alias)


def _texts_of(entry: Entry) -> dict[str, bool]:
    """What an entry may be printed as, and whether that is another name than its own."""
    texts = {bare(entry.name): False}
    if "(" in entry.name or "（" in entry.name:
        plain = take_apart(entry.name).plain
        for latin in _LATIN_GROUP.findall(plain):
            without = bare(plain.replace(f"({latin})", ""))
            if len(without) >= 3:
                texts.setdefault(without, True)
            if len(bare(latin)) >= 3:
                texts.setdefault(bare(latin), True)
    for alias in entry.aliases:
        texts.setdefault(bare(alias), True)
    return {text: alias for text, alias in texts.items() if text}


def _is_worded(printed: PrintedName) -> bool:
    return len(_HAN.findall(printed.specification)) >= WORDED


@lru_cache(maxsize=65536)
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
