"""`SSEServer`: the requests it records, the errors it raises, and that it always stops."""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import selectors
import socket
import ssl
import threading
from contextlib import closing
from typing import Any

import pytest

from sse_core import HTTPStatusError, IllegalState, InvalidArgument
from sse_transports import EventSource
from sse_transports.testing import Call, MalformedRequest, SSEServer, _call, _refusals, _server
from sse_transports.testing._call import MAX_HEAD
from sse_transports.testing._request_body import MAX_BODY, BodyReader
from tests.sse_transports.waiting import DEADLINE, eventually, until_set


def get(server: SSEServer, path: str = "/") -> bytes:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as client:
        client.request("GET", path)
        return client.getresponse().read()


def test_requests_are_recorded_in_order() -> None:
    with SSEServer(lambda call: call.respond(body=b"%d" % call.number)) as server:
        assert [get(server, f"/{number}?x=%20") for number in range(3)] == [b"0", b"1", b"2"]
    assert [(call.method, call.path, call.number) for call in server.calls] == [
        ("GET", "/0?x=%20", 0),
        ("GET", "/1?x=%20", 1),
        ("GET", "/2?x=%20", 2),
    ]


def test_a_request_is_read_completely() -> None:
    head = b"POST /x HTTP/1.1\r\nContent-Length: 6\r\nX-Name:  Zo\xc3\xab \r\nx-name: last\xff\r\n\r\n"
    done = threading.Event()

    def answer(call: Call) -> None:
        call.respond(204, [])
        done.set()

    with SSEServer(answer) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        for piece in (head[:10], head[10:], b"abc"):
            client.sendall(piece)
        # The body is not complete, so the function was not called yet.
        assert server.calls == []
        client.sendall(b"def")
        until_set(done, "the request is answered")
    (call,) = server.calls
    assert (call.method, call.path, call.body) == ("POST", "/x", b"abcdef")
    assert call.headers == {"content-length": b"6", "x-name": b"last\xff"}


def raises_an_os_error(_call: Call) -> None:
    raise FileNotFoundError("in the handler")


def returns_no_steps(_call: Call) -> Any:
    return "in the handler"


async def is_async(_call: Call) -> None:
    """An async function, which the server refuses."""


def has_no_parameters() -> None:
    """A function without parameters, which is called with one argument."""


MISTAKES: list[tuple[Any, type[Exception], str]] = [
    (raises_an_os_error, FileNotFoundError, "in the handler"),
    (returns_no_steps, InvalidArgument, "the answer to request 1: expected a list of steps, not str"),
    (is_async, InvalidArgument, "expected a plain function"),
    (has_no_parameters, TypeError, "takes 0 positional arguments"),
]


@pytest.mark.timeout(200)
@pytest.mark.parametrize(("answer", "kind", "text"), MISTAKES)
def test_an_error_of_a_function_ends_all_retries(answer: Any, kind: type[Exception], text: str) -> None:
    def work() -> None:
        with SSEServer(answer) as server:
            for _ in range(2):
                with pytest.raises(HTTPStatusError) as caught:
                    list(EventSource(server.url))
                assert caught.value.status == 410
                assert text.encode() in caught.value.body

    with pytest.raises(kind, match=text):
        work()


def test_a_late_error_is_sent_to_the_next_request() -> None:
    def answer(call: Call) -> None:
        call.respond(body=b"data: a\n\n")
        raise LookupError("in the handler")

    def work() -> None:
        with SSEServer(answer) as server:
            assert get(server) == b"data: a\n\n"
            assert b"in the handler" in get(server)

    with pytest.raises(LookupError, match="in the handler"):
        work()


def test_an_error_of_the_test_gets_a_note() -> None:
    def work() -> None:
        with SSEServer(raises_an_os_error) as server:
            get(server)
            raise LookupError("in the test")

    with pytest.raises(LookupError, match="in the test") as caught:
        work()
    assert "in the handler" in "".join(caught.value.__notes__)


def test_a_client_that_leaves_is_not_an_error() -> None:
    def answer(call: Call) -> None:
        call.respond()
        while True:
            call.send(bytes(2**16))

    with SSEServer(answer) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        client.recv(1)


def test_wait_raises_when_the_client_leaves() -> None:
    gone = threading.Event()

    def answer(call: Call) -> None:
        call.respond()
        try:
            call.wait(1000)
        except OSError:
            gone.set()

    with SSEServer(answer) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            # Read everything: unread bytes would turn the close into a reset.
            received = b""
            while not received.endswith(b"\r\n\r\n"):
                received += client.recv(2**16)
        until_set(gone, "the server notices that the client has left")


def test_a_connection_without_a_request_is_not_a_call() -> None:
    with SSEServer(lambda call: call.respond()) as server:
        socket.create_connection(("127.0.0.1", server.port)).close()
        assert get(server) == b""
        eventually(lambda: server.open_connections == 0, "the connections end")
    assert len(server.calls) == 1


def test_open_connections_counts_until_they_end() -> None:
    with SSEServer(Call.wait_until_gone) as server:
        clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
        for open_ones, client in zip((3, 2, 1), clients, strict=True):
            eventually(lambda: server.open_connections == open_ones, f"{open_ones} connections are open")  # noqa: B023
            client.close()
        eventually(lambda: server.open_connections == 0, "the connections end")


@pytest.mark.timeout(200)
@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_a_selector_notices_that_the_client_has_left(
    encrypted: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    ready: list[object] = []
    other, speaker = socket.socketpair()

    def relay(call: Call) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(call, selectors.EVENT_READ)
            selector.register(other, selectors.EVENT_READ)
            while call not in ready:
                ready.extend(key.fileobj for key, _ in selector.select())
                if ready[-1] is other:
                    call.send(other.recv(1))

    with other, speaker, SSEServer(relay, context=server_tls if encrypted else None) as server:
        client = socket.create_connection(("127.0.0.1", server.port))
        if encrypted:
            client = client_tls.wrap_socket(client, server_hostname="127.0.0.1")
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        speaker.sendall(b"x")
        assert client.recv(1) == b"x"
        client.close()
        eventually(lambda: server.open_connections == 0, "the function returns")
    assert ready == [other, *server.calls]


@pytest.mark.timeout(200)
@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("state", ["requested", "silent"])
def test_stopping_closes_open_connections(
    state: str, encrypted: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    client = socket.socket()
    try:
        with SSEServer(Call.wait_until_gone, context=server_tls if encrypted else None) as server:
            client.connect(("127.0.0.1", server.port))
            if encrypted:
                client = client_tls.wrap_socket(client, server_hostname="127.0.0.1")
            if state == "requested":
                client.sendall(b"GET / HTTP/1.1\r\n\r\n")
                eventually(lambda: len(server.calls) == 1, "the request arrives")
            else:
                eventually(lambda: server.open_connections == 1, "the connection is accepted")
        assert server.open_connections == 0
        # The client sees that the server closed the connection.
        assert client.recv(1) == b""
    finally:
        client.close()


def test_a_reset_is_an_error_for_the_client() -> None:
    def answer(call: Call) -> None:
        call.respond(body=b"data: a\n\n")
        until_set(go_on, "the test lets the server go on")
        call.reset()

    go_on = threading.Event()
    with SSEServer(answer) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        received = b""
        while not received.endswith(b"data: a\n\n"):
            received += client.recv(2**16)
        go_on.set()
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_chunk_sends_an_http_chunk() -> None:
    def answer(call: Call) -> None:
        call.respond(200, [("Transfer-Encoding", "chunked")])
        call.chunk(b"x" * 300)
        call.chunk(b"y")
        call.chunk(b"")

    with SSEServer(answer) as server:
        assert get(server) == b"x" * 300 + b"y"


def test_a_context_makes_it_speak_https(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    with SSEServer(lambda call: call.respond(body=b"hello"), context=server_tls) as server:
        assert server.url == f"https://127.0.0.1:{server.port}"
        with closing(
            http.client.HTTPSConnection("127.0.0.1", server.port, timeout=10, context=client_tls)
        ) as client:
            client.request("GET", "/")
            assert client.getresponse().read() == b"hello"


def test_many_clients_are_served_at_once() -> None:
    barrier = threading.Barrier(20)

    def answer(call: Call) -> None:
        # Released when all twenty requests have arrived.
        barrier.wait(DEADLINE)
        call.respond(body=call.path.encode())

    answers: list[bytes] = []
    with SSEServer(answer) as server:
        threads = [
            threading.Thread(target=lambda path: answers.append(get(server, path)), args=(f"/{number}",))
            for number in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answers) == sorted(f"/{number}".encode() for number in range(20))
    assert sorted(call.number for call in server.calls) == list(range(20))


def test_a_server_has_an_address_once_it_is_started() -> None:
    server = SSEServer([])
    for name in ("url", "port"):
        with pytest.raises(IllegalState, match=r"start it first: with SSEServer\(\.\.\.\) as server"):
            getattr(server, name)
    with server:
        address = server.url, server.port
    # The address stays: a test may compare it afterwards.
    assert (server.url, server.port) == address


def test_a_server_that_is_not_started_opens_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr(socket, "create_server", lambda *args, **_: opened.append(args))
    SSEServer([])
    assert opened == []


def test_a_server_can_be_started_only_once() -> None:
    with SSEServer(lambda call: call.respond(body=b"a")) as server:
        with pytest.raises(IllegalState, match="started only once; make another SSEServer"):
            server.__enter__()
        assert get(server) == b"a"
    with pytest.raises(IllegalState, match="started only once; make another SSEServer"):
        server.__enter__()


@pytest.mark.timeout(200)
@pytest.mark.parametrize("method", ["accept", "dup"])
def test_the_server_survives_a_lack_of_descriptors(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [OSError(errno.EMFILE, "Too many open files")]
    original = getattr(socket.socket, method)

    def failing_once(one: socket.socket) -> object:
        if failures:
            raise failures.pop()
        return original(one)

    def work() -> None:
        with SSEServer([[204]]) as server:
            # The connection for which there was no descriptor is closed.
            with contextlib.suppress(OSError):
                get(server)
            assert b"Too many open files" in get(server)

    monkeypatch.setattr(socket.socket, method, failing_once)
    with pytest.raises(OSError, match="Too many open files"):
        work()


@pytest.mark.parametrize(
    ("fields", "sent"), [(None, ["close"]), ([], ["close"]), ([("connection", "keep-alive")], ["keep-alive"])]
)
def test_a_response_has_connection_close_by_default(
    fields: list[tuple[str, str]] | None, sent: list[str]
) -> None:
    with SSEServer(lambda call: call.respond(200, fields)) as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        with closing(client):
            client.request("GET", "/")
            assert client.getresponse().headers.get_all("Connection") == sent


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_reset_acts_before_the_function_returns(
    encrypted: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    go_on = threading.Event()

    def answer(call: Call) -> None:
        call.reset()
        until_set(go_on, "the test lets the server go on")

    with SSEServer(answer, context=server_tls if encrypted else None) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
            client = client_tls.wrap_socket(plain, server_hostname="127.0.0.1") if encrypted else plain
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            # OpenSSL may report a reset as an end.
            expected = contextlib.suppress if encrypted else pytest.raises
            with client, expected(ConnectionResetError):
                assert client.recv(1) == b""
            assert server.open_connections == 0
        go_on.set()


def test_a_function_that_does_not_return_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sse_transports.testing._server.SHUTDOWN_TIMEOUT", 0.05)
    arrived, go_on = threading.Event(), threading.Event()

    def block(_call: Call) -> None:
        arrived.set()
        go_on.wait(DEADLINE)

    def work() -> None:
        with SSEServer(block) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"GET /x HTTP/1.1\r\n\r\n")
            until_set(arrived, "the request arrives")

    try:
        with pytest.raises(TimeoutError, match=r"after the server stopped: request 1, GET /x$"):
            work()
    finally:
        go_on.set()


@pytest.mark.timeout(200)
def test_a_chunked_request_body_is_read() -> None:
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    request = head + b"2;x=y\r\nab\r\nA\r\n0123\r\n6789\r\n0\r\nT: t\r\n\r\n"
    with SSEServer([[204]]) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        for number in range(len(request)):
            client.sendall(request[number : number + 1])
        assert client.recv(2**16).startswith(b"HTTP/1.1 204 ")
    assert [call.body for call in server.calls] == [b"ab0123\r\n6789"]


@pytest.mark.timeout(200)
def test_expect_100_continue_is_answered() -> None:
    head = b"POST / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    with SSEServer([[204]]) as server, socket.create_connection(("127.0.0.1", server.port), 5) as client:
        client.sendall(head)
        assert client.recv(2**16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")
        assert client.recv(2**16).startswith(b"HTTP/1.1 204 ")
    assert [call.body for call in server.calls] == [b"abc"]


@pytest.mark.parametrize(
    ("malformed", "quoted"),
    [
        (b"nonsense\r\n\r\n", "nonsense"),
        (b"PRI * HTTP/2.0\r\n\r\n", "HTTP/2.0"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "-1"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "zz"),
        (b"POST / HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", "Content-Length: 5"),
        (b"POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\nabc", "3, 3"),
        (
            b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "a Content-Length with Transfer-Encoding",
        ),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "gzip",
        ),
    ],
)
def test_a_malformed_request_is_refused_and_quoted(malformed: bytes, quoted: str) -> None:
    def work() -> None:
        with SSEServer([]) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(malformed)
            answer = b"".join(iter(lambda: client.recv(2**16), b""))
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert quoted.encode() in answer
        assert server.calls == []

    with pytest.raises(MalformedRequest, match=quoted):
        work()


def refused(request: bytes, more: bytes = b"") -> bytes:
    """Return the response of a server that is not strict; `more` is sent meanwhile, as far as it can be."""
    with SSEServer([[204]], strict=False) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as client:
            client.sendall(request)
            if more:
                client.sendall(more)
            response = b"".join(iter(lambda: client.recv(2**16), b""))
        eventually(lambda: server.open_connections == 0, "the connection is closed")
        assert server.calls == []
    return response


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        (b"Content-Length: %d" % (MAX_BODY + 1), b""),
        # The client sends everything before it reads.
        (b"Content-Length: %d" % (MAX_BODY + 1), bytes(MAX_BODY + 1)),
        (b"Content-Length: " + b"9" * 5000, b""),
        (b"Content-Length: 99999999\r\nExpect: 100-continue", b""),
        (b"Transfer-Encoding: chunked", b"%x\r\n" % (MAX_BODY + 1)),
        (b"Transfer-Encoding: chunked", b"%x\r\n%b\r\n1\r\n" % (MAX_BODY, bytes(MAX_BODY))),
    ],
    ids=["announced", "sent", "thousands of digits", "expects 100", "one chunk", "two chunks"],
)
def test_a_body_of_more_than_16_mib_gets_413(fields: bytes, body: bytes) -> None:
    response = refused(b"POST / HTTP/1.1\r\n" + fields + b"\r\n\r\n", body)
    assert response.startswith(b"HTTP/1.1 413 ")
    assert b"the body is larger than 16777216 bytes" in response


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_body_of_16_mib_is_read(framing: str) -> None:
    body = bytes(MAX_BODY)
    with (
        SSEServer([[204]]) as server,
        closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)) as client,
    ):
        chunks = (body[start : start + 2**20] for start in range(0, MAX_BODY, 2**20))
        client.request("POST", "/", body if framing == "length" else chunks)
        assert client.getresponse().status == 204
    assert server.calls[0].body == body


@pytest.mark.timeout(200)
def test_a_body_in_very_small_chunks_is_read_in_linear_time() -> None:
    # Copying the rest of what was received for each chunk would take minutes.
    body = b"1\r\nx\r\n" * 300_000 + b"0\r\n\r\n"
    pieces = [body[start : start + 2**20] for start in range(0, len(body), 2**20)]
    reader = BodyReader({"transfer-encoding": b"chunked"}, b"", lambda: pieces.pop(0))
    assert reader.read() == b"x" * 300_000


@pytest.mark.parametrize(
    ("request_", "status", "quoted"),
    [
        (
            b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
            431,
            "request headers are longer than 65536",
        ),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"T: t\r\n" * 20_000 + b"\r\n",
            431,
            "the trailers are longer than 65536 bytes",
        ),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 70_000 + b"\r\n",
            400,
            "a line of a chunked body is longer than 65536 bytes",
        ),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n",
            400,
            "expected the end of a chunk of 1 bytes, not b'y'",
        ),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400, "gzip, chunked"),
    ],
    ids=["headers", "trailers", "chunk extension", "chunk end", "coding"],
)
def test_a_request_beyond_a_limit_is_refused(request_: bytes, status: int, quoted: str) -> None:
    response = refused(request_)
    assert response.startswith(b"HTTP/1.1 %d " % status)
    assert quoted.encode() in response


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HT",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
    ids=["headers", "length", "chunks"],
)
def test_a_request_that_is_never_complete_gets_408(start: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_call, "REQUEST_TIMEOUT", 0.3)
    response = refused(start)
    assert response.startswith(b"HTTP/1.1 408 ")
    assert b"the request is not complete after 0.3 seconds: b'" + start[:3] in response


def test_slow_bytes_do_not_extend_the_time_of_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_call, "REQUEST_TIMEOUT", 0.3)
    with (
        SSEServer([], strict=False) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=0.01) as client,
    ):
        response = b""
        while not response:
            client.sendall(b"x")
            with contextlib.suppress(TimeoutError):
                response = client.recv(2**16)
    assert response.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_a_connection_without_a_request_is_closed_in_time(
    encrypted: bool, server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_call, "REQUEST_TIMEOUT", 0.05)
    monkeypatch.setattr(_server, "REQUEST_TIMEOUT", 0.05)
    # No error: browsers open connections in advance.
    with SSEServer([], context=server_tls if encrypted else None) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as client:
            assert client.recv(1) == b""
        eventually(lambda: server.open_connections == 0, "the thread ends")


def test_the_response_to_a_complete_request_may_take_long() -> None:
    limits: list[float | None] = []

    def answer(call: Call) -> None:
        limits.append(call._connection.gettimeout())
        call.respond(204, [])

    with SSEServer(answer) as server:
        get(server)
    assert limits == [None]


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_a_connection_beyond_the_limit_gets_503(
    encrypted: bool, server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_server, "MAX_CONNECTIONS", 2)
    with SSEServer(lambda call: call.respond(204, []), context=server_tls if encrypted else None) as server:
        address = ("127.0.0.1", server.port)
        held = [socket.create_connection(address) for _ in range(2)]
        eventually(lambda: server.open_connections == 2, "two connections are open")
        # One that sends nothing is closed soon, so that others are accepted.
        for request in (b"", b"GET / HTTP/1.1\r\n\r\n"):
            with socket.create_connection(address, timeout=DEADLINE) as client:
                client.sendall(request)
                with contextlib.suppress(ConnectionResetError):
                    response = client.recv(2**16)
        assert response.startswith(b"" if encrypted else b"HTTP/1.1 503 ")
        assert encrypted or b"2 connections are open" in response
        for client in held:
            client.close()
        eventually(lambda: server.open_connections == 0, "the connections end")
        if not encrypted:
            assert get(server) == b""


def test_silent_connections_beyond_the_limit_delay_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_server, "MAX_CONNECTIONS", 1)
    monkeypatch.setattr(_refusals, "MAX_REFUSED", 3)
    # They are not waited for: only the limit, and the end of the server, answer them.
    monkeypatch.setattr(_refusals, "REFUSAL_TIMEOUT", 100 * DEADLINE)
    with SSEServer([]) as server, contextlib.ExitStack() as stack:

        def connect() -> socket.socket:
            address = ("127.0.0.1", server.port)
            return stack.enter_context(socket.create_connection(address, timeout=DEADLINE))

        connect()
        eventually(lambda: server.open_connections == 1, "a connection is open")
        silent = [connect() for _ in range(3)]
        client = connect()
        assert silent[0].recv(2**16).startswith(b"HTTP/1.1 503 ")
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert client.recv(2**16).startswith(b"HTTP/1.1 503 ")
        server.stop()
        assert all(each.recv(2**16).startswith(b"HTTP/1.1 503 ") for each in silent[1:])


def test_without_strict_the_kept_bodies_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_server, "MAX_KEPT", 10)
    with SSEServer(lambda call: call.respond(204, []), strict=False) as server:
        for size in (4, 4, 4, 100):
            with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)) as client:
                client.request("POST", "/", bytes(size))
                client.getresponse().read()
            sizes = [len(call.body) for call in server.calls]
            assert sizes == [4, 4][: len(sizes)] or sizes == [100]
    assert sizes == [100]


@pytest.mark.parametrize("size", [5, 3_000_000], ids=["short", "long"])
def test_over_tls_the_end_of_a_response_is_announced(
    size: int, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    with (
        SSEServer(lambda call: call.respond(200, [], bytes(size)), context=server_tls) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as plain,
        # An end without a close_notify is an error then.
        client_tls.wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=False) as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        response = b"".join(iter(lambda: client.recv(2**16), b""))
    assert response.endswith(b"\r\n\r\n" + bytes(size))


def test_a_server_listens_on_the_given_port() -> None:
    with SSEServer([[204]]) as first:
        taken = first.port
        with pytest.raises(OSError, match=os.strerror(errno.EADDRINUSE)), SSEServer(port=taken):
            pass
    with SSEServer([[204]], port=taken) as server:
        assert server.url == f"http://127.0.0.1:{taken}"
    with pytest.raises(InvalidArgument, match=r"^port: .*65536"):
        SSEServer(port=65536)


def test_endless_request_headers_are_refused() -> None:
    def work() -> None:
        with SSEServer([]) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
            # The server reads every byte: unread bytes would make the system reset the connection.
            client.sendall(b"GET /".ljust(MAX_HEAD + 1, b"x"))
            assert client.recv(2**16).startswith(b"HTTP/1.1 431 ")

    with pytest.raises(MalformedRequest, match="the request headers are longer than 65536 bytes: b'GET /xx"):
        work()


def test_without_strict_only_the_last_calls_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_server, "MAX_CALLS", 2)
    with SSEServer(lambda call: call.respond(body=b"%d" % call.number), strict=False) as server:
        assert [get(server, f"/{number}") for number in range(4)] == [b"0", b"1", b"2", b"3"]
    assert [call.path for call in server.calls] == ["/2", "/3"]


def test_without_strict_the_server_survives_an_error() -> None:
    def answer(call: Call) -> None:
        if call.path == "/wrong":
            raise KeyError("no such reply")
        call.respond(body=b"well")

    with SSEServer(answer, strict=False) as server:
        assert b"no such reply" in get(server, "/wrong")
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"nonsense\r\n\r\n")
            assert client.recv(2**16).startswith(b"HTTP/1.1 400 ")
        assert get(server, "/right") == b"well"
