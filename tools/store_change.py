"""Writes the next change of the store's tables, from what `pipeline/store/tables.py` says that they be.

    .venv/bin/python tools/store_change.py "claims know their street office"

The file lands in `pipeline/store/migrations/versions` under the next number. Read it before it is committed:
Alembic takes a column that was renamed for one dropped and one added, and knows nothing of the rows in it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from pipeline.store.database import Database, url_of_folder  # noqa: E402 - found through the line above
from pipeline.store.versions import NUMBER_LENGTH, known_versions, upgrade, write_change  # noqa: E402


def main() -> int:
    """Make a store of the newest version, compare it with the tables, write the difference."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", help="in a few words, as the change will be called")
    options = parser.parse_args()
    number = len(known_versions()) + 1
    with tempfile.TemporaryDirectory() as folder:
        database = Database(url_of_folder(Path(folder)))
        with database.reshape() as connection:
            if known_versions():
                upgrade(connection)
            path = write_change(connection, options.what, f"{number:0{NUMBER_LENGTH}}")
        database.close()
    subprocess.run([sys.executable, "-m", "ruff", "format", path], check=True)  # noqa: S603 - our own path
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
