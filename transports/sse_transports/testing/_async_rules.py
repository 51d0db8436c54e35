"""The rules that every transport must keep, each with a check against a real server on this machine.

A check uses the transport through a harness, whose exchanges are closed at the end. It raises `RuleBroken`,
or any other error, if the rule is broken. Some servers here misbehave on purpose.
"""

from __future__ import annotations

import socket
import threading
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sse_core import ConnectError, ContentEncodingError, IdleTimeout, ReadError, SSEError, TransportError

from .._interface import AsyncExchange, AsyncTransport
from ._async_harness import AsyncHarness
from ._call import Call
from ._harness_base import DEADLINE, RuleBroken, make_request

Check = Callable[[AsyncHarness], Awaitable[None]]

EVENT_STREAM = ("Content-Type", "text/event-stream")
CHUNKED = ("Transfer-Encoding", "chunked")
# Invalid UTF-8, all kinds of line ends and a NUL: a client that reads text or lines would change these bytes.
BODY = b"\xef\xbb\xbfdata: \xff\xfe\xc3\r\n\r\r\n\n\x00\xe2\x80\xa8\x0b\x0c" * 3
# Headers that every request has, or that describe its own connection and body. They are never withheld.
MESSAGE_HEADERS = {"host", "connection", "content-length", "accept", "accept-encoding"}
RESPONSE_TIMEOUT = 0.3
SHORT_TIME = 0.05
MANY = 8
"""How many times `SHORT_TIME` is longer than `RESPONSE_TIMEOUT`."""


@dataclass(frozen=True)
class Rule:
    """A rule. Its name is the requirement; its check raises if that is not met."""

    name: str
    check: Check


RULES: list[Rule] = []
"""All rules, from the request to closing."""


def rule(name: str) -> Callable[[Check], Check]:
    """Add the decorated check to the rules."""

    def add(check: Check) -> Check:
        RULES.append(Rule(name, check))
        return check

    return add


async def check_all(make: Callable[[], AsyncTransport]) -> dict[str, Exception | None]:
    """Check every rule, each on a new transport.

    Returns:
        Name of each rule to the error if it is broken, or None.
    """
    results: dict[str, Exception | None] = {}
    for each in RULES:
        harness = AsyncHarness(make)
        try:
            await harness.run(each.check)
        except Exception as error:  # noqa: BLE001  # all rules are checked, and all errors reported
            results[each.name] = error
        else:
            results[each.name] = None
    return results


# The request.


@rule("a request is sent exactly as given, header values as UTF-8")
async def _request(harness: AsyncHarness) -> None:
    body = bytes(range(256)) * 20
    headers = (
        ("X-Name", "Zoë €"),
        ("Last-Event-ID", "€ 7"),
        ("Accept", "text/event-stream"),
        ("Content-Type", "application/x"),
        ("User-Agent", "mine"),
    )
    async with harness.serving(lambda call: call.respond(204, [])) as server:
        origin = server.url
        url = f"{origin}/a%20b%2Fc/d;e?q=%C3%A9&x=1%2B1+2&&y"
        exchange = harness.exchange(make_request(url, method="POST", headers=headers, body=body))
        await exchange.open()
    (call,) = server.calls
    _expect_equal((call.method, f"{origin}{call.path}"), ("POST", url), "the request line")
    for name, value in headers:
        _expect_equal(call.headers.get(name.lower()), value.encode(), name)
    _expect_equal(call.body, body, "the body")


@rule("a request without a body is sent without one, and never asks for compression")
async def _request_without_body(harness: AsyncHarness) -> None:
    async with harness.serving(lambda call: call.respond(204, [])) as server:
        await harness.exchange(make_request(f"{server.url}/")).open()
    (call,) = server.calls
    added = set(call.headers) & {"content-type", "transfer-encoding"}
    _expect_equal(added, set(), "headers that were added")
    _expect_equal(call.headers.get("content-length", b"0"), b"0", "Content-Length")
    _expect_equal(call.headers.get("accept-encoding", b"identity"), b"identity", "Accept-Encoding")


@rule("withheld headers are not added to a request")
async def _withheld(harness: AsyncHarness) -> None:
    def answer(call: Call) -> None:
        call.respond(204, [("Set-Cookie", "a=b; Path=/")])

    async with harness.serving(answer) as server:
        await harness.exchange(make_request(f"{server.url}/")).open()
        # The first request shows what the client adds from its own settings, if it has any.
        withheld = {"authorization", "cookie", *server.calls[0].headers} - MESSAGE_HEADERS
        await harness.exchange(make_request(f"{server.url}/", withheld=withheld)).open()
    _expect_equal(sorted(withheld & set(server.calls[1].headers)), [], "headers that were withheld")


@rule("nothing is sent before open()")
async def _sends_nothing_before_open(harness: AsyncHarness) -> None:
    async with harness.serving(lambda call: call.respond(204, [])) as server:
        harness.exchange(make_request(f"{server.url}/"))
        await harness.sleep(SHORT_TIME)
    _expect_equal(len(server.calls), 0, "the number of requests")


# The response headers.


@rule("status and headers arrive as they were sent, whatever they mean, and redirects are not followed")
async def _response_headers(harness: AsyncHarness) -> None:
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

    async with harness.serving(answer) as server:
        for status in statuses:
            url = f"{server.url}/{status}"
            head = await harness.exchange(make_request(url)).open()
            _expect_equal((head.status, head.url), (status, url), "status and URL")
            seen = [(name.lower(), value) for name, value in head.headers]
            for name in ("x-twice", "location", "retry-after", "set-cookie"):
                sent = [value for other, value in fields if other.lower() == name]
                _expect_equal([value for other, value in seen if other == name], sent, name)
    _expect_equal(len(server.calls), len(statuses), "the number of requests")


@rule("a header that is not ASCII is decoded as ISO-8859-1")
async def _latin_1(harness: AsyncHarness) -> None:
    def answer(call: Call) -> None:
        call.send(b"HTTP/1.1 204 No Content\r\nX-Name: Zo\xeb \xc3\xa9\r\n\r\n")

    async with harness.serving(answer) as server:
        head = await harness.exchange(make_request(f"{server.url}/")).open()
    _expect_equal(head.header("x-name"), "Zo\xeb \xc3\xa9", "X-Name")


# The body.


def _send_chunked(call: Call, data: bytes, more: bool) -> None:
    call.chunk(data)
    if not more:
        call.chunk(b"")


def _send_plain(call: Call, data: bytes, _more: bool) -> None:
    call.send(data)


FRAMINGS: dict[str, tuple[tuple[tuple[str, str], ...], Callable[[Call, bytes, bool], None]]] = {
    "in chunks": ((CHUNKED,), _send_chunked),
    "with a length": ((("Content-Length", str(2 * len(BODY))),), _send_plain),
    "until the connection ends": ((), _send_plain),
}


def _check_prompt_delivery(framing: str) -> Check:
    fields, send = FRAMINGS[framing]

    async def check(harness: AsyncHarness) -> None:
        arrived = threading.Event()
        waited: list[bool] = []

        def answer(call: Call) -> None:
            call.respond(200, [EVENT_STREAM, *fields])
            send(call, BODY, True)
            waited.append(arrived.wait(DEADLINE / 2))
            send(call, BODY, False)

        async with harness.serving(answer) as server:
            exchange = harness.exchange(make_request(f"{server.url}/"))
            await exchange.open()
            first = await exchange.read(DEADLINE)
            while len(first) < len(BODY) and not waited:
                first += await exchange.read(DEADLINE)
            arrived.set()
            rest = await _read_all(exchange)
            _expect_equal(waited, [True], "the first bytes arrived before more were sent")
            _expect_equal(first + rest, BODY + BODY, "the body")
            _expect_equal(await exchange.read(None), b"", "read() after the end")

    return check


for _framing in FRAMINGS:
    rule(f"a body {_framing} arrives at once and unchanged, and ends with b''")(
        _check_prompt_delivery(_framing)
    )


def _check_decoding(coding: str, window_bits: int) -> Check:
    async def check(harness: AsyncHarness) -> None:
        arrived = threading.Event()
        waited: list[bool] = []

        def answer(call: Call) -> None:
            encoder = zlib.compressobj(wbits=window_bits)
            call.respond(200, [EVENT_STREAM, CHUNKED, ("Content-Encoding", coding)])
            call.chunk(encoder.compress(BODY) + encoder.flush(zlib.Z_SYNC_FLUSH))
            waited.append(arrived.wait(DEADLINE / 2))
            call.chunk(encoder.compress(BODY) + encoder.flush())
            call.chunk(b"")

        async with harness.serving(answer) as server:
            exchange = harness.exchange(make_request(f"{server.url}/"))
            await exchange.open()
            first = await exchange.read(DEADLINE)
            arrived.set()
            rest = await _read_all(exchange)
            _expect_equal(waited, [True], "the first bytes arrived before more were sent")
            _expect_equal(first + rest, BODY + BODY, "the body")

    return check


rule("gzip is decoded at once")(_check_decoding("gzip", 16 + zlib.MAX_WBITS))
rule("deflate is decoded at once")(_check_decoding("deflate", zlib.MAX_WBITS))


@rule("an unknown content encoding is ContentEncodingError")
async def _unknown_coding(harness: AsyncHarness) -> None:
    fields = [EVENT_STREAM, CHUNKED, ("Content-Encoding", "rot13")]

    def answer(call: Call) -> None:
        call.respond(200, fields)
        _send_chunked(call, BODY, False)

    async with harness.serving(answer) as server:
        exchange = harness.exchange(make_request(f"{server.url}/"))
        await exchange.open()
        _expect_error(await _error_of(lambda: _read_all(exchange)), ContentEncodingError)


@rule("timeout does not limit the body")
async def _slow_body(harness: AsyncHarness) -> None:
    def answer(call: Call) -> None:
        call.respond(200, [EVENT_STREAM])
        for _ in range(MANY):
            call.send(BODY)
            call.wait(SHORT_TIME)

    async with harness.serving(answer) as server:
        exchange = harness.exchange(make_request(f"{server.url}/"), timeout=RESPONSE_TIMEOUT)
        await exchange.open()
        _expect_equal(await _read_all(exchange), BODY * MANY, "the body")


# Failures.


@rule("without a server, open() raises ConnectError")
async def _no_server(harness: AsyncHarness) -> None:
    with socket.socket() as unused:
        # The socket is bound but does not listen: connecting is refused, and no other program gets the port.
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        error = await _error_of(harness.exchange(make_request(url)).open)
    await harness.close()
    _expect_error(error, ConnectError)


def _check_connect_error(data: bytes) -> Check:
    async def check(harness: AsyncHarness) -> None:
        async with harness.serving(lambda call: call.send(data)) as server:
            _expect_error(
                await _error_of(harness.exchange(make_request(f"{server.url}/")).open), ConnectError
            )
        _expect_equal(len(server.calls), 1, "the number of requests")

    return check


rule("a connection that ends before the response is ConnectError")(_check_connect_error(b""))
rule("a connection that ends inside the response headers is ConnectError")(
    _check_connect_error(b"HTTP/1.1 200 OK\r\nA: b\r\n")
)
rule("a response that is not HTTP is ConnectError")(_check_connect_error(b"\x00nonsense\r\n\r\n"))


@rule("no response within timeout is ConnectError")
async def _no_response(harness: AsyncHarness) -> None:
    async with harness.serving(Call.wait_until_gone) as server:
        error = await _error_of(harness.exchange(make_request(f"{server.url}/"), timeout=SHORT_TIME).open)
    _expect_error(error, ConnectError)


def _check_read_error(fields: tuple[tuple[str, str], ...], data: bytes, reset: bool = False) -> Check:
    async def check(harness: AsyncHarness) -> None:
        arrived = threading.Event()

        def answer(call: Call) -> None:
            call.respond(200, [EVENT_STREAM, *fields])
            call.send(data)
            arrived.wait(DEADLINE)
            if reset:
                call.reset()

        async with harness.serving(answer) as server:
            exchange = harness.exchange(make_request(f"{server.url}/"))
            await exchange.open()
            _expect_equal(bool(await exchange.read(DEADLINE)), True, "bytes before the loss were read")
            arrived.set()
            _expect_error(await _error_of(lambda: _read_all(exchange)), ReadError)

    return check


rule("a body that is shorter than its Content-Length is ReadError")(
    _check_read_error((("Content-Length", "99"),), b"data")
)
rule("a chunked body without its last chunk is ReadError")(_check_read_error((CHUNKED,), b"4\r\ndata\r\n"))
rule("a body that ends inside a chunk is ReadError")(_check_read_error((CHUNKED,), b"9\r\ndata"))
rule("a connection that is reset inside the body is ReadError")(_check_read_error((), b"data", reset=True))


@rule("a read that receives nothing within its timeout is IdleTimeout")
async def _idle_timeout(harness: AsyncHarness) -> None:
    def answer(call: Call) -> None:
        call.respond(200, [EVENT_STREAM], BODY)
        call.wait_until_gone()

    async with harness.serving(answer) as server:
        exchange = harness.exchange(make_request(f"{server.url}/"))
        await exchange.open()
        error = await _error_of(lambda: _read_all(exchange, SHORT_TIME))
    _expect_error(error, IdleTimeout)


# Closing.


@rule("open() and read() of a closed exchange are TransportError, and nothing is sent")
async def _closed_before(harness: AsyncHarness) -> None:
    async with harness.serving(lambda call: call.respond(204, [])) as server:
        exchange = harness.exchange(make_request(f"{server.url}/"))
        await exchange.close()
        await exchange.close()
        _expect_error(await _error_of(exchange.open), TransportError)
    _expect_equal(len(server.calls), 0, "the number of requests")


def _stall(call: Call) -> None:
    if call.path == "/body":
        call.respond(200, [EVENT_STREAM], BODY)
    call.wait_until_gone()


@rule("close() wakes a blocked open()")
async def _close_wakes_open(harness: AsyncHarness) -> None:
    async with harness.serving(_stall) as server:
        exchange = harness.exchange(make_request(f"{server.url}/"), timeout=DEADLINE)
        error: Exception | None = None
        async with harness.after_short_delay(exchange.close):
            error = await _error_of(exchange.open)
        _expect_error(error, TransportError)
        _expect_equal("timeout" in str(error), False, "it waited for its timeout")


@rule("close() wakes a blocked read()")
async def _close_wakes_read(harness: AsyncHarness) -> None:
    async with harness.serving(_stall) as server:
        exchange = harness.exchange(make_request(f"{server.url}/body"))
        await exchange.open()
        error: Exception | None = None
        async with harness.after_short_delay(exchange.close):
            error = await _error_of(lambda: _read_all(exchange, DEADLINE))
        _expect_error(error, TransportError)
        _expect_equal(isinstance(error, IdleTimeout), False, "it waited for its timeout")


@rule("close() between two reads is enough to close the connection")
async def _close_between(harness: AsyncHarness) -> None:
    async with harness.serving(_stall) as server:
        exchange = harness.exchange(make_request(f"{server.url}/body"))
        await exchange.open()
        await exchange.read(DEADLINE)
        await exchange.close()
        for _ in range(int(DEADLINE / 0.01)):
            if not server.open_connections:
                break
            await harness.sleep(0.01)
        _expect_equal(server.open_connections, 0, "the number of open connections")
        _expect_error(await _error_of(lambda: exchange.read(DEADLINE)), TransportError)


@rule("cancelling open() ends it, and leaves no connection open")
async def _cancelled_open(harness: AsyncHarness) -> None:
    async with harness.serving(_stall) as server:
        exchange = harness.exchange(make_request(f"{server.url}/"))
        _expect_equal(await harness.can_cancel(exchange.open), True, "the cancellation ended it")


@rule("cancelling read() ends it, and leaves no connection open")
async def _cancelled_read(harness: AsyncHarness) -> None:
    async with harness.serving(_stall) as server:
        exchange = harness.exchange(make_request(f"{server.url}/body"))
        await exchange.open()
        await exchange.read(None)
        _expect_equal(
            await harness.can_cancel(lambda: exchange.read(None)), True, "the cancellation ended it"
        )


# Helpers of the checks.


async def _read_all(exchange: AsyncExchange, timeout: float | None = DEADLINE) -> bytes:
    data = b""
    while piece := await exchange.read(timeout):
        data += piece
    return data


async def _error_of(action: Callable[[], Awaitable[object]]) -> Exception | None:
    """Return what `action` raises, or None."""
    try:
        await action()
    except Exception as error:  # noqa: BLE001  # the check looks at it
        return error
    return None


def _expect_equal(found: object, expected: object, what: str) -> None:
    if found != expected:
        raise RuleBroken(f"{what}: {found!r} instead of {expected!r}")


def _expect_error(error: Exception | None, kind: type[SSEError]) -> None:
    if not isinstance(error, kind):
        found = "nothing" if error is None else f"{type(error).__name__} ({error})"
        raise RuleBroken(f"{found} was raised instead of {kind.__name__}") from error
