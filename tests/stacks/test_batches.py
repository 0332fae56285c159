"""Where sheets and labels cut a stack, and what becomes one claim."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.claims import Facts, group_documents
from pipeline.model import Document, PageSize, SourceFile
from pipeline.stacks.batches import StackPaper, cut_stacks, places
from pipeline.stacks.separators import Separator, payload
from tests.builders import bill, paper
from tests.stacks.stacks import (
    bill_of,
    blank,
    files,
    header,
    label,
    laid,
    list_of,
    sep,
    stack,
    unread_header,
)


def cut(documents: Sequence[Document]) -> list[list[list[int]]]:
    """First pages by batch and part."""
    return [
        [[each.page for each in part.papers] for part in batch.parts]
        for one in cut_stacks(map(StackPaper.of, documents))
        for batch in one.batches
    ]


def claims(documents: Sequence[Document]) -> list[list[int]]:
    """First pages by claim."""
    by_id = {document.id: document for document in documents}
    where = places(cut_stacks(map(StackPaper.of, documents)))
    groups = group_documents(map(Facts.of, documents), where)
    return [[by_id[one].pages[0].number for one in group] for group in groups]


def test_a_stack_without_our_sheets_is_left_to_what_its_papers_say() -> None:
    documents = stack(bill_of("1.00"), blank(), bill_of("2.00", name="孙范本"))
    assert cut(documents) == []
    assert claims(documents) == [[1], [3]]


def test_papers_between_two_separators_are_one_claim_whatever_they_say() -> None:
    documents = stack(
        bill_of("1.00"), sep(1), bill_of("2.00"), list_of("9.00", name="孙范本"), sep(2), bill_of("3.00")
    )
    assert claims(documents) == [[1], [3, 4], [6]]


def test_nothing_joins_over_a_separator() -> None:
    documents = stack(bill_of("1.00"), sep(1), list_of("1.00"))
    assert claims(documents) == [[1], [3]]
    assert claims([documents[0], replace(documents[2])]) == [[1, 3]]


def test_two_separators_in_a_row_make_no_empty_claim() -> None:
    documents = stack(sep(1), sep(2), bill_of("1.00"), sep(3), blank(), sep(4))
    assert claims(documents) == [[3]]


def test_a_label_begins_a_claim_on_its_own_paper() -> None:
    documents = stack(bill_of("1.00", label("A-1")), list_of("1.00"), bill_of("2.00", label("A-2")))
    assert claims(documents) == [[1, 2], [3]]
    where = places(cut_stacks(map(StackPaper.of, documents)))
    assert [where[document.id].label for document in documents] == ["A-1", "A-1", "A-2"]


def test_papers_before_the_first_label_become_claims_by_what_they_say() -> None:
    documents = stack(bill_of("1.00"), bill_of("2.00", name="孙范本"), bill_of("3.00", label("A-1")))
    assert claims(documents) == [[1], [2], [3]]


def test_the_same_label_on_the_next_paper_goes_on_with_the_claim() -> None:
    documents = stack(bill_of("1.00", label("A-1")), bill_of("2.00", label("A-1")))
    assert claims(documents) == [[1, 2]]


def test_a_label_behind_a_separator_opens_no_second_claim() -> None:
    documents = stack(bill_of("1.00"), sep(1), bill_of("2.00", label("A-2")), list_of("2.00"))
    assert cut(documents) == [[[1], [3, 4]]]


def test_a_header_ends_the_batch_before_it_and_without_separators_papers_say_whose_they_are() -> None:
    documents = stack(
        header(2, "3.00"),
        bill_of("1.00"),
        bill_of("2.00", name="孙范本"),
        header(1, "1.00", "B2"),
        list_of("1.00"),
    )
    assert cut(documents) == [[[2, 3]], [[5]]]
    assert claims(documents) == [[2], [3], [5]]
    where = places(cut_stacks(map(StackPaper.of, documents)))
    assert where[documents[1].id].batch == "B1"


def test_a_header_known_by_its_title_alone_begins_a_batch_of_no_number() -> None:
    documents = stack(header(1, "1.00"), bill_of("1.00"), unread_header(), bill_of("2.00"))
    (one,) = cut_stacks(map(StackPaper.of, documents))
    assert [batch.header and batch.header.number for batch in one.batches] == ["B1", None]


def test_a_separators_code_on_a_bill_parts_and_keeps_the_bill() -> None:
    documents = stack(bill_of("1.00"), bill_of("2.00", payload(Separator(1))))
    assert claims(documents) == [[1], [2]]


def test_one_page_files_of_a_folder_are_a_stack_in_the_order_of_their_numbers() -> None:
    sheets = {"in/s9.jpg": bill_of("1.00"), "in/s10.jpg": sep(1), "in/s11.jpg": list_of("1.00")}
    documents = [replace(sheet(1), file=SourceFile(name, "cd" * 32)) for name, sheet in sheets.items()]
    random.Random(3).shuffle(documents)
    elsewhere = replace(list_of("1.00")(1), file=SourceFile("other/s1.jpg", "ef" * 32))
    (one,) = cut_stacks(map(StackPaper.of, [*documents, elsewhere]))
    assert [each.file for each in one.all] == ["in/s9.jpg", "in/s10.jpg", "in/s11.jpg"]


def test_a_file_of_several_pages_is_no_part_of_the_stack_of_its_folder() -> None:
    sheet = replace(sep(1)(1), file=SourceFile("in/a.jpg", "cd" * 32))
    letter = replace(bill(file="in/b.pdf"), pages=(PageSize(1, 10, 10), PageSize(2, 10, 10)))
    (one,) = cut_stacks(map(StackPaper.of, [sheet, letter]))
    assert [each.file for each in one.all] == ["in/a.jpg"]


def claims_in_files(documents: Sequence[Document]) -> list[list[str]]:
    """The papers of each claim as `scan1.pdf 2`: the file and the first page."""
    by_id = {document.id: document for document in documents}
    where = places(cut_stacks(map(StackPaper.of, documents)))
    groups = group_documents(map(Facts.of, documents), where)
    return [[f"{by_id[one].file.name} {by_id[one].pages[0].number}" for one in group] for group in groups]


class TestAFeederThatBeginsNewFiles:
    def test_a_claim_that_starts_in_one_file_and_ends_in_the_next_is_one_claim(self) -> None:
        documents = files(
            scan9__pdf=[bill_of("1.00"), sep(1), bill_of("2.00")],
            scan10__pdf=[list_of("2.00"), sep(2), bill_of("3.00")],
        )
        expected = [["scan9.pdf 1"], ["scan9.pdf 3", "scan10.pdf 1"], ["scan10.pdf 3"]]
        assert claims_in_files(documents) == expected
        random.Random(1).shuffle(documents)
        assert sorted(map(sorted, claims_in_files(documents))) == sorted(map(sorted, expected))

    def test_a_claim_begins_with_the_separator_at_the_end_of_a_file(self) -> None:
        documents = files(
            s1__pdf=[bill_of("1.00"), sep(1)], s2__pdf=[bill_of("2.00", name="孙范本"), list_of("9.00")]
        )
        assert claims_in_files(documents) == [["s1.pdf 1"], ["s2.pdf 1", "s2.pdf 2"]]

    def test_files_of_different_folders_are_not_joined(self) -> None:
        documents = files(
            east__scan1__pdf=[bill_of("1.00"), sep(1), bill_of("2.00")],
            west__scan2__pdf=[list_of("2.00"), sep(2), bill_of("3.00")],
        )
        assert claims_in_files(documents) == [
            ["east/scan1.pdf 1"],
            ["east/scan1.pdf 3"],
            ["west/scan2.pdf 1"],
            ["west/scan2.pdf 3"],
        ]

    def test_somebody_else_at_the_head_of_the_next_file_begins_a_claim(self) -> None:
        documents = files(
            s1__pdf=[bill_of("1.00"), sep(1), bill_of("2.00")],
            s2__pdf=[bill_of("3.00", name="孙范本"), sep(2), bill_of("4.00")],
        )
        assert claims_in_files(documents) == [["s1.pdf 1"], ["s1.pdf 3"], ["s2.pdf 1"], ["s2.pdf 3"]]

    def test_papers_without_a_sheet_before_them_stay_apart_from_somebody_elses_claim(self) -> None:
        documents = files(
            s1__pdf=[bill_of("1.00"), list_of("1.00")],
            s2__pdf=[bill_of("3.00", name="孙范本"), sep(2), bill_of("4.00")],
        )
        assert claims_in_files(documents) == [["s1.pdf 1", "s1.pdf 2"], ["s2.pdf 1"], ["s2.pdf 3"]]

    @pytest.mark.parametrize(("number", "joined"), [("2", True), ("3", False)])
    def test_papers_that_name_nobody_go_on_only_where_no_file_is_missing(
        self, number: str, *, joined: bool
    ) -> None:
        documents = files(
            scan1__pdf=[sep(1), bill_of("2.00")],
            **{f"scan{number}__pdf": [list_of("2.00", name=""), list_of("3.00", name="")]},
        )
        first, *others = claims_in_files(documents)
        assert (len(first) == 3) == joined
        assert bool(others) != joined

    def test_the_same_person_goes_on_over_a_gap_in_the_numbers(self) -> None:
        documents = files(
            scan1__pdf=[sep(1), bill_of("2.00")], scan10__pdf=[list_of("2.00"), sep(2), blank()]
        )
        assert claims_in_files(documents) == [["scan1.pdf 2", "scan10.pdf 1"]]

    def test_a_label_holds_into_the_next_file(self) -> None:
        documents = files(
            s1__pdf=[bill_of("1.00", label("A-1")), blank()],
            s2__pdf=[list_of("1.00"), bill_of("2.00", label("A-2"))],
        )
        assert claims_in_files(documents) == [["s1.pdf 1", "s2.pdf 1"], ["s2.pdf 2"]]


SHEETS = {
    "bill": bill_of("1.00"),
    "labelled": bill_of("2.00", label("A-1")),
    "list": list_of("1.00", sheets=2),
    "sep": sep(1),
    "head": header(1, "1.00"),
    "blank": blank(),
    "lab": laid(paper("other", "lab_report")),
}


@given(st.lists(st.sampled_from(sorted(SHEETS)), min_size=1, max_size=12))
def test_every_paper_is_in_one_part_and_no_claim_reaches_over_a_sheet(names: list[str]) -> None:
    documents = stack(*(SHEETS[name] for name in names))
    papers = [each.pages[0].number for each in documents if not each.is_sheet and each.type != "blank"]
    parts = [page for batch in cut(documents) for part in batch for page in part]
    assert parts in ([], papers)
    walls = [each.pages[0].number for each in documents if each.is_sheet]
    for claim in claims(documents):
        assert not any(claim[0] < wall < claim[-1] for wall in walls)


@pytest.mark.parametrize("text", ["1e9", "", "一百", "9" * 40])
def test_a_candidate_that_is_no_amount_is_passed_over(text: str) -> None:
    (document,) = stack(bill_of("1.00", candidates=(text, "2.00")))
    assert [str(each) for each in StackPaper.of(document).other_totals] == ["2.00"]
