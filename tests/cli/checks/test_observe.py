"""The requests of a check and what is recorded of the responses, over real connections."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import pytest

from sse_core import ConnectError, Event, InvalidArgument
from sse_transports.cli.checks._instrumented import InstrumentedTransport
from sse_transports.cli.checks._observation import Ending, Observation
from sse_transports.cli.checks._observe import UNKNOWN_ID, Observer, RequestSpec
from sse_transports.cli.checks._rule import Finding, Verdict, apply
from sse_transports.cli.checks._rules import RULES
from sse_transports.testing import Call, Cut, Gzip, NoAnswer, SSEServer, Stall, Steps
from tests.cli.checks.samples import HISTORY, SERVER_HEADERS, good_server

Answer = Callable[[Call], Steps]


def observe(
    answer: Answer,
    *,
    seconds: float = 20.0,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    content: bytes | None = None,
    last_event_id: str = "",
    skip_reason: str = "",
) -> tuple[Observation, list[Call]]:
    with SSEServer(answer, history=HISTORY) as server:
        observed = Observation(f"{server.url}/feed", method=method, seconds=seconds, skip_reason=skip_reason)
        spec = RequestSpec(observed.url, method, headers or {}, content, last_event_id)
        Observer(spec, InstrumentedTransport(proxies={})).observe(observed)
        return observed, server.calls


def find(observed: Observation, name: str) -> Finding:
    return next(each for each in apply(RULES, observed) if each.rule.name == name)


def complaints(observed: Observation) -> list[tuple[str, Verdict]]:
    verdicts = {Verdict.FAIL, Verdict.WARN}
    return [(each.rule.name, each.verdict) for each in apply(RULES, observed) if each.verdict in verdicts]


def test_good_server_has_no_failures() -> None:
    observed, _ = observe(good_server)
    assert Verdict.FAIL not in [verdict for _, verdict in complaints(observed)]
    assert [event.data for event in observed.first.stream.events] == [event.data for event in HISTORY]
    assert find(observed, "resume-earlier").verdict is Verdict.PASS
    assert find(observed, "unknown-id").verdict is Verdict.PASS


def test_further_requests_resume_and_vary_headers() -> None:
    _, calls = observe(good_server)
    asked = [(call.method, call.last_event_id) for call in calls]
    assert asked == [("GET", ""), ("GET", "9"), ("GET", "4"), ("GET", UNKNOWN_ID), ("GET", ""), ("GET", "")]
    assert [call.headers["accept-encoding"] for call in calls] == [
        *[b"identity"] * 4,
        b"gzip, deflate",
        b"identity",
    ]
    assert [call.headers["accept"] for call in calls] == [*[b"text/event-stream"] * 5, b"*/*"]


def test_callers_headers_override_those_of_each_request() -> None:
    own = {
        "Authorization": "Bearer x",
        "Accept": "application/x",
        "Accept-Encoding": "br",
        "Last-Event-ID": "7",
    }
    _, calls = observe(good_server, headers=own, last_event_id="8")
    assert {call.headers["authorization"] for call in calls} == {b"Bearer x"}
    assert [call.last_event_id for call in calls] == ["8", "9", UNKNOWN_ID]
    assert {call.headers["accept"] for call in calls} == {b"application/x"}


def test_last_event_id_header_applies_to_the_first_request() -> None:
    _, calls = observe(good_server, headers={"last-event-id": "7"})
    assert [call.last_event_id for call in calls] == ["7", "9", "8", UNKNOWN_ID, "7", "7"]


def test_post_is_sent_once() -> None:
    observed, calls = observe(
        lambda _: [SERVER_HEADERS, Event("[DONE]", id="1")],
        method="POST",
        content=b"{}",
        skip_reason="a POST",
    )
    assert [(call.method, call.body) for call in calls] == [("POST", b"{}")]
    assert observed.first.ending is Ending.ENDED
    assert find(observed, "resume").evidence == "a POST"


def test_server_that_restarts_the_stream_fails_resume() -> None:
    observed, _ = observe(lambda _: [SERVER_HEADERS, *HISTORY])
    assert find(observed, "resume").verdict is Verdict.FAIL
    assert find(observed, "resume-earlier").verdict is Verdict.FAIL


def test_server_that_skips_an_event_is_detected() -> None:
    def answer(call: Call) -> Steps:
        start = int(call.last_event_id) if call.last_event_id.isdigit() else 0
        events = [event for event in HISTORY[start:] if not (start and event.id == "6")]
        return [SERVER_HEADERS, *events]

    assert "'6' is missing" in find(observe(answer)[0], "resume-earlier").evidence


def test_server_that_fails_for_an_unknown_id_is_detected() -> None:
    def answer(call: Call) -> Steps:
        return [500] if call.last_event_id == UNKNOWN_ID else good_server(call)

    observed, _ = observe(answer)
    assert [verdict for name, verdict in complaints(observed) if name == "unknown-id"] == [Verdict.FAIL]


def test_compression_must_flush_and_be_requested() -> None:
    def answer(call: Call) -> Steps:
        asked = b"gzip" in call.headers["accept-encoding"]
        return [SERVER_HEADERS, *([Gzip()] if asked else []), *HISTORY]

    observed, _ = observe(answer)
    assert find(observed, "compression").verdict is Verdict.PASS
    assert find(observed, "content-encoding").verdict is Verdict.PASS
    observed, _ = observe(lambda _: [SERVER_HEADERS, Gzip(), *HISTORY])
    assert find(observed, "content-encoding").verdict is Verdict.FAIL
    assert len(observed.first.stream.events) == len(HISTORY)


def test_unknown_content_encoding_leaves_no_readable_stream() -> None:
    observed, calls = observe(lambda _: [{**SERVER_HEADERS, "Content-Encoding": "br"}, b"\x0b\x02\x80"])
    assert find(observed, "content-encoding").verdict is Verdict.FAIL
    assert not observed.first.is_readable
    assert len(calls) == 1


def test_no_headers_is_a_finding_no_connection_an_error() -> None:
    observed, calls = observe(lambda _: [NoAnswer()], seconds=0.05)
    assert observed.first.ending is Ending.NO_RESPONSE
    assert complaints(observed) == [("response-headers", Verdict.WARN)]
    assert len(calls) == 1
    with SSEServer() as server:
        url = server.url
    observed = Observation(url)
    with pytest.raises(ConnectError):
        Observer(RequestSpec(url, "GET", {}, None, ""), InstrumentedTransport(proxies={})).observe(observed)
    assert observed.first.ending is Ending.FAILED


def test_dropped_connection_differs_from_a_clean_end() -> None:
    observed, _ = observe(lambda _: [SERVER_HEADERS, *HISTORY, Cut()])
    assert observed.first.ending is Ending.DROPPED
    assert find(observed, "end").verdict is Verdict.FAIL
    observed, _ = observe(lambda call: [SERVER_HEADERS, *HISTORY] if not call.last_event_id else [204])
    assert observed.first.ending is Ending.ENDED
    assert find(observed, "resume").verdict is Verdict.PASS


def test_reading_stops_after_the_time_limit() -> None:
    observed, _ = observe(lambda _: [SERVER_HEADERS, Stall()], seconds=0.05, skip_reason="once")
    assert observed.first.ending in {Ending.STOPPED, Ending.NO_RESPONSE}
    assert observed.first.ended_at >= 0.05


def test_reading_stops_after_enough_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sse_transports.cli.checks._observe.MAX_LINES", 100)

    def flood(call: Call) -> None:
        call.respond(200, list(SERVER_HEADERS.items()))
        try:
            while True:
                call.send(b"data: 7\n\n" * 100)
        except OSError:
            # The client stopped reading.
            pass

    with SSEServer(flood) as server:
        observed = Observation(server.url, seconds=20.0, skip_reason="once")
        Observer(RequestSpec(server.url, "GET", {}, None, ""), InstrumentedTransport(proxies={})).observe(
            observed
        )
    assert observed.first.ending is Ending.STOPPED
    assert observed.first.ended_at < 20.0
    assert len(observed.first.stream.lines) >= 100


def test_redirects_are_followed_and_recorded() -> None:
    def answer(call: Call) -> Steps:
        return [302, {"Location": "/there"}] if call.path == "/feed" else good_server(call)

    observed, _ = observe(answer, skip_reason="once")
    assert [hop.response.status for hop in observed.first.hops] == [302, 200]
    assert find(observed, "redirects").verdict is Verdict.INFO


@pytest.mark.parametrize("status", [204, 404, 503])
def test_response_without_a_stream_is_requested_once(status: int) -> None:
    observed, calls = observe(
        lambda _: [status, {"Content-Type": "text/plain"}, *([b"why"] if status != 204 else [])]
    )
    assert observed.first.status == status
    assert len(calls) == 1
    assert ("why" in find(observed, "status").evidence) == (status != 204)


def test_http_1_0_and_unframed_body_are_recorded() -> None:
    def answer(call: Call) -> None:
        call.send(b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: a\n\n")

    with SSEServer(answer) as server:
        observed = Observation(server.url, seconds=20.0, skip_reason="once")
        Observer(RequestSpec(server.url, "GET", {}, None, ""), InstrumentedTransport(proxies={})).observe(
            observed
        )
    assert find(observed, "http-version").evidence.startswith("HTTP/1.0")
    assert find(observed, "framing").verdict is Verdict.WARN


def test_certificate_expiry_is_recorded() -> None:
    with SSEServer(good_server, tls=True, history=HISTORY) as server:
        assert isinstance(server.client_context, ssl.SSLContext)
        observed = Observation(server.url, seconds=20.0, skip_reason="once")
        transport = InstrumentedTransport(context=server.client_context, proxies={})
        Observer(RequestSpec(server.url, "GET", {}, None, ""), transport).observe(observed)
    assert observed.first.certificate_expires is not None
    assert observed.first.certificate_expires > 0


def test_invalid_header_is_refused_before_sending() -> None:
    with pytest.raises(InvalidArgument):
        observe(good_server, headers={"X-A": "a\r\nb"})


def test_each_request_is_logged_before_it_is_sent() -> None:
    sent_before: list[int] = []

    def log(line: str) -> None:
        if line.startswith("GET"):
            sent_before.append(len(server.calls))

    with SSEServer(good_server, history=HISTORY) as server:
        observed = Observation(server.url, seconds=20.0)
        spec = RequestSpec(server.url, "GET", {}, None, "")
        Observer(spec, InstrumentedTransport(proxies={}), log).observe(observed)
    assert sent_before == list(range(6))
