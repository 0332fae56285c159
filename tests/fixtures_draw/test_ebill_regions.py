"""Regional e-bills, their detail pages and their previews: what is stated stands there, and adds up."""

import random
import re
from decimal import Decimal

import pytest

from fixtures.draw import ebill_fee_detail, ebill_regions, h5_preview, ofd

MAKERS = {**ebill_regions.MAKERS, **ebill_fee_detail.MAKERS}
SEEDS = (22,)
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


def _wordings(value: str) -> set[str]:
    forms = {value, re.sub(r"\.?0+$", "", value) if re.fullmatch(r"-?\d+\.\d\d", value) else value}
    if DATE.fullmatch(value):
        forms |= {DATE.sub(pattern, value) for pattern in (r"\1\2\3", r"\1/\2/\3", r"\1年\2月\3日")}
    return forms


@pytest.mark.parametrize("layout", MAKERS)
def test_what_is_stated_is_printed_and_adds_up(layout: str) -> None:
    for seed in SEEDS:
        drawn = MAKERS[layout](random.Random(seed))
        printed = re.sub(r"[\s,]", "", "".join(text.text for page in drawn.pages for text in page.texts))
        for name, value in drawn.truth.fields.items():
            assert value is None or any(form in printed for form in _wordings(value)), (name, value)
        total = drawn.truth.fields.get("total_amount")
        listed = sum(Decimal(row["amount"] or 0) for row in drawn.truth.line_items)
        assert total is None or (listed == Decimal(total)) == drawn.truth.consistent
        assert drawn.layout == layout


@pytest.mark.parametrize("layout", MAKERS)
def test_a_seed_gives_the_same_paper(layout: str) -> None:
    first, second = (MAKERS[layout](random.Random(5)) for _ in range(2))
    assert first.truth == second.truth
    assert [page.texts for page in first.pages] == [page.texts for page in second.pages]


def test_nothing_stands_outside_the_sheet() -> None:
    for maker in MAKERS.values():
        for page in maker(random.Random(9)).pages:
            for left, top, right, bottom in (text.box for text in page.texts):
                assert left >= 0
                assert top >= 0
                assert right <= page.width
                assert bottom <= page.height


def test_a_regional_bill_is_also_an_ofd() -> None:
    drawn = ebill_regions.MAKERS["outpatient_beijing"](random.Random(1))
    assert ofd.to_ofd(drawn.pages[0])[:2] == b"PK"


def test_a_screenshot_states_its_bill() -> None:
    drawn = h5_preview.SCREENSHOTS["h5_preview"](random.Random(1))
    assert drawn.truth.subtype == "e_bill"
    assert (drawn.pages[0].width, drawn.pages[0].height) == (h5_preview.WIDTH, h5_preview.HEIGHT)
