"""replay_events(): exactly the events between two positions, or DataLoss."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_core import Event, HTTPStatusError, InvalidArgument, RetryPolicy, TotalTimeout
from sse_transports import (
    AsyncEventSource,
    DataLoss,
    EventSource,
    Position,
    areplay_events,
    replay_events,
)
from sse_transports.testing import (
    AsyncScriptedTransport,
    Call,
    Cut,
    History,
    Refuse,
    Script,
    ScriptedTransport,
    SSEServer,
    Stall,
    Step,
)

URL = "https://feed.test/"
ALL = [Event(f"data {number}", id=str(number)) for number in range(1, 9)]
START = Position().after(ALL[:2])
END = START.after(ALL[2:6])
BETWEEN = ALL[2:6]
LIMIT = 30.0
SOON = RetryPolicy(initial_delay=0.1)

Replay = Callable[[Script, Position, Position], list[Event]]


def blocking(script: Script, start: Position, end: Position) -> list[Event]:
    transport = ScriptedTransport(script, history=ALL)
    with EventSource(
        URL, last_event_id=start.last_event_id, total_timeout=LIMIT, transport=transport
    ) as source:
        return replay_events(source, start, end)


def on(backend: str) -> Replay:
    async def main(script: Script, start: Position, end: Position) -> list[Event]:
        transport = AsyncScriptedTransport(script, history=ALL)
        source = AsyncEventSource(
            URL, last_event_id=start.last_event_id, total_timeout=LIMIT, transport=transport
        )
        async with source:
            return await areplay_events(source, start, end)

    return lambda *arguments: anyio.run(main, *arguments, backend=backend)


every_replay = pytest.mark.parametrize(
    "replay", [blocking, on("asyncio"), on("trio")], ids=["blocking", "asyncio", "trio"]
)


@every_replay
def test_the_events_between_two_positions_come_again(replay: Replay) -> None:
    assert replay([[History(), Stall()]], START, END) == BETWEEN


@every_replay
def test_a_replay_goes_on_over_a_dropped_connection(replay: Replay) -> None:
    assert replay([[ALL[2], Cut()], [History(), Stall()]], START, END) == BETWEEN


@every_replay
def test_from_the_start_of_the_stream(replay: Replay) -> None:
    assert replay([[History(), Stall()]], Position(), START) == ALL[:2]


@every_replay
def test_no_events_need_no_connection(replay: Replay) -> None:
    assert replay([], START, START) == []


@every_replay
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param(ALL[4:], ALL[4:6], id="trimmed"),
        pytest.param([*ALL[2:4], *ALL[5:]], [*ALL[2:4], ALL[5]], id="missing"),
        pytest.param([ALL[2], *ALL[2:]], [], id="doubled"),
        pytest.param([ALL[3], ALL[2], *ALL[4:]], [ALL[3], ALL[2], *ALL[4:6]], id="swapped"),
        pytest.param([Event("live", id=str(number)) for number in range(90, 95)], [], id="not replayed"),
    ],
)
def test_other_events_are_a_data_loss(replay: Replay, sent: list[Event], kept: list[Event]) -> None:
    with pytest.raises(DataLoss, match="IDs missing, added, or in another order") as raised:
        replay([[*sent, Stall()]], START, END)
    assert (raised.value.received, raised.value.events) == (len(BETWEEN), kept)


@every_replay
@pytest.mark.parametrize("end", [[Stall()], []], ids=["silence", "the end of the stream"])
def test_too_few_events_are_a_data_loss(replay: Replay, end: list[Stall]) -> None:
    script: Script = [[*BETWEEN[:3], *end], [204]]
    with pytest.raises(DataLoss, match="sends only 3") as raised:
        replay(script, START, END)
    assert (raised.value.start, raised.value.end, raised.value.events) == (START, END, [])


@every_replay
def test_a_server_that_cannot_be_reached_is_no_data_loss(replay: Replay) -> None:
    with pytest.raises(TotalTimeout):
        replay([[Refuse()]] * 50, START, END)


def gone(call: Call) -> list[Step]:
    return [*BETWEEN[:3], Cut()] if call.number == 0 else [503]


def test_a_server_that_is_gone_during_a_replay_is_no_data_loss() -> None:
    # In real time: a virtual clock passes the whole wait at once.
    with SSEServer(gone) as server:
        source = EventSource(server.url, last_event_id="2", retry=SOON, total_timeout=3)
        with source, pytest.raises(TotalTimeout):
            replay_events(source, START, END)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_server_that_is_gone_during_an_async_replay_is_no_data_loss(backend: str) -> None:
    async def replay(url: str) -> None:
        source = AsyncEventSource(url, last_event_id="2", retry=SOON, total_timeout=3)
        async with source:
            await areplay_events(source, START, END)

    with SSEServer(gone) as server, pytest.raises(TotalTimeout):
        anyio.run(replay, server.url, backend=backend)


@every_replay
def test_a_refusal_is_no_data_loss(replay: Replay) -> None:
    with pytest.raises(HTTPStatusError, match="401"):
        replay([[401]], START, END)


@every_replay
def test_positions_in_the_wrong_order_are_refused(replay: Replay) -> None:
    with pytest.raises(InvalidArgument, match="is before the start"):
        replay([], END, START)


def test_a_source_that_resumes_elsewhere_is_refused() -> None:
    with (
        EventSource(URL, last_event_id="7", transport=ScriptedTransport([])) as source,
        pytest.raises(InvalidArgument, match="last_event_id is not that of the start"),
    ):
        replay_events(source, START, END)


def test_events_after_the_end_stay_in_the_stream() -> None:
    script: Script = [[*ALL[2:], Stall()]]
    with EventSource(URL, last_event_id="2", transport=ScriptedTransport(script)) as source:
        assert replay_events(source, START, END) == BETWEEN
        assert next(source) == ALL[6]


ids = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]))


@given(st.lists(ids), st.data())
def test_a_position_does_not_depend_on_how_events_are_grouped(names: list[str], data: st.DataObject) -> None:
    events = [Event("", id=name) for name in names]
    middle = data.draw(st.integers(0, len(events)))
    whole = Position().after(events)
    assert Position().after(events[:middle]).after(events[middle:]) == whole
    assert whole.count == len(events)
    assert whole.last_event_id == (names[-1] if names else "")


@pytest.mark.parametrize("copied", [copy.copy, lambda value: pickle.loads(pickle.dumps(value))])
def test_positions_and_the_error_can_be_pickled(copied: Callable[[object], object]) -> None:
    error = DataLoss(START, END, 3, BETWEEN[:3])
    again = copied(error)
    assert isinstance(again, DataLoss)
    assert copied(END) == END
    assert (again.start, again.end, again.events, str(again)) == (START, END, BETWEEN[:3], str(error))
