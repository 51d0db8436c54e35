"""The server of the demo: a chat-completions endpoint, and a feed that it cuts in the middle of events."""

from __future__ import annotations

import json
import random
import threading
from typing import TYPE_CHECKING

from sse_core import Event, encode, encode_comment

if TYPE_CHECKING:
    from sse_transports.testing import Call

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
    """Answers `POST /v1/chat/completions` and `GET /feed`, for a `LocalServer`.

    Attributes:
        sent: the numbers of the feed's events that were sent whole, in order.
    """

    def __init__(self) -> None:
        self.sent: list[int] = []
        # Seeded, so that each run tells the same story.
        self._random = random.Random(9_2_6)
        self._cuts_left = CUTS
        self._stop = threading.Event()

    def answer(self, call: Call) -> None:
        """Answer one request."""
        if call.method == "POST" and call.path == "/v1/chat/completions":
            self._chat(call)
        elif call.method == "GET" and call.path == "/feed":
            self._feed(call)
        else:
            call.respond(404, [("Content-Type", "text/plain")], b"no such thing here\n")

    def _chat(self, call: Call) -> None:
        if call.headers.get("authorization") != f"Bearer {TOKEN}".encode():
            call.respond(401, [("Content-Type", "application/json")], b'{"error": "invalid token"}')
            return
        asked = json.loads(call.body)
        call.respond(
            200, [("Content-Type", "text/event-stream; charset=utf-8"), ("Transfer-Encoding", "chunked")]
        )
        call.chunk(encode_comment("thinking"))
        for number, piece in enumerate(_pieces(REPLY)):
            delta = {"role": "assistant", "content": piece} if number == 0 else {"content": piece}
            payload = {"model": asked["model"], "choices": [{"index": 0, "delta": delta}]}
            call.chunk(encode(Event(json.dumps(payload, ensure_ascii=False))))
            self._stop.wait(2 * PACE)
        call.chunk(encode(Event("[DONE]")))
        call.chunk(b"")

    def _feed(self, call: Call) -> None:
        first = int(call.headers.get("last-event-id", b"0")) + 1
        cut_at = self._next_cut(first)
        # The server's wish for the reconnection time: soon, because this is a demo.
        call.respond(body=b"retry: 200\n\n")
        for number in range(first, FEED_LENGTH + 1):
            event = encode(Event(feed_data(number), event="reading", id=str(number)))
            if number == cut_at:
                call.send(event[: self._random.randrange(1, len(event))])
                return
            call.send(event)
            self.sent.append(number)
            self._stop.wait(PACE)
        call.send(encode(Event("that was all", event="end")))

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
