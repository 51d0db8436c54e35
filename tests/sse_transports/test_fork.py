"""A forked process closes its own descriptors, and leaves the connection of its parent alone."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable

import pytest

from sse_core import Request
from sse_transports import UrllibTransport
from sse_transports._socket_guard import SocketGuard
from sse_transports._urllib import UrllibExchange
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.small_servers import one_and_silence, until_all_gone
from tests.sse_transports.waiting import eventually, is_blocked_in

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def forked(check: Callable[[], bool]) -> int:
    """Run `check` in a forked process, which exits with 0 if it returns True; return the process's ID."""
    with warnings.catch_warnings():
        # Later Pythons warn of threads in the parent, which are the point here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        # Whatever happens, nothing of pytest runs in the child. A child that hangs is killed.
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(10)
            os._exit(0 if check() else 1)
        finally:
            os._exit(2)
    return child


def in_a_fork(check: Callable[[], bool]) -> None:
    """Assert that `check` returns True in a forked process, and soon."""
    _, status = os.waitpid(forked(check), 0)
    assert status == 0


def sockets() -> int:
    """Return how many descriptors of this process are connections over TCP."""
    count = 0
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  # a Path opens more of them
        try:
            with socket.socket(fileno=os.dup(int(name))) as one:
                one.getpeername()
                count += one.family == socket.AF_INET
        except OSError:
            continue
    return count


@pytest.fixture
def two_events() -> tuple[Callable[[Call], None], threading.Event]:
    """A handler that sends a second event only when the test says so."""
    go_on = threading.Event()

    def answer(call: Call) -> None:
        call.respond(body=b"data: a\n\n")
        go_on.wait(10)
        call.send(b"data: b\n\n")

    return answer, go_on


def test_closing_in_a_fork_leaves_a_blocked_read_alone(
    two_events: tuple[Callable[[Call], None], threading.Event],
) -> None:
    answer, go_on = two_events
    received: list[bytes] = []
    with SSEServer(answer) as server:
        exchange = UrllibTransport().exchange(Request("GET", f"{server.url}/"), timeout=10.0)
        exchange.open()
        assert exchange.read(10.0) == b"data: a\n\n"
        thread = threading.Thread(target=lambda: received.append(exchange.read(10.0)))
        thread.start()
        eventually(lambda: is_blocked_in(thread, UrllibExchange._read_raw), "the thread reads")

        def close_all() -> bool:
            before = sockets()
            exchange.close()
            exchange.close()
            # The socket, and its duplicate for the guard.
            return sockets() == before - 2

        in_a_fork(close_all)
        go_on.set()
        thread.join()
        exchange.close()
    assert received == [b"data: b\n\n"]


def test_closing_in_a_fork_leaves_an_idle_connection_alone(
    two_events: tuple[Callable[[Call], None], threading.Event],
) -> None:
    answer, go_on = two_events
    with SSEServer(answer) as server:
        exchange = UrllibTransport().exchange(Request("GET", f"{server.url}/"), timeout=10.0)
        exchange.open()
        assert exchange.read(10.0) == b"data: a\n\n"

        def close() -> bool:
            exchange.close()
            return True

        in_a_fork(close)
        go_on.set()
        assert exchange.read(10.0) == b"data: b\n\n"
        exchange.close()


def test_close_ends_a_connection_that_a_fork_has_too() -> None:
    read_end, write_end = os.pipe()
    with SSEServer(one_and_silence) as server:
        exchange = UrllibTransport().exchange(Request("GET", f"{server.url}/"), timeout=10.0)
        exchange.open()
        child = forked(lambda: os.read(read_end, 1) == b".")
        exchange.close()
        until_all_gone(server)
        os.write(write_end, b".")
        assert os.waitpid(child, 0) == (child, 0)
    os.close(read_end)
    os.close(write_end)


def test_closing_in_a_fork_does_not_wait_for_a_lock() -> None:
    """Another thread holds the lock at the fork, and does not exist in the forked process."""
    released = []
    guard = SocketGuard(lambda: released.append(1))
    held, may_release = threading.Event(), threading.Event()

    def hold() -> None:
        with guard._lock:
            held.set()
            may_release.wait(10)

    one, other = socket.socketpair()
    with one, other:
        guard.attach(one)
        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(10)

        def close() -> bool:
            guard.close()
            return guard.closed and released == [1]

        in_a_fork(close)
        may_release.set()
        thread.join()
        assert not guard.closed
        one.send(b"open")
        assert other.recv(10) == b"open"
        guard.close()
