"""Scripts: what a server does on each connection, as plain data, for test transports and test servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sse_core import Comment, Event

HALF_CHARACTER = b"\xe2\x82"
"""The first two of the three bytes of "€": end the stream after them, or complete it with `b"\\xac"`."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Nothing is sent for so many seconds. Before a status or headers, the whole response is delayed."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Drip:
    """Bytes that arrive slowly: `size` of them at a time, each time followed by a sleep of `seconds`."""

    data: bytes
    seconds: float
    size: int = 1


@dataclass(frozen=True, slots=True)
class History:
    """The events of the history after the request's Last-Event-ID. All, if no event has that ID."""


@dataclass(frozen=True, slots=True)
class Gzip:
    """The body is compressed, and flushed after each chunk. Comes before the body, as headers do."""


@dataclass(frozen=True, slots=True)
class End:
    """The stream ends cleanly. The same happens after the last step."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection is dropped after `after` more bytes of the body, or after the last step."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset. On a real socket, the client may lose bytes sent just before the reset."""


@dataclass(frozen=True, slots=True)
class Stall:
    """No more bytes come, until the client closes the connection or its idle timeout is over.

    A source without `idle_timeout` waits until another thread or task closes or pauses it. On a
    `VirtualClock`, an AssertionError ends such a wait after 10 real seconds.
    """


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request gets no response, until the client closes the connection or its timeout is over.

    A source with `timeout=None` waits until another thread or task closes or pauses it. On a
    `VirtualClock`, an AssertionError ends such a wait after 10 real seconds.
    """


@dataclass(frozen=True, slots=True)
class Refuse:
    """The client gets no connection. A real server accepts it and resets it without a response."""


Ending = End | Cut | Reset | Stall | NoAnswer | Refuse

Step = int | Mapping[str, str] | bytes | Event | Comment | Sleep | Drip | History | Gzip | Ending
"""One thing that a server does.

An int is a status, and a mapping is headers; the default is 200 and the content type of an event stream.
Bytes are sent unchanged, as one chunk, and so are an `Event` and a `Comment`, encoded.
"""

Steps = Sequence[Step]
"""What happens on one connection."""

Script = Sequence[Steps]
"""What happens on each connection, in order."""
