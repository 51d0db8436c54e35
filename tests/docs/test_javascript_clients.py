"""JavaScript clients lose what `eventsource-fetch-axios-in-python.md` says. Runs them in Node."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from sse_core import Event
from sse_transports.testing import Call, SSEServer
from tests.docs.javascript import PACKAGES, require_node, run_javascript

if TYPE_CHECKING:
    from pathlib import Path

    from sse_transports.testing import Steps

    Answer = Callable[[Call], Steps | None]

# How each client reads a stream: a line for each event, and one for the end. It stops after 20 errors.
CLIENTS = {
    "eventsource": """
        import { EventSource } from "eventsource";
        const source = new EventSource(url);
        source.onmessage = (event) => {
          console.log(event.lastEventId, event.data);
          if (event.data === "end") source.close();
        };
        let errors = 0;
        source.onerror = (error) => {
          if (source.readyState === source.CLOSED) console.log("closed", error.code);
          else if (++errors === 20) process.exit();
        };
    """,
    "fetch-event-source": """
        import { fetchEventSource } from "@microsoft/fetch-event-source";
        let errors = 0;
        const options = {
          method,
          onmessage(event) { console.log(event.id, event.data); },
          onerror(error) {
            if (++errors === 20) throw error;
            return wait;
          },
        };
        if (ownOnOpen) options.onopen = async () => {};
        const end = fetchEventSource(url, options);
        await end.then(() => console.log("resolved"), () => console.log("rejected"));
    """,
    "axios": """
        import axios from "axios";
        try {
          const response = await axios({ url, method, responseType: "stream" });
          for await (const chunk of response.data) console.log(String(chunk).trim());
          console.log("the loop ended");
        } catch (error) {
          console.log("error", error.response?.status ?? error.code);
        }
    """,
}


class Outcome:
    """What a client printed, and the requests that it sent: method and last event ID."""

    def __init__(self, printed: str, calls: list[Call]) -> None:
        self.printed = printed.splitlines()
        self.requests = [(call.method, call.last_event_id) for call in calls]


def read(
    client: str,
    answer: Answer,
    folder: Path,
    *,
    method: str = "GET",
    own_onopen: bool = False,
    wait: int | None = None,
) -> Outcome:
    """Let a client read a stream. `wait` is what `onerror` of fetch-event-source returns."""
    with SSEServer(answer, strict=False) as server:
        values = {"url": server.url, "method": method, "ownOnOpen": own_onopen, "wait": wait}
        constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())
        done = run_javascript(constants + CLIENTS[client], folder, dict(os.environ))
        assert done.returncode == 0, done.stderr
        return Outcome(done.stdout, server.calls)


def body(call: Call, *chunks: bytes, connection: str = "keep-alive") -> None:
    """Send the start of a body; when the function that answers returns, the connection is lost."""
    headers = [
        ("Content-Type", "text/event-stream"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", connection),
    ]
    call.respond(200, headers)
    for chunk in chunks:
        call.chunk(chunk)


def lost_inside_an_event(call: Call) -> Steps | None:
    """Lose the connection inside the second event. Then send what follows the ID that the client has."""
    if call.number == 0:
        body(call, b"retry: 20\n\n", b"id: 1\ndata: one\n\n", b"id: 2\ndata: tw")
        return None
    two = [] if call.last_event_id == "2" else [Event("two", id="2")]
    return [*two, Event("end", id="3")]


def ends_inside_an_event(call: Call) -> Steps:
    if call.number == 0:
        return [b"retry: 20\n\n", b"id: 1\ndata: one\n\n", b"id: 2\ndata: tw"]
    return [Event("end")]


def status(code: int) -> Answer:
    """Answer with a status and JSON, and after some attempts with an event."""

    def answer(call: Call) -> Steps:
        if call.number < 3:
            return [code, {"Content-Type": "application/json"}, b'{"error": "no"}']
        return [Event("end")]

    return answer


@pytest.fixture(autouse=True)
def node() -> str:
    return require_node()


def test_page_names_the_versions() -> None:
    from tests.docs.blocks import ROOT

    page = (ROOT / "docs/how-to/eventsource-fetch-axios-in-python.md").read_text(encoding="utf-8")
    for package, version in PACKAGES.items():
        assert f"{package.rpartition('/')[2]} {version}" in page


def test_eventsource_resumes_after_the_last_complete_event(tmp_path: Path) -> None:
    outcome = read("eventsource", lost_inside_an_event, tmp_path)
    assert outcome.printed == ["1 one", "2 two", "3 end"]
    assert outcome.requests == [("GET", ""), ("GET", "1")]


def test_fetch_event_source_loses_the_event_whose_id_it_took(tmp_path: Path) -> None:
    outcome = read("fetch-event-source", lost_inside_an_event, tmp_path)
    assert outcome.requests == [("GET", ""), ("GET", "2")]
    assert outcome.printed[-3:] == ["1 one", "3 end", "resolved"]


def test_fetch_event_source_sends_a_post_again(tmp_path: Path) -> None:
    outcome = read("fetch-event-source", lost_inside_an_event, tmp_path, method="POST")
    assert [method for method, _ in outcome.requests] == ["POST", "POST"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_axios_raises_an_error_for_a_lost_connection(method: str, tmp_path: Path) -> None:
    outcome = read("axios", lost_inside_an_event, tmp_path, method=method)
    assert outcome.printed[-1] == "error ECONNRESET"
    assert len(outcome.requests) == 1


def test_eventsource_reconnects_when_a_stream_ends_inside_an_event(tmp_path: Path) -> None:
    assert read("eventsource", ends_inside_an_event, tmp_path).requests == [("GET", ""), ("GET", "1")]


def test_fetch_event_source_takes_a_truncated_stream_for_a_complete_one(tmp_path: Path) -> None:
    outcome = read("fetch-event-source", ends_inside_an_event, tmp_path)
    assert outcome.printed[-2:] == ["1 one", "resolved"]
    assert len(outcome.requests) == 1


def test_axios_takes_a_truncated_stream_for_a_complete_one(tmp_path: Path) -> None:
    assert read("axios", ends_inside_an_event, tmp_path).printed[-1] == "the loop ended"


@pytest.mark.parametrize("code", [404, 503])
def test_status_of_an_error(code: int, tmp_path: Path) -> None:
    assert read("eventsource", status(code), tmp_path).printed == [f"closed {code}"]
    assert len(read("fetch-event-source", status(code), tmp_path, wait=20).requests) == 4
    assert read("fetch-event-source", status(code), tmp_path, own_onopen=True).printed == ["resolved"]
    assert read("axios", status(code), tmp_path).printed == [f"error {code}"]


def test_id_without_data(tmp_path: Path) -> None:
    def answer(call: Call) -> Steps:
        return [b"retry: 20\n\n", b"id: 1\n\n"] if call.number == 0 else [Event("end")]

    assert read("eventsource", answer, tmp_path).requests == [("GET", ""), ("GET", "")]
    assert read("fetch-event-source", answer, tmp_path).printed == [" ", "1 ", "resolved"]


def test_comment_between_blank_lines(tmp_path: Path) -> None:
    def answer(call: Call) -> Steps:
        return [Event("one"), b": ping\n\n", Event("end")]

    assert read("eventsource", answer, tmp_path).printed == [" one", " end"]
    assert read("fetch-event-source", answer, tmp_path).printed == [" one", " ", " end", "resolved"]


@pytest.mark.parametrize("client", ["eventsource", "fetch-event-source"])
def test_long_retry_is_a_flood_of_requests(client: str, tmp_path: Path) -> None:
    def answer(call: Call) -> None:
        body(call, b"retry: 9999999999\n\n")

    # The client stops after 20 errors. With waits as long as the server asked for, that would take years.
    assert len(read(client, answer, tmp_path).requests) == 20


def test_fetch_of_node_takes_a_lost_connection_for_the_end(tmp_path: Path) -> None:
    def answer(call: Call) -> None:
        body(call, b"data: one\n\n", b"data: tw", connection="close")

    outcome = read("fetch-event-source", answer, tmp_path)
    assert outcome.printed[-1] == "resolved"
    assert len(outcome.requests) == 1
