"""Scripts: what a server does on each connection, as plain data, for transports and servers of tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sse_core import Comment, Event

HALF_CHARACTER = b"\xe2\x82"
"""Two of the three bytes of "€": end the stream behind them, or complete the character with `b"\\xac"`."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Nothing comes for so many seconds. Before a status or headers, the answer itself comes later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Drip:
    """Bytes that come slowly: `size` of them at a time, and `seconds` after each time."""

    data: bytes
    seconds: float
    size: int = 1


@dataclass(frozen=True, slots=True)
class History:
    """The events of the history behind the request's Last-Event-ID: all, if that names none of them."""


@dataclass(frozen=True, slots=True)
class Gzip:
    """The body is compressed, and each chunk flushed. It belongs to the head, as headers do."""


@dataclass(frozen=True, slots=True)
class End:
    """The stream ends properly, as it does at the end of the steps too."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection is lost when `after` more bytes of the body have come, or at the end of the steps."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset. On real sockets a reset may overtake what was sent just before it."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing more comes, until the client goes or its idle timeout has passed.

    A source without `idle_timeout` waits until another thread or task closes or pauses it. On a
    `VirtualClock`, 10 real seconds without that are an AssertionError.
    """


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request is not answered, until the client goes or its timeout has passed.

    A source with `timeout=None` waits until another thread or task closes or pauses it. On a
    `VirtualClock`, 10 real seconds without that are an AssertionError.
    """


@dataclass(frozen=True, slots=True)
class Refuse:
    """The client gets no connection. A real server resets it without an answer."""


Ending = End | Cut | Reset | Stall | NoAnswer | Refuse

Step = int | Mapping[str, str] | bytes | Event | Comment | Sleep | Drip | History | Gzip | Ending
"""One thing that a server does.

An int is a status, and a mapping is headers: without them, 200 and the type of an event stream. Bytes
come as they are, in one chunk, and so do an `Event` and a `Comment`, encoded.
"""

Steps = Sequence[Step]
"""What happens on one connection."""

Script = Sequence[Steps]
"""What happens on each connection, in turn."""
