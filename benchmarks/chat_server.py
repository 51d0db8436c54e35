"""Serve a model's replies over HTTP/1.1 and HTTP/2, without TLS: the server of `chat_speed.py`.

`chat_server.py EVENTS DRIPPED` prints its port, and serves until it is killed. `POST /burst/...` is answered
with EVENTS pieces of text as fast as the client reads them, `POST /drip/...` with DRIPPED of them, one at a
time. The path goes on as that of OpenAI's or of Anthropic's API. hypercorn takes both protocols on one port:
HTTP/2 from clients that begin with it ("prior knowledge").
"""

from __future__ import annotations

import asyncio
import selectors
import socket
import sys
from collections.abc import AsyncIterator

from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from benchmarks.chat_replies import BATCH, Stream, chat_completion, message

PAUSE = 0.0002
"""Seconds from one event of a drip to the next, at least. Most readers need less than half of that."""


async def parts(stream: Stream, *, dripped: bool) -> AsyncIterator[bytes]:
    """Yield what is sent together, and wait between the events of a drip."""
    if not dripped:
        for start in range(0, len(stream.events), BATCH):
            yield b"".join(stream.events[start : start + BATCH])
        return
    clock = asyncio.get_running_loop().time
    for event in stream.events:
        sent = clock()
        yield event
        # Counted from this event, not from when it was due: no two come together after a wait that was long.
        await asyncio.sleep(sent + PAUSE - clock())


class Application:
    """The ASGI application."""

    def __init__(self, events: int, dripped: int) -> None:
        counts = {"burst": events, "drip": dripped}
        self._streams = {
            f"/{shape}/{path}": make(count)
            for shape, count in counts.items()
            for path, make in (("v1/chat/completions", chat_completion), ("v1/messages", message))
        }

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        while (event := await receive())["type"] == "http.request" and event["more_body"]:
            pass
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"text/event-stream; charset=utf-8")],
            }
        )
        async for part in parts(self._streams[path], dripped=path.startswith("/drip/")):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def main() -> None:
    """Build the replies, print the port, and serve."""
    application = Application(*map(int, sys.argv[1:]))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = Config()
        config.bind = [f"fd://{listener.fileno()}"]
        config.errorlog = None
        config.keep_alive_timeout = 3600
        print(listener.getsockname()[1], flush=True)
        await serve(application, config, shutdown_trigger=asyncio.Event().wait)


if __name__ == "__main__":
    # The loop's default selector waits for whole milliseconds; `select` does not round.
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        runner.run(main())
