"""Whole numbers that a peer wrote: ASCII digits, any number of them."""

from __future__ import annotations

LARGEST = 10**18 - 1
"""Any longer number is read as this one: 30 million years where it counts milliseconds. Python
refuses to convert over 4300 digits, and converting many is quadratic: a peer must not choose how many."""


def whole_number(text: bytes) -> int | None:
    """Return the number that `text` writes in ASCII digits, at most `LARGEST`; None if it writes none."""
    # Unlike `int`, `bytes.isdigit` takes no sign, no space, no underscore and no digits of other scripts.
    if not text.isdigit():
        return None
    digits = text.lstrip(b"0") or b"0"
    return int(digits) if len(digits) <= len(str(LARGEST)) else LARGEST
