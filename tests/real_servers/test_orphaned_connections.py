"""A connection that httpx2's pool has dropped, while streams still use it, does not stay open.

Each test would fail with a warning for a socket that was not closed.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import anyio
import httpx2
import pytest

from sse_core import Event, SSEError
from sse_transports import AsyncEventSource, AsyncHttpx2Transport, EventSource, Httpx2Transport
from sse_transports._async_event_source import AsyncOptions
from tests.real_servers.client_matrix import QUICK, SECONDS
from tests.real_servers.holds import Hold
from tests.real_servers.nginx import Nginx
from tests.real_servers.ports import shared_socket
from tests.sse_transports.waiting import eventually, is_blocked_in, until_set

Trusting = Callable[[], ssl.SSLContext]

on_both = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@contextmanager
def first_connection_fails(nginx: Nginx) -> Iterator[Callable[[], None]]:
    """Accept one connection in place of nginx and drop it; start nginx before the client notices.

    Provides a function to call when it may be dropped.
    """
    nginx.kill()
    may_drop = threading.Event()
    listener = shared_socket(urlsplit(nginx.tls_url).port or 0)
    listener.listen()

    def accept_one() -> None:
        with listener:
            connection, _ = listener.accept()
        with connection:
            until_set(may_drop, "the connection may be dropped")
            nginx.start()

    thread = threading.Thread(target=accept_one)
    thread.start()
    yield may_drop.set
    thread.join()


@on_both
def test_connection_made_by_a_waiting_request_is_closed(
    backend: str, own_nginx: Nginx, held: Hold, trusting: Trusting
) -> None:
    errors: list[SSEError] = []
    held.release()

    async def main() -> None:
        async with httpx2.AsyncClient(verify=trusting(), http2=True) as client:
            options: AsyncOptions = {
                "transport": AsyncHttpx2Transport(client),
                "on_error": errors.append,
                "until": "[DONE]",
                "retry": QUICK,
                "idle_timeout": SECONDS,
            }

            async def read() -> None:
                url = f"{own_nginx.tls_url}/held/{held.name}"
                async with AsyncEventSource(url, **options) as source:
                    assert [event.data async for event in source] == ["before", "after"]

            with first_connection_fails(own_nginx) as both_wait:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(read)
                    tasks.start_soon(read)
                    await anyio.wait_all_tasks_blocked()
                    both_wait()

    anyio.run(main, backend=backend)
    # In the request that established the connection; the other request established a new one.
    assert len(errors) == 1


@on_both
def test_connection_after_a_cancelled_wait_is_closed(
    backend: str, own_nginx: Nginx, held: Hold, trusting: Trusting
) -> None:
    held.release()

    async def main() -> None:
        async with httpx2.AsyncClient(verify=trusting(), http2=True) as client:
            options: AsyncOptions = {"transport": AsyncHttpx2Transport(client), "until": "[DONE]"}
            url = f"{own_nginx.tls_url}/held/{held.name}"
            async with AsyncEventSource(url, **options) as one, AsyncEventSource(url, **options) as other:
                events: list[str] = []

                async def read(source: AsyncEventSource[Event]) -> None:
                    events.extend([event.data async for event in source])

                async with anyio.create_task_group() as tasks:
                    with own_nginx.paused():
                        tasks.start_soon(read, one)
                        await anyio.wait_all_tasks_blocked()
                        tasks.start_soon(read, other)
                        await anyio.wait_all_tasks_blocked()
                        await other.close()
                assert events == ["before", "after"]

    anyio.run(main, backend=backend)


def test_connection_made_by_a_blocking_request_is_closed(
    own_nginx: Nginx, held: Hold, trusting: Trusting
) -> None:
    errors: list[SSEError] = []
    read_by: list[list[str]] = []
    held.release()

    with httpx2.Client(verify=trusting(), http2=True) as client:

        def read() -> None:
            transport = Httpx2Transport(client)
            url = f"{own_nginx.tls_url}/held/{held.name}"
            with EventSource(
                url, transport=transport, on_error=errors.append, until="[DONE]", retry=QUICK
            ) as source:
                read_by.append([event.data for event in source])

        threads = [threading.Thread(target=read) for _ in range(2)]
        with first_connection_fails(own_nginx) as both_wait:
            for thread in threads:
                thread.start()
            eventually(
                lambda: all(is_blocked_in(thread, httpx2.Client.send) for thread in threads),
                "both wait for the connection",
            )
            both_wait()
        for thread in threads:
            thread.join()
    assert read_by == [["before", "after"]] * 2
    assert len(errors) == 1
