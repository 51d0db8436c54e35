"""Every exception that this project raises, split by who is to blame.

    SSEError
    ├── UsageError                  the caller's misuse
    │   ├── InvalidArgument         a value that cannot be used (also a ValueError)
    │   └── IllegalState            a call that the current state does not allow (also a RuntimeError)
    ├── ResponseError               the server's response; has its status, headers, body and url
    │   ├── HTTPStatusError         a status other than 200 and 204
    │   │   └── RedirectError       a redirect that cannot be followed
    │   ├── ContentTypeError        200, but not text/event-stream
    │   └── ContentEncodingError    200, but compressed in a way that cannot be decoded
    ├── StreamError                 the stream itself
    │   ├── EventTooLarge           an event larger than max_event_size
    │   └── IncompleteStream        the stream ended before its end
    ├── TransportError              the network
    │   ├── ConnectError            no response arrived
    │   ├── ReadError               the connection was lost while the stream was read
    │   └── IdleTimeout             nothing arrived for idle_timeout seconds (also a TimeoutError)
    ├── TotalTimeout                total_timeout seconds have passed (also a TimeoutError)
    └── RetriesExhausted            the retry policy gave up; __cause__ is the last error

The attributes come first and the message is built from them, so code never has to parse a message. Text
from a peer is shortened and escaped in messages. All errors can be pickled.
"""

from __future__ import annotations

from ._events import Comment, Event
from ._values import Headers, last_header, method_after

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# How much of a peer's text a message quotes; the attributes have all of it.
SHOWN_CHARACTERS = 200


# How many redirects a message names.
SHOWN_REDIRECTS = 3

# https://fetch.spec.whatwg.org/#http-redirect-fetch: "If request's redirect count is 20, then return a
# network error."
MAX_REDIRECTS = 20


# A server can put line ends and terminal codes into whatever it sends. A message goes to logs and
# terminals, so those are escaped: `repr` escapes every character that is not printable.
def _quoted(text: str) -> str:
    """Return a peer's text in quotes, escaped and shortened."""
    quoted = repr(text[:SHOWN_CHARACTERS])
    return quoted if len(text) <= SHOWN_CHARACTERS else f"{quoted} (shortened)"


def _printable(text: str) -> str:
    """Return text without quotes, escaped and shortened."""
    shown = "".join(
        # As `repr` writes the character, without the quotes around it.
        character if character.isprintable() else repr(character)[1:-1]
        for character in text[:SHOWN_CHARACTERS]
    )
    return shown if len(text) <= SHOWN_CHARACTERS else f"{shown} (shortened)"


def _without_secrets(url: str) -> str:
    """Return a URL, or a Location, without its query and without `user:password@`: both may be secrets."""
    start, slashes, rest = url.partition("#")[0].partition("?")[0].partition("//")
    place, slash, path = rest.partition("/")
    return f"{start}{slashes}{place.rpartition('@')[2]}{slash}{path}"


def redirect_text(
    redirects: tuple[tuple[int, str], ...], method: str, withheld: frozenset[str], url: str
) -> str:
    """Return what redirects changed: where the last request went, its method, and headers left out.

    Args:
        redirects: (status, URL) of each, oldest first.
        method: the method of the first request; `""` if not known.
        withheld: names of headers that were not sent to the last origin.
        url: the URL of the last request.
    """
    steps = []
    for number, (status, source) in enumerate(redirects):
        following = method_after(status, method) if method else method
        step = f"{status} from {_printable(_without_secrets(source))}"
        if following != method:
            step += f" made the {method} a {following}"
        if number < SHOWN_REDIRECTS or following != method:
            steps.append(step)
        method = following
    more = len(redirects) - len(steps)
    if more:
        steps.append(f"{more} more redirects")
    text = f", after {', '.join(steps)}" if steps else ""
    if withheld:
        origin = _printable("/".join(url.split("/")[:3]))
        verb = "was" if len(withheld) == 1 else "were"
        text += f"; {', '.join(sorted(withheld))} {verb} not sent to {origin}"
    return text


class SSEError(Exception):
    """The base of every exception raised by this project."""


# Errors of the caller. Each class with attributes passes all of them to `super().__init__`, as `args`:
# pickle and copy make the error again from these.


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


# Errors of the response. It arrived, but "if res's status is not 200, or if res's `Content-Type` is not
# `text/event-stream`, then fail the connection". Only some of HTTPStatusError may be retried: see
# `RetryPolicy.statuses`.


class ResponseError(SSEError):
    """The server responded, but not with an event stream.

    Attributes:
        status: the HTTP status code.
        headers: the response's header fields, (name, value) in the order received, also looked up by
            name, as `Headers`.
        body: the start of the response's body, at most 64 KiB.
        url: the URL that responded, after redirects.
        retry_after: seconds that the server asked to wait (Retry-After), or None.
        redirects: (status, URL) of each redirect that led here, oldest first.
        withheld: names of headers that were not sent to the last origin, because a redirect led there.
        method: the method of the first request, which a redirect may have made a GET; `""` if not known.
        max_retry_after: seconds; the limit of the retry policy, if `retry_after` is above it and this is
            why there was no further attempt. None otherwise.
    """

    def __init__(
        self,
        status: int,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        url: str = "",
        retry_after: float | None = None,
        redirects: tuple[tuple[int, str], ...] = (),
        withheld: frozenset[str] = frozenset(),
        method: str = "",
        max_retry_after: float | None = None,
    ) -> None:
        headers = Headers(headers)
        super().__init__(
            status, headers, body, url, retry_after, redirects, withheld, method, max_retry_after
        )
        self.status = status
        self.headers = headers
        self.body = body
        self.url = url
        self.retry_after = retry_after
        self.redirects = redirects
        self.withheld = withheld
        self.method = method
        self.max_retry_after = max_retry_after

    def header(self, name: str) -> str | None:
        """Return the last value of the header field `name` (any case), or None."""
        return last_header(self.headers, name)

    def __repr__(self) -> str:
        # Not the arguments: headers may contain secrets, and a body may be long.
        return f"{type(self).__name__}(status={self.status}, url={_without_secrets(self.url)!r})"

    def __str__(self) -> str:
        # The body's start, because most servers explain the error there.
        body = f": {_quoted(self.body.decode('utf-8', 'replace'))}" if self.body else ""
        redirected = redirect_text(self.redirects, self.method, self.withheld, self.url)
        return f"{self._summary()}{redirected}{self._refused_wait()}{body}"

    def _refused_wait(self) -> str:
        if self.retry_after is None or self.max_retry_after is None:
            return ""
        return (
            f"; it asks to wait {self.retry_after:g} seconds (Retry-After),"
            f" more than max_retry_after ({self.max_retry_after:g})"
        )

    def _summary(self) -> str:
        return f"unusable response with status {self.status}"


class HTTPStatusError(ResponseError):
    """The response's status is neither 200 nor 204."""

    def _summary(self) -> str:
        return f"HTTP status {self.status} instead of 200"


class ContentTypeError(ResponseError):
    """The response's Content-Type is not text/event-stream."""

    def _summary(self) -> str:
        value = self.header("Content-Type")
        shown = "missing" if value is None else _quoted(value)
        return f"content type {shown} instead of text/event-stream{_body_hint(self.body)}"


def _body_hint(body: bytes) -> str:
    """Return what the body is, if it is one of two formats that are taken for each other."""
    lines = body.decode("utf-8", "replace").splitlines()
    if any(line.startswith(("data:", "event:")) for line in lines[:2]):
        return "; the body looks like an event stream: `accept` sets the content types that count"
    if len(lines) >= 2 and all(map(_is_json_object, lines[:2])):
        return "; the body is lines of JSON, not an event stream"
    return ""


def _is_json_object(line: str) -> bool:
    # Imported when first used, as in `Event.json`.
    from json import loads

    try:
        return isinstance(loads(line), dict)
    except (ValueError, RecursionError):
        return False


class ContentEncodingError(ResponseError):
    """The body is compressed in a way that was not asked for and cannot be decoded."""

    def _summary(self) -> str:
        codings = (self.header("Content-Encoding"), self.header("Transfer-Encoding"))
        shown = " and ".join(_quoted(coding) for coding in codings if coding is not None)
        return f"the body's content encoding is not supported: {shown}"


class RedirectError(HTTPStatusError):
    """A redirect cannot be followed: too many of them, no Location, or not to http or https."""

    def _summary(self) -> str:
        location = self.header("Location")
        if location is None:
            return f"status {self.status} without a Location"
        where = f"({self.status}) to {_quoted(_without_secrets(location))}"
        if len(self.redirects) >= MAX_REDIRECTS:
            return f"too many redirects: {len(self.redirects)} were followed, and not the next {where}"
        scheme, colon, _ = location.partition(":")
        other = colon and "/" not in scheme and scheme.lower() not in {"http", "https"}
        reason = "not to http or https" if other else "not a valid URL"
        return f"cannot follow the redirect {where}: {reason}"


# Errors of the stream. The standard has none: to a browser, no event is too large, and an unfinished event is
# dropped in silence. For a program, silence would be data loss.


class StreamError(SSEError):
    """The bytes of the stream cannot be used as they are."""


class EventTooLarge(StreamError):
    """An event grew past the limit, and was dropped.

    Attributes:
        limit: the limit, `max_event_size`, in bytes.
        events: what the same bytes completed before it, in order. `feed` raises and cannot return
            them, so they are here.
    """

    def __init__(self, limit: int, events: tuple[Event | Comment, ...] = ()) -> None:
        super().__init__(limit, events)
        self.limit = limit
        self.events = events

    def __str__(self) -> str:
        return f"an event is larger than max_event_size ({self.limit} bytes)"


class IncompleteStream(StreamError):
    """The stream ended inside an event, or before its end.

    A stream that will be resumed has it only if it ended inside an event: then `on_error` and the log get
    it. If the connection was lost, the `__cause__` is that error. Without one, the server ended the stream
    cleanly, but inside an event, or before the event that was to be the last (`until`).

    Attributes:
        pending: bytes of an unfinished event that had arrived and were dropped.
        last_event_id: where a caller could resume.
        text: the start of these bytes as text, at most 200 characters: see `Parser.pending_text`.
        until: the data of the event that was to be the last; `""` if `until` is a function; None without.
    """

    def __init__(
        self, pending: int, last_event_id: str = "", text: str = "", until: str | None = None
    ) -> None:
        super().__init__(pending, last_event_id, text, until)
        self.pending = pending
        self.last_event_id = last_event_id
        self.text = text
        self.until = until

    def __str__(self) -> str:
        if not self.pending:
            if self.until is None:
                return "the stream ended before its end"
            if not self.until:
                return "the stream ended without the event that `until` accepts"
            return f"the stream ended without {_quoted(self.until)} (until)"
        start = f", which begins {_quoted(self.text)}" if self.text else ""
        return f"the stream ended inside an event ({self.pending} bytes of it had arrived){start}"


# Errors of the network. Transports raise these, or `Connection.fail` makes them from whatever an HTTP client
# raised, which is then the `__cause__`. All of them are retried, if the method may be sent again.


class TransportError(SSEError):
    """The network failed. The message is the cause's, escaped and shortened."""

    def __str__(self) -> str:
        # An HTTP client's message may contain text from the server, such as a malformed status line.
        return _printable(str(self.args[0]) if self.args else "")


class ConnectError(TransportError):
    """No response arrived: name resolution, connecting, TLS, or waiting for the response headers.

    Attributes:
        final: whether another attempt would fail in the same way, so that none is made: a certificate that
            is not accepted, a server that does not speak TLS, or proxy settings that cannot be used.
    """

    def __init__(self, message: str = "", final: bool = False) -> None:
        super().__init__(message, final)
        self.final = final


class ReadError(TransportError):
    """The connection was lost while the stream was being read."""


# `TimeoutError` is an `OSError`: `except OSError` catches these two as well. Neither has an `errno`.
class IdleTimeout(TransportError, TimeoutError):
    """Nothing arrived, not even a comment, for `idle_timeout` seconds.

    Attributes:
        seconds: the limit.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        return f"nothing received for {self.seconds:g} seconds (idle_timeout)"


class TotalTimeout(SSEError, TimeoutError):
    """The source has taken `total_timeout` seconds. There is no further attempt.

    Attributes:
        seconds: the limit.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        return f"not at its end within {self.seconds:g} seconds (total_timeout)"


class RetriesExhausted(SSEError):
    """The retry policy allows no further attempt. `__cause__` is the last error, if there was one.

    Attributes:
        attempts: connections in a row without an event.
        elapsed: seconds since the stream last worked.
        last: how the last attempt ended, as text: it stays when the error is pickled, which drops
            the `__cause__`.
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
