"""Quarter turns: how a box lies after its page was turned by hand."""

from __future__ import annotations

from collections.abc import Sequence

WHOLE_TURN = 360
QUARTER = 90


def turned_box(box: Sequence[float], degrees: int) -> list[float]:
    """Where a box lies when its page is turned.

    Args:
        box: x0, y0, x1, y1 as fractions of the page.
        degrees: By how much the page is turned clockwise: 0, 90, 180, 270.

    Returns:
        The same box as fractions of the turned page.

    Raises:
        ValueError: If it is no quarter turn.

    >>> turned_box([0.0, 0.2, 0.25, 0.5], 90)
    [0.5, 0.0, 0.8, 0.25]
    """
    x0, y0, x1, y1 = box
    match degrees:
        case 0:
            return [x0, y0, x1, y1]
        case 90:
            return [1 - y1, x0, 1 - y0, x1]
        case 180:
            return [1 - x1, 1 - y1, 1 - x0, 1 - y0]
        case 270:
            return [y0, 1 - x1, y1, 1 - x0]
        case _:
            raise ValueError(f"{degrees}: only quarter turns")


def turned_size(width: int, height: int, degrees: int) -> tuple[int, int]:
    """Width and height of a page that is turned.

    >>> turned_size(1000, 1400, 270)
    (1400, 1000)
    """
    return (height, width) if degrees % (2 * QUARTER) else (width, height)
