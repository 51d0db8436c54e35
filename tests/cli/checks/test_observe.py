"""What is asked of a server, and what is noted of its answers: real connections."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import pytest

from sse_core import Comment, ConnectError, Event, InvalidArgument
from sse_transports.cli.checks._observation import Ending, Observation
from sse_transports.cli.checks._observe import NO_SUCH_ID, Observer, Question
from sse_transports.cli.checks._rule import Finding, Verdict, apply
from sse_transports.cli.checks._rules import RULES
from sse_transports.cli.checks._wire import NotingTransport
from sse_transports.testing import Call, Cut, Gzip, History, NoAnswer, SSEServer, Stall, Steps

HISTORY = [Event(f'{{"number": {number}}}', id=str(number)) for number in range(1, 10)]
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "Vary": "Accept-Encoding",
}

Answer = Callable[[Call], Steps]


def observe(
    answer: Answer,
    *,
    seconds: float = 20.0,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    content: bytes | None = None,
    last_event_id: str = "",
    alone: str = "",
) -> tuple[Observation, list[Call]]:
    with SSEServer(answer, history=HISTORY) as server:
        seen = Observation(f"{server.url}/feed", method=method, seconds=seconds, alone=alone)
        question = Question(seen.url, method, headers or {}, content, last_event_id)
        Observer(question, NotingTransport(proxies={})).observe(seen)
        return seen, server.calls


def good(_call: Call) -> Steps:
    """Answer as a server should. It ends each stream, so that no test waits for the end of its time."""
    return [HEADERS, Comment("hello"), b"retry: 3000\n\n", History()]


def found(seen: Observation, name: str) -> Finding:
    return next(each for each in apply(RULES, seen) if each.rule.name == name)


def complaints(seen: Observation) -> list[tuple[str, Verdict]]:
    verdicts = {Verdict.WRONG, Verdict.DOUBTFUL}
    return [(each.rule.name, each.verdict) for each in apply(RULES, seen) if each.verdict in verdicts]


def test_a_good_server_gets_no_wrong_finding() -> None:
    seen, _ = observe(good)
    assert Verdict.WRONG not in [verdict for _, verdict in complaints(seen)]
    assert [event.data for event in seen.first.stream.events] == [event.data for event in HISTORY]
    assert found(seen, "resume-earlier").verdict is Verdict.GOOD
    assert found(seen, "unknown-id").verdict is Verdict.GOOD


def test_further_requests_ask_behind_events_and_as_browsers_and_as_anybody() -> None:
    _, calls = observe(good)
    asked = [(call.method, call.last_event_id) for call in calls]
    assert asked == [("GET", ""), ("GET", "9"), ("GET", "4"), ("GET", NO_SUCH_ID), ("GET", ""), ("GET", "")]
    assert [call.headers["accept-encoding"] for call in calls] == [
        *[b"identity"] * 4,
        b"gzip, deflate",
        b"identity",
    ]
    assert [call.headers["accept"] for call in calls] == [*[b"text/event-stream"] * 5, b"*/*"]


def test_the_callers_headers_go_with_each_request_and_win() -> None:
    own = {
        "Authorization": "Bearer x",
        "Accept": "application/x",
        "Accept-Encoding": "br",
        "Last-Event-ID": "7",
    }
    _, calls = observe(good, headers=own, last_event_id="8")
    assert {call.headers["authorization"] for call in calls} == {b"Bearer x"}
    assert [call.last_event_id for call in calls] == ["8", "9", NO_SUCH_ID]
    assert {call.headers["accept"] for call in calls} == {b"application/x"}


def test_a_last_event_id_among_the_headers_is_for_the_first_request() -> None:
    _, calls = observe(good, headers={"last-event-id": "7"})
    assert [call.last_event_id for call in calls] == ["7", "9", "8", NO_SUCH_ID, "7", "7"]


def test_a_post_is_sent_once() -> None:
    seen, calls = observe(
        lambda _: [HEADERS, Event("[DONE]", id="1")], method="POST", content=b"{}", alone="a POST"
    )
    assert [(call.method, call.body) for call in calls] == [("POST", b"{}")]
    assert seen.first.ending is Ending.ENDED
    assert found(seen, "resume").evidence == "a POST"


def test_a_server_that_begins_anew_is_found_to_ignore_where_the_client_was() -> None:
    seen, _ = observe(lambda _: [HEADERS, *HISTORY])
    assert found(seen, "resume").verdict is Verdict.WRONG
    assert found(seen, "resume-earlier").verdict is Verdict.WRONG


def test_a_server_that_leaves_an_event_out_is_found() -> None:
    def answer(call: Call) -> Steps:
        start = int(call.last_event_id) if call.last_event_id.isdigit() else 0
        events = [event for event in HISTORY[start:] if not (start and event.id == "6")]
        return [HEADERS, *events]

    assert "'6' is missing" in found(observe(answer)[0], "resume-earlier").evidence


def test_a_server_that_fails_at_an_id_it_does_not_know_is_found() -> None:
    def answer(call: Call) -> Steps:
        return [500] if call.last_event_id == NO_SUCH_ID else good(call)

    seen, _ = observe(answer)
    assert [verdict for name, verdict in complaints(seen) if name == "unknown-id"] == [Verdict.WRONG]


def test_a_compressed_stream_that_flushes_is_good_and_one_asked_for_none_is_wrong() -> None:
    def answer(call: Call) -> Steps:
        asked = b"gzip" in call.headers["accept-encoding"]
        return [HEADERS, *([Gzip()] if asked else []), *HISTORY]

    seen, _ = observe(answer)
    assert found(seen, "compression").verdict is Verdict.GOOD
    assert found(seen, "content-encoding").verdict is Verdict.GOOD
    seen, _ = observe(lambda _: [HEADERS, Gzip(), *HISTORY])
    assert found(seen, "content-encoding").verdict is Verdict.WRONG
    assert len(seen.first.stream.events) == len(HISTORY)


def test_a_coding_that_cannot_be_undone_leaves_no_stream_to_look_at() -> None:
    seen, calls = observe(lambda _: [{**HEADERS, "Content-Encoding": "br"}, b"\x0b\x02\x80"])
    assert found(seen, "content-encoding").verdict is Verdict.WRONG
    assert not seen.first.is_readable
    assert len(calls) == 1


def test_no_head_is_a_finding_and_no_connection_an_error() -> None:
    seen, calls = observe(lambda _: [NoAnswer()], seconds=0.05)
    assert seen.first.ending is Ending.UNANSWERED
    assert complaints(seen) == [("head", Verdict.DOUBTFUL)]
    assert len(calls) == 1
    with SSEServer() as server:
        url = server.url
    seen = Observation(url)
    with pytest.raises(ConnectError):
        Observer(Question(url, "GET", {}, None, ""), NotingTransport(proxies={})).observe(seen)
    assert seen.first.ending is Ending.FAILED


def test_a_connection_that_breaks_is_told_from_an_end() -> None:
    seen, _ = observe(lambda _: [HEADERS, *HISTORY, Cut()])
    assert seen.first.ending is Ending.BROKEN
    assert found(seen, "end").verdict is Verdict.WRONG
    seen, _ = observe(lambda call: [HEADERS, *HISTORY] if not call.last_event_id else [204])
    assert seen.first.ending is Ending.ENDED
    assert found(seen, "resume").verdict is Verdict.GOOD


def test_a_stream_that_goes_on_is_left_when_the_time_is_over() -> None:
    seen, _ = observe(lambda _: [HEADERS, Stall()], seconds=0.05, alone="once")
    assert seen.first.ending in {Ending.LEFT, Ending.UNANSWERED}
    assert seen.first.ended_at >= 0.05


def test_of_a_flood_no_more_is_taken_than_shows_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sse_transports.cli.checks._observe.PLENTY_OF_LINES", 100)

    def flood(call: Call) -> None:
        call.respond(200, list(HEADERS.items()))
        try:
            while True:
                call.send(b"data: 7\n\n" * 100)
        except OSError:
            # The client has seen enough.
            pass

    with SSEServer(flood) as server:
        seen = Observation(server.url, seconds=20.0, alone="once")
        Observer(Question(server.url, "GET", {}, None, ""), NotingTransport(proxies={})).observe(seen)
    assert seen.first.ending is Ending.LEFT
    assert seen.first.ended_at < 20.0
    assert len(seen.first.stream.lines) >= 100


def test_redirects_are_followed_and_noted() -> None:
    def answer(call: Call) -> Steps:
        return [302, {"Location": "/there"}] if call.path == "/feed" else good(call)

    seen, _ = observe(answer, alone="once")
    assert [hop.response.status for hop in seen.first.hops] == [302, 200]
    assert found(seen, "redirects").verdict is Verdict.NOTE


@pytest.mark.parametrize("status", [204, 404, 503])
def test_an_answer_that_is_no_stream_is_asked_for_once(status: int) -> None:
    seen, calls = observe(
        lambda _: [status, {"Content-Type": "text/plain"}, *([b"why"] if status != 204 else [])]
    )
    assert seen.first.status == status
    assert len(calls) == 1
    assert ("why" in found(seen, "status").evidence) == (status != 204)


def test_http_1_0_and_a_body_without_chunks_are_noted() -> None:
    def answer(call: Call) -> None:
        call.send(b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: a\n\n")

    with SSEServer(answer) as server:
        seen = Observation(server.url, seconds=20.0, alone="once")
        Observer(Question(server.url, "GET", {}, None, ""), NotingTransport(proxies={})).observe(seen)
    assert found(seen, "http-version").evidence.startswith("HTTP/1.0")
    assert found(seen, "framing").verdict is Verdict.DOUBTFUL


def test_the_end_of_a_certificate_is_noted() -> None:
    with SSEServer(good, tls=True, history=HISTORY) as server:
        assert isinstance(server.client_context, ssl.SSLContext)
        seen = Observation(server.url, seconds=20.0, alone="once")
        transport = NotingTransport(context=server.client_context, proxies={})
        Observer(Question(server.url, "GET", {}, None, ""), transport).observe(seen)
    assert seen.first.certificate_ends is not None
    assert seen.first.certificate_ends > 0


def test_a_header_that_cannot_be_sent_is_refused_before_anything_is() -> None:
    with pytest.raises(InvalidArgument):
        observe(good, headers={"X-A": "a\r\nb"})


def test_each_request_is_told_before_it_is_sent() -> None:
    told: list[int] = []

    def tell(line: str) -> None:
        if line.startswith("GET"):
            told.append(len(server.calls))

    with SSEServer(good, history=HISTORY) as server:
        seen = Observation(server.url, seconds=20.0)
        question = Question(server.url, "GET", {}, None, "")
        Observer(question, NotingTransport(proxies={}), tell).observe(seen)
    assert told == list(range(6))
