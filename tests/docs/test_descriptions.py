"""Guides that answer a search have a description, which search engines show."""

from __future__ import annotations

import re

import pytest

from tests.docs.blocks import ROOT

GUIDES = [
    "cookies-certificates-sockets-interceptors",
    "eventsource-fetch-axios-in-python",
    "pass-a-stream-on",
    "read-several-streams",
    "retries-without-tenacity",
    "stream-chatgpt-replies",
    "use-in-a-notebook",
]
FRONT_MATTER = re.compile(r'\A---\nmyst:\n  html_meta:\n    description: "([^"\n]+)"\n---\n\n# ')
LONGEST = 170
"""Characters. Search engines cut what is longer."""


@pytest.mark.parametrize("guide", GUIDES)
def test_guide_has_a_description(guide: str) -> None:
    page = (ROOT / "docs" / "how-to" / f"{guide}.md").read_text(encoding="utf-8")
    found = FRONT_MATTER.match(page)
    assert found
    assert len(found[1]) <= LONGEST
