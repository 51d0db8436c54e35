"""Two long replies of a model, as OpenAI and as Anthropic stream them: what `chat_server.py` sends.

They are made like the fixtures, from seeded values, and not with the parser.
"""

from __future__ import annotations

import json
import random
from typing import NamedTuple

from benchmarks.fixtures import anthropic, compact, english, openai_payloads

BATCH = 64
"""Events that the server sends together in a burst.

hypercorn writes each message of the application for itself, in an HTTP chunk of its own over HTTP/1.1. One
event in each would take longer to send than to read, so that each read would find only one.
"""

DONE = "[DONE]"
"""The data of the last event of a chat completion, which is not JSON."""


class Reply(NamedTuple):
    """What a program takes from a reply."""

    text: str
    finish_reason: str | None
    output_tokens: int | None


class Stream(NamedTuple):
    """A reply as a server sends it, one event each, and what a client must take from it."""

    events: list[bytes]
    reply: Reply


def chat_completion(count: int) -> Stream:
    """Return a chat completion: the role, `count` pieces of text, the end, the usage, and `[DONE]`."""
    rng = random.Random("chat")
    tokens = english(rng, count)
    *payloads, done = openai_payloads(rng, tokens)
    # What `include_usage` asks for. This chunk has no choice.
    usage = {"prompt_tokens": 25, "completion_tokens": count, "total_tokens": 25 + count}
    payloads += [compact({**json.loads(payloads[-1]), "choices": [], "usage": usage}), done]
    events = [f"data: {payload}\n\n".encode() for payload in payloads]
    return Stream(events, Reply("".join(tokens), "stop", count))


def message(count: int) -> Stream:
    """Return a message of `count` events, which have types, and several blocks of text."""
    fixture = anthropic(count)
    payloads = [json.loads(event.data) for event in fixture.events]
    deltas = (payload["delta"] for payload in payloads if payload["type"] == "content_block_delta")
    return Stream(fixture.chunks, Reply("".join(delta["text"] for delta in deltas), "end_turn", count))
