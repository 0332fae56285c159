"""What the QR codes of bills say: payloads of the fiscal e-bill and of the VAT invoice.

No public specification of the fiscal code was found; its layout was read off published bills. A payload
is untrusted: it counts as a bill's only when every part passes its format rule, else it is raw text.
Keys are the contract's field names; values are text as the contract writes it (dates `YYYY-MM-DD`, money
with two places), an empty part is absent.
"""

from __future__ import annotations

import re

from pipeline.text import parse_date, parse_money

_EBILL = re.compile(
    r"CZ-EI-[0-9]{2,6},[0-9]+(?:\.[0-9]+){1,2},"
    r"(?P<invoice_code>[0-9]{8}),(?P<invoice_number>[0-9]{10}),(?P<check_code>[0-9a-z]{6}),"
    r"(?P<issue_date>[0-9]{8}),(?P<total_amount>-?[0-9]+(?:\.[0-9]{1,2})?)"
)
_VAT = re.compile(
    r"01,(?P<kind>01|04|10|31|32),(?P<invoice_code>[0-9]*),(?P<invoice_number>[0-9]{8}|[0-9]{20}),"
    r"(?P<net_amount>-?[0-9]+(?:\.[0-9]{1,2})?),(?P<issue_date>[0-9]{8}),(?P<check_code>[0-9]{20})?,"
    r"[0-9A-Za-z]{0,8},?"
)
_VAT_SUBTYPES = {
    "01": "vat_paper",
    "04": "vat_paper",
    "10": "vat_electronic",
    "31": "vat_digital",
    "32": "vat_digital",
}
_CODE_LENGTHS = {"01": (10,), "04": (10, 12), "10": (12,), "31": (0,), "32": (0,)}


def parse_ebill_code(text: str) -> dict[str, str] | None:
    """The five key fields from the code of a fiscal e-bill; None for any other payload.

    >>> parse_ebill_code("CZ-EI-42,1.0.0,42060124,0012345678,fc0971,20250217,34.05")["issue_date"]
    '2025-02-17'
    """
    match = _EBILL.fullmatch(text.strip())
    return _normalised(match, "total_amount") if match else None


def parse_vat_code(text: str) -> dict[str, str] | None:
    """Code, number, date, check code and `net_amount` from the code of a VAT invoice, with its `subtype`.

    The amount is net of tax on the older kinds; what the digital kinds (31, 32) state is not settled, so
    it has the same name there and is not to be compared with `total_amount` unless there is no tax.

    >>> parse_vat_code("01,31,,24112000000013511234,100.5,20240105,,AB12")["net_amount"]
    '100.50'
    """
    match = _VAT.fullmatch(text.strip())
    if match is None or len(match["invoice_code"]) not in _CODE_LENGTHS[match["kind"]]:
        return None
    subtype = _VAT_SUBTYPES[match["kind"]]
    if len(match["invoice_number"]) != (20 if subtype == "vat_digital" else 8):
        return None
    found = _normalised(match, "net_amount")
    if found is None:
        return None
    del found["kind"]
    return {"subtype": subtype, **found}


def _normalised(match: re.Match[str], amount: str) -> dict[str, str] | None:
    parts = {name: value for name, value in match.groupdict().items() if value}
    try:
        parts["issue_date"] = parse_date(parts["issue_date"]).isoformat()
        parts[amount] = str(parse_money(parts[amount]))
    except ValueError:
        return None
    return parts
