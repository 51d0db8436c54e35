"""Bodies of HTTP/1.1 responses: where they end, and what is malformed, however the bytes are divided."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sse_core import ReadError
from sse_transports._http1_bodies import MAX_TRAILERS, Body, Chunked, UntilClose, WithLength

Make = Callable[[socket.socket, bytes], Body]


class Reads:
    """A connection that returns these bytes, and then its end."""

    def __init__(self, reads: Iterable[bytes]) -> None:
        self._reads = iter(reads)

    def recv(self, size: int) -> bytes:
        return next(self._reads, b"")


def read_all(make: Make, reads: Iterable[bytes], buffered: bytes = b"") -> tuple[bytes, str]:
    """Return the body, and the error that ended it."""
    body = make(Reads(reads), buffered)  # type: ignore[arg-type]
    pieces = []
    try:
        while piece := body.read(None):
            pieces.append(piece)
    except ReadError as error:
        return b"".join(pieces), str(error)
    # Its end stays its end.
    assert body.read(None) == b""
    return b"".join(pieces), ""


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[index : index + 1] for index in range(len(data))]


def both_ways(make: Make, data: bytes) -> tuple[bytes, str]:
    """Read a body at once, byte by byte, and with its start among the headers; all must be equal."""
    results = {
        read_all(make, [data]),
        read_all(make, byte_by_byte(data)),
        *(read_all(make, [data[end:]], data[:end]) for end in range(1, min(len(data), 40))),
    }
    (result,) = {(body, error.partition(":")[0]) for body, error in results}
    return result


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"0\r\n\r\n", b""),
        (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"3\r\nabc\r\n0A\r\n0123456789\r\n00\r\n\r\n", b"abc0123456789"),
        (b'3;a=b\r\nabc\r\n3 ; c="d e"\r\ndef\r\n0;end\r\n\r\n', b"abcdef"),
        (b"0000000000000003\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"4\r\n\r\n0\r\r\n0\r\n\r\n", b"\r\n0\r"),
        (b"3\r\nabc\r\n0\r\nX-One: 1\r\nX-Two: 2\r\n\r\n", b"abc"),
        (b"3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n", b"abc"),
        # The last chunk has arrived: trailers may be missing (RFC 9112, 8).
        (b"3\r\nabc\r\n0\r\n", b"abc"),
        (b"3\r\nabc\r\n0\r\nX-One: ", b"abc"),
    ],
)
def test_chunks_are_joined_up_to_the_last(data: bytes, body: bytes) -> None:
    assert both_ways(Chunked, data) == (body, "")


@pytest.mark.parametrize(
    "rest", [b"", b"\r", b"\r\n", b"\r\n1", b"\r\n0", b"\r\n000", b"\r\n0\r", b"\r\n0;a=b"]
)
def test_end_before_the_last_chunk_is_an_error(rest: bytes) -> None:
    body, error = both_ways(Chunked, b"3\r\nabc" + rest)
    assert body == b"abc"
    assert "the connection ended" in error


def test_end_inside_a_chunk_is_an_error() -> None:
    assert both_ways(Chunked, b"5\r\nabc") == (b"abc", "the connection ended inside a chunk of the body")


@pytest.mark.parametrize(
    "size",
    [
        *(b"0x3", b"+3", b"-3", b" 3", b"3_", b"3 ", b"3\t", b"", b"x", b";a=b", b"\r", b"3\n", b"3\r\r"),
        *("٣".encode(), b"\xb3", b"0" * 17, b"3;" + b"x" * 5000, b"3" + b" " * 9 + b";a", b"3;a\rb", b"3,3"),
    ],
)
def test_malformed_chunk_size_is_an_error(size: bytes) -> None:
    """Also if the chunk before it was whole, which is returned first."""
    for before in (b"", b"3\r\nabc\r\n"):
        body, error = both_ways(Chunked, before + size + b"\r\nabc\r\n0\r\n\r\n")
        assert body == before[3:6]
        assert "a chunk of the body does not begin with its size" in error


@pytest.mark.parametrize("end", [b"d\r\n", b"\n", b"\r\r\n", b"0\r\n"])
def test_chunk_longer_than_its_size_is_an_error(end: bytes) -> None:
    body, error = both_ways(Chunked, b"3\r\nabc" + end + b"0\r\n\r\n")
    assert body == b"abc"
    assert "a chunk of the body does not end where its size says" in error


@pytest.mark.parametrize("line", [b"X: 1\r\n", b"x" * 1000])
def test_endless_trailers_are_an_error(line: bytes) -> None:
    taken = 0

    def reads() -> Iterable[bytes]:
        nonlocal taken
        yield b"3\r\nabc\r\n0\r\n"
        while True:
            taken += len(line)
            yield line

    body, error = read_all(Chunked, reads())
    assert body == b"abc"
    assert f"more than {MAX_TRAILERS} bytes of trailers" in error
    assert taken <= MAX_TRAILERS + len(line)


def test_endless_chunk_extension_is_an_error() -> None:
    def reads() -> Iterable[bytes]:
        yield b"3;"
        for _ in range(100):
            yield b"x" * 1000
        raise AssertionError("too many bytes were read")

    assert "begin with its size" in read_all(Chunked, reads())[1]


def test_chunks_of_one_read_are_returned_together() -> None:
    body = Chunked(Reads([b"3\r\nabc\r\n3\r\ndef\r\n5\r\ngh", b"ijk\r\n0\r\n\r\n"]), b"")  # type: ignore[arg-type]
    assert [body.read(None) for _ in range(3)] == [b"abcdefgh", b"ijk", b""]


@settings(deadline=None)
@given(chunks=st.lists(st.binary(min_size=1, max_size=30), max_size=6), cuts=st.sets(st.integers(1, 300)))
def test_division_into_reads_does_not_matter(chunks: list[bytes], cuts: set[int]) -> None:
    data = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    places = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    reads = [data[start:end] for start, end in pairwise(places)]
    assert read_all(Chunked, reads) == (b"".join(chunks), "")


@pytest.mark.parametrize("length", [0, 1, 3, 1000])
def test_body_ends_after_its_length(length: int) -> None:
    def make(connection: socket.socket, buffered: bytes) -> Body:
        return WithLength(connection, buffered, length)

    assert both_ways(make, bytes(length)) == (bytes(length), "")
    assert both_ways(make, bytes(length) + b"more") == (bytes(length), "")
    if length:
        missing = "the connection ended 1 bytes before the body did"
        assert both_ways(make, bytes(length - 1)) == (bytes(length - 1), missing)


def test_body_without_length_ends_with_the_connection() -> None:
    assert both_ways(UntilClose, b"abc") == (b"abc", "")
