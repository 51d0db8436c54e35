"""Serve short replies of a model over TLS, many on one connection: the server of `first_event.py`.

`reply_server.py FOLDER` writes the certificate authority to FOLDER/ca.pem, prints its port, and serves until
it is killed. The data of each event is the number of the connection; of the last one, `END`.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import sys
from itertools import count
from pathlib import Path

import trustme

from benchmarks.feed_server import LAST_CHUNK, chunk

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

END = "[DONE]"

TOKENS = 5
"""How many events a reply has before `END`."""

PAUSE = 0.001
"""Seconds between two of them."""

find_length = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE).search

connections = count(1)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    event = chunk(b"data: %d\n\n" % next(connections))
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
        while True:
            length = find_length(await reader.readuntil(b"\r\n\r\n"))
            assert length is not None
            await reader.readexactly(int(length[1]))
            writer.write(HEAD)
            for _ in range(TOKENS):
                writer.write(event)
                await asyncio.sleep(PAUSE)
            writer.write(chunk(f"data: {END}\n\n".encode()) + LAST_CHUNK)
    writer.close()


async def main() -> None:
    """Write the certificate authority, print the port, and serve."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(Path(sys.argv[1], "ca.pem")))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
