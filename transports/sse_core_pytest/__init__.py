"""Fixtures for pytest, which loads this plugin itself: `sse_server`, `scripted_transport`, and so on.

Every run of pytest imports this file, also in projects that test no streams. So it is not part of
`sse_transports`, and each fixture imports what it needs.
"""

from __future__ import annotations

import functools
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sse_core import Event
    from sse_transports.testing import (
        AsyncScriptedTransport,
        Script,
        ScriptedTransport,
        SSEServer,
        VirtualClock,
    )

__all__ = ["async_scripted_transport", "scripted_transport", "sse_server", "virtual_clock"]


MakeServer: TypeAlias = "type[SSEServer]"
"""The type of `sse_server`: a function with the arguments of `SSEServer`, which returns a running server.

Declared as the type of the class, so that the arguments are not listed again.
"""


class MakeTransport(Protocol):
    """The type of `scripted_transport`. The arguments are those of `ScriptedTransport`."""

    def __call__(self, script: Script, *, history: Sequence[Event] = ()) -> ScriptedTransport:
        """Return a transport on `virtual_clock`."""
        ...


class MakeAsyncTransport(Protocol):
    """The type of `async_scripted_transport`. The arguments are those of `AsyncScriptedTransport`."""

    def __call__(self, script: Script, *, history: Sequence[Event] = ()) -> AsyncScriptedTransport:
        """Return a transport on `virtual_clock`."""
        ...


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """A clock whose waits take no time: see `sse_transports.testing.VirtualClock`."""
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
    """Start servers that run until the test ends: `sse_server([[Event("a")], [204]]).url`.

    An error of a server, such as an unexpected request, is then an error of the test.
    """
    from sse_transports.testing import SSEServer

    with ExitStack() as stack:

        @functools.wraps(SSEServer, updated=())
        def make(*args: Any, **options: Any) -> SSEServer:
            return stack.enter_context(SSEServer(*args, **options))

        yield cast("MakeServer", make)
