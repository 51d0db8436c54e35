"""Spark's offsets, which it keeps in the checkpoint.

    {"v": 1, "feeds": {NAME: {"id": LAST_EVENT_ID, "seq": COUNT, "crc": CHECKSUM}}}

A feed is known by its name, never by its URL: so a URL may change, and no token gets into a checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sse_transports import Position


def offset_of(positions: Mapping[str, Position]) -> dict[str, Any]:
    """Return the offset for these positions."""
    feeds = {
        name: {"id": at.last_event_id, "seq": at.count, "crc": at.checksum} for name, at in positions.items()
    }
    return {"v": 1, "feeds": feeds}


def positions_of(offset: Any) -> dict[str, Position]:
    """Return the position of each feed in an offset.

    Raises:
        ValueError: it is damaged, or a later version of this package has written it.
    """
    positions = {}
    match offset:
        case {"v": 1, "feeds": dict(feeds)}:
            for name, at in feeds.items():
                match at:
                    case {"id": str(last_event_id), "seq": int(count), "crc": int(checksum)}:
                        positions[name] = Position(last_event_id, count, checksum)
            if len(positions) == len(feeds):
                return positions
    raise ValueError(f"this is not an offset of version 1, which this package reads: {offset!r:.200}")
