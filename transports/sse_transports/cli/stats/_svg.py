"""An SVG without script or font of its own, which takes the reader's light or dark."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

LIGHT_TEXT = "#1f2328"
DARK_TEXT = "#e6edf3"


def document(body: Iterable[str], *, width: int, height: int, label: str, light: str, dark: str) -> str:
    """Return the whole of it.

    Args:
        body: elements.
        width: of the picture, in pixels.
        height: likewise.
        label: what is in it, for whoever cannot see it.
        light: rules of CSS.
        dark: rules of CSS that differ where the reader's colours are dark.
    """
    style = (
        f"text {{ font: 13px system-ui, sans-serif; fill: {LIGHT_TEXT}; }}\n"
        ".head { font-weight: 600; }\n"
        f"{light.strip()}\n"
        "@media (prefers-color-scheme: dark) {\n"
        f"  text {{ fill: {DARK_TEXT}; }}\n"
        f"{_indented(dark)}\n"
        "}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" aria-label={quoteattr(label)}>\n'
        f"<style>\n{style}\n</style>\n" + "\n".join(body) + "\n</svg>\n"
    )


def text(x: float, y: float, words: str, *, kind: str = "", anchor: str = "") -> str:
    """Return a line of text.

    Args:
        x: where it begins; or ends, or has its middle, as `anchor` says.
        y: its base line.
        words: what is written.
        kind: its class.
        anchor: `end` or `middle`.
    """
    kinds = f' class="{kind}"' if kind else ""
    anchors = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text{kinds} x="{x:g}" y="{y:g}"{anchors}>{escape(words)}</text>'


def _indented(rules: str) -> str:
    return "\n".join(f"  {rule}" for rule in rules.strip().splitlines())
