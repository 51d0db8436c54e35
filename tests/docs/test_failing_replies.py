"""Examples that read a reply raise an error if it failed, with the message of the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sse_core import Event
from sse_transports.testing import Cut
from tests.docs.blocks import BLOCKS
from tests.docs.programs import Hosts, missing_packages, run_block
from tests.docs.service import delta, failing

if TYPE_CHECKING:
    from pathlib import Path

    from sse_transports.testing import Steps
    from tests.docs.blocks import Block

MESSAGE = "The server is overloaded"
ERROR = json.dumps({"error": {"message": MESSAGE, "type": "server_error", "code": None}})
FIRST = delta(role="assistant", content="Hel")
REPLIES: dict[str, tuple[Steps, str]] = {
    "error object": ([FIRST, Event(ERROR), Event("[DONE]")], MESSAGE),
    "error event": ([FIRST, Event(ERROR, event="error")], MESSAGE),
    "no [DONE]": ([FIRST], "IncompleteStream"),
    "lost connection": ([FIRST, b'data: {"choi', Cut()], "IncompleteStream"),
}
"""What the server sends, and what the error must say."""

PAGES = {"README.md", "docs/how-to/stream-chatgpt-replies.md", "docs/how-to/use-in-a-notebook.md"}
COMPLETIONS = [
    block
    for block in BLOCKS
    if block.page in PAGES
    and block.language == "python"
    and "https://api.example.com/v1/chat/completions" in block.text
]


def test_there_are_such_examples() -> None:
    assert {block.page for block in COMPLETIONS} == PAGES


@pytest.mark.parametrize("block", COMPLETIONS, ids=str)
@pytest.mark.parametrize("reply", REPLIES)
def test_failure_is_an_error_with_its_cause(block: Block, reply: str, tmp_path: Path) -> None:
    if missing := missing_packages(block):
        pytest.skip(f"not installed: {', '.join(missing)}")
    steps, message = REPLIES[reply]
    with Hosts(tmp_path, failing(steps)) as hosts:
        done = run_block(block, tmp_path, hosts, "asyncio")
    assert done.returncode != 0
    assert message in done.stderr
