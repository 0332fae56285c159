"""What people said of papers, as training data for recognition and detection, and as truth to measure by.

    rec/rec_gt.txt, rec/images/      PaddleOCR's recognition: a crop, a tab, what is printed on it
    det/Label.txt, det/images/       PaddleOCR's detection: a page, a tab, its lines as JSON with four points
    truth/truth.jsonl, truth/papers/ what is known of each paper, for `baoxiao evaluate`

Only what a person confirmed or corrected is in it, and of labels only those whose print can be told
(`pipeline.review.printed_form`). On a page for detection, lines that nobody saw are `###`, which PaddleOCR
leaves out. Pictures are cut from the pages that were kept while reading.

The same store gives the same bytes. Pictures are named by what they show and written whole, so an export that
was broken off goes on where it stopped; the lists are written last. It holds personal data. Without persons
their fields are left out, and whole pages and papers too, for these show them.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any, Final

from PIL import Image

from pipeline.confidence.evidence import LINE_PARTS
from pipeline.model import AnyField, Box, Document, LineItem
from pipeline.progress.masking import MASKS
from pipeline.records import value_text
from pipeline.review.printed_form import printed_form
from pipeline.store.cases import load_document
from pipeline.store.field_changes import papers_changed
from pipeline.store.opened import Store
from pipeline.store.pages import KeptPage, WordRow, pages_of, words_on
from pipeline.waiting import values_of
from pipeline.whole_files import write_all

OF_PERSONS: Final = frozenset({*MASKS, "sex", "age"})
"""Fields that say something of a person."""

LEFT_OUT: Final = "###"
"""The transcription of a line that PaddleOCR's detection does not learn from."""
MARGIN: Final = 0.15
"""Of a value's height: what a crop has around it, about as much as detected lines have in PaddleOCR."""
ONE_LINE: Final = 0.5
"""Of a line's height: words whose middles lie further apart are on two lines, and a crop holds one."""
COVERED: Final = 0.6
"""Of a word's area: from there on it is a word of the value in whose box it lies."""
NAME_DIGITS: Final = 24
REVIEWER: Final = "reviewer"


@dataclass(slots=True)
class Exported:
    """How much there is: crops, pages, papers of the truth, and values whose print cannot be told."""

    crops: int = 0
    pages: int = 0
    papers: int = 0
    untold: int = 0


@dataclass(frozen=True, slots=True)
class _Said:
    """A person's value with its place, and its print where that can be told."""

    path: str
    name: str
    field: AnyField
    box: Box
    printed: str | None


@dataclass(slots=True)
class _Lists:
    """The rows of the three lists."""

    crops: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    truth: list[str] = field(default_factory=list)


def export_corrections(
    store: Store,
    out: Path,
    since: datetime | None = None,
    *,
    persons: bool = True,
    told: Callable[[int, int], None] = lambda _done, _of: None,
) -> Exported:
    """Write what people said of papers; how much it is.

    Args:
        store: Where claims and pages are.
        out: The folder; what an earlier export wrote there is used.
        since: Of papers that a person changed since then; None: of all.
        persons: Whether what says something of persons goes along.
        told: Told how many papers are done, of how many.

    Raises:
        OSError: If something cannot be written.
        StoreUnusable: If the store, or a picture of it, cannot be read.
    """
    with store.database.read() as connection:
        ids = papers_changed(connection, since)
    exported, lists = Exported(), _Lists()
    for number, document_id in enumerate(ids, 1):
        with store.database.read() as connection:
            try:
                document = load_document(connection, document_id)
            except LookupError:
                continue  # its claim was read anew without it
            pages = pages_of(connection, [document.file.sha256])
            words = {key: words_on(connection, *key) for key in pages}
        _Paper(store, out, document, persons, exported, lists).write(pages, words)
        told(number, len(ids))
    write_all(out / "rec", {"rec_gt.txt": "".join(lists.crops)})
    if persons:
        write_all(out / "det", {"Label.txt": "".join(row for _, row in sorted(lists.pages.items()))})
        write_all(out / "truth", {"truth.jsonl": "".join(lists.truth)})
    exported.crops, exported.pages, exported.papers = len(lists.crops), len(lists.pages), len(lists.truth)
    return exported


class _Paper:
    """Writes what people said of one paper."""

    def __init__(
        self, store: Store, out: Path, document: Document, persons: bool, exported: Exported, lists: _Lists
    ) -> None:
        self._store, self._out, self._document = store, out, document
        self._persons, self._exported, self._lists = persons, exported, lists

    def write(
        self, pages: dict[tuple[str, int], KeptPage], words: dict[tuple[str, int], list[WordRow]]
    ) -> None:
        """All of it, page by page."""
        for size in self._document.pages:
            key = (self._document.file.sha256, size.number)
            page = pages.get(key)
            if page is None or page.picture is None:
                continue
            said = list(self._said_on(size.number, words[key]))
            self._exported.untold += sum(one.printed is None for one in said)
            known = [one for one in said if one.printed is not None]
            if known:
                self._crops(page, known)
            if self._persons and said:
                self._page(page, words[key], known)
        if self._persons:
            self._truth()

    def _said_on(self, number: int, words: Sequence[WordRow]) -> Iterator[_Said]:
        """What people said of values that stand on a page, each on one line of print."""
        for path, value in values_of(self._document):
            name = path.rpartition(".")[2]
            if value.origin != REVIEWER or value.value is None or value.page != number or value.box is None:
                continue
            if path.removeprefix("fields.") in OF_PERSONS and not self._persons:
                continue
            printed = printed_form(name, value) if _is_one_line(value.box, words) else None
            yield _Said(path, name, value, value.box, printed)

    # ------------------------------------------------------------ recognition

    def _crops(self, page: KeptPage, said: Sequence[_Said]) -> None:
        picture: Image.Image | None = None
        for one in said:
            name = f"images/{_name(page.picture or '', _corners(one.box))}.png"
            file = self._out / "rec" / name
            if not file.exists():
                picture = picture or self._picture(page)
                write_all(file.parent, {file.name: _png(_cut(picture, page, one.box))})
            self._lists.crops.append(f"{name}\t{one.printed}\n")

    def _picture(self, page: KeptPage) -> Image.Image:
        assert page.picture is not None
        with self._store.originals.open(page.picture) as kept:
            return Image.open(io.BytesIO(kept.read())).convert("RGB")

    # ------------------------------------------------------------ detection

    def _page(self, page: KeptPage, words: Sequence[WordRow], known: Sequence[_Said]) -> None:
        assert page.picture is not None
        name = f"images/{_name(page.picture)}.png"
        file = self._out / "det" / name
        picture = self._picture(page)
        if not file.exists():
            write_all(file.parent, {file.name: _png(picture)})
        across, down = picture.width / max(1, page.width), picture.height / max(1, page.height)
        lines = [(one.printed or LEFT_OUT, one.box) for one in known]
        taken = [one.box for one in known]
        for _text, x0, y0, x1, y1, _sure in words:
            box = Box(x0, y0, x1, y1)
            if not any(_covers(said, box) for said in taken):
                lines.append((LEFT_OUT, box))
        earlier = self._lists.pages.get(name)
        rows = [
            {
                "transcription": text,
                "points": [[round(x * across), round(y * down)] for x, y in _corners(box)],
            }
            for text, box in lines
        ]
        if earlier is not None:  # another paper on the same page
            rows = _joined(json.loads(earlier.split("\t", 1)[1]), rows)
        self._lists.pages[name] = f"{name}\t{json.dumps(rows, ensure_ascii=False)}\n"

    # ------------------------------------------------------------ truth

    def _truth(self) -> None:
        """What persons said of the paper, where its file lies here by itself (not in an archive)."""
        document = self._document
        sha256 = document.file.sha256
        known = {name: value for name, value in document.fields.items() if value.origin == REVIEWER}
        rows = [_row(item) for item in document.items]
        lines = [row for row in rows if row is not None] if all(row is not None for row in rows) else []
        if not (known or lines) or not self._store.originals.has(sha256):
            return
        name = f"{_name(sha256)}{_suffix(document.file.name)}"
        file = self._out / "truth" / "papers" / name
        if not file.exists():
            with self._store.originals.open(sha256) as kept:
                write_all(file.parent, {name: kept.read()})
        row: dict[str, Any] = {
            "source": {
                "file": name,
                "sha256": sha256,
                "pages": [size.number for size in document.pages],
                "region": _region(document),
            },
            "document_type": document.type,
            "subtype": document.subtype,
            "fields": {
                field_name: {"value": value_text(field_name, value.value)}
                if value.value is not None
                else {"value": None, "status": value.status}
                for field_name, value in sorted(known.items())
            },
        }
        if lines:
            row["line_items"] = lines
        self._lists.truth.append(json.dumps(row, ensure_ascii=False) + "\n")


def _row(item: LineItem) -> dict[str, dict[str, str]] | None:
    """A charged row where a person said all of it; else None: half a row is no truth."""
    cells = {part: cell for part in LINE_PARTS if (cell := getattr(item, part)) is not None}
    if any(cell.origin != REVIEWER or cell.value is None for cell in cells.values()):
        return None
    return {part: {"value": value_text(part, cell.value)} for part, cell in cells.items()}


def _region(document: Document) -> list[float] | None:
    if document.region is None or not document.pages:
        return None
    size, box = document.pages[0], document.region
    edges = (box.x0 / size.width, box.y0 / size.height, box.x1 / size.width, box.y1 / size.height)
    return [round(edge, 5) for edge in edges]


def _suffix(name: str) -> str:
    """The ending of a file's name, where it is one."""
    ending = PurePath(name.rpartition("!")[2]).suffix.lower()
    return ending if ending[1:].isalnum() and ending.isascii() else ""


def _is_one_line(box: Box, words: Sequence[WordRow]) -> bool:
    """Whether the print in a box stands on one line."""
    inside = [Box(*word[1:5]) for word in words if _covers(box, Box(*word[1:5]))]
    if not inside:
        return box.width >= box.height
    middles = [one.cy for one in inside]
    return max(middles) - min(middles) <= ONE_LINE * max(one.height for one in inside)


def _covers(box: Box, word: Box) -> bool:
    return word.area > 0 and box.shared_area(word) >= COVERED * word.area


def _corners(box: Box) -> list[tuple[float, float]]:
    """Clockwise from the top left, as PaddleOCR has them."""
    return [(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)]


def _cut(picture: Image.Image, page: KeptPage, box: Box) -> Image.Image:
    across, down = picture.width / max(1, page.width), picture.height / max(1, page.height)
    room = MARGIN * box.height
    left, top = max(0, round((box.x0 - room) * across)), max(0, round((box.y0 - room) * down))
    right = min(picture.width, max(left + 1, round((box.x1 + room) * across)))
    bottom = min(picture.height, max(top + 1, round((box.y1 + room) * down)))
    return picture.crop((left, top, right, bottom))


def _png(picture: Image.Image) -> bytes:
    packed = io.BytesIO()
    picture.save(packed, "PNG")
    return packed.getvalue()


def _name(*what: object) -> str:
    """A file's name by what it shows."""
    return hashlib.sha256(repr(what).encode()).hexdigest()[:NAME_DIGITS]


def _joined(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of two papers on one page: where one knows what stands there, that is taken."""
    found = {json.dumps(row["points"]): row for row in one}
    for row in other:
        key = json.dumps(row["points"])
        if key not in found or found[key]["transcription"] == LEFT_OUT:
            found[key] = row
    return list(found.values())
