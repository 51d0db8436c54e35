"""Writing an HTTP/1.1 request (RFC 9112, 3), also one to a proxy."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import unquote, urlsplit, urlunsplit

import sse_core
from sse_core import Request

PROXY_AUTHORIZATION = "Proxy-Authorization"

FRAMING = frozenset({"content-length", "transfer-encoding"})
"""Fields that say where the body ends. The caller's are not sent: wrong ones, as those of a request that is
passed on may be, would make the rest of the body the next request of the connection."""

METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
"""Methods that say `Content-Length: 0` if there is no body (RFC 9110, 8.6)."""

Fields = list[tuple[str, str]]


def request_target(request: Request, proxy: str | None) -> tuple[str, Fields]:
    """Return the target and the header fields of a request.

    Args:
        request: what to send.
        proxy: the URL of the proxy, or None. A request to an https URL goes through a tunnel instead.
    """
    url, body = urlsplit(request.url), request.body
    target = urlunsplit(("", "", url.path or "/", url.query, ""))
    fields = [field for field in request.headers if field[0].lower() not in FRAMING]
    if proxy is not None:
        # For the proxy: the server does not get it.
        fields = [field for field in fields if field[0].title() != PROXY_AUTHORIZATION]
        if url.scheme == "http":
            # Not a tunnel, which proxies often refuse for port 80.
            target = f"http://{url.netloc}{target}"
            fields += proxy_credentials(request, proxy)
    if request.header("Host") is None:
        fields.insert(0, ("Host", url.netloc))
    if request.header("User-Agent") is None and "user-agent" not in request.withheld:
        fields.append(("User-Agent", f"sse-core/{sse_core.__version__}"))
    if body is not None or request.method in METHODS_WITH_BODY:
        fields.append(("Content-Length", str(len(body or b""))))
    return target, fields


def proxy_credentials(request: Request, proxy: str) -> Fields:
    """Return the header with the proxy's user and password. The caller's own header wins."""
    own = request.header(PROXY_AUTHORIZATION)
    if own is not None:
        return [(PROXY_AUTHORIZATION, own)]
    credentials, separator, _ = urlsplit(proxy).netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    basic = b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    return [(PROXY_AUTHORIZATION, f"Basic {basic}")] if separator else []


def encode_head(method: str, target: str, fields: list[tuple[bytes, bytes]]) -> bytes:
    """Return the request line and the header fields as they are sent, with the empty line."""
    lines = [f"{method} {target} HTTP/1.1".encode("ascii"), *(b"%b: %b" % field for field in fields)]
    return b"\r\n".join(lines) + b"\r\n\r\n"
