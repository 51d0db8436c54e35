"""Replies with the same content, in the formats in which OpenAI and Anthropic stream them."""

from __future__ import annotations

import json
from typing import Any

from sse_core import Event, encode

SPECIAL_CHARACTERS = "a\u2028b\u2029c\u0085d\x7fe\u00a0f 没有 🌊"
"""Among them are those that some parsers take for line ends. JSON does not require an escape for them."""


def to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def openai_chunk(delta: dict[str, Any], finish_reason: str | None = None) -> Event:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "some-model"}
    return Event(to_json({**chunk, "choices": [choice]}))


def openai_reply(*texts: str) -> list[Event]:
    deltas = [openai_chunk({"content": text}) for text in texts]
    return [openai_chunk({"role": "assistant"}), *deltas, openai_chunk({}, "stop"), Event("[DONE]")]


def openai_tool_call(name: str, *pieces: str) -> list[Event]:
    function: dict[str, Any] = {"name": name, "arguments": ""}
    first = {"index": 0, "id": "call1", "type": "function", "function": function}
    return [
        openai_chunk({"role": "assistant", "tool_calls": [first]}),
        *(openai_chunk({"tool_calls": [{"index": 0, "function": {"arguments": one}}]}) for one in pieces),
        openai_chunk({}, "tool_calls"),
        Event("[DONE]"),
    ]


def anthropic_event(kind: str, **fields: Any) -> Event:
    return Event(to_json({"type": kind, **fields}), event=kind)


def _anthropic_message(block: dict[str, Any], deltas: list[dict[str, Any]], stop_reason: str) -> list[Event]:
    message: dict[str, Any] = {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "some-model",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    end = {"stop_reason": stop_reason, "stop_sequence": None}
    return [
        anthropic_event("message_start", message=message),
        anthropic_event("content_block_start", index=0, content_block=block),
        *(anthropic_event("content_block_delta", index=0, delta=delta) for delta in deltas),
        anthropic_event("content_block_stop", index=0),
        anthropic_event("message_delta", delta=end, usage={"output_tokens": 9}),
        anthropic_event("message_stop"),
    ]


def anthropic_reply(*texts: str) -> list[Event]:
    deltas = [{"type": "text_delta", "text": text} for text in texts]
    return _anthropic_message({"type": "text", "text": ""}, deltas, "end_turn")


def anthropic_tool_call(name: str, *pieces: str) -> list[Event]:
    block = {"type": "tool_use", "id": "call1", "name": name, "input": {}}
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    return _anthropic_message(block, deltas, "tool_use")


def as_bytes(events: list[Event]) -> bytes:
    return b"".join(encode(event) for event in events)
