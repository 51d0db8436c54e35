"""The readers of the transport benchmarks yield every event, and a reader that loses one is found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from benchmarks.feed_server import payload
from benchmarks.server_process import run_server
from benchmarks.transport_readers import Reader, Role, groups
from benchmarks.transport_speed import is_correct

EVENTS, DRIPPED = 300, 20
READERS = {
    f"{group.backend} {reader.name}": (group.backend, reader)
    for group in groups()
    for reader in group.readers
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with run_server("feed_server.py", EVENTS, DRIPPED) as url:
        yield url


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(("path", "events"), [("", EVENTS), ("drip", DRIPPED)])
def test_reader_yields_every_event(name: str, path: str, events: int, url: str) -> None:
    backend, reader = READERS[name]
    expected = [payload(number) for number in range(events)]
    assert is_correct(reader, backend, url + path, expected)
    assert not is_correct(reader, backend, url + path, [*expected, payload(events)])


def test_reader_that_loses_bytes_is_found() -> None:
    @contextmanager
    def loses_bytes(_: str) -> Iterator[Iterator[Any]]:
        yield iter([b"data: a\n\n", b"data: b\n"])

    reader = Reader("loses bytes", Role.BARE, sync=loses_bytes)
    assert not is_correct(reader, None, "", ["a", "b"])
