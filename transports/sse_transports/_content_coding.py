"""Undoing a content coding, piece by piece, for HTTP clients that leave it to the caller.

RFC 9110, 8.4.1. We ask for none, but some servers compress all the same.
"""

from __future__ import annotations

import zlib
from typing import Protocol

from sse_core import ReadError

PIECE = 2**16
"""Bytes of output at a time, so that a small piece of input cannot become a large piece of memory."""

# Added to zlib's window bits: recognise gzip and zlib by their first bytes.
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
RAW_DEFLATE = -zlib.MAX_WBITS
ZLIB_HEADER = 2


class Decoder(Protocol):
    """Bytes as they were sent in, bytes as they were meant out."""

    def give(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        ...

    def take(self) -> bytes:
        """Return some of what can be decoded by now, or `b""`."""
        ...

    def end(self) -> None:
        """The body has ended; raises ReadError if the coding has not."""
        ...


class Identity:
    """No coding: what is given is taken."""

    def __init__(self) -> None:
        self._data = b""

    def give(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        self._data = data

    def take(self) -> bytes:
        """Return them."""
        data, self._data = self._data, b""
        return data

    def end(self) -> None:
        """Nothing can be missing."""


class Inflate:
    """The codings `gzip` (of one or more members) and `deflate` (with zlib's frame, or without)."""

    def __init__(self, coding: str) -> None:
        self._inflate = zlib.decompressobj(GZIP_OR_ZLIB)
        # "deflate" means zlib's frame, but some servers send it without.
        self._may_be_raw = coding == "deflate"
        self._input = b""
        self._may_hold_more = False
        self._begun = False

    def give(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        self._input += data

    def take(self) -> bytes:
        """Return up to `PIECE` decoded bytes, or `b""` if more input is needed."""
        while self._input or self._may_hold_more:
            if self._may_be_raw:
                if len(self._input) < ZLIB_HEADER:
                    return b""
                self._choose_frame()
            if self._inflate.eof:
                self._next_member()
                continue
            self._begun = True
            try:
                data = self._inflate.decompress(self._input, PIECE)
            except zlib.error as error:
                raise ReadError(f"the compressed body is damaged: {error}") from error
            self._input = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            # A full piece may not be all that the input stood for.
            self._may_hold_more = len(data) == PIECE
            if data:
                return data
        return b""

    def end(self) -> None:
        """The body has ended; raises ReadError if the compressed data has not."""
        if self._input or (self._begun and not self._inflate.eof):
            raise ReadError("the compressed body ended too early")

    def _choose_frame(self) -> None:
        self._may_be_raw = False
        try:
            zlib.decompressobj(GZIP_OR_ZLIB).decompress(self._input[:ZLIB_HEADER])
        except zlib.error:
            self._inflate = zlib.decompressobj(RAW_DEFLATE)

    def _next_member(self) -> None:
        """A gzip file may have several members, and zeros behind them."""
        self._may_hold_more = False
        self._input = self._input.lstrip(b"\0")
        if self._input:
            self._inflate = zlib.decompressobj(GZIP_OR_ZLIB)


def codings(value: str | None) -> list[str]:
    """Return the codings that a Content-Encoding names, in lower case, in the order they were applied."""
    names = [name.strip(" \t").lower() for name in (value or "").split(",")]
    return [name for name in names if name not in {"", "identity"}]


def decoder(coding: str | None) -> Decoder | None:
    """Return what undoes a Content-Encoding, or None if nothing here can."""
    applied = [name.removeprefix("x-") for name in codings(coding)]
    if not applied:
        return Identity()
    if applied in (["gzip"], ["deflate"]):
        return Inflate(applied[0])
    return None
