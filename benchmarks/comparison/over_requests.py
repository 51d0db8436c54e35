"""The clients over requests, whose session gets an adapter that answers with the chunks."""

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

from benchmarks.comparison.python_parsers import HEADERS, URL, of_own_event
from benchmarks.comparison.said import Heard, Peer, Said, Shows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import ModuleType


class _EndOfStreamError(Exception):
    """Stops a client that would ask for the stream again."""


def _until_stopped(events: Iterable[Any]) -> Iterator[Any]:
    with suppress(_EndOfStreamError):
        yield from events


class _Raw(io.RawIOBase):
    """The body of a response: one chunk for each read, as much of it as is asked for."""

    def __init__(self, chunks: Sequence[bytes], *, stops: bool) -> None:
        self._chunks = list(reversed(chunks))
        self._stops = stops

    def read(self, size: int = -1) -> bytes:
        if not self._chunks:
            if self._stops:
                raise _EndOfStreamError
            return b""
        chunk = self._chunks.pop()
        if 0 <= size < len(chunk):
            self._chunks.append(chunk[size:])
            chunk = chunk[:size]
        return chunk


class _Chunks(requests.adapters.BaseAdapter):
    """A transport adapter of requests that answers with these chunks."""

    def __init__(self, chunks: Sequence[bytes], *, stops: bool = False) -> None:
        super().__init__()
        self._chunks = chunks
        self._stops = stops

    def send(self, request: requests.PreparedRequest, *others: Any, **more: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 200
        response.headers.update(HEADERS)
        response.encoding = "utf-8"
        response.url = URL
        response.request = request
        response.raw = _Raw(self._chunks, stops=self._stops)
        return response

    def close(self) -> None:
        """Nothing is held."""


def of_requests_sse(chunks: Sequence[bytes], last_event_id: str) -> Heard:
    """Read with its client until it would reconnect."""

    def stop() -> None:
        raise _EndOfStreamError

    with requests.Session() as session:
        session.mount("http://", _Chunks(chunks))
        source = requests_sse.EventSource(
            URL, session=session, on_error=stop, latest_event_id=last_event_id or None
        )
        with source:
            events = [
                Said(event.type or "message", event.data or "", event.last_event_id)
                for event in _until_stopped(source)
            ]
    return Heard(events)


def sseclient_module() -> ModuleType:
    """Return sseclient, whose file is found by path: sseclient-py's folder has its name."""
    path = next(file for file in files("sseclient") or [] if file.name == "sseclient.py").locate()
    spec = importlib.util.spec_from_file_location("sseclient_of_2020", str(path))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def of_sseclient(module: ModuleType, chunks: Sequence[bytes], last_event_id: str) -> Heard:
    """Read with its client until it would reconnect."""
    # It prints and warns of what it does not know.
    with requests.Session() as session, warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        session.mount("http://", _Chunks(chunks, stops=True))
        client = module.SSEClient(URL, last_id=last_event_id or None, session=session)
        events = [of_own_event(event) for event in _until_stopped(client)]
        return Heard(events, client.last_id or "")


def requests_parsers() -> list[Peer]:
    """Return the two."""
    sseclient = partial(of_sseclient, sseclient_module())
    return [
        Peer(
            "requests-sse", version("requests-sse"), Shows(begins=True), lambda: nullcontext(of_requests_sse)
        ),
        Peer(
            "sseclient",
            version("sseclient"),
            Shows(last_id=True, begins=True, own_ids=True, retry="event"),
            lambda: nullcontext(sseclient),
        ),
    ]
