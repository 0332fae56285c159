"""Text that should be UTF-8."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.utf8 import encoding_fault


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_utf_8_is_never_at_fault(text: str) -> None:
    assert encoding_fault(text.encode()) is None


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=3))
def test_chinese_in_utf_16_is_told(text: str) -> None:
    assert "UTF-16" in (encoding_fault(text.encode("utf-16")) or "")


def test_what_is_in_no_known_encoding_is_not_called_gbk() -> None:
    assert "GBK" not in (encoding_fault(b'{"a": "\xff\xff"}') or "GBK")
