"""Stores of the last event ID: no event is lost over restarts."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from sse_core import InvalidArgument, RetryPolicy
from sse_transports import EventSource, FileStore
from sse_transports.testing import Call, SSEServer

pytestmark = pytest.mark.usefixtures("every_client")

QUICK = RetryPolicy(initial_delay=0.01, min_delay=0.0)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# FileStore.


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("last_event_id", ["7", "", "€ 日本", " a ", "x" * 10_000])
def test_a_saved_id_is_loaded(tmp_path: Path, last_event_id: str, durable: bool) -> None:
    FileStore(tmp_path / "id", durable=durable).save("older")
    FileStore(tmp_path / "id", durable=durable).save(last_event_id)
    assert FileStore(str(tmp_path / "id")).load() == last_event_id
    assert files(tmp_path) == ["id"]


def test_the_file_is_a_line_of_utf_8(tmp_path: Path) -> None:
    FileStore(tmp_path / "id").save("€")
    assert (tmp_path / "id").read_bytes() == "€\n".encode()


def test_a_missing_file_means_no_id(tmp_path: Path) -> None:
    assert FileStore(tmp_path / "id").load() == ""


@pytest.mark.parametrize(
    "content",
    [b"", b"7", b"7\n8\n", b"7\n\n", b"\n\n", b"\xff\xfe\n", b"caf\xe9\n"],
    ids=["empty", "without its LF", "two lines", "an empty line more", "empty lines", "UTF-16", "Latin-1"],
)
def test_a_damaged_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "id").write_bytes(content)
    with pytest.raises(InvalidArgument, match="store"):
        FileStore(tmp_path / "id").load()


@pytest.mark.parametrize("content", [b"a\0b\n", b"7\r\n"])
def test_a_stored_id_with_invalid_characters_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "id").write_bytes(content)
    with pytest.raises(InvalidArgument):
        EventSource("http://127.0.0.1:1", store=FileStore(tmp_path / "id"))


def test_a_missing_folder_means_no_id_and_fails_to_save(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "no" / "id")
    assert store.load() == ""
    with pytest.raises(FileNotFoundError):
        store.save("7")


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        FileStore(tmp_path).load()


def test_a_failed_save_keeps_the_old_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    store = FileStore(tmp_path / "id", durable=True)
    store.save("7")
    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="No space"):
        store.save("8")
    assert store.load() == "7"
    assert files(tmp_path) == ["id"]


def test_an_id_that_cannot_be_encoded_keeps_the_old_one(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "id")
    store.save("7")
    with pytest.raises(UnicodeEncodeError):
        store.save("\ud800")
    assert store.load() == "7"
    assert files(tmp_path) == ["id"]


def test_only_durable_waits_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: synced.append(stat.S_ISREG(os.fstat(descriptor).st_mode))
    )
    FileStore(tmp_path / "id").save("7")
    assert synced == []
    FileStore(tmp_path / "id", durable=True).save("7")
    assert True in synced


def test_a_reader_never_sees_a_partial_id(tmp_path: Path) -> None:
    ids = [character * 5000 for character in "abc"]
    store = FileStore(tmp_path / "id")
    store.save(ids[0])
    seen: set[str] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(store.load())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for round_ in range(300):
            store.save(ids[round_ % 3])
    finally:
        done.set()
        reader.join()
    assert seen <= set(ids)


# Event sources with a store.


def numbered(call: Call) -> None:
    """Send the rest of events 1 to 4 at once, after the last event ID; then 204."""
    start = int(call.headers.get("last-event-id", b"0"))
    if start == 4:
        call.respond(204, [])
    else:
        call.respond(body=b"".join(b"id: %d\ndata: %d\n\n" % (n, n) for n in range(start + 1, 5)))


class Crash(Exception):
    """Ends a program in the middle of its work."""


def test_asking_for_the_next_event_saves_the_id(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "id")
    with SSEServer(numbered) as server:
        with EventSource(server.url, store=store) as source:
            saved = []
            for _ in range(3):
                next(source)
                saved.append(store.load())
        # No further event was asked for: it is not known whether the third was processed.
        saved.append(store.load())
    assert saved == ["", "1", "2", "2"]


def test_the_last_id_is_saved_at_the_end(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "id")
    with SSEServer(numbered) as server, EventSource(server.url, store=store, retry=QUICK) as source:
        assert [event.data for event in source] == ["1", "2", "3", "4"]
    assert store.load() == "4"


def test_an_unprocessed_event_comes_again_after_a_restart(tmp_path: Path) -> None:
    processed: list[str] = []
    seen: list[str] = []

    def run() -> None:
        with EventSource(server.url, store=FileStore(tmp_path / "id"), retry=QUICK) as source:
            for event in source:
                seen.append(event.data)
                if len(seen) in (2, 5):
                    raise Crash
                processed.append(event.data)

    with SSEServer(numbered) as server:
        for _ in range(2):
            with pytest.raises(Crash):
                run()
        run()
    assert seen == ["1", "2", "2", "3", "4", "4"]
    assert processed == ["1", "2", "3", "4"]


def test_leaving_the_loop_keeps_its_event_for_the_next_run(tmp_path: Path) -> None:
    seen: list[str] = []
    with SSEServer(numbered) as server:
        for _ in range(3):
            with EventSource(server.url, store=FileStore(tmp_path / "id")) as source:
                for event in source:
                    seen.append(event.data)
                    if event.data == "2":
                        break
    assert seen == ["1", "2", "2", "2"]


def test_close_in_the_loop_saves_only_processed_ids(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "id")
    with SSEServer(numbered) as server:
        source = EventSource(server.url, store=store)
        for event in source:
            assert event.data == "1"
            source.close()
        # Asked for one more: the first event was processed, the dropped ones were not.
        assert list(source) == []
    assert store.load() == "1"


def test_an_explicit_last_event_id_wins_over_the_store(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "id")
    store.save("1")
    with SSEServer(numbered) as server:
        with EventSource(server.url, store=store, last_event_id="3", retry=QUICK) as source:
            assert source.last_event_id == "3"
            assert [event.data for event in source] == ["4"]
        assert server.calls[0].headers["last-event-id"] == b"3"
    assert store.load() == "4"


def test_a_cleared_id_is_cleared_in_the_store(tmp_path: Path) -> None:
    def cleared(call: Call) -> None:
        if call.number == 0:
            call.respond(body=b"id: 1\ndata: a\n\nid:\ndata: b\n\n")
        else:
            call.respond(204, [])

    store = FileStore(tmp_path / "id")
    with SSEServer(cleared) as server, EventSource(server.url, store=store, retry=QUICK) as source:
        assert [event.data for event in source] == ["a", "b"]
    assert store.load() == ""


def test_a_failing_store_ends_the_iteration(tmp_path: Path) -> None:
    with SSEServer(numbered) as server:
        source = EventSource(server.url, store=FileStore(tmp_path / "no" / "id"))
        assert next(source).data == "1"
        for _ in range(2):
            with pytest.raises(FileNotFoundError):
                next(source)
        # The events after the one that was yielded do not count.
        assert source.last_event_id == "1"
        assert len(server.calls) == 1


def test_a_store_that_fails_once_gets_no_later_id() -> None:
    class FailsOnce:
        def __init__(self) -> None:
            self.attempts: list[str] = []

        def load(self) -> str:
            return ""

        def save(self, last_event_id: str) -> None:
            self.attempts.append(last_event_id)
            if len(self.attempts) == 1:
                raise OSError(28, "No space left on device")

    store = FailsOnce()
    with SSEServer(numbered) as server:
        source = EventSource(server.url, store=store)
        assert next(source).data == "1"
        for _ in range(3):
            with pytest.raises(OSError, match="No space"):
                next(source)
        # The events after it had arrived, and were dropped.
        assert source.last_event_id == "1"
    assert set(store.attempts) == {"1"}


def test_a_custom_store_needs_only_load_and_save() -> None:
    class Memory:
        def __init__(self) -> None:
            self.ids = ["€"]

        def load(self) -> str:
            return self.ids[-1]

        def save(self, last_event_id: str) -> None:
            self.ids.append(last_event_id)

    def two_and_no_more(call: Call) -> None:
        if call.number == 0:
            call.respond(body=b"data: 0\n\nid: 1\ndata: 1\n\ndata: 2\n\nid: 3\ndata: 3\n\n")
        else:
            call.respond(204, [])

    store = Memory()
    with SSEServer(two_and_no_more) as server, EventSource(server.url, store=store, retry=QUICK) as source:
        assert len(list(source)) == 4
        assert server.calls[0].headers["last-event-id"] == "€".encode()
    # Each ID once, and only when it changed.
    assert store.ids == ["€", "1", "3"]


def test_a_symlink_stays_and_leads_to_the_new_id(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"1\n")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    FileStore(tmp_path / "link").save("2")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"2\n"


def test_the_file_permissions_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "id"
    path.write_bytes(b"1\n")
    path.chmod(0o640)
    FileStore(path, durable=True).save("2")
    assert path.stat().st_mode & 0o777 == 0o640
