"""What every response says about itself: it is the caller's own, loads nothing, and is shown nowhere else."""

from __future__ import annotations

SECURITY_HEADERS = {
    "Cache-Control": "private, no-cache",  # may be kept by the caller, and is asked for again each time
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
