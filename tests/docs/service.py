"""The server for the examples of the documentation, in place of the hosts of `example.com`.

Its replies have the shapes that real services send and that break code written for the simple case: `choices`
without an item, first and last; `null` as delta, content, tool calls, error and usage; comments while a model
thinks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from sse_core import Comment, Event
from sse_transports.testing import Cut, History

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sse_transports.testing import Call, Step, Steps

TOKEN = "secret"  # the value of `token` in the examples
JSON = {"Content-Type": "application/json"}
# A short reconnection time, so that the examples finish soon.
FEED = [Event(f"reading {number}", id=str(number), retry=100) for number in range(1, 6)]
WORDS = ("Hello", " there", "!")


def answer(call: Call) -> Steps:
    """Answer a request of an example by its path."""
    path = urlsplit(call.path).path
    if path == "/feed":
        return [History()] if call.last_event_id != FEED[-1].id else [204]
    if path.startswith("/v1/responses/"):
        return _rest_of_response(call)
    if path not in REPLIES:
        return [404, {"Content-Type": "text/plain"}, b"not found\n"]
    return _reply(call, REPLIES[path])


def failing(steps: Steps) -> Callable[[Call], Steps]:
    """Return a function that answers each request for a chat completion with these steps."""
    return lambda call: _reply(call, lambda _: steps)


def chunk(*choices: dict[str, Any], **fields: object) -> Event:
    """Return a chunk of a chat completion."""
    return Event(json.dumps({"object": "chat.completion.chunk", "choices": choices, **fields}))


def delta(**fields: object) -> Event:
    """Return a chunk with one choice, which has these fields."""
    return chunk({"index": 0, "delta": fields, "finish_reason": None})


def finish(reason: str) -> Event:
    """Return the last chunk of a choice, which says why the model stopped."""
    return chunk({"index": 0, "delta": {}, "finish_reason": reason}, usage=None)


def _reply(call: Call, steps: Callable[[Any], Steps]) -> Steps:
    if call.method != "POST":
        return [405, {"Allow": "POST"}]
    keys = {call.headers.get("authorization"), call.headers.get("x-api-key")}
    if not keys & {f"Bearer {TOKEN}".encode(), TOKEN.encode()}:
        return [401, JSON, b'{"error": {"message": "invalid token"}}']
    body = json.loads(call.body)
    if not body.get("stream"):
        return [400, JSON, b'{"error": {"message": "stream must be true"}}']
    return steps(body)


def _chat(body: Any) -> Steps:
    steps: list[Step] = [
        chunk(prompt_filter_results=[{"prompt_index": 0}]),
        Comment("PROCESSING"),
        delta(role="assistant", content=None, tool_calls=None),
        chunk({"index": 0, "delta": None}, error=None),
        *(_tool_call() if body.get("tools") else [delta(content=word) for word in WORDS]),
        finish("tool_calls" if body.get("tools") else "stop"),
    ]
    if body.get("stream_options", {}).get("include_usage"):
        steps.append(chunk(usage={"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}))
    return [*steps, Event("[DONE]")]


def _tool_call() -> Iterable[Event]:
    yield delta(content="One moment.")
    first = {"name": "weather", "arguments": ""}
    yield delta(
        content=None, tool_calls=[{"index": 0, "id": "call_1", "type": "function", "function": first}]
    )
    yield delta(tool_calls=[{"index": 0, "id": None}])
    for part in ('{"ci', 'ty": "Par', 'is"}'):
        yield delta(tool_calls=[{"index": 0, "function": {"arguments": part}}])


def _response(body: Any) -> Steps:
    """Answer as the Responses API. A response in the background loses its connection after two words."""
    events = list(_response_events())
    return [*events[:5], b"event: response.output_text.de", Cut()] if body.get("background") else list(events)


def _rest_of_response(call: Call) -> Steps:
    query = parse_qs(urlsplit(call.path).query)
    if call.method != "GET" or query.get("stream") != ["true"]:
        return [400, JSON, b'{"error": {"message": "expected a GET with stream=true"}}']
    return list(_response_events())[int(query["starting_after"][0]) + 1 :]


def _response_events() -> Iterable[Event]:
    usage = {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12}
    events: list[tuple[str, dict[str, Any]]] = [
        ("response.created", {"response": {"id": "resp_1", "status": "queued", "usage": None}}),
        ("response.in_progress", {"response": {"id": "resp_1", "status": "in_progress", "usage": None}}),
        ("response.output_item.added", {"item": {"type": "message", "content": []}}),
        *(("response.output_text.delta", {"delta": word}) for word in WORDS),
        ("response.output_text.done", {"text": "".join(WORDS)}),
        ("response.completed", {"response": {"id": "resp_1", "status": "completed", "usage": usage}}),
    ]
    for number, (kind, fields) in enumerate(events):
        yield Event(json.dumps({"type": kind, "sequence_number": number, **fields}), event=kind)


def _message(_: Any) -> Steps:
    """Answer as Anthropic's Messages API: a text, then the use of a tool."""
    tool = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"content": [], "usage": {"input_tokens": 9}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *({"type": "content_block_delta", "delta": {"type": "text_delta", "text": word}} for word in WORDS),
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": tool},
        *(
            {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": part}}
            for part in ("", '{"ci', 'ty": "Paris"}')
        ),
        {"type": "content_block_stop", "index": 1},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 3}},
        {"type": "message_stop"},
    ]
    return [Event(json.dumps(event), event=event["type"]) for event in events]


def _ollama(_: Any) -> Steps:
    """Answer as Ollama's own API: lines of JSON."""
    lines = b'{"message": {"content": "Hello"}, "done": false}\n{"done": true}\n'
    return [{"Content-Type": "application/x-ndjson"}, lines]


REPLIES: dict[str, Callable[[Any], Steps]] = {
    "/v1/chat/completions": _chat,
    "/v1/responses": _response,
    "/v1/messages": _message,
    "/api/chat": _ollama,
}
