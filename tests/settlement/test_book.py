"""Policy files: what ships, which set holds, and how files that are wrong or do not fit are refused."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import PolicyRefused
from pipeline.settlement.book import DATA, packaged_policies, read_policies, read_policy
from pipeline.settlement.figures import Figure
from tests.settlement.claims import LOCAL

DAY = date(2025, 6, 1)


def put(folder: Path, name: str = "sample.toml", old: str = "", new: str = "") -> Path:
    assert old in LOCAL
    file = folder / name
    file.write_text(LOCAL.replace(old, new, 1) if old else LOCAL, "utf-8")
    return file


class TestWhatShips:
    def test_every_row_of_the_table_is_a_set(self) -> None:
        assert packaged_policies().keys == [
            *("A1-chronic", "A1-in-active", "A1-in-retired", "A1-out-active", "A1-out-retired"),
            *("A2-in", "A2-out-active", "A2-out-retired", "A2-serious"),
            *("A3-in", "A3-out", "A3-serious"),
        ]

    @pytest.mark.parametrize(
        ("key", "levels"),
        [
            ("A1-out-active", ("75 %", "70 %", "60 %")),
            ("A1-out-retired", ("85 %", "80 %", "70 %")),
            ("A1-chronic", ("65 %", "65 %", "65 %")),
            ("A1-in-active", ("90 %", "87 %", "85 %")),
            ("A1-in-retired", ("95 %", "92 %", "90 %")),
            ("A2-out-active", ("约 70 %", "未定（来源未给出）", "未定（来源未给出）")),
            ("A2-out-retired", ("不低于 80 %", "未定（来源未给出）", "未定（来源未给出）")),
            ("A2-in", ("最高 90 %", "约 80 %", "约 70 %")),
            ("A2-serious", ("50–80 %", "50–80 %", "50–80 %")),
            ("A3-out", ("50–60 %", "50–60 %", "50–60 %")),
            ("A3-in", ("65 %", "55–80 %", "50–75 %")),
            ("A3-serious", ("50–80 %", "50–80 %", "50–80 %")),
        ],
    )
    def test_ratios_are_those_of_the_source_in_its_own_words(
        self, key: str, levels: tuple[str, str, str]
    ) -> None:
        terms = packaged_policies().set_of(key, DAY).terms
        assert tuple(terms.ratio(level).said(" %") for level in (1, 2, 3)) == levels

    @pytest.mark.parametrize(
        ("key", "deductible", "cap", "threshold"),
        [
            ("A1-in-active", None, None, None),
            ("A2-out-active", ["例如 100 元"] * 3, "例如 2000 元", None),
            ("A2-in", ["200 元", "400 元", "800 元"], None, None),
            ("A2-serious", None, None, "10000 元"),
            ("A3-serious", None, "例如 600000 元", "未定（因地而异）"),
        ],
    )
    def test_deductibles_and_caps_are_those_of_the_source(
        self, key: str, deductible: list[str] | None, cap: str | None, threshold: str | None
    ) -> None:
        terms = packaged_policies().set_of(key, DAY).terms
        said = terms.deductible and [terms.deductible.of(level).said(" 元") for level in (1, 2, 3)]
        assert said == deductible
        assert (terms.cap and terms.cap.said(" 元")) == cap
        assert (terms.threshold and terms.threshold.said(" 元")) == threshold


class TestWhichSetHolds:
    def test_a_set_is_chosen_by_region_insured_and_care(self) -> None:
        book = packaged_policies()
        assert book.choose("a1", "retired", "inpatient", DAY).key == "A1-in-retired"
        assert book.choose("a1", "resident", "chronic", DAY).key == "A1-chronic"
        assert book.choose("a2", "retired", "inpatient", DAY).key == "A2-in"
        serious = book.serious_of("a3", "resident", DAY)
        assert serious is not None
        assert serious.key == "A3-serious"
        assert book.serious_of("a1", "active", DAY) is None

    @pytest.mark.parametrize(
        ("region", "insured", "care", "said"),
        [("a9", "active", "outpatient", "没有此地区"), ("a3", "active", "outpatient", "没有在职职工门诊")],
    )
    def test_what_there_is_not_is_refused_by_name(
        self, region: str, insured: str, care: str, said: str
    ) -> None:
        with pytest.raises(PolicyRefused, match=said):
            packaged_policies().choose(region, insured, care, DAY)  # type: ignore[arg-type]
        with pytest.raises(PolicyRefused, match="A1-in-active"):
            packaged_policies().set_of("A9", DAY)

    def test_a_region_is_added_by_a_file(self, tmp_path: Path) -> None:
        put(tmp_path)
        book = read_policies([DATA, tmp_path])
        assert book.regions == ["a1", "a2", "a3", "sample"]
        assert book.choose("sample", "active", "outpatient", DAY).terms.ratio(2).exact == 70

    def test_a_file_of_the_same_name_replaces_the_packaged_one(self, tmp_path: Path) -> None:
        file = tmp_path / "a1.toml"
        file.write_text(
            (DATA / "a1.toml").read_text("utf-8").replace("percent = 75 ", "percent = 76.5 "), "utf-8"
        )
        ratio = read_policies([DATA, tmp_path]).set_of("A1-out-active", DAY).terms.ratio(1)
        assert ratio.exact == Decimal("76.5")

    def test_the_set_of_the_day_is_taken_and_ends_where_the_next_begins(self, tmp_path: Path) -> None:
        put(tmp_path, "2025.toml")
        put(
            tmp_path,
            "2026.toml",
            'as_of = 2025-01-01\n\n[sets.S-out]\ninsured = ["any"]\ncare = "outpatient"\n'
            "ratios = [{ levels = [1, 2, 3], percent = 70 }]",
            'as_of = 2026-01-01\neffective_from = 2026-01-01\n\n[sets.S-out]\ninsured = ["any"]\n'
            'care = "outpatient"\nratios = [{ levels = [1, 2, 3], percent = 75 }]',
        )
        book = read_policies([tmp_path])
        last, first = date(2025, 12, 31), date(2026, 1, 1)
        assert [book.set_of("S-out", day).terms.ratio(1).exact for day in (last, first)] == [70, 75]
        assert book.set_of("S-out", last).head.effective_to == last

    def test_before_the_first_file_nothing_holds(self, tmp_path: Path) -> None:
        put(tmp_path, old="as_of = 2025-01-01", new="as_of = 2025-01-01\neffective_from = 2025-07-01")
        with pytest.raises(PolicyRefused, match="2025-07-01 起施行"):
            read_policies([tmp_path]).set_of("S-out", DAY)


def test_the_example_of_the_manual_is_a_policy_file(tmp_path: Path) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "settlement.md").read_text("utf-8")
    example = manual.partition("```toml\n")[2].partition("```")[0]
    file = tmp_path / "example.toml"
    file.write_text(example, "utf-8")
    assert read_policy(file).sets["sample-out"].cap == Figure(exact=Decimal(2000))


class TestRefused:
    @pytest.mark.parametrize(
        ("first", "second", "said"),
        [
            ("", "", "重叠"),
            ("effective_to = 2026-06-30", "effective_from = 2026-06-30", "2026-06-30"),
            ("effective_to = 2026-06-30", "effective_from = 2026-07-02", "2026-07-01 至 2026-07-01 没有政策"),
            ("", "effective_from = 2026-01-01\neffective_to = 2026-12-31", "不应有 effective_to"),
        ],
    )
    def test_files_that_overlap_leave_a_gap_or_end(
        self, tmp_path: Path, first: str, second: str, said: str
    ) -> None:
        put(tmp_path, "a.toml", "as_of = 2025-01-01", f"as_of = 2025-01-01\n{first}")
        put(tmp_path, "b.toml", "as_of = 2025-01-01", f"as_of = 2025-01-01\n{second}")
        with pytest.raises(PolicyRefused, match=said):
            read_policies([tmp_path])

    def test_two_regions_with_one_key(self, tmp_path: Path) -> None:
        put(tmp_path, "a.toml")
        put(tmp_path, "b.toml", 'region = "sample"', 'region = "other"')
        with pytest.raises(PolicyRefused, match=r"b\.toml: sets\.S-out 已用于 sample"):
            read_policies([tmp_path])

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("levels = [1, 2, 3], percent = 70", "levels = [1, 3], percent = 70", "ratios: 缺少 2 级"),
            (
                "[{ levels = [1, 2, 3], percent = 70 }]",
                "[{ levels = [1, 2, 3], percent = 70 }, { levels = [2], percent = 60 }]",
                "ratios: 2 级重复",
            ),
            ("levels = [1], yuan = 200", "levels = [1, 2], yuan = 200", "amounts: 2 级重复"),
            ("{ levels = [2], yuan = 400 }, ", "", "amounts: 缺少 2 级"),
            ("percent = 70", "percent = 170", "超过 100 %"),
            ("percent = 70", "percent = -1", "sets.S-out.ratios.0.percent.exact"),
            ("percent = 70", "percent = nan", "sets.S-out.ratios.0.percent.exact"),
            ("percent = 70", "percent = true", "sets.S-out.ratios.0.percent"),
            ("percent = 70", "percent = { about = 70, example = 70 }", "应为一个数"),
            ("percent = 70", "percent = {}", "应为一个数"),
            ("percent = 70", "percent = { from = 80, to = 50 }", "小于 from"),
            ("percent = 70", "percent = { aprox = 70 }", "sets.S-out.ratios.0.percent.aprox: 没有这个键"),
            ("levels = [1, 2, 3], percent = 70", "levels = [1, 2, 4], percent = 70", "levels.2"),
            ("levels = [1, 2, 3], percent = 70", "levels = [], percent = 70", "ratios.0.levels"),
            ('insured = ["any"]', 'insured = ["any", "active"]', "insured: 重复"),
            ('insured = ["any"]', "insured = []", "sets.S-out.insured"),
            ('insured = ["any"]', 'insured = ["everybody"]', "sets.S-out.insured"),
            ('care = "inpatient"', 'care = "outpatient"', "deductible.per: 只有住院按次"),
            ("threshold = 10000", "", "threshold: 大病必须有"),
            ("cap = 2000", "cap = 2000\nthreshold = 1", "threshold: 大病必须有"),
            ("cap = 600000", "class_b_self_pay = 5", "大病不用"),
            ("cap = 2000", "capp = 2000", "sets.S-out.capp: 没有这个键"),
            ('source = "为测试编写"', "", "source: 缺少此项"),
            ("[sets.S-out]", '[sets."S out"]', "sets.S out"),
            ("as_of = 2025-01-01", 'as_of = "January"', "as_of"),
            (
                "as_of = 2025-01-01",
                "as_of = 2025-01-01\neffective_from = 2025-02-01\neffective_to = 2025-01-01",
                "effective_to 早于",
            ),
            ("as_of = 2025-01-01", 'as_of = 2025-01-01\nrounded_down_to = "half"', "rounded_down_to"),
            (
                "as_of = 2025-01-01",
                'as_of = 2025-01-01\nprice_limits = [{ unit = "盒", yuan = 1 }]',
                "应有 code 或 name",
            ),
            (
                "as_of = 2025-01-01",
                'as_of = 2025-01-01\nprice_limits = [{ code = "X", unit = "盒", yuan = 1 },'
                ' { code = "X", unit = "片", yuan = 2 }]',
                "price_limits: 重复",
            ),
            ("[sets.S-out]", "[sets.S-out", "无法读取"),
        ],
    )
    def test_a_fault_is_named_with_file_and_key(self, tmp_path: Path, old: str, new: str, said: str) -> None:
        with pytest.raises(PolicyRefused) as refused:
            read_policy(put(tmp_path, "wrong.toml", old, new))
        assert "wrong.toml" in str(refused.value)
        assert said in str(refused.value)

    def test_two_sets_for_the_same_insured_and_care(self, tmp_path: Path) -> None:
        file = put(tmp_path)
        more = ("[sets.S-more]", 'insured = ["retired"]', 'care = "outpatient"')
        ratios = "ratios = [{ levels = [1, 2, 3], percent = 1 }]"
        file.write_text("\n".join([LOCAL, *more, ratios]), "utf-8")
        with pytest.raises(PolicyRefused, match=r"sets\.S-out 与 sets\.S-more: 退休职工门诊重叠"):
            read_policy(file)

    def test_bytes_that_are_no_text(self, tmp_path: Path) -> None:
        file = tmp_path / "wrong.toml"
        file.write_bytes(b"\xff\xfe\x00")
        with pytest.raises(PolicyRefused, match="无法读取"):
            read_policy(file)

    def test_the_mark_that_windows_editors_put_first_harms_nothing(self, tmp_path: Path) -> None:
        file = tmp_path / "sample.toml"
        file.write_text(LOCAL, "utf-8-sig")
        assert read_policy(file).region == "sample"


class TestFigures:
    @given(st.decimals(0, 100, places=4))
    def test_a_number_in_a_file_is_that_number(self, number: Decimal) -> None:
        told = tomllib.loads(f"it = {number:f}", parse_float=Decimal)["it"]
        figure = Figure.model_validate(told)
        assert figure.between() == (number, number)

    @given(
        st.dictionaries(st.sampled_from(["from", "to", "about", "example"]), st.integers(0, 100), min_size=1)
    )
    def test_what_it_names_lies_within_its_bounds(self, told: dict[str, int]) -> None:
        try:
            figure = Figure.model_validate(told)
        except pydantic.ValidationError:
            return
        least, most = figure.between(Decimal(100))
        assert most is not None
        assert least <= figure.largest <= most
        assert not figure.is_exact
