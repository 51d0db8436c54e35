"""The feeds on Starlette, with sse-starlette."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.real_servers import feeds
from tests.real_servers.holds import get_hold


def _last_id(request: Request) -> int:
    return int(request.headers.get("last-event-id", "0"))


async def numbers(request: Request) -> Response:
    start = _last_id(request)
    if start == feeds.LAST_NUMBER:
        return Response(status_code=204)
    return EventSourceResponse(feeds.numbers(start))


async def feed(request: Request) -> Response:
    start = _last_id(request)
    if start == feeds.LAST_OF_FEED:
        return Response(status_code=204)
    ping = request.query_params.get("ping")
    return EventSourceResponse(
        feeds.feed(start, request.path_params["name"]), ping=None if ping is None else float(ping)
    )


async def held(request: Request) -> Response:
    return EventSourceResponse(feeds.held(request.path_params["name"]))


async def late(request: Request) -> Response:
    """No response headers while it is held."""
    await get_hold(request.path_params["name"]).wait()
    return PlainTextResponse("late")


async def pings(_request: Request) -> Response:
    """Comments while there are no events."""

    async def events() -> AsyncIterator[feeds.Fields]:
        yield {"data": "first"}
        await asyncio.Event().wait()

    return EventSourceResponse(events(), ping=0.01)


async def chat(request: Request) -> Response:
    question = await request.json()
    if question.get("model") != "echo":
        return Response(feeds.NO_SUCH_MODEL, 404, media_type="application/json")
    return EventSourceResponse(feeds.chat(question["content"]))


async def hello(_request: Request) -> Response:
    """A response that is not a stream."""
    return PlainTextResponse("hello")


def starlette_app() -> Starlette:
    return Starlette(
        routes=[
            Route("/numbers", numbers),
            Route("/feed/{name}", feed),
            Route("/held/{name}", held),
            Route("/late/{name}", late),
            Route("/pings", pings),
            Route("/chat", chat, methods=["POST"]),
            Route("/hello", hello),
        ]
    )
