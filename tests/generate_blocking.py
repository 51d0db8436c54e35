"""Generates the blocking twin of each async file of the test kit: `python -m tests.generate_blocking`.

The two differ only in the words of `REPLACEMENTS`. The async file is the source; edit that one. With
`--check`, nothing is written, and the exit code is 1 if a generated file is out of date.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
KIT = ROOT / "transports" / "sse_transports" / "testing"

GENERATED = {
    KIT / "_async_recording_transport.py": KIT / "_recording_transport.py",
    KIT / "_async_rules.py": KIT / "_rules.py",
    KIT / "_async_scripted.py": KIT / "_scripted.py",
}
"""Source to generated file."""

REPLACEMENTS = [
    # Keywords and special methods.
    (r"\basync (?=def|with|for)", ""),
    (r"\bawait ", ""),
    (r"__a(?=(enter|exit)__)", "__"),
    # Types. Where async code names an awaitable, blocking code has its result.
    (r"\bAwaitable\[(\w+)\]", r"\1"),
    (r"\bAwaitable, ", ""),
    (r"\basynccontextmanager\b", "contextmanager"),
    # Our own names: `AsyncExchange`, `_async_scripted`.
    (r"\bAsync(?=[A-Z])", ""),
    (r"\b_async_(?=\w)", "_"),
    # Prose.
    (r"\b([Aa])n (async|Async(?=[A-Z]))", r"\1 blocking"),
    (r"\btask(s?)\b", r"thread\1"),
]
"""Pattern and replacement, applied in this order."""


def generate(source: Path, target: Path) -> str:
    """Return the text that `target` must have."""
    text = source.read_text(encoding="utf-8")
    for pattern, replacement in REPLACEMENTS:
        text = re.sub(pattern, replacement, text)
    # The new names sort differently (I), `with` statements can be merged (SIM117), lines are shorter.
    for options in (["check", "--quiet", "--select", "I,SIM117", "--fix"], ["format", "--quiet"]):
        command = [sys.executable, "-m", "ruff", *options, "--stdin-filename", str(target), "-"]
        ruff = subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, check=True, cwd=ROOT)
        text = ruff.stdout.decode()
    return f"# Generated from {source.name} by tests/generate_blocking.py: do not edit.\n{text}"


def main() -> int:
    """Write the files, or only check them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    check = parser.parse_args().check
    stale = False
    for source, target in GENERATED.items():
        text = generate(source, target)
        if target.exists() and target.read_text(encoding="utf-8") == text:
            continue
        stale = True
        what = "out of date; run python -m tests.generate_blocking" if check else "written"
        print(f"{target.relative_to(ROOT)}: {what}")
        if not check:
            target.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
