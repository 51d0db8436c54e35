"""The examples of the how-to guides, as a reader would run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "how-to"
GUIDES = sorted(FOLDER.glob("*.md"))


def examples_of(guide: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", guide.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_there_are_guides_with_examples() -> None:
    assert all(examples_of(guide) for guide in GUIDES)
    assert "test-your-code" in {guide.stem for guide in GUIDES}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_example_is_short(guide: Path) -> None:
    assert [example for example in examples_of(guide) if example.count("\n") >= 20] == []


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_example_is_a_test_that_passes(guide: Path, tmp_path: Path) -> None:
    examples = examples_of(guide)
    for number, example in enumerate(examples):
        (tmp_path / f"test_example_{number}.py").write_text(example, encoding="utf-8")
    for data in FOLDER.glob("*.jsonl"):
        shutil.copy(data, tmp_path)
    proxies = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=tmp_path,
        env=proxies,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    tests = sum(len(re.findall(r"^def test_", example, re.MULTILINE)) for example in examples)
    assert f"{tests} passed" in run.stdout, run.stdout
    assert tests == len(examples)
