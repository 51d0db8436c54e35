"""The chat of the demo read by `sse tail`, by GET and by POST: the same text as on the page."""

from __future__ import annotations

import re
import shlex

import pytest

from sse_transports.cli._exit_codes import ExitCode
from sse_transports.cli.demo._chat_server import chat_server, tail_commands
from sse_transports.cli.demo._replies import reply_to
from sse_transports.cli.demo._terminal_demo import QUESTION
from tests.cli.terminal import Terminal, sse


@pytest.mark.parametrize("index", [0, 1], ids=["by GET", "by POST"])
def test_shown_command_prints_the_complete_reply(index: int) -> None:
    with chat_server(0, pace=0, retry=20) as server:
        command = shlex.split(tail_commands(server.url)[index])
        run = sse(*command[1:])
    assert run.code == ExitCode.ENDED
    assert run.output == f"{reply_to(QUESTION)}\n"
    assert [bool(call.last_event_id) for call in server.calls] == [False, True]


@pytest.mark.parametrize("index", [0, 1], ids=["by GET", "by POST"])
def test_shown_command_prints_the_same_on_a_terminal(index: int) -> None:
    with chat_server(0, pace=0, retry=20) as server:
        command = shlex.split(tail_commands(server.url)[index])
        with Terminal(*command[1:], columns=400) as terminal:
            assert terminal.finish() == ExitCode.ENDED
    # On a terminal, the lost connection is reported in a line of its own.
    text, cuts = re.subn(r"\nsse: lost .*\n", "", terminal.text)
    assert (text, cuts) == (f"{reply_to(QUESTION)}\n", 1)
