"""Settlements recomputed by hand: every row of the policy table, then each step by a local file.

In the comments: what enters, less the deductible, times the ratio, cut to the fen. 自付 is what is left in
the scope, 自费 what lies outside.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipeline.model import ReimbursementClass
from pipeline.places.place import Scope
from pipeline.records import ClaimRecord, VisitKind
from pipeline.settlement.policy import PolicySet
from pipeline.settlement.record import SettlementRecord
from pipeline.settlement.settle import NO_SCOPE, settle
from pipeline.settlement.to_date import YearToDate
from tests.settlement.claims import YEAR, claim, computed, local, packaged, row

GRADES = {1: "一级甲等", 2: "二级甲等", 3: "三级甲等"}


def kind_of(policy: PolicySet) -> VisitKind:
    return "inpatient" if policy.terms.care == "inpatient" else "outpatient"


def bill(policy: PolicySet, level: int, *rows: tuple[str, ReimbursementClass]) -> ClaimRecord:
    return claim(*(row(amount, cls) for amount, cls in rows), grade=GRADES[level], kind=kind_of(policy))


def settled(settlement: SettlementRecord) -> tuple[str, str, str, str]:
    """Fund, serious illness, 自付, 自费 of a settlement to the fen."""
    assert settlement["outcome"] == "settled", settlement["reasons"]
    totals = computed(settlement)["totals"]
    return totals["fund_payment"], totals["serious_payment"], totals["self_pay"], totals["self_funded"]


def span(settlement: SettlementRecord) -> tuple[str, str]:
    """The least and the most of a settlement that stays open."""
    assert settlement["outcome"] == "range"
    assert settlement["payout"] is not None
    return settlement["payout"]["low"], settlement["payout"]["high"]


@pytest.mark.parametrize(
    ("key", "level", "amount", "fund", "self_pay"),
    [
        # 门诊统筹, 在职: 75 / 70 / 60 %
        ("A1-out-active", 1, "1000.00", "750.00", "250.00"),  # 1000.00 x 0.75
        ("A1-out-active", 2, "1000.00", "700.00", "300.00"),  # 1000.00 x 0.70
        ("A1-out-active", 3, "333.33", "199.99", "133.34"),  # 333.33 x 0.60 = 199.998, cut
        # 门诊统筹, 退休: 85 / 80 / 70 %
        ("A1-out-retired", 1, "1000.01", "850.00", "150.01"),  # 1000.01 x 0.85 = 850.0085, cut
        ("A1-out-retired", 2, "512.40", "409.92", "102.48"),  # 512.40 x 0.80
        ("A1-out-retired", 3, "99.99", "69.99", "30.00"),  # 99.99 x 0.70 = 69.993, cut
        # 门诊慢特病: 65 % at every level
        ("A1-chronic", 1, "1234.56", "802.46", "432.10"),  # 1234.56 x 0.65 = 802.464, cut
        ("A1-chronic", 2, "200.00", "130.00", "70.00"),  # 200.00 x 0.65
        ("A1-chronic", 3, "0.01", "0.00", "0.01"),  # 0.01 x 0.65 = 0.0065, cut
        # 住院, 在职: 90 / 87 / 85 %
        ("A1-in-active", 1, "8000.00", "7200.00", "800.00"),  # 8000.00 x 0.90
        ("A1-in-active", 2, "12345.67", "10740.73", "1604.94"),  # 12345.67 x 0.87 = 10740.7329, cut
        ("A1-in-active", 3, "20000.00", "17000.00", "3000.00"),  # 20000.00 x 0.85
        # 住院, 退休: 95 / 92 / 90 %
        ("A1-in-retired", 1, "5000.00", "4750.00", "250.00"),  # 5000.00 x 0.95
        ("A1-in-retired", 2, "1000.05", "920.04", "80.01"),  # 1000.05 x 0.92 = 920.046, cut
        ("A1-in-retired", 3, "10950.00", "9855.00", "1095.00"),  # 10950.00 x 0.90
        # 城乡居民住院, 一级: 65 %, the only exact figure of the third set
        ("A3-in", 1, "3000.00", "1950.00", "1050.00"),  # 3000.00 x 0.65
    ],
)
def test_a_row_of_the_table_that_gives_an_exact_ratio_is_settled(
    key: str, level: int, amount: str, fund: str, self_pay: str
) -> None:
    policy = packaged(key)
    assert settled(settle(bill(policy, level, (amount, "甲")), policy, YEAR)) == (
        fund,
        "0.00",
        self_pay,
        "0.00",
    )


@pytest.mark.parametrize(
    ("key", "level", "amount", "low", "high", "said"),
    [
        # ≈ 70 %: how far off is not said, so 0 to 100 %; 100 and 2,000 are examples, so nobody's figures:
        # the deductible may be all of it, or nothing.
        ("A2-out-active", 1, "1000.00", "0.00", "1000.00", "约 70 %"),
        # Levels 2 and 3: the source gives nothing.
        ("A2-out-active", 3, "1000.00", "0.00", "1000.00", "来源未给出"),
        ("A2-out-retired", 1, "1000.00", "0.00", "1000.00", "不低于 80 %"),
        # Up to 90 %, 200 each stay: nothing to (5000 - 200) x 0.90
        ("A2-in", 1, "5000.00", "0.00", "4320.00", "最高 90 %"),
        # ≈ 80 %, 400 each stay: nothing to (5000 - 400) x 1
        ("A2-in", 2, "5000.00", "0.00", "4600.00", "约 80 %"),
        # ≈ 70 %, 800 each stay: nothing to (5000 - 800) x 1
        ("A2-in", 3, "5000.00", "0.00", "4200.00", "约 70 %"),
        ("A3-out", 1, "800.00", "400.00", "480.00", "50–60 %"),  # x 0.50 to x 0.60
        ("A3-out", 3, "800.00", "400.00", "480.00", "50–60 %"),
        ("A3-in", 2, "3000.00", "1650.00", "2400.00", "55–80 %"),  # x 0.55 to x 0.80
        ("A3-in", 3, "3000.00", "1500.00", "2250.00", "50–75 %"),  # x 0.50 to x 0.75
    ],
)
def test_a_row_of_the_table_that_gives_no_exact_ratio_is_a_range_and_names_the_figure(
    key: str, level: int, amount: str, low: str, high: str, said: str
) -> None:
    policy = packaged(key)
    settlement = settle(bill(policy, level, (amount, "甲")), policy, YEAR)
    assert span(settlement) == (low, high)
    assert any(said in reason for reason in settlement["reasons"])
    assert settlement["to_date"]["after"] is None


def test_the_serious_illness_row_for_employees_is_a_range_above_its_threshold() -> None:
    """A2-serious: 10,000 personal, then 50–80 %.

    20000 x 0.85 = 17000 from the fund, 3000 自付; with 9000 before that is 12000, 2000 of it over 10000:
    1000 to 1600. 17000 + 1000 = 18000, 17000 + 1600 = 18600.
    """
    policy = packaged("A1-in-active")
    before = YearToDate(year=2025, personal_compliant=Decimal(9000))
    one = settle(bill(policy, 3, ("20000.00", "甲")), policy, before, packaged("A2-serious"))
    assert span(one) == ("18000.00", "18600.00")
    assert any("A2-serious 的三级比例来源只给出“50–80 %”" in reason for reason in one["reasons"])


def test_below_the_threshold_a_range_of_the_serious_illness_ratio_changes_nothing() -> None:
    policy = packaged("A1-in-active")
    one = settle(bill(policy, 3, ("20000.00", "甲")), policy, YEAR, packaged("A2-serious"))
    assert settled(one) == ("17000.00", "0.00", "3000.00", "0.00")  # 3000 is under 10000


def test_the_serious_illness_row_for_residents_has_no_threshold_and_is_open_from_nothing() -> None:
    """A3-serious: the threshold is by place. 3000 x 0.65 = 1950, 自付 1050.

    Never reached: 1950. Reached at once, 80 %: 1050 x 0.80 = 840, so 2790.
    """
    policy = packaged("A3-in")
    one = settle(bill(policy, 1, ("3000.00", "甲")), policy, YEAR, packaged("A3-serious"))
    assert span(one) == ("1950.00", "2790.00")
    assert any("未定（因地而异）" in reason for reason in one["reasons"])


USED = YearToDate(year=2025, deductible_used={"outpatient": Decimal(100)})
"""The deductible of the year is used up."""


@pytest.mark.parametrize(
    ("rows", "before", "expected"),
    [
        # 70 %, 100 a year, 2,000 a year at most.
        # (1000 - 100) x 0.70 = 630; 1000 - 630 = 370
        ([row("1000.00")], YEAR, ("630.00", "0.00", "370.00", "0.00")),
        # 60 of 100 used before: (1000 - 40) x 0.70 = 672
        (
            [row("1000.00")],
            YearToDate(year=2025, deductible_used={"outpatient": Decimal(60)}),
            ("672.00", "0.00", "328.00", "0.00"),
        ),
        # All used: 1000 x 0.70
        ([row("1000.00")], USED, ("700.00", "0.00", "300.00", "0.00")),
        # The deductible of stays is another one: (1000 - 100) x 0.70
        (
            [row("1000.00")],
            YearToDate(year=2025, deductible_used={"inpatient": Decimal(800)}),
            ("630.00", "0.00", "370.00", "0.00"),
        ),
        # 80 is under the deductible: nothing
        ([row("80.00")], YEAR, ("0.00", "0.00", "80.00", "0.00")),
        # (4000 - 100) x 0.70 = 2730, over the cap: 2000
        ([row("4000.00")], YEAR, ("2000.00", "0.00", "2000.00", "0.00")),
        # 1900 paid before: 1000 x 0.70 = 700, 100 left
        (
            [row("1000.00")],
            USED.model_copy(update={"fund_paid": {"outpatient": Decimal(1900)}}),
            ("100.00", "0.00", "900.00", "0.00"),
        ),
        # The cap is used up
        (
            [row("1000.00")],
            USED.model_copy(update={"fund_paid": {"outpatient": Decimal(2000)}}),
            ("0.00", "0.00", "1000.00", "0.00"),
        ),
        # 乙, the list says nothing, the policy 10 %: 900 enter; (900 - 100) x 0.70 = 560; 自付 100 + 340
        ([row("1000.00", "乙")], YEAR, ("560.00", "0.00", "440.00", "0.00")),
        # 乙, the list says 5 % and goes before the policy: (950 - 100) x 0.70 = 595; 自付 50 + 355
        ([row("1000.00", "乙", shares=["0.05"])], YEAR, ("595.00", "0.00", "405.00", "0.00")),
        # 乙 5 % of 33.33: 31.6635 enter, cut 31.66; x 0.70 = 22.162, cut 22.16; 33.33 - 22.16 = 11.17
        ([row("33.33", "乙", shares=["0.05"])], USED, ("22.16", "0.00", "11.17", "0.00")),
        # A 甲 row enters in full whatever share its list has (C-1)
        ([row("100.00", "甲", shares=["0.05"])], USED, ("70.00", "0.00", "30.00", "0.00")),
        # 丙 alone: nothing enters
        ([row("500.00", "丙")], YEAR, ("0.00", "0.00", "0.00", "500.00")),
        # 300 + 200 x 0.9 = 480 enter; (480 - 100) x 0.70 = 266; 自付 20 + 214; 自费 100
        (
            [row("300.00"), row("200.00", "乙"), row("100.00", "丙")],
            YEAR,
            ("266.00", "0.00", "234.00", "100.00"),
        ),
        # A row that whole lists do not have is 丙 (R-SCOPE-2): 200 x 0.70
        (
            [row("200.00"), row("50.00", name="新药", status="unmatched")],
            USED,
            ("140.00", "0.00", "60.00", "50.00"),
        ),
        # A refund of half: 乙 10 %: 180 - 90 = 90 enter; x 0.70 = 63; 自付 100 - 63
        ([row("200.00", "乙"), row("-100.00", "乙")], USED, ("63.00", "0.00", "37.00", "0.00")),
    ],
)
def test_outpatient_care_by_a_local_file(
    rows: list[object], before: YearToDate, expected: tuple[str, str, str, str]
) -> None:
    assert settled(settle(claim(*rows), local("S-out"), before)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("level", "amount", "fund", "self_pay"),
    [
        (1, "1000.00", "720.00", "280.00"),  # (1000 - 200) x 0.90
        (2, "1000.00", "480.00", "520.00"),  # (1000 - 400) x 0.80
        (3, "1000.00", "140.00", "860.00"),  # (1000 - 800) x 0.70
        (1, "150.00", "0.00", "150.00"),  # under 200
    ],
)
def test_a_stay_by_a_local_file_pays_the_deductible_of_its_level(
    level: int, amount: str, fund: str, self_pay: str
) -> None:
    policy = local("S-in")
    before = YearToDate(year=2025, deductible_used={"inpatient": Decimal(800)}, stays=1)
    one = settle(bill(policy, level, (amount, "甲")), policy, before)  # once more: it is per stay
    assert settled(one) == (fund, "0.00", self_pay, "0.00")


@pytest.mark.parametrize(
    ("level", "amount", "before", "cap", "expected"),
    [
        # (50000 - 800) x 0.70 = 34440; 自付 15560; (15560 - 10000) x 0.60 = 3336; 15560 - 3336 = 12224
        (3, "50000.00", YEAR, "600000", ("34440.00", "3336.00", "12224.00", "0.00")),
        # The same with a cap of 3000
        (3, "50000.00", YEAR, "3000", ("34440.00", "3000.00", "12560.00", "0.00")),
        # (1200 - 200) x 0.90 = 900; 自付 300, with 20000 before 20300; 10300 x 0.60 = 6180; 6000 were paid
        (
            1,
            "1200.00",
            YearToDate(year=2025, personal_compliant=Decimal(20000), serious_paid=Decimal(6000)),
            "600000",
            ("900.00", "180.00", "120.00", "0.00"),
        ),
        # What earlier claims left unpaid is not made up by this one: 6180 are due, 自付 of it is 300
        (
            1,
            "1200.00",
            YearToDate(year=2025, personal_compliant=Decimal(20000)),
            "600000",
            ("900.00", "300.00", "0.00", "0.00"),
        ),
    ],
)
def test_serious_illness_by_a_local_file_counts_the_year(
    level: int, amount: str, before: YearToDate, cap: str, expected: tuple[str, str, str, str]
) -> None:
    policy, serious = local("S-in"), local("S-serious", "cap = 600000", f"cap = {cap}")
    assert settled(settle(bill(policy, level, (amount, "甲")), policy, before, serious)) == expected


def test_self_funded_money_does_not_count_towards_serious_illness() -> None:
    """(10800 - 800) x 0.70 = 7000; 自付 3800, under 10000 though 90000 were paid outside the scope."""
    policy = local("S-in")
    one = settle(bill(policy, 3, ("10800.00", "甲"), ("90000.00", "丙")), policy, YEAR, local("S-serious"))
    assert settled(one) == ("7000.00", "0.00", "3800.00", "90000.00")


LIMITED = 'as_of = 2025-01-01\nprice_limits = [{ code = "X-1", unit = "盒", yuan = 10 }]\n'


def test_what_is_over_a_price_limit_is_self_funded() -> None:
    """3 boxes for 45, 10 a box: 30 enter, 15 do not; 30 x 0.70 = 21."""
    policy = local("S-out", "as_of = 2025-01-01\n", LIMITED)
    one = settle(claim(row("45.00", unit="盒", quantity="3")), policy, USED)
    assert settled(one) == ("21.00", "0.00", "9.00", "15.00")
    assert computed(one)["lines"][0]["over_limit"] == "15.00"


def test_a_price_limit_of_another_unit_cannot_be_compared_and_leaves_the_row_open() -> None:
    policy = local("S-out", "as_of = 2025-01-01\n", LIMITED)
    one = settle(claim(row("45.00", unit="片", quantity="30")), policy, USED)
    assert span(one) == ("0.00", "31.50")  # nothing to 45 x 0.70
    assert any("无法比较" in reason for reason in one["reasons"])


STANDARDS = 'as_of = 2025-01-01\npayment_standards = "limits"\n'


@pytest.mark.parametrize(
    "standard", ["10.00元(10mg/片)", "10.00元(10mg/片(按C22H25FN2O4S计))", "10元(每片含二甲双胍1000mg/片)"]
)
def test_a_payment_standard_of_the_list_is_a_limit_where_the_policy_says_so(standard: str) -> None:
    """3 tablets for 45, 10 a tablet: 30 x 0.70 = 21; where the policy does not say so 45 x 0.70 = 31.50."""
    care = claim(row("45.00", unit="片", quantity="3", standard=standard))
    policy = local("S-out", "as_of = 2025-01-01\n", STANDARDS)
    assert settled(settle(care, policy, USED)) == ("21.00", "0.00", "9.00", "15.00")
    assert settled(settle(care, local("S-out"), USED)) == ("31.50", "0.00", "13.50", "0.00")


@pytest.mark.parametrize(
    "standard", ["1.70元(1g/袋)；3.95元(3g/袋)", "63.00元(10mg/支)", "3.47元(每片含1000mg)"]
)
def test_a_payment_standard_by_another_unit_or_strength_leaves_the_row_open(standard: str) -> None:
    policy = local("S-out", "as_of = 2025-01-01\n", STANDARDS)
    one = settle(claim(row("45.00", unit="盒", quantity="1", standard=standard)), policy, USED)
    assert span(one) == ("0.00", "31.50")


def test_a_bed_day_enters_up_to_its_limit() -> None:
    """3 days for 240, 50 a day: 150 of them, and 1650: 1800; (1800 - 800) x 0.70 = 700; 1800 - 700 = 1100."""
    scope = Scope(bed_words=("床位费",), bed_limits={"床位费": "50"})
    beds = row("240.00", name="普通床位费", quantity="3")
    stay = claim(beds, row("1650.00"), kind="inpatient")
    assert settled(settle(stay, local("S-in"), YEAR, scope=scope)) == ("700.00", "0.00", "1100.00", "90.00")


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(not_payable=("护工费",)), ("70.00", "0.00", "30.00", "150.00")),  # 100 x 0.70
        (NO_SCOPE, ("175.00", "0.00", "75.00", "0.00")),  # 250 x 0.70
    ],
)
def test_what_a_place_does_not_pay_stays_outside_whatever_its_class(
    scope: Scope, expected: tuple[str, str, str, str]
) -> None:
    care = claim(row("100.00"), row("150.00", name="护 工 费"))
    assert settled(settle(care, local("S-out"), USED, scope=scope)) == expected


@pytest.mark.parametrize(
    ("unit", "fund"),
    [("fen", "701.03"), ("jiao", "701.00"), ("yuan", "701.00")],
)
def test_payments_are_cut_to_the_unit_of_the_policy(unit: str, fund: str) -> None:
    """1001.48 x 0.70 = 701.036."""
    policy = local("S-out", "as_of = 2025-01-01\n", f'as_of = 2025-01-01\nrounded_down_to = "{unit}"\n')
    assert settled(settle(claim(row("1001.48")), policy, USED))[0] == fund
