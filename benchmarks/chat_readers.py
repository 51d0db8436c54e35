"""The readers of `chat_speed.py`: each reads a model's reply with one client, as its users do.

Each takes the same from a reply: its text, why it ended, and how many tokens it has. What the clients return
differs. Most return a dict for each chunk. The SDKs make an object of each, and so does f3dx's twin of
OpenAI's client. f3dx's assembled stream does less: it returns the text and the reason only.

f3dx's twin of OpenAI's async client is not here, because it cannot stream: it asks for each chunk in a thread
of a pool, and its iterator panics in any other thread than its first.
"""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from itertools import takewhile
from operator import attrgetter, ne
from typing import Any

import anthropic
import anyio
import httpx2
import openai
from anthropic.types import RawMessageStreamEvent
from openai.types.chat import ChatCompletionChunk

from benchmarks.chat_replies import DONE, Reply, Stream, chat_completion, message
from benchmarks.this_library import THIS_LIBRARY
from sse_core import Event
from sse_transports import AsyncEventSource, EventSource

BLOCKING = f"{THIS_LIBRARY}, blocking (urllib)"
ASYNCIO = f"{THIS_LIBRARY}, asyncio"
TRIO = f"{THIS_LIBRARY}, trio"


class Reading:
    """One reading of a reply: what was taken from it, and the time for all of its chunks but the first.

    The clocks start after that one, so that connecting does not count.
    """

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._finish_reason: str | None = None
        self._output_tokens: int | None = None
        self._wall_start = self._cpu_start = 0.0
        self.wall = self.cpu = 0.0

    def start(self) -> None:
        """Start the clocks."""
        self._cpu_start, self._wall_start = time.process_time(), time.perf_counter()

    def stop(self) -> None:
        """Stop the clocks."""
        self.cpu = time.process_time() - self._cpu_start
        self.wall = time.perf_counter() - self._wall_start

    @property
    def reply(self) -> Reply:
        """What was taken from the reply."""
        return Reply("".join(self._texts), self._finish_reason, self._output_tokens)

    def add_chat(self, chunk: dict[str, Any]) -> None:
        """Add a chunk of a chat completion."""
        for choice in chunk["choices"]:
            if text := choice["delta"].get("content"):
                self._texts.append(text)
            if reason := choice["finish_reason"]:
                self._finish_reason = reason
        if usage := chunk["usage"]:
            self._output_tokens = usage["completion_tokens"]

    def add_chat_object(self, chunk: ChatCompletionChunk) -> None:
        """Add a chunk of a chat completion, as an object of OpenAI's SDK."""
        for choice in chunk.choices:
            if text := choice.delta.content:
                self._texts.append(text)
            if reason := choice.finish_reason:
                self._finish_reason = reason
        if usage := chunk.usage:
            self._output_tokens = usage.completion_tokens

    def add_assembled(self, chunk: dict[str, Any]) -> None:
        """Add a chunk of f3dx's assembled stream."""
        if chunk["type"] == "delta_content":
            self._texts.append(chunk["content"])
        else:
            self._finish_reason = chunk["finish_reason"]

    def add_message(self, event: dict[str, Any]) -> None:
        """Add an event of a message."""
        kind = event["type"]
        if kind == "content_block_delta":
            self._texts.append(event["delta"]["text"])
        elif kind == "message_delta":
            self._finish_reason = event["delta"]["stop_reason"]
            self._output_tokens = event["usage"]["output_tokens"]

    def add_message_object(self, event: RawMessageStreamEvent) -> None:
        """Add an event of a message, as an object of Anthropic's SDK."""
        if event.type == "content_block_delta":
            if event.delta.type == "text_delta":
                self._texts.append(event.delta.text)
        elif event.type == "message_delta":
            self._finish_reason = event.delta.stop_reason
            self._output_tokens = event.usage.output_tokens


Add = Callable[[Reading, Any], None]


@dataclass(frozen=True, eq=False)
class API:
    """An API that streams replies.

    Attributes:
        name: what it returns.
        path: where it is, after the URL of the server and the shape.
        body: the request.
        until: the data of the last event, if it ends the reply and is not JSON.
        add: adds a decoded chunk.
        stream: makes the reply that the server sends, of a length.
    """

    name: str
    path: str
    body: dict[str, Any]
    until: str | None
    add: Add
    stream: Callable[[int], Stream]


QUESTION: dict[str, Any] = {
    "model": "a-model",
    "messages": [{"role": "user", "content": "Hello"}],
    "stream": True,
}

CHAT = API(
    "OpenAI's chat completion",
    "v1/chat/completions",
    {**QUESTION, "stream_options": {"include_usage": True}},
    DONE,
    Reading.add_chat,
    chat_completion,
)

MESSAGES = API(
    "Anthropic's message",
    "v1/messages",
    {**QUESTION, "max_tokens": 100_000},
    None,
    Reading.add_message,
    message,
)


@dataclass(frozen=True)
class Reader:
    """One way to read a reply.

    Attributes:
        name: the client.
        read: reads the reply of a server that is at a URL.
        has_usage: whether the client returns how many tokens the reply has.
    """

    name: str
    read: Callable[[str], Reading]
    has_usage: bool = True


def read_all(chunks: Iterator[Any], add: Add) -> Reading:
    """Read the chunks to their end."""
    reading = Reading()
    add(reading, next(chunks))
    reading.start()
    for chunk in chunks:
        add(reading, chunk)
    reading.stop()
    return reading


# This library.


def event_source(api: API, url: str) -> Reading:
    """Read with `EventSource`."""
    with EventSource(url + api.path, method="POST", json=api.body, until=api.until, retry=None) as source:
        return read_all(map(Event.json, source), api.add)


async def async_event_source(api: API, url: str) -> Reading:
    """Read with `AsyncEventSource`."""
    reading = Reading()
    add = api.add
    async with AsyncEventSource(
        url + api.path, method="POST", json=api.body, until=api.until, retry=None
    ) as source:
        add(reading, (await anext(source)).json())
        reading.start()
        async for event in source:
            add(reading, event.json())
        reading.stop()
    return reading


def in_loop(api: API, backend: str, url: str) -> Reading:
    """Read with `AsyncEventSource` on asyncio or trio."""
    return anyio.run(async_event_source, api, url, backend=backend)


# Others.


def httpx2_events(api: API, url: str) -> Reading:
    """Read with httpx2 and its `EventSource`."""
    with httpx2.Client() as client, client.stream("POST", url + api.path, json=api.body) as response:
        data = map(attrgetter("data"), httpx2.EventSource(response))
        return read_all(map(json.loads, takewhile(partial(ne, api.until), data)), api.add)


def openai_sdk(url: str) -> Reading:
    """Read with OpenAI's SDK."""
    with openai.OpenAI(api_key="none", base_url=f"{url}v1") as client:
        return read_all(iter(client.chat.completions.create(**CHAT.body)), Reading.add_chat_object)


async def openai_sdk_async(url: str) -> Reading:
    """Read with OpenAI's SDK on asyncio."""
    reading = Reading()
    async with openai.AsyncOpenAI(api_key="none", base_url=f"{url}v1") as client:
        chunks = await client.chat.completions.create(**CHAT.body)
        reading.add_chat_object(await anext(chunks))
        reading.start()
        async for chunk in chunks:
            reading.add_chat_object(chunk)
        reading.stop()
    return reading


def anthropic_sdk(url: str) -> Reading:
    """Read with Anthropic's SDK."""
    with anthropic.Anthropic(api_key="none", base_url=url) as client:
        return read_all(iter(client.messages.create(**MESSAGES.body)), Reading.add_message_object)


def f3dx_chat(http2: bool, url: str) -> Reading:
    """Read with f3dx's client for OpenAI's API."""
    import f3dx

    client = f3dx.OpenAI(api_key="none", base_url=f"{url}v1", http2=http2)
    return read_all(client.chat_completions_create_stream(CHAT.body), Reading.add_chat)


def f3dx_assembled(http2: bool, url: str) -> Reading:
    """Read with the same and its assembled stream."""
    import f3dx

    client = f3dx.OpenAI(api_key="none", base_url=f"{url}v1", http2=http2)
    return read_all(client.chat_completions_create_stream_assembled(CHAT.body), Reading.add_assembled)


def f3dx_objects(http2: bool, url: str) -> Reading:
    """Read with f3dx's twin of OpenAI's SDK."""
    from f3dx.compat import OpenAI

    with OpenAI(api_key="none", base_url=f"{url}v1", f3dx_options={"http2": http2}) as client:
        return read_all(client.chat.completions.create(**CHAT.body), Reading.add_chat_object)


def f3dx_messages(http2: bool, url: str) -> Reading:
    """Read with f3dx's client for Anthropic's API."""
    import f3dx

    client = f3dx.Anthropic(api_key="none", base_url=url, http2=http2)
    return read_all(client.messages_create_stream(MESSAGES.body), Reading.add_message)


def has_f3dx() -> bool:
    """Return whether f3dx is installed. It is compiled, and not for every platform."""
    return importlib.util.find_spec("f3dx") is not None


def with_version(package: str, detail: str = "") -> str:
    """Return the name of a client with its installed version."""
    return f"{package} {version(package)}{detail}"


def f3dx_readers(name: str, read: Callable[[bool, str], Reading], *, has_usage: bool = True) -> list[Reader]:
    """Return a reader for each protocol. HTTP/2 is what f3dx uses unless told otherwise."""
    return [
        Reader(with_version("f3dx", f"{name}, {protocol}"), partial(read, http2), has_usage)
        for protocol, http2 in (("HTTP/2", True), ("HTTP/1.1", False))
    ]


def readers(api: API) -> list[Reader]:
    """Return the readers for an API, those of this library first."""
    found = [
        Reader(BLOCKING, partial(event_source, api)),
        Reader(ASYNCIO, partial(in_loop, api, "asyncio")),
        Reader(TRIO, partial(in_loop, api, "trio")),
        Reader(with_version("httpx2", " EventSource, json"), partial(httpx2_events, api)),
    ]
    if api is CHAT:
        found += [
            Reader(with_version("openai"), openai_sdk),
            Reader(with_version("openai", ", asyncio"), lambda url: anyio.run(openai_sdk_async, url)),
        ]
    else:
        found.append(Reader(with_version("anthropic"), anthropic_sdk))
    if has_f3dx() and api is CHAT:
        found += f3dx_readers("", f3dx_chat)
        found += f3dx_readers(" assembled", f3dx_assembled, has_usage=False)
        found += f3dx_readers(" objects", f3dx_objects)
    elif has_f3dx():
        found += f3dx_readers("", f3dx_messages)
    return found
