"""Files of a folder written whole or not at all, several together."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path


def write_all(folder: Path, contents: Mapping[str, str | bytes]) -> None:
    """Write files by name: all beside their place first, and moved there once all are on the disk.

    Raises:
        OSError: If one cannot be written; the earlier files are then still there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drafts = {name: folder / f".{name}.{secrets.token_hex(4)}.partial" for name in contents}
    try:
        for name, draft in drafts.items():
            content = contents[name]
            with draft.open("xb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
        for name, draft in drafts.items():
            draft.replace(folder / name)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
