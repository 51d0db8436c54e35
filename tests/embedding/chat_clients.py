"""The clients of the example SDK, blocking and async, asked in one way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import anyio
import anyio.lowlevel

from chat_sdk import AsyncChat, Chat, Part
from sse_core import RetryPolicy

QUICK = RetryPolicy(allowed_methods={"GET", "POST"}, initial_delay=0.001, min_delay=0, max_attempts=3)


@dataclass
class Asked:
    """What came of asking once, or more than once, with one client.

    Attributes:
        parts: of all replies.
        error: what ended the last of them.
        tokens: how many tokens were fetched.
    """

    parts: list[Part] = field(default_factory=list)
    error: Exception | None = None
    tokens: int = 0


class AskChat(Protocol):
    """One of the clients."""

    def __call__(self, url: str, *, times: int = 1, most: int | None = None) -> Asked:
        """Ask so many times; when there are `most` parts, leave the rest.

        The tokens are "token 1", "token 2" and so on.
        """
        ...


def ask(url: str, *, times: int = 1, most: int | None = None) -> Asked:
    asked = Asked()

    def fetch_token() -> str:
        asked.tokens += 1
        return f"token {asked.tokens}"

    with Chat(url, fetch_token, retry=QUICK) as client:
        for _ in range(times):
            try:
                with client.ask("Why?") as reply:
                    for part in reply:
                        asked.parts.append(part)
                        if len(asked.parts) == most:
                            break
            except Exception as error:  # noqa: BLE001  # whatever it is, the test looks at it
                asked.error = error
    return asked


async def _ask_async(url: str, times: int, most: int | None) -> Asked:
    asked = Asked()

    async def fetch_token() -> str:
        await anyio.lowlevel.checkpoint()
        asked.tokens += 1
        return f"token {asked.tokens}"

    async with AsyncChat(url, fetch_token, retry=QUICK) as client:
        for _ in range(times):
            try:
                async with client.ask("Why?") as reply:
                    async for part in reply:
                        asked.parts.append(part)
                        if len(asked.parts) == most:
                            break
            except Exception as error:  # noqa: BLE001  # whatever it is, the test looks at it
                asked.error = error
    return asked


def ask_on(backend: str) -> AskChat:
    def ask(url: str, *, times: int = 1, most: int | None = None) -> Asked:
        return anyio.run(_ask_async, url, times, most, backend=backend)

    return ask


EVERY_CLIENT: dict[str, AskChat] = {"blocking": ask, "asyncio": ask_on("asyncio"), "trio": ask_on("trio")}
