"""How values of the code look on the pages."""

from __future__ import annotations

import pytest
from _site.values import shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (30.0, "30"),
        (32 * 2**20, "32 MiB"),
        (frozenset({"POST", "GET"}), "GET, POST"),
        (frozenset({408}), "408"),
        (frozenset({500, 408, 501}), "408, 500, 501"),
        (frozenset({408, *range(500, 600)} - {501, 505}), "408, 500, 502 to 504, 506 to 599"),
    ],
)
def test_values_are_shown_as_short_text(value: object, text: str) -> None:
    assert shown(value) == text
