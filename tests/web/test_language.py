"""Sentences of pages in both languages."""

from __future__ import annotations

from pathlib import Path

from babel.messages.pofile import read_po

from pipeline.web.language import CATALOG, WEB

CATALOGS = sorted(WEB.glob(f"*/{CATALOG}"))


def sentences_in(file: Path) -> dict[str, str]:
    """The English of each sentence of a catalog."""
    with file.open("rb") as lines:
        return {str(one.id): str(one.string) for one in read_po(lines, locale="en") if one.id}


def test_a_sentence_is_one_in_english_wherever_it_stands() -> None:
    """Catalogs are laid over each other: a second translation would change the pages of another part."""
    said: dict[str, dict[str, str]] = {}
    for file in CATALOGS:
        for sentence, english in sentences_in(file).items():
            said.setdefault(sentence, {})[file.parent.parent.name] = english
    differing = {sentence: parts for sentence, parts in said.items() if len(set(parts.values())) > 1}
    assert differing == {}


def test_every_sentence_has_its_english() -> None:
    for file in CATALOGS:
        missing = [sentence for sentence, english in sentences_in(file).items() if not english]
        assert missing == [], file
