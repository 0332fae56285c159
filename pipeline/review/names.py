"""What people read of types, fields, states, steps and rules, in the language of whoever looks.

Printed names are those of the report, states and steps those of the timeline: each stands in one place.
"""

from __future__ import annotations

from functools import cache

from pipeline.life import STATE_NAMES, State, label_of
from pipeline.progress.timeline import EVENT_ENGLISH, STATE_ENGLISH
from pipeline.report.messages import MESSAGES
from pipeline.store.accounts import Language
from validators import all_rules

BOTH = " / "
"""Stands between Chinese and English in what is said in both."""


def said(chinese: str, english: str, language: Language) -> str:
    """The one of two sentences that is in the language."""
    return english if language == "en" else chinese


def in_language(text: str, language: Language) -> str:
    """The part of `中文 / English` that is in the language; a text in one language as it is.

    >>> in_language("还缺 1 项材料 / 1 materials are missing", "en"), in_language("甲/乙", "en")
    ('1 materials are missing', '甲/乙')
    """
    chinese, parting, english = text.partition(BOTH)
    return said(chinese, english, language) if parting else text


def type_name(document_type: str, subtype: str | None, language: Language) -> str:
    """What a type of paper is called.

    >>> type_name("itemized_bill", None, "zh"), type_name("other", "separator", "en")
    ('费用清单', 'Separator sheet')
    """
    names = MESSAGES.get(f"type.{subtype}") or MESSAGES.get(f"type.{document_type}")
    return said(*names, language) if names else document_type


def field_label(name: str, language: Language) -> str:
    """What a field or a column is called; one that has no printed name, by its own.

    >>> field_label("total_amount", "zh"), field_label("unit_price", "en"), field_label("extra", "zh")
    ('金额合计', 'Unit price', 'extra')
    """
    names = MESSAGES.get(f"field.{name}")
    return said(*names, language) if names else name


def state_name(state: State, language: Language) -> str:
    """What a state is called."""
    return said(STATE_NAMES[state], STATE_ENGLISH[state], language)


def step_name(event: str, language: Language) -> str:
    """What a step is called."""
    return said(label_of(event), EVENT_ENGLISH.get(event, event), language)


def rule_title(dotted_id: str) -> str:
    """What a rule says, in Chinese; one that is not known by its id: it may be of an earlier version.

    >>> rule_title("V-0.no_such_rule")
    'V-0.no_such_rule'
    """
    return _titles().get(dotted_id, dotted_id)


@cache
def blocking_rules() -> tuple[tuple[str, str], ...]:
    """(dotted id, number and title) of every rule that keeps a claim from leaving, V-2 before V-10.

    >>> blocking_rules()[0]
    ('APP-1.application_says_all', 'APP-1 申请信息填写完整')
    """
    rules = [rule for rule in all_rules() if rule.severity == "block"]
    rules.sort(key=lambda rule: (rule.id.rpartition("-")[0], int(rule.id.rpartition("-")[2]), rule.name))
    return tuple((rule.dotted_id, f"{rule.id} {rule.title}") for rule in rules)


@cache
def _titles() -> dict[str, str]:
    return {rule.dotted_id: rule.title for rule in all_rules()}
