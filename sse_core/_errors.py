"""Every exception this project raises, split by who is to blame.

    SSEError
    ├── UsageError                  the caller's misuse
    │   ├── InvalidArgument         a value that cannot be used (also a ValueError)
    │   └── IllegalState            a call that makes no sense now (also a RuntimeError)
    ├── ResponseError               the server's answer; carries status, headers, body, url
    │   ├── HTTPStatusError         a status other than 200 and 204
    │   │   └── RedirectError       a redirect that cannot be followed
    │   ├── ContentTypeError        200, but not text/event-stream
    │   └── ContentEncodingError    200, but compressed in a way that cannot be undone
    ├── StreamError                 the stream itself
    │   ├── EventTooLarge           an event outgrew max_event_size
    │   └── IncompleteStream        the stream ended before its end
    ├── TransportError              the network
    │   ├── ConnectError            no response arrived
    │   ├── ReadError               the connection broke while the stream was read
    │   └── IdleTimeout             nothing arrived for idle_timeout seconds
    └── RetriesExhausted            the retry policy gave up; __cause__ is the last error

Attributes come first and the message is built from them, so that code never parses a message. What
a peer sent appears in a message shortened and escaped. All of them can be pickled.
"""

from __future__ import annotations

from ._headers import last_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._events import Comment, Event

SHOWN_CHARACTERS = 200
"""How much of a peer's text a message quotes; the attributes hold all of it."""


def _shown(text: str) -> str:
    """Quote a peer's text: escaped, so that it cannot forge a log line, and shortened."""
    quoted = repr(text[:SHOWN_CHARACTERS])
    return quoted if len(text) <= SHOWN_CHARACTERS else f"{quoted} (shortened)"


def _printable(text: str) -> str:
    """Escape what is no printable character, and shorten."""
    shown = "".join(
        character if character.isprintable() else repr(character)[1:-1]
        for character in text[:SHOWN_CHARACTERS]
    )
    return shown if len(text) <= SHOWN_CHARACTERS else f"{shown} (shortened)"


class SSEError(Exception):
    """The base of every exception raised by this project."""


class UsageError(SSEError):
    """The caller asked for something that cannot be done."""


class InvalidArgument(UsageError, ValueError):
    """A value cannot be used.

    Attributes:
        name: the argument or field.
        reason: what is wrong with it.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class IllegalState(UsageError, RuntimeError):
    """A call was made in a state that does not allow it."""


class ResponseError(SSEError):
    """The server answered, but not with an event stream.

    Attributes:
        status: the HTTP status code.
        headers: the response's header fields, (name, value) in the order received.
        body: the start of the response's body, at most 64 KiB.
        url: the URL that answered, after redirects.
        retry_after: seconds the server asked to wait (Retry-After), or None.
    """

    def __init__(
        self,
        status: int,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        url: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(status, headers, body, url, retry_after)
        self.status = status
        self.headers = headers
        self.body = body
        self.url = url
        self.retry_after = retry_after

    def header(self, name: str) -> str | None:
        """Return the last value of the header field `name` (any case), or None."""
        return last_header(self.headers, name)

    def __repr__(self) -> str:
        # Not the arguments: headers may hold secrets, and a body may be long.
        return f"{type(self).__name__}(status={self.status}, url={self.url!r})"

    def __str__(self) -> str:
        said = f": {_shown(self.body.decode('utf-8', 'replace'))}" if self.body else ""
        return f"{self._complaint()}{said}"

    def _complaint(self) -> str:
        return f"unusable answer with status {self.status}"


class HTTPStatusError(ResponseError):
    """The response's status is neither 200 nor 204."""

    def _complaint(self) -> str:
        return f"HTTP status {self.status} instead of 200"


class ContentTypeError(ResponseError):
    """The response's Content-Type is not text/event-stream."""

    def _complaint(self) -> str:
        value = self.header("Content-Type")
        shown = "missing" if value is None else _shown(value)
        return f"content type {shown} instead of text/event-stream"


class ContentEncodingError(ResponseError):
    """The body is compressed in a way nobody asked for and nobody here can undo."""

    def _complaint(self) -> str:
        transfer = self.header("Transfer-Encoding")
        content = self.header("Content-Encoding")
        shown = " and ".join(_shown(coding) for coding in (content, transfer) if coding is not None)
        return f"the body's coding is not supported: {shown}"


class RedirectError(HTTPStatusError):
    """A redirect leads nowhere: too many of them, no Location, or not to http or https."""

    def _complaint(self) -> str:
        location = self.header("Location")
        if location is None:
            return f"status {self.status} without a Location"
        where = f"the redirect ({self.status}) to {_shown(location)}"
        return f"cannot follow {where}: not to http or https, or one redirect too many"


class StreamError(SSEError):
    """The bytes of the stream cannot be used as they are."""


class EventTooLarge(StreamError):
    """An event grew past the limit, and the parser stopped holding it.

    Attributes:
        limit: the limit, `max_event_size`, in bytes.
        events: what the failing chunk had completed before, in order: not lost, only not returned.
    """

    def __init__(self, limit: int, events: tuple[Event | Comment, ...] = ()) -> None:
        super().__init__(limit, events)
        self.limit = limit
        self.events = events

    def __str__(self) -> str:
        return f"an event is larger than max_event_size ({self.limit} bytes)"


class IncompleteStream(StreamError):
    """The stream ended before its end, and nothing will resume it.

    A connection that broke is the `__cause__`. Without one, the server ended the stream in the
    middle of an event, or before the event that was to be the last (`until`).

    Attributes:
        pending: bytes of an unfinished event that had arrived and were dropped.
        last_event_id: where a caller could resume.
    """

    def __init__(self, pending: int, last_event_id: str = "") -> None:
        super().__init__(pending, last_event_id)
        self.pending = pending
        self.last_event_id = last_event_id

    def __str__(self) -> str:
        if self.pending:
            return f"the stream ended inside an event ({self.pending} bytes of it had arrived)"
        return "the stream ended before its end"


class TransportError(SSEError):
    """The network failed. The message is the cause's, escaped and shortened: a peer may have a say in it."""

    def __str__(self) -> str:
        return _printable(super().__str__())


class ConnectError(TransportError):
    """No response arrived: name resolution, connecting, TLS, or waiting for the response head."""


class ReadError(TransportError):
    """The connection broke while the stream was being read."""


class IdleTimeout(TransportError):
    """Nothing arrived, not even a comment, for `idle_timeout` seconds.

    Attributes:
        seconds: the limit that passed.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        return f"nothing received for {self.seconds:g} seconds (idle_timeout)"


class RetriesExhausted(SSEError):
    """The retry policy allows no further attempt. `__cause__` is the last error, if there was one.

    Attributes:
        attempts: connections in a row that brought no event.
        elapsed: seconds since the stream last worked.
        last: what the last attempt ended with, in words.
    """

    def __init__(
        self, attempts: int, elapsed: float, last: str = "the server ended the stream without an event"
    ) -> None:
        super().__init__(attempts, elapsed, last)
        self.attempts = attempts
        self.elapsed = elapsed
        self.last = last

    def __str__(self) -> str:
        return (
            f"gave up after {self.attempts} attempts without an event"
            f" in {self.elapsed:.1f} seconds; the last: {self.last}"
        )
