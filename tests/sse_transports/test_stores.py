"""Stores of the last event ID: no event is lost over restarts."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sse_core import InvalidArgument, RetryPolicy
from sse_transports import EventSource, FileStore
from sse_transports._stores import MAX_SIZE, NAME_PART
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.reading import Reading
from tests.sse_transports.waiting import DEADLINE

pytestmark = pytest.mark.usefixtures("every_client")

QUICK = RetryPolicy(initial_delay=0.01, min_delay=0.0)


ODD_IDS = ["€ 日本", " a ", "\t5", "5\x01", "5\x0b6", "5\x7f", "a\u2028b\x85c", "\ufeff5", "\U0001f600"]
"""IDs that a stream may set, and that a header cannot always carry as they are."""


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# FileStore.


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("last_event_id", ["7", "", "x" * 10_000, *ODD_IDS])
def test_what_is_saved_is_loaded(tmp_path: Path, last_event_id: str, durable: bool) -> None:
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
    with pytest.raises(InvalidArgument, match=f"^store: {tmp_path}/id does not hold a last event ID: it "):
        FileStore(tmp_path / "id").load()


@pytest.mark.parametrize("content", [b"a\0b\n", b"7\r\n", b"\r\n"])
def test_a_stored_id_with_invalid_characters_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "id").write_bytes(content)
    with pytest.raises(InvalidArgument, match=f"^store: {tmp_path}/id .*: it holds a (NUL|CR)"):
        EventSource("http://127.0.0.1:1", store=FileStore(tmp_path / "id"))


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "id").open("wb") as file:
        # Sparse: larger than the memory of most machines.
        file.truncate(2**40)
    with pytest.raises(InvalidArgument, match=f"{tmp_path}/id .* larger than {MAX_SIZE} bytes"):
        FileStore(tmp_path / "id").load()


def test_an_id_is_saved_only_if_it_could_be_loaded(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "id")
    store.save("x" * (MAX_SIZE - 1))
    with pytest.raises(InvalidArgument, match=f"{MAX_SIZE} bytes"):
        store.save("x" * MAX_SIZE)
    assert len(store.load()) == MAX_SIZE - 1


def test_a_path_with_a_nul_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"^path: holds a NUL"):
        FileStore("a\0b")


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_loop(path: Path) -> None:
    path.symlink_to(path.with_name("other"))
    path.with_name("other").symlink_to(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def make_link_to_device(path: Path) -> None:
    path.symlink_to("/dev/null")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX files")
@pytest.mark.parametrize("make", [make_fifo, make_loop, make_socket, make_link_to_device, Path.mkdir])
def test_what_is_no_regular_file_is_an_error(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "id"
    make(path)
    before = files(tmp_path)
    for call in (FileStore(path).load, lambda: FileStore(path).save("7")):
        with pytest.raises(OSError) as caught:
            call()
        assert caught.value.filename in (path, str(path))
    assert files(tmp_path) == before
    assert not path.is_file()


# What a killed process leaves.

KILLED = """
import os, signal, sys
from sse_transports import FileStore
sync = os.fsync
def killed(descriptor):
    print(flush=True)
    sys.stdin.readline()
    os.kill(os.getpid(), signal.SIGKILL)
os.fsync = killed
FileStore(sys.argv[1], durable=True).save("half")
"""


def test_temporary_files_of_killed_processes_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "id"
    FileStore(path).save("7")
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        # It lives: its file stays.
        FileStore(path).save("8")
        assert len(files(tmp_path)) == 2
        process.stdin.write("\n")
        process.stdin.flush()
        process.wait(DEADLINE)
    assert len(files(tmp_path)) == 2
    assert FileStore(path).load() == "8"
    FileStore(path).save("9")
    assert files(tmp_path) == ["id"]


def test_files_with_other_names_are_not_removed(tmp_path: Path) -> None:
    token = "0123456789abcdef"
    names = [
        f".id.{token}.new.old",
        f".id.{token[:-1]}.new",
        f".id.x.{token}.new",
        ".id.0123456789abcdeF.new",
    ]
    for name in names:
        (tmp_path / name).write_bytes(b"7\n")
    (tmp_path / f".id.{token}.new").write_bytes(b"7\n")
    # Just created, and not locked yet.
    (tmp_path / f".id.{token[::-1]}.new").touch()
    FileStore(tmp_path / "id").save("7")
    assert files(tmp_path) == sorted(["id", f".id.{token[::-1]}.new", *names])


def test_an_empty_temporary_file_is_removed_later(tmp_path: Path) -> None:
    abandoned = tmp_path / ".id.0123456789abcdef.new"
    abandoned.touch()
    os.utime(abandoned, (0, 0))
    FileStore(tmp_path / "id").save("7")
    assert files(tmp_path) == ["id"]


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
    for last_event_id in ("\ud800", "a\nb", "a\rb", "a\0b", 7):
        with pytest.raises(InvalidArgument, match=r"^last_event_id: "):
            store.save(last_event_id)  # type: ignore[arg-type]
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


@pytest.mark.parametrize("last_event_id", ODD_IDS)
def test_odd_ids_are_unchanged_after_a_restart(tmp_path: Path, last_event_id: str) -> None:
    def answer(call: Call) -> None:
        call.respond(
            body=f"id: {last_event_id}\ndata: {call.number}\n\n".encode() if call.number < 2 else b""
        )
        call.wait_until_gone()

    store = FileStore(tmp_path / "id")
    with SSEServer(answer) as server:
        for data in ("0", "1"):
            with EventSource(server.url, store=store) as source:
                event = next(source)
                assert (event.data, event.id, source.last_event_id) == (data, last_event_id, last_event_id)
                with Reading(source) as reading:
                    reading.until_it_reads()
            assert store.load() == last_event_id
            restarted = EventSource(server.url, store=store)
            assert restarted.last_event_id == last_event_id


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


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
@pytest.mark.parametrize("umask", [0, 0o22, 0o77])
@pytest.mark.parametrize("old", [None, 0o600, 0o400, 0o640, 0o666])
def test_id_is_never_readable_by_more_than_the_file_is(
    tmp_path: Path, old: int | None, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(_descriptor: int) -> None:
        for file in tmp_path.iterdir():
            modes.add(file.stat().st_mode & 0o777)

    modes: set[int] = set()
    path = tmp_path / "id"
    if old is not None:
        path.write_bytes(b"1\n")
        path.chmod(old)
    final = 0o600 if old is None else old
    monkeypatch.setattr(os, "fsync", check)
    before = os.umask(umask)
    try:
        FileStore(path, durable=True).save("2")
    finally:
        os.umask(before)
    assert modes
    assert all(mode & ~final == 0 for mode in modes)
    assert path.stat().st_mode & 0o777 == final


@pytest.mark.parametrize("name", ["a" * 240, "a" * 255, "€" * 85, "\U0001f600" * 63])
def test_a_file_with_a_long_name_can_be_saved(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for last_event_id in ("7", "8"):
        FileStore(path).save(last_event_id)
        assert FileStore(path).load() == last_event_id
    (tmp_path / f".{name[:NAME_PART]}.0123456789abcdef.new").write_bytes(b"6\n")
    FileStore(path).save("9")
    assert files(tmp_path) == [name]


def test_the_file_permissions_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "id"
    path.write_bytes(b"1\n")
    path.chmod(0o640)
    FileStore(path, durable=True).save("2")
    assert path.stat().st_mode & 0o777 == 0o640
