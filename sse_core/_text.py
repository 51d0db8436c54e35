"""Bytes to text, as the standard decodes a stream."""

from __future__ import annotations


def decoded(data: bytes | memoryview) -> str:
    """Return text: "Streams must be decoded using the UTF-8 decode algorithm", which replaces nonsense."""
    try:
        # Without `errors`, which costs as much again.
        return str(data, "utf-8")
    except UnicodeDecodeError:
        return str(data, "utf-8", "replace")


def split(data: bytes, between: bytes, between_text: str) -> list[str]:
    """Return what stands between `between`, which is also given as text."""
    if data.isascii():
        return data.decode("ascii").split(between_text)
    # A wide character makes all of its string wide, and every slice of that dear.
    parts = data.split(between)
    try:
        return list(map(bytes.decode, parts))
    except UnicodeDecodeError:
        return [part.decode("utf-8", "replace") for part in parts]
