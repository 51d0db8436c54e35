# Generated from _async_rules.py by tests/generate_blocking.py: do not edit.
"""The rules that every transport must keep, each with a check against a real server on this machine.

A check uses the transport through a harness, whose exchanges are closed at the end. It raises `RuleBroken`,
or any other error, if the rule is broken. Some servers here misbehave on purpose.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sse_core import ConnectError, ContentEncodingError, IdleTimeout, ReadError, SSEError, TransportError

from .._interface import Exchange, Transport
from ._call import Call
from ._harness import Harness
from ._harness_base import DEADLINE, RuleBroken, RuleSkipped, make_request
from ._local_network import keep_alive_of_client, resolving, silent_address

log = logging.getLogger("sse_transports.testing")

Check = Callable[[Harness], None]

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
KEEP_ALIVE_IDLE = 60
"""Seconds of silence before the first probe, at most: routers forget silent connections."""
GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS
MIB = 2**20
MAX_READ = MIB
"""The most decoded bytes that one read may return, because a few encoded bytes can expand to very many."""


@dataclass(frozen=True)
class Rule:
    """A rule. Its name is the requirement; its check raises if that is not met.

    `is_about_connections`: whether it is about how connections are made, and not about what they carry.
    """

    name: str
    check: Check
    is_about_connections: bool = False


RULES: list[Rule] = []
"""All rules, from the request to closing."""


def rule(name: str, *, is_about_connections: bool = False) -> Callable[[Check], Check]:
    """Add the decorated check to the rules."""

    def add(check: Check) -> Check:
        RULES.append(Rule(name, check, is_about_connections))
        return check

    return add


def check_all(make: Callable[[], Transport], *, makes_connections: bool) -> dict[str, Exception | None]:
    """Check every rule, each on a new transport.

    Returns:
        Name of each rule that could be checked to the error if it is broken, or None.
    """
    results: dict[str, Exception | None] = {}
    for each in RULES:
        if each.is_about_connections and not makes_connections:
            log.info("not checked: %s: the transport does not make connections", each.name)
            continue
        harness = Harness(make)
        try:
            harness.run(each.check)
        except RuleSkipped as reason:
            log.info("not checked: %s: %s", each.name, reason)
        except Exception as error:  # noqa: BLE001  # all rules are checked, and all errors reported
            results[each.name] = error
        else:
            results[each.name] = None
    return results


# The request.


@rule("a request is sent exactly as given, header values as UTF-8")
def _request(harness: Harness) -> None:
    body = bytes(range(256)) * 20
    headers = (
        ("X-Name", "Zoë €"),
        ("Last-Event-ID", "€ 7"),
        ("Accept", "text/event-stream"),
        ("Content-Type", "application/x"),
        ("User-Agent", "mine"),
    )
    with harness.serving(lambda call: call.respond(204, [])) as server:
        origin = server.url
        url = f"{origin}/a%20b%2Fc/d;e?q=%C3%A9&x=1%2B1+2&&y"
        exchange = harness.exchange(make_request(url, method="POST", headers=headers, body=body))
        exchange.open()
    (call,) = server.calls
    _expect_equal((call.method, f"{origin}{call.path}"), ("POST", url), "the request line")
    for name, value in headers:
        _expect_equal(call.headers.get(name.lower()), value.encode(), name)
    _expect_equal(call.body, body, "the body")


@rule("a Last-Event-ID arrives as it was given, whatever its characters")
def _odd_ids(harness: Harness) -> None:
    # An event source sends no blanks at the ends, and no control characters. But some of these look as if
    # they had them, when their UTF-8 is taken for ISO-8859-1.
    ids = (
        "a b",
        "a\tb",
        "\xa05\xa0",
        "\x85",
        "5\x85",
        "\u2028",
        "a\u0085b",
        "日本🎉",
        "%0d%0a",
        "';\",=",
        "x" * 8000,
    )
    with harness.serving(lambda call: call.respond(204, [])) as server:
        for each in ids:
            request = make_request(f"{server.url}/", headers=[("Last-Event-ID", each)])
            harness.exchange(request).open()
    _expect_equal([call.last_event_id for call in server.calls], list(ids), "the IDs")


@rule("a request without a body is sent without one, and never asks for compression")
def _request_without_body(harness: Harness) -> None:
    with harness.serving(lambda call: call.respond(204, [])) as server:
        harness.exchange(make_request(f"{server.url}/")).open()
    (call,) = server.calls
    added = set(call.headers) & {"content-type", "transfer-encoding"}
    _expect_equal(added, set(), "headers that were added")
    _expect_equal(call.headers.get("content-length", b"0"), b"0", "Content-Length")
    _expect_equal(call.headers.get("accept-encoding", b"identity"), b"identity", "Accept-Encoding")


@rule("withheld headers are not added to a request")
def _withheld(harness: Harness) -> None:
    def answer(call: Call) -> None:
        call.respond(204, [("Set-Cookie", "a=b; Path=/")])

    with harness.serving(answer) as server:
        harness.exchange(make_request(f"{server.url}/")).open()
        # The first request shows what the client adds from its own settings, if it has any.
        withheld = {"authorization", "cookie", *server.calls[0].headers} - MESSAGE_HEADERS
        harness.exchange(make_request(f"{server.url}/", withheld=withheld)).open()
    _expect_equal(sorted(withheld & set(server.calls[1].headers)), [], "headers that were withheld")


@rule("nothing is sent before open()")
def _sends_nothing_before_open(harness: Harness) -> None:
    with harness.serving(lambda call: call.respond(204, [])) as server:
        harness.exchange(make_request(f"{server.url}/"))
        harness.sleep(SHORT_TIME)
    _expect_equal(len(server.calls), 0, "the number of requests")


# Connections.


@rule(
    "connections have TCP keep-alive, and its first probe after a minute at most", is_about_connections=True
)
def _keep_alive(harness: Harness) -> None:
    with harness.serving(_stall) as server:
        harness.exchange(make_request(f"{server.url}/body")).open()
        is_on, idle = keep_alive_of_client(server.calls[0])
    _expect_equal(is_on, True, "SO_KEEPALIVE")
    if idle is not None and not 0 < idle <= KEEP_ALIVE_IDLE:
        raise RuleBroken(f"TCP_KEEPIDLE: {idle} seconds instead of {KEEP_ALIVE_IDLE} at most")


@rule("if the first address of a host never answers, the next one is used soon", is_about_connections=True)
def _several_addresses(harness: Harness) -> None:
    host = "two-addresses.test"
    with harness.serving(lambda call: call.respond(204, [])) as server:
        port = server.port
        with silent_address(port) as silent, resolving(host, (silent, "127.0.0.1"), port) as lookups:
            begun = time.monotonic()
            error = _error_of(harness.exchange(make_request(f"http://{host}:{port}/")).open)
            seconds = time.monotonic() - begun
    if not lookups:
        raise RuleSkipped("the transport does not use socket.getaddrinfo")
    if error is not None:
        raise error
    # RFC 8305, 8 recommends 250 milliseconds.
    if seconds > DEADLINE / 4:
        raise RuleBroken(f"it took {seconds:.1f} seconds, of a timeout of {DEADLINE:g}")


# The response headers.


@rule("status and headers arrive as they were sent, whatever they mean, and redirects are not followed")
def _response_headers(harness: Harness) -> None:
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

    with harness.serving(answer) as server:
        for status in statuses:
            url = f"{server.url}/{status}"
            head = harness.exchange(make_request(url)).open()
            _expect_equal((head.status, head.url), (status, url), "status and URL")
            seen = [(name.lower(), value) for name, value in head.headers]
            for name in ("x-twice", "location", "retry-after", "set-cookie"):
                sent = [value for other, value in fields if other.lower() == name]
                _expect_equal([value for other, value in seen if other == name], sent, name)
    _expect_equal(len(server.calls), len(statuses), "the number of requests")


@rule("a header that is not ASCII is decoded as ISO-8859-1")
def _latin_1(harness: Harness) -> None:
    def answer(call: Call) -> None:
        call.send(b"HTTP/1.1 204 No Content\r\nX-Name: Zo\xeb \xc3\xa9\r\n\r\n")

    with harness.serving(answer) as server:
        head = harness.exchange(make_request(f"{server.url}/")).open()
    _expect_equal(head.header("x-name"), "Zo\xeb \xc3\xa9", "X-Name")


@rule("bytes after a 204 are ignored")
def _bytes_after_204(harness: Harness) -> None:
    def answer(call: Call) -> None:
        call.send(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\nbytes")

    with harness.serving(answer) as server:
        head = harness.exchange(make_request(f"{server.url}/")).open()
    _expect_equal(head.status, 204, "the status")


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

    def check(harness: Harness) -> None:
        arrived = threading.Event()
        waited: list[bool] = []

        def answer(call: Call) -> None:
            call.respond(200, [EVENT_STREAM, *fields])
            send(call, BODY, True)
            waited.append(arrived.wait(DEADLINE / 2))
            send(call, BODY, False)

        with harness.serving(answer) as server:
            exchange = harness.exchange(make_request(f"{server.url}/"))
            exchange.open()
            first = exchange.read(DEADLINE)
            while len(first) < len(BODY) and not waited:
                first += exchange.read(DEADLINE)
            arrived.set()
            rest = _read_all(exchange)
            _expect_equal(waited, [True], "the first bytes arrived before more were sent")
            _expect_equal(first + rest, BODY + BODY, "the body")
            _expect_equal(exchange.read(None), b"", "read() after the end")

    return check


for _framing in FRAMINGS:
    rule(f"a body {_framing} arrives at once and unchanged, and ends with b''")(
        _check_prompt_delivery(_framing)
    )


def _check_decoding(coding: str, window_bits: int) -> Check:
    def check(harness: Harness) -> None:
        arrived = threading.Event()
        waited: list[bool] = []

        def answer(call: Call) -> None:
            encoder = zlib.compressobj(wbits=window_bits)
            call.respond(200, [EVENT_STREAM, CHUNKED, ("Content-Encoding", coding)])
            call.chunk(encoder.compress(BODY) + encoder.flush(zlib.Z_SYNC_FLUSH))
            waited.append(arrived.wait(DEADLINE / 2))
            call.chunk(encoder.compress(BODY) + encoder.flush())
            call.chunk(b"")

        with harness.serving(answer) as server:
            exchange = harness.exchange(make_request(f"{server.url}/"))
            exchange.open()
            first = exchange.read(DEADLINE)
            arrived.set()
            rest = _read_all(exchange)
            _expect_equal(waited, [True], "the first bytes arrived before more were sent")
            _expect_equal(first + rest, BODY + BODY, "the body")

    return check


rule("gzip is decoded at once")(_check_decoding("gzip", GZIP_WINDOW_BITS))
rule("deflate is decoded at once")(_check_decoding("deflate", zlib.MAX_WBITS))


@rule("an unknown content encoding is ContentEncodingError")
def _unknown_coding(harness: Harness) -> None:
    fields = [EVENT_STREAM, CHUNKED, ("Content-Encoding", "rot13")]

    def answer(call: Call) -> None:
        call.respond(200, fields)
        _send_chunked(call, BODY, False)

    with harness.serving(answer) as server:
        exchange = harness.exchange(make_request(f"{server.url}/"))
        exchange.open()
        _expect_error(_error_of(lambda: _read_all(exchange)), ContentEncodingError)


def _repeated(block: bytes, times: int) -> bytes:
    """Return the start of a gzip body: `block`, so many times. After a full flush, its code is the same."""
    encoder = zlib.compressobj(wbits=GZIP_WINDOW_BITS)
    first, again = (encoder.compress(block) + encoder.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + again * (times - 1)


def _check_bomb(codings: str, body: Callable[[], bytes], refusal: type[SSEError] | None) -> Check:
    def check(harness: Harness) -> None:
        def answer(call: Call) -> None:
            call.respond(200, [EVENT_STREAM, ("Content-Encoding", codings)], data)
            call.wait_until_gone()

        data = body()
        with harness.serving(answer) as server:
            exchange = harness.exchange(make_request(f"{server.url}/"))
            exchange.open()
            begun = time.monotonic()

            def read() -> None:
                for _ in range(MANY):
                    size = len(exchange.read(DEADLINE))
                    if size > MAX_READ:
                        raise RuleBroken(f"one read returned {size} bytes, more than {MAX_READ}")

            error = _error_of(read)
            exchange.close()
            seconds = time.monotonic() - begun
        if error is not None and (refusal is None or not isinstance(error, refusal)):
            raise error
        if seconds > DEADLINE / 4:
            raise RuleBroken(f"it took {seconds:.1f} seconds to read a little and close")

    return check


rule("a body in gzip that expands to 1 GiB is decoded in small parts, and closed at once")(
    _check_bomb("gzip", lambda: _repeated(b":" * MIB, 1024), None)
)
rule("a body in gzip twice that expands to 1 GiB is refused or decoded in small parts, and closed at once")(
    _check_bomb("gzip, gzip", lambda: _repeated(_repeated(b":" * MIB, 1024), 1), ContentEncodingError)
)


@rule("timeout does not limit the body")
def _slow_body(harness: Harness) -> None:
    def answer(call: Call) -> None:
        call.respond(200, [EVENT_STREAM])
        for _ in range(MANY):
            call.send(BODY)
            call.wait(SHORT_TIME)

    with harness.serving(answer) as server:
        exchange = harness.exchange(make_request(f"{server.url}/"), timeout=RESPONSE_TIMEOUT)
        exchange.open()
        _expect_equal(_read_all(exchange), BODY * MANY, "the body")


# Failures.


@rule("without a server, open() raises ConnectError")
def _no_server(harness: Harness) -> None:
    with socket.socket() as unused:
        # The socket is bound but does not listen: connecting is refused, and no other program gets the port.
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        error = _error_of(harness.exchange(make_request(url)).open)
    harness.close()
    _expect_error(error, ConnectError)


def _check_connect_error(data: bytes) -> Check:
    def check(harness: Harness) -> None:
        with harness.serving(lambda call: call.send(data)) as server:
            _expect_error(_error_of(harness.exchange(make_request(f"{server.url}/")).open), ConnectError)
        _expect_equal(len(server.calls), 1, "the number of requests")

    return check


rule("a connection that ends before the response is ConnectError")(_check_connect_error(b""))
rule("a connection that ends inside the response headers is ConnectError")(
    _check_connect_error(b"HTTP/1.1 200 OK\r\nA: b\r\n")
)
rule("a response that is not HTTP is ConnectError")(_check_connect_error(b"\x00nonsense\r\n\r\n"))


@rule("no response within timeout is ConnectError")
def _no_response(harness: Harness) -> None:
    with harness.serving(Call.wait_until_gone) as server:
        error = _error_of(harness.exchange(make_request(f"{server.url}/"), timeout=SHORT_TIME).open)
    _expect_error(error, ConnectError)


def _check_read_error(fields: tuple[tuple[str, str], ...], data: bytes, reset: bool = False) -> Check:
    def check(harness: Harness) -> None:
        arrived = threading.Event()

        def answer(call: Call) -> None:
            call.respond(200, [EVENT_STREAM, *fields])
            call.send(data)
            arrived.wait(DEADLINE)
            if reset:
                call.reset()

        with harness.serving(answer) as server:
            exchange = harness.exchange(make_request(f"{server.url}/"))
            exchange.open()
            _expect_equal(bool(exchange.read(DEADLINE)), True, "bytes before the loss were read")
            arrived.set()
            _expect_error(_error_of(lambda: _read_all(exchange)), ReadError)

    return check


rule("a body that is shorter than its Content-Length is ReadError")(
    _check_read_error((("Content-Length", "99"),), b"data")
)
rule("a chunked body without its last chunk is ReadError")(_check_read_error((CHUNKED,), b"4\r\ndata\r\n"))
rule("a body that ends inside a chunk is ReadError")(_check_read_error((CHUNKED,), b"9\r\ndata"))
rule("a connection that is reset inside the body is ReadError")(_check_read_error((), b"data", reset=True))


def _check_framing_error(
    response: Callable[[bytes], bytes], values: Sequence[bytes], kind: type[SSEError], data: bytes
) -> Check:
    """Check that each value is an error of this kind, and that no more than `data` is read before it."""

    def check(harness: Harness) -> None:
        def answer(call: Call) -> None:
            value = values[int(call.path[1:])]
            call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + response(value))

        with harness.serving(answer) as server:
            for number, value in enumerate(values):
                exchange = harness.exchange(make_request(f"{server.url}/{number}"))
                received: list[bytes] = []
                error = _error_of(lambda: _open_and_read(exchange, received))  # noqa: B023
                if not isinstance(error, kind):
                    found = "nothing" if error is None else f"{type(error).__name__} ({error})"
                    raise RuleBroken(f"{value!r}: {found} was raised instead of {kind.__name__}") from error
                if not data.startswith(b"".join(received)):
                    raise RuleBroken(f"{value!r}: {b''.join(received)!r} was read")

    return check


rule("a body that ends inside the size of a chunk is ReadError")(
    _check_framing_error(
        lambda size: b"Transfer-Encoding: chunked\r\n\r\n4\r\ndata\r\n" + size,
        (b"", b"1", b"0", b"000", b"00\r"),
        ReadError,
        b"data",
    )
)
rule("a chunk whose size is not hex digits is an error")(
    _check_framing_error(
        lambda size: b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\ndata\r\n0\r\n\r\n",
        (b"", b"0x4", b"+4", b"-4", b" 4", b"4_", b"4 4", b"g"),
        TransportError,
        b"",
    )
)
rule("a chunk that does not end in CRLF is an error")(
    _check_framing_error(
        lambda end: b"Transfer-Encoding: chunked\r\n\r\n4\r\ndata" + end + b"0\r\n\r\n",
        (b"xx", b"\n\r", b"x\r\n"),
        TransportError,
        b"data",
    )
)
rule("a Content-Length that is not one number of digits is an error")(
    _check_framing_error(
        lambda length: b"Content-Length: " + length + b"\r\n\r\ndata",
        (b"-4", b"+4", b"4_0", b"0x4", b"4, 5", b"4\r\nContent-Length: 5"),
        TransportError,
        b"",
    )
)


@rule("a read that receives nothing within its timeout is IdleTimeout")
def _idle_timeout(harness: Harness) -> None:
    def answer(call: Call) -> None:
        call.respond(200, [EVENT_STREAM], BODY)
        call.wait_until_gone()

    with harness.serving(answer) as server:
        exchange = harness.exchange(make_request(f"{server.url}/"))
        exchange.open()
        error = _error_of(lambda: _read_all(exchange, SHORT_TIME))
    _expect_error(error, IdleTimeout)


# Closing.


@rule("open() and read() of a closed exchange are TransportError, and nothing is sent")
def _closed_before(harness: Harness) -> None:
    with harness.serving(lambda call: call.respond(204, [])) as server:
        exchange = harness.exchange(make_request(f"{server.url}/"))
        exchange.close()
        exchange.close()
        _expect_error(_error_of(exchange.open), TransportError)
    _expect_equal(len(server.calls), 0, "the number of requests")


def _stall(call: Call) -> None:
    if call.path == "/body":
        call.respond(200, [EVENT_STREAM], BODY)
    call.wait_until_gone()


@rule("close() wakes a blocked open()")
def _close_wakes_open(harness: Harness) -> None:
    with harness.serving(_stall) as server:
        exchange = harness.exchange(make_request(f"{server.url}/"), timeout=DEADLINE)
        error: Exception | None = None
        with harness.after_short_delay(exchange.close):
            error = _error_of(exchange.open)
        _expect_error(error, TransportError)
        _expect_equal("timeout" in str(error), False, "it waited for its timeout")


@rule("close() wakes a blocked read()")
def _close_wakes_read(harness: Harness) -> None:
    with harness.serving(_stall) as server:
        exchange = harness.exchange(make_request(f"{server.url}/body"))
        exchange.open()
        error: Exception | None = None
        with harness.after_short_delay(exchange.close):
            error = _error_of(lambda: _read_all(exchange, DEADLINE))
        _expect_error(error, TransportError)
        _expect_equal(isinstance(error, IdleTimeout), False, "it waited for its timeout")


@rule("close() between two reads is enough to close the connection")
def _close_between(harness: Harness) -> None:
    with harness.serving(_stall) as server:
        exchange = harness.exchange(make_request(f"{server.url}/body"))
        exchange.open()
        exchange.read(DEADLINE)
        exchange.close()
        for _ in range(int(DEADLINE / 0.01)):
            if not server.open_connections:
                break
            harness.sleep(0.01)
        _expect_equal(server.open_connections, 0, "the number of open connections")
        _expect_error(_error_of(lambda: exchange.read(DEADLINE)), TransportError)


@rule("cancelling open() ends it, and leaves no connection open")
def _cancelled_open(harness: Harness) -> None:
    with harness.serving(_stall) as server:
        exchange = harness.exchange(make_request(f"{server.url}/"))
        _expect_equal(harness.can_cancel(exchange.open), True, "the cancellation ended it")


@rule("cancelling read() ends it, and leaves no connection open")
def _cancelled_read(harness: Harness) -> None:
    with harness.serving(_stall) as server:
        exchange = harness.exchange(make_request(f"{server.url}/body"))
        exchange.open()
        exchange.read(None)
        _expect_equal(harness.can_cancel(lambda: exchange.read(None)), True, "the cancellation ended it")


# Helpers of the checks.


def _read_all(exchange: Exchange, timeout: float | None = DEADLINE) -> bytes:
    data = b""
    while piece := exchange.read(timeout):
        data += piece
    return data


def _open_and_read(exchange: Exchange, received: list[bytes]) -> None:
    exchange.open()
    while piece := exchange.read(DEADLINE):
        received.append(piece)


def _error_of(action: Callable[[], object]) -> Exception | None:
    """Return what `action` raises, or None."""
    try:
        action()
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
