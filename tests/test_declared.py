"""Applications beside the papers of a run: whose they are, and what becomes of one that is wrong."""

from __future__ import annotations

from pathlib import Path

from pipeline.application import is_declared
from pipeline.declared import read_applications

GOOD = '{"kind": "reimbursement", "references": {"no": "%s"}}'


def put(root: Path, files: dict[str, str]) -> list[tuple[str, Path]]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return [(name, root / name) for name in files]


def read(root: Path, files: dict[str, str]) -> tuple[dict[str, str | None], list[tuple[str, str]]]:
    """Reference number by paper, and file and code of each refusal."""
    found = put(root, files)
    papers = [one for one in found if not is_declared(one[0])]
    applications, refused = read_applications([one for one in found if is_declared(one[0])], papers)
    numbers = {}
    for name, _ in papers:
        application = applications.for_paper(name)
        numbers[name] = application.references["no"] if application else None
    return numbers, [(row.file, row.code) for row in refused]


def test_an_application_is_for_its_folder_and_those_below_where_no_nearer_one_lies(tmp_path: Path) -> None:
    numbers, refused = read(
        tmp_path,
        {
            "张/application.json": GOOD % "zhang",
            "张/1.jpg": "",
            "张/处方/2.jpg": "",
            "张/另案/申请信息.json": GOOD % "other",
            "张/另案/3.jpg": "",
            "李/4.jpg": "",
        },
    )
    assert numbers == {
        "张/1.jpg": "zhang",
        "张/处方/2.jpg": "zhang",
        "张/另案/3.jpg": "other",
        "李/4.jpg": None,
    }
    assert refused == []


def test_a_wrong_application_is_a_row_and_the_papers_stand_without_it(tmp_path: Path) -> None:
    numbers, refused = read(tmp_path, {"a/application.json": '{"kind": "x"}', "a/1.jpg": ""})
    assert numbers == {"a/1.jpg": None}
    assert refused == [("a/application.json", "invalid_application")]


def test_a_second_application_of_a_folder_is_told(tmp_path: Path) -> None:
    numbers, refused = read(
        tmp_path, {"application.json": GOOD % "first", "申请信息.json": GOOD % "second", "1.jpg": ""}
    )
    assert numbers == {"1.jpg": "first"}
    assert refused == [("申请信息.json", "invalid_application")]


def test_one_that_cannot_be_opened_is_told_so(tmp_path: Path) -> None:
    _, refused = read_applications([("application.json", tmp_path / "application.json")], [])
    assert [(row.file, row.code) for row in refused] == [("application.json", "inaccessible")]


def test_the_platforms_answers_are_for_all_papers_of_the_run(tmp_path: Path) -> None:
    answer = '{"invoice_number": "0127712345", "state": "reversed"}\n'
    files = put(tmp_path, {"a/verifications.jsonl": answer, "verifications.jsonl": answer + "{}"})
    applications, refused = read_applications(files, [])
    assert [one.state for one in applications.verifications] == ["reversed"]
    (row,) = refused
    assert (row.file, row.code) == ("verifications.jsonl", "invalid_application")
    assert "第 2 行" in row.message
