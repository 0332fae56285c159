"""The line table in a browser: editing in place, whole rows, sums that follow each key, lists, examples."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from pipeline.catalogs.aliases import AliasBook
from pipeline.corrections import rows_in
from pipeline.model import Box, Document
from pipeline.records import value_text
from pipeline.store.cases import documents_of
from pipeline.store.database import Database, url_of_folder
from pipeline.store.opened import Store
from pipeline.store.originals import FolderOriginals
from pipeline.web.service import Service
from tests.cases import judges
from tests.conftest import fill
from tests.store.stored import NOW
from tests.web.browsing import signed_in_page
from tests.web.review.claims import ROWS, MadeClaim, doubtful_claim
from tests.web.serving import SECRET, Door, served
from validators.sums import product_holds

LIST = "费用清单"
NAME, UNIT, QUANTITY, PRICE, AMOUNT = range(5)


@dataclass(frozen=True)
class Office:
    """A served store, its catalog folder, and the tab of a reviewer."""

    store: Store
    folder: Path
    page: Page

    @property
    def database(self) -> Database:
        return self.store.database


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    fill(url_of_folder(folder))
    database = Database(url_of_folder(folder))
    store = Store(database, FolderOriginals(folder / "originals"))
    service = Service(
        database, Door(), SECRET, clock=lambda: NOW, store=store, judges=judges, aliases=AliasBook(folder)
    )
    with served(service) as client:
        page = signed_in_page(browser, str(client.base_url), database, "reviewer", "wang")
        yield Office(store, folder, page)
        page.context.close()
    database.close()


_numbers = count()


@dataclass
class Desk:
    """A claim on somebody's desk, its list shown."""

    page: Page
    made: MadeClaim
    office: Office

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def go(self, row: int, column: int) -> None:
        """To a cell by mouse; a row counts from 0, a column from the name."""
        self.page.locator(".line-table tbody tr").nth(row).locator("td").nth(column).click()

    @property
    def at(self) -> str:
        """The path of the cell in focus."""
        path: str = self.page.evaluate(
            "document.activeElement.dataset.path ?? document.activeElement.className"
        )
        return path

    @property
    def text(self) -> str:
        text: str = self.page.evaluate("document.activeElement.value")
        return text

    def shown(self, column: int) -> list[str]:
        """What the cells of a column show, signs of doubt left out."""
        cells: list[str] = self.page.evaluate(
            """column => [...document.querySelectorAll('.line-table tbody tr')].map(({ cells }) =>
                [...cells[column + 1].childNodes].filter(one => one.className !== 'sign')
                    .map(one => one.textContent).join(''))""",
            column,
        )
        return cells

    def saved(self) -> Document:
        """The list as the store has it once everything is there."""
        self.page.evaluate(
            """async () => {
            const { src } = document.querySelector('script[src*="/review.js"]');
            const { desk } = await import(src.replace('review.js', 'desk.js'));
            await desk.settled();
        }"""
        )
        with self.office.database.read() as connection:
            papers = documents_of(connection, self.made.claim_id)
        return next(one for one in papers if one.type == "itemized_bill")

    def rows(self) -> list[tuple[str | None, ...]]:
        """Name, unit, quantity, price and amount of each row in the store."""
        return [
            tuple(
                None
                if (cell := getattr(row, part)) is None or cell.value is None
                else value_text(part, cell.value)
                for part in ("name", "unit", "quantity", "unit_price", "amount")
            )
            for row in rows_in(self.saved(), "line_items")
        ]

    def mark(self, box: Box) -> None:
        """As if words in a box of the list's page were clicked."""
        width, height = self.saved().pages[0].width, self.saved().pages[0].height
        place = [box.x0 / width, box.y0 / height, box.x1 / width, box.y1 / height]
        self.page.evaluate(
            """async ([document_id, box]) => {
            const { src } = document.querySelector('script[src*="/review.js"]');
            const { desk } = await import(src.replace('review.js', 'desk.js'));
            desk.take({ text: "", page: 1, box, document_id });
        }""",
            [self.made.papers["itemized_bill"], place],
        )

    def sums(self) -> str:
        return self.page.locator(".sums").inner_text()

    def paste(self, text: str) -> None:
        """As the clipboard of a spreadsheet would."""
        self.page.evaluate(
            """text => {
            const clipboardData = new DataTransfer();
            clipboardData.setData('text/plain', text);
            const how = { clipboardData, bubbles: true, cancelable: true };
            document.activeElement.dispatchEvent(new ClipboardEvent('paste', how));
        }""",
            text,
        )


OpenDesk = Callable[[], Desk]


@pytest.fixture
def at_desk(office: Office) -> Iterator[OpenDesk]:
    """Opens a claim of its own with the list shown; a script that fails fails the test."""
    faults: list[str] = []
    page = office.page

    def note(error: Error) -> None:
        faults.append(str(error))

    def made() -> Desk:
        claim = doubtful_claim(office.database, office.store.originals, str(next(_numbers)))
        page.goto(f"/review/{claim.claim_id}")
        page.get_by_role("tab", name=LIST).click()
        expect(page.locator(".line-table tbody tr").first).to_be_visible()
        return Desk(page, claim, office)

    page.on("pageerror", note)
    yield made
    page.remove_listener("pageerror", note)
    assert faults == []


def right(row: int, **other: Any) -> tuple[str, ...]:
    """A row of the list as printed, with other values."""
    parts = dict(zip(("name", "unit", "quantity", "unit_price", "amount"), ROWS[row], strict=True))
    return tuple({**parts, **other}.values())


READ = [
    right(0),
    right(1),
    right(2, amount="87.20"),
    right(3),
    right(4),
    right(5, unit_price="72.50"),
    right(6),
    right(7),
]


# ---------------------------------------------------------------- moving and typing


def test_arrows_tab_home_and_end_move_from_cell_to_cell(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(0, NAME)
    for key, at in (
        ("ArrowDown", "line_items[1].name"),
        ("ArrowRight", "line_items[1].unit"),
        ("Tab", "line_items[1].quantity"),
        ("Shift+Tab", "line_items[1].unit"),
        ("End", "line_items[1].catalog"),
        ("Home", "line_items[1].name"),
        ("ArrowUp", "line_items[0].name"),
        ("ArrowUp", "line_items[0].name"),
        ("Control+End", "line_items[7].name"),
        ("Control+Home", "line_items[0].name"),
    ):
        desk.press(key)
        assert (key, desk.at) == (key, at)


def test_typing_replaces_a_cell_and_the_sums_follow_each_key(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(2, AMOUNT)
    assert desk.text == "87.20"
    assert "差 50.00" in desk.sums()
    desk.type("37.2")
    assert "差" not in desk.sums().split("\n")[0]
    torn = desk.page.locator("tr.torn").count()
    assert torn == 1, "row 3 adds up as soon as it is typed; row 6 does not"
    desk.type("0")
    desk.press("Enter")
    assert desk.rows() == [*READ[:2], right(2), *READ[3:]]


def test_what_was_typed_counts_when_one_goes_to_another_cell(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(5, PRICE)
    desk.type("12.50")
    desk.press("ArrowDown")
    assert desk.at == "line_items[6].unit_price"
    assert desk.shown(PRICE)[5] == "12.50"
    assert desk.rows()[5] == right(5)


def test_escape_takes_back_what_was_typed(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(2, AMOUNT)
    desk.type("1")
    desk.press("Escape")
    assert desk.text == "87.20"
    assert desk.rows() == READ


def test_a_text_that_is_no_amount_keeps_the_focus_and_is_told(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(2, AMOUNT)
    desk.type("37.2o")
    desk.press("ArrowDown")
    assert (desk.at, desk.text) == ("line_items[2].amount", "37.2o")
    expect(desk.page.locator("#said")).to_contain_text("应为金额")
    assert desk.rows() == READ


def test_arrows_move_within_a_text_that_is_being_changed(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(0, NAME)
    desk.press("Alt+Enter", "ArrowLeft")
    desk.type("(五分类)")
    desk.press("ArrowDown")
    assert desk.rows()[0] == right(0, name="血常(五分类)规")


def test_an_input_method_composes_into_the_cell_and_its_keys_are_its_own(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(3, NAME)
    tools = desk.page.context.new_cdp_session(desk.page)
    tools.send("Input.imeSetComposition", {"text": "bu", "selectionStart": 2, "selectionEnd": 2})
    desk.page.evaluate(
        """() => document.activeElement.dispatchEvent(
            new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true }))"""
    )
    assert desk.at == "line_items[3].name"
    tools.send("Input.insertText", {"text": "布洛芬片"})
    desk.press("Enter")
    assert desk.rows()[3] == right(3, name="布洛芬片")


def test_a_cell_in_which_nothing_was_read_is_filled(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(0, UNIT)
    desk.press("F3")
    desk.go(0, UNIT)
    desk.type("项")
    desk.press("ArrowDown")
    assert desk.rows()[0] == right(0, unit="项")


# ---------------------------------------------------------------- whole rows


def test_a_row_is_added_cell_by_cell_and_the_next_one_follows(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(1, NAME)
    desk.press("Alt+n")
    desk.type("尿常规")
    desk.press("Tab")
    desk.type("次")
    desk.press("Tab")
    desk.type("1")
    desk.press("Tab")
    desk.type("8.00")
    desk.press("Tab")
    desk.type("8.00")
    desk.press("ArrowUp")
    assert desk.rows() == [*READ[:2], ("尿常规", "次", "1", "8.00", "8.00"), *READ[2:]]


def test_an_empty_new_row_goes_away_with_escape(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(1, NAME)
    desk.press("Alt+n", "Escape")
    assert desk.page.locator(".line-table tbody tr").count() == len(ROWS)
    assert desk.rows() == READ


def test_chosen_rows_are_deleted_and_come_back(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(1, NAME)
    desk.press("Shift+ArrowDown", "Control+Delete")
    assert desk.rows() == [READ[0], *READ[3:]]
    expect(desk.page.locator(".line-table tbody tr")).to_have_count(len(ROWS) - 2)
    desk.press("Control+z")
    expect(desk.page.locator(".line-table tbody tr")).to_have_count(len(ROWS))
    assert desk.rows() == READ


def test_two_rows_become_one_with_the_name_of_both(at_desk: OpenDesk) -> None:
    desk = at_desk()
    for column in (UNIT, QUANTITY, PRICE, AMOUNT):
        desk.go(1, column)
        desk.press("F3")
    desk.saved()
    desk.go(0, NAME)
    desk.press("Alt+b")
    expect(desk.page.locator(".line-table tbody tr")).to_have_count(len(ROWS) - 1)
    assert desk.rows() == [right(0, name="血常规C反应蛋白测定"), *READ[2:]]


def test_rows_that_say_different_things_are_shown_before_they_become_one(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(0, NAME)
    desk.press("Alt+b")
    dialog = desk.page.get_by_role("dialog")
    expect(dialog).to_contain_text("请核对")
    desk.press("Escape")
    expect(dialog).to_have_count(0)
    assert desk.rows() == READ


def test_a_row_of_two_is_parted_at_the_caret(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(1, NAME)
    desk.press("Alt+Enter", *["ArrowLeft"] * 2, "Alt+x")
    dialog = desk.page.get_by_role("dialog")
    expect(dialog.get_by_label("第 1 行 名称")).to_have_value("C反应蛋白")
    expect(dialog.get_by_label("第 2 行 名称")).to_have_value("测定")
    dialog.get_by_label("第 2 行 金额").fill("5.00")
    desk.press("Enter")
    expect(desk.page.locator(".line-table tbody tr")).to_have_count(len(ROWS) + 1)
    parted = [(*("C反应蛋白", "次", "1", "35.00", "35.00"),), ("测定", None, None, None, "5.00")]
    assert desk.rows() == [READ[0], *parted, *READ[2:]]


def test_a_value_is_filled_down_over_the_chosen_rows(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(2, UNIT)
    desk.press("Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown", "Control+d")
    assert [row[UNIT] for row in desk.rows()] == ["次", "次", "盒", "盒", "盒", "盒", "次", "次"]
    desk.press("ArrowDown", "Control+d")
    assert desk.rows()[6][UNIT] == "盒"


# ---------------------------------------------------------------- from a spreadsheet


def test_a_paste_with_headings_shows_what_lands_where_and_is_put_in(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(7, NAME)
    desk.paste('金额\t数量\t项目名称\n1,006.00\t2\t尿常规\n8.00\t1\t"便\t常规"\n')
    dialog = desk.page.get_by_role("dialog")
    expect(dialog).to_contain_text("已按表头认出各列")
    expect(dialog.get_by_label("第 1 行 名称")).to_have_value("尿常规")
    desk.press("Enter")
    expect(desk.page.locator(".line-table tbody tr")).to_have_count(len(ROWS) + 2)
    assert desk.rows() == [
        *READ,
        ("尿常规", None, "2", None, "1006.00"),
        ("便 常规", None, "1", None, "8.00"),
    ]


def test_a_paste_without_headings_goes_over_the_cells_from_the_one_in_focus_on(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(5, PRICE)
    desk.paste("12.50\t12.50\n67.20\t67.20\n")
    desk.press("Enter")
    expect(desk.page.locator("#said")).to_contain_text("已粘贴 2 行")
    assert desk.rows() == [*READ[:5], right(5), right(6, unit_price="67.20", amount="67.20"), READ[7]]


def test_a_paste_with_a_cell_that_is_no_value_is_not_taken_until_it_is_right(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(5, PRICE)
    desk.paste("12.50\t一十二\n")
    desk.press("Enter")
    expect(desk.page.get_by_role("alert")).to_contain_text("1 格填写有误")
    desk.press("Escape")
    assert desk.rows() == READ


# ---------------------------------------------------------------- the lists


def test_an_entry_is_found_by_initials_chosen_by_keys_and_offered_to_be_taught(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(3, NAME)
    desk.press("End")
    desk.type("amxl")
    box = desk.page.get_by_role("combobox")
    expect(box).to_have_attribute("aria-expanded", "true")
    options = desk.page.get_by_role("option")
    expect(options.first).to_contain_text("阿莫西林")
    expect(options.first).to_have_attribute("aria-selected", "true")
    desk.press("Enter")
    expect(desk.page.locator("#said")).to_contain_text("Alt+T")
    desk.press("Alt+t")
    expect(desk.page.locator("#said")).to_contain_text("由另一人核准后生效")
    match = rows_in(desk.saved(), "line_items")[3].catalog
    assert match is not None
    assert (match.status, (match.name or "")[:4]) == ("matched", "阿莫西林")
    (taught,) = AliasBook(desk.office.folder).all()
    assert (taught.printed, taught.standing, taught.line) == ("布洛芬缓释胶囊", "proposed", 4)


def test_the_printed_name_is_looked_up_with_one_key_and_escape_leaves_it(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(4, AMOUNT)
    desk.press("Alt+q")
    expect(desk.page.get_by_role("option").first).to_contain_text("阿莫西林")
    desk.press("Escape")
    expect(desk.page.get_by_role("listbox")).to_be_hidden()
    assert desk.rows() == READ


# ---------------------------------------------------------------- by example


def test_rows_that_reading_missed_follow_from_one_that_it_read(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(4, NAME)
    desk.press("Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown", "Control+Delete")
    expect(desk.page.locator(".line-table tbody tr")).to_have_count(len(ROWS) - 4)
    desk.go(0, NAME)
    desk.press("Alt+i")
    expect(desk.page.get_by_role("group", name="按样例补全")).to_contain_text("读到 4 行新的")
    desk.press("Enter")
    expect(desk.page.locator(".line-table tbody tr")).to_have_count(len(ROWS))
    assert desk.rows() == [*READ[:4], *(right(at) for at in range(4, 8))]


def test_a_table_that_was_not_read_at_all_follows_from_cells_marked_on_the_page(at_desk: OpenDesk) -> None:
    desk = at_desk()
    second = rows_in(desk.saved(), "line_items")[1]
    desk.go(0, NAME)
    desk.press(*["Shift+ArrowDown"] * (len(ROWS) - 1), "Control+Delete")
    expect(desk.page.locator(".line-table tbody tr")).to_have_count(0)
    desk.press("Alt+i")
    panel = desk.page.get_by_role("group", name="按样例补全")
    expect(panel).to_be_focused()
    for part in ("name", "specification", "unit", "quantity", "unit_price", "amount"):
        cell = getattr(second, part)
        if cell is None:
            desk.press("Tab")
            continue
        desk.mark(cell.box)
    expect(panel).to_contain_text(f"读到 {len(ROWS)} 行新的")
    desk.press("Enter")
    expect(desk.page.locator(".line-table tbody tr")).to_have_count(len(ROWS))
    assert desk.rows() == [right(at) for at in range(len(ROWS))]


def test_nothing_is_taken_of_an_example_with_escape(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(0, NAME)
    desk.press("Alt+i")
    expect(desk.page.get_by_role("group", name="按样例补全")).to_contain_text("没有读到新的行")
    desk.press("Escape")
    assert desk.at == "line_items[0].name"
    assert desk.rows() == READ


# ---------------------------------------------------------------- all of it


def test_script_in_a_cell_is_text(at_desk: OpenDesk) -> None:
    desk = at_desk()
    desk.go(0, NAME)
    desk.type("<img src=x onerror=alert(1)>")
    desk.press("ArrowDown")
    desk.saved()
    assert desk.shown(NAME)[0] == "<img src=x onerror=alert(1)>"
    assert desk.page.locator(".line-table img").count() == 0


def test_a_key_draws_nothing_of_the_table_but_the_row_it_is_typed_in(at_desk: OpenDesk) -> None:
    """What makes a list of 300 rows as quick as this one; `benchmarks/review_screen.py` measures the time."""
    desk = at_desk()
    desk.go(2, AMOUNT)
    desk.page.evaluate(
        """() => {
        window.drawn = new Set();
        const note = ({ target }) => window.drawn.add(target.closest('tr')?.rowIndex ?? -1);
        const table = document.querySelector('.line-table');
        new MutationObserver(all => all.forEach(note))
            .observe(table, { subtree: true, childList: true, attributes: true });
    }"""
    )
    desk.type("37.20")
    assert set(desk.page.evaluate("[...window.drawn]")) <= {3}
    assert desk.page.locator(".line-box input").count() == 1


def test_sums_in_the_browser_are_those_of_the_rules(at_desk: OpenDesk) -> None:
    """Against `validators.sums` and Decimal, on numbers by lot: near misses by a fen and by less."""
    rng = random.Random(7)
    cases = []
    for _ in range(400):
        quantity = Decimal(rng.randint(-9999, 99999)).scaleb(-rng.randint(0, 3))
        price = Decimal(rng.randint(0, 10**9)).scaleb(-rng.randint(0, 6))
        off = Decimal(rng.choice((0, 1, -1, 2, -2, 15))).scaleb(-2)
        amount = (quantity * price).quantize(Decimal("0.01")) + off
        cases.append([f"{one:f}" for one in (quantity, price, amount)])
    desk = at_desk()
    told = desk.page.evaluate(
        """async cases => {
        const { src } = document.querySelector('script[src*="/review.js"]');
        const { isProduct, fenOf, yuan } = await import(src.replace('review.js', 'exact.js'));
        const fen = cases.reduce((sum, [, , amount]) => sum + fenOf(amount), 0n);
        const none = [isProduct('1', '', '1'), fenOf('1.005'), fenOf('一')];
        return [cases.map(one => isProduct(...one)), yuan(fen), none];
    }""",
        cases,
    )
    holds = [product_holds(*map(Decimal, case)) for case in cases]
    assert told == [holds, f"{sum(Decimal(amount) for *_, amount in cases):f}", [None, None, None]]
    assert {True, False} == set(holds)
