"""Where a last event ID is kept, so that a stream goes on where the last run of a program stopped."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import Protocol

from sse_core import InvalidArgument


class Store(Protocol):
    """Keeps one last event ID."""

    def load(self) -> str:
        """Return the ID saved last; `""` if there is none."""
        ...

    def save(self, last_event_id: str) -> None:
        """Keep the ID of the last event whose processing is finished."""
        ...


class FileStore:
    r"""Keeps the last event ID in a file: its UTF-8 bytes and a LF.

    The file is replaced in one step, so that a reader, or the next run after a crash, finds the old
    ID or the new one and never half of one.

    Args:
        path: the file. Its folder must exist.
        durable: whether each save waits until the disk has it, which takes milliseconds. Without,
            a power failure may bring back an older ID, and events a second time.
    """

    def __init__(self, path: str | os.PathLike[str], *, durable: bool = False) -> None:
        self._path = Path(path)
        self._durable = durable

    def load(self) -> str:
        """Return the ID saved last; `""` if there is no file.

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
            OSError: it cannot be written; the old one is still there.
        """
        # The file itself, where the path is a link.
        path = self._path.resolve()
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
        try:
            with temporary.open("xb") as file:
                file.write(last_event_id.encode() + b"\n")
                file.flush()
                if self._durable:
                    os.fsync(file.fileno())
            with contextlib.suppress(FileNotFoundError):
                temporary.chmod(stat.S_IMODE(path.stat().st_mode))
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if self._durable:
            _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Wait until the disk has the folder's entries: a file may be there and its name not."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
