"""The fixtures of the pytest plugin, used as in a test suite."""

from __future__ import annotations

import inspect
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from sse_core import Event
from sse_transports import AsyncEventSource, EventSource, UrllibTransport
from sse_transports.testing import History, SSEServer, assert_events

if TYPE_CHECKING:
    from sse_core_pytest import MakeAsyncTransport, MakeServer, MakeTransport
    from sse_transports.testing import VirtualClock

HISTORY = [Event("a", id="1"), Event("b", id="2")]


def test_a_scripted_transport_uses_the_virtual_clock(
    scripted_transport: MakeTransport, virtual_clock: VirtualClock
) -> None:
    transport = scripted_transport([[History()], [503], [204]], history=HISTORY)
    assert_events(EventSource("http://stream.test/", transport=transport), HISTORY)
    assert virtual_clock.waits == [1.25, 2.5]


def test_an_async_transport_uses_the_virtual_clock(
    async_scripted_transport: MakeAsyncTransport, virtual_clock: VirtualClock
) -> None:
    async def main() -> None:
        transport = async_scripted_transport([[History()], [503], [204]], history=HISTORY)
        async with AsyncEventSource("http://stream.test/", transport=transport) as source:
            assert_events([event async for event in source], HISTORY)

    anyio.run(main)
    assert virtual_clock.waits == [1.25, 2.5]


def test_a_test_can_start_several_servers(sse_server: MakeServer, virtual_clock: VirtualClock) -> None:
    other = sse_server(history=HISTORY, tls=True)
    assert other.client_context is not None
    first = sse_server([[302, {"Location": f"{other.url}/there"}], [204]])
    transport = UrllibTransport(context=other.client_context)
    assert_events(EventSource(first.url, transport=transport, clock=virtual_clock), HISTORY)
    assert [call.path for call in other.calls] == ["/there"]


def arguments(function: Callable[..., object]) -> list[tuple[str, object, object]]:
    return [
        (each.name, each.kind, each.default)
        for each in inspect.signature(function).parameters.values()
        if each.name != "self"
    ]


def test_sse_server_has_the_arguments_of_the_class(sse_server: MakeServer) -> None:
    assert arguments(sse_server) == arguments(SSEServer)
    assert sse_server([], strict=False).calls == []


def test_an_error_of_the_server_is_an_error_of_the_test(tmp_path: Path) -> None:
    test = tmp_path / "test_it.py"
    test.write_text(
        textwrap.dedent(
            """
            import urllib.error, urllib.request, pytest

            def test_one_request_too_many(sse_server):
                with pytest.raises(urllib.error.HTTPError):
                    urllib.request.urlopen(sse_server([]).url + "/more")
            """
        ),
        encoding="utf-8",
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(test)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed, 1 error" in run.stdout
    assert "UnexpectedRequest: the script has no connection, but there was one more request" in run.stdout
    assert "1. GET /more" in run.stdout
