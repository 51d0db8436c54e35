"""`sse check` with real servers: what it reports, and above all what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from sse_transports.cli.checks._observation import Ending, Observation
from sse_transports.cli.checks._observe import Observer, Question
from sse_transports.cli.checks._rule import Verdict, apply
from sse_transports.cli.checks._rules import RULES
from sse_transports.cli.checks._wire import NotingTransport
from sse_transports.testing import Call, SSEServer
from tests.real_servers.client_matrix import AIOHTTP, NGINX, UVICORN, Server
from tests.real_servers.holds import Hold
from tests.real_servers.nginx import nginx_proxy

PLENTY = 2.0
"""Seconds in which sent bytes arrive, also on a busy machine."""

EVENT = b"data: " + b"x" * 1000 + b"\n\n"


def check(url: str, *, seconds: float) -> Observation:
    seen = Observation(url, seconds=seconds)
    Observer(Question(url, "GET", {}, None, ""), NotingTransport(proxies={})).observe(seen)
    return seen


def wrong(seen: Observation) -> dict[str, str]:
    return {each.rule.name: each.evidence for each in apply(RULES, seen) if each.verdict is Verdict.WRONG}


def verdict(seen: Observation, name: str) -> Verdict:
    return next(each.verdict for each in apply(RULES, seen) if each.rule.name == name)


@pytest.mark.parametrize("server", [UVICORN, AIOHTTP, NGINX], ids=lambda server: server.name)
def test_good_stream_fails_no_rule(urls: dict[Server, str], server: Server) -> None:
    seen = check(f"{urls[server]}/pings", seconds=PLENTY)
    assert wrong(seen) == {}
    assert seen.first.ending is Ending.LEFT
    assert seen.first.stream.comments


@pytest.mark.parametrize("server", [UVICORN, AIOHTTP, NGINX], ids=lambda server: server.name)
def test_numeric_ids_fail_only_for_an_unknown_id(urls: dict[Server, str], server: Server) -> None:
    seen = check(f"{urls[server]}/numbers", seconds=20.0)
    assert list(wrong(seen)) == ["unknown-id"]
    assert verdict(seen, "resume") is Verdict.GOOD
    assert verdict(seen, "resume-earlier") is Verdict.GOOD
    assert verdict(seen, "finished") is Verdict.GOOD


def test_headers_buffered_by_nginx_are_found(
    aiohttp_port: int, tmp_path: Path, authority: trustme.CA, held: Hold
) -> None:
    with nginx_proxy(aiohttp_port, tmp_path, authority) as nginx:
        seen = check(f"{nginx.url}/buffered/held/{held.name}", seconds=3.2)
        assert list(wrong(seen)) == ["head"]
        seen = check(f"{nginx.url}/held/{held.name}", seconds=PLENTY)
        assert wrong(seen) == {}


def test_events_buffered_by_nginx_are_found(tmp_path: Path, authority: trustme.CA) -> None:
    def answer(call: Call) -> None:
        call.respond(200, [("Content-Type", "text/event-stream")], EVENT * 10)
        call.wait_until_gone()

    with SSEServer(answer) as server, nginx_proxy(server.port, tmp_path, authority) as nginx:
        seen = check(f"{nginx.url}/buffered/", seconds=4.0)
    assert "held-back" in wrong(seen)
    assert len(seen.first.stream.events) < 10


def test_x_accel_buffering_turns_nginx_buffers_off(urls: dict[Server, str], held: Hold) -> None:
    # sse-starlette sends X-Accel-Buffering: no, and nginx does not forward that header.
    seen = check(f"{urls[NGINX]}/buffered/held/{held.name}", seconds=PLENTY)
    assert wrong(seen) == {}
    assert verdict(seen, "x-accel-buffering") is Verdict.NOT_SEEN
    assert [event.data for event in seen.first.stream.events] == ["before"]
