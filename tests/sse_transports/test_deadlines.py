"""`timeout` bounds everything before the stream, however a blocking client waits, and never just cuts it."""

from __future__ import annotations

import sys
import time

import httpx2
import pytest

import sse_transports._httpx2
import sse_transports._urllib
from sse_core import ConnectError, IdleTimeout, Request, Response, RetryPolicy
from sse_transports import EventSource, Httpx2Transport, Transport, UrllibTransport
from sse_transports.testing import Call, SSEServer

QUICK = RetryPolicy(initial_delay=0.01, min_delay=0.0)
both = pytest.mark.parametrize("transport", [UrllibTransport, Httpx2Transport])


def one_and_silence(call: Call) -> None:
    call.respond(body=b"data: a\n\n")
    call.wait_until_gone()


@pytest.mark.skipif(sys.platform != "linux", reason="a full queue answers elsewhere")
@both
def test_a_connect_that_nobody_answers(transport: type[UrllibTransport], unanswered: int) -> None:
    url = f"http://127.0.0.1:{unanswered}"
    with pytest.raises(ConnectError, match=r"0\.2 seconds"):
        next(EventSource(url, timeout=0.2, retry=None, transport=transport()))


def test_a_place_in_the_pool_of_a_client_of_the_callers() -> None:
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


@both
def test_a_head_that_comes_just_too_late_is_no_stream_that_ends(
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


@both
def test_each_read_has_its_own_limit(transport: type[UrllibTransport]) -> None:
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
        # Not the limit of the read before.
        assert time.monotonic() - start < 4
        exchange.close()
        one.close()
