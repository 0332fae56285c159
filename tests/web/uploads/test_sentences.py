"""What the page of the upload desk says, it says in English too."""

from __future__ import annotations

import re
from pathlib import Path


def test_every_sentence_of_the_page_has_its_english() -> None:
    part = Path(__file__).parents[3] / "pipeline" / "web" / "uploads"
    script = (part / "static" / "upload.js").read_text("utf-8")
    said = set(re.findall(r'(?<![\w.])t\("([^"]+)"', script))
    said |= set(
        re.findall(r"""_\(["'](.+?)["']\)""", (part / "templates" / "upload.html.j2").read_text("utf-8"))
    )
    english = (part / "locale" / "en.po").read_text("utf-8")
    assert [one for one in said if f'msgid "{one}"' not in english] == []
