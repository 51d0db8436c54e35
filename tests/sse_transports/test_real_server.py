"""Against a server that others wrote: sse-starlette under uvicorn."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
import uvicorn
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sse_core import Comment, Event, HTTPStatusError, ReadyState, RetryPolicy
from sse_transports import EventSource
from tests.sse_transports.waiting import eventually, until_set

QUICK = RetryPolicy(initial_delay=0.01, min_delay=0.0)

left = threading.Event()
"""Set by `forever` when it finds out that its client is gone."""


async def numbers(request: Request) -> Response:
    """Seven numbers in all, three a connection."""
    start = int(request.headers.get("last-event-id", "0"))

    async def events() -> AsyncIterator[dict[str, str]]:
        for number in range(start + 1, min(start + 4, 8)):
            yield {"id": str(number), "event": "number", "data": f"é€🎉\n{number}"}

    return Response(status_code=204) if start == 7 else EventSourceResponse(events())


async def pings(_request: Request) -> Response:
    """Comments while there is nothing to say."""

    async def events() -> AsyncIterator[dict[str, str]]:
        yield {"data": "first"}
        await asyncio.Event().wait()

    return EventSourceResponse(events(), ping=0.01)


async def chat(request: Request) -> Response:
    """Word by word what it was sent, as a model would."""
    question = await request.json()
    if question.get("model") != "echo":
        return Response('{"error":"no such model"}', 404, media_type="application/json")

    async def events() -> AsyncIterator[str]:
        for word in question["content"].split():
            yield word
        yield "[DONE]"

    return EventSourceResponse(events())


async def forever(_request: Request) -> Response:
    """Events until the client has gone."""

    async def events() -> AsyncIterator[dict[str, str]]:
        try:
            while True:
                yield {"data": "tick"}
                await asyncio.sleep(0.005)
        finally:
            left.set()

    return EventSourceResponse(events())


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    routes = [
        Route("/numbers", numbers),
        Route("/pings", pings),
        Route("/chat", chat, methods=["POST"]),
        Route("/forever", forever),
    ]
    config = uvicorn.Config(Starlette(routes=routes), log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="uvicorn")
        thread.start()
        try:
            eventually(lambda: server.started, "uvicorn is ready")
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def test_a_stream_is_resumed_after_each_disconnection(url: str) -> None:
    with EventSource(f"{url}/numbers", retry=QUICK) as source:
        events = list(source)
    assert [(event.id, event.event, event.data) for event in events] == [
        (str(number), "number", f"é€🎉\n{number}") for number in range(1, 8)
    ]


def test_pings_are_comments_and_keep_the_stream_alive(url: str) -> None:
    with EventSource(f"{url}/pings", comments=True, idle_timeout=5.0, retry=None) as source:
        first, *others = (next(source) for _ in range(5))
        assert source.ready_state is ReadyState.OPEN
    assert first == Event("first")
    assert all(isinstance(other, Comment) and "ping" in other.text for other in others)


def test_a_chat_is_streamed_to_its_end(url: str) -> None:
    question = {"model": "echo", "content": "never 日本 again"}
    with EventSource(f"{url}/chat", method="POST", json=question, until="[DONE]") as source:
        assert [event.data for event in source] == ["never", "日本", "again"]


def test_a_chat_that_fails_says_why(url: str) -> None:
    source = EventSource(f"{url}/chat", method="POST", json={"model": "other"}, until="[DONE]")
    with pytest.raises(HTTPStatusError) as caught:
        list(source)
    assert (caught.value.status, caught.value.body) == (404, b'{"error":"no such model"}')


def test_the_server_notices_a_client_that_leaves(url: str) -> None:
    left.clear()
    with EventSource(f"{url}/forever") as source:
        assert [next(source).data for _ in range(3)] == ["tick"] * 3
        assert not left.is_set()
    until_set(left, "the server notices")
