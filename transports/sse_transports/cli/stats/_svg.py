"""An SVG document without scripts or fonts, which follows the reader's light or dark mode."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

LIGHT_TEXT = "#1f2328"
DARK_TEXT = "#e6edf3"


def document(body: Iterable[str], *, width: int, height: int, label: str, light: str, dark: str) -> str:
    """Return the SVG document.

    Args:
        body: its elements.
        width: its width in pixels.
        height: its height in pixels.
        label: a description for screen readers.
        light: CSS rules.
        dark: CSS rules that differ in dark mode.
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


def text(x: float, y: float, content: str, *, kind: str = "", anchor: str = "") -> str:
    """Return a line of text.

    Args:
        x: the horizontal position of its start, or of its `anchor`.
        y: the vertical position of its baseline.
        content: the text.
        kind: its CSS class.
        anchor: `end` or `middle`; empty for the start.
    """
    css_class = f' class="{kind}"' if kind else ""
    text_anchor = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text{css_class} x="{x:g}" y="{y:g}"{text_anchor}>{escape(content)}</text>'


def _indented(rules: str) -> str:
    return "\n".join(f"  {rule}" for rule in rules.strip().splitlines())
