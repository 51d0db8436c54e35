"""The code that the chat page shows: it is what runs, and it does what the standard says."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Callable

import pytest

from sse_transports.cli.demo._chat_server import tail_commands
from sse_transports.testing import Steps, vectors
from tests.browser.chat_page import DONE, WAYS, Page, quick_server, scripted_server, word_of_post
from tests.sse_transports.waiting import eventually


def test_fetch_sends_the_last_id_as_it_is_and_none_that_was_cleared(page: Callable[..., Page]) -> None:
    first = b"retry: 1\nid: \xe2\x82\xac\n" + word_of_post("a")
    with scripted_server([first], [b"id\n" + word_of_post("b")], [DONE]) as server:
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
def test_fetch_reads_and_repeats_nothing_that_is_no_stream(
    page: Callable[..., Page], status: int, steps: Steps
) -> None:
    with scripted_server(steps) as server:
        chat = page(server, "fetch")
        chat.ask("What is SSE?")
        chat.until_done()
        assert chat.steps() == ["connecting", "failed"]
        assert chat.texts(".note") == [f"No reply. {status}: no event stream."]


def test_fetch_does_not_take_an_event_of_another_kind_for_a_cut(page: Callable[..., Page]) -> None:
    with scripted_server([b'data: {"error":{}}\n\n' + word_of_post("a") + DONE]) as server:
        chat = page(server, "fetch")
        chat.ask("What is SSE?")
        chat.until_done()
        assert chat.steps() == ["connecting", "opened", "words", "ended"]
        assert chat.texts(".reply") == ["a"]


def test_the_code_that_is_shown_is_the_code_that_runs(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        assert chat.texts("#code") == [chat.run("return String(readWithEventSource)")]
        chat.click("input[value=fetch]")
        shown = chat.texts("#code")[0]
        for name in ("readWithFetch", "chunksOf", "EventStreamParser"):
            assert chat.run(f"return String({name})") in shown
        assert max(len(line) for line in shown.splitlines()) <= 95


def test_the_command_lines_that_are_shown_are_those_of_the_terminal(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        for way, line in zip(WAYS, tail_commands(server.url), strict=True):
            chat.click(f"input[value={way}]")
            ours, theirs = shlex.split(line), shlex.split(chat.texts("#command")[0])
            assert [word.replace(" ", "") for word in theirs] == [word.replace(" ", "") for word in ours]
        chat.ask("it's `$HOME`?")
        chat.until_done()
        assert '"content":"it\'s `$HOME`?"' in shlex.split(chat.texts("#command")[0])[-2]


def test_the_command_line_can_be_copied(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        chat.click("#copy")
        # Where a browser does not allow it, the line is selected.
        eventually(lambda: chat.texts("#copy") in (["Copied"], ["Selected"]), "that it is copied")


def test_the_parser_does_what_the_standard_says(page: Callable[..., Page]) -> None:
    streams = [
        {
            "chunks": [base64.b64encode(chunk).decode() for chunk in vector.chunks],
            "initial": vector.initial_last_event_id,
        }
        for vector in vectors()
    ]
    with quick_server() as server:
        found = page(server).run(PARSES, streams)
    for vector, ways in zip(vectors(), found, strict=True):
        events = [[event.event, event.data, event.id] for event in vector.events]
        # Numbers of this size are not exact in JavaScript, and larger ones are not told apart by us.
        retry = None if vector.retry is None else float(vector.retry)
        for cut, parsed in ways.items():
            seen_retry = None if parsed["retry"] == "null" else min(float(parsed["retry"]), 1e18)
            seen = parsed["events"], parsed["lastEventId"], seen_retry
            assert seen == (events, vector.last_event_id, retry), (vector.name, cut)


PARSES = """
const bytesOf = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
function parse(chunks, initial) {
  const parser = new EventStreamParser();
  parser.lastEventId = initial;
  parser.retry = null;
  parser.restart();
  const events = chunks.flatMap((chunk) => parser.feed(chunk));
  return {
    events: events.map((event) => [event.type, event.data, event.lastEventId]),
    lastEventId: parser.lastEventId,
    retry: String(parser.retry),
  };
}
return arguments[0].map(({ chunks, initial }) => {
  const cut = chunks.map(bytesOf);
  const whole = new Uint8Array(cut.flatMap((chunk) => [...chunk]));
  const found = {
    "as in its file": parse(cut, initial),
    "whole": parse([whole], initial),
    "byte by byte": parse([...whole].map((byte) => Uint8Array.of(byte)), initial),
  };
  for (let place = 1; place < Math.min(whole.length, 300); place++) {
    found[`cut behind byte ${place}`] = parse([whole.slice(0, place), whole.slice(place)], initial);
  }
  return found;
});
"""
