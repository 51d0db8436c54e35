"""prepare: the request of each attempt, as services want it. An unsafe request is never sent twice."""

from __future__ import annotations

from functools import partial
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest

from sse_core import (
    Attempt,
    ConnectError,
    Event,
    HTTPStatusError,
    IncompleteStream,
    InvalidArgument,
    ReadError,
    Request,
    RetryPolicy,
    SSEError,
)
from sse_transports import AsyncEventSource, EventSource
from sse_transports.testing import AsyncScriptedTransport, Call, Cut, Refuse, ScriptedTransport, SSEServer
from tests.sse_transports.small_servers import QUICK, data, one_and_silence

URL = "https://feed.test/"

every_client = pytest.mark.usefixtures("every_client")


def query(call: Call) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(call.path).query).items()}


def chunk(call: Call, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> None:
    """Begin a response that the end of the connection cuts off."""
    fields = [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked"), *headers]
    call.respond(200, fields)
    call.chunk(body)


# Services.


@every_client
def test_a_feed_resumes_by_a_query_parameter() -> None:
    def feed(call: Call) -> None:
        since = int(query(call).get("since", "0"))
        if since == 4:
            call.respond(204, [])
            return
        chunk(call, b"".join(b'data: {"time": %d}\n\n' % time for time in (since + 1, since + 2)))

    def since_last(request: Request, attempt: Attempt) -> Request:
        if attempt.last_event is None:
            return request
        return request.replace(url=f"{request.url}?since={attempt.last_event.json()['time']}")

    with SSEServer(feed) as server, EventSource(server.url, prepare=since_last, retry=QUICK) as source:
        assert [event.json()["time"] for event in source] == [1, 2, 3, 4]
        assert [call.path for call in server.calls] == ["/", "/?since=2", "/?since=4"]


@every_client
def test_mcp_resumes_a_post_by_a_get_at_the_same_url() -> None:
    def mcp(call: Call) -> None:
        if call.method == "POST":
            chunk(call, b"id: 1\ndata: progress\n\n")
        else:
            call.respond(body=b"id: 2\ndata: result\n\n")

    def get_after_the_first(request: Request, attempt: Attempt) -> Request:
        return request.replace(method="GET") if attempt.last_event_id else request

    with (
        SSEServer(mcp) as server,
        EventSource(
            server.url,
            method="POST",
            json={"id": 1},
            prepare=get_after_the_first,
            retry=QUICK,
            until="result",
        ) as source,
    ):
        assert data(source) == ["progress"]
        post, get = server.calls
        assert (post.method, post.body, post.headers["content-type"]) == (
            "POST",
            b'{"id":1}',
            b"application/json",
        )
        assert (get.method, get.body, get.last_event_id) == ("GET", b"", "1")
        assert "content-type" not in get.headers


@every_client
def test_openai_continues_a_response_by_a_get_with_starting_after() -> None:
    def responses(call: Call) -> None:
        if call.method == "POST":
            chunk(call, b'data: {"sequence_number": 0, "response": {"id": "resp_1"}}\n\n')
        else:
            call.respond(body=b'data: {"sequence_number": 1}\n\ndata: {"sequence_number": 2}\n\n')

    response_ids = []

    def starting_after(request: Request, attempt: Attempt) -> Request:
        if attempt.last_event is None:
            return request
        last = attempt.last_event.json()
        if "response" in last:
            response_ids.append(last["response"]["id"])
        url = f"{request.url}/{response_ids[0]}?stream=true&starting_after={last['sequence_number']}"
        return request.replace(method="GET", url=url)

    with (
        SSEServer(responses) as server,
        EventSource(
            f"{server.url}/v1/responses",
            method="POST",
            json={"stream": True, "background": True},
            headers={"Authorization": "Bearer key"},
            prepare=starting_after,
            retry=QUICK,
            until=lambda event: event.json()["sequence_number"] == 2,
        ) as source,
    ):
        assert [event.json()["sequence_number"] for event in source] == [0, 1]
        _, get = server.calls
        assert (get.method, get.path) == ("GET", "/v1/responses/resp_1?stream=true&starting_after=0")
        assert get.headers["authorization"] == b"Bearer key"


@every_client
def test_langgraph_joins_the_run_that_the_response_names() -> None:
    def runs(call: Call) -> None:
        if call.method == "POST":
            chunk(call, b"id: 1\ndata: a\n\n", (("Location", "/threads/t/runs/r/stream"),))
        else:
            call.respond(body=b"id: 2\ndata: end\n\n")

    def join(request: Request, attempt: Attempt) -> Request:
        if attempt.last_response is None:
            return request
        location = attempt.last_response.headers["location"]
        return request.replace(method="GET", url=f"{request.url.removesuffix('/runs')}{location}")

    with (
        SSEServer(runs) as server,
        EventSource(
            f"{server.url}/runs", method="POST", content="{}", prepare=join, retry=QUICK, until="end"
        ) as source,
    ):
        assert data(source) == ["a"]
        assert (server.calls[1].method, server.calls[1].path) == ("GET", "/threads/t/runs/r/stream")
        assert server.calls[1].last_event_id == "1"


@every_client
def test_a_token_in_the_url_is_renewed() -> None:
    def feed(call: Call) -> None:
        if query(call)["access_token"] == "t3":
            call.respond(204, [])
        else:
            call.respond(body=b"data: a\n\n")

    def with_token(request: Request, attempt: Attempt) -> Request:
        return request.replace(url=f"{request.url}?access_token=t{attempt.number}")

    with SSEServer(feed) as server, EventSource(server.url, prepare=with_token, retry=QUICK) as source:
        assert data(source) == ["a", "a"]
        assert [query(call)["access_token"] for call in server.calls] == ["t1", "t2", "t3"]


@every_client
def test_firebase_redirects_to_a_host_with_its_token_where_the_stream_then_stays() -> None:
    def elsewhere(call: Call) -> None:
        if call.number < 2:
            call.respond(body=b"event: put\ndata: {}\n\n")
        else:
            call.respond(204, [])

    def first_host(call: Call) -> None:
        call.respond(307, [("Location", f"{shard.url}/db.json?auth=secret&ns=db"), ("Content-Length", "0")])

    def stay(request: Request, attempt: Attempt) -> Request:
        return request.replace(url=attempt.last_response.url) if attempt.last_response else request

    with (
        SSEServer(elsewhere) as shard,
        SSEServer(first_host) as server,
        EventSource(
            f"{server.url}/db.json?auth=secret",
            headers={"Authorization": "Bearer x"},
            prepare=stay,
            retry=QUICK,
        ) as source,
    ):
        assert data(source) == ["{}", "{}"]
        assert len(server.calls) == 1
        assert [call.path for call in shard.calls] == ["/db.json?auth=secret&ns=db"] * 3
        # Neither after the redirect nor in the prepared requests.
        assert not any("authorization" in call.headers for call in shard.calls)


@every_client
def test_without_prepare_a_redirect_is_followed_again_from_the_first_url() -> None:
    def first_host(call: Call) -> None:
        call.respond(307, [("Location", f"{shard.url}/"), ("Content-Length", "0")])

    with SSEServer([[Event("a")], [204]]) as shard, SSEServer(first_host) as server:
        assert data(EventSource(server.url, retry=QUICK)) == ["a"]
        assert len(server.calls) == 2


# What is never done.


def lost_post(call: Call) -> None:
    chunk(call, b"id: 1\ndata: a\n\n")


def busy(call: Call) -> None:
    call.respond(503, [("Content-Length", "0")])


def whole(call: Call) -> None:
    call.respond(body=b"data: a\n\n")


@every_client
@pytest.mark.parametrize(
    ("serve", "error"), [(lost_post, IncompleteStream), (busy, HTTPStatusError), (whole, None)]
)
def test_an_unsafe_request_is_never_sent_again(serve: object, error: type[SSEError] | None) -> None:
    """Whatever `prepare` returns: the error surfaces at once, and a whole stream ends."""
    assert callable(serve)
    asked: list[Attempt] = []

    def unchanged(request: Request, attempt: Attempt) -> Request:
        asked.append(attempt)
        return request

    with SSEServer(serve) as server:
        source = EventSource(server.url, method="POST", prepare=unchanged)
        if error is None:
            assert data(source) == ["a"]
            assert source.completed
        else:
            with pytest.raises(error):
                data(source)
        assert len(server.calls) == 1
    assert [attempt.number for attempt in asked] == [1, 2]
    assert type(asked[1].cause) is (error or type(None))


@every_client
def test_a_get_that_becomes_a_post_is_sent_once() -> None:
    def post(request: Request, _attempt: Attempt) -> Request:
        return request.replace(method="post", body=b"{}")

    with SSEServer(lost_post) as server:
        with pytest.raises(IncompleteStream) as caught:
            data(EventSource(server.url, prepare=post))
        assert [(call.method, call.body) for call in server.calls] == [("POST", b"{}")]
    assert isinstance(caught.value.__cause__, ReadError)


def test_allowed_methods_allow_it() -> None:
    policy = RetryPolicy(allowed_methods={"GET", "POST"})
    transport = ScriptedTransport([[503], [Event("a")], [204]])
    with EventSource(
        URL, method="POST", prepare=lambda request, _: request, retry=policy, transport=transport
    ) as source:
        assert data(source) == ["a"]
    assert [request.method for request in transport.requests] == ["POST"] * 3


def test_no_retry_means_none() -> None:
    transport = ScriptedTransport([[Event("a"), Cut()]])
    asked: list[int] = []

    def get(request: Request, attempt: Attempt) -> Request:
        asked.append(attempt.number)
        return request.replace(method="GET")

    with (
        EventSource(URL, prepare=get, retry=None, transport=transport) as source,
        pytest.raises(IncompleteStream),
    ):
        data(source)
    assert asked == [1]


def decided(delay: float | None, _error: SSEError) -> float | None:
    return delay


def test_it_is_not_called_after_an_error_that_is_final() -> None:
    asked: list[int] = []

    def unchanged(request: Request, attempt: Attempt) -> Request:
        asked.append(attempt.number)
        return request

    for delay, numbers in ((None, [1]), (0.5, [1, 2])):
        asked.clear()
        transport = ScriptedTransport([[401], [204]])
        source = EventSource(URL, prepare=unchanged, transport=transport, on_error=partial(decided, delay))
        if delay is None:
            with pytest.raises(HTTPStatusError):
                data(source)
        else:
            assert data(source) == []
        assert asked == numbers


# When it is called, and with what.


def test_it_is_called_before_the_wait_and_headers_after_it() -> None:
    transport = ScriptedTransport([[Refuse()], [Event("a", id="7"), Cut()], [204]])
    calls: list[tuple[str, float]] = []

    def prepare(request: Request, attempt: Attempt) -> Request:
        calls.append((f"prepare {attempt.number}", transport.clock.monotonic()))
        return request.replace(headers={"X-Attempt": str(attempt.number), "X-Token": "old"})

    def headers() -> dict[str, str]:
        calls.append(("headers", transport.clock.monotonic()))
        return {"x-token": "fresh"}

    policy = RetryPolicy(initial_delay=5.0, jitter=0.0)
    with EventSource(URL, prepare=prepare, headers=headers, retry=policy, transport=transport) as source:
        assert data(source) == ["a"]
    assert calls == [
        *(("prepare 1", 0), ("headers", 0)),
        *(("prepare 2", 0), ("headers", 5)),
        *(("prepare 3", 5), ("headers", 10)),
    ]
    for number, request in enumerate(transport.requests, 1):
        assert (request.headers["x-attempt"], request.headers["X-Token"]) == (str(number), "fresh")
    assert transport.requests[2].headers["last-event-id"] == "7"


def test_the_attempt_says_what_is_known() -> None:
    transport = ScriptedTransport([[{"X-Run": "r1"}, Event("a", id="1"), Cut()], [Refuse()], [204]])
    attempts: list[Attempt] = []

    def prepare(request: Request, attempt: Attempt) -> Request:
        attempts.append(attempt)
        return request

    with EventSource(URL, prepare=prepare, transport=transport) as source:
        assert data(source) == ["a"]
        response = source.response
    assert attempts[0] == Attempt(1)
    assert [attempt.number for attempt in attempts] == [1, 2, 3]
    for attempt, cause in zip(attempts[1:], (ReadError, ConnectError), strict=True):
        assert (attempt.last_event, attempt.last_event_id) == (Event("a", id="1"), "1")
        assert attempt.last_response == response
        assert type(attempt.cause) is cause


def test_reconnect_and_resume_ask_it_too() -> None:
    numbers: list[int] = []

    def prepare(request: Request, attempt: Attempt) -> Request:
        numbers.append(attempt.number)
        assert attempt.cause is None
        return request.replace(method="GET")

    with SSEServer(one_and_silence) as server:
        source = EventSource(server.url, method="POST", prepare=prepare)
        next(source)
        source.reconnect()
        next(source)
        source.pause()
        source.resume()
        next(source)
        source.close()
    assert numbers == [1, 2, 3]


def test_a_mapping_of_headers_can_be_changed() -> None:
    transport = ScriptedTransport([[204]])
    seen: list[str] = []

    def prepare(request: Request, _attempt: Attempt) -> Request:
        seen.append(request.headers["X-Key"])
        return request.replace(headers={"x-key": "new"})

    with EventSource(URL, prepare=prepare, headers={"X-Key": "old"}, transport=transport) as source:
        data(source)
    assert seen == ["old"]
    assert transport.requests[0].headers.get_all("X-Key") == ["new"]


OWN = {"Authorization": "Bearer own", "X-Secret": "s", "X-Plain": "p"}


def test_another_origin_gets_only_the_secrets_that_were_set_for_it() -> None:
    transport = ScriptedTransport([[Event("a", id="1"), Cut()], [Event("b", id="2"), Cut()], [204]])

    def prepare(request: Request, attempt: Attempt) -> Request:
        headers = {"Authorization": "Bearer other"} if attempt.number == 3 else {}
        return request.replace(url="https://other.test/", headers=headers)

    with EventSource(
        URL, prepare=prepare, headers=OWN, sensitive_headers=["X-Secret"], transport=transport
    ) as source:
        assert data(source) == ["a", "b"]
    for request in transport.requests:
        assert "X-Secret" not in request.headers
        assert request.headers["X-Plain"] == "p"
        assert {"cookie", "x-secret"} <= request.withheld
    assert [request.headers.get("Authorization") for request in transport.requests] == [
        *(None, None, "Bearer other")
    ]
    # It has sent the ID itself.
    assert [request.headers.get("Last-Event-ID") for request in transport.requests] == [None, "1", "2"]


def test_another_origin_gets_no_secret_of_a_headers_function_and_no_foreign_id() -> None:
    transport = ScriptedTransport([[Event("a", id="1"), Cut()], [204]])

    def prepare(request: Request, attempt: Attempt) -> Request:
        return request if attempt.number == 1 else request.replace(url="https://other.test/")

    with EventSource(URL, prepare=prepare, headers=lambda: OWN, transport=transport) as source:
        assert data(source) == ["a"]
    first, second = transport.requests
    assert first.headers["Authorization"] == "Bearer own"
    assert "Authorization" not in second.headers
    assert "Last-Event-ID" not in second.headers
    assert second.headers["X-Plain"] == "p"


def test_credentials_in_its_url_become_a_header() -> None:
    transport = ScriptedTransport([[204]])

    def prepare(request: Request, _attempt: Attempt) -> Request:
        return request.replace(url="https://user:password@feed.test/#fragment")

    with EventSource(URL, prepare=prepare, transport=transport) as source:
        data(source)
    (request,) = transport.requests
    assert request.url == URL
    assert request.headers["Authorization"] == "Basic dXNlcjpwYXNzd29yZA=="


@pytest.mark.parametrize(
    ("result", "name"),
    [
        (None, "prepare"),
        (URL, "prepare"),
        (Request("GET", "ftp://feed.test/"), "url"),
        (Request("GE T", URL), "method"),
        (Request("GET", URL, body=b"x"), "body"),
        (Request("GET", URL, [("A", "1"), ("a", "2")]), "headers"),
        (Request("GET", URL, [("A", "1\n")]), "headers['A']"),
    ],
)
def test_what_cannot_be_sent_is_refused(result: Request, name: str) -> None:
    transport = ScriptedTransport([[204]])
    with EventSource(URL, prepare=lambda *_: result, transport=transport) as source:
        with pytest.raises(InvalidArgument) as caught:
            next(source)
        assert caught.value.name == name
    assert transport.requests == []


def test_an_error_that_it_raises_ends_the_iteration() -> None:
    def prepare(_request: Request, attempt: Attempt) -> Request:
        if attempt.cause is not None:
            raise LookupError("no more")
        return _request

    transport = ScriptedTransport([[Event("a"), Cut()]])
    with (
        EventSource(URL, prepare=prepare, transport=transport) as source,
        pytest.raises(LookupError, match="no more"),
    ):
        data(source)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_it_may_be_async(backend: str) -> None:
    async def prepare(request: Request, attempt: Attempt) -> Request:
        await anyio.lowlevel.checkpoint()
        return request.replace(url=f"{URL}?attempt={attempt.number}")

    async def run() -> None:
        transport = AsyncScriptedTransport([[Event("a"), Cut()], [204]])
        async with AsyncEventSource(URL, prepare=prepare, transport=transport) as source:
            assert [event.data async for event in source] == ["a"]
        assert [request.url for request in transport.requests] == [f"{URL}?attempt=1", f"{URL}?attempt=2"]

    anyio.run(run, backend=backend)


def test_an_async_one_is_refused_by_the_blocking_source() -> None:
    async def prepare(request: Request, _attempt: Attempt) -> Request:
        return request

    with pytest.raises(InvalidArgument, match="prepare"):
        EventSource(URL, prepare=prepare)  # type: ignore[arg-type]
