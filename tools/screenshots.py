"""Pictures of every page in both languages, into `docs/pictures`: the pages of `tests/web/shown_pages.py`.

The store that they show is invented: an office that has worked for some weeks, and claims whose papers are
the sample papers (`fixtures/samples`), read as they always are, which takes about a minute.

    make screenshots
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.web.shown_pages import PAGES, shown  # noqa: E402 - found through the line above

PICTURES = ROOT / "docs" / "pictures"
READ = ("01", "02", "04", "09")
"""How the sample papers that are read begin: accepted, in doubt, and one whose sums do not close."""


def main() -> int:
    """Make a store, read papers into it, serve it, take the pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="baoxiao-screenshots-") as folder:
        environment = {**os.environ, "BAOXIAO_STORE_DIR": folder, "BAOXIAO_POLICY_REGION": "a1"}
        read = [str(one) for one in sorted((ROOT / "fixtures" / "samples").iterdir()) if one.name[:2] in READ]
        for command in (["db", "upgrade"], ["receive", *read]):
            subprocess.run([sys.executable, "-m", "pipeline.cli", *command], env=environment, check=True)  # noqa: S603 - our own command
        os.environ.update(environment)
        for page, language, picture in shown(Path(folder), PAGES):
            name = PICTURES / f"{page.name}.{language}.png"
            name.write_bytes(picture)
            print(name.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
