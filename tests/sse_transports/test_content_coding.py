"""Decoding gzip and deflate, in chunks of any size, valid or damaged."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sse_core import ReadError
from sse_transports._content_coding import MAX_OUTPUT, Decoder, decoder_for

TEXT = b"".join(b"id: %d\ndata: some text %d\n\n" % (number, number * 7919) for number in range(500))
GZIP, ZLIB, RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
KINDS = [("gzip", GZIP), ("deflate", ZLIB), ("deflate", RAW)]
KIND_NAMES = ["gzip", "deflate", "deflate without zlib header"]
every_kind = pytest.mark.parametrize(("coding", "window_bits"), KINDS, ids=KIND_NAMES)


def compress(text: bytes, window_bits: int) -> bytes:
    encoder = zlib.compressobj(wbits=window_bits)
    return encoder.compress(text) + encoder.flush()


def require_decoder(coding: str) -> Decoder:
    decoder = decoder_for(coding)
    assert decoder is not None
    return decoder


def read_all(decoder: Decoder) -> list[bytes]:
    """Return all that can be decoded so far."""
    pieces = []
    while piece := decoder.read():
        pieces.append(piece)
    return pieces


def decode(coding: str, chunks: list[bytes]) -> bytes:
    decoder = require_decoder(coding)
    pieces = []
    for chunk in chunks:
        decoder.feed(chunk)
        pieces += read_all(decoder)
    decoder.end()
    assert all(0 < len(piece) <= MAX_OUTPUT for piece in pieces)
    return b"".join(pieces)


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[index : index + 1] for index in range(len(data))]


@every_kind
def test_body_is_decoded_whole_and_byte_by_byte(coding: str, window_bits: int) -> None:
    data = compress(TEXT, window_bits)
    assert decode(coding, [data]) == TEXT
    assert decode(coding, byte_by_byte(data)) == TEXT


@settings(deadline=None)
@given(
    text=st.binary(max_size=300),
    cuts=st.lists(st.integers(0, 400), max_size=5),
    kind=st.sampled_from(KINDS),
    level=st.sampled_from([0, 1, 9]),
)
def test_chunking_does_not_change_the_result(
    text: bytes, cuts: list[int], kind: tuple[str, int], level: int
) -> None:
    coding, window_bits = kind
    encoder = zlib.compressobj(level, wbits=window_bits)
    data = encoder.compress(text) + encoder.flush()
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[start:end] for start, end in pairwise(places)]
    assert decode(coding, chunks) == text


@every_kind
def test_flushed_data_can_be_read_at_once(coding: str, window_bits: int) -> None:
    encoder = zlib.compressobj(wbits=window_bits)
    decoder = require_decoder(coding)
    for number in range(50):
        event = b"data: %d\n\n" % number
        decoder.feed(encoder.compress(event) + encoder.flush(zlib.Z_SYNC_FLUSH))
        assert b"".join(read_all(decoder)) == event
    decoder.feed(encoder.flush())
    assert read_all(decoder) == []
    decoder.end()


def test_gzip_members_form_one_body() -> None:
    data = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")
    assert decode("gzip", [data]) == b"one two"
    assert decode("gzip", byte_by_byte(data)) == b"one two"


def test_zeros_after_a_gzip_member_are_ignored() -> None:
    data = gzip.compress(b"one ") + bytes(100) + gzip.compress(b"two") + bytes(100)
    assert decode("gzip", [data]) == b"one two"
    assert decode("gzip", byte_by_byte(data)) == b"one two"


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_empty_body_decodes_to_nothing(coding: str) -> None:
    assert decode(coding, []) == b""
    assert decode(coding, [b""]) == b""


@every_kind
def test_encoded_empty_text_decodes_to_nothing(coding: str, window_bits: int) -> None:
    assert decode(coding, [compress(b"", window_bits)]) == b""


def test_gzip_with_name_and_comment_is_decoded() -> None:
    plain = gzip.compress(TEXT)
    named = plain[:3] + bytes([0x18]) + plain[4:10] + b"name\0comment\0" + plain[10:]
    assert decode("gzip", byte_by_byte(named)) == TEXT


@every_kind
@pytest.mark.parametrize("missing", [1, 4, 9, 100])
def test_truncated_body_is_decoded_then_raises(coding: str, window_bits: int, missing: int) -> None:
    decoder = require_decoder(coding)
    decoder.feed(compress(TEXT, window_bits)[:-missing])
    text = b"".join(read_all(decoder))
    assert text
    assert TEXT.startswith(text)
    with pytest.raises(ReadError):
        decoder.end()


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_one_byte_body_is_truncated(coding: str) -> None:
    decoder = require_decoder(coding)
    decoder.feed(b"\x1f" if coding == "gzip" else b"\x78")
    assert read_all(decoder) == []
    with pytest.raises(ReadError):
        decoder.end()


def test_truncated_second_gzip_member_raises() -> None:
    decoder = require_decoder("gzip")
    decoder.feed(gzip.compress(b"one") + gzip.compress(b"two")[:5])
    assert b"".join(read_all(decoder)) == b"one"
    with pytest.raises(ReadError):
        decoder.end()


@pytest.mark.parametrize(
    "data",
    [
        b"data: not compressed\n\n",
        gzip.compress(TEXT)[:50] + b"\xff" * 200,
        gzip.compress(b"one")[:-8] + bytes(8),
        gzip.compress(b"one") + b"garbage",
    ],
    ids=["plain text", "damaged in the middle", "wrong checksum", "garbage after the end"],
)
def test_damaged_body_raises_read_error(data: bytes) -> None:
    decoder = require_decoder("gzip")
    decoder.feed(data)
    with pytest.raises(ReadError, match="damaged"):
        read_all(decoder)


@every_kind
def test_decompression_bomb_uses_little_memory(coding: str, window_bits: int) -> None:
    """64 MB of zeros in 64 kB, which are decoded piece by piece."""
    encoder = zlib.compressobj(wbits=window_bits)
    bomb = b"".join(encoder.compress(bytes(2**20)) for _ in range(64))
    decoder = require_decoder(coding)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        total = 0
        for start in range(0, len(bomb), 2**16):
            decoder.feed(bomb[start : start + 2**16])
            while piece := decoder.read():
                assert len(piece) <= MAX_OUTPUT
                total += len(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total > 60 * 2**20
    assert peak - before < 2**20


@pytest.mark.parametrize("name", ["gzip", "GZIP", "x-gzip", " gzip\t", "deflate", "Deflate"])
def test_encoding_names_are_case_insensitive(name: str) -> None:
    assert decoder_for(name) is not None


@pytest.mark.parametrize("name", [None, "", "identity", " Identity "])
def test_identity_changes_nothing(name: str | None) -> None:
    decoder = decoder_for(name)
    assert decoder is not None
    for chunk in (b"data: \x1f\x8b\x00", b"\n", b"\n"):
        decoder.feed(chunk)
        assert decoder.read() == chunk
        assert decoder.read() == b""
    decoder.end()


@pytest.mark.parametrize("name", ["br", "zstd", "compress", "gzip, gzip", "gzip;q=1", "unknown"])
def test_unsupported_encoding_has_no_decoder(name: str) -> None:
    assert decoder_for(name) is None
