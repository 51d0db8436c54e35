"""`sse tail --select`: the values at a path in the JSON of the data, as text or as lines."""

from __future__ import annotations

import json

import pytest

from sse_core import Event
from sse_transports.cli._exit_codes import ExitCode
from sse_transports.cli.output._select import RunningText, Selection
from sse_transports.testing import SSEServer
from tests.cli.terminal import sse

CONTENT = "choices.0.delta.content"


def chat(*contents: str | None) -> list[Event]:
    return [
        *(Event(json.dumps({"choices": [{"delta": {"content": content}}]})) for content in contents),
        Event("[DONE]"),
    ]


def stream(*documents: object) -> bytes:
    return b"".join(b"data: %b\n\n" % json.dumps(each).encode() for each in documents)


def test_running_text_is_joined_and_its_line_ended() -> None:
    with SSEServer([chat(None, "Nothing", "", " is\nlost", ".")]) as server:
        run = sse("tail", server.url, "-d", "{}", "--until", "[DONE]", "--select", CONTENT)
    assert (run.code, run.output, run.errors) == (ExitCode.ENDED, "Nothing is\nlost.\n", "")


def test_ended_line_is_not_ended_again() -> None:
    assert sse("tail", "-", "--select", "a", stdin=stream({"a": "x\n"})).output == "x\n"


def test_line_is_ended_after_an_incomplete_stream() -> None:
    run = sse("tail", "-", "--select", "a", stdin=stream({"a": "x"}) + b"data: ")
    assert (run.code, run.output) == (ExitCode.INCOMPLETE, "x\n")


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ([], 'ab\n{"c": 1}7true\n'),
        (["--format", "pretty"], 'ab\n{"c": 1}7true\n'),
        (["--format", "data"], 'a\nb\n\n{"c": 1}\n7\ntrue\n'),
        (["--format", "json"], '"a"\n"b\\n"\n{"c": 1}\n7\ntrue\n'),
    ],
)
def test_values_are_text_or_lines_or_json(how: list[str], expected: str) -> None:
    values = ["a", "b\n", {"c": 1}, 7, None, True]
    run = sse("tail", "-", "--select", "v", *how, stdin=stream(*({"v": value} for value in values)))
    assert run.output == expected


@pytest.mark.parametrize(
    ("paths", "document", "found"),
    [
        (["a.b"], {"a": {"b": "x"}}, ["x"]),
        (["a.1"], {"a": ["x", "y"]}, ["y"]),
        (["a[1]"], {"a": ["x", "y"]}, ["y"]),
        (["a[0][1].b"], {"a": [[{}, {"b": "x"}]]}, ["x"]),
        (["[0].a"], [{"a": "x"}], ["x"]),
        (["a[*].b"], {"a": [{"b": "x"}, {"b": "y"}]}, ["x", "y"]),
        (["a.2"], {"a": ["x", "y"]}, []),
        (["a.1"], {"a": {"1": "x"}}, ["x"]),
        (["a.-1"], {"a": ["x"]}, []),
        (["a.*.b"], {"a": [{"b": "x"}, {"c": "-"}, {"b": "y"}]}, ["x", "y"]),
        (["a.*"], {"a": {"b": "x", "c": "y"}}, ["x", "y"]),
        (["0"], ["x"], ["x"]),
        (["a.b"], {"a": "text"}, []),
        (["a", "b"], {"b": "y"}, ["y"]),
        (["a", "b"], {"a": "x", "b": "y"}, ["x"]),
        (["a", "b"], {"a": None, "b": "y"}, ["y"]),
    ],
)
def test_path_finds_values(paths: list[str], document: object, found: list[str]) -> None:
    arguments = [argument for path in paths for argument in ("--select", path)]
    run = sse("tail", "-", "--format", "data", *arguments, stdin=stream(document))
    assert run.output.splitlines() == found


@pytest.mark.parametrize("path", ["", ".a", "a.", "a..b", 'a["b"]', "a[-1]", "a[0", "a[]", "[]"])
def test_other_paths_are_refused_with_a_hint(path: str) -> None:
    run = sse("tail", "-", "--select", path, stdin=stream({"a": "x"}))
    assert (run.code, run.output) == (ExitCode.USAGE, "")
    assert "write a path like choices.0.delta.content or choices[0].delta.content" in run.errors


def test_one_event_is_counted_as_one() -> None:
    run = sse("tail", "-", "--select", "b", stdin=stream({"a": "x"}))
    assert run.errors == "sse: --select found nothing at b in 1 event\n"


def test_path_without_values_is_a_warning() -> None:
    with SSEServer([chat("a", "b")]) as server:
        run = sse("tail", server.url, "-d", "{}", "--select", "choices.text", "--select", "text")
    assert run.code == ExitCode.ENDED
    assert run.output == ""
    assert run.errors == "sse: --select found nothing at choices.text or text in 3 events\n"


def test_surrogate_pair_in_two_events_is_joined() -> None:
    halves = [Event(r'{"a": "x\ud83d"}'), Event(r'{"a": "\ude00y"}')]
    text = RunningText(Selection([("a",)]))
    assert [text([half]) for half in halves] == ["x", "😀y"]
    assert text(halves) == "x😀y"
    lone_half = rb'data: {"a": "\ud83d"}' + b"\n\n"
    assert sse("tail", "-", "--select", "a", stdin=lone_half).output == "\N{REPLACEMENT CHARACTER}\n"
    assert sse("tail", "-", "--select", "a", "--format", "json", stdin=lone_half).output == '"\\ud83d"\n'
