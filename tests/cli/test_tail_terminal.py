"""`sse tail` on a terminal: colors, the log of connection changes, Ctrl-C in every state."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from sse_core import Comment, Event
from sse_transports.cli._exit_codes import ExitCode
from sse_transports.testing import Cut, NoAnswer, SSEServer, Stall
from tests.cli.terminal import Terminal

if TYPE_CHECKING:
    from sse_transports.testing import Steps

FEED: list[Steps] = [
    [b"retry: 1\n\n", Comment("beat"), Event('{"a": "x"}', event="price", id="1"), b"data: half", Cut()],
    [Event('{"a": "y"}', event="price", id="2")],
    [204],
]


def test_events_are_colored_and_drops_are_dim() -> None:
    with SSEServer(FEED) as server, Terminal("tail", server.url, columns=200) as terminal:
        assert terminal.finish() == ExitCode.ENDED
    assert "\x1b[1;36mprice\x1b[0m  \x1b[2mid 1\x1b[0m  " in terminal.screen
    assert '\x1b[34m"a"\x1b[0m: \x1b[32m"x"\x1b[0m' in terminal.screen
    assert "\x1b[2msse: lost (inside an event: 10 bytes dropped" in terminal.screen
    first, lost, second, ended = terminal.text.splitlines()
    assert first == 'price  id 1  {"a": "x"}'
    assert lost.startswith("sse: lost (")
    assert lost.endswith(" s")
    assert second == 'price  id 2  {"a": "y"}'
    assert ended.startswith("sse: ended (by the server), waiting 0.")


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_color_and_dumb_terminals_get_no_colors(env: dict[str, str]) -> None:
    with SSEServer(FEED) as server, Terminal("tail", server.url, columns=200, env=env) as terminal:
        assert terminal.finish() == ExitCode.ENDED
    assert 'price  id 1  {"a": "x"}\n' in terminal.text
    # NO_COLOR allows bold and dim text.
    assert set(re.findall(r"\x1b\[(.*?)m", terminal.screen)) <= {"0", "1", "2"}


def test_verbose_logs_all_changes_and_no_secret() -> None:
    with SSEServer(FEED) as server:
        url = server.url.replace("//", "//user:hidden@") + "/feed?key=hidden"
        arguments = ("tail", url, "-v", "-H", "X-Api-Key: hidden")
        with Terminal(*arguments, columns=200) as terminal:
            assert terminal.finish() == ExitCode.ENDED
        assert b"hidden" in server.calls[0].headers["x-api-key"]
        assert "key=hidden" in server.calls[0].path
    lines = [line.partition("│ ")[2].split()[0] for line in terminal.text.splitlines() if "│ " in line]
    assert lines == [
        *("connecting", "opened", "lost", "waiting"),
        *("connecting", "resumed", "ended", "waiting"),
        *("connecting", "closed"),
    ]
    assert "connecting " + server.url + "/feed?… after event 1" in " ".join(terminal.text.split())
    assert "\n: beat\n" in terminal.text
    assert "hidden" not in terminal.text


def test_log_goes_to_standard_error() -> None:
    reader, writer = os.pipe()
    with SSEServer(FEED) as server, Terminal("tail", server.url, "-v", output=writer) as terminal:
        os.close(writer)
        assert terminal.finish() == ExitCode.ENDED
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read().count(b"\n") == 2
    assert "resumed" in terminal.text
    assert "price" not in terminal.text


def test_log_does_not_interrupt_a_line_of_text() -> None:
    script: list[Steps] = [
        [b"retry: 1\n\n", Event('{"a": "Nothing"}', id="1"), Cut()],
        [Event('{"a": " lost"}', id="2")],
        [204],
    ]
    with SSEServer(script) as server, Terminal("tail", server.url, "--select", "a") as terminal:
        assert terminal.finish() == ExitCode.ENDED
    lines = terminal.text.splitlines()
    assert lines[0] == "Nothing"
    assert lines[1].startswith("sse: lost (")
    assert lines[2] == " lost"
    assert lines[3].startswith("sse: ended (")
    # The last line is not ended a second time.
    assert len(lines) == 4


@pytest.mark.parametrize(
    "how",
    [*(["--format", kind] for kind in ("pretty", "json", "data", "raw")), ["--select", "a"]],
    ids=lambda how: how[1],
)
def test_server_text_is_escaped_in_every_format(how: list[str]) -> None:
    evil = "\x1b[2J\x9b2J\x07\u202e"
    event = Event(json.dumps({"a": evil}, ensure_ascii=False) + evil * ("--select" not in how), evil, evil)
    with (
        SSEServer([[Comment(evil), event, Event("[DONE]")]]) as server,
        Terminal("tail", server.url, "--comments", "--until", "[DONE]", *how) as terminal,
    ):
        assert terminal.finish() == ExitCode.ENDED
    # The only escape sequences are those of our colors.
    assert re.findall(r"\x1b(?!\[[\d;]*m)|[\x9b\x07\u202e]", terminal.screen) == []
    assert "[2J" in terminal.text


@pytest.mark.parametrize(
    ("script", "until"),
    [
        ([[NoAnswer()]], "connecting"),
        ([[Event("a"), Stall()]], "message"),
        ([[503, {"Retry-After": "20"}]], "waiting"),
    ],
    ids=["connecting", "reading", "waiting"],
)
def test_ctrl_c_in_every_state_is_quiet(script: list[Steps], until: str) -> None:
    with SSEServer(script) as server, Terminal("tail", server.url, "-v") as terminal:
        terminal.until(until)
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    assert "Traceback" not in terminal.text
    assert "sse:" not in terminal.text
    last = terminal.text.splitlines()[-1]
    assert "^C" in last or "closed" in last


def test_ctrl_c_in_a_line_ends_the_line() -> None:
    script: list[Steps] = [[Event('{"a": "Nothing is"}'), Stall()]]
    with SSEServer(script) as server, Terminal("tail", server.url, "--select", "a") as terminal:
        terminal.until("Nothing is")
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    assert terminal.text == "Nothing is^C\n"


def test_ctrl_c_while_reading_standard_input() -> None:
    with Terminal("tail", "-") as terminal:
        terminal.press(b"data: typed\n\n")
        terminal.until("message  typed")
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    assert terminal.text.endswith("message  typed\n^C")


@pytest.mark.parametrize(
    "text", ["50\u202f%\xa0!", "\u3000全角", "👩\u200d🚀", "\u0645\u06cc\u200c\u0634", "\U0001fae8"]
)
def test_spaces_and_joiners_are_not_escaped(text: str) -> None:
    with SSEServer([[Event(text, id="1")], [204]]) as server, Terminal("tail", server.url) as terminal:
        terminal.finish()
    assert f"message  id 1  {text}\n" in terminal.text


def test_invisible_and_bidi_characters_are_escaped() -> None:
    hostile = "\x9b31m\u202e\u2028\u200f\ufeff\U000e0041"
    with SSEServer([[Event(hostile)], [204]]) as server, Terminal("tail", server.url) as terminal:
        terminal.finish()
    assert "\\x9b31m\\u202e\\u2028\\u200f\\ufeff\\U000e0041\n" in terminal.text
