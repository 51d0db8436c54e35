"""URLs: made fit for a request, resolved at a redirect, compared by origin.

`urllib.parse` is imported when first used: those who only parse bytes need not pay for it.
"""

from __future__ import annotations

from ._checks import check_text
from ._errors import InvalidArgument

DEFAULT_PORTS = {"http": 80, "https": 443}
# What may stand in an IPv6 address, and in a host's name (RFC 3986, 3.2.2, without percent-encoding).
ADDRESS_MARKS = "0123456789abcdef:."
HOST_MARKS = "abcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;="
LONGEST_LABEL = 63
# What may stand in a URL without being percent-encoded, "%" included: it is encoded already.
UNTOUCHED = "%/:=&?~+!$,;'@()*[]#"


def split_credentials(url: str) -> tuple[str, str | None]:
    """Return a URL ready for a request (absolute, ASCII, no fragment), and the credentials it named.

    Raises:
        InvalidArgument: not a URL, or not of http or https.
    """
    from urllib.parse import quote, urlsplit, urlunsplit

    check_text("url", url, "\r\n\0")
    shown = _without_credentials(url)
    try:
        parts = urlsplit(url.strip(" "))
        host = parts.hostname
        port = parts.port
    except ValueError as error:
        raise InvalidArgument("url", f"{shown} is not a URL: {error}") from error
    if parts.scheme not in DEFAULT_PORTS:
        raise InvalidArgument("url", f"{shown} does not begin with http:// or https://")
    if not host:
        raise InvalidArgument("url", f"{shown} names no host")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise InvalidArgument("url", f"{shown} has no valid host name: {error}") from error
    before, bracket, behind = parts.netloc.rpartition("@")[2].rpartition("]")
    is_address = bool(bracket)
    misplaced = is_address and not (before.startswith("[") and behind[:1] in {"", ":"})
    marks = ADDRESS_MARKS if is_address else HOST_MARKS
    # RFC 1035, 2.3.4: no resolver takes an empty label or a longer one.
    labels = [] if is_address else host.removesuffix(".").split(".")
    unusable = any(not 1 <= len(label) <= LONGEST_LABEL for label in labels)
    if misplaced or unusable or not all(character in marks for character in host):
        raise InvalidArgument("url", f"{shown} has no valid host name")
    place = f"[{host}]" if is_address else host
    if port is not None:
        place = f"{place}:{port}"
    path = quote(parts.path, safe=UNTOUCHED) or "/"
    query = quote(parts.query, safe=UNTOUCHED)
    credentials = parts.netloc.rpartition("@")[0] or None
    return urlunsplit((parts.scheme, place, path, query, "")), credentials


def resolve(base: str, location: str) -> str:
    """Return where a redirect from `base` leads. Credentials named there are dropped: they are not ours.

    Args:
        base: the URL that answered.
        location: the Location field, decoded as ISO-8859-1 as all header fields are.

    Raises:
        InvalidArgument: not a URL, or not of http or https.
    """
    from urllib.parse import quote, urljoin

    # Octets outside ASCII are most often UTF-8; percent-encoded they are right whatever they are.
    ascii_location = quote(location.encode("latin-1", "replace"), safe=UNTOUCHED)
    try:
        target = urljoin(base, ascii_location)
    except ValueError as error:
        raise InvalidArgument("url", f"{_without_credentials(location)} is not a URL: {error}") from error
    return split_credentials(target)[0]


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port: two URLs are of one origin if these are equal.

    https://html.spec.whatwg.org/multipage/browsers.html#same-origin
    """
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    return parts.scheme, parts.hostname or "", port


def _without_credentials(url: str) -> str:
    """Quote a URL for an error, which people will log, without the password it may hold."""
    before, at, behind = url.rpartition("@")
    scheme, slashes, _ = before.partition("//")
    return repr(f"{scheme if slashes else ''}{slashes}…@{behind}" if at else url)
