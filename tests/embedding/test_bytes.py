"""What the guide "Bring your own bytes" says of each HTTP client is so."""

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
    Reading,
    iter_content_of_requests,
    read_requests,
    read_urllib3,
    stream_of_urllib3,
)
from tests.sse_transports.waiting import DEADLINE, eventually

FIRST, SECOND = Event("first\u2028€"), Event("second")
SHORT = 0.03
"""Seconds in which an event does not come that would not come in hours either."""

every_recipe = pytest.mark.parametrize("read", RECIPES)


class TwoEvents:
    """Answers with one event, and with another one once the first was read, or `patience` is at its end."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._was_read = threading.Event()
        self.came_at_once = False

    def take(self, event: Event) -> None:
        if event == FIRST:
            self._was_read.set()

    def wait(self) -> None:
        self.came_at_once = self._was_read.wait(self._patience)

    def __call__(self, call: Call) -> None:
        in_chunks = "chunked" in call.path
        compressor = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
        fields = [("Content-Type", "text/event-stream")]
        if "gzip" in call.path:
            fields.append(("Content-Encoding", "gzip"))
        if in_chunks:
            fields.append(("Transfer-Encoding", "chunked"))
        call.respond(headers=fields)
        send = call.chunk if in_chunks else call.send
        for event in (FIRST, SECOND):
            data = encode(event)
            if "gzip" in call.path:
                data = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)
            send(data)
            if event is FIRST:
                self.wait()
        if "gzip" in call.path:
            send(compressor.flush())
        if in_chunks:
            call.chunk(b"")


FRAMINGS = ["/chunked", "/unframed", "/gzip-chunked", "/gzip-unframed"]


@every_recipe
@pytest.mark.parametrize("framing", FRAMINGS)
def test_an_event_is_there_as_soon_as_it_was_sent(
    sse_server: MakeServer, read: Reading, framing: str
) -> None:
    answer = TwoEvents(DEADLINE)
    server = sse_server(answer)
    events: list[Event] = []

    def take(event: Event) -> None:
        events.append(event)
        answer.take(event)

    read(server.url + framing, take)

    assert events == [FIRST, SECOND]
    assert answer.came_at_once


@pytest.mark.parametrize(
    ("read", "framing"),
    [
        (iter_content_of_requests, "/unframed"),
        (iter_content_of_requests, "/gzip-unframed"),
        (stream_of_urllib3, "/unframed"),
        (stream_of_urllib3, "/gzip-chunked"),
        (stream_of_urllib3, "/gzip-unframed"),
    ],
)
def test_what_the_guide_warns_of_holds_events_back(
    sse_server: MakeServer, read: Reading, framing: str
) -> None:
    answer = TwoEvents(SHORT)
    server = sse_server(answer)

    read(server.url + framing, answer.take)

    assert not answer.came_at_once


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
def test_a_cut_is_an_error_behind_the_events(sse_server: MakeServer, read: Reading, head: list[Step]) -> None:
    server = sse_server([[*head, FIRST, SECOND, b"data: th", Sleep(0.01), Cut()]])
    events: list[Event] = []

    with pytest.raises(ERRORS):
        read(server.url, events.append)

    assert events == [FIRST, SECOND]
    eventually(lambda: server.open_connections == 0, "the connection is closed")


@every_recipe
def test_a_body_of_no_known_length_that_ends_inside_an_event_is_incomplete(
    sse_server: MakeServer, read: Reading
) -> None:
    def answer(call: Call) -> None:
        call.respond(body=encode(FIRST) + b"data: sec")

    server = sse_server(answer)
    events: list[Event] = []

    with pytest.raises(IncompleteStream):
        read(server.url, events.append)

    assert events == [FIRST]


@pytest.mark.parametrize("read", [read_requests, read_urllib3])
def test_urllib3_does_not_tell_that_a_body_is_shorter_than_announced(
    sse_server: MakeServer, read: Reading
) -> None:
    head = {"Content-Type": "text/event-stream", "Content-Length": "1000"}
    server = sse_server([[head, FIRST, Cut()]])
    events: list[Event] = []

    read(server.url, events.append)

    assert events == [FIRST]


@pytest.mark.parametrize("module", [httpx, httpx2])
def test_lines_of_httpx_end_within_data(module: Any) -> None:
    response = module.Response(200, content=encode(FIRST))

    assert list(response.iter_lines())[:2] == ["data: first", "€"]


def test_default_limits_that_end_quiet_streams() -> None:
    assert httpx.Timeout(5.0) == httpx.Client(verify=False).timeout
    assert httpx2.Timeout(5.0) == httpx2.Client(verify=False).timeout
    assert aiohttp.client.DEFAULT_TIMEOUT.total == 300
    assert aiohttp.ClientTimeout().total is None


def test_lines_of_aiohttp_have_a_limit(sse_server: MakeServer) -> None:
    server = sse_server([[Event("x" * 2**20)]])

    async def read() -> None:
        async with aiohttp.ClientSession() as session, session.get(server.url) as response:
            async for _ in response.content:
                pass

    with pytest.raises(aiohttp.http_exceptions.LineTooLong):
        asyncio.run(read())


@pytest.mark.parametrize("module", [httpx, httpx2])
def test_an_app_in_the_same_process_is_heard_when_it_is_through(module: Any) -> None:
    async def main() -> None:
        heard = anyio.Event()
        was_heard_early: list[bool] = []

        async def app(_scope: object, _receive: object, send: Any) -> None:
            head = [(b"content-type", b"text/event-stream")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": encode(FIRST), "more_body": True})
            with anyio.move_on_after(SHORT):
                await heard.wait()
            was_heard_early.append(heard.is_set())
            await send({"type": "http.response.body", "body": encode(SECOND)})

        transport = module.ASGITransport(app)
        async with (
            module.AsyncClient(transport=transport) as client,
            client.stream("GET", "http://app.test/") as response,
        ):
            heard.set()
            body = await response.aread()
        assert body == encode(FIRST) + encode(SECOND)
        assert was_heard_early == [False]

    anyio.run(main)
