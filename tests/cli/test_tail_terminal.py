"""`sse tail` in a terminal: colours, the timeline, trouble, Ctrl-C at each moment."""

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


def test_events_are_shown_in_colours_and_trouble_in_a_dim_line() -> None:
    with SSEServer(FEED) as server, Terminal("tail", server.url, columns=200) as terminal:
        assert terminal.finish() == ExitCode.ENDED
    assert "\x1b[1;36mprice\x1b[0m  \x1b[2mid 1\x1b[0m  " in terminal.screen
    assert '\x1b[34m"a"\x1b[0m: \x1b[32m"x"\x1b[0m' in terminal.screen
    assert "\x1b[2msse: cut (inside an event, of which 10 bytes are dropped" in terminal.screen
    first, cut, second, ended = terminal.text.splitlines()
    assert first == 'price  id 1  {"a": "x"}'
    assert cut.startswith("sse: cut (")
    assert cut.endswith(" s")
    assert second == 'price  id 2  {"a": "y"}'
    assert ended.startswith("sse: ended (by the server), waiting 0.")


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_there_are_no_colours_where_none_are_wanted(env: dict[str, str]) -> None:
    with SSEServer(FEED) as server, Terminal("tail", server.url, columns=200, env=env) as terminal:
        assert terminal.finish() == ExitCode.ENDED
    assert 'price  id 1  {"a": "x"}\n' in terminal.text
    # NO_COLOR has nothing against letters that are bold or dim.
    assert set(re.findall(r"\x1b\[(.*?)m", terminal.screen)) <= {"0", "1", "2"}


def test_the_timeline_tells_all_that_happens_and_no_secret() -> None:
    with SSEServer(FEED) as server:
        url = server.url.replace("//", "//user:hidden@") + "/feed?key=hidden"
        arguments = ("tail", url, "-v", "-H", "X-Api-Key: hidden")
        with Terminal(*arguments, columns=200) as terminal:
            assert terminal.finish() == ExitCode.ENDED
        assert b"hidden" in server.calls[0].headers["x-api-key"]
        assert "key=hidden" in server.calls[0].path
    lines = [line.partition("│ ")[2].split()[0] for line in terminal.text.splitlines() if "│ " in line]
    assert lines == [
        *("connecting", "opened", "cut", "waiting"),
        *("connecting", "resumed", "ended", "waiting"),
        *("connecting", "closed"),
    ]
    assert "connecting " + server.url + "/feed?… behind event 1" in " ".join(terminal.text.split())
    assert "\n: beat\n" in terminal.text
    assert "hidden" not in terminal.text


def test_the_timeline_goes_where_the_result_does_not() -> None:
    ours, theirs = os.pipe()
    with SSEServer(FEED) as server, Terminal("tail", server.url, "-v", output=theirs) as terminal:
        os.close(theirs)
        assert terminal.finish() == ExitCode.ENDED
    with os.fdopen(ours, "rb") as pipe:
        assert pipe.read().count(b"\n") == 2
    assert "resumed" in terminal.text
    assert "price" not in terminal.text


def test_trouble_does_not_stand_in_the_middle_of_a_text() -> None:
    script: list[Steps] = [
        [b"retry: 1\n\n", Event('{"a": "Nothing"}', id="1"), Cut()],
        [Event('{"a": " lost"}', id="2")],
        [204],
    ]
    with SSEServer(script) as server, Terminal("tail", server.url, "--select", "a") as terminal:
        assert terminal.finish() == ExitCode.ENDED
    lines = terminal.text.splitlines()
    assert lines[0] == "Nothing"
    assert lines[1].startswith("sse: cut (")
    assert lines[2] == " lost"
    assert lines[3].startswith("sse: ended (")
    # Nor is the line ended a second time.
    assert len(lines) == 4


@pytest.mark.parametrize(
    "how",
    [*(["--format", kind] for kind in ("pretty", "json", "data", "raw")), ["--select", "a"]],
    ids=lambda how: how[1],
)
def test_what_a_server_sends_does_not_steer_the_terminal(how: list[str]) -> None:
    evil = "\x1b[2J\x9b2J\x07\u202e"
    event = Event(json.dumps({"a": evil}, ensure_ascii=False) + evil * ("--select" not in how), evil, evil)
    with (
        SSEServer([[Comment(evil), event, Event("[DONE]")]]) as server,
        Terminal("tail", server.url, "--comments", "--until", "[DONE]", *how) as terminal,
    ):
        assert terminal.finish() == ExitCode.ENDED
    # The sequences of our own colours are the only ones.
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
def test_ctrl_c_ends_it_quietly_whatever_it_does(script: list[Steps], until: str) -> None:
    with SSEServer(script) as server, Terminal("tail", server.url, "-v") as terminal:
        terminal.until(until)
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    assert "Traceback" not in terminal.text
    assert "sse:" not in terminal.text
    last = terminal.text.splitlines()[-1]
    assert "^C" in last or "closed" in last


def test_ctrl_c_in_the_middle_of_a_line_ends_the_line() -> None:
    script: list[Steps] = [[Event('{"a": "Nothing is"}'), Stall()]]
    with SSEServer(script) as server, Terminal("tail", server.url, "--select", "a") as terminal:
        terminal.until("Nothing is")
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    assert terminal.text == "Nothing is^C\n"


def test_ctrl_c_while_standard_input_is_read() -> None:
    with Terminal("tail", "-") as terminal:
        terminal.press(b"data: typed\n\n")
        terminal.until("message  typed")
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    assert terminal.text.endswith("message  typed\n^C")


@pytest.mark.parametrize(
    "text", ["50\u202f%\xa0!", "\u3000全角", "👩\u200d🚀", "\u0645\u06cc\u200c\u0634", "\U0001fae8"]
)
def test_spaces_and_joiners_of_real_text_are_shown_as_they_are(text: str) -> None:
    with SSEServer([[Event(text, id="1")], [204]]) as server, Terminal("tail", server.url) as terminal:
        terminal.finish()
    assert f"message  id 1  {text}\n" in terminal.text


def test_what_could_turn_or_hide_text_is_not_obeyed() -> None:
    hostile = "\x9b31m\u202e\u2028\u200f\ufeff\U000e0041"
    with SSEServer([[Event(hostile)], [204]]) as server, Terminal("tail", server.url) as terminal:
        terminal.finish()
    assert "\\x9b31m\\u202e\\u2028\\u200f\\ufeff\\U000e0041\n" in terminal.text
