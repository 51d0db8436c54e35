"""The servers of all scripts. Each client uses paths of its own, and its requests are recorded."""

from __future__ import annotations

import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sse_transports.testing import Call, SSEServer, Step, Steps
from tests.browser.recorded_run import NO_CONTENT, ReceivedRequest, ServerResponse, ServerScript

PAGE = Path(__file__).parent / "page.html"
FIRST_ORIGIN, OTHER_ORIGIN = "", "other/"


class BrowserHarness:
    """Two servers, which are two origins, and an address without a server.

    Attributes:
        url: the first server.
    """

    def __init__(self, scripts: Sequence[ServerScript]) -> None:
        self._scripts = scripts
        self._lock = threading.Lock()
        # By client and number of the script.
        self._requests: defaultdict[tuple[str, int], list[ReceivedRequest]] = defaultdict(list)
        # The URLs to fill into headers, by the name of their placeholder.
        self._urls: dict[str, str] = {}
        self.url = ""

    @contextmanager
    def open(self) -> Iterator[BrowserHarness]:
        """Run the servers."""
        with ExitStack() as stack:
            # Bound but not listening: connections are refused.
            nowhere = stack.enter_context(socket.socket())
            nowhere.bind(("127.0.0.1", 0))
            first = stack.enter_context(SSEServer(lambda call: self._answer(call, FIRST_ORIGIN)))
            other = stack.enter_context(SSEServer(lambda call: self._answer(call, OTHER_ORIGIN)))
            self.url = first.url
            port = nowhere.getsockname()[1]
            self._urls = {"other": other.url, "nowhere": f"http://127.0.0.1:{port}"}
            yield self

    def stream(self, client: str, number: int) -> str:
        """Return the URL at which a client finds the stream of a script."""
        return f"{self.url}/{client}/{number}/stream"

    def requests(self, client: str, number: int) -> Sequence[ReceivedRequest]:
        """Return the requests of a client for a script."""
        with self._lock:
            return tuple(self._requests[client, number])

    def _answer(self, call: Call, origin: str) -> Steps | None:
        received_at = time.monotonic()
        if call.path == "/":
            call.respond(200, [("Content-Type", "text/html; charset=utf-8")], PAGE.read_bytes())
            return None
        _, client, number, path = call.path.split("/", 3)
        script = self._scripts[int(number)]
        request = ReceivedRequest(origin + path, call.headers.get("last-event-id"), call.headers, received_at)
        with self._lock:
            requests = self._requests[client, int(number)]
            index = sum(earlier.path == request.path for earlier in requests)
            requests.append(request)
        responses = _responses(script, origin, path)
        steps = responses[index] if index < len(responses) else NO_CONTENT
        if callable(steps):
            steps(call)
            return None
        return [self._fill_in(step, f"/{client}/{number}") for step in steps]

    def _fill_in(self, step: Step, path: str) -> Step:
        if not isinstance(step, Mapping):
            return step
        urls = {name: url + path for name, url in self._urls.items()}
        return {name: value.format(**urls) for name, value in step.items()}


def _responses(script: ServerScript, origin: str, path: str) -> Sequence[ServerResponse]:
    if origin == OTHER_ORIGIN:
        return script.other_origin[path]
    return script.responses if path == "stream" else script.other_paths[path]
