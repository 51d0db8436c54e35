"""The blocking files of the kit are generated from the async ones, or are their twins."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path

import pytest

from sse_transports.testing._async_harness import AsyncHarness
from sse_transports.testing._async_wakeup import AsyncWakeup
from sse_transports.testing._harness import Harness
from sse_transports.testing._wakeup import Wakeup
from tests.generate_blocking import GENERATED, generate

# The generator formats with ruff, which is not installed under the other Pythons.
needs_ruff = pytest.mark.skipif(importlib.util.find_spec("ruff") is None, reason="ruff is not installed")


@needs_ruff
@pytest.mark.parametrize("source", GENERATED, ids=lambda path: path.name)
def test_generated_files_are_up_to_date(source: Path) -> None:
    target = GENERATED[source]
    assert target.read_text(encoding="utf-8") == generate(source, target), (
        "run python -m tests.generate_blocking"
    )


@pytest.mark.parametrize(("blocking", "asynchronous"), [(Harness, AsyncHarness), (Wakeup, AsyncWakeup)])
def test_hand_written_twins_have_the_same_members(blocking: type, asynchronous: type) -> None:
    def members(kind: type) -> dict[str, list[str]]:
        return {
            name: [parameter.lstrip("_") for parameter in inspect.signature(member).parameters]
            for name, member in vars(kind).items()
            if inspect.isfunction(member)
        }

    assert members(blocking) == members(asynchronous)
