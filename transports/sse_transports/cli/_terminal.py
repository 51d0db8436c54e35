"""Text for a terminal: escaped, so that a server cannot control the terminal, and colored with rich."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

JOINERS = "\u200c\u200d"
"""Zero-width non-joiner and joiner, which Persian text and emoji need."""

Paint = Callable[[str, str], str]
"""Takes a rich style and a text, and returns the text in that style."""


def printable(text: str, *, keep: str = "") -> str:
    """Escape characters that are not printable, such as those that move the cursor or set a title.

    Args:
        text: may contain text from a server.
        keep: characters that are not escaped, such as line ends.
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
    """Return whether it is text, though `isprintable` says no: other spaces, and newer characters."""
    # Imported here, because most text is printable and does not need it.
    from unicodedata import category

    return character in JOINERS or category(character) in ("Zs", "Cn", "Co")


def is_terminal(stream: IO[str]) -> bool:
    """Return whether this is a terminal, and not a pipe or a file."""
    return stream.isatty()


def console(*, stderr: bool = False) -> Console:
    """Return rich's console. It uses colors on a terminal only, and never if NO_COLOR is set."""
    # Imported here, because importing rich takes longer than reading a short stream.
    from rich.console import Console

    return Console(file=sys.stderr if stderr else sys.stdout, highlight=False, soft_wrap=False)


def paint(console: Console) -> Paint:
    """Return a function that colors text for this console.

    It asks rich once for the escape codes of each style: rich itself is too slow to call for each event.
    """

    @functools.cache
    def codes(style: str) -> tuple[str, str]:
        with console.capture() as captured:
            console.print("|", style=style, end="")
        start, _, end = captured.get().partition("|")
        return start, end

    def painted(style: str, text: str) -> str:
        start, end = codes(style)
        return f"{start}{text}{end}"

    return painted


def plain(_: str, text: str) -> str:
    """Return the text as it is: the `Paint` without colors."""
    return text
