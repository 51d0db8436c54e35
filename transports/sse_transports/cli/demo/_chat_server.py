"""The server of `sse demo --serve`: the chat page, the chat, and a log line for each request."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from urllib.parse import quote

from ...testing import Call, SSEServer
from .._terminal import printable
from ._chat import DONE, PACE, RETRY, TOKEN, ChatService, path_of
from ._page import page
from ._terminal_demo import QUESTION


def chat_server(
    port: int, *, pace: float = PACE, retry: int = RETRY, log: Callable[[str], None] = lambda line: None
) -> SSEServer:
    """Return the server, not started yet. It listens on this machine only.

    The Host header is not checked, so a foreign page could read the replies by DNS rebinding. That does no
    harm: the replies are fixed texts, and the token is not a secret.

    Args:
        port: the port; 0 for any free one.
        pace: seconds between the words of a reply.
        retry: the reconnection time in milliseconds.
        log: called with a line about each request after its response.
    """

    def log_call(call: Call, outcome: str) -> None:
        resumed = f" (Last-Event-ID {call.last_event_id})" if call.last_event_id else ""
        log(printable(f"{call.method:<4} {path_of(call)}  {outcome}{resumed}"))

    chat = ChatService(pace=pace, retry=retry, log=log_call)
    headers, html = page()

    def answer(call: Call) -> None:
        if path_of(call) == "/" and call.method in ("GET", "HEAD"):
            body = html if call.method == "GET" else b""
            call.respond(200, [*headers, ("Content-Length", str(len(html)))], body)
            log_call(call, "200  the page")
        else:
            chat.answer(call)

    return SSEServer(answer, port=port, strict=False)


def tail_commands(url: str) -> tuple[str, str]:
    """Return two command lines that print the replies of the page in a terminal."""
    body = {"model": "demo", "stream": True, "messages": [{"role": "user", "content": QUESTION}]}
    by_get = ["sse", "tail", "--select", "text", "--until", DONE, f"{url}/reply?ask={quote(QUESTION)}"]
    by_post = [
        *("sse", "tail", "--select", "choices.0.delta.content", "--until", DONE, "--retry"),
        *("-H", f"Authorization: Bearer {TOKEN}", "-H", "Idempotency-Key: 1"),
        *("--json", json.dumps(body), f"{url}/v1/chat/completions"),
    ]
    return shlex.join(by_get), shlex.join(by_post)
