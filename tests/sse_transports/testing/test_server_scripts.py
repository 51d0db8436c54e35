"""`SSEServer` plays the same scripts as `ScriptedTransport`, on real sockets, for any client."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
import urllib.error
import urllib.request
from contextlib import AsyncExitStack
from typing import Any

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest

from sse_core import (
    ConnectError,
    Event,
    HTTPStatusError,
    IdleTimeout,
    IncompleteStream,
    InvalidArgument,
    ReadError,
    Request,
    StateChange,
    Waiting,
    encode,
)
from sse_transports import AsyncEventSource, EventSource, UrllibTransport
from sse_transports.testing import (
    HALF_CHARACTER,
    Call,
    Cut,
    Drip,
    End,
    Gzip,
    History,
    NoAnswer,
    Refuse,
    Reset,
    Script,
    ScriptedTransport,
    Sleep,
    SSEServer,
    Stall,
    Steps,
    UnexpectedRequest,
    VirtualClock,
)
from tests.sse_transports.waiting import eventually

HISTORY = [Event(str(number), id=str(number)) for number in range(1, 8)]

# Every kind of failure, and the end. Sleeps and timeouts are short, because they take real time here.
SCRIPT: Script = [
    [Event("a", id="1"), b"data: lost", HALF_CHARACTER, Cut()],
    [Cut(after=len(b"id: 2\ndata: b\n\n") + 5), Event("b", id="2"), Event("lost", id="3")],
    [503, {"Retry-After": "20"}],
    [Refuse()],
    [Event("c", id="3"), Sleep(0.005), Reset()],
    [Gzip(), HALF_CHARACTER, b"\xac\n\n", Event("d", id="4"), Drip(encode(Event("e", id="5")), 0.001, 4)],
    [302, {"Location": "/there"}],
    [Event("f", id="6")],
    [Stall()],
    [204],
]


class Outcome:
    """The events and state changes of a source that was read to its end."""

    def __init__(self, url: str, **options: Any) -> None:
        self.changes: list[StateChange] = []
        with EventSource(url, on_state=self.changes.append, idle_timeout=0.5, **options) as source:
            self.events = list(source)

    @property
    def waits(self) -> list[tuple[type | None, float | None]]:
        """Cause and delay of each wait. All lost connections count as the same cause."""
        lost = (ReadError, ConnectError)
        return [
            (ReadError if isinstance(change.cause, lost) else type(change.cause), change.delay)
            for change in self.changes
            if isinstance(change, Waiting)
        ]


def test_server_and_transport_play_a_script_alike() -> None:
    transport = ScriptedTransport(SCRIPT)
    played = Outcome("http://stream.test/", transport=transport)
    with SSEServer(SCRIPT) as server:
        served = Outcome(server.url, clock=VirtualClock())
    assert [event.data for event in served.events] == list("abcdef")
    assert served.events == played.events
    assert served.waits == played.waits
    ids = [request.header("Last-Event-ID") or "" for request in transport.requests]
    assert ids == ["", "1", "2", "2", "2", "3", "5", "5", "6", "6"]
    assert [call.last_event_id for call in server.calls] == ids
    assert [call.path for call in server.calls][7] == "/there"


def test_a_history_resumes_after_the_last_event_id() -> None:
    size = len(encode(HISTORY[0]))
    script: Script = [[Cut(3 * size), History()], [Cut(2 * size + 4), History()], [History()], [204]]
    with SSEServer(script, history=HISTORY) as server:
        assert Outcome(server.url, clock=VirtualClock()).events == HISTORY
    assert [call.last_event_id for call in server.calls] == ["", "3", "5", "7"]


@pytest.mark.parametrize("blank", ["5 ", "\t5", " 5\t"])
def test_history_is_resumed_after_an_id_with_blanks(blank: str) -> None:
    # A header's value has no blanks at its ends: an ID arrives without them.
    history = [Event("a", id="4"), Event("b", id=blank), Event("c", id="6")]
    with SSEServer(history=history) as server:
        request = urllib.request.Request(server.url, headers={"Last-Event-ID": "5"})
        with urllib.request.urlopen(request) as response:
            assert response.read() == encode(history[2])


def test_without_a_script_the_history_is_served() -> None:
    with SSEServer(history=HISTORY) as server:
        assert Outcome(server.url, clock=VirtualClock(), last_event_id="4").events == HISTORY[4:]
    assert [call.last_event_id for call in server.calls] == ["4", "7"]


def test_a_function_can_return_steps() -> None:
    def answer(call: Call) -> Steps | None:
        if call.path == "/own":
            call.respond(204, [])
            return None
        return [Event(call.path)] if call.number == 0 else [204]

    with SSEServer(answer) as server:
        assert [event.data for event in Outcome(server.url + "/steps", clock=VirtualClock()).events] == [
            "/steps"
        ]
        assert Outcome(server.url + "/own").events == []


def test_invalid_steps_of_a_function_raise_at_the_end() -> None:
    bad: Any = ["text"]

    def work() -> None:
        with SSEServer(lambda _call: bad) as server, pytest.raises(HTTPStatusError):
            Outcome(server.url)

    with pytest.raises(InvalidArgument, match="the answer to request 1, step 1: expected a step, not str"):
        work()


def test_an_unexpected_request_raises_at_the_end() -> None:
    def work() -> None:
        with SSEServer([[204]]) as server:
            urllib.request.urlopen(server.url).close()
            more = urllib.request.Request(server.url + "/more", headers={"Last-Event-ID": "7"})
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(more)
            assert caught.value.code == 410
            assert b"the script has 1 connection(s)" in caught.value.read()
            caught.value.close()

    with pytest.raises(UnexpectedRequest) as caught:
        work()
    assert caught.value.requests == ["GET /", "GET /more, Last-Event-ID: 7"]


@pytest.mark.parametrize(
    ("steps", "coding", "length", "body"),
    [
        ([b"a", b"b"], "chunked", None, b"ab"),
        ([{"Content-Length": "2"}, b"a", b"b"], None, "2", b"ab"),
        ([204], None, None, b""),
    ],
)
def test_a_body_is_chunked_unless_headers_frame_it(
    steps: Steps, coding: str | None, length: str | None, body: bytes
) -> None:
    with SSEServer([steps]) as server, urllib.request.urlopen(server.url) as response:
        assert response.headers["Transfer-Encoding"] == coding
        assert response.headers["Content-Length"] == length
        assert response.read() == body


@pytest.mark.parametrize("steps", [[Refuse()], [b"a", Reset()]])
def test_a_reset_is_an_error_for_the_client(steps: Any) -> None:
    with SSEServer([steps]) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            list(iter(lambda: client.recv(1), b""))


def test_a_header_arrives_as_in_the_script() -> None:
    with SSEServer([[{"X-Name": "Zoë"}]]) as server:
        exchange = UrllibTransport().exchange(Request("GET", server.url), timeout=10)
        assert exchange.open().header("X-Name") == "Zoë"
        exchange.close()


def test_a_compressed_body_is_complete() -> None:
    with SSEServer([[Gzip(), b"a", b"b"]]) as server, urllib.request.urlopen(server.url) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(response.read()) == b"ab"


@pytest.mark.parametrize("steps", [[NoAnswer()], [Stall()], [Sleep(100), b"a"], [Sleep(100), 200]])
def test_a_client_can_leave_while_nothing_is_sent(steps: Any) -> None:
    with SSEServer([steps]) as server:
        with pytest.raises((ConnectError, IdleTimeout)):
            list(EventSource(server.url, retry=None, timeout=0.05, idle_timeout=0.02))
        eventually(lambda: server.open_connections == 0, "the server closes the connection")


def test_a_sleep_takes_real_time() -> None:
    with SSEServer([[Sleep(0.03), 200, Sleep(0.03), Event("a")]]) as server:
        begun = time.monotonic()
        assert len(Outcome(server.url, until="a").events) == 0
        assert time.monotonic() - begun >= 0.06


@pytest.mark.timeout(200)
def test_the_server_can_stop_during_a_sleep() -> None:
    with SSEServer([[Event("a"), Sleep(1000)]]) as server:
        source = EventSource(server.url, retry=None)
        next(source)
    with pytest.raises((IncompleteStream, ReadError)):
        next(source)
    source.close()


def test_tls_makes_a_certificate_for_clients() -> None:
    with SSEServer([[Event("a"), End()]], tls=True) as server:
        assert server.url.startswith("https://127.0.0.1:")
        context = server.client_context
        assert context is not None
        transport = UrllibTransport(context=context)
        assert Outcome(server.url, transport=transport, until="a").events == []
    with pytest.raises(InvalidArgument, match=r"^tls: "):
        SSEServer([], tls=True, context=ssl.create_default_context())


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_with_starts_the_server(backend: str) -> None:
    async def read() -> list[Event]:
        async with (
            SSEServer([[Event("a")], [204]]) as server,
            AsyncEventSource(server.url, clock=VirtualClock()) as source,
        ):
            return [event async for event in source]

    assert anyio.run(read, backend=backend) == [Event("a")]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_event_loop_runs_while_the_server_stops(backend: str) -> None:
    done: list[bool] = []

    async def main() -> None:
        token = anyio.lowlevel.current_token()

        def answer(call: Call) -> None:
            call.respond(body=b"data: a\n\n")
            # Until the server stops: the client stays.
            call.wait_until_gone()
            anyio.from_thread.run(anyio.sleep, 0, token=token)
            done.append(True)

        async with AsyncExitStack() as stack, SSEServer(answer) as server:
            source = await stack.enter_async_context(AsyncEventSource(server.url, retry=None))
            await anext(source)

    anyio.run(main, backend=backend)
    assert done == [True]
