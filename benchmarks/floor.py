"""The floor: the least time in which CPython can make the same events from the same chunks.

The code here knows the shape of each fixture. It checks no field name and no limit, and it cannot read
anything else. Each fixture has a few ways: some for one event per chunk, and some for chunks of any size,
which keep an incomplete event for the next chunk. All ways are measured, and the fastest one is the floor.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from benchmarks import fixtures
from sse_core import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Way = Callable[[Iterable[bytes]], Iterator[Event]]


def whole_events(chunks: Iterable[bytes], end: bytes) -> Iterator[bytes]:
    """Yield for each chunk the complete events, without the blank line of the last one."""
    rest = b""
    for chunk in chunks:
        data = rest + chunk if rest else chunk
        index = data.rfind(end)
        if index < 0:
            rest = data
        else:
            rest = data[index + len(end) :]
            yield data[:index]


# Events of one data line.


def slice_then_decode(chunks: Iterable[bytes], end: int, start: int = 6) -> Iterator[Event]:
    """A chunk is one event: slice its value, then decode it."""
    for chunk in chunks:
        yield Event(chunk[start:end].decode())


def decode_then_slice(chunks: Iterable[bytes], end: int, start: int = 6) -> Iterator[Event]:
    """A chunk is one event: decode it, then slice its value."""
    for chunk in chunks:
        yield Event(chunk.decode()[start:end])


def decode_then_split(chunks: Iterable[bytes], end: str, start: str = "data: ") -> Iterator[Event]:
    """Decode the events of a chunk at once, then split them."""
    between = end + start
    for data in whole_events(chunks, end.encode()):
        yield from map(Event, data[len(start) :].decode().split(between))


def decode_then_split_to_list(chunks: Iterable[bytes], end: str, start: str = "data: ") -> Iterator[Event]:
    """The same, but build all events of a chunk before yielding the first."""
    between = end + start
    for data in whole_events(chunks, end.encode()):
        yield from [Event(value) for value in data[len(start) :].decode().split(between)]


def split_then_decode(chunks: Iterable[bytes], end: bytes, start: bytes = b"data: ") -> Iterator[Event]:
    """Split a chunk, then decode each value: a wide character does not slow down the other values."""
    between = end + start
    for data in whole_events(chunks, end):
        yield from map(Event, map(bytes.decode, data[len(start) :].split(between)))


def split_by_ascii(chunks: Iterable[bytes], end: bytes) -> Iterator[Event]:
    """`decode_then_split` if the chunk is ASCII, `split_then_decode` if not."""
    between = end + b"data: "
    between_text = between.decode()
    for data in whole_events(chunks, end):
        if data.isascii():
            yield from map(Event, data[6:].decode("ascii").split(between_text))
        else:
            yield from map(Event, map(bytes.decode, data[6:].split(between)))


# The same with comments between the events.


def skip_comment_then_decode(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is an event or a comment."""
    for chunk in chunks:
        if chunk[0] != 58:
            yield Event(chunk[6:-2].decode())


def decode_then_skip_comment(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The same, but decode before slicing the value."""
    for chunk in chunks:
        if chunk[0] != 58:
            yield Event(chunk.decode()[6:-2])


def remove_comments_then_split(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Remove all comments of a chunk with one replacement."""
    for data in whole_events(chunks, b"\n\n"):
        text = (data.decode() + "\n\n").replace(": keepalive\n\n", "")
        if text:
            yield from map(Event, text[6:-2].split("\n\ndata: "))


def split_then_skip_comments(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Split a chunk into blocks, and skip the comments among them."""
    for data in whole_events(chunks, b"\n\n"):
        yield from [Event(block[6:]) for block in data.decode().split("\n\n") if block[0] != ":"]


# Events of several data lines.


def decode_then_remove_names(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is one event: remove the field names in it with one replacement."""
    for chunk in chunks:
        yield Event(chunk[6:-2].decode().replace("\ndata: ", "\n"))


def remove_names_then_decode(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The same, but before decoding."""
    for chunk in chunks:
        yield Event(chunk[6:-2].replace(b"\ndata: ", b"\n").decode())


def remove_names_then_split(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Remove the field names within the events of a chunk, then split it."""
    for data in whole_events(chunks, b"\n\n"):
        yield from map(Event, data[6:].decode().replace("\ndata: ", "\n").split("\n\n"))


def split_then_remove_names(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Split a chunk, then remove the field names within each event."""
    for data in whole_events(chunks, b"\n\n"):
        for block in data[6:].decode().split("\n\ndata: "):
            yield Event(block.replace("\ndata: ", "\n"))


# Events of an event line and a data line.


def type_and_data_by_partition(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is one event: partition it at the name of its second line."""
    for chunk in chunks:
        head, _, data = chunk[7:-2].decode().partition("\ndata: ")
        yield Event(data, head)


def type_and_data_by_find(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The same with `find` and two slices."""
    for chunk in chunks:
        text = chunk.decode()
        end = text.find("\n")
        yield Event(text[end + 7 : -2], text[7:end])


def split_then_partition(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Split a chunk, then partition each event."""
    for data in whole_events(chunks, b"\n\n"):
        for block in data[7:].decode().split("\n\nevent: "):
            head, _, value = block.partition("\ndata: ")
            yield Event(value, head)


def split_events_then_lines(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The same with `split` instead of `partition`."""
    for data in whole_events(chunks, b"\n\n"):
        for block in data[7:].decode().split("\n\nevent: "):
            head, value = block.split("\ndata: ")
            yield Event(value, head)


def split_lines_by_three(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Split a chunk into lines: of each three, the first has the type and the second the data."""
    for data in whole_events(chunks, b"\n\n"):
        lines = data.decode().split("\n")
        yield from [Event(value[6:], head[7:]) for value, head in zip(lines[1::3], lines[::3], strict=False)]


def type_and_data_in_one_split(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Make all separators equal with one replacement, so that one split finds every value."""
    for data in whole_events(chunks, b"\n\n"):
        values = data[7:].decode().replace("\n\nevent: ", "\ndata: ").split("\ndata: ")
        yield from map(Event, values[1::2], values[::2])


# Events of an event line, an id line and a data line. Some are not ASCII.


def wikimedia_split_then_decode(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is one event: split its lines, then decode each value."""
    for chunk in chunks:
        kind, event_id, data, _, _ = chunk.split(b"\n")
        yield Event(data[6:].decode(), kind[7:].decode(), event_id[4:].decode())


def wikimedia_decode_then_split(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The same, but decode first."""
    for chunk in chunks:
        kind, event_id, data, _, _ = chunk.decode().split("\n")
        yield Event(data[6:], kind[7:], event_id[4:])


def wikimedia_split_lines_then_decode(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Split a chunk into lines, then decode each value."""
    for data in whole_events(chunks, b"\n\n"):
        lines = data.split(b"\n")
        for kind, event_id, value in zip(lines[::4], lines[1::4], lines[2::4], strict=True):
            yield Event(value[6:].decode(), kind[7:].decode(), event_id[4:].decode())


def wikimedia_split_events_then_decode(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Split a chunk into events, then decode each of them and split its lines."""
    for data in whole_events(chunks, b"\n\n"):
        for block in data.split(b"\n\n"):
            kind, event_id, value = block.decode().split("\n")
            yield Event(value[6:], kind[7:], event_id[4:])


# Events of four fields.


def four_fields_by_split(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is one event: split its lines."""
    for chunk in chunks:
        event_id, kind, retry, data, _, _ = chunk.decode().split("\n")
        yield Event(data[6:], kind[7:], event_id[4:], int(retry[7:]))


FOUR = re.compile("id: (.*)\nevent: (.*)\nretry: (.*)\ndata: (.*)")


def four_fields_by_match(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The same with a regular expression."""
    match = FOUR.match
    for chunk in chunks:
        found = match(chunk.decode())
        assert found
        event_id, kind, retry, data = found.groups()
        yield Event(data, kind, event_id, int(retry))


def four_fields_split_events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Split a chunk into events, and each event into lines."""
    for whole in whole_events(chunks, b"\n\n"):
        for block in whole.decode().split("\n\n"):
            event_id, kind, retry, data = block.split("\n")
            yield Event(data[6:], kind[7:], event_id[4:], int(retry[7:]))


def four_fields_split_lines(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Split a chunk into lines: of each five, the first has the ID, the second the type, and so on."""
    for whole in whole_events(chunks, b"\n\n"):
        lines = whole.decode().split("\n")
        for event_id, kind, retry, data in zip(
            lines[::5], lines[1::5], lines[2::5], lines[3::5], strict=True
        ):
            yield Event(data[6:], kind[7:], event_id[4:], int(retry[7:]))


def four_fields_by_findall(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Find all events of a chunk with a regular expression."""
    for whole in whole_events(chunks, b"\n\n"):
        for event_id, kind, retry, data in FOUR.findall(whole.decode()):
            yield Event(data, kind, event_id, int(retry))


def four_fields_in_one_split(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Make all separators equal with replacements, so that one split finds every value."""
    for whole in whole_events(chunks, b"\n\n"):
        text = whole.decode()[4:].replace("\n\nid: ", "\n").replace("\nevent: ", "\n")
        values = text.replace("\nretry: ", "\n").replace("\ndata: ", "\n").split("\n")
        yield from map(Event, values[3::4], values[1::4], values[::4], map(int, values[2::4]))


# One giant event, in one chunk or in many.


def join_decode_slice(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Join the chunks, decode them, then slice the value."""
    yield Event(b"".join(chunks).decode()[6:-2])


def join_slice_by_memoryview(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Join the chunks, and decode the value in place, without copying it first."""
    yield Event(str(memoryview(b"".join(chunks))[6:-2], "utf-8"))


def join_decode_remove_names(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Join the chunks, decode them, then remove the field names."""
    yield Event(b"".join(chunks)[6:-2].decode().replace("\ndata: ", "\n"))


def join_remove_names_decode(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The same, but remove the field names before decoding."""
    yield Event(b"".join(chunks)[6:-2].replace(b"\ndata: ", b"\n").decode())


# The same work with the interface of a parser: one call per chunk, which returns a list. The difference
# between these ways and the ones above is what the interface costs.


class OneEventPerChunk:
    """Reads chunks that are one event of one data line each."""

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the event of a chunk."""
        return [Event(chunk.decode()[6:-2])]


class OneGiantEvent:
    """Collects the chunks of one giant event, and builds it at its end."""

    def __init__(self, data_of: Callable[[bytes], str]) -> None:
        self.data_of = data_of
        self.chunks: list[bytes] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """Keep a chunk, and return the event if this is its last one."""
        self.chunks.append(chunk)
        if chunk.endswith(b"\n\n") or chunk == b"\n":
            return [Event(self.data_of(b"".join(self.chunks)))]
        return []


def data_of_one_line(event: bytes) -> str:
    """Return the data of an event of one data line."""
    return str(memoryview(event)[6:-2], "utf-8")


def data_of_many_lines(event: bytes) -> str:
    """Return the data of an event of several data lines."""
    return event[6:-2].decode().replace("\ndata: ", "\n")


def feed_chunks(
    chunks: Iterable[bytes], make: Callable[[], OneEventPerChunk | OneGiantEvent]
) -> Iterator[Event]:
    """Feed the chunks one by one."""
    parser = make()
    for chunk in chunks:
        yield from parser.feed(chunk)


PER_EVENT_WAYS: list[Way] = [partial(slice_then_decode, end=-2), partial(decode_then_slice, end=-2)]
CHUNK_WAYS: list[Way] = [
    partial(decode_then_split, end="\n\n"),
    partial(decode_then_split_to_list, end="\n\n"),
    partial(split_then_decode, end=b"\n\n"),
    partial(split_by_ascii, end=b"\n\n"),
]

FEED_WAY = "with feed()"
"""The name of the way with the interface of a parser."""

WAYS: dict[str, tuple[list[Way], list[Way]]] = {
    fixtures.OPENAI: (PER_EVENT_WAYS, CHUNK_WAYS),
    fixtures.OPENAI_CJK: (PER_EVENT_WAYS, CHUNK_WAYS),
    fixtures.TINY: (PER_EVENT_WAYS, CHUNK_WAYS),
    fixtures.SPACELESS: (
        [partial(slice_then_decode, end=-2, start=5), partial(decode_then_slice, end=-2, start=5)],
        [
            partial(decode_then_split, end="\n\n", start="data:"),
            partial(decode_then_split_to_list, end="\n\n", start="data:"),
            partial(split_then_decode, end=b"\n\n", start=b"data:"),
        ],
    ),
    fixtures.CRLF: (
        [partial(slice_then_decode, end=-4), partial(decode_then_slice, end=-4)],
        [
            partial(decode_then_split, end="\r\n\r\n"),
            partial(decode_then_split_to_list, end="\r\n\r\n"),
            partial(split_then_decode, end=b"\r\n\r\n"),
        ],
    ),
    fixtures.HEARTBEATS: (
        [skip_comment_then_decode, decode_then_skip_comment],
        [remove_comments_then_split, split_then_skip_comments],
    ),
    fixtures.MULTILINE: (
        [decode_then_remove_names, remove_names_then_decode],
        [remove_names_then_split, split_then_remove_names],
    ),
    fixtures.ANTHROPIC: (
        [type_and_data_by_partition, type_and_data_by_find],
        [split_then_partition, split_events_then_lines, split_lines_by_three, type_and_data_in_one_split],
    ),
    fixtures.WIKIMEDIA: (
        [wikimedia_split_then_decode, wikimedia_decode_then_split],
        [wikimedia_split_lines_then_decode, wikimedia_split_events_then_decode],
    ),
    fixtures.FOUR_FIELDS: (
        [four_fields_by_split, four_fields_by_match],
        [four_fields_split_events, four_fields_split_lines, four_fields_by_findall, four_fields_in_one_split],
    ),
    fixtures.LONG_LINE: ([], [join_decode_slice, join_slice_by_memoryview]),
    fixtures.MANY_LINES: (
        [join_decode_remove_names, join_remove_names_decode],
        [join_decode_remove_names, join_remove_names_decode],
    ),
}
"""The ways of each fixture: for one event per chunk, and for chunks of any size."""


def ways(fixture: str, chunk_size: int | None) -> dict[str, Way]:
    """Return the ways for a fixture and a chunk size, by name; none for streams of unknown shape."""
    per_event, sized = WAYS.get(fixture, ([], []))
    return {name_of(way): way for way in (per_event if chunk_size is fixtures.PER_EVENT else sized)}


def feed_way(fixture: str, chunk_size: int | None) -> dict[str, Way]:
    """Return the way with the interface of a parser, for plain data in one event per chunk and for giants."""
    plain = (fixtures.OPENAI, fixtures.OPENAI_CJK, fixtures.TINY)
    if chunk_size is fixtures.PER_EVENT and fixture in plain:
        return {FEED_WAY: partial(feed_chunks, make=OneEventPerChunk)}
    giants = {fixtures.LONG_LINE: data_of_one_line, fixtures.MANY_LINES: data_of_many_lines}
    if fixture in giants:
        return {FEED_WAY: partial(feed_chunks, make=partial(OneGiantEvent, giants[fixture]))}
    return {}


def name_of(way: Way) -> str:
    """Return the name of a way's function."""
    return str(way.func.__name__ if isinstance(way, partial) else getattr(way, "__name__", way))
