"""Looking header fields up: names in any case, and a field may come more than once."""

from __future__ import annotations

Headers = tuple[tuple[str, str], ...]


def last_header(headers: Headers, name: str) -> str | None:
    """Return the last value of the header field `name` (any case), or None."""
    wanted = name.lower()
    for key, value in reversed(headers):
        if key.lower() == wanted:
            return value
    return None


def joined_header(headers: Headers, name: str) -> str | None:
    """Return all values of a list-valued field, joined by commas as RFC 9110, 5.3, has it; None if none."""
    wanted = name.lower()
    values = [value for key, value in headers if key.lower() == wanted]
    return ", ".join(values) if values else None
