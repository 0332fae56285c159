"""Identity cards as they are drawn."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

pytest.importorskip("reportlab", reason="drawing needs the extra `draw`")
pytest.importorskip("qrcode", reason="drawing needs the extra `draw`")

from dataclasses import replace

from fixtures.draw import id_card
from fixtures.draw.paper import FONT_FILES, Page
from fixtures.draw.people import PEOPLE
from fixtures.draw.truth import Drawn, Truth

pytestmark = pytest.mark.skipif(
    not all(Path(file).exists() for file in FONT_FILES.values()), reason="drawing needs its fonts"
)


def cards(count: int) -> list[Drawn]:
    person = PEOPLE["outpatient"]
    return [id_card.draw(replace(person, serial=serial)) for serial in range(1, count + 1)]


def printed(card: Drawn) -> str:
    return "\n".join(text.text for text in card.pages[0].texts)


def test_some_cards_lie_on_their_faces_and_show_nobody() -> None:
    laid = [id_card.lain_on_its_face(card) for card in cards(60)]
    backs = [card for card in laid if card.truth.subtype == "back"]
    assert 5 <= len(backs) <= 30
    for card in backs:
        assert card.truth.fields.keys() == {"issuing_authority", "valid_from", "valid_to"}
        assert str(card.truth.fields["issuing_authority"]) in printed(card)
        assert "钱样例" not in printed(card)


def test_the_others_are_given_back_untouched() -> None:
    """A set stays what it was before backs were drawn, but for the backs."""
    for card in cards(20):
        laid = id_card.lain_on_its_face(card)
        assert laid is card or laid.truth.subtype == "back"
    both = Drawn([], Truth("id_card", "both"))
    assert id_card.lain_on_its_face(both) is both


def test_one_card_always_lies_the_same_way() -> None:
    for first, second in zip(cards(10), cards(10), strict=True):
        assert id_card.lain_on_its_face(first).truth == id_card.lain_on_its_face(second).truth


@pytest.mark.parametrize(
    ("until", "said"), [(date(2036, 8, 21), "2016.08.21-2036.08.21"), (None, "2016.08.21-长期")]
)
def test_the_validity_is_printed_as_it_is_stated(until: date | None, said: str) -> None:
    page, truth = Page(*id_card.SIZE), Truth("id_card", "back")
    id_card.print_back(page, "济南市公安局", date(2016, 8, 21), until)
    id_card.state_back(truth, "济南市公安局", date(2016, 8, 21), until)
    assert said in [text.text for text in page.texts]
    assert truth.fields["valid_to"] == (until.isoformat() if until else "长期")
