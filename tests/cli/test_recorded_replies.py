"""Recorded replies of real services: `sse tail` prints the text of what `sse replay` serves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sse_transports.cli._exit_codes import ExitCode
from tests.cli.replay_server import ReplayServer
from tests.cli.terminal import sse
from tests.recorded_streams import every_recording, needs_recordings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = needs_recordings

CHAT = "choices.0.delta.content"

# By the beginning of a recording's name: the paths to its text, of which the first found counts, and the type
# of its events.
SELECTIONS: dict[str, tuple[list[str], str | None]] = {
    "aiplatform.googleapis.com": (["candidates.*.content.parts.*.text"], None),
    "generativelanguage.googleapis.com": (["candidates.*.content.parts.*.text"], None),
    "api.anthropic.com": (["delta.text"], "content_block_delta"),
    "api.deepseek.com--deepseek_model_thinking": ([CHAT, "choices.0.delta.reasoning_content"], None),
    "api.deepseek.com--deepseek_responses": (["delta"], "response.output_text.delta"),
    "api.groq.com--groq_model_web_search": ([CHAT], None),
    "api.groq.com--tool_use_failed": (["choices.0.delta.reasoning"], None),
    # There, a thought is a list, and the reply a string. Other values are printed as JSON.
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
    # All others use the format of the chat of OpenAI.
    "": ([CHAT], None),
}


def selection_of(path: Path) -> tuple[list[str], str | None]:
    return next(selection for name, selection in SELECTIONS.items() if path.name.startswith(name))


def text_of(path: Path) -> str:
    """Return the text in the JSON of the events, with code that shares nothing with the project."""
    paths, wanted = selection_of(path)
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
def test_reply_is_printed_as_in_its_json(path: Path) -> None:
    text = text_of(path)
    assert text.strip(), "a recording without text tests nothing"
    paths, kind = selection_of(path)
    selects = [argument for each in paths for argument in ("--select", each)]
    with ReplayServer(str(path)) as server:
        run = sse("tail", server.url, "--no-retry", *selects, *(("--event", kind) if kind else ()))
    assert run.code == ExitCode.ENDED
    assert run.errors == ""
    assert run.output == (text if text.endswith("\n") else f"{text}\n")
