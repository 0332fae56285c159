"""A store in which people answered, were asked and erred, for pages that tell of it. Persons are invented."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

from PIL import Image, ImageDraw

from pipeline.corrections import Answer
from pipeline.life import Actor
from pipeline.model import Box, Document
from pipeline.rejudged import By, change_field
from pipeline.review.accuracy import answer_question
from pipeline.review.planted import take_aside
from pipeline.review.sampling import Sampling, draw_accepted, draw_planted
from pipeline.store.cases import documents_of
from pipeline.store.opened import Store
from pipeline.store.pages import KeptPage, keep_page
from pipeline.store.probes import Probe, keep_probes, probes_of, settle_probe
from tests.cases import NOW, REVIEWER, SECOND, accepted, certificate, fee_list, invoice, judges, put, step

TOTAL = Box(600, 700, 720, 730)
KINDS = ("row_amount", "total", "date", "name", "row_name")


def picture() -> bytes:
    """A page with an amount at the total's place."""
    image = Image.new("RGB", (1000, 1400), "#fdfcf7")
    draw = ImageDraw.Draw(image)
    draw.text((TOTAL.x0 + 4, TOTAL.y0 + 2), "34.05", fill="#222222", font_size=26)
    draw.text((TOTAL.x0 - 130, TOTAL.y0 + 2), "Total", fill="#666666", font_size=26)
    packed = io.BytesIO()
    image.save(packed, "WEBP", lossless=True)
    return packed.getvalue()


def with_place(document: Document) -> Document:
    """The bill with its total at its place, said by a QR code too."""
    total = replace(document.fields["total_amount"], box=TOTAL, witnesses=("qr",))
    return replace(document, fields={**document.fields, "total_amount": total})


def asked_store(store: Store) -> str:
    """The store with a claim whose total is asked about, and one that a person changed; the latter's id."""
    bill = with_place(accepted(invoice()))
    claim = put(store.database, bill, accepted(fee_list("34.05")), accepted(certificate()))
    with store.database.write() as connection:
        kept = KeptPage(bill.file.sha256, 1, 1000, 1400, store.originals.put(picture()))
        keep_page(connection, "U-1", kept, [])
        place = next(one for one in documents_of(connection, claim) if one.type == "outpatient_invoice")
        total = Probe(0, claim, place.id, "fields.total_amount", "accepted", "total", 0.999, "=34.05", NOW)
        keep_probes(connection, [total])
    return claim


def worked_in(store: Store, claim: str) -> None:
    """Changes, a planted item, spot checks of which one found an error, in that claim."""
    step(store.database, claim, "ask_for_review")
    with store.database.write() as connection:
        documents = documents_of(connection, claim)
        bill = next(one for one in documents if one.type == "outpatient_invoice")
        by = By(REVIEWER, NOW + timedelta(minutes=3), "对照原件", 6.4)
        for path, text in (("fields.payer_name", "张小三"), ("fields.visit_date", "2026-02-17")):
            change_field(connection, judges(), claim, bill.id, path, Answer.value(text), by)
        draw_planted(connection, claim, documents, Sampling(planted=1.0), NOW)
        item = probes_of(connection, claim, "planted")[0]
        take_aside(connection, claim, *item.place, Answer.value("34.06"), by)
        draw_accepted(connection, claim, documents, Sampling(share=1.0), NOW)
        more = [
            Probe(0, claim, bill.id, f"line_items[{n}].x{n}", "accepted", KINDS[n % 5], 0.9995, "=1", NOW)
            for n in range(400)
        ]
        keep_probes(connection, more)
        for probe in probes_of(connection, claim, "accepted"):
            if probe.path.partition(".x")[2]:
                settle_probe(connection, probe.id, NOW, was_right=True)
        names = [one for one in probes_of(connection, claim, "accepted") if one.kind == "row_name"]
        for who in (REVIEWER, SECOND):
            moment = By(who, NOW + timedelta(minutes=9), seconds=5.1)
            answer_question(connection, names[0].id, Answer.value("尿常规"), moment, 0.0004)


OTHER = Actor("supervisor-1", "supervisor")
