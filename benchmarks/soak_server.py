"""Serve a feed of numbered events over connections that break: the server of `soak.py`.

`soak_server.py EVENTS RUN SEED` prints its port, and serves until it is killed. A response has RUN events in
the mean. `GET /counts` returns what was done so far, as JSON. A second port is for redirects.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import sys
import threading
import time
from collections import Counter
from random import Random

from benchmarks.soak_faults import Asked, End, build_head, fault_of, no_content, unavailable_for_a_time

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""The value of SO_LINGER with which `close` sends RST."""

LARGEST_SEND = 15
"""A send has up to 2 ** 15 bytes; half of them have less than 2 ** 7.5."""

MAX_STALL = 30.0
"""Seconds after which a client has left a connection open that it should have given up."""

find_id = re.compile(rb"\r\nlast-event-id: *(\d+)\r\n", re.IGNORECASE).search
find_after = re.compile(rb"\?after=(\d+) ").search


class Feed:
    """Serves connections, one after the other; keeps the position of none."""

    def __init__(self, events: int, run: int, seed: int) -> None:
        self._events, self._run, self._seed = events, run, seed
        self._lock = threading.Lock()
        self._requests = 0
        # Requests on a connection that was kept.
        self._reused = 0
        self._faults: Counter[str] = Counter()
        self._not_before = 0.0
        # Requests before the time that Retry-After asked for.
        self._too_early = 0
        # Requests that sent Last-Event-ID to another origin.
        self._leaked = 0
        # Connections that the client did not close.
        self._left_open = 0

    def serve(self, connection: socket.socket, elsewhere: str) -> None:
        """Read requests and respond to them; `elsewhere` is the URL of the other port."""
        with connection, contextlib.suppress(ConnectionError):
            request = _read_request(connection)
            while request and self._respond(connection, request, elsewhere):
                request = _read_request(connection)
                self._reused += bool(request)

    def _report(self) -> bytes:
        counts = {
            "requests": self._requests,
            "reused": self._reused,
            "too_early": self._too_early,
            "leaked": self._leaked,
            "left_open": self._left_open,
            "faults": dict(self._faults),
        }
        body = json.dumps(counts).encode()
        return build_head("200 OK", "Content-Type: application/json", f"Content-Length: {len(body)}") + body

    def _respond(self, connection: socket.socket, request: bytes, elsewhere: str) -> bool:
        """Respond to a request; return whether the connection is kept for another one."""
        if request.startswith(b"GET /counts "):
            connection.sendall(self._report())
            return False
        last_id, redirected = find_id(request), find_after(request)
        resume = last_id or redirected
        asked = Asked(0 if resume is None else int(resume[1]), self._events, self._run, elsewhere)
        with self._lock:
            number = self._requests
            self._requests += 1
            self._leaked += last_id is not None and redirected is not None
            self._too_early += time.monotonic() < self._not_before
            self._not_before = 0.0
        if asked.after >= self._events:
            connection.sendall(no_content())
            return False
        fault = fault_of(self._seed, number)
        self._faults[fault.name] += 1
        random = Random(f"{self._seed} {number}")
        wire = fault.build(asked, random)
        if fault.build is unavailable_for_a_time and b"Retry-After: 1" in wire.data:
            self._not_before = time.monotonic() + 1
        _send(connection, wire.data[: fault.cut(wire, random)], random)
        if fault.end is End.RST:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        elif fault.end is End.STALL:
            connection.settimeout(MAX_STALL)
            try:
                connection.recv(1)
            except TimeoutError:
                self._left_open += 1
        return fault.end is End.KEEP


def _read_request(connection: socket.socket) -> bytes:
    """Return a request, or b"" if the client has closed the connection."""
    request = b""
    while b"\r\n\r\n" not in request:
        data = connection.recv(2**16)
        if not data:
            return b""
        request += data
    return request


def _send(connection: socket.socket, data: bytes, random: Random) -> None:
    """Send data in parts of random sizes."""
    start = 0
    while start < len(data):
        end = start + int(2 ** random.uniform(6, LARGEST_SEND))
        connection.sendall(data[start:end])
        start = end


def _accept(listener: socket.socket, feed: Feed, elsewhere: str) -> None:
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=feed.serve, args=(connection, elsewhere), daemon=True).start()


def main() -> None:
    """Print the port, and serve on both ports."""
    feed = Feed(*map(int, sys.argv[1:]))
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        urls = [f"http://127.0.0.1:{listener.getsockname()[1]}/" for listener in (first, second)]
        threading.Thread(target=_accept, args=(second, feed, urls[0]), daemon=True).start()
        print(first.getsockname()[1], flush=True)
        _accept(first, feed, urls[1])


if __name__ == "__main__":
    main()
