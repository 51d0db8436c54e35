"""Before the stream: the request that is sent, and what its response means.

https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
"""

from __future__ import annotations

from enum import Enum

from ._checks import check_text
from ._content_type import essence
from ._errors import InvalidArgument
from ._headers import is_token, joined_header, last_header
from ._numbers import whole_number
from ._record import Record
from ._url import origin, resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._headers import Headers

EVENT_STREAM = "text/event-stream"
BODILESS_METHODS = frozenset({"GET", "HEAD"})
"""Methods to which a body is refused, as `fetch` does: it is nearly always a forgotten method."""
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 20
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "last-event-id"})
"""Not sent to another origin than the one they were meant for."""
ORIGIN_HEADERS = frozenset({"host"})
"""Meant for one origin, though no secret."""
BODY_HEADERS = frozenset(
    {"content-type", "content-length", "content-encoding", "content-language", "content-location"}
)


class Request(Record):
    """A request to send, exactly as it stands.

    Attributes:
        method: in upper case.
        url: absolute, ASCII, without a fragment.
        headers: (name, value) in order, as text; `raw_headers` is what to send.
        body: bytes, or None for no body.
        withheld: names of headers, in lower case, that an HTTP client must not add from its own
            settings: after a redirect to another origin, those that were for the first one only.
    """

    __slots__ = __match_args__ = ("method", "url", "headers", "body", "withheld")
    method: str
    url: str
    headers: Headers
    body: bytes | None
    withheld: frozenset[str]

    def __init__(
        self,
        method: str,
        url: str,
        headers: Headers = (),
        body: bytes | None = None,
        withheld: frozenset[str] = frozenset(),
    ) -> None:
        self._set(method=method, url=url, headers=headers, body=body, withheld=withheld)

    @property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The header fields as UTF-8 bytes, to hand to an HTTP client.

        A last event ID may be any text, and many clients take a str only if it is ASCII.
        """
        return tuple((name.encode(), value.encode()) for name, value in self.headers)

    def header(self, name: str) -> str | None:
        """Return the last value of the header field `name` (any case), or None."""
        return last_header(self.headers, name)


class Response(Record):
    """The head of a response.

    Attributes:
        status: the HTTP status code.
        headers: (name, value) in the order received. Hand over bytes, if your HTTP client has them;
            they are decoded as ISO-8859-1, so that none is lost.
        url: the URL that was asked; where a redirect was followed, the one it led to.
    """

    __slots__ = __match_args__ = ("status", "headers", "url")
    status: int
    headers: Headers
    url: str

    def __init__(
        self, status: int, headers: Iterable[tuple[str, str] | tuple[bytes, bytes]] = (), url: str = ""
    ) -> None:
        fields = tuple((_as_text(name), _as_text(value)) for name, value in headers)
        self._set(status=status, headers=fields, url=url)

    def header(self, name: str) -> str | None:
        """Return the last value of the header field `name` (any case), or None."""
        return last_header(self.headers, name)

    def joined(self, name: str) -> str | None:
        """Return all values of the list-valued field `name` (any case), joined by commas, or None."""
        return joined_header(self.headers, name)


class Verdict(Enum):
    """What a response's head means."""

    ACCEPTED = "an event stream"
    NO_CONTENT = "the server wants no further connection"
    REDIRECTED = "the stream is elsewhere"
    WRONG_STATUS = "the status is an error"
    WRONG_TYPE = "not an event stream"


def check_method(method: str) -> str:
    """Return the method in upper case; refuse what is no token.

    Raises:
        InvalidArgument: naming `method`.
    """
    if not is_token(method):
        raise InvalidArgument("method", f"{method!r} is not an HTTP method")
    return method.upper()


def make_body(method: str, json: object, content: bytes | str | None) -> tuple[bytes | None, str | None]:
    """Return a request's body and its content type; both None if there is none.

    Raises:
        InvalidArgument: both `json` and `content`, a body that is not JSON, or one for GET or HEAD.
    """
    if json is None and content is None:
        return None, None
    if json is not None and content is not None:
        raise InvalidArgument("json", "give json or content, not both")
    name = "content" if json is None else "json"
    if method in BODILESS_METHODS:
        raise InvalidArgument(name, f'{method} requests have no body; pass method="POST"')
    if json is not None:
        from json import dumps

        try:
            text = dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            return text.encode(), "application/json"
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidArgument("json", f"cannot be written as JSON: {error}") from error
    if isinstance(content, str):
        check_text("content", content, "")
        return content.encode(), "text/plain; charset=utf-8"
    if isinstance(content, (bytes, bytearray, memoryview)):
        return bytes(content), "application/octet-stream"
    raise InvalidArgument("content", f"expected bytes or str, not {type(content).__name__}")


def make_headers(
    own: Mapping[str, str] | None, content_type: str | None, credentials: str | None, last_event_id: str
) -> Headers:
    """Return the header fields to send: the standard's, and the caller's, which win.

    Raises:
        InvalidArgument: a field that cannot be sent.

    WHATWG HTML 9.2.2 (`Accept`, cache mode "no-store") and 9.2.4 (`Last-Event-ID`).
    """
    headers: list[tuple[str, str]] = []
    for name, value in (own or {}).items():
        if not is_token(name):
            raise InvalidArgument("headers", f"{name!r} is not a header's name")
        if last_header(tuple(headers), name) is not None:
            raise InvalidArgument("headers", f"{name!r} is given twice, in different cases")
        check_text(f"headers[{name!r}]", value, "\r\n\0")
        headers.append((name, value.strip(" \t")))
    taken = {name.lower() for name, _ in headers}
    defaults = [("Accept", EVENT_STREAM), ("Cache-Control", "no-cache")]
    if content_type is not None:
        defaults.append(("Content-Type", content_type))
    if credentials is not None:
        defaults.append(("Authorization", _basic(credentials)))
    # "If the EventSource object's last event ID string is not the empty string, then ... set
    # (`Last-Event-ID`, lastEventIDValue) in request's header list." UTF-8 encoded.
    if last_event_id:
        defaults.append(("Last-Event-ID", last_event_id))
    return (*(field for field in defaults if field[0].lower() not in taken), *headers)


def judge(response: Response) -> Verdict:
    """Return what the head of a response means.

    "if res's status is not 200, or if res's `Content-Type` is not `text/event-stream`, then fail the
    connection." But "a client can be told to stop reconnecting using the HTTP 204 No Content response
    code."
    """
    if response.status == 204:
        return Verdict.NO_CONTENT
    if response.status in REDIRECT_STATUSES:
        return Verdict.REDIRECTED
    if response.status != 200:
        return Verdict.WRONG_STATUS
    # Without its parameters: charset=latin1 changes nothing, because an event stream is UTF-8.
    is_stream = essence(response.joined("Content-Type") or "") == EVENT_STREAM
    return Verdict.ACCEPTED if is_stream else Verdict.WRONG_TYPE


def redirect(request: Request, response: Response, secret: frozenset[str]) -> Request | None:
    """Return the request that follows a redirect; None if it leads nowhere a request can go.

    Args:
        request: the request that was redirected.
        response: its response.
        secret: names of headers, in lower case, that are for the first origin only.

    https://fetch.spec.whatwg.org/#http-redirect-fetch
    """
    location = response.header("Location")
    if location is None:
        return None
    try:
        url = resolve(request.url, location)
    except InvalidArgument:
        return None
    method, body = request.method, request.body
    dropped: frozenset[str] = frozenset()
    withheld = request.withheld
    # "internalResponse's status is 301 or 302 and request's method is `POST`", or "internalResponse's
    # status is 303 and request's method is not `GET` or `HEAD`": a GET without a body follows.
    if (response.status in {301, 302} and method == "POST") or (
        response.status == 303 and method not in BODILESS_METHODS
    ):
        method, body = "GET", None
        dropped |= BODY_HEADERS
    if origin(url) != origin(request.url):
        withheld |= SECRET_HEADERS | ORIGIN_HEADERS | secret
    dropped |= withheld
    headers = tuple(field for field in request.headers if field[0].lower() not in dropped)
    return Request(method, url, headers, body, withheld)


def retry_after(response: Response, epoch: float | None) -> float | None:
    """Return the seconds that Retry-After asks to wait, or None if it is missing or not understood.

    Args:
        response: the response that may have the field.
        epoch: the time, in seconds since 1970, UTC; None takes the server's own, of its Date.

    RFC 9110, 10.2.3: a number of seconds, or a date.
    """
    value = response.header("Retry-After")
    if value is None:
        return None
    seconds = whole_number(value.strip(" \t"))
    if seconds is not None:
        return float(seconds)
    date = _seconds_of(value)
    if epoch is None:
        epoch = _seconds_of(response.header("Date") or "")
    return None if date is None or epoch is None else max(0.0, date - epoch)


def _seconds_of(date: str) -> float | None:
    """Return the seconds since 1970 that a date of HTTP stands for, or None if it is none."""
    from calendar import timegm
    from email.utils import parsedate

    parts = parsedate(date)
    try:
        # A date in HTTP is always GMT, whether it says so or not.
        return None if parts is None else float(timegm(parts))
    except (ValueError, OverflowError):
        return None


def _as_text(part: str | bytes) -> str:
    return part if isinstance(part, str) else part.decode("latin-1")


def _basic(credentials: str) -> str:
    """Return an Authorization value for `user:password` as a URL writes it. RFC 7617."""
    from binascii import b2a_base64
    from urllib.parse import unquote_to_bytes

    user, _, password = credentials.partition(":")
    pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return f"Basic {b2a_base64(pair, newline=False).decode('ascii')}"
