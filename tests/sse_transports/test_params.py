"""`params=` is encoded as httpx does."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.sse_core.test_params_and_accept import BASE, PARAMS


@pytest.mark.parametrize(("params", "query"), PARAMS, ids=repr)
def test_params_are_encoded_as_httpx_does(params: Any, query: str) -> None:
    assert str(httpx2.Request("GET", BASE, params=params).url) == f"{BASE}?{query}"
