"""Read replies with the clients of the example SDK, blocking and async, in one way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import anyio
import anyio.lowlevel

from chat_sdk import AsyncChat, Chat, Part
from sse_core import RetryPolicy

QUICK = RetryPolicy(allowed_methods={"GET", "POST"}, initial_delay=0.001, min_delay=0, max_attempts=3)


@dataclass
class Replies:
    """The result of one request, or of several, with one client.

    Attributes:
        parts: the parts of all replies.
        error: the error of the last reply that failed, or None.
        tokens: how many tokens were fetched.
    """

    parts: list[Part] = field(default_factory=list)
    error: Exception | None = None
    tokens: int = 0


class ReadReplies(Protocol):
    """Reads with one of the clients."""

    def __call__(self, url: str, *, times: int = 1, max_parts: int | None = None) -> Replies:
        """Send so many requests, one after the other, and leave a reply after `max_parts` parts.

        The tokens are "token 1", "token 2" and so on.
        """
        ...


def read_replies(url: str, *, times: int = 1, max_parts: int | None = None) -> Replies:
    replies = Replies()

    def fetch_token() -> str:
        replies.tokens += 1
        return f"token {replies.tokens}"

    with Chat(url, fetch_token, retry=QUICK) as client:
        for _ in range(times):
            try:
                with client.ask("Why?") as reply:
                    for part in reply:
                        replies.parts.append(part)
                        if len(replies.parts) == max_parts:
                            break
            except Exception as error:  # noqa: BLE001  # the tests look at it
                replies.error = error
    return replies


async def _read_replies_async(url: str, times: int, max_parts: int | None) -> Replies:
    replies = Replies()

    async def fetch_token() -> str:
        await anyio.lowlevel.checkpoint()
        replies.tokens += 1
        return f"token {replies.tokens}"

    async with AsyncChat(url, fetch_token, retry=QUICK) as client:
        for _ in range(times):
            try:
                async with client.ask("Why?") as reply:
                    async for part in reply:
                        replies.parts.append(part)
                        if len(replies.parts) == max_parts:
                            break
            except Exception as error:  # noqa: BLE001  # the tests look at it
                replies.error = error
    return replies


def read_replies_on(backend: str) -> ReadReplies:
    def read(url: str, *, times: int = 1, max_parts: int | None = None) -> Replies:
        return anyio.run(_read_replies_async, url, times, max_parts, backend=backend)

    return read


CLIENTS: dict[str, ReadReplies] = {
    "blocking": read_replies,
    "asyncio": read_replies_on("asyncio"),
    "trio": read_replies_on("trio"),
}
