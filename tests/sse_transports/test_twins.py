"""The blocking and the async client are twins: the same members, arguments, docstrings and lines."""

from __future__ import annotations

import ast
import difflib
import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

import sse_transports._async_event_source
import sse_transports._event_source
import sse_transports._interface
from sse_transports import (
    AsyncEventSource,
    AsyncHttpx2Transport,
    EventSource,
    Httpx2Transport,
)

# The names that must differ between the two.
TRANSLATED = (
    ("AsyncEventSource", "EventSource"),
    ("AsyncOptions", "Options"),
    ("AsyncTransport", "Transport"),
    ("AsyncExchange", "Exchange"),
    ("AsyncHttpx2", "Httpx2"),
    ("AsyncScripted", "Scripted"),
    ("AsyncRecording", "Recording"),
    ("AsyncClient", "Client"),
    ("AsyncPrepare", "Prepare"),
    ("AsyncIterator", "Iterator"),
    ("StopAsyncIteration", "StopIteration"),
    ("__aenter__", "__enter__"),
    ("__aexit__", "__exit__"),
    ("__aiter__", "__iter__"),
    ("__anext__", "__next__"),
    ("thread", "task"),
)
# Members that only one of them has.
ONLY_BLOCKING = {"__del__", "_watch_time", "_loops", "_iterate"}
ONLY_ASYNC = {"_require_transport", "_next_in_time"}


def plain(text: str) -> str:
    for one, other in TRANSLATED:
        text = text.replace(one, other)
    return text


def members(kind: type) -> dict[str, Callable[..., Any]]:
    return {
        plain(name): member
        for name, member in vars(kind).items()
        if inspect.isfunction(member) and name != "__init__"
    }


def test_sources_have_the_same_members_in_order() -> None:
    blocking = [name for name in members(EventSource) if name not in ONLY_BLOCKING]
    asynchronous = [name for name in members(AsyncEventSource) if name not in ONLY_ASYNC]
    assert blocking == asynchronous


PAIRS = [
    pytest.param(members(EventSource)[name], members(AsyncEventSource)[name], id=name)
    for name in members(EventSource)
    if name not in ONLY_BLOCKING
]


@pytest.mark.parametrize(("blocking", "asynchronous"), PAIRS)
def test_members_have_the_same_arguments_and_docs(
    blocking: Callable[..., Any], asynchronous: Callable[..., Any]
) -> None:
    assert plain(str(inspect.signature(asynchronous))) == plain(str(inspect.signature(blocking)))
    assert plain(inspect.getdoc(asynchronous) or "") == plain(inspect.getdoc(blocking) or "")


def test_arguments_have_the_same_defaults() -> None:
    blocking = inspect.signature(EventSource.__init__).parameters.values()
    asynchronous = inspect.signature(AsyncEventSource.__init__).parameters.values()
    assert [(one.name, one.default) for one in blocking] == [(one.name, one.default) for one in asynchronous]


def test_class_docs_describe_the_same_arguments() -> None:
    """The docstrings may differ in a few lines that are true of one of them only."""
    blocking, asynchronous = (
        plain(inspect.getdoc(kind) or "").partition("Args:")[2].splitlines()
        for kind in (EventSource, AsyncEventSource)
    )
    differing = [
        line
        for line in difflib.ndiff(blocking, asynchronous)
        if line.startswith(("+", "-")) and line[1:].strip()
    ]
    assert len(differing) < 26, "\n".join(differing)
    names = [
        [match[1] for line in lines if (match := re.match(r"    (\S+): ", line))]
        for lines in (blocking, asynchronous)
    ]
    assert names[0] == names[1]


def lines(function: Callable[..., Any]) -> list[str]:
    """Return the statements of a function without `async` and `await`, comments and docstrings."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    text = re.sub(r"\b(async|await) ", "", plain(ast.unparse(tree)))
    # Async hooks are awaited, and closing is shielded from cancellation.
    text = re.sub(r"_result\((self\._\w+\(.*?\))\)", r"\1", text).replace(
        "self._require_transport()", "self._transport"
    )
    return [line.strip() for line in text.splitlines() if not SHIELD.search(line)]


SHIELD = re.compile(r"with anyio\.move_on_after\(CLOSE_TIMEOUT, shield=True\):$|with self\._command_lock:$")
WAITING = {
    "__enter__": "needs an event loop",
    "__exit__": "waits for other tasks",
    "__iter__": "a loop is a generator, which an async one cannot be",
    "__next__": "a loop is a generator, which an async one cannot be",
    "_ask": "acquires the lock",
    "_fill": "sets an event",
    "_fill_within": "waits for a thread or a task",
    "_next": "lets other tasks run, and the event loop may be gone",
    "_read": "counts events since other tasks could run",
    "_next_batch": "a loop is a generator, which an async one cannot be",
    "_sleep_unless_commanded": "sleeps",
    "_post_command": "wakes a sleep",
    "_apply_if_idle": "acquires the lock",
    "_save": "saves in a worker thread",
    "_close_transport": "may have no transport yet",
    "_abort": "is shielded from cancellation",
}
"""Members that differ, because threads and tasks wait, wake and are interrupted in different ways."""


@pytest.mark.parametrize(("blocking", "asynchronous"), PAIRS)
def test_members_have_the_same_lines_unless_they_wait(
    blocking: Callable[..., Any], asynchronous: Callable[..., Any]
) -> None:
    same = lines(blocking) == lines(asynchronous)
    assert same == (blocking.__name__ not in WAITING), "\n".join(
        difflib.ndiff(lines(blocking), lines(asynchronous))
    )


@pytest.mark.parametrize(
    ("blocking", "asynchronous"),
    [
        (sse_transports._interface.Transport, sse_transports._interface.AsyncTransport),
        (sse_transports._interface.Exchange, sse_transports._interface.AsyncExchange),
        (Httpx2Transport, AsyncHttpx2Transport),
    ],
)
def test_transports_have_the_same_members(blocking: type, asynchronous: type) -> None:
    one, other = members(blocking), members(asynchronous)
    assert list(one) == list(other)
    for name in one:
        assert plain(str(inspect.signature(other[name]))) == plain(str(inspect.signature(one[name])))
