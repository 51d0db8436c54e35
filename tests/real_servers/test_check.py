"""`sse check` before servers as they are used: what it finds, and above all what it does not."""

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
from tests.real_servers.holds import Hold
from tests.real_servers.nginx import nginx_before
from tests.real_servers.ways import AIOHTTP, NGINX, UVICORN, Server

PLENTY = 2.0
"""Seconds in which what is sent comes, on a machine that does other things too."""

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
def test_a_good_stream_gets_no_wrong_finding(urls: dict[Server, str], server: Server) -> None:
    seen = check(f"{urls[server]}/pings", seconds=PLENTY)
    assert wrong(seen) == {}
    assert seen.first.ending is Ending.LEFT
    assert seen.first.stream.comments


@pytest.mark.parametrize("server", [UVICORN, AIOHTTP, NGINX], ids=lambda server: server.name)
def test_a_server_that_takes_ids_for_numbers_fails_at_another_and_else_does_all_right(
    urls: dict[Server, str], server: Server
) -> None:
    seen = check(f"{urls[server]}/numbers", seconds=20.0)
    assert list(wrong(seen)) == ["unknown-id"]
    assert verdict(seen, "resume") is Verdict.GOOD
    assert verdict(seen, "resume-earlier") is Verdict.GOOD
    assert verdict(seen, "finished") is Verdict.GOOD


def test_what_nginx_holds_back_is_found_where_not_even_a_head_comes(
    aiohttp_port: int, tmp_path: Path, authority: trustme.CA, held: Hold
) -> None:
    with nginx_before(aiohttp_port, tmp_path, authority) as nginx:
        seen = check(f"{nginx.url}/buffered/held/{held.name}", seconds=3.2)
        assert list(wrong(seen)) == ["head"]
        seen = check(f"{nginx.url}/held/{held.name}", seconds=PLENTY)
        assert wrong(seen) == {}


def test_what_nginx_holds_back_is_found_where_its_buffer_cuts_an_event(
    tmp_path: Path, authority: trustme.CA
) -> None:
    def answer(call: Call) -> None:
        call.respond(200, [("Content-Type", "text/event-stream")], EVENT * 10)
        call.wait_until_gone()

    with SSEServer(answer) as server, nginx_before(server.port, tmp_path, authority) as nginx:
        seen = check(f"{nginx.url}/buffered/", seconds=4.0)
    assert "held-back" in wrong(seen)
    assert len(seen.first.stream.events) < 10


def test_what_says_that_it_wants_no_buffers_comes_through_nginx_at_once(
    urls: dict[Server, str], held: Hold
) -> None:
    # sse-starlette says so, and nginx keeps to itself what it was told.
    seen = check(f"{urls[NGINX]}/buffered/held/{held.name}", seconds=PLENTY)
    assert wrong(seen) == {}
    assert verdict(seen, "x-accel-buffering") is Verdict.NOT_SEEN
    assert [event.data for event in seen.first.stream.events] == ["before"]
