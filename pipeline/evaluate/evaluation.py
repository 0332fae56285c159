"""Every paper judged and counted: the spine of the evaluation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from pipeline.evaluate.comparing import ABSENT, FieldRow, Verdict, judge_fields, kind_of
from pipeline.evaluate.figures import Figures, figures_of, share
from pipeline.evaluate.pairing import paired
from pipeline.evaluate.rows import DECIDING, LineRow, RowsJudged, judge_rows, shown, value_of
from pipeline.evaluate.run_folder import DocumentRow, DocumentsByFile, RunFolder
from pipeline.evaluate.tally import PaperJudged, Share, Tally
from pipeline.evaluate.truth import LINE_PARTS, UNKNOWN, Known, Refusal, TruthPaper

VERSION = 1
LEVELS = ("clean", "scan", "photo", "hard")
OCR_WAY, TEXT_WAY = "picture", "text_layer"
Record: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WrongField:
    """A value, or a whole row, that is not as it should be."""

    paper: str
    file: str
    page: int | None
    path: str
    field: str
    fault: str
    truth: str | None
    reading: str | None
    raw: str | None
    confidence: float
    status: str
    witnesses: tuple[str, ...]
    box: tuple[float, ...] | None
    sha256: str
    type: str
    level: str
    layout: str
    way: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found out. `papers` names all that were judged, `wrong` every value that is not right."""

    overall: Figures
    slices: Mapping[str, Mapping[str, Figures]]
    refused: Figures
    extra: Mapping[str, int]
    papers: tuple[str, ...]
    wrong: tuple[WrongField, ...]

    def record(self) -> Record:
        """The evaluation as it is written; the same readings give the same record."""
        return {
            "version": VERSION,
            "overall": self.overall,
            "slices": {name: dict(slice_) for name, slice_ in self.slices.items()},
            "refused": self.refused,
            "extra_documents": dict(self.extra),
            "wrong": [asdict(one) for one in self.wrong],
            "papers": list(self.papers),
        }


def evaluate(
    papers: Iterable[TruthPaper],
    documents: DocumentsByFile,
    refusals: Sequence[Refusal] = (),
    refused: Mapping[str, str] | None = None,
) -> Evaluation:
    """Hold `documents` against the truth.

    Args:
        papers: What the papers say.
        documents: What was read, by file (`run_folder.by_file`, or a `RunFolder`).
        refusals: Inputs that must be refused.
        refused: File -> code of the inputs that were.
    """
    overall, slices = Tally(), dict[str, dict[str, Tally]]()
    wrong: list[WrongField] = []
    extra: Counter[str] = Counter()
    names = []
    for own, found in _by_file(papers, documents):
        pairs, left = paired(own, found)
        extra.update(document["document_type"] for document in left)
        for paper, document in zip(own, pairs, strict=True):
            judged = judge_paper(paper, document)
            names.append(paper.id)
            wrong += wrong_of(judged)
            overall.add(judged)
            for split, value in splits_of(paper, document):
                slices.setdefault(split, {}).setdefault(value, Tally()).add(judged)
    return Evaluation(
        overall=figures_of(overall, curves=True),
        slices={
            split: {value: figures_of(slices[split][value]) for value in sorted(slices[split], key=_place)}
            for split in slices
        },
        refused=_refused(refusals, refused or {}, documents),
        extra=dict(sorted(extra.items())),
        papers=tuple(names),
        wrong=tuple(wrong),
    )


def _by_file(
    papers: Iterable[TruthPaper], documents: DocumentsByFile
) -> Iterator[tuple[list[TruthPaper], Sequence[DocumentRow]]]:
    on_file: dict[str, list[TruthPaper]] = {}
    for paper in papers:
        on_file.setdefault(paper.file, []).append(paper)
    for file, own in on_file.items():
        name: str | None = file
        if file not in documents and own[0].sha256 and isinstance(documents, RunFolder):
            name = documents.file_with(own[0].sha256)  # the same bytes under another name
        yield own, documents.get(name, ()) if name is not None else ()


def judge_paper(paper: TruthPaper, document: DocumentRow | None) -> PaperJudged:
    """All values of one paper whose truth is known."""
    read: DocumentRow = document or {"fields": {}, "line_items": [], "category_totals": []}
    rows = totals = None
    beside: tuple[Verdict, ...] = ()
    if paper.lines is not None:
        rows = judge_rows(paper.lines, read["line_items"])
        beside = (*_not_read(paper.lines, rows), *_made_up(read["line_items"], rows))
    if paper.category_totals is not None:
        totals = judge_rows(paper.category_totals, read.get("category_totals") or [], "category_totals")
    return PaperJudged(
        paper, document, tuple(judge_fields(paper.fields or {}, read["fields"])), rows, totals, beside
    )


def _not_read(lines: Sequence[Known], rows: RowsJudged) -> Iterator[Verdict]:
    for index in rows.missed:
        for name, true in lines[index].items():
            if true is not None:
                yield Verdict(f"line_items[{index}].{name}", name, kind_of(name), true, ABSENT, "missed")


def _made_up(read: Sequence[LineRow], rows: RowsJudged) -> Iterator[Verdict]:
    """What a row that is not on the paper holds; that no value is there cannot be wrong."""
    for index in rows.beside:
        for name in DECIDING:
            field: FieldRow | None = read[index].get(name)
            if field is not None and field["value"] is not None:
                yield Verdict(f"line_items[+{index}].{name}", name, kind_of(name), None, field, "made_up")


def way_of(paper: TruthPaper, document: DocumentRow | None) -> str:
    """How the paper can be read; of a PDF whose truth does not tell, how it was."""
    if paper.way or document is None:
        return paper.way or UNKNOWN
    ways = Counter(
        field["source"]
        for field in document["fields"].values()
        if field["value"] is not None and field["source"] in ("ocr", "text_layer", "ofd", "xml")
    )
    way = ways.most_common(1)[0][0] if ways else UNKNOWN
    return OCR_WAY if way == "ocr" else str(way)


def splits_of(paper: TruthPaper, document: DocumentRow | None) -> list[tuple[str, str]]:
    """The slices that a paper belongs to."""
    kind = paper.type or UNKNOWN
    return [
        ("level", paper.level),
        ("type", kind),
        ("source", way_of(paper, document)),
        ("container", paper.container),
        ("layout", paper.layout),
        ("type_level", f"{kind}/{paper.level}"),
    ]


def _place(value: str) -> tuple[int, str]:
    kind, _, level = value.rpartition("/")
    return (
        (LEVELS.index(level) if level in LEVELS else len(LEVELS), level) if not kind else (0, _ordered(value))
    )


def _ordered(value: str) -> str:
    kind, _, level = value.rpartition("/")
    return f"{kind}/{LEVELS.index(level) if level in LEVELS else level}"


def wrong_of(judged: PaperJudged) -> Iterator[WrongField]:
    """Every value of a paper that is not right; a row without a counterpart counts as one."""
    paper, document = judged.paper, judged.document
    verdicts = (*judged.fields, *(judged.rows.verdicts if judged.rows else ()))
    for verdict in verdicts:
        if verdict.fault:
            yield _wrong(paper, document, verdict)
    if judged.rows is None or paper.lines is None:
        return
    for index in judged.rows.missed:
        values = [paper.lines[index].get(name) for name in DECIDING]
        verdict = Verdict(f"line_items[{index}]", "row", "text", shown(values), ABSENT, "missed")
        yield _wrong(paper, document, verdict)
    for index in judged.rows.beside:
        assert document is not None
        row = document["line_items"][index]
        verdict = Verdict(f"line_items[+{index}]", "row", "text", None, _whole_row(row), "made_up")
        yield _wrong(paper, document, verdict)


def _whole_row(row: LineRow) -> FieldRow:
    """A row as if it were one field: accepted where a part that decides is, as sure as its surest part."""
    parts = [row[name] for name in DECIDING if row.get(name) and row[name]["value"] is not None]
    accepted = any(part["status"] == "accepted" for part in parts)
    boxes = [part["box"] for part in parts if part.get("box")]
    edges = list(zip(*boxes, strict=True))
    return {
        **ABSENT,
        "value": shown(value_of(row, name) for name in DECIDING),
        "confidence": max((part["confidence"] for part in parts), default=0.0),
        "status": "accepted" if accepted else "review",
        "page": row["page"],
        "box": [min(edges[0]), min(edges[1]), max(edges[2]), max(edges[3])] if edges else None,
    }


def _wrong(paper: TruthPaper, document: DocumentRow | None, verdict: Verdict) -> WrongField:
    read = verdict.read
    first = paper.pages[0] if paper.pages else 1
    return WrongField(
        paper=paper.id,
        file=document["source"]["file"] if document is not None else paper.file,
        page=read.get("page") or first,
        path=verdict.path,
        field=verdict.name,
        fault=verdict.fault if document is not None else "not_read",
        truth=verdict.true,
        reading=read["value"],
        raw=read.get("raw"),
        confidence=read["confidence"],
        status=read["status"],
        witnesses=tuple(read.get("witnesses") or ()),
        box=tuple(read["box"]) if read.get("box") else None,
        sha256=document["source"]["sha256"] if document is not None else paper.sha256,
        type=paper.type or UNKNOWN,
        level=paper.level,
        layout=paper.layout,
        way=way_of(paper, document),
    )


def _refused(refusals: Sequence[Refusal], refused: Mapping[str, str], documents: DocumentsByFile) -> Figures:
    """Inputs that must be refused: refused and nothing read of them, and so for the cause that was told."""
    right, code = Share(), Share()
    not_refused, other_cause = [], []
    for one in refusals:
        is_refused = one.file in refused and one.file not in documents
        right.add(is_refused)
        code.add(is_refused and refused[one.file] == one.code)
        if not is_refused:
            not_refused.append(one.file)
        elif refused[one.file] != one.code:
            other_cause.append({"file": one.file, "expected": one.code, "found": refused[one.file]})
    return {
        "refused": share(right),
        "right_cause": share(code),
        "not_refused": not_refused,
        "other_cause": other_cause,
    }


__all__ = ["LINE_PARTS", "Evaluation", "WrongField", "evaluate", "judge_paper", "way_of", "wrong_of"]
