"""A recording is written as bytes arrive, and a replay has the same bytes at the same times."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_core import (
    Comment,
    Event,
    HTTPStatusError,
    IdleTimeout,
    InvalidArgument,
    RetryPolicy,
    SSEError,
)
from sse_transports import (
    AiohttpTransport,
    AnyioTransport,
    AsyncEventSource,
    AsyncHttpx2Transport,
    EventSource,
    Httpx2Transport,
    SystemClock,
    UrllibTransport,
)
from sse_transports.testing import (
    HALF_CHARACTER,
    AsyncScriptedTransport,
    Call,
    Cut,
    End,
    Gzip,
    NoAnswer,
    RecordedChunk,
    Refuse,
    Reset,
    Script,
    ScriptedTransport,
    Sleep,
    SSEServer,
    Stall,
    UnexpectedRequest,
    VirtualClock,
    check_async_transport,
    check_transport,
    record,
    replay,
)
from sse_transports.testing._async_recording_transport import AsyncRecordingTransport
from sse_transports.testing._recording_transport import RecordingTransport
from sse_transports.testing._recording_writer import RecordingWriter
from sse_transports.testing._scripted import ScriptedExchange
from tests.sse_core.strategies import PATIENT
from tests.sse_transports.reading import Reading

URL = "http://stream.test/feed"
SCRIPT: Script = [
    [Sleep(0.25), 200, Event("a", id="1"), Sleep(0.5), b"data: lost", HALF_CHARACTER, Reset()],
    [Refuse()],
    [503, {"Retry-After": "7"}, b"busy"],
    [302, {"Location": "http://elsewhere.test/there?key=hidden"}],
    [Comment("ok"), Sleep(20), Event("b\u2028\u0085", id="2"), Stall()],
    [NoAnswer()],
    [204],
]


def recorded(script: Script, path: Path, **options: Any) -> list[Event]:
    transport = ScriptedTransport(script)
    with record(EventSource(URL, transport=transport, **options), path) as source:
        return list(source)


def lines_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def test_a_recording_has_chunks_failures_and_times(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    assert len(recorded(SCRIPT, path, idle_timeout=30)) == 2
    lines = lines_of(path)
    assert lines[0] == {
        "version": 1,
        "time": "2026-01-01T00:00:00.000+00:00",
        "method": "GET",
        "url": URL,
        "request_headers": [["Accept", "text/event-stream"], ["Cache-Control", "no-cache"]],
        "seconds": 0.25,
        "status": 200,
        "headers": [["Content-Type", "text/event-stream"]],
    }
    assert lines[1:5] == [
        {"seconds": 0.0, "text": "id: 1\ndata: a\n\n"},
        {"seconds": 0.5, "text": "data: lost"},
        {"seconds": 0.5, "base64": "4oI="},
        {"seconds": 0.5, "end": "lost"},
    ]
    assert [line["end"] for line in lines if "end" in line] == [
        *("lost", "refused", "complete", "left", "silent", "refused", "complete")
    ]
    assert [line["status"] for line in lines if "url" in line] == [200, None, 503, 302, 200, None, 204]
    # Not escaped: in JSON, these do not end a line.
    assert "b\u2028\u0085" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("speed", [None, 1.0, 100.0, math.inf])
def test_a_replay_has_the_same_events_and_failures(tmp_path: Path, speed: float | None) -> None:
    events = recorded(SCRIPT, tmp_path / "feed.jsonl", idle_timeout=30)
    recording = replay(tmp_path / "feed.jsonl")
    clock = VirtualClock()
    transport = recording.transport(clock=clock, speed=speed)
    assert list(EventSource(URL, transport=transport, idle_timeout=30)) == events
    assert len(transport.requests) == len(SCRIPT)
    server_time = clock.monotonic() - sum(clock.waits)
    # The last two are timeouts of the client.
    assert server_time == pytest.approx((0.25 + 0.5 + 20 + 30 + 60) / (speed or 1.0))


def test_recording_a_replay_gives_the_same_file(tmp_path: Path) -> None:
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    recorded([*SCRIPT[:1], [204]], first)
    transport = replay(first).transport()
    with record(EventSource(URL, transport=transport), second) as source:
        list(source)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_async_source_is_recorded_and_replayed_too(tmp_path: Path, backend: str) -> None:
    async def main() -> None:
        source = AsyncEventSource(URL, transport=AsyncScriptedTransport(SCRIPT), idle_timeout=30)
        async with record(source, tmp_path / "async.jsonl") as recording:
            events = [event async for event in recording]
        transport = replay(tmp_path / "async.jsonl").async_transport()
        async with AsyncEventSource(URL, transport=transport, idle_timeout=30) as replayed:
            assert [event async for event in replayed] == events

    anyio.run(main, backend=backend)
    recorded(SCRIPT, tmp_path / "blocking.jsonl", idle_timeout=30)
    assert (tmp_path / "async.jsonl").read_bytes() == (tmp_path / "blocking.jsonl").read_bytes()


def test_a_server_replays_what_came_over_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    script: Script = [[Gzip(), Event("a", id="1"), Event("b"), Cut()], [302, {"Location": "/x"}], [204]]
    with SSEServer(script) as server, record(EventSource(server.url, clock=VirtualClock()), path) as source:
        events = list(source)
    assert [event.data for event in events] == ["a", "b"]
    with SSEServer(replay(path).script(speed=math.inf)) as server:
        assert list(EventSource(server.url, clock=VirtualClock())) == events
    assert [call.path for call in server.calls] == ["/", "/", "/x"]


def test_a_replayed_redirect_stays_on_the_server(tmp_path: Path) -> None:
    recorded([[302, {"Location": "https://elsewhere.test/there"}], [204]], tmp_path / "feed.jsonl")
    with SSEServer(replay(tmp_path / "feed.jsonl").script(speed=math.inf)) as server:
        assert list(EventSource(server.url)) == []
    assert [call.path for call in server.calls] == ["/", "/there"]


@pytest.mark.parametrize(("ending", "replayed"), [(End(), End()), (Reset(), Cut()), (Stall(), Cut())])
def test_a_replay_ends_or_is_dropped_as_recorded(tmp_path: Path, ending: Any, replayed: Any) -> None:
    recorded([[Event("a"), ending], [204]], tmp_path / "feed.jsonl", idle_timeout=5)
    assert replay(tmp_path / "feed.jsonl").script()[0][-1] == replayed


def test_with_a_speed_a_replay_takes_real_time(tmp_path: Path) -> None:
    recorded([[Event("a"), Sleep(2), Event("b"), Event("end")]], tmp_path / "feed.jsonl", until="end")
    clock = SystemClock()
    begun = clock.monotonic()
    transport = replay(tmp_path / "feed.jsonl").transport(speed=100)
    assert len(list(EventSource(URL, transport=transport, until="end"))) == 2
    assert 0.02 <= clock.monotonic() - begun < 2


def test_reading_past_a_recording_is_an_error(tmp_path: Path) -> None:
    transport = ScriptedTransport([[Event("a"), Stall()]])
    with record(EventSource(URL, transport=transport), tmp_path / "feed.jsonl") as source:
        next(source)
    assert replay(tmp_path / "feed.jsonl").connections[0].end == "left"
    recording = replay(tmp_path / "feed.jsonl")
    with pytest.raises(
        UnexpectedRequest, match=r"^the recording ends here: the recording has 1 connection"
    ) as caught:
        list(EventSource(URL, transport=recording.transport()))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    # Without retries, it ends as the stream does.
    assert len(list(EventSource(URL, transport=recording.transport(), retry=None))) == 1

    async def main() -> None:
        async with AsyncEventSource(URL, transport=recording.async_transport()) as source:
            async for _ in source:
                pass

    with pytest.raises(UnexpectedRequest, match=r"^the recording ends here: "):
        anyio.run(main)


@pytest.mark.parametrize("after", [0.1, 2.3, 4.1, 1.234567891])
def test_an_idle_timeout_is_replayed_as_one(after: float, tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    options: dict[str, Any] = {"method": "POST", "idle_timeout": 60}
    with pytest.raises(IdleTimeout):
        recorded([[b":\n", Sleep(after), b":\n", Stall()]], path, **options)
    with pytest.raises(IdleTimeout):
        list(EventSource(URL, transport=replay(path).transport(), **options))


def test_secrets_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    secret = ["Authorization", "cookie", "Proxy-Authorization", "X-Api-Key", "X-Own", "X-Auth-Token"]
    headers = dict.fromkeys(secret, "hidden")
    script: Script = [
        [307, {"Location": "https://user:hidden@elsewhere.test/?token=hidden", "Set-Cookie": "hidden"}],
        [400, {"X-Own": "hidden", "X-Shown": "shown"}],
    ]
    source = EventSource(
        "http://user:hidden@stream.test/feed?key=hidden",
        method="POST",
        json={"prompt": "hidden"},
        headers={**headers, "X-Shown": "shown"},
        transport=ScriptedTransport(script),
        sensitive_headers=["x-own"],
    )
    with pytest.raises(HTTPStatusError), record(source, path) as recording:
        list(recording)
    text = path.read_text(encoding="utf-8")
    assert "hidden" not in text
    assert text.count("shown") == 3
    assert lines_of(path)[0]["url"] == "http://stream.test/feed?removed"
    assert ["Location", "https://elsewhere.test/?removed"] in lines_of(path)[0]["headers"]


@pytest.mark.parametrize(
    "name",
    [
        *("X-Pass", "X-Password", "X-Credential", "X-Amz-Signature", "X-JWT-Assertion", "Bearer"),
        *("X-CSRF", "X-Xsrf-Value", "X-Access-Token", "WWW-Authenticate", "X-Session-Id"),
    ],
)
def test_headers_with_secret_names_are_not_written(name: str, tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    recorded([[204, {name: "hidden"}]], path, headers={name: "hidden"})
    assert "hidden" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("Referer", "https://u:hidden@a.test/b?key=hidden#hidden", "https://a.test/b?removed"),
        ("Content-Location", "/b?key=hidden#hidden", "/b?removed"),
        ("Refresh", "5; url=https://u:hidden@a.test/?hidden", "5; url=https://a.test/?removed"),
        ("Refresh", "5; url=/b?key=hidden;hidden,hidden", "5; url=/b?removed"),
        (
            "Link",
            '<https://a.test/?c=hidden>; rel="next", </b?c=hidden>; rel="prev"',
            '<https://a.test/?removed>; rel="next", </b?removed>; rel="prev"',
        ),
        ("X-Elsewhere", "//u:hidden@a.test/#hidden", "//a.test/"),
        ("X-Elsewhere", "https://u:hidden@[a", "http://[removed"),
        ("Sec-CH-UA-Mobile", "?0", "?0"),
        ("X-Asks", "what? a/b; c=?1", "what? a/b; c=?1"),
    ],
)
def test_urls_in_headers_lose_passwords_and_queries(
    name: str, value: str, written: str, tmp_path: Path
) -> None:
    path = tmp_path / "feed.jsonl"
    recorded([[204, {name: value}]], path, headers={name: value})
    (head, _) = lines_of(path)
    assert [name, written] in head["headers"]
    assert [name, written] in head["request_headers"]


def test_a_replayed_redirect_keeps_its_other_origin(tmp_path: Path) -> None:
    script: Script = [[302, {"Location": "http://elsewhere.test/there"}], [204]]
    transport = ScriptedTransport(script)
    options: dict[str, Any] = {"headers": {"Authorization": "hidden"}, "sensitive_headers": ["X-Own"]}
    with record(EventSource(URL, transport=transport, **options), tmp_path / "feed.jsonl") as source:
        list(source)
    recording = replay(tmp_path / "feed.jsonl")
    replayed = recording.transport()
    list(EventSource(URL, transport=replayed, **options))
    assert replayed.requests == transport.requests
    assert {"Location": "/there"} in recording.script()[0]


def test_a_redirect_to_an_invalid_url_is_replayed(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"

    def failure(transport: ScriptedTransport, recording: bool) -> str:
        source = EventSource(URL, transport=transport)
        with pytest.raises(SSEError) as caught, record(source, path) if recording else source as reading:
            list(reading)
        return type(caught.value).__name__

    first = failure(ScriptedTransport([[302, {"Location": "http://user:hidden@[x/?key=hidden"}]]), True)
    assert "hidden" not in path.read_text(encoding="utf-8")
    assert failure(replay(path).transport(), False) == first


def test_a_folded_header_is_recorded_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"

    def answer(call: Call) -> None:
        call.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"
            b"X-Folded: one\r\n\t two\r\n\r\ndata: a\n\ndata: end\n\n"
        )

    with SSEServer(answer) as server, record(EventSource(server.url, until="end"), path) as source:
        assert len(list(source)) == 1
    assert ["X-Folded", "one two"] in lines_of(path)[0]["headers"]
    assert len(list(EventSource(URL, transport=replay(path).transport(), until="end"))) == 1


def test_received_bytes_are_in_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    transport = ScriptedTransport([[Event("a"), Event("b")]])
    with record(EventSource(URL, transport=transport), path) as source:
        next(source)
        assert [set(line) for line in lines_of(path)[1:]] == [{"seconds", "text"}]


def test_closing_from_another_thread_ends_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    transport = ScriptedTransport([[b":\n", Stall()]])
    with record(EventSource(URL, transport=transport), path) as source, Reading(source) as reading:
        reading.until_blocked_in(ScriptedExchange.read)
    assert lines_of(path)[-1]["end"] == "left"


def test_writing_after_the_file_is_closed_does_nothing(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "feed.jsonl") as writer:
        writer.write(b"1\n")
    writer.write(b"2\n")
    assert (tmp_path / "feed.jsonl").read_bytes() == b"1\n"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_attempt_is_recorded_as_left(backend: str, tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"

    async def main() -> None:
        transport = AsyncScriptedTransport([[NoAnswer()]])
        source = AsyncEventSource(URL, transport=transport, timeout=None)
        with anyio.CancelScope() as scope:
            async with record(source, path) as recording, anyio.create_task_group() as group:
                group.start_soon(anext, recording)
                while not transport.requests:
                    await anyio.lowlevel.checkpoint()
                scope.cancel()

    anyio.run(main, backend=backend)
    (connection,) = replay(path).connections
    assert (connection.status, connection.end) == (None, "left")


def test_a_failed_write_of_the_head_raises_once() -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        recorded([[204]], Path("/dev/full"))
    assert caught.value.__context__ is None


@pytest.mark.parametrize("source", [None, URL, ScriptedTransport([])])
def test_only_an_event_source_can_be_recorded(source: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"^source: "):
        record(source, tmp_path / "feed.jsonl")


def test_an_iterated_source_cannot_be_recorded(tmp_path: Path) -> None:
    with EventSource(URL, transport=ScriptedTransport([[Event("a"), Event("b")]])) as source:
        next(source)
        with pytest.raises(InvalidArgument, match=r"^source: expected one that was not iterated yet"):
            record(source, tmp_path / "feed.jsonl")
        assert next(source).data == "b"


@pytest.mark.parametrize("speed", [0, -1, math.nan])
def test_an_invalid_speed_is_refused(speed: float, tmp_path: Path) -> None:
    recorded([[204]], tmp_path / "feed.jsonl")
    with pytest.raises(InvalidArgument, match=r"^speed: "):
        replay(tmp_path / "feed.jsonl").transport(speed=speed)


@pytest.mark.parametrize("kind", [UrllibTransport, Httpx2Transport])
def test_a_recording_transport_keeps_every_rule(kind: Callable[[], Any], tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "rules.jsonl") as writer:
        check_transport(lambda: RecordingTransport(kind(), writer))


@pytest.mark.parametrize(
    ("kind", "backend"),
    [
        (AnyioTransport, "asyncio"),
        (AnyioTransport, "trio"),
        (AiohttpTransport, "asyncio"),
        (AsyncHttpx2Transport, "trio"),
    ],
)
def test_an_async_recording_transport_keeps_every_rule(kind: Any, backend: str, tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "rules.jsonl") as writer:
        anyio.run(check_async_transport, lambda: AsyncRecordingTransport(kind(), writer), backend=backend)


# Random scripts.

CHUNKS = st.one_of(
    st.binary(min_size=1, max_size=40),
    st.text("data: id\n\r\0\u2028\u0085€\ud7ff😀", min_size=1, max_size=40).map(str.encode),
    st.builds(Event, st.text("ab\n€", max_size=5), id=st.text("12", max_size=2)),
    st.builds(Comment, st.text("ab€", max_size=5)),
    st.just(HALF_CHARACTER),
    st.builds(Sleep, st.floats(0, 100).map(lambda seconds: round(seconds, 4))),
)
ENDINGS = st.one_of(st.just([]), st.sampled_from([[End()], [Cut()], [Reset()], [Stall()]]))
ANSWERS = st.builds(lambda chunks, ending: [*chunks, *ending], st.lists(CHUNKS, max_size=8), ENDINGS)
FAILURES = st.sampled_from(
    [
        *([Refuse()], [NoAnswer()], [503, b"busy"], [503, {"Retry-After": "3"}]),
        [Sleep(2.5), 302, {"Location": "/x"}],
    ]
)
SCRIPTS = st.lists(st.one_of(ANSWERS, FAILURES), max_size=5)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings") / "random.jsonl"


class LoggingTransport(ScriptedTransport):
    """Stores each chunk that is read, with its time."""

    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self.chunks: list[tuple[float, bytes]] = []

    def exchange(self, request: Any, *, timeout: float | None) -> Any:
        exchange: Any = super().exchange(request, timeout=timeout)
        read = exchange.read

        def logging_read(limit: float | None) -> bytes:
            data: bytes = read(limit)
            if data:
                self.chunks.append((self.clock.monotonic(), data))
            return data

        exchange.read = logging_read
        return exchange


Outcome = tuple[list[Event | Comment], list[str], str, list[tuple[float, bytes]]]


def outcome(transport: LoggingTransport, path: Path | None) -> Outcome:
    """Return the events, the errors between them, the last error, and each chunk with its time."""
    items: list[Event | Comment] = []
    errors: list[str] = []

    def note(error: SSEError) -> None:
        errors.append(type(error).__name__)

    policy = RetryPolicy(max_attempts=4)
    source: EventSource[Event | Comment] = EventSource(
        URL, transport=transport, comments=True, idle_timeout=30, retry=policy, on_error=note
    )
    try:
        if path is None:
            items.extend(source)
        else:
            with record(source, path) as recorded_source:
                items.extend(recorded_source)
    except (SSEError, UnexpectedRequest) as error:
        return items, errors, type(error).__name__, transport.chunks
    finally:
        source.close()
    return items, errors, "", transport.chunks


@PATIENT
@given(script=SCRIPTS)
def test_any_script_is_replayed_byte_for_byte(file: Path, script: Script) -> None:
    items, errors, end, chunks = outcome(LoggingTransport([*script, [204]]), file)
    recording = replay(file)
    written = [chunk.data for connection in recording.connections for chunk in connection.chunks]
    assert written == [data for _, data in chunks]
    replayed = outcome(LoggingTransport(recording.script()), None)
    assert replayed[:3] == (items, errors, end)
    assert [data for _, data in replayed[3]] == [data for _, data in chunks]
    assert [at for at, _ in replayed[3]] == pytest.approx([at for at, _ in chunks], abs=1e-3)


def test_chunks_with_the_same_bytes_are_equal() -> None:
    assert RecordedChunk(1.0, b"a") == RecordedChunk(1.0, b"a") != RecordedChunk(1.0, b"b")
