"""The benchmark of chat replies takes the whole reply from each client, and would notice a wrong one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest

from benchmarks import chat_readers, chat_speed
from benchmarks.chat_readers import (
    API,
    ASYNCIO,
    BLOCKING,
    CHAT,
    MESSAGES,
    Reader,
    Reading,
    read_all,
    readers,
    with_version,
)
from benchmarks.chat_speed import Figure, events_a_read, goals, is_correct
from benchmarks.server_process import run_server
from sse_core import Parser

EVENTS, DRIPPED = 150, 20
BOTH = pytest.mark.parametrize("api", [CHAT, MESSAGES], ids=lambda api: api.path)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with run_server("chat_server.py", EVENTS, DRIPPED) as url:
        yield url


@pytest.mark.parametrize(
    ("api", "reader"),
    [
        pytest.param(api, reader, id=f"{api.path} {reader.name}")
        for api in (CHAT, MESSAGES)
        for reader in readers(api)
    ],
)
@pytest.mark.parametrize(("shape", "events"), [("burst/", EVENTS), ("drip/", DRIPPED)])
def test_reader_takes_the_whole_reply(api: API, reader: Reader, shape: str, events: int, url: str) -> None:
    assert is_correct(reader, api, url + shape, events)
    assert not is_correct(reader, api, url + shape, events + 1)
    assert reader.read(url + shape).wall > 0


@BOTH
@pytest.mark.parametrize("wrong", ["loses a chunk", "doubles one", "loses the end"])
def test_wrong_reply_is_found(api: API, wrong: str) -> None:
    events = [event for chunk in api.stream(EVENTS).events for event in Parser().feed(chunk)]
    chunks = [json.loads(event.data) for event in events if event.data != api.until]
    reader = Reader(wrong, lambda _: read_all(iter(chunks), api.add))
    assert is_correct(reader, api, "", EVENTS)
    match wrong:
        case "loses a chunk":
            del chunks[20]
        case "doubles one":
            chunks.insert(20, chunks[20])
        case "loses the end":
            del chunks[-2:]
    assert not is_correct(reader, api, "", EVENTS)


def test_read_of_a_burst_finds_many_events(url: str) -> None:
    assert events_a_read(f"{url}burst/") > 1


def test_wrong_reply_ends_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Reader("a client", lambda _: Reading())
    monkeypatch.setattr(sys, "argv", ["chat_speed.py", "--events", "3", "--dripped", "3"])
    monkeypatch.setattr(chat_speed, "readers", lambda api: [wrong])
    with pytest.raises(SystemExit, match=r"a client returns a wrong reply: OpenAI's chat completion, Burst"):
        chat_speed.main()


def test_every_reader_is_shown_and_f3dx_is_named_if_it_is_absent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["chat_speed.py", "--events", "70", "--dripped", "5", "--rounds", "1"])
    for module in (chat_readers, chat_speed):
        monkeypatch.setattr(module, "has_f3dx", lambda: False)
    chat_speed.main()
    lines = capsys.readouterr().out.splitlines()
    names = [reader.name for api in (CHAT, MESSAGES) for reader in chat_readers.readers(api)]
    assert [line[:40].strip() for line in lines if line.startswith("  ")] == 2 * names
    assert lines[-1] == "f3dx is not installed, and not compared"


def test_goals_take_the_fastest_way_of_f3dx() -> None:
    cpu = {BLOCKING: 3.0, ASYNCIO: 3.5, "f3dx 1, HTTP/2": 4.0, "f3dx 1, HTTP/1.1": 2.0}
    cpu[with_version("openai")] = 60.0
    figures = {name: Figure(value, value) for name, value in cpu.items()}
    blocking, on_asyncio, openai = goals(figures, in_burst=True)
    assert (blocking.figure, blocking.met, blocking.where) == ("1.50x", False, "f3dx 1, HTTP/1.1")
    assert (on_asyncio.figure, on_asyncio.target) == ("1.75x", "")
    assert (openai.figure, openai.met) == ("20.00x", True)
    assert [goal.name for goal in goals(figures, in_burst=False)] == [blocking.name, on_asyncio.name]
