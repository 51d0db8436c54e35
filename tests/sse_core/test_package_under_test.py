"""`SSE_CORE_PACKAGE` makes all tests of this directory test a copy of the package."""

from __future__ import annotations

import os
import sys


def test_tests_import_the_copy_and_only_the_copy() -> None:
    name = os.environ.get("SSE_CORE_PACKAGE") or "sse_core"
    for alias, module in list(sys.modules.items()):
        if alias == "sse_core" or alias.startswith("sse_core."):
            assert module.__name__ == name + alias.removeprefix("sse_core")
