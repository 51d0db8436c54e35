"""A forwarding proxy, as a handler of `SSEServer`: forwards requests for http, tunnels for https."""

from __future__ import annotations

import contextlib
import selectors
import socket
from urllib.parse import urlsplit

from sse_transports.testing import Call

READ_SIZE = 2**16


def forward(call: Call) -> None:
    """Handle one request of a client."""
    if call.method == "CONNECT":
        tunnel(call)
    else:
        forward_request(call)


def tunnel(call: Call) -> None:
    """Connect the client with the server it names, and relay all bytes."""
    host, _, port = call.path.rpartition(":")
    with socket.create_connection((host, int(port))) as server:
        call.send(b"HTTP/1.1 200 Connected\r\n\r\n")
        _relay(call._connection, server)


def forward_request(call: Call) -> None:
    """Send the client's request to the server it names, without the headers for the proxy."""
    target = urlsplit(call.path)
    fields = {name: value for name, value in call.headers.items() if not name.startswith("proxy-")}
    lines = [f"{call.method} {target.path or '/'} HTTP/1.1".encode()]
    lines += [name.encode() + b": " + value for name, value in fields.items()]
    with socket.create_connection((target.hostname or "", target.port or 80)) as server:
        server.sendall(b"\r\n".join([*lines, b"", call.body]))
        _relay(call._connection, server)


def _relay(client: socket.socket, server: socket.socket) -> None:
    """Relay bytes in both directions, until one side ends."""
    with selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
        selector.register(client, selectors.EVENT_READ, (client, server))
        selector.register(server, selectors.EVENT_READ, (server, client))
        while True:
            for key, _ in selector.select():
                source, destination = key.data
                data = source.recv(READ_SIZE)
                if not data:
                    return
                destination.sendall(data)
