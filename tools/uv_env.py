"""Prints pip's configuration as shell exports for uv, which does not read it.

A mirror, a proxy or a certificate that the machine sets for pip (`pip.conf`, `PIP_*`) then serves uv as
well. What is set for uv itself wins. Standard library alone: this runs before anything is installed.
"""

from __future__ import annotations

import ast
import os
import shlex
import subprocess
import sys
from pathlib import Path


def pip_options() -> dict[str, str]:
    """The options in force for `pip install`; the environment wins over `[install]`, that over `[global]`."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        section, _, option = key.rpartition(".")
        if section in found:
            found[section][option] = str(ast.literal_eval(value))
    return found["global"] | found["install"] | found[":env:"]


def exists(place: str) -> bool:
    """A folder that is named but not there is skipped by pip and refused by uv."""
    return "://" in place or Path(place).is_dir()


def uv_variables(options: dict[str, str]) -> dict[str, str]:
    r"""What uv has to be told for the same effect.

    >>> uv_variables({"index-url": "file:///mirror", "extra-index-url": "file:///a\nfile:///b"})
    ... # doctest: +NORMALIZE_WHITESPACE
    {'UV_DEFAULT_INDEX': 'file:///mirror', 'UV_INDEX': 'file:///a file:///b',
     'UV_INDEX_STRATEGY': 'unsafe-best-match', 'UV_HTTP_TIMEOUT': '180', 'UV_PYTHON_DOWNLOADS': 'never'}
    """
    links = [place for place in options.get("find-links", "").split() if exists(place)]
    extra = options.get("extra-index-url", "").split()
    wanted = {
        "UV_DEFAULT_INDEX": options.get("index-url", ""),
        "UV_INDEX": " ".join(extra),
        # pip looks at all indexes alike; safe, because every file is checked against the lock.
        "UV_INDEX_STRATEGY": "unsafe-best-match" if extra else "",
        "UV_FIND_LINKS": ",".join(links),
        "UV_INSECURE_HOST": " ".join(options.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": options.get("default-timeout") or options.get("timeout") or "180",
        "UV_PYTHON_DOWNLOADS": "never",
        "SSL_CERT_FILE": options.get("cert", ""),
        "HTTPS_PROXY": "" if "https_proxy" in os.environ else options.get("proxy", ""),
        "HTTP_PROXY": "" if "http_proxy" in os.environ else options.get("proxy", ""),
    }
    return {name: value for name, value in wanted.items() if value and name not in os.environ}


if __name__ == "__main__":
    for name, value in uv_variables(pip_options()).items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
