"""The parsers of Python packages that take bytes, each through what its documentation shows.

Where a package parses the response of its HTTP client only, that client is used, over a transport of its own
kind for tests that gives the chunks. The answer says that the stream is UTF-8, for those who ask.
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

from benchmarks.comparison.said import Heard, Peer, Said, Shows
from benchmarks.ours import OURS
from sse_core import Parser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Read = Callable[[Sequence[bytes], str], Heard]

URL = "http://stream.example.com/"
HEADERS = {"Content-Type": "text/event-stream; charset=utf-8"}


def of_event(event: Any) -> Said:
    """Return what an event says that has `event`, `data`, `id` and `retry`, the id being the last one."""
    return Said(event.event or "message", event.data, event.id or "", event.retry)


def of_own_event(event: Any) -> Said:
    """Return what an event says whose `id` is of its own lines, or None."""
    return Said(event.event or "message", event.data, event.id, getattr(event, "retry", None))


def ours(chunks: Sequence[bytes], last_event_id: str) -> Heard:
    """Read with `sse_core.Parser`."""
    parser = Parser(last_event_id=last_event_id)
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    parser.close()
    return Heard([of_event(event) for event in events], parser.last_event_id, parser.retry)


def launchdarkly(chunks: Sequence[bytes], last_event_id: str) -> Heard:
    """Read with its client, which takes a stream of chunks from a strategy of its user's."""

    class Client(ConnectionClient):  # type: ignore[misc]  # it has no types
        def connect(self, last_event_id: str | None) -> ConnectionResult:
            return ConnectionResult(iter(chunks), None)

    class Strategy(ConnectStrategy):  # type: ignore[misc]
        def create_client(self, logger: Any) -> ConnectionClient:
            return Client()

    with LaunchDarklyClient(Strategy(), last_event_id=last_event_id or None) as client:
        events = [
            Said(event.event, event.data, event.last_event_id or "")
            for event in client.all
            if isinstance(event, LaunchDarklyEvent)
        ]
        return Heard(events, client.last_event_id or "")


@contextmanager
def over(library: Any, events_of: Callable[[Any], Iterable[Any]]) -> Iterator[Read]:
    """Read the responses of httpx, or of httpx2, which has the same names for all that is used here."""
    sent: Sequence[bytes] = ()

    def answer(request: object) -> Any:
        return library.Response(200, headers=HEADERS, content=iter(sent))

    with library.Client(transport=library.MockTransport(answer)) as client:

        def read(chunks: Sequence[bytes], last_event_id: str) -> Heard:
            nonlocal sent
            sent = chunks
            with client.stream("GET", URL) as response:
                return Heard([of_event(event) for event in events_of(response)])

        yield read


def httpx_sse_events(response: httpx.Response) -> Iterable[Any]:
    """Read with its `EventSource`."""
    return httpx_sse.EventSource(response).iter_sse()


def openai_events(response: httpx2.Response) -> Iterable[Any]:
    """Read with the decoder of `Stream`, which alone has no public name: in public, data is JSON."""
    return OpenAIDecoder().iter_bytes(response.iter_bytes())


def of_sseclient_py(chunks: Sequence[bytes], last_event_id: str) -> Heard:
    """Read an iterable of chunks."""
    # It asks for no more than that, though its types say otherwise.
    client: Any = sseclient_py.SSEClient(iter(chunks))
    return Heard([of_own_event(event) for event in client.events()])


def of_assel(chunks: Sequence[bytes], last_event_id: str) -> Heard:
    """Read an iterable of chunks."""
    # All its parsers share one decoder of UTF-8. What is left in it from another stream is no part of this.
    assel.LineParser.utf8dec.reset()
    return Heard([of_own_event(event) for event in assel.parse(chunks)])


def of_axio_sse(chunks: Sequence[bytes], last_event_id: str) -> Heard:
    """Feed its decoder, and say when the stream is over."""
    from axio_sse import Decoder

    decoder = Decoder()
    events = [event for chunk in chunks for event in decoder.decode(chunk)]
    events += decoder.decode(b"", final=True)
    return Heard([of_event(event) for event in events])


def python_parsers() -> list[Peer]:
    """Return ours, then the peers that run under this Python."""

    def plain(name: str, read: Read, shows: Shows) -> Peer:
        return Peer(name, version(name), shows, lambda: nullcontext(read))

    def over_httpx(name: str, library: Any, events_of: Callable[[Any], Iterable[Any]]) -> Peer:
        return Peer(name, version(name), on_events, partial(over, library, events_of))

    on_events = Shows(retry="event")
    own = Shows(own_ids=True, retry="event")
    peers = [
        plain(OURS, ours, Shows(last_id=True, begins=True, retry="stream")),
        plain("launchdarkly-eventsource", launchdarkly, Shows(last_id=True, begins=True)),
        over_httpx("httpx-sse", httpx, httpx_sse_events),
        over_httpx("httpx2", httpx2, httpx2.EventSource),
        over_httpx("openai", httpx2, openai_events),
        over_httpx("anthropic", httpx2, anthropic.Stream.raw_events),
        plain("sseclient-py", of_sseclient_py, own),
        plain("assel", of_assel, own),
    ]
    # It needs Python 3.12.
    if importlib.util.find_spec("axio_sse") is not None:
        peers.append(plain("axio-sse", of_axio_sse, on_events))
    return peers
