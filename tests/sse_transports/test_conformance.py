"""Every transport passes the published check, and the check names the rule that a bad transport breaks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import aiohttp
import anyio
import httpx2
import pytest

from sse_core import ConnectError, InvalidArgument, ReadError, Request, Response
from sse_transports import (
    AiohttpTransport,
    AnyioTransport,
    AsyncHttpx2Transport,
    Httpx2Transport,
    UrllibTransport,
)
from sse_transports._aiohttp import AiohttpExchange
from sse_transports._urllib import UrllibExchange
from sse_transports.testing import (
    Call,
    NonConforming,
    SSEServer,
    check_async_transport,
    check_transport,
)
from sse_transports.testing._async_rules import RULES as ASYNC_RULES
from sse_transports.testing._local_network import keep_alive_of_client, resolving
from sse_transports.testing._rules import RULES
from tests.sse_transports.waiting import eventually

CHECKS: dict[str, Callable[[], list[str]]] = {
    "urllib": partial(check_transport, UrllibTransport),
    "httpx2": partial(check_transport, Httpx2Transport),
    "anyio on asyncio": partial(anyio.run, check_async_transport, AnyioTransport),
    "anyio on trio": partial(anyio.run, check_async_transport, AnyioTransport, backend="trio"),
    "aiohttp": partial(anyio.run, check_async_transport, AiohttpTransport),
    "httpx2 on asyncio": partial(anyio.run, check_async_transport, AsyncHttpx2Transport),
    "httpx2 on trio": partial(anyio.run, check_async_transport, AsyncHttpx2Transport, backend="trio"),
}


@pytest.mark.parametrize("name", CHECKS)
def test_each_transport_passes_every_rule(name: str) -> None:
    assert CHECKS[name]() == [rule.name for rule in RULES]


class Late(UrllibExchange):
    """Reads like `read(n)`: waits for more than there is."""

    def read(self, timeout: float | None) -> bytes:
        return super().read(timeout) + super().read(timeout)


class Strict(UrllibExchange):
    """Raises for statuses, as some clients do by default."""

    def open(self) -> Response:
        head = super().open()
        if head.status >= 400:
            raise LookupError(head.status)
        return head


class Text(UrllibExchange):
    """Reads text."""

    def read(self, timeout: float | None) -> bytes:
        return super().read(timeout).decode("utf-8", "replace").encode()


class Leaking(UrllibExchange):
    """Does not close its connection."""

    def close(self) -> None:
        pass


class Blocking(UrllibExchange):
    """Ignores timeouts, and a close while it reads, as a transport made of `urlopen` and `read1` does."""

    def __init__(
        self, opener: urllib.request.OpenerDirector, request: Request, timeout: float | None
    ) -> None:
        super().__init__(opener, request, timeout)
        self._lock = threading.Lock()

    def read(self, timeout: float | None) -> bytes:
        with self._lock:
            return super().read(None)

    def close(self) -> None:
        with self._lock:
            super().close()


class NoId(UrllibExchange):
    """Leaves out the Last-Event-ID of a request if it is not ASCII."""

    def __init__(
        self, opener: urllib.request.OpenerDirector, request: Request, timeout: float | None
    ) -> None:
        headers = tuple(field for field in request.headers if field[1].isascii())
        super().__init__(opener, Request(request.method, request.url, headers, request.body), timeout)


class Slow(UrllibExchange):
    """Takes long to connect."""

    def open(self) -> Response:
        time.sleep(0.2)
        return super().open()


class Greedy(UrllibExchange):
    """Reads up to 2 MiB."""

    def read(self, timeout: float | None) -> bytes:
        data = b""
        while len(data) < 2**21:
            data += super().read(timeout)
        return data


class Lenient(UrllibExchange):
    """Takes every error as the end of the body."""

    def read(self, timeout: float | None) -> bytes:
        try:
            return super().read(timeout)
        except ReadError:
            return b""


class No204(UrllibExchange):
    """Raises for a status without a body."""

    def open(self) -> Response:
        head = super().open()
        if head.status == 204:
            raise ConnectError("no body")
        return head


class AddsHeader(UrllibExchange):
    """Adds a header of its own to every request."""

    def __init__(
        self, opener: urllib.request.OpenerDirector, request: Request, timeout: float | None
    ) -> None:
        headers = (*request.headers, ("X-Api-Key", "secret"))
        super().__init__(opener, Request(request.method, request.url, headers, request.body), timeout)


@pytest.mark.parametrize(
    ("kind", "rule", "message"),
    [
        (Blocking, "a read that receives nothing within its timeout", "did not return within 0.3 seconds"),
        (Blocking, "close() wakes a blocked read()", "did not return within 0.3 seconds"),
        (
            AddsHeader,
            "withheld headers",
            "headers that were withheld: ['user-agent', 'x-api-key'] instead of []",
        ),
        (Late, "a body in chunks arrives at once", "the first bytes arrived before more were sent"),
        (Strict, "status and headers arrive as they were sent", "LookupError(400)"),
        (Text, "a body with a length arrives at once and unchanged", "the body: "),
        (Leaking, "close() wakes a blocked read()", "it waited for its timeout"),
        (NoId, "a Last-Event-ID arrives as it was given", "the IDs: ['a b', 'a\\tb', '', '', "),
        (Slow, "if the first address of a host never answers", "seconds, of a timeout of 0.5"),
        (Greedy, "a body in gzip that expands to 1 GiB", "bytes, more than 1048576"),
        (Lenient, "a body that ends inside the size of a chunk", "nothing was raised instead of ReadError"),
        (Lenient, "a chunk whose size is not hex digits", "nothing was raised instead of TransportError"),
        (No204, "bytes after a 204 are ignored", "ConnectError('no body', False)"),
    ],
)
def test_failed_rule_is_named(
    kind: type[UrllibExchange], rule: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Transport(UrllibTransport):
        def exchange(self, request: Request, *, timeout: float | None) -> UrllibExchange:
            return kind(self._opener, request, timeout)

    (chosen,) = (each for each in RULES if each.name.startswith(rule))
    monkeypatch.setattr("sse_transports.testing._rules.RULES", [chosen])
    monkeypatch.setattr("sse_transports.testing._rules.DEADLINE", 0.5)
    if kind is Blocking:
        monkeypatch.setattr("sse_transports.testing._harness.RULE_TIMEOUT", 0.3)
    with pytest.raises(NonConforming) as caught:
        check_transport(Transport)
    assert list(caught.value.failures) == [chosen.name]
    assert chosen.name in str(caught.value)
    assert message in str(caught.value)


class IgnoresCancellation(AiohttpExchange):
    """Suppresses a cancellation, and goes on reading."""

    async def read(self, timeout: float | None) -> bytes:
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                assert self._response is not None
                return await self._response.content.readany()


class IgnoresTimeout(AiohttpExchange):
    """Reads without a timeout."""

    async def read(self, timeout: float | None) -> bytes:
        return await super().read(None)


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (IgnoresCancellation, "cancelling read()"),
        (IgnoresCancellation, "a read that receives nothing within its timeout"),
        (IgnoresTimeout, "a read that receives nothing within its timeout"),
    ],
)
def test_rule_is_named_if_an_async_transport_hangs(
    kind: type[AiohttpExchange], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Transport(AiohttpTransport):
        def exchange(self, request: Request, *, timeout: float | None) -> AiohttpExchange:
            return kind(self, request, timeout)

    (chosen,) = (each for each in ASYNC_RULES if each.name.startswith(rule))
    monkeypatch.setattr("sse_transports.testing._async_rules.RULES", [chosen])
    monkeypatch.setattr("sse_transports.testing._async_harness.RULE_TIMEOUT", 0.3)
    with pytest.raises(NonConforming, match=r"did not return within 0\.3 seconds"):
        anyio.run(check_async_transport, Transport)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            AiohttpTransport,
            "transport: AiohttpTransport is an async transport, and a blocking one is expected",
        ),
        (
            UrllibTransport(),
            "make: expected a function that returns a new transport, not an instance of Urllib",
        ),
        (lambda: None, "make: expected a function that returns a new transport, not None"),
        (dict, r"transport: expected exchange\(\) and close\(\), which dict does not have"),
    ],
)
def test_check_transport_rejects_other_arguments(make: Any, message: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^{message}"):
        check_transport(make)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (UrllibTransport, "transport: UrllibTransport is a blocking transport, and an async one is expected"),
        (
            AiohttpTransport(),
            "make: expected a function that returns a new transport, not an instance of Aioh",
        ),
    ],
)
def test_check_async_transport_rejects_other_arguments(make: Any, message: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^{message}"):
        anyio.run(check_async_transport, make)


def test_keep_alive_of_the_clients_socket_is_found() -> None:
    with SSEServer(Call.wait_until_gone) as server:
        for options, found in [
            ([], (False, ANY)),
            ([(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)], (True, ANY)),
            (
                [
                    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
                    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 50),
                ],
                (True, 50),
            ),
        ]:
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                for option in options:
                    client.setsockopt(*option)
                count = len(server.calls)
                client.sendall(b"GET / HTTP/1.1\r\n\r\n")
                eventually(lambda: len(server.calls) > count, "the request arrives")  # noqa: B023
                assert keep_alive_of_client(server.calls[-1]) == found


def test_rules_that_cannot_be_checked_are_skipped(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    chosen = [each for each in RULES if each.is_about_connections]
    monkeypatch.setattr("sse_transports.testing._rules.RULES", chosen)
    monkeypatch.setattr("sse_transports.testing._local_network.DESCRIPTORS", Path("/none"))
    # An address of documentation, which no machine has.
    monkeypatch.setattr("sse_transports.testing._local_network.SILENT_ADDRESS", "192.0.2.1")
    caplog.set_level(logging.INFO, "sse_transports.testing")
    assert check_transport(UrllibTransport) == []
    keep_alive, addresses = caplog.messages
    assert keep_alive.startswith("not checked: connections have TCP keep-alive")
    assert keep_alive.endswith(": the client's socket cannot be found in this process")
    assert addresses.startswith("not checked: if the first address of a host never answers")
    assert ": 192.0.2.1 cannot be used: " in addresses
    caplog.clear()
    assert check_transport(UrllibTransport, makes_connections=False) == []
    assert caplog.messages == [
        f"not checked: {each.name}: the transport does not make connections" for each in chosen
    ]


def test_a_look_up_is_replaced_for_one_host_only() -> None:
    original = socket.getaddrinfo
    with resolving("two.test", ("127.0.0.2", "127.0.0.1"), 80) as asked:
        assert socket.getaddrinfo("localhost", 80, socket.AF_INET)[0][4] == ("127.0.0.1", 80)
        assert [each[4] for each in socket.getaddrinfo("two.test", 80)] == [
            ("127.0.0.2", 80),
            ("127.0.0.1", 80),
        ]
        assert asked == ["two.test"]
    assert socket.getaddrinfo is original


def test_httpx2_client_passes_and_stays_open() -> None:
    with httpx2.Client() as client:
        check_transport(partial(Httpx2Transport, client), makes_connections=False)
        assert not client.is_closed


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_httpx2_client_passes_and_stays_open(backend: str) -> None:
    async def check() -> None:
        async with httpx2.AsyncClient() as client:
            await check_async_transport(partial(AsyncHttpx2Transport, client), makes_connections=False)
            assert not client.is_closed

    anyio.run(check, backend=backend)


def test_callers_aiohttp_session_breaks_three_rules_only() -> None:
    async def check() -> None:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(NonConforming) as caught:
                await check_async_transport(partial(AiohttpTransport, session), makes_connections=False)
            # A caller's session sends a request once more if the server closes the connection, and its parser
            # refuses a 204 that bytes follow.
            assert set(caught.value.failures) == {
                "bytes after a 204 are ignored",
                "a connection that ends before the response is ConnectError",
                "a connection that ends inside the response headers is ConnectError",
            }
            assert not session.closed

    anyio.run(check)
