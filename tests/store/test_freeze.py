"""What is stored comes back as it was, whatever stood on the page."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import (
    Alternative,
    Box,
    Candidate,
    CatalogMatch,
    Code,
    Document,
    Field,
    Finding,
    LineItem,
    Page,
    PageSize,
    SourceFile,
    StatedRow,
    Statement,
    Value,
    Word,
)
from pipeline.store.freeze import dump_document, dump_page, load_document, load_page

ORIGINS = st.sampled_from(["ocr", "text_layer", "qr", "xml", "ofd", "rule", "reviewer"])
TEXT = st.text(max_size=12)
ANY_TEXT = st.one_of(TEXT, st.text(st.characters(categories=("Cs", "Lo", "Nd", "Cc")), max_size=4))
SHARE = st.floats(0, 1)
EDGE = st.one_of(st.integers(0, 5000), st.floats(0, 5000))
BOXES = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), EDGE, EDGE, EDGE, EDGE)
PAGE_NUMBERS = st.integers(1, 300)
FILES = st.builds(SourceFile, ANY_TEXT, TEXT)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
DAYS = st.dates()


def tuples(of: st.SearchStrategy[object], most: int = 3) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(of, max_size=most).map(tuple)


def fields(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Field[Value]]:
    return st.builds(
        Field,
        st.none() | values,
        ANY_TEXT,
        SHARE,
        st.none() | PAGE_NUMBERS,
        st.none() | BOXES,
        ORIGINS,
        tuples(st.builds(Candidate, ANY_TEXT, SHARE)),
        tuples(TEXT),
        st.sampled_from(["accepted", "review", "missing"]),
    )


VALUES: st.SearchStrategy[Value] = st.one_of(ANY_TEXT, DECIMALS, DAYS)
MATCHES = st.recursive(
    st.builds(
        CatalogMatch,
        st.sampled_from(["matched", "ambiguous", "unmatched"]),
        st.sampled_from([None, "drug", "service", "facility", "consumable"]),
        st.none() | TEXT,
        st.none() | TEXT,
        st.sampled_from([None, "甲", "乙", "丙"]),
        SHARE,
    ),
    lambda inner: st.builds(replace, inner, candidates=tuples(inner), why=TEXT),
    max_leaves=4,
)
TEXT_FIELDS = st.none() | fields(ANY_TEXT)
NUMBER_FIELDS = st.none() | fields(DECIMALS)
LINES = st.builds(
    LineItem,
    PAGE_NUMBERS,
    name=TEXT_FIELDS,
    quantity=NUMBER_FIELDS,
    amount=NUMBER_FIELDS,
    insurance_class=TEXT_FIELDS,
    catalog=st.none() | MATCHES,
)
FINDINGS = st.builds(
    Finding,
    TEXT,
    st.sampled_from(["pass", "fail", "unknown"]),
    st.sampled_from(["block", "warn"]),
    ANY_TEXT,
    tuples(TEXT),
)
DOCUMENTS = st.builds(
    Document,
    TEXT,
    st.none() | TEXT,
    SHARE,
    FILES,
    tuples(st.builds(PageSize, PAGE_NUMBERS, PAGE_NUMBERS, PAGE_NUMBERS)),
    st.dictionaries(TEXT, fields(VALUES), max_size=3).map(MappingProxyType),
    tuples(LINES, 2),
    tuples(LINES, 1),
    st.dictionaries(TEXT, ANY_TEXT, max_size=2).map(MappingProxyType),
    tuples(FINDINGS, 2),
    st.sampled_from(["accepted", "review", "rejected"]),
    st.none() | BOXES,
    TEXT,
)
WORDS = st.builds(
    Word,
    ANY_TEXT,
    BOXES,
    SHARE,
    ORIGINS,
    tuples(EDGE),
    tuples(SHARE),
    tuples(st.builds(Alternative, PAGE_NUMBERS, TEXT, SHARE)),
)
PAGES = st.builds(
    Page,
    FILES,
    PAGE_NUMBERS,
    PAGE_NUMBERS,
    PAGE_NUMBERS,
    PAGE_NUMBERS,
    tuples(WORDS),
    tuples(st.builds(Code, TEXT, ANY_TEXT, BOXES)),
    tuples(st.builds(Statement, TEXT, ANY_TEXT, ORIGINS, st.none() | BOXES)),
    tuples(st.builds(StatedRow, TEXT, unit=TEXT, level=st.sampled_from(["category", "detail"]))),
    st.booleans(),
    SHARE,
    st.sampled_from([0, 90, 180, 270]),
)

PAGE = Page(SourceFile("账单.jpg", "ab" * 32), 1, 1240, 1754, 150)
DOCUMENT = Document("other", None, 0.5, PAGE.file, (PageSize(1, 1240, 1754),))


@given(DOCUMENTS)
def test_a_document_comes_back_as_it_was(document: Document) -> None:
    assert load_document(dump_document(document)) == document


@given(PAGES)
def test_a_page_comes_back_as_it_was(page: Page) -> None:
    assert load_page(dump_page(page)) == page


@given(DOCUMENTS)
def test_a_stored_document_is_one_line_that_any_file_can_hold(document: Document) -> None:
    text = dump_document(document)
    assert load_document(text.encode().decode()) == document
    assert "\n" not in text
    assert "\r" not in text


@pytest.mark.parametrize(
    "value",
    ["203.65", Decimal("203.65"), Decimal("203.650"), Decimal("1E+3"), date(2025, 2, 17), "2025-02-17", ""],
)
def test_a_value_keeps_its_type_and_its_digits(value: Value) -> None:
    document = replace(DOCUMENT, fields={"x": Field(value, "", 1.0, 1, Box(0, 0, 1, 1), "ocr")})
    back = load_document(dump_document(document)).fields["x"].value
    assert type(back) is type(value)
    assert str(back) == str(value)


def test_the_image_of_a_page_is_left_out() -> None:
    page = replace(PAGE, image=np.zeros((2, 2, 3), np.uint8))
    assert load_page(dump_page(page)).image is None


def test_numbers_that_come_from_an_engine_are_kept() -> None:
    word = Word("元", Box(np.float32(1.1), np.float64(2), 3, 4), np.float32(0.1), "ocr")  # type: ignore[arg-type]
    page = replace(PAGE, words=(word,))
    assert load_page(dump_page(page)) == page


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"form":1}',
        '{"form":2,"document":{}}',
        '{"form":1,"document":{}}',
        '{"form":1,"document":{"unknown":1}}',
        '{"form":1,"document":[]}',
        dump_document(DOCUMENT).replace('"other"', "5"),
        dump_document(DOCUMENT).replace('"pages":[', '"status":"good","pages":['),
        dump_document(replace(DOCUMENT, region=Box(1, 2, 3, 4))).replace('"x1":3', '"x1":0'),
        dump_document(replace(DOCUMENT, fields={"a": Field(Decimal(1), "", 1.0, 1, None, "ocr")})).replace(
            '"decimal":"1"', '"decimal":"eins"'
        ),
        "[" * 100_000,
    ],
)
def test_what_is_not_a_stored_document_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        load_document(text)


def test_a_page_is_not_a_document() -> None:
    with pytest.raises(ValueError, match="not a stored document"):
        load_document(dump_page(PAGE))
