"""Stores of the last event ID, so that the next run of a program resumes where the last one stopped."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, Protocol

from sse_core import InvalidArgument

if TYPE_CHECKING:
    from pathlib import Path


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
    the new one, never a part of one.

    Args:
        path: the file. Its folder must exist.
        durable: whether each save waits until the disk has the file (fsync), which takes milliseconds. If
            not, a power failure may restore an older ID, and events come a second time.
    """

    def __init__(self, path: str | os.PathLike[str], *, durable: bool = False) -> None:
        # Imported here: most sources have no such store, and it takes two milliseconds.
        from pathlib import Path

        self._path = Path(path)
        self._durable = durable

    def load(self) -> str:
        """Return the ID that was saved last; `""` if there is no file.

        Raises:
            sse_core.InvalidArgument: the file does not hold an ID.
            OSError: the file cannot be read.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return ""
        line, end, rest = content.partition(b"\n")
        if not end or rest:
            raise InvalidArgument("store", f"{self._path} does not hold one line with a last event ID")
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            raise InvalidArgument("store", f"{self._path} is not UTF-8: {error}") from error

    def save(self, last_event_id: str) -> None:
        """Replace the file.

        Raises:
            OSError: it cannot be written; the old file is unchanged.
        """
        # Follow links: replace the file they lead to, not the link.
        path = self._path.resolve()
        temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}.new")
        try:
            with temporary.open("xb") as file:
                file.write(last_event_id.encode() + b"\n")
                file.flush()
                if self._durable:
                    os.fsync(file.fileno())
            # Keep the permissions of the old file.
            with contextlib.suppress(FileNotFoundError):
                temporary.chmod(stat.S_IMODE(path.stat().st_mode))
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if self._durable:
            _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Wait until the disk has the folder's entries: without that, a file may be saved and its name not."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
