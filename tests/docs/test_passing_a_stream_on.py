"""The endpoints of `pass-a-stream-on.md` do what the page says, each with a real server."""

from __future__ import annotations

import importlib
import re
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
import uvicorn

from sse_core import Comment, Event, HTTPStatusError, IncompleteStream
from sse_transports import EventSource
from sse_transports.testing import Call, Cut, SSEServer
from tests.docs.blocks import BLOCKS
from tests.docs.service import TOKEN
from tests.real_servers.servers_in_threads import uvicorn_server
from tests.sse_transports.waiting import until_set

if TYPE_CHECKING:
    from sse_transports.testing import Steps

PAGE = "docs/how-to/pass-a-stream-on.md"
API = "https://api.example.com"
FRAMEWORKS = ["fastapi", "starlette", "django", "flask"]
REPLY: list[Event | Comment] = [Comment("PROCESSING"), Event("one"), Event("two", event="kind", id="2")]


class Upstream:
    """A model's service. `steps` is how it answers; without them, it sends one event and then nothing."""

    def __init__(self) -> None:
        self.steps: Steps | None = [*REPLY, Event("[DONE]")]
        self.is_left = threading.Event()

    def answer(self, call: Call) -> Steps | None:
        if call.headers["authorization"] != f"Bearer {TOKEN}".encode():
            return [403]
        if self.steps is None:
            call.respond(200, [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")])
            call.chunk(b"data: one\n\n")
            call.wait_until_gone()
            self.is_left.set()
        return self.steps


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Write nothing to stderr."""


class ThreadingWSGIServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@contextmanager
def wsgi_server(app: Any) -> Iterator[int]:
    with make_server("127.0.0.1", 0, app, ThreadingWSGIServer, QuietHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def serving(app: Any, framework: str) -> Any:
    """Return a context manager that runs the application and provides its port."""
    if framework == "flask":
        return wsgi_server(app)
    return uvicorn_server(uvicorn.Config(app, log_level="critical", lifespan="off"))


@pytest.fixture(scope="module")
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture(scope="module", params=FRAMEWORKS)
def url(
    request: pytest.FixtureRequest, upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Run the endpoint of a framework, and provide its URL."""
    framework = request.param
    pytest.importorskip(framework)
    first_import = re.compile(rf"^from {framework}\b", re.MULTILINE)
    (block,) = (block for block in BLOCKS if block.page == PAGE and first_import.search(block.text))
    with SSEServer(upstream.answer, strict=False) as server, pytest.MonkeyPatch.context() as patch:
        # The time to wait is shorter, so that the test does not take long.
        text = block.text.replace(API, server.url).replace("max_wait=10", "max_wait=0.05")
        folder = tmp_path_factory.mktemp(framework)
        for name, content in block.files:
            (folder / name).write_text(content, encoding="utf-8")
        module = f"{framework}_endpoint"
        given = textwrap.dedent(block.given)
        (folder / f"{module}.py").write_text(f"{given}\n{text}", encoding="utf-8")
        patch.syspath_prepend(folder)
        app = importlib.import_module(module).app
        with serving(app, framework) as port:
            yield f"http://127.0.0.1:{port}/chat"
        sys.modules.pop("forwarding", None)


def reading(url: str) -> EventSource[Event | Comment]:
    return EventSource(url, method="POST", json={"messages": []}, until="[DONE]", comments=True)


def test_reply_is_passed_on_with_its_comments(url: str, upstream: Upstream) -> None:
    upstream.steps = [*REPLY, Event("[DONE]")]
    with reading(url) as source:
        assert list(source) == REPLY


def test_status_of_the_upstream_is_passed_on(url: str, upstream: Upstream) -> None:
    upstream.steps = [401, {"Content-Type": "application/json"}, b'{"error": "invalid token"}']
    with reading(url) as source, pytest.raises(HTTPStatusError) as caught:
        source.open()
    assert (caught.value.status, caught.value.body) == (401, b'{"error": "invalid token"}')
    assert caught.value.headers["Content-Type"] == "application/json"


def test_client_learns_when_and_how_to_ask_again(url: str, upstream: Upstream) -> None:
    asked = {"Retry-After": "7", "WWW-Authenticate": 'Bearer realm="model"'}
    upstream.steps = [429, {**asked, "X-Internal": "1"}]
    with reading(url) as source, pytest.raises(HTTPStatusError) as caught:
        source.open()
    assert caught.value.status == 429
    assert {name: caught.value.headers[name] for name in asked} == asked
    assert "X-Internal" not in caught.value.headers


def test_response_that_is_no_stream_is_a_bad_gateway(url: str, upstream: Upstream) -> None:
    upstream.steps = [200, {"Content-Type": "application/json"}, b'{"choices": []}']
    with reading(url) as source, pytest.raises(HTTPStatusError) as caught:
        source.open()
    assert (caught.value.status, caught.value.body) == (502, b'{"choices": []}')


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_truncated_reply_is_truncated(
    url: str, upstream: Upstream, capfd: pytest.CaptureFixture[str]
) -> None:
    upstream.steps = [Event("one"), b"data: tw", Cut()]
    with reading(url) as source:
        assert next(source) == Event("one")
        with pytest.raises(IncompleteStream):
            next(source)


def test_upstream_is_closed_when_the_client_leaves(url: str, upstream: Upstream) -> None:
    upstream.steps = None
    upstream.is_left.clear()
    with reading(url) as source:
        assert next(source) == Event("one")
    until_set(upstream.is_left, "the upstream is closed")
