"""Rules about response headers: framing, caches, proxies, content encoding."""

from __future__ import annotations

from urllib.parse import urlsplit

from .._units import seconds_text
from ._observation import Ending, Observation, Reading
from ._rule import Needs, Result, Rule, failed, info, passed, quoted, skipped, warning

GROUP = "headers"
DAY = 86400
EXPIRES_SOON = 14
MIN_WAIT = 3.0
"""Seconds in which a compressed stream should deliver something."""
MIN_WAIT_FACTOR = 2.0
"""The wait must also be so many times the longest silence of the uncompressed stream."""


def _tokens(value: str | None) -> list[str]:
    return [part.strip().lower() for part in (value or "").split(",") if part.strip()]


def _framing(observed: Observation) -> Result:
    length = observed.first.header("Content-Length")
    if length is not None:
        evidence = f"Content-Length: {quoted(length)}: "
        if observed.first.ending is Ending.ENDED:
            return warning(f"{evidence}the whole stream was known before its first byte was sent")
        return failed(f"{evidence}a stream that has not ended has no length")
    if "chunked" in _tokens(observed.first.header("Transfer-Encoding")):
        return passed("chunked: clients can distinguish a dropped connection from an end")
    return warning("neither chunked nor a length: a dropped connection looks like an end")


def _cache_control(observed: Observation) -> Result:
    value = observed.first.header("Cache-Control")
    if value is None:
        return warning("no Cache-Control")
    directives = {name.partition("=")[0] for name in _tokens(value)}
    if directives & {"no-store", "no-cache"}:
        hint = (
            "" if "no-transform" in directives else "; no-transform would also keep proxies from compressing"
        )
        return passed(f"{value}{hint}")
    ages = [
        name.partition("=")[2].strip('"')
        for name in _tokens(value)
        if "max-age" in name or "s-maxage" in name
    ]
    if any(age.isdigit() and int(age) > 0 for age in ages):
        return failed(f"{quoted(value)}: a cache may send the same stream to other clients")
    return warning(quoted(value))


def _cached(observed: Observation) -> Result | None:
    age = (observed.first.header("Age") or "").strip()
    if age.isdigit() and int(age) > 0:
        return failed(f"Age: {age}: the response is {age} seconds old, and from a cache")
    for name in ("X-Cache", "X-Cache-Status", "CF-Cache-Status", "X-Proxy-Cache"):
        value = observed.first.header(name)
        if value is not None and "hit" in value.lower():
            return failed(f"{name}: {quoted(value)}: from a cache")
    return None


def _x_accel_buffering(observed: Observation) -> Result:
    value = observed.first.header("X-Accel-Buffering")
    if value is not None:
        return passed("no") if value.strip().lower() == "no" else failed(quoted(value))
    if "nginx" in (observed.first.header("Server") or "").lower():
        return skipped("nginx removes this header from its responses; see the check 'buffering'")
    return warning("no X-Accel-Buffering: nginx may hold events back until 4 KiB are full")


def _content_encoding(observed: Observation) -> Result | None:
    value = observed.first.header("Content-Encoding")
    if value is None or _tokens(value) == ["identity"]:
        return passed("none, as requested") if observed.first.is_stream else None
    return failed(f"{quoted(value)} for a request with 'Accept-Encoding: identity'")


def _compression(observed: Observation) -> Result | None:
    reading = observed.compressed
    if reading is None or not reading.is_stream:
        return None
    value = reading.header("Content-Encoding")
    if value is None or _tokens(value) == ["identity"]:
        return passed("not compressed for browsers either")
    if not reading.chunks:
        return _nothing_came(observed, reading, quoted(value))
    vary = _tokens(observed.first.header("Vary")) + _tokens(reading.header("Vary"))
    if "accept-encoding" not in vary and "*" not in vary:
        return warning(
            f"{quoted(value)}, flushed, but without 'Vary: Accept-Encoding'", "Send 'Vary: Accept-Encoding'."
        )
    return passed(f"{quoted(value)}, and events come at once")


def _nothing_came(observed: Observation, reading: Reading, encoding: str) -> Result:
    """Judge a compressed stream without data: is it buffered, or was there nothing to send?"""
    waited = reading.ended_at - (reading.headers_at or 0.0)
    silence = max((each.seconds for each in observed.first.stream.silences), default=0.0)
    evidence = f"{encoding}: nothing came in {seconds_text(waited)}"
    if not observed.first.chunks or waited < max(MIN_WAIT, MIN_WAIT_FACTOR * silence):
        return skipped(f"{evidence}, which may be chance")
    return failed(f"{evidence}; uncompressed, no silence was over {seconds_text(silence)}")


def _proxies(observed: Observation) -> Result | None:
    names = ("Via", "X-Cache", "X-Served-By", "CF-Ray", "X-Amz-Cf-Id", "X-Varnish")
    found = [
        f"{name}: {quoted(value)}" for name in names if (value := observed.first.header(name)) is not None
    ]
    return info(", ".join(found)) if found else None


def _cors(observed: Observation) -> Result | None:
    origin = observed.first.header("Access-Control-Allow-Origin")
    credentials = (observed.first.header("Access-Control-Allow-Credentials") or "").strip().lower()
    if origin is None:
        return None
    if origin.strip() == "*" and credentials == "true":
        return warning("'*' together with Access-Control-Allow-Credentials, which browsers refuse")
    return info(f"Access-Control-Allow-Origin: {quoted(origin)}")


def _is_local(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _connections(observed: Observation) -> Result | None:
    if _is_local(urlsplit(observed.first.hops[-1].request.url).hostname or ""):
        return None
    return info(
        "requested over HTTP/1.1, with which a browser opens at most six connections to an origin, in all"
        " tabs together; HTTP/2 carries many streams in one connection"
    )


def _encryption(observed: Observation) -> Result | None:
    url = urlsplit(observed.first.hops[-1].request.url)
    if url.scheme == "https" or _is_local(url.hostname or ""):
        return None
    return info("http: proxies may buffer a stream that they can read; they pass https through")


def _certificate(observed: Observation) -> Result | None:
    expires = observed.first.certificate_expires
    if expires is None:
        return None
    days = (expires - observed.epoch) / DAY
    return (warning if days < EXPIRES_SOON else passed)(f"expires in {days:.0f} days")


RULES = (
    Rule(
        "framing",
        GROUP,
        "Chunked, without a Content-Length.",
        "RFC 9112, 6.1 to 6.3 and 8; RFC 9110, 8.6",
        "Remove Content-Length, and let the server send chunks (HTTP/1.1).",
        _framing,
    ),
    Rule(
        "cache-control",
        GROUP,
        "no-store or no-cache.",
        "RFC 9111, 5.2.2",
        "Send 'Cache-Control: no-store, no-transform'.",
        _cache_control,
    ),
    Rule(
        "cached",
        GROUP,
        "Not from a cache.",
        "RFC 9111, 5.1",
        "Send 'Cache-Control: no-store', and exclude this path from the cache.",
        _cached,
    ),
    Rule(
        "x-accel-buffering",
        GROUP,
        "no.",
        "practice: nginx buffers without X-Accel-Buffering: no",
        "Send 'X-Accel-Buffering: no'; it does no harm without nginx.",
        _x_accel_buffering,
    ),
    Rule(
        "content-encoding",
        GROUP,
        "None, if none was requested.",
        "RFC 9110, 12.5.3",
        "Exclude text/event-stream from compression.",
        _content_encoding,
        Needs.RESPONSE,
    ),
    Rule(
        "compression",
        GROUP,
        "If browsers get a compressed stream, each event is flushed.",
        "RFC 9110, 8.4 and 12.5.3; practice: compressing middleware waits for more data",
        "Flush the compressor after each event, or exclude text/event-stream from compression.",
        _compression,
    ),
    Rule("proxies", GROUP, "Info: proxies on the way.", "RFC 9110, 7.6.3", "", _proxies),
    Rule(
        "cors",
        GROUP,
        "Info: which origins may read the stream.",
        "Fetch, CORS protocol",
        "Name the origin instead of '*'.",
        _cors,
    ),
    Rule(
        "connections",
        GROUP,
        "Info: browsers open six connections to an origin.",
        "WHATWG HTML 9.2.7",
        "",
        _connections,
    ),
    Rule(
        "encryption", GROUP, "Info: with http, proxies can interfere.", "WHATWG HTML 9.2.7", "", _encryption
    ),
    Rule(
        "certificate",
        GROUP,
        f"Valid for at least {EXPIRES_SOON} days.",
        "practice: an expired certificate shows only when clients reconnect",
        "Renew it.",
        _certificate,
    ),
)
