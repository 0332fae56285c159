"""What a person changes on a claim in one go, and how it is taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from pipeline.errors import ClaimMovedOn, HeldByAnother, StepRefused
from pipeline.life import Actor
from pipeline.review.changes import make_changes, undo
from pipeline.review.records import Change, ReviewRecord
from pipeline.review.typed import keep_typed
from pipeline.review.view import Looker, review_record
from pipeline.store.accounts import create_account
from pipeline.store.database import Database
from pipeline.store.drafts import drafts_of
from pipeline.store.field_changes import changes_of
from pipeline.store.tables import METADATA, claim_revisions, papers
from tests.cases import NOW, REVIEWER, SECOND, judges
from tests.web.review.claims import ROWS, MadeClaim, doubtful_claim

ME, OTHER = Looker(REVIEWER, "zh", NOW), Looker(SECOND, "zh", NOW)
SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def made(database: Database) -> MadeClaim:
    return doubtful_claim(database)


def seen(database: Database, made: MadeClaim, looker: Looker = ME) -> ReviewRecord:
    with database.read() as connection:
        return review_record(connection, made.claim_id, looker)


def change(
    database: Database, made: MadeClaim, *changes: Change, looker: Looker = ME, version: int | None = None
) -> ReviewRecord:
    """Make changes to the claim as it stands; the claim afterwards, told from the papers at hand."""
    version = seen(database, made)["version"] if version is None else version
    with database.write() as connection:
        altered = make_changes(
            connection, judges(), made.claim_id, {"version": version, "changes": list(changes)}, looker
        )
        return review_record(connection, made.claim_id, looker, altered)


def take_back(database: Database, made: MadeClaim, looker: Looker = ME) -> None:
    version = seen(database, made)["version"]
    with database.write() as connection:
        undo(connection, judges(), made.claim_id, version, looker)


def kept(database: Database) -> dict[str, str]:
    """The papers as they are kept, by id."""
    with database.read() as connection:
        query = select(papers.c.document_id, papers.c.frozen).order_by(papers.c.document_id)
        return {row.document_id: row.frozen for row in connection.execute(query)}


def everything(database: Database) -> list[object]:
    with database.read() as connection:
        return [connection.execute(select(table)).all() for table in METADATA.sorted_tables]


def names(told: ReviewRecord, made: MadeClaim) -> list[str | None]:
    (listed,) = (one for one in told["papers"] if one["document_type"] == "itemized_bill")
    return [row["cells"]["name"]["value"] for row in listed["line_items"]]


def answer(made: MadeClaim, of: str, path: str, text: str) -> Change:
    return {"do": "answer", "document_id": made.papers[of], "path": path, "kind": "value", "text": text}


def each_kind(made: MadeClaim) -> Iterator[Change]:
    """A change of every kind to the list of the claim."""
    listed = made.papers["itemized_bill"]
    cells = {"name": "血常规", "quantity": "1", "unit_price": "2.00", "amount": "2.00"}
    yield answer(made, "itemized_bill", "line_items[2].amount", "37.20")
    yield {"do": "answer", "document_id": listed, "path": "fields.total_amount", "kind": "illegible"}
    yield {"do": "answer", "document_id": listed, "path": "fields.department", "text": "内科"}
    yield {"do": "add_row", "document_id": listed, "row": 3, "cells": cells}
    yield {"do": "delete_row", "document_id": listed, "row": 0}
    yield {"do": "split_row", "document_id": listed, "row": 1, "rows": [cells, cells]}
    yield {"do": "merge_rows", "document_id": listed, "row": 1, "count": 2, "cells": cells}
    yield {"do": "choose_entry", "document_id": listed, "row": 0, "text": "C反应蛋白测定"}


@SQLITE
def test_a_claim_is_done_with_three_answers_and_two_corrected_rows(
    database: Database, made: MadeClaim
) -> None:
    told = change(
        database,
        made,
        answer(made, "outpatient_invoice", "fields.issue_date", "2026-02-17"),
        answer(made, "outpatient_invoice", "fields.payer_name", "张小样"),
        answer(made, "diagnosis_certificate", "fields.diagnoses", "急性上呼吸道感染"),
        answer(made, "itemized_bill", "line_items[2].amount", "37.20"),
        answer(made, "itemized_bill", "line_items[5].unit_price", "12.50"),
    )
    assert told["todo"] == []
    assert [one["rule"] for one in told["checks"] if one["outcome"] == "fail"] == []
    assert {step["event"]: step["refused"] for step in told["steps"]}["enter"] == ""


@SQLITE
def test_several_changes_cost_one_judging_and_one_version(database: Database, made: MadeClaim) -> None:
    before = seen(database, made)["version"]
    told = change(database, made, *list(each_kind(made))[:3])
    with database.read() as connection:
        noted = changes_of(connection, made.claim_id)
        revisions = connection.execute(select(claim_revisions)).all()
    assert told["version"] == before + 1
    assert [one.version for one in noted] == [before + 1] * 3
    assert len(revisions) == 2  # as it was read, and as it is now


def test_all_changes_are_kept_or_none(database: Database, made: MadeClaim) -> None:
    before = everything(database)
    fine, wrong = answer(made, "itemized_bill", "line_items[2].amount", "37.20"), "37.2O"
    with pytest.raises(StepRefused):
        change(database, made, fine, answer(made, "itemized_bill", "line_items[5].amount", wrong))
    assert everything(database) == before


@SQLITE
@pytest.mark.parametrize("number", range(8))
def test_whoever_made_a_change_takes_it_back_to_the_letter(
    database: Database, made: MadeClaim, number: int
) -> None:
    before, version = kept(database), seen(database, made)["version"]
    change(database, made, list(each_kind(made))[number])
    assert kept(database) != before
    take_back(database, made)
    assert kept(database) == before
    with database.read() as connection:
        *_, last = changes_of(connection, made.claim_id)
    assert (last.undoes, last.version, last.who) == (version + 1, version + 2, REVIEWER.name)


def test_changes_made_in_one_go_are_taken_back_together_and_the_ones_before_after_them(
    database: Database, made: MadeClaim
) -> None:
    begun = kept(database)
    change(database, made, answer(made, "itemized_bill", "line_items[2].amount", "37.20"))
    between = kept(database)
    change(database, made, *list(each_kind(made))[3:6])
    take_back(database, made)
    assert kept(database) == between
    take_back(database, made)
    assert kept(database) == begun
    with pytest.raises(StepRefused, match="没有可撤销"):
        take_back(database, made)


@SQLITE
def test_nobody_takes_back_what_somebody_else_did(database: Database, made: MadeClaim) -> None:
    change(database, made, answer(made, "itemized_bill", "line_items[2].amount", "37.20"))
    with pytest.raises(HeldByAnother):
        take_back(database, made, OTHER)
    with pytest.raises(StepRefused, match="由 王审 作出"):
        take_back(database, made, Looker(SECOND, "zh", LATER))


@SQLITE
def test_a_claim_that_moved_on_refuses_and_says_its_version(database: Database, made: MadeClaim) -> None:
    told = change(database, made, answer(made, "itemized_bill", "line_items[2].amount", "37.20"))
    with pytest.raises(ClaimMovedOn) as refused:
        change(database, made, next(each_kind(made)), version=told["version"] - 1)
    assert refused.value.version == told["version"]


@SQLITE
def test_rows_that_were_read_as_one_become_two_and_keep_their_places(
    database: Database, made: MadeClaim
) -> None:
    first = {"name": "静脉", "quantity": "1", "unit_price": "5.00", "amount": "5.00"}
    second = {"name": "输液", "quantity": "1", "unit_price": "7.50", "amount": "7.50"}
    told = change(
        database,
        made,
        {
            "do": "split_row",
            "document_id": made.papers["itemized_bill"],
            "row": 5,
            "rows": [first, second],
        },
    )
    assert names(told, made)[4:8] == ["阿莫西林胶囊", "静脉", "输液", "胸部正位片"]
    (listed,) = (one for one in told["papers"] if one["document_type"] == "itemized_bill")
    boxes = [row["cells"]["amount"]["box"] for row in listed["line_items"][5:7]]
    assert boxes[0] == boxes[1] is not None


@SQLITE
def test_rows_of_one_item_become_one(database: Database, made: MadeClaim) -> None:
    cells = {"name": "血常规五分类", "quantity": "1", "unit_price": "55.00", "amount": "55.00"}
    listed = made.papers["itemized_bill"]
    told = change(
        database, made, {"do": "merge_rows", "document_id": listed, "row": 0, "count": 2, "cells": cells}
    )
    assert names(told, made)[:2] == ["血常规五分类", ROWS[2][0]]
    with database.read() as connection:
        (noted,) = changes_of(connection, made.claim_id)
    assert [row["name"] for row in json.loads(noted.old or "")] == ["血常规", "C反应蛋白测定"]


@SQLITE
def test_a_repair_is_offered_as_soon_as_one_edit_explains_what_is_left_and_taken_with_one_key(
    database: Database, made: MadeClaim
) -> None:
    told = change(database, made, answer(made, "itemized_bill", "line_items[2].amount", "37.20"))
    (listed,) = (one for one in told["papers"] if one["document_type"] == "itemized_bill")
    (offer,) = listed["repairs"]
    assert offer["edits"] == [{"path": "line_items[5].unit_price", "old": "72.50", "new": "12.50"}]
    told = change(database, made, {"do": "repair", "document_id": listed["document_id"], "row": 0})
    assert [one["rule"] for one in told["checks"] if one["rule"].startswith("V-")] == [
        "V-11.issued_after_treatment"
    ]


@SQLITE
def test_what_a_row_stands_for_is_chosen_and_no_later_look_up_puts_it_aside(
    database: Database, made: MadeClaim
) -> None:
    listed = made.papers["itemized_bill"]
    choose: Change = {"do": "choose_entry", "document_id": listed, "row": 0, "text": "C反应蛋白测定"}
    told = change(database, made, choose)
    assert entry(told) == "C反应蛋白测定"
    told = change(database, made, answer(made, "itemized_bill", "fields.period_end", "2026-02-18"))
    assert entry(told) == "C反应蛋白测定"
    told = change(database, made, answer(made, "itemized_bill", "line_items[0].name", "血常规"))
    assert entry(told) == "血常规"


def entry(told: ReviewRecord) -> str | None:
    """What the first row of the list stands for."""
    (listed,) = (one for one in told["papers"] if one["document_type"] == "itemized_bill")
    return listed["line_items"][0]["catalog"]["name"]


@SQLITE
@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"do": "choose_entry", "row": 0, "text": "没有的编码"}, "目录中没有"),
        ({"do": "repair", "row": 7}, "没有这项改法"),
        ({"do": "split_row", "row": 0, "rows": [{"name": "一行"}]}, "两行以上"),
        ({"do": "merge_rows", "row": 0, "count": 9, "cells": {"name": "一行"}}, "没有这一行"),
        ({"do": "delete_row"}, "缺少 row"),
        ({"do": "add_row", "row": 0, "cells": {"box": "1"}}, "没有这一列"),
        ({"do": "answer", "path": "fields.total_amount", "text": "1.234"}, "应为金额"),
    ],
)
def test_what_is_impossible_is_refused_with_what_is_wrong(
    database: Database, made: MadeClaim, changed: Change, told: str
) -> None:
    changed["document_id"] = made.papers["itemized_bill"]
    with pytest.raises(StepRefused, match=told):
        change(database, made, changed)


@SQLITE
def test_drafts_are_kept_until_confirmed_and_move_with_their_rows(
    database: Database, made: MadeClaim
) -> None:
    listed = made.papers["itemized_bill"]
    paths = ("fields.total_amount", "line_items[0].name", "line_items[2].amount", "line_items[6].name")
    with database.write() as connection:
        create_account(connection, REVIEWER.name, "reviewer", "a long enough password", NOW)
        typed = [{"document_id": listed, "path": path, "text": f"打到 {path}"} for path in paths]
        keep_typed(connection, made.claim_id, typed, ME)  # type: ignore[arg-type]
    change(
        database,
        made,
        answer(made, "itemized_bill", "line_items[2].amount", "37.20"),
        {"do": "delete_row", "document_id": listed, "row": 3},
        {"do": "add_row", "document_id": listed, "row": 0, "cells": {"name": "血常规"}},
        {"do": "add_row", "document_id": listed, "row": 1, "cells": {"name": "血常规"}},
    )
    with database.read() as connection:
        left = drafts_of(connection, made.claim_id, REVIEWER.name)
    assert left == {
        (listed, "fields.total_amount"): "打到 fields.total_amount",
        (listed, "line_items[2].name"): "打到 line_items[0].name",
        (listed, "line_items[7].name"): "打到 line_items[6].name",
    }


@SQLITE
def test_seconds_are_kept_where_they_can_be(database: Database, made: MadeClaim) -> None:
    for seconds in (3.5, -1.0, float("inf"), float("nan")):
        one = answer(made, "itemized_bill", "line_items[2].amount", "37.20")
        change(database, made, {**one, "seconds": seconds})
    with database.read() as connection:
        noted = changes_of(connection, made.claim_id)
    assert [one.seconds for one in noted] == [3.5, None, None, None]


@SQLITE
def test_an_auditor_changes_nothing(database: Database, made: MadeClaim) -> None:
    with pytest.raises(StepRefused, match="无权修改"):
        change(database, made, next(each_kind(made)), looker=Looker(Actor("审计", "auditor"), "zh", NOW))
