"""The statements of the guide for other HTTP clients are true."""

from __future__ import annotations

import asyncio
import threading
import zlib
from typing import Any

import aiohttp
import anyio
import httpx
import httpx2
import pytest
import urllib3

from sse_core import Event, IncompleteStream, encode
from sse_core_pytest import MakeServer
from sse_transports.testing import Call, Cut, Gzip, Sleep, Step
from tests.embedding.http_clients import (
    RECIPES,
    Recipe,
    read_requests,
    read_requests_iter_content,
    read_urllib3,
    read_urllib3_stream,
)
from tests.sse_transports.waiting import DEADLINE, eventually

FIRST, SECOND = Event("first\u2028€"), Event("second")
SHORT = 0.03
"""Seconds to wait for an event that is held back. A longer wait would not bring it either."""

every_recipe = pytest.mark.parametrize("read", RECIPES)


class TwoEvents:
    """Respond with one event, and with a second one when the first was read, or after `timeout` seconds."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._was_read = threading.Event()
        self.was_immediate = False

    def on_event(self, event: Event) -> None:
        if event == FIRST:
            self._was_read.set()

    def wait(self) -> None:
        self.was_immediate = self._was_read.wait(self._timeout)

    def __call__(self, call: Call) -> None:
        chunked = "chunked" in call.path
        compressor = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
        fields = [("Content-Type", "text/event-stream")]
        if "gzip" in call.path:
            fields.append(("Content-Encoding", "gzip"))
        if chunked:
            fields.append(("Transfer-Encoding", "chunked"))
        call.respond(headers=fields)
        send = call.chunk if chunked else call.send
        for event in (FIRST, SECOND):
            data = encode(event)
            if "gzip" in call.path:
                data = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)
            send(data)
            if event is FIRST:
                self.wait()
        if "gzip" in call.path:
            send(compressor.flush())
        if chunked:
            call.chunk(b"")


FRAMINGS = ["/chunked", "/unframed", "/gzip-chunked", "/gzip-unframed"]


@every_recipe
@pytest.mark.parametrize("framing", FRAMINGS)
def test_event_is_returned_when_it_was_sent(sse_server: MakeServer, read: Recipe, framing: str) -> None:
    answer = TwoEvents(DEADLINE)
    server = sse_server(answer)
    events: list[Event] = []

    def on_event(event: Event) -> None:
        events.append(event)
        answer.on_event(event)

    read(server.url + framing, on_event)

    assert events == [FIRST, SECOND]
    assert answer.was_immediate


@pytest.mark.parametrize(
    ("read", "framing"),
    [
        (read_requests_iter_content, "/unframed"),
        (read_requests_iter_content, "/gzip-unframed"),
        (read_urllib3_stream, "/unframed"),
        (read_urllib3_stream, "/gzip-chunked"),
        (read_urllib3_stream, "/gzip-unframed"),
    ],
)
def test_reads_that_the_guide_warns_of_delay_events(
    sse_server: MakeServer, read: Recipe, framing: str
) -> None:
    answer = TwoEvents(SHORT)
    server = sse_server(answer)

    read(server.url + framing, answer.on_event)

    assert not answer.was_immediate


ERRORS = (
    urllib3.exceptions.ProtocolError,
    httpx.RemoteProtocolError,
    httpx.ReadError,
    httpx2.RemoteProtocolError,
    httpx2.ReadError,
    aiohttp.ClientPayloadError,
    aiohttp.ClientConnectionError,
)


@every_recipe
@pytest.mark.parametrize("head", [[], [Gzip()]], ids=["plain", "gzip"])
def test_dropped_connection_raises_after_the_events(
    sse_server: MakeServer, read: Recipe, head: list[Step]
) -> None:
    server = sse_server([[*head, FIRST, SECOND, b"data: th", Sleep(0.01), Cut()]])
    events: list[Event] = []

    with pytest.raises(ERRORS):
        read(server.url, events.append)

    assert events == [FIRST, SECOND]
    eventually(lambda: server.open_connections == 0, "the connection is closed")


@every_recipe
def test_end_inside_an_event_raises_incomplete_stream(sse_server: MakeServer, read: Recipe) -> None:
    def answer(call: Call) -> None:
        call.respond(body=encode(FIRST) + b"data: sec")

    server = sse_server(answer)
    events: list[Event] = []

    with pytest.raises(IncompleteStream):
        read(server.url, events.append)

    assert events == [FIRST]


@pytest.mark.parametrize("read", [read_requests, read_urllib3])
def test_urllib3_ignores_a_body_shorter_than_its_length(sse_server: MakeServer, read: Recipe) -> None:
    head = {"Content-Type": "text/event-stream", "Content-Length": "1000"}
    server = sse_server([[head, FIRST, Cut()]])
    events: list[Event] = []

    read(server.url, events.append)

    assert events == [FIRST]


@pytest.mark.parametrize("module", [httpx, httpx2])
def test_httpx_splits_lines_inside_data(module: Any) -> None:
    response = module.Response(200, content=encode(FIRST))

    assert list(response.iter_lines())[:2] == ["data: first", "€"]


def test_default_timeouts_end_quiet_streams() -> None:
    assert httpx.Timeout(5.0) == httpx.Client(verify=False).timeout
    assert httpx2.Timeout(5.0) == httpx2.Client(verify=False).timeout
    assert aiohttp.client.DEFAULT_TIMEOUT.total == 300
    assert aiohttp.ClientTimeout().total is None


def test_aiohttp_limits_the_length_of_lines(sse_server: MakeServer) -> None:
    server = sse_server([[Event("x" * 2**20)]])

    async def read() -> None:
        async with aiohttp.ClientSession() as session, session.get(server.url) as response:
            async for _ in response.content:
                pass

    with pytest.raises(aiohttp.http_exceptions.LineTooLong):
        asyncio.run(read())


@pytest.mark.parametrize("module", [httpx, httpx2])
def test_asgi_transport_returns_only_complete_bodies(module: Any) -> None:
    async def main() -> None:
        response_started = anyio.Event()
        started_early: list[bool] = []

        async def app(_scope: object, _receive: object, send: Any) -> None:
            head = [(b"content-type", b"text/event-stream")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": encode(FIRST), "more_body": True})
            with anyio.move_on_after(SHORT):
                await response_started.wait()
            started_early.append(response_started.is_set())
            await send({"type": "http.response.body", "body": encode(SECOND)})

        transport = module.ASGITransport(app)
        async with (
            module.AsyncClient(transport=transport) as client,
            client.stream("GET", "http://app.test/") as response,
        ):
            response_started.set()
            body = await response.aread()
        assert body == encode(FIRST) + encode(SECOND)
        assert started_early == [False]

    anyio.run(main)
