"""Which print of a page deserves a second look."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from pipeline.doubts import doubtful_print, missing_cells
from pipeline.model import Box, Field, LineItem, Page, SourceFile, Word

FILE = SourceFile("a.jpg", "0" * 64)


def amount(value: str, x: float, y: float) -> Field[Decimal]:
    return Field(Decimal(value), value, 0.99, 1, Box(x, y, x + 40, y + 20), "ocr")


def row(y: float, *, quantity: bool = True) -> LineItem:
    return LineItem(
        page=1,
        name=Field("血常规", "血常规", 0.99, 1, Box(50, y, 120, y + 20), "ocr"),
        quantity=amount("1", 300, y) if quantity else None,
        amount=amount("10.00", 500, y),
    )


class TestMissingCells:
    def test_a_number_that_the_other_rows_have_is_missing_from_its_row(self) -> None:
        rows = [row(100), row(130), row(160, quantity=False), row(190)]
        (cell,) = missing_cells(rows)
        assert cell.x0 < 300 < 340 < cell.x1
        assert (cell.y0, cell.y1) == (160, 180)

    def test_a_column_that_few_rows_have_is_not_missed(self) -> None:
        rows = [row(100), row(130, quantity=False), row(160, quantity=False), row(190, quantity=False)]
        assert missing_cells(rows) == []

    def test_the_height_is_that_of_the_print_beside_it(self) -> None:
        """Rows fall over the width of a page, so that the nearest print of the row tells where it runs."""
        sunken = replace(row(160, quantity=False), amount=amount("10.00", 400, 171))
        (cell,) = missing_cells([row(100), row(130), sunken, row(190)])
        assert cell.y0 == 171


class TestValues:
    def page(self, origin: str = "ocr") -> Page:
        texts = ["济南样例人民医院", "疾病诊断证明书", "姓名：王小明 性别：男", "诊断：急性上呼吸道感染"]
        words = tuple(
            Word(text, Box(100, 100 + 60 * i, 100 + 24 * len(text), 124 + 60 * i), 0.99, origin)  # type: ignore[arg-type]
            for i, text in enumerate(texts)
        )
        return Page(FILE, 1, 1000, 1400, 120, words=words)

    def test_what_a_paper_says_once_is_looked_at_again(self) -> None:
        places, cells = doubtful_print(self.page())
        assert any(100 <= place.x0 <= 300 and place.y0 == 220 for place in places)
        assert cells == []

    def test_a_page_with_a_text_layer_is_not(self) -> None:
        assert doubtful_print(self.page("text_layer")) == ([], [])

    def test_a_page_of_nobody_knows_what_is_not(self) -> None:
        words = (Word("今天天气很好", Box(0, 0, 100, 20), 0.99, "ocr"),)
        assert doubtful_print(Page(FILE, 1, 1000, 1400, 120, words=words)) == ([], [])
