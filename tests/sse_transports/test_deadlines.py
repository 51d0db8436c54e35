"""`timeout` bounds all that comes before the stream, however a blocking client waits, and raises an error."""

from __future__ import annotations

import sys
import time

import httpx2
import pytest

import sse_transports._httpx2
import sse_transports._urllib
from sse_core import ConnectError, IdleTimeout, Request, Response
from sse_transports import EventSource, Httpx2Transport, Transport, UrllibTransport
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.small_servers import one_and_silence

both_transports = pytest.mark.parametrize("transport", [UrllibTransport, Httpx2Transport])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, a full queue responds")
@both_transports
def test_timeout_bounds_an_unanswered_connect(transport: type[UrllibTransport], unanswered: int) -> None:
    url = f"http://127.0.0.1:{unanswered}"
    with pytest.raises(ConnectError, match=r"0\.2 seconds"):
        next(EventSource(url, timeout=0.2, retry=None, transport=transport()))


def test_timeout_bounds_a_wait_for_the_pool() -> None:
    limits = httpx2.Limits(max_connections=1)
    with (
        SSEServer(one_and_silence) as server,
        httpx2.Client(limits=limits, timeout=None) as client,
        EventSource(server.url, transport=Httpx2Transport(client)) as first,
    ):
        assert next(first).data == "a"
        with (
            EventSource(server.url, timeout=0.2, retry=None, transport=Httpx2Transport(client)) as second,
            pytest.raises(ConnectError, match=r"0\.2 seconds"),
        ):
            next(second)


@both_transports
def test_headers_just_after_the_timeout_are_an_error(
    transport: type[UrllibTransport], monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*arguments: object) -> Response:
        time.sleep(0.05)
        return Response(*arguments)  # type: ignore[arg-type]

    with SSEServer(one_and_silence) as server:
        monkeypatch.setattr(sse_transports._urllib, "Response", late)
        send = httpx2.Client.send

        def late_send(*arguments: object, **options: object) -> httpx2.Response:
            response = send(*arguments, **options)  # type: ignore[arg-type]
            time.sleep(0.05)
            return response

        monkeypatch.setattr(httpx2.Client, "send", late_send)
        source = EventSource(server.url, timeout=0.03, method="POST", transport=transport())
        with pytest.raises(ConnectError, match=r"0\.03 seconds"):
            next(source)


@both_transports
def test_each_read_has_its_own_timeout(transport: type[UrllibTransport]) -> None:
    def slow(call: Call) -> None:
        call.respond(body=b"a")
        call.wait_until_gone()

    with SSEServer(slow) as server:
        one: Transport = transport()
        exchange = one.exchange(Request("GET", f"{server.url}/"), timeout=5)
        exchange.open()
        assert exchange.read(5) == b"a"
        start = time.monotonic()
        with pytest.raises(IdleTimeout):
            exchange.read(0.1)
        # Not the timeout of the first read.
        assert time.monotonic() - start < 4
        exchange.close()
        one.close()
