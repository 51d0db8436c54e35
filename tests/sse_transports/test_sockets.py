"""Connecting to the first of several addresses that accepts, and TCP keep-alive."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sse_transports import _sockets
from sse_transports._sockets import ATTEMPT_DELAY, KEEP_ALIVE, AddressInfo, connect, interleaved

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, a full queue responds")


def address(port: int, host: str = "127.0.0.1") -> AddressInfo:
    return socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, port)


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def refusing() -> Iterator[int]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield unused.getsockname()[1]


@pytest.fixture
def interrupt() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A socket that ends a connect once the other is shut down."""
    one, other = socket.socketpair()
    with one, other:
        yield one, other


Pair = tuple[socket.socket, socket.socket]


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # a Path opens more of them


def test_address_after_an_unresponsive_one_wins(unanswered: int, listening: int, interrupt: Pair) -> None:
    before = open_descriptors()
    begun = time.monotonic()
    with connect([address(unanswered), address(listening)], interrupt[0]) as connection:
        assert connection.getpeername()[1] == listening
        assert ATTEMPT_DELAY <= time.monotonic() - begun < 10 * ATTEMPT_DELAY
        assert open_descriptors() == before + 1
        assert connection.getblocking()


def test_address_after_a_refusal_is_started_at_once(refusing: int, listening: int, interrupt: Pair) -> None:
    with connect([address(refusing), address(listening)], interrupt[0], delay=1000.0) as connection:
        assert connection.getpeername()[1] == listening


def test_slow_first_address_may_still_win(
    unanswered: int, interrupt: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first listener has room again after the second attempt has begun."""
    begun: list[AddressInfo] = []
    begin = _sockets._begin

    def begin_and_make_room(info: AddressInfo) -> socket.socket:
        begun.append(info)
        attempt = begin(info)
        if len(begun) == 2:
            first.accept()[0].close()
        return attempt

    monkeypatch.setattr(_sockets, "_begin", begin_and_make_room)
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as first,
        socket.create_connection(first.getsockname()),
    ):
        places = [address(first.getsockname()[1]), address(unanswered)]
        with connect(places, interrupt[0], delay=0.01) as connection:
            assert connection.getpeername() == first.getsockname()
    assert begun == places


def test_failure_of_all_addresses_names_each_reason(refusing: int, interrupt: Pair) -> None:
    before = open_descriptors()
    unsupported: Any = 10_000
    places = [(unsupported, socket.SOCK_STREAM, 0, "", ("::1", 1)), address(refusing)]
    with pytest.raises(OSError, match=r"not supported.* \(::1\); Connection refused \(127\.0\.0\.1\)"):
        connect(places, interrupt[0])
    with pytest.raises(ConnectionRefusedError):
        connect([address(refusing), address(refusing)], interrupt[0])
    assert open_descriptors() == before


def test_host_without_addresses_is_an_error(interrupt: Pair) -> None:
    with pytest.raises(OSError, match="no address"):
        connect([], interrupt[0])


@pytest.mark.parametrize("early", [True, False], ids=["before", "during"])
def test_interrupt_ends_a_connect(early: bool, unanswered: int, interrupt: Pair) -> None:
    before = open_descriptors()
    interrupting = threading.Timer(0 if early else 0.1, interrupt[0].shutdown, [socket.SHUT_RDWR])
    interrupting.start()
    if early:
        interrupting.join()
    with pytest.raises(ConnectionAbortedError):
        connect([address(unanswered)] * 2, interrupt[0], delay=0.01)
    interrupting.join()
    assert open_descriptors() == before


def test_connection_has_tcp_keep_alive(listening: int, interrupt: Pair) -> None:
    with connect([address(listening)], interrupt[0]) as connection:
        values = [connection.getsockopt(level, option) for level, option, _ in KEEP_ALIVE]
    assert values == [1, 60, 60, 5]


@pytest.mark.parametrize(
    ("resolved", "tried"),
    [
        ("", ""),
        ("4444", "4444"),
        ("664", "646"),
        ("446", "464"),
        ("444666", "464646"),
        ("644466", "646464"),
        ("6444", "6444"),
    ],
)
def test_families_take_turns_from_the_first(resolved: str, tried: str) -> None:
    families = {"4": socket.AF_INET, "6": socket.AF_INET6}
    places = [
        (families[digit], socket.SOCK_STREAM, 0, "", (digit, number)) for number, digit in enumerate(resolved)
    ]
    order = interleaved(places)
    assert "".join(info[4][0] for info in order) == tried
    for family in families.values():
        assert [info for info in order if info[0] == family] == [info for info in places if info[0] == family]
