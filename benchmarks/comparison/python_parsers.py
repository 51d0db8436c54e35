"""The parsers of Python packages, each used as its documentation shows.

If a package parses only the responses of its HTTP client, that client is used with its mock transport, which
returns the chunks. The response has a charset of UTF-8, because some clients look at it.
"""

from __future__ import annotations

import importlib.util
from contextlib import contextmanager, nullcontext
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import anthropic
import assel
import httpx
import httpx2
import httpx_sse
import sseclient as sseclient_py
from ld_eventsource import SSEClient as LaunchDarklyClient
from ld_eventsource.actions import Event as LaunchDarklyEvent
from ld_eventsource.config import ConnectionClient, ConnectionResult, ConnectStrategy
from openai._streaming import SSEDecoder as OpenAIDecoder

from benchmarks.comparison.events import ParsedEvent, ParsedStream, Peer, Shows
from benchmarks.this_library import THIS_LIBRARY
from sse_core import Parser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Read = Callable[[Sequence[bytes], str], ParsedStream]

URL = "http://stream.example.com/"
HEADERS = {"Content-Type": "text/event-stream; charset=utf-8"}


def event_with_last_id(event: Any) -> ParsedEvent:
    """Convert an event with `event`, `data`, `id` and `retry`, whose `id` is the last event ID."""
    return ParsedEvent(event.event or "message", event.data, event.id or "", event.retry)


def event_with_own_id(event: Any) -> ParsedEvent:
    """Convert an event whose `id` is that of its own lines, or None."""
    return ParsedEvent(event.event or "message", event.data, event.id, getattr(event, "retry", None))


def this_library(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
    """Read with `sse_core.Parser`."""
    parser = Parser(last_event_id=last_event_id)
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    parser.close()
    return ParsedStream([event_with_last_id(event) for event in events], parser.last_event_id, parser.retry)


def read_launchdarkly(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
    """Read with its client, and with a connection strategy that returns the chunks."""

    class Client(ConnectionClient):  # type: ignore[misc]  # it has no types
        def connect(self, last_event_id: str | None) -> ConnectionResult:
            return ConnectionResult(iter(chunks), None)

    class Strategy(ConnectStrategy):  # type: ignore[misc]
        def create_client(self, logger: Any) -> ConnectionClient:
            return Client()

    with LaunchDarklyClient(Strategy(), last_event_id=last_event_id or None) as client:
        events = [
            ParsedEvent(event.event, event.data, event.last_event_id or "")
            for event in client.all
            if isinstance(event, LaunchDarklyEvent)
        ]
        return ParsedStream(events, client.last_event_id or "")


@contextmanager
def open_httpx(library: Any, events_of: Callable[[Any], Iterable[Any]]) -> Iterator[Read]:
    """Yield a function that reads with httpx, or with httpx2, which has the same names."""
    current: Sequence[bytes] = ()

    def answer(request: object) -> Any:
        return library.Response(200, headers=HEADERS, content=iter(current))

    with library.Client(transport=library.MockTransport(answer)) as client:

        def read(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
            nonlocal current
            current = chunks
            with client.stream("GET", URL) as response:
                return ParsedStream([event_with_last_id(event) for event in events_of(response)])

        yield read


def httpx_sse_events(response: httpx.Response) -> Iterable[Any]:
    """Read with its `EventSource`."""
    return httpx_sse.EventSource(response).iter_sse()


def openai_events(response: httpx2.Response) -> Iterable[Any]:
    """Read with the decoder of `Stream`. It is private, but the public classes accept only JSON."""
    return OpenAIDecoder().iter_bytes(response.iter_bytes())


def read_sseclient_py(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
    """Read an iterable of chunks."""
    # An iterable is enough, though its types ask for more.
    client: Any = sseclient_py.SSEClient(iter(chunks))
    return ParsedStream([event_with_own_id(event) for event in client.events()])


def read_assel(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
    """Read an iterable of chunks."""
    # All its parsers share one UTF-8 decoder, which may still hold bytes of another stream.
    assel.LineParser.utf8dec.reset()
    return ParsedStream([event_with_own_id(event) for event in assel.parse(chunks)])


def read_axio_sse(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
    """Feed its decoder, and signal the end of the stream."""
    from axio_sse import Decoder

    decoder = Decoder()
    events = [event for chunk in chunks for event in decoder.decode(chunk)]
    events += decoder.decode(b"", final=True)
    return ParsedStream([event_with_last_id(event) for event in events])


def python_parsers() -> list[Peer]:
    """Return this library, then the peers that run under this Python."""

    def plain(name: str, read: Read, shows: Shows) -> Peer:
        return Peer(name, version(name), shows, lambda: nullcontext(read))

    def with_httpx(name: str, library: Any, events_of: Callable[[Any], Iterable[Any]]) -> Peer:
        return Peer(name, version(name), on_events, partial(open_httpx, library, events_of))

    on_events = Shows(retry="event")
    own = Shows(own_ids=True, retry="event")
    peers = [
        plain(THIS_LIBRARY, this_library, Shows(last_id=True, initial_id=True, retry="stream")),
        plain("launchdarkly-eventsource", read_launchdarkly, Shows(last_id=True, initial_id=True)),
        with_httpx("httpx-sse", httpx, httpx_sse_events),
        with_httpx("httpx2", httpx2, httpx2.EventSource),
        with_httpx("openai", httpx2, openai_events),
        with_httpx("anthropic", httpx2, anthropic.Stream.raw_events),
        plain("sseclient-py", read_sseclient_py, own),
        plain("assel", read_assel, own),
    ]
    # axio-sse needs Python 3.12.
    if importlib.util.find_spec("axio_sse") is not None:
        peers.append(plain("axio-sse", read_axio_sse, on_events))
    return peers
