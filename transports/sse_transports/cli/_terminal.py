"""What a terminal is told: never a character that a server could steer it with."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

JOINERS = "\u200c\u200d"
"""They join characters, as in Persian and in emoji, or keep them apart."""

Paint = Callable[[str, str], str]
"""Takes one of rich's styles and a text, and returns the text in that style."""


def printable(text: str, *, keep: str = "") -> str:
    """Escape what is no printable character, so that it cannot move the cursor or set a title.

    Args:
        text: anything.
        keep: characters that are let through all the same, such as line ends.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in keep or _is_harmless(character)
        else repr(character)[1:-1]
        for character in text
    )


def _is_harmless(character: str) -> bool:
    """Return whether it is text that Python does not call printable: odd spaces, new characters."""
    # Not above: most text is printable.
    from unicodedata import category

    return character in JOINERS or category(character) in ("Zs", "Cn", "Co")


def is_terminal(stream: IO[str]) -> bool:
    """Return whether a person reads this, and not a pipe or a file."""
    return stream.isatty()


def tell(line: str) -> None:
    """Write a line to standard error, now. Perhaps nobody is there to read it."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def console(*, stderr: bool = False) -> Console:
    """Return rich's console: coloured on a terminal only, and never if NO_COLOR is set."""
    # Not above: importing rich takes longer than reading a short stream.
    from rich.console import Console

    return Console(file=sys.stderr if stderr else sys.stdout, highlight=False, soft_wrap=False)


def paint(console: Console) -> Paint:
    """Return what colours a text as rich would for this console, and costs next to nothing for each."""

    @functools.cache
    def codes(style: str) -> tuple[str, str]:
        with console.capture() as captured:
            console.print("|", style=style, end="")
        before, _, behind = captured.get().partition("|")
        return before, behind

    def painted(style: str, text: str) -> str:
        before, behind = codes(style)
        return f"{before}{text}{behind}"

    return painted


def plain(_: str, text: str) -> str:
    """Leave a text as it is: the `Paint` of who has no colours."""
    return text
