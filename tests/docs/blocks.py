"""The fenced code blocks of every page: language, setup code and expected output.

A comment right above a block, which readers do not see, has code that runs before the block:

    <!-- given: token = "secret" -->

This comment between a block and a block of `text` marks the text as the output of the first block:

    <!-- prints -->

After "Put this into `model.py`:" the block is saved as that file. All later blocks of the page can import it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(path for path in (ROOT / "docs").rglob("*.md") if "_site" not in path.parts)]
)

FILE = re.compile(r"[Pp]ut this into `([\w.-]+)`:\s*\Z")
FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>```+|:::+)(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)(?P=fence) *$",
    re.MULTILINE | re.DOTALL,
)
GIVEN = re.compile(r"<!-- given:\s(?P<code>(?:(?!-->).)*)-->\s*\Z", re.DOTALL)
COPY = re.compile(r"<!--=file examples/[\w/.]+-->\s*\Z")
PRINTS = re.compile(r"\A\s*<!-- prints -->\s*```text\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        page: the path of the file, relative to the root of the repository.
        line: the number of its first line.
        language: the text after the opening fence; `{name}` is a directive of the site.
        text: its lines.
        given: Python code that runs before it.
        prints: the output that the page shows, or None if it shows none.
        files: name and content of each file that the page has saved before it.
        is_copy: whether it is the copy of a file of the examples, which has tests of its own.
    """

    page: str
    line: int
    language: str
    text: str
    given: str
    prints: str | None
    files: tuple[tuple[str, str], ...] = ()
    is_copy: bool = False

    @property
    def tests(self) -> int:
        """How many tests for pytest it has."""
        return len(re.findall(r"^(?:async )?def test_", self.text, re.MULTILINE))

    @property
    def is_test(self) -> bool:
        """Whether the block is for pytest, not a program."""
        return self.tests > 0

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(path: Path) -> list[Block]:
    """Return the blocks of a page, in order."""
    page = path.read_text(encoding="utf-8")
    found: list[Block] = []
    files: dict[str, str] = {}
    for match in FENCE.finditer(page):
        given = GIVEN.search(page, 0, match.start())
        prints = PRINTS.search(page[match.end() :])
        indent = len(match["indent"])
        text = "".join(line[indent:] for line in match["text"].splitlines(keepends=True))
        if file := FILE.search(page, 0, match.start()):
            files[file[1]] = text
        found.append(
            Block(
                page=path.relative_to(ROOT).as_posix(),
                line=page.count("\n", 0, match.start()) + 2,
                language=match["info"].strip(),
                text=text,
                given=given["code"] if given else "",
                prints=prints["text"] if prints else None,
                files=tuple(files.items()),
                is_copy=COPY.search(page, 0, match.start()) is not None,
            )
        )
    return found


BLOCKS = [block for page in PAGES for block in blocks_of(page)]
