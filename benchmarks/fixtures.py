"""The streams that parsers are measured with: seeded, and named for what they stress.

A fixture holds what a server sends, chunk by chunk, and the events that a parser must return. Both are built
from the same values, without a parser or an encoder, so that a fixture can find bugs in either.
"""

from __future__ import annotations

import base64
import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import CHINESE, ENGLISH, TITLES
from sse_core import Event

if TYPE_CHECKING:
    from collections.abc import Callable

OPENAI = "OpenAI deltas, ASCII"
OPENAI_CJK = "OpenAI deltas, some CJK"
ANTHROPIC = "Anthropic deltas"
WIKIMEDIA = "Wikimedia edits"
TINY = "tiny data"
MULTILINE = "3 to 6 data lines"
HEARTBEATS = "heartbeats between"
CRLF = "OpenAI deltas, CRLF"
SPACELESS = "OpenAI deltas, no space"
FOUR_FIELDS = "all four fields"
CHANGING = "types that change"
LARGE = "events of 6 kB"
LONG_LINE = "one line of 8 MiB"
MANY_LINES = "100,000 data lines"

WORDS = ENGLISH.split()
CHINESE_WORDS = CHINESE.split()

LARGE_COUNT = 1000
LONG_LINE_BYTES = 8 * 2**20
MANY_LINES_COUNT = 100_000

PER_EVENT = None
"""The chunk size that means one event per chunk, as a live server sends them."""
PER_LINE = -1
"""The chunk size that means one line per chunk, as servers send that write and flush line by line."""
CHUNK_SIZES: tuple[int | None, ...] = (PER_EVENT, 1460, 4096, 65536)
"""One event per chunk; then the bytes of a TCP segment, of a memory page and of a large read."""


@dataclass(frozen=True)
class Fixture:
    """A stream and its events.

    Attributes:
        name: what the stream stresses.
        chunks: the bytes as a server sends them, one event or comment per chunk.
        events: the events that a parser must return.
    """

    name: str
    chunks: list[bytes]
    events: list[Event]

    def split(self, size: int | None) -> list[bytes]:
        """Return the bytes in chunks of `size`, which may be PER_EVENT or PER_LINE."""
        if size is PER_EVENT:
            return self.chunks
        whole = b"".join(self.chunks)
        if size == PER_LINE:
            return whole.splitlines(keepends=True)
        return [whole[start : start + size] for start in range(0, len(whole), size)]

    def streams(self, size: int | None) -> list[list[bytes]]:
        """Return a list with the one stream, split into chunks."""
        return [self.split(size)]


def compact(value: object) -> str:
    """Return JSON as services send it: no spaces, and non-ASCII text unescaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def letters(rng: random.Random, count: int) -> str:
    """Return random letters and digits, as in the reply IDs of services."""
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=count))


def openai_payloads(rng: random.Random, tokens: list[str]) -> list[str]:
    """Return the data of each event of a chat completion with these tokens, `[DONE]` included."""
    head: dict[str, Any] = {
        "id": f"chatcmpl-{letters(rng, 29)}",
        "object": "chat.completion.chunk",
        "created": 1_764_000_000 + rng.randrange(10**6),
        "model": "gpt-5.1-2025-11-13",
        "service_tier": "default",
        "system_fingerprint": f"fp_{rng.randrange(16**10):010x}",
    }

    def payload(delta: dict[str, str], reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return compact({**head, "choices": [choice], "usage": None})

    first = payload({"role": "assistant", "content": ""})
    return [first, *(payload({"content": token}) for token in tokens), payload({}, "stop"), "[DONE]"]


def english(rng: random.Random, count: int) -> list[str]:
    """Return the tokens of an English reply."""
    return [" " + rng.choice(WORDS) for _ in range(count)]


def partly_chinese(rng: random.Random, count: int) -> list[str]:
    """Return the tokens of a reply that alternates between runs of English and of Chinese."""
    tokens: list[str] = []
    while len(tokens) < count:
        tokens += english(rng, rng.randint(20, 60))
        tokens += rng.choices(CHINESE_WORDS, k=rng.randint(20, 60))
    return tokens[:count]


def data_only(name: str, payloads: list[str], *, start: str = "data: ", end: str = "\n") -> Fixture:
    """Return a fixture whose events are one data line each."""
    chunks = [f"{start}{payload}{end}{end}".encode() for payload in payloads]
    return Fixture(name, chunks, [Event(payload) for payload in payloads])


def openai(count: int) -> Fixture:
    """One data line per event, all ASCII: the most common kind of stream."""
    rng = random.Random("openai")
    return data_only(OPENAI, openai_payloads(rng, english(rng, count - 3)))


def openai_cjk(count: int) -> Fixture:
    """The same with runs of events in Chinese, so that some chunks are ASCII and some are not."""
    rng = random.Random("openai cjk")
    return data_only(OPENAI_CJK, openai_payloads(rng, partly_chinese(rng, count - 3)))


def crlf(count: int) -> Fixture:
    """The same with CRLF line ends. A chunk may end between the CR and the LF."""
    rng = random.Random("crlf")
    return data_only(CRLF, openai_payloads(rng, english(rng, count - 3)), end="\r\n")


def spaceless(count: int) -> Fixture:
    """The same without a space after the colon, as some frameworks write it."""
    rng = random.Random("spaceless")
    return data_only(SPACELESS, openai_payloads(rng, english(rng, count - 3)), start="data:")


def tiny(count: int) -> Fixture:
    """One or two digits per event: measures the fixed cost of an event."""
    rng = random.Random("tiny")
    return data_only(TINY, [str(rng.randrange(100)) for _ in range(count)])


def anthropic(count: int) -> Fixture:
    """An event line and a data line. Most events have the same type, a few have others."""
    rng = random.Random("anthropic")
    usage = {"input_tokens": 25, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    message: dict[str, Any] = {
        "id": f"msg_01{letters(rng, 22)}",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": 1},
    }
    payloads: list[dict[str, Any]] = [{"type": "message_start", "message": message}]
    index = 0
    # The three events after the last block are added below.
    while len(payloads) < count - 3:
        block = {"type": "text", "text": ""}
        payloads += [
            {"type": "content_block_start", "index": index, "content_block": block},
            {"type": "ping"},
        ]
        for token in english(rng, rng.randint(100, 400)):
            delta = {"type": "text_delta", "text": token}
            payloads.append({"type": "content_block_delta", "index": index, "delta": delta})
        index += 1
    del payloads[count - 3 :]
    payloads += [
        {"type": "content_block_stop", "index": index - 1},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": count},
        },
        {"type": "message_stop"},
    ]
    events = [Event(compact(payload), payload["type"]) for payload in payloads]
    chunks = [f"event: {event.event}\ndata: {event.data}\n\n".encode() for event in events]
    return Fixture(ANTHROPIC, chunks, events)


def wikimedia(count: int) -> Fixture:
    """A long id and 1 kB of data per event. Some titles are not ASCII."""
    rng = random.Random("wikimedia")
    events = []
    for number in range(count):
        moment = 1_764_000_000_000 + number * 37
        title = rng.choice(TITLES)
        wiki = rng.choice(("en", "de", "zh", "fr", "ru", "commons"))
        change = {
            "$schema": "/mediawiki/recentchange/1.0.0",
            "meta": {
                "uri": f"https://{wiki}.example.org/wiki/{title.replace(' ', '_')}",
                "request_id": f"{rng.randrange(16**32):032x}",
                "id": f"{rng.randrange(16**32):032x}",
                "domain": f"{wiki}.example.org",
                "stream": "mediawiki.recentchange",
                "topic": "eqiad.mediawiki.recentchange",
                "partition": 0,
                "offset": 5_000_000_000 + number,
            },
            "id": 1_900_000_000 + number,
            "type": rng.choice(("edit", "edit", "edit", "categorize", "new", "log")),
            "namespace": rng.randrange(16),
            "title": title,
            "comment": " ".join(rng.choices(WORDS, k=24)),
            "timestamp": moment // 1000,
            "user": letters(rng, 12),
            "bot": rng.random() < 0.3,
            "minor": rng.random() < 0.3,
            "length": {"old": rng.randrange(10**5), "new": rng.randrange(10**5)},
            "revision": {"old": 1_300_000_000 + number, "new": 1_300_000_001 + number},
            "server_url": f"https://{wiki}.example.org",
            "server_script_path": "/w",
            "wiki": f"{wiki}wiki",
            "parsedcomment": " ".join(rng.choices(WORDS, k=30)),
        }
        places = [
            {"topic": "eqiad.mediawiki.recentchange", "partition": 0, "timestamp": moment},
            {"topic": "codfw.mediawiki.recentchange", "partition": 0, "offset": -1},
        ]
        events.append(Event(compact(change), "message", compact(places)))
    chunks = [f"event: message\nid: {event.id}\ndata: {event.data}\n\n".encode() for event in events]
    return Fixture(WIKIMEDIA, chunks, events)


def multiline(count: int) -> Fixture:
    """Three to six data lines per event, none of them empty."""
    rng = random.Random("multiline")
    chunks, events = [], []
    for _ in range(count):
        lines = [" ".join(rng.choices(WORDS, k=8)) for _ in range(rng.randint(3, 6))]
        chunks.append(("".join(f"data: {line}\n" for line in lines) + "\n").encode())
        events.append(Event("\n".join(lines)))
    return Fixture(MULTILINE, chunks, events)


def heartbeats(count: int) -> Fixture:
    """A comment in a chunk of its own after about every second event."""
    rng = random.Random("heartbeats")
    payloads = openai_payloads(rng, english(rng, count - 3))
    chunks = []
    for payload in payloads:
        chunks.append(f"data: {payload}\n\n".encode())
        if rng.random() < 0.5:
            chunks.append(b": keepalive\n\n")
    return Fixture(HEARTBEATS, chunks, [Event(payload) for payload in payloads])


def four_fields(count: int) -> Fixture:
    """An id, an event type, a reconnection time and data in each event."""
    rng = random.Random("four fields")
    events = []
    for number in range(count):
        data = {"symbol": letters(rng, 4), "price": rng.randrange(10**6) / 100, "volume": number}
        kind = rng.choice(("trade", "quote", "status"))
        events.append(Event(compact(data), kind, str(10**9 + number), rng.randrange(1000, 5000)))
    chunks = [
        f"id: {event.id}\nevent: {event.event}\nretry: {event.retry}\ndata: {event.data}\n\n".encode()
        for event in events
    ]
    return Fixture(FOUR_FIELDS, chunks, events)


def changing(count: int) -> Fixture:
    """An event line and a data line; the type is another one in each event, as for the steps of an agent."""
    rng = random.Random("changing")
    kinds = ("message.created", "message.delta", "tool.call", "tool.result", "status", "usage")
    events: list[Event] = []
    kind = ""
    for number in range(count):
        kind = rng.choice([other for other in kinds if other != kind])
        text = " ".join(rng.choices(WORDS, k=6))
        data = {"type": kind, "sequence": number, "item": letters(rng, 24), "text": text}
        events.append(Event(compact(data), kind))
    chunks = [f"event: {event.event}\ndata: {event.data}\n\n".encode() for event in events]
    return Fixture(CHANGING, chunks, events)


def large(count: int = LARGE_COUNT) -> Fixture:
    """One data line of 3 to 9 kB per event: an event is larger than most chunks, and few are in one chunk."""
    rng = random.Random("large")
    payloads = [
        compact({"number": number, "text": " ".join(rng.choices(WORDS, k=rng.randint(500, 1500)))})
        for number in range(count)
    ]
    return data_only(LARGE, payloads)


def long_line(size: int = LONG_LINE_BYTES) -> Fixture:
    """One event of one long data line, such as an image: shows a buffer that is copied with each chunk."""
    data = base64.b64encode(random.Random("long line").randbytes(size // 4 * 3)).decode()
    return Fixture(LONG_LINE, [f"data: {data}\n\n".encode()], [Event(data)])


def many_lines(count: int = MANY_LINES_COUNT) -> Fixture:
    """One event of very many data lines: shows a list of lines that is copied with each line."""
    rng = random.Random("many lines")
    lines = [f"{number} {rng.choice(WORDS)}" for number in range(count)]
    stream = "".join(f"data: {line}\n" for line in lines) + "\n"
    return Fixture(MANY_LINES, [stream.encode()], [Event("\n".join(lines))])


STREAMS: dict[str, Callable[[int], Fixture]] = {
    OPENAI: openai,
    OPENAI_CJK: openai_cjk,
    ANTHROPIC: anthropic,
    WIKIMEDIA: wikimedia,
    TINY: tiny,
    MULTILINE: multiline,
    HEARTBEATS: heartbeats,
    CRLF: crlf,
    SPACELESS: spaceless,
    FOUR_FIELDS: four_fields,
    CHANGING: changing,
}
"""The fixtures with any number of events."""

OTHER_SIZES: dict[str, tuple[int, ...]] = {OPENAI: (PER_LINE, 50), ANTHROPIC: (PER_LINE, 200)}
"""Further chunk sizes for some of them: chunks that are only a line, or a piece of an event."""

GIANTS: dict[str, tuple[Callable[[int], Fixture], int, tuple[int | None, ...]]] = {
    LARGE: (large, LARGE_COUNT, CHUNK_SIZES),
    LONG_LINE: (long_line, LONG_LINE_BYTES, (1460,)),
    MANY_LINES: (many_lines, MANY_LINES_COUNT, CHUNK_SIZES),
}
"""The fixtures of large events: how to make them, the full size, and the chunk sizes to read them in."""
