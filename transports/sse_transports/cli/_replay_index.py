"""An index of the IDs in an event stream: where a client resumes after each of them."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sse_core import Parser

from ..testing._call import MAX_HEAD
from ..testing._plan import as_header_value
from ._blocks import split_blocks


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """Where in a stream a client resumes.

    Attributes:
        position: in bytes from the beginning of the stream.
        has_events: whether any event follows.
        has_ids: whether another last event ID follows.
    """

    position: int
    has_events: bool
    has_ids: bool


class ResumeIndex:
    """Finds the position after the first event with an ID, without reading the stream again.

    If several events have an ID, the client may have received any of them. Resuming after the first may
    repeat events, but loses none.

    The positions are in a temporary database, because a recording may have any number of IDs: SQLite keeps
    it in memory up to its cache of 2 MB, and the rest in a file that it deletes.

    Args:
        chunks: the stream, which is read once, here.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        # The end of the last event, and of the last block that changed the ID.
        self._last_event = 0
        self._last_change = 0
        # Callers use it in several threads, one at a time.
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        # A database that is deleted at the end needs no journal.
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE ids (id BLOB PRIMARY KEY, position INTEGER) WITHOUT ROWID")
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR IGNORE INTO ids VALUES (?, ?)", self._positions(chunks))
        self._database.execute("COMMIT")

    def find(self, last_event_id: str) -> ResumePoint | None:
        """Return where to resume after this ID; None if no event has it."""
        key = as_header_value(last_event_id).encode()
        found = self._database.execute("SELECT position FROM ids WHERE id = ?", (key,)).fetchone()
        if found is None:
            return None
        (position,) = found
        return ResumePoint(
            position,
            has_events=position < self._last_event,
            has_ids=position < self._last_change,
        )

    def close(self) -> None:
        """Delete the database."""
        self._database.close()

    def _positions(self, chunks: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
        """Yield each ID that the stream sets, and the end of the block that does so."""
        # No limit: the client decides whether an event is too large.
        parser = Parser(max_event_size=sys.maxsize)
        position = 0
        last = b""
        for block in split_blocks(chunks):
            position += len(block)
            if parser.feed(block):
                self._last_event = position
            key = as_header_value(parser.last_event_id).encode()
            if key != last:
                last = key
                self._last_change = position
                # No request can have a longer one.
                if len(key) <= MAX_HEAD:
                    yield key, position
