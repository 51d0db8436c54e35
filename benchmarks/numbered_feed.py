"""Serve numbered events as fast as the client reads, after its Last-Event-ID; 204 after the last.

`numbered_feed.py EVENTS` prints its port, and serves until it is killed. Each event is one HTTP chunk of some
250 bytes, built in advance. All paths have the same events.
"""

from __future__ import annotations

import contextlib
import re
import socket
import sys
import threading

from benchmarks.feed_server import HEAD, LAST_CHUNK, chunk

NO_MORE = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
PADDING = "x" * 220


def serve(connection: socket.socket, chunks: list[bytes]) -> None:
    """Read a request, and send what follows its Last-Event-ID."""
    with connection, contextlib.suppress(OSError):
        request = b""
        while b"\r\n\r\n" not in request:
            data = connection.recv(2**16)
            if not data:
                return
            request += data
        found = re.search(rb"last-event-id: *(\d+)", request, re.IGNORECASE)
        rest = chunks[int(found[1]) if found else 0 :]
        connection.sendall(HEAD + b"".join(rest) + LAST_CHUNK if rest else NO_MORE)
        # Closing before the client does may reset the connection before it has read everything.
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)


def main() -> None:
    """Build the events, print the port, and serve."""
    numbers = range(1, int(sys.argv[1]) + 1)
    chunks = [chunk(f"id: {number}\ndata: event {number} {PADDING}\n\n".encode()) for number in numbers]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, chunks), daemon=True).start()


if __name__ == "__main__":
    main()
