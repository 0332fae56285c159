"""Names as bills print them, made by script from the lists in use, each with the entry that it means.

The truth comes from the lists by exact rules and owes nothing to the matcher: a medicine means the national
entry of its generic name whose form column holds its dosage form by the notes (凡例) of the national list;
a product means the entry that its name gives once a salt is taken off; a service means the entries of its
own name. What has no single truth is left out and counted.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import NamedTuple

from misprints import Misprints, is_han

from pipeline.catalogs.entries import Entry


def words(text: str) -> tuple[str, ...]:
    """The words of a text, in order."""
    return tuple(text.split())


_AT_ONCE = ("口服常释剂型", "口服常释剂型(不含分散片)")
_LIQUID = ("口服液体剂", "口服溶液剂")
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "片": (*_AT_ONCE, "片剂"),
    "胶囊": _AT_ONCE,
    "肠溶片": _AT_ONCE,
    "肠溶胶囊": _AT_ONCE,
    "软胶囊": _AT_ONCE,
    "分散片": ("口服常释剂型",),
    "缓释片": ("缓释控释剂型",),
    "控释片": ("缓释控释剂型",),
    "缓释胶囊": ("缓释控释剂型",),
    "颗粒": ("颗粒剂",),
    "注射液": ("注射剂",),
    "注射用": ("注射剂",),
    "口服溶液": _LIQUID,
    "口服液": _LIQUID,
    "糖浆": ("口服液体剂",),
    "滴眼液": ("滴眼剂",),
    "软膏": ("软膏剂",),
    "乳膏": ("软膏剂", "乳膏剂"),
    "凝胶": ("凝胶剂",),
    "眼膏": ("眼膏剂",),
    "眼用凝胶": ("眼用凝胶剂",),
    "栓": ("栓剂",),
    "散": ("口服散剂",),
    "滴耳液": ("滴耳剂",),
    "滴鼻液": ("滴鼻剂",),
    "灌肠液": ("灌肠剂",),
    "咀嚼片": ("咀嚼片",),
    "口腔崩解片": ("口腔崩解片",),
    "阴道泡腾片": ("阴道泡腾片",),
    "吸入粉雾剂": ("吸入剂",),
    "吸入气雾剂": ("吸入剂",),
    "贴膏": ("贴膏剂",),
}
"""How a printed name ends (`注射用`: begins), and the form columns of the national list that hold it."""
_ENDINGS_LONGEST_FIRST = sorted(ENDINGS, key=len, reverse=True)

ACIDS = (
    *("盐酸", "硫酸氢", "硫酸", "磷酸", "枸橼酸", "马来酸", "酒石酸", "重酒石酸", "富马酸", "苯磺酸"),
    *("甲磺酸", "甲苯磺酸", "琥珀酸", "醋酸", "氢溴酸", "乳酸", "硝酸", "双羟萘酸", "糠酸", "苹果酸", "草酸"),
)
METALS = ("钠", "钾", "钙", "镁", "锌")
_LISTED_FORMS = re.compile(r"^(?P<first>[^()]+)\((?P<others>[^()]+)\)$")
_PATENT_ENDINGS = words(
    """
    软胶囊 肠溶胶囊 胶囊 分散片 肠溶片 咀嚼片 含片 片 颗粒 口服液 合剂 糖浆 滴丸 丸
    散 膏 软膏 乳膏 贴膏 凝胶 酊 酒 露 水 搽剂 洗剂 注射液 喷雾剂 气雾剂 栓 茶
    膏药 滴剂 滴眼液
    """
)
_PLAIN_SERVICE_CODE = re.compile(r"^(?:\d{9}|00\d{13}|SAMPLE-S\d+)$")
"""Of services the items themselves: a sub-item (`250310024b 各种免疫学方法`) says nothing by itself."""
_NUMBERED_NAME = re.compile(r"^[\d一二三四五六七八九十]+[.、．]")
_SIMPLE_NAME = re.compile(r"^[0-9A-Za-z\u3400-\u9fff()+\-/]+$")

SHOP_GOODS = words(
    """
    纯牛奶 矿泉水 洗发水 沐浴露 洗衣液 抽纸 卷筒纸 湿厕纸 牙膏 牙刷 漱口杯 毛巾 拖鞋
    雨伞 保温杯 玻璃杯 不锈钢碗 筷子 汤勺 塑料袋 垃圾袋 衣架 电池 插线板 充电器 数据线
    手机壳 耳机 鼠标 键盘 打印纸 签字笔 笔记本 文件夹 订书机 胶水 方便面 火腿肠 饼干
    面包 蛋糕 巧克力 瓜子 花生米 薯片 可乐 雪碧 橙汁 啤酒 白酒 香烟 打火机 大米 面粉
    食用油 酱油 陈醋 白砂糖 鸡蛋 猪肉 牛肉 鸡腿 带鱼 豆腐 西红柿 黄瓜 土豆 白菜
    苹果手机 香蕉 葡萄 西瓜 橘子 草莓 洗面奶 面膜 口红 防晒霜 护手霜 香水 指甲油
    剃须刀 梳子 发卡 镜子 吹风机 儿童玩具 积木 毛绒玩偶 婴儿推车 奶瓶 纸尿裤 儿童座椅
    羽毛球拍 篮球 跳绳 瑜伽垫 台灯 灯泡 电风扇 电饭煲 电热水壶 微波炉 加湿器 体重秤
    闹钟 窗帘 床单 枕头 棉被 羽绒服 牛仔裤 衬衫 袜子 运动鞋 皮带 钱包 行李箱 太阳镜
    手表 汽油 停车费 快递费 住宿费 餐费 话费充值 礼品卡 购物券 打车费 洗车费 物业费
    电费
    """
)
"""What shops sell beside medicine; none of it is in any list."""


class Product(NamedTuple):
    """One product as a shop or hospital stocks it."""

    name: str
    specification: str
    maker: str
    category: str


@dataclass(frozen=True, slots=True)
class Case:
    """One printed row and what it means; no codes where nothing may be matched."""

    group: str
    noisy: bool
    name: str
    specification: str
    unit: str
    category: str
    codes: frozenset[str] = frozenset()
    reimbursement_class: str | None = None


@dataclass(slots=True)
class Truth:
    """What printed texts mean in the lists that are in force on a day."""

    medicines: Mapping[str, frozenset[Entry]]
    salts: Mapping[str, tuple[str, ...]]
    services: Mapping[str, tuple[Entry, ...]]
    texts: frozenset[str]
    """Every text that means something: what noise must not turn a name into."""
    left_out: Counter[str] = field(default_factory=Counter)


def truth_of(entries: Sequence[Entry], products: Sequence[Product], on: date) -> Truth:
    """What can be printed of the lists, by the rules above."""
    national = [
        one
        for one in entries
        if one.kind == "drug" and one.scope == "national" and one.category in ("西药费", "中成药费")
    ]
    medicines: defaultdict[str, set[Entry]] = defaultdict(set)
    for entry in national:
        if entry.in_force(on):
            for text in printed_texts(entry):
                medicines[text].add(entry)
    services: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.kind == "service" and not _NUMBERED_NAME.match(entry.name):
            services[folded(entry.name)].append(entry)
    texts = frozenset({*medicines, *services, *(folded(entry.name) for entry in entries)})
    return Truth(
        {text: frozenset(found) for text, found in medicines.items()},
        _salts_met(products, medicines),
        {text: tuple(found) for text, found in services.items()},
        texts,
    )


def folded(name: str) -> str:
    """A name's characters without signs, spaces and case, for comparing whole names."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name)).lower()


def printed_texts(entry: Entry) -> Iterator[str]:
    """The names, without salt, that an entry of the national list is printed under."""
    for part in re.split("[；;]", entry.name):
        name = part.strip().replace("（", "(").replace("）", ")")
        if entry.form:
            if not re.search(r"[()\[\]]", name) and not split_ending(name):
                yield from (_with_ending(name, one) for one, held in ENDINGS.items() if entry.form in held)
        elif "、" in name.split("(")[0]:
            continue  # several names in one, as in 脉络通、脉络通片(胶囊、颗粒)
        elif found := _LISTED_FORMS.match(name):
            forms = re.split("[、,，]", found["others"])
            stem = without_patent_ending(found["first"])
            if stem is not None and all(form in _PATENT_ENDINGS for form in forms):
                yield found["first"]
                yield from (stem + form for form in forms)
        elif "(" not in name:
            yield name


def without_patent_ending(name: str) -> str | None:
    """A Chinese patent medicine's name without its form, or None where it ends in none."""
    for ending in sorted(_PATENT_ENDINGS, key=len, reverse=True):
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name[: -len(ending)]
    return None


def _with_ending(base: str, ending: str) -> str:
    return f"注射用{base}" if ending == "注射用" else base + ending


def split_ending(name: str) -> tuple[str, str] | None:
    """A printed name as base and ending, or None."""
    if name.startswith("注射用"):
        return name.removeprefix("注射用"), "注射用"
    for ending in _ENDINGS_LONGEST_FIRST:
        if name.endswith(ending) and len(name) >= len(ending) + 2:
            return name[: -len(ending)], ending
    return None


def without_salt(base: str) -> Iterator[str]:
    """The base itself and what is left of it without an acid before or a metal behind it."""
    bases = [base, *(base.removeprefix(acid) for acid in ACIDS if base.startswith(acid))]
    for one in dict.fromkeys(bases):
        yield one
        yield from (one.removesuffix(metal) for metal in METALS if one.endswith(metal))


def meant_by_product(name: str, medicines: Mapping[str, Iterable[Entry]]) -> frozenset[Entry]:
    """The national entries that a product's name means, with its salt and without."""
    found = set(medicines.get(name, ()))
    if split := split_ending(name):
        for base in without_salt(split[0]):
            found.update(medicines.get(_with_ending(base, split[1]), ()))
    return frozenset(found)


def _salts_met(
    products: Iterable[Product], medicines: Mapping[str, Iterable[Entry]]
) -> dict[str, tuple[str, ...]]:
    """Generic text -> the same with a salt, as real products are called."""
    met: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for product in products:
        if not (split := split_ending(product.name)):
            continue
        for base in without_salt(split[0]):
            text = _with_ending(base, split[1])
            if base != split[0] and len(base) >= 2 and text in medicines and product.name not in medicines:
                met[text][product.name] = None
    return {text: tuple(names) for text, names in met.items()}


# ---------------------------------------------------------------- the drawing


class Drawing:
    """Draws cases of each group, clean or noisy."""

    def __init__(self, chance: Random, truth: Truth, misprints: Misprints, specifications: list[str]) -> None:
        self._chance = chance
        self._truth = truth
        self._misprints = misprints
        self._specifications = specifications

    def medicines(self, count: int, *, noisy: bool) -> Iterator[Case]:
        """Names made from the national list: generic name and form, with a salt where products have one."""
        texts = sorted(self._truth.medicines)
        self._chance.shuffle(texts)
        drawn = 0
        for text in texts:
            if drawn == count:
                return
            meant = self._truth.medicines[text]
            printed = text
            if (salted := self._truth.salts.get(text)) and self._chance.random() < 0.5:
                printed = self._chance.choice(salted)
                meant = meant_by_product(printed, self._truth.medicines)
            if case := self._of_medicine("drug", printed, meant, noisy, "", ""):
                drawn += 1
                yield case

    def products(self, products: Sequence[Product], count: int, *, noisy: bool) -> Iterator[Case]:
        """Real products: name, specification and maker; the truth is the national entry."""
        by_name = {product.name: product for product in self._chance.sample(products, len(products))}
        drawn = 0
        for product in by_name.values():
            if drawn == count:
                return
            if not _SIMPLE_NAME.match(product.name) or product.category not in ("西药费", "中成药费"):
                self._truth.left_out["product: no plain name"] += 1
                continue
            meant = meant_by_product(product.name, self._truth.medicines)
            case = self._of_medicine(
                "product", product.name, meant, noisy, product.specification, product.maker
            )
            if case:
                drawn += 1
                yield case

    def _of_medicine(
        self, group: str, printed: str, meant: frozenset[Entry], noisy: bool, specification: str, maker: str
    ) -> Case | None:
        if len({one.code for one in meant}) != 1:
            why = "no national entry" if not meant else "several national entries"
            self._truth.left_out[f"{group}: {why}"] += 1
            return None
        entry = next(iter(meant))
        return self.printed(
            Case(
                group,
                noisy,
                printed,
                specification,
                self._chance.choice(("盒", "支", "瓶", "")),
                entry.category,
                frozenset({entry.code}),
                entry.reimbursement_class,
            ),
            maker,
        )

    def services(self, count: int, *, noisy: bool, only: Iterable[str] | None = None) -> Iterator[Case]:
        """Services by their own name; `only` narrows them to some names."""
        texts = sorted(self._truth.services if only is None else only)
        self._chance.shuffle(texts)
        drawn = 0
        for text in texts:
            if drawn == count:
                return
            meant = self._truth.services[text]
            plain = [one for one in meant if _PLAIN_SERVICE_CODE.match(one.code)]
            sources = Counter(one.source for one in meant)
            if not plain or max(sources.values()) > 1 or len(text) < 3:
                self._truth.left_out["service: a sub-item, or twice in one list"] += 1
                continue
            entry = plain[0]
            codes = frozenset(one.code for one in meant)
            case = self.printed(Case("service", noisy, entry.name, "", entry.unit, entry.category, codes), "")
            if case:
                drawn += 1
                yield case

    def printed(self, case: Case, maker: str) -> Case | None:
        """The case as a bill prints it; None where noise makes another known name of it."""
        chance = self._chance
        name = case.name
        medicine = case.group != "service"
        if case.noisy and chance.random() < 0.7:
            name = self._misprints.misread(name)
            if folded(name) in self._truth.texts or meant_by_product(name, self._truth.medicines):
                self._truth.left_out[f"{case.group}: noise made another name of it"] += 1
                return None
        specification = case.specification or (chance.choice(self._specifications) if medicine else "")
        way = chance.random()
        glued = specification if way < 0.3 else ""
        beside = specification if 0.3 <= way < 0.6 else ""
        if case.noisy:
            name = self._misprints.dressed(name, glued, maker, medicine=medicine)
        elif glued:
            name += glued
        return Case(
            case.group,
            case.noisy,
            name,
            beside,
            case.unit if chance.random() < 0.5 else "",
            case.category if chance.random() < 0.5 else "",
            case.codes,
            case.reimbursement_class,
        )


def nonsense(chance: Random, names: Sequence[str], count: int) -> Iterator[str]:
    """Names of nothing: characters of the lists in any order, and halves of two names put together."""
    alphabet = sorted({char for name in names for char in name if is_han(char)})
    known = {folded(name) for name in names}
    long_names = [name for name in names if len(name) >= 4 and all(map(is_han, name))]
    made = 0
    while made < count:
        if made % 2:
            first, second = chance.sample(long_names, 2)
            text = first[: len(first) // 2] + second[len(second) // 2 :]
        else:
            text = "".join(chance.choices(alphabet, k=chance.randint(3, 8)))
        if text not in known:
            made += 1
            yield text


def read_products(file: Path) -> list[Product]:
    """The products of the open local list with their makers; none where the file is absent."""
    categories = {"西药": "西药费", "中成药": "中成药费"}
    if not file.is_file():
        return []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return [
            Product(
                row["drug_name"].strip(),
                row["specification"].strip(),
                row["manufacturer"].strip(),
                categories.get(row["settlement_category"], ""),
            )
            for row in csv.DictReader(lines)
        ]
