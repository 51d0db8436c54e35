"""The server behind `sse demo --serve`: the chat page, the chat, and a line for each request."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from urllib.parse import quote

from ...testing import Call, SSEServer
from .._terminal import printable
from ._chat import DONE, PACE, RETRY, TOKEN, ChatService, path_of
from ._page import page
from ._scenes import QUESTION


def chat_server(
    port: int, *, pace: float = PACE, retry: int = RETRY, tell: Callable[[str], None] = lambda line: None
) -> SSEServer:
    """Return the server, not entered yet. It listens on this machine only.

    A page from elsewhere whose name was made to point to this machine could read the replies, too: they
    are canned, and the token is no secret, so the request's Host is not looked at.

    Args:
        port: the port; 0 for any that is free.
        pace: seconds between the words of a reply.
        retry: milliseconds after which clients are to come back when they were cut.
        tell: called with a line about each request, once it is over.
    """

    def tell_of(call: Call, outcome: str) -> None:
        since = f" (Last-Event-ID {call.last_event_id})" if call.last_event_id else ""
        tell(printable(f"{call.method:<4} {path_of(call)}  {outcome}{since}"))

    chat = ChatService(pace=pace, retry=retry, tell=tell_of)
    fields, html = page()

    def answer(call: Call) -> None:
        if path_of(call) == "/" and call.method in ("GET", "HEAD"):
            body = html if call.method == "GET" else b""
            call.respond(200, [*fields, ("Content-Length", str(len(html)))], body)
            tell_of(call, "200  the page")
        else:
            chat.answer(call)

    return SSEServer(answer, port=port, strict=False)


def tail_commands(url: str) -> tuple[str, str]:
    """Return the two command lines that print in a terminal what the page shows."""
    body = {"model": "demo", "stream": True, "messages": [{"role": "user", "content": QUESTION}]}
    by_get = ["sse", "tail", "--select", "text", "--until", DONE, f"{url}/reply?ask={quote(QUESTION)}"]
    by_post = [
        *("sse", "tail", "--select", "choices.0.delta.content", "--until", DONE, "--retry"),
        *("-H", f"Authorization: Bearer {TOKEN}", "-H", "Idempotency-Key: 1"),
        *("--json", json.dumps(body), f"{url}/v1/chat/completions"),
    ]
    return shlex.join(by_get), shlex.join(by_post)
