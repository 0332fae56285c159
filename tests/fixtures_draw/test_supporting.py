"""Drawn supporting papers: each is told by its title, and what it states is read from its text layer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

pytest.importorskip("reportlab", reason="drawing needs the extra `draw`")

from extractors.other import EXTRACTOR, extract
from fixtures.draw import supporting
from fixtures.draw.paper import FONT_FILES, to_pdf
from pipeline.model import Page
from pipeline.reading.open_file import open_file, source_file
from tests.extractors.paper_words import values

pytestmark = pytest.mark.skipif(
    not all(Path(file).exists() for file in FONT_FILES.values()), reason="drawing needs its fonts"
)


@pytest.mark.parametrize("layout", sorted(supporting.MAKERS))
def test_papers_of_every_layout_are_told_and_read(layout: str, tmp_path: Path) -> None:
    drawn = supporting.MAKERS[layout](random.Random(layout))
    path = tmp_path / "paper.pdf"
    path.write_bytes(to_pdf(drawn.pages))
    opened = open_file(source_file(path.name, path), path)
    document = extract([page for page in opened.pages if isinstance(page, Page)], 0.0)
    assert document.subtype == drawn.truth.subtype
    read = values(document.fields)
    assert {name: read.get(name) for name in drawn.truth.fields} == drawn.truth.fields
    assert set(read) <= set(EXTRACTOR.field_names)
