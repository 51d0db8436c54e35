"""Before the stream: the request that is sent, and what its response means.

- `Handshake` makes each `Request`: the first of an attempt, and those that follow redirects.
- `classify_response` says whether a `Response` is an event stream, a redirect or an error.
- `response_error` makes the error for a response that is not an event stream.

https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
"""

from __future__ import annotations

from enum import Enum

from ._checks import check_set, check_text, is_token, whole_number
from ._errors import ContentTypeError, HTTPStatusError, InvalidArgument, RedirectError, ResponseError
from ._url import origin, resolve, split_credentials, with_params
from ._values import BODILESS_METHODS, Headers, Record, last_header, method_after

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._url import Params

EVENT_STREAM = "text/event-stream"

# https://fetch.spec.whatwg.org/#redirect-status
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})

# The usual names of keys, of many APIs: those of API gateways, Anthropic, Azure, Google, AWS and GitLab among
# them. A caller names further ones.
KEY_HEADERS = frozenset(
    {
        *("x-api-key", "api-key", "apikey", "x-auth-token", "x-access-token", "x-goog-api-key"),
        *("x-amz-security-token", "ocp-apim-subscription-key", "private-token"),
    }
)
# Not sent to another origin: secrets that were meant for the first one. A last event ID is one of these,
# because a server may put anything into its IDs.
SENSITIVE_HEADERS = KEY_HEADERS | {"authorization", "cookie", "proxy-authorization", "last-event-id"}
# Not a secret, but wrong for another origin.
ORIGIN_HEADERS = frozenset({"host"})
FIRST_ORIGIN_HEADERS = SENSITIVE_HEADERS | ORIGIN_HEADERS
# https://fetch.spec.whatwg.org/#request-body-header-name, and Content-Length: they describe a body, and are
# dropped with it.
BODY_HEADERS = frozenset(
    {"content-type", "content-length", "content-encoding", "content-language", "content-location"}
)

# https://fetch.spec.whatwg.org/#http-whitespace
HTTP_WHITESPACE = "\t\n\r "


class Request(Record):
    """A request to send, exactly as it is.

    Attributes:
        method: in upper case.
        url: absolute, ASCII, without a fragment.
        headers: (name, value) in order, as text, also looked up by name, as `Headers`; `raw_headers` is
            what to send.
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
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
        withheld: frozenset[str] = frozenset(),
    ) -> None:
        headers = Headers(headers)
        self._set(locals())

    @property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The header fields as UTF-8 bytes, to pass to an HTTP client.

        A last event ID may be any text, and many clients accept a str only if it is ASCII.
        """
        return tuple((name.encode(), value.encode()) for name, value in self.headers)

    def header(self, name: str) -> str | None:
        """Return the last value of the header field `name` (any case), or None."""
        return last_header(self.headers, name)

    def replace(
        self,
        *,
        method: str | None = None,
        url: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Request:
        """Return a copy with these changes; None keeps what there is, but GET and HEAD drop the body.

        Args:
            method: the method.
            url: absolute.
            headers: fields that are added, or take the place of those of the same name, in any case. None
                can be removed, but an empty Last-Event-ID is not sent.
            body: the body.
        """
        method = self.method if method is None else method.upper()
        if method not in BODILESS_METHODS and body is None:
            body = self.body
        fields = _overridden(self.headers, headers or {})
        return Request(method, self.url if url is None else url, fields, body, self.withheld)


class Response(Record):
    """The status and headers of a response.

    Attributes:
        status: the HTTP status code.
        headers: (name, value) in the order received, also looked up by name, as `Headers`. Pass bytes if
            your HTTP client has them: they are decoded as ISO-8859-1, which keeps every byte.
        url: the URL that was requested; after a redirect, the one that it led to.
    """

    __slots__ = __match_args__ = ("status", "headers", "url")
    status: int
    headers: Headers
    url: str

    def __init__(
        self, status: int, headers: Iterable[tuple[str, str] | tuple[bytes, bytes]] = (), url: str = ""
    ) -> None:
        headers = Headers((_as_text(name), _as_text(value)) for name, value in headers)
        self._set(locals())

    def header(self, name: str) -> str | None:
        """Return the last value of the header field `name` (any case), or None."""
        return last_header(self.headers, name)

    def joined(self, name: str) -> str | None:
        """Return all values of the list-valued field `name` (any case), joined by commas, or None."""
        return self.headers.get(name)


class ResponseKind(Enum):
    """What a response means for the connection."""

    EVENT_STREAM = "an event stream"
    NO_CONTENT = "the server wants no further connection"
    REDIRECT = "the stream is elsewhere"
    WRONG_STATUS = "the status is an error"
    WRONG_CONTENT_TYPE = "not an event stream"


class Handshake:
    """What an event source asks for: the request of each attempt, and the one that follows a redirect.

    Args:
        url: http or https, perhaps with credentials.
        method: the HTTP method, in any case.
        json: a body, written as JSON, or None.
        content: a body, as bytes or str, or None.
        sensitive: names of further headers that are for the first origin only.
        params: what is added to the URL's query, or None.
        accept: the content types that count as an event stream; None is a missing one.

    Raises:
        InvalidArgument: naming the argument.
    """

    def __init__(
        self,
        url: str,
        method: str,
        json: object,
        content: bytes | str | None,
        sensitive: Iterable[str],
        params: Params | None,
        accept: Iterable[str | None],
    ) -> None:
        url, self._credentials = split_credentials(url)
        self.url = with_params(url, params)
        self.accept = _checked_accept(accept)
        if not is_token(method):
            raise InvalidArgument("method", f"{method!r} is not an HTTP method")
        self.method = method.upper()
        self._body, self._content_type = _make_body(self.method, json, content)
        names = check_set(
            "sensitive_headers", sensitive, lambda name: isinstance(name, str), "names of headers"
        )
        self.sensitive_headers = frozenset(name.lower() for name in names)
        # Names of headers that are for the first origin only.
        # The union is larger than all else of a handshake: nearly always, it can be shared.
        self._of_first_origin = (
            FIRST_ORIGIN_HEADERS | self.sensitive_headers if names else FIRST_ORIGIN_HEADERS
        )

    def request(self, own: Mapping[str, str], last_event_id: str) -> Request:
        """Return the request of an attempt. It has the standard's header fields, and the caller's, which win.

        Args:
            own: the caller's fields.
            last_event_id: `""` sends no Last-Event-ID; see `_id_to_send`.

        Raises:
            InvalidArgument: a field that cannot be sent.

        WHATWG HTML 9.2.2 (`Accept`, cache mode "no-store") and 9.2.4 (`Last-Event-ID`).
        """
        own = _checked_headers(own)
        # Not "no-store": for that cache mode too, fetch sends `Cache-Control: no-cache`.
        types = ", ".join(each for each in self.accept if each is not None)
        defaults = [("Accept", types or "*/*"), ("Cache-Control", "no-cache")]
        if self._content_type is not None:
            defaults.append(("Content-Type", self._content_type))
        if self._credentials is not None:
            defaults.append(("Authorization", _basic(self._credentials)))
        # "If the EventSource object's last event ID string is not the empty string, then ... set
        # (`Last-Event-ID`, lastEventIDValue) in request's header list." UTF-8 encoded.
        defaults.append(("Last-Event-ID", last_event_id))
        return Request(self.method, self.url, _sent(_overridden(defaults, own)), self._body)

    def prepared(self, request: Request, own: Request, found_at: str) -> Request:
        """Return a request that the caller made from `own`, checked, for the attempt that follows.

        What is a secret of the first origin does not go to another one, as after a redirect: the URL may be
        the server's choice. Only what the caller has set for this request does.

        Args:
            request: the caller's.
            own: what `request` returned for this attempt.
            found_at: the URL of the last stream, which may know its own last event ID; `""` for none.

        Raises:
            InvalidArgument: it cannot be sent.
        """
        url, credentials = split_credentials(request.url)
        if not is_token(request.method):
            raise InvalidArgument("method", f"{request.method!r} is not an HTTP method")
        method = request.method.upper()
        if request.body is not None and method in BODILESS_METHODS:
            raise InvalidArgument("body", f"{method} requests have no body")
        dropped = BODY_HEADERS if request.body is None and own.body is not None else frozenset()
        unchanged: set[tuple[str, str]] = set()
        if origin(url) != origin(self.url):
            unchanged = set(own.headers)
            if found_at and origin(url) == origin(found_at):
                unchanged = {field for field in unchanged if field[0].lower() != "last-event-id"}
        secret = self._of_first_origin
        fields = {
            name: value
            for name, value in _checked_headers(request.headers).items()
            if name.lower() not in dropped and not (name.lower() in secret and (name, value) in unchanged)
        }
        if credentials is not None:
            fields = dict(_overridden((("Authorization", _basic(credentials)),), fields))
        withheld = secret - {name.lower() for name in fields} if unchanged else frozenset()
        return Request(method, url, _sent(fields.items()), request.body, withheld)

    def with_headers(self, request: Request, own: Mapping[str, str]) -> Request:
        """Return a prepared request with further fields of the caller; to another origin, without secrets."""
        # `withheld` lacks those that the caller has set for that origin. These stay as they are.
        dropped = self._of_first_origin if origin(request.url) != origin(self.url) else frozenset()
        fields = {name: value for name, value in _checked_headers(own).items() if name.lower() not in dropped}
        headers = _sent(_overridden(request.headers, fields))
        return Request(request.method, request.url, headers, request.body, request.withheld)

    def redirect(self, request: Request, response: Response) -> Request | None:
        """Return the request that follows a redirect of `request`; None if it cannot be followed.

        https://fetch.spec.whatwg.org/#http-redirect-fetch
        """
        # To fetch, a redirect without a Location is an ordinary response. Here it is an error all the same,
        # because its status is not 200.
        location = response.header("Location")
        if location is None:
            return None
        try:
            url = resolve(request.url, location)
        except InvalidArgument:
            return None
        method, body = method_after(response.status, request.method), request.body
        # Once withheld, always withheld: a chain that comes back to the first origin does not get its
        # secrets back, because the origin between them chose the URL.
        withheld = request.withheld
        if origin(url) != origin(request.url):
            withheld |= self._of_first_origin
        dropped = withheld
        # A GET has no body.
        if method != request.method:
            body = None
            dropped |= BODY_HEADERS
        headers = tuple(field for field in request.headers if field[0].lower() not in dropped)
        return Request(method, url, headers, body, withheld)


def _checked_headers(headers: Mapping[str, str] | Headers) -> dict[str, str]:
    """Return header fields as they are sent; a name may come once.

    Raises:
        InvalidArgument: naming the field.
    """
    checked: dict[str, str] = {}
    taken: set[str] = set()
    for name, value in headers if isinstance(headers, Headers) else headers.items():
        if not is_token(name):
            raise InvalidArgument("headers", f"{name!r} is not a header's name")
        if name.lower() in taken:
            raise InvalidArgument("headers", f"{name!r} is given twice, in different cases")
        # Not CR or LF: a value with a line end could add header fields of its own, or a body.
        check_text(f"headers[{name!r}]", value, "\r\n\0")
        taken.add(name.lower())
        if name.lower() != "last-event-id" and _has_control_character(value):
            raise InvalidArgument(f"headers[{name!r}]", "holds a control character, which no header can")
        checked[name] = value.strip(" \t")
    return checked


def _overridden(headers: Iterable[tuple[str, str]], own: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return these fields without those that `own` has in any case, and then those of `own`, in order."""
    taken = {name.lower() for name in own}
    return (*(field for field in headers if field[0].lower() not in taken), *own.items())


def _sent(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return header fields with the last event ID as it can be sent, or without it: see `_id_to_send`."""
    fields = (
        (name, _id_to_send(value) if name.lower() == "last-event-id" else value) for name, value in headers
    )
    return [(name, value) for name, value in fields if value or name.lower() != "last-event-id"]


def _id_to_send(last_event_id: str) -> str:
    """Return the value of Last-Event-ID for an ID; `""` if it has none.

    A stream may set any ID without CR, LF and NUL, but "field values containing other CTL characters are also
    invalid": such an ID is not sent. Blanks around a value are not part of it (RFC 9110, 5.5): a server never
    sees them, so they are not sent. HTTP clients differ: some raise, some send what a server refuses.
    """
    return "" if _has_control_character(last_event_id) else last_event_id.strip(" \t")


def _has_control_character(value: str) -> bool:
    # "field-content = field-vchar [ 1*( SP / HTAB / field-vchar ) field-vchar ]"
    return any((character < " " and character != "\t") or character == "\x7f" for character in value)


def _make_body(method: str, json: object, content: bytes | str | None) -> tuple[bytes | None, str | None]:
    """Return a request's body and its content type; both None if there is none.

    Raises:
        InvalidArgument: both `json` and `content`, a body that is not JSON, or one for GET or HEAD.
    """
    if json is None and content is None:
        return None, None
    if json is not None and content is not None:
        raise InvalidArgument("json", "give json or content, not both")
    if method in BODILESS_METHODS:
        name = "content" if json is None else "json"
        raise InvalidArgument(name, f'{method} requests have no body; pass method="POST"')
    if json is not None:
        # Imported when first used: most event sources send no body.
        from json import dumps

        try:
            text = dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            # Encoded inside `try`: a lone surrogate passes `dumps`, and raises a ValueError here.
            return text.encode(), "application/json"
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidArgument("json", f"cannot be written as JSON: {error}") from error
    if isinstance(content, str):
        check_text("content", content, "")
        return content.encode(), "text/plain; charset=utf-8"
    if isinstance(content, (bytes, bytearray, memoryview)):
        # A copy of what the caller may change before the request is sent again.
        return bytes(content), "application/octet-stream"
    raise InvalidArgument("content", f"expected bytes or str, not {type(content).__name__}")


def _checked_accept(accept: Iterable[str | None]) -> tuple[str | None, ...]:
    """Return the content types of `accept` as they are compared.

    Raises:
        InvalidArgument: one of them is none, or there are none.
    """
    # A single str is an iterable of its letters, which are not meant.
    types = () if isinstance(accept, (str, bytes)) or not hasattr(accept, "__iter__") else tuple(accept)
    checked = tuple(each if each is None else essence(each) for each in types if isinstance(each, str | None))
    if not types or len(checked) != len(types) or checked.count(None) != types.count(None):
        expected = 'expected content types, such as ("text/event-stream",), with None for a missing one'
        raise InvalidArgument("accept", f"{expected}, not {accept!r}")
    return checked


def classify_response(response: Response, accept: tuple[str | None, ...] = (EVENT_STREAM,)) -> ResponseKind:
    """Return what a response means, by its status and Content-Type.

    Args:
        response: its status and headers.
        accept: the content types that count, in lower case; None is a missing one.

    "if res's status is not 200, or if res's `Content-Type` is not `text/event-stream`, then fail the
    connection." But "a client can be told to stop reconnecting using the HTTP 204 No Content response
    code."
    """
    if response.status == 204:
        return ResponseKind.NO_CONTENT
    if response.status in REDIRECT_STATUSES:
        return ResponseKind.REDIRECT
    if response.status != 200:
        return ResponseKind.WRONG_STATUS
    # Parameters do not matter: `charset=latin1` changes nothing, because an event stream is always UTF-8.
    value = response.headers.get("Content-Type")
    # A field that is no content type is not a missing one.
    found = None if value is None else essence(value) or ""
    return ResponseKind.EVENT_STREAM if found in accept else ResponseKind.WRONG_CONTENT_TYPE


def response_error(
    kind: ResponseKind, response: Response, body: bytes, url: str, epoch: float | None
) -> ResponseError:
    """Return the error for a response that is not an event stream.

    Args:
        kind: what `classify_response` returned.
        response: its status and headers.
        body: the start of its body.
        url: the URL that responded.
        epoch: as in `retry_after`.
    """
    kinds = {ResponseKind.WRONG_CONTENT_TYPE: ContentTypeError, ResponseKind.REDIRECT: RedirectError}
    error = kinds.get(kind, HTTPStatusError)
    return error(response.status, response.headers, body, url, retry_after(response, epoch))


def retry_after(response: Response, epoch: float | None) -> float | None:
    """Return the seconds that Retry-After asks to wait, or None if it is missing or not understood.

    Args:
        response: the response that may have the field.
        epoch: the time, in seconds since 1970, UTC; None takes the server's own, from its Date.

    RFC 9110, 10.2.3: a number of seconds, or a date.
    """
    value = response.header("Retry-After")
    if value is None:
        return None
    # "Retry-After = HTTP-date / delay-seconds". Anything else is ignored: the policy's own delay holds.
    seconds = whole_number(value.strip(" \t"))
    if seconds is not None:
        return float(seconds)
    date = _seconds_of(value)
    # The server's own clock is better than none: it wrote both dates.
    if epoch is None:
        epoch = _seconds_of(response.header("Date") or "")
    return None if date is None or epoch is None else max(0.0, date - epoch)


def _seconds_of(date: str) -> float | None:
    """Return an HTTP date in seconds since 1970, or None if it cannot be parsed."""
    from calendar import timegm
    from email.utils import parsedate

    parts = parsedate(date)
    try:
        # RFC 9110, 5.6.7: a date in HTTP is always GMT, also if it has another zone or none.
        return None if parts is None else float(timegm(parts))
    except (ValueError, OverflowError):
        # A year like 99999, which `parsedate` accepts.
        return None


def _as_text(part: str | bytes) -> str:
    return part if isinstance(part, str) else part.decode("latin-1")


def _basic(credentials: str) -> str:
    """Return the Authorization value for `user:password` as a URL writes it. RFC 7617."""
    from binascii import b2a_base64
    from urllib.parse import unquote_to_bytes

    # Split before decoding: a user name may contain an encoded colon.
    user, _, password = credentials.partition(":")
    pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return f"Basic {b2a_base64(pair, newline=False).decode('ascii')}"


# The MIME type of a response. Content-Type may come more than once and have more than one value.
# https://fetch.spec.whatwg.org/#concept-header-extract-mime-type


def essence(content_type: str) -> str | None:
    """Return the type and subtype in lower case, without parameters; None if there is none.

    Args:
        content_type: the field's values, joined by commas.
    """
    found = None
    for value in _split_at_commas(content_type):
        # "If temporaryMimeType is failure or its essence is `*/*`, then continue." So the last valid one
        # counts.
        candidate = _essence_of_one(value)
        if candidate is not None and candidate != "*/*":
            found = candidate
    return found


def _split_at_commas(field: str) -> list[str]:
    """Split a field's values; a comma in quotes is part of a value.

    https://fetch.spec.whatwg.org/#header-value-get-decode-and-split
    """
    values = []
    start = 0
    quoted = escaped = False
    for index, character in enumerate(field):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            # A backslash in quotes: the next character is itself, also if it is a quotation mark.
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            values.append(field[start:index])
            start = index + 1
    values.append(field[start:])
    return values


def _essence_of_one(value: str) -> str | None:
    """Return the essence of one value, or None if it is not a MIME type.

    https://mimesniff.spec.whatwg.org/#parsing-a-mime-type
    """
    main, _, rest = value.strip(HTTP_WHITESPACE).partition("/")
    subtype = rest.partition(";")[0].rstrip(HTTP_WHITESPACE)
    return f"{main}/{subtype}".lower() if is_token(main) and is_token(subtype) else None
