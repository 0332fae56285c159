"""Property tests look elsewhere each time by hand, and at the same examples in CI: there a red run must
mean that the change at hand broke something.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("by_hand", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "by_hand")
