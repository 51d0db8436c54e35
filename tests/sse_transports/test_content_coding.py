"""Undoing gzip and deflate, however the bytes are cut, whatever they hold."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sse_core import ReadError
from sse_transports._content_coding import PIECE, Decoder, decoder

TEXT = b"".join(b"id: %d\ndata: some text %d\n\n" % (number, number * 7919) for number in range(500))
GZIP, ZLIB, RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
KINDS = [("gzip", GZIP), ("deflate", ZLIB), ("deflate", RAW)]
KIND_NAMES = ["gzip", "deflate", "deflate without a frame"]
every_kind = pytest.mark.parametrize(("coding", "window_bits"), KINDS, ids=KIND_NAMES)


def coded(text: bytes, window_bits: int) -> bytes:
    encoder = zlib.compressobj(wbits=window_bits)
    return encoder.compress(text) + encoder.flush()


def decoder_of(coding: str) -> Decoder:
    made = decoder(coding)
    assert made is not None
    return made


def taken(decoding: Decoder) -> list[bytes]:
    """All that can be decoded by now."""
    pieces = []
    while piece := decoding.take():
        pieces.append(piece)
    return pieces


def decoded(coding: str, chunks: list[bytes]) -> bytes:
    decoding = decoder_of(coding)
    pieces = []
    for chunk in chunks:
        decoding.give(chunk)
        pieces += taken(decoding)
    decoding.end()
    assert all(0 < len(piece) <= PIECE for piece in pieces)
    return b"".join(pieces)


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[index : index + 1] for index in range(len(data))]


@every_kind
def test_a_body_is_decoded_whole_and_byte_by_byte(coding: str, window_bits: int) -> None:
    data = coded(TEXT, window_bits)
    assert decoded(coding, [data]) == TEXT
    assert decoded(coding, byte_by_byte(data)) == TEXT


@settings(deadline=None)
@given(
    text=st.binary(max_size=300),
    cuts=st.lists(st.integers(0, 400), max_size=5),
    kind=st.sampled_from(KINDS),
    level=st.sampled_from([0, 1, 9]),
)
def test_the_cuts_never_matter(text: bytes, cuts: list[int], kind: tuple[str, int], level: int) -> None:
    coding, window_bits = kind
    encoder = zlib.compressobj(level, wbits=window_bits)
    data = encoder.compress(text) + encoder.flush()
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[start:end] for start, end in pairwise(places)]
    assert decoded(coding, chunks) == text


@every_kind
def test_what_was_flushed_can_be_taken_at_once(coding: str, window_bits: int) -> None:
    encoder = zlib.compressobj(wbits=window_bits)
    decoding = decoder_of(coding)
    for number in range(50):
        event = b"data: %d\n\n" % number
        decoding.give(encoder.compress(event) + encoder.flush(zlib.Z_SYNC_FLUSH))
        assert b"".join(taken(decoding)) == event
    decoding.give(encoder.flush())
    assert taken(decoding) == []
    decoding.end()


def test_the_members_of_a_gzip_body_are_one_body() -> None:
    data = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")
    assert decoded("gzip", [data]) == b"one two"
    assert decoded("gzip", byte_by_byte(data)) == b"one two"


def test_zeros_behind_a_member_are_nothing() -> None:
    data = gzip.compress(b"one ") + bytes(100) + gzip.compress(b"two") + bytes(100)
    assert decoded("gzip", [data]) == b"one two"
    assert decoded("gzip", byte_by_byte(data)) == b"one two"


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_an_empty_body_is_empty(coding: str) -> None:
    assert decoded(coding, []) == b""
    assert decoded(coding, [b""]) == b""


@every_kind
def test_an_empty_text_is_empty(coding: str, window_bits: int) -> None:
    assert decoded(coding, [coded(b"", window_bits)]) == b""


def test_gzip_with_a_name_and_a_comment_is_gzip() -> None:
    plain = gzip.compress(TEXT)
    named = plain[:3] + bytes([0x18]) + plain[4:10] + b"name\0comment\0" + plain[10:]
    assert decoded("gzip", byte_by_byte(named)) == TEXT


@every_kind
@pytest.mark.parametrize("missing", [1, 4, 9, 100])
def test_a_truncated_body_is_an_error_behind_what_there_was(
    coding: str, window_bits: int, missing: int
) -> None:
    decoding = decoder_of(coding)
    decoding.give(coded(TEXT, window_bits)[:-missing])
    text = b"".join(taken(decoding))
    assert text
    assert TEXT.startswith(text)
    with pytest.raises(ReadError):
        decoding.end()


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_body_of_one_byte_is_truncated(coding: str) -> None:
    decoding = decoder_of(coding)
    decoding.give(b"\x1f" if coding == "gzip" else b"\x78")
    assert taken(decoding) == []
    with pytest.raises(ReadError):
        decoding.end()


def test_a_truncated_second_member_is_an_error() -> None:
    decoding = decoder_of("gzip")
    decoding.give(gzip.compress(b"one") + gzip.compress(b"two")[:5])
    assert b"".join(taken(decoding)) == b"one"
    with pytest.raises(ReadError):
        decoding.end()


@pytest.mark.parametrize(
    "data",
    [
        b"data: not compressed\n\n",
        gzip.compress(TEXT)[:50] + b"\xff" * 200,
        gzip.compress(b"one")[:-8] + bytes(8),
        gzip.compress(b"one") + b"nonsense",
    ],
    ids=["plain text", "damaged inside", "wrong checksum", "nonsense behind"],
)
def test_a_damaged_body_is_an_error(data: bytes) -> None:
    decoding = decoder_of("gzip")
    decoding.give(data)
    with pytest.raises(ReadError, match="damaged"):
        taken(decoding)


@every_kind
def test_little_input_never_becomes_much_memory(coding: str, window_bits: int) -> None:
    """A bomb: 64 MB of zeros in 64 kB, which come out piece by piece."""
    encoder = zlib.compressobj(wbits=window_bits)
    bomb = b"".join(encoder.compress(bytes(2**20)) for _ in range(64))
    decoding = decoder_of(coding)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        total = 0
        for start in range(0, len(bomb), 2**16):
            decoding.give(bomb[start : start + 2**16])
            while piece := decoding.take():
                assert len(piece) <= PIECE
                total += len(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total > 60 * 2**20
    assert peak - before < 2**20


@pytest.mark.parametrize("name", ["gzip", "GZIP", "x-gzip", " gzip\t", "deflate", "Deflate"])
def test_names_are_recognised_in_any_case(name: str) -> None:
    assert decoder(name) is not None


@pytest.mark.parametrize("name", [None, "", "identity", " Identity "])
def test_no_coding_changes_nothing(name: str | None) -> None:
    decoding = decoder(name)
    assert decoding is not None
    for chunk in (b"data: \x1f\x8b\x00", b"\n", b"\n"):
        decoding.give(chunk)
        assert decoding.take() == chunk
        assert decoding.take() == b""
    decoding.end()


@pytest.mark.parametrize("name", ["br", "zstd", "compress", "gzip, gzip", "gzip;q=1", "nonsense"])
def test_what_cannot_be_undone_has_no_decoder(name: str) -> None:
    assert decoder(name) is None
