"""MCP's own client and server over connections that are dropped: no progress is lost or repeated."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import anyio
import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from mcp_resuming import ResumingTransport
from sse_core import Event, RetryPolicy
from sse_core_pytest import MakeServer
from sse_transports.testing import Call, Stall, Steps
from tests.embedding.mcp_server import STEPS, DropAt, forward, mcp_server
from tests.sse_transports.waiting import eventually, until_set

QUICK = RetryPolicy(initial_delay=0.001, min_delay=0, max_delay=0.03)


@dataclass
class RunningServer:
    """A running server, and an event that is set when its tool has finished."""

    port: int
    finished: threading.Event


@pytest.fixture
def mcp() -> Iterator[RunningServer]:
    finished = threading.Event()
    with mcp_server(finished) as port:
        yield RunningServer(port, finished)


@dataclass
class ToolResult:
    """What the caller of the tool got."""

    progress: list[float] = field(default_factory=list)
    messages: list[str | None] = field(default_factory=list)
    text: str = ""
    error: str = ""


async def count(url: str, client: httpx2.AsyncClient, *, closes: bool = False) -> ToolResult:
    result = ToolResult()

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        result.progress.append(progress)
        result.messages.append(message)

    async with client:
        transport = streamable_http_client(f"{url}/mcp", http_client=client)
        async with Client(transport, mode="legacy") as client_session:
            try:
                response = await client_session.call_tool(
                    "count", {"closes": closes}, progress_callback=on_progress
                )
            except MCPError as error:
                result.error = str(error)
            else:
                result.text = response.content[0].text  # type: ignore[union-attr]  # it is a text
    return result


def resuming(retry: RetryPolicy = QUICK) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=ResumingTransport(retry=retry), timeout=30)


def stock() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(timeout=30)


class Proxy:
    """Forwards requests, but drops the connection of the tool call and those of its first resumptions."""

    def __init__(self, mcp: RunningServer, drops: list[DropAt], *, busy: int = 0) -> None:
        self._server = mcp
        self._drops = drops
        self._busy = busy
        self.resumptions: list[str] = []

    def __call__(self, call: Call) -> Steps | None:
        drop_at: DropAt = _never
        if call.method == "GET" and call.last_event_id:
            self.resumptions.append(call.last_event_id)
            if len(self.resumptions) <= self._busy:
                return [503]
            # Wait until all events are in the store, so that the server replays them instead of sending live.
            until_set(self._server.finished, "the tool has finished")
            drop_at = self._drops.pop(0) if self._drops else _never
        elif b"tools/call" in call.body:
            drop_at = self._drops.pop(0) if self._drops else _never
        forward(call, self._server.port, drop_at)
        return None


def _never(_received: bytes) -> None:
    return None


def _at(progress: int, offset_in: Callable[[bytes], int]) -> DropAt:
    """Drop the connection at an offset in the event that reports this progress."""

    def drop_at(received: bytes) -> int | None:
        found = received.find(b'"progress":%d' % progress)
        begin = received.rfind(b"id: ", 0, found)
        end = received.find(b"\r\n\r\n", found)
        return None if found < 0 or end < 0 else begin + offset_in(received[begin:end])

    return drop_at


def between_events(_event: bytes) -> int:
    return 0


def inside_an_event(event: bytes) -> int:
    return len(event) // 2


def inside_a_character(event: bytes) -> int:
    return event.index("数".encode()) + 1


def before_the_blank_line(event: bytes) -> int:
    return len(event) + 2


OFFSETS = [between_events, inside_an_event, inside_a_character, before_the_blank_line]
ALL = list(range(1, STEPS + 1))


@pytest.mark.parametrize("offset_in", OFFSETS)
def test_dropped_tool_call_loses_no_progress(
    sse_server: MakeServer, mcp: RunningServer, offset_in: Callable[[bytes], int]
) -> None:
    proxy = Proxy(mcp, [_at(3, offset_in), _at(5, offset_in)])
    server = sse_server(proxy)

    result = anyio.run(count, server.url, resuming())

    assert (result.progress, result.text, result.error) == (ALL, "counted", "")
    assert result.messages == [f"{number} von {STEPS} \u2028 数" for number in ALL]
    assert len(proxy.resumptions) == 2


def test_server_can_ask_for_a_new_connection(sse_server: MakeServer, mcp: RunningServer) -> None:
    proxy = Proxy(mcp, [])
    server = sse_server(proxy)

    result = anyio.run(partial(count, closes=True), server.url, resuming())

    assert (result.progress, result.text) == (ALL, "counted")
    assert len(proxy.resumptions) == 1


def test_busy_server_is_retried_until_it_responds(sse_server: MakeServer, mcp: RunningServer) -> None:
    proxy = Proxy(mcp, [_at(3, inside_an_event)], busy=5)
    server = sse_server(proxy)

    result = anyio.run(count, server.url, resuming())

    assert (result.progress, result.text) == (ALL, "counted")
    assert len(proxy.resumptions) == 6
    assert len(set(proxy.resumptions)) == 1


def test_stock_client_loses_the_call_of_a_busy_server(sse_server: MakeServer, mcp: RunningServer) -> None:
    proxy = Proxy(mcp, [_at(3, inside_an_event)], busy=5)
    server = sse_server(proxy)

    result = anyio.run(count, server.url, stock())

    assert result.progress == [1, 2]
    assert "reconnection attempts were exhausted" in result.error


def test_exhausted_retries_are_an_error(sse_server: MakeServer, mcp: RunningServer) -> None:
    # When this library has stopped, MCP's own client sends two more GETs. Each has as many attempts.
    proxy = Proxy(mcp, [_at(3, inside_an_event)], busy=99)
    server = sse_server(proxy)

    result = anyio.run(
        count, server.url, resuming(RetryPolicy(initial_delay=0, min_delay=0, max_delay=0, max_attempts=3))
    )

    assert result.progress == [1, 2]
    assert "reconnection attempts were exhausted" in result.error
    assert len(proxy.resumptions) == 3 + 2 * 3


def test_call_dropped_before_an_id_is_not_repeated(sse_server: MakeServer, mcp: RunningServer) -> None:
    begin = b"\r\nid: "
    proxy = Proxy(mcp, [lambda data: data.index(begin) + len(begin) if begin in data else None])
    server = sse_server(proxy)

    result = anyio.run(count, server.url, resuming())

    assert result.progress == []
    assert "without a response" in result.error
    assert sum(b"tools/call" in call.body for call in server.calls) == 1
    # MCP's client opens one GET stream for the messages that are no responses. It ends with the session, and
    # may be requested again then.
    methods = [call.method for call in server.calls]
    assert methods[: methods.index("DELETE")].count("GET") <= 1
    assert all(not call.last_event_id for call in server.calls)


def test_cancelled_call_leaves_no_connection_open(sse_server: MakeServer) -> None:
    stuck = threading.Event()

    def answer(call: Call) -> Steps | None:
        if b'"initialize"' in call.body:
            return initialize_response(call)
        if b"tools/call" in call.body:
            stuck.set()
            return [Event("", id="1"), Stall()]
        return [202] if call.method == "POST" else [405]

    server = sse_server(answer)

    async def give_up() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(count, server.url, resuming())
            await anyio.to_thread.run_sync(until_set, stuck, "the call has started")
            tasks.cancel_scope.cancel()

    anyio.run(give_up)

    eventually(lambda: server.open_connections == 0, "the connection is closed")


def initialize_response(call: Call) -> Steps:
    """Return the response to the first message of a client."""
    request = json.loads(call.body)
    result = {
        "protocolVersion": request["params"]["protocolVersion"],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "stuck", "version": "1"},
    }
    return [Event(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}))]
