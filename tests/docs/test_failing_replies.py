"""Examples that read a reply raise an error if it failed, with the message of the server."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from sse_core import Event
from sse_transports.testing import Cut
from tests.docs.blocks import BLOCKS
from tests.docs.programs import Hosts, missing_packages, run_block
from tests.docs.service import delta, failing, finish

if TYPE_CHECKING:
    from pathlib import Path

    from sse_transports.testing import Steps
    from tests.docs.blocks import Block

PAGES = {"README.md", "docs/how-to/stream-chatgpt-replies.md", "docs/how-to/use-in-a-notebook.md"}
MESSAGE = "The server is overloaded"


def event(kind: str, **fields: object) -> Event:
    """Return an event whose data repeats its type."""
    return Event(json.dumps({"type": kind, **fields}), event=kind)


ERROR = json.dumps({"error": {"message": MESSAGE, "type": "server_error", "code": None}})
CHUNK = delta(role="assistant", content="Hel")
CREATED = event("response.created", sequence_number=0, response={"id": "resp_1"})
WORD = event("response.output_text.delta", sequence_number=1, delta="Hel")
FAILED = {"id": "resp_1", "error": {"code": "server_error", "message": MESSAGE}}
TEXT = event("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hel"})
STOPPED = event("message_delta", delta={"stop_reason": "max_tokens"}, usage={"output_tokens": 3})
REPLIES: dict[str, dict[str, tuple[Steps, str]]] = {
    "/v1/chat/completions": {
        "error object": ([CHUNK, Event(ERROR), Event("[DONE]")], MESSAGE),
        "error event": ([CHUNK, Event(ERROR, event="error")], MESSAGE),
        "limit of tokens": ([CHUNK, finish("length"), Event("[DONE]")], "length"),
        "content filter": ([CHUNK, finish("content_filter"), Event("[DONE]")], "content_filter"),
        "no end": ([CHUNK], "IncompleteStream"),
        "lost connection": ([CHUNK, b'data: {"choi', Cut()], "IncompleteStream"),
    },
    "/v1/responses": {
        "error event": ([CREATED, WORD, event("error", message=MESSAGE)], MESSAGE),
        "failed response": ([CREATED, WORD, event("response.failed", response=FAILED)], MESSAGE),
        "no end": ([WORD], "ended before the response was complete"),
        "lost connection": ([WORD, b"event: respo", Cut()], "IncompleteStream"),
    },
    "/v1/messages": {
        "error event": (
            [TEXT, event("error", error={"type": "overloaded_error", "message": MESSAGE})],
            MESSAGE,
        ),
        "limit of tokens": ([TEXT, STOPPED, event("message_stop")], "max_tokens"),
        "no end": ([TEXT], "IncompleteStream"),
        "lost connection": ([TEXT, b"event: messa", Cut()], "IncompleteStream"),
    },
}
"""By the path of the API: what the server sends, and what the error must say."""


def path_of(block: Block) -> str:
    """Return the path of the API that a block calls, or ""."""
    found = re.search(r'"https://api\.example\.com(/v1/[\w/]+)"', block.text)
    return found[1] if found and block.language == "python" and block.page in PAGES else ""


CASES = [(block, reply) for block in BLOCKS for reply in REPLIES.get(path_of(block), ())]


def test_each_page_and_each_api_has_an_example() -> None:
    assert {block.page for block, _ in CASES} == PAGES
    assert {path_of(block) for block, _ in CASES} == set(REPLIES)


@pytest.mark.parametrize(("block", "reply"), CASES, ids=str)
def test_failure_is_an_error_with_its_cause(block: Block, reply: str, tmp_path: Path) -> None:
    if missing := missing_packages(block):
        pytest.skip(f"not installed: {', '.join(missing)}")
    steps, message = REPLIES[path_of(block)][reply]
    with Hosts(tmp_path, failing(steps)) as hosts:
        done = run_block(block, tmp_path, hosts, "asyncio")
    assert done.returncode != 0
    assert message in done.stderr
