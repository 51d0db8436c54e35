"""All code of the pages is run, in whatever Markdown syntax it is written."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.docs.blocks import BLOCKS, PAGES, ROOT, blocks_of
from tests.docs.markdown_pages import page_from, page_of

if TYPE_CHECKING:
    from pathlib import Path

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = set(PROJECT["optional-dependencies"])

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def unknown(line: str) -> str | None:
    """Return the part of an indented line that is not a known command, or None."""
    command = line.partition("  #")[0].strip()
    for part in re.split(r" {2,}", command):
        match part.split():
            case ["make", target, *_] if target in TARGETS:
                continue
            case ["pip", "install", what]:
                found = re.fullmatch(r'"?sse-core(?:\[([\w,]+)\])?"?|"httpx2\[http2\]"', what)
                if found and set((found[1] or "").split(",")) - {""} <= EXTRAS:
                    continue
            case ["sse", name, *_] if name in PROJECT["scripts"] or name == "demo":
                continue
            case [".venv/bin/python", "-m", "pytest", where, *_] if (ROOT / where).exists():
                continue
            case []:
                continue
        return part
    return None


@every_page
def test_every_markdown_code_block_is_run(page: Path) -> None:
    assert page_of(page).fences == [(block.line, block.language) for block in blocks_of(page)]


@every_page
def test_indented_lines_are_known_commands(page: Path) -> None:
    assert [line for line in page_of(page).indented if unknown(line)] == []


@every_page
def test_no_page_has_html(page: Path) -> None:
    assert page_of(page).html == []


def test_text_is_the_output_of_the_block_above() -> None:
    with_output = [block for block in BLOCKS if block.prints is not None]
    # `test_cli_page.py` tests the one of `docs/cli.md`, which needs another client.
    texts = [block for block in BLOCKS if block.language == "text" and block.page != "docs/cli.md"]
    assert len(texts) == len(with_output)
    # Only the output of programs is compared, not that of tests or data.
    assert [
        str(block) for block in with_output if block.language not in {"python", "javascript"} or block.is_test
    ] == []


def test_console_blocks_are_only_in_the_cli_page() -> None:
    consoles = [block for block in BLOCKS if block.language == "console"]
    assert {block.page for block in consoles} == {"docs/cli.md"}


@pytest.mark.parametrize(
    "markdown",
    [
        "~~~python\nraise SystemExit\n~~~\n",
        "> ```python\n> raise SystemExit\n> ```\n",
        "- ```python\n  raise SystemExit\n  ```\n",
        "````python\nraise SystemExit\n````````\n",
        "```python\nraise SystemExit\n",
        ":::{note}\n```python\nraise SystemExit\n```\n:::\n",
    ],
)
def test_a_block_that_would_not_run_is_found(
    markdown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "page.md"
    file.write_text(f"# A page\n\n{markdown}", encoding="utf-8")
    monkeypatch.setattr("tests.docs.blocks.ROOT", tmp_path)
    assert page_of(file).fences != [(block.line, block.language) for block in blocks_of(file)]


@pytest.mark.parametrize(
    ("markdown", "found"),
    [
        ("    import os\n", True),
        ('    pip install "sse-core[curl]"\n', True),
        ("    make coffee\n", True),
        ("    make lint      make coffee\n", True),
        ('    pip install "sse-core[asyncio,httpx2]"    # both\n', False),
        ("    make demo     # sets up, then runs\n", False),
    ],
)
def test_an_unknown_command_is_found(markdown: str, found: bool) -> None:
    assert any(unknown(line) for line in page_from(f"# A page\n\n{markdown}").indented) is found
