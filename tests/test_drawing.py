"""Sets of drawn papers: alike for one seed, and their truth names what lies there."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("reportlab", reason="drawing needs the extra `draw`")
pytest.importorskip("qrcode", reason="drawing needs the extra `draw`")

from fixtures.draw import containers, levels, mix, others, sets
from fixtures.draw.__main__ import level_of, source_of
from fixtures.draw.mix import Makers
from fixtures.draw.paper import FONT_FILES, Page
from fixtures.draw.sets import Order, draw_unit, orders
from fixtures.draw.truth import Drawn, Truth

pytestmark = pytest.mark.skipif(
    not all(Path(file).exists() for file in FONT_FILES.values()), reason="drawing needs its fonts"
)


@pytest.fixture(scope="module")
def makers() -> Makers:
    """Three layouts; to gather all takes long."""
    return Makers(
        {
            ("outpatient_invoice", "e_bill"): {"outpatient_henan": ("ebill_regions", "MAKERS")},
            ("prescription", ""): {"herbal": ("prescription_forms", "MAKERS")},
            ("settlement_sheet", ""): {"by_class": ("settlement_forms", "MAKERS")},
        }
    )


def slip() -> Drawn:
    page = Page(150, 90)
    page.text(20, 20, "交款人：李示例", size=4)
    page.text(20, 50, "合计：123.45", size=4)
    truth = Truth("outpatient_invoice", "paper")
    truth.state(payer_name="李示例", total_amount="123.45")
    return Drawn([page], truth, "slip")


@pytest.mark.slow
def test_all_types_but_what_stands_in_stacks_have_a_weight() -> None:
    gathered = mix.gather()
    assert set(gathered.of) <= set(mix.WEIGHTS)
    assert sum(map(len, gathered.of.values())) > 20


def test_a_number_is_the_same_paper_in_every_set() -> None:
    few = {order.number: order for order in orders(12, ["scan"], 3)}
    many = {order.number: order for order in orders(90, ["scan"], 3)}
    for number in few.keys() & many.keys():
        assert few[number] == many[number]
    assert sum(order.papers for order in few.values()) == 12
    assert {order.container for order in many.values()} == sets.SIZES.keys()


def test_papers_are_spread_over_the_levels() -> None:
    counts = dict.fromkeys(levels.LEVELS, 0)
    for order in orders(41, levels.LEVELS, 1):
        counts[order.level] += order.papers
    assert sorted(counts.values()) == [10, 10, 10, 11]


@pytest.mark.parametrize("container", ["single", "batch", "several_on_page"])
def test_the_same_seed_gives_the_same_bytes(makers: Makers, container: str) -> None:
    order = Order(5, "hard" if container == "single" else "scan", 2, container, 2)
    assert draw_unit(order, makers) == draw_unit(order, makers)


def test_truth_names_the_files_that_lie_there(makers: Makers, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(sets, "gather", lambda: makers)
    heard: list[int] = []
    assert sets.write(tmp_path, 8, levels.LEVELS, 4, 1, lambda done, _: heard.append(done)) == 8
    assert heard[-1] == 8
    rows = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) >= 8
    named = {row["source"]["file"].split("!")[0] for row in rows}
    assert named == {
        path.relative_to(tmp_path / "papers").as_posix() for path in tmp_path.rglob("*/*") if path.is_file()
    }
    for row in rows:
        source = row["source"]
        assert source["file"].startswith(row["drawn"]["level"] + "/")
        if "!" not in source["file"]:
            content = (tmp_path / "papers" / source["file"]).read_bytes()
            assert source["sha256"] == hashlib.sha256(content).hexdigest()
        assert source["pages"] == sorted(set(source["pages"]))
    assert {row["drawn"]["level"] for row in rows} == set(levels.LEVELS)


def test_a_folder_of_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(FileExistsError):
        sets.write(tmp_path, 1, ["clean"], 1, 1, lambda *_: None)


def test_a_stack_states_every_page_once(makers: Makers) -> None:
    unit = draw_unit(Order(8, "scan", 1, "batch", 3), makers)
    pages = [page for row in unit.rows for page in row["source"]["pages"]]
    assert pages == list(range(1, len(pages) + 1))


def strewn_order(*, is_strewn: bool) -> Order:
    """The first page with several papers that is strewn, or is not."""
    numbered = (Order(5, "scan", number, "several_on_page", 2) for number in itertools.count())
    return next(order for order in numbered if sets._is_strewn(order) is is_strewn)


def test_a_strewn_sheet_states_where_each_paper_lies(makers: Makers) -> None:
    makers = Makers({**makers.of, ("id_card", ""): {"card_front": ("negatives", "ID_CARDS")}})
    order = strewn_order(is_strewn=True)
    unit = draw_unit(order, makers)
    assert unit == draw_unit(order, makers)
    assert {row["drawn"]["container"] for row in unit.rows} == {"strewn"}
    assert len(unit.rows) == 2
    assert all(0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1 for x0, y0, x1, y1 in map(region_of, unit.rows))


def region_of(row: dict[str, Any]) -> list[float]:
    region: list[float] = row["source"]["region"]
    return region


def test_other_sheets_are_what_they_were_before_papers_were_strewn(makers: Makers) -> None:
    order = strewn_order(is_strewn=False)
    assert draw_unit(order, makers) == sets._several(order, makers, order.rng)


def test_levels_show_one_paper_differently() -> None:
    page = slip().pages[0]
    scan, photo = levels.scans([page], random.Random(1))[0], levels.photos([page], random.Random(1))[0]
    fax = levels.flat_scans([page], random.Random(1), "fax")[0]
    assert max(photo.pixels.shape) >= 2400 > max(scan.pixels.shape)
    assert set(np.unique(fax.pixels)) == {0, 255}
    assert len(np.unique(scan.pixels)) > 50


def test_a_further_seal_lies_over_a_stated_value() -> None:
    drawn = slip()
    before = levels.render(drawn.pages[0], 100).astype(int)
    levels.stamp_over(drawn, random.Random(2))
    after = levels.render(drawn.pages[0], 100).astype(int)
    touched = np.argwhere((before - after).sum(axis=2) > 60) / 100 * 25.4
    boxes = [text.box for text in drawn.pages[0].texts]
    assert any(
        ((touched >= (y0 - 3, x0 - 3)) & (touched <= (y1 + 3, x1 + 3))).all(axis=1).any()
        for x0, y0, x1, y1 in boxes
    )


def test_regions_are_as_large_as_the_papers_on_the_sheet() -> None:
    pages = [slip().pages[0], slip().pages[0]]
    _, regions = containers.together_scanned(pages, random.Random(3))
    assert regions[0][3] < regions[1][1]
    for x0, y0, x1, y1 in regions:
        assert x1 - x0 == pytest.approx(150 / 210, abs=0.02)
        assert y1 - y0 == pytest.approx(90 / 297, abs=0.02)


@pytest.mark.parametrize("photographed", [False, True])
def test_strewn_papers_lie_each_their_own_way(photographed: bool) -> None:
    papers = [containers.Strewn(slip().pages[0], turn) for turn in (0, 90, 180)]
    rng = random.Random(4)
    if photographed:
        _, regions = containers.strewn_photographed(papers, rng, 4.0, 260.0)
    else:
        _, regions = containers.strewn_scanned(papers, rng, 4.0)
    wide = [x1 - x0 > (y1 - y0) * (297 / 210 if not photographed else 4 / 3) for x0, y0, x1, y1 in regions]
    assert wide[1] is False
    assert papers[1].size == (papers[0].size[1], papers[0].size[0])
    assert all(a[3] <= b[1] + 0.01 or a[2] <= b[0] + 0.01 for a, b in itertools.pairwise(regions))


def test_what_needles_print_is_no_digital_file() -> None:
    ticket = others.train_ticket()
    assert levels.physical(ticket)
    assert not levels.physical(Drawn(slip().pages, Truth("outpatient_invoice", "e_bill")))


def test_samples_are_told_by_how_they_came() -> None:
    assert (source_of("a.ofd", b""), source_of("a.pdf", b"/FontFile2"), source_of("a.jpg", b"")) == (
        "ofd",
        "text_layer",
        "picture",
    )
    assert level_of("x/处方_手机拍照.jpg", "picture") == "photo"
    assert level_of("x/诊断证明.jpg", "picture") == "scan"
