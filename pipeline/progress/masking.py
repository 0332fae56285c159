"""What tells of a person as it may be shown: enough to know one's own, too little to know another's.

What is masked keeps its first or last characters, as offices and banks in China print them; of an account
not even the length is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

MASK = "*"
ID_HEAD = 4
"""Characters of an identity number that stay: the province and the prefecture."""
TAIL = 4
"""Characters at the end of a number that stay."""
SHORTEST_ID = 15
"""Identity numbers have 18 characters, before 1999 15; what is shorter could be guessed from its two ends."""
SHORTEST_ACCOUNT = 8
MOBILE_HEAD = 3
"""Digits of a mobile number that stay: the network."""
MOBILE_LENGTH = 11


def masked_name(name: str | None) -> str | None:
    """A name with its first character alone.

    >>> masked_name("张小样"), masked_name("张"), masked_name(None)
    ('张**', '*', None)
    """
    if name is None:
        return None
    bare = name.strip()
    return bare[:1] + MASK * (len(bare) - 1) if len(bare) > 1 else MASK


def masked_id(number: str | None) -> str | None:
    """An identity number without the date of birth.

    >>> masked_id("11010519491231002X"), masked_id("1234")
    ('1101**********002X', '****')
    """
    if number is None:
        return None
    bare = number.strip()
    if len(bare) < SHORTEST_ID:
        return MASK * len(bare)
    return bare[:ID_HEAD] + MASK * (len(bare) - ID_HEAD - TAIL) + bare[-TAIL:]


def masked_account(account: str | None) -> str | None:
    """An account by its last four characters.

    >>> masked_account("6200 0000 0000 1234"), masked_account("123")
    ('****1234', '****')
    """
    if account is None:
        return None
    bare = "".join(account.split())
    return MASK * 4 + (bare[-TAIL:] if len(bare) >= SHORTEST_ACCOUNT else "")


def masked_phone(number: str | None) -> str | None:
    """A mobile number by its network and last four digits; of any other number the last two.

    >>> masked_phone("13812345678"), masked_phone("010-55550123")
    ('138****5678', '****23')
    """
    if number is None:
        return None
    bare = "".join(filter(str.isdigit, number))
    if len(bare) == MOBILE_LENGTH and bare.startswith("1"):
        return bare[:MOBILE_HEAD] + MASK * 4 + bare[-TAIL:]
    return MASK * 4 + (bare[-2:] if len(bare) > 4 else "")


def masked_text(text: str | None) -> str | None:
    """A diagnosis or an address, of which nothing is told but that there is one.

    >>> masked_text("急性扁桃体炎"), masked_text(None)
    ('****', None)
    """
    return None if text is None else MASK * 4


Mask: TypeAlias = Callable[[str | None], str | None]
_FIELDS_BY_MASK: tuple[tuple[Mask, tuple[str, ...]], ...] = (
    (masked_name, ("name", "patient_name", "payer_name", "insured_name", "member_name", "agent_name")),
    (masked_name, ("father_name", "mother_name")),
    (masked_id, ("id_number", "payer_id", "member_id_number", "agent_id_number", "certificate_no")),
    (masked_account, ("insurance_no", "bank_account", "inpatient_no", "outpatient_no", "medical_record_no")),
    (masked_phone, ("phone",)),
    (masked_text, ("diagnoses", "admission_diagnoses", "disease_name", "advice", "course")),
    (masked_text, ("address", "birth_date", "ethnicity")),
)
MASKS: Mapping[str, Mask] = {name: mask for mask, names in _FIELDS_BY_MASK for name in names}
"""How each field of a paper that says something of a person is masked, by its published name."""


def masked_field(name: str, value: str | None) -> str | None:
    """The value of a published field; what tells of nobody stays.

    >>> masked_field("payer_name", "张小样"), masked_field("total_amount", "12.00")
    ('张**', '12.00')
    """
    mask = MASKS.get(name)
    return value if mask is None else mask(value)
