"""How the public API is used, in types. Checked by mypy and by pyright; never run.

`assert_type` fails where a type became vaguer or other than a user was promised.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, assert_type

import aiohttp
import httpx2

import sse_core
from sse_core import (
    Comment,
    Connect,
    Connection,
    Decide,
    Deliver,
    Event,
    Parser,
    Read,
    ReadBody,
    ReadyState,
    RetryPolicy,
    SSEError,
    State,
    StateChange,
    Step,
    Stop,
    Wait,
)
from sse_transports import (
    AiohttpTransport,
    AnyioTransport,
    AsyncEventSource,
    AsyncExchange,
    AsyncHttpx2Transport,
    AsyncTransport,
    Clock,
    DataLoss,
    EventSource,
    Exchange,
    FileStore,
    Httpx2Transport,
    Position,
    Store,
    SystemClock,
    Transport,
    UrllibTransport,
    areplay_events,
    replay_events,
)
from sse_transports.testing import (
    HALF_CHARACTER,
    AsyncScriptedTransport,
    Call,
    Cut,
    Drip,
    History,
    Recording,
    Reset,
    Script,
    ScriptedTransport,
    Sleep,
    SSEServer,
    Steps,
    Vector,
    VirtualClock,
    assert_events,
    check_async_transport,
    check_parser,
    check_transport,
    record,
    replay,
    vectors,
)


def parsing(chunks: Iterable[bytes], later: AsyncIterable[bytes]) -> None:
    event = Event(data="hi", event="message", id="7", retry=None)
    assert_type(event.data, str)
    assert_type(event.retry, int | None)
    assert_type(event.json(), Any)

    parser = Parser(last_event_id="", max_event_size=32 * 2**20, comments=False)
    assert_type(parser, Parser[Event])
    assert_type(parser.feed(b"data: hi\n\n"), list[Event])
    assert_type(parser.feed(memoryview(b"")), list[Event])
    assert_type(Parser().feed(b""), list[Event])
    assert_type(Parser(comments=True).feed(b""), list[Event | Comment])
    assert_type(parser.last_event_id, str)
    assert_type(parser.retry, int | None)
    assert_type(parser.pending, int)
    assert_type(parser.pending_text, str)
    assert_type(parser.pending_event, Event | None)
    assert_type(parser.finish(), list[Event])
    assert_type(parser.close(), int)

    assert_type(sse_core.parse(chunks), Iterator[Event])
    assert_type(sse_core.aparse(later, max_event_size=2**20), AsyncIterator[Event])
    assert_type(sse_core.parse(chunks, parser=parser), Iterator[Event])
    assert_type(sse_core.aparse(later, parser=Parser(comments=True)), AsyncIterator[Event | Comment])
    assert_type(sse_core.encode(event), bytes)
    assert_type(sse_core.encode_comment("keepalive"), bytes)


def driving() -> None:
    connection = Connection(
        "https://example.com", retry=RetryPolicy.browser(), until=lambda event: not event.data
    )
    step = connection.connect({"Authorization": "Bearer token"})
    assert_type(step, Connect)
    assert_type(step.request, sse_core.Request)
    assert_type(
        connection.respond(sse_core.Response(200, [("Content-Type", "text/event-stream")])),
        Read | Connect | ReadBody | Stop,
    )
    assert_type(connection, Connection[Event])
    assert_type(connection.receive(b""), Deliver[Event])
    assert_type(connection.end(), Decide | Deliver[Event] | Stop)
    assert_type(connection.fail(OSError("reset")), Decide)
    assert_type(connection.decide(monotonic=0.0, random=0.5), Wait | Stop)
    assert_type(connection.state, State)
    assert_type(connection.changes(), list[StateChange])


def driving_in_a_loop(connection: Connection, answer: sse_core.Response) -> Iterator[str]:
    """A driver's loop: delivered events need no `isinstance`, unless comments were asked for."""
    step: Step = connection.connect()
    while True:
        match step:
            case Connect(request):
                assert_type(request.raw_headers, tuple[tuple[bytes, bytes], ...])
                step = connection.respond(answer)
            case Read():
                delivery = connection.receive(b"data: hi\n\n")
                assert_type(delivery.events, list[Event])
                yield from (event.data for event in delivery.events)
                step = delivery.then
            case ReadBody(limit, timeout):
                assert_type((limit, timeout), tuple[int, float])
                step = connection.refuse(b"", epoch=0.0)
            case Decide(cause):
                assert_type(cause, SSEError | None)
                step = connection.decide(monotonic=0.0, random=0.5)
            case Wait():
                step = connection.connect()
            case Stop():
                return


def driving_with_comments() -> Deliver[Event | Comment]:
    connection = Connection("https://example.com", comments=True)
    assert_type(connection, Connection[Event | Comment])
    delivery = connection.receive(b": hi\n")
    assert_type(delivery.events, list[Event | Comment])
    return delivery


def default_type_parameter(source: EventSource, twin: AsyncEventSource, parser: Parser) -> None:
    assert_type(next(source), Event)
    assert_type(aiter(twin), AsyncIterator[Event])
    assert_type(parser.feed(b""), list[Event])


def reading(headers: Mapping[str, str], context: ssl.SSLContext) -> None:
    with EventSource("https://example.com", headers=headers) as source:
        assert_type(source, EventSource[Event])
        for event in source:
            assert_type(event, Event)
        assert_type(source.last_event_id, str)
        assert_type(source.ready_state, ReadyState)
        assert_type(source.reconnection_time, int | None)
    for item in EventSource("https://example.com", comments=True):
        assert_type(item, Event | Comment)

    def fresh() -> dict[str, str]:
        return {}

    def wait(error: SSEError) -> float | None:
        return None

    def show(change: StateChange) -> None:
        print(change.delay)

    EventSource(
        "https://example.com",
        method="POST",
        headers=fresh,
        json={"stream": True},
        retry=None,
        idle_timeout=30,
        timeout=None,
        until="[DONE]",
        at_end="dispatch",
        default_type="",
        store=FileStore("last-event-id"),
        transport=UrllibTransport(context=context, proxies={}),
        on_open=lambda response: print(response.status),
        on_error=wait,
        on_state=show,
    )


async def replaying(source: EventSource, twin: AsyncEventSource, events: list[Event]) -> None:
    start = Position("7", count=7, checksum=0)
    end = start.after(events)
    assert_type((end.last_event_id, end.count, end.checksum), tuple[str, int, int])
    try:
        assert_type(replay_events(source, start, end), list[Event])
        assert_type(await areplay_events(twin, start, end), list[Event])
    except DataLoss as error:
        assert_type(error.start, Position)
        assert_type(error.events, list[Event])


async def reading_async(
    session: aiohttp.ClientSession, client: httpx2.AsyncClient, blocking: httpx2.Client
) -> None:
    async with AsyncEventSource("https://example.com") as source:
        assert_type(source, AsyncEventSource[Event])
        async for event in source:
            assert_type(event, Event)
        await source.close()
        await source.pause()
        await source.resume()
        await source.reconnect()
        assert_type(source.last_event_id, str)
        assert_type(source.ready_state, ReadyState)
        assert_type(source.url, str)

    async with AsyncEventSource("https://example.com", comments=True) as both:
        async for item in both:
            assert_type(item, Event | Comment)

    async def fresh() -> dict[str, str]:
        return {}

    async def wait(error: SSEError) -> float | None:
        return None

    async def show(change: StateChange) -> None:
        print(change.delay)

    AsyncEventSource("https://example.com", headers=fresh, on_error=wait, on_state=show, on_open=print)
    AsyncEventSource("https://example.com", headers=dict, on_error=lambda error: 1.0)
    AsyncEventSource("https://example.com", at_end="drop", default_type="")
    AsyncEventSource("https://example.com", transport=AiohttpTransport(session))
    AsyncEventSource("https://example.com", transport=AnyioTransport(proxy="", connect_limit=None))
    AsyncEventSource("https://example.com", transport=AsyncHttpx2Transport(client))
    AsyncEventSource("https://example.com", transport=AsyncOwnTransport())
    EventSource("https://example.com", transport=Httpx2Transport(blocking))

    assert_type(check_transport(OwnTransport), list[str])
    assert_type(await check_async_transport(AsyncOwnTransport), list[str])
    assert_type(await check_async_transport(lambda: AiohttpTransport(session)), list[str])


async def testing(context: ssl.SSLContext) -> None:
    script: Script = [
        [Event("a", id="1"), Comment("b"), b"data: c", HALF_CHARACTER, Cut()],
        [503, {"Retry-After": "7"}],
        [Cut(after=10), History(), Sleep(1.5), Drip(b"data: d\n\n", 0.1, size=2), Reset()],
    ]
    clock = VirtualClock(random=[0.1, 0.2], start=0.0)
    assert_type(clock.waits, list[float])
    with ScriptedTransport(script, history=[Event("a", id="1")], clock=clock) as scripted:
        assert_type(scripted.requests, list[sse_core.Request])
        EventSource("https://example.com", transport=scripted, clock=clock)
    AsyncEventSource("https://example.com", transport=AsyncScriptedTransport(script), clock=SystemClock())

    def answer(call: Call) -> Steps | None:
        return [404] if call.last_event_id else None

    with SSEServer(answer, context=context) as server:
        assert_type(server.url, str)
        assert_type(server.calls, list[Call])
        assert_type(server.client_context, ssl.SSLContext | None)
    async with SSEServer(script, history=[Event("a", id="1")], tls=True):
        SSEServer(lambda call: call.respond(204, []))
        SSEServer([[Event("a")], [204]])

    with record(EventSource("https://example.com"), "feed.jsonl") as source:
        assert_type(source, EventSource[Event])
    async with record(AsyncEventSource("https://example.com", comments=True), "feed.jsonl") as both:
        assert_type(both, AsyncEventSource[Event | Comment])
    recording = replay("feed.jsonl")
    assert_type(recording, Recording)
    assert_type(recording.script(speed=2.0), list[Steps])
    assert_type(recording.transport(clock=clock), ScriptedTransport)
    assert_type(recording.async_transport(speed=1.0), AsyncScriptedTransport)

    def parse(chunks: list[bytes]) -> Iterator[tuple[str, str, str]]:
        for event in sse_core.parse(chunks):
            yield event.event, event.data, event.id

    assert_type(check_parser(parse), list[str])
    assert_type(vectors(), tuple[Vector, ...])
    assert_events([Event("a")], iter([Event("a")]))


class MemoryStore:
    """A store of the user's own."""

    def load(self) -> str:
        return ""

    def save(self, last_event_id: str) -> None:
        return None


class OwnTransport:
    """A transport of the user's own."""

    def exchange(self, request: sse_core.Request, *, timeout: float | None) -> OwnExchange:
        return OwnExchange()

    def close(self) -> None:
        return None


class OwnExchange:
    def open(self) -> sse_core.Response:
        return sse_core.Response(204)

    def read(self, timeout: float | None) -> bytes:
        return b""

    def close(self) -> None:
        return None


class AsyncOwnTransport:
    """The same for the async client."""

    def exchange(self, request: sse_core.Request, *, timeout: float | None) -> AsyncOwnExchange:
        return AsyncOwnExchange()

    async def close(self) -> None:
        return None


class AsyncOwnExchange:
    async def open(self) -> sse_core.Response:
        return sse_core.Response(204)

    async def read(self, timeout: float | None) -> bytes:
        return b""

    async def close(self) -> None:
        return None


store: Store = MemoryStore()
clock: Clock = VirtualClock()
async_transport: AsyncTransport = AsyncOwnTransport()
async_exchange: AsyncExchange = AsyncOwnExchange()
transport: Transport = OwnTransport()
exchange: Exchange = OwnExchange()
EventSource("https://example.com", store=store, transport=transport)
