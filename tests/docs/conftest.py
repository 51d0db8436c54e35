"""What the pages say already, and the code does not do yet."""

from __future__ import annotations

import pytest

UNTIL_MERGE = (
    "test_each_row_describes_the_outcome[Retry-After is longer than `max_retry_after`-GET]",
    "test_each_row_describes_the_outcome[the stream ended right after the `until` event",
    "test_an_unfinished_last_event",
    "test_each_row_describes_the_outcome[`HTTPStatusError`, Retry-After beyond `max_retry_after`-GET]",
    "test_the_tests_of_a_page_pass[docs/how-to/embed-the-parser.md]",
    "test_a_program_prints_the_output_of_the_page[docs/how-to/embed-the-parser.md:",
    "test_a_program_prints_the_output_of_the_page[docs/tutorial/chat-reply.md:87-",
)
"""How the tests of these sentences begin. Each fails today, and makes the run fail as soon as it passes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.name.startswith(UNTIL_MERGE):
            item.add_marker(pytest.mark.xfail(strict=True, reason="see UNTIL_MERGE"))
