"""The spine, stage by stage: ink, words, catalog entries, rules, status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from pipeline.catalogs.catalog import Catalogs
from pipeline.intake import (
    checked,
    is_worth_reading,
    read_documents,
    read_page,
    with_catalog,
    with_ink,
    with_inks_apart,
)
from pipeline.model import BLANK, Alternative, Box, Image, Page, SourceFile, Word
from pipeline.reading.lines import Quad
from pipeline.store.freeze import load_page
from tests.builders import bill, paper, row
from tests.truth import FIXTURES

TODAY = date(2026, 11, 21)
FILE = SourceFile("a.jpg", "0" * 64)


class Engine:
    """Finds one line and reads it; counts how often it was asked."""

    def __init__(self, text: str = "济南样例人民医院门诊收费票据") -> None:
        self.text = text
        self.asked = 0

    def find_lines(self, image: Image) -> list[Quad]:
        self.asked += 1
        width = image.shape[1]
        return [np.array([[100, 100], [width - 100, 100], [width - 100, 140], [100, 140]], np.float32)]

    def read_lines(self, image: Image, lines: Sequence[Quad]) -> list[Word]:
        return [word for words in self.read_each(image, lines) for word in words]

    def read_each(self, image: Image, lines: Sequence[Quad]) -> list[list[Word]]:
        return [[Word(self.text, Box(100, 100, 900, 140), 0.99, "ocr")] for _ in lines]


def sheet(*, ink: bool = True, shadow: bool = False) -> Page:
    image = np.full((1400, 1000, 3), 255, np.uint8)
    if ink:
        image[100:140, 100:900] = 0
    if shadow:
        image[:, :8] = 0
    return Page(FILE, 1, 1000, 1400, 120, image=image)


def test_only_a_paper_whose_print_slipped_is_asked_for_its_inks() -> None:
    engine = Engine()
    words = (
        Word("医疗门诊收费票据", Box(300, 20, 700, 50), 0.99, "ocr"),
        Word("性别：", Box(100, 100, 160, 124), 0.99, "ocr"),
        Word("女", Box(168, 100, 192, 124), 0.99, "ocr"),
        Word("合计（大写）", Box(100, 200, 244, 224), 0.99, "ocr"),
        Word("伍佰叁拾元整", Box(252, 200, 396, 224), 0.99, "ocr"),
    )
    page = replace(sheet(), words=words)
    assert with_inks_apart(page, engine) is page
    assert engine.asked == 0


def test_ink_is_the_share_of_dark_pixels_within_the_edges() -> None:
    assert with_ink(sheet()).ink == pytest.approx(40 * 800 / (1400 * 1000), rel=0.15)
    assert with_ink(sheet(ink=False, shadow=True)).ink == 0.0


def test_ink_of_a_page_without_picture_is_not_measured() -> None:
    assert with_ink(Page(FILE, 1, 1000, 1400, 120)).ink == 1.0


def test_a_page_gets_its_words() -> None:
    assert read_page(sheet(), Engine()).text == "济南样例人民医院门诊收费票据"


def test_an_empty_back_costs_no_reading() -> None:
    engine = Engine()
    page = read_page(sheet(ink=False), engine)
    assert (page.words, engine.asked) == ((), 0)
    (document,) = read_documents([replace(page, image=None)], Catalogs.sample(), TODAY)
    assert (document.type, document.status) == (BLANK, "rejected")


def test_words_that_came_with_the_file_cost_no_reading() -> None:
    engine = Engine()
    words = (Word("电子发票", Box(0, 0, 100, 20), 1.0, "text_layer"),)
    page = read_page(replace(sheet(), words=words, words_known=True), engine)
    assert (page.text, engine.asked) == ("电子发票", 0)


def test_a_page_with_words_is_worth_reading_however_pale() -> None:
    pale = replace(sheet(), ink=0.0)
    assert not is_worth_reading(pale)
    assert is_worth_reading(replace(pale, words=(Word("字", Box(0, 0, 9, 9), 1.0, "text_layer"),)))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"visit_date": "2026-03-12", "issue_date": "2026-03-13"}, date(2026, 3, 12)),
        ({"discharge_date": "2026-04-24", "admission_date": "2026-04-15"}, date(2026, 4, 24)),
        ({"period_end": "2026-04-24", "period_start": "2026-04-15"}, date(2026, 4, 24)),
        ({"issue_date": "2026-03-13"}, date(2026, 3, 13)),
        ({"admission_date": "2026-04-15"}, None),
        ({}, None),
    ],
)
def test_the_day_of_treatment_is_the_visit_or_the_end_of_the_stay(
    given: dict[str, str], expected: date | None
) -> None:
    assert paper("outpatient_invoice", None, given).treatment_date == expected


def test_a_charged_row_gets_its_entry_of_the_lists() -> None:
    document = bill(visit_date="2026-03-12", items=[row("阿莫西林胶囊", "20.58", category="西药费")])
    (item,) = with_catalog(document, Catalogs.sample()).items
    assert item.catalog is not None
    assert (item.catalog.kind, item.catalog.status) == ("drug", "matched")


def test_a_row_without_a_name_has_none() -> None:
    (item,) = with_catalog(bill(items=[row(None, "20.58")]), Catalogs.sample()).items
    assert item.catalog is None


def test_a_paper_carries_what_the_rules_found_and_the_status_that_follows() -> None:
    right = bill(subtype="paper", total_amount="34.05", total_in_words="叁拾肆元零伍分")
    wrong = bill(subtype="paper", total_amount="34.06", total_in_words="叁拾肆元零伍分")
    outcomes = []
    for document in (right, wrong):
        judged = checked(document, TODAY)
        (finding,) = (each for each in judged.findings if each.rule.startswith("V-1."))
        total = judged.fields["total_amount"]
        outcomes.append((finding.outcome, total.status, total.value))
    assert outcomes == [
        ("pass", "accepted", Decimal("34.05")),
        ("fail", "review", Decimal("34.06")),
    ]


def test_a_bill_without_its_key_fields_is_for_a_person() -> None:
    assert checked(bill(total_amount="34.05"), TODAY).status == "review"


def test_a_misread_amount_is_put_right_before_the_rules_are_asked() -> None:
    """The sample receipt with 54.40 of its fourth row read as 84.40."""
    page = load_page((FIXTURES / "recorded" / "15.json").read_text("utf-8"))
    (right,) = read_documents([page], Catalogs.sample(), TODAY)
    amount = right.items[3].amount
    assert amount is not None
    assert amount.box is not None
    place = amount.box
    misread = [
        replace(word, text=f"8{word.text[1:]}", alternatives=(Alternative(0, "5", 0.05),), looks=())
        if word.text.startswith("54.40") and word.box.shared_area(place) > place.area / 2
        else word
        for word in page.words
    ]
    (document,) = read_documents([replace(page, words=tuple(misread))], Catalogs.sample(), TODAY)
    mended = document.items[3].amount
    assert mended is not None
    assert (mended.value, mended.text, mended.origin) == (Decimal("54.40"), "84.40", "rule")
    assert mended.status == "review"
    assert [repair.applied for repair in document.repairs] == [True]
    assert document.fields["total_amount"].status == right.fields["total_amount"].status == "accepted"
