"""Pages in Chinese, and in English on a switch: gettext catalogs, the Chinese sentence being the key.

A part of the web has its own catalog (`locale/en.po` beside its templates), which goes before those of
others: one word may be two in English. They are read as they are written; nothing compiled lies beside them.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from pipeline.store.accounts import Language

WEB = Path(__file__).parent
CATALOG = "locale/en.po"


@cache
def translations(language: Language, part: str) -> NullTranslations:
    """What says each sentence of a part in a language; what its catalog lacks is taken from the others."""
    if language == "zh":
        return NullTranslations()
    merged = Catalog(locale="en")
    own = WEB / part / CATALOG
    for file in sorted(WEB.glob(f"*/{CATALOG}"), key=lambda file: (file != own, file)):
        with file.open("rb") as lines:
            for message in read_po(lines, locale="en"):
                if message.id and message.id not in merged:
                    merged[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return Translations(compiled)


def sentences(part: str, language: Language) -> Mapping[str, str]:
    """What a part's scripts say, by its Chinese sentence: all of the part's catalog.

    Args:
        part: The folder of the part: `review`.
        language: Into which.
    """
    said = translations(language, part)
    with (WEB / part / CATALOG).open("rb") as lines:
        return {str(one.id): said.gettext(str(one.id)) for one in read_po(lines, locale="en") if one.id}
