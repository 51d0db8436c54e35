"""Checks what a user gets: builds the packages, installs the wheel into an empty environment, and uses it.

`make test` runs it. The cost of imports is printed; what they import is checked.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUNDS = 30
PACKAGES = {"pyspark_sse", "sse_core", "sse_core_pytest", "sse_transports"}

NEW_MODULES = """
import sys
before = set(sys.modules)
import sse_core
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""

READ_A_STREAM = """
from sse_transports import EventSource
from sse_transports.testing import SSEServer

def answer(call):
    if "last-event-id" in call.headers:
        call.respond(204)
    else:
        call.respond(body="retry: 0\\nid: €\\ndata: it works\\n\\n".encode())

with SSEServer(answer) as server, EventSource(server.url) as source:
    print(*(event.data for event in source))
"""

CHECK_A_PARSER = """
from sse_core import Parser
from sse_transports.testing import check_parser

def parse(chunks):
    parser = Parser()
    return [(event.event, event.data, event.id) for chunk in chunks for event in parser.feed(chunk)]

print(len(check_parser(parse)), "vectors")
"""


def run(*command: str | Path) -> str:
    """Run a command and return what it prints; a failure ends the check."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=tempfile.gettempdir(),
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    ).stdout


def check(what: str, *, passed: bool) -> None:
    """Print a line, or end with an error."""
    print(f"{'ok' if passed else 'FAILED'}: {what}", flush=True)
    if not passed:
        sys.exit(1)


def completeness(package: str, python: Path) -> str:
    """Return the share of an installed package's public names whose types are known, as `100%`."""
    # basedpyright uses the first interpreter on the PATH.
    env = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    checker = Path(sys.executable).with_name("basedpyright")
    output = subprocess.run(
        [str(checker), "--verifytypes", package, "--ignoreexternal"],
        cwd=python.parent,
        env=env,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
    ).stdout
    score = re.search(r"^Type completeness score: (.*)$", output, re.MULTILINE)
    if score is None or score[1] != "100%":
        print(output)
    return score[1] if score else "unknown"


def import_cost(python: Path) -> float:
    """Return the milliseconds that `import sse_core` adds to a bare interpreter: the best of many rounds."""
    best = {"pass": float("inf"), "import sse_core": float("inf")}
    for _ in range(ROUNDS):
        for program in best:
            start = time.perf_counter()
            run(python, "-I", "-c", program)
            best[program] = min(best[program], time.perf_counter() - start)
    return 1000 * (best["import sse_core"] - best["pass"])


def main() -> None:
    """Build the package, install it, check it."""
    with tempfile.TemporaryDirectory() as folder:
        # Builds the wheel from the sdist, so it also shows that the sdist is complete.
        run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
        (wheel,) = Path(folder).glob("sse_core-*.whl")
        (sdist,) = Path(folder).glob("sse_core-*.tar.gz")
        # Raises if the metadata is invalid, or if PyPI could not render the README.
        run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
        check("twine accepts the wheel and the sdist", passed=True)
        names = zipfile.ZipFile(wheel).namelist()
        tops = {name.partition("/")[0] for name in names}
        info = {top for top in tops if top.endswith(".dist-info")}
        check(f"the wheel holds {sorted(tops - info)}", passed=tops - info == PACKAGES)
        typed = {f"{package}/py.typed" for package in PACKAGES} <= set(names)
        check("all packages are marked as typed", passed=typed)
        page = "sse_transports/cli/demo/chat.html"
        check("the chat page is there", passed=page in names)

        python = Path(folder) / "empty" / "bin" / "python"
        run(sys.executable, "-m", "venv", python.parents[1])
        before = run(python, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check")
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
        after = run(python, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check")
        installed = sorted(set(after.split()) - set(before.split()))
        check(
            f"installing it installs {installed}",
            passed=len(installed) == 1 and installed[0].startswith("sse-core=="),
        )

        modules = set(run(python, "-I", "-c", NEW_MODULES).split())
        foreign = modules - {"sse_core"} - sys.stdlib_module_names
        check(f"importing sse_core imports {sorted(modules)}", passed=not foreign)
        output = run(python, "-I", "-c", READ_A_STREAM).strip()
        check(f"the installed client reads a stream: {output}", passed=output == "it works")
        output = run(python, "-I", "-c", CHECK_A_PARSER).strip()
        check(f"the installed parser passes {output}", passed=int(output.partition(" ")[0]) > 200)
        # The types of the Spark source are those of pyspark, which is not installed here.
        for package in sorted({*PACKAGES, "sse_transports.testing"} - {"pyspark_sse"}):
            score = completeness(package, python)
            check(f"types of {package} that are known: {score}", passed=score == "100%")
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{wheel}[cli]")
        output = run(python.parent / "sse", "demo", "--pace", "0")
        check("the installed demo loses no event", passed="lost 0, duplicated 0, reconnects 5\n" in output)
        print(
            f"import sse_core costs {import_cost(python):.1f} ms over a bare interpreter (best of {ROUNDS})"
        )


if __name__ == "__main__":
    main()
