"""Who may import whom: arrows point down only. A new arrow is a decision; add its row, with the reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TREE = ("pipeline", "extractors", "validators", "flows")

FLOOR = {
    "pipeline.model",
    "pipeline.errors",
    "pipeline.text",
    "pipeline.utf8",
    "pipeline.field_kinds",
    "pipeline.open_values",
    # Whether two answers say the same.
    "pipeline.agreement",
    "pipeline.dated_files",
    "pipeline.fee_categories",
    "pipeline.bill_codes",
    "pipeline.settings",
    "pipeline.intervals",
    "pipeline.likeness",
    "pipeline.seal_names",
    # Which steps a claim may take.
    "pipeline.life",
    # Text as spreadsheets take it.
    "pipeline.spreadsheet_text",
    # Which values a field can hold, which claims two people see.
    "pipeline.field_values",
    "pipeline.second_review",
    "pipeline.whole_files",
    # What was declared and brought along, and the calendar.
    "pipeline.verification",
    "pipeline.application",
    "pipeline.published_rows",
    "pipeline.working_days",
}
# What a claim is judged by beside its papers.
JUDGED_BY = {"pipeline.places", "pipeline.earlier_bills", "pipeline.office", "pipeline.case_types"}
# What stored claims are judged and kept by.
KEEP = {
    "pipeline.deadlines",
    "pipeline.waiting",
    "pipeline.store.cases",
    "pipeline.corrections",
    "pipeline.rejudged",
}
READ = FLOOR | {"pipeline.reading"}
WORDS_TO_PAPERS = (
    READ
    | JUDGED_BY
    | {
        "pipeline.catalogs",
        "pipeline.case",
        "pipeline.materials",
        "extractors",
        "validators",
        "pipeline.papers",
        "pipeline.doubts",
        "pipeline.sheets",
        "pipeline.required_seals",
        "pipeline.confidence",
        "pipeline.acceptance",
        "pipeline.repair",
    }
)
STACKS = {"pipeline.stacks", "pipeline.stacks.separators"}
WRITE = {"pipeline.records", "pipeline.report", "pipeline.outputs"}
RUN = (
    WORDS_TO_PAPERS
    | WRITE
    | STACKS
    | {
        "pipeline.intake",
        "pipeline.rendition_rows",
        "pipeline.renditions",
        "pipeline.claims",
        "pipeline.learned",
        "pipeline.together",
        "pipeline.store",
        "pipeline.wiring",
        "pipeline.seen_pages",
        "pipeline.readers",
        "pipeline.declared",
        "pipeline.upload",
        "pipeline.close_ups",
        "pipeline.gate",
    }
)
# What is received is read into the store.
RECEIVED = {
    "pipeline.close_ups_beside",
    "pipeline.page_count",
    "pipeline.preview",
    "pipeline.warm",
    "pipeline.receiving",
    "pipeline.uploading",
    "pipeline.submitted_claims",
    "pipeline.submission_reader",
    "pipeline.worker",
}
ALL = RUN | KEEP | {"pipeline.scan", "pipeline.desk"} | RECEIVED

MAY_IMPORT: dict[str, set[str]] = {
    # The floor. `model`, `errors` and `settings` import nothing of the project.
    "pipeline.model": set(),
    "pipeline.errors": set(),
    "pipeline.settings": set(),
    "pipeline.text": {"pipeline.errors", "pipeline.model"},
    "pipeline.utf8": set(),
    "pipeline.field_kinds": set(),
    "pipeline.open_values": set(),
    "pipeline.agreement": {"pipeline.field_values", "pipeline.text"},
    "pipeline.whole_files": set(),
    "pipeline.dated_files": set(),
    "pipeline.fee_categories": {"pipeline.text"},
    "pipeline.bill_codes": {"pipeline.text"},
    "pipeline.intervals": set(),
    "pipeline.likeness": {"pipeline.text"},
    "pipeline.seal_names": {"pipeline.text"},
    "pipeline.verification": {"pipeline.utf8"},
    "pipeline.application": {"pipeline.errors", "pipeline.utf8", "pipeline.verification"},
    "pipeline.published_rows": {"pipeline.application", "pipeline.errors", "pipeline.utf8"},
    "pipeline.working_days": set(),
    "pipeline.life": {"pipeline.errors"},
    "pipeline.spreadsheet_text": set(),
    "pipeline.field_values": {"pipeline.model", "pipeline.field_kinds"},
    "pipeline.second_review": set(),
    # Each knows one thing and none of the others.
    "pipeline.reading": FLOOR,
    # Lists and what is learned about them change under the lock that the store has.
    "pipeline.catalogs": FLOOR | {"pipeline.store"},
    "pipeline.places": FLOOR,
    "pipeline.earlier_bills": FLOOR,
    "pipeline.office": FLOOR | {"pipeline.places", "pipeline.earlier_bills"},
    "pipeline.case_types": FLOOR,
    "pipeline.application_forms": FLOOR | {"pipeline.case_types"},
    "pipeline.case": FLOOR | JUDGED_BY | {"pipeline.catalogs"},
    # Published rows are kept as they were written; it answers what bills came before.
    "pipeline.store": FLOOR | {"pipeline.records", "pipeline.earlier_bills"},
    # Handing claims over: what is sent and answered lies in the store, claims go out as they are published.
    "pipeline.engine": FLOOR
    | {"pipeline.records", "pipeline.store", "pipeline.settlement", "pipeline.places", "pipeline.wiring"},
    # A kept claim has its time limit and its rows as they are published; which fields wait for a person
    # depends on what its papers must carry.
    "pipeline.deadlines": FLOOR | {"pipeline.office", "pipeline.records"},
    "pipeline.waiting": FLOOR | {"extractors", "pipeline.confidence", "pipeline.records"},
    "pipeline.store.cases": FLOOR
    | {
        "pipeline.store",
        "pipeline.records",
        "pipeline.earlier_bills",
        "pipeline.deadlines",
        "extractors",
        "pipeline.waiting",
    },
    "pipeline.materials": FLOOR | JUDGED_BY | {"pipeline.case"},
    # What reviewers taught is laid over what the lists say.
    "pipeline.learned": FLOOR | {"pipeline.catalogs"},
    # Side by side; extractors read rows and tables of words, rules look entries up.
    "extractors": READ,
    # A claim is judged by its place, by earlier bills and by what it must bring along.
    "validators": FLOOR | JUDGED_BY | {"pipeline.catalogs", "pipeline.case", "pipeline.materials"},
    # From words to papers: what a field is worth is told by findings, not by the rules themselves.
    "pipeline.papers": READ | {"extractors", "pipeline.stacks.separators"},
    "pipeline.doubts": READ | {"pipeline.papers"},
    # Where one paper on a sheet ends is told by what papers are called.
    "pipeline.sheets": READ | {"extractors", "pipeline.papers"},
    "pipeline.required_seals": FLOOR,
    "pipeline.confidence": FLOOR,
    "pipeline.acceptance": FLOOR | {"pipeline.confidence"},
    # What closes a sum is told by the sides that rules weigh, and written as values are published.
    "pipeline.repair": FLOOR | {"validators", "pipeline.confidence", "pipeline.records"},
    "pipeline.intake": WORDS_TO_PAPERS,
    # What is written for others; the report is drawn from the same rows that the files hold.
    "pipeline.records": FLOOR,
    "pipeline.report": FLOOR | {"pipeline.records"},
    "pipeline.outputs": FLOOR | {"pipeline.records", "pipeline.report"},
    # Which documents of a run are one paper: rules compare two of them, values are said as published.
    "pipeline.rendition_rows": FLOOR | {"validators", "pipeline.acceptance", "pipeline.records"},
    "pipeline.renditions": FLOOR
    | {"validators", "pipeline.acceptance", "pipeline.records", "pipeline.rendition_rows"},
    # Our own sheets are told where pages become papers; what they mean, where papers become claims.
    "pipeline.stacks.separators": FLOOR,
    "pipeline.stacks": FLOOR | {"validators", "pipeline.records", "pipeline.stacks.separators"},
    # What a claim is paid, from its published row: how lists class a row, what a place does not pay.
    "pipeline.settlement": FLOOR | {"pipeline.records", "pipeline.catalogs", "pipeline.places"},
    # From papers to a claim, which is a published row.
    "pipeline.claims": FLOOR
    | STACKS
    | JUDGED_BY
    | {"pipeline.case", "pipeline.catalogs", "pipeline.application_forms", "validators"}
    | {"pipeline.acceptance", "pipeline.materials", "pipeline.records"},
    "pipeline.together": FLOOR
    | STACKS
    | {"pipeline.office"}
    | {
        *("extractors", "pipeline.catalogs", "pipeline.acceptance", "pipeline.claims"),
        *("pipeline.records", "pipeline.renditions"),
    },
    # What a person says of a paper, and what follows for it and its claims: all that reading judges by.
    "pipeline.corrections": FLOOR | {"extractors", "pipeline.confidence", "pipeline.records"},
    "pipeline.rejudged": RUN | {"pipeline.settlement"} | KEEP - {"pipeline.rejudged"},
    # What is built from settings, the processes that read, one upload, the run over a folder, the desk.
    "pipeline.wiring": READ | JUDGED_BY | {"pipeline.catalogs"},
    # What reading processes write of a page for people.
    "pipeline.seen_pages": FLOOR,
    "pipeline.readers": READ
    | {"pipeline.intake", "pipeline.wiring", "pipeline.acceptance", "pipeline.seen_pages"},
    "pipeline.declared": READ,
    "pipeline.upload": READ | {"pipeline.readers", "pipeline.store"},
    # Readers that merge close-ups into the pages they are asked for.
    "pipeline.close_ups": READ | {"pipeline.upload", "pipeline.records"},
    # Judged before it is read: opened as an upload is, by readers that are handed in.
    "pipeline.gate": READ | {"pipeline.upload"},
    "pipeline.scan": RUN,
    "pipeline.again": RUN | {"pipeline.scan"},
    "pipeline.alias_command": RUN | {"pipeline.again"},
    "pipeline.desk": RUN | {"pipeline.scan"},
    # How far claims are, from what the store says; by the clock and the calendar of the office.
    "pipeline.progress": FLOOR | {"pipeline.records", "pipeline.store", "pipeline.deadlines"},
    "pipeline.progress.in_terminal": ALL | {"pipeline.progress", "pipeline.deadlines"},
    "pipeline.progress.command": {"pipeline.progress.in_terminal"},
    # What reviewers work with, without a word of how it is shown.
    "pipeline.review": RUN
    | KEEP
    | {"pipeline.settlement", "pipeline.progress", "pipeline.page_plan", "pipeline.receiving"},
    "pipeline.review.command": FLOOR | {"pipeline.review", "pipeline.store"},
    "pipeline.review.sampling": FLOOR | KEEP | {"pipeline.records", "pipeline.store"},
    # The same over HTTP, and pages for people; an engine that settles later reports there.
    "pipeline.web": ALL
    | {
        *("pipeline.progress", "pipeline.engine", "pipeline.review", "pipeline.settlement"),
        "pipeline.page_plan",
    },
    "pipeline.web.command": ALL
    | {"pipeline.progress", "pipeline.engine", "pipeline.web", "pipeline.web.serving"},
    # One process serves pages and the API, watches a folder, and has another read.
    "pipeline.web.serving": ALL
    | {"pipeline.engine", "pipeline.web", "pipeline.web.working", "pipeline.watching"},
    "pipeline.web.working": {"pipeline.work_at_terminal", "pipeline.reading"},
    "pipeline.web.account_command": ALL | {"pipeline.progress", "pipeline.web.command"},
    # What is sent is received as a run finds it, and read into the store as a run reads it.
    "pipeline.warm": set(),
    "pipeline.receiving": FLOOR | {"pipeline.reading", "pipeline.scan", "pipeline.store"},
    "pipeline.uploading": FLOOR
    | {"pipeline.reading", "pipeline.store", "pipeline.receiving", "pipeline.close_ups"},
    "pipeline.submitted_claims": RUN | KEEP | {"pipeline.scan"},
    "pipeline.close_ups_beside": RUN | {"pipeline.scan"},
    "pipeline.page_count": RUN | {"pipeline.scan"},
    "pipeline.preview": RUN | {"pipeline.scan", "pipeline.submitted_claims"},
    "pipeline.submission_reader": RUN
    | KEEP
    | {"pipeline.scan", "pipeline.submitted_claims", "pipeline.warm"}
    | {"pipeline.close_ups_beside", "pipeline.page_count", "pipeline.preview"}
    # What is drawn of a claim to be asked about is drawn when it is read.
    | {"pipeline.review.sampling"},
    # One worker does what a store waits for; who it hands over to is built from settings.
    "pipeline.worker": RUN | {"pipeline.scan", "pipeline.submission_reader"},
    "pipeline.errands": FLOOR | {"pipeline.engine", "pipeline.store", "pipeline.worker"},
    "pipeline.work_at_terminal": ALL | {"pipeline.errands", "pipeline.terminal"},
    "pipeline.work_command": FLOOR | {"pipeline.work_at_terminal"},
    # Pages bound anew are received as what was sent.
    "pipeline.page_plan": FLOOR | {"pipeline.reading", "pipeline.receiving", "pipeline.store"},
    # A folder is watched as a path is received.
    "pipeline.watching": FLOOR | {"pipeline.receiving", "pipeline.scan", "pipeline.store"},
    "pipeline.watch_command": FLOOR | {"pipeline.watching", "pipeline.store"},
    # Entry points: anything below. The command starts flows and servers.
    "pipeline.terminal": FLOOR | {"extractors", "pipeline.report", "pipeline.acceptance", "pipeline.gate"},
    "flows": ALL,
    # Measuring reads what a run wrote, asks extractors what they require, and opens papers to show crops.
    "pipeline.evaluate": ALL,
    # Explaining reads one file the way a run does and looks on.
    "pipeline.explain": ALL,
    # The rules for people: what was published comes back in through one door.
    "pipeline.rulebook": ALL,
    "pipeline.cli": ALL
    | {
        "pipeline.alias_command",
        "pipeline.work_command",
        "pipeline.watch_command",
        "pipeline.rulebook",
        "pipeline.engine",
        "flows",
        "pipeline.terminal",
        "pipeline.evaluate",
        "pipeline.explain",
        "pipeline.settlement",
        "pipeline.progress",
        "pipeline.progress.command",
        "pipeline.web.command",
        "pipeline.review.command",
        "pipeline.web.account_command",
    },
}

# Packages from outside that have one place: what is above them or beside them tests without them.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "paddleocr": ("pipeline.reading.ocr_paddle",),
    "paddlex": ("pipeline.reading.ocr_paddle",),
    # The stand-in engine keeps a book of its own, as if it were somebody else's.
    "sqlite3": ("pipeline.store", "pipeline.engine.stand_in"),
    # Whoever takes part in a transaction of somebody else names the type of its connection, and no more.
    "sqlalchemy": ("pipeline.store",),
    "alembic": ("pipeline.store",),
    "httpx": ("pipeline.engine", "pipeline.progress"),
    "prefect": ("flows", "pipeline.cli"),
    "fastapi": ("flows", "pipeline.web", "pipeline.engine.stand_in"),
    "starlette": ("flows", "pipeline.web", "pipeline.engine.stand_in"),
    "uvicorn": ("flows", "pipeline.web", "pipeline.engine.command"),
    "typer": (
        "pipeline.cli",
        "pipeline.catalogs.commands",
        "pipeline.alias_command",
        "pipeline.work_command",
        "pipeline.watch_command",
        "pipeline.evaluate.command",
        "pipeline.stacks.command",
        "pipeline.explain.command",
        "pipeline.rulebook.rules",
        "pipeline.rulebook.check",
        "pipeline.settlement.command",
        "pipeline.store.command",
        "pipeline.engine.command",
        "pipeline.engine.batch_command",
        "pipeline.engine.webhook_command",
        "pipeline.progress.command",
        "pipeline.progress.in_terminal",
        "pipeline.web.command",
        "pipeline.review.command",
        "pipeline.web.account_command",
    ),
    "click": ("pipeline.cli", "pipeline.catalogs.commands"),
    # Of the `accuracy` extra: drawn late, and done without where it is missing.
    "matplotlib": ("pipeline.evaluate.plots",),
    # What is around the product, not in it.
    "tests": (),
    "fixtures": (),
    "benchmarks": (),
    "pytest": (),
}

BARE = "pipeline"  # `pipeline/__init__.py` is a docstring alone


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for part in TREE for path in sorted((ROOT / part).rglob("*.py"))}


def is_within(module: str, part: str) -> bool:
    return module == part or module.startswith(f"{part}.")


def part_of(module: str) -> str:
    """The row that speaks for a module: the longest name that holds it."""
    parts = [part for part in MAY_IMPORT if is_within(module, part)]
    assert parts or module == BARE, (
        f"{module} has no row in MAY_IMPORT of tests/test_architecture.py: say there what it may import"
    )
    return max(parts, key=len, default=BARE)


def parse(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text("utf-8"))


def imports(module: str) -> Iterator[tuple[int, str]]:
    """Line and absolute name of everything that a module imports, wherever in it."""
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(parse(module)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for name in node.names:
                # `from pipeline import model` names a module, `from pipeline.model import Box` does not.
                full = f"{base}.{name.name}"
                yield node.lineno, full if full in MODULES else base


def is_ours(name: str) -> bool:
    return name.split(".")[0] in TREE


@pytest.mark.parametrize("module", MODULES)
def test_arrows_point_down_only(module: str) -> None:
    part = part_of(module)
    allowed = MAY_IMPORT.get(part, set()) | {part}
    for line, name in imports(module):
        if is_ours(name):
            assert part_of(name) in allowed, (
                f"{module}:{line} imports {name}; {part} may import {sorted(allowed)}"
            )


def test_the_table_has_no_circle() -> None:
    """Else two rows could each allow what the other forbids."""
    left = dict(MAY_IMPORT)
    while left:
        free = [part for part, below in left.items() if not below & left.keys()]
        assert free, f"these parts import each other in a circle: {sorted(left)}"
        for part in free:
            del left[part]


def test_the_table_names_only_its_own_rows() -> None:
    named = set().union(*MAY_IMPORT.values())
    assert named <= MAY_IMPORT.keys(), f"no row for {sorted(named - MAY_IMPORT.keys())}"


@pytest.mark.parametrize("module", MODULES)
def test_a_package_from_outside_keeps_to_its_place(module: str) -> None:
    for line, name in imports(module):
        places = ONLY_IN.get(name.split(".")[0])
        assert places is None or any(is_within(module, place) for place in places), (
            f"{module}:{line} imports {name}, which belongs in {', '.join(places or ('no part of it',))}"
        )


@pytest.mark.parametrize("module", [name for name in MODULES if is_within(name, "extractors")])
def test_no_extractor_knows_another(module: str) -> None:
    """Shared code lies in modules with a leading underscore; `__init__` gathers by name, not by import."""
    for line, name in imports(module):
        if is_within(name, "extractors") and name not in ("extractors", module):
            assert name.split(".")[1].startswith("_"), f"{module}:{line} imports {name}, another extractor"


def test_the_bare_package_is_a_docstring_alone() -> None:
    body = parse(BARE).body
    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)


def broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        one is None or (isinstance(one, ast.Name) and one.id in ("Exception", "BaseException"))
        for one in caught
    )


def has_reason(line: str, below: str) -> bool:
    """A comment on the line, or a line of comment below it, that says more than which lint it silences."""
    comment = line.partition("#")[2].strip()
    if comment.startswith("noqa"):
        comment = comment.partition(" ")[2].partition(" ")[2].lstrip("#- ")
    if not comment and below.strip().startswith("#"):
        comment = below.strip().lstrip("# ")
    return len(comment.split()) >= 3


@pytest.mark.parametrize("module", MODULES)
def test_whoever_catches_everything_says_why(module: str) -> None:
    lines = [*MODULES[module].read_text("utf-8").splitlines(), ""]
    for node in ast.walk(parse(module)):
        if isinstance(node, ast.ExceptHandler) and broad(node):
            assert has_reason(lines[node.lineno - 1], lines[node.lineno]), (
                f"{module}:{node.lineno} catches everything: name the narrowest type, or say why beside it"
            )


@pytest.mark.parametrize(
    ("line", "below", "told"),
    [
        ("except Exception:", "pass", False),
        ("except Exception:  # noqa: BLE001", "pass", False),
        ("except Exception:  # noqa: BLE001 - a decoder may raise anything", "pass", True),
        ("except Exception:  # noqa: BLE001", "# a decoder may raise anything", True),
        ("except BaseException:  # Ctrl-C too: nothing stays behind", "raise", True),
    ],
)
def test_a_silenced_lint_is_no_reason(line: str, below: str, told: bool) -> None:
    assert has_reason(line, below) is told
