"""The server of the demo: a chat-completions endpoint, and a feed that it cuts in the middle of events."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from sse_core import Comment, Event, encode
from sse_transports.testing import Cut, Pause

if TYPE_CHECKING:
    from sse_transports.testing import Call, Step, Steps

TOKEN = "demo-token"  # noqa: S105  # for a server on this machine
REPLY = (
    "A server-sent event is a few lines of text and a blank line. "
    "Streams break: a proxy times out, a train enters a tunnel, a server restarts — "
    "and then the client says which event it saw last, and the server goes on from there. "
    "Nothing is lost, nothing comes twice. 没有丢失。 ✓"
)
FEED_LENGTH = 150
CUTS = 5
PACE = 0.012
"""Seconds between events, so that a person can watch."""


class DemoService:
    """Answers `POST /v1/chat/completions` and `GET /feed`, for an `SSEServer`."""

    def __init__(self) -> None:
        # Seeded, so that each run tells the same story.
        self._random = random.Random(9_2_6)
        self._cuts_left = CUTS

    def answer(self, call: Call) -> Steps:
        """Answer one request."""
        if call.method == "POST" and call.path == "/v1/chat/completions":
            return self._chat(call)
        if call.method == "GET" and call.path == "/feed":
            return self._feed(int(call.last_event_id or "0") + 1)
        return [404, {"Content-Type": "text/plain"}, b"no such thing here\n"]

    def _chat(self, call: Call) -> Steps:
        if call.headers.get("authorization") != f"Bearer {TOKEN}".encode():
            return [401, {"Content-Type": "application/json"}, b'{"error": "invalid token"}']
        asked = json.loads(call.body)
        steps: list[Step] = [{"Content-Type": "text/event-stream; charset=utf-8"}, Comment("thinking")]
        for number, piece in enumerate(_pieces(REPLY)):
            delta = {"role": "assistant", "content": piece} if number == 0 else {"content": piece}
            payload = {"model": asked["model"], "choices": [{"index": 0, "delta": delta}]}
            steps += [Event(json.dumps(payload, ensure_ascii=False)), Pause(2 * PACE)]
        return [*steps, Event("[DONE]")]

    def _feed(self, first: int) -> Steps:
        # The server's wish for the reconnection time: soon, because this is a demo.
        steps: list[Step] = [b"retry: 200\n\n"]
        cut_at = self._next_cut(first)
        for number in range(first, FEED_LENGTH + 1):
            event = encode(Event(feed_data(number), event="reading", id=str(number)))
            if number == cut_at:
                return [*steps, event[: self._random.randrange(1, len(event))], Cut()]
            steps += [event, Pause(PACE)]
        return [*steps, Event("that was all", event="end")]

    def _next_cut(self, first: int) -> int | None:
        if not self._cuts_left:
            return None
        self._cuts_left -= 1
        return first + self._random.randrange(10, 30)


def feed_data(number: int) -> str:
    """Return the data of the feed's event: two lines, with a character of three bytes."""
    return f"reading {number}\n{number * number} €"


def _pieces(text: str) -> list[str]:
    """Cut a text as a model does: words, each with the space before it."""
    words = text.split(" ")
    return [words[0], *(f" {word}" for word in words[1:])]
