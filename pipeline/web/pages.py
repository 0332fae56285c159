"""Pages for people: templates, what every page carries, and the assets that this process serves itself.

Each part of the web is a folder with `templates/` and `static/` of its own. An asset is asked for under an
address that holds a hash, so that browsers keep it for ever and never show an old one.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.exceptions import HTTPException

from pipeline.store.accounts import LANGUAGES, Language, PersonRole
from pipeline.web.language import sentences, translations
from pipeline.web.people import Person

WEB = Path(__file__).parent
DIGITS = 12
"""Of the hash in an asset's address."""
LANGUAGE_COOKIE = "baoxiao_language"

MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png"}

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "private, no-store",
    # With none at all browsers would send `Origin: null`, and nobody could tell our forms from others'.
    "Referrer-Policy": "same-origin",
}

REVIEWERS: tuple[PersonRole, ...] = ("reviewer", "second_reviewer", "supervisor")
NAVIGATION: tuple[tuple[str, str, tuple[PersonRole, ...]], ...] = (
    ("/review", "复核", REVIEWERS),
    ("/upload", "上传", ("clerk", "supervisor")),
    ("/batches", "批次", ("clerk", *REVIEWERS)),
    ("/spot-checks", "抽查", REVIEWERS),
    ("/quality", "质量", ("supervisor", "auditor")),
    ("/dashboard", "看板", ("supervisor", "auditor", "admin")),
    ("/accounts", "账号", ("admin",)),
)
"""Where it lies, what it is called, who works there."""

router = APIRouter(include_in_schema=False)


@router.get("/assets/{digest}/{part}/{name}")
def asset(digest: str, part: str, name: str) -> Response:
    """页面资源 / what pages are drawn with."""
    file = _assets().get((part, name))
    if file is None or _digest() != digest:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return Response(
        file.read_bytes(),
        media_type=MEDIA_TYPES[file.suffix],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


def asset_url(part: str, name: str) -> str:
    """Where an asset is served."""
    _assets()[part, name]  # one that is not there fails where it is named, not in the browser
    return f"/assets/{_digest()}/{part}/{name}"


@cache
def _assets() -> dict[tuple[str, str], Path]:
    return {
        (file.parent.parent.name, file.name): file
        for file in WEB.glob("*/static/*")
        if file.suffix in MEDIA_TYPES
    }


@cache
def _digest() -> str:
    """Of all assets together: scripts import each other by addresses relative to their own."""
    whole = hashlib.sha256()
    for (part, name), file in sorted(_assets().items()):
        whole.update(f"{part}/{name}".encode() + file.read_bytes())
    return whole.hexdigest()[:DIGITS]


def language_of(request: Request, person: Person | None) -> Language:
    """In which language a page speaks: the account's, else the cookie's, else Chinese."""
    if person is not None:
        return person.language
    asked = request.cookies.get(LANGUAGE_COOKIE)
    return next((one for one in LANGUAGES if one == asked), "zh")


def page(
    request: Request, template: str, person: Person | None, status: int = HTTPStatus.OK, **context: Any
) -> HTMLResponse:
    """A page from a template (`review/queue.html.j2`: the part and the file in its `templates`).

    Templates know `person`, `language`, `path`, `csrf`, `_()`, `asset(part, name)`, `sentences(part)`
    and `embedded_json(…)`
    beside what is handed over.
    """
    language = language_of(request, person)
    html = (
        _environment(language, template.partition("/")[0])
        .get_template(template)
        .render(
            person=person,
            csrf=person.csrf if person else "",
            language=language,
            path=request.url.path,
            **context,
        )
    )
    return HTMLResponse(html, status, headers=PAGE_HEADERS)


@cache
def _environment(language: Language, part: str) -> Environment:
    environment = Environment(
        loader=_Templates(WEB),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # What the extension adds to environments, mypy cannot see.
    said = translations(language, part)
    environment.install_gettext_translations(said, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(
        navigation=NAVIGATION,
        asset=asset_url,
        sentences=lambda part: embedded_json(sentences(part, language)),
        embedded_json=embedded_json,
    )
    return environment


class _Templates(FileSystemLoader):
    """`review/queue.html.j2` lies in `review/templates/queue.html.j2`."""

    def get_source(self, environment: Environment, template: str) -> Any:
        part, _, name = template.partition("/")
        return super().get_source(environment, f"{part}/templates/{name}")


def embedded_json(content: object) -> Markup:
    """JSON that may stand inside `<script type="application/json">`: nothing in it ends the element."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704 - escaped above
