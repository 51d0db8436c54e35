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


def positions_of(offset: Mapping[str, Any]) -> dict[str, Position]:
    """Return the position of each feed in an offset.

    Raises:
        ValueError: a later version of this package has written it.
    """
    if offset.get("v") != 1:
        raise ValueError(f"this offset is not of version 1, which this package reads: {offset!r:.200}")
    return {name: Position(at["id"], at["seq"], at["crc"]) for name, at in offset["feeds"].items()}
