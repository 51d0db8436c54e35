"""Recorded replies of real services, served by `sse replay`, print through `sse tail` as their JSON says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sse_transports.cli._exit_codes import ExitCode
from tests.cli.replaying import ReplayServer
from tests.cli.terminal import sse
from tests.recorded_streams import every_recording, needs_recordings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = needs_recordings

CHAT = "choices.0.delta.content"

# What is asked of a recording: paths, the first of which that is there counts, and the type of its events.
ASKED: dict[str, tuple[list[str], str | None]] = {
    "aiplatform.googleapis.com": (["candidates.*.content.parts.*.text"], None),
    "generativelanguage.googleapis.com": (["candidates.*.content.parts.*.text"], None),
    "api.anthropic.com": (["delta.text"], "content_block_delta"),
    "api.deepseek.com--deepseek_model_thinking": ([CHAT, "choices.0.delta.reasoning_content"], None),
    "api.deepseek.com--deepseek_responses": (["delta"], "response.output_text.delta"),
    "api.groq.com--groq_model_web_search": ([CHAT], None),
    "api.groq.com--tool_use_failed": (["choices.0.delta.reasoning"], None),
    # A thought is a list there, and the reply a string. What is neither is printed as the JSON it is.
    "api.mistral.ai": (["choices.0.delta.content.*.thinking.*.text", CHAT], None),
    "api.openai.com--complex_agent": (["choices.0.delta.tool_calls.*.function.arguments"], None),
    "api.openai.com--prefect_agent": ([CHAT], None),
    "api.openai.com": (["delta"], "response.output_text.delta"),
    "bedrock-mantle.us-east-1.api.aws--reused_tool_call_ids-stream-0": (
        ["delta"],
        "response.function_call_arguments.delta",
    ),
    "bedrock-mantle": (["delta"], "response.output_text.delta"),
    "mcp.deepwiki.com--mcptoolset_dynamic": (["result.tools.*.description"], None),
    "mcp.deepwiki.com": (["result.content.*.text"], None),
    # All others speak as the chat of openai does.
    "": ([CHAT], None),
}


def asked_of(path: Path) -> tuple[list[str], str | None]:
    return next(asked for name, asked in ASKED.items() if path.name.startswith(name))


def text_of(path: Path) -> str:
    """Return the text that the JSON of the events holds, by means that share nothing with the project's."""
    paths, wanted = asked_of(path)
    text = ""
    for block in path.read_bytes().decode().replace("\r\n", "\n").split("\n\n"):
        lines = [line.partition(": ") for line in block.split("\n")]
        data = "\n".join(value for name, _, value in lines if name == "data")
        kind = next((value for name, _, value in lines if name == "event"), "message")
        if not data or data == "[DONE]" or wanted not in (None, kind):
            continue
        found = (list(leaves(json.loads(data), each.split("."))) for each in paths)
        text += "".join(next((leaf for leaf in found if leaf), []))
    return text


def leaves(value: Any, steps: list[str]) -> Iterator[str]:
    if not steps:
        if value is not None:
            yield value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return
    step, *rest = steps
    if step == "*":
        for each in value if isinstance(value, list) else []:
            yield from leaves(each, rest)
    elif isinstance(value, list):
        if int(step) < len(value):
            yield from leaves(value[int(step)], rest)
    elif isinstance(value, dict) and step in value:
        yield from leaves(value[step], rest)


@every_recording
def test_a_reply_is_printed_as_its_json_has_it(path: Path) -> None:
    text = text_of(path)
    assert text.strip(), "a recording without text shows nothing"
    paths, kind = asked_of(path)
    selects = [argument for each in paths for argument in ("--select", each)]
    with ReplayServer(str(path)) as server:
        run = sse("tail", server.url, "--no-retry", *selects, *(("--event", kind) if kind else ()))
    assert run.code == ExitCode.ENDED
    assert run.errors == ""
    assert run.output == (text if text.endswith("\n") else f"{text}\n")
