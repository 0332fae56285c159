"""What one upload may cost us, stated in one place; who needs more hands other `Limits` in.

The figures keep every real paper and stop what was made to harm: a claim file of a hospital has up to
a few hundred pages, a phone of today takes up to 200 megapixels, A4 at 400 dpi has 15.
"""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds; what is over one of them is refused with the figure named.

    Raises:
        ValueError: If a bound is not positive.
    """

    file_bytes: int = 200 * MEGABYTE
    """One file, packed or not: a 300-page colour scan has about 100 MB."""
    pages: int = 500
    """Pages of one file."""
    picture_pixels: int = 210_000_000
    """Pixels of a picture as it stands in the file: the 200-megapixel phone passes."""
    page_pixels: int = 25_000_000
    """Pixels of a page that is handed on; larger ones are reduced to it. A4 at 500 dpi has 24 million,
    and more does not help the OCR (its detection works on a long side of 1,280 to 4,000)."""
    page_long_side: int = 20_000
    """Pixels of the long side of a page handed on: a till roll or a long screenshot, not a thread."""
    xml_bytes: int = 30 * MEGABYTE
    """One XML part, unpacked: the largest real page of an OFD has under 1 MB."""
    archive_files: int = 2_000
    """Files in one ZIP, those of inner ZIPs counted along."""
    archive_bytes: int = 2_048 * MEGABYTE
    """All that comes out of one ZIP."""
    archive_depth: int = 2
    """ZIP levels: a ZIP inside a ZIP is opened, a third is not."""
    memory_bytes: int = 2_048 * MEGABYTE
    """Address space of the child that decodes (RLIMIT_AS)."""
    deadline_seconds: float = 40.0
    """One call, counted from when a child takes it up; 16 scanned pages take 3 to 8 s."""
    text_layer_seconds: float = 5.0
    """Reading the text layer of one page, before the picture way is taken: pdfplumber takes 0.1 s for a
    full page and hangs on some broken ones."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive")


DEFAULT_LIMITS = Limits()
