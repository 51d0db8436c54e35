"""Serve a model's reply, one HTTP chunk per event, built in advance.

`feed_server.py EVENTS DRIPPED` prints its port, and serves until it is killed. `/` returns all events as fast
as the client reads them, so that each read finds many. `/drip` returns the first DRIPPED with a pause
after each, so that each read finds one.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
import time

HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: text/event-stream\r\n"
    b"Cache-Control: no-store\r\n"
    b"Transfer-Encoding: chunked\r\n"
    b"Connection: close\r\n"
    b"\r\n"
)
LAST_CHUNK = b"0\r\n\r\n"

PAUSE = 0.0002
"""Seconds after each event of a drip. The slowest reader needs half of that for an event."""


def payload(number: int) -> str:
    """Return the `data` of one event: one token with its metadata, about 250 bytes."""
    choice = {"index": 0, "delta": {"content": f" token{number}"}, "logprobs": None, "finish_reason": None}
    delta = {
        "id": "chatcmpl-0123456789abcdefghijklmnop",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "a-model-2026-01-01",
        "system_fingerprint": "fp_0123456789",
        "choices": [choice],
    }
    return json.dumps(delta)


def chunk(data: bytes) -> bytes:
    """Return data as one chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def serve(connection: socket.socket, events: list[bytes], dripped: int) -> None:
    """Read a request, and send the events at once or one by one."""
    with connection, contextlib.suppress(OSError):
        request = b""
        while b"\r\n\r\n" not in request:
            data = connection.recv(2**16)
            if not data:
                return
            request += data
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if request.startswith(b"GET /drip "):
            connection.sendall(HEAD)
            for event in events[:dripped]:
                connection.sendall(event)
                time.sleep(PAUSE)
            connection.sendall(LAST_CHUNK)
        else:
            connection.sendall(b"".join([HEAD, *events, LAST_CHUNK]))
        # Wait until the client closes: closing first may reset the connection before it has read everything.
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)


def main() -> None:
    """Build the events, print the port, and send them to every client."""
    count, dripped = map(int, sys.argv[1:])
    events = [chunk(f"data: {payload(number)}\n\n".encode()) for number in range(count)]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, events, dripped), daemon=True).start()


if __name__ == "__main__":
    main()
