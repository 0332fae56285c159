"""`baoxiao rules`: what is listed."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from pipeline.rulebook.rules import app, rule_rows
from validators import all_rules

RUN = CliRunner()


def test_every_rule_is_listed_once() -> None:
    listed = [(row["id"], row["name"]) for row in rule_rows()]
    assert sorted(listed) == sorted((rule.id, rule.name) for rule in all_rules())
    assert len(set(listed)) == len(listed)


def test_rules_stand_in_the_order_of_their_numbers() -> None:
    ids = [row["id"] for row in rule_rows() if row["id"].startswith("V-")]
    assert ids.index("V-2") < ids.index("V-10")


def test_json_has_all_that_the_table_has() -> None:
    result = RUN.invoke(app, ["--json", "R-EB-3"])
    rows = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {row["id"] for row in rows} == {"R-EB-3"}
    assert [row["looks_at"] for row in rows if row["name"] == "bill_is_still_good"] == [["claim"]]
    assert all(
        row.keys() == {"id", "name", "title", "severity", "about", "basis", "looks_at"} for row in rows
    )


@pytest.mark.parametrize("rule_id", ["R-DUP-4", "V-1", "R-PROXY-1"])
def test_the_table_names_the_rule(rule_id: str) -> None:
    result = RUN.invoke(app, [rule_id])
    assert result.exit_code == 0
    assert rule_id in result.stdout


def test_an_id_may_be_written_in_small_letters() -> None:
    result = RUN.invoke(app, ["--json", "r-dup-4", "v-1"])
    assert {row["id"] for row in json.loads(result.stdout)} == {"R-DUP-4", "V-1"}


def test_an_id_that_is_none_is_named_as_it_was_written() -> None:
    assert "v-99" in RUN.invoke(app, ["v-1", "v-99"]).stderr


def test_a_rule_that_is_none_is_a_usage_error() -> None:
    assert RUN.invoke(app, ["R-NONE-1"]).exit_code == 2
