"""The differences between Chromium and our EventSource, explained in docs/browser-parity.md."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Difference(Enum):
    """A difference. Its value is the heading of its explanation on the page."""

    BYTE_ORDER_MARK = "A line that ends right after the byte order mark"
    EMPTY_RETRY = "`retry` without a value"
    HUGE_RETRY = "`retry` of 2⁶⁴ and more"
    CHARSET = "A charset other than UTF-8"
    TYPE_WITH_SUFFIX = "A content type with trailing text"
    CONTENT_ENCODING = "An unknown content encoding"
    RECONNECT_AFTER_REDIRECT = "The URL of a reconnect after a redirect"
    FAILED_REDIRECT = "A redirect that cannot be followed"
    EMPTY_LOCATION = "A redirect to an empty `Location`"
    ANOTHER_ORIGIN = "Another origin without CORS permission"
    CONTROL_CHARACTERS_IN_ID = "Control characters in an ID"
    ID_TO_ANOTHER_ORIGIN = "Last-Event-ID for another origin"
    REQUEST_HEADERS = "Request headers"


@dataclass(frozen=True)
class Misreading:
    """Streams that Chromium reads as if they had another prefix.

    Attributes:
        difference: the reason.
        prefix: the beginning of such a stream.
        read_as: what Chromium reads instead of the prefix.
    """

    difference: Difference
    prefix: bytes
    read_as: bytes


MISREADINGS = (
    # Chromium takes the line ending for the first character of the next line, so its field is unknown.
    Misreading(Difference.BYTE_ORDER_MARK, b"\xef\xbb\xbf\n", b"\xef\xbb\xbf?"),
    Misreading(Difference.BYTE_ORDER_MARK, b"\xef\xbb\xbf\r", b"\xef\xbb\xbf?"),
)


def as_chromium_reads(stream: bytes) -> bytes:
    """Return the stream as Chromium reads it: unchanged unless there is a known misreading."""
    for misreading in MISREADINGS:
        if stream.startswith(misreading.prefix):
            return misreading.read_as + stream.removeprefix(misreading.prefix)
    return stream
