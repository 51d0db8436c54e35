"""Measure clients that read a model's chat reply, from the socket to the decoded text: `make bench-chat`.

A server in another process streams a model's reply. Each reader reads it to the end, decodes the JSON of
each chunk, and collects the text: this library with `event.json()`, the SDKs, httpx2, and f3dx, which is
written in Rust. In a burst, the server sends 64 chunks together, and a read finds many. In a drip, it sends a
chunk every 0.2 ms or a little more, and a read finds one. The reply of each reader is checked before it is
timed.

The figures are the best of several rounds, in which the readers take turns so that noise hits all of them.
They are CPU time of this process, with all of its threads; the wall time is in brackets. In a drip, the wall
time is that of the server. Connecting does not count: the clocks start after the first chunk.

In a burst, decoding JSON takes most of the time, also in f3dx, which calls `json.loads` of the standard
library. The server sends the 64 chunks in one HTTP chunk. If each had its own, every HTTP client would need
more: see `transport_speed.py`.

    chat_speed.py [--events 20000] [--dripped 2000] [--rounds 7]

Exit code 1 if a reader returns a wrong reply. Being slow is no failure.
"""

from __future__ import annotations

import argparse
import gc
import platform
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.chat_readers import (
    API,
    ASYNCIO,
    BLOCKING,
    CHAT,
    MESSAGES,
    Reader,
    Reading,
    has_f3dx,
    readers,
    with_version,
)
from benchmarks.chat_replies import BATCH, chat_completion
from benchmarks.goals import Goal, at_least, at_most
from benchmarks.server_process import run_server
from sse_core import Event, Parser
from sse_transports import EventSource


@dataclass(frozen=True)
class Shape:
    """How the server sends the chunks, at which path, and how many of them."""

    name: str
    path: str
    events: int


@dataclass(frozen=True)
class Figure:
    """The best times of one reader, in µs per chunk."""

    cpu: float
    wall: float


Figures = dict[str, Figure]
"""By the name of the reader."""


@contextmanager
def without_gc() -> Iterator[None]:
    """Keep the garbage collector off, which would run at random."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def is_correct(reader: Reader, api: API, url: str, events: int) -> bool:
    """Return whether a reader finds the whole reply and nothing else."""
    expected = api.stream(events).reply
    if not reader.has_usage:
        expected = expected._replace(output_tokens=None)
    return reader.read(url).reply == expected


def events_a_read(url: str) -> float:
    """Return how many events a read finds on average, with this library on urllib."""
    with EventSource(url + CHAT.path, method="POST", json=CHAT.body, until=CHAT.until, retry=None) as source:
        sizes = [len(events) for events in source.batches()]
    return sum(sizes) / len(sizes)


def best(found: list[Reading], events: int) -> Figure:
    """Return the figure of the readings of one reader."""
    return Figure(
        min(reading.cpu for reading in found) / events * 1e6,
        min(reading.wall for reading in found) / events * 1e6,
    )


def show(api: API, figures: Figures) -> None:
    """Print the figures for one API."""
    print(api.name)
    for name, figure in figures.items():
        ratio = figure.cpu / figures[BLOCKING].cpu
        print(f"  {name:38}{figure.cpu:8.2f} [{figure.wall:7.2f}]{ratio:7.2f}x")
    print()


def goals(chat: Figures, *, in_burst: bool) -> Iterator[Goal]:
    """Yield the goals for a chat completion. f3dx's is its fastest way, also if that does less."""
    f3dx = {name: figure.cpu for name, figure in chat.items() if name.startswith("f3dx ")}
    if f3dx:
        fastest = min(f3dx, key=f3dx.__getitem__)
        # f3dx is blocking.
        yield at_most(f"{BLOCKING} / f3dx", chat[BLOCKING].cpu / f3dx[fastest], 1.0, fastest)
        yield Goal(f"{ASYNCIO} / f3dx", f"{chat[ASYNCIO].cpu / f3dx[fastest]:.2f}x", where=fastest)
    if in_burst:
        openai = chat[with_version("openai")].cpu
        yield at_least(f"openai / {BLOCKING}", openai / chat[BLOCKING].cpu, 12.0)


class Parts:
    """Parts of what this library does for a chat completion in a burst, each measured without I/O."""

    def __init__(self, events: int) -> None:
        stream = chat_completion(events).events
        self._chunks = [b"".join(stream[start : start + BATCH]) for start in range(0, len(stream), BATCH)]
        self._events = [event for chunk in self._chunks for event in Parser().feed(chunk)]
        del self._events[-1]  # [DONE], which is not decoded
        self._decoded = [event.json() for event in self._events]
        self._best = dict.fromkeys(("Parser.feed", "event.json()", "collecting the text"), float("inf"))

    def measure(self) -> None:
        """Measure each part once more."""
        reading = Reading()
        work: tuple[Iterator[Any], ...] = (
            map(Parser().feed, self._chunks),
            map(Event.json, self._events),
            map(reading.add_chat, self._decoded),
        )
        for name, items in zip(self._best, work, strict=True):
            with without_gc():
                start = time.process_time()
                deque(items, maxlen=0)
                self._best[name] = min(self._best[name], time.process_time() - start)

    def line(self, whole: float) -> str:
        """Return the µs of each part, and what is left of the whole."""
        parts = {name: seconds / len(self._events) * 1e6 for name, seconds in self._best.items()}
        parts["socket, HTTP, iteration"] = whole - sum(parts.values())
        return ", ".join(f"{name} {figure:.2f}" for name, figure in parts.items())


def main() -> None:
    """Check the replies, measure, print."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--events", type=int, default=20_000)
    arguments.add_argument("--dripped", type=int, default=2_000)
    arguments.add_argument("--rounds", type=int, default=7)
    options = arguments.parse_args()
    shapes = [
        Shape("Burst, many chunks a read", "burst/", options.events),
        Shape("Drip, one chunk a read", "drip/", options.dripped),
    ]
    cells = [(shape, api, reader) for shape in shapes for api in (CHAT, MESSAGES) for reader in readers(api)]
    with run_server("chat_server.py", options.events, options.dripped) as url:
        wrong = [
            f"{reader.name} returns a wrong reply: {api.name}, {shape.name}"
            for shape, api, reader in cells
            if not is_correct(reader, api, url + shape.path, shape.events)
        ]
        if wrong:
            raise SystemExit("\n".join(wrong))
        sizes = {shape: events_a_read(url + shape.path) for shape in shapes}
        readings: list[list[Reading]] = [[] for _ in cells]
        parts = Parts(options.events)
        for _ in range(options.rounds):
            parts.measure()
            for (shape, _, reader), found in zip(cells, readings, strict=True):
                with without_gc():
                    found.append(reader.read(url + shape.path))
    print(
        f"CPython {platform.python_version()}, µs of CPU [of wall time] per chunk, "
        f"best of {options.rounds} interleaved rounds; x: over {BLOCKING}\n"
    )
    for shape in shapes:
        print(f"# {shape.name}: {shape.events} chunks, {sizes[shape]:.1f} a read\n")
        figures: dict[API, Figures] = {CHAT: {}, MESSAGES: {}}
        for (of_shape, api, reader), found in zip(cells, readings, strict=True):
            if of_shape is shape:
                figures[api][reader.name] = best(found, shape.events)
        for api, of_api in figures.items():
            show(api, of_api)
        in_burst = shape is shapes[0]
        if in_burst:
            print(f"{BLOCKING}: {parts.line(figures[CHAT][BLOCKING].cpu)}\n")
        for goal in goals(figures[CHAT], in_burst=in_burst):
            print(*goal.lines(), sep="\n")
        print()
    if not has_f3dx():
        print("f3dx is not installed, and not compared")


if __name__ == "__main__":
    main()
