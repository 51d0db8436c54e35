"""The other Python parsers in the speed table, each fed as its own client feeds it.

If a client has no parser that takes bytes, the functions here call the same parts in the same order as the
client does, without its HTTP.
"""

from __future__ import annotations

import codecs
import importlib.util
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import assel
from anthropic._streaming import SSEDecoder as AnthropicDecoder
from httpx2._sse import _SSEParser
from httpx_sse._decoders import SSEDecoder as HttpxDecoder
from httpx_sse._decoders import SSELineDecoder
from ld_eventsource.reader import _BufferedLineReader, _SSEReader
from openai._streaming import SSEDecoder as OpenAIDecoder
from sseclient import SSEClient

from benchmarks.this_library import THIS_LIBRARY, this_library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Read = Callable[[Iterable[bytes]], Iterator[Any]]


def launchdarkly(chunks: Iterable[bytes]) -> Iterator[Any]:
    """Read as its client does: its line reader, then its event reader."""
    lines = _BufferedLineReader.lines_from(chunks)
    yield from _SSEReader(lines).events_and_comments()


def httpx_sse(chunks: Iterable[bytes]) -> Iterator[Any]:
    """Read as `EventSource.iter_sse` does: httpx's text decoder, its line decoder, its event decoder."""
    text = codecs.getincrementaldecoder("utf-8")(errors="replace")
    lines = SSELineDecoder()
    events = HttpxDecoder()
    for chunk in chunks:
        for line in lines.decode(text.decode(chunk)):
            event = events.decode(line.rstrip("\n"))
            if event is not None:
                yield event


def httpx2(chunks: Iterable[bytes]) -> Iterator[Any]:
    """Read as its `EventSource` does, but without its default limit of 1 MiB per event."""
    text = codecs.getincrementaldecoder("utf-8")(errors="replace")
    parser = _SSEParser()
    for chunk in chunks:
        yield from parser.decode(text.decode(chunk))
    yield from parser.flush()


def openai(chunks: Iterable[bytes]) -> Iterator[Any]:
    """Read as its `Stream` does."""
    yield from OpenAIDecoder().iter_bytes(iter(chunks))


def anthropic(chunks: Iterable[bytes]) -> Iterator[Any]:
    """Read as its `Stream` does."""
    yield from AnthropicDecoder().iter_bytes(iter(chunks))


def sseclient(chunks: Iterable[bytes]) -> Iterator[Any]:
    """Read a response's chunks, as its documentation shows."""
    yield from SSEClient(iter(chunks)).events()


def assel_parse(chunks: Iterable[bytes]) -> Iterator[Any]:
    """Read as its documentation shows."""
    yield from assel.parse(chunks)


def axio(chunks: Iterable[bytes]) -> Iterator[Any]:
    """Read as its documentation shows."""
    from axio_sse import Decoder

    decoder = Decoder()
    for chunk in chunks:
        yield from decoder.decode(chunk)


@dataclass(frozen=True)
class PythonParser:
    """A parser and its installed version."""

    name: str
    version: str
    read: Read


def python_parsers() -> list[PythonParser]:
    """Return this library, then the peers that run under this Python."""
    readers: dict[str, Read] = {
        THIS_LIBRARY: this_library,
        "launchdarkly-eventsource": launchdarkly,
        "httpx-sse": httpx_sse,
        "httpx2": httpx2,
        "openai": openai,
        "anthropic": anthropic,
        "sseclient-py": sseclient,
        "assel": assel_parse,
    }
    # axio-sse needs Python 3.12.
    if importlib.util.find_spec("axio_sse") is not None:
        readers["axio-sse"] = axio
    return [PythonParser(name, version(name), read) for name, read in readers.items()]
