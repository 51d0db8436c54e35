"""A forwarding proxy, as a handler of `SSEServer`: requests for http, tunnels for https."""

from __future__ import annotations

import contextlib
import selectors
import socket
from urllib.parse import urlsplit

from sse_transports.testing import Call

PIECE = 2**16


def forward(call: Call) -> None:
    """Do what the client asks of a proxy."""
    if call.method == "CONNECT":
        tunnel(call)
    else:
        pass_on(call)


def tunnel(call: Call) -> None:
    """Connect the client with the server it names, and pass on all bytes."""
    host, _, port = call.path.rpartition(":")
    with socket.create_connection((host, int(port))) as server:
        call.send(b"HTTP/1.1 200 Connected\r\n\r\n")
        _pump(call._connection, server)


def pass_on(call: Call) -> None:
    """Send the client's request to the server it names, without what is meant for the proxy."""
    place = urlsplit(call.path)
    fields = {name: value for name, value in call.headers.items() if not name.startswith("proxy-")}
    lines = [f"{call.method} {place.path or '/'} HTTP/1.1".encode()]
    lines += [name.encode() + b": " + value for name, value in fields.items()]
    with socket.create_connection((place.hostname or "", place.port or 80)) as server:
        server.sendall(b"\r\n".join([*lines, b"", call.body]))
        _pump(call._connection, server)


def _pump(client: socket.socket, server: socket.socket) -> None:
    """Pass bytes on, both ways, until one side ends."""
    with selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
        selector.register(client, selectors.EVENT_READ, (client, server))
        selector.register(server, selectors.EVENT_READ, (server, client))
        while True:
            for key, _ in selector.select():
                source, target = key.data
                data = source.recv(PIECE)
                if not data:
                    return
                target.sendall(data)
