"""A line of text as a detector gives it."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Quad: TypeAlias = npt.NDArray[np.float32]
"""Shape (4, 2): the corners of a line, clockwise from the top left of its text, in pixels."""
