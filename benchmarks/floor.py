"""The floor: what CPython needs to make the same events from the same chunks if it knows the stream's shape.

No line is looked at for its name, no limit is kept, nothing is expected but what comes. Each fixture has
a few ways, some for chunks that are an event each and some for chunks cut anywhere, which carry the cut
event over to the next chunk. All are measured and the fastest is the floor.
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
    """Give for each chunk the events that it completes, up to before their last end."""
    rest = b""
    for chunk in chunks:
        data = rest + chunk if rest else chunk
        place = data.rfind(end)
        if place < 0:
            rest = data
        else:
            rest = data[place + len(end) :]
            yield data[:place]


# Events of one data line.


def each_data_cut_as_bytes(chunks: Iterable[bytes], end: int, start: int = 6) -> Iterator[Event]:
    """A chunk is an event: its value is cut out, then decoded."""
    for chunk in chunks:
        yield Event(chunk[start:end].decode())


def each_data_cut_as_text(chunks: Iterable[bytes], end: int, start: int = 6) -> Iterator[Event]:
    """A chunk is an event: it is decoded, then its value is cut out."""
    for chunk in chunks:
        yield Event(chunk.decode()[start:end])


def data_split_as_text(chunks: Iterable[bytes], end: str, start: str = "data: ") -> Iterator[Event]:
    """A chunk is decoded at once, then split."""
    between = end + start
    for data in whole_events(chunks, end.encode()):
        yield from map(Event, data[len(start) :].decode().split(between))


def data_split_as_text_in_a_list(chunks: Iterable[bytes], end: str, start: str = "data: ") -> Iterator[Event]:
    """The same, all events of a chunk before the first is given."""
    between = end + start
    for data in whole_events(chunks, end.encode()):
        yield from [Event(value) for value in data[len(start) :].decode().split(between)]


def data_split_as_bytes(chunks: Iterable[bytes], end: bytes, start: bytes = b"data: ") -> Iterator[Event]:
    """A chunk is split, then each value is decoded: no wide character makes another value dearer."""
    between = end + start
    for data in whole_events(chunks, end):
        yield from map(Event, map(bytes.decode, data[len(start) :].split(between)))


def data_split_by_width(chunks: Iterable[bytes], end: bytes) -> Iterator[Event]:
    """The first way where a chunk is ASCII, the other where it is not."""
    between = end + b"data: "
    between_text = between.decode()
    for data in whole_events(chunks, end):
        if data.isascii():
            yield from map(Event, data[6:].decode("ascii").split(between_text))
        else:
            yield from map(Event, map(bytes.decode, data[6:].split(between)))


# The same with comments between.


def each_data_but_comments(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is an event or a comment."""
    for chunk in chunks:
        if chunk[0] != 58:
            yield Event(chunk[6:-2].decode())


def each_data_but_comments_as_text(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The same, decoded before the value is cut out."""
    for chunk in chunks:
        if chunk[0] != 58:
            yield Event(chunk.decode()[6:-2])


def data_without_comments(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The comments are taken out of a chunk at once."""
    for data in whole_events(chunks, b"\n\n"):
        text = (data.decode() + "\n\n").replace(": keepalive\n\n", "")
        if text:
            yield from map(Event, text[6:-2].split("\n\ndata: "))


def data_beside_comments(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is split, and the comments among the blocks are passed over."""
    for data in whole_events(chunks, b"\n\n"):
        yield from [Event(block[6:]) for block in data.decode().split("\n\n") if block[0] != ":"]


# Events of several data lines.


def each_lines_replaced(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is an event: the names within are taken out at once."""
    for chunk in chunks:
        yield Event(chunk[6:-2].decode().replace("\ndata: ", "\n"))


def each_lines_replaced_as_bytes(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The same before it is decoded."""
    for chunk in chunks:
        yield Event(chunk[6:-2].replace(b"\ndata: ", b"\n").decode())


def lines_replaced(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The names within a chunk are taken out at once, then it is split."""
    for data in whole_events(chunks, b"\n\n"):
        yield from map(Event, data[6:].decode().replace("\ndata: ", "\n").split("\n\n"))


def lines_split_then_replaced(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is split, then the names are taken out of each event."""
    for data in whole_events(chunks, b"\n\n"):
        for block in data[6:].decode().split("\n\ndata: "):
            yield Event(block.replace("\ndata: ", "\n"))


# Events of an event line and a data line.


def each_type_and_data(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is an event: it is parted at the name of the second line."""
    for chunk in chunks:
        head, _, data = chunk[7:-2].decode().partition("\ndata: ")
        yield Event(data, head)


def each_type_and_data_by_place(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The same by the place of the first line's end."""
    for chunk in chunks:
        text = chunk.decode()
        end = text.find("\n")
        yield Event(text[end + 7 : -2], text[7:end])


def type_and_data_parted(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is split, and each event is parted."""
    for data in whole_events(chunks, b"\n\n"):
        for block in data[7:].decode().split("\n\nevent: "):
            head, _, value = block.partition("\ndata: ")
            yield Event(value, head)


def type_and_data_split(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The same with a split in place of the parting."""
    for data in whole_events(chunks, b"\n\n"):
        for block in data[7:].decode().split("\n\nevent: "):
            head, value = block.split("\ndata: ")
            yield Event(value, head)


def type_and_data_lines(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is split into lines: every third is a type, every third a value."""
    for data in whole_events(chunks, b"\n\n"):
        lines = data.decode().split("\n")
        yield from [Event(value[6:], head[7:]) for value, head in zip(lines[1::3], lines[::3], strict=False)]


def type_and_data_in_one_split(chunks: Iterable[bytes]) -> Iterator[Event]:
    """One replacement makes all that stands between values alike, so that one split finds them all."""
    for data in whole_events(chunks, b"\n\n"):
        values = data[7:].decode().replace("\n\nevent: ", "\ndata: ").split("\ndata: ")
        yield from map(Event, values[1::2], values[::2])


# Events of an event line, an id line and a data line; some not ASCII.


def each_wikimedia(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is an event: its lines are split, then decoded."""
    for chunk in chunks:
        kind, event_id, data, _, _ = chunk.split(b"\n")
        yield Event(data[6:].decode(), kind[7:].decode(), event_id[4:].decode())


def each_wikimedia_as_text(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The same, decoded before."""
    for chunk in chunks:
        kind, event_id, data, _, _ = chunk.decode().split("\n")
        yield Event(data[6:], kind[7:], event_id[4:])


def wikimedia_as_bytes(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is split into lines, and the values are decoded one by one."""
    for data in whole_events(chunks, b"\n\n"):
        lines = data.split(b"\n")
        for kind, event_id, value in zip(lines[::4], lines[1::4], lines[2::4], strict=True):
            yield Event(value[6:].decode(), kind[7:].decode(), event_id[4:].decode())


def wikimedia_by_event(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is split into events, each is decoded, then split."""
    for data in whole_events(chunks, b"\n\n"):
        for block in data.split(b"\n\n"):
            kind, event_id, value = block.decode().split("\n")
            yield Event(value[6:], kind[7:], event_id[4:])


# Events of four fields.


def each_of_four(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is an event: its lines are split."""
    for chunk in chunks:
        event_id, kind, retry, data, _, _ = chunk.decode().split("\n")
        yield Event(data[6:], kind[7:], event_id[4:], int(retry[7:]))


FOUR = re.compile("id: (.*)\nevent: (.*)\nretry: (.*)\ndata: (.*)")


def each_of_four_by_pattern(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The same by a regular expression."""
    match = FOUR.match
    for chunk in chunks:
        found = match(chunk.decode())
        assert found
        event_id, kind, retry, data = found.groups()
        yield Event(data, kind, event_id, int(retry))


def four_by_event(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is split into events, each into lines."""
    for whole in whole_events(chunks, b"\n\n"):
        for block in whole.decode().split("\n\n"):
            event_id, kind, retry, data = block.split("\n")
            yield Event(data[6:], kind[7:], event_id[4:], int(retry[7:]))


def four_by_line(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A chunk is split into lines: every fifth is an event_id, and so on."""
    for whole in whole_events(chunks, b"\n\n"):
        lines = whole.decode().split("\n")
        for event_id, kind, retry, data in zip(
            lines[::5], lines[1::5], lines[2::5], lines[3::5], strict=True
        ):
            yield Event(data[6:], kind[7:], event_id[4:], int(retry[7:]))


def four_by_pattern(chunks: Iterable[bytes]) -> Iterator[Event]:
    """A regular expression finds all in a chunk."""
    for whole in whole_events(chunks, b"\n\n"):
        for event_id, kind, retry, data in FOUR.findall(whole.decode()):
            yield Event(data, kind, event_id, int(retry))


def four_in_one_split(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Replacements make all that stands between values alike, so that one split finds them all."""
    for whole in whole_events(chunks, b"\n\n"):
        text = whole.decode()[4:].replace("\n\nid: ", "\n").replace("\nevent: ", "\n")
        values = text.replace("\nretry: ", "\n").replace("\ndata: ", "\n").split("\n")
        yield from map(Event, values[3::4], values[1::4], values[::4], map(int, values[2::4]))


# One event, in one chunk or many.


def line_decoded_then_cut(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Joined once, decoded once."""
    yield Event(b"".join(chunks).decode()[6:-2])


def line_cut_by_view(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Joined once, and decoded from its place within."""
    yield Event(str(memoryview(b"".join(chunks))[6:-2], "utf-8"))


def lines_joined_and_replaced(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Joined once, decoded once, the names taken out at once."""
    yield Event(b"".join(chunks)[6:-2].decode().replace("\ndata: ", "\n"))


def lines_joined_and_replaced_as_bytes(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The same, the names taken out before."""
    yield Event(b"".join(chunks)[6:-2].replace(b"\ndata: ", b"\n").decode())


# What of the time is the interface: the same behind a call per chunk, which returns a list, as a parser's.


class EachData:
    """Takes chunks that are an event of one data line each."""

    def feed(self, chunk: bytes) -> list[Event]:
        """Take a chunk, return its event."""
        return [Event(chunk.decode()[6:-2])]


class Gathered:
    """Takes the chunks of one giant event, and makes it when its end comes."""

    def __init__(self, data_of: Callable[[bytes], str]) -> None:
        self.data_of = data_of
        self.chunks: list[bytes] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """Keep a chunk; return the event if it ends here."""
        self.chunks.append(chunk)
        if chunk.endswith(b"\n\n") or chunk == b"\n":
            return [Event(self.data_of(b"".join(self.chunks)))]
        return []


def data_of_a_line(event: bytes) -> str:
    """Return the value of an event's only line."""
    return str(memoryview(event)[6:-2], "utf-8")


def data_of_lines(event: bytes) -> str:
    """Return the values of an event's lines."""
    return event[6:-2].decode().replace("\ndata: ", "\n")


def fed(chunks: Iterable[bytes], make: Callable[[], EachData | Gathered]) -> Iterator[Event]:
    """Feed the chunks one by one."""
    parser = make()
    for chunk in chunks:
        yield from parser.feed(chunk)


EACH_DATA: list[Way] = [partial(each_data_cut_as_bytes, end=-2), partial(each_data_cut_as_text, end=-2)]
SPLIT_DATA: list[Way] = [
    partial(data_split_as_text, end="\n\n"),
    partial(data_split_as_text_in_a_list, end="\n\n"),
    partial(data_split_as_bytes, end=b"\n\n"),
    partial(data_split_by_width, end=b"\n\n"),
]

FED = "behind a call"

# For chunks that are an event each, and for chunks cut anywhere.
WAYS: dict[str, tuple[list[Way], list[Way]]] = {
    fixtures.OPENAI: (EACH_DATA, SPLIT_DATA),
    fixtures.OPENAI_CJK: (EACH_DATA, SPLIT_DATA),
    fixtures.TINY: (EACH_DATA, SPLIT_DATA),
    fixtures.SPACELESS: (
        [partial(each_data_cut_as_bytes, end=-2, start=5), partial(each_data_cut_as_text, end=-2, start=5)],
        [
            partial(data_split_as_text, end="\n\n", start="data:"),
            partial(data_split_as_text_in_a_list, end="\n\n", start="data:"),
            partial(data_split_as_bytes, end=b"\n\n", start=b"data:"),
        ],
    ),
    fixtures.CRLF: (
        [partial(each_data_cut_as_bytes, end=-4), partial(each_data_cut_as_text, end=-4)],
        [
            partial(data_split_as_text, end="\r\n\r\n"),
            partial(data_split_as_text_in_a_list, end="\r\n\r\n"),
            partial(data_split_as_bytes, end=b"\r\n\r\n"),
        ],
    ),
    fixtures.HEARTBEATS: (
        [each_data_but_comments, each_data_but_comments_as_text],
        [data_without_comments, data_beside_comments],
    ),
    fixtures.MULTILINE: (
        [each_lines_replaced, each_lines_replaced_as_bytes],
        [lines_replaced, lines_split_then_replaced],
    ),
    fixtures.ANTHROPIC: (
        [each_type_and_data, each_type_and_data_by_place],
        [type_and_data_parted, type_and_data_split, type_and_data_lines, type_and_data_in_one_split],
    ),
    fixtures.WIKIMEDIA: (
        [each_wikimedia, each_wikimedia_as_text],
        [wikimedia_as_bytes, wikimedia_by_event],
    ),
    fixtures.FOUR_FIELDS: (
        [each_of_four, each_of_four_by_pattern],
        [four_by_event, four_by_line, four_by_pattern, four_in_one_split],
    ),
    fixtures.LONG_LINE: ([], [line_decoded_then_cut, line_cut_by_view]),
    fixtures.MANY_LINES: (
        [lines_joined_and_replaced, lines_joined_and_replaced_as_bytes],
        [lines_joined_and_replaced, lines_joined_and_replaced_as_bytes],
    ),
}


def ways(fixture: str, cut: int | None) -> dict[str, Way]:
    """Return the ways for a fixture in a cut, by name; none for streams of unknown shape."""
    live, sized = WAYS.get(fixture, ([], []))
    return {name_of(way): way for way in (live if cut is fixtures.LIVE else sized)}


def fed_way(fixture: str, cut: int | None) -> dict[str, Way]:
    """Return the way behind a call, of plain data that comes an event at a time, and of giants."""
    if cut is fixtures.LIVE and fixture in (fixtures.OPENAI, fixtures.OPENAI_CJK, fixtures.TINY):
        return {FED: partial(fed, make=EachData)}
    giants = {fixtures.LONG_LINE: data_of_a_line, fixtures.MANY_LINES: data_of_lines}
    if fixture in giants:
        return {FED: partial(fed, make=partial(Gathered, giants[fixture]))}
    return {}


def name_of(way: Way) -> str:
    """Return what a way is called."""
    return str(way.func.__name__ if isinstance(way, partial) else getattr(way, "__name__", way))
