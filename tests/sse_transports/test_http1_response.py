"""HTTP/1.1 responses: where head and body end, what is malformed, and what is too large."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_transports._http1_response import MAX_FIELDS, MAX_HEAD, MAX_WITHOUT_BODY, ResponseReader

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def read(pieces: Iterable[bytes], method: str = "GET") -> tuple[ResponseReader, bytes]:
    """Feed these bytes as a transport does, and then the end of the connection; return the body, too."""
    reader = ResponseReader(method)
    body = b""
    for piece in pieces:
        body += reader.feed(piece)
        if reader.ended or reader.fault:
            break
    else:
        reader.end()
    return reader, body


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[index : index + 1] for index in range(len(data))]


def fault_of(data: bytes, method: str = "GET") -> str:
    """Return what is wrong; the same, at once and byte by byte."""
    faults = {read(pieces, method)[0].fault for pieces in ([data] * bool(data), byte_by_byte(data))}
    assert len(faults) == 1, faults
    return faults.pop()


RESPONSES = [
    (OK + b"Content-Length: 3\r\n\r\nabc", 200, b"abc", True),
    (OK + b"content-length: 3\r\nConnection: Keep-Alive\r\n\r\nabc", 200, b"abc", True),
    (OK + b"Content-Length: 0\r\n\r\n", 200, b"", True),
    (OK + b"Content-Length: 3\r\nConnection: close\r\n\r\nabc", 200, b"abc", False),
    (OK + b"\r\nabc", 200, b"abc", False),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, b"abc", False),
    (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc", 200, b"abc", True),
    (CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", 200, b"abcde", True),
    (CHUNKED + b"3\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n", 200, b"abc", True),
    (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
    (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", 304, b"", True),
    (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na", 200, b"a", True),
    (b"HTTP/1.1 503 \r\nContent-Length: 2\r\n\r\nno", 503, b"no", True),
    (b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", 999, b"", True),
]


@pytest.mark.parametrize(("data", "status", "body", "reusable"), RESPONSES)
def test_response_is_the_same_however_it_is_divided(
    data: bytes, status: int, body: bytes, reusable: bool
) -> None:
    divisions = [[data], byte_by_byte(data), *([data[:at], data[at:]] for at in range(1, len(data)))]
    for pieces in divisions:
        reader, received = read(pieces)
        assert (reader.status, received, reader.fault) == (status, body, "")
        assert reader.ended
        assert reader.is_reusable == reusable
        names = [name.lower() for name, _ in reader.headers]
        # Neither trailers nor what came before the response.
        assert b"x-trailer" not in names
        assert b"link" not in names


def test_headers_keep_order_and_bytes() -> None:
    data = OK + b"X-One: 1\r\nx-two:\xe9 b \t\r\nX-One:\r\nContent-Length: 0\r\n\r\n"
    for pieces in ([data], byte_by_byte(data)):
        reader, _ = read(pieces)
        assert reader.headers[:3] == [(b"X-One", b"1"), (b"x-two", b"\xe9 b"), (b"X-One", b"")]
        assert reader.reason == "OK"


@pytest.mark.parametrize("length", [b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_response_to_head_has_no_body(length: bytes) -> None:
    reader, body = read([OK + length + b"\r\n"], "HEAD")
    assert (reader.ended, reader.fault, body) == (True, "", b"")
    assert reader.is_reusable
    # A body all the same is dropped, and is not taken for the next response.
    reader, body = read([OK + length + b"\r\n3\r\nabc"], "HEAD")
    assert (reader.ended, body, reader.is_reusable) == (True, b"", False)


def test_101_is_a_response_whose_connection_is_not_used_again() -> None:
    data = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nother protocol"
    reader, body = read([data])
    assert (reader.status, body, reader.fault, reader.is_reusable) == (101, b"", "", False)


@pytest.mark.parametrize(
    "surplus", [b"X", b"\0", OK, OK + b"Content-Length: 6\r\n\r\nforged", CHUNKED + b"6\r\nforged\r\n"]
)
@pytest.mark.parametrize(
    "first",
    [OK + b"Content-Length: 3\r\n\r\nabc", CHUNKED + b"3\r\nabc\r\n0\r\n\r\n"],
    ids=["length", "chunks"],
)
def test_bytes_after_the_response_are_no_part_of_it(first: bytes, surplus: bytes) -> None:
    reader, body = read([first + surplus])
    assert (reader.status, body, reader.fault) == (200, b"abc", "")
    assert reader.ended
    assert not reader.is_reusable


# Malformed.


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "the server closed the connection without a response"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "the connection ended inside the response headers"),
        (b"HTTP/1.1 103 x\r\n\r\n", "the connection ended inside the response headers"),
        (OK + b"Content-Length: 4\r\n\r\nabc", "the connection ended inside the body"),
        (CHUNKED + b"3\r\nabc\r\n", "the connection ended inside the body"),
        (CHUNKED + b"4\r\nabc", "the connection ended inside the body"),
        (b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/2.0, expected HTTP/1.0 or 1.1"),
        (b"HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/0.9, expected HTTP/1.0 or 1.1"),
        (b"data: a\n\n", "malformed HTTP: "),
        (b"ICY 200 OK\r\n\r\n", "malformed HTTP: "),
        (b"SSH-2.0-OpenSSH\r\n", "malformed HTTP: "),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", "malformed HTTP: "),
        (b"HTTP/1.1 099 x\r\n\r\n", "malformed HTTP: "),
        (b"HTTP/1.1 1000 x\r\n\r\n", "malformed HTTP: "),
        (OK + b"no colon\r\n\r\n", "malformed HTTP: "),
        (OK + b"a b: c\r\n\r\n", "malformed HTTP: "),
        (OK + b"a: b\0\r\n\r\n", "malformed HTTP: "),
        (OK + b"Content-Length: x\r\n\r\n", "malformed HTTP: "),
        (OK + b"Content-Length: -1\r\n\r\n", "malformed HTTP: "),
        (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "malformed HTTP: "),
        (OK + b"Content-Length: 99999999999999999999\r\n\r\n", "malformed HTTP: "),
        (OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "malformed HTTP: "),
        (CHUNKED + b"x\r\n", "malformed HTTP: "),
        (CHUNKED + b"-1\r\n", "malformed HTTP: "),
        (CHUNKED + b"0x1\r\n", "malformed HTTP: "),
        (CHUNKED + b"fffffffffffffffff\r\n", "malformed HTTP: "),
        (CHUNKED + b"1\r\nab\r\n", "malformed HTTP: "),
        (CHUNKED + b"0\r\nno colon\r\n\r\n", "malformed HTTP: "),
    ],
)
def test_fault_says_what_is_malformed(data: bytes, fault: str) -> None:
    found = fault_of(data)
    assert fault in found
    # More than the beginning.
    assert len(found.removeprefix("malformed HTTP: ")) > 5


def test_good_bytes_before_a_broken_chunk_arrive_first() -> None:
    reader = ResponseReader("GET")
    body = reader.feed(CHUNKED + b"9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\nwrong\r\n")
    assert body == b"data: a\n\ndata: b\n\n"
    assert reader.fault.startswith("malformed HTTP: ")
    assert not reader.ended
    assert not reader.is_reusable


# Limits. Nothing that has no body's bytes can go on for ever.


def until_fault(reader: ResponseReader, piece: bytes, most: int) -> int:
    """Feed the same bytes until they are too many; return how many there were."""
    size = 0
    while not reader.fault:
        reader.feed(piece)
        size += len(piece)
        assert size <= most
    return size


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        pytest.param(OK + b"X: ", b"x" * 100, id="value"),
        pytest.param(OK, b"x" * 100, id="name"),
        pytest.param(OK, b"A: " + b"x" * 997 + b"\r\n", id="fields"),
        pytest.param(b"HTTP/1.1 200 ", b"x" * 100, id="reason"),
        pytest.param(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n", id="interim"),
        pytest.param(b"", b"\r\n", id="empty lines"),
        pytest.param(OK + b"X:", b" ", id="blanks"),
    ],
)
def test_endless_head_is_an_error(start: bytes, piece: bytes) -> None:
    reader = ResponseReader("GET")
    reader.feed(start)
    until_fault(reader, piece, MAX_HEAD + len(piece))
    assert reader.fault == f"the response headers are larger than {MAX_HEAD} bytes"


def test_head_that_arrives_at_once_is_limited_too() -> None:
    for value in (b"x" * MAX_HEAD, b"x" * (MAX_HEAD - 100)):
        reader = ResponseReader("GET")
        reader.feed(OK + b"X: " + value + b"\r\nContent-Length: 0\r\n\r\n")
        assert (reader.fault == "") == (len(value) < MAX_HEAD)


def test_number_of_fields_is_limited() -> None:
    for count in (MAX_FIELDS, MAX_FIELDS + 1):
        reader = ResponseReader("GET")
        reader.feed(
            OK
            + b"".join(b"A%d: b\r\n" % number for number in range(count - 1))
            + b"Content-Length: 0\r\n\r\n"
        )
        assert len(reader.headers) == count
        expected = "" if count == MAX_FIELDS else f"the response has more than {MAX_FIELDS} headers"
        assert reader.fault == expected


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        pytest.param(b"3;", b"x" * 100, id="extension"),
        pytest.param(b"0\r\n", b"X: y\r\n", id="trailers"),
        pytest.param(b"0\r\nX: ", b"x" * 100, id="trailer"),
    ],
)
def test_endless_bytes_between_those_of_the_body_are_an_error(start: bytes, piece: bytes) -> None:
    reader = ResponseReader("GET")
    reader.feed(CHUNKED + b"3\r\nabc\r\n")
    reader.feed(start)
    until_fault(reader, piece, MAX_WITHOUT_BODY + len(piece))
    assert "chunk extensions and trailers are larger than" in reader.fault


def test_long_stream_of_small_chunks_is_fine() -> None:
    reader = ResponseReader("GET")
    reader.feed(CHUNKED)
    for _ in range(MAX_WITHOUT_BODY):
        assert reader.feed(b"1;x\r\na\r\n") == b"a"
    assert reader.fault == ""


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=8), st.data())
def test_chunks_come_out_as_they_went_in(chunks: list[bytes], data: st.DataObject) -> None:
    sent = CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in chunks) + b"0\r\n\r\n"
    pieces = []
    while sent:
        size = data.draw(st.integers(1, len(sent)))
        pieces.append(sent[:size])
        sent = sent[size:]
    reader, body = read(pieces)
    assert (body, reader.fault, reader.ended, reader.is_reusable) == (b"".join(chunks), "", True, True)
