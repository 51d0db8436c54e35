"""The header fields of the answer: framing, caches, proxies, codings."""

from __future__ import annotations

from urllib.parse import urlsplit

from ._observation import Ending, Observation, Reading
from ._rule import Needs, Rule, Seen, doubtful, good, not_seen, note, quoted, seconds, wrong

GROUP = "headers"
DAY = 86400
EXPIRES_SOON = 14
LATER = 3.0
"""Seconds in which something must come of a compressed stream."""
SURELY = 2.0
"""How often the longest silence of the plain stream these seconds are, at least."""


def _names(value: str | None) -> list[str]:
    return [part.strip().lower() for part in (value or "").split(",") if part.strip()]


def _framing(seen: Observation) -> Seen:
    length = seen.first.header("Content-Length")
    coding = seen.first.header("Transfer-Encoding")
    if length is not None:
        told = f"Content-Length: {quoted(length)}: "
        if seen.first.ending is Ending.ENDED:
            return doubtful(f"{told}the whole stream was known before its first byte was sent")
        return wrong(f"{told}a stream has no length before it has ended")
    if "chunked" in _names(coding):
        return good("chunked: a cut can be told from an end")
    return doubtful("neither chunked nor a length: a cut looks like an end")


def _cache_control(seen: Observation) -> Seen:
    value = seen.first.header("Cache-Control")
    if value is None:
        return doubtful("no Cache-Control")
    directives = {name.partition("=")[0] for name in _names(value)}
    if directives & {"no-store", "no-cache"}:
        more = (
            "" if "no-transform" in directives else "; no-transform would also keep proxies from compressing"
        )
        return good(f"{value}{more}")
    ages = [
        name.partition("=")[2].strip('"') for name in _names(value) if "max-age" in name or "s-maxage" in name
    ]
    if any(age.isdigit() and int(age) > 0 for age in ages):
        return wrong(f"{quoted(value)}: a cache may give the same stream to others")
    return doubtful(quoted(value))


def _cached(seen: Observation) -> Seen | None:
    age = (seen.first.header("Age") or "").strip()
    if age.isdigit() and int(age) > 0:
        return wrong(f"Age: {age}: what came is {age} seconds old, and from a cache")
    for name in ("X-Cache", "X-Cache-Status", "CF-Cache-Status", "X-Proxy-Cache"):
        value = seen.first.header(name)
        if value is not None and "hit" in value.lower():
            return wrong(f"{name}: {quoted(value)}: from a cache")
    return None


def _accelerated(seen: Observation) -> Seen:
    value = seen.first.header("X-Accel-Buffering")
    if value is not None:
        return good("no") if value.strip().lower() == "no" else wrong(quoted(value))
    if "nginx" in (seen.first.header("Server") or "").lower():
        return not_seen("nginx answers, and keeps this field to itself; see held-back")
    return doubtful("no X-Accel-Buffering: behind nginx, events may wait until 4 KiB are full")


def _coding(seen: Observation) -> Seen | None:
    value = seen.first.header("Content-Encoding")
    if value is None or _names(value) == ["identity"]:
        return good("none, as asked") if seen.first.is_stream else None
    return wrong(f"{quoted(value)}, to a request with 'Accept-Encoding: identity'")


def _compressed(seen: Observation) -> Seen | None:
    reading = seen.compressed
    if reading is None or not reading.is_stream:
        return None
    value = reading.header("Content-Encoding")
    if value is None or _names(value) == ["identity"]:
        return good("not compressed for browsers either")
    if not reading.pieces:
        return _nothing_came(seen, reading, f"{quoted(value)}: ")
    vary = _names(seen.first.header("Vary")) + _names(reading.header("Vary"))
    if "accept-encoding" not in vary and "*" not in vary:
        return doubtful(
            f"{quoted(value)}, flushed, but without 'Vary: Accept-Encoding'", "Send 'Vary: Accept-Encoding'."
        )
    return good(f"{quoted(value)}, and what is sent comes at once")


def _nothing_came(seen: Observation, reading: Reading, told: str) -> Seen:
    """Judge a compressed stream of which nothing came: held back, or was there nothing to say?"""
    waited = reading.ended_at - (reading.head_at or 0.0)
    silence = max((each.seconds for each in seen.first.stream.silences), default=0.0)
    if not seen.first.pieces or waited < max(LATER, SURELY * silence):
        return not_seen(f"{told}nothing came in {seconds(waited)}, which may be chance")
    return wrong(
        f"{told}nothing came in {seconds(waited)}, where uncompressed no silence was over {seconds(silence)}"
    )


def _proxies(seen: Observation) -> Seen | None:
    names = ("Via", "X-Cache", "X-Served-By", "CF-Ray", "X-Amz-Cf-Id", "X-Varnish")
    told = [f"{name}: {quoted(value)}" for name in names if (value := seen.first.header(name)) is not None]
    return note(", ".join(told)) if told else None


def _cors(seen: Observation) -> Seen | None:
    origin = seen.first.header("Access-Control-Allow-Origin")
    credentials = (seen.first.header("Access-Control-Allow-Credentials") or "").strip().lower()
    if origin is None:
        return None
    if origin.strip() == "*" and credentials == "true":
        return doubtful("'*' together with Access-Control-Allow-Credentials, which browsers refuse")
    return note(f"Access-Control-Allow-Origin: {quoted(origin)}")


def _connections(seen: Observation) -> Seen | None:
    host = urlsplit(seen.first.hops[-1].request.url).hostname or ""
    if host == "localhost" or host.startswith("127.") or host == "::1":
        return None
    return note(
        "asked by HTTP/1.1, in which a browser has six connections to an origin, over all"
        " its tabs; HTTP/2 has one for many streams"
    )


def _encrypted(seen: Observation) -> Seen | None:
    place = urlsplit(seen.first.hops[-1].request.url)
    host = place.hostname or ""
    if place.scheme == "https" or host == "localhost" or host.startswith("127.") or host == "::1":
        return None
    return note("http: proxies on the way may buffer what they can read; https passes through")


def _certificate(seen: Observation) -> Seen | None:
    ends = seen.first.certificate_ends
    if ends is None:
        return None
    days = (ends - seen.epoch) / DAY
    return (doubtful if days < EXPIRES_SOON else good)(f"ends in {days:.0f} days")


RULES = (
    Rule(
        "framing",
        GROUP,
        "Chunked, without a Content-Length.",
        "RFC 9112, 6.1 to 6.3 and 8; RFC 9110, 8.6",
        "Leave Content-Length out, and let the server send chunks (HTTP/1.1).",
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
        "Send 'Cache-Control: no-store', and keep the cache from this path.",
        _cached,
    ),
    Rule(
        "x-accel-buffering",
        GROUP,
        "no.",
        "practice: nginx buffers without X-Accel-Buffering: no",
        "Send 'X-Accel-Buffering: no'; it costs nothing where there is no nginx.",
        _accelerated,
    ),
    Rule(
        "content-encoding",
        GROUP,
        "None, where none is asked for.",
        "RFC 9110, 12.5.3",
        "Leave text/event-stream out of what is compressed.",
        _coding,
        Needs.ANSWER,
    ),
    Rule(
        "compression",
        GROUP,
        "Where browsers get a compressed stream, each event is flushed.",
        "RFC 9110, 8.4 and 12.5.3; practice: compressing middleware waits for more",
        "Flush the compressor with each event, or leave text/event-stream out of what is compressed.",
        _compressed,
    ),
    Rule("proxies", GROUP, "Told: what is on the way.", "RFC 9110, 7.6.3", "", _proxies),
    Rule(
        "cors",
        GROUP,
        "Told: which origins may read it.",
        "Fetch, CORS protocol",
        "Name the origin, instead of '*'.",
        _cors,
    ),
    Rule(
        "connections",
        GROUP,
        "Told: six connections to an origin.",
        "WHATWG HTML 9.2.7",
        "",
        _connections,
    ),
    Rule("encryption", GROUP, "Told: http lets proxies interfere.", "WHATWG HTML 9.2.7", "", _encrypted),
    Rule(
        "certificate",
        GROUP,
        f"Good for {EXPIRES_SOON} days and more.",
        "practice: a stream that cannot reconnect is found out late",
        "Renew it.",
        _certificate,
    ),
)
