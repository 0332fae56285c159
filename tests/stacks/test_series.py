"""Which files are one stack, and in which order they lie."""

from __future__ import annotations

import random
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stacks.series import files_by_stack, follows, natural


def stacks(*files: str, pages: int = 50) -> list[tuple[str, ...]]:
    return sorted(files_by_stack(dict.fromkeys(files, pages)).values())


def test_a_scanner_that_begins_new_files_makes_one_stack_in_the_order_of_their_numbers() -> None:
    assert stacks("scan10.pdf", "scan2.pdf", "scan1.pdf") == [("scan1.pdf", "scan2.pdf", "scan10.pdf")]
    assert stacks("page-0010.pdf", "page-0009.pdf") == [("page-0009.pdf", "page-0010.pdf")]


def test_a_last_file_of_one_page_belongs_to_its_stack() -> None:
    found = files_by_stack({"s2.pdf": 1, "s1.pdf": 50, "photo.jpg": 1})
    assert found == {"s1.pdf": ("s1.pdf", "s2.pdf"), "./": ("photo.jpg",)}


def test_pictures_of_one_page_are_one_stack_a_folder_whatever_they_are_called() -> None:
    names = ("in/page-0010.jpg", "in/page-0009.jpg", "in/page-0009b.jpg", "in/IMG_7.png")
    (found,) = stacks(*names, pages=1)
    assert found == ("in/IMG_7.png", "in/page-0009.jpg", "in/page-0009b.jpg", "in/page-0010.jpg")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("east/scan1.pdf", "west/scan2.pdf"),
        ("in/scan1.pdf", "in/deeper/scan2.pdf"),
        ("a.zip!scan1.pdf", "b.zip!scan2.pdf"),
        ("scan1.pdf", "scan2.tif"),
        ("scan1.pdf", "copy2.pdf"),
        ("a.pdf", "b.pdf"),
        ("0412_1.pdf", "0413_2.pdf"),
        ("20260412.pdf", "20260413.pdf"),
        ("20260412_101533.pdf", "20260412_101822.pdf"),
        ("票据0127712345.pdf", "票据0127712346.pdf"),
    ],
)
@pytest.mark.parametrize("pages", [2, 50])
def test_files_that_nobody_fed_in_one_go_are_stacks_of_their_own(one: str, other: str, pages: int) -> None:
    assert stacks(one, other, pages=pages) == sorted([(one,), (other,)])


def test_names_are_compared_as_their_system_does() -> None:
    assert stacks("SCAN1.PDF", "scan2.pdf") == [("SCAN1.PDF", "scan2.pdf")]


def test_what_an_archive_holds_is_a_stack_of_the_archive() -> None:
    assert stacks("a.zip!s1.pdf", "a.zip!s2.pdf") == [("a.zip!s1.pdf", "a.zip!s2.pdf")]


def test_a_name_with_more_digits_than_a_number_takes_is_still_in_order() -> None:
    long = "9" * 5000
    assert sorted([f"s{long}0", f"s{long}"], key=natural) == [f"s{long}", f"s{long}0"]
    assert follows(f"s{long}.pdf", "s8.pdf") is False


NAMES = st.from_regex(r"(in/)?[ab]?[0-9]{0,3}\.(pdf|jpg)", fullmatch=True)


@given(st.dictionaries(NAMES, st.integers(1, 3), max_size=8), st.randoms(use_true_random=False))
def test_every_file_is_in_one_stack_of_its_folder_whatever_the_order(
    pages: dict[str, int], rng: random.Random
) -> None:
    found = files_by_stack(pages)
    assert sorted(file for files in found.values() for file in files) == sorted(pages)
    for files in found.values():
        assert len({PurePosixPath(file).parent for file in files}) == 1
    shuffled = list(pages)
    rng.shuffle(shuffled)
    assert files_by_stack({file: pages[file] for file in shuffled}) == found
