"""The changelog and the metadata are those of the version that the package has."""

from __future__ import annotations

import re
import tomllib

from sse_core import __version__
from tests.docs.blocks import ROOT


def test_newest_section_of_the_changelog_is_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(r"^## (\S+) \((?:not released yet|\d{4}-\d\d-\d\d)\)$", changelog, re.MULTILINE)
    assert found is not None
    assert found[1] == __version__


def test_classifiers_begin_with_the_oldest_supported_python() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    assert project["requires-python"] == f">={versions[0]}"
    minors = [int(version.partition(".")[2]) for version in versions]
    assert minors == list(range(minors[0], minors[-1] + 1))
