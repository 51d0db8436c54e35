"""The loop in the docstring of `_connection`: it is complete, and it runs."""

from __future__ import annotations

import ast
import inspect
from collections import deque
from textwrap import dedent
from typing import TYPE_CHECKING, Any, get_args

import pytest

import sse_core
import sse_core._connection
from sse_core import Connection, Event, HTTPStatusError, Response, RetryPolicy, Step
from tests.sse_core.driving import ONE_EVENT, STREAM, URL, answer

if TYPE_CHECKING:
    from collections.abc import Iterator


def documented_loop() -> str:
    """The indented block of the module's docstring."""
    lines = inspect.cleandoc(sse_core._connection.__doc__ or "").splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("    "))
    end = next(index for index, line in enumerate(lines[start:], start) if line[:1].strip())
    return dedent("\n".join(lines[start:end]))


class FakeNetwork:
    """Gives what a test lists, in order: responses, chunks, and errors to raise.

    Attributes:
        log: what the loop did besides reading.
    """

    def __init__(self, connection: Connection, *results: Response | bytes | Exception) -> None:
        self.results = deque(results)
        self.log: list[object] = []
        self.names: dict[str, Any] = {
            **vars(sse_core),
            "connection": connection,
            "send": lambda _request: self.next(),
            "read": self.next,
            "read_body": lambda limit, _timeout: self.next()[:limit],
            "close_connection": lambda: self.log.append("close"),
            "sleep": self.log.append,
            "wait_until_resumed": lambda: self.log.append("resumed"),
            "time": lambda: 0.0,
            "monotonic": lambda: 0.0,
            "random": lambda: 0.0,
        }

    def next(self) -> Any:
        result = self.results.popleft()
        if isinstance(result, Exception):
            raise result
        return result

    def run(self) -> Iterator[Event]:
        body = "\n".join(f"    {line}" for line in documented_loop().splitlines())
        exec(f"def loop():\n{body}\n", self.names)
        events: Iterator[Event] = self.names["loop"]()
        return events


def test_the_documented_loop_handles_every_step() -> None:
    cases = [node for node in ast.walk(ast.parse(documented_loop())) if isinstance(node, ast.MatchClass)]
    assert {ast.unparse(case.cls) for case in cases} == {step.__name__ for step in get_args(Step)}


def test_the_documented_loop_reads_a_stream() -> None:
    connection = Connection(URL, until="[DONE]")
    network = FakeNetwork(connection, STREAM, ONE_EVENT, ONE_EVENT * 2, b"data: [DONE]\n\n")
    assert list(network.run()) == [Event("a")] * 3
    assert network.log == ["close", "close"]


def test_the_documented_loop_reconnects_and_resumes() -> None:
    connection = Connection(URL, until="[DONE]")
    network = FakeNetwork(
        connection,
        OSError("no route to host"),
        answer(503),
        b"busy",
        STREAM,
        b"id: 7\n" + ONE_EVENT,
        b"",
        STREAM,
        OSError("reset"),
        STREAM,
        b"data: [DONE]\n\n",
    )
    assert list(network.run()) == [Event("a", id="7")]
    assert [delay for delay in network.log if delay != "close"] == [1.0, 2.0, 1.0, 2.0]
    assert connection.last_event_id == "7"


def test_the_documented_loop_raises_the_final_error() -> None:
    network = FakeNetwork(Connection(URL, retry=RetryPolicy()), answer(404), b"not here")
    with pytest.raises(HTTPStatusError, match="not here"):
        list(network.run())
    assert network.log == ["close", "close", "close"]
