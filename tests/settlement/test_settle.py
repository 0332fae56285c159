"""What is settled, what stays a range and what is refused; and what holds for every bill."""

from __future__ import annotations

import importlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import ReimbursementClass
from pipeline.records import ClaimRecord
from pipeline.settlement.record import SettlementRecord, settlement_schema
from pipeline.settlement.settle import refused, settle
from pipeline.settlement.to_date import YearToDate
from tests.settlement.claims import YEAR, claim, computed, local, packaged, row

jsonschema = importlib.import_module("jsonschema")

OUT, IN, SERIOUS = local("S-out"), local("S-in"), local("S-serious")


class TestRefused:
    @pytest.mark.parametrize(
        ("care", "said"),
        [
            (claim(row("10.00"), status="review"), "review，须先复核"),
            (claim(row("10.00"), kind="inpatient"), "住院申报不能按 S-out"),
            (claim(row("10.00"), day=None), "日期未知"),
            (claim(row("10.00"), day="2024-06-01"), "不在累计年度 2025"),
            (claim(row("10.00"), paid_before="3.00"), "已由医保"),
            (claim(total="10.00"), "没有明细"),
            (claim(row("10.00"), total=None), "票据合计未知"),
            (claim(row("-10.00")), "冲红"),
            (claim(row("10.00"), total="9.99"), "大于票据合计"),
            (claim(row("10.005"), total="10.01"), "分以下"),
            (claim(row("5.00"), row("-2.00", name="别的药", code="X-2"), row("1.00", "丙", code="X-3")), ""),
            (claim(row("9.00", "丙"), row("-2.00", name="别的药", code="X-2")), "退费超过"),
        ],
    )
    def test_a_claim_that_must_not_be_paid_is_refused_with_the_reason(
        self, care: ClaimRecord, said: str
    ) -> None:
        one = settle(care, OUT, YEAR)
        if not said:  # a refund that its charge covers is no reason
            assert one["outcome"] == "settled"
            return
        assert one["outcome"] == "refused"
        assert any(said in reason for reason in one["reasons"])
        assert (one["totals"], one["payout"], one["to_date"]["after"]) == (None, None, None)

    def test_a_policy_for_other_insured_is_refused(self) -> None:
        one = settle(claim(row("10.00"), insured="城乡居民"), packaged("A1-out-active"), YEAR)
        assert one["reasons"] == [
            "票据上是城乡居民，不能按 A1-out-active 结算 / A1-out-active is for other insured"
        ]

    def test_a_policy_that_was_not_in_force_is_refused(self) -> None:
        head = OUT.head.model_copy(update={"effective_from": date(2025, 7, 1)})
        early = settle(claim(row("10.00")), OUT.model_copy(update={"head": head}), YEAR)
        assert early["reasons"] == ["S-out 在 2025-06-01 不施行 / is not in force on 2025-06-01"]

    def test_a_claim_is_settled_once_a_year(self) -> None:
        first = settle(claim(row("10.00")), OUT, YEAR)
        again = settle(claim(row("10.00")), OUT, YEAR.after(first))
        assert "已结算过" in again["reasons"][0]

    def test_an_ordinary_set_is_no_serious_illness_set(self) -> None:
        one = settle(claim(row("10.00")), OUT, YEAR, IN)
        assert any("不是大病政策" in reason for reason in one["reasons"])
        assert settle(claim(row("10.00")), SERIOUS, YEAR)["outcome"] == "refused"

    def test_a_claim_for_which_no_policy_was_found_has_its_row_too(self) -> None:
        one = refused(claim(row("10.00")), ["没有政策"])
        jsonschema.validate(one, settlement_schema())
        assert (one["policy"], one["to_date"]["before"]) == (None, None)


class TestRange:
    def test_a_bill_that_its_rows_do_not_cover_is_never_paid_silently(self) -> None:
        """300 of 1000 have rows: 200 x 0.70 = 140 for sure; with the rest 900 x 0.70 = 630."""
        one = settle(claim(row("300.00"), total="1000.00"), OUT, YEAR)
        assert one["outcome"] == "range"
        assert one["payout"] == {"low": "140.00", "high": "630.00"}
        rest = computed(one)["lines"][-1]
        assert (rest["name"], rest["amount"], rest["outside"]) == ("未列明细的差额", "700.00", "700.00")
        assert any("补齐明细" in reason for reason in one["reasons"])

    def test_rows_without_an_amount_are_counted_among_what_is_missing(self) -> None:
        one = settle(claim(row("300.00"), row(None), total="1000.00"), OUT, YEAR)
        assert any("1 行没有金额" in reason for reason in one["reasons"])

    def test_an_unknown_level_is_a_range_over_all_levels(self) -> None:
        """一级: (1000 - 200) x 0.90 = 720, 二级: 480, 三级: 140."""
        one = settle(claim(row("1000.00"), kind="inpatient", grade=None), IN, YEAR)
        assert one["payout"] == {"low": "140.00", "high": "720.00"}
        assert any("等级未知" in reason for reason in one["reasons"])

    def test_an_unknown_level_is_no_matter_where_all_levels_pay_the_same(self) -> None:
        one = settle(claim(row("1000.00"), grade="未定级"), OUT, YEAR)
        assert one["outcome"] == "settled"
        assert computed(one)["level"] is None
        assert "各级结果相同" in {step["step"]: step["why"] for step in computed(one)["steps"]}["ratio"]

    def test_a_stay_without_its_day_of_discharge_is_of_no_year(self) -> None:
        care = claim(row("1000.00"), kind="inpatient")
        care["visit"]["to"] = None
        assert any("日期未知" in reason for reason in settle(care, IN, YEAR)["reasons"])

    @pytest.mark.parametrize(
        ("line", "lists_tell", "said"),
        [
            (row("100.00", None), True, "未载甲乙类"),
            (row("100.00", status="ambiguous"), True, "可能是目录中的几个项目"),
            (row("100.00", status="unmatched"), False, "未对应到目录"),
            (row("100.00", name="*医疗服务*西药费", status="unmatched"), True, "只有费用类别"),
        ],
    )
    def test_an_open_class_lies_between_outside_and_in_full(
        self, line: object, lists_tell: bool, said: str
    ) -> None:
        one = settle(claim(line, row("200.00"), lists_tell=lists_tell), OUT, YEAR)  # type: ignore[arg-type]
        assert one["payout"] == {"low": "70.00", "high": "140.00"}  # 100 x 0.70 and 200 x 0.70
        assert any(said in reason for reason in one["reasons"])

    def test_several_shares_of_a_list_are_a_range_and_no_mean(self) -> None:
        """5 and 10 %: (900 - 100) x 0.70 = 560 to (950 - 100) x 0.70 = 595."""
        one = settle(claim(row("1000.00", "乙", shares=["0.05", "0.1"])), OUT, YEAR)
        assert one["payout"] == {"low": "560.00", "high": "595.00"}

    def test_class_b_without_any_share_is_open_from_nothing_to_all(self) -> None:
        one = settle(claim(row("1000.00", "乙"), grade="一级"), packaged("A1-out-active"), YEAR)
        assert one["payout"] == {"low": "0.00", "high": "750.00"}

    def test_a_refund_goes_with_what_it_refunds(self) -> None:
        """Both rows are of one class: 0 or (110 - 10) x 0.70 over a used deductible, never -10 alone."""
        used = YearToDate(year=2025, deductible_used={"outpatient": Decimal(100)})
        one = settle(claim(row("110.00", None), row("-10.00", None)), OUT, used)
        assert one["payout"] == {"low": "0.00", "high": "70.00"}


class TestPrintedClass:
    @pytest.mark.parametrize(
        ("printed", "fund"), [("甲", "70.00"), ("无自付", "70.00"), ("2", "63.00"), ("自费", "0.00")]
    )
    def test_it_counts_where_the_policy_says_so_and_no_list_has_one(self, printed: str, fund: str) -> None:
        policy = local("S-out", "as_of = 2025-01-01", 'as_of = 2025-01-01\nprinted_class = "counts"')
        used = YearToDate(year=2025, deductible_used={"outpatient": Decimal(100)})
        one = settle(claim(row("100.00", None, printed=printed)), policy, used)
        assert computed(one)["totals"]["fund_payment"] == fund
        assert "按票据所印" in computed(one)["lines"][0]["why"]

    def test_otherwise_it_does_not(self) -> None:
        one = settle(claim(row("200.00", None, printed="甲")), OUT, YEAR)
        assert one["payout"] == {"low": "0.00", "high": "70.00"}  # (200 - 100) x 0.70

    def test_a_class_is_open_even_where_both_ways_pay_nothing(self) -> None:
        """100 under the deductible: nothing either way, but it would use the deductible up."""
        one = settle(claim(row("100.00", None)), OUT, YEAR)
        assert (one["outcome"], one["payout"]) == ("range", {"low": "0.00", "high": "0.00"})

    def test_it_never_overrules_a_list(self) -> None:
        policy = local("S-out", "as_of = 2025-01-01", 'as_of = 2025-01-01\nprinted_class = "counts"')
        one = settle(claim(row("100.00", "丙", printed="甲")), policy, YEAR)
        assert computed(one)["totals"]["self_funded"] == "100.00"


class TestTheRecord:
    def test_rows_of_every_outcome_keep_to_the_schema(self) -> None:
        schema = settlement_schema()
        for care in (claim(row("10.00")), claim(row("900.00", None)), claim(row("1.00"), status="review")):
            jsonschema.validate(settle(care, OUT, YEAR, SERIOUS), schema)

    def test_rows_are_named_by_their_document_and_number(self) -> None:
        one = settle(claim(row("1.00"), row("2.00", document="d-2"), row("3.00")), OUT, YEAR)
        assert [(line["document_id"], line["line"]) for line in computed(one)["lines"]] == [
            ("d-1", 1),
            ("d-2", 1),
            ("d-1", 2),
        ]

    def test_the_steps_stand_in_their_order(self) -> None:
        one = settle(claim(row("1000.00")), OUT, YEAR, SERIOUS)
        names = [step["step"] for step in computed(one)["steps"]]
        assert names[4:9] == ["eligible", "deductible", "ratio", "cap", "serious"]

    def test_a_deductible_that_the_source_does_not_give_is_said_to_be_none(self) -> None:
        one = settle(claim(row("10.00"), grade="一级"), packaged("A1-out-active"), YEAR)
        said = {step["step"]: step["why"] for step in computed(one)["steps"]}
        assert "没有起付标准" in said["deductible"]
        assert "没有封顶线" in said["cap"]

    def test_the_year_is_carried_on(self) -> None:
        one = settle(claim(row("1000.00"), kind="inpatient"), IN, YEAR)
        assert one["to_date"]["after"] == {
            "year": 2025,
            "deductible_used": {"inpatient": "800.00"},
            "stays": 1,
            "fund_paid": {"inpatient": "140.00"},
            "personal_compliant": "860.00",
            "serious_paid": "0.00",
            "claims": ["key-of-C-1"],
        }


MONEY = st.decimals("0.01", 99999, places=2)
CLASSES: st.SearchStrategy[ReimbursementClass] = st.sampled_from(["甲", "乙", "丙"])
CHARGES = st.lists(st.tuples(MONEY, CLASSES), min_size=1, max_size=5)
SHARES = st.sampled_from([["0.05"], ["0.333"], ["0"], ["1"]])


def stay(
    charges: list[tuple[Decimal, ReimbursementClass]], shares: list[str], number: int = 1
) -> ClaimRecord:
    rows = [row(f"{amount:.2f}", cls, shares=shares) for amount, cls in charges]
    return claim(*rows, kind="inpatient", grade="二级", claim_id=f"C-{number}")


def visit(
    charges: list[tuple[Decimal, ReimbursementClass]], shares: list[str], number: int = 1
) -> ClaimRecord:
    rows = [row(f"{amount:.2f}", cls, shares=shares) for amount, cls in charges]
    return claim(*rows, claim_id=f"C-{number}")


def paid(settlement: SettlementRecord) -> Decimal:
    assert settlement["outcome"] == "settled"
    totals = computed(settlement)["totals"]
    return Decimal(totals["fund_payment"]) + Decimal(totals["serious_payment"])


class TestWhatHoldsForEveryBill:
    @given(CHARGES, SHARES, st.decimals(0, 30000, places=2))
    def test_parts_are_never_negative_and_sum_up_to_the_bill(
        self, charges: list[tuple[Decimal, ReimbursementClass]], shares: list[str], compliant: Decimal
    ) -> None:
        before = YearToDate(year=2025, personal_compliant=compliant)
        one = computed(settle(stay(charges, shares), IN, before, SERIOUS))
        parts = {name: Decimal(str(amount)) for name, amount in one["totals"].items()}
        assert min(parts.values()) >= 0
        split = ("fund_payment", "serious_payment", "self_pay", "self_funded")
        charged = sum((amount for amount, _ in charges), Decimal(0))
        assert sum((parts[name] for name in split), Decimal(0)) == parts["total"] == charged
        for line in one["lines"]:
            outcome = (line["entered"], line["advance_self_pay"], line["over_limit"], line["outside"])
            assert sum(map(Decimal, outcome), Decimal(0)) == Decimal(line["amount"])

    @given(CHARGES, MONEY, CLASSES, SHARES)
    def test_more_on_the_bill_never_pays_less(
        self,
        charges: list[tuple[Decimal, ReimbursementClass]],
        more: Decimal,
        cls: ReimbursementClass,
        shares: list[str],
    ) -> None:
        less = settle(stay(charges, shares), IN, YEAR, SERIOUS)
        whole = settle(stay([*charges, (more, cls)], shares), IN, YEAR, SERIOUS)
        assert paid(less) <= paid(whole)
        larger = [(charges[0][0] + more, charges[0][1]), *charges[1:]]
        assert paid(less) <= paid(settle(stay(larger, shares), IN, YEAR, SERIOUS))

    @given(CHARGES, CHARGES, SHARES, st.sampled_from(["fen", "jiao", "yuan"]), st.booleans())
    def test_a_bill_in_two_parts_never_pays_more_in_the_same_year(
        self,
        first: list[tuple[Decimal, ReimbursementClass]],
        second: list[tuple[Decimal, ReimbursementClass]],
        shares: list[str],
        unit: str,
        is_stay: bool,
    ) -> None:
        made = stay if is_stay else visit
        head = ("as_of = 2025-01-01", f'as_of = 2025-01-01\nrounded_down_to = "{unit}"')
        policy, serious = local("S-in" if is_stay else "S-out", *head), local("S-serious", *head)
        whole = paid(settle(made([*first, *second], shares), policy, YEAR, serious))
        one = settle(made(first, shares, 1), policy, YEAR, serious)
        two = settle(made(second, shares, 2), policy, YEAR.after(one), serious)
        assert paid(one) + paid(two) <= whole

    @given(st.lists(CHARGES, min_size=1, max_size=4), SHARES)
    def test_a_year_takes_the_deductible_once_and_never_pays_over_the_cap(
        self, bills: list[list[tuple[Decimal, ReimbursementClass]]], shares: list[str]
    ) -> None:
        year = YEAR
        for number, charges in enumerate(bills):
            year = year.after(settle(visit(charges, shares, number), OUT, year))
        assert year.deductible_used["outpatient"] <= 100
        assert year.fund_paid["outpatient"] <= 2000

    @given(MONEY, MONEY, SHARES)
    def test_a_row_in_two_parts_never_enters_with_more(
        self, one: Decimal, other: Decimal, shares: list[str]
    ) -> None:
        whole = settle(visit([(one + other, "乙")], shares), OUT, YEAR)
        split = settle(visit([(one, "乙"), (other, "乙")], shares), OUT, YEAR)
        assert Decimal(computed(split)["totals"]["eligible"]) <= Decimal(
            computed(whole)["totals"]["eligible"]
        )
        assert paid(split) <= paid(whole)

    @given(CHARGES, SHARES)
    def test_fixing_what_is_open_pays_within_the_range(
        self, charges: list[tuple[Decimal, ReimbursementClass]], shares: list[str]
    ) -> None:
        """The set with ranges and level unknown, against each way in which a local file may fix it."""
        loose = local(
            "S-in",
            "ratios = [{ levels = [1], percent = 90 }, { levels = [2], percent = 80 }, ",
            "ratios = [{ levels = [1, 2], percent = { from = 60, to = 90 } }, ",
        )
        care = stay(charges, shares)
        care["hospital"]["grade"] = None
        found = settle(care, loose, YEAR, SERIOUS)
        assert found["payout"] is not None
        low, high = Decimal(found["payout"]["low"]), Decimal(found["payout"]["high"])
        for grade in ("一级", "二级", "三级"):
            care["hospital"]["grade"] = grade
            assert low <= paid(settle(care, IN, YEAR, SERIOUS)) <= high
