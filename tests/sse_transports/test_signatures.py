"""The arguments of event sources: names, defaults and types, and which values are refused."""

from __future__ import annotations

import inspect
import math
import sys
import types
from collections.abc import Callable
from typing import Any, get_type_hints

import httpx2
import pytest

import sse_core._connection
import sse_core._parser
import sse_core._url
from sse_core import Connection, InvalidArgument, RetryPolicy, UsageError
from sse_transports import AsyncEventSource, EventSource
from sse_transports._async_event_source import AsyncOptions
from sse_transports._event_source import Options
from sse_transports.testing import SSEServer

DOCUMENTED: dict[str, object] = {
    "method": "GET",
    "params": None,
    "headers": None,
    "json": None,
    "content": None,
    "last_event_id": None,
    "retry": RetryPolicy(),
    "idle_timeout": None,
    "timeout": 60.0,
    "total_timeout": None,
    "max_event_size": 32 * 2**20,
    "until": None,
    "at_end": None,
    "accept": ("text/event-stream",),
    "comments": False,
    "default_type": "message",
    "store": None,
    "transport": None,
    "prepare": None,
    "on_open": None,
    "on_error": None,
    "on_state": None,
}


def keywords(function: Callable[..., object]) -> dict[str, object]:
    """Return the keyword-only arguments and their defaults."""
    return {
        parameter.name: parameter.default
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    }


def test_every_documented_argument_has_its_default() -> None:
    found = keywords(EventSource.__init__)
    assert {name: found[name] for name in DOCUMENTED} == DOCUMENTED
    assert set(found) - set(DOCUMENTED) == {"sensitive_headers", "clock"}


def test_the_url_is_the_only_positional_argument() -> None:
    first, second, *rest = inspect.signature(EventSource.__init__).parameters.values()
    assert (first.name, second.name, second.default) == ("self", "url", inspect.Parameter.empty)
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in rest)


def run_with_types(module: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Run a module of the core as type checkers read it."""
    source = inspect.getsource(module)
    typed = types.ModuleType(f"{module.__name__}_with_types")
    # For its relative imports.
    typed.__package__ = "sse_core"
    typed.__spec__ = module.__spec__
    monkeypatch.setitem(sys.modules, typed.__name__, typed)
    exec(source.replace("TYPE_CHECKING = False", "TYPE_CHECKING = True"), vars(typed))
    return typed


@pytest.fixture
def core_options(monkeypatch: pytest.MonkeyPatch) -> type:
    """The option types of the core, which exist for type checkers only."""
    parser = run_with_types(sse_core._parser, monkeypatch)
    monkeypatch.setattr(sse_core._parser, "Options", vars(parser)["Options"], raising=False)
    url = run_with_types(sse_core._url, monkeypatch)
    monkeypatch.setattr(sse_core._url, "Params", vars(url)["Params"], raising=False)
    options: type = vars(run_with_types(sse_core._connection, monkeypatch))["Options"]
    return options


@pytest.mark.parametrize(
    ("source", "options"),
    [(EventSource, Options), (AsyncEventSource, AsyncOptions)],
    ids=["EventSource", "AsyncEventSource"],
)
def test_the_typed_options_are_the_keyword_arguments(source: type, options: type, core_options: type) -> None:
    typed = get_type_hints(core_options) | get_type_hints(options)
    names = keywords(source.__init__)  # type: ignore[misc]
    assert set(typed) == set(names) - {"comments"}
    arguments = get_type_hints(source.__init__)  # type: ignore[misc]
    assert {name: arguments[name] for name in typed} == typed


def test_all_typed_options_may_be_left_out(core_options: Any) -> None:
    for options in (core_options, Options, AsyncOptions):
        assert options.__required_keys__ == set()


def test_the_core_options_are_those_of_connection(core_options: type) -> None:
    typed = get_type_hints(core_options)
    assert set(typed) == set(keywords(Connection.__init__)) - {"comments"}


def test_the_defaults_are_those_of_the_core() -> None:
    core, client = keywords(Connection.__init__), keywords(EventSource.__init__)
    assert set(core) <= set(client)
    assert {name: client[name] for name in core} == core


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("timeout", {"timeout": 0}),
        ("timeout", {"timeout": -1}),
        ("timeout", {"timeout": "5"}),
        ("timeout", {"timeout": True}),
        ("timeout", {"timeout": (5, 60)}),
        ("idle_timeout", {"idle_timeout": (5, 60)}),
        ("timeout", {"timeout": math.nan}),
        ("timeout", {"timeout": math.inf}),
        ("timeout", {"timeout": 1e12}),
        ("total_timeout", {"total_timeout": 0}),
        ("total_timeout", {"total_timeout": (5, 60)}),
        ("idle_timeout", {"idle_timeout": 0}),
        ("idle_timeout", {"idle_timeout": "5"}),
        ("idle_timeout", {"idle_timeout": math.nan}),
        ("headers", {"headers": ["Accept: x"]}),
        ("headers", {"headers": [("Accept", "x")]}),
        ("headers", {"headers": "Accept: x"}),
        ("retry", {"retry": 3}),
        ("retry", {"retry": True}),
        ("method", {"method": "GE T"}),
        ("method", {"method": ""}),
        ("method", {"method": "GET\r\nX: y"}),
        ("method", {"method": None}),
        ("json", {"json": {"a": 1}}),
        ("json", {"json": {"a": 1}, "method": "HEAD"}),
        ("json", {"json": {1, 2}, "method": "POST"}),
        ("json", {"json": math.nan, "method": "POST"}),
        ("json", {"json": {}, "content": "x", "method": "POST"}),
        ("content", {"content": "x"}),
        ("content", {"content": 7, "method": "POST"}),
        ("content", {"content": "\ud800", "method": "POST"}),
        ("last_event_id", {"last_event_id": "a\nb"}),
        ("last_event_id", {"last_event_id": "a\rb"}),
        ("last_event_id", {"last_event_id": "a\0b"}),
        ("last_event_id", {"last_event_id": "\ud800"}),
        ("last_event_id", {"last_event_id": 7}),
        ("max_event_size", {"max_event_size": 0}),
        ("max_event_size", {"max_event_size": -1}),
        ("until", {"until": 7}),
        ("until", {"until": b"[DONE]"}),
        ("at_end", {"at_end": "ignore"}),
        ("params", {"params": 7}),
        ("params", {"params": ["a"]}),
        ("params", {"params": {"a": {}}}),
        ("params", {"params": {"a": [b"x"]}}),
        ("params", {"params": {7: "x"}}),
        ("params", {"params": {"a": "\ud800"}}),
        ("accept", {"accept": "text/event-stream"}),
        ("accept", {"accept": ()}),
        ("accept", {"accept": None}),
        ("accept", {"accept": ("text",)}),
        ("accept", {"accept": (b"text/plain",)}),
        ("default_type", {"default_type": 7}),
        ("sensitive_headers", {"sensitive_headers": "X-Api-Key"}),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_an_invalid_argument_is_refused_at_once(name: str, arguments: dict[str, Any]) -> None:
    with SSEServer(lambda call: call.respond(204, [])) as server:
        with pytest.raises(InvalidArgument) as caught:
            EventSource(server.url, **arguments)
        assert caught.value.name == name
        assert str(caught.value).startswith(f"{name}: ")
        assert isinstance(caught.value, (ValueError, UsageError))
        assert server.calls == []


@pytest.mark.parametrize("timeout", [(5, 60), httpx2.Timeout(5)], ids=["pair", "object"])
def test_timeouts_of_another_client_name_both_limits(timeout: Any) -> None:
    kind = type(timeout).__name__
    message = f"timeout: expected seconds or None, not {kind}; idle_timeout bounds the silence of the stream"
    with pytest.raises(InvalidArgument) as caught:
        EventSource("http://127.0.0.1:9", timeout=timeout)
    assert str(caught.value) == message


@pytest.mark.parametrize("timeout", ["30", True], ids=repr)
def test_one_wrong_timeout_names_no_other_limit(timeout: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        EventSource("http://127.0.0.1:9", timeout=timeout)
    assert str(caught.value) == f"timeout: expected seconds or None, not {type(timeout).__name__}"


@pytest.mark.parametrize(
    "url",
    [
        *("example.com", "", "/stream", "//example.com", "ftp://example.com", "file:///etc/passwd"),
        *("http://", "http:///x", "http://[::1", "http://a:port/", "http://a:99999/", "http://a\r\nb/"),
        *("http://a b/", "http://\ud800/", "javascript:1", None, 7, b"http://example.com"),
    ],
)
def test_an_invalid_url_is_refused_at_once(url: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        EventSource(url)
    assert caught.value.name == "url"


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(TypeError, match="time_out"):
        EventSource("http://127.0.0.1:9", time_out=3)  # type: ignore[call-overload]


def test_making_a_source_does_no_io() -> None:
    with SSEServer(lambda call: call.respond(204, [])) as server:
        source = EventSource(server.url, timeout=1, idle_timeout=0.001)
        assert server.open_connections == 0
        assert repr(source) == f"<EventSource {server.url}/ CONNECTING>"
        source.close()
        assert repr(source) == f"<EventSource {server.url}/ CLOSED>"
    assert server.calls == []
