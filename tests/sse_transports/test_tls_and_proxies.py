"""Encrypted connections, and connections through a proxy."""

from __future__ import annotations

import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from traceback import format_exception

import aiohttp
import anyio
import pytest
import trustme

from sse_core import (
    ConnectError,
    Disconnected,
    Event,
    HTTPStatusError,
    IdleTimeout,
    ReadError,
    RetryPolicy,
    StateChange,
)
from sse_transports import (
    AiohttpTransport,
    AsyncEventSource,
    AsyncHttpx2Transport,
    EventSource,
    Httpx2Transport,
    UrllibTransport,
)
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.answers import pass_time
from tests.sse_transports.proxy import forward
from tests.sse_transports.reading import Reading
from tests.sse_transports.waiting import eventually

QUICK = RetryPolicy(initial_delay=0.01, min_delay=0.0)
CREDENTIALS = b"Basic " + b64encode(b"user:p@ss")


def one_and_end(call: Call) -> None:
    call.respond(body=b"id: 1\ndata: a\n\n")


def one_and_silence(call: Call) -> None:
    one_and_end(call)
    call.wait_until_gone()


def data(source: EventSource[Event]) -> list[str]:
    with source:
        return [event.data for event in source]


# TLS.


def test_a_certificate_of_an_unknown_authority_is_refused(server_tls: ssl.SSLContext) -> None:
    with SSEServer(one_and_end, context=server_tls) as server:
        with pytest.raises(ConnectError, match="certificate verify failed"):
            data(EventSource(server.url, retry=None))
        assert server.calls == []


def test_a_certificate_of_another_host_is_refused(authority: trustme.CA, client_tls: ssl.SSLContext) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("example.org").configure_cert(context)
    with SSEServer(one_and_end, context=context) as server:
        with pytest.raises(ConnectError, match=r"127\.0\.0\.1"):
            data(EventSource(server.url, retry=None, transport=UrllibTransport(context=client_tls)))
        assert server.calls == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_callers_context_is_used(
    host: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    transport = UrllibTransport(context=client_tls)
    with SSEServer(one_and_end, context=server_tls) as server:
        url = f"https://{host}:{server.port}"
        for _ in range(2):
            assert data(EventSource(url, retry=None, transport=transport)) == ["a"]


def test_the_callers_context_may_verify_nothing(server_tls: ssl.SSLContext) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with SSEServer(one_and_end, context=server_tls) as server:
        assert data(EventSource(server.url, retry=None, transport=UrllibTransport(context=context))) == ["a"]


def test_encrypted_events_come_at_once(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    transport = UrllibTransport(context=client_tls)
    with SSEServer(one_and_silence, context=server_tls) as server:
        with EventSource(server.url, transport=transport) as source:
            assert next(source).data == "a"
        eventually(lambda: server.open_connections == 0, "the client closes its connection")


def test_an_encrypted_stream_that_is_cut_is_gone_on_with(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    changes: list[StateChange] = []

    def cut(call: Call) -> None:
        if call.number == 0:
            fields = [("Content-Type", "text/event-stream"), ("Content-Length", "1000")]
            call.respond(200, fields, b"id: 1\ndata: a\n\ndata: half")
        else:
            call.respond(204, [])

    with SSEServer(cut, context=server_tls) as server:
        transport = UrllibTransport(context=client_tls)
        source = EventSource(server.url, transport=transport, retry=QUICK, on_state=changes.append)
        assert data(source) == ["a"]
        assert server.calls[1].headers["last-event-id"] == b"1"
    causes = [type(change.cause) for change in changes if isinstance(change, Disconnected)]
    assert causes == [ReadError]


def test_an_encrypted_stream_has_an_idle_timeout_too(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    transport = UrllibTransport(context=client_tls)
    with SSEServer(one_and_silence, context=server_tls) as server:
        source = EventSource(server.url, method="POST", idle_timeout=0.2, transport=transport)
        assert next(source).data == "a"
        with pytest.raises(IdleTimeout):
            next(source)


def test_a_handshake_that_nobody_answers_is_not_waited_for_longer_than_timeout(deaf: int) -> None:
    with pytest.raises(ConnectError, match=r"0\.2 seconds"):
        data(EventSource(f"https://127.0.0.1:{deaf}", timeout=0.2, retry=None))


def test_a_server_that_speaks_no_tls_is_an_error() -> None:
    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.recv(2**16)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        source = EventSource(f"https://127.0.0.1:{listener.getsockname()[1]}", retry=None)
        with pytest.raises(ConnectError, match="SSL"):
            next(source)
        thread.join()


# Proxies of the environment.


def test_the_environments_proxy_is_used_for_http(monkeypatch: pytest.MonkeyPatch) -> None:
    with SSEServer(one_and_end) as server, SSEServer(forward) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert data(EventSource(f"{server.url}/stream", retry=None)) == ["a"]
        assert [call.path for call in proxy.calls] == [f"{server.url}/stream"]
        assert [call.path for call in server.calls] == ["/stream"]


def test_the_environment_may_except_hosts_from_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with SSEServer(one_and_end) as server, SSEServer(forward) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1,example.org")
        assert data(EventSource(server.url, retry=None)) == ["a"]
        assert proxy.calls == []


def test_the_environments_proxy_is_tunnelled_through_for_https(
    monkeypatch: pytest.MonkeyPatch, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    with SSEServer(one_and_end, context=server_tls) as server, SSEServer(forward) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        transport = UrllibTransport(context=client_tls)
        headers = {"Authorization": "Bearer secret"}
        assert data(EventSource(server.url, retry=None, transport=transport, headers=headers)) == ["a"]
        (call,) = proxy.calls
        assert (call.method, call.path) == ("CONNECT", f"127.0.0.1:{server.port}")
        # What is for the server only is inside the tunnel.
        assert "authorization" not in call.headers
        assert server.calls[0].headers["authorization"] == b"Bearer secret"


# Proxies of the caller.


def test_the_callers_proxies_replace_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    with SSEServer(one_and_end) as server, SSEServer(forward) as proxy:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        transport = UrllibTransport(proxies={"http": proxy.url})
        assert data(EventSource(server.url, retry=None, transport=transport)) == ["a"]
        assert len(proxy.calls) == 1


def test_no_proxies_are_none_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with SSEServer(one_and_end) as server:
        transport = UrllibTransport(proxies={})
        assert data(EventSource(server.url, retry=None, transport=transport)) == ["a"]


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_a_proxys_credentials_are_for_the_proxy_only(
    encrypted: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    with (
        SSEServer(one_and_end, context=server_tls if encrypted else None) as server,
        SSEServer(forward) as proxy,
    ):
        url = proxy.url.replace("//", "//user:p%40ss@")
        transport = UrllibTransport(context=client_tls, proxies={"http": url, "https": url})
        assert data(EventSource(server.url, retry=None, transport=transport)) == ["a"]
        assert proxy.calls[0].headers["proxy-authorization"] == CREDENTIALS
        assert "proxy-authorization" not in server.calls[0].headers


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_the_callers_own_header_for_a_proxy_reaches_it(
    encrypted: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    headers = {"Proxy-Authorization": "Bearer secret"}
    with (
        SSEServer(one_and_end, context=server_tls if encrypted else None) as server,
        SSEServer(forward) as proxy,
    ):
        transport = UrllibTransport(context=client_tls, proxies={"http": proxy.url, "https": proxy.url})
        assert data(EventSource(server.url, retry=None, transport=transport, headers=headers)) == ["a"]
        assert proxy.calls[0].headers["proxy-authorization"] == b"Bearer secret"
        assert "proxy-authorization" not in server.calls[0].headers


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_of_an_unsupported_kind_is_an_error_that_names_it(scheme: str, deaf: int) -> None:
    transport = UrllibTransport(proxies={scheme: f"socks5://127.0.0.1:{deaf}"})
    with pytest.raises(ConnectError, match="socks5"):
        data(EventSource(f"{scheme}://127.0.0.1:9/", retry=None, timeout=0.5, transport=transport))


@pytest.mark.parametrize("address", ["http://", "http://[::1", "http://127.0.0.1:port"])
def test_a_proxy_without_a_proper_address_is_an_error(address: str) -> None:
    transport = UrllibTransport(proxies={"http": address})
    with pytest.raises(ConnectError):
        data(EventSource("http://127.0.0.1:9/", retry=None, timeout=0.5, transport=transport))


def test_a_proxy_that_refuses_a_tunnel_is_an_error_with_its_status(client_tls: ssl.SSLContext) -> None:
    with SSEServer(lambda call: call.respond(407, [])) as proxy:
        transport = UrllibTransport(context=client_tls, proxies={"https": proxy.url})
        with pytest.raises(ConnectError, match="407"):
            data(EventSource("https://127.0.0.1:9/", retry=None, transport=transport))


def test_a_proxy_that_refuses_a_request_is_an_answer() -> None:
    with SSEServer(lambda call: call.respond(407, [])) as proxy:
        transport = UrllibTransport(proxies={"http": proxy.url})
        with pytest.raises(HTTPStatusError, match="407"):
            data(EventSource("http://127.0.0.1:9/", retry=None, transport=transport))


def test_a_proxy_that_drips_its_answer_is_not_waited_for_longer_than_timeout() -> None:
    def drip(call: Call) -> None:
        while True:
            call.send(b"H")
            pass_time(0.01)

    with SSEServer(drip) as proxy:
        transport = UrllibTransport(proxies={"https": proxy.url})
        with pytest.raises(ConnectError, match=r"0\.2 seconds"):
            data(EventSource("https://127.0.0.1:9/", retry=None, timeout=0.2, transport=transport))


def test_close_ends_waiting_for_a_proxy() -> None:
    with SSEServer(Call.wait_until_gone) as proxy:
        transport = UrllibTransport(proxies={"https": proxy.url})
        source = EventSource("https://127.0.0.1:9/", timeout=None, transport=transport)
        with Reading(source) as reading:
            eventually(lambda: len(proxy.calls) == 1, "the proxy is asked")
            reading.until_blocked_in(socket.SocketIO.readinto)
            source.close()
            reading.until_ended()
            assert reading.error is None
        eventually(lambda: proxy.open_connections == 0, "the client closes its connection")


# Proxies of the environment, for the clients that need a package.


def blocking(url: str) -> None:
    with Httpx2Transport() as transport:
        data(EventSource(url, retry=None, transport=transport, timeout=5))


def awaited(make: type[AiohttpTransport | AsyncHttpx2Transport], url: str) -> None:
    async def main() -> None:
        async with (
            make() as transport,
            AsyncEventSource(url, retry=None, transport=transport, timeout=5) as source,
        ):
            await anext(source)

    anyio.run(main)


every_package = pytest.mark.parametrize(
    "read",
    [
        pytest.param(blocking, id="httpx2"),
        pytest.param(partial(awaited, AiohttpTransport), id="aiohttp"),
        pytest.param(partial(awaited, AsyncHttpx2Transport), id="httpx2 on asyncio"),
    ],
)


@every_package
@pytest.mark.parametrize(
    "address",
    [
        "http://user:secret",
        "http://user:secret@127.0.0.1:port",
        "http://user:secret@[::1",
        "socks5://user:secret@127.0.0.1:9",
        "ftp://user:secret@127.0.0.1:9",
    ],
)
def test_a_proxy_that_cannot_be_used_is_an_error_without_its_password(
    read: Callable[[str], None], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", address)
    with pytest.raises(ConnectError, match=r"prox|environment") as caught:
        read("http://127.0.0.1:9/")
    assert "secret" not in "".join(format_exception(caught.value))


@every_package
def test_a_proxy_that_refuses_a_tunnel_is_an_error_without_its_password(
    read: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with SSEServer(lambda call: call.respond(407, [])) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.replace("//", "//user:secret@"))
        with pytest.raises(ConnectError, match="407") as caught:
            read("https://127.0.0.1:9/")
    assert proxy.calls[0].headers["proxy-authorization"].startswith(b"Basic ")
    assert "secret" not in "".join(format_exception(caught.value))


def test_a_proxy_of_a_callers_session_that_cannot_be_used_is_an_error_without_its_password() -> None:
    async def main() -> None:
        async with (
            aiohttp.ClientSession(proxy="http://user:secret@[::1") as session,
            AsyncEventSource(
                "http://127.0.0.1:9/", retry=None, transport=AiohttpTransport(session)
            ) as source,
        ):
            await anext(source)

    with pytest.raises(ConnectError, match="proxy") as caught:
        anyio.run(main)
    assert "secret" not in "".join(format_exception(caught.value))
