"""Nothing is changed at the bidding of another site: one door for every request, before any route.

Browsers say where a request comes from (`Sec-Fetch-Site`, and `Origin` with everything that changes
something). Programs say neither and prove themselves by a token or a signature. Beside this, people's
requests carry their session's own token (`pipeline.web.people`), and cookies go along with nothing that
other sites begin.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.web.people import CHANGING
from pipeline.web.problems import told

OUR_OWN = frozenset({"same-origin", "none"})
"""What `Sec-Fetch-Site` says of a page of ours, and of what the person typed themselves."""


class FromHere:
    """Refuses what another site has a browser send."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or tell that it may be forged."""
        if scope["type"] == "http" and scope["method"] in CHANGING:
            request = Request(scope, receive)
            if not is_from_here(request):
                detail = "请求来自其他网站，已拒绝 / the request comes from another site and is refused"
                await told(request, HTTPStatus.FORBIDDEN, detail)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def is_from_here(request: Request) -> bool:
    """Whether no browser says that another site sent it."""
    if request.headers.get("sec-fetch-site", "none") not in OUR_OWN:
        return False
    origin = request.headers.get("origin")
    # Behind a proxy the scheme is another; the name and port that the browser asked for are handed through.
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
