"""Whatever a page carries, every extractor says how sure it is and reads it without failing."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractors import EXTRACTORS
from extractors._extractor import Extractor
from pipeline.model import Alternative, Box, Origin, Page, Word
from tests.extractors.paper_words import page_of, page_with

PRINTED = (
    *(
        "姓名",
        "性别：男",
        "年龄：",
        "诊断：",
        "诊断",
        "1.",
        "2、高血压",
        "处理意见：",
        "医师签名：",
        "日期：2026年2月30日",
    ),
    *(
        "票据代码：",
        "票据号码：0001",
        "金额合计（大写）",
        "（小写）",
        "¥",
        "合计",
        "项目名称",
        "数量",
        "金额",
        "单价",
    ),
    *(
        "出院记录",
        "诊断证明书",
        "公民身份号码",
        "有效期限",
        "长期-",
        "住址",
        "发票",
        "代码",
        "号码",
        "日期(DATE)",
        "()",
    ),
    *(
        "１２．３４",
        "２０２６年１月",
        "（",
        "）：",
        "：：：",
        "【出院诊断】",
        "①",
        "⑳",
        "第2页",
        "诊断专用章",
        "\u3000",
        " ",
    ),
    *(
        "😀",
        "👩‍⚕️药",
        "\u200b",
        "\u202e12",
        "ﷺ",
        "²",
        "½盒",
        "甲甲甲",
        "-",
        "--",
        "%",
        "12.5%",
        "1e9",
        "NaN",
        "٣٤",
    ),
    *(
        "西药费",
        "12.00",
        "-12.00",
        "0",
        "00000000000000000000",
        "住院费用清单",
        "处方笺",
        "医保结算单",
        "Rp",
        "*中药*",
    ),
)
ORIGINS: tuple[Origin, ...] = ("ocr", "text_layer", "ofd")
SMALL = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def words(draw: st.DrawFn) -> Word:
    text = draw(st.one_of(st.sampled_from(PRINTED), st.text(min_size=1, max_size=12)))
    x0, y0 = draw(st.integers(0, 1000)), draw(st.integers(0, 1400))
    width, height = draw(st.integers(0, 400)), draw(st.integers(0, 120))
    sure = draw(st.floats(0.0, 1.0))
    alternatives = (Alternative(len(text) - 1, "8", 0.2),) if draw(st.booleans()) else ()
    confidences = (sure,) * len(text) if draw(st.booleans()) else ()
    origin: Origin = draw(st.sampled_from(ORIGINS))
    return Word(text, Box(x0, y0, x0 + width, y0 + height), sure, origin, (), confidences, alternatives)


def read(extractor: Extractor, *pages: Page) -> None:
    for page in pages:
        assert 0.0 <= extractor.identify(page) <= 1.0
    document = extractor.extract(pages, 0.5)
    assert document.type == extractor.type
    assert [page.number for page in document.pages] == [page.number for page in pages]
    assert isinstance(extractor.continues(pages[:1], pages[-1]), bool)
    assert set(extractor.required(document)) <= set(extractor.field_names)
    for field in document.fields.values():
        assert 0.0 <= field.confidence <= 1.0


@pytest.mark.parametrize("name", EXTRACTORS)
def test_an_empty_page_gives_an_empty_paper(name: str) -> None:
    read(EXTRACTORS[name], page_of(""))


@pytest.mark.parametrize("name", EXTRACTORS)
@given(found=st.lists(words(), max_size=25))
@SMALL
def test_junk_is_read_without_failing(name: str, found: list[Word]) -> None:
    read(EXTRACTORS[name], page_with(found))


@pytest.mark.parametrize("name", EXTRACTORS)
def test_labels_in_any_order_are_read_without_failing(name: str) -> None:
    chance = random.Random(7)
    for _ in range(30):
        rows = ["  ".join(chance.choices(PRINTED, k=chance.randint(1, 6))) for _ in range(12)]
        read(EXTRACTORS[name], page_of("\n".join(rows)), page_of("\n".join(reversed(rows)), number=2))
