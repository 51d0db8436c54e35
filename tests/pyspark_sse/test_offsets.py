"""The offsets that Spark keeps: by the name of a feed, and nothing that is a secret."""

from __future__ import annotations

import json
from zlib import crc32

import pytest

from pyspark_sse._offsets import offset_of, positions_of
from sse_core import Event
from sse_transports import Position

POSITIONS = {"a": Position(), "b": Position().after([Event("x", id="7"), Event("y", id="é")])}


def test_an_offset_has_the_last_id_the_count_and_the_checksum_of_each_feed() -> None:
    offset = offset_of(POSITIONS)
    assert offset == {
        "v": 1,
        "feeds": {
            "a": {"id": "", "seq": 0, "crc": 0},
            "b": {"id": "é", "seq": 2, "crc": crc32("7\né\n".encode())},
        },
    }
    assert positions_of(json.loads(json.dumps(offset))) == POSITIONS


@pytest.mark.parametrize(
    "offset",
    [
        {"v": 2, "feeds": {}},
        {},
        None,
        [],
        {"v": 1},
        {"v": 1, "feeds": None},
        {"v": 1, "feeds": {"a": None}},
        {"v": 1, "feeds": {"a": {"id": "7", "seq": 1}}},
        {"v": 1, "feeds": {"a": {"id": 7, "seq": 1, "crc": 0}}},
        {"v": 1, "feeds": {"a": {"id": "7", "seq": "1", "crc": 0}}},
    ],
)
def test_an_offset_that_is_damaged_or_of_another_version_is_refused(offset: object) -> None:
    with pytest.raises(ValueError, match="this is not an offset of version 1"):
        positions_of(offset)
