"""Header fields: what names are made of, and looking them up, in any case; one may come more than once."""

from __future__ import annotations

Headers = tuple[tuple[str, str], ...]

TOKEN_MARKS = "!#$%&'*+-.^_`|~"  # noqa: S105  # not a password


def is_token(text: str) -> bool:
    """Return whether a method, a header's name or half a MIME type may be this: RFC 9110, 5.6.2."""
    return (
        isinstance(text, str)
        and bool(text)
        and text.isascii()
        and all(character.isalnum() or character in TOKEN_MARKS for character in text)
    )


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
