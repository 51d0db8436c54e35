"""Malformed responses: each ends with an error that names the fault."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest

from sse_core import (
    ConnectError,
    ContentEncodingError,
    Event,
    HTTPStatusError,
    IncompleteStream,
    InvalidArgument,
    ReadError,
    SSEError,
)
from sse_transports import EventSource, UrllibTransport
from sse_transports.testing import Call, SSEServer

STREAM = ("Content-Type", "text/event-stream")


def error_of(answer: Callable[[Call], None], **options: object) -> SSEError:
    """Return the error that ends the iteration of this response."""
    with SSEServer(answer) as server:
        source: EventSource[Event] = EventSource(server.url, **{"retry": None, "method": "POST", **options})  # type: ignore[call-overload]
        with pytest.raises(SSEError) as caught:
            list(source)
        return caught.value


def test_control_characters_in_status_line_are_escaped() -> None:
    error = error_of(lambda call: call.send(b"\x1b[2J\x07evil" + b"x" * 60_000 + b"\r\n\r\n"))
    assert type(error) is ConnectError
    assert str(error).isprintable()
    assert len(str(error)) < 300


@pytest.mark.parametrize("second", ["identity", "br", "gzip"])
def test_all_content_encoding_fields_count(second: str) -> None:
    def answer(call: Call) -> None:
        body = gzip.compress(b"data: a\n\n")
        call.respond(200, [STREAM, ("Content-Encoding", "gzip"), ("Content-Encoding", second)], body)

    if second == "identity":
        with SSEServer(answer) as server, EventSource(server.url, retry=None) as source:
            assert [event.data for event in source] == ["a"]
    else:
        assert type(error_of(answer)) is ContentEncodingError


@pytest.mark.parametrize("coding", ["gzip", "gzip, chunked", "chunked, gzip"])
def test_unsupported_transfer_coding_is_named(coding: str) -> None:
    error = error_of(lambda call: call.respond(200, [STREAM, ("Transfer-Encoding", coding)], b"data: a\n\n"))
    assert type(error) is ContentEncodingError
    assert coding in str(error)


def test_negative_chunk_size_is_an_incomplete_body() -> None:
    def answer(call: Call) -> None:
        call.respond(200, [STREAM, ("Transfer-Encoding", "chunked")], b"-5\r\ndata: a\n\n0\r\n\r\n")

    error = error_of(answer)
    assert type(error) is IncompleteStream
    assert type(error.__cause__) is ReadError


def test_truncated_response_headers_raise_connect_error() -> None:
    error = error_of(lambda call: call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"))
    assert type(error) is ConnectError
    assert "head" in str(error)


def test_early_response_to_a_large_body_is_read() -> None:
    def never_called(_call: Call) -> None:
        raise AssertionError("the request is never complete")

    class EarlyResponse(Call):
        """Responds after the request headers, and does not read the body."""

        def read_request(self) -> bool:
            head = b""
            while b"\r\n\r\n" not in head:
                head += self._connection.recv(1)
            self.respond(413, [("Content-Type", "text/plain"), ("Content-Length", "8")], b"too much")
            self._connection.shutdown(1)
            return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sse_transports.testing._server.Call", EarlyResponse)
        error = error_of(never_called, content=bytes(30_000_000))
    assert type(error) is HTTPStatusError
    assert error.status == 413


def test_host_header_is_sent_to_its_own_origin_only() -> None:
    with SSEServer(lambda call: call.respond(204, [])) as other:
        port = other.port

        def answer(call: Call) -> None:
            call.respond(307, [("Location", f"http://127.0.0.1:{port}/")])

        with SSEServer(answer) as server, EventSource(server.url, headers={"Host": "api.test"}) as source:
            assert list(source) == []
            assert server.calls[0].headers["host"] == b"api.test"
        assert other.calls[0].headers["host"] == f"127.0.0.1:{port}".encode()


def test_timeout_limits_tls_through_a_silent_tunnel() -> None:
    def silent_tunnel(call: Call) -> None:
        call.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        call.wait_until_gone()

    with SSEServer(silent_tunnel) as proxy:
        transport = UrllibTransport(proxies={"https": proxy.url})
        source = EventSource("https://stream.test/", retry=None, timeout=0.3, transport=transport)
        with pytest.raises(ConnectError, match=r"0\.3 seconds"):
            next(source)
        assert proxy.calls[0].method == "CONNECT"


def test_timeout_too_long_for_a_timer_is_rejected() -> None:
    with pytest.raises(InvalidArgument, match="timeout: expected seconds above 0, up to"):
        EventSource("https://stream.test/", timeout=86400.0 * 30)
