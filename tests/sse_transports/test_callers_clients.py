"""A client or session of the caller's: its settings apply, its secrets stay on their origin."""

from __future__ import annotations

import gzip
import threading
import warnings
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aiohttp
import anyio
import anyio.lowlevel
import httpx2
import pytest

from sse_core import (
    ConnectError,
    ContentEncodingError,
    HTTPStatusError,
    IncompleteStream,
    InvalidArgument,
    ReadError,
    Request,
    RetryPolicy,
)
from sse_transports import (
    AiohttpTransport,
    AsyncEventSource,
    AsyncHttpx2Transport,
    AsyncTransport,
    EventSource,
    Httpx2Transport,
)
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.answers import pass_time
from tests.sse_transports.proxy import forward
from tests.sse_transports.small_servers import one_and_silence
from tests.sse_transports.waiting import until_set

QUICK = RetryPolicy(initial_delay=0.01, min_delay=0.0, max_attempts=5)
BASIC = b"Basic dXNlcjpwYXNz"
OWN = {"X-Api-Key": "secret", "X-Trace": "1", "User-Agent": "mine"}
EMPTY = [("Content-Length", "0"), ("Connection", "close")]
LIMIT = 0.02
"""The timeout of the caller's client between bytes, which the transport must not apply."""
LIMITS = httpx2.Timeout(10, read=LIMIT)


@asynccontextmanager
async def over_aiohttp(**options: Any) -> AsyncIterator[AsyncTransport]:
    limits = aiohttp.ClientTimeout(total=LIMIT, sock_read=LIMIT)
    with warnings.catch_warnings():
        # Sessions have `auth` until aiohttp 4.
        warnings.simplefilter("ignore", DeprecationWarning)
        if "auth" in options:
            options["auth"] = aiohttp.BasicAuth(*options["auth"])
        session = aiohttp.ClientSession(timeout=limits, raise_for_status=True, **options)
    async with session:
        yield AiohttpTransport(session)
        assert not session.closed


@asynccontextmanager
async def over_httpx2(**options: Any) -> AsyncIterator[AsyncTransport]:
    async with httpx2.AsyncClient(timeout=LIMITS, follow_redirects=True, **options) as client:
        yield AsyncHttpx2Transport(client)
        assert not client.is_closed


@contextmanager
def over_blocking_httpx2(**options: Any) -> Iterator[Httpx2Transport]:
    with httpx2.Client(timeout=LIMITS, follow_redirects=True, **options) as client:
        yield Httpx2Transport(client)
        assert not client.is_closed


def redirect_to(location: str) -> Callable[[Call], None]:
    def redirect(call: Call) -> None:
        call.respond(307, [("Location", location), *EMPTY])

    return redirect


Read = Callable[..., list[str]]


def awaited(backend: str, over: Callable[..., AbstractAsyncContextManager[AsyncTransport]]) -> Read:
    def read(url: str, client: dict[str, Any], **options: Any) -> list[str]:
        async def main() -> list[str]:
            async with (
                over(**client) as transport,
                AsyncEventSource(url, transport=transport, **options) as source,
            ):
                return [event.data async for event in source]

        return anyio.run(main, backend=backend)

    return read


def blocking(url: str, client: dict[str, Any], **options: Any) -> list[str]:
    with (
        over_blocking_httpx2(**client) as transport,
        EventSource(url, transport=transport, **options) as source,
    ):
        return [event.data for event in source]


over_httpx2_only = pytest.mark.parametrize(
    "read",
    [
        pytest.param(blocking, id="httpx2"),
        pytest.param(awaited("asyncio", over_httpx2), id="httpx2 on asyncio"),
        pytest.param(awaited("trio", over_httpx2), id="httpx2 on trio"),
    ],
)
every_client = pytest.mark.parametrize(
    "read",
    [
        pytest.param(blocking, id="httpx2"),
        pytest.param(awaited("asyncio", over_aiohttp), id="aiohttp on asyncio"),
        pytest.param(awaited("asyncio", over_httpx2), id="httpx2 on asyncio"),
        pytest.param(awaited("trio", over_httpx2), id="httpx2 on trio"),
    ],
)


def one_and_end(call: Call) -> None:
    call.respond(body=b"id: 1\ndata: a\n\n")


@every_client
def test_client_headers_and_auth_are_sent(read: Read) -> None:
    with SSEServer(one_and_end) as server:
        assert read(server.url, {"headers": OWN, "auth": ("user", "pass")}, retry=None) == ["a"]
    (call,) = server.calls
    assert call.headers["authorization"] == BASIC
    assert (call.headers["x-api-key"], call.headers["x-trace"]) == (b"secret", b"1")
    assert call.headers["user-agent"] == b"mine"
    assert call.headers["accept"] == b"text/event-stream"


@every_client
def test_source_headers_override_client_headers(read: Read) -> None:
    with SSEServer(one_and_end) as server:
        own = {"X-Api-Key": "other", "x-trace": "2"}
        assert read(server.url, {"headers": OWN}, retry=None, headers=own) == ["a"]
    (call,) = server.calls
    assert (call.headers["x-api-key"], call.headers["x-trace"]) == (b"other", b"2")


@every_client
def test_client_secrets_stay_off_other_origins(read: Read) -> None:
    client = {"headers": {**OWN, "Cookie": "a=b"}, "auth": ("user", "pass")}
    with SSEServer(one_and_end) as other:
        with SSEServer(redirect_to(f"{other.url}/there")) as server:
            assert read(server.url, client, retry=None, sensitive_headers=["X-Api-Key"]) == ["a"]
            assert server.calls[0].headers["authorization"] == BASIC
        (call,) = other.calls
        assert {"authorization", "cookie", "x-api-key"} & set(call.headers) == set()
        # Other headers are sent, as the source's own are.
        assert (call.headers["x-trace"], call.headers["user-agent"]) == (b"1", b"mine")
        assert call.headers["host"] == other.url.removeprefix("http://").encode()


@over_httpx2_only
def test_client_params_are_sent_to_their_origin_only(read: Read) -> None:
    with SSEServer(one_and_end) as other:
        with SSEServer(redirect_to(f"{other.url}/there?y=1")) as server:
            client = {"params": {"key": "a b", "x": "2"}}
            assert read(f"{server.url}/?a=%20b+c&&x=1", client, retry=None) == ["a"]
            assert read(f"{server.url}/", client, retry=None) == ["a"]
            assert [call.path for call in server.calls] == ["/?a=%20b+c&&x=1&key=a+b&x=2", "/?key=a+b&x=2"]
        assert [call.path for call in other.calls] == ["/there?y=1"] * 2


@every_client
def test_client_cookies_stay_off_other_origins(read: Read) -> None:
    with SSEServer(one_and_end) as other:
        with SSEServer(redirect_to(f"{other.url}/there")) as server:
            assert read(server.url, {"cookies": {"sid": "secret"}}, retry=None) == ["a"]
            assert server.calls[0].headers["cookie"] == b"sid=secret"
        assert "cookie" not in other.calls[0].headers


@every_client
def test_source_authorization_overrides_client_auth(read: Read) -> None:
    with SSEServer(one_and_end) as server:
        own = {"Authorization": "Bearer mine"}
        assert read(server.url, {"auth": ("user", "pass")}, retry=None, headers=own) == ["a"]
    assert server.calls[0].headers["authorization"] == b"Bearer mine"


@every_client
def test_client_auth_follows_a_same_origin_redirect(read: Read) -> None:
    def there(call: Call) -> None:
        if call.path == "/":
            call.respond(307, [("Location", "/there"), *EMPTY])
        else:
            one_and_end(call)

    with SSEServer(there) as server:
        assert read(server.url, {"headers": OWN, "auth": ("user", "pass")}, retry=None) == ["a"]
    assert [call.headers["authorization"] for call in server.calls] == [BASIC] * 2


@every_client
def test_client_timeouts_do_not_end_a_quiet_stream(read: Read) -> None:
    def slow(call: Call) -> None:
        pass_time(2 * LIMIT)
        call.respond(body=b"data: a\n\n")
        pass_time(2 * LIMIT)
        call.send(b"data: b\n\n")

    with SSEServer(slow) as server:
        assert read(server.url, {}, retry=None) == ["a", "b"]


@every_client
def test_client_status_handling_does_not_prevent_retries(read: Read) -> None:
    def busy_at_first(call: Call) -> None:
        if call.number == 0:
            call.respond(503, EMPTY)
        elif call.number == 1:
            call.respond(body=b"data: a\n\ndata: end\n\n")

    with SSEServer(busy_at_first) as server:
        assert read(server.url, {}, retry=QUICK, until="end") == ["a"]
        assert len(server.calls) == 2


def test_httpx2_hook_raising_on_status_changes_nothing() -> None:
    def answer(call: Call) -> None:
        call.respond(401, EMPTY)

    hooks = {"response": [httpx2.Response.raise_for_status]}
    with SSEServer(answer) as server:
        with pytest.raises(HTTPStatusError, match="401"):
            blocking(server.url, {"event_hooks": hooks}, retry=QUICK)
        assert len(server.calls) == 1


def test_aiohttp_middleware_may_reject_a_status() -> None:
    async def strict(request: Any, handler: Any) -> Any:
        response = await handler(request)
        response.raise_for_status()
        return response

    def answer(call: Call) -> None:
        call.respond(401, EMPTY)

    with SSEServer(answer) as server:
        with pytest.raises(aiohttp.ClientResponseError, match="401"):
            awaited("asyncio", over_aiohttp)(server.url, {"middlewares": [strict]}, retry=QUICK)
        assert len(server.calls) == 1


def test_httpx2_mock_transport_works() -> None:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"Content-Type": "text/event-stream"}, content=b"data: a\n\n")

    for read in (blocking, awaited("asyncio", over_httpx2), awaited("trio", over_httpx2)):
        transport = httpx2.MockTransport(answer)
        assert read("http://example.com/", {"transport": transport}, retry=None) == ["a"]


@every_client
def test_truncated_compressed_body_is_incomplete(read: Read) -> None:
    def truncated(call: Call) -> None:
        body = gzip.compress(b"data: a\n\ndata: b\n\n")[:-4]
        fields = [("Content-Encoding", "gzip"), ("Content-Length", str(len(body)))]
        call.respond(200, [("Content-Type", "text/event-stream"), *fields], body)

    with SSEServer(truncated) as server, pytest.raises(IncompleteStream) as caught:
        read(server.url, {}, method="POST")
    assert "compressed body ended too early" in str(caught.value.__cause__)


@every_client
@pytest.mark.parametrize("coding", ["gzip, gzip", "deflate, gzip", "zstd"])
def test_coding_of_the_client_is_refused(read: Read, coding: str) -> None:
    """Its decoders take truncated bodies for whole, or have no bounds."""

    def coded(call: Call) -> None:
        call.respond(200, [("Content-Type", "text/event-stream"), ("Content-Encoding", coding)], b"x")

    client = {"headers": {"Accept-Encoding": "gzip, deflate, zstd"}}
    with SSEServer(coded) as server, pytest.raises(ContentEncodingError, match=coding):
        read(server.url, client, retry=QUICK)


@every_client
def test_invalid_header_of_client_is_final_and_named(read: Read) -> None:
    with SSEServer(one_and_end) as server:
        with pytest.raises(ConnectError, match="X-Key") as caught:
            read(server.url, {"headers": {"X-Key": "secret\n"}}, retry=QUICK)
        assert caught.value.final
        assert "secret" not in str(caught.value)
        assert server.calls == []


@pytest.mark.parametrize("timeout", [None, 5.0])
def test_limit_of_the_client_is_named(timeout: float | None) -> None:
    limits = httpx2.Timeout(None, pool=0.1)
    with (
        SSEServer(one_and_silence) as server,
        httpx2.Client(timeout=limits, limits=httpx2.Limits(max_connections=1)) as client,
        EventSource(server.url, transport=Httpx2Transport(client)) as first,
    ):
        assert next(first).data == "a"
        second = EventSource(server.url, transport=Httpx2Transport(client), retry=None, timeout=timeout)
        with pytest.raises(ConnectError, match=r"no free connection .* within 0\.1 seconds"):
            next(second)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_own_client_uses_proxy_and_no_proxy_variables(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(url: str) -> list[str]:
        async with AsyncEventSource(url, retry=None) as source:
            return [event.data async for event in source]

    with SSEServer(one_and_end) as server, SSEServer(forward) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert anyio.run(read, server.url, backend=backend) == ["a"]
        assert len(proxy.calls) == 1
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert anyio.run(read, server.url, backend=backend) == ["a"]
        assert len(proxy.calls) == 1


@pytest.mark.parametrize(
    ("make", "wrong", "name"),
    [
        (AiohttpTransport, object(), "session"),
        (Httpx2Transport, object(), "client"),
        (AsyncHttpx2Transport, object(), "client"),
        (AsyncHttpx2Transport, httpx2.Client, "client"),
    ],
)
def test_wrong_type_of_client_is_rejected(make: Callable[[Any], object], wrong: Any, name: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^{name}: expected"):
        make(wrong)


class Parts(httpx2.AsyncByteStream):
    """A body that has arrived in many parts: no part needs to be waited for."""

    def __init__(self, *parts: bytes, repeated: bytes) -> None:
        self._parts = parts
        self._repeated = repeated
        self.count = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part
        while self.count < 10_000:
            self.count += 1
            yield self._repeated

    def transport(self, *fields: tuple[str, str]) -> httpx2.MockTransport:
        headers = [("Content-Type", "text/event-stream"), *fields]
        return httpx2.MockTransport(lambda _: httpx2.Response(200, headers=headers, stream=self))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_close_does_not_read_the_rest_of_a_body(backend: str) -> None:
    body = Parts(b"data: a\n\n", repeated=b":")

    async def main() -> None:
        async with httpx2.AsyncClient(transport=body.transport()) as client:
            exchange = AsyncHttpx2Transport(client).exchange(Request("GET", "http://x.test/"), timeout=None)
            await exchange.open()
            assert await exchange.read(None) == b"data: a\n\n"
            await exchange.close()

    anyio.run(main, backend=backend)
    assert body.count == 0


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_parts_that_decode_to_nothing_let_others_run(backend: str) -> None:
    encoder = zlib.compressobj(wbits=31)
    start = encoder.compress(b"data: a\n\n") + encoder.flush(zlib.Z_SYNC_FLUSH)
    # A block without contents.
    body = Parts(start, repeated=b"\0\0\0\xff\xff")

    async def main() -> None:
        async with httpx2.AsyncClient(transport=body.transport(("Content-Encoding", "gzip"))) as client:
            exchange = AsyncHttpx2Transport(client).exchange(Request("GET", "http://x.test/"), timeout=None)
            await exchange.open()
            assert await exchange.read(None) == b"data: a\n\n"

            async def read() -> None:
                with pytest.raises(ReadError, match="closed"):
                    await exchange.read(None)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read)
                while body.count < 5:
                    await anyio.lowlevel.checkpoint()
                await exchange.close()

    anyio.run(main, backend=backend)
    assert body.count < 100


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("command", ["close", "reconnect", "pause"])
def test_command_during_end_of_body_keeps_client_usable(backend: str, command: str) -> None:
    ending = threading.Event()
    ended = threading.Event()

    def answer(call: Call) -> None:
        if call.path == "/other":
            call.respond(200, [("Content-Length", "5"), ("Connection", "close")], b"hello")
        elif ended.is_set():
            one_and_end(call)
        else:
            call.respond(200, [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")])
            call.chunk(b"data: a\n\n")
            until_set(ending, "the client is ready for the end")
            call.chunk(b"")
            ended.set()
            # The connection can be used for another request.
            if call.read_request():
                answer(call)

    async def main(checkpoints: int) -> None:
        async with httpx2.AsyncClient() as client:
            transport = AsyncHttpx2Transport(client)
            async with (
                AsyncEventSource(server.url, transport=transport, retry=QUICK) as source,
                anyio.create_task_group() as tasks,
            ):
                assert (await anext(source)).data == "a"
                ending.set()
                # The event loop is blocked meanwhile: the end has arrived and is not read yet.
                until_set(ended, "the end is sent")

                async def read() -> None:
                    async for _ in source:
                        break
                    await source.close()

                tasks.start_soon(read)
                for _ in range(checkpoints):
                    await anyio.lowlevel.checkpoint()
                await getattr(source, command)()
                await source.resume()
            assert (await client.get(f"{server.url}/other")).text == "hello"

    for checkpoints in range(4):
        ending.clear()
        ended.clear()
        with SSEServer(answer) as server:
            anyio.run(main, checkpoints, backend=backend)


@every_client
def test_error_names_the_proxy_of_a_callers_client(read: Read) -> None:
    with SSEServer(lambda call: call.respond(407, [])) as proxy:
        client = {"proxy": proxy.url.replace("//", "//user:secret@")}
        with pytest.raises(ConnectError, match="407") as caught:
            read("https://stream.test/?token=secret", client, retry=QUICK)
    assert str(caught.value).startswith(f"stream.test: proxy 127.0.0.1:{proxy.port}: ")
    assert "secret" not in str(caught.value)
    assert caught.value.final


def test_connect_limit_of_a_session_shows_no_query() -> None:
    async def main() -> None:
        limits = aiohttp.ClientTimeout(connect=0.05)
        connector = aiohttp.TCPConnector(limit=1)
        async with aiohttp.ClientSession(timeout=limits, connector=connector) as session:
            transport = AiohttpTransport(session)
            # The only connection is in use, so the next request waits for it.
            first = transport.exchange(Request("GET", f"{server.url}/"), timeout=10.0)
            await first.open()
            request = Request("GET", f"{server.url}/?token=secret")
            with pytest.raises(ConnectError, match="imeout") as caught:
                await transport.exchange(request, timeout=10.0).open()
            await first.close()
        assert "secret" not in str(caught.value)

    with SSEServer(one_and_silence) as server:
        anyio.run(main)


@every_client
def test_connection_of_a_complete_body_is_used_again(read: Read) -> None:
    """It is not shut down: it goes back to the pool of the caller's client."""
    peers: list[object] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            peers.append(self.client_address)
            self.send_response(200 if len(peers) < 3 else 204)
            if len(peers) < 3:
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Content-Length", "9")
            self.end_headers()
            if len(peers) < 3:
                self.wfile.write(b"data: a\n\n")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            assert read(f"http://127.0.0.1:{server.server_port}/", {}, retry=QUICK) == ["a", "a"]
        finally:
            server.shutdown()
            thread.join()
    assert len(set(peers)) == 1
