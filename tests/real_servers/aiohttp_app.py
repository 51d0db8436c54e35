"""The feeds on aiohttp's own server, encoded by hand: aiohttp has nothing for event streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count

from aiohttp import web

from tests.real_servers import feeds


def _encode(event: feeds.Fields) -> bytes:
    lines = [f"{name}: {line}\n" for name, value in event.items() for line in value.split("\n")]
    return "".join([*lines, "\n"]).encode()


async def _start_stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
    )
    await response.prepare(request)
    return response


async def _stream(request: web.Request, events: AsyncIterator[feeds.Fields]) -> web.StreamResponse:
    response = await _start_stream(request)
    async for event in events:
        await response.write(_encode(event))
    return response


def _last_id(request: web.Request) -> int:
    return int(request.headers.get("Last-Event-ID", "0"))


async def numbers(request: web.Request) -> web.StreamResponse:
    start = _last_id(request)
    if start == feeds.LAST_NUMBER:
        return web.Response(status=204)
    return await _stream(request, feeds.numbers(start))


async def held(request: web.Request) -> web.StreamResponse:
    return await _stream(request, feeds.held(request.match_info["name"]))


async def pings(request: web.Request) -> web.StreamResponse:
    """Comments while there are no events."""
    response = await _start_stream(request)
    await response.write(b"data: first\n\n")
    for number in count():
        await asyncio.sleep(0.01)
        await response.write(f": ping {number}\n\n".encode())
    return response


async def chat(request: web.Request) -> web.StreamResponse:
    question = await request.json()
    if question.get("model") != "echo":
        return web.Response(text=feeds.NO_SUCH_MODEL, status=404, content_type="application/json")
    return await _stream(request, feeds.chat(question["content"]))


def aiohttp_app() -> web.Application:
    app = web.Application()
    app.router.add_get("/numbers", numbers)
    app.router.add_get("/held/{name}", held)
    app.router.add_get("/pings", pings)
    app.router.add_post("/chat", chat)
    return app
