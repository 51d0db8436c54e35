"""All rules, in the order in which they are reported."""

from __future__ import annotations

from . import _delivery, _fields, _headers, _ids, _response, _resume, _time
from ._rule import Rule

RULES: tuple[Rule, ...] = (
    *_response.RULES,
    *_headers.RULES,
    *_delivery.RULES,
    *_fields.RULES,
    *_ids.RULES,
    *_resume.RULES,
    *_time.RULES,
)
