"""The transport benchmarks read every event, and would notice one that is lost or doubled."""

from __future__ import annotations

import ssl
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("the benchmarks of many streams read /proc", allow_module_level=True)

from benchmarks import first_event, reconnect_storm, transport_scale
from benchmarks.feed_server import payload
from benchmarks.server_process import run_server
from benchmarks.stream_holder import Log
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


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("kind", transport_scale.KINDS)
def test_streams_are_held_to_their_end(kind: str, backend: str) -> None:
    cost = transport_scale.measure(kind, backend, streams=3, seconds=2)
    assert cost.received == 6
    assert cost.in_order
    assert 0 < cost.delay_50 <= cost.delay_99 <= cost.delay_max


@pytest.mark.parametrize("numbers", [[1], [0, 0], [0, 2]])
def test_lost_or_doubled_events_of_a_stream_are_noticed(numbers: list[int]) -> None:
    log = Log(streams=2)
    for number in numbers:
        log.received(1, f"{number} 0")
    assert not log.in_order


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("limit", [2, None])
def test_dropped_streams_come_back(backend: str, limit: int | None) -> None:
    with run_server("storm_server.py", 20) as url:
        storm = anyio.run(reconnect_storm.measure, url, 20, limit, backend=backend)
    assert (len(storm.resumed), storm.wrong, storm.failed) == (20, 0, 0)


@pytest.mark.parametrize("backend", first_event.TRANSPORTS)
def test_each_reply_is_timed(backend: str, tmp_path: Path) -> None:
    replies: first_event.Replies = defaultdict(list)
    with run_server("reply_server.py", tmp_path) as server:
        context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        url = server.replace("http:", "https:")
        anyio.run(first_event.measure, url, context, backend, 3, replies, backend=backend)
    for (_, _, is_shared), found in replies.items():
        assert all(reply.seconds > 0 for reply in found)
        assert len({reply.connection for reply in found}) == (1 if is_shared else 3)
    assert len(replies) == 2 * len(first_event.TRANSPORTS[backend])
