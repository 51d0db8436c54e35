"""The transport of the guide "MCP over streams that survive cuts", without MCP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import httpx2
import pytest

from mcp_resuming import ResumingTransport
from sse_core import Event, HTTPStatusError, ReadError, RetryPolicy, aparse
from sse_core_pytest import MakeServer
from sse_transports import AsyncEventSource
from sse_transports.testing import Cut, Gzip, History, Stall, Step, Steps
from tests.sse_transports.waiting import eventually

FEED = [Event(f"{number} \u2028 €", id=str(number)) for number in range(1, 6)]
QUICK = RetryPolicy(initial_delay=0.001, min_delay=0)
HEADERS = {
    "Authorization": "Bearer token",
    "Mcp-Session-Id": "s1",
    "Accept": "application/json, text/event-stream",
}


def run(use: Callable[[httpx2.AsyncClient], Awaitable[Any]]) -> Any:
    """Run it with a client that resumes; what it leaves open is closed with the client."""

    async def main() -> Any:
        transport = ResumingTransport(retry=QUICK)
        async with httpx2.AsyncClient(transport=transport, headers=HEADERS, timeout=30) as client:
            return await use(client)

    return anyio.run(main)


async def events(response: httpx2.Response) -> AsyncIterator[Event]:
    async for event in aparse(response.aiter_bytes()):
        yield event


async def read(client: httpx2.AsyncClient, method: str, url: str) -> list[Event]:
    """Read to the end, which the server says with 204."""
    content = b"{}" if method == "POST" else None
    async with client.stream(method, url, content=content) as response:
        return [event async for event in events(response)]


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("head", [[], [Gzip()]], ids=["plain", "gzip"])
def test_a_stream_is_resumed_until_the_server_says_that_is_all(
    sse_server: MakeServer, method: str, head: list[Step]
) -> None:
    script: list[Steps] = [
        [*head, *FEED[:2], b"id: 3\ndata: \xe2", Cut()],
        [503],
        FEED[2:4],
        [History()],
        [204],
    ]
    server = sse_server(script, history=FEED)

    assert run(lambda client: read(client, method, server.url)) == FEED

    first, *others = server.calls
    assert (first.method, first.last_event_id) == (method, "")
    assert [(call.method, call.last_event_id) for call in others] == [
        ("GET", "2"),
        ("GET", "2"),
        ("GET", "4"),
        ("GET", "5"),
    ]
    for call in others:
        assert (call.headers["authorization"], call.headers["mcp-session-id"]) == (b"Bearer token", b"s1")
        assert call.headers["accept"] == b"text/event-stream"
        assert "content-type" not in call.headers


def test_the_servers_wait_is_kept(sse_server: MakeServer) -> None:
    script: list[Steps] = [[b"retry: 7\n", FEED[0], Cut()], [204]]
    server = sse_server(script)

    async def use(client: httpx2.AsyncClient) -> list[int | None]:
        async with client.stream("POST", server.url) as response:
            return [event.retry async for event in events(response)]

    assert run(use) == [7]


def test_the_clients_read_timeout_holds_for_resumptions_too(sse_server: MakeServer) -> None:
    server = sse_server([[*FEED, Stall()]])

    async def use(client: httpx2.AsyncClient) -> float | None:
        async with client.stream("POST", server.url, timeout=httpx2.Timeout(30, read=17)) as response:
            body: Any = response.stream
            source: AsyncEventSource[Event] = body._stream._source
            return source._idle_timeout

    assert run(use) == 17


def test_a_post_that_is_cut_before_its_first_id_is_not_taken_up(sse_server: MakeServer) -> None:
    server = sse_server([[Event("no id"), Cut()]])

    with pytest.raises(ReadError, match="before its first id"):
        run(lambda client: read(client, "POST", server.url))

    assert len(server.calls) == 1


def test_a_get_that_is_cut_before_its_first_id_is_sent_again(sse_server: MakeServer) -> None:
    server = sse_server([[Event("no id"), Cut()], [204]])

    assert run(lambda client: read(client, "GET", server.url)) == [Event("no id")]


def test_a_resumption_that_is_refused_is_an_error(sse_server: MakeServer) -> None:
    server = sse_server([[FEED[0], Cut()], [404, b"no such session"]])

    with pytest.raises(HTTPStatusError, match="no such session"):
        run(lambda client: read(client, "POST", server.url))


def test_what_is_no_event_stream_passes_as_it_is(sse_server: MakeServer) -> None:
    server = sse_server([[{"Content-Type": "application/json"}, b"{}"], [202], [500, b"no"]])

    async def use(client: httpx2.AsyncClient) -> list[tuple[int, bytes]]:
        answers = [await client.post(server.url) for _ in range(3)]
        return [(answer.status_code, answer.content) for answer in answers]

    assert run(use) == [(200, b"{}"), (202, b""), (500, b"no")]


@pytest.mark.parametrize("reads", [False, True])
@pytest.mark.parametrize("cuts", [0, 1])
def test_a_stream_that_is_left_leaves_no_connection_open(
    sse_server: MakeServer, reads: bool, cuts: int
) -> None:
    cut: list[Steps] = [[FEED[0], Cut()]] * cuts
    server = sse_server([*cut, [*FEED[cuts:], Stall()]])

    async def use(client: httpx2.AsyncClient) -> None:
        async with client.stream("POST", server.url) as response:
            if reads:
                stream = events(response)
                for event in FEED:
                    assert await anext(stream) == event
        # The client itself is still open.
        await anyio.to_thread.run_sync(eventually, lambda: server.open_connections == 0, "it is closed")

    run(use)
