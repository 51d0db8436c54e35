"""Every transport passes the published check, and the check finds those that do not deserve to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import aiohttp
import anyio
import httpx2
import pytest

from sse_core import Request, Response
from sse_transports import (
    AiohttpTransport,
    AsyncHttpx2Transport,
    Httpx2Transport,
    UrllibTransport,
)
from sse_transports._urllib import UrllibExchange
from sse_transports.testing import NonConforming, check_async_transport, check_transport
from sse_transports.testing._rules import RULES

CHECKS: dict[str, Callable[[], list[str]]] = {
    "urllib": partial(check_transport, UrllibTransport),
    "httpx2": partial(check_transport, Httpx2Transport),
    "aiohttp": partial(anyio.run, check_async_transport, AiohttpTransport),
    "httpx2 on asyncio": partial(anyio.run, check_async_transport, AsyncHttpx2Transport),
    "httpx2 on trio": partial(anyio.run, check_async_transport, AsyncHttpx2Transport, backend="trio"),
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_transport_of_ours_keeps_every_rule(name: str) -> None:
    assert len(CHECKS[name]()) > 25


class Late(UrllibExchange):
    """Reads like `read(n)`: waits for more than there is."""

    def read(self, timeout: float | None) -> bytes:
        return super().read(timeout) + super().read(timeout)


class Strict(UrllibExchange):
    """Judges statuses, as some clients do by default."""

    def open(self) -> Response:
        head = super().open()
        if head.status >= 400:
            raise LookupError(head.status)
        return head


class Text(UrllibExchange):
    """Reads text."""

    def read(self, timeout: float | None) -> bytes:
        return super().read(timeout).decode("utf-8", "replace").encode()


class Forgetful(UrllibExchange):
    """Closes nothing, until the server ends it."""

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("kind", "rule", "told"),
    [
        (Late, "a body in chunks comes at once", "whether the first bytes came before more were sent"),
        (Strict, "status and headers come as they were sent", "LookupError(400)"),
        (Text, "a body with a length comes at once, as it was sent", "the body: "),
        (Forgetful, "close() wakes whoever waits for bytes", "whether it waited for its timeout"),
    ],
)
def test_a_transport_that_breaks_a_rule_is_told_which(
    kind: type[UrllibExchange], rule: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Transport(UrllibTransport):
        def exchange(self, request: Request, *, timeout: float | None) -> UrllibExchange:
            return kind(self._opener, request, timeout)

    (chosen,) = (each for each in RULES if each.name.startswith(rule))
    monkeypatch.setattr("sse_transports.testing._conformance.RULES", [chosen])
    monkeypatch.setattr("sse_transports.testing._rules.DEADLINE", 0.5)
    with pytest.raises(NonConforming) as caught:
        check_transport(Transport)
    assert list(caught.value.failures) == [chosen.name]
    assert chosen.name in str(caught.value)
    assert told in str(caught.value)


def test_a_client_of_the_callers_keeps_the_rules_and_is_not_closed() -> None:
    with httpx2.Client() as client:
        check_transport(partial(Httpx2Transport, client))
        assert not client.is_closed


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_async_client_of_the_callers_keeps_the_rules_and_is_not_closed(backend: str) -> None:
    async def check() -> None:
        async with httpx2.AsyncClient() as client:
            await check_async_transport(partial(AsyncHttpx2Transport, client))
            assert not client.is_closed

    anyio.run(check, backend=backend)


def test_a_session_of_the_callers_keeps_the_rules_but_for_its_own_ways_and_is_not_closed() -> None:
    async def check() -> None:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(NonConforming) as caught:
                await check_async_transport(partial(AiohttpTransport, session))
            # Such a session sends a request again by itself, once, if the server hangs up.
            told = {str(failure) for failure in caught.value.failures.values()}
            assert told == {"the number of requests: 2 instead of 1"}
            assert not session.closed

    anyio.run(check)
