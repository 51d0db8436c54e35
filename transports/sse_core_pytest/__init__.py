"""Fixtures for pytest, which finds them by itself: `sse_server`, `scripted_transport`, `virtual_clock`, ...

Every run of pytest imports this, also of those who test no streams. So what a fixture needs is imported when
it is asked for, and this is no part of a package that would be imported along.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Sequence

    from sse_core import Event
    from sse_transports.testing import (
        Answer,
        AsyncScriptedTransport,
        Script,
        ScriptedTransport,
        SSEServer,
        VirtualClock,
    )

__all__ = ["async_scripted_transport", "scripted_transport", "sse_server", "virtual_clock"]


class MakeServer(Protocol):
    """What the fixture `sse_server` is. The arguments are those of `SSEServer`."""

    def __call__(
        self,
        answer: Script | Answer | None = None,
        *,
        history: Sequence[Event] = (),
        context: ssl.SSLContext | None = None,
        tls: bool = False,
        port: int = 0,
        strict: bool = True,
    ) -> SSEServer:
        """Return a server that runs until the test is over."""
        ...


class MakeTransport(Protocol):
    """What the fixture `scripted_transport` is. The arguments are those of `ScriptedTransport`."""

    def __call__(self, script: Script, *, history: Sequence[Event] = ()) -> ScriptedTransport:
        """Return a transport whose time is `virtual_clock`."""
        ...


class MakeAsyncTransport(Protocol):
    """What the fixture `async_scripted_transport` is. The arguments are those of `AsyncScriptedTransport`."""

    def __call__(self, script: Script, *, history: Sequence[Event] = ()) -> AsyncScriptedTransport:
        """Return a transport whose time is `virtual_clock`."""
        ...


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """A clock whose waits are over at once: see `sse_transports.testing.VirtualClock`."""
    from sse_transports.testing import VirtualClock

    return VirtualClock()


@pytest.fixture
def scripted_transport(virtual_clock: VirtualClock) -> MakeTransport:
    """Make transports that play a script on `virtual_clock`: `scripted_transport([[Event("a")], [204]])`."""
    from sse_transports.testing import ScriptedTransport

    def make(script: Script, *, history: Sequence[Event] = ()) -> ScriptedTransport:
        return ScriptedTransport(script, history=history, clock=virtual_clock)

    return make


@pytest.fixture
def async_scripted_transport(virtual_clock: VirtualClock) -> MakeAsyncTransport:
    """Make transports for `AsyncEventSource` that play a script on `virtual_clock`."""
    from sse_transports.testing import AsyncScriptedTransport

    def make(script: Script, *, history: Sequence[Event] = ()) -> AsyncScriptedTransport:
        return AsyncScriptedTransport(script, history=history, clock=virtual_clock)

    return make


@pytest.fixture
def sse_server() -> Iterator[MakeServer]:
    """Start servers that run until the test is over: `sse_server([[Event("a")], [204]]).url`.

    What a server has to complain of then, such as a request too many, is an error of the test.
    """
    from sse_transports.testing import SSEServer

    with ExitStack() as stack:

        def make(
            answer: Script | Answer | None = None,
            *,
            history: Sequence[Event] = (),
            context: ssl.SSLContext | None = None,
            tls: bool = False,
            port: int = 0,
            strict: bool = True,
        ) -> SSEServer:
            server = SSEServer(answer, history=history, context=context, tls=tls, port=port, strict=strict)
            return stack.enter_context(server)

        yield make
