"""Papers that are none of ours: told by kind where that is clear, read where it is unmistakable."""

from __future__ import annotations

import pytest

from extractors.other import EXTRACTOR, MOST_SURE, extract, identify
from tests.extractors.paper_words import page_of, values

TRAIN = """
K051900
样例南站  G8800  示范东站
Yanglinan        Shifandong
2026年03月10日08:15开    07车12B号
¥53.0元   网折    二等座
限乘当日当次车
3701001985****452X 钱样例
买票请到12306 发货请到95306
33406311030900K051900样例南售
"""
COACH = """
          样例省道路汽车客票
    发票    221021325353
    代码
    发票    10283819
    号码
                         燃油费：2.0
到站    开发区    票价：    8.00<全>
乘车日期    开车时间    车次    座号    检票口
2013-06-29    流水    040371
"""
SLIP = """
     样例银行
     SAMPLE BANK
          持卡人存根
商户名称&编号(MERCHANTNAME&CODE)
120214020408
检索参考号(SYSTEM NO.)    终端号(TERMINAL)
60128018    001
交易日期(DATE)    交易时间(TIME)
2012-10-23        12:43:15
批次号(BATCHNO.)    流水号(TRACE NO)
000016
信用卡积分:50000
持卡人签名
"""
TAXI = """
北京市出租汽车专用发票
发票联
发票代码111001681009
发票号码32478812
日期2025-03-02
上车10:22
下车10:51
单价2.30元/公里
里程12.4公里
金额45.00元
"""
LAB = """
      济南样例人民医院
      检验报告单
姓名：钱样例    性别：女    采样时间：2026-03-11 08:52
检验项目    结果    单位    参考区间
白细胞计数    9.82    10^9/L    3.50-9.50
报告时间：2026-03-12 10:05    检验者：样检验    审核者：样审核
"""
LETTER = """
          情况说明
济南市医疗保险事业中心：
    本人钱样例，因外出就医未持社会保障卡，现申请手工报销。
此致
敬礼
                    申请人：钱样例
                    2026年3月15日
"""

PAPERS = {
    "train_ticket": (TRAIN, {"title": "火车票", "issue_date": "2026-03-10", "total_amount": "53.00"}),
    "coach_ticket": (
        COACH,
        {
            "title": "样例省道路汽车客票",
            "invoice_code": "221021325353",
            "invoice_number": "10283819",
            "issue_date": "2013-06-29",
            "total_amount": "8.00",
        },
    ),
    "pos_slip": (SLIP, {"title": "样例银行持卡人存根", "issue_date": "2012-10-23"}),
    "taxi": (
        TAXI,
        {
            "title": "北京市出租汽车专用发票",
            "invoice_code": "111001681009",
            "invoice_number": "32478812",
            "issue_date": "2025-03-02",
            "total_amount": "45.00",
        },
    ),
    "lab_report": (LAB, {"title": "检验报告单", "issue_date": "2026-03-12"}),
    "letter": (LETTER, {"title": "情况说明", "issue_date": "2026-03-15"}),
}


@pytest.mark.parametrize(("subtype", "text", "expected"), [(k, *v) for k, v in PAPERS.items()], ids=PAPERS)
def test_every_kind_is_told_and_prefilled(subtype: str, text: str, expected: dict[str, str]) -> None:
    document = extract([page_of(text)], 0.0)
    assert document.subtype == subtype
    assert values(document.fields) == expected


@pytest.mark.parametrize("text", [text for text, _ in PAPERS.values()], ids=PAPERS)
def test_nothing_is_sure_enough_to_pass_unseen(text: str) -> None:
    page = page_of(text)
    assert identify(page) == 0.0
    document = extract([page], 0.0)
    assert all(field.confidence <= MOST_SURE for field in document.fields.values())
    assert EXTRACTOR.required(document) == ()


def test_of_two_prices_none_is_the_total() -> None:
    document = extract([page_of("小票\n矿泉水  ¥2.00\n面包  ¥5.50")], 0.0)
    assert "total_amount" not in document.fields


def test_of_two_dates_none_is_the_day_of_issue() -> None:
    document = extract([page_of("出入证\n2025-01-02\n2025-03-04")], 0.0)
    assert "issue_date" not in document.fields


def test_an_amount_in_words_needs_no_label() -> None:
    document = extract([page_of("收据\n今收到钱样例\n叁佰贰拾元整")], 0.0)
    assert document.fields["total_in_words"].value == "叁佰贰拾元整"


@pytest.mark.parametrize("text", ["", "某某某", "上车"])
def test_a_kind_that_is_not_clear_is_not_guessed(text: str) -> None:
    assert extract([page_of(text)], 0.0).subtype is None


def test_a_derived_title_says_so() -> None:
    title = extract([page_of(TRAIN)], 0.0).fields["title"]
    assert title.origin == "rule"
    assert title.box is None


def test_the_total_of_a_slip_stands_behind_its_label_and_not_in_its_first_row() -> None:
    slip = """
成都康样大药房
收银小票
品名            数量  金额
感冒灵颗粒      1     80.00
板蓝根颗粒      1     74.00
合计：154.00
实收：154.00  找零：0.00
"""
    assert values(extract([page_of(slip)], 0.9).fields)["total_amount"] == "154.00"


def test_an_amount_under_its_label_may_be_one_of_many() -> None:
    slip = """
品名            数量  金额
感冒灵颗粒      1     80.00
板蓝根颗粒      1     74.00
"""
    assert extract([page_of(slip)], 0.9).fields["total_amount"].confidence < 0.5


def test_an_amount_that_its_words_contradict_is_in_doubt() -> None:
    receipt = """
收款收据
金额（大写）：玖佰伍拾壹元整
金额（小写）：9500.00
"""
    assert extract([page_of(receipt)], 0.9).fields["total_amount"].confidence < 0.5


def test_a_title_needs_no_word_before_it() -> None:
    letter = """
承诺书
本人因未带社保卡由本人先行垫付，特此承诺。
此致
敬礼
承诺人：钟海志
"""
    title = extract([page_of(letter)], 0.9).fields["title"]
    assert (title.value, title.origin) == ("承诺书", "ocr")
