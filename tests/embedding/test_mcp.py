"""MCP's own client and server, with a stream between them that is cut: no progress is lost, none doubled."""

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
from tests.embedding.mcp_server import STEPS, Cut, mcp_server, passed_on
from tests.sse_transports.waiting import eventually, until_set

QUICK = RetryPolicy(initial_delay=0.001, min_delay=0, max_delay=0.03)


@dataclass
class Counting:
    """A server that runs, and when its tool is through."""

    port: int
    finished: threading.Event


@pytest.fixture
def counting() -> Iterator[Counting]:
    finished = threading.Event()
    with mcp_server(finished) as port:
        yield Counting(port, finished)


@dataclass
class Counted:
    """What a caller of the tool got."""

    progress: list[float] = field(default_factory=list)
    messages: list[str | None] = field(default_factory=list)
    text: str = ""
    error: str = ""


async def count(url: str, client: httpx2.AsyncClient, *, closes: bool = False) -> Counted:
    counted = Counted()

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        counted.progress.append(progress)
        counted.messages.append(message)

    async with client:
        transport = streamable_http_client(f"{url}/mcp", http_client=client)
        async with Client(transport, mode="legacy") as mcp:
            try:
                result = await mcp.call_tool("count", {"closes": closes}, progress_callback=tell)
            except MCPError as error:
                counted.error = str(error)
            else:
                counted.text = result.content[0].text  # type: ignore[union-attr]  # it is a text
    return counted


def resuming(retry: RetryPolicy = QUICK) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=ResumingTransport(retry=retry), timeout=30)


def stock() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(timeout=30)


class Proxy:
    """Passes requests on, but the answer to the tool call is cut, and those to its first resumptions."""

    def __init__(self, counting: Counting, cuts: list[Cut], *, busy: int = 0) -> None:
        self._counting = counting
        self._cuts = cuts
        self._busy = busy
        self.resumptions: list[str] = []

    def __call__(self, call: Call) -> Steps | None:
        cut: Cut = _whole
        if call.method == "GET" and call.last_event_id:
            self.resumptions.append(call.last_event_id)
            if len(self.resumptions) <= self._busy:
                return [503]
            # By now all is in the store: that a server replays it is what is seen, not how it goes on live.
            until_set(self._counting.finished, "the tool is through")
            cut = self._cuts.pop(0) if self._cuts else _whole
        elif b"tools/call" in call.body:
            cut = self._cuts.pop(0) if self._cuts else _whole
        passed_on(call, self._counting.port, cut)
        return None


def _whole(_came: bytes) -> None:
    return None


def _at(progress: int, place: Callable[[bytes], int]) -> Cut:
    """Return a cut of the event that tells this progress, at a place of it."""

    def cut(came: bytes) -> int | None:
        told = came.find(b'"progress":%d' % progress)
        begin = came.rfind(b"id: ", 0, told)
        end = came.find(b"\r\n\r\n", told)
        return None if told < 0 or end < 0 else begin + place(came[begin:end])

    return cut


def between_events(_event: bytes) -> int:
    return 0


def inside_an_event(event: bytes) -> int:
    return len(event) // 2


def inside_a_character(event: bytes) -> int:
    return event.index("数".encode()) + 1


def before_the_blank_line(event: bytes) -> int:
    return len(event) + 2


PLACES = [between_events, inside_an_event, inside_a_character, before_the_blank_line]
ALL = list(range(1, STEPS + 1))


@pytest.mark.parametrize("place", PLACES)
def test_a_tool_call_that_is_cut_loses_and_doubles_no_progress(
    sse_server: MakeServer, counting: Counting, place: Callable[[bytes], int]
) -> None:
    proxy = Proxy(counting, [_at(3, place), _at(5, place)])
    server = sse_server(proxy)

    counted = anyio.run(count, server.url, resuming())

    assert (counted.progress, counted.text, counted.error) == (ALL, "counted", "")
    assert counted.messages == [f"{number} von {STEPS} \u2028 数" for number in ALL]
    assert len(proxy.resumptions) == 2


def test_a_server_that_asks_for_a_new_connection_gets_one(sse_server: MakeServer, counting: Counting) -> None:
    proxy = Proxy(counting, [])
    server = sse_server(proxy)

    counted = anyio.run(partial(count, closes=True), server.url, resuming())

    assert (counted.progress, counted.text) == (ALL, "counted")
    assert len(proxy.resumptions) == 1


def test_a_server_that_is_busy_for_long_is_asked_until_it_answers(
    sse_server: MakeServer, counting: Counting
) -> None:
    proxy = Proxy(counting, [_at(3, inside_an_event)], busy=5)
    server = sse_server(proxy)

    counted = anyio.run(count, server.url, resuming())

    assert (counted.progress, counted.text) == (ALL, "counted")
    assert len(proxy.resumptions) == 6
    assert len(set(proxy.resumptions)) == 1


def test_the_stock_client_loses_the_call_when_the_server_is_busy_twice(
    sse_server: MakeServer, counting: Counting
) -> None:
    proxy = Proxy(counting, [_at(3, inside_an_event)], busy=5)
    server = sse_server(proxy)

    counted = anyio.run(count, server.url, stock())

    assert counted.progress == [1, 2]
    assert "reconnection attempts were exhausted" in counted.error


def test_a_policy_with_an_end_is_told_as_an_error(sse_server: MakeServer, counting: Counting) -> None:
    # When ours has given up, MCP's own client tries twice, before it gives up too.
    proxy = Proxy(counting, [_at(3, inside_an_event)], busy=99)
    server = sse_server(proxy)

    counted = anyio.run(count, server.url, resuming(RetryPolicy(min_delay=0, max_delay=0, max_attempts=3)))

    assert counted.progress == [1, 2]
    assert "reconnection attempts were exhausted" in counted.error
    assert len(proxy.resumptions) == 3 + 2


def test_a_call_that_is_cut_before_its_first_id_is_an_error_and_not_sent_again(
    sse_server: MakeServer, counting: Counting
) -> None:
    begin = b"\r\nid: "
    proxy = Proxy(counting, [lambda came: came.index(begin) + len(begin) if begin in came else None])
    server = sse_server(proxy)

    counted = anyio.run(count, server.url, resuming())

    assert counted.progress == []
    assert "without a response" in counted.error
    assert sum(b"tools/call" in call.body for call in server.calls) == 1
    # The one stream that MCP's client opens for what the server has to say by itself. It ends when the
    # session does, and may then be asked for again.
    methods = [call.method for call in server.calls]
    assert methods[: methods.index("DELETE")].count("GET") <= 1
    assert all(not call.last_event_id for call in server.calls)


def test_a_call_that_is_given_up_leaves_no_connection_open(sse_server: MakeServer) -> None:
    stuck = threading.Event()

    def answer(call: Call) -> Steps | None:
        if b'"initialize"' in call.body:
            return initialized(call)
        if b"tools/call" in call.body:
            stuck.set()
            return [Event("", id="1"), Stall()]
        return [202] if call.method == "POST" else [405]

    server = sse_server(answer)

    async def give_up() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(count, server.url, resuming())
            await anyio.to_thread.run_sync(until_set, stuck, "the call is under way")
            tasks.cancel_scope.cancel()

    anyio.run(give_up)

    eventually(lambda: server.open_connections == 0, "the connection is closed")


def initialized(call: Call) -> Steps:
    """Return what a server says to begin with."""
    request = json.loads(call.body)
    result = {
        "protocolVersion": request["params"]["protocolVersion"],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "stuck", "version": "1"},
    }
    return [Event(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}))]
