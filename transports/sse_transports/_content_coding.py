"""Decoding gzip and deflate incrementally, for HTTP clients that return the body still encoded.

RFC 9110, 8.4.1. The requests do not ask for an encoding, but some servers compress all the same.
"""

from __future__ import annotations

import zlib
from typing import Protocol

from sse_core import ReadError

MAX_OUTPUT = 2**16
"""The largest number of decoded bytes returned at a time: a few encoded bytes can expand to very many."""

# Added to zlib's window bits: detect gzip and zlib by their first bytes.
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
RAW_DEFLATE = -zlib.MAX_WBITS
ZLIB_HEADER_SIZE = 2


class Decoder(Protocol):
    """Encoded bytes in, decoded bytes out."""

    def feed(self, data: bytes) -> None:
        """Add the next bytes of the body."""
        ...

    def read(self) -> bytes:
        """Return some of what can be decoded so far, or `b""`."""
        ...

    def end(self) -> None:
        """Note the end of the body; raise ReadError if it is truncated."""
        ...


class Identity:
    """No encoding: returns what it was fed."""

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> None:
        """Add the next bytes of the body."""
        self._data = data

    def read(self) -> bytes:
        """Return them."""
        data, self._data = self._data, b""
        return data

    def end(self) -> None:
        """Do nothing: a body without an encoding has no end of its own."""


class Inflate:
    """The encodings `gzip` (one or more members) and `deflate` (with or without zlib's header)."""

    def __init__(self, coding: str) -> None:
        self._inflate = zlib.decompressobj(GZIP_OR_ZLIB)
        # "deflate" means with zlib's header, but some servers omit it.
        self._may_be_raw = coding == "deflate"
        self._input = b""
        # Whether zlib may still have output although all input was given to it.
        self._output_pending = False
        self._started = False

    def feed(self, data: bytes) -> None:
        """Add the next bytes of the body."""
        self._input += data

    def read(self) -> bytes:
        """Return up to `MAX_OUTPUT` decoded bytes, or `b""` if more input is needed."""
        while self._input or self._output_pending:
            if self._may_be_raw:
                if len(self._input) < ZLIB_HEADER_SIZE:
                    return b""
                self._detect_raw_deflate()
            if self._inflate.eof:
                self._start_next_member()
                continue
            self._started = True
            try:
                data = self._inflate.decompress(self._input, MAX_OUTPUT)
            except zlib.error as error:
                raise ReadError(f"the compressed body is damaged: {error}") from error
            self._input = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            # Output of exactly the maximum size: there may be more of it.
            self._output_pending = len(data) == MAX_OUTPUT
            if data:
                return data
        return b""

    def end(self) -> None:
        """Note the end of the body; raise ReadError if the compressed data is truncated."""
        if self._input or (self._started and not self._inflate.eof):
            raise ReadError("the compressed body ended too early")

    def _detect_raw_deflate(self) -> None:
        self._may_be_raw = False
        try:
            zlib.decompressobj(GZIP_OR_ZLIB).decompress(self._input[:ZLIB_HEADER_SIZE])
        except zlib.error:
            self._inflate = zlib.decompressobj(RAW_DEFLATE)

    def _start_next_member(self) -> None:
        """Skip the zeros that may follow a gzip member, and start decoding the next member."""
        self._output_pending = False
        self._input = self._input.lstrip(b"\0")
        if self._input:
            self._inflate = zlib.decompressobj(GZIP_OR_ZLIB)


def parse_codings(value: str | None) -> list[str]:
    """Return the encodings in a Content-Encoding, in lower case, in the order they were applied."""
    names = [name.strip(" \t").lower() for name in (value or "").split(",")]
    return [name for name in names if name not in {"", "identity"}]


def decoder_for(coding: str | None) -> Decoder | None:
    """Return a decoder for this Content-Encoding, or None if it is not supported."""
    applied = [name.removeprefix("x-") for name in parse_codings(coding)]
    if not applied:
        return Identity()
    if applied in (["gzip"], ["deflate"]):
        return Inflate(applied[0])
    return None
