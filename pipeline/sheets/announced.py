"""What print says of papers: that one is here, and that what follows it is another.

A title, the words of a kind of ticket or the lines of a card announce a paper. Below a fold the rest of a
form may still look like its type, so that what begins a second paper must announce itself, or repeat what a
paper bears once.
"""

from __future__ import annotations

import re

from extractors.other import KINDS, kind_of
from pipeline.model import OTHER, Page
from pipeline.papers import ONCE_A_PAPER, identified, titles_on
from pipeline.text import squeeze

TITLE, CARD, SLIP = "title", "card", "slip"
"""By what print announces a paper, beside the kinds of `TICKETS`."""

SURE = 0.9
"""So sure of a type is who knows its labels; below it the lower half of a form passes for other types."""

LIST = "itemized_bill"
"""The charged rows of any bill look like a list of charges."""

TALES_OF_A_STAY = {"discharge_summary", "diagnosis_certificate"}
"""Parts of either pass for the other."""

_CARD = re.compile(
    "(?<![:：])(?:社会保障卡|社保卡|就诊卡|银行卡)(?!号)|居民身份证|公民身份号码|常住人口|姓名.*民族|民族.*姓名"
)
"""What a card bears in place of a title; one that lies half off the glass shows its first lines alone.
Behind a colon it says how a bill was paid (付款类型：银行卡)."""

CARD_CHARACTERS = 160
"""A card has no more print; bills bear the number of a card among much else."""

_ONCE_A_CARD = (
    re.compile("姓名"),
    re.compile("身份号码"),
    re.compile("住址"),
    re.compile("社会保障卡|社保卡|就诊卡|银行卡"),
)
"""What a card bears once: the foot of one card is no second card."""

_ONCE_A_TICKET = (
    re.compile("限乘当日当次车"),
    re.compile("商户编?号"),
    re.compile("乘车日期"),
    re.compile("上车"),
    re.compile("找零"),
)
"""What a ticket or slip bears once; two of one kind are told by it."""

_BACK = re.compile("签发机关|有效期限")
"""The other side of an identity card: copied below its front it is the same paper."""

_NUMBER = re.compile(r"(?<!\d)(?:\d{10}|\d{20})(?!\d)")
"""The number of a bill, which no other bill has."""

_SLIP = re.compile("小票(?!号)|找零")
"""What the receipt of a till bears in place of a title."""

TICKETS = frozenset({"train_ticket", "coach_ticket", "taxi", "pos_slip"})
"""Kinds of papers (`extractors.other`) told by words all over them; other kinds are told by their foot."""


def is_paper(page: Page) -> bool:
    """Whether the print on the page is that of a paper: of a known type, a title, a ticket, a card."""
    return bool(page.words) and (announced(page) != "" or identified(page)[0] != OTHER)


def are_two(first: Page, second: Page) -> bool:
    """Whether print on two sides of a seam, all upright, is that of two papers."""
    if not is_paper(first):
        return False
    texts = squeeze(first.text), squeeze(second.text)
    if _is_card(first) and _is_card(second):
        return not are_sides(first, second) and any(all(map(once.search, texts)) for once in _ONCE_A_CARD)
    told, telling = announced(first), announced(second)
    if _is_of_kind(telling, texts[0]) or _is_of_kind(told, texts[1]):
        return any(all(map(once.search, texts)) for once in _ONCE_A_TICKET)
    if told and (telling in (TITLE, CARD) or (telling and telling != told)):
        return True
    if telling and identified(first)[0] != identified(second)[0]:
        return True  # the title of the first is not read; where both are of one type it may be the second's
    if _are_of_other_types(first, second):
        return True
    if set(_NUMBER.findall(texts[0])) & set(_NUMBER.findall(texts[1])):
        return False  # a bill on a phone's screen is shown twice: as a list and as a picture
    return any(all(map(once.search, texts)) for once in (*ONCE_A_PAPER, *_ONCE_A_TICKET))


def are_sides(first: Page, second: Page) -> bool:
    """Whether the two are the sides of an identity card."""
    if not (_is_card(first) and _is_card(second)):
        return False
    return any(_BACK.search(squeeze(page.text)) for page in (first, second))


def _is_of_kind(name: str, text: str) -> bool:
    """Whether the text has a word of that kind of ticket: the title of a ticket is its own, not another's."""
    return name in TICKETS and any(word in text for kind in KINDS if kind.name == name for word in kind.words)


def _are_of_other_types(first: Page, second: Page) -> bool:
    """Whether either is surely of a type, and not of types that parts of one paper are taken for.

    A ticket counts as a type: what follows it may be a bill whose title nobody can read under its seal.
    """
    (one, sure), (other, as_sure) = identified(first), identified(second)
    if one == OTHER and other != OTHER and announced(first) in TICKETS:
        return as_sure >= SURE
    if one == other or {one, other} == TALES_OF_A_STAY or OTHER in (one, other) or other == LIST:
        return False
    return min(sure, as_sure) >= SURE


def announced(page: Page) -> str:
    """By what the print says that a paper is here: `TITLE`, `CARD`, a kind of ticket; empty for nothing."""
    if titles_on(page):
        return TITLE
    if _is_card(page):
        return CARD
    kind = kind_of([page])
    if kind is not None and kind.name in TICKETS:
        return kind.name
    return SLIP if _SLIP.search(squeeze(page.text)) else ""


def announcements(page: Page) -> int:
    """How many papers print announces, at most: titles, or a ticket without one, and a card among them."""
    kind = kind_of([page])
    titles = len(titles_on(page)) or (kind is not None and kind.name in TICKETS)
    return titles + (_CARD.search(squeeze(page.text)) is not None)


def _is_card(page: Page) -> bool:
    """Whether there is a card, or several and nothing else."""
    text = squeeze(page.text)
    cards = max(1, *(len(once.findall(text)) for once in _ONCE_A_CARD))
    return len(text) <= CARD_CHARACTERS * cards and _CARD.search(text) is not None
