"""For each rule, what it is to say of servers that keep it, break it, or give it nothing to see."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from sse_core import ReadError
from sse_transports.cli.checks._observation import Ending, Observation, Reading
from sse_transports.cli.checks._rule import Verdict
from tests.cli.checks.observed import (
    EVENTS,
    GOOD_PIECES,
    URL,
    good,
    named,
    reading,
    spaced,
    stream,
    with_headers,
)

GOOD, WRONG, DOUBTFUL = Verdict.GOOD, Verdict.WRONG, Verdict.DOUBTFUL
NOT_SEEN, NOTE = Verdict.NOT_SEEN, Verdict.NOTE

DAY = 86400


class Case(NamedTuple):
    """An observation, the verdict of the rule (None if it says nothing), and a part of its evidence."""

    seen: Observation
    verdict: Verdict | None
    told: str = ""


def first(one: Reading, *, method: str = "GET") -> Observation:
    return Observation(URL, method=method, first=one)


def status(number: int, **headers: str | None) -> Observation:
    return first(reading([], status=number, headers=named(headers)))


def redirected(*via: tuple[str, str, int], method: str = "GET") -> Observation:
    return first(reading(redirects=via), method=method)


def timed(
    *pieces: tuple[float, bytes], ending: Ending = Ending.LEFT, ended_at: float | None = None
) -> Observation:
    return first(reading(pieces, ending=ending, ended_at=ended_at))


def resumed(*pieces: bytes, answer: int = 200) -> Observation:
    seen = good()
    seen.resumed = reading(spaced(*pieces) if pieces else [], status=answer, last_event_id="8")
    return seen


def unanswered(ending: Ending) -> Observation:
    """Return a good observation, but for requests behind an event, which got no answer."""
    seen = good()
    seen.resumed = reading([], head_at=None, ending=ending, last_event_id="8")
    seen.overlapping = reading([], head_at=None, ending=ending, last_event_id="3")
    seen.unknown = reading([], head_at=None, ending=ending, last_event_id="no-such")
    return seen


def overlapping(*pieces: bytes, answer: int = 200) -> Observation:
    seen = good()
    seen.overlapping = reading(spaced(*pieces) if pieces else [], status=answer, last_event_id="3")
    return seen


def unknown(answer: int, ending: Ending = Ending.LEFT) -> Observation:
    seen = good()
    seen.unknown = reading([], status=answer, ending=ending, last_event_id="no-such")
    return seen


def compressed(one: Reading) -> Observation:
    seen = good()
    seen.compressed = one
    return seen


def silent_gzip(seconds: float) -> Reading:
    """Return an answer that is compressed, and of which nothing came for so long."""
    return reading([], headers={"content-encoding": "gzip"}, head_at=0.0, ended_at=seconds)


def any_type(one: Reading, **headers: str | None) -> Observation:
    return Observation(URL, first=reading(headers=named(headers)), any_type=one)


def again_after_end(*, answer: int = 200, body: bytes = b"data: 1\n\n") -> Observation:
    pieces = spaced(b"data: 1\n\n")
    return Observation(
        URL, first=reading(pieces, ending=Ending.ENDED), resumed=reading([(0.1, body)], status=answer)
    )


LONG_DATA = b"data: " + b"x" * 2000 + b"\n\n"
PINGS = [b": ping - 2026-01-01 10:00:%02d.000000+00:00\n\n" % second for second in (0, 15, 30)]


def buffered(*sizes: int, by: float = 0.3) -> Sequence[tuple[float, bytes]]:
    """Return large events in pieces of these sizes, and the rest of the last one."""
    body = LONG_DATA * 9
    ends = list(accumulate(sizes))
    rest = body[ends[-1] : body.index(b"\n\n", ends[-1]) + 2]
    pieces = [body[end - size : end] for end, size in zip(ends, sizes, strict=True)]
    return spaced(*pieces, rest, by=by)


CASES: dict[str, list[Case]] = {
    "head": [
        Case(
            first(reading([], head_at=None, ended_at=10.0, ending=Ending.UNANSWERED)),
            WRONG,
            "no head came within 10.0 s",
        ),
        Case(
            first(reading([], head_at=None, ended_at=0.5, ending=Ending.UNANSWERED)),
            DOUBTFUL,
            "wait longer with --for",
        ),
        Case(first(reading([], head_at=None, ending=Ending.FAILED)), None),
        Case(good(), None),
    ],
    "status": [
        Case(good(), GOOD, "200"),
        Case(status(204), DOUBTFUL, "204"),
        Case(status(503, retry_after="5"), WRONG, "503, Retry-After: 5"),
        Case(status(404), WRONG, "404"),
        Case(status(302, location="ftp://example.com/"), WRONG, "302 to 'ftp://example.com/'"),
        Case(status(302), WRONG, "without a Location"),
    ],
    "content-type": [
        Case(good(), GOOD),
        Case(with_headers(content_type="text/event-stream; charset=utf-8"), GOOD),
        Case(with_headers(content_type="application/json"), WRONG, "'application/json'"),
        Case(with_headers(content_type=None), WRONG, "no Content-Type"),
        Case(status(404, content_type="text/html"), None),
    ],
    "charset": [
        Case(good(), None),
        Case(with_headers(content_type='text/event-stream; charset="UTF-8"'), GOOD),
        Case(with_headers(content_type="text/event-stream;charset=latin1"), WRONG, "latin1"),
    ],
    "redirects": [
        Case(good(), None),
        Case(redirected(("GET", f"{URL}/", 302)), NOTE, "302 to"),
        Case(redirected(("GET", f"{URL}/", 301)), NOTE, "not remembered"),
        Case(redirected(("GET", f"{URL}/", 302), ("GET", f"{URL}//", 307)), DOUBTFUL, "302, 307"),
        Case(redirected(("GET", "https://example.com/feed", 307)), DOUBTFUL, "another origin"),
        Case(redirected(("GET", "http://stream.example.com/feed", 307)), DOUBTFUL, "another origin"),
        Case(redirected(("POST", f"{URL}/", 302), method="POST"), WRONG, "became a GET"),
        Case(
            first(reading(url="http://stream.example.com/feed", redirects=[("GET", URL, 302)])),
            WRONG,
            "https to http",
        ),
        Case(
            first(
                reading(url="http://example.com/feed", redirects=[("GET", URL, 302), ("GET", f"{URL}/", 302)])
            ),
            WRONG,
            "https to http",
        ),
    ],
    "http-version": [Case(good(), GOOD, "HTTP/1.1"), Case(first(reading(version=10)), DOUBTFUL, "HTTP/1.0")],
    "accept": [
        Case(good(), GOOD),
        Case(with_headers(), None),
        Case(any_type(reading([], status=406)), DOUBTFUL, "406"),
        Case(any_type(reading([], headers={"content-type": "text/html"})), DOUBTFUL, "'text/html'"),
        Case(
            any_type(reading([], headers={"content-type": "text/html"}), vary="Origin, Accept"), NOTE, "Vary"
        ),
        Case(any_type(reading([], head_at=None, ending=Ending.FAILED)), None),
    ],
    "framing": [
        Case(good(), GOOD),
        Case(with_headers(transfer_encoding=None), DOUBTFUL, "a cut looks like an end"),
        Case(with_headers(transfer_encoding=None, content_length="812"), WRONG, "'812'"),
        Case(with_headers(content_length="812"), WRONG, "'812'"),
        Case(
            first(reading(ending=Ending.ENDED, headers={"content-length": "812"})),
            DOUBTFUL,
            "known before its first byte",
        ),
    ],
    "cache-control": [
        Case(good(), GOOD, "no-store"),
        Case(with_headers(cache_control="no-cache, no-transform"), GOOD),
        Case(with_headers(cache_control=None), DOUBTFUL, "no Cache-Control"),
        Case(with_headers(cache_control="private"), DOUBTFUL, "private"),
        Case(with_headers(cache_control="max-age=0"), DOUBTFUL, "max-age=0"),
        Case(with_headers(cache_control="public, max-age=60"), WRONG, "max-age=60"),
        Case(with_headers(cache_control="no-cache, max-age=60"), GOOD),
    ],
    "cached": [
        Case(good(), None),
        Case(with_headers(age="0"), None),
        Case(with_headers(age="17"), WRONG, "17 seconds old"),
        Case(with_headers(x_cache="HIT from edge"), WRONG, "X-Cache"),
        Case(with_headers(x_cache="MISS"), None),
    ],
    "x-accel-buffering": [
        Case(good(), GOOD),
        Case(with_headers(x_accel_buffering="yes"), WRONG, "yes"),
        Case(with_headers(x_accel_buffering=None), DOUBTFUL, "behind nginx"),
        Case(with_headers(x_accel_buffering=None, server="nginx/1.26"), NOT_SEEN, "keeps this field"),
    ],
    "content-encoding": [
        Case(good(), GOOD),
        Case(with_headers(content_encoding="identity"), GOOD),
        Case(with_headers(content_encoding="gzip"), WRONG, "gzip"),
        Case(status(404), None),
    ],
    "compression": [
        Case(good(), GOOD, "not compressed"),
        Case(with_headers(), None),
        Case(compressed(silent_gzip(5.0)), WRONG, "nothing came in 5.0 s, where uncompressed no silence"),
        Case(compressed(silent_gzip(2.9)), NOT_SEEN, "chance"),
        # Where the plain stream was as quiet, that nothing came tells nothing.
        Case(Observation(URL, first=reading(spaced(*EVENTS, by=3.0)), compressed=silent_gzip(5.0)), NOT_SEEN),
        Case(Observation(URL, first=reading([]), compressed=silent_gzip(5.0)), NOT_SEEN),
        Case(compressed(reading(headers={"content-encoding": "gzip"})), DOUBTFUL, "Vary: Accept-Encoding"),
        Case(
            compressed(reading(headers={"content-encoding": "gzip", "vary": "Accept-Encoding"})),
            GOOD,
            "at once",
        ),
    ],
    "proxies": [Case(good(), None), Case(with_headers(via="1.1 varnish"), NOTE, "Via: '1.1 varnish'")],
    "cors": [
        Case(good(), None),
        Case(with_headers(access_control_allow_origin="*"), NOTE, "'*'"),
        Case(
            with_headers(access_control_allow_origin="*", access_control_allow_credentials="true"), DOUBTFUL
        ),
    ],
    "connections": [
        Case(good(), NOTE, "six connections"),
        Case(first(reading(url="http://127.0.0.1:8000/feed")), None),
    ],
    "encryption": [
        Case(good(), None),
        Case(first(reading(url="http://stream.example.com/")), NOTE, "http:"),
        Case(first(reading(url="http://localhost/")), None),
    ],
    "certificate": [
        Case(good(), None),
        Case(first(reading(certificate_ends=90.0 * DAY)), GOOD, "90 days"),
        Case(first(reading(certificate_ends=3.0 * DAY)), DOUBTFUL, "3 days"),
    ],
    "head-at-once": [
        Case(good(), GOOD, "50 ms"),
        Case(first(reading([(3.01, b"data: a\n\n")], head_at=3.0)), DOUBTFUL, "together with the first"),
        Case(first(reading([(9.0, b"data: a\n\n")], head_at=3.0)), DOUBTFUL, "after 3.0 s"),
        Case(first(reading([], head_at=3.0)), DOUBTFUL, "after 3.0 s"),
    ],
    "first-byte": [
        Case(good(), GOOD, "a comment came 50 ms"),
        Case(timed((4.05, b"data: a\n\n")), DOUBTFUL, "the first byte came 4.0 s"),
        Case(first(reading([], ended_at=0.2)), NOT_SEEN),
        Case(first(reading([], ended_at=10.05)), DOUBTFUL, "nothing came in 10.0 s"),
    ],
    "held-back": [
        Case(good(), GOOD),
        Case(timed((0.1, b"data: a\n\nda"), (2.6, b"ta: b\n\n")), WRONG, "2.5 s inside a line, behind 11"),
        Case(timed((0.1, b"data: a\n\nda"), ended_at=5.1), WRONG, "5.0 s inside a line"),
        Case(timed((0.1, b"data: a\n\n: pi"), ended_at=5.1), WRONG, "inside a line"),
        Case(timed(*spaced(b"data: a\n\nda", b"ta: b\n\nda", b"ta: c\n\n", by=1.5)), WRONG, "1.5 s"),
        Case(timed((0.1, b"data: a\n\nda"), (1.6, b"ta: b\n\n")), DOUBTFUL, "1.5 s inside a line"),
        Case(timed((0.1, b"data: a\n\n"), ended_at=9.0), NOT_SEEN),
        Case(timed((0.1, b"data: a\r"), (3.0, b"\n\r\n")), NOT_SEEN),
        Case(timed(*spaced(*EVENTS, by=2.0)), GOOD),
        # Less than a second, but always behind as many bytes as a buffer has.
        Case(timed(*buffered(4021, 4096, 4096, 4096)), WRONG, "3 pieces of 4096 bytes"),
        # A slow network is none of the server's.
        Case(timed(*buffered(4021, 4096, 4096)), DOUBTFUL, "300 ms"),
        Case(timed(*buffered(1448, 2896, 2896, 2896, 2896)), DOUBTFUL, "300 ms"),
        Case(timed(*buffered(4021, 4096, 4096, 4096, by=0.04)), GOOD),
        Case(timed(*buffered(4021, 4096, 4096, 4096, by=0.07)), GOOD),
    ],
    "events-in-pieces": [
        Case(good(), None),
        Case(timed((0.1, b"id: 1\n"), (2.1, b"data: a\n\n")), DOUBTFUL, "2.0 s between two lines"),
        Case(timed((0.1, b": comment\n"), (2.1, b"data: a\n\n")), None),
        Case(timed((0.1, b"id: 1\n"), (0.2, b"data: a\n\n")), None),
    ],
    "one-by-one": [
        Case(good(), GOOD, "8 events at 8 different times"),
        Case(timed((0.1, b"data: a\n\n")), NOT_SEEN),
        Case(timed((0.1, b"".join(EVENTS))), NOTE, "all 50 ms after the head, then none"),
        Case(timed((0.1, b"".join(EVENTS)), ended_at=0.1), NOTE, "all 50 ms after the head"),
        Case(timed((5.0, b"".join(EVENTS)), ending=Ending.ENDED, ended_at=5.0), DOUBTFUL, "at the end"),
        Case(timed((0.1, b"".join(EVENTS)), ending=Ending.ENDED, ended_at=0.1), NOTE, "too soon to tell"),
        Case(timed((0.1, b"".join(EVENTS)), *spaced(*EVENTS, begin=1.0)), GOOD),
        Case(timed(*spaced(*EVENTS), ending=Ending.ENDED), GOOD, "8 different times"),
        Case(timed(*spaced(*[b"".join(EVENTS)] * 6)), GOOD),
        Case(timed(*spaced(*EVENTS, by=0.01)), GOOD, "8 events at 8 different times"),
        Case(timed(*spaced(*[LONG_DATA * (3 + number) for number in (0, 4, 1, 5, 2)])), GOOD),
        Case(timed(*spaced(*[LONG_DATA * 4] * 6)), DOUBTFUL, "6 bursts of about 8032 bytes, 4 events each"),
    ],
    "heartbeats-together": [
        Case(good(), None),
        Case(timed(*spaced(*PINGS, by=15.0)), None),
        Case(timed((40.0, b"".join(PINGS))), WRONG, "15.0 s apart"),
        Case(timed((40.0, b":\n\n:\n\n:\n\n")), DOUBTFUL, "3 comments ':' came at the same time"),
        # Quicker than anybody reads: that is not held back.
        Case(timed(*spaced(b":\n\n", b":\n\n:\n\n", b":\n\n", by=0.1)), None),
        Case(timed((1.0, b": 2026-01-01 10:00:00\n\n: hello\n\n")), None),
        # Told in whole seconds, what is 10 ms apart may seem to be a second apart.
        Case(timed((1.0, b": 2026-01-01 10:00:00\n\n: 2026-01-01 10:00:01\n\n")), None),
    ],
    "events": [
        Case(good(), NOTE, "8 events of type message"),
        Case(stream(b": hello\n\n"), NOT_SEEN),
        Case(stream(b": hello\n\n", ending=Ending.ENDED), DOUBTFUL, "without an event"),
    ],
    "utf-8": [
        Case(good(), GOOD),
        Case(stream("data: é€🎉\n\n".encode()), GOOD),
        Case(stream(b"data: a\xffb\n\n"), WRONG, "byte 7 is no UTF-8"),
        # Cut by our leaving.
        Case(stream(b"data: a\n\ndata: \xe2\x82"), GOOD),
        Case(stream(b""), None),
    ],
    "replacement-characters": [
        Case(good(), None),
        Case(stream("data: caf\ufffd\n\n".encode()), DOUBTFUL, "1 character U+FFFD"),
    ],
    "byte-order-mark": [
        Case(good(), None),
        Case(stream(b"\xef\xbb\xbfdata: a\n\n"), DOUBTFUL, "some clients lose"),
        Case(stream(b"data: a\n\n\xef\xbb\xbfdata: b\n\n"), WRONG, "1 line"),
    ],
    "line-ends": [
        Case(good(), GOOD, "LF"),
        Case(stream(b"data: a\r\n\r\n"), GOOD, "2 CRLF"),
        Case(stream(b"data: a\r\n\n"), DOUBTFUL, "mixed: 1 LF, 1 CRLF"),
        Case(stream(b"data: a\r\r"), DOUBTFUL, "2 CR"),
        Case(stream(b""), None),
    ],
    "fields": [
        Case(good(), GOOD),
        Case(stream(b"data: first line\nsecond line\n\n"), WRONG, "'second line'"),
        Case(stream(b"Data: a\n\n"), WRONG, "'Data: a'"),
        Case(stream(b" data: a\n\n"), WRONG, "' data: a'"),
        Case(stream(b'{"a": 1}\n\n'), WRONG, "clients drop"),
        Case(stream(b"time: 12\ndata: a\n\n"), DOUBTFUL, "unknown: time"),
        Case(stream(b"ping\n\ndata: a\n\n"), DOUBTFUL, "unknown: ping"),
        Case(stream(b"data: a\nping\n\n"), WRONG, "'ping'"),
        Case(stream(b"data: a\n\ndat"), GOOD),
        Case(stream(b"data\n\n"), GOOD),
        Case(stream(b"dat"), None),
        Case(stream(b""), None),
    ],
    "finished": [
        Case(good(), None),
        Case(stream(b"data: a\n\n", ending=Ending.ENDED), GOOD),
        Case(stream(b"data: a\n\n: bye", ending=Ending.ENDED), GOOD),
        Case(stream(b"data: a\n", ending=Ending.ENDED), WRONG, "8 bytes that no client gets"),
        Case(stream(b"data: a\n\ndata: [DONE]", ending=Ending.ENDED), WRONG),
        Case(stream(b"data: a\n"), None),
    ],
    "types-without-data": [
        Case(good(), None),
        Case(stream(b"event: ping\n\n"), DOUBTFUL, "1 block with a type ('ping')"),
        Case(stream(b"event: ping\ndata\n\n"), None),
        Case(stream(b"id: 7\n\nretry: 5000\n\n"), None),
    ],
    "empty-data": [Case(good(), None), Case(stream(b"event: ping\ndata\n\n"), NOTE, "1 event")],
    "event-size": [
        Case(good(), GOOD, "bytes"),
        Case(stream(b"data: " + b"x" * 100_000 + b"\n\n"), DOUBTFUL, "98 KiB"),
        Case(stream(b""), None),
    ],
    "json": [
        Case(good(), NOTE, "the data of 8 events is JSON"),
        Case(stream(b'data: {"a": 1}\n\ndata: [DONE]\n\n'), NOTE, "that of 1 is not"),
        Case(stream(b'data: {"a": 1}\n\ndata: {"a":\n\n'), DOUBTFUL, "looks like JSON"),
        Case(stream(b"data: {curly} talk\n\n"), None),
    ],
    "retry": [
        Case(good(), GOOD, "3000 ms"),
        Case(stream(b"data: a\n\n"), NOTE, "none"),
        Case(stream(b"retry: 3s\n\n"), WRONG, "'3s'"),
        Case(stream(b"retry: -1\n\n"), WRONG, "'-1'"),
        Case(stream(b"retry: 3.5\n\n"), WRONG),
        Case(stream(b"retry: 5\n\n"), DOUBTFUL, "seconds were meant"),
        Case(stream(b"retry: 0\n\n"), DOUBTFUL),
        Case(stream(b"retry: 75\n\n"), DOUBTFUL, "at once"),
        Case(stream(b"retry: 86400000\n\n"), DOUBTFUL, "away for so long"),
        Case(stream(b"retry: " + b"9" * 5000 + b"\n\n"), DOUBTFUL),
    ],
    "opening-comment": [Case(good(), GOOD), Case(stream(b"data: a\n\n"), None)],
    "ids": [
        Case(good(), GOOD, "each of 8 events"),
        Case(stream(b"data: a\n\n"), DOUBTFUL, "none"),
        Case(stream(b"id: 1\ndata: a\n\ndata: b\n\n"), NOTE, "1 of 2 events"),
        Case(stream(b""), NOT_SEEN),
        Case(first(reading([(0.1, b"data: a\n\n")]), method="POST"), NOTE),
    ],
    "id-nul": [Case(good(), None), Case(stream(b"id: a\0b\ndata: a\n\n"), WRONG, "1 ID with NUL")],
    "id-unique": [
        Case(good(), GOOD, "8 different"),
        Case(stream(b"id: 1\ndata: a\n\nid: 1\ndata: b\n\n"), WRONG, "'1' is the ID of 2 events"),
        Case(stream(b"id: 1\ndata: a\n\ndata: b\n\n"), None),
        Case(
            Observation(URL, method="POST", first=reading([(0.1, b"id: 1\ndata: a\n\nid: 1\ndata: b\n\n")])),
            DOUBTFUL,
        ),
        Case(stream(b"data: a\n\n"), None),
    ],
    "id-order": [
        Case(good(), GOOD, "from 1 to 8"),
        Case(stream(b"id: 2\ndata: a\n\nid: 1\ndata: b\n\n"), DOUBTFUL, "1 came behind 2"),
        Case(stream(b"id: b\ndata: a\n\nid: a\ndata: b\n\n"), None),
    ],
    "id-plain": [
        Case(good(), GOOD, "'8'"),
        Case(stream("id: €\ndata: a\n\n".encode()), DOUBTFUL, "garbled"),
        Case(stream(b"id: a \ndata: a\n\n"), DOUBTFUL, "spaces"),
        Case(stream(b"id: a\x01\ndata: a\n\n"), DOUBTFUL, "control"),
        Case(stream(b"id: " + b"7" * 2000 + b"\ndata: a\n\n"), DOUBTFUL, "2000 bytes"),
        Case(stream(b"id: two words\ndata: a\n\n"), GOOD),
        Case(stream(b"data: a\n\n"), None),
    ],
    "resume": [
        Case(good(), GOOD, "'9' came"),
        Case(with_headers(), None),
        Case(Observation(URL, first=reading(), alone="--once"), NOT_SEEN, "--once"),
        Case(resumed(), NOT_SEEN, "no event"),
        Case(unanswered(Ending.UNANSWERED), NOT_SEEN, "no head"),
        Case(unanswered(Ending.FAILED), WRONG, "asked behind '8': the connection failed"),
        Case(resumed(EVENTS[7]), WRONG, "'8' came a second time"),
        Case(resumed(EVENTS[0]), WRONG, "'1' came a second time"),
        Case(resumed(b"id: 12\ndata: 12\n\n"), WRONG, "3 events are missing"),
        Case(resumed(b"data: without\n\n"), GOOD),
        Case(resumed(b"id: 1\ndata: other\n\n"), DOUBTFUL, "'1' came again, with other data"),
        Case(resumed(answer=204), DOUBTFUL, "had not ended"),
        Case(resumed(answer=500), WRONG, "500"),
        Case(resumed(answer=429), NOT_SEEN, "fewer"),
        Case(
            Observation(
                URL,
                first=reading(ending=Ending.ENDED),
                resumed=reading([], status=204, last_event_id="8"),
            ),
            GOOD,
            "204",
        ),
        Case(
            Observation(
                URL,
                first=reading(spaced(*[b"id: %c\ndata: a\n\n" % letter for letter in b"abcdef"])),
                resumed=reading(spaced(b"id: 12\ndata: 12\n\n"), last_event_id="f"),
            ),
            GOOD,
        ),
        # Numbers that have gaps anyway tell nothing of what is missing.
        Case(
            Observation(
                URL,
                first=reading(spaced(*EVENTS[:2], *EVENTS[5:])),
                resumed=reading(spaced(b"id: 12\ndata: 12\n\n"), last_event_id="8"),
            ),
            GOOD,
        ),
    ],
    "resume-earlier": [
        Case(good(), GOOD, "the 5 events behind it came again"),
        Case(with_headers(), None),
        Case(overlapping(*EVENTS[3:6]), GOOD, "3 events"),
        Case(overlapping(*EVENTS), WRONG, "came a second time"),
        Case(overlapping(EVENTS[2], *EVENTS[3:]), WRONG, "came a second time"),
        Case(overlapping(EVENTS[3], *EVENTS[5:]), WRONG, "'5' is missing"),
        Case(overlapping(*EVENTS[3:6], b"id: 9\ndata: 9\n\n"), WRONG, "'7' is missing"),
        Case(overlapping(EVENTS[4], EVENTS[3], *EVENTS[5:]), WRONG, "another order"),
        Case(overlapping(b"id: 9\ndata: 9\n\n"), DOUBTFUL, "none of the 5"),
        Case(overlapping(b"id: 4\ndata: other\n\n"), DOUBTFUL, "with other data"),
        Case(overlapping(), DOUBTFUL, "nothing in"),
        Case(unanswered(Ending.UNANSWERED), NOT_SEEN, "no head"),
        Case(unanswered(Ending.FAILED), WRONG, "asked behind '3': the connection failed"),
        Case(overlapping(answer=204), DOUBTFUL, "204"),
        Case(overlapping(answer=500), WRONG, "500"),
    ],
    "unknown-id": [
        Case(good(), GOOD, "200"),
        Case(with_headers(), None),
        Case(unknown(500), WRONG, "500"),
        Case(unanswered(Ending.UNANSWERED), NOT_SEEN, "no head"),
        Case(unanswered(Ending.FAILED), WRONG, "the connection failed"),
        Case(unknown(503), NOT_SEEN),
        Case(unknown(400), DOUBTFUL, "never comes back"),
        Case(unknown(204), DOUBTFUL, "ends for good"),
        Case(unknown(200, Ending.BROKEN), WRONG, "broke"),
    ],
    "after-the-end": [
        Case(good(), None),
        Case(again_after_end(), DOUBTFUL, "the same again"),
        Case(again_after_end(answer=204), GOOD, "204"),
        Case(again_after_end(body=b"data: 2\n\n"), NOTE, "goes on"),
    ],
    "heartbeat": [
        Case(good(), NOT_SEEN, "needs no heartbeat"),
        Case(timed(*spaced(b"data: a\n\n", b":\n\n", b":\n\n", b":\n\n", by=15.0)), GOOD, "every 15.0 s"),
        Case(timed(*spaced(b"data: a\n\n", b"data: b\n\n", by=30.0)), DOUBTFUL, "30.0 s"),
        Case(timed((0.1, b"data: a\n\n"), ended_at=60.1), WRONG, "60.0 s"),
        Case(timed((0.1, b"data: a\n\n"), ended_at=0.2, ending=Ending.ENDED), NOT_SEEN, "before the end"),
    ],
    "end": [
        Case(good(), None),
        Case(timed(*GOOD_PIECES, ending=Ending.ENDED), NOTE, "polling"),
        Case(timed(*GOOD_PIECES, ending=Ending.ENDED, ended_at=60.0), NOTE, "clients come back"),
        Case(first(reading(ending=Ending.BROKEN, error=ReadError("reset"))), WRONG, "reset"),
    ],
}
