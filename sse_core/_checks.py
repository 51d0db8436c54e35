"""What arguments must be: text that a stream or a request can carry, numbers that can be reckoned with."""

from __future__ import annotations

from ._errors import InvalidArgument

LARGEST_FLOAT = 1.7976931348623157e308
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


def check_number(name: str, value: float, least: float) -> None:
    """Refuse what is no finite number of at least `least`.

    Raises:
        InvalidArgument: naming `name`.
    """
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise InvalidArgument(name, f"expected a number, not {type(value).__name__}")
    # Written so that NaN fails too. An int may be larger than any float.
    if not least <= value <= LARGEST_FLOAT:
        raise InvalidArgument(name, f"expected a finite number of at least {least:g}")
