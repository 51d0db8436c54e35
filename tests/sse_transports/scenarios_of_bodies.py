"""Framing, content encodings, unusual response headers; and events are yielded at once."""

from __future__ import annotations

import zlib

from sse_core import (
    Closed,
    ConnectError,
    Connecting,
    ContentEncodingError,
    Disconnected,
    EventTooLarge,
    HTTPStatusError,
    IncompleteStream,
    Opened,
    ReadError,
)
from sse_transports._event_source import Options
from sse_transports.testing import Call
from tests.sse_transports.answers import (
    CHUNKED,
    chunk,
    chunked_stream,
    drip,
    hang_up,
    head,
    in_order,
    no_content,
    once_received,
    raw,
    refuse,
    sized_stream,
    stall,
    stream,
)
from tests.sse_transports.scenario import ONE, TWO, Answer, Outcome, RunState, Scenario

ONCE: Options = {"retry": None}
GZIP, ZLIB, RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


def coded(body: bytes, window_bits: int) -> bytes:
    encoder = zlib.compressobj(wbits=window_bits)
    return encoder.compress(body) + encoder.flush()


def unfinished(body: bytes) -> bytes:
    """Return a body in gzip, flushed and without its end."""
    encoder = zlib.compressobj(wbits=GZIP)
    return encoder.compress(body) + encoder.flush(zlib.Z_SYNC_FLUSH)


def flushed(window_bits: int, *fields: tuple[str, str]) -> Answer:
    """Send two events in one compressed stream, the second when the first was received."""

    def answer(call: Call, run: RunState) -> None:
        encoder = zlib.compressobj(wbits=window_bits)
        head(*fields)(call, run)
        for count, event in enumerate((ONE, TWO)):
            run.until_received(count)
            call.send(encoder.compress(event) + encoder.flush(zlib.Z_SYNC_FLUSH))
        run.until_received(2)
        call.send(encoder.flush())

    return answer


def no_encoding_was_asked_for(outcome: Outcome) -> None:
    assert {call.headers.get("accept-encoding", b"identity") for call in outcome.calls} == {b"identity"}


def the_error_names_the_compression(outcome: Outcome) -> None:
    causes = [change.cause for change in outcome.changes if isinstance(change, Disconnected)]
    assert type(causes[0]) is ReadError
    assert "compressed" in str(causes[0])


PROMPT = tuple(
    Scenario(
        name=f"events of {what} are yielded at once",
        answers=(answer,),
        options={"until": "[DONE]"},
        events=(("a", "1"), ("b", "2")),
    )
    for what, answer in (
        (
            "a body with neither length nor chunks",
            in_order(
                *(head(), raw(ONE), once_received(1), raw(TWO), once_received(2)),
                *(raw(b"data: [DONE]\n\n"), stall),
            ),
        ),
        (
            "a body in chunks",
            in_order(
                *(head(CHUNKED), chunk(ONE), once_received(1), chunk(TWO), once_received(2)),
                *(chunk(b"data: [DONE]\n\n"), stall),
            ),
        ),
        (
            "a body with a length",
            in_order(
                *(head(("Content-Length", "1000000")), raw(ONE), once_received(1), raw(TWO)),
                *(once_received(2), raw(b"data: [DONE]\n\n"), stall),
            ),
        ),
        (
            "a chunk that is not complete yet",
            in_order(
                *(head(CHUNKED), raw(b"ffff\r\n" + ONE), once_received(1), raw(TWO), once_received(2)),
                *(raw(b"data: [DONE]\n\n"), stall),
            ),
        ),
        (
            "one packet with the headers",
            in_order(head(body=ONE), once_received(1), raw(TWO + b"data: [DONE]\n\n"), stall),
        ),
    )
)

ENCODINGS = (
    *(
        Scenario(
            name=f"a body in {what} is decoded, each event once it is flushed",
            answers=(flushed(window_bits, ("Content-Encoding", coding)),),
            options=ONCE,
            events=(("a", "1"), ("b", "2")),
            check=no_encoding_was_asked_for,
        )
        for what, coding, window_bits in (
            ("gzip", "gzip", GZIP),
            ("GZip", " GZip ", GZIP),
            ("x-gzip", "x-gzip", GZIP),
            ("deflate", "deflate", ZLIB),
            ("deflate without the zlib header", "deflate", RAW),
        )
    ),
    Scenario(
        name="a body of gzip in chunks is decoded",
        answers=(
            in_order(
                head(CHUNKED, ("Content-Encoding", "gzip")),
                *(chunk(coded(ONE + TWO, GZIP)[index : index + 1]) for index in range(20)),
                chunk(coded(ONE + TWO, GZIP)[20:]),
                chunk(b""),
            ),
        ),
        options=ONCE,
        events=(("a", "1"), ("b", "2")),
    ),
    Scenario(
        name="GET reconnects after a truncated gzip body",
        answers=(
            stream(coded(ONE, GZIP)[:-4], ("Content-Encoding", "gzip")),
            stream(coded(TWO, GZIP), ("Content-Encoding", "gzip")),
            no_content,
        ),
        events=(("a", "1"), ("b", "2")),
        last_event_ids=(None, b"1", b"2"),
        check=the_error_names_the_compression,
    ),
    Scenario(
        name="POST: a truncated gzip body is an incomplete stream",
        answers=(stream(coded(ONE, GZIP)[:-4], ("Content-Encoding", "gzip")),),
        options={"method": "POST", "json": {}},
        events=(("a", "1"),),
        error=IncompleteStream,
        cause=ReadError,
    ),
    Scenario(
        name="POST: a gzip body that has its length and not its own end is an incomplete stream",
        answers=(
            head(
                ("Content-Encoding", "gzip"),
                ("Content-Length", str(len(unfinished(ONE)))),
                body=unfinished(ONE),
            ),
        ),
        options={"method": "POST", "json": {}},
        events=(("a", "1"),),
        error=IncompleteStream,
        cause=ReadError,
    ),
    Scenario(
        name="GET reconnects after a damaged gzip body",
        answers=(stream(b"no gzip at all", ("Content-Encoding", "gzip")), no_content),
        check=the_error_names_the_compression,
    ),
    *(
        Scenario(
            name=f"a body in {coding!r} is a final error",
            answers=(stream(b"\x0b\x02\x80", ("Content-Encoding", coding)),),
            error=ContentEncodingError,
            error_has={"status": 200},
            error_says=repr(coding),
            changes=(Connecting, Opened, Disconnected, Closed),
        )
        for coding in ("br", "zstd", "gzip, br", "gzip, gzip", "nonsense")
    ),
    Scenario(
        name="a body with encoding identity is not decoded",
        answers=(stream(ONE, ("Content-Encoding", "Identity")),),
        options=ONCE,
        events=(("a", "1"),),
    ),
    Scenario(
        name="an error's compressed body is decoded",
        answers=(refuse(400, ("Content-Encoding", "gzip"), body=coded(b"because", GZIP)),),
        error=HTTPStatusError,
        error_has={"body": b"because"},
    ),
    Scenario(
        name="an error's body in an unknown encoding is left out",
        answers=(refuse(400, ("Content-Encoding", "br"), body=b"\x0b\x02\x80"),),
        error=HTTPStatusError,
        error_has={"status": 400, "body": b""},
    ),
)

HEADERS = (
    *(
        Scenario(
            name=f"{what} before the response is ignored",
            answers=(in_order(raw(interim), stream(ONE)),),
            options=ONCE,
            events=(("a", "1"),),
            changes=(Connecting, Opened, Disconnected, Closed),
        )
        for what, interim in (
            ("100", b"HTTP/1.1 100 Continue\r\n\r\n"),
            ("102", b"HTTP/1.1 102 Processing\r\n\r\n"),
            ("103", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Type: text/html\r\n\r\n"),
            ("100 and 103", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        )
    ),
    Scenario(
        name="a response in HTTP/1.0 is accepted",
        answers=(raw(b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + ONE),),
        options=ONCE,
        events=(("a", "1"),),
    ),
    Scenario(
        name="headers may arrive byte by byte",
        answers=(
            drip(
                [
                    bytes([byte])
                    for byte in b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + ONE
                ],
                every=0.0,
            ),
        ),
        options=ONCE,
        events=(("a", "1"),),
    ),
    *(
        Scenario(
            name=f"{what} is no valid response",
            answers=(in_order(raw(answer), end),),
            options=ONCE,
            error=ConnectError,
            changes=(Connecting, Disconnected, Closed),
        )
        for what, answer, end in (
            ("an invalid status line", b"\x00\xff SSH-2.0\r\n\r\n", stall),
            ("a status that is not a number", b"HTTP/1.1 abc OK\r\n\r\n", stall),
            ("a status out of range", b"HTTP/1.1 99999 OK\r\n\r\n", stall),
            ("a header that is too large", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, stall),
            ("too many headers", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000, stall),
            ("only interim responses", b"HTTP/1.1 103 Hint\r\n\r\n" * 3, hang_up),
            ("a truncated status line", b"HTTP/1.", hang_up),
            *(
                (
                    f"a Content-Length of {length.decode()!r}",
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: "
                    + length
                    + b"\r\n\r\n"
                    + ONE,
                    stall,
                )
                for length in (b"-1", b"+14", b"1_4", b"0xe", b"14, 15", b"14\r\nContent-Length: 15")
            ),
        )
    ),
)

LIMITS = (
    Scenario(
        name="an event over the limit is a final error after earlier events",
        answers=(in_order(head(body=ONE + TWO + b"data: " + b"x" * 200), stall),),
        options={"max_event_size": 100},
        events=(("a", "1"), ("b", "2")),
        error=EventTooLarge,
        error_has={"limit": 100, "events": ()},
        changes=(Connecting, Opened, Disconnected, Closed),
    ),
    Scenario(
        name="an event over the limit is refused while it grows",
        answers=(in_order(head(CHUNKED), *(chunk(b"data: " + b"x" * 50 + b"\n"),) * 3, stall),),
        options={"max_event_size": 100},
        error=EventTooLarge,
    ),
    Scenario(
        name="an event of 2 MB in one line is within the default limit",
        answers=(sized_stream(b"data: " + b"x" * 2_000_000 + b"\n\n"),),
        options=ONCE,
        events=(("x" * 2_000_000, ""),),
    ),
    Scenario(
        name="a stream may be far larger than the limit of an event",
        answers=(chunked_stream(*(b"data: " + b"x" * 50 + b"\n\n",) * 100),),
        options={"max_event_size": 100, "retry": None},
        events=(("x" * 50, ""),) * 100,
    ),
)

BODIES = (*PROMPT, *ENCODINGS, *HEADERS, *LIMITS)
