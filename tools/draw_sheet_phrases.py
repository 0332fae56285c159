"""Draws the Chinese sentences of printed sheets into `pipeline/stacks/phrases.png`.

Run again when `PHRASES` of `pipeline.stacks.printing` changes; it needs the fonts of `fixtures.draw`, which
the product itself does not.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from fixtures.draw.paper import pil_font  # noqa: E402 - found only once the root is on the path
from pipeline.stacks.printing import PHRASE_HEIGHT, PHRASES  # noqa: E402

EM = 80
"""Pixels of a character, of the 100 that a row is high."""


def main() -> None:
    """Draws and says where."""
    font = pil_font("hei", EM)
    width = max(round(font.getlength(phrase)) for phrase in PHRASES) + 2 * EM
    picture = Image.new("L", (width, PHRASE_HEIGHT * len(PHRASES)), 255)
    draw = ImageDraw.Draw(picture)
    for row, phrase in enumerate(PHRASES):
        draw.text((EM, row * PHRASE_HEIGHT + PHRASE_HEIGHT // 2), phrase, fill=0, font=font, anchor="lm")
    file = ROOT / "pipeline" / "stacks" / "phrases.png"
    picture.quantize(8).save(file, optimize=True)
    print(f"{file.relative_to(ROOT)}: {len(PHRASES)} sentences, {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
