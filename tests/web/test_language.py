"""Sentences of pages in both languages."""

from __future__ import annotations

from pathlib import Path

from babel.messages.pofile import read_po

from pipeline.web.language import CATALOG, WEB, translations

CATALOGS = sorted(WEB.glob(f"*/{CATALOG}"))


def sentences_in(file: Path) -> dict[str, str]:
    """The English of each sentence of a catalog."""
    with file.open("rb") as lines:
        return {str(one.id): str(one.string) for one in read_po(lines, locale="en") if one.id}


def test_a_part_has_its_own_word_where_others_have_another() -> None:
    assert translations("en", "quality").gettext("修改记录") == "Audit"
    assert translations("en", "review").gettext("修改记录") == "History"


def test_what_a_part_lacks_it_has_from_the_frame() -> None:
    for file in CATALOGS:
        assert translations("en", file.parent.parent.name).gettext("退出") == "Sign out"


def test_chinese_is_what_is_written() -> None:
    assert translations("zh", "review").gettext("修改记录") == "修改记录"


def test_every_sentence_has_its_english() -> None:
    for file in CATALOGS:
        missing = [sentence for sentence, english in sentences_in(file).items() if not english]
        assert missing == [], file
