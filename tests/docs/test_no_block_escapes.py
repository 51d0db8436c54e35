"""No code of a page escapes being run, however it is written down."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.docs.as_markdown import page_from, page_of
from tests.docs.blocks import BLOCKS, PAGES, ROOT, blocks_of

if TYPE_CHECKING:
    from pathlib import Path

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = set(PROJECT["optional-dependencies"])

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def unknown(line: str) -> str | None:
    """Return what is wrong with a line of a terminal that stands indented in a page, or None."""
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
def test_what_markdown_takes_for_a_block_is_one_that_runs(page: Path) -> None:
    assert page_of(page).fences == [(block.line, block.language) for block in blocks_of(page)]


@every_page
def test_what_is_indented_is_a_command_that_exists(page: Path) -> None:
    assert [line for line in page_of(page).indented if unknown(line)] == []


@every_page
def test_no_page_has_html(page: Path) -> None:
    assert page_of(page).html == []


def test_text_is_what_the_block_above_it_prints() -> None:
    shown = [block for block in BLOCKS if block.prints is not None]
    # The one of a terminal in `docs/cli.md` has a test there, which asks meanwhile.
    texts = [block for block in BLOCKS if block.language == "text" and block.page != "docs/cli.md"]
    assert len(texts) == len(shown)
    # Only a program prints: what is said of a test, or of data, would not be compared.
    assert [str(block) for block in shown if block.language != "python" or block.is_test] == []


def test_a_terminal_is_shown_where_its_commands_are_run() -> None:
    consoles = [block for block in BLOCKS if block.language == "console"]
    assert {block.page for block in consoles} == {"docs/cli.md"}


@pytest.mark.parametrize(
    "planted",
    [
        "~~~python\nraise SystemExit\n~~~\n",
        "> ```python\n> raise SystemExit\n> ```\n",
        "- ```python\n  raise SystemExit\n  ```\n",
        "````python\nraise SystemExit\n````````\n",
        "```python\nraise SystemExit\n",
        ":::{note}\n```python\nraise SystemExit\n```\n:::\n",
    ],
)
def test_a_block_that_we_would_not_run_is_seen(
    planted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "page.md"
    file.write_text(f"# A page\n\n{planted}", encoding="utf-8")
    monkeypatch.setattr("tests.docs.blocks.ROOT", tmp_path)
    assert page_of(file).fences != [(block.line, block.language) for block in blocks_of(file)]


@pytest.mark.parametrize(
    ("planted", "seen"),
    [
        ("    import os\n", True),
        ('    pip install "sse-core[curl]"\n', True),
        ("    make coffee\n", True),
        ("    make lint      make coffee\n", True),
        ('    pip install "sse-core[asyncio,httpx2]"    # both\n', False),
        ("    make demo     # sets up, then runs\n", False),
    ],
)
def test_what_is_indented_is_seen(planted: str, seen: bool) -> None:
    assert any(unknown(line) for line in page_from(f"# A page\n\n{planted}").indented) is seen
