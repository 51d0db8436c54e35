"""Spark's offsets, which it keeps in the checkpoint.

    {"v": 1, "feeds": {NAME: {"id": LAST_EVENT_ID, "seq": COUNT, "crc": CHECKSUM}}}

A feed is known by its name, never by its URL: so a URL may change, and no token gets into a checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sse_transports import Position

VERSION = 1


def offset_of(positions: Mapping[str, Position]) -> dict[str, Any]:
    """Return the offset for these positions."""
    feeds = {
        name: {"id": position.last_event_id, "seq": position.count, "crc": position.checksum}
        for name, position in positions.items()
    }
    return {"v": VERSION, "feeds": feeds}


def positions_of(offset: Mapping[str, Any]) -> dict[str, Position]:
    """Return the position of each feed in an offset.

    Raises:
        ValueError: a later version of this package has written it.
    """
    if offset.get("v") != VERSION:
        raise ValueError(
            f"this offset is not of version {VERSION}, which this package reads: {offset!r:.200}"
        )
    return {name: Position(each["id"], each["seq"], each["crc"]) for name, each in offset["feeds"].items()}
