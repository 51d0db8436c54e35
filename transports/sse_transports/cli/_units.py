"""Durations, sizes and counts in words: three digits, and a unit that fits."""

from __future__ import annotations


def seconds_text(seconds: float) -> str:
    """Return a duration: `850 µs`, `41.2 ms`, `1.25 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds == 0:
        return "0 s"
    if seconds < 0.9995e-3:
        return f"{_three_digits(seconds * 1e6)} µs"
    if seconds < 0.9995:
        return f"{_three_digits(seconds * 1e3)} ms"
    if seconds < 59.95:
        return f"{_three_digits(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def bytes_text(count: float) -> str:
    """Return a size: `12 B`, `4.21 kB`, `1.5 GB`, in steps of 1000."""
    if count < 999.5:
        return f"{_three_digits(count)} B"
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 999.5:
            return f"{_three_digits(count)} {unit}"
    return f"{_three_digits(count / 1000)} TB"


def rate_text(per_second: float) -> str:
    """Return a number of things a second: `0.25`, `14.7`, `1,230`."""
    return _three_digits(per_second) if per_second < 999.5 else f"{per_second:,.0f}"


def share_text(part: int, whole: int) -> str:
    """Return a share as a whole percentage; `<1%` and `>99%` where 0 and 100 would be wrong."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.5:
        return "<1%"
    if 99.5 <= percent < 100:
        return ">99%"
    return f"{percent:.0f}%"


def plural(count: int, noun: str) -> str:
    """Return `1 event`, `2 events`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _three_digits(number: float) -> str:
    """Return a number below 1000 with three digits, without trailing zeros after the decimal point."""
    if number < 9.995:
        text = f"{number:.2f}"
    elif number < 99.95:
        text = f"{number:.1f}"
    else:
        return f"{number:.0f}"
    return text.rstrip("0").rstrip(".")
