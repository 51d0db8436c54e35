"""The SDKs of OpenAI and Anthropic, as they come and with their decoder replaced by ours.

Each way to ask returns an `Outcome`: what a caller saw, so that two decoders can be compared.
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

QUESTION: Any = {"model": "some-model", "messages": [{"role": "user", "content": "Hello"}]}


@dataclass
class Outcome:
    """What came of asking: the chunks of the reply, and the error that ended it."""

    chunks: list[dict[str, Any]] = field(default_factory=list)
    error: Exception | None = None

    def __eq__(self, other: object) -> bool:
        # Errors of two runs are never equal themselves.
        return isinstance(other, Outcome) and self.summary() == other.summary()

    def summary(self) -> tuple[list[dict[str, Any]], type[Exception] | None, str]:
        """Return what two outcomes are compared by."""
        return self.chunks, None if self.error is None else type(self.error), str(self.error)


# Subclasses, because each copy that `with_options` makes is of the same class.
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


class Ask(Protocol):
    """One SDK, blocking or async, with one decoder."""

    def __call__(self, url: str) -> Outcome:
        """Ask the server at that URL for a reply, and read it to its end."""
        ...


def complete(client: Any) -> Any:
    """Ask a client of openai's."""
    return client.chat.completions.create(**QUESTION, stream=True)


def message(client: Any) -> Any:
    """Ask a client of anthropic's."""
    return client.messages.create(**QUESTION, max_tokens=100, stream=True)


def asks(make: type[Any], http_client: type[Any], question: Callable[[Any], Any]) -> Ask:
    def ask(url: str) -> Outcome:
        with make(**_settings(url, http_client)) as client, question(client) as stream:
            return _read(stream)

    return ask


def asks_async(make: type[Any], http_client: type[Any], question: Callable[[Any], Any]) -> Ask:
    async def ask(url: str) -> Outcome:
        async with make(**_settings(url, http_client)) as client, await question(client) as stream:
            return await _read_async(stream)

    return lambda url: asyncio.run(ask(url))


def _settings(url: str, http_client: type[Any]) -> dict[str, Any]:
    # There is no TLS here, and loading authorities takes long.
    return {"base_url": url, "api_key": "none", "max_retries": 0, "http_client": http_client(verify=False)}


def _read(stream: Iterable[Any]) -> Outcome:
    outcome = Outcome()
    try:
        for chunk in stream:
            outcome.chunks.append(chunk.model_dump(exclude_unset=True))
    except Exception as error:  # noqa: BLE001  # whatever it is, it is compared
        outcome.error = error
    return outcome


async def _read_async(stream: AsyncIterator[Any]) -> Outcome:
    outcome = Outcome()
    try:
        async for chunk in stream:
            outcome.chunks.append(chunk.model_dump(exclude_unset=True))
    except Exception as error:  # noqa: BLE001  # whatever it is, it is compared
        outcome.error = error
    return outcome
