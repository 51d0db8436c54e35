"""Bytes that arrive in pieces and are wanted as one."""

from __future__ import annotations

SMALL = 256
"""Bytes; a smaller piece costs more as an object of its own than by being copied once more."""
BATCH = 4096
"""Bytes of small pieces that are gathered into one."""


class Pieces:
    """Pieces in order, joined once: linear in time, and hardly larger in memory than what they hold.

    A list of them alone would do but for drips: a stream that comes byte by byte would take forty
    times its size.
    """

    __slots__ = ("_gathered", "_pieces")

    def __init__(self) -> None:
        self._pieces: list[bytes | bytearray] = []
        self._gathered = bytearray()

    def append(self, piece: bytes) -> None:
        """Add a piece."""
        if len(piece) < SMALL and len(self._gathered) < BATCH:
            self._gathered += piece
            return
        if self._gathered:
            self._pieces.append(self._gathered)
            self._gathered = bytearray()
        self._pieces.append(piece)

    def join(self) -> bytes:
        """Return them all as one."""
        return b"".join((*self._pieces, self._gathered))
