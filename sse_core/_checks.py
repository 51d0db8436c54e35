"""Checks of arguments, and of numbers and tokens that a peer wrote.

Each `check_...` returns nothing, or what it checked, and raises `InvalidArgument` with the argument's name.
"""

from __future__ import annotations

from ._errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Literal, TypeVar

    # What to do with an event that is not finished when its stream ends cleanly.
    AtEnd = Literal["raise", "drop", "dispatch"]

    Value = TypeVar("Value")

# `sys.float_info.max`, without the import.
LARGEST_FLOAT = 1.7976931348623157e308

# Any longer number is read as `LARGEST_NUMBER`: 30 million years where it counts milliseconds. Python
# refuses to convert more than 4300 digits, and converting takes quadratic time. So a peer must not
# decide how many digits are converted.
MAX_DIGITS = 18
LARGEST_NUMBER = 10**MAX_DIGITS - 1

CONTROL_NAMES = {"\r": "a CR", "\n": "a LF", "\0": "a NUL"}

# RFC 9110, 5.6.2: besides letters and digits, the characters of a token.
TOKEN_MARKS = "!#$%&'*+-.^_`|~"  # noqa: S105  # not a password


def check_text(name: str, value: str, forbidden: str) -> None:
    """Check that `value` is a str, encodable as UTF-8, without the `forbidden` characters.

    Raises:
        InvalidArgument: naming `name` and what is wrong.
    """
    if not isinstance(value, str):
        raise InvalidArgument(name, f"expected str, not {type(value).__name__}")
    # Each format forbids its own: a header a line end and NUL, `data` of an event only CR.
    for character in forbidden:
        if character in value:
            raise InvalidArgument(name, f"holds {CONTROL_NAMES[character]}, which cannot be sent in it")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgument(name, "holds a lone surrogate, which UTF-8 cannot encode") from error


def check_at_end(at_end: object) -> None:
    """Check that `at_end` is one of its three values.

    Raises:
        InvalidArgument: naming `at_end`.
    """
    if at_end not in ("raise", "drop", "dispatch"):
        raise InvalidArgument("at_end", f'expected "raise", "drop" or "dispatch", not {at_end!r}')


def check_number(name: str, value: float, least: float) -> None:
    """Check that `value` is a finite number of at least `least`.

    Raises:
        InvalidArgument: naming `name`.
    """
    # A bool is an int to Python, and a mistake here.
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise InvalidArgument(name, f"expected a number, not {type(value).__name__}")
    # NaN fails this too, as it fails every comparison. An int may be larger than any float.
    if not least <= value <= LARGEST_FLOAT:
        raise InvalidArgument(name, f"expected a finite number of at least {least:g}")


def check_set(
    name: str, values: Iterable[Value], accepts: Callable[[Value], bool], expected: str
) -> frozenset[Value]:
    """Return `values` as a frozenset, after a check of each.

    Args:
        name: the argument's name.
        values: any iterable but a str. It is read once.
        accepts: returns whether one of the values can be used.
        expected: what the values should be, for the error.

    Raises:
        InvalidArgument: naming `name`.
    """
    try:
        found = frozenset(values)
    except TypeError:
        found = None
    # A single str is an iterable too: of its letters, which are not meant.
    if found is None or isinstance(values, str) or not all(map(accepts, found)):
        raise InvalidArgument(name, f"expected {expected}, not {values!r}")
    return found


def is_token(text: object) -> bool:
    """Return whether this can be a method, a header's name or one half of a MIME type: RFC 9110, 5.6.2."""
    if not isinstance(text, str) or not text.isascii():
        return False
    return bool(text) and all(character.isalnum() or character in TOKEN_MARKS for character in text)


def whole_number(text: str) -> int | None:
    """Return the number that ASCII digits write, at most `LARGEST_NUMBER`; None for any other text."""
    # `int` accepts signs, spaces and underscores too; `int` and `isdigit` accept digits of other scripts.
    if not text.isascii() or not text.isdigit():
        return None
    if len(text) > MAX_DIGITS:
        text = text.lstrip("0") or "0"
    return int(text) if len(text) <= MAX_DIGITS else LARGEST_NUMBER
