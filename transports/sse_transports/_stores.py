"""Stores of the last event ID, so that the next run of a program resumes where the last one stopped."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import stat
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from sse_core import InvalidArgument
from sse_core._checks import check_text

if TYPE_CHECKING:
    from pathlib import Path

MAX_SIZE = 2**25
"""The largest file that is read, in bytes: as large as an event may be by default. An ID has a few bytes, and
a mistyped path may lead to a file of any size."""

NEW_FILE_MODE = 0o600
"""The permissions of a new file: an ID may be a secret, such as the number of a session."""

NAME_PART = 50
"""The most characters of the file's name in that of its temporary file, which may have 255 bytes: a character
has up to four."""

TOKEN_SIZE = 8
"""The random bytes in the name of a temporary file."""

CREATION_TIME = 60.0
"""Seconds, far more than passes between the creation of a temporary file and its lock."""


class Store(Protocol):
    """Keeps one last event ID across runs."""

    def load(self) -> str:
        """Return the ID that was saved last; `""` if there is none."""
        ...

    def save(self, last_event_id: str) -> None:
        """Save the ID of the last event that was processed."""
        ...


class FileStore:
    r"""Keeps the last event ID in a file: its UTF-8 bytes and a LF.

    Each save replaces the file atomically: a reader, or the next run after a crash, finds the old ID or
    the new one, never a part of one. The first save removes what a process that was killed during a save has
    left in the folder.

    A new file can be read by its owner only; a file that exists keeps its permissions.

    Args:
        path: the file. Its folder must exist.
        durable: whether each save waits until the disk has the file (fsync), which takes milliseconds. If
            not, a power failure may restore an older ID, and events come a second time.

    Raises:
        sse_core.InvalidArgument: `path` has a NUL.
    """

    def __init__(self, path: str | os.PathLike[str], *, durable: bool = False) -> None:
        # Imported here: most sources have no such store, and it takes two milliseconds.
        from pathlib import Path

        self._path = Path(path)
        check_text("path", str(self._path), "\0")
        self._durable = durable
        self._has_cleaned = False

    def load(self) -> str:
        """Return the ID that was saved last; `""` if there is no file.

        Raises:
            sse_core.InvalidArgument: the file does not hold an ID.
            OSError: the file cannot be read, or is not a regular one.
        """
        try:
            with open(self._path, "rb", opener=_open_nonblocking) as file:  # needs `opener`
                self._check_kind(os.fstat(file.fileno()))
                content = file.read(MAX_SIZE + 1)
        except FileNotFoundError:
            return ""
        if len(content) > MAX_SIZE:
            raise self._no_id(f"it is larger than {MAX_SIZE} bytes")
        line, end, rest = content.partition(b"\n")
        if not end or rest:
            raise self._no_id("it is not one line that ends in a LF")
        try:
            last_event_id = line.decode()
            check_text("store", last_event_id, "\r\0")
        except UnicodeDecodeError as error:
            raise self._no_id(f"it is not UTF-8: {error}") from error
        except InvalidArgument as error:
            raise self._no_id(f"it {error.reason}") from error
        return last_event_id

    def save(self, last_event_id: str) -> None:
        """Replace the file.

        Raises:
            sse_core.InvalidArgument: this is no last event ID, or it is larger than 32 MiB.
            OSError: it cannot be written, or is not a regular file; the old file is unchanged.
        """
        check_text("last_event_id", last_event_id, "\r\n\0")
        content = last_event_id.encode() + b"\n"
        if len(content) > MAX_SIZE:
            raise InvalidArgument("last_event_id", f"larger than the {MAX_SIZE} bytes that a FileStore keeps")
        # Raises if links form a loop. `resolve` does not in all versions of Python.
        old = None
        with contextlib.suppress(FileNotFoundError):
            old = self._path.stat()
            self._check_kind(old)
        # Follow links: replace the file they lead to, not the link.
        path = self._path.resolve()
        if not self._has_cleaned:
            _remove_abandoned(path)
            self._has_cleaned = True
        temporary = path.with_name(_temporary_name(path.name, os.urandom(TOKEN_SIZE).hex()))
        mode = NEW_FILE_MODE if old is None else stat.S_IMODE(old.st_mode)
        try:
            with contextlib.ExitStack() as in_use:
                # Closed before it is renamed, as Windows wants it.
                with open(temporary, "xb", opener=functools.partial(os.open, mode=mode)) as file:
                    in_use.enter_context(_locked(file.fileno()))
                    file.write(content)
                    file.flush()
                    if self._durable:
                        os.fsync(file.fileno())
                if old is not None:
                    # The process's umask may have removed some of the permissions.
                    temporary.chmod(mode)
                temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if self._durable:
            _sync_folder(path.parent)

    def _check_kind(self, status: os.stat_result) -> None:
        """Raise OSError unless it is a regular file: a FIFO would block; a device must not be replaced."""
        if not stat.S_ISREG(status.st_mode):
            code = errno.EISDIR if stat.S_ISDIR(status.st_mode) else errno.EINVAL
            raise OSError(
                code, "not a regular file, which the store of a last event ID must be", str(self._path)
            )

    def _no_id(self, reason: str) -> InvalidArgument:
        return InvalidArgument("store", f"{self._path} does not hold a last event ID: {reason}")


# Temporary files. A process that is killed during a save leaves one. To know whether its process lives, the
# file is locked while it is in use: the system releases the lock of a process that has ended. The number of
# a process would not do: in containers, which may share a folder, all have the same one. On Windows there is
# no such lock, but a file that is open cannot be removed.


def _temporary_name(name: str, token: str) -> str:
    return f".{name[:NAME_PART]}.{token}.new"


@contextlib.contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """Lock an open file until the end of the `with` block, even if `descriptor` is closed before."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    copy = os.dup(descriptor)
    try:
        # Some network file systems have no locks. Then nothing is removed either.
        with contextlib.suppress(OSError):
            fcntl.flock(copy, fcntl.LOCK_EX)
        yield
    finally:
        os.close(copy)


def _remove_abandoned(path: Path) -> None:
    """Remove the temporary files of earlier saves to `path` whose processes were killed.

    Also those of other long names that begin in the same way.
    """
    # Ignore errors: the save does not need this.
    with contextlib.suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            token = entry.name.removesuffix(".new")[-2 * TOKEN_SIZE :]
            if entry.name == _temporary_name(path.name, token) and _is_token(token):
                with contextlib.suppress(OSError):
                    _remove_unless_locked(entry.path)


def _is_token(text: str) -> bool:
    return len(text) == 2 * TOKEN_SIZE and set(text) <= set("0123456789abcdef")


def _remove_unless_locked(path: str) -> None:
    """Remove a temporary file. Raises OSError, and does nothing, if a living process uses it."""
    try:
        import fcntl
    except ImportError:
        os.unlink(path)  # noqa: PTH108  # `pathlib` is slow to import
        return
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        # Its process may be about to lock it.
        if status.st_size or time.time() - status.st_mtime > CREATION_TIME:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)  # noqa: PTH108
    finally:
        os.close(descriptor)


def _open_nonblocking(path: str, flags: int) -> int:
    # To open a FIFO waits for a writer otherwise.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _sync_folder(folder: Path) -> None:
    """Wait until the disk has the folder's entries: without that, a file may be saved and its name not."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
