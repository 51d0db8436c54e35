"""The transport of the guide for MCP, used without MCP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import httpx2
import pytest

import mcp_resuming
from mcp_resuming import ResumingTransport
from sse_core import Event, HTTPStatusError, IncompleteStream, ReadError, RetryPolicy, aparse
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
    """Run a function with a client that resumes. Closing the client closes everything left open."""

    async def main() -> Any:
        transport = ResumingTransport(retry=QUICK)
        async with httpx2.AsyncClient(transport=transport, headers=HEADERS, timeout=30) as client:
            return await use(client)

    return anyio.run(main)


async def events(response: httpx2.Response) -> AsyncIterator[Event]:
    async for event in aparse(response.aiter_bytes()):
        yield event


async def read(client: httpx2.AsyncClient, method: str, url: str) -> list[Event]:
    """Read until the server responds with 204."""
    content = b"{}" if method == "POST" else None
    async with client.stream(method, url, content=content) as response:
        return [event async for event in events(response)]


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("head", [[], [Gzip()]], ids=["plain", "gzip"])
def test_stream_is_resumed_until_204(sse_server: MakeServer, method: str, head: list[Step]) -> None:
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


def test_retry_field_is_passed_on(sse_server: MakeServer) -> None:
    script: list[Steps] = [[b"retry: 7\n", FEED[0], Cut()], [204]]
    server = sse_server(script)

    async def use(client: httpx2.AsyncClient) -> list[int | None]:
        async with client.stream("POST", server.url) as response:
            return [event.retry async for event in events(response)]

    assert run(use) == [7]


def test_read_timeout_applies_to_resumptions(sse_server: MakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server = sse_server([[*FEED, Stall()]])
    idle_timeouts: list[float | None] = []

    def event_source(url: str, *, idle_timeout: float | None, **options: Any) -> AsyncEventSource[Event]:
        idle_timeouts.append(idle_timeout)
        return AsyncEventSource(url, idle_timeout=idle_timeout, **options)

    monkeypatch.setattr(mcp_resuming, "AsyncEventSource", event_source)

    async def use(client: httpx2.AsyncClient) -> None:
        async with client.stream("POST", server.url, timeout=httpx2.Timeout(30, read=17)):
            pass

    run(use)

    assert idle_timeouts == [17]


def test_post_dropped_before_an_id_is_not_repeated(sse_server: MakeServer) -> None:
    server = sse_server([[Event("no id"), Cut()]])

    with pytest.raises(IncompleteStream) as caught:
        run(lambda client: read(client, "POST", server.url))
    assert isinstance(caught.value.__cause__, ReadError)

    assert len(server.calls) == 1


def test_get_dropped_before_an_id_is_repeated(sse_server: MakeServer) -> None:
    server = sse_server([[Event("no id"), Cut()], [204]])

    assert run(lambda client: read(client, "GET", server.url)) == [Event("no id")]


def test_error_response_to_a_resumption_is_raised(sse_server: MakeServer) -> None:
    server = sse_server([[FEED[0], Cut()], [404, b"no such session"]])

    with pytest.raises(HTTPStatusError, match="no such session"):
        run(lambda client: read(client, "POST", server.url))


def test_other_responses_pass_unchanged(sse_server: MakeServer) -> None:
    server = sse_server([[{"Content-Type": "application/json"}, b"{}"], [202], [500, b"no"]])

    async def use(client: httpx2.AsyncClient) -> list[tuple[int, bytes]]:
        responses = [await client.post(server.url) for _ in range(3)]
        return [(response.status_code, response.content) for response in responses]

    assert run(use) == [(200, b"{}"), (202, b""), (500, b"no")]


@pytest.mark.parametrize("reads", [False, True])
@pytest.mark.parametrize("drops", [0, 1])
def test_leaving_a_stream_leaves_no_connection_open(sse_server: MakeServer, reads: bool, drops: int) -> None:
    dropped: list[Steps] = [[FEED[0], Cut()]] * drops
    server = sse_server([*dropped, [*FEED[drops:], Stall()]])

    async def use(client: httpx2.AsyncClient) -> None:
        async with client.stream("POST", server.url) as response:
            if reads:
                stream = events(response)
                for event in FEED:
                    assert await anext(stream) == event
        # The client itself is still open.
        await anyio.to_thread.run_sync(eventually, lambda: server.open_connections == 0, "it is closed")

    run(use)
