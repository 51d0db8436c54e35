"""The clients over requests. Their session uses an adapter that returns the chunks."""

from __future__ import annotations

import importlib.util
import io
import warnings
from contextlib import nullcontext, redirect_stdout, suppress
from functools import partial
from importlib.metadata import files, version
from typing import TYPE_CHECKING, Any

import requests
import requests_sse

from benchmarks.comparison.events import ParsedEvent, ParsedStream, Peer, Shows
from benchmarks.comparison.python_parsers import HEADERS, URL, event_with_own_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import ModuleType


class _EndOfStreamError(Exception):
    """Stops a client that would reconnect."""


def _until_end(events: Iterable[Any]) -> Iterator[Any]:
    with suppress(_EndOfStreamError):
        yield from events


class _Body(io.RawIOBase):
    """The body of a response. A read returns one chunk, or the part of it that was asked for."""

    def __init__(self, chunks: Sequence[bytes], *, raises_at_end: bool) -> None:
        self._chunks = list(reversed(chunks))
        self._raises_at_end = raises_at_end

    def read(self, size: int = -1) -> bytes:
        if not self._chunks:
            if self._raises_at_end:
                raise _EndOfStreamError
            return b""
        chunk = self._chunks.pop()
        if 0 <= size < len(chunk):
            self._chunks.append(chunk[size:])
            chunk = chunk[:size]
        return chunk


class _ChunksAdapter(requests.adapters.BaseAdapter):
    """A transport adapter of requests that responds with these chunks."""

    def __init__(self, chunks: Sequence[bytes], *, raises_at_end: bool = False) -> None:
        super().__init__()
        self._chunks = chunks
        self._raises_at_end = raises_at_end

    def send(self, request: requests.PreparedRequest, *others: Any, **more: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 200
        response.headers.update(HEADERS)
        response.encoding = "utf-8"
        response.url = URL
        response.request = request
        response.raw = _Body(self._chunks, raises_at_end=self._raises_at_end)
        return response

    def close(self) -> None:
        """Do nothing: there are no connections."""


def read_requests_sse(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
    """Read with its client until it would reconnect."""

    def stop() -> None:
        raise _EndOfStreamError

    with requests.Session() as session:
        session.mount("http://", _ChunksAdapter(chunks))
        source = requests_sse.EventSource(
            URL, session=session, on_error=stop, latest_event_id=last_event_id or None
        )
        with source:
            events = [
                ParsedEvent(event.type or "message", event.data or "", event.last_event_id)
                for event in _until_end(source)
            ]
    return ParsedStream(events)


def sseclient_module() -> ModuleType:
    """Import sseclient by the path of its file, because the folder of sseclient-py has the same name."""
    path = next(file for file in files("sseclient") or [] if file.name == "sseclient.py").locate()
    spec = importlib.util.spec_from_file_location("sseclient_of_2020", str(path))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_sseclient(module: ModuleType, chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
    """Read with its client until it would reconnect."""
    # It prints and warns about lines that it does not know.
    with requests.Session() as session, warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        session.mount("http://", _ChunksAdapter(chunks, raises_at_end=True))
        client = module.SSEClient(URL, last_id=last_event_id or None, session=session)
        events = [event_with_own_id(event) for event in _until_end(client)]
        return ParsedStream(events, client.last_id or "")


def requests_parsers() -> list[Peer]:
    """Return both clients."""
    sseclient = partial(read_sseclient, sseclient_module())
    return [
        Peer(
            "requests-sse",
            version("requests-sse"),
            Shows(initial_id=True),
            lambda: nullcontext(read_requests_sse),
        ),
        Peer(
            "sseclient",
            version("sseclient"),
            Shows(last_id=True, initial_id=True, own_ids=True, retry="event"),
            lambda: nullcontext(sseclient),
        ),
    ]
