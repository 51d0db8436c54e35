"""Connections over TLS, and through a proxy."""

from __future__ import annotations

import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from traceback import format_exception
from typing import Any

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
    InvalidArgument,
    ReadError,
    RetryPolicy,
    StateChange,
)
from sse_transports import (
    AiohttpTransport,
    AnyioTransport,
    AsyncEventSource,
    AsyncHttpx2Transport,
    EventSource,
    Httpx2Transport,
    UrllibTransport,
)
from sse_transports._http1_head import HeadReader
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.answers import pass_time
from tests.sse_transports.clients import CLIENTS, NamedClient
from tests.sse_transports.proxy import forward
from tests.sse_transports.reading import Reading
from tests.sse_transports.scenario import Scenario, run_scenario, verify
from tests.sse_transports.small_servers import one_and_silence, until_all_gone
from tests.sse_transports.waiting import eventually

QUICK = RetryPolicy(initial_delay=0.01, min_delay=0.0)
CREDENTIALS = b"Basic " + b64encode(b"user:p@ss")


def one_and_end(call: Call) -> None:
    call.respond(body=b"id: 1\ndata: a\n\n")


def data(source: EventSource[Event]) -> list[str]:
    with source:
        return [event.data for event in source]


# TLS.


def self_signed() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def expired(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    past = datetime.now(tz=UTC) - timedelta(days=1)
    authority.issue_cert("127.0.0.1", not_after=past).configure_cert(context)
    return context


def of_another_host(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("example.org").configure_cert(context)
    return context


@pytest.mark.parametrize(
    ("certificate", "fault"),
    [
        (lambda _authority: self_signed(), "unable to get local issuer certificate"),
        (expired, "certificate has expired"),
        (of_another_host, r"IP address mismatch, certificate is not valid for '127\.0\.0\.1'"),
    ],
    ids=["unknown authority", "expired", "another host"],
)
def test_certificate_that_is_not_accepted_is_final(
    certificate: Callable[[trustme.CA], ssl.SSLContext],
    fault: str,
    authority: trustme.CA,
    client_tls: ssl.SSLContext,
) -> None:
    """Not retried, although GET is by default."""
    with SSEServer(one_and_end, context=certificate(authority)) as server:
        with pytest.raises(
            ConnectError, match=rf"^127\.0\.0\.1:\d+: certificate verify failed: {fault}"
        ) as caught:
            data(EventSource(server.url, transport=UrllibTransport(context=client_tls)))
        assert caught.value.final
        assert server.calls == []


def test_missing_client_certificate_is_final(authority: trustme.CA, client_tls: ssl.SSLContext) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with SSEServer(one_and_end, context=context) as server:
        with pytest.raises(ConnectError, match="certificate required") as caught:
            data(EventSource(server.url, transport=UrllibTransport(context=client_tls)))
        assert caught.value.final


@pytest.mark.parametrize("client_kind", CLIENTS, ids=lambda each: each.name)
def test_server_without_tls_is_final_and_named(client_kind: NamedClient) -> None:
    """Not retried, although GET is by default."""

    def answer_in_plain_http() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_in_plain_http)
        thread.start()
        port = listener.getsockname()[1]
        scenario = Scenario(
            name="a server without TLS",
            url=lambda _: f"https://127.0.0.1:{port}/stream",
            error=ConnectError,
            error_says=f"127.0.0.1:{port}: the server does not speak TLS; is it http://?",
            error_has={"final": True},
        )
        verify(scenario, run_scenario(scenario, client_kind.run))
        thread.join()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_callers_ssl_context_is_used(
    host: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    transport = UrllibTransport(context=client_tls)
    with SSEServer(one_and_end, context=server_tls) as server:
        url = f"https://{host}:{server.port}"
        for _ in range(2):
            assert data(EventSource(url, retry=None, transport=transport)) == ["a"]


def test_callers_ssl_context_may_turn_verification_off(server_tls: ssl.SSLContext) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with SSEServer(one_and_end, context=server_tls) as server:
        assert data(EventSource(server.url, retry=None, transport=UrllibTransport(context=context))) == ["a"]


def test_events_over_tls_arrive_at_once(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    transport = UrllibTransport(context=client_tls)
    with SSEServer(one_and_silence, context=server_tls) as server:
        with EventSource(server.url, transport=transport) as source:
            assert next(source).data == "a"
        until_all_gone(server)


def test_truncated_stream_over_tls_is_resumed(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    changes: list[StateChange] = []

    def truncated(call: Call) -> None:
        if call.number == 0:
            fields = [("Content-Type", "text/event-stream"), ("Content-Length", "1000")]
            call.respond(200, fields, b"id: 1\ndata: a\n\ndata: half")
        else:
            call.respond(204, [])

    with SSEServer(truncated, context=server_tls) as server:
        transport = UrllibTransport(context=client_tls)
        source = EventSource(server.url, transport=transport, retry=QUICK, on_state=changes.append)
        assert data(source) == ["a"]
        assert server.calls[1].headers["last-event-id"] == b"1"
    causes = [type(change.cause) for change in changes if isinstance(change, Disconnected)]
    assert causes == [ReadError]


def test_idle_timeout_works_over_tls(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    transport = UrllibTransport(context=client_tls)
    with SSEServer(one_and_silence, context=server_tls) as server:
        source = EventSource(server.url, method="POST", idle_timeout=0.2, transport=transport)
        assert next(source).data == "a"
        with pytest.raises(IdleTimeout):
            next(source)


def test_timeout_limits_an_unanswered_tls_handshake(deaf: int) -> None:
    with pytest.raises(ConnectError, match=r"0\.2 seconds"):
        data(EventSource(f"https://127.0.0.1:{deaf}", timeout=0.2, retry=None))


# Proxies of the environment.


def test_environment_proxy_is_used_for_http(monkeypatch: pytest.MonkeyPatch) -> None:
    with SSEServer(one_and_end) as server, SSEServer(forward) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert data(EventSource(f"{server.url}/stream", retry=None)) == ["a"]
        assert [call.path for call in proxy.calls] == [f"{server.url}/stream"]
        assert [call.path for call in server.calls] == ["/stream"]


def test_no_proxy_variable_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    with SSEServer(one_and_end) as server, SSEServer(forward) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1,example.org")
        assert data(EventSource(server.url, retry=None)) == ["a"]
        assert proxy.calls == []


def test_https_is_tunneled_through_environment_proxy(
    monkeypatch: pytest.MonkeyPatch, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    with SSEServer(one_and_end, context=server_tls) as server, SSEServer(forward) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        transport = UrllibTransport(context=client_tls)
        headers = {"Authorization": "Bearer secret"}
        assert data(EventSource(server.url, retry=None, transport=transport, headers=headers)) == ["a"]
        (call,) = proxy.calls
        assert (call.method, call.path) == ("CONNECT", f"127.0.0.1:{server.port}")
        # Headers for the server are sent inside the tunnel only.
        assert "authorization" not in call.headers
        assert server.calls[0].headers["authorization"] == b"Bearer secret"


# Proxies of the caller.


def test_callers_proxies_replace_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    with SSEServer(one_and_end) as server, SSEServer(forward) as proxy:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        transport = UrllibTransport(proxies={"http": proxy.url})
        assert data(EventSource(server.url, retry=None, transport=transport)) == ["a"]
        assert len(proxy.calls) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_proxy_without_a_port_is_at_port_80(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*address: object, **_options: object) -> None:
        asked.append(address)
        raise socket.gaierror(-2, "Name or service not known")

    asked: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    transport = UrllibTransport(proxies={scheme: "http://proxy.test"})
    with pytest.raises(ConnectError, match=r"proxy proxy\.test:80: "):
        data(EventSource(f"{scheme}://stream.test/", retry=None, transport=transport))
    assert asked == [("proxy.test", 80)]


def test_empty_proxies_ignore_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with SSEServer(one_and_end) as server:
        transport = UrllibTransport(proxies={})
        assert data(EventSource(server.url, retry=None, transport=transport)) == ["a"]


def test_callers_proxy_for_all_is_used_if_no_other_is_given() -> None:
    with SSEServer(one_and_end) as server, SSEServer(forward) as proxy:
        for proxies in ({"all": proxy.url}, {"all": "http://127.0.0.1:9", "http": proxy.url}):
            transport = UrllibTransport(proxies=proxies)
            assert data(EventSource(server.url, retry=None, transport=transport)) == ["a"]
        assert len(proxy.calls) == 2
        transport = UrllibTransport(proxies={"all": "http://127.0.0.1:9", "http": ""})
        assert data(EventSource(server.url, retry=None, transport=transport)) == ["a"]


@pytest.mark.parametrize(
    ("proxies", "named"),
    [
        ({"HTTP": "http://proxy.test"}, "'HTTP'"),
        ({"http://": "http://proxy.test"}, "'http://'"),
        ({"socks": "http://proxy.test"}, "'socks'"),
        ({"http": 5}, "int"),
        ({"http": None}, "NoneType"),
        ({"https": b"http://user:secret@proxy.test"}, "bytes"),
        ("http://user:secret@proxy.test", "str"),
        ([("http", "http://user:secret@proxy.test")], "list"),
    ],
)
def test_callers_proxies_are_checked_at_once(proxies: Any, named: str) -> None:
    """Not silently a direct connection."""
    with pytest.raises(InvalidArgument, match="proxies") as caught:
        UrllibTransport(proxies=proxies)
    assert named in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_proxy_credentials_are_sent_to_the_proxy_only(
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
def test_callers_proxy_authorization_reaches_the_proxy(
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
@pytest.mark.parametrize(
    "address",
    ["socks5://127.0.0.1:9", "https://127.0.0.1:9", "http://", "http://[::1", "http://127.0.0.1:port"],
)
def test_unusable_proxy_is_final(scheme: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not retried, although GET is by default."""
    callers = UrllibTransport(proxies={scheme: address})
    with pytest.raises(ConnectError, match=rf"proxies\['{scheme}'\]") as caught:
        data(EventSource(f"{scheme}://127.0.0.1:9/", transport=callers))
    assert caught.value.final
    monkeypatch.setenv("ALL_PROXY", address)
    with pytest.raises(ConnectError, match="ALL_PROXY") as caught:
        data(EventSource(f"{scheme}://127.0.0.1:9/"))
    assert caught.value.final


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_error_for_unreachable_proxy_names_it(scheme: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        transport = UrllibTransport(proxies={scheme: f"http://user:secret@127.0.0.1:{port}"})
        with pytest.raises(ConnectError) as caught:
            data(EventSource(f"{scheme}://stream.test/", retry=None, transport=transport))
    assert str(caught.value).startswith(f"stream.test: proxy 127.0.0.1:{port}: ")
    assert "Connection refused" in str(caught.value)
    assert not caught.value.final


@pytest.mark.parametrize("name", ["all_proxy", "ALL_PROXY"])
def test_all_proxy_is_used_for_both_schemes(
    name: str, monkeypatch: pytest.MonkeyPatch, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    for context in (None, server_tls):
        with SSEServer(one_and_end, context=context) as server, SSEServer(forward) as proxy:
            monkeypatch.setenv(name, proxy.url)
            transport = UrllibTransport(context=client_tls)
            assert data(EventSource(server.url, retry=None, transport=transport)) == ["a"]
            assert len(proxy.calls) == 1


def test_refused_tunnel_raises_with_the_status(client_tls: ssl.SSLContext) -> None:
    with SSEServer(lambda call: call.respond(407, [])) as proxy:
        transport = UrllibTransport(context=client_tls, proxies={"https": proxy.url})
        with pytest.raises(ConnectError, match="407"):
            data(EventSource("https://127.0.0.1:9/", retry=None, transport=transport))


def test_credentials_that_a_proxy_refuses_are_final(client_tls: ssl.SSLContext) -> None:
    with SSEServer(lambda call: call.respond(407, [])) as proxy:
        transport = UrllibTransport(
            context=client_tls, proxies={"https": proxy.url.replace("//", "//user:secret@")}
        )
        with pytest.raises(ConnectError, match=f"proxy 127.0.0.1:{proxy.port}: .*407") as caught:
            data(EventSource("https://stream.test/", retry=None, transport=transport))
        assert len(proxy.calls) == 1
        eventually(lambda: proxy.open_connections == 0, "the connection is closed")
    assert caught.value.final
    assert "secret" not in "".join(format_exception(caught.value))


def test_other_status_of_a_proxy_is_not_final(client_tls: ssl.SSLContext) -> None:
    with SSEServer(lambda call: call.respond(503, [])) as proxy:
        transport = UrllibTransport(context=client_tls, proxies={"https": proxy.url})
        with pytest.raises(ConnectError, match=f"proxy 127.0.0.1:{proxy.port}: .*503") as caught:
            data(EventSource("https://stream.test/", retry=None, transport=transport))
    assert not caught.value.final


def test_status_from_an_http_proxy_is_a_response() -> None:
    with SSEServer(lambda call: call.respond(407, [])) as proxy:
        transport = UrllibTransport(proxies={"http": proxy.url})
        with pytest.raises(HTTPStatusError, match="407"):
            data(EventSource("http://127.0.0.1:9/", retry=None, transport=transport))


def test_timeout_limits_a_dripping_proxy() -> None:
    def drip(call: Call) -> None:
        while True:
            call.send(b"H")
            pass_time(0.01)

    with SSEServer(drip) as proxy:
        transport = UrllibTransport(proxies={"https": proxy.url})
        with pytest.raises(ConnectError, match=r"0\.2 seconds"):
            data(EventSource("https://127.0.0.1:9/", retry=None, timeout=0.2, transport=transport))


def test_close_wakes_a_wait_for_a_proxy() -> None:
    with SSEServer(Call.wait_until_gone) as proxy:
        transport = UrllibTransport(proxies={"https": proxy.url})
        source = EventSource("https://127.0.0.1:9/", timeout=None, transport=transport)
        with Reading(source) as reading:
            eventually(lambda: len(proxy.calls) == 1, "the proxy is asked")
            reading.until_blocked_in(HeadReader.next_line)
            source.close()
            reading.until_ended()
            assert reading.error is None
        until_all_gone(proxy)


# Proxies of the environment, for the other transports.


def blocking(url: str) -> None:
    with Httpx2Transport() as transport:
        data(EventSource(url, retry=None, transport=transport, timeout=5))


def awaited(
    make: type[AnyioTransport | AiohttpTransport | AsyncHttpx2Transport], url: str, backend: str = "asyncio"
) -> None:
    async def main() -> None:
        async with (
            make() as transport,
            AsyncEventSource(url, retry=None, transport=transport, timeout=5) as source,
        ):
            await anext(source)

    anyio.run(main, backend=backend)


every_package = pytest.mark.parametrize(
    "read",
    [
        pytest.param(blocking, id="httpx2"),
        pytest.param(partial(awaited, AnyioTransport), id="anyio on asyncio"),
        pytest.param(partial(awaited, AnyioTransport, backend="trio"), id="anyio on trio"),
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
def test_error_for_unusable_proxy_hides_its_password(
    read: Callable[[str], None], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", address)
    with pytest.raises(ConnectError, match=r"prox|environment") as caught:
        read("http://127.0.0.1:9/")
    assert "secret" not in "".join(format_exception(caught.value))


@every_package
def test_error_for_refused_tunnel_hides_proxy_password(
    read: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with SSEServer(lambda call: call.respond(407, [])) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.replace("//", "//user:secret@"))
        with pytest.raises(ConnectError, match="407") as caught:
            read("https://127.0.0.1:9/")
    assert proxy.calls[0].headers["proxy-authorization"].startswith(b"Basic ")
    assert "secret" not in "".join(format_exception(caught.value))


def test_error_for_session_proxy_hides_its_password() -> None:
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
