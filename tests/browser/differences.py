"""Where Chromium and our EventSource differ, each with its reason on the page docs/browser-parity.md."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Difference(Enum):
    """One difference, by the heading under which the page explains it."""

    BYTE_ORDER_MARK = "A line that ends right behind the byte order mark"
    EMPTY_RETRY = "`retry` without a value"
    HUGE_RETRY = "`retry` of 2⁶⁴ and more"
    CHARSET = "A charset other than UTF-8"
    TYPE_WITH_MORE = "A content type with something behind it"
    CONTENT_CODING = "An unknown content coding"
    REDIRECTED_FOR_GOOD = "Where the connection behind a redirected one begins"
    REDIRECTED_IN_VAIN = "A redirect that leads nowhere"
    EMPTY_LOCATION = "A redirect to an empty `Location`"
    ANOTHER_ORIGIN = "Another origin that does not allow it"
    ID_TO_ANOTHER_ORIGIN = "Last-Event-ID for another origin"
    REQUEST_HEADERS = "Header fields of requests"


@dataclass(frozen=True)
class Misreading:
    """Streams that Chromium reads as if they were others.

    Attributes:
        difference: why.
        begins: what such a stream begins with.
        read_as: what it is read as, in place of that.
    """

    difference: Difference
    begins: bytes
    read_as: bytes


MISREADINGS = (
    # The line end is taken for the first character of the line, whose field's name is then unknown.
    Misreading(Difference.BYTE_ORDER_MARK, b"\xef\xbb\xbf\n", b"\xef\xbb\xbf?"),
    Misreading(Difference.BYTE_ORDER_MARK, b"\xef\xbb\xbf\r", b"\xef\xbb\xbf?"),
)


def as_chromium_reads(stream: bytes) -> bytes:
    """Return the stream that Chromium takes this one for: the same, but for misreadings."""
    for misreading in MISREADINGS:
        if stream.startswith(misreading.begins):
            return misreading.read_as + stream.removeprefix(misreading.begins)
    return stream
