"""The server for the examples of the documentation, in place of the hosts of `example.com`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sse_core import Event
from sse_transports.testing import History

if TYPE_CHECKING:
    from sse_transports.testing import Call, Step, Steps

TOKEN = "secret"  # the value of `token` in the examples
# A short reconnection time, so that the examples finish soon.
FEED = [Event(f"reading {number}", id=str(number), retry=100) for number in range(1, 6)]


def answer(call: Call) -> Steps:
    """Answer a request of an example by its path."""
    path, _, _ = call.path.partition("?")
    if path == "/v1/chat/completions":
        return _chat(call)
    if path == "/feed":
        return [History()] if call.last_event_id != FEED[-1].id else [204]
    return [404, {"Content-Type": "text/plain"}, b"not found\n"]


def _chat(call: Call) -> Steps:
    if call.method != "POST":
        return [405, {"Allow": "POST"}]
    if call.headers.get("authorization") != f"Bearer {TOKEN}".encode():
        return [401, {"Content-Type": "application/json"}, b'{"error": {"message": "invalid token"}}']
    body = json.loads(call.body)
    if not body.get("stream"):
        return [400, {"Content-Type": "application/json"}, b'{"error": {"message": "stream must be true"}}']
    steps: list[Step] = [
        Event(json.dumps({"choices": [{"index": 0, "delta": delta}]}))
        for delta in ({"role": "assistant"}, {"content": "Hello"}, {"content": " there"}, {"content": "!"})
    ]
    return [*steps, Event("[DONE]")]
