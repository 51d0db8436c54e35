"""The code that the chat page shows: it is the code that runs, and it follows the standard."""

from __future__ import annotations

import base64
import shlex
import subprocess
import sys
from collections.abc import Callable

import pytest

from sse_transports.cli.demo._chat_server import tail_commands
from sse_transports.cli.demo._replies import reply_to
from sse_transports.testing import Steps, vectors
from tests.browser.chat_page import DONE, READERS, Page, post_event, quick_server, scripted_server
from tests.cli.terminal import environment
from tests.sse_transports.waiting import eventually


def test_fetch_sends_the_last_id_unless_it_was_cleared(page: Callable[..., Page]) -> None:
    first = b"retry: 1\nid: \xe2\x82\xac\n" + post_event("a")
    with scripted_server([first], [b"id\n" + post_event("b")], [DONE]) as server:
        chat = page(server, "fetch")
        chat.ask("What is SSE?")
        chat.until_done()
        assert chat.texts(".reply") == ["ab"]
    assert [call.headers.get("last-event-id") for call in server.calls[1:]] == [None, b"\xe2\x82\xac", None]


@pytest.mark.parametrize(
    ("status", "steps"),
    [(204, [204]), (200, [{"Content-Type": "text/html"}, DONE]), (202, [202, DONE])],
    ids=["204", "another type", "202"],
)
def test_fetch_does_not_retry_without_an_event_stream(
    page: Callable[..., Page], status: int, steps: Steps
) -> None:
    with scripted_server(steps) as server:
        chat = page(server, "fetch")
        chat.ask("What is SSE?")
        chat.until_done()
        assert chat.steps() == ["connecting", "failed"]
        assert chat.texts(".note") == [f"No reply. {status}: not an event stream."]


def test_fetch_ignores_events_of_another_kind(page: Callable[..., Page]) -> None:
    with scripted_server([b'data: {"error":{}}\n\n' + post_event("a") + DONE]) as server:
        chat = page(server, "fetch")
        chat.ask("What is SSE?")
        chat.until_done()
        assert chat.steps() == ["connecting", "opened", "words", "ended"]
        assert chat.texts(".reply") == ["a"]


def test_shown_code_is_the_code_that_runs(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        assert chat.texts("#code") == [chat.run("return String(readWithEventSource)")]
        chat.click("input[value=fetch]")
        shown = chat.texts("#code")[0]
        for name in ("readWithFetch", "chunksOf", "EventStreamParser"):
            assert chat.run(f"return String({name})") in shown
        assert max(len(line) for line in shown.splitlines()) <= 95


def test_shown_command_lines_are_those_of_the_server(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        for reader, line in zip(READERS, tail_commands(server.url), strict=True):
            chat.click(f"input[value={reader}]")
            expected, shown = shlex.split(line), shlex.split(chat.texts("#command")[0])
            assert [word.replace(" ", "") for word in shown] == [word.replace(" ", "") for word in expected]
        chat.ask("it's `$HOME`?")
        chat.until_done()
        assert '"content":"it\'s `$HOME`?"' in shlex.split(chat.texts("#command")[0])[-2]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("question", ["What is SSE?", "it's \"\\ 你好\u2028?"])
def test_shown_program_prints_the_complete_reply(
    page: Callable[..., Page], reader: str, question: str
) -> None:
    with quick_server() as server:
        chat = page(server, reader)
        chat.click("input[value=python]")
        # Not typed, because a text field drops the line separator.
        chat.run("lastQuestion = arguments[0]; showCommand()", question)
        (program,) = chat.texts("#command")
        chat.click("input[value=terminal]")
        assert chat.texts("#command")[0].startswith("sse tail")
        run = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            env=environment({"PYTHONUTF8": "1"}),
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
    assert (run.returncode, run.stdout) == (0, reply_to(question))
    # The connection was lost once, which is logged, and resumed.
    assert run.stderr.count("\n") == 1
    assert [bool(call.last_event_id) for call in server.calls if call.path != "/"] == [False, True]


def test_command_line_can_be_copied(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        chat.click("#copy")
        # Without permission to copy, the line is selected.
        eventually(lambda: chat.texts("#copy") in (["Copied"], ["Selected"]), "that it is copied")


def test_parser_of_the_page_passes_all_vectors(page: Callable[..., Page]) -> None:
    streams = [
        {
            "chunks": [base64.b64encode(chunk).decode() for chunk in vector.chunks],
            "initial": vector.initial_last_event_id,
        }
        for vector in vectors()
    ]
    with quick_server() as server:
        found = page(server).run(PARSE, streams)
    for vector, results in zip(vectors(), found, strict=True):
        events = [[event.event, event.data, event.id] for event in vector.events]
        # Numbers of this size are not exact in JavaScript, so large ones are compared as equal.
        retry = None if vector.retry is None else float(vector.retry)
        for split, parsed in results.items():
            parsed_retry = None if parsed["retry"] == "null" else min(float(parsed["retry"]), 1e18)
            result = parsed["events"], parsed["lastEventId"], parsed_retry
            assert result == (events, vector.last_event_id, retry), (vector.name, split)


PARSE = """
const bytesOf = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
function parse(chunks, initial) {
  const parser = new EventStreamParser();
  parser.lastEventId = initial;
  parser.retry = null;
  parser.reset();
  const events = chunks.flatMap((chunk) => parser.feed(chunk));
  return {
    events: events.map((event) => [event.type, event.data, event.lastEventId]),
    lastEventId: parser.lastEventId,
    retry: String(parser.retry),
  };
}
return arguments[0].map(({ chunks, initial }) => {
  const split = chunks.map(bytesOf);
  const whole = new Uint8Array(split.flatMap((chunk) => [...chunk]));
  const found = {
    "as in the vector": parse(split, initial),
    "whole": parse([whole], initial),
    "byte by byte": parse([...whole].map((byte) => Uint8Array.of(byte)), initial),
  };
  for (let at = 1; at < Math.min(whole.length, 300); at++) {
    found[`split after byte ${at}`] = parse([whole.slice(0, at), whole.slice(at)], initial);
  }
  return found;
});
"""
