"""Pages into papers: what goes on, what begins, what is blank, what nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from extractors import EXTRACTORS
from extractors._extractor import Extractor
from pipeline import papers
from pipeline.model import BLANK, OTHER, Box, Document, Page, PageSize, SourceFile, Statement, Word
from pipeline.papers import BLANK_INK, _heads_on, identified, is_blank, read_paper, split_papers

FILE = SourceFile("a.pdf", "0" * 64)


def page(number: int, text: str = "", ink: float = 0.05) -> Page:
    words = (Word(text, Box(0, 0, 100, 20), 1.0, "text_layer"),) if text else ()
    return Page(FILE, number, 1000, 1400, 150, words, ink=ink)


def empty(number: int) -> Page:
    return page(number, ink=0.0)


def extractor(name: str, *, goes_on: str = "") -> Extractor:
    """A type that knows its pages by its name and goes on where `goes_on` stands."""

    def extract(pages: Sequence[Page], sure: float) -> Document:
        sizes = tuple(PageSize(each.number, each.width, each.height) for each in pages)
        return Document(name, None, sure, pages[0].file, sizes)

    return Extractor(
        name,
        name,
        lambda one: 0.9 if name in one.text else 0.1,
        extract,
        (),
        lambda _document: (),
        lambda _before, one: bool(goes_on) and goes_on in one.text,
    )


@pytest.fixture(autouse=True)
def two_types(monkeypatch: pytest.MonkeyPatch) -> None:
    types = [extractor("票据"), extractor("清单", goes_on="续"), extractor(OTHER)]
    monkeypatch.setattr(papers, "EXTRACTORS", {each.type: each for each in types})


def split(*pages: Page) -> list[tuple[str, list[int]]]:
    return [(paper.type, [one.number for one in paper.pages]) for paper in split_papers(pages)]


def test_every_page_of_a_type_that_never_goes_on_is_a_paper() -> None:
    assert split(page(1, "票据"), page(2, "票据")) == [("票据", [1]), ("票据", [2])]


def test_a_page_goes_on_with_the_paper_before_it_when_its_type_says_so() -> None:
    assert split(page(1, "清单"), page(2, "续"), page(3, "清单"), page(4, "票据")) == [
        ("清单", [1, 2]),
        ("清单", [3]),
        ("票据", [4]),
    ]


def test_an_empty_back_does_not_end_a_paper() -> None:
    assert split(page(1, "清单"), empty(2), page(3, "续")) == [("清单", [1, 3]), (BLANK, [2])]


def test_what_nobody_knows_is_other_and_goes_on_with_nothing() -> None:
    assert split(page(1, "车票"), page(2, "续")) == [(OTHER, [1]), (OTHER, [2])]


def test_no_page_is_dropped() -> None:
    pages = [page(1, "票据"), empty(2), page(3, "?"), page(4, "清单"), page(5, "续"), page(6)]
    numbers = [one.number for paper in split_papers(pages) for one in paper.pages]
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]


def test_the_surest_type_takes_the_page_and_says_how_sure() -> None:
    assert identified(page(1, "票据")) == ("票据", 0.9)
    assert identified(page(1, "车票")) == (OTHER, 0.9)


@pytest.mark.parametrize(
    ("one", "blank"),
    [
        (page(1, ink=BLANK_INK), True),
        (page(1, ink=BLANK_INK * 2), False),  # something is there that OCR cannot read
        (page(1, "字", ink=0.0), False),
        (replace(empty(1), statements=(Statement("invoice_number", "1", "xml"),)), False),
    ],
)
def test_a_page_is_blank_when_nothing_is_printed_on_it(one: Page, blank: bool) -> None:
    assert is_blank(one) is blank


def test_a_speck_that_was_read_as_a_character_leaves_a_back_blank() -> None:
    one = page(1, "1", ink=BLANK_INK / 2)
    speck = replace(one, words=tuple(replace(word, confidence=0.65, origin="ocr") for word in one.words))
    assert is_blank(speck)
    assert not is_blank(replace(speck, ink=BLANK_INK * 2))
    assert not is_blank(page(1, "1", ink=BLANK_INK / 2))


def test_a_blank_keeps_its_page_and_needs_nobody() -> None:
    (paper,) = split_papers([empty(3)])
    document = read_paper(paper)
    assert (document.type, document.status, document.pages) == (BLANK, "rejected", (PageSize(3, 1000, 1400),))


def test_a_paper_is_read_by_its_type() -> None:
    (paper,) = split_papers([page(1, "清单"), page(2, "续")])
    document = read_paper(paper)
    assert (document.type, document.type_confidence, len(document.pages)) == ("清单", 0.9, 2)


def test_there_is_a_type_for_what_nobody_knows() -> None:
    assert OTHER in EXTRACTORS


class TestSeveralPapersOnOnePage:
    def heads(self, *texts: tuple[str, float, float]) -> int:
        body = [Word("普通文字", Box(100, 400 + 30 * n, 180, 420 + 30 * n), 0.9, "ocr") for n in range(9)]
        words = [Word(text, Box(x, y, x + 300, y + 36), 0.9, "ocr") for text, x, y in texts]
        page = Page(SourceFile("a.jpg", "0" * 64), 1, 1000, 1400, 200, (*words, *body))
        return _heads_on(page)

    def test_one_title_is_one_paper_though_it_is_read_in_two_parts(self) -> None:
        assert self.heads(("广东省医疗住院收费票据(电子)", 300, 40)) == 1
        assert self.heads(("济南市医院", 300, 20), ("门诊费用清单", 300, 70)) == 1

    def test_two_titles_apart_are_two(self) -> None:
        assert self.heads(("四川省医疗门诊收费票据", 300, 40), ("诊断证明书", 300, 900)) == 2

    @pytest.mark.parametrize(
        ("text", "side", "heads"),
        [("收据", Box(960, 700, 990, 780), 1), ("收据", Box(860, 700, 940, 730), 2)],
        ids=["up the margin", "lying"],
    )
    def test_the_name_of_a_copy_up_the_margin_is_no_title(self, text: str, side: Box, heads: int) -> None:
        words = [
            Word("北京市医疗门诊收费票据", Box(300, 40, 600, 80), 0.9, "ocr"),
            Word(text, side, 0.9, "ocr"),
        ]
        body = [Word("普通文字", Box(100, 400 + 30 * n, 180, 420 + 30 * n), 0.9, "ocr") for n in range(9)]
        assert _heads_on(Page(FILE, 1, 1000, 1400, 200, (*words, *body))) == heads

    def test_a_number_that_each_bill_prints_once_tells_two_bills(self) -> None:
        assert self.heads(("票据号码:0127700352", 600, 100), ("发票号码:24112000", 600, 800)) == 2

    def test_a_button_or_a_sentence_is_no_title(self) -> None:
        assert self.heads(("四川省医疗门诊收费票据", 300, 40), ("查看收费明细", 300, 1200)) == 1
