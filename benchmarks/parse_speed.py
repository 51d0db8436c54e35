"""How fast the parser is, next to peers: ns per event and ratios, from one run. `make bench-parse`.

Each parser reads the same chunks: a fresh one per round, rounds interleaved, events counted and not
kept. What a parser answers is checked before its speed is.
"""

from __future__ import annotations

import codecs
import gc
import json
import platform
import time
from collections import deque
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING, Any

from httpx2._sse import _SSEParser
from ld_eventsource.reader import _BufferedLineReader, _SSEReader

from sse_core import Parser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    ReadData = Callable[[list[bytes]], Iterator[Any]]

EVENTS = 20_000
ROUNDS = 9


def ours(chunks: list[bytes]) -> Iterator[Any]:
    """Read with `sse_core.Parser`."""
    parser = Parser()
    for chunk in chunks:
        yield from parser.feed(chunk)


def launchdarkly(chunks: list[bytes]) -> Iterator[Any]:
    """Read with the line reader and the event reader of launchdarkly-eventsource."""
    lines = _BufferedLineReader.lines_from(iter(chunks))
    yield from _SSEReader(lines, 1000, None).events_and_comments()


def httpx2(chunks: list[bytes]) -> Iterator[Any]:
    """Read as httpx2 does: its own text decoding, then its own parser."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    parser = _SSEParser()
    for chunk in chunks:
        yield from parser.decode(decoder.decode(chunk))
    yield from parser.flush()


PARSERS: dict[str, ReadData] = {
    "sse-core": ours,
    f"launchdarkly-eventsource {version('launchdarkly-eventsource')}": launchdarkly,
    f"httpx2 {version('httpx2')}": httpx2,
}


def deltas(prefix: bytes) -> list[bytes]:
    """Return events as a model's API streams them: one small JSON document each."""
    events = []
    for number in range(EVENTS):
        choice = {
            "index": 0,
            "delta": {"content": f" token{number}"},
            "logprobs": None,
            "finish_reason": None,
        }
        payload = {
            "id": "chatcmpl-0123456789abcdefghijklmnop",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000 + number,
            "model": "a-model-2026-01-01",
            "system_fingerprint": "fp_0123456789",
            "choices": [choice],
        }
        events.append(prefix + b"data: " + json.dumps(payload).encode() + b"\n\n")
    return events


def cut(chunks: list[bytes], size: int) -> list[bytes]:
    """Return the same bytes in chunks of `size`."""
    whole = b"".join(chunks)
    return [whole[start : start + size] for start in range(0, len(whole), size)]


def streams() -> dict[str, list[bytes]]:
    """Return what is read, by name."""
    openai, anthropic = deltas(b""), deltas(b"event: content_block_delta\n")
    return {
        "OpenAI deltas, one event per chunk": openai,
        "OpenAI deltas, 4 KiB chunks": cut(openai, 4096),
        "Anthropic deltas, one event per chunk": anthropic,
        "Anthropic deltas, 4 KiB chunks": cut(anthropic, 4096),
    }


def measure(chunks: list[bytes]) -> dict[str, float]:
    """Return the median ns per event of each parser."""
    times: dict[str, list[float]] = {name: [] for name in PARSERS}
    gc.disable()
    for _ in range(ROUNDS):
        for name, read in PARSERS.items():
            start = time.perf_counter()
            deque(read(chunks), maxlen=0)
            times[name].append((time.perf_counter() - start) / EVENTS * 1e9)
    gc.enable()
    return {name: median(values) for name, values in times.items()}


def main() -> None:
    """Check the answers, measure, print."""
    print(f"CPython {platform.python_version()}, ns per event, medians of {ROUNDS} interleaved rounds\n")
    for stream, chunks in streams().items():
        right = [event.data for event in ours(chunks)]
        for name, read in PARSERS.items():
            if len(right) != EVENTS or [event.data for event in read(chunks)] != right:
                print(f"{name} reads {stream} wrong")
        figures = measure(chunks)
        print(stream)
        for name, figure in figures.items():
            print(f"  {name:35}{figure:7.0f}   {figure / figures['sse-core']:.2f}x")


if __name__ == "__main__":
    main()
