import pytest

from extractors.prescription import EXTRACTOR, TITLES, continues, extract, identify
from pipeline.model import Document, LineItem
from tests.extractors.paper_words import page_of, table, values

HEAD = """
        某某市人民医院
            处 方 笺                        普通
费别：自费   门诊号：M0012   日期：2025年6月7日
姓名：李小明   性别：男   年龄：38岁   科别：呼吸内科
临床诊断：急性扁桃体炎；发热；
          上呼吸道感染
Rp
"""
FOOT = """
医师：王建国     药师：刘某某     金额：88.60元
审核：        调配：        核对、发药：
"""


def read(body: str, head: str = HEAD, foot: str = FOOT) -> Document:
    return extract([page_of(head + body + foot)], 0.95)


def rows(items: tuple[LineItem, ...]) -> list[tuple[str, ...]]:
    """Name, specification, quantity, unit and amount of each medicine, `-` where absent."""
    return [
        tuple(
            "-" if field is None else str(field.value)
            for field in (item.name, item.specification, item.quantity, item.unit, item.amount)
        )
        for item in items
    ]


def test_head_and_foot_are_read() -> None:
    document = read("  阿莫西林胶囊 0.25g×24粒 × 2盒\n")
    assert document.subtype == "ordinary"
    assert values(document.fields) == {
        "patient_name": "李小明",
        "hospital_name": "某某市人民医院",
        "diagnoses": "急性扁桃体炎;发热;上呼吸道感染",
        "doctor_name": "王建国",
        "issue_date": "2025-06-07",
        "department": "呼吸内科",
        "sex": "男",
        "age": "38",
        "outpatient_no": "M0012",
        "insurance_type": "自费",
        "total_amount": "88.60",
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("阿莫西林胶囊 0.25g×24粒 × 2盒", ("阿莫西林胶囊", "0.25g×24粒", "2", "盒", "-")),
        (
            "1. 盐酸二甲双胍片  0.5g×30片/盒  ×2盒  37.20",
            ("盐酸二甲双胍片", "0.5g×30片/盒", "2", "盒", "37.20"),
        ),
        ("2、阿托伐他汀钙片[20mg*7片]  *2盒", ("阿托伐他汀钙片", "20mg*7片", "2", "盒", "-")),
        ("0.9%氯化钠注射液 250ml × 1袋", ("0.9%氯化钠注射液", "250ml", "1", "袋", "-")),
        ("注射用头孢曲松钠 1.0g ×2支", ("注射用头孢曲松钠", "1.0g", "2", "支", "-")),
        (
            "口服补液盐散(Ⅲ)  5.125g×6袋/盒  1盒  28.00",
            ("口服补液盐散(Ⅲ)", "5.125g×6袋/盒", "1", "盒", "28.00"),
        ),
        (
            "3． 盐酸氨溴索口服溶液  100m1:0.6g/瓶  ×1瓶",
            ("盐酸氨溴索口服溶液", "100ml:0.6g/瓶", "1", "瓶", "-"),
        ),
        ("4. 吸入用布地奈德混悬液  2ml:1mg/支  ×4支", ("吸入用布地奈德混悬液", "2ml:1mg/支", "4", "支", "-")),
        ("泼尼松片 5mg×30片", ("泼尼松片", "5mg", "30", "片", "-")),
        ("① 维生素B12片  25μg×100片/瓶  ×1瓶", ("维生素B12片", "25μg×100片/瓶", "1", "瓶", "-")),
        (
            "连花清瘟胶囊  0.35g×24粒/盒  2盒  14.80  29.60  甲",
            ("连花清瘟胶囊", "0.35g×24粒/盒", "2", "盒", "29.60"),
        ),
        ("布洛芬混悬液 100ml:2g ×1瓶  Sig: 10ml tid po", ("布洛芬混悬液", "100ml:2g", "1", "瓶", "-")),
    ],
)
def test_a_line_gives_name_specification_and_quantity(line: str, expected: tuple[str, ...]) -> None:
    assert rows(read(f"  {line}\n").items) == [expected]


@pytest.mark.parametrize(
    "use",
    [
        *(
            "Sig: 0.5g tid po",
            "用法：5mg口服每日1次",
            "用法用量：一次2片，一日3次",
            "S. 1片 qd",
            "口服 每日三次",
        ),
        *("每次2粒 每日3次", "静脉滴注 qd", "sig 0.5g bid"),
    ],
)
def test_the_use_is_no_medicine(use: str) -> None:
    body = (
        f"  1. 阿莫西林胶囊  0.25g×24粒/盒  ×2盒\n     {use}\n  2. 布洛芬片  0.2g×20片/盒  ×1盒\n     {use}\n"
    )
    assert [name for name, *_ in rows(read(body).items)] == ["阿莫西林胶囊", "布洛芬片"]


def test_a_name_on_a_line_of_its_own_goes_with_the_line_below() -> None:
    body = "  布洛芬混悬液\n     100ml:2g  ×1瓶\n     用法：10ml 口服 必要时\n"
    assert rows(read(body).items) == [("布洛芬混悬液", "100ml:2g", "1", "瓶", "-")]


def test_herbs_stand_several_on_a_line() -> None:
    document = read(
        "黄芪30g   当归10g   白术15g\n甘草6g   大枣5枚\n共7剂  水煎服  日一剂\n",
        HEAD.replace("处 方 笺", "中药处方笺"),
    )
    assert document.subtype == "herbal"
    assert rows(document.items) == [
        ("黄芪", "-", "30", "g", "-"),
        ("当归", "-", "10", "g", "-"),
        ("白术", "-", "15", "g", "-"),
        ("甘草", "-", "6", "g", "-"),
        ("大枣", "-", "5", "枚", "-"),
    ]


TABLED = "\n".join(
    (
        "          北京市某某医院急诊处方笺(西药)",
        "定点医疗机构编码：08110002   NO：0012345   患者编号：100200300",
        "姓名：赵六   性别/年龄：女/41岁   收费类别：医保   就诊科室：内科",
        "病案号：998877   医嘱日期：2025-02-17   诊断：高血压；2型糖尿病",
        table(
            (36, 12, 14, 8, 10, 10, 10, 12),
            ("药品名称(规格)", "单次剂量", "用法", "日数", "数量", "单价", "总价", "报销类型"),
            ("头孢羟氨苄片(0.25g*12片)", "0.5g", "口服每日二次", "3", "1盒", "20.58", "20.58", "乙"),
            ("酚麻美敏片", "1片", "口服每日三次", "3", "2盒", "13.47", "26.94", "丙"),
        ),
        "合计：47.52元",
        "医师签字：钱七     审核：孙八   调配：周九   核对：吴十",
    )
)


def test_a_prescription_with_a_table_is_read_by_its_columns() -> None:
    document = extract([page_of(TABLED)], 0.95)
    assert document.subtype == "emergency"
    assert values(document.fields) == {
        "patient_name": "赵六",
        "hospital_name": "北京市某某医院",
        "diagnoses": "高血压;2型糖尿病",
        "doctor_name": "钱七",
        "issue_date": "2025-02-17",
        "department": "内科",
        "sex": "女",
        "age": "41",
        "outpatient_no": "100200300",
        "medical_record_no": "998877",
        "insurance_type": "医保",
        "total_amount": "47.52",
    }
    assert rows(document.items) == [
        ("头孢羟氨苄片", "0.25g*12片", "1", "盒", "20.58"),
        ("酚麻美敏片", "-", "2", "盒", "26.94"),
    ]
    assert [item.insurance_class and item.insurance_class.value for item in document.items] == ["乙", "丙"]


@pytest.mark.parametrize("title", TITLES)
def test_its_titles_are_known(title: str) -> None:
    assert (
        identify(page_of(f"   某某医院\n     {title}\n姓名：李四  性别：男\n诊断：高血压\nRp\n医师：王五"))
        >= 0.85
    )


@pytest.mark.parametrize(
    "title",
    [
        *(
            "诊断证明书",
            "住院费用清单",
            "北京市医疗门诊收费票据",
            "医保结算单",
            "出院记录",
            "门诊病历",
            "处方费用明细",
        ),
        *("处方药品清单", "购药小票"),
    ],
)
def test_look_alikes_are_not_its_own(title: str) -> None:
    assert identify(page_of(f"     {title}\n姓名：李四  处方号：123\n阿莫西林  12.00")) == 0


def test_a_title_alone_is_not_enough() -> None:
    """处方笺 on a price list or a cover sheet has no patient, no diagnosis and nobody who signs."""
    assert identify(page_of("处方笺\n工本费  2.00")) < 0.85


def test_rp_and_signatures_make_one_without_a_title() -> None:
    assert 0.5 <= identify(page_of((HEAD + FOOT).replace("处 方 笺", ""))) < 0.85


def test_every_prescription_is_a_paper_of_its_own_unless_page_marks_say_otherwise() -> None:
    first = page_of("处方笺  第1页 共2页\n姓名：李四")
    assert continues([first], page_of("处方笺  第2页 共2页\n医师：王五", number=2))
    assert not continues([first], page_of("处方笺\n姓名：李四", number=2))


def test_name_and_day_are_required() -> None:
    assert EXTRACTOR.required(read("")) == ("patient_name", "issue_date")


def test_the_title_names_the_kind_and_not_the_department() -> None:
    head = HEAD.replace("处 方 笺", "中药处方笺")
    assert "急诊科" not in head
    document = read("黄芪30g   当归10g\n共7剂  水煎服\n", head + "科室：急诊科\n")
    assert document.subtype == "herbal"
