r"""Text as spreadsheets take it (Excel, WPS, LibreOffice), which change what they open in a CSV file.

- A cell that opens with `=`, `+`, `-` or `@` (also full-width), a tab or a line break would run as a formula,
  so an apostrophe is put before it.
- A cell of digits (with `.`, `,`, `/`, `:`, `-`, `E`, `%`) would lose its leading zeros and its digits after
  the fifteenth, or turn into a date, so a tab is put behind it, which makes it text and cannot be seen.
  Programs strip it (`cell.rstrip("\t")`).
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_TAKEN_FOR_NUMBER = re.compile(r"(?=.*\d)[\d\s.,/:\-+eE%]+")


def spreadsheet_text(cell: str | None) -> str:
    r"""A text as a cell of a CSV file; the top of this module says why.

    >>> spreadsheet_text("=1+1"), spreadsheet_text("007"), spreadsheet_text("张三"), spreadsheet_text(None)
    ("'=1+1", '007\t', '张三', '')
    """
    text = " ".join((cell or "").replace("\0", "").splitlines())
    if _FORMULA.match(text):
        return f"'{text}"
    return f"{text}\t" if _TAKEN_FOR_NUMBER.fullmatch(text) else text
