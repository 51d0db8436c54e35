"""The SDKs of OpenAI and Anthropic, with their own decoder and with this library's.

Each reader returns an `Outcome`, the chunks and the error that its caller got, to compare two decoders.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import anthropic
import openai
from anthropic._streaming import ServerSentEvent as AnthropicEvent
from openai._streaming import ServerSentEvent as OpenAIEvent

from sdk_decoder import Decoder

REQUEST: Any = {"model": "some-model", "messages": [{"role": "user", "content": "Hello"}]}


@dataclass
class Outcome:
    """The result of a request: the chunks of the reply, and the error that ended it."""

    chunks: list[dict[str, Any]] = field(default_factory=list)
    error: Exception | None = None

    def __eq__(self, other: object) -> bool:
        # Two exceptions are never equal, so compare their types and texts.
        return isinstance(other, Outcome) and self.summary() == other.summary()

    def summary(self) -> tuple[list[dict[str, Any]], type[Exception] | None, str]:
        """Return the values by which outcomes are compared."""
        return self.chunks, None if self.error is None else type(self.error), str(self.error)


# Subclasses, because `with_options` returns a copy of the same class.
class OpenAI(openai.OpenAI):
    def _make_sse_decoder(self) -> Decoder[OpenAIEvent]:
        return Decoder(OpenAIEvent)


class AsyncOpenAI(openai.AsyncOpenAI):
    def _make_sse_decoder(self) -> Decoder[OpenAIEvent]:
        return Decoder(OpenAIEvent)


class Anthropic(anthropic.Anthropic):
    def _make_sse_decoder(self) -> Decoder[AnthropicEvent]:
        return Decoder(AnthropicEvent)


class AsyncAnthropic(anthropic.AsyncAnthropic):
    def _make_sse_decoder(self) -> Decoder[AnthropicEvent]:
        return Decoder(AnthropicEvent)


class ReadReply(Protocol):
    """Reads with one SDK, blocking or async, and one decoder."""

    def __call__(self, url: str) -> Outcome:
        """Request a reply of the server at that URL, and read it to its end."""
        ...


def request_completion(client: Any) -> Any:
    """Send a request with a client of openai."""
    return client.chat.completions.create(**REQUEST, stream=True)


def request_message(client: Any) -> Any:
    """Send a request with a client of anthropic."""
    return client.messages.create(**REQUEST, max_tokens=100, stream=True)


def blocking_reader(
    make_client: type[Any], http_client: type[Any], request: Callable[[Any], Any]
) -> ReadReply:
    def read(url: str) -> Outcome:
        with make_client(**_settings(url, http_client)) as client, request(client) as stream:
            return _read(stream)

    return read


def async_reader(make_client: type[Any], http_client: type[Any], request: Callable[[Any], Any]) -> ReadReply:
    async def read(url: str) -> Outcome:
        async with make_client(**_settings(url, http_client)) as client, await request(client) as stream:
            return await _read_async(stream)

    return lambda url: asyncio.run(read(url))


def _settings(url: str, http_client: type[Any]) -> dict[str, Any]:
    # There is no TLS here. Without verification, no certificates are loaded, which takes long.
    return {"base_url": url, "api_key": "none", "max_retries": 0, "http_client": http_client(verify=False)}


def _read(stream: Iterable[Any]) -> Outcome:
    outcome = Outcome()
    try:
        for chunk in stream:
            outcome.chunks.append(chunk.model_dump(exclude_unset=True))
    except Exception as error:  # noqa: BLE001  # the tests compare it
        outcome.error = error
    return outcome


async def _read_async(stream: AsyncIterator[Any]) -> Outcome:
    outcome = Outcome()
    try:
        async for chunk in stream:
            outcome.chunks.append(chunk.model_dump(exclude_unset=True))
    except Exception as error:  # noqa: BLE001  # the tests compare it
        outcome.error = error
    return outcome
