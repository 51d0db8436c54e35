"""For each rule, the expected result with servers that comply, that do not, and with nothing to judge."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from sse_core import ReadError
from sse_transports.cli.checks._observation import Ending, Observation, Reading
from sse_transports.cli.checks._rule import Verdict
from tests.cli.checks.samples import (
    EVENTS,
    GOOD_CHUNKS,
    URL,
    good,
    named,
    reading,
    spaced,
    stream,
    with_headers,
)

PASS, FAIL, WARN = Verdict.PASS, Verdict.FAIL, Verdict.WARN
SKIP, INFO = Verdict.SKIP, Verdict.INFO

DAY = 86400


class Case(NamedTuple):
    """An observation, the expected verdict (None if the rule does not apply), and a part of its evidence."""

    observed: Observation
    verdict: Verdict | None
    evidence: str = ""


def first(one: Reading, *, method: str = "GET") -> Observation:
    return Observation(URL, method=method, first=one)


def status(number: int, **headers: str | None) -> Observation:
    return first(reading([], status=number, headers=named(headers)))


def redirected(*via: tuple[str, str, int], method: str = "GET") -> Observation:
    return first(reading(redirects=via), method=method)


def timed(
    *chunks: tuple[float, bytes], ending: Ending = Ending.STOPPED, ended_at: float | None = None
) -> Observation:
    return first(reading(chunks, ending=ending, ended_at=ended_at))


def resumed(*chunks: bytes, status: int = 200) -> Observation:
    observed = good()
    observed.resumed = reading(spaced(*chunks) if chunks else [], status=status, last_event_id="8")
    return observed


def no_response(ending: Ending) -> Observation:
    """Return a good observation whose resuming requests got no response."""
    observed = good()
    observed.resumed = reading([], headers_at=None, ending=ending, last_event_id="8")
    observed.resumed_earlier = reading([], headers_at=None, ending=ending, last_event_id="3")
    observed.unknown_id = reading([], headers_at=None, ending=ending, last_event_id="no-such")
    return observed


def resumed_earlier(*chunks: bytes, status: int = 200) -> Observation:
    observed = good()
    observed.resumed_earlier = reading(spaced(*chunks) if chunks else [], status=status, last_event_id="3")
    return observed


def unknown_id(status: int, ending: Ending = Ending.STOPPED) -> Observation:
    observed = good()
    observed.unknown_id = reading([], status=status, ending=ending, last_event_id="no-such")
    return observed


def compressed(one: Reading) -> Observation:
    observed = good()
    observed.compressed = one
    return observed


def silent_gzip(seconds: float) -> Reading:
    """Return a compressed response without any data for so long."""
    return reading([], headers={"content-encoding": "gzip"}, headers_at=0.0, ended_at=seconds)


def any_type(one: Reading, **headers: str | None) -> Observation:
    return Observation(URL, first=reading(headers=named(headers)), any_type=one)


def reconnect_after_end(*, status: int = 200, body: bytes = b"data: 1\n\n") -> Observation:
    chunks = spaced(b"data: 1\n\n")
    return Observation(
        URL, first=reading(chunks, ending=Ending.ENDED), resumed=reading([(0.1, body)], status=status)
    )


LONG_EVENT = b"data: " + b"x" * 2000 + b"\n\n"
PINGS = [b": ping - 2026-01-01 10:00:%02d.000000+00:00\n\n" % second for second in (0, 15, 30)]


def buffered(*sizes: int, by: float = 0.3) -> Sequence[tuple[float, bytes]]:
    """Return large events in chunks of these sizes, and the rest of the last one."""
    body = LONG_EVENT * 9
    ends = list(accumulate(sizes))
    rest = body[ends[-1] : body.index(b"\n\n", ends[-1]) + 2]
    chunks = [body[end - size : end] for end, size in zip(ends, sizes, strict=True)]
    return spaced(*chunks, rest, by=by)


CASES: dict[str, list[Case]] = {
    "response-headers": [
        Case(
            first(reading([], headers_at=None, ended_at=10.0, ending=Ending.NO_RESPONSE)),
            FAIL,
            "no response headers within 10 s",
        ),
        Case(
            first(reading([], headers_at=None, ended_at=0.5, ending=Ending.NO_RESPONSE)),
            WARN,
            "wait longer with --for",
        ),
        Case(first(reading([], headers_at=None, ending=Ending.FAILED)), None),
        Case(good(), None),
    ],
    "status": [
        Case(good(), PASS, "200"),
        Case(status(204), WARN, "204"),
        Case(status(503, retry_after="5"), FAIL, "503, Retry-After: 5"),
        Case(status(404), FAIL, "404"),
        Case(status(302, location="ftp://example.com/"), FAIL, "302 to 'ftp://example.com/'"),
        Case(status(302), FAIL, "without a Location"),
    ],
    "content-type": [
        Case(good(), PASS),
        Case(with_headers(content_type="text/event-stream; charset=utf-8"), PASS),
        Case(with_headers(content_type="application/json"), FAIL, "'application/json'"),
        Case(with_headers(content_type=None), FAIL, "no Content-Type"),
        Case(status(404, content_type="text/html"), None),
    ],
    "charset": [
        Case(good(), None),
        Case(with_headers(content_type='text/event-stream; charset="UTF-8"'), PASS),
        Case(with_headers(content_type="text/event-stream;charset=latin1"), FAIL, "latin1"),
    ],
    "redirects": [
        Case(good(), None),
        Case(redirected(("GET", f"{URL}/", 302)), INFO, "302 to"),
        Case(redirected(("GET", f"{URL}/", 301)), INFO, "do not remember"),
        Case(redirected(("GET", f"{URL}/", 302), ("GET", f"{URL}//", 307)), WARN, "302, 307"),
        Case(redirected(("GET", "https://example.com/feed", 307)), WARN, "another origin"),
        Case(redirected(("GET", "http://stream.example.com/feed", 307)), WARN, "another origin"),
        Case(redirected(("POST", f"{URL}/", 302), method="POST"), FAIL, "became a GET"),
        Case(
            first(reading(url="http://stream.example.com/feed", redirects=[("GET", URL, 302)])),
            FAIL,
            "https to http",
        ),
        Case(
            first(
                reading(url="http://example.com/feed", redirects=[("GET", URL, 302), ("GET", f"{URL}/", 302)])
            ),
            FAIL,
            "https to http",
        ),
    ],
    "http-version": [Case(good(), PASS, "HTTP/1.1"), Case(first(reading(version=10)), WARN, "HTTP/1.0")],
    "accept": [
        Case(good(), PASS),
        Case(with_headers(), None),
        Case(any_type(reading([], status=406)), WARN, "406"),
        Case(any_type(reading([], headers={"content-type": "text/html"})), WARN, "'text/html'"),
        Case(
            any_type(reading([], headers={"content-type": "text/html"}), vary="Origin, Accept"), INFO, "Vary"
        ),
        Case(any_type(reading([], headers_at=None, ending=Ending.FAILED)), None),
    ],
    "framing": [
        Case(good(), PASS),
        Case(with_headers(transfer_encoding=None), WARN, "a dropped connection looks like an end"),
        Case(with_headers(transfer_encoding=None, content_length="812"), FAIL, "'812'"),
        Case(with_headers(content_length="812"), FAIL, "'812'"),
        Case(
            first(reading(ending=Ending.ENDED, headers={"content-length": "812"})),
            WARN,
            "known before its first byte",
        ),
    ],
    "cache-control": [
        Case(good(), PASS, "no-store"),
        Case(with_headers(cache_control="no-cache, no-transform"), PASS),
        Case(with_headers(cache_control=None), WARN, "no Cache-Control"),
        Case(with_headers(cache_control="private"), WARN, "private"),
        Case(with_headers(cache_control="max-age=0"), WARN, "max-age=0"),
        Case(with_headers(cache_control="public, max-age=60"), FAIL, "max-age=60"),
        Case(with_headers(cache_control="no-cache, max-age=60"), PASS),
    ],
    "cached": [
        Case(good(), None),
        Case(with_headers(age="0"), None),
        Case(with_headers(age="17"), FAIL, "17 seconds old"),
        Case(with_headers(x_cache="HIT from edge"), FAIL, "X-Cache"),
        Case(with_headers(x_cache="MISS"), None),
    ],
    "x-accel-buffering": [
        Case(good(), PASS),
        Case(with_headers(x_accel_buffering="yes"), FAIL, "yes"),
        Case(with_headers(x_accel_buffering=None), WARN, "nginx may hold"),
        Case(with_headers(x_accel_buffering=None, server="nginx/1.26"), SKIP, "nginx removes"),
    ],
    "content-encoding": [
        Case(good(), PASS),
        Case(with_headers(content_encoding="identity"), PASS),
        Case(with_headers(content_encoding="gzip"), FAIL, "gzip"),
        Case(status(404), None),
    ],
    "compression": [
        Case(good(), PASS, "not compressed"),
        Case(with_headers(), None),
        Case(compressed(silent_gzip(5.0)), FAIL, "nothing came in 5 s; uncompressed, no silence"),
        Case(compressed(silent_gzip(2.9)), SKIP, "chance"),
        # The uncompressed stream was as quiet, so this proves nothing.
        Case(Observation(URL, first=reading(spaced(*EVENTS, by=3.0)), compressed=silent_gzip(5.0)), SKIP),
        Case(Observation(URL, first=reading([]), compressed=silent_gzip(5.0)), SKIP),
        Case(compressed(reading(headers={"content-encoding": "gzip"})), WARN, "Vary: Accept-Encoding"),
        Case(
            compressed(reading(headers={"content-encoding": "gzip", "vary": "Accept-Encoding"})),
            PASS,
            "at once",
        ),
    ],
    "proxies": [Case(good(), None), Case(with_headers(via="1.1 varnish"), INFO, "Via: '1.1 varnish'")],
    "cors": [
        Case(good(), None),
        Case(with_headers(access_control_allow_origin="*"), INFO, "'*'"),
        Case(with_headers(access_control_allow_origin="*", access_control_allow_credentials="true"), WARN),
    ],
    "connections": [
        Case(good(), INFO, "six connections"),
        Case(first(reading(url="http://127.0.0.1:8000/feed")), None),
    ],
    "encryption": [
        Case(good(), None),
        Case(first(reading(url="http://stream.example.com/")), INFO, "http:"),
        Case(first(reading(url="http://localhost/")), None),
    ],
    "certificate": [
        Case(good(), None),
        Case(first(reading(certificate_expires=90.0 * DAY)), PASS, "90 days"),
        Case(first(reading(certificate_expires=3.0 * DAY)), WARN, "3 days"),
    ],
    "header-delay": [
        Case(good(), PASS, "50 ms"),
        Case(first(reading([(3.01, b"data: a\n\n")], headers_at=3.0)), WARN, "together with the first"),
        Case(first(reading([(9.0, b"data: a\n\n")], headers_at=3.0)), WARN, "after 3 s"),
        Case(first(reading([], headers_at=3.0)), WARN, "after 3 s"),
    ],
    "first-byte": [
        Case(good(), PASS, "a comment came 50 ms"),
        Case(timed((4.05, b"data: a\n\n")), WARN, "the first byte came 4 s"),
        Case(first(reading([], ended_at=0.2)), SKIP),
        Case(first(reading([], ended_at=10.05)), WARN, "nothing came in 10 s"),
    ],
    "buffering": [
        Case(good(), PASS),
        Case(timed((0.1, b"data: a\n\nda"), (2.6, b"ta: b\n\n")), FAIL, "2.5 s inside a line, after 11 B"),
        Case(timed((0.1, b"data: a\n\nda"), ended_at=5.1), FAIL, "5 s inside a line"),
        Case(timed((0.1, b"data: a\n\n: pi"), ended_at=5.1), FAIL, "inside a line"),
        Case(timed(*spaced(b"data: a\n\nda", b"ta: b\n\nda", b"ta: c\n\n", by=1.5)), FAIL, "1.5 s"),
        Case(timed((0.1, b"data: a\n\nda"), (1.6, b"ta: b\n\n")), WARN, "1.5 s inside a line"),
        Case(timed((0.1, b"data: a\n\n"), ended_at=9.0), SKIP),
        Case(timed((0.1, b"data: a\r"), (3.0, b"\n\r\n")), SKIP),
        Case(timed(*spaced(*EVENTS, by=2.0)), PASS),
        # Short silences, but always after a full buffer.
        Case(timed(*buffered(4021, 4096, 4096, 4096)), FAIL, "3 chunks of 4096 bytes"),
        # This may be a slow network.
        Case(timed(*buffered(4021, 4096, 4096)), WARN, "300 ms"),
        Case(timed(*buffered(1448, 2896, 2896, 2896, 2896)), WARN, "300 ms"),
        Case(timed(*buffered(4021, 4096, 4096, 4096, by=0.04)), PASS),
        Case(timed(*buffered(4021, 4096, 4096, 4096, by=0.07)), PASS),
    ],
    "split-events": [
        Case(good(), None),
        Case(timed((0.1, b"id: 1\n"), (2.1, b"data: a\n\n")), WARN, "2 s between two lines"),
        Case(timed((0.1, b": comment\n"), (2.1, b"data: a\n\n")), None),
        Case(timed((0.1, b"id: 1\n"), (0.2, b"data: a\n\n")), None),
    ],
    "bursts": [
        Case(good(), PASS, "8 events at 8 different times"),
        Case(timed((0.1, b"data: a\n\n")), SKIP),
        Case(timed((0.1, b"".join(EVENTS))), INFO, "all 50 ms after the headers, then none"),
        Case(timed((0.1, b"".join(EVENTS)), ended_at=0.1), INFO, "all 50 ms after the headers"),
        Case(timed((5.0, b"".join(EVENTS)), ending=Ending.ENDED, ended_at=5.0), WARN, "at the end"),
        Case(timed((0.1, b"".join(EVENTS)), ending=Ending.ENDED, ended_at=0.1), INFO, "too early to see"),
        Case(timed((0.1, b"".join(EVENTS)), *spaced(*EVENTS, begin=1.0)), PASS),
        Case(timed(*spaced(*EVENTS), ending=Ending.ENDED), PASS, "8 different times"),
        Case(timed(*spaced(*[b"".join(EVENTS)] * 6)), PASS),
        Case(timed(*spaced(*EVENTS, by=0.01)), PASS, "8 events at 8 different times"),
        Case(timed(*spaced(*[LONG_EVENT * (3 + number) for number in (0, 4, 1, 5, 2)])), PASS),
        Case(timed(*spaced(*[LONG_EVENT * 4] * 6)), WARN, "6 bursts of about 8.03 kB, 4 events each"),
    ],
    "batched-heartbeats": [
        Case(good(), None),
        Case(timed(*spaced(*PINGS, by=15.0)), None),
        Case(timed((40.0, b"".join(PINGS))), FAIL, "15 s apart"),
        Case(timed((40.0, b":\n\n:\n\n:\n\n")), WARN, "3 comments ':' came at the same time"),
        # Faster than the client reads: not a sign of buffering.
        Case(timed(*spaced(b":\n\n", b":\n\n:\n\n", b":\n\n", by=0.1)), None),
        Case(timed((1.0, b": 2026-01-01 10:00:00\n\n: hello\n\n")), None),
        # Rounded to seconds, timestamps 10 ms apart may differ by one second.
        Case(timed((1.0, b": 2026-01-01 10:00:00\n\n: 2026-01-01 10:00:01\n\n")), None),
    ],
    "events": [
        Case(good(), INFO, "8 events of type message"),
        Case(stream(b": hello\n\n"), SKIP),
        Case(stream(b": hello\n\n", ending=Ending.ENDED), WARN, "without an event"),
    ],
    "utf-8": [
        Case(good(), PASS),
        Case(stream("data: é€🎉\n\n".encode()), PASS),
        Case(stream(b"data: a\xffb\n\n"), FAIL, "invalid UTF-8 at byte 7"),
        # The check stopped reading inside a character.
        Case(stream(b"data: a\n\ndata: \xe2\x82"), PASS),
        Case(stream(b""), None),
    ],
    "replacement-characters": [
        Case(good(), None),
        Case(stream("data: caf\ufffd\n\n".encode()), WARN, "1 character U+FFFD"),
    ],
    "byte-order-mark": [
        Case(good(), None),
        Case(stream(b"\xef\xbb\xbfdata: a\n\n"), WARN, "some clients lose"),
        Case(stream(b"data: a\n\n\xef\xbb\xbfdata: b\n\n"), FAIL, "1 line"),
    ],
    "line-endings": [
        Case(good(), PASS, "LF"),
        Case(stream(b"data: a\r\n\r\n"), PASS, "2 CRLF"),
        Case(stream(b"data: a\r\n\n"), WARN, "mixed: 1 LF, 1 CRLF"),
        Case(stream(b"data: a\r\r"), WARN, "2 CR"),
        Case(stream(b""), None),
    ],
    "fields": [
        Case(good(), PASS),
        Case(stream(b"data: first line\nsecond line\n\n"), FAIL, "'second line'"),
        Case(stream(b"Data: a\n\n"), FAIL, "'Data: a'"),
        Case(stream(b" data: a\n\n"), FAIL, "' data: a'"),
        Case(stream(b'{"a": 1}\n\n'), FAIL, "clients ignore"),
        Case(stream(b"time: 12\ndata: a\n\n"), WARN, "unknown: time"),
        Case(stream(b"ping\n\ndata: a\n\n"), WARN, "unknown: ping"),
        Case(stream(b"data: a\nping\n\n"), FAIL, "'ping'"),
        Case(stream(b"data: a\n\ndat"), PASS),
        Case(stream(b"data\n\n"), PASS),
        Case(stream(b"dat"), None),
        Case(stream(b""), None),
    ],
    "last-event": [
        Case(good(), None),
        Case(stream(b"data: a\n\n", ending=Ending.ENDED), PASS),
        Case(stream(b"data: a\n\n: bye", ending=Ending.ENDED), PASS),
        Case(stream(b"data: a\n", ending=Ending.ENDED), FAIL, "clients discard 8 B"),
        Case(stream(b"data: a\n\ndata: [DONE]", ending=Ending.ENDED), FAIL),
        Case(stream(b"data: a\n"), None),
    ],
    "types-without-data": [
        Case(good(), None),
        Case(stream(b"event: ping\n\n"), WARN, "1 block with a type ('ping')"),
        Case(stream(b"event: ping\ndata\n\n"), None),
        Case(stream(b"id: 7\n\nretry: 5000\n\n"), None),
    ],
    "empty-data": [Case(good(), None), Case(stream(b"event: ping\ndata\n\n"), INFO, "1 event")],
    "event-size": [
        Case(good(), PASS, " B"),
        Case(stream(b"data: " + b"x" * 100_000 + b"\n\n"), WARN, "100 kB"),
        Case(stream(b""), None),
    ],
    "json": [
        Case(good(), INFO, "the data of 8 events is JSON"),
        Case(stream(b'data: {"a": 1}\n\ndata: [DONE]\n\n'), INFO, "that of 1 is not"),
        Case(stream(b'data: {"a": 1}\n\ndata: {"a":\n\n'), WARN, "looks like JSON"),
        Case(stream(b"data: {curly} talk\n\n"), None),
    ],
    "retry": [
        Case(good(), PASS, "3000 ms"),
        Case(stream(b"data: a\n\n"), INFO, "none"),
        Case(stream(b"retry: 3s\n\n"), FAIL, "'3s'"),
        Case(stream(b"retry: -1\n\n"), FAIL, "'-1'"),
        Case(stream(b"retry: 3.5\n\n"), FAIL),
        Case(stream(b"retry: 5\n\n"), WARN, "meant as seconds"),
        Case(stream(b"retry: 0\n\n"), WARN),
        Case(stream(b"retry: 75\n\n"), WARN, "at once"),
        Case(stream(b"retry: 86400000\n\n"), WARN, "wait for so long"),
        Case(stream(b"retry: " + b"9" * 5000 + b"\n\n"), WARN),
    ],
    "opening-comment": [Case(good(), PASS), Case(stream(b"data: a\n\n"), None)],
    "ids": [
        Case(good(), PASS, "each of 8 events"),
        Case(stream(b"data: a\n\n"), WARN, "none"),
        Case(stream(b"id: 1\ndata: a\n\ndata: b\n\n"), INFO, "1 of 2 events"),
        Case(stream(b""), SKIP),
        Case(first(reading([(0.1, b"data: a\n\n")]), method="POST"), INFO),
    ],
    "id-nul": [Case(good(), None), Case(stream(b"id: a\0b\ndata: a\n\n"), FAIL, "1 ID with NUL")],
    "id-unique": [
        Case(good(), PASS, "8 different"),
        Case(stream(b"id: 1\ndata: a\n\nid: 1\ndata: b\n\n"), FAIL, "'1' is the ID of 2 events"),
        Case(stream(b"id: 1\ndata: a\n\ndata: b\n\n"), None),
        Case(
            Observation(URL, method="POST", first=reading([(0.1, b"id: 1\ndata: a\n\nid: 1\ndata: b\n\n")])),
            WARN,
        ),
        Case(stream(b"data: a\n\n"), None),
    ],
    "id-order": [
        Case(good(), PASS, "from 1 to 8"),
        Case(stream(b"id: 2\ndata: a\n\nid: 1\ndata: b\n\n"), WARN, "1 came after 2"),
        Case(stream(b"id: b\ndata: a\n\nid: a\ndata: b\n\n"), None),
    ],
    "id-characters": [
        Case(good(), PASS, "'8'"),
        Case(stream("id: €\ndata: a\n\n".encode()), WARN, "garble it"),
        Case(stream(b"id: a \ndata: a\n\n"), WARN, "spaces"),
        Case(stream(b"id: a\x01\ndata: a\n\n"), WARN, "control"),
        Case(stream(b"id: " + b"7" * 2000 + b"\ndata: a\n\n"), WARN, "2000 bytes"),
        Case(stream(b"id: two words\ndata: a\n\n"), PASS),
        Case(stream(b"data: a\n\n"), None),
    ],
    "resume": [
        Case(good(), PASS, "'9' came"),
        Case(with_headers(), None),
        Case(Observation(URL, first=reading(), skip_reason="--once"), SKIP, "--once"),
        Case(resumed(), SKIP, "no event"),
        Case(no_response(Ending.NO_RESPONSE), SKIP, "no response headers"),
        Case(no_response(Ending.FAILED), FAIL, "resumed after '8': the connection failed"),
        Case(resumed(EVENTS[7]), FAIL, "'8' came a second time"),
        Case(resumed(EVENTS[0]), FAIL, "'1' came a second time"),
        Case(resumed(b"id: 12\ndata: 12\n\n"), FAIL, "3 events missing"),
        Case(resumed(b"data: without\n\n"), PASS),
        Case(resumed(b"id: 1\ndata: other\n\n"), WARN, "'1' came again, with other data"),
        Case(resumed(status=204), WARN, "had not ended"),
        Case(resumed(status=500), FAIL, "500"),
        Case(resumed(status=429), SKIP, "limits requests"),
        Case(
            Observation(
                URL,
                first=reading(ending=Ending.ENDED),
                resumed=reading([], status=204, last_event_id="8"),
            ),
            PASS,
            "204",
        ),
        Case(
            Observation(
                URL,
                first=reading(spaced(*[b"id: %c\ndata: a\n\n" % letter for letter in b"abcdef"])),
                resumed=reading(spaced(b"id: 12\ndata: 12\n\n"), last_event_id="f"),
            ),
            PASS,
        ),
        # IDs that are not consecutive do not show whether one is missing.
        Case(
            Observation(
                URL,
                first=reading(spaced(*EVENTS[:2], *EVENTS[5:])),
                resumed=reading(spaced(b"id: 12\ndata: 12\n\n"), last_event_id="8"),
            ),
            PASS,
        ),
    ],
    "resume-earlier": [
        Case(good(), PASS, "the next 5 events came again"),
        Case(with_headers(), None),
        Case(resumed_earlier(*EVENTS[3:6]), PASS, "3 events"),
        Case(resumed_earlier(*EVENTS), FAIL, "came a second time"),
        Case(resumed_earlier(EVENTS[2], *EVENTS[3:]), FAIL, "came a second time"),
        Case(resumed_earlier(EVENTS[3], *EVENTS[5:]), FAIL, "'5' is missing"),
        Case(resumed_earlier(*EVENTS[3:6], b"id: 9\ndata: 9\n\n"), FAIL, "'7' is missing"),
        Case(resumed_earlier(EVENTS[4], EVENTS[3], *EVENTS[5:]), FAIL, "another order"),
        Case(resumed_earlier(b"id: 9\ndata: 9\n\n"), WARN, "none of the 5"),
        Case(resumed_earlier(b"id: 4\ndata: other\n\n"), WARN, "with other data"),
        Case(resumed_earlier(), WARN, "nothing in"),
        Case(no_response(Ending.NO_RESPONSE), SKIP, "no response headers"),
        Case(no_response(Ending.FAILED), FAIL, "resumed after '3': the connection failed"),
        Case(resumed_earlier(status=204), WARN, "204"),
        Case(resumed_earlier(status=500), FAIL, "500"),
    ],
    "unknown-id": [
        Case(good(), PASS, "200"),
        Case(with_headers(), None),
        Case(unknown_id(500), FAIL, "500"),
        Case(no_response(Ending.NO_RESPONSE), SKIP, "no response headers"),
        Case(no_response(Ending.FAILED), FAIL, "the connection failed"),
        Case(unknown_id(503), SKIP),
        Case(unknown_id(400), WARN, "does not reconnect"),
        Case(unknown_id(204), WARN, "stop reconnecting"),
        Case(unknown_id(200, Ending.DROPPED), FAIL, "dropped"),
    ],
    "after-the-end": [
        Case(good(), None),
        Case(reconnect_after_end(), WARN, "the same events again"),
        Case(reconnect_after_end(status=204), PASS, "204"),
        Case(reconnect_after_end(body=b"data: 2\n\n"), INFO, "gets new events"),
    ],
    "heartbeat": [
        Case(good(), SKIP, "no heartbeat is needed"),
        Case(timed(*spaced(b"data: a\n\n", b":\n\n", b":\n\n", b":\n\n", by=15.0)), PASS, "every 15 s"),
        Case(timed(*spaced(b"data: a\n\n", b"data: b\n\n", by=30.0)), WARN, "30 s"),
        Case(timed((0.1, b"data: a\n\n"), ended_at=60.1), FAIL, "1 min"),
        Case(timed((0.1, b"data: a\n\n"), ended_at=0.2, ending=Ending.ENDED), SKIP, "before the end"),
    ],
    "end": [
        Case(good(), None),
        Case(timed(*GOOD_CHUNKS, ending=Ending.ENDED), INFO, "polling"),
        Case(timed(*GOOD_CHUNKS, ending=Ending.ENDED, ended_at=60.0), INFO, "clients reconnect"),
        Case(first(reading(ending=Ending.DROPPED, error=ReadError("reset"))), FAIL, "reset"),
    ],
}
