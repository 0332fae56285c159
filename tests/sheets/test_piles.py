"""Several papers on one page are told apart by ground, or by seam and print; one paper is never cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import intake
from pipeline.catalogs.catalog import Catalogs
from pipeline.intake import read_documents, read_papers_on
from pipeline.model import Box, Document, Field, Image, LineItem, Page, PageSize, Placement, SourceFile, Word
from pipeline.papers import identified, on_sheet, split_papers, titles_on
from pipeline.reading.cutting import Outline
from pipeline.reading.lines import Quad
from pipeline.reading.upright import way_back
from pipeline.reading.ways import LaidWord
from pipeline.sheets.announced import SURE, is_paper
from pipeline.sheets.piles import Piece, cut_out, piles_of, piles_on

FILE = SourceFile("a.jpg", "0" * 64)
WIDTH, HEIGHT = 1000, 1400
BILL = ("北京市医疗门诊收费票据", "票据号码：0123456789", "交款人：张样例", "金额合计（大写）壹佰元整")
CERTIFICATE = ("诊断证明书", "姓名：李样例", "诊断：急性支气管炎", "建议：休息三天")
FOOT = ("个人现金支付：12.00", "收款单位（章）：样例医院", "复核人：王样例", "收款人：赵样例")


TICKET = ("样例南站 G8800 示范东站", "限乘当日当次车", "买票请到12306 发货请到95306", "中国铁路祝您旅途愉快")


UNTITLED_BILL = (
    "机器编号：546617749022",
    "购买方名称：张样例 纳税人识别号：",
    "货物或应税劳务、服务名称 规格型号 单位 数量 单价 金额 税率 税额",
    "价税合计（大写）玖拾肆圆叁角壹分（小写）¥94.31",
    "销售方名称：样例药店 纳税人识别号：",
)


def print_at(texts: Sequence[str], x: float, y: float, confidence: float = 0.99) -> tuple[Word, ...]:
    """Lines of print below each other, the first as large as a title."""
    words = []
    for row, text in enumerate(texts):
        height = 36 if row == 0 else 22
        top = y + 60 * row
        words.append(Word(text, Box(x, top, x + 24 * len(text), top + height), confidence, "ocr"))
    return tuple(words)


def turned_at(texts: Sequence[str], x: float, y: float, turns: int) -> tuple[LaidWord, ...]:
    """Lines of print that stand upright once the sheet is turned by so many quarters, from a corner."""
    words = print_at(texts, 100, 100)
    laid = []
    for word in words:
        across, down = word.box.x0 - 100, word.box.y0 - 100
        width, height = word.box.width, word.box.height
        if turns == 2:
            box = Box(x + 600 - across - width, y + 300 - down - height, x + 600 - across, y + 300 - down)
        else:
            box = Box(x + down, y + across, x + down + height, y + across + width)
        laid.append(LaidWord(word, turns, box))
    return tuple(laid)


def upright(words: Sequence[Word]) -> tuple[LaidWord, ...]:
    """The words of a sheet that lies one way."""
    return tuple(LaidWord(word, 0, word.box) for word in words)


def papers_on(sheet: Page) -> tuple[Box, ...]:
    """Where the papers lie; nothing here is doubtful enough to be read another way."""
    return tuple(piece.region for pile in piles_on(sheet, Engine()) for piece in pile.pieces)


def pieces_of(sheet: Page, words: Sequence[LaidWord]) -> tuple[Piece, ...]:
    """The papers that lie on a sheet, of words that were read each their way."""
    return tuple(piece for pile in piles_of(sheet, words) for piece in pile.pieces)


def corners(x0: float, y0: float, x1: float, y1: float) -> Outline:
    """The outline of a rectangle."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float64)


def page(*words: Word, edge: bool = True, at: int = 700) -> Page:
    """A white page with the edge of a paper from side to side."""
    image = np.full((HEIGHT, WIDTH, 3), 250, np.uint8)
    if edge:
        image[at : at + 2] = 200
    return Page(FILE, 3, WIDTH, HEIGHT, 120, tuple(words), image=image)


def test_two_bills_with_a_seam_between_them_are_two_papers() -> None:
    upper, lower = papers_on(page(*print_at(BILL, 200, 200), *print_at(BILL, 200, 900)))
    assert upper.y0 < 200 < 400 < upper.y1 <= 700 <= lower.y0 < 900 < 1100 < lower.y1


def test_two_titles_without_a_seam_are_left_to_a_person() -> None:
    assert papers_on(page(*print_at(BILL, 200, 200), *print_at(BILL, 200, 900), edge=False)) == ()


def test_a_fold_does_not_cut_a_paper() -> None:
    assert papers_on(page(*print_at(BILL, 200, 300), *print_at(FOOT, 200, 900))) == ()


def test_a_paper_with_a_stamp_beside_it_is_one() -> None:
    assert papers_on(page(*print_at(BILL, 200, 300), *print_at(("已报销",), 200, 900))) == ()


def test_a_bill_shown_twice_is_one() -> None:
    again = ("票据代码：11060124", "票据号码", "0123456789", "张样例")
    assert papers_on(page(*print_at((*BILL, "0123456789"), 200, 300), *print_at(again, 200, 900))) == ()


def test_the_two_sides_of_an_identity_card_are_one_paper() -> None:
    front = ("姓名张样例", "性别女民族汉", "公民身份号码110000199001010010")
    back = ("中华人民共和国居民身份证", "签发机关样例市公安局", "有效期限2020.01.01-2040.01.01")
    assert papers_on(page(*print_at(front, 200, 300), *print_at(back, 200, 900))) == ()
    assert len(papers_on(page(*print_at(front, 200, 300), *print_at(front, 200, 900)))) == 2


def test_the_two_sides_of_a_card_on_a_desk_are_one_paper_too() -> None:
    front = ("姓名张样例", "性别女民族汉", "公民身份号码110000199001010010")
    back = ("中华人民共和国居民身份证", "签发机关样例市公安局", "有效期限2020.01.01-2040.01.01")
    assert papers_on(on_a_desk(*print_at(front, 200, 200), *print_at(back, 200, 820), fall=0)) == ()
    assert len(papers_on(on_a_desk(*print_at(front, 200, 200), *print_at(front, 200, 820), fall=0))) == 2


def test_the_foot_of_a_card_is_no_second_card() -> None:
    name, number = ("姓名张样例", "性别女民族汉"), ("公民身份号码", "110000199001010010")
    assert papers_on(page(*print_at(name, 200, 300), *print_at(number, 200, 900))) == ()


def test_a_title_beside_the_rest_of_its_own_paper_cuts_nothing() -> None:
    """A streak of the scanner looks like an edge; what has no title of its own is of the one that has."""
    untitled, titled = CERTIFICATE[1:], (CERTIFICATE[0], *CERTIFICATE[1:])
    assert papers_on(page(*print_at(untitled, 200, 300), *print_at(titled, 200, 900))) == ()


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_ticket_that_lies_another_way_is_told_without_an_edge(turns: int) -> None:
    bill, ticket = upright(print_at(BILL, 200, 200)), turned_at(TICKET, 200, 800, turns)
    upper, lower = pieces_of(page(edge=False), [*bill, *ticket])
    assert upper.region.y1 <= lower.region.y0
    assert {word.box.cy > lower.region.y0 for word in ticket} == {True}


def test_two_papers_on_their_heads_beside_an_upright_one_are_three() -> None:
    words = [*upright(print_at(BILL, 200, 50)), *turned_at(TICKET, 50, 450, 2), *turned_at(BILL, 50, 1000, 2)]
    assert len(pieces_of(page(edge=True, at=900), words)) == 3


def test_labels_up_the_side_of_a_table_are_no_paper() -> None:
    labels = turned_at(("购买方信息", "销售方信息"), 50, 800, 1)
    assert pieces_of(page(edge=False), [*upright(print_at(BILL, 200, 200)), *labels]) == ()


def test_papers_that_lie_askew_are_parted_by_a_slanting_line() -> None:
    """No level line passes: the right end of the bill hangs lower than the left end of the ticket begins."""
    bill = [
        replace(word, box=moved(word.box, 0.05))
        for word in (*print_at(BILL, 60, 100), *print_at(FOOT, 600, 100))
    ]
    ticket = [replace(word, box=moved(word.box, 0.05)) for word in turned_at(TICKET, 50, 110, 2)]
    levels = [word.box for word in upright(bill)], [word.box for word in ticket]
    assert max(box.y1 for box in levels[0]) > min(box.y0 for box in levels[1])
    assert len(pieces_of(page(edge=False), [*upright(bill), *ticket])) == 2


def moved(box: Box, slope: float) -> Box:
    """The box where it is once its sheet falls to the right by so much."""
    down = slope * box.cx
    return Box(box.x0, box.y0 + down, box.x1, box.y1 + down)


def on_a_desk(*words: Word, fall: int, between: int = 40) -> Page:
    """Papers in a row on a desk, hardly wider than their print; what shows between them falls by so much."""
    image = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
    for x in range(195, 520):
        middle = 640 + round(fall * (x - 500) / 500)
        image[150:1150, x] = 230
        image[middle - 10 : middle + 10, x] = between
    return Page(FILE, 3, WIDTH, HEIGHT, 120, tuple(words), image=image)


def test_papers_photographed_in_a_row_are_parted_by_the_desk_between_them() -> None:
    """Their margins are narrow and they lie askew: no edge runs straight past the print."""
    upper, lower = print_at(BILL, 200, 200), print_at(CERTIFICATE, 200, 820)
    first, second = papers_on(on_a_desk(*upper, *lower, fall=25))
    assert first.y1 <= second.y0
    assert (first.y0 < 200, second.y1 > 1000) == (True, True)


def test_papers_are_told_from_top_to_bottom_whatever_was_joined() -> None:
    """Halves of the first that a pen parts are joined; it comes before the second all the same."""
    image = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
    image[60:640, 180:620] = image[760:1340, 180:620] = 230
    image[300:316, 0:WIDTH] = 40
    words = (*print_at(BILL[:3], 200, 90), *print_at(FOOT, 200, 360), *print_at(CERTIFICATE, 200, 820))
    first, second = papers_on(Page(FILE, 1, WIDTH, HEIGHT, 120, words, image=image))
    assert first.y0 < 100 < 600 < first.y1 <= second.y0


def test_what_lies_by_itself_on_a_dark_desk_is_a_paper_whatever_it_says() -> None:
    """A second page without a title, the slip of a till that nobody knows."""
    assert len(papers_on(on_a_desk(*print_at(BILL, 200, 200), *print_at(FOOT, 200, 820), fall=25))) == 2


def test_the_shadow_in_a_fold_parts_no_paper_on_a_desk() -> None:
    folded = on_a_desk(*print_at(BILL, 200, 200), *print_at(FOOT, 200, 820), fall=25, between=205)
    assert papers_on(folded) == ()


def test_a_paper_that_nobody_knows_does_not_keep_its_neighbours_together() -> None:
    """Told apart by the desk, each is read for itself, though one of them says nothing that tells."""
    sheet = on_a_desk(
        *print_at(BILL, 200, 200), *print_at(("请保管好随身物品", "谢谢惠顾"), 200, 820), fall=0
    )
    assert [len(pile.pieces) for pile in piles_on(sheet, Engine())] == [1, 1]
    assert len(read_papers_on(sheet, Engine("请保管好随身物品"))) == 2


def test_a_scrap_that_a_seal_left_is_no_paper_of_its_own() -> None:
    """Two words of a seal read the other way than all else on their paper."""
    scrap = upright(print_at(("月", "5日"), 100, 1100))
    bill, certificate = upright(print_at(BILL, 200, 200)), turned_at(CERTIFICATE, 300, 800, 2)
    assert len(pieces_of(page(edge=False), [*bill, *certificate, *scrap])) == 2


def test_a_ticket_and_its_foot_are_one() -> None:
    """The title of a ticket is that of its kind, whose words are all over it."""
    title = ("样例省道路汽车客票", "发票代码 1370000123", "南样客运站")
    foot = ("乘车日期 开车时间 班次 座号 检票口", "2026-03-10 08:15", "当日当次有效")
    assert papers_on(page(*print_at(title, 200, 300), *print_at(foot, 200, 900))) == ()


def test_a_ticket_before_a_bill_whose_title_is_not_read_is_told_from_it() -> None:
    bill = page(*print_at(UNTITLED_BILL, 200, 900))
    assert not titles_on(bill)
    assert identified(bill)[1] >= SURE
    assert len(papers_on(page(*print_at(TICKET, 200, 300), *bill.words))) == 2


def test_two_tickets_of_one_kind_are_two() -> None:
    assert len(papers_on(page(*print_at(TICKET, 200, 300), *print_at(TICKET, 200, 900)))) == 2


def test_papers_side_by_side_are_cut_too() -> None:
    both = page(*print_at(BILL, 100, 200), *print_at(CERTIFICATE, 650, 200), edge=False)
    assert both.image is not None
    both.image[:, 560:562] = 190
    left, right = papers_on(both)
    assert left.x1 < right.x1
    assert left.x0 < right.x0


def test_what_the_file_says_in_words_never_lay_on_a_glass() -> None:
    words = [replace(word, origin="text_layer") for word in print_at(BILL, 200, 200)]
    assert papers_on(page(*words, *print_at(BILL, 200, 900))) == ()


def test_a_page_without_a_picture_or_print_holds_no_several_papers() -> None:
    assert papers_on(replace(page(*print_at(BILL, 200, 200)), image=None)) == ()
    assert papers_on(page()) == ()


def test_a_cut_knows_its_place_on_the_sheet() -> None:
    cut = cut_out(page(), Piece(Box(100.4, 700.2, 800, 1399.6), corners(0, 0, WIDTH, HEIGHT)))
    assert (cut.number, cut.width, cut.height, cut.words) == (3, 700, 700, ())
    assert cut.placement is not None
    assert cut.placement.region == Box(100, 700, 800, 1400)
    assert cut.placement.on_sheet(Box(0, 0, 10, 20)) == Box(100, 700, 110, 720)


def test_a_cut_that_begins_before_the_sheet_begins_with_it() -> None:
    """The corners of an outline are found on a small picture, and are off by some pixels."""
    outline = corners(-1.2, -0.6, 500, HEIGHT + 2)
    cut = cut_out(page(), Piece(Box(-1.2, -0.6, 500, HEIGHT + 2), outline))
    assert (cut.width, cut.height) == (500, HEIGHT)
    assert cut.placement is not None
    assert cut.placement.region == Box(0, 0, 500, HEIGHT)


def test_what_reaches_into_a_cut_from_beside_it_is_painted_over() -> None:
    sheet = page(edge=False)
    assert sheet.image is not None
    sheet.image[0:300] = 30
    slanted = np.array([(0, 200), (WIDTH, 400), (WIDTH, HEIGHT), (0, HEIGHT)], np.float64)
    cut = cut_out(sheet, Piece(Box(0, 200, WIDTH, 800), slanted))
    assert cut.image is not None
    assert (cut.image[0:50, 600:] == 250).all()
    assert (cut.image[60, 100] == 30).all()
    assert (sheet.image[0:300] == 30).all()


@given(
    st.integers(0, 3),
    st.sampled_from([0.0, 3.0, -7.0]),
    st.floats(0, 300),
    st.floats(0, 200),
)
def test_a_point_comes_back_to_where_it_was_however_the_page_was_turned(
    turns: int, angle: float, x: float, y: float
) -> None:
    """The way there is that of `turned_with` and `deskewed`, written out again."""
    width, height, there = 300, 200, np.array([x, y])
    for _ in range(turns):
        there, width, height = np.array([height - there[1], there[0]]), height, width
    centre, way = np.array([width / 2, height / 2]), np.deg2rad(angle)
    cosine, sine = np.cos(way), np.sin(way)
    there = centre + np.array([[cosine, sine], [-sine, cosine]]) @ (there - centre)
    back = np.array(way_back((300, 200), turns, angle)) @ np.array([*there, 1.0])
    assert back[:2] / back[2] == pytest.approx([x, y], abs=1e-6)


def placement() -> Placement:
    return Placement(
        PageSize(3, WIDTH, HEIGHT), Box(100, 700, 800, 1300), ((1, 0, 100), (0, 1, 700), (0, 0, 1))
    )


def test_placements_follow_one_another() -> None:
    turned = placement().moved(way_back((700, 600), 2, 0.0))
    assert turned.on_sheet(Box(0, 0, 700, 600)) == Box(100, 700, 800, 1300)
    assert turned.on_sheet(Box(0, 0, 10, 20)) == Box(790, 1280, 800, 1300)


def test_a_box_past_the_sheet_ends_with_the_sheet() -> None:
    assert placement().on_sheet(Box(0, 0, 2000, 10)) == Box(100, 700, WIDTH, 710)


def test_a_document_tells_its_places_on_the_sheet() -> None:
    name = Field("西药费", "西药费", 0.9, 3, Box(0, 0, 50, 20), "ocr")
    total = Field(Decimal("1.00"), "1.00", 0.9, 3, Box(10, 20, 60, 40), "ocr")
    stated = Field("x", "x", 1.0, 3, None, "qr")
    read = Document(
        "vat_invoice",
        None,
        1.0,
        FILE,
        (PageSize(3, 700, 600),),
        {"total_amount": total, "payee_name": stated},
        (LineItem(3, name=name),),
        (LineItem(3, name=name),),
    )
    laid = on_sheet(read, placement())
    assert laid.pages == (PageSize(3, WIDTH, HEIGHT),)
    assert laid.region == placement().region
    assert laid.fields["total_amount"].box == Box(110, 720, 160, 740)
    assert laid.fields["payee_name"].box is None
    for row in (*laid.items, *laid.category_totals):
        assert row.name is not None
        assert row.name.box == Box(100, 700, 150, 720)
    assert laid.id != replace(read, region=None).id


def test_cuts_of_one_sheet_are_never_joined() -> None:
    """Pages of one list go on with each other, unless they were cut from a sheet."""
    listed = [
        Page(FILE, number, WIDTH, HEIGHT, 120, print_at(("住院费用清单", f"第{number}页 共3页"), 200, 100))
        for number in (1, 2, 3)
    ]
    assert [len(paper.pages) for paper in split_papers(listed)] == [3]
    listed[1] = replace(listed[1], placement=placement())
    assert [len(paper.pages) for paper in split_papers(listed)] == [1, 1, 1]


class Engine:
    """Reads the same lines on every picture it is given; the picture is not looked at."""

    def __init__(self, *texts: str) -> None:
        self.words = print_at(texts, 100, 100)

    def find_lines(self, image: Image) -> list[Quad]:
        boxes = [word.box for word in self.words]
        return [np.array([(b.x0, b.y0), (b.x1, b.y0), (b.x1, b.y1), (b.x0, b.y1)], np.float32) for b in boxes]

    def read_lines(self, image: Image, lines: Sequence[Quad]) -> list[Word]:
        return [word for words in self.read_each(image, lines) for word in words]

    def read_each(self, image: Image, lines: Sequence[Quad]) -> list[list[Word]]:
        corners = [(float(line[0, 0]), float(line[0, 1])) for line in lines]
        return [[word for word in self.words if (word.box.x0, word.box.y0) == corner] for corner in corners]


def two_bills() -> Page:
    both = page(*print_at(BILL, 200, 200), *print_at(BILL, 200, 900))
    assert both.image is not None
    for word in both.words:
        box = word.box
        both.image[round(box.y0) : round(box.y1), round(box.x0) : round(box.x1)] = 60
    return both


def test_each_paper_of_a_sheet_is_read_by_itself() -> None:
    upper, lower = read_papers_on(two_bills(), Engine(*BILL))
    assert upper.text == lower.text == "\n".join(BILL)
    assert upper.number == lower.number == 3
    documents = read_documents((upper, lower), Catalogs.sample(), date(2026, 11, 21))
    assert [document.type for document in documents] == ["outpatient_invoice"] * 2
    regions = [document.region for document in documents]
    assert None not in regions
    assert len({document.id for document in documents}) == 2
    assert all(
        finding.outcome == "pass"
        for each in documents
        for finding in each.findings
        if finding.rule == "PAGE-1"
    )


def test_only_what_is_finally_read_is_looked_at_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[tuple[int, int]] = []
    sheet = two_bills()
    real = intake.with_second_look

    def seen(page: Page, *others: Any) -> Page:
        looked.append((page.width, page.height))
        return real(page, *others)

    monkeypatch.setattr(intake, "with_second_look", seen)
    read_papers_on(sheet, Engine(*BILL))
    assert len(looked) == 2
    assert (sheet.width, sheet.height) not in looked


def test_a_cut_that_does_not_read_as_a_paper_leaves_the_page_whole() -> None:
    sheet = two_bills()
    (whole,) = read_papers_on(sheet, Engine("样例", "一二三"))
    assert (whole.placement, whole.text) == (None, sheet.text)


def test_an_ordinary_page_stays_itself() -> None:
    one = page(*print_at(BILL, 200, 200))
    (read,) = read_papers_on(one, Engine())
    assert (read.placement, read.text) == (None, one.text)


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (BILL, True),
        (("出租汽车", "上车 10:21", "下车 10:53", "里程 4.1公里"), True),
        (("中华人民共和国社会保障卡", "姓名张样例"), True),
        (("销售小票", "找零：0.00"), True),
        (("诊断证明书及休假建议", "休假时间：2026-03-02 至 2026-03-09"), True),
        (("请保管好随身物品", "谢谢"), False),
        ((), False),
    ],
)
def test_a_paper_is_told_by_its_print(texts: Sequence[str], told: bool) -> None:
    assert is_paper(page(*print_at(texts, 200, 200))) is told
