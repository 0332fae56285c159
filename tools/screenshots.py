"""Pictures of every page in both languages, into `docs/pictures`: the pages of `tests/web/shown_pages.py`.

The store that they show is invented and made for it: an office that has worked for some weeks, and claims
whose papers are drawn.

    make screenshots
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.web.shown_pages import PAGES, shown  # noqa: E402 - found through the line above

PICTURES = ROOT / "docs" / "pictures"


def main() -> int:
    """Take the pictures of all pages, or of those that are named."""
    wanted = sys.argv[1:]
    PICTURES.mkdir(parents=True, exist_ok=True)
    pages = [one for one in PAGES if not wanted or one.name in wanted]
    with tempfile.TemporaryDirectory(prefix="baoxiao-screenshots-") as folder:
        for page, language, picture in shown(Path(folder), pages):
            file = PICTURES / f"{page.name}.{language}.png"
            file.write_bytes(picture)
            print(file.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
