"""Prefect: when, how often, how many at once; never what.

Prefect's usage reporting is off before it is imported, and an office's proxy is kept away from the local
server.
"""

import os

os.environ["DO_NOT_TRACK"] = "1"
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_LOGGING_TO_API_ENABLED", "false")
_LOCAL = "127.0.0.1,localhost"
for _name in ("NO_PROXY", "no_proxy"):
    os.environ[_name] = ",".join(filter(None, (os.environ.get(_name), _LOCAL)))
