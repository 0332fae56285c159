"""`baoxiao settle` as a user runs it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import main
from pipeline.records import ClaimRecord
from pipeline.settings import settings
from pipeline.settlement.command import app
from pipeline.settlement.record import settlement_schema
from pipeline.whole_files import write_all
from tests.settlement.claims import LOCAL, claim, row

jsonschema = importlib.import_module("jsonschema")

RUN = CliRunner()
ID = "11010519491231002X"


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No places, policies or settings of whoever runs the tests."""
    for name in ("POLICY_DIR", "PLACE_DIR"):
        monkeypatch.setenv(f"BAOXIAO_{name}", str(tmp_path / name))
    monkeypatch.delenv("BAOXIAO_POLICY_REGION", raising=False)
    settings.cache_clear()
    yield
    settings.cache_clear()


def put(folder: Path, *claims: ClaimRecord, more: str = "") -> Path:
    file = folder / "claims.jsonl"
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in claims)
    file.write_text(lines + more, "utf-8")
    return file


def local(folder: Path) -> str:
    file = folder / "sample.toml"
    file.write_text(LOCAL, "utf-8")
    return str(file)


def run(*arguments: str | Path) -> Result:
    return RUN.invoke(app, [str(one) for one in arguments])


def rows(folder: Path, name: str = "settlements.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]


def funds(folder: Path) -> list[str]:
    return [one["totals"]["fund_payment"] for one in rows(folder)]


def test_claims_of_one_person_are_settled_by_day_with_the_year_carried_on(tmp_path: Path) -> None:
    """100 a year are taken of the claim of May: (500 - 100) x 0.70 = 280, then 500 x 0.70 = 350."""
    june = claim(row("500.00"), day="2025-06-01", claim_id="C-june", id_number=ID)
    may = claim(row("500.00"), day="2025-05-01", claim_id="C-may", id_number=ID)
    done = run(
        put(tmp_path, june, may), "--policy", local(tmp_path), "--insured", "active", "--out", tmp_path / "o"
    )
    assert done.exit_code == 0, done.output
    assert [one["claim_id"] for one in rows(tmp_path / "o")] == ["C-june", "C-may"]
    assert funds(tmp_path / "o") == ["350.00", "280.00"]
    for one in rows(tmp_path / "o"):
        jsonschema.validate(one, settlement_schema())
    assert "结算 2，范围 0，拒绝 0" in done.output


def test_a_new_year_begins_with_nothing_used_up(tmp_path: Path) -> None:
    old = claim(row("500.00"), day="2024-12-31", claim_id="C-1", id_number=ID)
    new = claim(row("500.00"), day="2025-01-01", claim_id="C-2", id_number=ID)
    run(put(tmp_path, old, new), "--policy", local(tmp_path), "--insured", "active", "--out", tmp_path / "o")
    assert funds(tmp_path / "o") == ["280.00", "280.00"]


def test_what_was_used_up_goes_from_one_run_to_the_next(tmp_path: Path) -> None:
    policy = ("--policy", local(tmp_path), "--insured", "active")
    run(put(tmp_path, claim(row("500.00"), claim_id="C-1", id_number=ID)), *policy, "--out", tmp_path / "a")
    years = tmp_path / "a" / "to_date.jsonl"
    file = put(
        tmp_path,
        claim(row("500.00"), claim_id="C-1", id_number=ID),
        claim(row("500.00"), claim_id="C-2", id_number=ID),
    )
    done = run(file, *policy, "--to-date", years, "--out", tmp_path / "b")
    assert done.exit_code == 1
    first, second = rows(tmp_path / "b")
    assert (first["outcome"], second["totals"]["fund_payment"]) == ("refused", "350.00")
    assert "已结算过" in done.output
    (year,) = rows(tmp_path / "b", "to_date.jsonl")
    assert year["year_to_date"]["fund_paid"] == {"outpatient": "630.00"}  # 280 and 350


def test_who_has_no_number_cannot_be_looked_up_among_years(tmp_path: Path) -> None:
    """The cap may be used up already."""
    years = tmp_path / "years.jsonl"
    years.write_text(json.dumps({"id_number": ID, "year_to_date": {"year": 2025}}) + "\n", "utf-8")
    file = put(tmp_path, claim(row("1.00"), id_number=None))
    assert run(file, "--policy", "A1-chronic").exit_code == 0
    done = run(file, "--policy", "A1-chronic", "--to-date", years)
    assert done.exit_code == 1
    assert "没有证件号码" in done.output


def test_persons_without_a_claim_in_a_run_stay_in_the_years(tmp_path: Path) -> None:
    """Else the run after it would begin their year anew and pay over their cap."""
    years = tmp_path / "years.jsonl"
    other = {"id_number": None, "insurance_no": "B-7", "year_to_date": {"year": 2025, "stays": 2}}
    older = {"id_number": ID, "insurance_no": None, "year_to_date": {"year": 2024}}
    years.write_text("".join(json.dumps(one) + "\n" for one in (other, older)), "utf-8")
    file = put(tmp_path, claim(row("1.00"), id_number=ID))
    run(file, "--policy", "A1-chronic", "--to-date", years, "--out", tmp_path / "o")
    after = rows(tmp_path / "o", "to_date.jsonl")
    assert [(one["insurance_no"], one["id_number"], one["year_to_date"]["year"]) for one in after] == [
        ("B-7", None, 2025),
        (None, ID, 2024),
        (None, ID, 2025),
    ]
    assert after[0]["year_to_date"]["stays"] == 2


@pytest.mark.parametrize(
    ("options", "key"),
    [
        (["--policy", "A1-in-active"], "A1-in-active"),
        (["--policy", "A1-out-active", "--policy", "A1-in-active"], "A1-in-active"),
        (["--region", "a1", "--insured", "retired"], "A1-in-retired"),
    ],
)
def test_the_policy_is_the_one_named_or_the_regions(tmp_path: Path, options: list[str], key: str) -> None:
    stay = claim(row("100.00"), kind="inpatient", id_number=ID)
    done = run(put(tmp_path, stay), *options, "--out", tmp_path / "o")
    assert done.exit_code == 0, done.output
    assert rows(tmp_path / "o")[0]["policy"]["key"] == key


def test_who_is_insured_may_stand_on_the_papers(tmp_path: Path) -> None:
    care = claim(row("100.00"), insured="职工（退休）", grade="一级")
    run(put(tmp_path, care), "--region", "a1", "--out", tmp_path / "o")
    assert rows(tmp_path / "o")[0]["policy"]["key"] == "A1-out-retired"


def test_who_is_insured_is_not_guessed(tmp_path: Path) -> None:
    done = run(put(tmp_path, claim(row("100.00"), insured="职工医保")), "--region", "a1")
    assert done.exit_code == 1
    assert "--insured" in done.output


def test_chronic_care_is_said_or_named(tmp_path: Path) -> None:
    file = put(tmp_path, claim(row("100.00")))
    for options in (["--region", "a1", "--insured", "resident", "--chronic"], ["--policy", "A1-chronic"]):
        assert run(file, *options, "--out", tmp_path / "o").exit_code == 0
        assert funds(tmp_path / "o") == ["65.00"]


def test_what_is_not_accepted_or_cannot_be_told_is_refused_by_name_and_the_others_are_settled(
    tmp_path: Path,
) -> None:
    file = put(
        tmp_path,
        claim(row("100.00"), claim_id="C-review", status="review", name="李四"),
        claim(row("100.00"), claim_id="C-undated", day=None, name="王五"),
        claim(row("100.00"), claim_id="C-twin", name="赵六"),
        claim(row("100.00"), claim_id="C-twin-too", name="赵六"),
        claim(row("100.00"), claim_id="C-good", name="张三"),
    )
    done = run(file, "--policy", "A1-chronic", "--out", tmp_path / "o")
    assert done.exit_code == 1
    outcomes = {one["claim_id"]: one["outcome"] for one in rows(tmp_path / "o")}
    assert outcomes == {
        "C-review": "refused",
        "C-undated": "refused",
        "C-twin": "refused",
        "C-twin-too": "refused",
        "C-good": "settled",
    }
    for name in ("C-review", "C-undated", "C-twin"):
        assert f"✗ {name} " in done.output


def test_wrong_rows_are_named_by_line_and_key_and_the_others_are_settled(tmp_path: Path) -> None:
    wrong = claim(row("100.00"), claim_id="C-2")
    wrong["totals"]["total_amount"] = "1,000.00"
    undated = claim(row("100.00"), claim_id="C-3", day="2025-02-30")
    file = put(tmp_path, claim(row("100.00")), wrong, undated, claim(row("1.00")), more="{}\nnot json\n\n")
    done = run(file, "--policy", "A1-chronic", "--out", tmp_path / "o")
    assert done.exit_code == 1
    for said in (
        "line 2: totals.total_amount",
        "line 3: visit.from",
        "line 4: 第 1 行已有",
        "line 5",
        "line 6",
    ):
        assert said in done.output, said
    assert [one["outcome"] for one in rows(tmp_path / "o")] == ["settled"]


def test_a_dry_run_ranks_all_claims_by_money_at_risk_and_settles_none(tmp_path: Path) -> None:
    file = put(
        tmp_path,
        claim(row("100.00"), claim_id="C-sure", name="甲某"),
        claim(row("900.00", None), claim_id="C-open", status="review", name="乙某"),
        claim(row("50.00", None), claim_id="C-little", status="review", name="丙某"),
        claim(row("1.00"), claim_id="C-undated", day=None, name="丁某"),
    )
    done = run(file, "--policy", "A1-chronic", "--dry-run", "--out", tmp_path / "o")
    ranges = rows(tmp_path / "o", "payout_ranges.jsonl")
    assert [one["claim_id"] for one in ranges] == ["C-undated", "C-open", "C-little", "C-sure"]
    assert [one["at_risk"] for one in ranges] == [None, "585.00", "32.50", "0.00"]  # x 0.65
    assert done.exit_code == 1  # one of them could not be computed
    assert [path.name for path in (tmp_path / "o").iterdir()] == ["payout_ranges.jsonl"]


def test_sheets_are_written_as_text_and_as_a_page(tmp_path: Path) -> None:
    file = put(tmp_path, claim(row("100.00", name="<b>药</b>"), name="张<三>"))
    run(file, "--policy", "A1-chronic", "--out", tmp_path / "o", "--html")
    names = {path.name for path in (tmp_path / "o").iterdir()}
    assert names == {"settlements.jsonl", "settlements.txt", "settlements.html", "to_date.jsonl"}
    page = (tmp_path / "o" / "settlements.html").read_text("utf-8")
    assert "&lt;b&gt;药" in page
    assert "张<三>" not in page
    assert "65 %" in (tmp_path / "o" / "settlements.txt").read_text("utf-8")


def test_without_a_folder_the_sheet_is_printed(tmp_path: Path) -> None:
    done = run(put(tmp_path, claim(row("100.00"))), "--policy", "A1-chronic")
    assert done.exit_code == 0
    assert "合计 100.00 = 基金 65.00 + 大病 0.00 + 自付 35.00 + 自费 0.00" in done.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "a1, a2, a3"),
        (["--policy", "A9"], "A1-chronic"),
        (["--region", "a9"], "a1, a2, a3"),
        (["--policy", "A1-chronic", "--region", "a1"], "--region"),
        (["--policy", "missing.toml"], "missing.toml"),
        (["--policy", "A1-chronic", "--html"], "--out"),
        (["--policy", "A1-chronic", "--place", "atlantis"], "atlantis"),
        (["--policy", "A1-chronic", "--insured", "nobody"], "nobody"),
    ],
)
def test_usage_errors_end_with_2_before_anything_is_computed(
    tmp_path: Path, options: list[str], said: str
) -> None:
    done = run(put(tmp_path, claim(row("100.00"))), *options)
    assert done.exit_code == 2
    assert said in done.output


def test_a_policy_file_with_a_gap_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "gap.toml"
    file.write_text(LOCAL.replace("{ levels = [2], percent = 80 }, ", ""), "utf-8")
    done = run(put(tmp_path, claim(row("100.00"))), "--policy", file, "--out", tmp_path / "o")
    assert done.exit_code == 2
    assert "缺少" in done.output
    assert not (tmp_path / "o").exists()


def test_accumulators_that_are_wrong_stop_the_run(tmp_path: Path) -> None:
    """A year that is left out would be paid twice."""
    years = tmp_path / "to_date.jsonl"
    years.write_text('{"id_number": "1", "year_to_date": {"year": 2025, "stays": -1}}\n', "utf-8")
    done = run(put(tmp_path, claim(row("1.00"))), "--policy", "A1-chronic", "--to-date", years)
    assert done.exit_code == 2
    assert "line 1" in done.output


def test_two_numbers_with_a_year_each_are_not_chosen_between(tmp_path: Path) -> None:
    years = tmp_path / "to_date.jsonl"
    year = {"year": 2025, "stays": 1}
    rows_of_years = (
        {"id_number": ID, "year_to_date": year},
        {"insurance_no": "B-7", "year_to_date": {"year": 2025}},
    )
    years.write_text("".join(json.dumps(one) + "\n" for one in rows_of_years), "utf-8")
    care = claim(row("1.00"), id_number=ID)
    care["insured"]["insurance_no"] = "B-7"
    done = run(put(tmp_path, care), "--policy", "A1-chronic", "--to-date", years)
    assert done.exit_code == 1
    assert "请合并后再算" in done.output


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.touch()
    done = run(put(tmp_path, claim(row("100.00"))), "--policy", "A1-chronic", "--out", taken / "o")
    assert done.exit_code == 2
    assert "无法写入" in done.output


def test_files_are_written_all_or_none(tmp_path: Path) -> None:
    (tmp_path / "first").write_text("before", "utf-8")
    with pytest.raises(OSError, match="missing"):
        write_all(tmp_path, {"first": "after", "missing/second": "after"})
    assert [path.read_text("utf-8") for path in tmp_path.iterdir()] == ["before"]


def test_it_is_mounted_with_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["schema", "settlement"])
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out) == settlement_schema()
    with pytest.raises(SystemExit) as helped:
        main(["settle", "--help"])
    assert helped.value.code == 0
    assert "--dry-run" in capsys.readouterr().out


def test_claims_saved_in_gbk_are_told_so_with_the_way_out(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from pipeline.settlement.command import app

    file = tmp_path / "claims.jsonl"
    file.write_text('{"claim_id": "申报一"}\n', "gbk")
    told = CliRunner().invoke(app, [str(file), "--policy", "A1-in-active"])
    assert told.exit_code == 2
    assert "GBK" in told.output
