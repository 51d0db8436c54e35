"""Which MIME type a response has: the field may come more than once, and hold more than one.

https://fetch.spec.whatwg.org/#concept-header-extract-mime-type
"""

from __future__ import annotations

from ._headers import is_token

# https://fetch.spec.whatwg.org/#http-whitespace
HTTP_WHITESPACE = "\t\n\r "


def essence(content_type: str) -> str | None:
    """Return the type and subtype in lower case, without parameters; None if there is none.

    Args:
        content_type: the field's values, joined by commas.
    """
    found = None
    for value in _split_at_commas(content_type):
        # "If temporaryMimeType is failure or its essence is `*/*`, then continue." So the last one
        # counts that says something.
        candidate = _essence_of_one(value)
        if candidate is not None and candidate != "*/*":
            found = candidate
    return found


def _split_at_commas(field: str) -> list[str]:
    """Split a field's values; a comma in quotes is part of one.

    https://fetch.spec.whatwg.org/#header-value-get-decode-and-split
    """
    values = []
    start = 0
    quoted = escaped = False
    for place, character in enumerate(field):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            values.append(field[start:place])
            start = place + 1
    values.append(field[start:])
    return values


def _essence_of_one(value: str) -> str | None:
    """Return what one value says, or None if it is no MIME type.

    https://mimesniff.spec.whatwg.org/#parsing-a-mime-type
    """
    kind, _, rest = value.strip(HTTP_WHITESPACE).partition("/")
    subkind = rest.partition(";")[0].rstrip(HTTP_WHITESPACE)
    return f"{kind}/{subkind}".lower() if is_token(kind) and is_token(subkind) else None
