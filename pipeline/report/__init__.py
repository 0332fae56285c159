"""`report.html`: a run at a glance, in one file that needs nothing else.

Everything shown was printed on a paper or typed by a stranger, so the template escapes by itself, and a
policy in the page lets our own script run alone, by its hash. A document's details lie in a `<template>` and
are laid out when they are opened; pictures travel inside as data. Both languages stand in one table,
`messages`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.records import BatchRecord, ClaimRecord, DocumentRecord, ErrorRecord
from pipeline.report import views
from pipeline.report.messages import MESSAGES, filled
from pipeline.report.summary import RunInfo, Summary

__all__ = [
    "NO_INFO",
    "USUAL_LIMITS",
    "ReportLimits",
    "RunInfo",
    "Summary",
    "Thumbnail",
    "no_thumbnail",
    "render_report",
]

Thumbnail: TypeAlias = Callable[[DocumentRecord, int], bytes | None]
"""(document, page number) -> the upright page as JPEG, about 900 pixels on its long side, or None."""

HERE = Path(__file__).parent
NO_INFO: Final = RunInfo()


def no_thumbnail(_document: DocumentRecord, _page: int) -> bytes | None:
    """No page has a picture."""
    return None


@dataclass(frozen=True, slots=True)
class ReportLimits:
    """How much is shown; what is left out is counted on the page and stands in the other files."""

    review_documents: int = 500
    accepted_documents: int = 500
    claims: int = 200
    errors: int = 500
    put_aside: int = 200
    lines: int = 200
    """Charged rows shown of one document or claim."""
    pages: int = 6
    """Pictures of one document; pages with a doubtful field come first."""
    picture_bytes: int = 32 * 1024 * 1024
    """All pictures together, before they grow by a third as text."""


USUAL_LIMITS: Final = ReportLimits()


def render_report(
    summary: Summary,
    documents: Iterable[DocumentRecord],
    claims: Iterable[ClaimRecord],
    errors: Iterable[ErrorRecord],
    *,
    batches: Sequence[BatchRecord] = (),
    thumbnail: Thumbnail = no_thumbnail,
    about: RunInfo = NO_INFO,
    limits: ReportLimits = USUAL_LIMITS,
) -> Iterator[str]:
    """The report, part by part.

    Args:
        summary: The counts, which stand at the top and say what is left out further down.
        documents: Walked twice (those to review, those accepted), so not a generator.
        claims: The assembled claims.
        errors: The inputs that could not be read.
        batches: Those with a header; held ones stand at the top with their suspects.
        thumbnail: Asked for the pages of documents that need review, of the sheets suspected in a held batch
            and of their neighbours, and of what was put aside (empty backs, sheets of ours); for no others.
        about: What else is known of the run.
        limits: How much is shown.
    """
    pictures = views.Pictures(limits.picture_bytes)
    shown: dict[str, tuple[str, int]] = {}
    held = _held_views(batches, documents, thumbnail, pictures)
    yield from (
        _template_environment()
        .get_template("report.html.j2")
        .generate(
            summary=summary,
            held=held,
            aside=_aside_views(documents, thumbnail, pictures, limits),
            review=_review_views(documents, thumbnail, pictures, limits, shown),
            shown=shown,
            pictures=pictures,
            errors=islice(errors, limits.errors),
            claims=islice(claims, limits.claims),
            accepted=islice(
                (each for each in documents if not _needs_review(each) and not views.is_put_aside(each)),
                limits.accepted_documents,
            ),
            about=about,
            limits=limits,
        )
    )


def _needs_review(document: DocumentRecord) -> bool:
    """Whether a person must look; of a paper sent twice, at the better picture alone."""
    return document["status"] == "review" and not document["rendition_of"]


def _held_views(
    batches: Sequence[BatchRecord],
    documents: Iterable[DocumentRecord],
    thumbnail: Thumbnail,
    pictures: views.Pictures,
) -> list[views.HeldBatch]:
    """The batches that do not close, with the sheets to look at and what lies before and behind them."""
    held = [batch for batch in batches if batch["outcome"] == "held"]
    wanted = {
        sheet["document_id"]
        for batch in held
        for suspect in batch["suspects"]
        for sheet in (suspect, *suspect["neighbours"])
    }
    known = (
        {each["document_id"]: each for each in documents if each["document_id"] in wanted} if wanted else {}
    )

    def picture(sheet: views.Sheet) -> str | None:
        document = known.get(sheet["document_id"])
        return pictures.data(thumbnail(document, sheet["page"])) if document is not None else None

    return [views.held_batch(batch, picture) for batch in held]


def _aside_views(
    documents: Iterable[DocumentRecord],
    thumbnail: Thumbnail,
    pictures: views.Pictures,
    limits: ReportLimits,
) -> Iterator[tuple[DocumentRecord, str | None]]:
    """Empty backs and sheets of ours, each with its picture: who misses a page looks here."""
    aside = (document for document in documents if views.is_put_aside(document))
    for document in islice(aside, limits.put_aside):
        yield document, pictures.data(thumbnail(document, document["source"]["pages"][0]))


def _review_views(
    documents: Iterable[DocumentRecord],
    thumbnail: Thumbnail,
    pictures: views.Pictures,
    limits: ReportLimits,
    shown: dict[str, tuple[str, int]],
) -> Iterator[views.DocumentView]:
    """The documents to review; notes in `shown` where claims can point to."""
    needing = (document for document in documents if _needs_review(document))
    for document in islice(needing, limits.review_documents):
        pages: Mapping[int, str | None] = {
            number: pictures.data(thumbnail(document, number))
            for number in views.pages_to_show(document, limits.pages)
        }
        source = document["source"]
        shown[document["document_id"]] = (source["file"], source["pages"][0] if source["pages"] else 0)
        yield views.document_view(document, pages, limits.lines)


@cache
def _template_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (HERE / "report.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    environment.filters["total_of"] = _total_of
    environment.globals.update(
        t=_translated,
        zh=_chinese,
        attributes=_attributes,
        known=MESSAGES.__contains__,
        messages=MESSAGES,
        percent=views.percent,
        grouped=views.grouped,
        masked=views.masked,
        box_style=views.box_style,
        failed_checks=views.failed_checks,
        style=_own("report.css"),
        script=Markup(script),  # noqa: S704
        script_hash=f"sha256-{digest}",
    )
    return environment


def _own(name: str) -> Markup:
    """A file of this package, to stand in the page as it is."""
    return Markup((HERE / name).read_text(encoding="utf-8"))  # noqa: S704


def _total_of(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


def _chinese(key: str) -> str:
    return MESSAGES[key][0]


def _translated(key: str, **values: object) -> Markup:
    """The string of `key` in a mark that the language switch finds again."""
    if not values:
        return Markup('<span data-t="{}">{}</span>').format(key, MESSAGES[key][0])
    given = json.dumps(values, ensure_ascii=False)
    return Markup('<span data-t="{}" data-a="{}">{}</span>').format(key, given, filled(key, values))


def _attributes(key: str, *names: str) -> Markup:
    """The string of `key` as the attributes `names`, in both languages."""
    pairs = " ".join(f"{name}:{key}" for name in names)
    plain = Markup(" ").join(Markup('{}="{}"').format(name, MESSAGES[key][0]) for name in names)
    return plain + Markup(' data-ta="{}"').format(pairs)
