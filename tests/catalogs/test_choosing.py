from __future__ import annotations

from datetime import date
from decimal import Decimal

from pipeline.catalogs.choosing import MATCHED, MATCHED_ALONE
from pipeline.catalogs.entries import Entry
from pipeline.catalogs.matching import Item, ItemMatcher
from pipeline.model import CatalogKind, ReimbursementClass

DAY = date(2025, 8, 1)


def entry(
    name: str,
    level: ReimbursementClass | None = "乙",
    *,
    kind: CatalogKind = "drug",
    code: str = "",
    specification: str = "",
    since: date | None = date(2025, 1, 1),
    price: Decimal | None = None,
) -> Entry:
    category = "西药费" if kind == "drug" else "治疗费"
    return Entry(
        *(kind, code or name, name, "", level, category, "", specification, "", (), since, None),
        *("某市目录", "local", price),
    )


def test_products_of_one_name_and_several_classes_leave_the_class_open() -> None:
    matcher = ItemMatcher([entry("测试沙坦片", "甲", code="1"), entry("测试沙坦片", "丙", code="2")])
    match = matcher.match(Item("测试沙坦片"), DAY)
    assert (match.status, match.reimbursement_class) == ("matched", None)


def test_the_printed_strength_decides_between_products_of_several_classes() -> None:
    matcher = ItemMatcher(
        [
            entry("测试沙坦片", "甲", code="1", specification="80mg"),
            entry("测试沙坦片", "丙", code="2", specification="0.16g"),
        ]
    )
    assert matcher.match(Item("测试沙坦片", "80mg*7片"), DAY).code == "1"
    assert matcher.match(Item("测试沙坦片160mg×7片"), DAY).reimbursement_class == "丙"
    assert matcher.match(Item("测试沙坦片", "40mg*7片"), DAY).reimbursement_class is None


def test_a_price_far_from_the_known_one_decides_between_two_that_come_equally_near() -> None:
    entries = [
        entry("心电图检查", None, kind="service", price=Decimal(20)),
        entry("脑电图检查", None, kind="service", price=Decimal(900)),
    ]
    matcher = ItemMatcher(entries)
    assert matcher.match(Item("囗电图检查"), DAY).status == "ambiguous"
    match = matcher.match(Item("囗电图检查", unit_price=Decimal(22)), DAY)
    assert match.name == "心电图检查"
    assert any("单价远离目录价" in candidate.why for candidate in match.candidates)


def test_a_price_alone_sinks_no_name_that_stands_there_letter_by_letter() -> None:
    matcher = ItemMatcher([entry("动态心电图", None, kind="service", price=Decimal(150))])
    match = matcher.match(Item("动态心电图", unit_price=Decimal("0.01")), DAY)
    assert match.status == "matched"
    assert "单价远离目录价" in match.why


def test_an_entry_that_stands_alone_is_taken_a_little_earlier_than_one_that_does_not() -> None:
    """One character lost of six: 0.83."""
    alone = ItemMatcher([entry("地奥司明酚片")])
    beside = ItemMatcher([entry("地奥司明酚片"), entry("奥司他酚片")])
    found = alone.match(Item("地奥司明片"), DAY)
    assert found.status == ("matched" if found.score >= MATCHED_ALONE else "unmatched")
    assert MATCHED_ALONE < MATCHED
    assert beside.match(Item("奥司明酚片"), DAY).status == "unmatched"


def test_an_entry_in_force_stands_before_one_that_is_not() -> None:
    old = entry("测试沙坦片", "甲", since=date(2030, 1, 1))
    matcher = ItemMatcher([old, entry("测试普坦片")])
    match = matcher.match(Item("测试囗坦片"), DAY)
    shown = match.candidates[0].name if match.status != "matched" else match.name
    assert shown == "测试普坦片"


def test_nothing_of_a_list_that_is_empty_is_matched() -> None:
    match = ItemMatcher([]).match(Item("阿莫西林胶囊"), DAY)
    assert (match.status, match.candidates) == ("unmatched", ())
