"""Batches that close, batches that are held, and the sheet that is named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pipeline.model import Document
from pipeline.records import BatchRecord, json_schemas
from pipeline.report.messages import MESSAGES
from pipeline.stacks.batches import StackPaper, cut_stacks
from pipeline.stacks.control import CAUSES, MOST_SUSPECTS, Cause, Control, controls
from pipeline.stacks.plan import BATCH_RULE, LABEL_RULE, plan_of
from tests.stacks.stacks import bill_of, blank, files, header, label, list_of, sep, stack, unread_header


def control(documents: Sequence[Document]) -> Control:
    (only,) = controls(cut_stacks(map(StackPaper.of, documents)))
    return only


def first_suspect(documents: Sequence[Document]) -> tuple[int, str]:
    """Page and cause of the sheet that is named first."""
    found = control(documents)
    assert not found.is_closed
    return found.suspects[0].paper.page, found.suspects[0].cause


def row(documents: Sequence[Document]) -> BatchRecord:
    (only,) = plan_of(map(StackPaper.of, documents)).rows([])
    Draft202012Validator(json_schemas()["batches"]).validate(only)
    return only


class TestClosing:
    def test_papers_and_amount_as_stated_close_it_and_backs_and_sheets_do_not_count(self) -> None:
        found = control(
            stack(
                header(3, "3.50"), bill_of("1.00"), list_of("1.00"), blank(), sep(1), bill_of("2.50"), sep(2)
            )
        )
        assert found.is_closed
        assert found.suspects == ()

    def test_a_list_of_three_sheets_is_one_paper(self) -> None:
        assert control(stack(header(2, "1.00"), bill_of("1.00"), list_of("1.00", sheets=3))).is_closed

    def test_a_fen_holds_it(self) -> None:
        assert not control(stack(header(1, "1.01"), bill_of("1.00"))).is_closed

    def test_a_bill_whose_total_is_not_read_holds_it_even_where_the_rest_adds_up(self) -> None:
        documents = stack(header(2, "1.00"), bill_of("1.00"), bill_of(None))
        assert first_suspect(documents) == (3, "unread_amount")

    def test_the_same_bill_twice_is_its_money_once(self) -> None:
        documents = stack(header(2, "1.00"), bill_of("1.00"), bill_of("1.00"))
        assert control(documents).is_closed

    @given(st.lists(st.integers(1, 10**7), min_size=1, max_size=8, unique=True), st.data())
    def test_a_batch_closes_as_stated_and_never_with_a_bill_left_out(
        self, fen: list[int], data: st.DataObject
    ) -> None:
        totals = [f"{each // 100}.{each % 100:02d}" for each in fen]
        stated = header(len(fen), f"{sum(fen) // 100}.{sum(fen) % 100:02d}")
        bills = [bill_of(total, number=f"0127{turn:06d}") for turn, total in enumerate(totals)]
        assert control(stack(stated, *bills)).is_closed
        del bills[data.draw(st.integers(0, len(bills) - 1))]
        assert not control(stack(stated, *bills)).is_closed


class TestTheSheetToPull:
    def test_a_list_whose_bill_is_exactly_what_is_missing(self) -> None:
        documents = stack(
            header(5, "60.00"),
            bill_of("10.00"),
            list_of("10.00"),
            sep(1),
            list_of("50.00", name="孙范本"),
            sep(2),
            bill_of("5.00", sure=False),
        )
        assert first_suspect(documents) == (5, "double_feed")

    def test_two_separators_with_nothing_between_where_a_paper_is_missing(self) -> None:
        documents = stack(header(2, "30.00"), bill_of("10.00"), sep(1), sep(2))
        assert first_suspect(documents) == (4, "double_feed")

    def test_two_separators_in_a_row_are_nothing_to_a_batch_that_lacks_no_paper(self) -> None:
        documents = stack(header(1, "30.00"), bill_of("10.00"), sep(1), sep(2))
        assert control(documents).suspects == ()

    def test_a_page_with_two_heads_where_one_paper_is_missing(self) -> None:
        documents = stack(header(3, "30.00"), bill_of("10.00"), bill_of("12.00", titles=2))
        assert first_suspect(documents) == (3, "merged_tickets")

    def test_another_reading_with_which_the_batch_closes(self) -> None:
        documents = stack(
            header(3, "38.00"),
            bill_of("10.00", sure=False),
            bill_of("11.00"),
            bill_of("11.00", number="0127700001", sure=False, candidates=("71.00", "17.00")),
        )
        assert first_suspect(documents) == (4, "unread_amount")

    def test_a_list_that_says_what_the_bill_should(self) -> None:
        documents = stack(header(3, "37.00"), bill_of("10.00"), bill_of("21.00"), list_of("27.00"))
        assert first_suspect(documents) == (3, "failed_sum")

    def test_a_lost_separator_by_its_number_and_the_stranger_behind_it(self) -> None:
        documents = stack(
            header(4, "14.00"),
            sep(1),
            bill_of("1.00"),
            bill_of("2.00", name="孙范本"),
            sep(3),
            bill_of("4.00"),
        )
        assert first_suspect(documents) == (4, "missed_separator")

    def test_a_bill_that_was_fed_twice(self) -> None:
        documents = stack(header(2, "3.00"), bill_of("1.00"), bill_of("2.00"), blank(), bill_of("1.00"))
        assert first_suspect(documents) == (5, "fed_twice")

    def test_a_header_that_could_not_be_read_is_the_sheet_itself(self) -> None:
        documents = stack(unread_header(), bill_of("1.00"))
        assert first_suspect(documents) == (1, "unread_header")
        assert row(documents)["expected_papers"] is None

    def test_where_nothing_stands_out_no_sheet_is_blamed_and_the_amount_is_told(self) -> None:
        documents = stack(header(3, "88.50"), bill_of("10.00"), bill_of("20.00"))
        assert control(documents).suspects == ()
        assert "58.50" in row(documents)["message"]

    def test_no_more_sheets_are_named_than_a_person_pulls(self) -> None:
        bills = [bill_of(f"{n}.00", sure=False) for n in range(1, 12)]
        assert len(control(stack(header(11, "1.00"), *bills)).suspects) == MOST_SUSPECTS


class TestRows:
    def test_a_held_row_names_place_neighbours_and_why(self) -> None:
        held = row(stack(header(2, "60.00"), bill_of("10.00"), sep(1), list_of("50.00"), blank()))
        assert held["outcome"] == "held"
        first = held["suspects"][0]
        assert (first["file"], first["page"], first["position"]) == ("stack.pdf", 4, 4)
        assert [each["page"] for each in first["neighbours"]] == [3, 5]
        assert "第 4 页" in held["message"]

    def test_a_closed_row_has_nothing_to_say(self) -> None:
        closed = row(stack(header(1, "10.00"), bill_of("10.00")))
        assert (closed["outcome"], closed["message"], closed["suspects"]) == ("closed", "", [])

    def test_every_cause_has_its_words(self) -> None:
        assert set(get_args(Cause)) == set(CAUSES)
        assert all(f"cause.{cause}" in MESSAGES for cause in CAUSES)


class TestFindings:
    def test_every_claim_of_a_held_batch_is_blocked_and_no_other(self) -> None:
        documents = stack(
            header(9, "9.00"),
            bill_of("1.00"),
            sep(1),
            bill_of("2.00"),
            header(1, "3.00", "B2"),
            bill_of("3.00"),
        )
        plan = plan_of(map(StackPaper.of, documents))
        outcomes = [
            [
                (finding.rule, finding.outcome, finding.severity)
                for finding in plan.findings([documents[n].id])
            ]
            for n in (1, 3, 5)
        ]
        assert outcomes == [[(BATCH_RULE, "fail", "block")]] * 2 + [[(BATCH_RULE, "pass", "block")]]

    def test_a_claim_number_in_two_places_blocks_both(self) -> None:
        documents = stack(
            bill_of("1.00", label("A-1")), bill_of("2.00", label("A-2")), bill_of("3.00", label("A-1"))
        )
        plan = plan_of(map(StackPaper.of, documents))
        rules = [[finding.rule for finding in plan.findings([document.id])] for document in documents]
        assert rules == [[LABEL_RULE], [], [LABEL_RULE]]


class TestABatchOverSeveralFiles:
    def test_it_closes_with_what_the_next_files_hold(self) -> None:
        documents = files(
            scan1__pdf=[header(4, "6.00"), bill_of("1.00"), sep(1)],
            scan10__pdf=[bill_of("3.00")],
            scan2__pdf=[bill_of("2.00"), list_of("2.00"), sep(2)],
        )
        assert control(documents).is_closed

    def test_a_header_in_a_later_file_begins_a_batch_there(self) -> None:
        documents = files(
            scan1__pdf=[header(1, "1.00"), bill_of("1.00"), blank()],
            scan2__pdf=[header(1, "2.00", "B2"), bill_of("2.00")],
        )
        assert [each.is_closed for each in controls(cut_stacks(map(StackPaper.of, documents)))] == [
            True,
            True,
        ]

    def test_a_file_of_another_folder_does_not_count(self) -> None:
        documents = files(
            east__scan1__pdf=[header(2, "3.00"), bill_of("1.00")], west__scan2__pdf=[bill_of("2.00"), blank()]
        )
        assert (control(documents).found_papers, control(documents).is_closed) == (1, False)

    def test_the_sheet_to_pull_is_named_with_its_file_its_page_and_its_place_in_the_stack(self) -> None:
        found = row(
            files(
                scan1__pdf=[header(3, "6.00"), bill_of("1.00"), blank()],
                scan2__pdf=[blank(), bill_of("2.00", sure=False, candidates=("4.00",)), bill_of("1.00")],
            )
        )
        suspect = found["suspects"][0]
        assert (suspect["file"], suspect["page"], suspect["position"]) == ("scan2.pdf", 2, 5)
        assert [each["position"] for each in suspect["neighbours"]] == [4, 6]

    def test_a_list_that_a_new_file_tore_in_two_is_named_where_a_paper_is_too_many(self) -> None:
        documents = files(
            scan1__pdf=[header(2, "1.00"), bill_of("1.00"), list_of("1.00")],
            scan2__pdf=[list_of("1.00"), blank()],
        )
        found = control(documents)
        assert (found.missing_papers, found.suspects[0].cause) == (-1, "split_paper")
        assert found.suspects[0].paper.file == "scan2.pdf"
