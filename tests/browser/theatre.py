"""The servers of all stories: each client asks at paths of its own, and what it asks is noted."""

from __future__ import annotations

import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sse_transports.testing import Call, SSEServer, Step, Steps
from tests.browser.story import THE_END, Answer, Asked, Story

PAGE = Path(__file__).parent / "page.html"
HERE, OTHER = "", "other/"


class Theatre:
    """Two servers, and an address where nobody listens.

    Attributes:
        url: the first server.
    """

    def __init__(self, stories: Sequence[Story]) -> None:
        self._stories = stories
        self._lock = threading.Lock()
        # By client and number of the story.
        self._asked: defaultdict[tuple[str, int], list[Asked]] = defaultdict(list)
        self._places: dict[str, str] = {}
        self.url = ""

    @contextmanager
    def open(self) -> Iterator[Theatre]:
        """Let the servers run."""
        with ExitStack() as stack:
            nowhere = stack.enter_context(socket.socket())
            nowhere.bind(("127.0.0.1", 0))
            here = stack.enter_context(SSEServer(lambda call: self._answer(call, HERE)))
            other = stack.enter_context(SSEServer(lambda call: self._answer(call, OTHER)))
            self.url = here.url
            port = nowhere.getsockname()[1]
            self._places = {"other": other.url, "nowhere": f"http://127.0.0.1:{port}"}
            yield self

    def stream(self, client: str, number: int) -> str:
        """Return where a client finds the stream of a story."""
        return f"{self.url}/{client}/{number}/stream"

    def asked(self, client: str, number: int) -> Sequence[Asked]:
        """Return what a client has asked in a story."""
        with self._lock:
            return tuple(self._asked[client, number])

    def _answer(self, call: Call, server: str) -> Steps | None:
        moment = time.monotonic()
        if call.path == "/":
            call.respond(200, [("Content-Type", "text/html; charset=utf-8")], PAGE.read_bytes())
            return None
        _, client, number, path = call.path.split("/", 3)
        story = self._stories[int(number)]
        request = Asked(server + path, call.headers.get("last-event-id"), call.headers, moment)
        with self._lock:
            asked = self._asked[client, int(number)]
            turn = sum(earlier.path == request.path for earlier in asked)
            asked.append(request)
        answers = _answers(story, server, path)
        steps = answers[turn] if turn < len(answers) else THE_END
        if callable(steps):
            steps(call)
            return None
        return [self._with_places(step, f"/{client}/{number}") for step in steps]

    def _with_places(self, step: Step, within: str) -> Step:
        if not isinstance(step, Mapping):
            return step
        places = {name: url + within for name, url in self._places.items()}
        return {name: value.format(**places) for name, value in step.items()}


def _answers(story: Story, server: str, path: str) -> Sequence[Answer]:
    if server == OTHER:
        return story.on_the_other[path]
    return story.answers if path == "stream" else story.elsewhere[path]
