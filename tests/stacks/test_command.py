"""`baoxiao separators`: what is written, and what is refused with the way out."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import main
from pipeline.stacks.command import app


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def pages(file: Path) -> int:
    pdf = pypdfium2.PdfDocument(file)
    try:
        return len(pdf)
    finally:
        pdf.close()


def test_header_separators_and_labels_come_in_one_file(tmp_path: Path) -> None:
    file = tmp_path / "sheets.pdf"
    header = ("--batch", "B1", "--papers", "3", "--amount", "12.30")
    made = run("--count", "2", "--out", file, *header, "--labels", "A-1..A-9")
    assert made.exit_code == 0, made.output
    assert pages(file) == 1 + 2 + 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "no page"),
        (("--batch", "B1"), "go together"),
        (("--batch", "B1", "--papers", "3", "--amount", "多少"), "not an amount"),
        (("--batch", "B1", "--papers", "3", "--amount", "1.234"), "not an amount"),
        (("--batch", "批1", "--papers", "3", "--amount", "1"), "capitals"),
        (("--labels", "A-1"), "FROM..TO"),
    ],
)
def test_a_wrong_wish_is_a_usage_error_and_writes_nothing(
    tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    made = run("--out", tmp_path / "sheets.pdf", *arguments)
    assert made.exit_code == 2
    assert told in made.output.replace("\n", " ")
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    made = run("--count", "1", "--out", tmp_path / "nowhere" / "sheets.pdf")
    assert made.exit_code == 1
    assert "nowhere" in made.output


def test_it_is_a_command_of_baoxiao(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["separators", "-h"])
    assert ended.value.code == 0
    assert "--labels" in capsys.readouterr().out
