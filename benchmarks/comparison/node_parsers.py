"""eventsource-parser, the most used parser of JavaScript, in a Node process."""

from __future__ import annotations

import base64
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks import v8
from benchmarks.comparison.events import ParsedEvent, ParsedStream, Peer, Shows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SCRIPT = "vectors.mjs"


def in_base64(chunks: Sequence[bytes]) -> list[str]:
    """Return the chunks in the form that the script takes."""
    return [base64.b64encode(chunk).decode() for chunk in chunks]


@contextmanager
def open_node_parser() -> Iterator[Callable[[Sequence[bytes], str], ParsedStream]]:
    """Run the process, and yield a function that reads each stream with a new parser."""
    with v8.node_process(SCRIPT) as ask:

        def read(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
            answer = ask({"chunks": in_base64(chunks)})
            events = [ParsedEvent(event, data, last_id) for event, data, last_id in answer["events"]]
            retry = answer["retry"]
            return ParsedStream(events, answer["last"], None if retry is None else float(retry))

        yield read


def node_parsers() -> list[Peer]:
    """Return the parser, or an empty list if Node is not installed."""
    reason = v8.missing()
    if reason:
        print(f"{v8.PACKAGE} is not compared: {reason}")
        return []
    version = v8.installed()
    assert version is not None
    return [Peer(v8.PACKAGE, version, Shows(last_id=True, retry="stream"), open_node_parser)]
