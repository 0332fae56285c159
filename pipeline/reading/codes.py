"""QR codes and barcodes on a page, and what the payloads of bills state.

zxing-cpp reads codes that OpenCV's own reader misses; small ones need enlarging first. A payload is
untrusted: it counts as the bill's own statement only when every part of it has the form it should.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import zxingcpp

from pipeline.bill_codes import parse_ebill_code, parse_vat_code
from pipeline.model import Box, Code, Image, Page, Statement

ENLARGED_SIDE = 3200
"""Long side up to which a page without a code found is looked over again enlarged, in pixels."""


def find_codes(image: Image) -> tuple[Code, ...]:
    """All codes on the image (H, W, 3 RGB), from top to bottom."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    found = _read(grey, 1.0)
    long_side = max(grey.shape)
    if not found and long_side * 2 <= ENLARGED_SIDE:
        found = _read(cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), 2.0)
    return tuple(sorted(found, key=lambda code: (code.box.y0, code.box.x0)))


def statements_of(codes: tuple[Code, ...]) -> tuple[Statement, ...]:
    """What bill codes among `codes` state, by field name."""
    stated = []
    for code in codes:
        values = parse_ebill_code(code.text) or parse_vat_code(code.text) or {}
        stated += [Statement(name, text, "qr", code.box) for name, text in values.items()]
    return tuple(stated)


def with_codes(page: Page) -> Page:
    """The page with its codes and what they state."""
    if page.image is None:
        return page
    codes = find_codes(page.image)
    return replace(page, codes=codes, statements=page.statements + statements_of(codes))


def _read(grey: Any, scale: float) -> list[Code]:
    formats = zxingcpp.BarcodeFormat
    wanted = zxingcpp.BarcodeFormats(
        (formats.QRCode, formats.MicroQRCode, formats.Code128, formats.Code39, formats.ITF)
    )
    codes = []
    for found in zxingcpp.read_barcodes(grey, formats=wanted):
        corners = found.position
        xs = [corners.top_left.x, corners.top_right.x, corners.bottom_left.x, corners.bottom_right.x]
        ys = [corners.top_left.y, corners.top_right.y, corners.bottom_left.y, corners.bottom_right.y]
        box = Box(min(xs) / scale, min(ys) / scale, max(xs) / scale, max(ys) / scale)
        codes.append(Code(found.format.name, found.text, box))
    return codes
