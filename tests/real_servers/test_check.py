"""`sse check` with real servers: what it finds, and above all that it has no false findings."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from sse_transports.cli.checks._instrumented import InstrumentedTransport
from sse_transports.cli.checks._observation import Ending, Observation
from sse_transports.cli.checks._observe import Observer, RequestSpec
from sse_transports.cli.checks._rule import Verdict, apply
from sse_transports.cli.checks._rules import RULES
from sse_transports.testing import Call, SSEServer
from tests.real_servers.client_matrix import AIOHTTP, NGINX, UVICORN, Server
from tests.real_servers.holds import Hold
from tests.real_servers.nginx import nginx_proxy

TIME_TO_ARRIVE = 2.0
"""Seconds in which everything sent arrives, on a busy machine too."""

EVENT = b"data: " + b"x" * 1000 + b"\n\n"


def check(url: str, *, seconds: float) -> Observation:
    observed = Observation(url, seconds=seconds)
    Observer(RequestSpec(url, "GET", {}, None, ""), InstrumentedTransport(proxies={})).observe(observed)
    return observed


def failures(observed: Observation) -> dict[str, str]:
    return {each.rule.name: each.evidence for each in apply(RULES, observed) if each.verdict is Verdict.FAIL}


def verdict(observed: Observation, name: str) -> Verdict:
    return next(each.verdict for each in apply(RULES, observed) if each.rule.name == name)


@pytest.mark.parametrize("server", [UVICORN, AIOHTTP, NGINX], ids=lambda server: server.name)
def test_good_stream_has_no_failures(urls: dict[Server, str], server: Server) -> None:
    observed = check(f"{urls[server]}/pings", seconds=TIME_TO_ARRIVE)
    assert failures(observed) == {}
    assert observed.first.ending is Ending.STOPPED
    assert observed.first.stream.comments


@pytest.mark.parametrize("server", [UVICORN, AIOHTTP, NGINX], ids=lambda server: server.name)
def test_server_with_numeric_ids_fails_only_for_an_unknown_id(
    urls: dict[Server, str], server: Server
) -> None:
    observed = check(f"{urls[server]}/numbers", seconds=20.0)
    assert list(failures(observed)) == ["unknown-id"]
    assert verdict(observed, "resume") is Verdict.PASS
    assert verdict(observed, "resume-earlier") is Verdict.PASS
    assert verdict(observed, "last-event") is Verdict.PASS


def test_missing_response_headers_from_nginx_are_detected(
    aiohttp_port: int, tmp_path: Path, authority: trustme.CA, held: Hold
) -> None:
    with nginx_proxy(aiohttp_port, tmp_path, authority) as nginx:
        observed = check(f"{nginx.url}/buffered/held/{held.name}", seconds=3.2)
        assert list(failures(observed)) == ["response-headers"]
        observed = check(f"{nginx.url}/held/{held.name}", seconds=TIME_TO_ARRIVE)
        assert failures(observed) == {}


def test_event_split_by_an_nginx_buffer_is_detected(tmp_path: Path, authority: trustme.CA) -> None:
    def answer(call: Call) -> None:
        call.respond(200, [("Content-Type", "text/event-stream")], EVENT * 10)
        call.wait_until_gone()

    with SSEServer(answer) as server, nginx_proxy(server.port, tmp_path, authority) as nginx:
        observed = check(f"{nginx.url}/buffered/", seconds=4.0)
    assert "buffering" in failures(observed)
    assert len(observed.first.stream.events) < 10


def test_nginx_does_not_buffer_if_the_server_says_so(urls: dict[Server, str], held: Hold) -> None:
    # sse-starlette sends X-Accel-Buffering: no, and nginx removes the header.
    observed = check(f"{urls[NGINX]}/buffered/held/{held.name}", seconds=TIME_TO_ARRIVE)
    assert failures(observed) == {}
    assert verdict(observed, "x-accel-buffering") is Verdict.SKIP
    assert [event.data for event in observed.first.stream.events] == ["before"]
