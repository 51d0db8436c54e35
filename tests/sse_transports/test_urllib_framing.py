"""urllib: what surrounds a body, and how the connection ends, decide whether the stream is complete."""

from __future__ import annotations

import socket
import ssl
import threading
import zlib
from collections.abc import Callable

import pytest

from sse_core import (
    ConnectError,
    ContentEncodingError,
    Event,
    HTTPStatusError,
    IncompleteStream,
    ReadError,
    Request,
    SSEError,
)
from sse_transports import EventSource, UrllibTransport
from sse_transports._content_coding import MAX_OUTPUT, Inflate
from sse_transports._http1_head import MAX_HEAD
from tests.sse_transports.raw_server import fin, raw_server, reset
from tests.sse_transports.waiting import until_set

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
EVENT = b"data: a\n\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


def read(
    response: bytes, *, client_tls: ssl.SSLContext | None = None, **options: object
) -> tuple[list[str], BaseException | None]:
    """POST, and return the events of this response and the error that ended it."""
    with raw_server(response, **options) as server:  # type: ignore[arg-type]
        url = f"http{'s' if client_tls else ''}://localhost:{server.port}/"
        transport = UrllibTransport(context=client_tls)
        source: EventSource[Event] = EventSource(url, method="POST", transport=transport, timeout=10.0)
        events = []
        try:
            with source:
                for event in source:
                    events.append(event.data)  # noqa: PERF401  # those before the error count
        except SSEError as error:
            return events, error
        return events, None


# TLS.


@pytest.mark.parametrize("end", [fin, reset], ids=["FIN", "RST"])
def test_stream_without_close_notify_is_lost(
    end: Callable[[socket.socket], None], server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    received = threading.Event()

    def end_once_received(connection: socket.socket) -> None:
        until_set(received, "the client has the event")
        end(connection)

    with raw_server(OK + b"\r\n" + EVENT, context=server_tls, end=end_once_received) as server:
        url = f"https://localhost:{server.port}/"
        with EventSource(url, method="POST", transport=UrllibTransport(context=client_tls)) as source:
            assert next(source).data == "a"
            received.set()
            with pytest.raises(IncompleteStream) as caught:
                next(source)
    assert type(caught.value.__cause__) is ReadError


@pytest.mark.parametrize(
    "framed",
    [
        b"Content-Length: 9\r\n\r\n" + EVENT,
        CHUNKED + b"9\r\n" + EVENT + b"\r\n0\r\n\r\n",
    ],
    ids=["length", "chunks"],
)
def test_framed_body_needs_no_close_notify(
    framed: bytes, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    assert read(OK + framed, context=server_tls, client_tls=client_tls) == (["a"], None)


# Chunks. `test_http1_bodies` has many more cases.


@pytest.mark.parametrize("size", [b"0x9", b"+9", b" 9", b"9_", b"-9"])
def test_malformed_chunk_size_is_an_incomplete_body(size: bytes) -> None:
    events, error = read(OK + CHUNKED + size + b"\r\n" + EVENT + b"\r\n0\r\n\r\n")
    assert events == []
    assert type(error) is IncompleteStream
    assert "begin with its size" in str(error.__cause__)


@pytest.mark.parametrize("rest", [b"000", b"0", b"00\r", b"1", b"\r\n", b""])
def test_stream_that_ends_inside_a_chunk_size_is_lost(rest: bytes) -> None:
    events, error = read(OK + CHUNKED + b"9\r\n" + EVENT + b"\r\n" + rest)
    assert events == ["a"]
    assert type(error) is IncompleteStream


def test_chunks_before_a_malformed_one_are_delivered() -> None:
    chunk = b"9\r\n" + EVENT + b"\r\n"
    events, error = read(OK + CHUNKED + chunk + chunk + b"+" + chunk)
    assert events == ["a", "a"]
    assert type(error) is IncompleteStream


# Headers.


MALFORMED_LENGTHS = [
    b"-1",
    b"+9",
    b"9_0",
    b"0x9",
    b"9, 10",
    b"9\r\nContent-Length: 8",
    b"9 9",
    b"",
    b"9" * 5000,
]


@pytest.mark.parametrize("length", MALFORMED_LENGTHS)
def test_malformed_content_length_is_refused(length: bytes) -> None:
    events, error = read(OK + b"Content-Length: " + length + b"\r\n\r\n" + EVENT)
    assert events == []
    assert type(error) is ConnectError
    assert "Content-Length" in str(error)


@pytest.mark.parametrize("length", [b"9, 9", b"9\r\nContent-Length: 9", b" 9\t", b"009"])
def test_equal_content_lengths_are_one(length: bytes) -> None:
    fields = b"Content-Length: " + length + b"\r\n\r\n"
    assert read(OK + fields + EVENT + b"data: more\n\n") == (["a"], None)


def test_chunks_win_over_a_content_length() -> None:
    fields = b"Content-Length: 2\r\n" + CHUNKED
    assert read(OK + fields + b"9\r\n" + EVENT + b"\r\n0\r\n\r\n") == (["a"], None)


MALFORMED_STATUSES = [b"+200", b"0200", b"2_00", b"20", b"2000", b"-20", b"099", b"", b"OK", b"\xb200"]


@pytest.mark.parametrize("status", MALFORMED_STATUSES)
def test_status_is_three_digits(status: bytes) -> None:
    events, error = read(b"HTTP/1.1 " + status + b" OK\r\nContent-Type: text/event-stream\r\n\r\n" + EVENT)
    assert events == []
    assert type(error) is ConnectError
    assert "status line" in str(error)


@pytest.mark.parametrize("line", [b"HTTP/1.1 200", b"HTTP/1.1 200 ", b"HTTP/1.0 200 OK"])
def test_reason_phrase_may_be_missing(line: bytes) -> None:
    assert read(line + b"\r\nContent-Type: text/event-stream\r\n\r\n" + EVENT) == (["a"], None)


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/3.0", "HTTP/0.8"])
def test_other_version_of_http_is_refused(version: str) -> None:
    events, error = read(version.encode() + b" 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + EVENT)
    assert events == []
    assert type(error) is ConnectError
    assert f"the response is of {version}, expected HTTP/1.0 or 1.1" in str(error)


def test_many_headers_are_read() -> None:
    """More than the 100 of http.client, and more bytes than it reads as one line."""
    fields = b"".join(b"X-%d: %b\r\n" % (number, b"x" * 100) for number in range(1000))
    interim = b"HTTP/1.1 103 Early Hints\r\n" + b"Link: x\r\n" * 150 + b"\r\n"
    with raw_server(interim + OK + fields + b"Content-Length: 9\r\n\r\n" + EVENT) as server:
        exchange = UrllibTransport().exchange(Request("GET", f"http://localhost:{server.port}/"), timeout=10)
        response = exchange.open()
        assert response.headers.pairs[1:-1] == tuple((f"X-{number}", "x" * 100) for number in range(1000))
        assert exchange.read(10.0) == EVENT
        assert exchange.read(10.0) == b""
        exchange.close()


MALFORMED_HEADERS = [
    *(b"no colon", b": no name", b"a name: 1", b"Name : 1", b"\xe9: 1", b"X: \0"),
    b"X: 1\rTransfer-Encoding: chunked",
]


@pytest.mark.parametrize("line", MALFORMED_HEADERS)
def test_malformed_header_is_refused(line: bytes) -> None:
    """The standard library would ignore the fields after it, or read another field in it."""
    events, error = read(OK + line + b"\r\nContent-Length: 9\r\n\r\n" + EVENT)
    assert events == []
    assert type(error) is ConnectError
    assert "malformed response header" in str(error)


def test_continued_header_and_bare_line_feeds_are_read() -> None:
    head = b"HTTP/1.1 200 OK\nContent-Type: text/event-stream;\n charset=utf-8\nContent-Length: 9\n\n"
    assert read(head + EVENT) == (["a"], None)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n" * 10_000,
        b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" * 10_000 + OK + b"\r\n" + EVENT,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000 + OK + b"\r\n" + EVENT,
    ],
    ids=["one long line", "many lines", "early hints", "interim responses"],
)
def test_endless_response_headers_are_refused(head: bytes) -> None:
    assert len(head) > MAX_HEAD
    events, error = read(head)
    assert events == []
    assert type(error) is ConnectError


def test_interim_responses_are_skipped() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    assert read(interim + OK + b"\r\n" + EVENT) == (["a"], None)


@pytest.mark.parametrize("framing", [b"", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_bytes_after_a_204_are_ignored(framing: bytes) -> None:
    response = b"HTTP/1.1 204 No Content\r\n" + framing + b"\r\nbytes"
    with raw_server(response) as server, EventSource(f"http://127.0.0.1:{server.port}/") as source:
        assert list(source) == []
    assert len(server.requests) == 1


def test_switching_protocols_is_an_unexpected_status() -> None:
    _, error = read(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nbytes")
    assert type(error) is HTTPStatusError
    assert error.status == 101


# Compressed bodies.


def compressed(text: bytes, flush: int) -> bytes:
    compressor = zlib.compressobj(wbits=31)
    return compressor.compress(text) + compressor.flush(flush)


@pytest.mark.parametrize("framing", ["length", "chunks", "close"])
def test_truncated_compressed_body_is_lost(framing: str) -> None:
    for flush, whole in ((zlib.Z_SYNC_FLUSH, False), (zlib.Z_FINISH, True)):
        body = compressed(EVENT, flush)
        fields = {
            "length": b"Content-Length: %d\r\n\r\n%s" % (len(body), body),
            "chunks": b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
            "close": b"\r\n" + body,
        }
        events, error = read(OK + b"Content-Encoding: gzip\r\n" + fields[framing])
        assert events == ["a"]
        assert type(error) is (type(None) if whole else IncompleteStream)


@pytest.mark.parametrize("coding", [b"gzip, gzip", b"br", b"zstd", b"compress"])
def test_unsupported_coding_is_refused_before_decoding(
    coding: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decompress(*_arguments: object) -> None:
        raise AssertionError("nothing is decoded")

    monkeypatch.setattr(zlib, "decompressobj", decompress)
    body = compressed(compressed(b":" * 10_000_000, zlib.Z_FINISH), zlib.Z_FINISH)
    events, error = read(OK + b"Content-Encoding: " + coding + b"\r\n\r\n" + body)
    assert events == []
    assert type(error) is ContentEncodingError


def test_closing_a_bomb_does_not_decode_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    compressor = zlib.compressobj(9, wbits=31)
    bomb = compressor.compress(EVENT) + b"".join(compressor.compress(b":" * 2**20) for _ in range(64))
    decoded = 0
    decode = Inflate.read

    def counted(decoder: Inflate) -> bytes:
        nonlocal decoded
        data = decode(decoder)
        decoded += len(data)
        return data

    monkeypatch.setattr(Inflate, "read", counted)
    with raw_server(OK + b"Content-Encoding: gzip\r\n\r\n" + bomb) as server:
        with EventSource(f"http://127.0.0.1:{server.port}/") as source:
            assert next(source).data == "a"
        assert decoded == MAX_OUTPUT
