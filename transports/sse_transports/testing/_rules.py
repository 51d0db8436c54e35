"""What a transport must do, a rule at a time. Each is a story with a server that is real and may be bad."""

from __future__ import annotations

import socket
import threading
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sse_core import ConnectError, ContentEncodingError, IdleTimeout, ReadError, SSEError, TransportError

from .._interface import AsyncExchange
from ._bench import DEADLINE, Bench, Broken
from ._call import Call

Story = Callable[[Bench], Awaitable[None]]

EVENT_STREAM = ("Content-Type", "text/event-stream")
CHUNKED = ("Transfer-Encoding", "chunked")
# What a client that reads text or lines would change: no UTF-8, all kinds of line ends, a NUL.
BODY = b"\xef\xbb\xbfdata: \xff\xfe\xc3\r\n\r\r\n\n\x00\xe2\x80\xa8\x0b\x0c" * 3
# What a request cannot do without, or says of its own connection and body.
OF_THE_MESSAGE = {"host", "connection", "content-length", "accept", "accept-encoding"}
SLOW = 0.3
QUICK = 0.05
LONG = 8
"""So many quick ones are longer than a slow one."""


@dataclass(frozen=True)
class Rule:
    """A rule, and the story that shows whether it is kept."""

    name: str
    story: Story


RULES: list[Rule] = []
"""All rules, in the order in which a connection lives."""


def rule(name: str) -> Callable[[Story], Story]:
    """Add a story to the rules."""

    def add(story: Story) -> Story:
        RULES.append(Rule(name, story))
        return story

    return add


# The request.


@rule("a request is sent as it stands, header values as UTF-8")
async def _request(bench: Bench) -> None:
    body = bytes(range(256)) * 20
    headers = (
        ("X-Name", "Zoë €"),
        ("Last-Event-ID", "€ 7"),
        ("Accept", "text/event-stream"),
        ("Content-Type", "application/x"),
        ("User-Agent", "mine"),
    )
    async with bench.serving(lambda call: call.respond(204, [])) as server:
        origin = server.url
        url = f"{origin}/a%20b%2Fc/d;e?q=%C3%A9&x=1%2B1+2&&y"
        exchange = bench.exchange(url, method="POST", headers=headers, body=body)
        await exchange.open()
    (call,) = server.calls
    _same((call.method, f"{origin}{call.path}"), ("POST", url), "the request line")
    for name, value in headers:
        _same(call.headers.get(name.lower()), value.encode(), name)
    _same(call.body, body, "the body")


@rule("a request without a body has none, and nobody asks for a compressed answer")
async def _bare_request(bench: Bench) -> None:
    async with bench.serving(lambda call: call.respond(204, [])) as server:
        await bench.exchange(f"{server.url}/").open()
    (call,) = server.calls
    added = set(call.headers) & {"content-type", "transfer-encoding"}
    _same(added, set(), "headers that nobody gave")
    _same(call.headers.get("content-length", b"0"), b"0", "Content-Length")
    _same(call.headers.get("accept-encoding", b"identity"), b"identity", "Accept-Encoding")


@rule("what a request withholds is not added to it")
async def _withheld(bench: Bench) -> None:
    def answer(call: Call) -> None:
        call.respond(204, [("Set-Cookie", "a=b; Path=/")])

    async with bench.serving(answer) as server:
        await bench.exchange(f"{server.url}/").open()
        # What the client adds from settings of its own, if it has any.
        withheld = {"authorization", "cookie", *server.calls[0].headers} - OF_THE_MESSAGE
        await bench.exchange(f"{server.url}/", withheld=withheld).open()
    _same(sorted(withheld & set(server.calls[1].headers)), [], "headers that were withheld")


@rule("nothing is sent before open()")
async def _nothing_yet(bench: Bench) -> None:
    async with bench.serving(lambda call: call.respond(204, [])) as server:
        bench.exchange(f"{server.url}/")
        await bench.sleep(QUICK)
    _same(len(server.calls), 0, "the number of requests")


# The answer's head.


@rule("status and headers come as they were sent, whatever they mean, and redirects are not followed")
async def _head(bench: Bench) -> None:
    fields = [
        ("X-Twice", "one"),
        ("Location", "/elsewhere"),
        ("X-Twice", "two"),
        ("Retry-After", "7"),
        ("Set-Cookie", "a=b"),
        ("Content-Length", "0"),
    ]
    statuses = (200, 204, 301, 302, 303, 307, 308, 400, 401, 403, 404, 407, 429, 500, 503, 599)

    def answer(call: Call) -> None:
        status = int(call.path[1:])
        call.respond(status, fields[: -1 if status == 204 else None])

    async with bench.serving(answer) as server:
        for status in statuses:
            url = f"{server.url}/{status}"
            head = await bench.exchange(url).open()
            _same((head.status, head.url), (status, url), "status and URL")
            seen = [(name.lower(), value) for name, value in head.headers]
            for name in ("x-twice", "location", "retry-after", "set-cookie"):
                sent = [value for other, value in fields if other.lower() == name]
                _same([value for other, value in seen if other == name], sent, name)
    _same(len(server.calls), len(statuses), "the number of requests")


@rule("a header that is no ASCII is decoded as ISO-8859-1")
async def _latin(bench: Bench) -> None:
    def answer(call: Call) -> None:
        call.send(b"HTTP/1.1 204 No Content\r\nX-Name: Zo\xeb \xc3\xa9\r\n\r\n")

    async with bench.serving(answer) as server:
        head = await bench.exchange(f"{server.url}/").open()
    _same(head.header("x-name"), "Zo\xeb \xc3\xa9", "X-Name")


# The body.


def _chunked(call: Call, data: bytes, more: bool) -> None:
    call.chunk(data)
    if not more:
        call.chunk(b"")


def _as_it_is(call: Call, data: bytes, _more: bool) -> None:
    call.send(data)


FRAMES: dict[str, tuple[tuple[tuple[str, str], ...], Callable[[Call, bytes, bool], None]]] = {
    "in chunks": ((CHUNKED,), _chunked),
    "with a length": ((("Content-Length", str(2 * len(BODY))),), _as_it_is),
    "until the connection ends": ((), _as_it_is),
}


def _prompt(frame: str) -> Story:
    fields, send = FRAMES[frame]

    async def story(bench: Bench) -> None:
        arrived = threading.Event()
        waited: list[bool] = []

        def answer(call: Call) -> None:
            call.respond(200, [EVENT_STREAM, *fields])
            send(call, BODY, True)
            waited.append(arrived.wait(DEADLINE / 2))
            send(call, BODY, False)

        async with bench.serving(answer) as server:
            exchange = bench.exchange(f"{server.url}/")
            await exchange.open()
            first = await exchange.read(DEADLINE)
            while len(first) < len(BODY) and not waited:
                first += await exchange.read(DEADLINE)
            arrived.set()
            rest = await _all(exchange)
            _same(waited, [True], "whether the first bytes came before more were sent")
            _same(first + rest, BODY + BODY, "the body")
            _same(await exchange.read(None), b"", "read() behind the end")

    return story


for _frame in FRAMES:
    rule(f"a body {_frame} comes at once, as it was sent, and ends with b''")(_prompt(_frame))


def _coded(coding: str, window_bits: int) -> Story:
    async def story(bench: Bench) -> None:
        arrived = threading.Event()
        waited: list[bool] = []

        def answer(call: Call) -> None:
            encoder = zlib.compressobj(wbits=window_bits)
            call.respond(200, [EVENT_STREAM, CHUNKED, ("Content-Encoding", coding)])
            call.chunk(encoder.compress(BODY) + encoder.flush(zlib.Z_SYNC_FLUSH))
            waited.append(arrived.wait(DEADLINE / 2))
            call.chunk(encoder.compress(BODY) + encoder.flush())
            call.chunk(b"")

        async with bench.serving(answer) as server:
            exchange = bench.exchange(f"{server.url}/")
            await exchange.open()
            first = await exchange.read(DEADLINE)
            arrived.set()
            rest = await _all(exchange)
            _same(waited, [True], "whether the first bytes came before more were sent")
            _same(first + rest, BODY + BODY, "the body")

    return story


rule("gzip is undone, at once")(_coded("gzip", 16 + zlib.MAX_WBITS))
rule("deflate is undone, at once")(_coded("deflate", zlib.MAX_WBITS))


@rule("a coding that cannot be undone is ContentEncodingError")
async def _unknown_coding(bench: Bench) -> None:
    fields = [EVENT_STREAM, CHUNKED, ("Content-Encoding", "rot13")]

    def answer(call: Call) -> None:
        call.respond(200, fields)
        _chunked(call, BODY, False)

    async with bench.serving(answer) as server:
        exchange = bench.exchange(f"{server.url}/")
        await exchange.open()
        _expect(await _error(_all(exchange)), ContentEncodingError)


@rule("timeout does not limit the body")
async def _slow_body(bench: Bench) -> None:
    def answer(call: Call) -> None:
        call.respond(200, [EVENT_STREAM])
        for _ in range(LONG):
            call.send(BODY)
            call.wait(QUICK)

    async with bench.serving(answer) as server:
        exchange = bench.exchange(f"{server.url}/", timeout=SLOW)
        await exchange.open()
        _same(await _all(exchange), BODY * LONG, "the body")


# Failures.


@rule("where nobody listens, open() raises ConnectError")
async def _nobody(bench: Bench) -> None:
    with socket.socket() as nowhere:
        nowhere.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nowhere.getsockname()[1]}/"
        error = await _error(bench.exchange(url).open())
    await bench.close()
    _expect(error, ConnectError)


def _no_head(data: bytes) -> Story:
    async def story(bench: Bench) -> None:
        async with bench.serving(lambda call: call.send(data)) as server:
            _expect(await _error(bench.exchange(f"{server.url}/").open()), ConnectError)
        _same(len(server.calls), 1, "the number of requests")

    return story


rule("a connection that ends before its answer is ConnectError")(_no_head(b""))
rule("a connection that ends inside the head is ConnectError")(_no_head(b"HTTP/1.1 200 OK\r\nA: b\r\n"))
rule("an answer that is no HTTP is ConnectError")(_no_head(b"\x00nonsense\r\n\r\n"))


@rule("no answer within timeout is ConnectError")
async def _silence(bench: Bench) -> None:
    async with bench.serving(Call.wait_until_gone) as server:
        error = await _error(bench.exchange(f"{server.url}/", timeout=QUICK).open())
    _expect(error, ConnectError)


def _cut(fields: tuple[tuple[str, str], ...], data: bytes, reset: bool = False) -> Story:
    async def story(bench: Bench) -> None:
        arrived = threading.Event()

        def answer(call: Call) -> None:
            call.respond(200, [EVENT_STREAM, *fields])
            call.send(data)
            arrived.wait(DEADLINE)
            if reset:
                call.reset()

        async with bench.serving(answer) as server:
            exchange = bench.exchange(f"{server.url}/")
            await exchange.open()
            _same(bool(await exchange.read(DEADLINE)), True, "whether what came before the end is read")
            arrived.set()
            _expect(await _error(_all(exchange)), ReadError)

    return story


rule("a body that is shorter than its length is ReadError")(_cut((("Content-Length", "99"),), b"data"))
rule("a body without its last chunk is ReadError")(_cut((CHUNKED,), b"4\r\ndata\r\n"))
rule("a body that ends inside a chunk is ReadError")(_cut((CHUNKED,), b"9\r\ndata"))
rule("a body that is reset is ReadError")(_cut((), b"data", reset=True))


@rule("a body in which nothing comes for its timeout is IdleTimeout")
async def _idle(bench: Bench) -> None:
    def answer(call: Call) -> None:
        call.respond(200, [EVENT_STREAM], BODY)
        call.wait_until_gone()

    async with bench.serving(answer) as server:
        exchange = bench.exchange(f"{server.url}/")
        await exchange.open()
        error = await _error(_all(exchange, QUICK))
    _expect(error, IdleTimeout)


# Closing.


@rule("open() and read() of an exchange that was closed are TransportError, and nothing is sent")
async def _closed_before(bench: Bench) -> None:
    async with bench.serving(lambda call: call.respond(204, [])) as server:
        exchange = bench.exchange(f"{server.url}/")
        await exchange.close()
        await exchange.close()
        _expect(await _error(exchange.open()), TransportError)
    _same(len(server.calls), 0, "the number of requests")


def _stalling(call: Call) -> None:
    if call.path == "/body":
        call.respond(200, [EVENT_STREAM], BODY)
    call.wait_until_gone()


@rule("close() wakes whoever waits for the answer")
async def _close_wakes_open(bench: Bench) -> None:
    async with bench.serving(_stalling) as server:
        exchange = bench.exchange(f"{server.url}/", timeout=DEADLINE)
        error: Exception | None = None
        async with bench.meanwhile(exchange.close):
            error = await _error(exchange.open())
        _expect(error, TransportError)
        _same("timeout" in str(error), False, "whether it waited for its timeout")


@rule("close() wakes whoever waits for bytes")
async def _close_wakes_read(bench: Bench) -> None:
    async with bench.serving(_stalling) as server:
        exchange = bench.exchange(f"{server.url}/body")
        await exchange.open()
        error: Exception | None = None
        async with bench.meanwhile(exchange.close):
            error = await _error(_all(exchange, DEADLINE))
        _expect(error, TransportError)
        _same(isinstance(error, IdleTimeout), False, "whether it waited for its timeout")


@rule("close() between two reads gives the connection back, and is enough")
async def _close_between(bench: Bench) -> None:
    async with bench.serving(_stalling) as server:
        exchange = bench.exchange(f"{server.url}/body")
        await exchange.open()
        await exchange.read(DEADLINE)
        await exchange.close()
        for _ in range(int(DEADLINE / 0.01)):
            if not server.open_connections:
                break
            await bench.sleep(0.01)
        _same(server.open_connections, 0, "the number of open connections")
        _expect(await _error(exchange.read(DEADLINE)), TransportError)


@rule("a cancellation is heard while it waits for the answer, and leaves nothing open")
async def _cancelled_open(bench: Bench) -> None:
    async with bench.serving(_stalling) as server:
        exchange = bench.exchange(f"{server.url}/")
        _same(await bench.cancelled(exchange.open), True, "whether it was heard")


@rule("a cancellation is heard while it waits for bytes, and leaves nothing open")
async def _cancelled_read(bench: Bench) -> None:
    async with bench.serving(_stalling) as server:
        exchange = bench.exchange(f"{server.url}/body")
        await exchange.open()
        await exchange.read(None)
        _same(await bench.cancelled(lambda: exchange.read(None)), True, "whether it was heard")


# What stories are made of.


async def _all(exchange: AsyncExchange, timeout: float | None = DEADLINE) -> bytes:
    data = b""
    while piece := await exchange.read(timeout):
        data += piece
    return data


async def _error(work: Awaitable[Any]) -> Exception | None:
    """Return what it raises; the connection may not be left open by that."""
    try:
        await work
    except Exception as error:  # noqa: BLE001  # which one it is, is the question
        return error
    return None


def _same(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise Broken(f"{what}: {found!r} instead of {wanted!r}")


def _expect(error: Exception | None, kind: type[SSEError]) -> None:
    if not isinstance(error, kind):
        found = "nothing" if error is None else f"{type(error).__name__} ({error})"
        raise Broken(f"{found} was raised instead of {kind.__name__}") from error
