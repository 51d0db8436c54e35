"""What text a field of a stream, or a request made from it, can hold."""

from __future__ import annotations

from ._errors import InvalidArgument

NAMES = {"\r": "a CR", "\n": "a LF", "\0": "a NUL"}


def check_text(name: str, value: str, forbidden: str) -> None:
    """Refuse `value` unless it is a str, encodable as UTF-8, without the `forbidden` characters.

    Raises:
        InvalidArgument: naming `name` and what it holds.
    """
    if not isinstance(value, str):
        raise InvalidArgument(name, f"expected str, not {type(value).__name__}")
    for character in forbidden:
        if character in value:
            raise InvalidArgument(name, f"holds {NAMES[character]}, which cannot be sent in it")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgument(name, "holds a lone surrogate, which UTF-8 cannot encode") from error


def check_last_event_id(value: str) -> None:
    """Refuse a last event ID that no stream could have set: one with CR, LF or NUL."""
    check_text("last_event_id", value, "\r\n\0")
