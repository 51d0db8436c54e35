"""URLs: prepared for a request, resolved at a redirect, compared by origin.

`urllib.parse` is imported when first used: a program that only parses bytes does not pay for it.
"""

from __future__ import annotations

from ._checks import check_text
from ._errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Param = str | int | float | bool | None
    Params = Mapping[str, Param | Sequence[Param]] | Iterable[tuple[str, Param]]

DEFAULT_PORTS = {"http": 80, "https": 443}

# What an IPv6 address is made of, and a host's name (RFC 3986, 3.2.2, without percent-encoding).
ADDRESS_CHARACTERS = "0123456789abcdef:."
HOST_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;="

# RFC 1035, 2.3.4: no resolver accepts an empty label of a name, or a longer one.
MAX_LABEL_LENGTH = 63

# What is not percent-encoded in a path or a query. "%" is one of these: the caller, or the server, has
# encoded what follows it.
UNTOUCHED = "%/:=&?~+!$,;'@()*[]#"


def split_credentials(url: str) -> tuple[str, str | None]:
    """Return a URL ready for a request (absolute, ASCII, no fragment), and `user:password` of it or None.

    Raises:
        InvalidArgument: not a URL, or not of http or https.
    """
    from urllib.parse import quote, urlsplit, urlunsplit

    # `urlsplit` removes CR and LF, which may be an attempt to smuggle in a header.
    check_text("url", url, "\r\n\0")
    shown = _without_credentials(url)
    try:
        parts = urlsplit(url.strip(" "))
        host = parts.hostname
        # Parsed when it is asked for: raises if it is not a number from 0 to 65535.
        port = parts.port
    except ValueError as error:
        raise InvalidArgument("url", f"{shown} is not a URL: {error}") from error
    if parts.scheme not in DEFAULT_PORTS:
        raise InvalidArgument("url", f"{shown} {_wrong_scheme(url, parts.scheme)}")
    if not host:
        raise InvalidArgument("url", f"{shown} has no host")
    credentials, _, place = parts.netloc.rpartition("@")
    host = _checked_host(host, place, shown)
    if port is not None:
        host = f"{host}:{port}"
    # Other characters are written in UTF-8 and percent-encoded, as a browser does.
    path = quote(parts.path, safe=UNTOUCHED) or "/"
    query = quote(parts.query, safe=UNTOUCHED)
    return urlunsplit((parts.scheme, host, path, query, "")), credentials or None


def with_params(url: str, params: Params | None) -> str:
    """Return a URL, as `split_credentials` returns it, with these parameters after those of its query.

    Encoded as httpx does: a list repeats the name; None, True and False become empty, `true` and `false`.

    Raises:
        InvalidArgument: they are of another kind.
    """
    if params is None:
        return url
    from urllib.parse import urlencode

    pairs: list[tuple[str, str]] = []
    try:
        items = list(params.items() if hasattr(params, "items") else params)
        for name, value in items:
            values = value if isinstance(value, (list, tuple)) else [value]
            pairs += [(name, _param(name, each)) for each in values]
            check_text("params", name, "")
    except (TypeError, ValueError) as error:
        if isinstance(error, InvalidArgument):
            raise
        raise InvalidArgument("params", f"expected a mapping or pairs, not {type(params).__name__}") from None
    if not pairs:
        return url
    separator = "&" if "?" in url else "?"
    if url.endswith(("?", "&")):
        separator = ""
    return f"{url}{separator}{urlencode(pairs)}"


def _param(name: str, value: Param) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        check_text("params", value, "")
    elif not isinstance(value, (int, float)):
        raise InvalidArgument("params", f"{name!r} is a {type(value).__name__}: expected text or a number")
    return str(value)


def _wrong_scheme(url: str, scheme: str) -> str:
    """Return what is wrong with a URL whose scheme is not http or https, and what to do."""
    # Requests' extension for Unix sockets, and its like.
    if scheme.endswith("+unix") or scheme == "unix":
        return (
            "names a Unix socket, which needs a transport with an HTTP client of your own that connects to"
            " it: the URL then begins with http://localhost/"
        )
    if "://" not in url:
        return "is not complete: give the whole URL, with http:// or https://"
    return "does not begin with http:// or https://"


def _checked_host(host: str, place: str, shown: str) -> str:
    """Return a host as it is written in a request's URL: in ASCII, an IPv6 address in brackets.

    Args:
        host: what `urlsplit` found, in lower case, without brackets.
        place: the host and port as the URL writes them, in which brackets may be misplaced.
        shown: the URL for an error.
    """
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise InvalidArgument("url", f"{shown} has no valid host name: {error}") from error
    # `urlsplit` finds an address in brackets wherever they are, and ignores what is around them: such a
    # request would go to another host than the one that is written there.
    before, bracket, after = place.rpartition("]")
    if bracket:
        # `before` is all of it up to the last bracket; after that only a port may follow.
        valid = before.startswith("[") and after[:1] in {"", ":"} and not set(host) - set(ADDRESS_CHARACTERS)
    else:
        # A dot at the end is valid: the name is absolute, and not searched for in a local domain.
        valid = all(1 <= len(label) <= MAX_LABEL_LENGTH for label in host.removesuffix(".").split("."))
        valid = valid and not set(host) - set(HOST_CHARACTERS)
    if not valid:
        raise InvalidArgument("url", f"{shown} has no valid host name")
    return f"[{host}]" if bracket else host


def resolve(base: str, location: str) -> str:
    """Return the URL that a redirect leads to. Credentials in it are dropped: the server wrote them.

    Args:
        base: the URL that responded.
        location: the Location field, decoded as ISO-8859-1 as all header fields are.

    Raises:
        InvalidArgument: not a URL, or not of http or https.
    """
    from urllib.parse import quote, urljoin

    # Bytes outside ASCII are most often UTF-8. Percent-encoded they stay what they are in any encoding.
    ascii_location = quote(location.encode("latin-1", "replace"), safe=UNTOUCHED)
    try:
        target = urljoin(base, ascii_location)
    except ValueError as error:
        raise InvalidArgument("url", f"{_without_credentials(location)} is not a URL: {error}") from error
    return split_credentials(target)[0]


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port: two URLs have the same origin if these are equal.

    https://html.spec.whatwg.org/multipage/browsers.html#same-origin
    """
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    # Port 0 is a port, although it is false.
    port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    return parts.scheme, parts.hostname or "", port


def _without_credentials(url: str) -> str:
    """Quote a URL for an error, which may be logged, without the password in it."""
    # Also of what is not a URL, such as `user:password@host` without a scheme.
    before, at, after = url.rpartition("@")
    scheme, slashes, _ = before.partition("//")
    return repr(f"{scheme if slashes else ''}{slashes}…@{after}" if at else url)
