"""The server for the examples of `docs/cli.md`, which call it `http://localhost:8000`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sse_core import Comment, Event, encode
from sse_transports.testing import Cut, Stall

if TYPE_CHECKING:
    from collections.abc import Callable

    from sse_transports.testing import Call, Steps

TOKEN = "secret"

PRICES = [("ACME", 101.5), ("INIT", 12.25), ("ACME", 101.75), ("INIT", 12.5)]

WORDS = ["Nothing", " is", " lost", ",", " nothing", " comes", " twice", "."]


def answer(call: Call) -> Steps:
    """Answer a request by its path."""
    path = call.path.partition("?")[0]
    page = PAGES.get(path)
    return [404, {"Content-Type": "text/plain"}, b"no such stream"] if page is None else page(call)


def _prices(call: Call) -> Steps:
    """Answer with a feed: its connection is lost inside the third event, and it ends after the last one."""
    seen = int(call.last_event_id or "0")
    events = [
        Event(json.dumps({"symbol": symbol, "price": price}), event="price", id=str(number))
        for number, (symbol, price) in enumerate(PRICES, 1)
    ]
    if not seen:
        return [b"retry: 100\n\n", Comment("prices"), *events[:2], encode(events[2])[:30], Cut()]
    return list(events[seen:]) or [204]


def _chat(call: Call) -> Steps:
    """Answer as a model does: words in deltas, then `[DONE]`."""
    if call.method != "POST":
        return [405, {"Content-Type": "text/plain", "Allow": "POST"}, b"POST a question"]
    if call.headers.get("authorization") != f"Bearer {TOKEN}".encode():
        return [401, {"Content-Type": "application/json"}, b'{"error": "invalid token"}']
    json.loads(call.body)
    deltas = [{"role": "assistant"}, *({"content": word} for word in WORDS)]
    return [
        *(Event(json.dumps({"choices": [{"index": 0, "delta": delta}]})) for delta in deltas),
        Event("[DONE]"),
    ]


def _clock(_: Call) -> Steps:
    """Answer with a stream that stays open, but sends nothing after two events."""
    return [Event("tick"), Event("tock"), Stall()]


def _news(_: Call) -> Steps:
    """Answer with a stream that has mistakes, which the example of `sse check` finds."""
    head = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return [head, Event("Rain", id="1"), b"id: 2\ndata: Rain,\nand then wind\n\n", Event("Sun", id="3")]


def _page(_: Call) -> Steps:
    return [{"Content-Type": "text/html"}, b"<!doctype html><title>Prices</title>"]


PAGES: dict[str, Callable[[Call], Steps]] = {
    "/prices": _prices,
    "/v1/chat/completions": _chat,
    "/clock": _clock,
    "/news": _news,
    "/page": _page,
}
"""The streams by path. Answers keep no state: requests may come in any order and number."""
