"""Folders of mixed claims: alike for one seed, and their truth says of each paper whose it is."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

pytest.importorskip("reportlab", reason="drawing needs the extra `draw`")
pytest.importorskip("qrcode", reason="drawing needs the extra `draw`")

from benchmarks.claims import tally
from fixtures.draw import cases, folders, mix
from fixtures.draw.cases import NotThisVisit, about
from fixtures.draw.folders import claimed, of_visit, visits
from fixtures.draw.mix import Makers
from fixtures.draw.paper import FONT_FILES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(Path(file).exists() for file in FONT_FILES.values()), reason="drawing needs its fonts"
    ),
]


@pytest.fixture(scope="module")
def makers() -> Makers:
    return mix.gather()


def test_all_papers_of_a_visit_name_its_patient(makers: Makers) -> None:
    for number in range(3):
        rng = random.Random(number)
        for visit in visits(rng, "f"):
            for paper in claimed(rng, visit, makers).papers:
                names = {paper.truth.fields.get(name) for name in ("payer_name", "patient_name", "name")}
                assert visit.case.person.name in names, paper.layout


def test_visits_of_one_person_lie_days_apart() -> None:
    for number in range(40):
        made = visits(random.Random(number), "f")
        for n, one in enumerate(made):
            for other in made[:n]:
                if one.case.person == other.case.person:
                    a, b = sorted((one.case.bill, other.case.bill), key=lambda bill: bill.began)
                    assert (b.began - a.ended).days > 10


def test_a_layout_without_room_for_the_visit_is_passed_over(makers: Makers) -> None:
    stay = cases.inpatient(random.Random(1))
    with about(stay), pytest.raises(NotThisVisit):
        cases.outpatient(random.Random(1))
    assert (
        of_visit(random.Random(2), stay, makers.of[("diagnosis_certificate", "")]).truth.subtype
        == "inpatient"
    )


def test_a_set_and_its_own_truth_agree_wholly(tmp_path: Path) -> None:
    folders.write(tmp_path / "set", 1, "clean", 5, lambda _: None)
    truth = [json.loads(line) for line in (tmp_path / "set/truth.jsonl").read_text().splitlines()]
    stated = [json.loads(line) for line in (tmp_path / "set/claims_truth.jsonl").read_text().splitlines()]
    run = tmp_path / "run"
    run.mkdir()
    names = [row["source"]["file"] for row in truth]
    documents = [{"document_id": name, "source": {"file": name}} for name in names]
    claims = [
        {
            "claim_id": each["claim"],
            "invoices": [row["source"]["file"] for row in truth if each["claim"] in row["drawn"]["claims"]],
            **{part: [] for part in ("itemized_bills", "certificates", "other_documents", "renditions")},
            "missing_materials": [f"{code} 某材料" for code in each["missing"]],
        }
        for each in stated
    ]
    for name, rows in (("documents", documents), ("claims", claims)):
        (run / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = tally(tmp_path / "set", run)
    assert told.papers == (len(truth), len(truth))
    assert told.claims == (len(stated), len(stated))
    claims[0]["missing_materials"].append("M99 某材料")
    moved = claims[0]["invoices"].pop()
    claims[1]["invoices"].append(moved)
    (run / "claims.jsonl").write_text("".join(json.dumps(row) + "\n" for row in claims))
    told = tally(tmp_path / "set", run)
    assert told.papers[0] < len(truth)
    assert told.claims[0] == len(stated) - 1
