"""What every test here starts from, and what none may leave behind."""

from __future__ import annotations

import gc
import socket
import ssl
import threading
from collections.abc import Iterator

import pytest
import trustme

from tests.sse_transports.waiting import eventually

PROXY_SETTINGS = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"]


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_SETTINGS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session", autouse=True)
def quick_collections() -> Iterator[None]:
    """Collecting garbage after each test need not look at all that was imported before the first."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Threads end, and a socket that nobody closed is found in the test that made it."""
    before = set(threading.enumerate())
    yield
    eventually(lambda: set(threading.enumerate()) <= before, "all threads of the test end")
    # What is destroyed unclosed warns here and now, and warnings are errors.
    gc.collect()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """What a server of 127.0.0.1 and localhost needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    """What a client needs to trust such a server."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a server that is connected to, and then reads and writes nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def unanswered() -> Iterator[int]:
    """A port where connecting gets no answer, neither yes nor no: on Linux, that of a full queue."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as listener,
        socket.create_connection(listener.getsockname()),
    ):
        yield listener.getsockname()[1]
