"""The events that each server sends, on every web framework."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from tests.real_servers.holds import get_hold

Fields = dict[str, str]
"""The fields of one event, by name."""

LAST_NUMBER = 7
NUMBERS_PER_CONNECTION = 3

LAST_OF_FEED = 60
"""The last event of a feed. The stream is held just before it."""

NO_SUCH_MODEL = '{"error":"no such model"}'


def number_event(number: int) -> Fields:
    return {"id": str(number), "event": "number", "data": f"é€🎉\n{number}"}


async def numbers(start: int) -> AsyncIterator[Fields]:
    """A few numbers after `start`; the client must reconnect for more."""
    for number in range(start + 1, min(start + NUMBERS_PER_CONNECTION, LAST_NUMBER) + 1):
        yield number_event(number)


async def feed(start: int, name: str) -> AsyncIterator[Fields]:
    """All numbers after `start`, one by one, held before the last of all."""
    for number in range(start + 1, LAST_OF_FEED + 1):
        if number == LAST_OF_FEED:
            await get_hold(name).wait()
        yield number_event(number)
        # Lets other streams run, so that all of them are in progress at the same time.
        await asyncio.sleep(0.001)


async def held(name: str) -> AsyncIterator[Fields]:
    """Two events, between which the stream is held."""
    yield {"data": "before"}
    await get_hold(name).wait()
    yield {"data": "after"}
    yield {"data": "[DONE]"}


async def chat(content: str) -> AsyncIterator[Fields]:
    """The content that was sent, word by word, as a model would."""
    for word in content.split():
        yield {"data": word}
    yield {"data": "[DONE]"}
