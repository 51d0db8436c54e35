"""Whole numbers that a peer wrote: ASCII digits, any number of them."""

from __future__ import annotations

DIGITS = 18
LARGEST = 10**DIGITS - 1
"""Any longer number is read as this one: 30 million years where it counts milliseconds. Python
refuses to convert over 4300 digits, and converting many is quadratic: a peer must not choose how many."""


def whole_number(text: str) -> int | None:
    """Return the number that `text` writes in ASCII digits, at most `LARGEST`; None if it writes none."""
    # `int` takes signs, spaces and underscores, and it and `isdigit` the digits of other scripts.
    if not text.isascii() or not text.isdigit():
        return None
    if len(text) > DIGITS:
        text = text.lstrip("0") or "0"
    return int(text) if len(text) <= DIGITS else LARGEST
