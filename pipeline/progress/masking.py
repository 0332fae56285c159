"""What tells of a person as it may be shown: enough to know one's own, too little to know another's.

What is masked keeps its first or last characters, as offices and banks in China print them; of an account
not even the length is told.
"""

from __future__ import annotations

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
