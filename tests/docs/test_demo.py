"""`make demo`: the main job, as a new user sees it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parents[2] / "docs" / "demo" / "demo.py"


def test_the_demo_streams_a_reply_and_loses_nothing_of_a_feed_that_is_cut() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", str(DEMO)],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert run.stderr == ""
    assert run.returncode == 0
    assert "Nothing is lost, nothing comes twice. 没有丢失。 ✓" in run.stdout
    assert run.stdout.count("inside an event") == 5
    assert "\nall received the same events, whole and in order\n" in run.stdout
    assert re.search(r"^ +cut│ 5 +5 +5 +5 +5$", run.stdout, re.MULTILINE)
    assert re.search(
        r"^events sent 150, received 150, lost 0, duplicated 0, reconnects 5$", run.stdout, re.MULTILINE
    )


def test_the_demo_does_not_break_on_a_terminal_without_its_characters() -> None:
    # Nobody watches this one, so nothing is waited for between events.
    at_once = "import demo_server, demo; demo_server.PACE = 0; sys.exit(demo.main())"
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(DEMO.parent)!r}); {at_once}"],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii"},
        timeout=60,
        check=False,
    )

    assert run.returncode == 0
    assert run.stdout.isascii()
